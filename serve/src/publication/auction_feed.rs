//! [`AuctionWriter`]: the channel of auctions between participants.

use std::sync::Arc;

use bearpit_core::market::Fact;
use bearpit_core::units::SimTime;

use super::auctions::{AuctionChange, AuctionFollower, AuctionNews, AuctionsState};
use super::config::PublicationConfig;
use super::day::Day;
use super::log::Retention;
use super::replica::{Replica, ReplicaWriter};
use super::signal::{Signal, Waking};

/// What readers have of auctions.
#[derive(Debug)]
pub(super) struct AuctionFeed {
    pub(super) replica: Arc<Replica<AuctionsState>>,
    pub(super) signal: Arc<Signal>,
}

/// The writing end.
#[derive(Debug)]
pub(super) struct AuctionWriter {
    feed: Arc<AuctionFeed>,
    replica: ReplicaWriter<AuctionsState>,
    state: AuctionsState,
    follower: AuctionFollower,
    retention: Retention,
    is_changed: bool,
}

/// Small, since auctions are few: a block takes two kilobytes.
const BLOCK: u64 = 16;

impl AuctionWriter {
    /// Makes one in which nothing was auctioned.
    pub(super) fn new(config: &PublicationConfig) -> Self {
        let retention =
            Retention { span: Some(config.retention), items_max: config.events_max, block: BLOCK };
        Self::from(0, retention)
    }

    fn from(next: u64, retention: Retention) -> Self {
        let replica = ReplicaWriter::new(next, retention);
        let feed = Arc::new(AuctionFeed { replica: replica.replica(), signal: Arc::default() });
        let (state, follower) = (AuctionsState::default(), AuctionFollower::default());
        Self { feed, replica, state, follower, retention, is_changed: false }
    }

    /// Goes on with the number that the channel has come to.
    pub(super) fn restore(&mut self, next: u64) {
        *self = Self::from(next, self.retention);
    }

    /// Returns the reading end.
    pub(super) fn feed(&self) -> Arc<AuctionFeed> {
        Arc::clone(&self.feed)
    }

    /// Returns the number of the next change.
    pub(super) const fn next(&self) -> u64 {
        self.replica.next()
    }

    /// Begins a day, in which no auction is open yet.
    pub(super) fn begin_day(&mut self, day: &Day) {
        self.follower.begin_day(day);
        self.push(AuctionNews { at: day.open, change: AuctionChange::DayBegan });
    }

    /// Takes a fact that may be about an auction.
    pub(super) fn follow(&mut self, at: SimTime, fact: &Fact) {
        if let Some(news) = self.follower.follow(at, fact) {
            self.push(news);
        }
    }

    fn push(&mut self, news: AuctionNews) {
        self.state.follow(&news);
        self.replica.push(news.at, news);
        self.is_changed = true;
    }

    /// Lets readers see all that has happened, and wakes them.
    pub(super) fn commit(&mut self, waking: &Waking) {
        if std::mem::take(&mut self.is_changed) {
            let state = &self.state;
            self.replica.commit(|| state.clone());
            waking.raise(&self.feed.signal);
        }
    }

    /// Drops what is too old.
    pub(super) fn forget(&mut self, now: SimTime) {
        self.replica.forget(now);
    }

    /// Says that there will be no more news.
    pub(super) fn end(&self, waking: &Waking) {
        waking.end(&self.feed.signal);
    }
}
