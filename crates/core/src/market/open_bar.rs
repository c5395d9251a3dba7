//! [`OpenBar`]: a bar as it is built, of trades or of shorter bars.

use super::action::SplitRatio;
use super::bar::Bar;
use super::bar_interval::BarInterval;
use crate::units::{Price, Quantity, SimTime};

/// The bar of one interval at one listing, as far as it has come.
///
/// Bars are built in this one way for those who subscribe to them and for those who record them. What has
/// ended must be taken out ([`OpenBar::take_ended`]) before more is added.
///
/// ```
/// use bearpit_core::market::{BarInterval, OpenBar};
/// use bearpit_core::units::{Price, Quantity, SimDuration, SimTime};
///
/// let at = SimTime::from_nanos;
/// let mut open = OpenBar::new(BarInterval::of(SimDuration::from_nanos(100)));
/// assert_eq!(open.add_trade(at(130), Price::new(5), Quantity::new(1)), Some(at(200)));
/// assert_eq!(open.add_trade(at(150), Price::new(9), Quantity::new(2)), None);
/// assert_eq!(open.take_ended(at(199)), None);
/// assert_eq!(open.take_ended(at(200)).map(|bar| bar.high), Some(Price::new(9)));
/// ```
#[derive(Debug, Clone)]
pub struct OpenBar {
    interval: BarInterval,
    current: Option<Bar>,
}

/// What became of a bar that was added to an [`OpenBar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarAdded {
    /// It is a bar of the interval by itself, since its own is no shorter.
    Own(Bar),
    /// It began a bar, which ends then.
    Began(SimTime),
    /// It was added to the bar that is open.
    Continued,
}

impl OpenBar {
    /// Makes one of an interval, in which nothing has happened yet.
    #[must_use]
    pub const fn new(interval: BarInterval) -> Self {
        Self { interval, current: None }
    }

    /// Returns the interval.
    #[must_use]
    pub const fn interval(&self) -> BarInterval {
        self.interval
    }

    /// Returns when the bar ends, if there is one.
    #[must_use]
    pub fn end(&self) -> Option<SimTime> {
        self.current.map(|bar| bar.end)
    }

    /// Takes the bar out if it has ended by `now`.
    pub fn take_ended(&mut self, now: SimTime) -> Option<Bar> {
        self.current.take_if(|bar| bar.end <= now)
    }

    /// Adds a trade, whose quantity may not be known, and returns when the bar ends if the trade began it.
    pub fn add_trade(
        &mut self,
        now: SimTime,
        price: Price,
        quantity: impl Into<Option<Quantity>>,
    ) -> Option<SimTime> {
        if let Some(bar) = &mut self.current {
            bar.add(price, quantity);
            return None;
        }
        Some(self.begin(Bar::open_at(now, self.interval, price, quantity)))
    }

    /// Adds a bar of a file: it is the bar of its own interval and of shorter ones, and a part of longer
    /// ones.
    pub fn add_bar(&mut self, bar: &Bar) -> BarAdded {
        if let Some(own) = bar.as_bar_of(self.interval) {
            return BarAdded::Own(own);
        }
        if let Some(longer) = &mut self.current {
            longer.add_bar(bar);
            return BarAdded::Continued;
        }
        BarAdded::Began(self.begin(Bar::of_bar(bar, self.interval)))
    }

    /// Applies a split to the bar that is open.
    pub fn split(&mut self, ratio: SplitRatio) {
        self.current = self.current.map(|bar| bar.after_split(ratio));
    }

    const fn begin(&mut self, bar: Bar) -> SimTime {
        self.current = Some(bar);
        bar.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    const HUNDRED: BarInterval = BarInterval::of(SimDuration::from_nanos(100));

    fn at(nanos: i64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn a_bar_spans_its_interval_and_an_empty_interval_has_none() {
        let mut open = OpenBar::new(HUNDRED);
        assert_eq!(open.add_trade(at(130), Price::new(5), Quantity::new(1)), Some(at(200)));
        assert_eq!(open.add_trade(at(150), Price::new(9), Quantity::new(2)), None);
        assert_eq!(open.add_trade(at(199), Price::new(4), Quantity::new(3)), None);
        assert_eq!(open.take_ended(at(199)), None);
        let bar = open.take_ended(at(200)).unwrap();
        let prices = [bar.open, bar.high, bar.low, bar.close].map(Price::ticks);
        assert_eq!((prices, bar.volume, bar.start), ([5, 9, 4, 4], Some(Quantity::new(6)), at(100)));
        assert_eq!(open.take_ended(at(500)), None);
    }

    #[test]
    fn shorter_bars_make_a_longer_one_and_others_stay_what_they_are() {
        let mut open = OpenBar::new(HUNDRED);
        let fifty = BarInterval::of(SimDuration::from_nanos(50));
        let bar = |start, interval| Bar::open_at(at(start), interval, Price::new(start), Quantity::new(1));
        assert_eq!(open.add_bar(&bar(100, fifty)), BarAdded::Began(at(200)));
        assert_eq!(open.add_bar(&bar(150, fifty)), BarAdded::Continued);
        let whole = bar(100, HUNDRED);
        assert_eq!(open.add_bar(&whole), BarAdded::Own(whole));
        let longer = open.take_ended(at(200)).unwrap();
        assert_eq!(
            (longer.open, longer.close, longer.volume),
            (Price::new(100), Price::new(150), Some(Quantity::new(2)))
        );
    }

    #[test]
    fn an_interval_may_be_longer_than_time_itself() {
        let mut open = OpenBar::new(BarInterval::of(SimDuration::from_nanos(i64::MAX - 1)));
        let last = at(i64::MAX);
        assert_eq!(open.add_trade(last, Price::new(5), Quantity::new(1)), Some(last));
    }
}
