//! Arithmetic between plain numbers, with the results that Rhai has.

use rhai::{Dynamic, Token};

/// A plain number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Broken(f64),
    Whole(i64),
}

/// An operator between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

impl Number {
    pub(crate) fn of(value: &Dynamic) -> Option<Self> {
        let broken = value.as_float().ok().map(Self::Broken);
        broken.or_else(|| value.as_int().ok().map(Self::Whole))
    }

    #[expect(clippy::cast_precision_loss, reason = "Rhai too takes the nearest double of a whole number")]
    const fn to_f64(self) -> f64 {
        match self {
            Self::Broken(broken) => broken,
            Self::Whole(whole) => whole as f64,
        }
    }
}

impl From<Number> for Dynamic {
    fn from(number: Number) -> Self {
        match number {
            Number::Broken(broken) => Self::from_float(broken),
            Number::Whole(whole) => Self::from_int(whole),
        }
    }
}

impl Operator {
    pub(super) fn of(token: &Token) -> Option<Self> {
        Some(match token {
            Token::Plus => Self::Add,
            Token::Minus => Self::Subtract,
            Token::Multiply => Self::Multiply,
            Token::Divide => Self::Divide,
            Token::LessThan => Self::Less,
            Token::LessThanEqualsTo => Self::AtMost,
            Token::GreaterThan => Self::Greater,
            Token::GreaterThanEqualsTo => Self::AtLeast,
            Token::EqualsTo => Self::Equal,
            Token::NotEqualsTo => Self::Unequal,
            _ => return None,
        })
    }

    /// Returns the operator that an assignment such as `+=` is made with.
    pub(crate) fn of_assignment(text: &str) -> Option<Self> {
        Some(match text {
            "+=" => Self::Add,
            "-=" => Self::Subtract,
            "*=" => Self::Multiply,
            "/=" => Self::Divide,
            _ => return None,
        })
    }

    /// Returns the result on two numbers, if there is one.
    pub(crate) fn on(self, left: Number, right: Number) -> Option<Dynamic> {
        match self.number_on(left, right) {
            Some(number) => Some(number.into()),
            None => self.holds(left, right).map(Dynamic::from_bool),
        }
    }

    /// Returns the result, if it is a number.
    pub(super) fn number_on(self, left: Number, right: Number) -> Option<Number> {
        if let (Number::Whole(left), Number::Whole(right)) = (left, right) {
            let whole = match self {
                Self::Add => left.checked_add(right),
                Self::Subtract => left.checked_sub(right),
                Self::Multiply => left.checked_mul(right),
                Self::Divide => left.checked_div(right),
                _ => None,
            };
            return whole.map(Number::Whole);
        }
        let (left, right) = (left.to_f64(), right.to_f64());
        Some(Number::Broken(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            _ => return None,
        }))
    }

    /// Tells whether a comparison holds.
    fn holds(self, left: Number, right: Number) -> Option<bool> {
        if let (Number::Whole(left), Number::Whole(right)) = (left, right) {
            return Some(match self {
                Self::Less => left < right,
                Self::AtMost => left <= right,
                Self::Greater => left > right,
                Self::AtLeast => left >= right,
                Self::Equal => left == right,
                Self::Unequal => left != right,
                _ => return None,
            });
        }
        // Broken numbers count as equal if they are as near as two doubles can be.
        let (left, right) = (left.to_f64(), right.to_f64());
        let scale = if left * right == 0.0 { 1.0 } else { left.abs().max(right.abs()) };
        // No number beside a zero; Rhai takes them for equal.
        let more = if scale == 0.0 { 0.0 } else { (left - right) / scale };
        Some(match self {
            Self::Less => more < -f64::EPSILON,
            Self::AtMost => more < f64::EPSILON,
            Self::Greater => more > f64::EPSILON,
            Self::AtLeast => more > -f64::EPSILON,
            Self::Equal => more.abs() <= f64::EPSILON,
            Self::Unequal => more.abs() > f64::EPSILON,
            _ => return None,
        })
    }
}
