//! [`Publisher`]: the writing end, which the market thread has.

use std::sync::Arc;

use bearpit_core::market::Stamped;
use bearpit_core::units::{ActorId, ListingId, OrderId, SimDuration, SimTime};

use super::auction_feed::AuctionWriter;
use super::candle::{Candle, CandleInterval};
use super::config::PublicationConfig;
use super::day::{Day, ListingInfo};
use super::handle::Publication;
use super::listing_feed::ListingWriter;
use super::own_feeds::OwnFeeds;
use super::signal::Waking;
use super::state::{ListingKey, ListingState, PublicationState};
use crate::domain::{ClientOrderId, RefusedOrder, SentOrder};

/// Takes closed candles, to keep them for longer than memory does.
///
/// After a restart those of the day come again: whoever stores them goes by listing, interval and start. It
/// is called on the market thread, so it must not wait for anything.
pub trait CandleSink: Send {
    /// Takes a candle that has closed.
    fn take(&mut self, listing: &ListingInfo, interval: CandleInterval, candle: &Candle);
}

/// The writing end of a publication, which the market thread has.
///
/// Each day begins with [`Publisher::begin_day`]. Then all facts of the day's tape are taken, in order, as
/// they become durable; after each batch of them [`Publisher::publish`] lets readers see what follows from
/// them.
pub struct Publisher {
    config: PublicationConfig,
    publication: Publication,
    /// Of the day's listings, by number.
    listings: Vec<ListingWriter>,
    own: OwnFeeds,
    auctions: AuctionWriter,
    /// What the last day of another process left, until the first day of this one begins.
    left: Vec<ListingState>,
    /// How many facts of the day have been taken.
    facts: u64,
    /// Up to when the market has come.
    now: SimTime,
    /// The minute of the last snapshots.
    minute: SimTime,
    sink: Option<Box<dyn CandleSink>>,
    waking: Waking,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("facts", &self.facts)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

const MINUTE: SimDuration = SimDuration::from_secs(60);

impl Publisher {
    /// Makes a publication in which nothing has been published.
    ///
    /// # Errors
    /// If the thread that wakes readers cannot be started.
    pub fn new(config: PublicationConfig) -> std::io::Result<Self> {
        let waking = Waking::start()?;
        let own = OwnFeeds::new(&config);
        let auctions = AuctionWriter::new(&config);
        let publication = Publication::new(own.directory(), auctions.feed());
        Ok(Self {
            config,
            publication,
            listings: Vec::new(),
            own,
            auctions,
            left: Vec::new(),
            facts: 0,
            now: SimTime::from_nanos(0),
            minute: SimTime::from_nanos(0),
            sink: None,
            waking,
        })
    }

    /// Goes on from what the last day left, in another process. Does nothing once a day has begun.
    pub fn restore(&mut self, left: PublicationState) {
        if self.publication.has_begun() {
            return;
        }
        let PublicationState { epoch, listings, own, auctions_next } = left;
        self.left = listings;
        self.own.restore(&own);
        self.auctions.restore(auctions_next);
        self.publication.hold_auctions(self.auctions.feed());
        self.publication.begin(epoch);
    }

    /// Returns up to when the market has come: the time of the last fact, or of the last
    /// [`Publisher::publish`] if that is later.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Hands closed candles to a sink from now on.
    pub fn candle_sink(&mut self, sink: impl CandleSink + 'static) {
        self.sink = Some(Box::new(sink));
    }

    /// Returns the reading end.
    #[must_use]
    pub const fn publication(&self) -> &Publication {
        &self.publication
    }

