//! Bars in the making.

use crate::market::Bar;
use crate::units::{Price, Quantity, SimDuration, SimTime};

/// Sums up the trades of one listing into bars.
#[derive(Debug)]
pub(super) struct BarBuilder {
    interval: SimDuration,
    current: Option<Bar>,
}

impl BarBuilder {
    pub(super) const fn new(interval: SimDuration) -> Self {
        Self { interval, current: None }
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

    #[test]
    fn a_bar_spans_its_interval_and_an_empty_interval_has_none() {
        let mut builder = BarBuilder::new(SimDuration::from_nanos(100));
        let at = SimTime::from_nanos;
        assert_eq!(builder.add(at(130), Price::new(5), Quantity::new(1)), Some(at(200)));
        assert_eq!(builder.add(at(150), Price::new(9), Quantity::new(2)), None);
        assert_eq!(builder.add(at(199), Price::new(4), Quantity::new(3)), None);
        assert_eq!(builder.take_ended(at(199)), None);
        let bar = builder.take_ended(at(200)).unwrap();
        let prices = [bar.open, bar.high, bar.low, bar.close].map(Price::ticks);
        assert_eq!((prices, bar.volume.lots(), bar.start), ([5, 9, 4, 4], 6, at(100)));
        assert_eq!(builder.take_ended(at(500)), None);
    }
}
