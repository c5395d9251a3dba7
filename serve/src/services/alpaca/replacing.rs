//! Replacing orders, which gives them another revision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::Fact;
use bearpit_core::units::OrderId;
use uuid::Uuid;

use super::orders::{is_open, number};
use super::{Alpaca, Found, OrderName, OrdersQuery, Which};
use crate::domain::{AccountId, KindName, Number, Problem, ProblemKind, TimeInForceName};
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
        let news = publication.subscribe(&Channel::Own(seat), None).ok();
        let mut view = self.trading.replace(account, order, request).await?;
        let told = tokio::time::timeout(PATIENCE, outcome(news, order)).await;
        if let Ok(outcome) = told {
            outcome?;
            view = self.trading.order(account, order).await?;
        }
        view.revision = view.revision.max(before + 1);
        self.found(account, view, None).await
    }

    /// Cancels an order; the venue's word comes later.
    ///
    /// # Errors
    /// [`Problem`] if there is none, it is over, or the id is one of before a replace.
    pub async fn cancel(&self, account: AccountId, id: Uuid) -> Result<(), Problem> {
        let found = self.open_order(account, id).await?;
        let canceled = self.trading.cancel(account, OrderId::new(number(&found.view))).await;
        match canceled {
            // It has ended since it was looked up.
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                Err(Problem::new(ProblemKind::Refused, "order_not_open", "order is not open any more"))
            }
            other => other.map(drop),
        }
    }

    /// Cancels all orders, and returns the ids of those that were open.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing.
    pub async fn cancel_all(&self, account: AccountId) -> Result<Vec<Uuid>, Problem> {
        let open = self.open_names(account).await?;
        let canceled = self.trading.cancel_all(account, None).await?;
        let id = |order: &String| {
            let order: u64 = order.parse().unwrap_or(0);
            let revision = open.get(&order).copied().unwrap_or(0);
            self.ids.order(OrderName { order: OrderId::new(order), revision })
        };
        Ok(canceled.order_ids.iter().map(id).collect())
    }

    /// Returns how often each open order has been replaced.
    async fn open_names(&self, account: AccountId) -> Result<BTreeMap<u64, u32>, Problem> {
        let query = OrdersQuery {
            which: Which::Open,
            limit: usize::MAX,
            after: None,
            until: None,
            is_ascending: true,
            symbols: Vec::new(),
            side: None,
        };
        let orders = self.orders(account, &query).await?;
        Ok(orders.iter().map(|view| (number(view), view.revision)).collect())
    }

    /// Returns an order that can still be changed or canceled.
    ///
    /// # Errors
    /// [`Problem`] if there is none, it is over, or the id is one of before a replace.
    pub async fn open_order(&self, account: AccountId, id: Uuid) -> Result<Found, Problem> {
        let found = self.order(account, id).await?;
        let refused = |message: String| Err(Problem::new(ProblemKind::Refused, "order_not_open", message));
        if found.is_replaced() {
            return refused("order has been replaced: it has another id now".to_owned());
        }
        if !is_open(&found.view) {
            return refused(format!("order is already in \"{}\" state", found.view.status.name()));
        }
        Ok(found)
    }
}

/// Returns what is to be changed in the words of the market.
fn request_of(view: &OrderView, change: &Replacement) -> Result<ReplaceRequest, Problem> {
    let Replacement { quantity, limit_price, stop_price, trail, time_in_force } = *change;
    let refused = |field: &str, message: &str| {
        Err(Problem::new(ProblemKind::Refused, "not_replaceable", message).at(field))
    };
    if time_in_force.is_some_and(|it| it != view.time_in_force) {
        return refused("time_in_force", "the time in force of an order cannot be replaced");
    }
    if trail.is_some() {
        return refused("trail", "the distance of a trailing stop cannot be replaced");
    }
    let price = match (view.kind, limit_price, stop_price) {
        (KindName::StopLimit, _, Some(stop)) if Some(stop) != view.stop_price => {
            let message = "the trigger of a stop-limit order cannot be replaced: cancel it and enter another";
            return refused("stop_price", message);
        }
        (KindName::Stop, None, stop) => stop,
        (KindName::Stop, Some(_), _) => return refused("limit_price", "a stop order has no limit_price"),
        (KindName::StopLimit, limit, _) | (_, limit, None) => limit,
        (_, _, Some(_)) => return refused("stop_price", "the order is no stop order"),
    };
    // What is as it was is a replace too: of the quantity by itself.
    let quantity = quantity.or_else(|| price.is_none().then_some(view.quantity));
    Ok(ReplaceRequest { price, quantity, ..ReplaceRequest::default() })
}

/// Waits for what becomes of a replace.
async fn outcome(news: Option<Subscription>, of: OrderId) -> Result<(), Problem> {
    let Some(mut news) = news else { return std::future::pending().await };
    while let Ok(update) = news.next().await {
        let Content::Own(event) = update.content else { continue };
        let OwnChange::Fact(fact) = event.change else { continue };
        match fact {
            Fact::OrderReplaced { order, .. } | Fact::OrderTermsReplaced { order, .. } if order == of => {
                return Ok(());
            }
            Fact::CommandRejected { order, reason, .. } if order == of => {
                return Err(Problem::new(ProblemKind::Refused, reason.name(), reason));
            }
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } if order == of => {
                return Err(Problem::new(ProblemKind::Refused, "order_not_open", "order is not open"));
            }
            _ => {}
        }
    }
    std::future::pending().await
}
