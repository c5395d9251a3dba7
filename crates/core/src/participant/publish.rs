//! Publication: facts to the tape, and market data to subscribers.

use std::ops::Range;
use std::sync::Arc;

use super::bars::BarFeed;
use super::context::Context;
use super::feeds::Feed;
use super::message::{MarketData, Message, Update};
use super::state::MarketState;
use crate::market::{ExecutionReport, Fact, Ladders, Listing, Phase, ReplaySource, Trade};
use crate::units::{ActorId, ListingId, Price, Quantity, SimTime, TradeId};

/// The tags with which a venue is woken when bars end.
///
/// Two, since the recorded bar becomes a fact: its place on the tape must not depend on subscriptions to
/// bars that end at the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BarAlarms {
    pub(crate) recorded: u64,
    pub(crate) others: u64,
}

/// A price for bars, with its quantity if that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct BarPrice {
    pub(super) price: Price,
    pub(super) quantity: Option<Quantity>,
}

impl Context {
    /// Writes a fact to the tape and sends it to subscribers, each with its own feed latency.
    pub(crate) fn publish(&mut self, fact: Fact) {
        let now = self.now();
        if let Err(error) = self.domain_mut().record(now, &fact) {
            self.fail(error);
        }
        let (feed, listing, update) = match fact {
            Fact::TouchChanged { listing, quote } => (Feed::Quotes, listing, Update::Quote(quote)),
            // Of a replay, participants see what the file has, and what is printed at the end of a bar.
            Fact::Traded(trade) if trade.maker != trade.taker && self.is_replayed(trade.listing) => return,
            Fact::Traded(trade) => {
                let Trade { price, quantity, aggressor, phase, .. } = trade;
                (Feed::Trades, trade.listing, Update::Trade { price, quantity, aggressor, phase })
            }
            Fact::PhaseChanged { listing, phase } => (Feed::Phases, listing, Update::Phase(phase)),
            Fact::IndicativeChanged { listing, indicative } => {
                (Feed::Indicative, listing, Update::Indicative(indicative))
            }
            Fact::BarClosed { listing, bar } => (Feed::Bars(bar.interval), listing, Update::Bar(bar)),
            _ => return,
        };
        if self.has_subscribers(feed, listing) {
            self.push(feed, 0..usize::MAX, &MarketData { listing, at: now, update });
        }
    }

    /// Returns whether anybody is sent the items of a feed.
    #[inline]
    fn has_subscribers(&self, feed: Feed, listing: ListingId) -> bool {
        let state = self.domain().listings.get(listing.index());
        state.is_some_and(|state| state.feeds.subscriber(feed, 0).is_some())
    }

    /// Publishes a trade, and adds it to the bars; the venue is woken at the end of each bar that it begins.
    pub(crate) fn publish_trade(&mut self, trade: Trade, alarms: BarAlarms) {
        // Bars that end now must be closed before a trade of the next is added.
        self.close_recorded_bar(trade.listing);
        self.close_other_bars(trade.listing);
        self.publish(Fact::Traded(trade));
        let replay = self.listing(trade.listing).and_then(|listing| listing.replay);
        let is_known = replay != Some(ReplaySource::Trades { has_quantities: false });
        let quantity = is_known.then_some(trade.quantity);
        self.add_to_bars(trade.listing, BarPrice { price: trade.price, quantity }, alarms);
    }

    /// Adds a price to all bars of a listing; the venue is woken at the end of each bar that it begins.
    pub(super) fn add_to_bars(&mut self, listing: ListingId, traded: BarPrice, alarms: BarAlarms) {
        let now = self.now();
        let mut index = 0;
        while let Some(feed) = self.bar_feed(listing, index) {
            if let Some(end) = feed.open.add_trade(now, traded.price, traded.quantity) {
                self.wake_at(end, if index == 0 { alarms.recorded } else { alarms.others });
            }
            index += 1;
        }
    }

    /// Publishes the bar of the recorded interval if it has ended.
    pub(crate) fn close_recorded_bar(&mut self, listing: ListingId) {
        let now = self.now();
        if let Some(bar) = self.bar_feed(listing, 0).and_then(|feed| feed.open.take_ended(now)) {
            self.publish(Fact::BarClosed { listing, bar });
        }
    }

