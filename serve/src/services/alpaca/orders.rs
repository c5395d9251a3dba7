//! Orders, by the ids and filters of the face.

use std::collections::BTreeMap;

use bearpit_core::units::{Decimal, OrderId, SimTime};
use uuid::Uuid;

use super::{Alpaca, OrderName};
use crate::domain::{AccountId, ClientOrderId, KindName, Number, Problem, ProblemKind, StatusName};
use crate::services::market_data::SideName;
use crate::services::trading::{HistoryQuery, OrderView};

/// Which orders are asked for, by what has become of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that are open or on their way.
    Open,
    /// Those that are over.
    Closed,
    /// Both.
    All,
}

/// Which orders are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdersQuery {
    /// What has become of them.
    pub which: Which,
    /// How many at most.
    pub limit: usize,
    /// Those that were sent after a moment.
    pub after: Option<SimTime>,
    /// Those that were sent before a moment.
    pub until: Option<SimTime>,
    /// Whether the oldest come first.
    pub is_ascending: bool,
    /// Those of some symbols, as the market knows them; of all if it names none.
    pub symbols: Vec<String>,
    /// Those of a side.
    pub side: Option<SideName>,
}

/// An order that was looked up, and those that it enters as it trades.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The order as it is.
    pub view: OrderView,
    /// How often it had been replaced when it got the id by which it was looked up.
    pub revision: u32,
    /// Its exits.
    pub legs: Vec<Leg>,
    /// Whether it is an exit that has not entered yet, since its entry has not traded.
    pub is_held: bool,
}

/// An exit of a bracket.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// The order.
    pub view: OrderView,
    /// Whether it has not entered yet, since its entry has not traded.
    pub is_held: bool,
}

/// How many pages of history are looked through for those that a filter leaves.
const PAGES_MAX: usize = 20;
/// How many rows one has.
const PAGE: u32 = 1_000;

impl Found {
    /// Returns whether the id by which it was looked up is one of before a replace.
    #[must_use]
    pub const fn is_replaced(&self) -> bool {
        self.revision < self.view.revision
    }
}

/// The place of an order among all: when it was entered, as the pages of history go by, and its number.
type Place = (Option<SimTime>, u64);

fn place(view: &OrderView) -> Place {
    let entered_at = view.sent_at.or(view.accepted_at).or(view.ended_at);
    (entered_at.map(|at| at.instant()), number(view))
}

/// Returns whether an order is open or on its way.
pub(super) const fn is_open(view: &OrderView) -> bool {
    matches!(view.status, StatusName::PendingNew | StatusName::Open | StatusName::PartiallyFilled)
}

impl OrdersQuery {
    fn asks_for(&self, view: &OrderView) -> bool {
        let sent = view.sent_at.or(view.accepted_at).map(|at| at.instant());
        let is_meant = match self.which {
            Which::Open => is_open(view),
            Which::Closed => !is_open(view),
            Which::All => true,
        };
        is_meant
            && self.after.is_none_or(|after| sent.is_none_or(|sent| sent > after))
            && self.until.is_none_or(|until| sent.is_none_or(|sent| sent < until))
            && (self.symbols.is_empty() || self.symbols.contains(&view.symbol))
            && self.side.is_none_or(|side| side == view.side)
    }
}

impl Alpaca {
    /// Returns orders of an account, by when they were entered.
    ///
    /// # Errors
    /// [`Problem`] if the market or the database cannot answer, or too many would have to be looked through.
    pub async fn orders(&self, account: AccountId, query: &OrdersQuery) -> Result<Vec<OrderView>, Problem> {
        let mut found: BTreeMap<Place, OrderView> = BTreeMap::new();
        // Of what is in both, memory has the newer.
        let mut recent: BTreeMap<u64, OrderView> = BTreeMap::new();
        for mut view in self.trading.recent_orders(account).await? {
            // When it was sent is asked for, too.
            self.trading.complete(account, &mut view).await?;
            recent.insert(number(&view), view);
        }
        if query.which != Which::Open {
            self.stored(account, query, &mut found, &mut recent).await?;
        }
        let recent = recent.into_values().filter(|view| query.asks_for(view));
        found.extend(recent.map(|view| (place(&view), view)));
        let orders = found.into_values();
        Ok(if query.is_ascending {
            orders.take(query.limit).collect()
        } else {
            orders.rev().take(query.limit).collect()
        })
    }

