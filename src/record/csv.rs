//! CSV: row groups as comma-separated text, and a table read back.
//!
//! The writer quotes a cell only where it must. An empty text is `""`, an absent value is an empty cell. A
//! float is the shortest text that reads back as the same number; times and money are exact, and times have
//! nine digits of the second.
//!
//! Read here and not with the `csv` crate, whose reader does not say whether a cell was quoted: an empty text
//! and an absent value would be one.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use polars_core::prelude::{DataFrame, PolarsResult, polars_bail, polars_ensure, polars_err};

use super::frames::{Values, frame};
use super::schema::{Kind, all_columns};
use super::table::Table;
use bearpit_core::units::{Decimal, Money, SimTime};

const SECOND_NANOS: i64 = 1_000_000_000;

/// A CSV file in progress.
pub(super) struct CsvFile {
    output: BufWriter<File>,
    row: Vec<u8>,
}

impl CsvFile {
    /// Begins the file with its header.
    pub(super) fn create(mut output: BufWriter<File>, table: Table) -> PolarsResult<Self> {
        writeln!(output, "{}", header(table))?;
        Ok(Self { output, row: Vec::new() })
    }

    /// Writes rows, given by column.
    pub(super) fn write(&mut self, columns: &[Values<'_>], rows: usize) -> PolarsResult<()> {
        for row in 0..rows {
            self.row.clear();
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    self.row.push(b',');
                }
                write_cell(&mut self.row, column, row)?;
            }
            self.row.push(b'\n');
            self.output.write_all(&self.row)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> PolarsResult<()> {
        Ok(self.output.flush()?)
    }
}

/// Returns the header line, without its end; no name needs quotes.
fn header(table: Table) -> String {
    all_columns(table).map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

/// Writes a cell.
fn write_cell(output: &mut Vec<u8>, column: &Values<'_>, row: usize) -> PolarsResult<()> {
    match column {
        Values::Number(cells) => {
            if let Some(value) = cells[row] {
                output.extend_from_slice(zmij::Buffer::new().format(value).as_bytes());
            }
            Ok(())
        }
        Values::Text(cells) => {
            if let Some(text) = cells[row] {
                write_text(output, text);
            }
            Ok(())
        }
        Values::Count(cells) => cells[row].map_or(Ok(()), |count| display(output, count)),
        Values::Small(cells) => display(output, cells[row]),
        Values::Time(cells) => write_time(output, cells[row]),
        Values::Money(cells) => display(output, Money::from_units(cells[row])),
    }
}

/// Writes a time with nine digits of the second, always: so readers see one format in a column, and a column has
/// the same one in every run.
fn write_time(output: &mut Vec<u8>, nanos: i64) -> PolarsResult<()> {
    let fraction = nanos.rem_euclid(SECOND_NANOS);
    let second = SimTime::from_nanos(nanos.saturating_sub(fraction));
    Ok(write!(output, "{second}.{fraction:09}")?)
}

fn display(output: &mut Vec<u8>, value: impl Display) -> PolarsResult<()> {
    Ok(write!(output, "{value}")?)
}

fn write_text(output: &mut Vec<u8>, text: &str) {
    if !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        output.extend_from_slice(text.as_bytes());
        return;
    }
    output.push(b'"');
    output.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    output.push(b'"');
}

/// Reads a table, whole.
///
/// # Errors
/// If the file cannot be read, is not CSV with this table's header, or a cell is not of its column's type.
pub(super) fn read(path: &Path, table: Table) -> PolarsResult<DataFrame> {
    let text = fs::read_to_string(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let Some(after_header) = text.strip_prefix(&header(table)) else {
        polars_bail!(ComputeError: "its first line is not `{}`", header(table));
    };
    let mut scanner = Scanner { rest: after_header, line: 1 };
    polars_ensure!(scanner.end() != End::Cell, ComputeError: "its first line has more columns than this version");
    let columns = scanner.columns(all_columns(table).count())?;
    let values =
        all_columns(table).zip(&columns).map(|((name, kind), cells)| parse_column(name, *kind, cells));
    frame(table, values.collect::<PolarsResult<_>>()?)
}

/// One cell of a file; none if it is empty without quotes.
type CsvCell<'a> = Option<Cow<'a, str>>;

fn parse_column<'a>(name: &str, kind: Kind, cells: &'a [CsvCell<'_>]) -> PolarsResult<Values<'a>> {
    let number = |text: &str| text.parse().ok();
    let count = |text: &str| text.parse().ok();
    let small = |text: &str| text.parse().ok();
    let time = |text: &str| text.parse::<SimTime>().ok().map(SimTime::nanos);
    let money = |text: &str| text.parse::<Decimal>().ok().and_then(Money::from_decimal).map(Money::units);
    let column = Typed { name, kind, cells };
    Ok(match kind {
        Kind::Word | Kind::Text => Values::Text(cells.iter().map(Option::as_deref).collect()),
        Kind::Number => Values::Number(column.optional(number)?),
        Kind::Count => Values::Count(column.optional(count)?),
        Kind::Small => Values::Small(column.required(small)?),
        Kind::Time => Values::Time(column.required(time)?),
        Kind::Money => Values::Money(column.required(money)?),
    })
}

/// A column's cells with the type that they should have.
struct Typed<'a> {
    name: &'a str,
    kind: Kind,
    cells: &'a [CsvCell<'a>],
}

impl Typed<'_> {
    fn optional<T>(&self, parse: impl Fn(&str) -> Option<T>) -> PolarsResult<Vec<Option<T>>> {
        let cells = self.cells.iter().map(Option::as_deref);
        cells.map(|cell| cell.map(|text| parse(text).ok_or_else(|| self.wrong(text))).transpose()).collect()
    }

