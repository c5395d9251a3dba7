//! [`Outcome`]: a file that was read, and what is wrong or odd in it.

use super::bars::BarRows;
use super::finding::Finding;
use super::found::{Form, Found, Steps, VolumeFound, columns};
use super::layout::{FileKind, Layout};
use super::options::{Order, ReadOptions, Role};
use super::rows::RowLog;
use super::ticks::TickRows;
use super::zone::offset_name;
use bearpit_core::process::{HistoricalBar, HistoricalTick};
use bearpit_core::units::SimTime;

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The file, unless there are errors.
    pub file: Option<DataFile>,
    /// Errors and warnings: 20 errors at most, and one that says how many more there are.
    pub findings: Vec<Finding>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// The rows, oldest first.
    pub rows: Rows,
    /// The line of each row, from 1.
    pub lines: Vec<u32>,
    /// What was found out about it.
    pub found: Found,
}

/// The rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Bars, each later than the one before.
    Bars(Vec<HistoricalBar>),
    /// Trades or quotes, none earlier than the one before.
    Ticks(Vec<HistoricalTick>),
}

impl Outcome {
    /// Makes the result of a file that cannot be read.
    pub(super) fn failed(finding: Finding) -> Self {
        Self { file: None, findings: vec![finding] }
    }
}

/// What a table is, beside its rows.
pub(super) struct Table<'a> {
    pub(super) layout: &'a Layout,
    pub(super) form: Form,
    pub(super) time_format: String,
    pub(super) order: Order,
    pub(super) options: &'a ReadOptions,
}

/// Where rows go.
#[derive(Debug)]
pub(super) enum Sink {
    Bars(BarRows),
    Ticks(TickRows),
}

impl Sink {
    pub(super) fn new(kind: FileKind, options: &ReadOptions, order: Order) -> Self {
        match kind {
            FileKind::Bars => Self::Bars(BarRows::new(options, order)),
            FileKind::Trades | FileKind::Quotes => Self::Ticks(TickRows::new(options, order)),
        }
    }

    pub(super) const fn log(&mut self) -> &mut RowLog {
        match self {
            Self::Bars(rows) => &mut rows.log,
            Self::Ticks(rows) => &mut rows.log,
        }
    }

    /// Ends a table: the rows in order of time, and the description.
    pub(super) fn finish(mut self, table: Table<'_>) -> Outcome {
        let has = |role| table.layout.index(role).is_some();
        let (rows, lines, volume) = match &mut self {
            Self::Bars(rows) => {
                let read = rows.finish(has(Role::Volume));
                (Rows::Bars(read.bars), read.lines, read.volume)
            }
            Self::Ticks(rows) => {
                let (ticks, lines) = rows.finish();
                let volume = if has(Role::Quantity) { VolumeFound::Column } else { VolumeFound::NoColumn };
                (Rows::Ticks(ticks), lines, volume)
            }
        };
        let found = self.found(&rows, volume, &table);
        let offset = self.offset();
        let log = self.log();
        if let Some((first, second)) = repeated(&rows, &lines).filter(|_| table.order == Order::Any) {
            let message = format!("lines {first} and {second} have the same time");
            log.findings.error(Finding::of_file(message, None));
        }
        if found.rows == 0 && !log.findings.has_errors() {
            let message = "the file has no rows with prices; at least one is needed";
            log.findings.error(Finding::of_file(message, None));
        }
        let has_errors = log.findings.has_errors();
        if !has_errors {
            log.warn_of_rows();
            warn(&found, &table, log, offset);
        }
        let findings = std::mem::take(&mut log.findings).finish();
        Outcome { file: (!has_errors).then_some(DataFile { rows, lines, found }), findings }
    }

    /// Returns the offset of times that have one, in seconds.
    const fn offset(&self) -> Option<i32> {
        match self {
            Self::Bars(rows) => rows.timeline.offset,
            Self::Ticks(rows) => rows.timeline.offset,
        }
    }

    fn found(&self, rows: &Rows, volume: VolumeFound, table: &Table<'_>) -> Found {
        let (log, timeline) = match self {
            Self::Bars(rows) => (&rows.log, &rows.timeline),
            Self::Ticks(rows) => (&rows.log, &rows.timeline),
        };
        let (rows, span, steps) = match rows {
            Rows::Bars(bars) => describe(bars, |bar| bar.time),
            Rows::Ticks(ticks) => describe(ticks, |tick| tick.time),
        };
        let (columns, other_columns) = columns(table.layout);
        Found {
            kind: table.layout.kind,
            rows,
            empty_rows: log.empty_rows,
            bad_rows: log.bad_rows,
            span,
            steps: steps.steps,
            gaps: steps.gaps,
            longer_steps: steps.longer,
            columns,
            other_columns,
            form: table.form.clone(),
            source: table.layout.source,
            time_format: table.time_format.clone(),
            zone: timeline.describe(table.options),
            is_reversed: table.order == Order::Descending,
            volume,
        }
    }
}

/// Says what is odd in a file that could be read.
fn warn(found: &Found, table: &Table<'_>, log: &mut RowLog, offset: Option<i32>) {
    if let Some(offset) = offset.filter(|offset| *offset != 0 && table.options.run_zone.is_none()) {
        let name = offset_name(offset);
        log.findings.warn(format!(
            "times have the offset {name} and were converted to UTC; `zone` of [scenario] keeps another clock"
        ));
    }
    if found.is_reversed && table.options.order.is_none() {
        log.findings.warn("rows stand newest first; they were reversed");
    }
    if found.volume == VolumeFound::ZeroThroughout {
        log.findings.warn("the volume is 0 throughout; it is taken as not known");
    }
}

/// Returns the lines of two bars of the same time.
fn repeated(rows: &Rows, lines: &[u32]) -> Option<(u32, u32)> {
    let Rows::Bars(bars) = rows else { return None };
    let index = bars.windows(2).position(|pair| pair[0].time == pair[1].time)?;
    Some((*lines.get(index)?, *lines.get(index + 1)?))
}

type Described = (usize, Option<(SimTime, SimTime)>, Steps);

fn describe<T>(rows: &[T], time: impl Fn(&T) -> SimTime + Clone) -> Described {
    let span = rows.first().zip(rows.last()).map(|(first, last)| (time(first), time(last)));
    (rows.len(), span, Steps::between(rows.iter().map(time)))
}