    /// Reads the history, as far as it is needed.
    async fn stored(
        &self,
        account: AccountId,
        query: &OrdersQuery,
        found: &mut BTreeMap<Place, OrderView>,
        recent: &mut BTreeMap<u64, OrderView>,
    ) -> Result<(), Problem> {
        let symbol = query.symbols.first().filter(|_| query.symbols.len() == 1).cloned();
        let mut page_query = HistoryQuery {
            from: query.after.map(|at| format!("{at}Z")),
            to: query.until.map(|at| format!("{at}Z")),
            symbol,
            limit: Some(PAGE),
            is_oldest_first: query.is_ascending,
            // In the original they have no ids.
            are_refused_left_out: true,
            ..HistoryQuery::default()
        };
        for _ in 0..PAGES_MAX {
            let page = self.trading.order_history(account, &page_query).await?;
            for stored in page.orders {
                let view = recent.remove(&number(&stored)).unwrap_or(stored);
                if query.asks_for(&view) {
                    found.insert(place(&view), view);
                }
            }
            match page.next {
                Some(next) if found.len() < query.limit => page_query.cursor = Some(next),
                _ => return Ok(()),
            }
        }
        let message = "too many orders would have to be looked through: give `after` and `until`";
        Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("after"))
    }

    /// Returns an order by its id.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this account, or it cannot be looked up.
    pub async fn order(&self, account: AccountId, id: Uuid) -> Result<Found, Problem> {
        let unknown = || Problem::new(ProblemKind::NotFound, "unknown_order", "order not found");
        let name = self.ids.read_order(id).ok_or_else(unknown)?;
        let OrderName { order, revision } = name;
        let mut found = match self.trading.order(account, order).await {
            Ok(view) => self.found(account, view).await?,
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                self.held_leg(account, order).await?.ok_or_else(unknown)?
            }
            Err(problem) => return Err(problem),
        };
        if revision > found.view.revision {
            // Only a replace that the venue has not answered yet has a name already.
            let promised = self.promises.of(order).filter(|promised| *promised >= revision);
            found.view.revision = promised.filter(|_| is_open(&found.view)).ok_or_else(unknown)?;
        }
        found.revision = revision;
        Ok(found)
    }

    /// Returns the order that was entered under an id of its owner's.
    ///
    /// # Errors
    /// [`Problem`] if there is none, or it cannot be looked up.
    pub async fn order_of_client(&self, account: AccountId, client: ClientOrderId) -> Result<Found, Problem> {
        let view = self.trading.order_by_client(account, client).await?;
        if view.is_refused() {
            return Err(Problem::new(ProblemKind::NotFound, "unknown_order", "order not found"));
        }
        self.found(account, view).await
    }

    /// Returns an order that is known as it is, with its exits.
    ///
    /// # Errors
    /// [`Problem`] if they cannot be looked up.
    pub async fn found_in(&self, account: AccountId, view: OrderView) -> Result<Found, Problem> {
        self.found(account, view).await
    }

    /// Returns an order with its exits.
    pub(super) async fn found(&self, account: AccountId, mut view: OrderView) -> Result<Found, Problem> {
        self.trading.complete(account, &mut view).await?;
        self.trading.follow_trail(account, &mut view).await;
        let legs = self.legs(account, &view).await?;
        Ok(Found { revision: view.revision, view, legs, is_held: false })
    }

    /// Returns an order that the market has just taken. With the database away it is as the market has it,
    /// and its exits as they will enter: what was done must not be answered as if it had not been.
    pub(super) async fn taken(&self, account: AccountId, view: OrderView) -> Found {
        match self.found(account, view.clone()).await {
            Ok(found) => found,
            Err(problem) => {
                tracing::warn!(
                    problem.message,
                    order = view.order_id,
                    "an order is answered as the market has it"
                );
                let legs = held_legs(&view).into_iter().map(|leg| waiting(&view, leg)).collect();
                Found { revision: view.revision, view, legs, is_held: false }
            }
        }
    }

    /// Returns the exits that an order enters as it trades; none if it enters none.
    ///
    /// # Errors
    /// [`Problem`] if they cannot be looked up.
    pub async fn legs(&self, account: AccountId, entry: &OrderView) -> Result<Vec<Leg>, Problem> {
        let mut legs = Vec::new();
        if let Some(pair) = &entry.pair {
            let stop = OrderId::new(pair.order_id.parse().unwrap_or(0));
            match self.trading.order(account, stop).await {
                Ok(mut view) => {
                    self.trading.complete(account, &mut view).await?;
                    legs.push(Leg { view, is_held: false });
                }
                // It is shown once the venue has it.
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                Err(problem) => return Err(problem),
            }
        }
        for held in held_legs(entry) {
            match self.trading.order(account, OrderId::new(number(&held))).await {
                Ok(mut view) => {
                    self.trading.complete(account, &mut view).await?;
                    legs.push(Leg { view, is_held: false });
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => legs.push(waiting(entry, held)),
                Err(problem) => return Err(problem),
            }
        }
        Ok(legs)
    }

    /// Returns an exit that has not entered, by its id.
    async fn held_leg(&self, account: AccountId, leg: OrderId) -> Result<Option<Found>, Problem> {
        for step in [1, 2] {
            let Some(entry) = leg.get().checked_sub(step).map(OrderId::new) else { continue };
            match self.trading.order(account, entry).await {
                Ok(mut entry) => {
                    self.trading.complete(account, &mut entry).await?;
                    let id = leg.to_string();
                    if let Some(leg) = held_legs(&entry).into_iter().find(|leg| leg.order_id == id) {
                        let Leg { view, is_held } = waiting(&entry, leg);
                        return Ok(Some(Found { revision: 0, view, legs: Vec::new(), is_held }));
                    }
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(None)
    }
}

/// Returns an exit that has not entered: held while its entry can still trade or has just traded, and
/// canceled with an entry that ended without.
fn waiting(entry: &OrderView, mut leg: OrderView) -> Leg {
    let is_held = is_open(entry) || entry.filled_quantity.0.is_positive();
    if !is_held {
        leg.status = StatusName::Canceled;
        (leg.open_quantity, leg.ended_at) = (Number(Decimal::new(0, 0)), entry.ended_at);
        leg.explanation = Some("its entry ended without a trade".to_owned());
    }
    Leg { view: leg, is_held }
}

/// Returns the exits of an order as they will enter.
fn held_legs(entry: &OrderView) -> Vec<OrderView> {
    let Some(bracket) = entry.bracket else { return Vec::new() };
    let first = number(entry);
    let side = match entry.side {
        SideName::Buy => SideName::Sell,
        SideName::Sell => SideName::Buy,
    };
    let leg = |step: u64, kind| OrderView {
        order_id: (first + step).to_string(),
        client_order_id: None,
        side,
        kind,
        status: StatusName::PendingNew,
        open_quantity: entry.quantity,
        filled_quantity: Number(Decimal::new(0, 0)),
        fees: Number(Decimal::new(0, 0)),
        accepted_at: None,
        ended_at: None,
        reason: None,
        explanation: None,
        cancel_pending: false,
        replace_pending: false,
        average_price: None,
        price: None,
        stop_price: None,
        bracket: None,
        pair: None,
        one_cancels_other: None,
        trail_mark: None,
        revision: 0,
        ..entry.clone()
    };
    let profit = bracket.take_profit.map(|limit| OrderView { price: Some(limit), ..leg(1, KindName::Limit) });
    let stop_kind = if bracket.stop_loss_limit.is_some() { KindName::StopLimit } else { KindName::Stop };
    let stop = bracket.stop_loss.map(|trigger| OrderView {
        stop_price: Some(trigger),
        price: bracket.stop_loss_limit.or(bracket.stop_limit),
        ..leg(2, stop_kind)
    });
    profit.into_iter().chain(stop).collect()
}

/// Returns the market's id of an order.
pub(super) fn number(view: &OrderView) -> u64 {
    // It is written from one.
    view.order_id.parse().unwrap_or(0)
}
