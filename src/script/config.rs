//! [`ScriptConfig`]: one scripted strategy, validated.

use std::fmt;

use bearpit_core::units::ListingId;

use super::limits::OPERATIONS;
use super::source::ScriptSource;

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

/// What becomes of a strategy that has failed; its orders are canceled in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// It keeps its position.
    #[default]
    Halt,
    /// Its positions are closed at the market.
    Flatten,
    /// The whole run ends with the error.
    Abort,
}

/// A strategy written in Rhai.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptConfig {
    /// The script, with what it imports.
    pub source: ScriptSource,
    /// The listing that functions without a listing mean.
    pub listing: ListingId,
    /// The parameters, in the order of the scenario.
    pub params: Vec<(String, ParamValue)>,
    /// What becomes of it if it fails.
    pub on_error: OnError,
    /// How many operations each of its callbacks may take.
    pub operations: u64,
}

impl ScriptConfig {
    /// A script without parameters, that halts if it fails.
    #[must_use]
    pub const fn new(source: ScriptSource, listing: ListingId) -> Self {
        let (on_error, operations) = (OnError::Halt, OPERATIONS);
        Self { source, listing, params: Vec::new(), on_error, operations }
    }
}
