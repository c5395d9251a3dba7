//! The common case: limit and market orders without conditions, in continuous trading.
//!
//! What is done here is what [`entry`](super::entry) does, without asking for what is not there; the
//! differential tests see no difference.

use super::OrderBook;
use super::matching::Taker;
use super::slab::{NONE, Node, Slot};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, OrderKind, OrderTerms, Phase, RejectReason, SelfTrade, Side, TimeInForce};
use crate::units::{ActorId, OrderId, Price, Quantity};

impl OrderBook {
    /// Tells whether plain orders need no more than this module does.
    #[inline]
    fn is_plain(&self) -> bool {
        self.phase == Phase::Continuous && self.config.bands.limit_bps.is_none() && self.brackets.is_empty()
    }

    /// Takes an order if it is plain, and tells whether it was.
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
        let taker = Taker::plain(id, owner, terms.side, terms.quantity);
        match (terms.kind, terms.time_in_force) {
            (OrderKind::Limit(limit), TimeInForce::Gtc) => self.submit_limit(taker, limit, out),
            (OrderKind::Market { protection }, TimeInForce::Ioc) => {
                self.submit_market(taker, protection, out)
            }
            _ => return false,
        }
        true
    }

    #[inline]
    fn submit_limit(&mut self, mut taker: Taker, limit: Price, out: &mut impl EventSink) {
        if let Some(reason) = self.plain_objection(&taker, Some(limit)) {
            return out.take(BookEvent::Rejected { order: taker.id, owner: taker.owner, reason });
        }
        out.take(BookEvent::Accepted { order: taker.id, owner: taker.owner });
        if self.meets_somebody(taker.side, Some(limit)) {
            self.sweep(&mut taker, Some(limit), out);
            if taker.leaves.is_zero() {
                return;
            }
        }
        let mut node = Node::new(taker.id, taker.owner, taker.side, self.next_sequence());
        node.displayed = taker.leaves;
        node.filled = taker.filled;
        node.price = limit;
        let (half, slab) = self.side_mut(taker.side);
        let slot = slab.insert(node);
        half.append(slab, slot);
    }

    #[inline]
    fn submit_market(&mut self, mut taker: Taker, protection: Option<Price>, out: &mut impl EventSink) {
        let objection = self.plain_objection(&taker, protection);
        let lonely = || (!self.meets_somebody(taker.side, protection)).then_some(RejectReason::NoLiquidity);
        if let Some(reason) = objection.or_else(lonely) {
            return out.take(BookEvent::Rejected { order: taker.id, owner: taker.owner, reason });
        }
        out.take(BookEvent::Accepted { order: taker.id, owner: taker.owner });
        self.sweep(&mut taker, protection, out);
        if !taker.leaves.is_zero() {
            let Taker { id: order, owner, side, leaves: quantity, .. } = taker;
            let halted = self.phase != Phase::Continuous;
            let reason = if halted { CancelReason::Halted } else { CancelReason::IocRemainder };
            out.take(BookEvent::Canceled { order, owner, side, quantity, reason });
        }
    }

    #[inline]
    fn plain_objection(&self, taker: &Taker, price: Option<Price>) -> Option<RejectReason> {
        if taker.leaves.is_zero() {
            Some(RejectReason::ZeroQuantity)
        } else if taker.leaves.lots() > Quantity::MAX_LOTS {
            Some(RejectReason::QuantityOutOfRange)
        } else if price.is_some_and(|price| Price::new_checked(price.ticks()).is_none()) {
            Some(RejectReason::PriceOutOfRange)
        } else if self.slab.find(taker.id).is_some() {
            Some(RejectReason::DuplicateOrder)
        } else {
            None
        }
    }

    /// Cancels an order if it is plain, and tells whether it was.
    #[inline]
    pub(super) fn cancel_plain(
        &mut self,
        slot: Slot,
        reason: CancelReason,
        out: &mut impl EventSink,
    ) -> bool {
        let node = self.slab.get(slot);
        if node.details != NONE {
            return false;
        }
        let Node { id: order, owner, displayed: quantity, .. } = *node;
        let side = node.side();
        let (half, slab) = self.side_mut(side);
        half.unlink(slab, slot);
        slab.remove(slot);
        out.take(BookEvent::Canceled { order, owner, side, quantity, reason });
        true
    }

    /// Replaces an order if it is plain, and tells whether it was; its slot stays the same.
    ///
    /// # Errors
    /// Why it is not replaced.
    #[inline]
    pub(super) fn replace_plain(
        &mut self,
        slot: Slot,
        price: Price,
        quantity: Quantity,
        out: &mut impl EventSink,
    ) -> Result<bool, RejectReason> {
        if self.slab.get(slot).details != NONE || !self.is_plain() {
            return Ok(false);
        }
        let node = *self.slab.get(slot);
        if quantity.is_zero() {
            return Err(RejectReason::ZeroQuantity);
        } else if quantity.lots() > Quantity::MAX_LOTS {
            return Err(RejectReason::QuantityOutOfRange);
        } else if Price::new_checked(price.ticks()).is_none() {
            return Err(RejectReason::PriceOutOfRange);
        }
        if quantity <= node.filled {
            return Ok(self.cancel_plain(slot, CancelReason::ReplacedToFilled, out));
        }
        let (side, leaves) = (node.side(), quantity - node.filled);
        let kept_priority = price == node.price && leaves <= node.displayed;
        let Node { id: order, owner, .. } = node;
        out.take(BookEvent::Replaced { order, owner, side, price, leaves, kept_priority });
        if kept_priority {
            let (half, slab) = self.side_mut(side);
            half.shrink(price, node.displayed - leaves, Quantity::ZERO);
            slab.get_mut(slot).displayed = leaves;
        } else {
            self.move_plain(slot, price, leaves, out);
        }
        Ok(true)
    }

    /// Takes a plain order out of its queue, lets it trade at its new price, and puts what is left of it at
    /// the back of the queue there.
    #[inline]
    fn move_plain(&mut self, slot: Slot, price: Price, leaves: Quantity, out: &mut impl EventSink) {
        let node = *self.slab.get(slot);
        let side = node.side();
        let (half, slab) = self.side_mut(side);
        half.unlink(slab, slot);
        let mut taker = Taker::plain(node.id, node.owner, side, leaves);
        taker.filled = node.filled;
        if self.meets_somebody(side, Some(price)) {
            self.sweep(&mut taker, Some(price), out);
        }
        let sequence = self.next_sequence();
        let (half, slab) = self.side_mut(side);
        if taker.leaves.is_zero() {
            return slab.remove(slot);
        }
        let node = slab.get_mut(slot);
        node.displayed = taker.leaves;
        node.filled = taker.filled;
        node.price = price;
        node.set_sequence(sequence);
        half.append(slab, slot);
    }
}

impl Taker {
    #[inline]
    const fn plain(id: OrderId, owner: ActorId, side: Side, leaves: Quantity) -> Self {
        let (self_trade, partner) = (SelfTrade::Allow, None);
        Self { id, owner, side, self_trade, partner, leaves, filled: Quantity::ZERO, over: false }
    }
}
