//! [`OwnEvent`]: what happened to one participant's orders and account; [`OwnState`]: what they are.

use std::collections::{BTreeMap, VecDeque};

use bearpit_core::market::{
    AccountMark, AccountOpening, CancelReason, ExpiryReason, Fact, Liquidity, OrderKind, OrderTerms,
    RejectReason, Side, TimeInForce,
};
use bearpit_core::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};

use super::replica::State;
use crate::domain::{ClientOrderId, RefusedOrder, SentOrder};

/// Something that happened to one participant's orders or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEvent {
    /// When, in virtual time; of orders, at the venue.
    pub at: SimTime,
    /// What.
    pub change: OwnChange,
    /// The state that it resulted in.
    pub after: ResultingState,
}

impl OwnEvent {
    /// Makes an event whose resulting state is not known yet.
    pub(super) fn new(at: SimTime, change: OwnChange) -> Self {
        Self { at, change, after: ResultingState::default() }
    }
}

/// The order or the account just after an event, so that a reader of this event alone can show all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultingState {
    /// The order, if it is about one; of one that is on its way the event itself has all.
    pub order: Option<Box<OrderSnapshot>>,
    /// The account, if it was marked.
    pub account: Option<Box<AccountSnapshot>>,
}

/// An order just after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderSnapshot {
    /// A venue has it.
    Open(OrderId, OpenOrder),
    /// It is over.
    Closed(ClosedOrder),
}

/// An account just after an event, at its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// The cash, free and held.
    pub cash: Money,
    /// Cash and all holdings at their marks.
    pub equity: Money,
    /// The cash that it was opened with today, where that was said.
    pub opening_cash: Option<Money>,
    /// The P&L realized so far, before fees.
    pub realized: Money,
    /// The P&L of what it holds.
    pub unrealized: Money,
    /// Fees paid less rebates.
    pub fees: Money,
    /// How many of its orders are open or on their way.
    pub open_orders: usize,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// A day began: all starts anew, and orders that were carried over are accepted again.
    DayBegan,
    /// An order that was carried over from the last day, and will be accepted again, has an id of its
    /// owner's.
    Named {
        /// The order.
        order: OrderId,
        /// Its owner's id for it.
        client: ClientOrderId,
    },
    /// An order passed the gate, and is on its way to its venue.
    Sent(SentOrder),
    /// The gate of the account refused an order, which was never sent.
    Refused(Box<RefusedOrder>),
    /// An order traded.
    Filled(Fill),
    /// Any other fact about one of its orders, its account or its strategy. None of them names anybody else.
    Fact(Fact),
}

/// One order's share of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The order.
    pub order: OrderId,
    /// The listing.
    pub listing: ListingId,
    /// The order's side.
    pub side: Side,
    /// The price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// What is left open of the order.
    pub leaves: Quantity,
    /// Maker, taker or auction.
    pub liquidity: Liquidity,
    /// What venue and broker charge together; a rebate is negative.
    pub fee: Money,
    /// The displayed quantity that was ahead of it at its price when it joined the queue, if it rested.
    pub queue_ahead: Option<Quantity>,
}

/// An order at a venue that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrder {
    /// The listing.
    pub listing: ListingId,
    /// Its terms, as replaced or restated since.
    pub terms: OrderTerms,
    /// When its owner sent it; absent for a bracket's exit.
    pub sent_at: Option<SimTime>,
    /// When the venue accepted it.
    pub accepted_at: SimTime,
    /// Its limit now, if it has one.
    pub price: Option<Price>,
    /// The quantity that is open.
    pub leaves: Quantity,
    /// The quantity that has traded today.
    pub filled: Quantity,
    /// Whether it is a stop that a trade has elected.
    pub is_triggered: bool,
    /// The id that its owner gave it.
    pub client: Option<ClientOrderId>,
    /// The sum of price times quantity of what has traded today, in ticks times lots.
    pub turnover: i128,
    /// What venue and broker have charged for it today.
    pub fees: Money,
    /// How often it has been replaced today.
    pub revision: u32,
}

impl OpenOrder {
    fn accepted(
        at: SimTime,
        listing: ListingId,
        terms: OrderTerms,
        sent_at: Option<SimTime>,
        client: Option<ClientOrderId>,
    ) -> Self {
        Self {
            listing,
            terms,
            sent_at,
            accepted_at: at,
            price: terms.kind.limit(),
            leaves: terms.quantity,
            filled: Quantity::ZERO,
            is_triggered: false,
            client,
            turnover: 0,
            fees: Money::ZERO,
            revision: 0,
        }
    }
}

