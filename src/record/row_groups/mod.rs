//! [`RowGroups`]: the rows of all tables that wait to be written, and the files that they go to.

mod accounts;
mod market;
mod strategy_output;

use crate::record::config::{Output, RecordConfig, RunLabel};
use crate::record::error::RecordError;
use crate::record::names::Names;
use crate::record::row_group::RowGroup;
use crate::record::row_group::interner::Interner;
use crate::record::rows::row::TableRow;
use crate::record::table::Table;
use crate::record::writer::{FinishedTable, TableFile};
use bearpit_core::units::{ActorId, ListingId, Price, Quantity};

/// The tables of a run in progress.
pub(in crate::record) struct RowGroups {
    names: Names,
    interner: Interner,
    label: RunLabel,
    /// By table; none of those that are not recorded.
    outputs: Vec<Option<(RowGroup, TableFile)>>,
}

/// Rows in a group when it is written: a row group of Parquet.
///
/// Each row group costs the writer some kilobytes a column until the file ends, so they are not small; and
/// what waits in a group has reached its bound within an hour of a busy market, so that longer runs need
/// hardly more.
const GROUP_ROWS: usize = 32 * 1024;

impl RowGroups {
    /// Prepares the tables that are recorded; the file of each is made with its first row.
    pub(in crate::record) fn new(
        output: Output<'_>,
        config: &RecordConfig,
        label: RunLabel,
        names: Names,
    ) -> Self {
        let output = |table| {
            if !config.tables.contains(table) {
                return None;
            }
            let file = match output {
                Output::Nothing => return None,
                Output::Frames => TableFile::in_memory(table),
                Output::Directory(directory) => TableFile::due(directory, table, config),
            };
            Some((RowGroup::new(table), file))
        };
        let outputs = Table::ALL.into_iter().map(output).collect();
        Self { interner: Interner::new(&names), names, label, outputs }
    }

    pub(in crate::record) const fn names(&self) -> &Names {
        &self.names
    }

    /// Takes the name of an actor that has joined; before its rows.
    pub(in crate::record) fn join(&mut self, actor: ActorId, name: &str) {
        self.interner.join(actor, name);
    }

    /// Adds a row to its table, if that is recorded.
    ///
    /// # Errors
    /// [`RecordError`] if a row group is full and cannot be written.
    pub(in crate::record) fn write(&mut self, row: &TableRow<'_>) -> Result<(), RecordError> {
        match *row {
            TableRow::OrderQuoted { .. } | TableRow::FirstMark { .. } | TableRow::AccountOpened { .. } => {
                Ok(())
            }
            TableRow::Order(order) => self.order(order),
            TableRow::Trade { at, trade, quoted_at } => self.trade(at, trade, quoted_at),
            TableRow::Quote { at, listing, quote } => self.quote(at, listing, quote),
            TableRow::Price { at, listing, price } => self.price(at, listing, price),
            TableRow::Level(level) => self.level(level),
            TableRow::Phase { at, listing, phase, auction } => self.phase(at, listing, phase, auction),
            TableRow::Bar { listing, bar } => self.bar(listing, bar),
            TableRow::Mark { at, mark, financing } => self.mark(at, mark, financing),
            TableRow::Equity(row) => self.equity(row),
            TableRow::Ruin { at, owner, equity } => self.ruin(at, owner, equity),
            TableRow::Trip(trip) => self.trip(trip),
            TableRow::Action { at, action } => self.action(at, action),
            TableRow::Position(position) => self.position(position),
            TableRow::Reject { at, reject } => self.reject(at, reject),
            TableRow::Line { at, owner, is_error, text } => {
                self.line(at, owner, if is_error { "error" } else { "log" }, text)
            }
            TableRow::Plotted { at, owner, series, value } => self.plotted(at, owner, series, value),
            TableRow::Recorded(cell) => self.recorded(cell),
        }
    }

    /// Adds a row to a table, if it is recorded; writes the group when it is full.
    fn add(
        &mut self,
        table: Table,
        row: impl FnOnce(&mut RowGroup, &Names, &mut Interner),
    ) -> Result<(), RecordError> {
        let Some((group, file)) = self.outputs.get_mut(table as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        row(group, &self.names, &mut self.interner);
        group.end();
        if group.rows == 1 {
            file.begin()?;
        }
        if group.rows < GROUP_ROWS { Ok(()) } else { file.write(group, &self.interner, &self.label) }
    }

    /// Writes what is left, and returns the tables with their rows, and the frames that are kept in memory.
    pub(in crate::record) fn finish(self) -> Result<Vec<FinishedTable>, RecordError> {
        let Self { interner, label, outputs, .. } = self;
        let outputs = outputs.into_iter().flatten();
        outputs.map(|(mut group, file)| file.finish(&mut group, &interner, &label)).collect()
    }
}

impl RowGroup {
    /// Adds the cells of a listing: venue and symbol.
    fn place(&mut self, interner: &Interner, listing: ListingId) -> &mut Self {
        let (venue, symbol) = interner.place(listing).unzip();
        self.word(venue).word(symbol)
    }

    fn price(&mut self, names: &Names, listing: ListingId, price: Option<Price>) -> &mut Self {
        match price.zip(names.instrument(listing)) {
            Some((price, instrument)) => {
                self.steps(listing.get(), price.ticks(), || instrument.price_f64(price))
            }
            None => self.number(None),
        }
    }

    fn quantity(&mut self, names: &Names, listing: ListingId, quantity: Option<Quantity>) -> &mut Self {
        match quantity.zip(names.instrument(listing)) {
            Some((quantity, instrument)) => {
                let lots = quantity.net().lots();
                self.steps(listing.get(), lots, || instrument.quantity_f64(quantity))
            }
            None => self.number(None),
        }
    }

    /// Adds the cell of a word of the program.
    fn say(&mut self, interner: &mut Interner, word: &'static str) -> &mut Self {
        let number = interner.fixed(word);
        self.word(Some(number))
    }
}
