//! [`CsvFile`]: row groups as comma-separated text.
//!
//! The writer quotes a cell only where it must. An empty text is `""`, an absent value is an empty cell. A
//! float is the shortest text that reads back as the same number; times and money are exact. Times have nine
//! digits of the second; those of samples none, where all of a column are whole seconds.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars_core::prelude::PolarsResult;

use super::csv_times;
use super::frames::Values;
use super::schema::all_columns;
use super::table::Table;
use bearpit_core::units::Money;

/// A CSV file in progress.
pub(super) struct CsvFile {
    path: PathBuf,
    output: BufWriter<File>,
    row: Vec<u8>,
    has_rows: bool,
    /// By column, whether its times have nine digits.
    has_fraction: Vec<bool>,
}

impl CsvFile {
    /// Begins the file with its header.
    pub(super) fn create(path: &Path, mut output: BufWriter<File>, table: Table) -> PolarsResult<Self> {
        writeln!(output, "{}", header(table))?;
        let has_fraction = vec![!table.is_sampled(); all_columns(table).count()];
        Ok(Self { path: path.to_owned(), output, row: Vec::new(), has_rows: false, has_fraction })
    }

    /// Writes rows, given by column.
    pub(super) fn write(&mut self, columns: &[Values<'_>], rows: usize) -> PolarsResult<()> {
        self.widen(columns)?;
        self.has_rows |= rows > 0;
        for row in 0..rows {
            self.row.clear();
            for (index, (column, has_fraction)) in columns.iter().zip(&self.has_fraction).enumerate() {
                if index > 0 {
                    self.row.push(b',');
                }
                write_cell(&mut self.row, column, row, *has_fraction)?;
            }
            self.row.push(b'\n');
            self.output.write_all(&self.row)?;
        }
        Ok(())
    }

    /// Gives nine digits to the columns whose first fraction of a second is among these rows.
    fn widen(&mut self, columns: &[Values<'_>]) -> PolarsResult<()> {
        let begins = |(column, has_fraction): (&Values<'_>, &bool)| {
            !has_fraction && matches!(column, Values::Time(times) if csv_times::any_fraction(times))
        };
        let begin: Vec<bool> = columns.iter().zip(&self.has_fraction).map(begins).collect();
        if self.has_rows && begin.contains(&true) {
            self.output.flush()?;
            self.output = csv_times::widen(&self.path, &begin)?;
        }
        self.has_fraction.iter_mut().zip(begin).for_each(|(has_fraction, begins)| *has_fraction |= begins);
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
fn write_cell(output: &mut Vec<u8>, column: &Values<'_>, row: usize, has_fraction: bool) -> PolarsResult<()> {
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
        Values::Time(cells) => Ok(csv_times::write_time(output, cells[row], has_fraction)?),
        Values::Money(cells) => display(output, Money::from_units(cells[row])),
    }
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
