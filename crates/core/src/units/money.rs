//! [`Money`], exact to ten decimal places, and [`FeeRate`].

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use super::decimal::Decimal;

/// An amount of the currency, in units of 10^-10 of it.
///
/// Ten places represent one tick times one lot of every usual contract exactly (0.01 times 0.00000001
/// included), and a tenth of a basis point of it. 128 bits have room for 10^28 currency units, so no sum over
/// a world overflows.
///
/// ```
/// use bearpit_core::units::Money;
///
/// let cash = Money::from_decimal("12.50".parse()?).ok_or("too fine")?;
/// assert_eq!((cash + Money::from_whole(1)).to_string(), "13.50");
/// assert_eq!(Money::from_decimal("0.00000000001".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Decimal places of the unit.
    pub const SCALE: u32 = 10;
    /// Units in one of the currency: 10^10.
    pub const UNITS: i128 = 10_i128.pow(Self::SCALE);

    /// Makes an amount of `units` of 10^-10.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// Makes an amount of whole currency units.
    #[must_use]
    pub const fn from_whole(whole: i64) -> Self {
        Self(whole as i128 * Self::UNITS)
    }

    /// Converts a decimal, or returns `None` if it has more than ten places or does not fit.
    #[must_use]
    pub fn from_decimal(decimal: Decimal) -> Option<Self> {
        decimal.scaled(Self::SCALE).map(Self)
    }

    /// Returns the number of units of 10^-10.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Returns the nearest `f64`, for analysis and decisions only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    pub fn to_f64(self) -> f64 {
        // Nearly all amounts fit 64 bits, which the processor itself makes a double.
        let units = i64::try_from(self.0).map_or_else(|_| self.0 as f64, |units| units as f64);
        units / Self::UNITS as f64
    }

    /// Returns `self * numerator / denominator`, rounded half away from zero.
    ///
    /// A `denominator` of zero gives zero.
    #[must_use]
    pub fn share(self, numerator: i128, denominator: i128) -> Self {
        if denominator == 0 {
            return Self::ZERO;
        }
        if let Some(units) = share_in_64_bits(self.0, numerator, denominator) {
            return Self(units);
        }
        // Quotient and remainder separately: the product of two large numbers would overflow 128 bits.
        let (quotient, remainder) = div_rem(self.0, denominator);
        Self(quotient * numerator + div_round(remainder * numerator, denominator))
    }

    /// Returns the larger of the two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }

    /// Returns the amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

/// Returns a share where all that is divided fits 64 bits, as it does of nearly all amounts: a division in
/// 128 bits costs several times as much.
fn share_in_64_bits(amount: i128, numerator: i128, denominator: i128) -> Option<i128> {
    let amount = i64::try_from(amount).ok()?;
    let numerator = i64::try_from(numerator).ok()?;
    let denominator = i64::try_from(denominator).ok().filter(|denominator| *denominator > 0)?;
    let remainder = (amount % denominator).checked_mul(numerator)?;
    let half = (denominator / 2).checked_mul(remainder.signum())?;
    let rounded = remainder.checked_add(half)? / denominator;
    Some(i128::from(amount / denominator) * i128::from(numerator) + i128::from(rounded))
}

/// Divides, rounding halves away from zero; `denominator` is not zero.
fn div_round(numerator: i128, denominator: i128) -> i128 {
    let half = denominator.abs() / 2;
    let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    sign * div_rem(numerator.abs() + half, denominator.abs()).0
}

