//! Strategies as the outside sees them.

use std::collections::BTreeMap;

use bearpit::scenario::{UserOnError, UserScript};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::{AccountId, ClientOrderId, MarketTime, Number};
use crate::services::trading::{AccountSummary, PositionLine};

/// What happens to a strategy that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnErrorName {
    /// Its entries are canceled; its position stays, and so does what protects it.
    #[default]
    Halt,
    /// All its orders are canceled, and its positions closed at the market.
    Flatten,
}

/// The text of a strategy, and what it is started with.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptRequest {
    /// The script, in Rhai: the same as in a back-test.
    #[schema(max_length = 262_144, example = "fn on_start() { buy(1); }")]
    pub source: String,
    /// The texts of what it imports, by the names that it imports them by.
    #[serde(default)]
    pub modules: BTreeMap<String, String>,
    /// The market of its functions, as `ALFA` or `ALFA@PIT`; the first if none is named.
    pub symbol: Option<String>,
    /// Its parameters: numbers, texts, true or false.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub parameters: BTreeMap<String, Value>,
}

/// A strategy that is to be started.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyRequest {
    /// Its name, for its owner.
    #[schema(example = "crossover", min_length = 1, max_length = 64)]
    pub name: String,
    /// The script, in Rhai: the same as in a back-test.
    #[schema(max_length = 262_144, example = "fn on_start() { buy(1); }")]
    pub source: String,
    /// The texts of what it imports, by the names that it imports them by.
    #[serde(default)]
    pub modules: BTreeMap<String, String>,
    /// The market of its functions, as `ALFA` or `ALFA@PIT`; the first if none is named.
    pub symbol: Option<String>,
    /// Its parameters: numbers, texts, true or false.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub parameters: BTreeMap<String, Value>,
    /// The cash that it gets from one's account; in an account of a contest it trades with what is there, and
    /// gets none.
    pub cash: Option<Number>,
    /// What happens if it fails.
    #[serde(default)]
    pub on_error: OnErrorName,
    /// An id of one's own, 1 to 128 characters: the same strategy under the same id is started once, however
    /// often it is sent; another under it is a conflict.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub client_strategy_id: Option<ClientOrderId>,
}

/// The file of a strategy, in messages about it.
pub(super) const FILE: &str = "strategy.rhai";

impl StrategyRequest {
    /// Returns it as a journal has it.
    pub(super) fn script(&self) -> UserScript {
        let script = ScriptRequest {
            source: self.source.clone(),
            modules: self.modules.clone(),
            symbol: self.symbol.clone(),
            parameters: self.parameters.clone(),
        };
        let on_error = match self.on_error {
            OnErrorName::Halt => UserOnError::Halt,
            OnErrorName::Flatten => UserOnError::Flatten,
        };
        UserScript { on_error, ..script.script() }
    }
}

impl ScriptRequest {
    /// Returns it as a journal has it.
    pub(in crate::services) fn script(self) -> UserScript {
        let Self { source, modules, symbol, parameters } = self;
        UserScript { modules, market: symbol, params: parameters, ..UserScript::new(FILE, source) }
    }
}

/// How a strategy is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// Whether its positions are closed at the market.
    #[serde(default)]
    pub flatten: bool,
}

/// What a strategy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrategyStatusName {
    /// Its account is being opened.
    Starting,
    /// It trades.
    Running,
    /// It has failed today, and starts again on the next day.
    Failed,
    /// Its owner has ended it, or it could not be started.
    Stopped,
}

/// Strategies.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StrategiesView {
    /// One's own, the oldest first.
    pub strategies: Vec<StrategyView>,
}

/// A strategy.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StrategyView {
    /// Its id, which is that of its account.
    pub strategy_id: AccountId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub status: StrategyStatusName,
    /// Its market.
    pub symbol: Option<String>,
    /// The cash that it was given.
    pub cash: Number,
    /// What it is worth: cash and holdings; absent while its account is not open, or a holding has no price.
    pub equity: Option<Number>,
    /// The difference: what it has made, after fees.
    pub pnl: Option<Number>,
    /// How it failed, if it did today.
    pub failure: Option<String>,
    /// When it was started.
    pub created_at: String,
    /// When it was ended.
    pub ended_at: Option<String>,
}

/// A strategy with all that there is of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StrategyDetail {
    /// What it is.
    pub strategy: StrategyView,
    /// Its text.
    pub source: String,
    /// What it imports.
    pub modules: BTreeMap<String, String>,
    /// Its parameters.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub parameters: BTreeMap<String, Value>,
    /// Its account, while that is open.
    pub account: Option<AccountSummary>,
    /// What it holds.
    pub positions: Vec<PositionLine>,
}

/// The last lines of a strategy's log, the oldest first: at most a thousand are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StrategyLog {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// What to send as `after` for those that follow.
    pub next: Option<String>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogLine {
    /// Its number.
    pub number: String,
    /// When it was written.
    pub at: MarketTime,
    /// What it says.
    pub text: String,
    /// Whether it says how the strategy failed.
    pub is_failure: bool,
}

/// What a strategy has plotted today: of each of ten series at most the last thousand points.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StrategySeries {
    /// The series.
    pub series: Vec<SeriesView>,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeriesView {
    /// Its name.
    pub name: String,
    /// Its points, the oldest first.
    pub points: Vec<SeriesPoint>,
}

/// A point of a series.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeriesPoint {
    /// When.
    pub at: MarketTime,
    /// The number; null where there is a gap.
    pub value: Option<f64>,
}
