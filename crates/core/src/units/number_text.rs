//! [`NumberText`]: a number as people read it, in a message.

use std::fmt;

/// A number in a message: with its digits, or with an exponent where that would be a row of zeros.
///
/// ```
/// use bearpit_core::units::NumberText;
///
/// assert_eq!(NumberText(1_234.5).to_string(), "1234.5");
/// assert_eq!(NumberText(1e300).to_string(), "1e300");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberText(
    /// The number; it need not be finite.
    pub f64,
);

/// From here on, a double has no digits after the point.
const LONG_MIN: f64 = 1e16;
/// Below this, digits begin only after seven zeros.
const SMALL_MAX: f64 = 1e-7;

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        let is_plain = !size.is_finite() || size <= 0.0 || (SMALL_MAX..LONG_MIN).contains(&size);
        if is_plain { self.0.fmt(f) } else { write!(f, "{:e}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_a_row_of_zeros() {
        for (number, text) in [
            (0.0, "0"),
            (-0.25, "-0.25"),
            (1e-7, "0.0000001"),
            (1e-9, "1e-9"),
            (-1e300, "-1e300"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1.5e16, "1.5e16"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(NumberText(number).to_string(), text);
        }
    }
}
