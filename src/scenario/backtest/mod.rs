//! From a script and files of historical data to the text of a scenario that backtests it.
//!
//! What a scenario must say of files is found in them: tick and lot (`grid`), interval and session
//! (`calendar`), first and last instant. The text has comments that say where each value comes from, and is
//! read like any other scenario (`document`, `text`).

mod calendar;
mod document;
mod error;
mod grid;
mod market;
mod text;

use std::path::{Path, PathBuf};

use self::calendar::{DAY, Grid};
use self::document::Document;
use self::market::{Market, Within};
use super::document::Override;
use crate::data::Zone;
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Decimal, SimDuration, SimTime};

pub use error::BacktestError;
pub use market::{BacktestData, FoundMarket};
pub use text::path_from;

/// What a backtest is asked for.
#[derive(Debug, Clone)]
pub struct BacktestConfig {
    /// The strategy.
    pub script: PathBuf,
    /// The instruments, with their files; at least one.
    pub data: Vec<BacktestData>,
    /// The scenario's name; of strategy and instruments if `None`.
    pub name: Option<String>,
    /// The strategy's cash, above 0.
    pub cash: Decimal,
    /// What each fill costs, in basis points of its notional.
    pub fee_bps: Decimal,
    /// The share of a bar's volume, or of a trade or quote, that the strategy can have: above 0, at most 1.
    pub participation: Option<Decimal>,
    /// The first instant, if not that of the data.
    pub from: Option<SimTime>,
    /// The last instant, if not that of the data.
    pub to: Option<SimTime>,
    /// The zone of the scenario's clock, by its name.
    pub zone: Option<(String, Zone)>,
    /// The interval of bars, if not that of the data.
    pub bars: Option<BarInterval>,
    /// Tick size of all instruments, if not that of the data.
    pub tick_size: Option<Decimal>,
    /// Lot size of all instruments, if not that of the data.
    pub lot_size: Option<Decimal>,
}

/// A scenario in the making.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::scenario::{Backtest, BacktestConfig, BacktestData, Scenario};
///
/// let data = BacktestData::of(Path::new("SPX=scenarios/data/sp500_daily.csv"));
/// let config = BacktestConfig::new("strategies/sma_cross.rhai", vec![data]);
/// let backtest = Backtest::plan(&config)?;
/// let market = &backtest.markets()[0];
/// assert_eq!((market.tick_size.to_string(), market.interval), ("0.01".to_owned(), Some("1d".parse()?)));
/// let scenario = Scenario::from_text(Path::new("mine.toml"), &backtest.text(Path::new("")), &[])?;
/// assert_eq!(scenario.name, "sma_cross-SPX");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Backtest {
    config: BacktestConfig,
    markets: Vec<Market>,
    found: Vec<FoundMarket>,
    time: Timing,
    changes: Vec<Override>,
}

/// When a scenario begins and ends, and its intervals.
#[derive(Debug, Clone)]
struct Timing {
    start: SimTime,
    end: SimTime,
    bars: String,
    anchor: SimDuration,
    sample: SimDuration,
    /// Whole bars of this length lie within an interval each; `None` without files of bars.
    bar_max: Option<SimDuration>,
    /// How many rows a year has, where rows are further apart than days.
    periods_per_year: Option<Decimal>,
}

impl BacktestConfig {
    /// Asks for a backtest with 100,000 of cash and without fees, over all of the data.
    #[must_use]
    pub fn new(script: impl Into<PathBuf>, data: Vec<BacktestData>) -> Self {
        Self {
            script: script.into(),
            data,
            name: None,
            cash: Decimal::new(100_000, 0),
            fee_bps: Decimal::new(0, 0),
            participation: None,
            from: None,
            to: None,
            zone: None,
            bars: None,
            tick_size: None,
            lot_size: None,
        }
    }

    /// Returns the name that the strategy has in the scenario: that of its file.
    #[must_use]
    pub fn agent(&self) -> String {
        agent_name(&self.script)
    }
}

