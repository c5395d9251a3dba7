//! Rows of any kind of file: checked, in order of time, each fault at its cell.

use super::finding::{Finding, FindingLog};
use super::number::is_null;
use super::options::{OnBadRow, Order, ReadOptions, Role};
use super::stamp::Stamp;
use super::zone::Clock;
use bearpit_core::units::SimTime;

/// A number of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// There is no such column.
    Absent,
    /// It stands for no value.
    Null,
    /// It is no number.
    Bad,
    /// A finite number.
    Number(f64),
}

/// Where a row stands, for errors.
pub(super) trait Place {
    /// Returns the cell of a role as it is written.
    fn text(&self, role: Role) -> String;
    /// Returns an error at a cell, or at the whole row.
    fn finding(&self, role: Option<Role>, message: String) -> Finding;
    /// Returns the line of the row, from 1.
    fn line(&self) -> usize;
}

/// What is wrong with a row, at one of its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) role: Option<Role>,
    pub(super) message: String,
}

impl Fault {
    pub(super) const fn at(role: Role, message: String) -> Self {
        Self { role: Some(role), message }
    }
}

/// Which numbers a cell may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Any,
    AboveZero,
    AtOrAboveZero,
}

impl Allowed {
    const fn text(self) -> &'static str {
        match self {
            Self::Any => "a number",
            Self::AboveZero => "a number above 0",
            Self::AtOrAboveZero => "a number at or above 0",
        }
    }
}

/// Checks the number of a cell.
pub(super) fn number(cell: Cell, role: Role, allowed: Allowed, place: &impl Place) -> Result<f64, Fault> {
    let is_allowed = |value: f64| match allowed {
        Allowed::Any => true,
        Allowed::AboveZero => value > 0.0,
        Allowed::AtOrAboveZero => value >= 0.0,
    };
    match cell {
        Cell::Number(value) if is_allowed(value) => Ok(value),
        _ => {
            let (text, wanted) = (place.text(role), allowed.text());
            let message = if is_null(&text) && text.is_empty() {
                format!("{role}: the number is empty; it must be {wanted}")
            } else {
                format!("{role}: `{text}` must be {wanted}")
            };
            Err(Fault::at(role, message))
        }
    }
}

/// Counts and reports rows that cannot be read.
#[derive(Debug)]
pub(super) struct RowLog {
    pub(super) findings: FindingLog,
    on_bad_row: OnBadRow,
    /// Rows without any price, and the lines of the first of them.
    pub(super) empty_rows: usize,
    empty_lines: Vec<usize>,
    /// Rows that were passed over, and what is wrong with the first.
    pub(super) bad_rows: usize,
    first_bad: Option<(usize, String)>,
}

impl RowLog {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self {
            findings: FindingLog::default(),
            on_bad_row: options.on_bad_row,
            empty_rows: 0,
            empty_lines: Vec::new(),
            bad_rows: 0,
            first_bad: None,
        }
    }

    /// Notes a row without any price, which is passed over: a holiday.
    pub(super) fn empty(&mut self, place: &impl Place) {
        self.empty_rows += 1;
        if self.empty_lines.len() < 5 {
            self.empty_lines.push(place.line());
        }
    }

    /// Reports what is wrong with a row, or passes it over.
    pub(super) fn bad(&mut self, faults: Vec<Fault>, place: &impl Place) {
        match self.on_bad_row {
            OnBadRow::Error => {
                for Fault { role, message } in faults {
                    self.findings.error(place.finding(role, message));
                }
            }
            OnBadRow::Skip => {
                self.bad_rows += 1;
                let first = faults.into_iter().next().map(|fault| (place.line(), fault.message));
                self.first_bad = self.first_bad.take().or(first);
            }
        }
    }

    /// Says how many rows were passed over.
    pub(super) fn warn_of_rows(&mut self) {
        let plural = |count: usize| if count == 1 { "row" } else { "rows" };
        if self.empty_rows > 0 {
            let lines: Vec<String> = self.empty_lines.iter().map(ToString::to_string).collect();
            let more = if self.empty_rows > lines.len() { ", ..." } else { "" };
            let count = self.empty_rows;
            let text = format!(
                "{count} {} without prices passed over: line {}{more}",
                plural(count),
                lines.join(", ")
            );
            self.findings.warn(text);
        }
        if let Some((line, message)) = &self.first_bad {
            let count = self.bad_rows;
            let text = format!(
                "{count} {} that cannot be read passed over; the first, line {line}: {message}",
                plural(count)
            );
            self.findings.warn(text);
        }
    }
}

