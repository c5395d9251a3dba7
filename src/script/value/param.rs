//! Parameters of a strategy: values, declarations, and complaints about values.

use bearpit_core::units::NumberText;
use std::fmt;

/// A value of a strategy's parameter, as a scenario gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite float.
    Float(f64),
    /// A text.
    Text(String),
}

impl ParamValue {
    /// Returns the kind of the value, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// A parameter as a script declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDeclaration {
    /// Its name.
    pub name: String,
    /// Its value where a scenario gives none; its type is the parameter's.
    pub default: ParamValue,
    /// Which values are allowed.
    pub range: ParamRange,
    /// Its description, a sentence; may be empty.
    pub about: String,
    /// The line of the declaration, from 1.
    pub line: usize,
}

/// Which values of a parameter are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamRange {
    /// All values of its type.
    Any,
    /// Integers from the first to the last, both included.
    Whole(i64, i64),
    /// Numbers from the first to the last, both included.
    Number(f64, f64),
    /// One of these texts.
    Choice(Vec<String>),
}

impl fmt::Display for ParamRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Whole(low, high) => write!(f, "{low} to {high}"),
            Self::Number(low, high) => write!(f, "{} to {}", NumberText(*low), NumberText(*high)),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&words.join(", "))
            }
        }
    }
}

/// Why a value is not allowed for a parameter; its text is the rest of a sentence that begins with the
/// parameter.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParamMismatch {
    /// It is of another kind.
    #[error("is {given}, but must be {wanted}")]
    Kind {
        /// The kind of the value, in words.
        given: &'static str,
        /// The kind of the parameter, in words.
        wanted: &'static str,
    },
    /// It is outside of the range.
    #[error("is {given}, but must be in the range {allowed}")]
    Range {
        /// The value.
        given: ParamValue,
        /// What is allowed.
        allowed: ParamRange,
    },
}

/// What is wrong with a parameter in a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamComplaint {
    /// The parameter.
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// A suggestion how to fix it.
    pub help: Option<String>,
}

impl ParamDeclaration {
    /// Converts a value to the parameter's type, and checks that it is in the range.
    ///
    /// # Errors
    /// [`ParamMismatch`] if it is not allowed.
    #[expect(clippy::cast_precision_loss, reason = "an integer beyond 2^53 need not be exact here")]
    pub fn check(&self, value: &ParamValue) -> Result<ParamValue, ParamMismatch> {
        let value = match (&self.default, value) {
            (ParamValue::Float(_), ParamValue::Int(whole)) => ParamValue::Float(*whole as f64),
            _ => value.clone(),
        };
        if std::mem::discriminant(&value) != std::mem::discriminant(&self.default) {
            return Err(ParamMismatch::Kind { given: value.kind(), wanted: self.default.kind() });
        }
        let fits = match (&self.range, &value) {
            (ParamRange::Whole(low, high), ParamValue::Int(it)) => low <= it && it <= high,
            (ParamRange::Number(low, high), ParamValue::Float(it)) => low <= it && it <= high,
            (ParamRange::Choice(words), ParamValue::Text(it)) => words.contains(it),
            _ => true,
        };
        if fits { Ok(value) } else { Err(ParamMismatch::Range { given: value, allowed: self.range.clone() }) }
    }
}