/// Returns the name that a strategy has in a scenario: that of its file, as far as names can have its
/// characters, unless it has a meaning of its own there.
#[must_use]
pub fn agent_name(script: &Path) -> String {
    let stem = script.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    // A dot would part keys.
    let name = plain_name(&stem.unwrap_or_default()).replace('.', "_");
    let is_taken = ["scenario", "record", "instruments", "venues", "agents"].contains(&name.as_str());
    // Agents without a name are called as their kind is, and members of populations so with a number.
    let is_kind = super::agent_kinds().any(|kind| {
        let rest = name.strip_prefix(&kind.name.replace('_', "-"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    if name.is_empty() || is_taken || is_kind {
        return format!("strategy-{name}").trim_end_matches('-').to_owned();
    }
    name
}

impl Backtest {
    /// Reads the files, and finds out what a scenario says of them.
    ///
    /// # Errors
    /// [`BacktestError`]: a file that cannot be read, or none of whose rows is within the time asked for;
    /// several files for one instrument that do not go together.
    pub fn plan(config: &BacktestConfig) -> Result<Self, BacktestError> {
        if let (Some(from), Some(to)) = (config.from, config.to)
            && to <= from
        {
            return Err(BacktestError::NoTime { from, to });
        }
        let zone = config.zone.as_ref().map(|(_, zone)| zone.clone());
        let markets = market::read(&config.data, zone)?;
        let within = Within { from: config.from, to: config.to };
        let spans = markets.iter().map(|market| market.span_within(within));
        let spans = spans.collect::<Result<Vec<_>, _>>()?;
        let found = markets.iter().zip(&spans).map(|(market, span)| market.found(*span));
        let mut found: Vec<FoundMarket> = found.collect();
        for market in &mut found {
            market.tick_size = config.tick_size.unwrap_or(market.tick_size);
            market.lot_size = config.lot_size.unwrap_or(market.lot_size);
        }
        let time = Timing::of(config, &markets, &found);
        Ok(Self { config: config.clone(), markets, found, time, changes: Vec::new() })
    }

    /// Writes changes into the text, as `--set` makes them when the scenario is loaded.
    #[must_use]
    pub fn with(mut self, changes: &[Override]) -> Self {
        self.changes.extend_from_slice(changes);
        self
    }

    /// Returns what was found in the files of each instrument.
    #[must_use]
    pub fn markets(&self) -> &[FoundMarket] {
        &self.found
    }

    /// Returns the scenario's name, such as `sma_cross-SPX`.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = &self.config.name {
            return name.clone();
        }
        let agent = self.config.agent();
        let mut name = match self.found.as_slice() {
            [only] => format!("{agent}-{}", only.symbol),
            [first, others @ ..] => format!("{agent}-{}-and-{}", first.symbol, others.len()),
            [] => agent,
        };
        name.truncate(64);
        name
    }

    /// Returns the text of the scenario as it stands in a directory, to which its paths are relative.
    #[must_use]
    pub fn text(&self, directory: &Path) -> String {
        let mut document: Document = self.document(directory);
        self.changes.iter().for_each(|change| document.set(change));
        document.to_string()
    }
}

impl Timing {
    fn of(config: &BacktestConfig, markets: &[Market], found: &[FoundMarket]) -> Self {
        let rhythms: Vec<_> = markets.iter().filter_map(|market| market.rhythm).collect();
        let grid = Grid::of(&rhythms);
        let minute = SimDuration::from_secs(60);
        let interval = grid.map_or(minute, |grid| grid.interval);
        // There is at least one instrument.
        let none = SimTime::from_nanos(0);
        let first = found.iter().map(|market| market.first).min().unwrap_or(none);
        let last = markets.iter().zip(found).map(|(market, found)| market.end_of(found.last)).max();
        let last = last.unwrap_or(none);
        // Days begin at midnight, whatever rows are stamped with; trades and quotes at a whole minute.
        let is_exact = grid.is_some() && interval < DAY;
        let unit = if interval >= DAY { DAY } else { minute };
        let start = if is_exact { first } else { first.floor_to(unit) };
        let floor = last.floor_to(unit);
        let end = if is_exact || floor == last { last } else { floor.saturating_add(unit) };
        let step = rhythms.iter().map(|rhythm| rhythm.step).max().unwrap_or(interval);
        let asked = config.bars.map(|bars| bars.shortest());
        Self {
            start,
            end,
            bars: config.bars.map_or_else(|| interval.to_string(), |bars| bars.to_string()),
            anchor: grid.map_or(SimDuration::ZERO, |grid| grid.anchor),
            sample: sample(interval, end - start),
            bar_max: grid.map(|grid| asked.map_or(grid.bar_max, |asked| grid.bar_max.min(asked))),
            periods_per_year: calendar::periods_per_year(step),
        }
    }
}

/// So many marks of an account draw a curve; more cost time.
const SAMPLES_MAX: i64 = 50_000;

/// Returns how often accounts are marked: at the end of each bar, or less often where those are too many.
fn sample(interval: SimDuration, span: SimDuration) -> SimDuration {
    let usual = [60, 300, 900, 3_600, 86_400].map(SimDuration::from_secs);
    let is_multiple = |sample: &SimDuration| sample.nanos() % interval.nanos() == 0;
    let candidates =
        [interval].into_iter().chain(usual.into_iter().filter(|it| *it > interval && is_multiple(it)));
    candidates.into_iter().find(|it| span.nanos() / it.nanos() <= SAMPLES_MAX).unwrap_or(DAY.max(interval))
}

/// Makes a name of letters, digits, `-`, `_` and `.` that does not begin with a dot.
fn plain_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut name: String = text.trim_start_matches('.').chars().map(plain).collect();
    name.truncate(48);
    name
}

#[cfg(test)]
mod tests;
