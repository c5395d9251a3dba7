//! Bars as they are built.

use super::subscribers::Subscribers;
use crate::market::{Bar, BarInterval, SplitRatio};
use crate::units::{ActorId, Price, Quantity, SimTime};

/// Aggregates the trades of one listing into bars of one interval, for their subscribers.
#[derive(Debug)]
pub(super) struct BarFeed {
    pub(super) interval: BarInterval,
    current: Option<Bar>,
    subscribers: Subscribers<ActorId>,
    /// For each subscriber, when the first bar begins of which it has missed no trade: never earlier than for
    /// those before it. The current bar is withheld from a late subscriber even if earlier ones get it, so
    /// that no feed depends on who else has subscribed.
    since: Vec<Option<SimTime>>,
}

impl BarFeed {
    pub(super) fn new(interval: BarInterval) -> Self {
        Self { interval, current: None, subscribers: Subscribers::new(), since: Vec::new() }
    }

    /// Adds a subscriber that has missed the trades up to `missed`, if there were any.
    pub(super) fn subscribe(&mut self, who: ActorId, missed: Option<SimTime>) {
        if self.subscribers.add(who) {
            let since = missed.map(|missed| self.interval.bounds(missed).end);
            self.since.push(since);
        }
    }

    /// Returns the subscriber of that number.
    pub(super) fn subscriber(&self, index: usize) -> Option<ActorId> {
        self.subscribers.get(index)
    }

    /// Returns the subscribers.
    pub(super) fn subscribers(&self) -> impl Iterator<Item = ActorId> {
        self.subscribers.iter()
    }

    /// Applies a split to the bar that is being built.
    pub(super) fn split(&mut self, ratio: SplitRatio) {
        self.current = self.current.map(|bar| bar.after_split(ratio));
    }

    /// Returns how many of the subscribers, from the first, have missed no trade of `bar`.
    pub(super) fn entitled(&self, bar: &Bar) -> usize {
        self.since.partition_point(|since| since.is_none_or(|since| since <= bar.start))
    }

    /// Takes the bar out if it has ended by `now`.
    pub(super) fn take_ended(&mut self, now: SimTime) -> Option<Bar> {
        self.current.take_if(|bar| bar.end <= now)
    }

    /// Adds a trade, and returns when the bar ends if the trade began it.
    ///
    /// A bar that has ended by `now` must be taken out first.
    pub(super) fn add(&mut self, now: SimTime, price: Price, quantity: Option<Quantity>) -> Option<SimTime> {
        match &mut self.current {
            Some(bar) => {
                bar.add(price, quantity);
                None
            }
            None => {
                let bar = Bar::open_at(now, self.interval, price, quantity);
                self.current = Some(bar);
                Some(bar.end)
            }
        }
    }

    /// Returns when the bar that is being built ends, if there is one.
    pub(super) fn end(&self) -> Option<SimTime> {
        self.current.map(|bar| bar.end)
    }

    /// Adds a shorter bar, and returns when the bar ends if it began it; as [`BarFeed::add`].
    pub(super) fn add_bar(&mut self, shorter: &Bar) -> Option<SimTime> {
        match &mut self.current {
            Some(bar) => {
                bar.add_bar(shorter);
                None
            }
            None => {
                let bar = Bar::of_bar(shorter, self.interval);
                self.current = Some(bar);
                Some(bar.end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    const HUNDRED: BarInterval = BarInterval::of(SimDuration::from_nanos(100));

    #[test]
    fn a_bar_spans_its_interval_and_an_empty_interval_has_none() {
        let mut feed = BarFeed::new(HUNDRED);
        let at = SimTime::from_nanos;
        assert_eq!(feed.add(at(130), Price::new(5), Some(Quantity::new(1))), Some(at(200)));
        assert_eq!(feed.add(at(150), Price::new(9), Some(Quantity::new(2))), None);
        assert_eq!(feed.add(at(199), Price::new(4), Some(Quantity::new(3))), None);
        assert_eq!(feed.take_ended(at(199)), None);
        let bar = feed.take_ended(at(200)).unwrap();
        let prices = [bar.open, bar.high, bar.low, bar.close].map(Price::ticks);
        assert_eq!((prices, bar.volume, bar.start), ([5, 9, 4, 4], Some(Quantity::new(6)), at(100)));
        assert_eq!(feed.take_ended(at(500)), None);
    }

    #[test]
    fn a_subscriber_that_has_missed_trades_of_a_bar_does_not_get_it() {
        let at = SimTime::from_nanos;
        let mut feed = BarFeed::new(HUNDRED);
        for (who, missed) in [None, Some(at(100)), Some(at(199)), Some(at(200))].into_iter().enumerate() {
            feed.subscribe(ActorId::new(u32::try_from(who).unwrap()), missed);
            feed.subscribe(ActorId::new(0), Some(at(150)));
        }
        let entitled =
            |start| feed.entitled(&Bar::open_at(at(start), HUNDRED, Price::new(5), Quantity::new(1)));
        assert_eq!([100, 200, 300].map(entitled), [1, 3, 4]);
    }

    #[test]
    fn an_interval_may_be_longer_than_time_itself() {
        let mut feed = BarFeed::new(BarInterval::of(SimDuration::from_nanos(i64::MAX - 1)));
        let last = SimTime::from_nanos(i64::MAX);
        assert_eq!(feed.add(last, Price::new(5), Some(Quantity::new(1))), Some(last));
    }
}
