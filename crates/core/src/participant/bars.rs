//! [`BarFeed`]: bars of one interval, and those who subscribe to them.

use super::subscribers::Subscribers;
use crate::market::{Bar, BarInterval, OpenBar};
use crate::units::{ActorId, SimTime};

/// Aggregates the trades of one listing into bars of one interval, for their subscribers.
#[derive(Debug)]
pub(super) struct BarFeed {
    pub(super) open: OpenBar,
    subscribers: Subscribers<ActorId>,
    /// For each subscriber, when the first bar begins of which it has missed no trade: never earlier than for
    /// those before it. The current bar is withheld from a late subscriber even if earlier ones get it, so
    /// that no feed depends on who else has subscribed.
    since: Vec<Option<SimTime>>,
}

impl BarFeed {
    pub(super) fn new(interval: BarInterval) -> Self {
        Self { open: OpenBar::new(interval), subscribers: Subscribers::new(), since: Vec::new() }
    }

    /// Adds a subscriber that has missed the trades up to `missed`, if there were any.
    pub(super) fn subscribe(&mut self, who: ActorId, missed: Option<SimTime>) {
        if self.subscribers.add(who) {
            let since = missed.map(|missed| self.open.interval().bounds(missed).end);
            self.since.push(since);
        }
    }

    /// Removes a subscriber.
    pub(super) fn unsubscribe(&mut self, who: ActorId) {
        if let Some(index) = self.subscribers.remove(who) {
            self.since.remove(index);
        }
    }

    /// Returns whether nobody subscribes to it.
    pub(super) fn is_unused(&self) -> bool {
        self.subscribers.len() == 0
    }

    /// Returns the subscriber of that number.
    pub(super) fn subscriber(&self, index: usize) -> Option<ActorId> {
        self.subscribers.get(index)
    }

    /// Returns the subscribers.
    pub(super) fn subscribers(&self) -> impl Iterator<Item = ActorId> {
        self.subscribers.iter()
    }

    /// Returns how many of the subscribers, from the first, have missed no trade of `bar`.
    pub(super) fn entitled(&self, bar: &Bar) -> usize {
        self.since.partition_point(|since| since.is_none_or(|since| since <= bar.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Price, Quantity, SimDuration};

    const HUNDRED: BarInterval = BarInterval::of(SimDuration::from_nanos(100));

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
}
