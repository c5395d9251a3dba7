//! [`HistoricalBar`] and [`HistoricalTick`]: one row of a file of bars, of trades or of quotes.

use crate::units::SimTime;

/// One historical bar in currency units, as read from a file and checked: all finite, prices above
/// zero, `low <= open, close <= high`, volume at or above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoricalBar {
    /// The row's date or time.
    pub time: SimTime,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Quantity traded, in the instrument's units; `None` if the file does not know: it has no such column,
    /// or 0 in every row. A single row of volume 0 in a file that has volumes is `Some(0.0)`.
    pub volume: Option<f64>,
    /// Last price adjusted for splits and dividends, if the file has a column of that.
    pub adjusted_close: Option<f64>,
    /// New shares for each old one, of a split on whose ex-day the row is the first; 1 if there is none.
    pub split: f64,
    /// What is paid on each unit held at the previous close, if the row is the first of a dividend's ex-day;
    /// 0 if there is none.
    pub dividend: f64,
}

impl HistoricalBar {
    /// Returns the four prices in a plausible order of time.
    ///
    /// A bar does not say whether its high or its low came first. The usual convention is taken: the
    /// extreme nearer to the open comes first, and the high where both are equally near.
    #[must_use]
    pub fn path(&self) -> [f64; 4] {
        if self.high - self.open <= self.open - self.low {
            [self.open, self.high, self.low, self.close]
        } else {
            [self.open, self.low, self.high, self.close]
        }
    }
}

/// One historical trade or quote in currency units, as read from a file and checked: all finite, prices above
/// zero, quantities at or above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoricalTick {
    /// The row's time.
    pub time: SimTime,
    /// What happened.
    pub kind: HistoricalTickKind,
}

/// What happened at a [`HistoricalTick`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HistoricalTickKind {
    /// A trade.
    Trade {
        /// Its price.
        price: f64,
        /// Its quantity, in the instrument's units; `None` if the file has no such column.
        quantity: Option<f64>,
    },
    /// The best bid and ask changed.
    Quote {
        /// The best bid; `None` if there is none.
        bid: Option<f64>,
        /// The quantity at the best bid; `None` if the file has no such column.
        bid_size: Option<f64>,
        /// The best ask; `None` if there is none.
        ask: Option<f64>,
        /// The quantity at the best ask; `None` if the file has no such column.
        ask_size: Option<f64>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extreme_nearer_to_the_open_comes_first() {
        let bar = HistoricalBar {
            time: SimTime::from_nanos(0),
            open: 10.0,
            high: 11.0,
            low: 8.0,
            close: 9.0,
            volume: Some(1.0),
            adjusted_close: None,
            split: 1.0,
            dividend: 0.0,
        };
        assert_eq!(bar.path().map(f64::to_bits), [10.0, 11.0, 8.0, 9.0].map(f64::to_bits));
        let bar = HistoricalBar { high: 14.0, ..bar };
        assert_eq!(bar.path().map(f64::to_bits), [10.0, 8.0, 14.0, 9.0].map(f64::to_bits));
    }
}
