//! The engine: price-time priority over a slab of orders and two sorted arrays of levels.
//!
//! # Layout
//! Orders live in one array ([`Slab`]) and are linked into the queue of their level; an id is found
//! through a hash table, a level by a search that begins at the touch ([`Levels`]).
//!
//! # Rules
//! - A better price trades first; at one price, who came first. The maker sets the price.
//! - A replace that only lowers the quantity keeps the place in the queue; any other goes to the back,
//!   and trades first if its new price crosses.
//! - Between commands the book is never crossed.
//! - A rejected command changes nothing.
//!
//! # Limits
//! Ids of orders that are over are forgotten, so that memory follows what rests and not what passed; an
//! id is a duplicate only while its order rests.

use super::event::{BookEvent, MatchingEngine};
use super::levels::Levels;
use super::slab::{NONE, Node, Slab, Slot};
use crate::market::{
    CancelReason, Command, CommandKind, OrderKind, OrderTerms, Quote, QuoteLevel, RejectReason, Side,
    TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// A book of one listing.
#[derive(Debug)]
pub struct OrderBook {
    pub(super) slab: Slab,
    pub(super) bids: Levels,
    pub(super) asks: Levels,
}

/// An order on its way through the book.
#[derive(Debug, Clone, Copy)]
struct Taker {
    id: OrderId,
    owner: ActorId,
    side: Side,
    limit: Option<Price>,
    leaves: Quantity,
    filled: Quantity,
}

impl OrderBook {
    /// Makes an empty book.
    #[must_use]
    pub fn new() -> Self {
        Self { slab: Slab::new(), bids: Levels::new(Side::Buy), asks: Levels::new(Side::Sell) }
    }

    /// Returns how many orders rest.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Tells whether nothing rests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) const fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Returns one side together with the slab, both to be changed.
    const fn side_mut(&mut self, side: Side) -> (&mut Levels, &mut Slab) {
        match side {
            Side::Buy => (&mut self.bids, &mut self.slab),
            Side::Sell => (&mut self.asks, &mut self.slab),
        }
    }

    fn submit(&mut self, id: OrderId, owner: ActorId, terms: &OrderTerms, out: &mut Vec<BookEvent>) {
        if let Some(reason) = self.objection(id, terms) {
            return out.push(BookEvent::Rejected { order: id, reason });
        }
        out.push(BookEvent::Accepted { order: id });
        let limit = terms.kind.worst_price();
        let mut taker =
            Taker { id, owner, side: terms.side, limit, leaves: terms.quantity, filled: Quantity::ZERO };
        self.sweep(&mut taker, out);
        if taker.leaves.is_zero() {
            return;
        }
        match (terms.kind, terms.time_in_force) {
            (OrderKind::Limit(price), TimeInForce::Gtc) => self.rest(&taker, price),
            _ => out.push(BookEvent::Canceled {
                order: id,
                owner,
                side: taker.side,
                quantity: taker.leaves,
                reason: CancelReason::IocRemainder,
            }),
        }
    }

    /// Returns why a new order cannot be taken, if so.
    fn objection(&self, id: OrderId, terms: &OrderTerms) -> Option<RejectReason> {
        if terms.quantity.is_zero() {
            return Some(RejectReason::ZeroQuantity);
        }
        if self.slab.find(id).is_some() {
            return Some(RejectReason::DuplicateOrder);
        }
        let opposite = self.side(terms.side.opposite());
        let limit = terms.kind.worst_price();
        if terms.time_in_force == TimeInForce::Fok
            && opposite.available(limit, terms.quantity) < terms.quantity
        {
            return Some(RejectReason::FokUnfillable);
        }
        let is_market = matches!(terms.kind, OrderKind::Market { .. });
        if is_market && opposite.available(limit, Quantity::new(1)).is_zero() {
            return Some(RejectReason::NoLiquidity);
        }
        None
    }

    /// Trades `taker` against the other side as far as its limit allows.
    fn sweep(&mut self, taker: &mut Taker, out: &mut Vec<BookEvent>) {
        let aggressor = taker.side;
        let (levels, slab) = self.side_mut(aggressor.opposite());
        while !taker.leaves.is_zero() {
            let Some(level) = levels.best_mut() else { return };
            if taker.limit.is_some_and(|limit| !aggressor.accepts(limit, level.price)) {
                return;
            }
            let slot = level.head;
            let maker = slab.get_mut(slot);
            let quantity = maker.leaves.min(taker.leaves);
            maker.leaves -= quantity;
            maker.filled += quantity;
            taker.leaves -= quantity;
            taker.filled += quantity;
            level.size -= quantity;
            let maker_leaves = maker.leaves;
            out.push(BookEvent::Traded {
                price: maker.price,
                quantity,
                aggressor,
                maker_order: maker.id,
                maker_owner: maker.owner,
                maker_leaves,
                taker_order: taker.id,
                taker_owner: taker.owner,
                taker_leaves: taker.leaves,
            });
            if maker_leaves.is_zero() {
                levels.pop_front(slab);
                slab.remove(slot);
            }
        }
    }

    /// Puts what is left of `taker` at the back of its level.
    fn rest(&mut self, taker: &Taker, price: Price) {
        let Taker { id, owner, side, leaves, filled, .. } = *taker;
        let (levels, slab) = self.side_mut(side);
        let slot = slab.insert(Node { id, price, leaves, filled, owner, side, next: NONE, previous: NONE });
        levels.append(slab, slot);
    }

    /// Finds the order that a cancel or replace names.
    fn find(&self, command: &Command) -> Result<Slot, RejectReason> {
        let slot = self.slab.find(command.order).ok_or(RejectReason::UnknownOrder)?;
        if self.slab.get(slot).owner == command.owner { Ok(slot) } else { Err(RejectReason::NotOwner) }
    }

    /// Takes an order out, and returns it.
    fn take(&mut self, slot: Slot) -> Node {
        let node = *self.slab.get(slot);
        let (levels, slab) = self.side_mut(node.side);
        levels.unlink(slab, slot);
        slab.remove(slot);
        node
    }

    fn cancel(&mut self, slot: Slot, reason: CancelReason, out: &mut Vec<BookEvent>) {
        let Node { id, owner, side, leaves, .. } = self.take(slot);
        out.push(BookEvent::Canceled { order: id, owner, side, quantity: leaves, reason });
    }

    fn replace(&mut self, slot: Slot, price: Price, quantity: Quantity, out: &mut Vec<BookEvent>) {
        let node = *self.slab.get(slot);
        if quantity <= node.filled {
            return self.cancel(slot, CancelReason::ReplacedToFilled, out);
        }
        let leaves = quantity - node.filled;
        let kept_priority = price == node.price && leaves <= node.leaves;
        out.push(BookEvent::Replaced { order: node.id, side: node.side, price, leaves, kept_priority });
        if kept_priority {
            let (levels, slab) = self.side_mut(node.side);
            levels.shrink(price, node.leaves - leaves);
            slab.get_mut(slot).leaves = leaves;
            return;
        }
        self.take(slot);
        let Node { id, owner, side, filled, .. } = node;
        let mut taker = Taker { id, owner, side, limit: Some(price), leaves, filled };
        self.sweep(&mut taker, out);
        if !taker.leaves.is_zero() {
            self.rest(&taker, price);
        }
    }

    fn change(&mut self, command: &Command, out: &mut Vec<BookEvent>) -> Result<(), RejectReason> {
        match command.kind {
            CommandKind::New(terms) => self.submit(command.order, command.owner, &terms, out),
            CommandKind::Cancel => {
                let slot = self.find(command)?;
                self.cancel(slot, CancelReason::Requested, out);
            }
            CommandKind::Replace { price, quantity } => {
                let slot = self.find(command)?;
                if quantity.is_zero() {
                    return Err(RejectReason::ZeroQuantity);
                }
                self.replace(slot, price, quantity, out);
            }
        }
        Ok(())
    }
}

impl Default for OrderBook {
    fn default() -> Self {
        Self::new()
    }
}

impl MatchingEngine for OrderBook {
    fn execute(&mut self, command: &Command, out: &mut Vec<BookEvent>) {
        if let Err(reason) = self.change(command, out) {
            out.push(BookEvent::CommandRejected { order: command.order, reason });
        }
    }

    fn expire_all(&mut self, out: &mut Vec<BookEvent>) {
        for side in Side::BOTH {
            while let Some(slot) = self.side(side).best().map(|level| level.head) {
                let Node { id, owner, side, leaves, .. } = self.take(slot);
                out.push(BookEvent::Expired { order: id, owner, side, quantity: leaves });
            }
        }
    }

    fn quote(&self) -> Quote {
        Quote { bid: self.bids.quote(), ask: self.asks.quote() }
    }

    fn levels(&self, side: Side) -> Vec<QuoteLevel> {
        self.side(side).iter().map(|level| QuoteLevel { price: level.price, size: level.size }).collect()
    }
}
