//! [`Update`]: what a subscription delivers, and how it is read for each channel.

use std::collections::BTreeMap;
use std::ops::Range;

use bearpit_core::market::{Ladders, LevelChange, Side};
use bearpit_core::units::{Price, Quantity};

use super::auction_feed::AuctionFeed;
use super::auctions::{AuctionNews, AuctionsState};
use super::book::BookChange;
use super::candle::{Candle, CandleInterval, CandleProgress, ClosedCandle};
use super::listing_feed::ListingFeed;
use super::log::LogView;
use super::own::{OwnEvent, OwnState};
use super::own_feeds::OwnFeed;
use super::subscription::CloseReason;
use super::trade::{PhaseState, TradePrint};

/// What a subscription delivers.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The numbers that it stands for. They begin where those of the update before ended: nothing is missing
    /// and nothing comes twice. A snapshot replaces all that was before, and stands for all numbers from 0.
    pub numbers: Range<u64>,
    /// What is delivered.
    pub content: Content,
}

/// What is delivered.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// All levels of a book; none outside continuous trading.
    BookSnapshot(Ladders),
    /// The new sizes of levels, once each, bids first, in order of price. A level of no size is gone, or was
    /// never delivered.
    BookChanges(Vec<LevelChange>),
    /// A trade.
    Trade(TradePrint),
    /// A candle.
    Candle {
        /// Its state.
        candle: Candle,
        /// Whether its interval has ended, so that it changes no more.
        is_closed: bool,
    },
    /// Where the session stands.
    Phase(PhaseState),
    /// All open orders of a participant, and its account.
    OwnSnapshot(Box<OwnState>),
    /// What happened to them.
    Own(Box<OwnEvent>),
    /// The auctions between participants that are open, and those that ended last.
    AuctionsSnapshot(Box<AuctionsState>),
    /// What happened in one.
    Auction(Box<AuctionNews>),
}

/// Returns what has changed of a book. Whoever has fallen behind gets all of it, which is as good.
pub(super) fn book(feed: &ListingFeed, next: Option<u64>) -> Option<Update> {
    if let Some(next) = next {
        let view = feed.book.log().view();
        if view.next() == next {
            return None;
        }
        if let Some(levels) = changed_levels(&view, next) {
            return Some(Update { numbers: next..view.next(), content: Content::BookChanges(levels) });
        }
    }
    let version = feed.book.read();
    Some(Update { numbers: 0..version.next, content: Content::BookSnapshot(version.state) })
}

/// Returns the levels that have changed from a number on, or nothing if a snapshot must be delivered.
fn changed_levels(view: &LogView<BookChange>, next: u64) -> Option<Vec<LevelChange>> {
    let mut levels: BTreeMap<(Side, Price), Quantity> = BTreeMap::new();
    for change in view.since(next)? {
        match *change {
            BookChange::Cleared => return None,
            BookChange::Level(LevelChange { side, price, size }) => levels.insert((side, price), size),
        };
    }
    let level = |((side, price), size)| LevelChange { side, price, size };
    Some(levels.into_iter().map(level).collect())
}

/// Returns the next trade.
pub(super) fn trade(feed: &ListingFeed, next: u64) -> Option<Result<Update, CloseReason>> {
    let print = item(&feed.trades.view(), next)?;
    Some(print.map(|print| Update { numbers: next..next + 1, content: Content::Trade(print) }))
}

/// Returns an item of a log, if it has come that far.
fn item<T: Clone>(view: &LogView<T>, next: u64) -> Option<Result<T, CloseReason>> {
    (next < view.next()).then(|| view.get(next).cloned().ok_or(CloseReason::FellBehind))
}

/// Returns the next candle that closed, or else the one at hand.
pub(super) fn candle(
    feed: &ListingFeed,
    interval: CandleInterval,
    next: Option<u64>,
) -> Option<Result<Update, CloseReason>> {
    let progress = feed.snapshot.load().candles[interval.index()];
    let candle = |numbers, candle, is_closed| {
        Some(Ok(Update { numbers, content: Content::Candle { candle, is_closed } }))
    };
    let Some(next) = next else { return candle(0..progress.next, progress.current?, false) };
    if next >= progress.next {
        return None;
    }
    let view = feed.candles[interval.index()].view();
    if next < complete_from(&view, progress) {
        return Some(Err(CloseReason::FellBehind));
    }
    match first_closed(&view, view.first()..progress.closed, next) {
        Some(ClosedCandle { number, candle: closed }) => candle(next..number + 1, closed, true),
        None => candle(next..progress.next, progress.current?, false),
    }
}

/// Returns the first closed candle whose close has a number not below `next`.
fn first_closed(view: &LogView<ClosedCandle>, places: Range<u64>, next: u64) -> Option<ClosedCandle> {
    let Range { start: mut low, end: mut high } = places.clone();
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before = view.get(middle).is_none_or(|closed| closed.number < next);
        if is_before { low = middle + 1 } else { high = middle }
    }
    view.get(low).copied().filter(|_| low < places.end)
}

/// Returns the number from which on no candle is missing.
pub(super) fn first_candle(feed: &ListingFeed, interval: CandleInterval) -> u64 {
    let progress = feed.snapshot.load().candles[interval.index()];
    complete_from(&feed.candles[interval.index()].view(), progress)
}

/// Returns the first number if all candles are kept, or else the first after the close of the first that is
/// kept, since it is not known what was before it.
fn complete_from(view: &LogView<ClosedCandle>, progress: CandleProgress) -> u64 {
    match view.first() {
        0 => 0,
        first => view.get(first).map_or(progress.next, |closed| closed.number + 1),
    }
}

/// Returns where the session stands, if that is news.
pub(super) fn phase(feed: &ListingFeed, next: Option<u64>) -> Option<Update> {
    let view = feed.phases.view();
    let newest = view.get(view.next().checked_sub(1)?)?;
    let from = next.unwrap_or(0);
    (from < view.next()).then(|| Update { numbers: from..view.next(), content: Content::Phase(*newest) })
}

/// Returns the next event of a participant; first, all that it has.
pub(super) fn own(feed: &OwnFeed, next: Option<u64>) -> Option<Result<Update, CloseReason>> {
    let Some(next) = next else {
        let version = feed.replica.read();
        let content = Content::OwnSnapshot(Box::new(version.state));
        return Some(Ok(Update { numbers: 0..version.next, content }));
    };
    let event = item(&feed.replica.log().view(), next)?;
    Some(event.map(|event| Update { numbers: next..next + 1, content: Content::Own(Box::new(event)) }))
}

/// Returns what happened next in auctions; first, those that are open.
pub(super) fn auctions(feed: &AuctionFeed, next: Option<u64>) -> Option<Result<Update, CloseReason>> {
    let Some(next) = next else {
        let version = feed.replica.read();
        let content = Content::AuctionsSnapshot(Box::new(version.state));
        return Some(Ok(Update { numbers: 0..version.next, content }));
    };
    let news = item(&feed.replica.log().view(), next)?;
    Some(news.map(|news| Update { numbers: next..next + 1, content: Content::Auction(Box::new(news)) }))
}
