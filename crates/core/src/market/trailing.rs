//! [`TrailingDistance`]: how far a trailing stop's trigger stays behind the market.

use std::fmt;

use super::side::Side;
use crate::units::Price;

/// The distance between a trailing stop's trigger and the best trade since its entry.
///
/// ```
/// use bearpit_core::market::{Side, TrailingDistance};
/// use bearpit_core::units::Price;
///
/// let five_percent = TrailingDistance::BasisPoints(500);
/// // 5% of 10,019 ticks are 500.95: the trigger stays on the market's side of that.
/// assert_eq!(five_percent.trigger(Side::Sell, Price::new(10_019)), Price::new(9_519));
/// assert_eq!(five_percent.trigger(Side::Buy, Price::new(10_019)), Price::new(10_519));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TrailingDistance {
    /// In ticks; above zero.
    Ticks(i64),
    /// In hundredths of a percent of the best trade's price; above zero and below 10,000.
    ///
    /// The distance in ticks is rounded down, so that no more than the percentage is given back, but it is at
    /// least one tick. It is a share of the price's magnitude where prices can be negative.
    BasisPoints(u32),
}

/// The basis points of the whole.
const WHOLE_BPS: u32 = 10_000;

impl TrailingDistance {
    /// Returns whether the distance is within its range.
    #[must_use]
    pub const fn is_legal(self) -> bool {
        match self {
            Self::Ticks(ticks) => ticks > 0 && ticks <= Price::MAX_TICKS,
            Self::BasisPoints(bps) => bps > 0 && bps < WHOLE_BPS,
        }
    }

    /// Returns the distance in ticks, if it is one.
    #[must_use]
    pub const fn ticks(self) -> Option<i64> {
        match self {
            Self::Ticks(ticks) => Some(ticks),
            Self::BasisPoints(_) => None,
        }
    }

    /// Returns the distance in percent, if it is one.
    #[must_use]
    pub fn percent(self) -> Option<f64> {
        match self {
            Self::Ticks(_) => None,
            Self::BasisPoints(bps) => Some(f64::from(bps) / 100.0),
        }
    }

    /// Returns the trigger behind a trade at `best`: above it for a buy, below it for a sale.
    #[must_use]
    pub fn trigger(self, side: Side, best: Price) -> Price {
        let ticks = match self {
            Self::Ticks(ticks) => ticks,
            Self::BasisPoints(bps) => {
                (best.ticks().saturating_abs().saturating_mul(i64::from(bps)) / i64::from(WHOLE_BPS)).max(1)
            }
        };
        best + side.sign() * ticks
    }
}

impl fmt::Display for TrailingDistance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ticks(ticks) => write!(f, "{ticks} ticks"),
            Self::BasisPoints(bps) => write!(f, "{}%", f64::from(bps) / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_toward_the_market_and_is_at_least_a_tick() {
        for (bps, best, sale, purchase) in [
            (500, 10_000, 9_500, 10_500),
            (500, 10_019, 9_519, 10_519),
            (1, 99_999, 99_990, 100_008),
            (1, 3, 2, 4),
            (9_999, 100, 1, 199),
            (1_000, 0, -1, 1),
            // A tenth of what oil cost in April 2020.
            (1_000, -3_763, -4_139, -3_387),
            (9_999, Price::MAX_TICKS, 109_951_163, 2_198_913_304_389),
        ] {
            let distance = TrailingDistance::BasisPoints(bps);
            let trigger = |side| distance.trigger(side, Price::new(best)).ticks();
            assert_eq!((trigger(Side::Sell), trigger(Side::Buy)), (sale, purchase), "{distance} of {best}");
        }
    }

    #[test]
    fn a_distance_of_nothing_or_of_all_is_not_legal() {
        use TrailingDistance::{BasisPoints, Ticks};
        for (distance, legal) in [
            (Ticks(0), false),
            (Ticks(1), true),
            (Ticks(Price::MAX_TICKS), true),
            (Ticks(Price::MAX_TICKS + 1), false),
            (BasisPoints(0), false),
            (BasisPoints(1), true),
            (BasisPoints(9_999), true),
            (BasisPoints(10_000), false),
            (BasisPoints(u32::MAX), false),
        ] {
            assert_eq!(distance.is_legal(), legal, "{distance}");
        }
    }
}
