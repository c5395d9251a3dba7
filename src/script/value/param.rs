//! Parameters of a strategy: values, declarations and what is wrong with a value.

use std::fmt;

/// A value of a strategy's parameter, as a scenario gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; finite.
    Float(f64),
    /// A text.
    Text(String),
}

impl ParamValue {
    /// Returns what kind of value it is, for messages.
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
    /// What it is, in a sentence; may be empty.
    pub about: String,
    /// The line of the declaration, from 1.
    pub line: usize,
}

/// Which values of a parameter are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamRange {
    /// All of its type.
    Any,
    /// Whole numbers from the first to the last, both included.
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
            Self::Number(low, high) => write!(f, "{low} to {high}"),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&words.join(", "))
            }
        }
    }
}

/// Says what is wrong with a parameter that a scenario gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamComplaint {
    /// The parameter.
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
}

impl ParamDeclaration {
    /// Returns a value as one of the parameter's type, or says why it is none.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the parameter.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number beyond 2^53 is nothing to be exact about here"
    )]
    pub fn check(&self, value: &ParamValue) -> Result<ParamValue, String> {
        let value = match (&self.default, value) {
            (ParamValue::Float(_), ParamValue::Int(whole)) => ParamValue::Float(*whole as f64),
            _ => value.clone(),
        };
        if std::mem::discriminant(&value) != std::mem::discriminant(&self.default) {
            return Err(format!("is {}, but must be {}", value.kind(), self.default.kind()));
        }
        let fits = match (&self.range, &value) {
            (ParamRange::Whole(low, high), ParamValue::Int(it)) => low <= it && it <= high,
            (ParamRange::Number(low, high), ParamValue::Float(it)) => low <= it && it <= high,
            (ParamRange::Choice(words), ParamValue::Text(it)) => words.contains(it),
            _ => true,
        };
        if fits { Ok(value) } else { Err(format!("is {value}, but must be in the range {}", self.range)) }
    }
}
