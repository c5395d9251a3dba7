//! What is wrong with a strategy: what `bearpit check` finds, and how it gets through a rehearsal.

use bearpit::mock::{MockConfig, rehearse};
use bearpit::scenario::{Scenario, UserScript, UserScriptError};
use bearpit::script::{Finding, ScriptError, check_params, compile, lint};
use bearpit_core::units::{Money, Price};
use serde::Serialize;
use utoipa::ToSchema;

/// What was found in a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StrategyCheck {
    /// Whether it can be started.
    pub is_valid: bool,
    /// What keeps it from being started.
    pub errors: Vec<FindingView>,
    /// What is suspicious.
    pub warnings: Vec<FindingView>,
    /// What it logged in its rehearsal: ten minutes in a market of its own.
    pub rehearsal_log: Vec<String>,
}

/// A finding, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingView {
    /// The file.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column, from one.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// How many lines of a rehearsal are shown.
const LOG_MAX: usize = 50;
/// The lowest price around which a rehearsal trades, in ticks.
const MID_MIN: i64 = 1_000;

/// Checks a strategy, and rehearses it if nothing is wrong; `mid` is a price of its market in ticks. This
/// takes up to some seconds of a core.
pub(super) fn check(
    script: &UserScript,
    scenario: &Scenario,
    cash: Money,
    mid: Option<i64>,
) -> StrategyCheck {
    let source = script.source();
    let linted = lint(&source);
    let (warnings, errors): (Vec<_>, Vec<_>) = linted.findings.into_iter().partition(|it| it.is_warning);
    let views = |findings: Vec<Finding>| findings.into_iter().map(|it| view(it.error)).collect();
    let mut checked = StrategyCheck {
        is_valid: false,
        errors: views(errors),
        warnings: views(warnings),
        rehearsal_log: Vec::new(),
    };
    if checked.errors.is_empty() {
        match rehearsed(script, scenario, cash, mid) {
            Ok(log) => (checked.is_valid, checked.rehearsal_log) = (true, log),
            Err(found) => checked.errors.push(*found),
        }
    }
    checked
}

fn rehearsed(
    script: &UserScript,
    scenario: &Scenario,
    cash: Money,
    mid: Option<i64>,
) -> Result<Vec<String>, Box<FindingView>> {
    let plain = |message: String| {
        let file = script.file.clone();
        Box::new(FindingView { file, line: 1, column: 1, message, help: None })
    };
    let params = script.given_params().map_err(|error: UserScriptError| plain(error.to_string()))?;
    let compiled = compile(&script.source()).map_err(|error| Box::new(view(error)))?;
    let complaints = check_params(&compiled, &params).map_err(|error| Box::new(view(error)))?;
    if let Some(complaint) = complaints.into_iter().next() {
        return Err(Box::new(FindingView { help: complaint.help, ..*plain(complaint.message) }));
    }
    let config = mock_config(script, scenario, cash).map(|config| MockConfig { params, ..config });
    let config = config.ok_or_else(|| plain("there is no such market".to_owned()))?;
    let outcome = rehearse(&compiled, &config, Price::new(mid.unwrap_or(MID_MIN).max(MID_MIN)));
    let outcome = outcome.map_err(|error| plain(error.to_string()))?;
    if let Some(error) = outcome.error {
        return Err(Box::new(view(error)));
    }
    if let Some(failure) = outcome.strategy {
        return Err(plain(format!("in a rehearsal: {failure}")));
    }
    Ok(outcome.log.into_iter().take(LOG_MAX).collect())
}

/// Returns a market like the scenario's, in the steps of the strategy's own, which comes first.
fn mock_config(script: &UserScript, scenario: &Scenario, cash: Money) -> Option<MockConfig> {
    let listings = scenario.venues.iter().flat_map(|venue| {
        venue.instruments.iter().map(|id| (&scenario.instruments[id.index()].instrument, venue.name.as_str()))
    });
    let mut listings: Vec<_> = listings.collect();
    let is_home = |(instrument, venue): &(&bearpit_core::market::Instrument, &str)| match &script.market {
        None => true,
        Some(market) => match market.split_once('@') {
            Some((symbol, at)) => instrument.symbol() == symbol && *venue == at,
            None => instrument.symbol() == market,
        },
    };
    let home = listings.iter().position(is_home)?;
    listings[..=home].rotate_right(1);
    let (instrument, _) = listings.first()?;
    Some(MockConfig {
        tick_size: instrument.tick_size(),
        lot_size: instrument.lot_size(),
        markets: listings.iter().map(|(it, venue)| (it.symbol().to_owned(), (*venue).to_owned())).collect(),
        cash,
        params: Vec::new(),
    })
}

fn view(error: ScriptError) -> FindingView {
    let ScriptError { file, line, column, message, help } = error;
    FindingView { file: file.display().to_string(), line, column, message, help }
}
