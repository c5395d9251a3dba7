//! [`CsvFile`]: row groups as comma-separated text.
//!
//! The writer quotes a cell only where it must. An empty text is `""`, an absent value is an empty cell. A
//! float is the shortest text that reads back as the same number; times and money are exact. Times have nine
//! digits of the second; those of samples none, where all of a column are whole seconds.
//!
//! Numbers, words and money are numbered values: each is made text once in a piece, however often it comes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars_core::prelude::PolarsResult;

use super::csv_cells::{Cells, write_count};
use super::csv_times;
use super::row_group::RowGroup;
use super::row_group::column::Column;
use super::row_group::interner::Interner;
use super::schema::all_columns;
use super::table::Table;
use bearpit_core::units::Seed;

/// A CSV file in progress.
pub(super) struct CsvFile {
    path: PathBuf,
    output: BufWriter<File>,
    /// Rows on their way to the file.
    text: Vec<u8>,
    has_rows: bool,
    /// By column, whether its times have nine digits.
    has_fraction: Vec<bool>,
}

/// How much text goes to the file at once.
const TEXT_BYTES: usize = 32 * 1024;

impl CsvFile {
    /// Begins the file with its header.
    pub(super) fn create(path: &Path, mut output: BufWriter<File>, table: Table) -> PolarsResult<Self> {
        writeln!(output, "{}", header(table))?;
        let has_fraction = vec![!table.is_sampled(); all_columns(table).count()];
        Ok(Self { path: path.to_owned(), output, text: Vec::new(), has_rows: false, has_fraction })
    }

    /// Writes the rows of a group, with the label on each.
    pub(super) fn write(
        &mut self,
        group: &RowGroup,
        interner: &Interner,
        (scenario, seed): (&str, Seed),
    ) -> PolarsResult<()> {
        self.widen(&group.columns)?;
        self.has_rows |= group.rows > 0;
        let columns = group.columns.iter().zip(&self.has_fraction);
        let mut columns: Vec<Cells<'_>> =
            columns.map(|(column, has_fraction)| Cells::new(column, interner, *has_fraction)).collect();
        let mut label = Vec::new();
        write_text(&mut label, scenario);
        label.push(b',');
        write_count(&mut label, seed.get());
        label.push(b'\n');
        for row in 0..group.rows {
            for column in &mut columns {
                column.write(&mut self.text, row)?;
                self.text.push(b',');
            }
            self.text.extend_from_slice(&label);
            if self.text.len() >= TEXT_BYTES {
                self.output.write_all(&self.text)?;
                self.text.clear();
            }
        }
        self.output.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// Gives nine digits to the columns whose first fraction of a second is among these rows.
    fn widen(&mut self, columns: &[Column]) -> PolarsResult<()> {
        let begins = |(column, has_fraction): (&Column, &bool)| {
            !has_fraction && matches!(column, Column::Time(times) if csv_times::any_fraction(times))
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

pub(super) fn write_text(output: &mut Vec<u8>, text: &str) {
    if !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        output.extend_from_slice(text.as_bytes());
        return;
    }
    output.push(b'"');
    output.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    output.push(b'"');
}