impl OpenOrder {
    /// Takes the terms of a replace of more than price and quantity. A stop-limit order that was elected is a
    /// limit order at its venue, and stays what it was here.
    fn replace_terms(&mut self, kind: OrderKind, time_in_force: TimeInForce, leaves: Quantity) {
        self.terms.kind = match kind {
            OrderKind::Limit(limit) if self.is_triggered => self.terms.kind.at(limit),
            kind => kind,
        };
        self.terms.time_in_force = time_in_force;
        self.terms.quantity = leaves + self.filled;
        self.price = self.terms.kind.limit();
        self.leaves = leaves;
        self.revision += 1;
    }
}

/// An order that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedOrder {
    /// The order.
    pub id: OrderId,
    /// As it was before its end; of one that a venue rejected, as it would have been.
    pub last: OpenOrder,
    /// When it ended.
    pub at: SimTime,
    /// How.
    pub end: OrderEnd,
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEnd {
    /// It traded in full.
    Filled,
    /// What was open of it was canceled.
    Canceled(CancelReason),
    /// What was open of it expired.
    Expired(ExpiryReason),
    /// The venue rejected it.
    Rejected(RejectReason),
}

/// One participant's open orders and account, as far as facts tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnState {
    /// What the account had when it was opened, or carried over from the last day; absent where it began with
    /// what a scenario says.
    pub opening: Option<AccountOpening>,
    /// The orders that are on their way to a venue.
    pub sent: BTreeMap<OrderId, SentOrder>,
    /// The orders that venues have accepted and that are not over.
    pub orders: BTreeMap<OrderId, OpenOrder>,
    /// The orders of today that ended last, the newest at the back; at most [`OwnState::CLOSED_MAX`].
    pub closed: VecDeque<ClosedOrder>,
    /// The orders of today that the gate of the account refused last, the newest at the back; at most
    /// [`OwnState::CLOSED_MAX`].
    pub refused: VecDeque<RefusedOrder>,
    /// The last mark of each holding; it has the account's cash and equity too. A tracked account is marked
    /// at each fill and sample interval; others are not.
    pub marks: BTreeMap<InstrumentId, AccountMark>,
    /// The holding that was marked last: its mark has the newest cash and equity.
    last_mark: Option<InstrumentId>,
    /// Whether the account was found without equity.
    pub is_ruined: bool,
    /// What the owner calls the orders of the last day that have not been accepted again.
    carried: BTreeMap<OrderId, ClientOrderId>,
}

impl OwnState {
    /// How many orders that are over are kept.
    pub const CLOSED_MAX: usize = 100;

    /// Returns what there is of one order, and nothing else.
    pub(super) fn of_order(&self, order: OrderId) -> Self {
        fn one<T: Clone>(all: &BTreeMap<OrderId, T>, order: OrderId) -> BTreeMap<OrderId, T> {
            all.get(&order).map(|it| (order, it.clone())).into_iter().collect()
        }
        Self {
            sent: one(&self.sent, order),
            orders: one(&self.orders, order),
            closed: self.closed.iter().filter(|closed| closed.id == order).cloned().collect(),
            carried: one(&self.carried, order),
            ..Self::default()
        }
    }

    /// Applies an event: what leads from one snapshot to the next.
    pub fn follow(&mut self, event: &OwnEvent) {
        match &event.change {
            OwnChange::DayBegan => *self = Self::default(),
            OwnChange::Named { order, client } => {
                self.carried.insert(*order, client.clone());
            }
            OwnChange::Sent(sent) => {
                self.sent.insert(sent.order, sent.clone());
            }
            OwnChange::Refused(refused) => {
                if self.refused.len() == Self::CLOSED_MAX {
                    self.refused.pop_front();
                }
                self.refused.push_back((**refused).clone());
            }
            OwnChange::Filled(fill) => self.fill(event.at, fill),
            OwnChange::Fact(fact) => self.follow_fact(event.at, fact),
        }
    }

    /// Returns what a change has left behind that was just applied, and is about an order or none.
    pub(super) fn resulting_state(&self, change: &OwnChange, order: Option<OrderId>) -> ResultingState {
        let is_mark = matches!(change, OwnChange::Fact(Fact::AccountMarked(_)));
        ResultingState {
            order: order.and_then(|order| self.order_snapshot(order)).map(Box::new),
            account: is_mark.then(|| self.account()).flatten().map(Box::new),
        }
    }

