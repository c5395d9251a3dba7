//! [`Decimal`]: an exact decimal number, from which ticks, lots, money and fees are read.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An exact decimal: `mantissa` times 10^-`scale`, without trailing zeros in the fraction.
///
/// ```
/// use bearpit_core::units::{Decimal, DecimalError};
///
/// let price: Decimal = "100.02".parse()?;
/// assert_eq!(price.in_units_of("0.01".parse()?), Some(10_002));
/// assert_eq!(price.in_units_of("0.05".parse()?), None);
/// assert!(matches!("1e5".parse::<Decimal>(), Err(DecimalError::Malformed(_))));
/// # Ok::<(), DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Why a text is not a decimal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// The text is empty, or has a character that no decimal has.
    #[error("`{0}` is not a decimal number such as 0.01 or 1_000_000")]
    Malformed(String),
    /// The number has more digits than fit.
    #[error("`{0}` has more than 28 digits")]
    TooLong(String),
}

/// All integers up to this size are doubles: 2^53.
const EXACT_MAX: u64 = 1 << 53;

/// The powers of ten that are doubles exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

impl Decimal {
    /// Makes `mantissa` times 10^-`scale`.
    #[must_use]
    pub const fn new(mantissa: i128, scale: u32) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// Returns the number of places after the point.
    #[must_use]
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// Returns the number as an integer of 10^-`scale`, or `None` if it is not one or overflows.
    #[must_use]
    pub fn scaled(self, scale: u32) -> Option<i128> {
        let up = scale.checked_sub(self.scale)?;
        self.mantissa.checked_mul(10_i128.checked_pow(up)?)
    }

    /// Returns whether the number is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// Returns how many `unit`s the number is, or `None` if it is not a multiple.
    #[must_use]
    pub fn in_units_of(self, unit: Self) -> Option<i64> {
        let scale = self.scale.max(unit.scale);
        let (value, unit) = (self.scaled(scale)?, unit.scaled(scale)?);
        if unit == 0 || value % unit != 0 {
            return None;
        }
        i64::try_from(value / unit).ok()
    }

    /// Returns the product, or `None` on overflow.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Some(Self::new(self.mantissa.checked_mul(other.mantissa)?, self.scale + other.scale))
    }

    /// Returns the nearest `f64`.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.exact_quotient().unwrap_or_else(|| self.to_string().parse().unwrap_or(f64::NAN))
    }

    /// Returns the nearest `f64` if mantissa and power of ten are doubles exactly: then their quotient is
    /// correctly rounded, as Rust's parser is. Beyond that a division of doubles would not be.
    fn exact_quotient(self) -> Option<f64> {
        let mantissa = i64::try_from(self.mantissa).ok().filter(|it| it.unsigned_abs() <= EXACT_MAX)?;
        let power = POWERS_OF_TEN.get(usize::try_from(self.scale).ok()?)?;
        #[expect(clippy::cast_precision_loss, reason = "at most 2^53 in size, which is exact")]
        Some(mantissa as f64 / power)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `[+-]digits[.digits]`; underscores may separate digits.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let malformed = || DecimalError::Malformed(text.to_owned());
        let body = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
        let dangling = body.ends_with('.') || body.starts_with('.');
        let digits: String = [whole, fraction].concat().chars().filter(|c| *c != '_').collect();
        if dangling || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed());
        }
        if whole.starts_with('_') || whole.ends_with('_') || fraction.contains('_') {
            return Err(malformed());
        }
        if digits.trim_start_matches('0').len() > 28 || fraction.len() > 28 {
            return Err(DecimalError::TooLong(text.to_owned()));
        }
        let magnitude: i128 = digits.parse().map_err(|_| malformed())?;
        let scale = u32::try_from(fraction.len()).map_err(|_| malformed())?;
        Ok(Self::new(if text.starts_with('-') { -magnitude } else { magnitude }, scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = format!("{:0>1$}", self.mantissa.unsigned_abs(), self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        if fraction.is_empty() {
            f.pad(&format!("{sign}{whole}"))
        } else {
            f.pad(&format!("{sign}{whole}.{fraction}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn text_survives_a_round_trip_in_canonical_form() {
        for (text, shown) in [("0.01", "0.01"), ("-1.50", "-1.5"), ("1_000_000", "1000000"), ("007", "7")] {
            assert_eq!(decimal(text).to_string(), shown);
        }
    }

    #[test]
    fn malformed_text_is_an_error() {
        for text in ["", "-", ".5", "5.", "1e3", "1,000", "nan", "1__", "_1", "1.0_0", "٣"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
        assert!(matches!("1".repeat(29).parse::<Decimal>(), Err(DecimalError::TooLong(_))));
    }

    #[test]
    fn multiples_are_counted_exactly() {
        assert_eq!(decimal("100.25").in_units_of(decimal("0.01")), Some(10_025));
        assert_eq!(decimal("100.255").in_units_of(decimal("0.01")), None);
        assert_eq!(decimal("3").in_units_of(decimal("0.75")), Some(4));
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_the_double_is_the_one_that_the_text_is_read_as(
            mantissa in prop_oneof![
                any::<i64>().prop_map(i128::from),
                -(1_i128 << 54)..(1_i128 << 54),
                any::<i128>(),
                -1_000_000_i128..1_000_000,
            ],
            scale in 0_u32..30,
        ) {
            let decimal = Decimal::new(mantissa, scale);
            let read: f64 = decimal.to_string().parse().unwrap();
            prop_assert_eq!(decimal.to_f64().to_bits(), read.to_bits());
        }
    }
}
