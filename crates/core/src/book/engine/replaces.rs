//! Replaces: what is rejected, what keeps its place, and what enters anew.

use super::details::{Activation, Details};
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{
    CancelReason, Link, OrderKind, OrderTerms, Phase, RejectReason, ReplacedTerms, Replacement, TimeInForce,
};
use crate::units::{Price, Quantity, SimTime};

impl OrderBook {
    pub(super) fn replace(
        &mut self,
        now: SimTime,
        slot: Slot,
        new: &Replacement,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        let before = self.order_at(slot);
        let (quantity, kind) = self.check_replace(now, slot, new)?;
        let leaves = quantity.saturating_sub(before.filled);
        if leaves.is_zero() {
            self.cancel(slot, CancelReason::ReplacedToFilled, out);
            return Ok(());
        }
        let time_in_force = new.time_in_force.unwrap_or(before.terms.time_in_force);
        let terms = OrderTerms { kind, time_in_force, ..before.terms };
        let replaced = ReplacedTerms {
            before: (before.terms.kind, before.terms.time_in_force),
            after: (kind, time_in_force),
        };
        let kept_priority = replaced.keep_place() && leaves <= before.leaves;
        let (order, owner, side) = (before.id, before.owner, before.side());
        out.take(match replaced.only_price() {
            Some(price) => BookEvent::Replaced { order, owner, side, price, leaves, kept_priority },
            None => {
                BookEvent::TermsReplaced { order, owner, side, kind, time_in_force, leaves, kept_priority }
            }
        });
        if kept_priority {
            self.set_time_in_force(slot, &before, time_in_force);
            self.shrink(slot, before.leaves - leaves);
            return Ok(());
        }
        let mark = self.trailing_mark_at(slot);
        self.remove(slot);
        let order = Order { terms, leaves, ..before };
        match kind {
            OrderKind::TrailingStop { distance, .. } => self.enter_trailing_stop(&order, distance, mark),
            _ => self.enter_order(&order, out),
        }
        Ok(())
    }

    /// Returns the best trade since the entry of a trailing stop, if it is one and there was one.
    pub(super) fn trailing_mark_at(&self, slot: Slot) -> Option<Price> {
        let trails = |details: &&Details| details.activation() == Activation::Trails;
        let details = self.slab.details(slot).filter(trails)?;
        self.stops.trailing.mark(details.trailing_index())
    }

    /// Gives an open order another time in force, in its place.
    fn set_time_in_force(&mut self, slot: Slot, before: &Order, time: TimeInForce) {
        let old = before.terms.time_in_force;
        if time == old {
            return;
        }
        if let TimeInForce::Gtd(date) = old {
            self.dated.remove(date, slot);
        }
        if let TimeInForce::Gtd(date) = time {
            self.dated.insert(date, slot);
        }
        match self.slab.details_mut(slot) {
            Some(details) => details.set_time_in_force(time),
            None => {
                let terms = before.terms.with(time);
                self.slab.attach(slot, Details::new(&terms, Quantity::ZERO, Activation::None));
            }
        }
    }

    /// Returns the total quantity and the kind that a replace leaves an order with, or why it is rejected.
    fn check_replace(
        &self,
        now: SimTime,
        slot: Slot,
        new: &Replacement,
    ) -> Result<(Quantity, OrderKind), RejectReason> {
        let order = self.order_at(slot);
        let quantity = new.quantity.unwrap_or(order.leaves + order.filled);
        let leaves = quantity.saturating_sub(order.filled);
        if let Some(reason) = new.reject_reason() {
            return Err(reason);
        }
        if !order.terms.shows_enough(quantity) {
            return Err(RejectReason::DisplayOutOfRange);
        }
        if !self.phase.takes_orders() {
            return Err(RejectReason::PhaseForbids);
        }
        let is_elected = self.slab.get(slot).location.is_outside()
            && self.slab.details(slot).map(Details::activation) == Some(Activation::Elected);
        let is_linked = order.partner.is_some() || matches!(order.terms.link, Link::ExitOf(_));
        let kind = new.kind(order.terms.kind).filter(|_| !is_elected);
        let kind = kind.filter(|_| !is_linked || leaves == order.leaves);
        let kind = kind.ok_or(RejectReason::NotReplaceable)?;
        if !new.fits_time(kind, is_linked) {
            return Err(RejectReason::ContradictoryTerms);
        }
        if matches!(new.time_in_force, Some(TimeInForce::Gtd(date)) if date <= now) {
            return Err(RejectReason::ExpiryPassed);
        }
        self.check_replaced_price(&order, kind)?;
        Ok((quantity, kind))
    }

    fn check_replaced_price(&self, order: &Order, kind: OrderKind) -> Result<(), RejectReason> {
        let Some(limit) = kind.limit() else { return Ok(()) };
        if !self.allows_limit(limit) {
            return Err(RejectReason::BeyondPriceLimits);
        }
        if self.crosses_own_bracket(order, limit) {
            return Err(RejectReason::CrossesOwnBracket);
        }
        let takes = self.phase == Phase::Continuous && self.is_marketable(order.side(), Some(limit));
        if takes && !self.can_slide(&order.terms) { Err(RejectReason::PostOnlyWouldTake) } else { Ok(()) }
    }
}
