//! Feeds, and their subscribers.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use super::bars::BarFeed;
use super::subscribers::Subscribers;
use crate::market::{BarInterval, Ladders};
use crate::units::{ActorId, SimDuration, SimTime};

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// Every change of the touch.
    Quotes,
    /// Every trade.
    Trades,
    /// Every change of phase.
    Phases,
    /// Every change of the price and volume at which an auction would end.
    Indicative,
    /// Bars of an interval, each as it ends.
    ///
    /// An interval is at least [`Feed::SHORTEST_BAR`], or the one that the run records. One without trades
    /// has no bar. Once there have been trades, a new subscriber gets no bar of the current interval, since
    /// it would be incomplete.
    Bars(BarInterval),
    /// Every split and dividend of a replayed listing; subscribers to any other of its feeds get them too.
    Actions,
    /// That many of the best levels of both sides, at most [`Feed::MOST_LEVELS`]: published after each
    /// command that changed them, once per command.
    ///
    /// Nothing is published during an auction call. A late subscriber gets its first snapshot after the next
    /// command.
    Book(usize),
}

impl Feed {
    /// The shortest interval of bars.
    pub const SHORTEST_BAR: SimDuration = SimDuration::from_millis(1);
    /// The most levels of a side.
    pub const MOST_LEVELS: usize = 50;
}

/// Says why a feed is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FeedError {
    /// There is no such listing.
    #[error("there is no such listing")]
    UnknownListing,
    /// The interval is shorter than [`Feed::SHORTEST_BAR`].
    #[error("there are no bars of {0}: the shortest are of {least}", least = Feed::SHORTEST_BAR)]
    BarTooShort(BarInterval),
    /// The number of levels is zero, or above [`Feed::MOST_LEVELS`].
    #[error("a book cannot be subscribed to with {0} levels: 1 to {most} are allowed", most = Feed::MOST_LEVELS)]
    LevelsOutOfRange(usize),
}

/// The subscribers of one listing's feeds.
#[derive(Debug)]
pub(super) struct Feeds {
    quotes: Subscribers<ActorId>,
    trades: Subscribers<ActorId>,
    phases: Subscribers<ActorId>,
    indicative: Subscribers<ActorId>,
    actions: Subscribers<ActorId>,
    /// One to an interval; the first is the one that is recorded.
    pub(super) bars: Vec<BarFeed>,
    /// One to a number of levels.
    pub(super) books: Vec<BookFeed>,
}

impl Feeds {
    /// Makes the feeds of a listing, whose bars of `recorded` are facts.
    pub(super) fn new(recorded: BarInterval) -> Self {
        Self {
            quotes: Subscribers::new(),
            trades: Subscribers::new(),
            phases: Subscribers::new(),
            indicative: Subscribers::new(),
            actions: Subscribers::new(),
            bars: vec![BarFeed::new(recorded)],
            books: Vec::new(),
        }
    }

    /// Adds a subscriber that has missed the trades up to `missed`, if there were any.
    pub(super) fn subscribe(
        &mut self,
        who: ActorId,
        feed: Feed,
        missed: Option<SimTime>,
    ) -> Result<(), FeedError> {
        let subscribers = match feed {
            Feed::Quotes => &mut self.quotes,
            Feed::Trades => &mut self.trades,
            Feed::Phases => &mut self.phases,
            Feed::Indicative => &mut self.indicative,
            Feed::Actions => &mut self.actions,
            Feed::Bars(interval) => {
                let known = self.bars.iter().position(|feed| feed.open.interval() == interval);
                if known.is_none() && interval.shortest() < Feed::SHORTEST_BAR {
                    return Err(FeedError::BarTooShort(interval));
                }
                let index = known.unwrap_or_else(|| {
                    self.bars.push(BarFeed::new(interval));
                    self.bars.len() - 1
                });
                // The recorded bars are kept whole for everybody.
                self.bars[index].subscribe(who, missed.filter(|_| index > 0));
                return Ok(());
            }
            Feed::Book(levels) => {
                if !(1..=Feed::MOST_LEVELS).contains(&levels) {
                    return Err(FeedError::LevelsOutOfRange(levels));
                }
                let known = self.books.iter().position(|feed| feed.levels == levels);
                let index = known.unwrap_or_else(|| {
                    self.books.push(BookFeed::new(levels));
                    self.books.len() - 1
                });
                &mut self.books[index].subscribers
            }
        };
        subscribers.add(who);
        Ok(())
    }