/// Divides, and returns the remainder too; `denominator` is not zero.
fn div_rem(numerator: i128, denominator: i128) -> (i128, i128) {
    // Nearly all amounts fit 64 bits, where a division costs a fraction of one in 128 bits.
    match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => {
            (i128::from(numerator / denominator), i128::from(numerator % denominator))
        }
        _ => (numerator / denominator, numerator % denominator),
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<i128> for Money {
    type Output = Self;
    #[inline]
    fn mul(self, factor: i128) -> Self {
        // Nearly all fit 64 bits: one multiplication does, which cannot overflow.
        match (i64::try_from(self.0), i64::try_from(factor)) {
            (Ok(amount), Ok(factor)) => Self(i128::from(amount) * i128::from(factor)),
            _ => Self(self.0 * factor),
        }
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// Writes the exact amount with at least two places: `12.50`, `-0.0001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs() / Self::UNITS.unsigned_abs();
        let fraction = format!("{:010}", self.0.unsigned_abs() % Self::UNITS.unsigned_abs());
        let kept = fraction.trim_end_matches('0').len().max(2);
        f.pad(&format!("{sign}{whole}.{}", &fraction[..kept]))
    }
}

/// A fee as a share of notional: a positive rate is a cost, a negative one a rebate.
///
/// Stored in units of 10^-9 of notional; a basis point is 100,000 of them.
///
/// ```
/// use bearpit_core::units::{FeeRate, Money};
///
/// let rebate = FeeRate::from_bps("-0.1".parse()?).ok_or("too fine")?;
/// assert_eq!(rebate.of(Money::from_whole(10_000)).to_string(), "-0.10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeRate(i64);

impl FeeRate {
    /// No fee.
    pub const ZERO: Self = Self(0);
    /// Decimal places of a basis point that are kept.
    pub const BPS_SCALE: u32 = 5;
    const PER_NOTIONAL: i64 = 1_000_000_000;

    /// Converts a number of basis points, or returns `None` beyond five places or ±10,000 bps.
    #[must_use]
    pub fn from_bps(bps: Decimal) -> Option<Self> {
        let units = i64::try_from(bps.scaled(Self::BPS_SCALE)?).ok()?;
        (units.unsigned_abs() <= 1_000_000_000).then_some(Self(units))
    }

    /// Returns the fee on `notional`, rounded half away from zero to [`Money`]'s unit.
    #[must_use]
    pub fn of(self, notional: Money) -> Money {
        if self == Self::ZERO {
            return Money::ZERO;
        }
        let half = Self::PER_NOTIONAL / 2;
        let product = i64::try_from(notional.0).ok().and_then(|units| units.checked_mul(self.0));
        // Nearly always: what is divided fits 64 bits.
        if let Some(rounded) = product.and_then(|product| product.checked_add(half * product.signum())) {
            return Money(i128::from(rounded / Self::PER_NOTIONAL));
        }
        let (quotient, remainder) = div_rem(notional.0, i128::from(Self::PER_NOTIONAL));
        // Both are at most 10^9, so their product fits 64 bits.
        #[expect(clippy::cast_possible_truncation, reason = "a remainder is less than the divisor")]
        let product = remainder as i64 * self.0;
        let rounded = (product + half * product.signum()) / Self::PER_NOTIONAL;
        Money(quotient * i128::from(self.0) + i128::from(rounded))
    }

    /// Returns that share of a number of ticks, rounded up to a whole tick.
    pub(crate) fn ceil_of(self, ticks: i64) -> i64 {
        let per_notional = i128::from(Self::PER_NOTIONAL);
        let exact = i128::from(ticks) * i128::from(self.0);
        // A rate is at most one.
        i64::try_from((exact + per_notional - 1).div_euclid(per_notional)).unwrap_or(ticks)
    }

    /// Returns the larger of the two rates.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }

    /// Returns the rate in basis points.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rates are at most 10^9 units, exact in a double")]
    pub fn bps(self) -> f64 {
        self.0 as f64 / 100_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_shows_every_place_and_at_least_two() {
        assert_eq!(Money::from_units(125_000_000_000).to_string(), "12.50");
        assert_eq!(Money::from_units(-1).to_string(), "-0.0000000001");
        assert_eq!(Money::ZERO.to_string(), "0.00");
    }

    #[test]
    fn fee_rounds_half_away_from_zero() {
        let rate = FeeRate::from_bps("-0.1".parse().unwrap()).unwrap();
        assert_eq!(rate.of(Money::from_whole(100)).to_string(), "-0.001");
        assert_eq!(Money::from_units(5).share(1, 2), Money::from_units(3));
        assert_eq!(Money::from_units(-5).share(1, 2), Money::from_units(-3));
    }

    #[test]
    fn fee_rate_refuses_what_it_cannot_hold() {
        assert!(FeeRate::from_bps("0.000001".parse().unwrap()).is_none());
        assert!(FeeRate::from_bps("10001".parse().unwrap()).is_none());
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_a_share_is_the_nearest_whatever_its_size(
            amount in any::<i128>(),
            bits in 40..127_u32,
            numerator in -1_000_000_000..1_000_000_000_i128,
            denominator in prop_oneof![1..10_i128, Just(1_000_000_000)],
        ) {
            // Products up to 2^117, so that the check itself does not overflow.
            let amount = amount >> bits;
            let share = Money::from_units(amount).share(numerator, denominator).units();
            let off = (share * denominator - amount * numerator).abs();
            prop_assert!(2 * off <= denominator, "{amount} * {numerator} / {denominator} is not {share}");
        }

        #[test]
        fn prop_a_share_in_64_bits_is_the_same(
            amount in any::<i128>(),
            bits in 60..127_u32,
            numerator in any::<i64>(),
            fewer in 0..63_u32,
            denominator in prop_oneof![1..10_i64, 1..i64::MAX],
        ) {
            let (amount, numerator, denominator) =
                (amount >> bits, i128::from(numerator >> fewer), i128::from(denominator));
            if let Some(share) = share_in_64_bits(amount, numerator, denominator) {
                let (quotient, remainder) = (amount / denominator, amount % denominator);
                let wide = quotient * numerator + div_round(remainder * numerator, denominator);
                prop_assert_eq!(share, wide, "{} * {} / {}", amount, numerator, denominator);
            }
        }

        #[test]
        fn prop_a_fee_is_that_share_of_the_notional(
            amount in any::<i128>(),
            bits in 40..127_u32,
            rate in -1_000_000_000..=1_000_000_000_i64,
        ) {
            let notional = Money::from_units(amount >> bits);
            let share = notional.share(i128::from(rate), i128::from(FeeRate::PER_NOTIONAL));
            prop_assert_eq!(FeeRate(rate).of(notional), share);
        }
    }
}
