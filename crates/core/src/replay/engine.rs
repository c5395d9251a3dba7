//! [`ReplayEngine`]: all replayed listings of one venue, instant by instant.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bar::{ReplayBar, ReplayConfig};
use super::host::{ClosingPrices, ReplayEvent, ReplayHost};
use super::listing::{Moment, ReplayListing, Stage};
use super::rules::{AtEnd, MarketFill};
use super::tick::TickConfig;
use crate::market::{ExpiryReason, Quote};
use crate::units::{ListingId, OrderId, SimTime};

/// The replayed listings of one venue.
///
/// Time moves by [`ReplayEngine::advance`], which the venue calls when [`ReplayEngine::next_time`] has come;
/// orders come by [`ReplayEngine::execute`]. Both are pure functions of the engine's state and of what the
/// host answers.
#[derive(Debug)]
pub struct ReplayEngine {
    pub(super) listings: Vec<ReplayListing>,
    /// When something is due, at which listing; entries that a listing no longer knows are passed over.
    agenda: BinaryHeap<Reverse<(SimTime, usize)>>,
    /// The instant.
    pub(super) now: SimTime,
    /// How many orders have arrived.
    pub(super) arrivals: u64,
    /// How many fills there were.
    pub(super) fills: u64,
    /// Reused from instant to instant.
    due_listings: Vec<usize>,
    reached: Vec<(usize, Moment)>,
    pub(super) due_ids: Vec<OrderId>,
}

/// How often the end of a bar waits for the orders that are sent at that instant: the bar must reach its
/// readers, and their orders must come back.
const HOPS: u8 = 2;

impl ReplayEngine {
    /// Begins without listings, at the venue's opening.
    #[must_use]
    pub const fn new(start: SimTime) -> Self {
        Self {
            listings: Vec::new(),
            agenda: BinaryHeap::new(),
            now: start,
            arrivals: 0,
            fills: 0,
            due_listings: Vec::new(),
            reached: Vec::new(),
            due_ids: Vec::new(),
        }
    }

    /// Adds a listing, whose bars from the opening on are replayed; listings are added in ascending order.
    pub fn add(&mut self, id: ListingId, config: ReplayConfig) {
        self.listings.push(ReplayListing::new(id, config, self.now));
        self.schedule(self.listings.len() - 1, self.now);
    }

    /// Adds a listing whose trades and quotes from the opening on are replayed; as [`ReplayEngine::add`].
    pub fn add_ticks(&mut self, id: ListingId, config: TickConfig) {
        self.listings.push(ReplayListing::of_ticks(id, config, self.now));
        self.schedule(self.listings.len() - 1, self.now);
    }

    /// Returns whether a listing is replayed here.
    #[must_use]
    pub fn has(&self, listing: ListingId) -> bool {
        self.find(listing).is_some()
    }

    pub(super) fn find(&self, listing: ListingId) -> Option<usize> {
        self.listings.binary_search_by_key(&listing, |listing| listing.id).ok()
    }

    /// Returns when something is due next.
    pub fn next_time(&mut self) -> Option<SimTime> {
        while let Some(Reverse((time, index))) = self.agenda.peek().copied() {
            if self.listings[index].scheduled == Some(time) {
                return Some(time);
            }
            self.agenda.pop();
        }
        None
    }

    /// Publishes the phases of the start.
    pub fn announce_phases(&mut self, host: &mut dyn ReplayHost) {
        for listing in &self.listings {
            host.publish(listing.id, listing.phase_event());
            if let Some(quote) =
                listing.ticks.as_ref().map(|feed| feed.quote()).filter(|it| *it != Quote::default())
            {
                host.publish(listing.id, ReplayEvent::Quoted(quote));
            }
        }
    }

    /// Returns the bars from before the start that a listing is to show.
    #[must_use]
    pub fn before_start(&self, listing: ListingId) -> Vec<ReplayBar> {
        self.find(listing).map_or_else(Vec::new, |index| self.listings[index].before_start())
    }

    /// Does all that is due by `now`, which must not go back.
    pub fn advance(&mut self, now: SimTime, host: &mut dyn ReplayHost) {
        self.catch_up(now, true, host);
    }

    /// Does all that is due by `now`, but for the ends of bars that wait for orders; owners whose equity is
    /// gone are among it.
    pub fn catch_up_to(&mut self, now: SimTime, host: &mut dyn ReplayHost) {
        self.catch_up(now, false, host);
    }