    /// Sends bars of other intervals that have ended to their subscribers; they are no facts, so that a run
    /// does not depend on subscriptions.
    pub(crate) fn close_other_bars(&mut self, listing: ListingId) {
        let at = self.now();
        let mut index = 1;
        while let Some(feed) = self.bar_feed(listing, index) {
            if let Some(bar) = feed.open.take_ended(at) {
                let (interval, entitled) = (feed.open.interval(), feed.entitled(&bar));
                let data = MarketData { listing, at, update: Update::Bar(bar) };
                self.push(Feed::Bars(interval), 0..entitled, &data);
            }
            index += 1;
        }
    }

    pub(super) fn is_replayed(&self, listing: ListingId) -> bool {
        self.listing(listing).is_some_and(Listing::is_replayed)
    }

    pub(super) fn bar_feed(&mut self, listing: ListingId, index: usize) -> Option<&mut BarFeed> {
        self.domain_mut().listings.get_mut(listing.index())?.feeds.bars.get_mut(index)
    }

    /// Sends the levels of a book to their subscribers, if they have changed since they were last sent;
    /// `levels` returns that many of both sides.
    pub(crate) fn publish_book(&mut self, listing: ListingId, levels: impl Fn(usize) -> Ladders) {
        let at = self.now();
        let mut index = 0;
        while let Some(state) = self.domain_mut().listings.get_mut(listing.index())
            && let Some(feed) = state.feeds.books.get_mut(index)
        {
            let count = feed.levels;
            let (ladders, known) = feed.renew(levels(count));
            let data = MarketData { listing, at, update: Update::Book(ladders) };
            self.push(Feed::Book(count), known..usize::MAX, &data);
            index += 1;
        }
    }

    /// Sends an item to the subscribers of a feed whose numbers lie in the range.
    pub(super) fn push(&mut self, feed: Feed, numbers: Range<usize>, data: &MarketData) {
        let mut shared = None;
        // By number, since sending needs the whole context; subscribing is not possible meanwhile.
        for index in numbers {
            let Some((to, arrival)) = self.domain_mut().next_subscriber(feed, index, data) else { return };
            let data = shared.get_or_insert_with(|| Arc::new(data.clone()));
            self.send_at(to, arrival, Message::Market(Arc::clone(data)));
        }
    }

    /// Sends a report to the owner of an order, with the latency of its link with the listing's venue.
    pub(crate) fn report(&mut self, to: ActorId, report: ExecutionReport) {
        let now = self.now();
        let Some(arrival) = self.domain_mut().report_arrival(to, report.listing, now) else { return };
        if self.is_replayed(report.listing)
            && let Err(error) = self.domain_mut().book(now, to, &report)
        {
            // Of a replay, accounts are booked at the instant of the fill.
            self.fail(error);
        }
        self.send_report(to, arrival, report);
    }

    /// Sends a report that changes no account: that an order without links was accepted, which counts as
    /// open since it was sent. It goes to those alone who handle reports.
    pub(crate) fn report_news(&mut self, to: ActorId, report: ExecutionReport) {
        if !self.domain().may_wait(to, report.listing) {
            return self.report(to, report);
        }
        // A channel that draws its latencies draws one.
        let now = self.now();
        self.domain_mut().report_arrival(to, report.listing, now);
    }

    /// Announces the next scheduled change of a listing's phase; the schedule is public, so there is no
    /// latency.
    pub(crate) fn announce_next_phase(&mut self, listing: ListingId, next: Option<(SimTime, Phase)>) {
        if let Some(state) = self.domain_mut().listings.get_mut(listing.index()) {
            state.next_phase = next;
        }
    }

    /// Returns the id of the next trade.
    pub(crate) const fn next_trade_id(&mut self) -> TradeId {
        let market = self.domain_mut();
        let id = TradeId::new(market.next_trade);
        market.next_trade += 1;
        id
    }
}

impl MarketState {
    /// Returns when a report of an order at a listing that is sent to its owner now arrives.
    fn report_arrival(&mut self, to: ActorId, listing: ListingId, now: SimTime) -> Option<SimTime> {
        let venue = self.listings.get(listing.index())?.listing.venue;
        Some(self.links.get(to, venue)?.report.arrival(now))
    }

    /// Returns the subscriber of a number, and when what is sent to it now arrives.
    fn next_subscriber(&mut self, feed: Feed, index: usize, data: &MarketData) -> Option<(ActorId, SimTime)> {
        let state = self.listings.get(data.listing.index())?;
        let to = state.feeds.subscriber(feed, index)?;
        let arrival = self.links.get(to, state.listing.venue)?.feed.arrival(data.at);
        Some((to, arrival))
    }
}
