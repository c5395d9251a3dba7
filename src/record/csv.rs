//! [`CsvFile`]: row groups as comma-separated text.
//!
//! The writer quotes a cell only where it must. An empty text is `""`, an absent value is an empty cell. A
//! float is the shortest text that reads back as the same number; times and money are exact, and times have
//! nine digits of the second.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};

use polars_core::prelude::PolarsResult;

use super::frames::Values;
use super::schema::all_columns;
use super::table::Table;
use bearpit_core::units::{Money, SimTime};

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
pub(super) fn header(table: Table) -> String {
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

/// Writes a time with nine digits of the second, always: so readers see one format in a column, and a column
/// has the same one in every run.
fn write_time(output: &mut Vec<u8>, nanos: i64) -> PolarsResult<()> {
    let fraction = nanos.rem_euclid(SECOND_NANOS);
    let second = SimTime::from_nanos(nanos.saturating_sub(fraction));
    Ok(write!(output, "{second}.{fraction:09}")?)
}

fn display(output: &mut Vec<u8>, value: impl Display) -> PolarsResult<()> {
    Ok(write!(output, "{value}")?)
}

pub(super) fn write_text(output: &mut Vec<u8>, text: &str) {
    if !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        output.extend_from_slice(text.as_bytes());
        return;
    }
    output.push(b'"');
    output.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    output.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
