//! The files of an instrument, and what was found in them.

use std::path::{Path, PathBuf};

use super::calendar::Rhythm;
use super::error::BacktestError;
use super::{grid, plain_name};
use crate::data::{DataFile, FileKind, ReadOptions, Rows, Zone};
use crate::scenario::files::{DataReport, inspect_data};
use bearpit_core::process::{HistoricalBar, HistoricalTick, HistoricalTickKind};
use bearpit_core::units::{Decimal, SimDuration, SimTime};

/// An instrument of a backtest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacktestData {
    /// Its symbol: letters, digits, `-`, `_` and `.`.
    pub symbol: String,
    /// A file of bars, or of trades, or of quotes, or one of trades and one of quotes.
    pub files: Vec<PathBuf>,
}

/// What was found in the files of an instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundMarket {
    /// Its symbol.
    pub symbol: String,
    /// What its rows are: `bars`, `trades`, `quotes`, or `trades and quotes`.
    pub kind: &'static str,
    /// How many rows lie within the time asked for.
    pub rows: usize,
    /// The first of them.
    pub first: SimTime,
    /// The last of them.
    pub last: SimTime,
    /// What mostly lies between two bars; `None` of trades and quotes.
    pub interval: Option<SimDuration>,
    /// Smallest step of a price.
    pub tick_size: Decimal,
    /// Smallest step of a quantity.
    pub lot_size: Decimal,
}

impl BacktestData {
    /// Reads `FILE` or `SYMBOL=FILE`; without a symbol it is that of the file's name.
    #[must_use]
    pub fn of(text: &Path) -> Self {
        let shown = text.to_string_lossy();
        if let Some((symbol, file)) = shown.split_once('=')
            && !symbol.is_empty()
            && plain_name(symbol) == symbol
            && !text.exists()
        {
            return Self { symbol: symbol.to_owned(), files: vec![PathBuf::from(file)] };
        }
        let stem = text.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // An index is often called ^GSPC.
        let symbol = plain_name(stem.trim_start_matches(['^', '.']));
        let symbol = if symbol.is_empty() { "DATA".to_owned() } else { symbol };
        Self { symbol, files: vec![text.to_path_buf()] }
    }

    /// Puts the files of equal symbols together, in the order in which symbols come first.
    #[must_use]
    pub fn merged(all: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for one in all {
            match merged.iter_mut().find(|known| known.symbol == one.symbol) {
                Some(known) => known.files.extend(one.files),
                None => merged.push(one),
            }
        }
        merged
    }
}

/// The time asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    pub(super) from: Option<SimTime>,
    pub(super) to: Option<SimTime>,
}

/// Rows within the time asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowSpan {
    rows: usize,
    first: SimTime,
    last: SimTime,
}

/// An instrument with what its files have.
#[derive(Debug, Clone)]
pub(super) struct Market {
    pub(super) symbol: String,
    pub(super) files: Vec<PathBuf>,
    kind: &'static str,
    /// The times of all rows, in order.
    times: Vec<SimTime>,
    /// `None` of trades and quotes.
    pub(super) rhythm: Option<Rhythm>,
    pub(super) sizes: Sizes,
}

/// What prices and quantities of files fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    tick: Decimal,
    lot: Decimal,
    /// Whether quantities are known: not all absent or zero.
    pub(super) has_volume: bool,
}

impl Sizes {
    fn of(
        prices: &(impl Iterator<Item = f64> + Clone),
        quantities: &(impl Iterator<Item = f64> + Clone),
    ) -> Self {
        let tick = grid::tick_size(prices);
        let has_volume = quantities.clone().any(|quantity| quantity > 0.0);
        Self { tick, lot: grid::lot_size(quantities, tick), has_volume }
    }
}

/// Reads the files of all instruments.
///
/// # Errors
/// All files that cannot be read, or the first instrument whose files do not go together.
pub(super) fn read(data: &[BacktestData], zone: Option<Zone>) -> Result<Vec<Market>, BacktestError> {
    let options = ReadOptions { run_zone: zone, ..ReadOptions::default() };
    let mut failed = Vec::new();
    let mut read = Vec::new();
    for one in data {
        let mut files = Vec::new();
        for path in &one.files {
            match inspect_data(path, &options) {
                DataReport { file: Some(file), .. } => files.push(file),
                DataReport { file: None, findings } => failed.push(findings),
            }
        }
        read.push((one, files));
    }
    if !failed.is_empty() {
        return Err(BacktestError::Data(failed));
    }
    if read.is_empty() {
        return Err(BacktestError::NoData);
    }
    read.into_iter().map(|(one, files)| Market::of(one, &files)).collect()
}

