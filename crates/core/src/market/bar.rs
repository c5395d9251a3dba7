//! [`Bar`]: the trades of one interval, aggregated.

use super::action::SplitRatio;
use super::bar_interval::BarInterval;
use crate::units::{Price, Quantity, SimTime};

/// Open, high, low, close and volume of the trades in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The length of such bars. The bar itself may be shorter where they begin anew each day.
    pub interval: BarInterval,
    /// The beginning of the interval, included.
    pub start: SimTime,
    /// The end of the interval, excluded.
    pub end: SimTime,
    /// The first trade's price.
    pub open: Price,
    /// The highest.
    pub high: Price,
    /// The lowest.
    pub low: Price,
    /// The last trade's price.
    pub close: Price,
    /// The sum of the trades' quantities; absent if a replayed file does not know it.
    pub volume: Option<Quantity>,
}

impl Bar {
    /// Starts the bar of the interval that contains its first trade; a quantity may not be known.
    #[must_use]
    pub fn open_at(
        now: SimTime,
        interval: BarInterval,
        price: Price,
        quantity: impl Into<Option<Quantity>>,
    ) -> Self {
        let bounds = interval.bounds(now);
        Self {
            interval,
            start: bounds.start,
            end: bounds.end,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: quantity.into(),
        }
    }

    /// Adds a trade.
    pub fn add(&mut self, price: Price, quantity: impl Into<Option<Quantity>>) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume = self.volume.zip(quantity.into()).map(|(volume, quantity)| volume + quantity);
    }

    /// Returns the bar as that of an interval no longer than its own, or `None` if it is a part of a longer
    /// one.
    #[must_use]
    pub fn as_bar_of(&self, interval: BarInterval) -> Option<Self> {
        (interval.shortest() <= self.interval.shortest()).then_some(Self { interval, ..*self })
    }

    /// Starts the bar of the interval that contains the beginning of a shorter bar.
    #[must_use]
    pub fn of_bar(first: &Self, interval: BarInterval) -> Self {
        let bounds = interval.bounds(first.start);
        Self { interval, start: bounds.start, end: bounds.end, ..*first }
    }

    /// Returns the bar as it would have been after a split: prices to the nearest tick, the volume down to
    /// whole lots.
    #[must_use]
    pub fn after_split(&self, ratio: SplitRatio) -> Self {
        let [open, high, low, close] = ratio.nearest_prices([self.open, self.high, self.low, self.close]);
        let volume = self.volume.map(|volume| ratio.quantity(volume));
        Self { open, high, low, close, volume, ..*self }
    }

    /// Adds a shorter bar that follows those added so far.
    pub fn add_bar(&mut self, next: &Self) {
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        self.volume = self.volume.zip(next.volume).map(|(so_far, more)| so_far + more);
    }
}
