//! [`UserScript`]: a strategy with which its owner joins a live market.

use std::collections::BTreeMap;
use std::sync::Arc;

use bearpit_core::units::ListingId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::script::{
    Module, OnError, ParamValue, RunLimits, ScriptConfig, ScriptError, ScriptSource, USER_OPERATIONS,
    check_params, compile,
};

/// A strategy with which its owner joins a live market: what a journal has of it, as JSON, so that the day
/// can be replayed without any file.
///
/// ```
/// use bearpit::scenario::UserScript;
///
/// let script = UserScript::new("mine.rhai", "fn on_bar(bar) { if bar.close < 100 { buy(1); } }");
/// let text = script.to_json();
/// assert_eq!(UserScript::from_json(&text)?, script);
/// assert!(UserScript::from_json("{ \"file\": \"mine.rhai\" }").is_err());
/// # Ok::<(), bearpit::scenario::UserScriptError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserScript {
    /// The name of its file, for messages.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The texts of what it imports, by the names that it imports them by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, String>,
    /// The market of its functions, as `ACME` or `ACME@PIT`; the first of the scenario if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// Its parameters: numbers, texts, true or false.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// What happens if it fails.
    #[serde(default, skip_serializing_if = "is_halt")]
    pub on_error: UserOnError,
}

/// What happens to a user's strategy that has failed. It cannot end the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserOnError {
    /// As [`OnError::Halt`].
    #[default]
    Halt,
    /// As [`OnError::Flatten`].
    Flatten,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_halt(on_error: &UserOnError) -> bool {
    *on_error == UserOnError::Halt
}

/// Why a strategy cannot join.
#[derive(Debug, Error)]
pub enum UserScriptError {
    /// The description is no JSON, or not of a strategy.
    #[error("the description of the strategy: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no such market, or there are several.
    #[error("there is no market `{0}`, or several have that symbol: then write SYMBOL@VENUE")]
    NoMarket(String),
    /// A parameter is no number, text, true or false.
    #[error("the parameter `{0}` must be a number, a text, true or false")]
    Param(String),
    /// A parameter does not fit the script's declaration.
    #[error("{0}")]
    Complaint(String),
    /// The script does not compile.
    #[error("{0}")]
    Script(#[from] ScriptError),
}

impl UserScript {
    /// What it may write over a day: much less than a simulation's strategy, since a market has many.
    pub const LIMITS: RunLimits =
        RunLimits { lines: 100_000, rows: 1_000_000, bytes: 64 << 20, ..RunLimits::DEFAULT };

    /// A script without imports and parameters, for the first market.
    #[must_use]
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
            modules: BTreeMap::new(),
            market: None,
            params: BTreeMap::new(),
            on_error: UserOnError::Halt,
        }
    }

    /// Writes it as a journal has it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Fails for maps without texts as keys only.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`UserScriptError::Json`] if it is something else.
    pub fn from_json(text: &str) -> Result<Self, UserScriptError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Returns its text, with what it imports.
    #[must_use]
    pub fn source(&self) -> ScriptSource {
        let mut source = ScriptSource::alone(self.file.as_str(), self.text.as_str());
        let module = |(name, text): (&String, &String)| {
            let ScriptSource { file, text, .. } = ScriptSource::alone(format!("{name}.rhai"), text.as_str());
            (name.clone(), Module { file, text })
        };
        source.modules = self.modules.iter().map(module).collect();
        source
    }

    /// Returns its parameters.
    ///
    /// # Errors
    /// [`UserScriptError::Param`] if one is no number, text, true or false.
    pub fn given_params(&self) -> Result<Vec<(String, ParamValue)>, UserScriptError> {
        let read = |(name, value): (&String, &Value)| match param(value) {
            Some(value) => Ok((name.clone(), value)),
            None => Err(UserScriptError::Param(name.clone())),
        };
        self.params.iter().map(read).collect()
    }

    /// Checks it as a whole, and makes a trader's configuration of it. The same text gives the same.
    ///
    /// # Errors
    /// [`UserScriptError`]: the first thing that is wrong.
    pub(super) fn configure(&self, markets: &Markets) -> Result<ScriptConfig, UserScriptError> {
        let listing = markets.find(self.market.as_deref())?;
        let (source, params) = (self.source(), self.given_params()?);
        let compiled = compile(&source)?;
        if let Some(complaint) = check_params(&compiled, &params)?.into_iter().next() {
            return Err(UserScriptError::Complaint(complaint.message));
        }
        let on_error = match self.on_error {
            UserOnError::Halt => OnError::Halt,
            UserOnError::Flatten => OnError::Flatten,
        };
        let config = ScriptConfig::new(source, listing);
        Ok(ScriptConfig { params, on_error, run_limits: Self::LIMITS, operations: USER_OPERATIONS, ..config })
    }
}

fn param(value: &Value) -> Option<ParamValue> {
    match value {
        Value::Bool(value) => Some(ParamValue::Bool(*value)),
        Value::Number(number) => {
            let whole = number.as_i64().map(ParamValue::Int);
            whole.or_else(|| number.as_f64().map(ParamValue::Float))
        }
        Value::String(text) => Some(ParamValue::Text(text.as_str().into())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The names of a scenario's markets.
#[derive(Debug, Clone, Default)]
pub(super) struct Markets(pub(super) Arc<[MarketName]>);

/// The name of a market, in the order of ids.
#[derive(Debug, Clone)]
pub(super) struct MarketName {
    pub(super) symbol: String,
    pub(super) venue: String,
}

impl Markets {
    fn find(&self, wanted: Option<&str>) -> Result<ListingId, UserScriptError> {
        let no_market = || UserScriptError::NoMarket(wanted.unwrap_or_default().to_owned());
        let is_it = |name: &MarketName| match wanted.map(|it| it.split_once('@').ok_or(it)) {
            None => true,
            Some(Ok((symbol, venue))) => name.symbol == symbol && name.venue == venue,
            Some(Err(symbol)) => name.symbol == symbol,
        };
        let ids = (0..).map(ListingId::new);
        let mut found = ids.zip(self.0.iter()).filter(|(_, name)| is_it(name)).map(|(id, _)| id);
        let first = found.next().ok_or_else(no_market)?;
        if wanted.is_some() && found.next().is_some() { Err(no_market()) } else { Ok(first) }
    }
}