    /// Does all that is due by `now`; the ends of bars that wait for orders only if `hop` says so.
    pub(super) fn catch_up(&mut self, now: SimTime, hop: bool, host: &mut dyn ReplayHost) {
        self.now = now;
        let mut due = std::mem::take(&mut self.due_listings);
        due.clear();
        while self.next_time().is_some_and(|time| time <= now) {
            let Some(Reverse((_, index))) = self.agenda.pop() else { break };
            self.listings[index].scheduled = None;
            due.push(index);
        }
        due.sort_unstable();
        let mut reached = std::mem::take(&mut self.reached);
        reached.clear();
        for index in &due {
            self.expire_dated(*index, now, host);
            if self.listings[*index].ticks.is_some() {
                self.follow_rows(*index, host);
                continue;
            }
            let moment = self.arrive(*index, hop, host);
            reached.extend(moment.map(|moment| (*index, moment)));
        }
        self.settle_with_ruin(now, &reached, host);
        for (index, moment) in &reached {
            self.depart(*index, *moment, host);
        }
        if reached.iter().any(|(_, moment)| *moment == Moment::Close) {
            // Positions that were closed at the last close may have cost what was left.
            self.settle_ruin(now, &[], host);
        }
        for index in &due {
            self.schedule(*index, now);
        }
        (self.due_listings, self.reached) = (due, reached);
    }

    /// Brings a listing to the instant; returns what kind of instant it is, if orders can fill there.
    fn arrive(&mut self, index: usize, hop: bool, host: &mut dyn ReplayHost) -> Option<Moment> {
        self.take_actions(index, host);
        let listing = &mut self.listings[index];
        if let Stage::Closing { at, hops } = listing.stage {
            if hop {
                listing.stage = Stage::Closing { at, hops: hops.saturating_sub(1) };
            }
            if hop && hops <= 1 {
                self.end_bar(index, host);
            }
            return None;
        }
        let Some(moment) = listing.reach(self.now) else {
            // A level or a date has come, or only a date between bars.
            return matches!(listing.stage, Stage::Leg { .. }).then_some(Moment::Within);
        };
        let (id, price) = (listing.id, listing.last?);
        if moment == Moment::Open {
            host.publish(id, listing.phase_event());
        }
        host.publish(id, listing.move_event(price, moment.is_auction()));
        Some(moment)
    }

    /// Ends an instant at a listing: trailing stops follow; at a close, orders of the day expire after the
    /// day's last bar, and the bar is published and ends.
    fn depart(&mut self, index: usize, moment: Moment, host: &mut dyn ReplayHost) {
        let now = self.now;
        let listing = &mut self.listings[index];
        if listing.orders.has_trailing()
            && let Some(price) = listing.price_at(now)
        {
            let touch = listing.rules().touch;
            listing.orders.trail(price, touch);
        }
        if moment != Moment::Close {
            return;
        }
        if listing.is_last_of_day() {
            for id in listing.orders.of_day() {
                self.expire(index, id, ExpiryReason::SessionClosed, host);
            }
        }
        let listing = &mut self.listings[index];
        if let Some(bar) = listing.current().copied() {
            host.publish(listing.id, ReplayEvent::Bar(bar));
        }
        match listing.rules().market_fill {
            MarketFill::NextOpen => self.end_bar(index, host),
            MarketFill::ThisClose => listing.stage = Stage::Closing { at: now, hops: HOPS },
        }
    }

    /// Prints what is left of a bar, and goes to the next.
    fn end_bar(&mut self, index: usize, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[index];
        let close = listing.current().map(|bar| bar.close);
        if let (Some(price), Some(quantity)) = (close, listing.left().filter(|left| !left.is_zero())) {
            host.publish(listing.id, ReplayEvent::Printed { price, quantity });
        }
        let goes_on = listing.next_bar();
        let (id, at_end) = (listing.id, listing.rules().at_end);
        if goes_on {
            return host.publish(id, listing.phase_event());
        }
        self.expire_all_of(index, host);
        if let (AtEnd::Close, Some(price)) = (at_end, close) {
            host.close_positions(id, ClosingPrices { sale: price, purchase: price });
        }
        host.publish(id, self.listings[index].phase_event());
    }

    /// Expires the orders whose date has come (rule 11).
    fn expire_dated(&mut self, index: usize, now: SimTime, host: &mut dyn ReplayHost) {
        for id in self.listings[index].orders.dated_until(now) {
            self.expire(index, id, ExpiryReason::DateReached, host);
        }
    }

    pub(super) fn expire_all_of(&mut self, index: usize, host: &mut dyn ReplayHost) {
        for id in self.listings[index].orders.all_of(None, None) {
            self.expire(index, id, ExpiryReason::VenueClosed, host);
        }
    }

    /// Expires all orders, since the venue closes for good; later ones are rejected.
    pub fn close(&mut self, host: &mut dyn ReplayHost) {
        for index in 0..self.listings.len() {
            self.expire_all_of(index, host);
            self.listings[index].stage = Stage::Over;
            self.listings[index].scheduled = None;
        }
    }

    /// Notes when something is due at a listing next.
    pub(super) fn schedule(&mut self, index: usize, now: SimTime) {
        let listing = &mut self.listings[index];
        let next = listing.next_due(now);
        if next != listing.scheduled {
            listing.scheduled = next;
            self.agenda.extend(next.map(|time| Reverse((time, index))));
        }
    }
}
