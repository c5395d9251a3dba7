//! The common case: limit and market orders without conditions, in continuous trading.
//!
//! Does what [`order_entry`](super::order_entry) does, without checks for conditions that plain orders cannot
//! have; the differential tests show that the results are the same.

use super::OrderBook;
use super::id_table::EntryIndex;
use super::matching::Taker;
use super::slab::{NewNode, Node};
use super::slot::Slot;
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, OrderKind, OrderTerms, Phase, RejectReason, SelfTrade, Side, TimeInForce};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// A limit or market order without conditions.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainOrder {
    pub(super) id: OrderId,
    pub(super) owner: ActorId,
    pub(super) side: Side,
    pub(super) quantity: Quantity,
}

impl PlainOrder {
    const fn taker(self) -> Taker {
        Taker::plain(self.id, self.owner, self.side, self.quantity)
    }

    /// The order as it rests without having traded.
    pub(super) const fn resting(self, sequence: u64) -> NewNode {
        let Self { id, owner, side, quantity: displayed } = self;
        NewNode { id, owner, side, sequence, displayed, filled: Quantity::ZERO }
    }
}

impl OrderBook {
    /// Returns whether this module is all that plain orders need.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.phase == Phase::Continuous && self.config.bands.limit_bps.is_none() && self.brackets.is_empty()
    }

    /// Enters an order if it is plain, and returns whether it was.
    #[inline]
    pub(super) fn submit_plain(
        &mut self,
        id: OrderId,
        owner: ActorId,
        terms: &OrderTerms,
        out: &mut impl EventSink,
    ) -> bool {
        if !(terms.is_plain() && self.is_plain()) {
            return false;
        }
        let order = PlainOrder { id, owner, side: terms.side, quantity: terms.quantity };
        match (terms.kind, terms.time_in_force) {
            (OrderKind::Limit(limit), TimeInForce::Gtc) => self.submit_limit(order, limit, out),
            (OrderKind::Market { protection }, TimeInForce::Ioc) => {
                self.submit_market(order, protection, out)
            }
            _ => return false,
        }
        true
    }

    #[inline]
    fn submit_limit(&mut self, order: PlainOrder, limit: Price, out: &mut impl EventSink) {
        let PlainOrder { id, owner, side, .. } = order;
        let place = match self.check_plain(order, Some(limit)) {
            Ok(place) => place,
            Err(reason) => return out.take(BookEvent::Rejected { order: id, owner, reason }),
        };
        out.take(BookEvent::Accepted { order: id, owner });
        if self.is_marketable(side, Some(limit)) {
            return self.take_then_rest(order, limit, out);
        }
        let new = order.resting(self.next_sequence());
        let (book_side, slab) = self.side_mut(side);
        book_side.append_new(slab, limit, place, &new);
    }

    /// Trades a limit order; what is left of it rests.
    #[inline(never)]
    fn take_then_rest(&mut self, order: PlainOrder, limit: Price, out: &mut impl EventSink) {
        let mut taker = order.taker();
        self.sweep(&mut taker, Some(limit), out);
        if taker.leaves.is_zero() {
            return;
        }
        // Trades remove ids from the table, so that the free entry may move.
        let Err(place) = self.slab.search(taker.id) else { return };
        let sequence = self.next_sequence();
        let Taker { id, owner, side, leaves: displayed, filled, .. } = taker;
        let (book_side, slab) = self.side_mut(side);
        let new = NewNode { id, owner, side, sequence, displayed, filled };
        book_side.append_new(slab, limit, place, &new);
    }

    #[inline]
    fn submit_market(&mut self, order: PlainOrder, protection: Option<Price>, out: &mut impl EventSink) {
        // Prices are compared only once they are known to be legal: others have no rank.
        let finds_none = || !self.is_marketable(order.side, protection);
        let reject_reason = self.check_plain(order, protection).err();
        let reject_reason = reject_reason.or_else(|| finds_none().then_some(RejectReason::NoLiquidity));
        if let Some(reason) = reject_reason {
            return out.take(BookEvent::Rejected { order: order.id, owner: order.owner, reason });
        }
        out.take(BookEvent::Accepted { order: order.id, owner: order.owner });
        let mut taker = order.taker();
        self.sweep(&mut taker, protection, out);
        if !taker.leaves.is_zero() {
            let Taker { id: order, owner, side, leaves: quantity, .. } = taker;
            let halted = self.phase != Phase::Continuous;
            let reason = if halted { CancelReason::Halted } else { CancelReason::IocRemainder };
            out.take(BookEvent::Canceled { order, owner, side, quantity, reason });
        }
    }

    /// Returns the free table entry for the order's id, or why the order is rejected.
    #[inline(always)]
    pub(super) fn check_plain(
        &self,
        order: PlainOrder,
        price: Option<Price>,
    ) -> Result<EntryIndex, RejectReason> {
        if order.quantity.is_zero() {
            return Err(RejectReason::ZeroQuantity);
        }
        if order.quantity.lots() > Quantity::MAX_LOTS {
            return Err(RejectReason::QuantityOutOfRange);
        }
        if price.is_some_and(|price| Price::new_checked(price.ticks()).is_none()) {
            return Err(RejectReason::PriceOutOfRange);
        }
        match self.slab.search(order.id) {
            Ok(_) => Err(RejectReason::DuplicateOrder),
            Err(entry) => Ok(entry),
        }
    }

    /// Cancels the order of a command, if it is open and belongs to the sender.
    ///
    /// # Errors
    /// The reason if it is not.
    #[inline]
    pub(super) fn cancel_by_id(
        &mut self,
        id: OrderId,
        owner: ActorId,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        let (entry, slot) = self.slab.search(id).map_err(|_| RejectReason::UnknownOrder)?;
        let taken = if self.curve.is_none() { self.slab.take_plain(slot, owner) } else { None };
        let Some(node) = taken else { return self.cancel_other(slot, owner, out) };
        let (side, reason) = (node.side(), CancelReason::Requested);
        let quantity = self.slab.displayed_of(slot, &node);
        let (book_side, slab) = self.side_mut(side);
        book_side.unlink_node(slab, &node, quantity);
        slab.forget(entry, id);
        out.take(BookEvent::Canceled { order: id, owner, side, quantity, reason });
        Ok(())
    }

    /// Cancels an order that has details, or any order during an auction call.
    #[cold]
    fn cancel_other(
        &mut self,
        slot: Slot,
        owner: ActorId,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        if self.slab.get(slot).owner != owner {
            return Err(RejectReason::NotOwner);
        }
        self.cancel(slot, CancelReason::Requested, out);
        Ok(())
    }

    /// Cancels an order if it is plain, and returns whether it was.
    #[inline]
    pub(super) fn cancel_plain(
        &mut self,
        slot: Slot,
        reason: CancelReason,
        out: &mut impl EventSink,
    ) -> bool {
        let node = self.slab.get(slot);
        if node.location.is_detailed() {
            return false;
        }
        let Node { id: order, owner, .. } = *node;
        let quantity = self.slab.displayed(slot);
        let side = node.side();
        self.unlink(slot);
        self.slab.remove(slot);
        out.take(BookEvent::Canceled { order, owner, side, quantity, reason });
        true
    }

    /// Replaces an order if it is plain, and returns whether it was; its slot stays the same.
    ///
    /// # Errors
    /// The reason if it is not replaced.
    #[inline]
    pub(super) fn replace_plain(
        &mut self,
        slot: Slot,
        price: Price,
        quantity: Quantity,
        out: &mut impl EventSink,
    ) -> Result<bool, RejectReason> {
        if self.slab.get(slot).location.is_detailed() || !self.is_plain() {
            return Ok(false);
        }
        let node = *self.slab.get(slot);
        let (filled, displayed) = (self.slab.filled(slot), self.slab.displayed(slot));
        if quantity.is_zero() {
            return Err(RejectReason::ZeroQuantity);
        } else if quantity.lots() > Quantity::MAX_LOTS {
            return Err(RejectReason::QuantityOutOfRange);
        } else if Price::new_checked(price.ticks()).is_none() {
            return Err(RejectReason::PriceOutOfRange);
        }
        if quantity <= filled {
            return Ok(self.cancel_plain(slot, CancelReason::ReplacedToFilled, out));
        }
        let (side, leaves) = (node.side(), quantity - filled);
        let kept_priority = leaves <= displayed && self.price_of(slot) == Some(price);
        let Node { id: order, owner, .. } = node;
        out.take(BookEvent::Replaced { order, owner, side, price, leaves, kept_priority });
        if kept_priority {
            self.slab.set_displayed(slot, leaves);
            self.shrink_level(node.location, displayed - leaves, Quantity::ZERO);
        } else {
            self.move_plain(slot, price, leaves, out);
        }
        Ok(true)
    }

    /// Removes a plain order from its queue, trades it at its new price, and appends the rest of it to the
    /// queue there.
    #[inline]
    fn move_plain(&mut self, slot: Slot, price: Price, leaves: Quantity, out: &mut impl EventSink) {
        let node = *self.slab.get(slot);
        let side = node.side();
        let (book_side, slab) = self.side_mut(side);
        book_side.unlink(slab, slot);
        let mut taker = Taker::plain(node.id, node.owner, side, leaves);
        taker.filled = self.slab.filled(slot);
        if self.is_marketable(side, Some(price)) {
            self.sweep(&mut taker, Some(price), out);
        }
        let sequence = self.next_sequence();
        let (book_side, slab) = self.side_mut(side);
        if taker.leaves.is_zero() {
            return slab.remove(slot);
        }
        slab.set_displayed(slot, taker.leaves);
        slab.set_filled(slot, taker.filled);
        slab.set_sequence(slot, sequence);
        book_side.append(slab, slot, price);
    }
}

impl Taker {
    #[inline]
    const fn plain(id: OrderId, owner: ActorId, side: Side, leaves: Quantity) -> Self {
        let (self_trade, partner) = (SelfTrade::Allow, None);
        Self { id, owner, side, self_trade, partner, leaves, filled: Quantity::ZERO, is_canceled: false }
    }
}
