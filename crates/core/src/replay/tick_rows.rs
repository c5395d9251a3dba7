//! How orders fill as trades and quotes come, row by row (rules T1 to T10 of `docs/backtesting.md`).

use super::due::Due;
use super::engine::ReplayEngine;
use super::fills::Attempt;
use super::host::{ClosingPrices, ReplayEvent, ReplayHost};
use super::listing::{Moment, Stage};
use super::orders::WaitingOrder;
use super::rules::AtEnd;
use super::tick_feed::{LimitWant, Row, Supply, TickFeed, TickMoment};
use crate::market::{CancelReason, ExpiryReason, OrderKind, Quote, Side, TimeInForce};
use crate::units::{OrderId, Price, Quantity, SimTime};

impl ReplayEngine {
    /// Replays the rows of a listing that are due, one after another, each with what it brings about.
    pub(super) fn follow_rows(&mut self, index: usize, host: &mut dyn ReplayHost) {
        let now = self.now;
        loop {
            let listing = &mut self.listings[index];
            if listing.stage == Stage::Over {
                return;
            }
            let Some(feed) = &mut listing.ticks else { return };
            let before = feed.quote();
            let Some(row) = feed.advance(now) else { break };
            let (quote, aggressor) = (feed.quote(), feed.aggressor());
            listing.bar += 1;
            listing.last = feed.last();
            let id = listing.id;
            if listing.stage == Stage::Between {
                listing.stage = Stage::Ticking;
                host.publish(id, listing.phase_event());
            }
            match row {
                Row::Quote(_) if quote == before => {}
                Row::Quote(_) => host.publish(id, ReplayEvent::Quoted(quote)),
                Row::Trade(row) => {
                    let (price, quantity) = (row.price, row.quantity);
                    host.publish(id, ReplayEvent::TradeReplayed { price, quantity, aggressor });
                }
            }
            if !self.listings[index].orders.is_empty() {
                self.follow_row(index, row, host);
            }
        }
        if self.listings[index].ticks.as_ref().is_some_and(|feed| feed.next_time().is_none()) {
            self.end_of_rows(index, host);
        }
    }

    /// Fills what a row makes due; then trailing stops follow, and orders of a day that is over expire.
    fn follow_row(&mut self, index: usize, row: Row, host: &mut dyn ReplayHost) {
        let moment = if matches!(row, Row::Trade(_)) { TickMoment::Trade } else { TickMoment::Quote };
        self.settle_ticks(index, moment, host);
        let now = self.now;
        let listing = &mut self.listings[index];
        let touch = listing.rules().touch;
        let Some(feed) = &listing.ticks else { return };
        for side in Side::BOTH {
            if let Some(price) = feed.electing_price(side) {
                listing.orders.trail_side(side, price, touch);
            }
        }
        if feed.is_day_over(now) {
            for id in listing.orders.of_day() {
                self.expire(index, id, ExpiryReason::SessionClosed, host);
            }
        }
    }

    /// Ends a listing after its last row (rule T10).
    fn end_of_rows(&mut self, index: usize, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[index];
        listing.stage = Stage::Over;
        let (id, at_end) = (listing.id, listing.rules().at_end);
        let Some(feed) = &listing.ticks else { return };
        let has_quote = feed.quote() != Quote::default();
        let prices = feed.closing_price(Side::Sell).zip(feed.closing_price(Side::Buy));
        self.expire_all_of(index, host);
        if let (AtEnd::Close, Some((sale, purchase))) = (at_end, prices) {
            host.close_positions(id, ClosingPrices { sale, purchase });
        }
        if has_quote {
            host.publish(id, ReplayEvent::Quoted(Quote::default()));
        }
        host.publish(id, self.listings[index].phase_event());
    }

    /// Fills what is due at an instant, and then what that brings about, until nothing is.
    pub(super) fn settle_ticks(&mut self, index: usize, moment: TickMoment, host: &mut dyn ReplayHost) {
        let mut due = Vec::new();
        loop {
            due.clear();
            self.collect_ticks(index, moment, &mut due);
            if due.is_empty() {
                return;
            }
            due.sort_unstable();
            for order in &due {
                self.fill_at_tick(index, order.id, moment, host);
            }
        }
    }

