//! What strategies record: numbers of a series, and rows of their own tables.

use std::sync::Arc;

/// A finite number; equal ones have equal bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finite(f64);

/// Only NaN is not equal to itself, and is not finite.
impl Eq for Finite {}

impl Finite {
    /// Takes a number, or returns `None` if it is infinite or NaN.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero makes a negative zero a positive one.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// One value of a recorded row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float; absent if it was not finite.
    Float(Option<Finite>),
    /// Text.
    Text(Arc<str>),
}

impl Cell {
    /// Returns the name of its kind, as recorded.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
        }
    }

    /// Returns the value as a number: 0 or 1 for no and yes, the nearest double of an integer, nothing
    /// for text.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a number to read; the exact one is text")]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => value.map(Finite::get),
            Self::Text(_) => None,
        }
    }
}

/// A row of a strategy's table: column names and values, in the order given.
pub type Row = Arc<[(Arc<str>, Cell)]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_no_number() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Finite::new(value), None);
        }
        assert_eq!(Finite::new(-0.0).unwrap().get().to_bits(), 0.0_f64.to_bits());
        assert_eq!(Finite::new(f64::MIN_POSITIVE).unwrap().get().to_bits(), f64::MIN_POSITIVE.to_bits());
    }
}