    /// Removes a subscriber from all feeds. A feed that nobody subscribes to any more is dropped, but for the
    /// recorded bars: whoever comes and goes leaves none behind.
    pub(super) fn unsubscribe(&mut self, who: ActorId) {
        for list in
            [&mut self.quotes, &mut self.trades, &mut self.phases, &mut self.indicative, &mut self.actions]
        {
            list.remove(who);
        }
        self.bars.iter_mut().for_each(|feed| feed.unsubscribe(who));
        self.books.iter_mut().for_each(|feed| feed.unsubscribe(who));
        let recorded = self.bars.first().map(|feed| feed.open.interval());
        self.bars.retain(|feed| !feed.is_unused() || Some(feed.open.interval()) == recorded);
        self.books.retain(|feed| feed.subscribers.len() > 0);
    }

    /// Returns all subscribers of any feed, in the order of their ids.
    pub(super) fn followers(&self) -> BTreeSet<ActorId> {
        let lists = [&self.quotes, &self.trades, &self.phases, &self.indicative, &self.actions];
        let mut all: BTreeSet<ActorId> = lists.into_iter().flat_map(Subscribers::iter).collect();
        all.extend(self.bars.iter().flat_map(BarFeed::subscribers));
        all.extend(self.books.iter().flat_map(|feed| feed.subscribers.iter()));
        all
    }

    /// Returns the subscriber of a feed of that number.
    pub(super) fn subscriber(&self, feed: Feed, index: usize) -> Option<ActorId> {
        let subscribers = match feed {
            Feed::Quotes => &self.quotes,
            Feed::Trades => &self.trades,
            Feed::Phases => &self.phases,
            Feed::Indicative => &self.indicative,
            Feed::Actions => &self.actions,
            Feed::Bars(interval) => {
                return self.bars.iter().find(|feed| feed.open.interval() == interval)?.subscriber(index);
            }
            Feed::Book(levels) => &self.books.iter().find(|feed| feed.levels == levels)?.subscribers,
        };
        subscribers.get(index)
    }
}

/// The subscribers of that many levels of a book, and the levels that were sent last.
#[derive(Debug)]
pub(super) struct BookFeed {
    pub(super) levels: usize,
    last: Arc<Ladders>,
    /// How many of the subscribers, from the first, have received them.
    informed: usize,
    subscribers: Subscribers<ActorId>,
}

impl BookFeed {
    fn new(levels: usize) -> Self {
        Self { levels, last: Arc::default(), informed: 0, subscribers: Subscribers::new() }
    }

    fn unsubscribe(&mut self, who: ActorId) {
        if self.subscribers.remove(who).is_some_and(|index| index < self.informed) {
            self.informed -= 1;
        }
    }