/// Converts times to the run's clock, and checks their order.
#[derive(Debug)]
pub(super) struct Timeline {
    clock: Clock,
    order: Order,
    /// Whether rows may share a time.
    allows_equal: bool,
    last: Option<SimTime>,
    /// The offset of the first time that had one, in seconds, and whether others differ.
    pub(super) offset: Option<i32>,
    pub(super) has_several_offsets: bool,
    /// Whether some times had no offset.
    pub(super) has_civil: bool,
}

impl Timeline {
    pub(super) fn new(options: &ReadOptions, order: Order, allows_equal: bool) -> Self {
        Self {
            clock: Clock::new(options.zone.as_ref(), &options.clock_zone(), order == Order::Descending),
            order,
            allows_equal,
            last: None,
            offset: None,
            has_several_offsets: false,
            has_civil: false,
        }
    }

    /// Converts the time of a row.
    pub(super) fn convert(&mut self, stamp: Stamp, place: &impl Place) -> Result<SimTime, Fault> {
        let time = self
            .clock
            .convert(stamp)
            .map_err(|error| Fault::at(Role::Time, format!("`{}` {error}", place.text(Role::Time))))?;
        match stamp {
            Stamp::Civil { .. } => self.has_civil = true,
            Stamp::Instant { offset, .. } => {
                self.has_several_offsets |= self.offset.is_some_and(|known| known != offset);
                self.offset.get_or_insert(offset);
            }
        }
        Ok(time)
    }

    /// Checks that a row comes after the one before it, in the order of the file.
    pub(super) fn follow(&mut self, time: SimTime) -> Result<(), Fault> {
        let Some(last) = self.last.replace(time).filter(|_| self.order != Order::Any) else { return Ok(()) };
        if time == last && self.allows_equal {
            return Ok(());
        }
        let is_ascending = self.order == Order::Ascending;
        if if is_ascending { time > last } else { time < last } {
            return Ok(());
        }
        // The next row is compared with the last that was in order.
        self.last = Some(last);
        let (what, rule) = if is_ascending { ("comes before", "ascend") } else { ("comes after", "descend") };
        let what = if time == last { "repeats the time" } else { what };
        Err(Fault::at(Role::Time, format!("{time} {what} {last} of the row above; times must {rule}")))
    }

    /// Describes how times became those of the run's clock.
    pub(super) fn describe(&self, options: &ReadOptions) -> String {
        let run = &options.clock_zone();
        let mut parts = Vec::new();
        if let Some(offset) = self.offset {
            let name = super::zone::offset_name(offset);
            let is_utc =
                offset == 0 && !self.has_several_offsets && options.clock_zone() == super::Zone::utc();
            let several = if self.has_several_offsets { " and others" } else { "" };
            parts.push(if is_utc {
                "in UTC".to_owned()
            } else {
                format!("offset {name}{several}, converted to {run}")
            });
        }
        if self.has_civil {
            parts.push(match &options.zone {
                Some(zone) if zone != run => format!("times of {zone}, converted to {run}"),
                _ => "times as written".to_owned(),
            });
        }
        parts.join("; ")
    }
}

/// Returns the order of a file from the times of some of its rows: whether most go down.
pub(super) fn order_of(stamps: impl Iterator<Item = Stamp>) -> Order {
    let mut balance = 0_i64;
    let mut last = None;
    for stamp in stamps {
        let (Stamp::Civil { nanos, .. } | Stamp::Instant { nanos, .. }) = stamp;
        if let Some(last) = last.replace(nanos) {
            balance += (nanos - last).signum();
        }
    }
    if balance < 0 { Order::Descending } else { Order::Ascending }
}
