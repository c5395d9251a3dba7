//! [`ScriptConfig`]: the configuration of a scripted strategy.

use crate::script::runtime::source::ScriptSource;
use crate::script::value::limits::{OPERATIONS, RunLimits};
use crate::script::value::param::ParamValue;
use bearpit_core::units::ListingId;

/// What happens to a strategy that has failed; its entries are canceled in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// It keeps its position, and the exits of its brackets and its reduce-only orders go on protecting that.
    #[default]
    Halt,
    /// All its orders are canceled, and its positions are closed at the market.
    Flatten,
    /// All its orders are canceled, and the whole run ends with the error.
    Abort,
}

/// The configuration of a strategy written in Rhai.
///
/// # Examples
/// ```
/// use bearpit::script::{OnError, ParamValue, ScriptConfig, ScriptSource};
/// use bearpit::units::ListingId;
///
/// let text = "const SIZE = param(\"size\", 1);\nfn on_start() { buy(SIZE); }";
/// let source = ScriptSource::alone("buy.rhai", text);
/// let config = ScriptConfig {
///     params: vec![("size".to_owned(), ParamValue::Int(10))],
///     on_error: OnError::Flatten,
///     ..ScriptConfig::new(source, ListingId::new(0))
/// };
/// assert_eq!(config.operations, bearpit::script::OPERATIONS);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptConfig {
    /// The script, with what it imports.
    pub source: ScriptSource,
    /// The default listing of its functions.
    pub listing: ListingId,
    /// The parameters, in the order of the scenario.
    pub params: Vec<(String, ParamValue)>,
    /// What happens if it fails.
    pub on_error: OnError,
    /// The limit of operations per callback.
    pub operations: u64,
    /// What it may use over the whole run.
    pub run_limits: RunLimits,
}

impl ScriptConfig {
    /// A script without parameters that halts if it fails.
    #[must_use]
    pub const fn new(source: ScriptSource, listing: ListingId) -> Self {
        Self {
            source,
            listing,
            params: Vec::new(),
            on_error: OnError::Halt,
            operations: OPERATIONS,
            run_limits: RunLimits::DEFAULT,
        }
    }
}
