//! [`Subscription`]: the updates of one channel, in order, for one reader.

use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bearpit_core::units::{ListingId, SimTime};
use thiserror::Error;

use super::auction_feed::AuctionFeed;
use super::candle::CandleInterval;
use super::listing_feed::ListingFeed;
use super::own_feeds::OwnFeed;
use super::signal::{Signal, Sleeper};
use super::update::{self, Update};

/// What can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The levels of a book: a snapshot, then what has changed. Conflated: the newest book wins.
    Book(ListingId),
    /// The trades of a listing, each of them.
    Trades(ListingId),
    /// The candles of a listing: each that closes, and the newest state of the one at hand.
    Candles(ListingId, CandleInterval),
    /// Phase and indicative price of a listing. Conflated: the newest wins.
    Phases(ListingId),
    /// Orders, fills and account of a participant: a snapshot, then each event.
    Own(Arc<str>),
    /// Auctions between participants: a snapshot, then each event.
    Auctions,
}

/// A place among the updates of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The epoch of the numbers: [`Publication::epoch`](super::Publication::epoch).
    pub epoch: SimTime,
    /// The number of the next update that is wanted.
    pub next: u64,
}

/// A subscription that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("closed before update {number}: {reason}")]
pub struct Closed {
    /// The number of the first update that was not delivered.
    pub number: u64,
    /// Why.
    pub reason: CloseReason,
}

/// Why a subscription is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// The reader has fallen behind: the next update is no longer kept.
    #[error("the reader has fallen behind")]
    FellBehind,
    /// There will be no more updates: the listing is gone, or the market stops.
    #[error("there will be no more updates")]
    Ended,
}

/// Where updates come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Book(Arc<ListingFeed>),
    Trades(Arc<ListingFeed>),
    Candles(Arc<ListingFeed>, CandleInterval),
    Phases(Arc<ListingFeed>),
    Own(Arc<OwnFeed>),
    Auctions(Arc<AuctionFeed>),
}

impl Source {
    /// Returns the number of the next update.
    pub(super) fn next(&self) -> u64 {
        match self {
            Self::Book(feed) => feed.book.log().next(),
            Self::Trades(feed) => feed.trades.next(),
            Self::Candles(feed, interval) => feed.snapshot.load().candles[interval.index()].next,
            Self::Phases(feed) => feed.phases.next(),
            Self::Own(feed) => feed.replica.log().next(),
            Self::Auctions(feed) => feed.replica.log().next(),
        }
    }

    /// Returns whether all updates from a number on are kept.
    pub(super) fn has(&self, number: u64) -> bool {
        let first = match self {
            Self::Book(feed) => feed.book.log().view().first(),
            Self::Trades(feed) => feed.trades.view().first(),
            Self::Candles(feed, interval) => update::first_candle(feed, *interval),
            Self::Phases(feed) => feed.phases.view().first(),
            Self::Own(feed) => feed.replica.log().view().first(),
            Self::Auctions(feed) => feed.replica.log().view().first(),
        };
        (first..=self.next()).contains(&number)
    }

    /// Returns the number of the update to begin with, if there is nothing to begin with now.
    fn start(&self) -> Option<u64> {
        match self {
            Self::Trades(feed) => Some(feed.trades.next()),
            Self::Candles(feed, interval) => {
                let progress = feed.snapshot.load().candles[interval.index()];
                progress.current.is_none().then_some(progress.next)
            }
            Self::Book(_) | Self::Phases(_) | Self::Own(_) | Self::Auctions(_) => None,
        }
    }

    /// Returns the next update after what a reader has; without a number, the one to begin with.
    fn read(&self, next: Option<u64>) -> Option<Result<Update, CloseReason>> {
        match self {
            Self::Book(feed) => update::book(feed, next).map(Ok),
            Self::Trades(feed) => update::trade(feed, next?),
            Self::Candles(feed, interval) => update::candle(feed, *interval, next),
            Self::Phases(feed) => update::phase(feed, next).map(Ok),
            Self::Own(feed) => update::own(feed, next),
            Self::Auctions(feed) => update::auctions(feed, next),
        }
    }

    fn signal(&self) -> &Arc<Signal> {
        match self {
            Self::Book(feed) => &feed.book_signal,
            Self::Trades(feed) => &feed.trades_signal,
            Self::Candles(feed, interval) => &feed.candle_signals[interval.index()],
            Self::Phases(feed) => &feed.phases_signal,
            Self::Own(feed) => &feed.signal,
            Self::Auctions(feed) => &feed.signal,
        }
    }
}

/// The updates of one channel, in order, for one reader.
///
/// A reader's queue is what the channel keeps for all, so it takes no memory of its own, and is as long as
/// [`PublicationConfig`](super::PublicationConfig) says. Any executor can drive it, or none.
#[derive(Debug)]
pub struct Subscription {
    source: Source,
    sleeper: Arc<Sleeper>,
    epoch: SimTime,
    /// The number of the next update; absent before the one to begin with.
    next: Option<u64>,
    closed: Option<Closed>,
}

impl Subscription {
    pub(super) fn new(source: Source, epoch: SimTime, next: Option<u64>) -> Self {
        let next = next.or_else(|| source.start());
        let sleeper = source.signal().sleeper();
        Self { source, sleeper, epoch, next, closed: None }
    }

    /// Returns where to resume after what has been delivered; absent before the first update.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        Some(Position { epoch: self.epoch, next: self.next? })
    }

    /// Returns the next update if it is there. Once closed, a subscription stays so.
    pub fn try_next(&mut self) -> Option<Result<Update, Closed>> {
        if let Some(closed) = self.closed {
            return Some(Err(closed));
        }
        // Asked before the look: what is published before the end is delivered.
        let is_over = self.source.signal().is_over();
        let read = self.source.read(self.next).or_else(|| is_over.then_some(Err(CloseReason::Ended)))?;
        Some(match read {
            Ok(update) => {
                self.next = Some(update.numbers.end);
                Ok(update)
            }
            Err(reason) => {
                let closed = Closed { number: self.next.unwrap_or(0), reason };
                self.closed = Some(closed);
                Err(closed)
            }
        })
    }

    /// Returns the next update, or has the task woken when there may be one.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Update, Closed>> {
        if let Some(next) = self.try_next() {
            return Poll::Ready(next);
        }
        self.sleeper.wait(cx.waker());
        // News that came before the wait was noted woke nobody.
        self.try_next().map_or(Poll::Pending, Poll::Ready)
    }

    /// Waits for the next update. Nothing is lost if the wait is given up.
    ///
    /// # Errors
    /// [`Closed`] if the subscription is over.
    pub async fn next(&mut self) -> Result<Update, Closed> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Blocks this thread until the next update, for as long as `timeout` at most; it may give up earlier.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Result<Update, Closed>> {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let mut cx = Context::from_waker(&waker);
        match self.poll_next(&mut cx) {
            Poll::Ready(next) => Some(next),
            Poll::Pending => {
                bell.wait(timeout);
                self.try_next()
            }
        }
    }
}

/// Wakes a thread that blocks.
#[derive(Debug, Default)]
struct Bell {
    has_rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    fn wait(&self, timeout: Duration) {
        let has_rung = self.has_rung.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.rings.wait_timeout_while(has_rung, timeout, |has_rung| !*has_rung));
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.has_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rings.notify_one();
    }
}