    /// Takes the current levels; returns them with the number of subscribers, from the first, that have
    /// received them already.
    pub(super) fn renew(&mut self, levels: Ladders) -> (Arc<Ladders>, usize) {
        let known = if levels != *self.last {
            self.last = Arc::new(levels);
            0
        } else if levels.is_empty() {
            // A subscriber takes a book to be empty until it receives levels.
            self.subscribers.len()
        } else {
            self.informed
        };
        self.informed = self.subscribers.len();
        (Arc::clone(&self.last), known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::QuoteLevel;
    use crate::units::{Price, Quantity};

    fn bid(ticks: i64) -> Ladders {
        let level = QuoteLevel { price: Price::new(ticks), size: Quantity::new(1) };
        Ladders { bids: vec![level], asks: Vec::new() }
    }

    #[test]
    fn a_late_subscriber_is_sent_the_current_levels() {
        let mut feeds = Feeds::new(SimDuration::from_secs(1).into());
        let [anne, ben] = [ActorId::new(1), ActorId::new(2)];
        feeds.subscribe(anne, Feed::Book(5), None).unwrap();
        let feed = &mut feeds.books[0];
        assert_eq!(feed.renew(Ladders::default()).1, 1, "an empty book is not sent");
        assert_eq!(feed.renew(bid(1)).1, 0);
        assert_eq!(feed.renew(bid(1)).1, 1);
        feeds.subscribe(ben, Feed::Book(5), None).unwrap();
        feeds.subscribe(ben, Feed::Book(5), None).unwrap();
        let feed = &mut feeds.books[0];
        assert_eq!(feed.renew(bid(1)).1, 1, "the second has not received it");
        assert_eq!(feed.renew(bid(1)).1, 2);
        assert_eq!(feed.renew(Ladders::default()).1, 0);
        let subscribers = [0, 1, 2].map(|index| feeds.subscriber(Feed::Book(5), index));
        assert_eq!(subscribers, [Some(anne), Some(ben), None]);
        assert_eq!(feeds.subscriber(Feed::Book(6), 0), None);
    }

    #[test]
    fn whoever_comes_and_goes_leaves_no_feed_behind() {
        let recorded = SimDuration::from_secs(1).into();
        let mut feeds = Feeds::new(recorded);
        let ben = ActorId::new(2);
        feeds.subscribe(ben, Feed::Book(1), None).unwrap();
        for number in 0..100 {
            let anne = ActorId::new(10 + number);
            let seconds = 2 + i64::from(number);
            feeds.subscribe(anne, Feed::Bars(SimDuration::from_secs(seconds).into()), None).unwrap();
            feeds.subscribe(anne, Feed::Bars(recorded), None).unwrap();
            feeds.subscribe(anne, Feed::Book(2 + usize::try_from(number % 18).unwrap()), None).unwrap();
            feeds.unsubscribe(anne);
        }
        assert_eq!((feeds.bars.len(), feeds.books.len()), (1, 1));
        assert_eq!(feeds.subscriber(Feed::Book(1), 0), Some(ben));
    }

    #[test]
    fn who_unsubscribes_gets_nothing_and_the_others_what_they_would_have() {
        let mut feeds = Feeds::new(SimDuration::from_secs(1).into());
        let [anne, ben, carl] = [1, 2, 3].map(ActorId::new);
        for who in [anne, ben] {
            feeds.subscribe(who, Feed::Book(5), None).unwrap();
            feeds.subscribe(who, Feed::Trades, None).unwrap();
        }
        feeds.books[0].renew(bid(1));
        feeds.subscribe(carl, Feed::Book(5), None).unwrap();
        feeds.unsubscribe(anne);
        feeds.unsubscribe(anne);
        assert_eq!(feeds.subscriber(Feed::Trades, 0), Some(ben));
        assert_eq!(feeds.subscriber(Feed::Trades, 1), None);
        assert_eq!(feeds.books[0].renew(bid(1)).1, 1, "only the last has not received it");
        assert_eq!(feeds.followers().into_iter().collect::<Vec<_>>(), [ben, carl]);
    }

    #[test]
    fn feeds_out_of_range_are_refused() {
        let short = BarInterval::of(SimDuration::from_micros(10));
        let mut feeds = Feeds::new(short);
        let mut said = |feed| feeds.subscribe(ActorId::new(1), feed, None).map_err(|error| error.to_string());
        let levels =
            |levels| Err(format!("a book cannot be subscribed to with {levels} levels: 1 to 50 are allowed"));
        assert_eq!(said(Feed::Book(0)), levels(0));
        assert_eq!(said(Feed::Book(51)), levels(51));
        assert_eq!(said(Feed::Book(50)), Ok(()));
        let bars = "there are no bars of 999us: the shortest are of 1ms";
        assert_eq!(said(Feed::Bars(SimDuration::from_micros(999).into())), Err(bars.to_owned()));
        assert_eq!(said(Feed::Bars(Feed::SHORTEST_BAR.into())), Ok(()));
        assert_eq!(said(Feed::Bars(short)), Ok(()), "the recorded interval may be shorter");
    }
}
