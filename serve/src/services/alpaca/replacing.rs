//! Replacing orders, which gives them another revision.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bearpit_core::market::Fact;
use bearpit_core::units::OrderId;
use uuid::Uuid;

use super::orders::{is_open, number};
use super::{Alpaca, Found, OrderName};
use crate::domain::{AccountId, KindName, Number, Problem, ProblemKind, StatusName, TimeInForceName};
use crate::publication::{Channel, Content, OwnChange, Subscription};
use crate::services::trading::{OrderView, ReplaceRequest};

/// How an order is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replacement {
    /// The whole quantity.
    pub quantity: Option<Number>,
    /// The limit.
    pub limit_price: Option<Number>,
    /// The trigger of a stop.
    pub stop_price: Option<Number>,
    /// The distance of a trailing stop: an amount or percents, as it was entered.
    pub trail: Option<Number>,
    /// How long it stays.
    pub time_in_force: Option<TimeInForceName>,
}

/// How long to wait for the word of the venue.
const PATIENCE: Duration = Duration::from_secs(1);

/// The revisions of orders that were named before the venue had answered; nobody waited longer.
#[derive(Debug, Default)]
pub(super) struct Promises(Mutex<BTreeMap<OrderId, u32>>);

/// How many are kept; of more, the oldest orders are forgotten.
const PROMISES_MAX: usize = 10_000;

impl Promises {
    /// Returns the highest revision of an order that was named.
    pub(super) fn of(&self, order: OrderId) -> Option<u32> {
        self.locked().get(&order).copied()
    }

