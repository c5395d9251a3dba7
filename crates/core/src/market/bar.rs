//! [`Bar`]: the trades of one interval, aggregated.

use crate::units::{Price, Quantity, SimDuration, SimTime};

/// Open, high, low, close and volume of the trades in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
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
    /// The sum of the trades' quantities.
    pub volume: Quantity,
}

impl Bar {
    /// Starts the bar of the interval of length `span` that contains its first trade.
    ///
    /// Intervals are aligned to 1970, so minutes begin on the minute and days at midnight.
    #[must_use]
    pub fn open_at(now: SimTime, span: SimDuration, price: Price, quantity: Quantity) -> Self {
        let start = now.floor_to(span);
        Self {
            start,
            end: start.saturating_add(span),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: quantity,
        }
    }

    /// Returns the length of the interval.
    #[must_use]
    pub fn interval(&self) -> SimDuration {
        self.end - self.start
    }

    /// Adds a trade.
    pub fn add(&mut self, price: Price, quantity: Quantity) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += quantity;
    }
}
