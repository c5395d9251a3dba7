//! [`Publication`]: the reading end, which everybody else has.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use bearpit_core::market::Ladders;
use bearpit_core::units::{ListingId, OrderId, SimTime};
use thiserror::Error;

use super::auction_feed::AuctionFeed;
use super::auctions::AuctionsState;
use super::candle::{Candle, CandleInterval};
use super::listing_feed::ListingFeed;
use super::own::{OwnChange, OwnEvent, OwnState};
use super::own_feeds::{OwnDirectory, OwnFeed};
use super::owners::order_of;
use super::snapshot::ListingSnapshot;
use super::subscription::{Channel, Position, Source, Subscription};
use super::trade::{QuotePrint, TradePrint};

/// The reading end of a publication. It is cheap to clone, and no reader holds up the market, or another.
#[derive(Debug, Clone)]
pub struct Publication {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    epoch: OnceLock<SimTime>,
    /// Of the day's listings, by number.
    listings: ArcSwap<Vec<Arc<ListingFeed>>>,
    own: Arc<ArcSwap<OwnDirectory>>,
    auctions: ArcSwap<AuctionFeed>,
}

/// A state, and the number of the first change of its channel that is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered<T> {
    /// The number of the next change.
    pub next: u64,
    /// The state.
    pub state: T,
}

/// Why there is no subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubscribeError {
    /// There is no such listing, or no such participant with a channel of its own.
    #[error("there is no such channel")]
    UnknownChannel,
    /// The position is too old, or of another numbering: subscribe without one, and begin with a snapshot.
    #[error(
        "the subscription cannot be resumed there: start over with a snapshot; the next number is {next}"
    )]
    StartOver {
        /// The number of the channel's next update.
        next: u64,
    },
}

impl Publication {
    pub(super) fn new(own: Arc<ArcSwap<OwnDirectory>>, auctions: Arc<AuctionFeed>) -> Self {
        let auctions = ArcSwap::new(auctions);
        let shared = Shared { epoch: OnceLock::new(), listings: ArcSwap::default(), own, auctions };
        Self { shared: Arc::new(shared) }
    }

    /// Begins the numbering, and returns whether it had not begun.
    pub(super) fn begin(&self, epoch: SimTime) -> bool {
        self.shared.epoch.set(epoch).is_ok()
    }