    fn make(&self, order: OrderId, revision: u32) {
        let mut all = self.locked();
        all.insert(order, revision);
        if all.len() > PROMISES_MAX {
            all.pop_first();
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<OrderId, u32>> {
        // A map that is changed by whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Alpaca {
    /// Replaces an order, and returns it under its new id. Where the venue says nothing in time, the order is
    /// returned as it will be.
    ///
    /// # Errors
    /// [`Problem`] if it cannot be replaced so.
    pub async fn replace(
        &self,
        account: AccountId,
        id: Uuid,
        change: &Replacement,
    ) -> Result<Found, Problem> {
        let found = self.open_order(account, id).await?;
        let order = OrderId::new(number(&found.view));
        let request = request_of(&found.view, change)?;
        let before = found.view.revision;
        let publication = self.handle.publication();
        let seat: Arc<str> = Arc::from(account.to_string());
        let mut news = publication.subscribe(&Channel::Own(seat), None).ok();
        // The snapshot that it begins with is taken before the replace, so that what becomes of it follows.
        news.as_mut().map(Subscription::try_next);
        let replaced = self.trading.replace(account, order, request).await;
        if replaced.as_ref().is_err_and(|problem| problem.kind == ProblemKind::NotFound) {
            // It has ended since it was looked up.
            self.open_order(account, id).await?;
        }
        let view = replaced?;
        match tokio::time::timeout(PATIENCE, outcome(news, order)).await {
            Ok(outcome) => {
                outcome?;
                let view = self.trading.order(account, order).await?;
                Ok(self.taken(account, view).await)
            }
            Err(_) => {
                let mut found = self.taken(account, view).await;
                self.promises.make(order, before + 1);
                found.view.revision = found.view.revision.max(before + 1);
                found.revision = found.view.revision;
                Ok(found)
            }
        }
    }

    /// Cancels an order; the venue's word comes later. An order that is open needs no database for it: what
    /// the market has of it is enough.
    ///
    /// # Errors
    /// [`Problem`] if there is none, it is over, or the id is one of before a replace.
    pub async fn cancel(&self, account: AccountId, id: Uuid) -> Result<(), Problem> {
        let name = self.ids.read_order(id).ok_or_else(unknown)?;
        let in_memory = self.trading.order_in_memory(account, name.order).filter(is_open);
        match in_memory {
            Some(mut view) => {
                let is_whole = self.trading.complete_if_known(account, &mut view).await;
                self.check_revision(name, &view, is_whole)?;
            }
            None => drop(self.open_order(account, id).await?),
        }
        match self.trading.cancel(account, name.order).await {
            // It has ended since it was looked up.
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                Err(Problem::new(ProblemKind::Refused, "order_not_open", "order is not open any more"))
            }
            other => other.map(drop),
        }
    }

    /// Says that an id is not the one that an open order has. Of one that was carried over and that the
    /// database has not told the whole of, it is known how often it was replaced since, at least.
    fn check_revision(&self, name: OrderName, view: &OrderView, is_whole: bool) -> Result<(), Problem> {
        if name.revision < view.revision {
            return Err(was_replaced());
        }
        // Only a replace that the venue has not answered yet has a name already.
        let is_promised = || self.promises.of(name.order).is_some_and(|promised| promised >= name.revision);
        if is_whole && name.revision > view.revision && !is_promised() {
            return Err(unknown());
        }
        Ok(())
    }

    /// Cancels all orders, and returns the ids of those that were open. With the database away, an order that
    /// was replaced before the market went on, and not since, is returned by the id that it had at first.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing.
    pub async fn cancel_all(&self, account: AccountId) -> Result<Vec<Uuid>, Problem> {
        let open = self.trading.open_in_memory(account).into_iter();
        let mut open: BTreeMap<u64, OrderView> = open.map(|view| (number(&view), view)).collect();
        let canceled = self.trading.cancel_all(account, None).await?;
        let (mut ids, mut says_more) = (Vec::new(), true);
        for order in &canceled.order_ids {
            let order: u64 = order.parse().unwrap_or(0);
            let mut view = open.remove(&order);
            if let Some(view) = view.as_mut().filter(|_| says_more) {
                says_more = self.trading.complete_if_known(account, view).await;
            }
            let revision = view.map_or(0, |view| view.revision);
            ids.push(self.ids.order(OrderName { order: OrderId::new(order), revision }));
        }
        Ok(ids)
    }

    /// Returns an order that can still be changed or canceled.
    ///
    /// # Errors
    /// [`Problem`] if there is none, it is over, or the id is one of before a replace.
    pub async fn open_order(&self, account: AccountId, id: Uuid) -> Result<Found, Problem> {
        let found = self.order(account, id).await?;
        let refused = |message: String| Err(Problem::new(ProblemKind::Refused, "order_not_open", message));
        if found.is_replaced() {
            return Err(was_replaced());
        }
        if found.is_held {
            return refused("order is held until its entry trades: cancel or replace that".to_owned());
        }
        if !is_open(&found.view) {
            return refused(format!("order is already in \"{}\" state", found.view.status.name()));
        }
        Ok(found)
    }
}

fn unknown() -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_order", "order not found")
}

fn was_replaced() -> Problem {
    let message = "order has been replaced: it has another id now";
    Problem::new(ProblemKind::Refused, "order_not_open", message)
}

/// Returns what is to be changed in the words of the market.
fn request_of(view: &OrderView, change: &Replacement) -> Result<ReplaceRequest, Problem> {
    let Replacement { quantity, limit_price, stop_price, trail, time_in_force } = *change;
    let has_limit = matches!(view.kind, KindName::Limit | KindName::StopLimit);
    let has_trigger = matches!(view.kind, KindName::Stop | KindName::StopLimit);
    let odd = [
        ("limit_price", limit_price.is_some() && !has_limit),
        ("stop_price", stop_price.is_some() && !has_trigger),
        ("trail", trail.is_some() && view.kind != KindName::TrailingStop),
    ];
    if let Some((field, _)) = odd.into_iter().find(|(_, is_odd)| *is_odd) {
        let message = format!("an order of type {} has no {field}", view.kind.name());
        return Err(Problem::new(ProblemKind::Refused, "not_replaceable", message).at(field));
    }
    let is_percent = view.trail_percent.is_some();
    // Some clients name the time in force in each replace.
    let time_in_force = time_in_force.filter(|it| *it != view.time_in_force);
    let is_as_it_was = [limit_price, stop_price, trail, quantity].iter().all(Option::is_none);
    Ok(ReplaceRequest {
        price: limit_price,
        // Who changes nothing gets a new id all the same.
        quantity: quantity.or_else(|| (is_as_it_was && time_in_force.is_none()).then_some(view.quantity)),
        stop_price,
        trail_amount: trail.filter(|_| !is_percent),
        trail_percent: trail.filter(|_| is_percent),
        time_in_force,
        expires_at: None,
    })
}

/// Waits for what becomes of a replace.
async fn outcome(news: Option<Subscription>, of: OrderId) -> Result<(), Problem> {
    let Some(mut news) = news else { return std::future::pending().await };
    while let Ok(update) = news.next().await {
        let Content::Own(event) = update.content else { continue };
        let over = |status: StatusName| {
            let message = format!("order is already in \"{}\" state", status.name());
            Err(Problem::new(ProblemKind::Refused, "order_not_open", message))
        };
        let fact = match event.change {
            OwnChange::Filled(fill) if fill.order == of && fill.leaves.is_zero() => {
                return over(StatusName::Filled);
            }
            OwnChange::Fact(fact) => fact,
            _ => continue,
        };
        match fact {
            Fact::OrderReplaced { order, .. } | Fact::OrderTermsReplaced { order, .. } if order == of => {
                return Ok(());
            }
            Fact::CommandRejected { order, reason, .. } if order == of => {
                return Err(Problem::new(ProblemKind::Refused, reason.name(), reason));
            }
            Fact::OrderCanceled { order, .. } if order == of => return over(StatusName::Canceled),
            Fact::OrderExpired { order, .. } if order == of => return over(StatusName::Expired),
            _ => {}
        }
    }
    std::future::pending().await
}