impl Market {
    fn of(data: &BacktestData, files: &[DataFile]) -> Result<Self, BacktestError> {
        let market = match files {
            [DataFile { rows: Rows::Bars(bars), found, .. }] => Self::of_bars(data, bars, found.interval()),
            [DataFile { rows: Rows::Ticks(ticks), found, .. }] => {
                Self::of_ticks(data, ticks, found.kind.name())
            }
            [one, two] if is_pair(one, two) => {
                let ticks = |file: &DataFile| match &file.rows {
                    Rows::Ticks(ticks) => ticks.clone(),
                    Rows::Bars(_) => Vec::new(),
                };
                let mut both = ticks(one);
                both.extend(ticks(two));
                both.sort_by_key(|tick| tick.time);
                Self::of_ticks(data, &both, "trades and quotes")
            }
            _ => {
                let file = |index: usize| data.files.get(index).cloned().unwrap_or_default();
                let (first, second) = (file(0), file(1));
                return Err(BacktestError::SameInstrument { symbol: data.symbol.clone(), first, second });
            }
        };
        // A bar opens and closes, and its path has times in between.
        let shortest = SimDuration::from_millis(1);
        match market.rhythm.map(|rhythm| rhythm.length) {
            Some(step) if step < shortest => {
                Err(BacktestError::NoInterval { file: data.files.first().cloned().unwrap_or_default(), step })
            }
            _ => Ok(market),
        }
    }

    fn of_bars(data: &BacktestData, bars: &[HistoricalBar], step: Option<SimDuration>) -> Self {
        let times: Vec<SimTime> = bars.iter().map(|bar| bar.time).collect();
        let rhythm = Some(Rhythm::of(&times, step));
        let prices = bars.iter().flat_map(|bar| [bar.open, bar.high, bar.low, bar.close]);
        let sizes = Sizes::of(&prices, &bars.iter().filter_map(|bar| bar.volume));
        Self { rhythm, ..Self::new(data, "bars", times, sizes) }
    }

    fn of_ticks(data: &BacktestData, ticks: &[HistoricalTick], kind: &'static str) -> Self {
        let prices = ticks.iter().flat_map(|tick| numbers(tick).prices).flatten();
        let quantities = ticks.iter().flat_map(|tick| numbers(tick).quantities).flatten();
        let times = ticks.iter().map(|tick| tick.time).collect();
        Self::new(data, kind, times, Sizes::of(&prices, &quantities))
    }

    fn new(data: &BacktestData, kind: &'static str, times: Vec<SimTime>, sizes: Sizes) -> Self {
        let BacktestData { symbol, files } = data.clone();
        Self { symbol, files, kind, times, rhythm: None, sizes }
    }

    /// Returns the rows within the time asked for.
    pub(super) fn span_within(&self, Within { from, to }: Within) -> Result<RowSpan, BacktestError> {
        let begin = from.map_or(0, |from| self.times.partition_point(|time| *time < from));
        let end = to.map_or(self.times.len(), |to| self.times.partition_point(|time| *time < to));
        let within = self.times.get(begin..end.max(begin)).unwrap_or_default();
        match (within.first(), within.last()) {
            (Some(first), Some(last)) => Ok(RowSpan { rows: within.len(), first: *first, last: *last }),
            _ => Err(self.nothing_within(from, to)),
        }
    }

    fn nothing_within(&self, from: Option<SimTime>, to: Option<SimTime>) -> BacktestError {
        let within = match (from, to) {
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("before {to}"),
            (None, None) => "at all".to_owned(),
        };
        // A file that was read has rows.
        let time = |time: Option<&SimTime>| time.copied().unwrap_or(SimTime::from_nanos(0));
        BacktestError::NothingWithin {
            file: self.files.first().cloned().unwrap_or_default(),
            within,
            first: time(self.times.first()),
            last: time(self.times.last()),
        }
    }

    /// Returns when the last row within the time asked for is over.
    pub(super) fn end_of(&self, last: SimTime) -> SimTime {
        // Trades of the last nanosecond are within.
        let length = self.rhythm.map_or(SimDuration::from_nanos(1), |rhythm| rhythm.length);
        last.saturating_add(length)
    }

    pub(super) fn found(&self, span: RowSpan) -> FoundMarket {
        let RowSpan { rows, first, last } = span;
        FoundMarket {
            symbol: self.symbol.clone(),
            kind: self.kind,
            rows,
            first,
            last,
            interval: self.rhythm.map(|rhythm| rhythm.step),
            tick_size: self.sizes.tick,
            lot_size: self.sizes.lot,
        }
    }
}

/// Returns whether two files are trades and quotes of one instrument.
fn is_pair(one: &DataFile, two: &DataFile) -> bool {
    let kinds = [one.found.kind, two.found.kind];
    kinds.contains(&FileKind::Trades) && kinds.contains(&FileKind::Quotes)
}

/// The numbers of a row.
struct Numbers {
    prices: [Option<f64>; 2],
    quantities: [Option<f64>; 2],
}

const fn numbers(tick: &HistoricalTick) -> Numbers {
    match tick.kind {
        HistoricalTickKind::Trade { price, quantity } => {
            Numbers { prices: [Some(price), None], quantities: [quantity, None] }
        }
        HistoricalTickKind::Quote { bid, bid_size, ask, ask_size } => {
            Numbers { prices: [bid, ask], quantities: [bid_size, ask_size] }
        }
    }
}
