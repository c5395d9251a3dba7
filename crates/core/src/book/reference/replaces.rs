//! Replaces.

use super::flaw::Flaw;
use super::{Order, ReferenceBook, State};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, Link, OrderKind, Phase, RejectReason, Replacement, TimeInForce};
use crate::units::{Price, Quantity, SimTime};

impl ReferenceBook {
    pub(super) fn replace(
        &mut self,
        now: SimTime,
        index: usize,
        new: &Replacement,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        let before = self.orders[index];
        let quantity = new.quantity.unwrap_or(before.filled + before.leaves());
        if let Some(reason) = self.replace_reject_reason(now, &before, new, quantity) {
            if self.has(Flaw::RejectLosesPlace) {
                let order = self.orders.remove(index);
                self.orders.push(order);
            }
            return Err(reason);
        }
        let leaves = quantity.saturating_sub(before.filled);
        if leaves.is_zero() {
            self.cancel(index, CancelReason::ReplacedToFilled, out);
            return Ok(());
        }
        let mut order = before;
        let time = new.time_in_force.unwrap_or(before.terms.time_in_force);
        order.terms.kind = replaced(before.terms.kind, new).ok_or(RejectReason::NotReplaceable)?;
        order.terms.time_in_force = time;
        let smaller = leaves <= before.leaves() || self.has(Flaw::IncreaseKeepsPlace);
        let kept_priority = keeps_place(&before, &order) && smaller && !self.has(Flaw::DecreaseLosesPlace);
        out.take(event(&before, &order, leaves, kept_priority));
        if kept_priority && leaves <= before.leaves() {
            order.shrink(before.leaves() - leaves);
            self.orders[index] = order;
        } else if kept_priority {
            order.displayed += leaves - before.leaves();
            self.orders[index] = order;
        } else {
            self.orders.remove(index);
            order.show(leaves);
            if self.has(Flaw::MarkForgotten) {
                order.mark = None;
            }
            self.enter_order(order, out);
        }
        Ok(())
    }

    fn replace_reject_reason(
        &self,
        now: SimTime,
        order: &Order,
        new: &Replacement,
        quantity: Quantity,
    ) -> Option<RejectReason> {
        let leaves = quantity.saturating_sub(order.filled);
        let kind = replaced(order.terms.kind, new);
        let limit = kind.and_then(OrderKind::limit);
        let is_fixed = kind.is_none() || matches!(order.state, State::Elected(_));
        if new.quantity.is_some_and(Quantity::is_zero) {
            Some(RejectReason::ZeroQuantity)
        } else if quantity.lots() > Quantity::MAX_LOTS {
            Some(RejectReason::QuantityOutOfRange)
        } else if !prices_are_legal(new) {
            Some(RejectReason::PriceOutOfRange)
        } else if !order.terms.shows_enough(quantity) {
            Some(RejectReason::DisplayOutOfRange)
        } else if !self.phase.takes_orders() {
            Some(RejectReason::PhaseForbids)
        } else if is_fixed || (is_linked(order) && leaves != order.leaves()) {
            Some(RejectReason::NotReplaceable)
        } else if new.time_in_force.is_some_and(|time| !may_stay(order, time)) {
            Some(RejectReason::ContradictoryTerms)
        } else if matches!(new.time_in_force, Some(TimeInForce::Gtd(date)) if date <= now) {
            Some(RejectReason::ExpiryPassed)
        } else if limit.is_some_and(|limit| !self.config.bands.allow_limit(self.anchor, limit)) {
            Some(RejectReason::BeyondPriceLimits)
        } else if limit.is_some_and(|limit| self.crosses_own_bracket(order, limit)) {
            Some(RejectReason::CrossesOwnBracket)
        } else if self.phase == Phase::Continuous
            && limit.is_some_and(|limit| self.crosses(order.side(), limit))
            && !self.can_slide(&order.terms)
        {
            Some(RejectReason::PostOnlyWouldTake)
        } else {
            None
        }
    }
}

/// Returns the kind of an order once it is replaced, if that can be.
fn replaced(kind: OrderKind, new: &Replacement) -> Option<OrderKind> {
    let Replacement { price, trigger: new_trigger, distance: new_distance, .. } = *new;
    if new_distance.is_some() && kind.trailing().is_none() {
        return None;
    }
    match kind {
        OrderKind::Limit(limit) if new_trigger.is_none() => Some(OrderKind::Limit(price.unwrap_or(limit))),
        OrderKind::Stop { trigger, protection } if price.is_none() || new_trigger.is_none() => {
            let trigger = price.or(new_trigger).unwrap_or(trigger);
            Some(OrderKind::Stop { trigger, protection })
        }
        OrderKind::StopLimit { trigger, limit } => Some(OrderKind::StopLimit {
            trigger: new_trigger.unwrap_or(trigger),
            limit: price.unwrap_or(limit),
        }),
        OrderKind::TrailingStop { distance, protection } if price.is_none() && new_trigger.is_none() => {
            Some(OrderKind::TrailingStop { distance: new_distance.unwrap_or(distance), protection })
        }
        _ => None,
    }
}

fn prices_are_legal(new: &Replacement) -> bool {
    let is_far = |price: Price| price.ticks().unsigned_abs() > Price::MAX_TICKS.unsigned_abs();
    let is_unfit = new.distance.is_some_and(|distance| !distance.is_legal());
    !(new.price.is_some_and(is_far) || new.trigger.is_some_and(is_far) || is_unfit)
}

/// Returns whether an open order may have another time in force: one for an auction only is for new orders,
/// and only a stop that is not linked may wait with one that ends it at once later.
fn may_stay(order: &Order, time: TimeInForce) -> bool {
    match time {
        TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd(_) => true,
        TimeInForce::Ioc | TimeInForce::Fok => order.terms.kind.is_stop() && !is_linked(order),
        TimeInForce::AtOpen | TimeInForce::AtClose => false,
    }
}

fn is_linked(order: &Order) -> bool {
    order.partner.is_some() || matches!(order.terms.link, Link::ExitOf(_))
}

/// Returns whether prices and distance are the same, and the order rests or waits as before.
fn keeps_place(before: &Order, after: &Order) -> bool {
    let [old, new] = [before, after].map(|order| order.terms.time_in_force);
    let rests = [old, new].iter().all(|time| time.rests());
    before.terms.kind == after.terms.kind && (old == new || rests || before.terms.kind.is_stop())
}

fn event(before: &Order, after: &Order, leaves: Quantity, kept_priority: bool) -> BookEvent {
    let (order, owner, side) = (before.id, before.owner, before.side());
    let (kind, time_in_force) = (after.terms.kind, after.terms.time_in_force);
    let is_same_trigger = kind.limit().is_none() || before.terms.kind.trigger() == kind.trigger();
    let price = kind.limit().or(kind.trigger()).filter(|_| is_same_trigger);
    match price.filter(|_| before.terms.time_in_force == time_in_force) {
        Some(price) => BookEvent::Replaced { order, owner, side, price, leaves, kept_priority },
        None => BookEvent::TermsReplaced { order, owner, side, kind, time_in_force, leaves, kept_priority },
    }
}
