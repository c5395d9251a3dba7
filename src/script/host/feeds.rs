//! [`Feeds`]: the feeds that a script has subscribed to, and the bars that it has received.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::script::value::callback::Callback;
use bearpit_core::market::{Bar, BarInterval, Ladders, SplitRatio};
use bearpit_core::participant::Feed;
use bearpit_core::units::ListingId;

/// A feed that a script can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedRequest {
    Bars(BarInterval),
    Quotes,
    Trades,
    /// The book, with so many levels of each side.
    Book(usize),
    Phases,
    Actions,
}

/// The levels of the book where the script does not subscribe itself.
const DEFAULT_LEVELS: usize = 10;

impl FeedRequest {
    /// Returns the feeds that a script is subscribed to for its callbacks where it does not subscribe
    /// itself.
    pub(crate) const fn defaults(interval: BarInterval) -> [Self; 6] {
        [
            Self::Bars(interval),
            Self::Quotes,
            Self::Trades,
            Self::Book(DEFAULT_LEVELS),
            Self::Phases,
            Self::Actions,
        ]
    }

    /// Returns the market's feed.
    pub(crate) const fn feed(self) -> Feed {
        match self {
            Self::Bars(interval) => Feed::Bars(interval),
            Self::Quotes => Feed::Quotes,
            Self::Trades => Feed::Trades,
            Self::Book(levels) => Feed::Book(levels),
            Self::Phases => Feed::Phases,
            Self::Actions => Feed::Actions,
        }
    }

    /// Returns the callback that receives the feed.
    pub(crate) const fn callback(self) -> Callback {
        match self {
            Self::Bars(_) => Callback::Bar,
            Self::Quotes => Callback::Quote,
            Self::Trades => Callback::Trade,
            Self::Book(_) => Callback::Book,
            Self::Phases => Callback::Session,
            Self::Actions => Callback::Action,
        }
    }
}

/// The subscriptions, and the past bars of each.
#[derive(Debug)]
pub(crate) struct Feeds {
    /// The scenario's bar interval: the default.
    pub(crate) interval: BarInterval,
    asked: Vec<(ListingId, FeedRequest)>,
    histories: Vec<History>,
    /// The last levels received of each book.
    books: Vec<(ListingId, Arc<Ladders>)>,
}

/// The bars received of one feed, oldest first.
#[derive(Debug)]
struct History {
    listing: ListingId,
    interval: BarInterval,
    bars: VecDeque<Bar>,
}

/// How many bars of one feed are kept.
pub(crate) const HISTORY_MAX: usize = 1_000;

impl Feeds {
    /// Begins without subscriptions.
    pub(crate) const fn new(interval: BarInterval) -> Self {
        Self { interval, asked: Vec::new(), histories: Vec::new(), books: Vec::new() }
    }

