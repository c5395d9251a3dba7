//! Commands: new orders and cancels.

use super::engine::ReplayEngine;
use super::host::{ReplayEvent, ReplayHost};
use super::listing::Stage;
use super::orders::OrderNames;
use crate::book::BookEvent;
use crate::market::{
    CancelReason, Command, CommandKind, Link, OrderKind, OrderTerms, PostOnly, RejectReason, TimeInForce,
};
use crate::units::{OrderId, Price, SimTime};

impl ReplayEngine {
    /// Executes a command at `now`, after all that is due at that instant anyway.
    pub fn execute(&mut self, now: SimTime, command: &Command, host: &mut dyn ReplayHost) {
        self.catch_up(now, false, host);
        let Some(index) = self.find(command.listing) else { return };
        match command.kind {
            CommandKind::New(terms) => self.enter(index, command, terms, host),
            CommandKind::Cancel => match self.check_owner(index, command) {
                Ok(()) => self.cancel(index, command.order, CancelReason::Requested, host),
                Err(reason) => self.reject_command(index, command, reason, host),
            },
            CommandKind::MassCancel { side } => {
                let orders = self.listings[index].orders.all_of(Some(command.owner), side);
                self.cancel_all(index, &orders, CancelReason::MassCancel, host);
            }
            CommandKind::Disconnect => {
                let orders = self.listings[index].orders.all_of(Some(command.owner), None);
                self.cancel_all(index, &orders, CancelReason::Disconnected, host);
            }
            CommandKind::Replace(new) => {
                if let Err(reason) = self.replace(index, command, &new, host) {
                    self.reject_command(index, command, reason, host);
                }
            }
        }
        self.schedule(index, now);
        self.settle_ruin(now, &[], host);
    }

    fn enter(&mut self, index: usize, command: &Command, mut terms: OrderTerms, host: &mut dyn ReplayHost) {
        let Command { order: id, owner, .. } = *command;
        let dealing = self.listings[index].dealing_price(terms.side, self.now);
        let price = dealing.flatten();
        let checked = match self.check_new(index, command, &terms, price) {
            Ok(()) => {
                host.restriction_of(owner, id).map_or(Ok(()), |restriction| Err(restriction.reject_reason()))
            }
            refused => refused,
        };
        if let Err(reason) = checked {
            let event = BookEvent::Rejected { order: id, owner, reason };
            return host.publish(self.listings[index].id, ReplayEvent::Order(event));
        }
        let listing = &mut self.listings[index];
        host.publish(listing.id, ReplayEvent::Order(BookEvent::Accepted { order: id, owner }));
        if let (PostOnly::Slide, Some(slid)) = (terms.post_only, would_take(&terms, price)) {
            terms.kind = OrderKind::Limit(slid);
            let event = BookEvent::Repriced { order: id, owner, side: terms.side, price: Some(slid) };
            host.publish(listing.id, ReplayEvent::Order(event));
        }
        self.arrivals += 1;
        let names = OrderNames { id, owner, arrival: self.arrivals, since: self.now };
        let touch = listing.rules().touch;
        listing.orders.add(&terms, names, touch, dealing.is_some());
        self.enter_paired_stop(index, &terms, names, host);
        let listing = &mut self.listings[index];
        if let Link::OneCancelsOther(partner) = terms.link {
            for (one, other) in [(id, partner), (partner, id)] {
                if let Some(order) = listing.orders.get_mut(one) {
                    order.partner = Some(other);
                }
            }
        }
        if let Some(start) = listing.trailing_start(terms.side, self.now)
            && listing.orders.get_mut(id).is_some_and(|order| order.follow(start))
        {
            listing.orders.wait_by_terms(id, touch, dealing.is_some());
        }
        if dealing.is_some() {
            self.settle_arrival(index, host);
        }
    }

    /// Checks a new order by all but its owner's account.
    fn check_new(
        &self,
        index: usize,
        command: &Command,
        terms: &OrderTerms,
        price: Option<Price>,
    ) -> Result<(), RejectReason> {
        let listing = &self.listings[index];
        if listing.stage == Stage::Over {
            return Err(RejectReason::NoMoreData);
        }
        // The ids of the orders that it enters follow its own.
        if command.order.get().checked_add(terms.link.ids() - 1).is_none()
            || listing.orders.contains(command.order)
        {
            return Err(RejectReason::DuplicateOrder);
        }
        if let Some(reason) = terms.reject_reason() {
            return Err(reason);
        }
        if matches!(terms.kind, OrderKind::Pegged { .. }) {
            return Err(RejectReason::NoQuotes);
        }
        match terms.time_in_force {
            TimeInForce::Gtd(date) if date <= self.now => return Err(RejectReason::ExpiryPassed),
            _ => {}
        }
        if terms.post_only == PostOnly::Reject && would_take(terms, price).is_some() {
            return Err(RejectReason::PostOnlyWouldTake);
        }
        if let Link::OneCancelsOther(partner) = terms.link {
            let fits = listing.orders.get(partner).is_some_and(|other| {
                other.owner == command.owner
                    && other.side() == terms.side
                    && other.leaves == terms.quantity
                    && other.terms.link == Link::None
                    && other.partner.is_none()
            });
            return if fits { Ok(()) } else { Err(RejectReason::LinkUnfit) };
        }
        Ok(())
    }

    pub(super) fn check_owner(&self, index: usize, command: &Command) -> Result<(), RejectReason> {
        let order = self.listings[index].orders.get(command.order).ok_or(RejectReason::UnknownOrder)?;
        if order.owner == command.owner { Ok(()) } else { Err(RejectReason::NotOwner) }
    }

    fn reject_command(
        &self,
        index: usize,
        command: &Command,
        reason: RejectReason,
        host: &mut dyn ReplayHost,
    ) {
        let Command { order, owner, .. } = *command;
        let event = BookEvent::CommandRejected { order, owner, reason };
        host.publish(self.listings[index].id, ReplayEvent::Order(event));
    }

    fn cancel_all(
        &mut self,
        index: usize,
        orders: &[OrderId],
        reason: CancelReason,
        host: &mut dyn ReplayHost,
    ) {
        for id in orders {
            self.cancel(index, *id, reason, host);
        }
    }
}

/// Returns the limit, one tick behind the market, of a limit order that would take at entry.
fn would_take(terms: &OrderTerms, price: Option<Price>) -> Option<Price> {
    let (OrderKind::Limit(limit), Some(price)) = (terms.kind, price) else { return None };
    terms.side.accepts(limit, price).then(|| price - terms.side.sign())
}
