//! Historical bars from CSV: every row checked, every error with its line, column and value.

use std::fmt;

use csv::{ReaderBuilder, StringRecord};
use thiserror::Error;

use super::cell_errors::CellErrors;
use crate::scenario::document::Findings;
use bearpit_core::process::HistoricalBar;
use bearpit_core::units::{SimTime, suggest};

/// The columns in the order in which they are kept; the time may have any of three names.
const COLUMNS: [&str; 6] = ["date", "open", "high", "low", "close", "volume"];
const TIME_NAMES: [&str; 3] = ["date", "time", "datetime"];

/// How far open or close may lie outside low and high, relative to the price: sources that went through
/// 32-bit floats differ in the seventh digit.
const TOLERANCE: f64 = 1e-6;

/// Reads bars from the text of the file called `name`, or reports errors and returns `None`.
///
/// Columns may stand in any order, in any case, beside others. Rows must be in strictly ascending order
/// of time; prices must be above zero with low <= open, close <= high; volume at or above zero.
pub(super) fn parse(name: &str, text: &str, findings: &Findings) -> Option<Vec<HistoricalBar>> {
    let mut reader = Bars { text, errors: CellErrors::new(name, text, findings) };
    let bars = reader.read();
    reader.errors.finish().then_some(bars)
}

struct Bars<'a> {
    text: &'a str,
    errors: CellErrors<'a>,
}

impl Bars<'_> {
    fn read(&mut self) -> Vec<HistoricalBar> {
        let text = self.text;
        let mut csv = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = match csv.headers() {
            Ok(header) => header.clone(),
            Err(error) => {
                self.errors.at(0..0, format!("the header cannot be read: {error}"), None);
                return Vec::new();
            }
        };
        let Some(columns) = self.columns(&header) else { return Vec::new() };
        let mut bars: Vec<HistoricalBar> = Vec::new();
        for record in csv.records() {
            let Ok(record) = record else { continue };
            if let Some(bar) = self.bar(&record, &columns, header.len()) {
                if let Some(last) = bars.last().filter(|last| last.time >= bar.time) {
                    let what = if last.time == bar.time { "repeats the time" } else { "comes before" };
                    let message =
                        format!("{} {what} {} of the row above; times must ascend", bar.time, last.time);
                    self.report_at(&record, columns[0], message);
                }
                bars.push(bar);
            }
        }
        if bars.is_empty() && self.errors.count() == 0 {
            self.errors.at(0..0, "the file has no rows; at least one bar is needed".to_owned(), None);
        }
        bars
    }

    /// Finds the columns in the header.
    fn columns(&mut self, header: &StringRecord) -> Option<[usize; 6]> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let mut found = [None; 6];
        for (slot, wanted) in found.iter_mut().zip(COLUMNS) {
            let matches = |name: &String| {
                if wanted == "date" { TIME_NAMES.contains(&name.as_str()) } else { name == wanted }
            };
            *slot = names.iter().position(matches);
            if slot.is_none() {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = format!(
                    "the column `{wanted}` is missing; needed are date (or time), open, high, low, close, volume"
                );
                self.errors.at(0..0, message, Some(format!("the header has: {}", suggest(wanted, &known))));
            }
        }
        let [time, open, high, low, close, volume] = found;
        Some([time?, open?, high?, low?, close?, volume?])
    }

    fn bar(&mut self, record: &StringRecord, columns: &[usize; 6], width: usize) -> Option<HistoricalBar> {
        if record.len() != width {
            let message = format!("the row has {} fields, but the header has {width}", record.len());
            self.report_at(record, 0, message);
            return None;
        }
        let field = |column: usize| record.get(columns[column]).unwrap_or("").trim();
        let time = match field(0).parse::<SimTime>() {
            Ok(time) => Some(time),
            Err(error) => {
                self.report_at(record, columns[0], error.to_string());
                None
            }
        };
        let mut numbers = [None; 5];
        for (index, number) in numbers.iter_mut().enumerate() {
            let column = index + 1;
            let allowed = if column == 5 { Allowed::AtOrAboveZero } else { Allowed::AboveZero };
            match check_number(field(column), allowed) {
                Ok(value) => *number = Some(value),
                Err(why) => self.report_at(record, columns[column], format!("{}: {why}", COLUMNS[column])),
            }
        }
        let [open, high, low, close, volume] = numbers;
        let bar = HistoricalBar {
            time: time?,
            open: open?,
            high: high?,
            low: low?,
            close: close?,
            volume: Some(volume?),
            adjusted_close: None,
        };
        self.in_order(record, columns, bar)
    }

    /// Checks that low and high enclose open and close; within the tolerance they are widened to.
    fn in_order(
        &mut self,
        record: &StringRecord,
        columns: &[usize; 6],
        bar: HistoricalBar,
    ) -> Option<HistoricalBar> {
        let slack = bar.high.max(bar.low) * TOLERANCE;
        for (column, price) in [(1, bar.open), (4, bar.close)] {
            if price > bar.high + slack || price < bar.low - slack {
                let message = format!(
                    "{} {price} lies outside low {} to high {} of its row",
                    COLUMNS[column], bar.low, bar.high
                );
                self.report_at(record, columns[column], message);
                return None;
            }
        }
        if bar.low > bar.high + slack {
            self.report_at(record, columns[3], format!("low {} lies above high {}", bar.low, bar.high));
            return None;
        }
        let high = bar.high.max(bar.open).max(bar.close);
        let low = bar.low.min(bar.open).min(bar.close);
        Some(HistoricalBar { high, low, ..bar })
    }

    fn report_at(&mut self, record: &StringRecord, column: usize, message: String) {
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        // The reader's position may stand on the line end before the record.
        let start = start + self.text[start..].find(|c| c != '\n' && c != '\r').unwrap_or(0);
        self.errors.at_cell(start, record.len(), column, message);
    }
}

/// Which numbers a cell may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowed {
    AtOrAboveZero,
    AboveZero,
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtOrAboveZero => "a number at or above 0",
            Self::AboveZero => "a number above 0",
        })
    }
}

/// What is wrong with the number of a cell.
#[derive(Debug, PartialEq, Eq, Error)]
enum BadNumber<'a> {
    #[error("the number is empty; it must be {0}")]
    Empty(Allowed),
    #[error("`{text}` must be {allowed}")]
    NotAllowed { text: &'a str, allowed: Allowed },
}

fn check_number(text: &str, allowed: Allowed) -> Result<f64, BadNumber<'_>> {
    if text.is_empty() {
        return Err(BadNumber::Empty(allowed));
    }
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        Ok(value) if value == 0.0 && allowed == Allowed::AtOrAboveZero => Ok(value),
        _ => Err(BadNumber::NotAllowed { text, allowed }),
    }
}
