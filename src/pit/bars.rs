//! Bars in the making.

use crate::market::Bar;
use crate::units::{ActorId, Price, Quantity, SimDuration, SimTime};

/// Sums up the trades of one listing into bars of one interval, for those who subscribed to them.
#[derive(Debug)]
pub(super) struct BarFeed {
    pub(super) interval: SimDuration,
    /// When the first bar begins that can be whole; there is none where no trade was missed.
    since: Option<SimTime>,
    current: Option<Bar>,
    pub(super) subscribers: Vec<ActorId>,
}

impl BarFeed {
    /// Makes the feed of an interval; trades up to `missed` are not known to it.
    pub(super) fn new(interval: SimDuration, missed: Option<SimTime>) -> Self {
        let since = missed.map(|missed| missed.floor_to(interval).saturating_add(interval));
        Self { interval, since, current: None, subscribers: Vec::new() }
    }

    /// Takes the bar out if it has ended by `now`.
    pub(super) fn take_ended(&mut self, now: SimTime) -> Option<Bar> {
        self.current.take_if(|bar| bar.end <= now)
    }

    /// Adds a trade, and returns when the bar ends if the trade began it.
    ///
    /// What has ended by `now` is to be taken out first.
    pub(super) fn add(&mut self, now: SimTime, price: Price, quantity: Quantity) -> Option<SimTime> {
        match &mut self.current {
            Some(bar) => {
                bar.add(price, quantity);
                None
            }
            None if self.since.is_some_and(|since| now < since) => None,
            None => {
                let bar = Bar::open_at(now, self.interval, price, quantity);
                self.current = Some(bar);
                Some(bar.end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUNDRED: SimDuration = SimDuration::from_nanos(100);

    #[test]
    fn a_bar_spans_its_interval_and_an_empty_interval_has_none() {
        let mut feed = BarFeed::new(HUNDRED, None);
        let at = SimTime::from_nanos;
        assert_eq!(feed.add(at(130), Price::new(5), Quantity::new(1)), Some(at(200)));
        assert_eq!(feed.add(at(150), Price::new(9), Quantity::new(2)), None);
        assert_eq!(feed.add(at(199), Price::new(4), Quantity::new(3)), None);
        assert_eq!(feed.take_ended(at(199)), None);
        let bar = feed.take_ended(at(200)).unwrap();
        let prices = [bar.open, bar.high, bar.low, bar.close].map(Price::ticks);
        assert_eq!((prices, bar.volume.lots(), bar.start), ([5, 9, 4, 4], 6, at(100)));
        assert_eq!(feed.take_ended(at(500)), None);
    }

    #[test]
    fn a_bar_that_would_lack_trades_is_left_out() {
        let at = SimTime::from_nanos;
        for missed in [at(100), at(130), at(199)] {
            let mut feed = BarFeed::new(HUNDRED, Some(missed));
            assert_eq!(feed.add(at(199), Price::new(5), Quantity::new(1)), None);
            assert_eq!(feed.take_ended(at(200)), None);
            assert_eq!(feed.add(at(200), Price::new(5), Quantity::new(1)), Some(at(300)));
        }
    }

    #[test]
    fn an_interval_may_be_longer_than_time_itself() {
        let mut feed = BarFeed::new(SimDuration::from_nanos(i64::MAX - 1), None);
        let last = SimTime::from_nanos(i64::MAX);
        assert_eq!(feed.add(last, Price::new(5), Quantity::new(1)), Some(last));
    }
}
