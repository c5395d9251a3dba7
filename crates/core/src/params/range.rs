//! Ranges of numbers and of durations, and how messages name them.

use std::fmt;

use crate::units::{NumberText, SimDuration};

/// A range of finite numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberRange {
    /// The least number.
    pub min: f64,
    /// The greatest number, which is part of the range; [`f64::MAX`] if there is none.
    pub max: f64,
    /// Whether `min` itself is outside the range.
    pub excludes_min: bool,
}

impl NumberRange {
    /// Every finite number.
    pub const ANY: Self = Self { min: f64::MIN, max: f64::MAX, excludes_min: false };

    /// The numbers greater than `min`.
    #[must_use]
    pub const fn above(min: f64) -> Self {
        Self { min, max: f64::MAX, excludes_min: true }
    }

    /// The numbers from `min` up.
    #[must_use]
    pub const fn at_least(min: f64) -> Self {
        Self { min, max: f64::MAX, excludes_min: false }
    }

    /// The numbers from `min` to `max`, both included.
    #[must_use]
    pub const fn between(min: f64, max: f64) -> Self {
        Self { min, max, excludes_min: false }
    }

    /// Returns whether a number lies in the range; one that is not finite never does.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        let above_min = if self.excludes_min { value > self.min } else { value >= self.min };
        value.is_finite() && above_min && value <= self.max
    }
}

impl fmt::Display for NumberRange {
    /// Writes `above 0`, `at or above 0`, `from 0 to 1`, or `finite` for [`NumberRange::ANY`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, excludes_min } = *self;
        let (is_open_below, is_open_above) = (min <= f64::MIN, max >= f64::MAX);
        let (min, max) = (NumberText(min), NumberText(max));
        match (is_open_below, is_open_above, excludes_min) {
            (true, true, _) => f.write_str("finite"),
            (_, true, true) => write!(f, "above {min}"),
            (_, true, false) => write!(f, "at or above {min}"),
            (_, false, true) => write!(f, "above {min}, up to {max}"),
            (_, false, false) => write!(f, "from {min} to {max}"),
        }
    }
}

/// A range of durations, open above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationRange {
    /// Any duration, zero included.
    AnyLength,
    /// Durations above zero.
    Positive,
    /// Durations from this one up.
    AtLeast(SimDuration),
}

impl DurationRange {
    /// Returns whether a duration lies in the range.
    #[must_use]
    pub fn contains(&self, span: SimDuration) -> bool {
        match self {
            Self::AnyLength => span >= SimDuration::ZERO,
            Self::Positive => span > SimDuration::ZERO,
            Self::AtLeast(min) => span >= *min,
        }
    }
}

impl fmt::Display for DurationRange {
    /// Writes `at or above 0s`, `above 0` or `at least 1ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyLength => f.write_str("at or above 0s"),
            Self::Positive => f.write_str("above 0"),
            Self::AtLeast(min) => write!(f, "at least {min}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_in_or_out_as_the_range_says() {
        assert!(!NumberRange::above(0.0).contains(0.0) && NumberRange::above(0.0).contains(1e-300));
        assert!(NumberRange::between(0.0, 1.0).contains(0.0) && NumberRange::between(0.0, 1.0).contains(1.0));
        assert!(!NumberRange::ANY.contains(f64::NAN) && !NumberRange::ANY.contains(f64::INFINITY));
        assert!(DurationRange::AnyLength.contains(SimDuration::ZERO));
        assert!(!DurationRange::Positive.contains(SimDuration::ZERO));
        let step = DurationRange::AtLeast(SimDuration::from_millis(1));
        assert!(step.contains(SimDuration::from_millis(1)) && !step.contains(SimDuration::from_micros(999)));
    }

    #[test]
    fn a_range_is_written_as_messages_name_it() {
        let written = [
            NumberRange::above(0.0),
            NumberRange::at_least(0.0),
            NumberRange::between(0.0, 1.0),
            NumberRange { excludes_min: true, ..NumberRange::between(0.0, 1.0) },
            NumberRange::ANY,
        ];
        let written = written.map(|range| range.to_string());
        assert_eq!(written, ["above 0", "at or above 0", "from 0 to 1", "above 0, up to 1", "finite"]);
        assert_eq!(DurationRange::AtLeast(SimDuration::from_millis(1)).to_string(), "at least 1ms");
    }
}
