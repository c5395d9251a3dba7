//! [`VisibleBook`]: the displayed levels of a book, rebuilt from the facts of the tape.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rustc_hash::FxHashMap;

use super::fact::{Fact, Trade};
use super::order::{OrderKind, OrderTerms, TimeInForce};
use super::phase::Phase;
use super::quote::{Ladders, QuoteLevel};
use super::side::Side;
use crate::units::{ListingId, OrderId, Price, Quantity};

/// The displayed levels of one book, rebuilt from the facts of the tape: for recorders, auditors and other
/// sinks.
///
/// It must receive all facts of its listing from the first order on. Icebergs show their displayed part;
/// dormant orders (stops, pegs without a reference price, orders for a later auction) and orders without a
/// limit show nothing.
///
/// An order counts at its limit from its acceptance, also while it still trades, so the book is valid after
/// all facts of a command; in between, it may be crossed.
///
/// ```
/// use bearpit_core::market::{Fact, OrderTerms, Side, VisibleBook};
/// use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity};
///
/// let listing = ListingId::new(0);
/// let mut book = VisibleBook::new(listing);
/// let terms = OrderTerms::limit(Side::Buy, Quantity::new(30), Price::new(10_000));
/// let (order, owner) = (OrderId::new(1), ActorId::new(0));
/// book.follow(&Fact::OrderAccepted { order, owner, listing, terms, sent_at: None });
/// assert_eq!(book.levels(Side::Buy, 1)[0].size, Quantity::new(30));
/// ```
#[derive(Debug, Clone)]
pub struct VisibleBook {
    listing: ListingId,
    phase: Phase,
    /// Hashed, since each change looks one up; it is never iterated.
    orders: FxHashMap<OrderId, Standing>,
    /// Displayed lots by price.
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
    /// What the last fact changed.
    changes: Vec<LevelChange>,
}

/// The new size of one level of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// The side.
    pub side: Side,
    /// The price.
    pub price: Price,
    /// The total displayed there from now on; zero if the level is gone.
    pub size: Quantity,
}

/// What is known of an open order.
#[derive(Debug, Clone, Copy)]
struct Standing {
    side: Side,
    kind: OrderKind,
    time_in_force: TimeInForce,
    /// The display quantity of an iceberg.
    display: Option<Quantity>,
    leaves: Quantity,
    displayed: Quantity,
    /// The price at which it rests, if it does.
    price: Option<Price>,
}

impl Standing {
    fn new(terms: &OrderTerms, phase: Phase) -> Self {
        let OrderTerms { side, quantity, kind, time_in_force, display, .. } = *terms;
        let displayed = display.map_or(quantity, |display| display.min(quantity));
        let mut order = Self { side, kind, time_in_force, display, leaves: quantity, displayed, price: None };
        order.price = order.place_in(phase);
        order
    }

    /// Returns the price at which the order rests when it enters in `phase`.
    fn place_in(&self, phase: Phase) -> Option<Price> {
        let waits_for_close = self.time_in_force == TimeInForce::AtClose && phase != Phase::ClosingAuction;
        let waits = waits_for_close || self.kind.is_stop() || matches!(self.kind, OrderKind::Pegged { .. });
        // An order that has a worst price but does not rest ends with its command.
        self.kind.worst_price().filter(|_| !waits)
    }

    fn replace(&mut self, price: Price, leaves: Quantity, kept_priority: bool) {
        self.kind = self.kind.at(price);
        self.price = self.price.map(|_| price);
        if kept_priority {
            self.shrink_to(leaves);
        } else {
            self.set_leaves(leaves);
        }
    }

    fn replace_terms(
        &mut self,
        terms: (OrderKind, TimeInForce),
        leaves: Quantity,
        reentered_in: Option<Phase>,
    ) {
        (self.kind, self.time_in_force) = terms;
        match reentered_in {
            None => self.shrink_to(leaves),
            Some(phase) => {
                self.price = self.place_in(phase);
                self.set_leaves(leaves);
            }
        }
    }

    /// Gives the order another open quantity, at the back of its queue.
    fn set_leaves(&mut self, leaves: Quantity) {
        self.leaves = leaves;
        self.displayed = self.display.map_or(leaves, |display| display.min(leaves));
    }

    /// Makes the order smaller: what is hidden goes first.
    fn shrink_to(&mut self, leaves: Quantity) {
        self.leaves = leaves;
        self.displayed = self.displayed.min(leaves);
    }

    fn fill(&mut self, quantity: Quantity, rests: bool) {
        self.leaves = self.leaves.saturating_sub(quantity);
        // The displayed part of a resting order trades first; an incoming order displays from what it has
        // left.
        let displayed = if rests { self.displayed.saturating_sub(quantity) } else { self.displayed };
        self.displayed = displayed.min(self.leaves);
    }
}

