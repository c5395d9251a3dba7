//! [`CsvReader`]: a table of CSV read back, some rows at a time.
//!
//! Read here and not with the `csv` crate, whose reader does not say whether a cell was quoted: an empty text
//! and an absent value would be one.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use polars_core::prelude::{DataFrame, PolarsResult, polars_bail, polars_ensure, polars_err};

use super::csv::header;
use super::frames::{Values, frame};
use super::schema::{Kind, all_columns};
use super::table::Table;
use bearpit_core::units::{Decimal, Money, SimTime};

/// An open CSV file, of which only the rows at hand are in memory.
#[derive(Debug)]
pub(super) struct CsvReader {
    file: BufReader<File>,
    table: Table,
    /// The number of the next line.
    line: usize,
}

impl CsvReader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// If the file cannot be read, or has not this table's header.
    pub(super) fn open(path: &Path, table: Table) -> PolarsResult<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let mut first = String::new();
        file.read_line(&mut first)?;
        let first = first.strip_prefix('\u{feff}').unwrap_or(&first).trim_end_matches(['\n', '\r']);
        let expected = header(table);
        let Some(more) = first.strip_prefix(&expected) else {
            polars_bail!(ComputeError: "its first line is not `{expected}`");
        };
        polars_ensure!(more.is_empty(), ComputeError: "its first line has more columns than this version");
        Ok(Self { file, table, line: 2 })
    }

    /// Reads so many rows at most; none after the last.
    ///
    /// # Errors
    /// If the file cannot be read, is not CSV, or a cell is not of its column's type.
    pub(super) fn read(&mut self, rows_max: usize) -> PolarsResult<Option<DataFrame>> {
        let (mut text, mut rows) = (String::new(), 0);
        while rows < rows_max {
            let start = text.len();
            if self.file.read_line(&mut text)? == 0 {
                break;
            }
            // A line that ends within quotes goes on: a quote within quotes is doubled.
            let mut quotes = text[start..].matches('"').count();
            while quotes % 2 == 1 {
                let more = text.len();
                if self.file.read_line(&mut text)? == 0 {
                    break;
                }
                quotes += text[more..].matches('"').count();
            }
            rows += usize::from(!text[start..].trim_end_matches(['\n', '\r']).is_empty());
        }
        if text.is_empty() {
            return Ok(None);
        }
        let mut scanner = Scanner { rest: &text, line: self.line };
        let columns = scanner.columns(all_columns(self.table).count())?;
        self.line = scanner.line;
        self.frame(&columns).map(Some)
    }

    /// Reads all that is left.
    ///
    /// # Errors
    /// As [`CsvReader::read`].
    pub(super) fn read_all(mut self) -> PolarsResult<DataFrame> {
        match self.read(usize::MAX)? {
            Some(all) => Ok(all),
            None => self.frame(&vec![Vec::new(); all_columns(self.table).count()]),
        }
    }

    fn frame(&self, columns: &[Vec<CsvCell<'_>>]) -> PolarsResult<DataFrame> {
        let named = all_columns(self.table).zip(columns);
        let values = named.map(|((name, kind), cells)| parse_column(name, *kind, cells));
        frame(self.table, values.collect::<PolarsResult<_>>()?)
    }
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
    use crate::record::csv::write_text;

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

    #[test]
    fn a_file_is_read_in_pieces_whatever_stands_in_quotes() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("log.csv");
        let mut text = format!("\u{feff}{}\r\n", header(Table::Log));
        for row in 0..10 {
            text += &format!("2025-03-03T09:30:0{row}.000000000,anne,log,\"a \"\"{row}\"\"\nb\",t,1\n\n");
        }
        std::fs::write(&path, text).unwrap();
        for rows_max in [1, 3, 10, 100] {
            let mut file = CsvReader::open(&path, Table::Log).unwrap();
            let mut found = Vec::new();
            while let Some(frame) = file.read(rows_max).unwrap() {
                assert!(frame.height() <= rows_max);
                let texts = frame.column("text").unwrap().str().unwrap();
                found.extend(texts.iter().map(|text| text.unwrap().to_owned()));
            }
            let expected: Vec<String> = (0..10).map(|row| format!("a \"{row}\"\nb")).collect();
            assert_eq!(found, expected, "{rows_max}");
        }
    }
}
