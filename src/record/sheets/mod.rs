//! [`Sheets`]: the rows of all tables in the making, and the files that they go to.

mod accounts;
mod market;
mod told;

pub(super) use accounts::Reject;

use std::path::Path;

use super::column::Sheet;
use super::manifest::TableSummary;
use super::plan::{RecordPlan, RunLabel};
use super::rows::Names;
use super::table::Table;
use super::words::Words;
use super::writer::{RecordError, TableFile};
use bearpit_core::units::{ListingId, Price, Quantity};

/// The tables of a run under way.
pub(super) struct Sheets {
    names: Names,
    words: Words,
    label: RunLabel,
    /// By table; none of those that are not recorded.
    outputs: Vec<Option<(Sheet, TableFile)>>,
}

/// Rows in a sheet when it is written: a row group of Parquet.
///
/// Each row group costs the writer some kilobytes a column until the file ends, so they are not small; and what
/// waits in a sheet has reached its bound within an hour of a busy market, so that longer runs need hardly more.
const SHEET_ROWS: usize = 32 * 1024;

impl Sheets {
    /// Makes the files of the tables that are recorded, so that also an empty table has one.
    pub(super) fn create(
        directory: &Path,
        plan: &RecordPlan,
        label: RunLabel,
        names: Names,
    ) -> Result<Self, RecordError> {
        let output = |table| {
            let is_recorded = plan.tables.contains(table);
            let file = is_recorded.then(|| TableFile::create(directory, table, plan.format)).transpose()?;
            Ok(file.map(|file| (Sheet::new(table), file)))
        };
        let outputs: Result<_, RecordError> = Table::ALL.into_iter().map(output).collect();
        Ok(Self { words: Words::new(&names), names, label, outputs: outputs? })
    }

    pub(super) const fn names(&self) -> &Names {
        &self.names
    }

    /// Adds a row to a table, if it is recorded; writes the sheet when it is full.
    fn add(
        &mut self,
        table: Table,
        row: impl FnOnce(&mut Sheet, &Names, &mut Words),
    ) -> Result<(), RecordError> {
        let Some((sheet, file)) = self.outputs.get_mut(table as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        row(sheet, &self.names, &mut self.words);
        sheet.end();
        if sheet.rows < SHEET_ROWS { Ok(()) } else { file.write(sheet, &self.words, &self.label) }
    }

    /// Writes what is left, and returns the tables with their rows.
    pub(super) fn finish(self) -> Result<Vec<TableSummary>, RecordError> {
        let Self { words, label, outputs, .. } = self;
        let outputs = outputs.into_iter().flatten();
        outputs.map(|(mut sheet, file)| file.finish(&mut sheet, &words, &label)).collect()
    }
}

impl Sheet {
    /// Adds the cells of a listing: venue and symbol.
    fn place(&mut self, words: &Words, listing: ListingId) -> &mut Self {
        let (venue, symbol) = words.place(listing).unzip();
        self.word(venue).word(symbol)
    }

    fn price(&mut self, names: &Names, listing: ListingId, price: Option<Price>) -> &mut Self {
        self.number(price.and_then(|price| names.price(listing, price)))
    }

    fn quantity(&mut self, names: &Names, listing: ListingId, quantity: Option<Quantity>) -> &mut Self {
        self.number(quantity.and_then(|quantity| names.quantity(listing, quantity)))
    }

    /// Adds the cell of a word of the program.
    fn say(&mut self, words: &mut Words, word: &'static str) -> &mut Self {
        let number = words.fixed(word);
        self.word(Some(number))
    }
}