impl VisibleBook {
    /// Makes the empty book of a listing.
    #[must_use]
    pub fn new(listing: ListingId) -> Self {
        Self {
            listing,
            phase: Phase::default(),
            orders: FxHashMap::default(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Applies a fact; those of other listings change nothing.
    pub fn follow(&mut self, fact: &Fact) {
        self.changes.clear();
        if fact.listing() != Some(self.listing) {
            return;
        }
        match *fact {
            Fact::OrderAccepted { order, ref terms, .. } => {
                let standing = Standing::new(terms, self.phase);
                self.put(order, standing);
            }
            Fact::OrderReplaced { order, price, leaves, kept_priority, .. } => {
                self.change(order, |order| order.replace(price, leaves, kept_priority));
            }
            Fact::OrderTermsReplaced { order, kind, time_in_force, leaves, kept_priority, .. } => {
                let reentered_in = (!kept_priority).then_some(self.phase);
                self.change(order, |order| order.replace_terms((kind, time_in_force), leaves, reentered_in));
            }
            Fact::OrderRepriced { order, price, .. } => self.change(order, |order| order.price = price),
            Fact::OrderReduced { order, leaves, .. } => self.change(order, |order| order.shrink_to(leaves)),
            Fact::OrderGrown { order, leaves, .. } => self.change(order, |order| order.set_leaves(leaves)),
            Fact::OrderTriggered { order, .. } => {
                // An order without a limit ends with the command then.
                self.change(order, |order| order.price = order.kind.limit());
            }
            Fact::OrderRefreshed { order, displayed, .. } => {
                self.change(order, |order| order.displayed = displayed);
            }
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } => {
                self.take(order);
            }
            Fact::Traded(ref trade) => self.trade(trade),
            Fact::PhaseChanged { phase, .. } => self.enter(phase),
            _ => {}
        }
    }

    /// Returns the levels that the last fact changed, also during an auction call, in the order of the
    /// changes.
    #[must_use]
    pub fn changes(&self) -> &[LevelChange] {
        &self.changes
    }

    /// Returns the phase.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns up to `count` displayed levels of both sides; none during an auction call.
    #[must_use]
    pub fn ladders(&self, levels: usize) -> Ladders {
        if self.phase != Phase::Continuous {
            return Ladders::default();
        }
        let [bids, asks] = Side::BOTH.map(|side| self.levels(side, levels));
        Ladders { bids, asks }
    }

    /// Returns up to `count` of one side's levels, the best first, also during an auction call, when nothing
    /// is published.
    #[must_use]
    pub fn levels(&self, side: Side, count: usize) -> Vec<QuoteLevel> {
        let level = |(price, size): (&Price, &Quantity)| QuoteLevel { price: *price, size: *size };
        match side {
            Side::Buy => self.bids.iter().rev().take(count).map(level).collect(),
            Side::Sell => self.asks.iter().take(count).map(level).collect(),
        }
    }

    fn trade(&mut self, trade: &Trade) {
        let collected = trade.phase != Phase::Continuous;
        self.change(trade.maker_order, |maker| maker.fill(trade.quantity, true));
        self.change(trade.taker_order, |taker| taker.fill(trade.quantity, collected));
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        if phase == Phase::ClosingAuction {
            let waits = |order: &Standing| order.time_in_force == TimeInForce::AtClose;
            let waiting = self.orders.iter().filter(|(_, order)| waits(order)).map(|(id, _)| *id);
            for id in waiting.collect::<Vec<_>>() {
                self.change(id, |order| order.price = order.place_in(phase));
            }
        }
    }

    /// Changes an order, if it is open; removes it if nothing is left of it.
    fn change(&mut self, id: OrderId, change: impl FnOnce(&mut Standing)) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let before = *order;
        change(order);
        let after = *order;
        if after.leaves.is_zero() {
            self.orders.remove(&id);
            self.withdraw(&before);
        } else if after.price != before.price {
            self.withdraw(&before);
            self.show(&after);
        } else if after.displayed != before.displayed {
            self.resize(&before, before.displayed, after.displayed);
        }
    }

    fn put(&mut self, id: OrderId, order: Standing) {
        self.show(&order);
        self.orders.insert(id, order);
    }

    fn take(&mut self, id: OrderId) {
        if let Some(order) = self.orders.remove(&id) {
            self.withdraw(&order);
        }
    }

    /// Adds an order's displayed quantity to its level.
    fn show(&mut self, order: &Standing) {
        self.resize(order, Quantity::ZERO, order.displayed);
    }

    /// Subtracts an order's displayed quantity from its level.
    fn withdraw(&mut self, order: &Standing) {
        self.resize(order, order.displayed, Quantity::ZERO);
    }

    /// Replaces what an order displays in its level.
    fn resize(&mut self, order: &Standing, before: Quantity, after: Quantity) {
        let Some(price) = order.price else { return };
        // Empty levels are not kept: an iceberg may display nothing until it is refreshed.
        let levels = self.side_mut(order.side);
        let size = match levels.entry(price) {
            Entry::Occupied(mut level) => {
                let size = *level.get() - before + after;
                if size.is_zero() {
                    level.remove();
                } else {
                    level.insert(size);
                }
                size
            }
            Entry::Vacant(_) if after.is_zero() => return,
            Entry::Vacant(level) => *level.insert(after),
        };
        self.changes.push(LevelChange { side: order.side, price, size });
    }

    const fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Price, Quantity> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}
