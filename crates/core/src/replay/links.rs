//! The ends of orders, and what they mean for those that are linked with them (rules 18 and 19).

use super::engine::ReplayEngine;
use super::host::{ReplayEvent, ReplayHost};
use super::listing::Moment;
use super::orders::{OrderNames, WaitingOrder};
use super::tick_feed::TickMoment;
use crate::book::BookEvent;
use crate::market::{BracketExit, CancelReason, ExpiryReason, Link, OrderTerms, ReduceReason};
use crate::units::{OrderId, Quantity};

impl ReplayEngine {
    /// Cancels an order.
    pub(super) fn cancel(
        &mut self,
        listing: usize,
        id: OrderId,
        reason: CancelReason,
        host: &mut dyn ReplayHost,
    ) {
        let Some(ended) = self.listings[listing].orders.remove(id) else { return };
        let (owner, side, quantity) = (ended.owner, ended.side(), ended.leaves);
        let event = BookEvent::Canceled { order: id, owner, side, quantity, reason };
        host.publish(self.listings[listing].id, ReplayEvent::Order(event));
        self.end_partner(listing, &ended, host);
        if !reason.is_by_owner() {
            self.end_entry(listing, &ended, host);
        }
    }

    /// Cancels the rest of a bracket's entry, as one of its exits has fired or ended; whoever cancels exits
    /// lets the entry go on.
    pub(super) fn end_entry(&mut self, listing: usize, exit: &WaitingOrder, host: &mut dyn ReplayHost) {
        if let Some(entry) = exit.entry {
            self.cancel(listing, entry, CancelReason::Linked, host);
        }
    }

    /// Expires an order.
    pub(super) fn expire(
        &mut self,
        listing: usize,
        id: OrderId,
        reason: ExpiryReason,
        host: &mut dyn ReplayHost,
    ) {
        let Some(ended) = self.listings[listing].orders.remove(id) else { return };
        let (owner, side, quantity) = (ended.owner, ended.side(), ended.leaves);
        let event = BookEvent::Expired { order: id, owner, side, quantity, reason };
        host.publish(self.listings[listing].id, ReplayEvent::Order(event));
        self.end_partner(listing, &ended, host);
    }

    /// Cancels the order with which one that has ended was linked.
    fn end_partner(&mut self, listing: usize, ended: &WaitingOrder, host: &mut dyn ReplayHost) {
        let Some(partner) = ended.partner else { return };
        if let Some(open) = self.listings[listing].orders.get_mut(partner) {
            open.partner = None;
            // What becomes of their entry depends on why the first has ended.
            open.entry = None;
            self.cancel(listing, partner, CancelReason::Linked, host);
        }
    }

    /// Follows a fill of `quantity`: linked orders lose as much, a bracket's exits grow, an order without
    /// rest ends.
    pub(super) fn after_fill(
        &mut self,
        listing: usize,
        id: OrderId,
        quantity: Quantity,
        host: &mut dyn ReplayHost,
    ) {
        let Some(order) = self.listings[listing].orders.get(id).copied() else { return };
        if matches!(order.terms.link, Link::Bracket { .. }) {
            self.grow_exits(listing, &order, quantity, host);
        }
        if order.leaves.is_zero() {
            self.listings[listing].orders.remove(id);
            self.end_partner(listing, &order, host);
            self.end_entry(listing, &order, host);
        } else if let Some(partner) = order.partner {
            self.reduce(listing, partner, quantity, host);
        }
    }

    /// Takes from an order what the one it is linked with has traded.
    fn reduce(&mut self, listing: usize, id: OrderId, less: Quantity, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[listing];
        let Some(open) = listing.orders.get_mut(id) else { return };
        open.leaves = open.leaves.saturating_sub(less);
        let (owner, side, leaves) = (open.owner, open.side(), open.leaves);
        let event = BookEvent::Reduced { order: id, owner, side, leaves, reason: ReduceReason::Linked };
        host.publish(listing.id, ReplayEvent::Order(event));
    }

    /// Enters the exits of a bracket with its entry's first fill, and enlarges them with each further one.
    fn grow_exits(
        &mut self,
        index: usize,
        entry: &WaitingOrder,
        quantity: Quantity,
        host: &mut dyn ReplayHost,
    ) {
        if entry.filled == quantity {
            return self.enter_exits(index, entry, host);
        }
        let listing = &mut self.listings[index];
        for id in BracketExit::ids(entry.id) {
            // A pair that has ended does not come back.
            let Some(exit) = listing.orders.get_mut(id) else { continue };
            exit.leaves += quantity;
            exit.terms.quantity += quantity;
            // What it could not do in this bar with less, it may do with more.
            exit.done_in = None;
            let (owner, side, leaves) = (exit.owner, exit.side(), exit.leaves);
            let event = BookEvent::Grown { order: id, owner, side, leaves };
            host.publish(listing.id, ReplayEvent::Order(event));
        }
    }

    fn enter_exits(&mut self, index: usize, entry: &WaitingOrder, host: &mut dyn ReplayHost) {
        let exits = entry.terms.exits(entry.id, entry.filled);
        let listing = &mut self.listings[index];
        let touch = listing.rules().touch;
        for BracketExit { id, partner, terms } in exits.into_iter().flatten() {
            self.arrivals += 1;
            let names = OrderNames { id, owner: entry.owner, arrival: self.arrivals, since: self.now };
            listing.orders.add(&terms, names, touch, true);
            if let Some(exit) = listing.orders.get_mut(id) {
                exit.partner = partner;
                exit.entry = Some(entry.id);
            }
            let event = BookEvent::ExitEntered { order: id, owner: entry.owner, entry: entry.id, terms };
            host.publish(listing.id, ReplayEvent::Order(event));
        }
    }

    /// Enters the stop of a pair with its first, which has just arrived, and links the two.
    pub(super) fn enter_paired_stop(
        &mut self,
        index: usize,
        terms: &OrderTerms,
        first: OrderNames,
        host: &mut dyn ReplayHost,
    ) {
        let Some(BracketExit { id, partner, terms }) = terms.paired_stop(first.id) else { return };
        let listing = &mut self.listings[index];
        if let Some(open) = listing.orders.get_mut(first.id) {
            open.partner = Some(id);
            open.terms.link = Link::OneCancelsOther(id);
        }
        self.arrivals += 1;
        let names = OrderNames { id, arrival: self.arrivals, ..first };
        let is_dealing = listing.dealing_price(terms.side, self.now).is_some();
        listing.orders.add(&terms, names, listing.rules().touch, is_dealing);
        if let Some(stop) = listing.orders.get_mut(id) {
            stop.partner = partner;
        }
        let event = BookEvent::ExitEntered { order: id, owner: first.owner, entry: first.id, terms };
        host.publish(listing.id, ReplayEvent::Order(event));
    }

    /// Fills what is due at one listing outside of the agenda: what has just arrived.
    pub(super) fn settle_arrival(&mut self, index: usize, host: &mut dyn ReplayHost) {
        if self.listings[index].ticks.is_some() {
            self.settle_ticks(index, TickMoment::Arrival, host);
            return self.schedule(index, self.now);
        }
        let moment = match self.listings[index].stage {
            super::listing::Stage::Closing { .. } => Moment::Close,
            _ => Moment::Within,
        };
        let now = self.now;
        self.settle(now, &[(index, moment)], host);
        self.schedule(index, now);
    }
}
