//! Which orders are due at an instant, and in which order they fill (rule 16).

use super::engine::ReplayEngine;
use super::host::ReplayHost;
use super::listing::Moment;
use super::orders::WaitingOrder;
use super::tick_feed::TickMoment;
use crate::market::{OrderKind, Side};
use crate::units::{OrderId, SimTime};

/// An order that is due, and its place among others; compared field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    is_purchase: bool,
    class: Class,
    /// The listing, where prices matter: those of several do not compare.
    group: usize,
    /// Smaller is sooner.
    price: i64,
    arrival: u64,
    pub(super) listing: usize,
    pub(super) id: OrderId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    LeftOver,
    Market,
    Limit,
    Stop,
}

impl Due {
    pub(super) fn new(listing: usize, order: &WaitingOrder) -> Self {
        let sign = order.side().sign();
        let (class, price) = match order.terms.kind {
            _ if order.is_carried => (Class::LeftOver, 0),
            OrderKind::Limit(limit) => (Class::Limit, -sign * limit.ticks()),
            _ => match order.trigger() {
                Some(trigger) => (Class::Stop, sign * trigger.ticks()),
                None => (Class::Market, 0),
            },
        };
        let has_price = matches!(class, Class::Limit | Class::Stop);
        Self {
            is_purchase: order.side() == Side::Buy,
            class,
            group: if has_price { listing } else { 0 },
            price,
            arrival: order.arrival,
            listing,
            id: order.id,
        }
    }
}

impl ReplayEngine {
    /// Fills what is due at `now` at the given listings, and then what that brings about, until nothing is.
    pub(super) fn settle(&mut self, now: SimTime, at: &[(usize, Moment)], host: &mut dyn ReplayHost) {
        if at.iter().all(|(index, _)| self.listings[*index].orders.is_empty()) {
            // Mostly, between one order and the next.
            return;
        }
        for (index, _) in at {
            if self.listings[*index].ticks.is_some() {
                // Nothing but an order that closes a position of a ruined owner.
                self.settle_ticks(*index, TickMoment::Arrival, host);
            }
        }
        let mut due = Vec::new();
        let mut is_first = true;
        loop {
            due.clear();
            for (index, moment) in at {
                let before = due.len();
                self.collect(*index, *moment, now, &mut due);
                if is_first && due.len() > before && *moment == Moment::Within {
                    self.show_move(*index, now, host);
                }
            }
            if due.is_empty() {
                return;
            }
            is_first = false;
            due.sort_unstable();
            for order in &due {
                let moment = at.iter().find(|(index, _)| *index == order.listing).map(|(_, moment)| *moment);
                self.fill_due(order, moment.unwrap_or(Moment::Within), now, host);
            }
        }
    }

    /// Appends the orders of one listing that are due.
    fn collect(&mut self, index: usize, moment: Moment, now: SimTime, due: &mut Vec<Due>) {
        let listing = &self.listings[index];
        if listing.orders.is_empty() {
            return;
        }
        let Some(price) = listing.price_at(now) else { return };
        self.due_ids.clear();
        listing.orders.due_at(price, &mut self.due_ids);
        match moment {
            Moment::Open => listing.orders.due_at_open(listing.is_first_of_day(), &mut self.due_ids),
            Moment::Close if listing.is_last_of_day() => listing.orders.due_at_close(&mut self.due_ids),
            Moment::Close | Moment::Within => {}
        }
        let open = self.due_ids.iter().filter_map(|id| listing.orders.get(*id));
        let open = open.filter(|order| order.done_in != Some(listing.bar));
        due.extend(open.map(|order| Due::new(index, order)));
    }

    /// Publishes the price at which orders are due within a leg.
    pub(super) fn show_move(&mut self, index: usize, now: SimTime, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[index];
        let price = listing.price_at(now);
        if price != listing.last
            && let Some(price) = price
        {
            listing.last = Some(price);
            host.publish(listing.id, listing.move_event(price, false));
        }
    }
}
