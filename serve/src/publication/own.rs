//! [`OwnEvent`]: what happened to one participant's orders and account; [`OwnState`]: what they are.

use std::collections::BTreeMap;

use bearpit_core::market::{AccountMark, AccountOpening, Fact, Liquidity, OrderTerms, Side};
use bearpit_core::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};

use super::replica::State;

/// Something that happened to one participant's orders or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEvent {
    /// When, in virtual time; of orders, at the venue.
    pub at: SimTime,
    /// What.
    pub change: OwnChange,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// A day began: all starts anew, and orders that were carried over are accepted again.
    DayBegan,
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
}

/// One participant's open orders and account, as far as facts tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnState {
    /// What the account had when it was opened, or carried over from the last day; absent where it began with
    /// what a scenario says.
    pub opening: Option<AccountOpening>,
    /// The orders that venues have accepted and that are not over. What is still on its way to a venue is
    /// not among them.
    pub orders: BTreeMap<OrderId, OpenOrder>,
    /// The last mark of each holding; it has the account's cash and equity too. A tracked account is marked
    /// at each fill and sample interval; others are not.
    pub marks: BTreeMap<InstrumentId, AccountMark>,
    /// Whether the account was found without equity.
    pub is_ruined: bool,
}

impl OwnState {
    /// Applies an event: what leads from one snapshot to the next.
    pub fn follow(&mut self, event: &OwnEvent) {
        match &event.change {
            OwnChange::DayBegan => *self = Self::default(),
            OwnChange::Filled(fill) => self.fill(fill),
            OwnChange::Fact(fact) => self.follow_fact(event.at, fact),
        }
    }

    fn fill(&mut self, fill: &Fill) {
        self.change(fill.order, |order| {
            order.leaves = fill.leaves;
            order.filled += fill.quantity;
        });
        if fill.leaves.is_zero() {
            self.orders.remove(&fill.order);
        }
    }

    fn change(&mut self, order: OrderId, change: impl FnOnce(&mut OpenOrder)) {
        if let Some(order) = self.orders.get_mut(&order) {
            change(order);
        }
    }

    fn follow_fact(&mut self, at: SimTime, fact: &Fact) {
        match *fact {
            Fact::OrderAccepted { order, listing, terms, sent_at, .. } => {
                let price = terms.kind.limit();
                let (leaves, filled) = (terms.quantity, Quantity::ZERO);
                let accepted = OpenOrder {
                    listing,
                    terms,
                    sent_at,
                    accepted_at: at,
                    price,
                    leaves,
                    filled,
                    is_triggered: false,
                };
                self.orders.insert(order, accepted);
            }
            Fact::OrderReplaced { order, price, leaves, .. } => self.change(order, |order| {
                order.terms.kind = order.terms.kind.at(price);
                order.terms.quantity = leaves + order.filled;
                order.price = order.terms.kind.limit();
                order.leaves = leaves;
            }),
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
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } => {
                self.orders.remove(&order);
            }
            Fact::AccountOpened(ref opening) => self.opening = Some(opening.clone()),
            Fact::AccountMarked(mark) => {
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
        self.orders.len() + self.marks.len()
    }
}