    /// Appends the orders that are due.
    fn collect_ticks(&mut self, index: usize, moment: TickMoment, due: &mut Vec<Due>) {
        let listing = &self.listings[index];
        let Some(feed) = &listing.ticks else { return };
        let orders = &listing.orders;
        self.due_ids.clear();
        let [ask, bid] = Side::BOTH.map(|side| feed.far_price(side));
        match moment {
            TickMoment::Trade => {
                // An exit that enters now may take the quote, too.
                let (up_to, down_to) = (feed.last().max(bid), feed.last().into_iter().chain(ask).min());
                orders.due_within(up_to, down_to, &mut self.due_ids);
            }
            _ if feed.has_trades() => orders.due_within(bid, ask, &mut self.due_ids),
            // The quote elects stops too: buys by the ask, sales by the bid.
            _ => orders.due_within(ask.max(bid), ask.into_iter().chain(bid).min(), &mut self.due_ids),
        }
        let is_for_market = match feed.supply() {
            Supply::FarSide => moment == TickMoment::Quote,
            Supply::Row => moment == TickMoment::Trade,
        };
        if is_for_market {
            orders.due_at_open(feed.is_first_of_day(), &mut self.due_ids);
            if feed.is_last_of_day() {
                orders.due_at_close(&mut self.due_ids);
            }
        }
        let open = self.due_ids.iter().filter_map(|id| orders.get(*id));
        let open = open.filter(|order| order.done_in != Some(listing.bar));
        let open = open.filter(|order| is_due(order, feed, moment, self.now));
        due.extend(open.map(|order| Due::new(index, order)));
    }

    /// Fills an order that is due, as far as it goes.
    fn fill_at_tick(&mut self, index: usize, id: OrderId, moment: TickMoment, host: &mut dyn ReplayHost) {
        // An order that was linked with it may have ended it.
        let Some(order) = self.listings[index].orders.get(id).copied() else { return };
        if order.trigger().is_some() {
            self.publish_election(index, &order, host);
            // Now it is a market or limit order that has just come.
            return self.fill_at_tick(index, id, moment, host);
        }
        let listing = &self.listings[index];
        let Some(feed) = &listing.ticks else { return };
        let found = match order.terms.kind {
            OrderKind::Limit(limit) => feed.supply_of_limit(&want(&order, limit, moment, feed, self.now)),
            _ => Some(feed.supply()),
        };
        let price = found.and_then(|supply| feed.price(supply, order.side()).map(|price| (supply, price)));
        match price {
            Some((supply, price)) => {
                let has_waited = has_waited(&order, self.now);
                let price = match order.terms.kind {
                    // A resting order trades at its own price.
                    OrderKind::Limit(limit) if has_waited && feed.has_quotes() => limit,
                    _ => price,
                };
                let moment = Moment::Within;
                self.trade(Attempt { listing: index, id, moment, price, has_waited, supply }, host);
            }
            None => self.keep_without_price(index, &order, host),
        }
    }

    /// Decides what becomes of an order for which there is no price now.
    fn keep_without_price(&mut self, index: usize, order: &WaitingOrder, host: &mut dyn ReplayHost) {
        let is_limit = matches!(order.terms.kind, OrderKind::Limit(_));
        if order.terms.time_in_force == TimeInForce::Ioc && !is_limit {
            return self.cancel(index, order.id, CancelReason::VolumeExhausted, host);
        }
        if order.has_one_moment() {
            return self.end_unfilled(order, index, host);
        }
        let listing = &mut self.listings[index];
        if is_limit {
            let touch = listing.rules().touch;
            listing.orders.wait_by_terms(order.id, touch, true);
        } else {
            listing.orders.carry(order.id);
            self.finish_for_bar(index, order.id);
        }
    }
}

/// Returns whether an order stood in the market before this instant, so that it is a maker.
fn has_waited(order: &WaitingOrder, now: SimTime) -> bool {
    order.level().is_some() && order.since < now
}

fn want(order: &WaitingOrder, limit: Price, moment: TickMoment, feed: &TickFeed, now: SimTime) -> LimitWant {
    let (owner, side, has_waited) = (order.owner, order.side(), has_waited(order, now));
    LimitWant { owner, side, limit, moment, has_waited, touch: feed.touch() }
}

/// Returns whether an order that a row or a quote may have reached can do something there.
fn is_due(order: &WaitingOrder, feed: &TickFeed, moment: TickMoment, now: SimTime) -> bool {
    if order.level().is_none() {
        // It waited for this row, or has just come.
        return true;
    }
    let side = order.side();
    if let Some(trigger) = order.trigger() {
        let elects = moment == TickMoment::Trade || !feed.has_trades();
        let price = feed.electing_price(side).filter(|_| elects);
        return price.is_some_and(|price| side.opposite().accepts(trigger, price));
    }
    let OrderKind::Limit(limit) = order.terms.kind else { return false };
    let supply = feed.supply_of_limit(&want(order, limit, moment, feed, now));
    supply.is_some_and(|supply| feed.available(supply, side, order.owner) != Some(Quantity::ZERO))
}
