//! [`ScriptConfig`]: one scripted strategy, validated.

use crate::script::runtime::source::ScriptSource;
use crate::script::value::limits::OPERATIONS;
use crate::script::value::param::ParamValue;
use bearpit_core::units::ListingId;

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
