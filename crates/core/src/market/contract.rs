//! [`Contract`]: what a trade of an instrument settles, and when.

use crate::units::{Decimal, InstrumentId, Money, SimDuration};

/// What a trade of an instrument settles, and when.
///
/// A trade of a future moves no money but fees: what a position gains or loses is paid when it is closed, and
/// at each settlement before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Contract {
    /// The thing itself, against its price, at once.
    #[default]
    Spot,
    /// A future that is marked to market once a day.
    Future(DailySettlement),
    /// A future without an end, whose price is held near an index by what its sides pay each other.
    Perpetual(FundingTerms),
}

/// When a future is marked to market: what positions have gained since the last time is paid, what they have
/// lost is taken (the variation margin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DailySettlement {
    /// The time of day, from midnight: from zero, below 24 hours.
    pub time_of_day: SimDuration,
}

/// How the sides of a perpetual pay each other.
///
/// Every minute the premium is sampled: by how much the contract's mark is above the index, as a share of
/// that. With the mean P of the samples since the last funding, and the interest I, the rate is
/// P + clamp(I - P, -band, band), within the cap. Where it is positive, whoever holds the contract pays that
/// share of what it is worth to whoever has sold it; where it is negative, the other way.
///
/// That is how the exchanges of cryptocurrencies define it: their published contract specifications have an
/// interest of 0.01 % and a band of 0.05 % for each eight hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FundingTerms {
    /// The instrument whose mark is the index; the contract's own value by its process if absent.
    pub index: Option<InstrumentId>,
    /// The time between two payments, which are at its multiples from midnight; above zero.
    pub interval: SimDuration,
    /// The rate while the contract is at its index.
    pub interest: FundingRate,
    /// By how much the rate may be moved from the premium towards the interest; not below zero.
    pub band: FundingRate,
    /// The most that the rate may be, in either direction; not below zero.
    pub cap: FundingRate,
}

impl FundingTerms {
    /// Returns the rate that follows from a mean premium.
    ///
    /// ```
    /// use bearpit_core::market::{FundingRate, FundingTerms};
    /// use bearpit_core::units::SimDuration;
    ///
    /// let rate = |parts| FundingRate::new(parts).expect("a rate in range");
    /// let terms = FundingTerms {
    ///     index: None,
    ///     interval: SimDuration::from_secs(8 * 3_600),
    ///     interest: rate(10_000),
    ///     band: rate(50_000),
    ///     cap: rate(750_000),
    /// };
    /// // A premium of 0.02 % is within the band around the interest of 0.01 %, one of 0.10 % is above it.
    /// assert_eq!(terms.rate(rate(20_000)).to_string(), "0.0001");
    /// assert_eq!(terms.rate(rate(100_000)).to_string(), "0.0005");
    /// assert_eq!(terms.rate(rate(2_000_000)).to_string(), "0.0075");
    /// ```
    #[must_use]
    pub fn rate(&self, premium: FundingRate) -> FundingRate {
        let towards = (self.interest.0 - premium.0).clamp(-self.band.0, self.band.0);
        FundingRate((premium.0 + towards).clamp(-self.cap.0, self.cap.0))
    }
}

/// A share that the sides of a perpetual pay each other, in parts of 10^-8: at most all of it, in either
/// direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FundingRate(i64);

impl FundingRate {
    /// How many parts a whole has.
    pub const PARTS: i64 = 100_000_000;

    const PLACES: u32 = 8;

    /// Makes a rate of so many parts; `None` beyond a whole.
    #[must_use]
    pub const fn new(parts: i64) -> Option<Self> {
        if parts < -Self::PARTS || parts > Self::PARTS { None } else { Some(Self(parts)) }
    }

    /// Returns the rate that a decimal number says; `None` if it has more than eight places or is beyond a
    /// whole.
    #[must_use]
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        value.scaled(Self::PLACES).and_then(|parts| i64::try_from(parts).ok()).and_then(Self::new)
    }

    /// Returns the premium of a price over another, to the nearest part and within a whole; `None` unless
    /// both are above zero.
    #[must_use]
    pub fn premium(price: f64, over: f64) -> Option<Self> {
        if !(price > 0.0 && over > 0.0) {
            return None;
        }
        let parts = libm::round((price - over) / over * Self::PARTS as f64);
        #[expect(clippy::cast_possible_truncation, reason = "within 10^8")]
        let parts = parts.clamp(-(Self::PARTS as f64), Self::PARTS as f64) as i64;
        Some(Self(parts))
    }

    /// Returns how many parts it has.
    #[must_use]
    pub const fn parts(self) -> i64 {
        self.0
    }

    /// Returns the rate as an exact decimal.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(i128::from(self.0), Self::PLACES)
    }

    /// Returns the share of an amount, rounded half away from zero to the unit of money.
    #[must_use]
    pub fn of(self, amount: Money) -> Money {
        amount.share(i128::from(self.0), i128::from(Self::PARTS))
    }
}

impl std::fmt::Display for FundingRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.decimal().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(parts: i64) -> FundingRate {
        FundingRate::new(parts).unwrap()
    }

    #[test]
    fn a_premium_is_to_the_nearest_part_and_within_a_whole() {
        assert_eq!(FundingRate::premium(100.1, 100.0), Some(rate(100_000)));
        assert_eq!(FundingRate::premium(99.95, 100.0), Some(rate(-50_000)));
        assert_eq!(FundingRate::premium(1_000.0, 1.0), Some(rate(FundingRate::PARTS)));
        for (price, over) in [(0.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN), (-1.0, 1.0)] {
            assert_eq!(FundingRate::premium(price, over), None, "{price} over {over}");
        }
    }

    #[test]
    fn the_rate_is_drawn_towards_the_interest_within_the_band() {
        let hours = SimDuration::from_secs(8 * 3_600);
        let (interest, band, cap) = (rate(10_000), rate(50_000), rate(300_000));
        let terms = FundingTerms { index: None, interval: hours, interest, band, cap };
        for (premium, expected) in [
            (10_000, 10_000),
            (60_000, 10_000),
            (-40_000, 10_000),
            (60_001, 10_001),
            (-40_001, 9_999),
            (350_000, 300_000),
            (350_001, 300_000),
            (-350_001, -300_000),
        ] {
            assert_eq!(terms.rate(rate(premium)), rate(expected), "{premium}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(FundingRate::from_decimal("0.0001".parse().unwrap()), Some(rate(10_000)));
        assert_eq!(FundingRate::from_decimal("-1".parse().unwrap()), Some(rate(-FundingRate::PARTS)));
        for wrong in ["0.000000001", "1.1", "-2"] {
            assert_eq!(FundingRate::from_decimal(wrong.parse().unwrap()), None, "{wrong}");
        }
        assert_eq!(rate(-7_500).of(Money::from_whole(30_000)).to_string(), "-2.25");
    }
}