    /// Begins a day: books and orders are empty, statistics and candles go on.
    pub fn begin_day(&mut self, day: &Day) {
        self.publication.begin(day.open);
        self.facts = 0;
        self.now = day.open;
        self.minute = day.open.floor_to(MINUTE);
        let mut before: Vec<_> = std::mem::take(&mut self.listings).into_iter().map(Some).collect();
        for (id, info) in (0..).map(ListingId::new).zip(&day.listings) {
            let key = ListingKey::of(info);
            let same = before.iter_mut().find(|writer| writer.as_ref().is_some_and(|it| it.key() == key));
            let mut writer = same.and_then(Option::take).unwrap_or_else(|| {
                let left = self.left.iter().find(|left| left.key == key);
                ListingWriter::new(&self.config, id, Arc::clone(info), left, day.open)
            });
            writer.begin_day(id, Arc::clone(info), day.open);
            self.listings.push(writer);
        }
        before.iter().flatten().for_each(|writer| writer.end(&self.waking));
        self.left.clear();
        self.own.begin_day(day.open, &day.participants);
        self.auctions.begin_day(day);
        self.publication.list(self.listings.iter().map(ListingWriter::feed).collect());
        self.publish(day.open);
    }

    /// Takes the next fact of the day's tape. One that was taken before changes nothing: where a market is
    /// rebuilt while its readers stay, all come again.
    pub fn take(&mut self, stamped: Stamped<'_>) {
        let Stamped { at, sequence, fact } = stamped;
        if sequence < self.facts {
            return;
        }
        self.facts = sequence + 1;
        self.now = self.now.max(at);
        if let Some(listing) = fact.listing()
            && let Some(writer) = self.listings.get_mut(listing.index())
        {
            let sink = &mut self.sink;
            writer.follow(stamped, &mut |info, interval, candle| hand_out(sink, info, interval, candle));
        }
        self.own.follow(at, fact);
        self.auctions.follow(at, fact);
    }

    /// Tells the owner of an order that was carried over what it is called; before the first fact of a day.
    pub fn named(&mut self, owner: ActorId, order: OrderId, client: ClientOrderId) {
        if self.facts == 0 {
            self.own.named(self.now, owner, order, client);
        }
    }

    /// Tells its owner that an order is on its way to its venue.
    pub fn sent(&mut self, sent: &SentOrder) {
        self.now = self.now.max(sent.at);
        self.own.sent(sent);
    }

    /// Takes note of an order that the gate of its account refused. The fact that says so comes next, and
    /// says nothing more. One that was told before changes nothing.
    pub fn refused(&mut self, refused: &RefusedOrder) {
        self.now = self.now.max(refused.at);
        self.own.refused(refused);
    }

    /// Lets readers see what has been taken. `now` is up to when the journal covers the market: candles that
    /// have ended by then are closed. To be called after the last fact of a batch that became durable at
    /// once, since a book may be crossed between two facts of one command, and at least each second.
    pub fn publish(&mut self, now: SimTime) {
        self.now = self.now.max(now);
        let is_new_minute = self.now.floor_to(MINUTE) > self.minute;
        if is_new_minute {
            self.minute = self.now.floor_to(MINUTE);
            self.own.forget(self.now);
            self.auctions.forget(self.now);
        }
        for writer in &mut self.listings {
            let sink = &mut self.sink;
            writer.pass(self.now, &mut |info, interval, candle| hand_out(sink, info, interval, candle));
            if is_new_minute {
                writer.forget(self.now);
            }
            writer.commit(self.now, &self.waking);
        }
        self.own.commit(&self.waking);
        self.auctions.commit(&self.waking);
    }

    /// Returns what the day leaves to the next. To be asked for after the day's last [`Publisher::publish`].
    #[must_use]
    pub fn state(&self) -> PublicationState {
        PublicationState {
            epoch: self.publication.epoch(),
            listings: self.listings.iter().map(ListingWriter::state).collect(),
            own: self.own.counts(),
            auctions_next: self.auctions.next(),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.listings.iter().for_each(|writer| writer.end(&self.waking));
        self.own.end(&self.waking);
        self.auctions.end(&self.waking);
    }
}

fn hand_out(
    sink: &mut Option<Box<dyn CandleSink>>,
    info: &ListingInfo,
    interval: CandleInterval,
    candle: &Candle,
) {
    if let Some(sink) = sink {
        sink.take(info, interval, candle);
    }
}
