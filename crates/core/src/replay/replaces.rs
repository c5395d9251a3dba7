//! Replaces: prices, distance, time in force and quantity of a waiting order.

use super::engine::ReplayEngine;
use super::host::{ReplayEvent, ReplayHost};
use super::orders::WaitingOrder;
use crate::book::BookEvent;
use crate::market::{
    CancelReason, Command, Link, OrderKind, RejectReason, ReplacedTerms, Replacement, TimeInForce,
};
use crate::units::Quantity;

impl ReplayEngine {
    /// Changes an order as its owner asks; only a smaller quantity, or another time in force that rests too,
    /// keeps its place.
    pub(super) fn replace(
        &mut self,
        index: usize,
        command: &Command,
        new: &Replacement,
        host: &mut dyn ReplayHost,
    ) -> Result<(), RejectReason> {
        self.check_owner(index, command)?;
        let (id, owner) = (command.order, command.owner);
        let order = *self.listings[index].orders.get(id).ok_or(RejectReason::UnknownOrder)?;
        let quantity = new.quantity.unwrap_or(order.filled + order.leaves);
        let kind = self.check_replace(&order, new, quantity)?;
        if quantity <= order.filled {
            self.cancel(index, id, CancelReason::ReplacedToFilled, host);
            return Ok(());
        }
        let leaves = quantity - order.filled;
        let time_in_force = new.time_in_force.unwrap_or(order.terms.time_in_force);
        let replaced = ReplacedTerms {
            before: (order.terms.kind, order.terms.time_in_force),
            after: (kind, time_in_force),
        };
        let kept_priority = replaced.keep_place() && leaves <= order.leaves;
        let listing = &mut self.listings[index];
        let is_tick = listing.ticks.is_some();
        let is_dealing = listing.dealing_price(order.side(), self.now).is_some();
        listing.orders.restate(id, kind, time_in_force);
        if let Some(open) = listing.orders.get_mut(id) {
            open.terms.quantity = quantity;
            open.leaves = leaves;
            open.is_carried = false;
            if is_tick {
                // What it could not do at its old price, it may do at the new one.
                open.done_in = None;
            }
            if !kept_priority {
                self.arrivals += 1;
                open.arrival = self.arrivals;
                open.since = self.now;
            }
        }
        let touch = listing.rules().touch;
        listing.orders.wait_by_terms(id, touch, is_dealing);
        let (order, side) = (id, order.side());
        let event = match replaced.only_price() {
            Some(price) => BookEvent::Replaced { order, owner, side, price, leaves, kept_priority },
            None => {
                BookEvent::TermsReplaced { order, owner, side, kind, time_in_force, leaves, kept_priority }
            }
        };
        host.publish(listing.id, ReplayEvent::Order(event));
        if is_dealing {
            self.settle_arrival(index, host);
        }
        Ok(())
    }

    /// Returns the kind that a replace leaves an order with, or why it is rejected.
    fn check_replace(
        &self,
        order: &WaitingOrder,
        new: &Replacement,
        quantity: Quantity,
    ) -> Result<OrderKind, RejectReason> {
        if let Some(reason) = new.reject_reason() {
            return Err(reason);
        }
        // A market order, and what an elected stop left, has no price to be replaced.
        let is_linked = order.partner.is_some() || matches!(order.terms.link, Link::ExitOf(_));
        let kind = new.kind(order.terms.kind);
        let kind = kind.filter(|_| !is_linked || quantity == order.filled + order.leaves);
        let kind = kind.ok_or(RejectReason::NotReplaceable)?;
        if !new.fits_time(kind, is_linked) {
            return Err(RejectReason::ContradictoryTerms);
        }
        match new.time_in_force {
            Some(TimeInForce::Gtd(date)) if date <= self.now => Err(RejectReason::ExpiryPassed),
            _ => Ok(kind),
        }
    }
}