    /// Records a subscription; returns whether it is new.
    pub(crate) fn ask(&mut self, listing: ListingId, wanted: FeedRequest) -> bool {
        if self.asked.contains(&(listing, wanted)) {
            return false;
        }
        self.asked.push((listing, wanted));
        match wanted {
            FeedRequest::Bars(interval) => {
                self.histories.push(History { listing, interval, bars: VecDeque::new() });
            }
            FeedRequest::Book(_) => self.books.push((listing, Arc::default())),
            FeedRequest::Quotes | FeedRequest::Trades | FeedRequest::Phases | FeedRequest::Actions => {}
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.asked.len()
    }

    /// Returns whether a callback receives any feed that was subscribed to.
    pub(crate) fn has_feed_for(&self, callback: Callback) -> bool {
        self.asked.iter().any(|(_, wanted)| wanted.callback() == callback)
    }

    /// Returns at how many markets the bars of an interval were subscribed to.
    pub(crate) fn markets_with(&self, interval: BarInterval) -> usize {
        self.histories.iter().filter(|history| history.interval == interval).count()
    }

    /// Returns the number of levels of a listing's book, if it was subscribed to.
    pub(crate) fn levels(&self, listing: ListingId) -> Option<usize> {
        self.asked.iter().find_map(|(at, wanted)| match wanted {
            FeedRequest::Book(levels) if *at == listing => Some(*levels),
            _ => None,
        })
    }

    /// Returns the interval of the first subscription to bars of a listing, or else the scenario's.
    pub(crate) fn first_interval(&self, listing: ListingId) -> BarInterval {
        let asked = self.histories.iter().find(|history| history.listing == listing);
        asked.map_or(self.interval, |history| history.interval)
    }

    /// Stores the levels of a book.
    pub(crate) fn show(&mut self, listing: ListingId, ladders: Arc<Ladders>) {
        if let Some((_, shown)) = self.books.iter_mut().find(|(at, _)| *at == listing) {
            *shown = ladders;
        }
    }

    /// Returns the last levels of a book, if it was subscribed to.
    pub(crate) fn book(&self, listing: ListingId) -> Option<&Arc<Ladders>> {
        self.books.iter().find(|(at, _)| *at == listing).map(|(_, ladders)| ladders)
    }

    /// Stores a received bar.
    pub(crate) fn keep(&mut self, listing: ListingId, bar: Bar) {
        let interval = bar.interval;
        let fits = |history: &&mut History| history.listing == listing && history.interval == interval;
        let Some(history) = self.histories.iter_mut().find(fits) else { return };
        if history.bars.len() == HISTORY_MAX {
            history.bars.pop_front();
        }
        history.bars.push_back(bar);
    }

    /// Applies a split of a listing to its stored bars.
    pub(crate) fn split(&mut self, listing: ListingId, ratio: SplitRatio) {
        for history in self.histories.iter_mut().filter(|history| history.listing == listing) {
            history.bars.iter_mut().for_each(|bar| *bar = bar.after_split(ratio));
        }
    }

    /// Returns the stored bars of a listing, those of the first interval subscribed to unless one is named.
    pub(crate) fn history(
        &self,
        listing: ListingId,
        interval: Option<BarInterval>,
    ) -> Option<&VecDeque<Bar>> {
        let fits = |history: &&History| {
            history.listing == listing && interval.is_none_or(|wanted| history.interval == wanted)
        };
        self.histories.iter().find(fits).map(|history| &history.bars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::{Price, Quantity, SimDuration, SimTime};

    const MINUTE: BarInterval = BarInterval::of(SimDuration::from_secs(60));

    fn bar(number: i64, interval: BarInterval) -> Bar {
        let at = SimTime::from_nanos(number * interval.shortest().nanos());
        Bar::open_at(at, interval, Price::new(number + 1), Quantity::new(1))
    }

    #[test]
    fn a_feed_asked_for_twice_is_one() {
        let mut feeds = Feeds::new(MINUTE);
        let listing = ListingId::new(0);
        assert!(feeds.ask(listing, FeedRequest::Quotes) && !feeds.ask(listing, FeedRequest::Quotes));
        assert!(feeds.has_feed_for(Callback::Quote) && !feeds.has_feed_for(Callback::Bar));
    }

    #[test]
    fn the_past_is_kept_by_listing_and_interval_and_is_bounded() {
        let mut feeds = Feeds::new(MINUTE);
        let (home, other) = (ListingId::new(0), ListingId::new(1));
        let hour = BarInterval::of(SimDuration::from_secs(3_600));
        feeds.ask(home, FeedRequest::Bars(MINUTE));
        feeds.ask(home, FeedRequest::Bars(hour));
        for number in 0..10_010 {
            feeds.keep(home, bar(number, MINUTE));
        }
        feeds.keep(home, bar(0, hour));
        feeds.keep(other, bar(0, MINUTE));
        let minutes = feeds.history(home, None).unwrap();
        assert_eq!(minutes.len(), HISTORY_MAX);
        assert_eq!(minutes.back().unwrap().close, Price::new(10_010));
        assert_eq!(feeds.history(home, Some(hour)).unwrap().len(), 1);
        assert!(feeds.history(other, None).is_none());
    }
}