    fn order_snapshot(&self, order: OrderId) -> Option<OrderSnapshot> {
        if let Some(open) = self.orders.get(&order) {
            return Some(OrderSnapshot::Open(order, open.clone()));
        }
        // One that has just ended is the last.
        let closed = self.closed.back().filter(|closed| closed.id == order);
        closed.map(|closed| OrderSnapshot::Closed(closed.clone()))
    }

    /// Returns the account as its marks say; nothing before the first.
    #[must_use]
    pub fn account(&self) -> Option<AccountSnapshot> {
        let last = self.marks.get(&self.last_mark?)?;
        Some(AccountSnapshot {
            cash: last.cash,
            equity: last.equity,
            opening_cash: self.opening.as_ref().map(|opening| opening.cash),
            realized: last.total_realized,
            unrealized: last.total_unrealized,
            fees: last.fees,
            open_orders: self.orders.len() + self.sent.len(),
        })
    }

    fn fill(&mut self, at: SimTime, fill: &Fill) {
        self.change(fill.order, |order| {
            order.leaves = fill.leaves;
            order.filled += fill.quantity;
            order.turnover += i128::from(fill.price.ticks()) * i128::from(fill.quantity.lots());
            order.fees += fill.fee;
        });
        if fill.leaves.is_zero() {
            self.close(at, fill.order, OrderEnd::Filled);
        }
    }

    fn close(&mut self, at: SimTime, id: OrderId, end: OrderEnd) {
        if let Some(last) = self.orders.remove(&id) {
            self.keep_closed(ClosedOrder { id, last, at, end });
        }
    }

    fn keep_closed(&mut self, closed: ClosedOrder) {
        if self.closed.len() == Self::CLOSED_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(closed);
    }

    /// Takes an order out of those that are on their way; returns what its owner calls it.
    fn arrived(&mut self, order: OrderId) -> Option<ClientOrderId> {
        let sent = self.sent.remove(&order);
        sent.map_or_else(|| self.carried.remove(&order), |sent| sent.client)
    }

    fn change(&mut self, order: OrderId, change: impl FnOnce(&mut OpenOrder)) {
        if let Some(order) = self.orders.get_mut(&order) {
            change(order);
        }
    }

    fn follow_fact(&mut self, at: SimTime, fact: &Fact) {
        match *fact {
            Fact::OrderAccepted { order, listing, terms, sent_at, .. } => {
                let client = self.arrived(order);
                self.orders.insert(order, OpenOrder::accepted(at, listing, terms, sent_at, client));
            }
            Fact::OrderRejected { order, listing, terms, sent_at, reason, .. } => {
                let client = self.arrived(order);
                let last = OpenOrder::accepted(at, listing, terms, Some(sent_at), client);
                self.keep_closed(ClosedOrder { id: order, last, at, end: OrderEnd::Rejected(reason) });
            }
            Fact::OrderReplaced { order, price, leaves, .. } => self.change(order, |order| {
                order.terms.kind = order.terms.kind.at(price);
                order.terms.quantity = leaves + order.filled;
                order.price = order.terms.kind.limit();
                order.leaves = leaves;
                order.revision += 1;
            }),
            Fact::OrderTermsReplaced { order, kind, time_in_force, leaves, .. } => {
                self.change(order, |order| order.replace_terms(kind, time_in_force, leaves));
            }
            Fact::OrderRepriced { order, price, .. } => self.change(order, |order| order.price = price),
            Fact::OrderReduced { order, leaves, .. } | Fact::OrderGrown { order, leaves, .. } => {
                self.change(order, |order| order.leaves = leaves);
            }
            Fact::OrderRestated { order, terms, leaves, .. } => self.change(order, |order| {
                order.terms = terms;
                order.price = terms.kind.limit();
                order.leaves = leaves;
            }),
            Fact::OrderTriggered { order, .. } => self.change(order, |order| order.is_triggered = true),
            Fact::OrderCanceled { order, reason, .. } => self.close(at, order, OrderEnd::Canceled(reason)),
            Fact::OrderExpired { order, reason, .. } => self.close(at, order, OrderEnd::Expired(reason)),
            Fact::AccountOpened(ref opening) => self.opening = Some(opening.clone()),
            Fact::AccountMarked(mark) => {
                self.last_mark = Some(mark.instrument);
                self.marks.insert(mark.instrument, mark);
            }
            Fact::AccountRuined { .. } => self.is_ruined = true,
            _ => {}
        }
    }
}

impl State for OwnState {
    type Change = OwnEvent;

    fn apply(&mut self, change: &OwnEvent) {
        self.follow(change);
    }

    fn size(&self) -> usize {
        self.sent.len() + self.orders.len() + self.closed.len() + self.refused.len() + self.marks.len()
    }
}