    fn required<T>(&self, parse: impl Fn(&str) -> Option<T>) -> PolarsResult<Vec<T>> {
        let cells = self.cells.iter().map(|cell| cell.as_deref().unwrap_or(""));
        cells.map(|text| parse(text).ok_or_else(|| self.wrong(text))).collect()
    }

    fn wrong(&self, text: &str) -> polars_core::prelude::PolarsError {
        polars_err!(ComputeError: "`{text}` in column `{}` is not a {:?}", self.name, self.kind)
    }
}

/// What ends a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cell,
    Line,
    File,
}

/// The text that is not read yet, and its line.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Scanner<'a> {
    /// Reads rows of `width` cells to the end of the file, into columns. Skips empty lines.
    fn columns(&mut self, width: usize) -> PolarsResult<Vec<Vec<CsvCell<'a>>>> {
        let mut columns = vec![Vec::new(); width];
        while !self.rest.is_empty() {
            if self.line_end() {
                continue;
            }
            for (index, column) in columns.iter_mut().enumerate() {
                let line = self.line;
                column.push(self.cell()?);
                let is_last = self.end() != End::Cell;
                let should_be_last = index + 1 == width;
                polars_ensure!(
                    is_last == should_be_last,
                    ComputeError: "line {line} does not have the {width} cells of the first line"
                );
            }
        }
        Ok(columns)
    }

    /// Reads what ends a cell, and says what it was. If nothing does, reads nothing.
    fn end(&mut self) -> End {
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            return End::Cell;
        }
        if self.line_end() { End::Line } else { End::File }
    }

    /// Reads the end of a line, if it is here.
    fn line_end(&mut self) -> bool {
        let rest = self.rest.strip_prefix('\n').or_else(|| self.rest.strip_prefix("\r\n"));
        self.rest = rest.unwrap_or(self.rest);
        self.line += usize::from(rest.is_some());
        rest.is_some()
    }

    fn cell(&mut self) -> PolarsResult<CsvCell<'a>> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let length = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let cell = &self.rest[..length];
            let cell = cell.strip_suffix('\r').unwrap_or(cell);
            self.rest = &self.rest[cell.len()..];
            return Ok((!cell.is_empty()).then_some(Cow::Borrowed(cell)));
        };
        let mut text = Cow::Borrowed("");
        let mut rest = quoted;
        loop {
            let Some(length) = rest.find('"') else {
                polars_bail!(ComputeError: "the quotes that begin on line {} do not end", self.line);
            };
            text += &rest[..length];
            rest = &rest[length + 1..];
            match rest.strip_prefix('"') {
                Some(after) => {
                    text += "\"";
                    rest = after;
                }
                None => break,
            }
        }
        polars_ensure!(
            rest.is_empty() || rest.starts_with([',', '\n']) || rest.starts_with("\r\n"),
            ComputeError: "line {}: text follows after closing quotes", self.line
        );
        self.line += text.matches('\n').count();
        self.rest = rest;
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str, width: usize) -> PolarsResult<Vec<Vec<Option<String>>>> {
        let columns = Scanner { rest: text, line: 2 }.columns(width)?;
        let owned =
            |column: Vec<CsvCell<'_>>| column.into_iter().map(|cell| cell.map(Cow::into_owned)).collect();
        Ok(columns.into_iter().map(owned).collect())
    }

    #[test]
    fn an_empty_cell_is_absent_and_quotes_make_it_an_empty_text() {
        let found = columns("a,\n\"\",\"b \"\"c\"\", d\n\"\r\n,e", 2).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found, [[some("a"), some(""), None], [None, some("b \"c\", d\n"), some("e")]]);
    }

    #[test]
    fn times_have_nine_digits_whichever_have_fractions() {
        const SECOND: i64 = 1_000_000_000;
        let written = |nanos| {
            let mut text = Vec::new();
            write_time(&mut text, nanos).unwrap();
            String::from_utf8(text).unwrap()
        };
        for (nanos, expected) in [
            (0, "1970-01-01T00:00:00.000000000"),
            (SECOND, "1970-01-01T00:00:01.000000000"),
            (SECOND + 1, "1970-01-01T00:00:01.000000001"),
            (-1, "1969-12-31T23:59:59.999999999"),
        ] {
            assert_eq!(written(nanos), expected);
            assert_eq!(expected.parse::<SimTime>().unwrap().nanos(), nanos);
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["", "a", "a b", ",", "\"", "\"\"", "a\nb", "a\r\nb", "\r", "é,"] {
            let mut line = Vec::new();
            write_text(&mut line, text);
            line.push(b'\n');
            let found = columns(std::str::from_utf8(&line).unwrap(), 1).unwrap();
            assert_eq!(found, [[Some(text.to_owned())]]);
        }
    }

    #[test]
    fn rows_of_another_width_and_stray_quotes_are_errors() {
        for (text, expected) in [
            ("a,b\nc\n", "line 3 does not have the 2 cells"),
            ("a,b,c\n", "line 2 does not have the 2 cells"),
            ("a,b\nc", "line 3 does not have the 2 cells"),
            ("a,\"b\nc\"\nd,\"e", "quotes that begin on line 4 do not end"),
            ("\"a\"b,c\n", "line 2: text follows after closing quotes"),
        ] {
            let error = columns(text, 2).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