    /// Returns whether the numbering has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.shared.epoch.get().is_some()
    }

    /// Replaces the channel of auctions, before the numbering has begun.
    pub(super) fn hold_auctions(&self, feed: Arc<AuctionFeed>) {
        self.shared.auctions.store(feed);
    }

    /// Replaces the listings.
    pub(super) fn list(&self, listings: Vec<Arc<ListingFeed>>) {
        self.shared.listings.store(Arc::new(listings));
    }

    /// Returns when the first day began that the numbers of channels count. Numbers of another epoch are of
    /// other updates.
    #[must_use]
    pub fn epoch(&self) -> SimTime {
        self.shared.epoch.get().copied().unwrap_or(SimTime::from_nanos(0))
    }

    /// Returns the snapshots of the day's listings, by number.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Arc<ListingSnapshot>> {
        self.shared.listings.load().iter().map(|feed| feed.snapshot.load_full()).collect()
    }

    /// Returns the snapshot of a listing, if there is one of that number.
    #[must_use]
    pub fn snapshot(&self, listing: ListingId) -> Option<Arc<ListingSnapshot>> {
        Some(self.listing(listing)?.snapshot.load_full())
    }

    /// Returns all levels of a listing's book; none outside continuous trading.
    #[must_use]
    pub fn book(&self, listing: ListingId) -> Option<Numbered<Ladders>> {
        let version = self.listing(listing)?.book.read();
        Some(Numbered { next: version.next, state: version.state })
    }

    /// Returns the last `count` candles of a listing, as far as they are in memory, the newest last; that
    /// of the interval at hand, if there is one, is among them.
    #[must_use]
    pub fn candles(&self, listing: ListingId, interval: CandleInterval, count: usize) -> Option<Vec<Candle>> {
        let feed = self.listing(listing)?;
        let snapshot = feed.snapshot.load();
        let progress = snapshot.candles[interval.index()];
        let view = feed.candles[interval.index()].view();
        let closed_count = u64::try_from(count.saturating_sub(usize::from(progress.current.is_some())));
        let from = progress.closed.saturating_sub(closed_count.unwrap_or(u64::MAX)).max(view.first());
        let closed =
            (from..progress.closed).filter_map(|number| view.get(number)).map(|closed| closed.candle);
        Some(closed.chain(progress.current.filter(|_| count > 0)).collect())
    }

    /// Returns the trades of a listing from one moment to another, both included, as far as they are kept,
    /// the newest last.
    #[must_use]
    pub fn trade_history(&self, listing: ListingId, from: SimTime, to: SimTime) -> Vec<TradePrint> {
        let Some(feed) = self.listing(listing) else { return Vec::new() };
        let view = feed.trade_history.view();
        let prints = (view.first()..view.next()).filter_map(|number| view.get(number));
        prints.filter(|print| (from..=to).contains(&print.at)).copied().collect()
    }

    /// Returns the quotes of a listing from one moment to another, both included, as far as they are kept,
    /// the newest last. Those are kept that were published, not all that lay between.
    #[must_use]
    pub fn quote_history(&self, listing: ListingId, from: SimTime, to: SimTime) -> Vec<QuotePrint> {
        let Some(feed) = self.listing(listing) else { return Vec::new() };
        let view = feed.quote_history.view();
        let quotes = (view.first()..view.next()).filter_map(|number| view.get(number));
        quotes.filter(|quote| (from..=to).contains(&quote.at)).copied().collect()
    }

    /// Returns the open orders and the account of a participant, if it has a channel of its own.
    #[must_use]
    pub fn own(&self, participant: &str) -> Option<Numbered<OwnState>> {
        let version = self.own_feed(participant)?.replica.read();
        Some(Numbered { next: version.next, state: version.state })
    }

    /// Returns what is known of one order of a participant, and nothing else of it: whether it is on its way,
    /// open, or among those that ended last. It costs little, however many orders there are.
    #[must_use]
    pub fn own_order(&self, participant: &str, order: OrderId) -> Option<OwnState> {
        let replica = &self.own_feed(participant)?.replica;
        let concerns =
            |event: &OwnEvent| matches!(event.change, OwnChange::DayBegan) || order_of(event) == Some(order);
        Some(replica.read_part(|state| state.of_order(order), concerns).state)
    }

    /// Returns the auctions between participants that are open, and those that ended last.
    #[must_use]
    pub fn auctions(&self) -> Numbered<AuctionsState> {
        let version = self.shared.auctions.load().replica.read();
        Numbered { next: version.next, state: version.state }
    }

    /// Subscribes to a channel: from a position on, or from now on, which begins with a snapshot where the
    /// channel has one.
    ///
    /// # Errors
    /// [`SubscribeError`] if there is no such channel, or it cannot be resumed there.
    pub fn subscribe(
        &self,
        channel: &Channel,
        from: Option<Position>,
    ) -> Result<Subscription, SubscribeError> {
        let source = self.source(channel).ok_or(SubscribeError::UnknownChannel)?;
        let epoch = self.epoch();
        let Some(position) = from else { return Ok(Subscription::new(source, epoch, None)) };
        if position.epoch != epoch || !source.has(position.next) {
            return Err(SubscribeError::StartOver { next: source.next() });
        }
        Ok(Subscription::new(source, epoch, Some(position.next)))
    }

    fn source(&self, channel: &Channel) -> Option<Source> {
        Some(match channel {
            Channel::Book(listing) => Source::Book(self.listing(*listing)?),
            Channel::Trades(listing) => Source::Trades(self.listing(*listing)?),
            Channel::Candles(listing, interval) => Source::Candles(self.listing(*listing)?, *interval),
            Channel::Phases(listing) => Source::Phases(self.listing(*listing)?),
            Channel::Own(participant) => Source::Own(self.own_feed(participant)?),
            // Before that it may be another.
            Channel::Auctions if !self.has_begun() => return None,
            Channel::Auctions => Source::Auctions(self.shared.auctions.load_full()),
        })
    }

    fn listing(&self, listing: ListingId) -> Option<Arc<ListingFeed>> {
        self.shared.listings.load().get(listing.index()).cloned()
    }

    fn own_feed(&self, participant: &str) -> Option<Arc<OwnFeed>> {
        self.shared.own.load().get(participant).cloned()
    }
}
