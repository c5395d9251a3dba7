//! [`RowGroups`]: the rows of all tables that wait to be written, and the files that they go to.

mod accounts;
mod auctions;
mod market;
mod orders;
mod strategy_output;
mod waiting;

use crate::record::config::{Output, RecordConfig, RunLabel};
use crate::record::error::RecordError;
use crate::record::names::Names;
use crate::record::row_group::RowGroup;
use crate::record::row_group::interner::Interner;
use crate::record::rows::row::TableRow;
use crate::record::table::Table;
use crate::record::writer::{FinishedTable, TableFile};
use bearpit_core::units::{ActorId, ListingId, Price, Quantity};
use waiting::Waiting;

/// The tables of a run in progress.
pub(in crate::record) struct RowGroups {
    names: Names,
    interner: Interner,
    label: RunLabel,
    /// By table; none of those that are not recorded.
    outputs: Vec<Option<(RowGroup, TableFile)>>,
    /// Whose orders, fills and rejects are not recorded.
    left_out: Vec<ActorId>,
    waiting: Waiting,
}

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
        let left_out = if config.replayed_orders { Vec::new() } else { names.ids(&config.order_replays) };
        Self { interner: Interner::new(&names), names, label, outputs, left_out, waiting: Waiting::default() }
    }

    pub(in crate::record) const fn names(&self) -> &Names {
        &self.names
    }

    /// Returns whether the orders, fills and rejects of an actor are not recorded.
    pub(in crate::record) fn is_left_out(&self, actor: ActorId) -> bool {
        self.left_out.contains(&actor)
    }

    /// Takes the name of an actor that has joined; before its rows.
    pub(in crate::record) fn join(&mut self, actor: ActorId, name: &str) {
        self.interner.join(actor, name);
    }

    /// Adds a row to its table, if that is recorded.
    ///
    /// # Errors
    /// [`RecordError`] if a piece is full and cannot be written.
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
            TableRow::MarginCall { at, owner, equity, maintenance } => {
                self.margin_call(at, owner, (equity, maintenance))
            }
            TableRow::Trip(trip) => self.trip(trip),
            TableRow::Action { at, action } => self.action(at, action),
            TableRow::Position(position) => self.position(position),
            TableRow::Reject { at, reject } => self.reject(at, reject),
            TableRow::Line { at, owner, is_error, text } => {
                self.line(at, owner, if is_error { "error" } else { "log" }, text)
            }
            TableRow::Plotted { at, owner, series, value } => self.plotted(at, owner, series, value),
            TableRow::Recorded(cell) => self.recorded(cell),
            TableRow::Auction { at, event } => self.auction(at, event),
        }
    }

    /// Returns whether rows of any of these tables go anywhere; makes the files of those that have none yet.
    fn begin(&mut self, tables: &[Table]) -> Result<bool, RecordError> {
        let mut is_any = false;
        for table in tables {
            if let Some((_, file)) = self.outputs.get_mut(*table as usize).and_then(Option::as_mut) {
                is_any = true;
                file.begin()?;
            }
        }
        Ok(is_any)
    }

    /// Adds a row to a table, if it is recorded; stores a piece when it is full.
    fn add(
        &mut self,
        table: Table,
        row: impl FnOnce(&mut RowGroup, &Names, &mut Interner),
    ) -> Result<(), RecordError> {
        self.add_rows(table, 1, row)
    }

    /// Adds some rows to a table, if it is recorded; stores a piece when it is full.
    fn add_rows(
        &mut self,
        table: Table,
        count: usize,
        rows: impl FnOnce(&mut RowGroup, &Names, &mut Interner),
    ) -> Result<(), RecordError> {
        let Some((group, file)) = self.outputs.get_mut(table as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        if count == 0 {
            return Ok(());
        }
        rows(group, &self.names, &mut self.interner);
        group.end(count);
        file.begin()?;
        if group.piece_rows < file.piece_rows() {
            Ok(())
        } else {
            file.write(group, &self.interner, &self.label)
        }
    }

    /// Writes what is left, and returns the tables with their rows, and the frames that are kept in memory.
    pub(in crate::record) fn finish(mut self) -> Result<Vec<FinishedTable>, RecordError> {
        self.add_waiting()?;
        let Self { interner, label, outputs, .. } = self;
        let outputs = outputs.into_iter().flatten();
        outputs.map(|(mut group, file)| file.finish(&mut group, &interner, &label)).collect()
    }
}

impl RowGroup {
    /// Adds the cells of a listing: venue and symbol.
    fn place(&mut self, interner: &Interner, listing: ListingId) -> &mut Self {
        self.places(interner, &[listing], |listing| *listing)
    }

    /// Fills two columns with the listing of each row: venue and symbol.
    fn places<R>(&mut self, interner: &Interner, rows: &[R], listing: impl Fn(&R) -> ListingId) -> &mut Self {
        let Some(first) = rows.first().map(&listing) else { return self };
        let place = |listing| interner.place(listing).unzip();
        if rows.iter().all(|row| listing(row) == first) {
            let (venue, symbol) = place(first);
            return self.same_word(venue, rows.len()).same_word(symbol, rows.len());
        }
        self.words(rows, |row| place(listing(row)).0).words(rows, |row| place(listing(row)).1)
    }

    fn price(&mut self, names: &Names, listing: ListingId, price: Option<Price>) -> &mut Self {
        let steps = price.map(|price| (listing.get(), price.ticks()));
        self.step(steps, |_, ticks| names.price(listing, Price::new(ticks)))
    }

    /// Fills a column with a price of a listing for each row.
    fn prices<R>(
        &mut self,
        names: &Names,
        rows: &[R],
        price: impl Fn(&R) -> Option<(ListingId, Price)>,
    ) -> &mut Self {
        let steps = |row: &R| price(row).map(|(listing, price)| (listing.get(), price.ticks()));
        self.steps(rows, steps, |listing, ticks| names.price(ListingId::new(listing), Price::new(ticks)))
    }

    fn quantity(&mut self, names: &Names, listing: ListingId, quantity: Option<Quantity>) -> &mut Self {
        let steps = quantity.map(|quantity| (listing.get(), quantity.net().lots()));
        self.step(steps, |_, lots| names.quantity(listing, Quantity::new(lots.unsigned_abs())))
    }

    /// Fills a column with a quantity of a listing for each row.
    fn quantities<R>(
        &mut self,
        names: &Names,
        rows: &[R],
        quantity: impl Fn(&R) -> Option<(ListingId, Quantity)>,
    ) -> &mut Self {
        let steps = |row: &R| quantity(row).map(|(listing, quantity)| (listing.get(), quantity.net().lots()));
        let lots = |lots: i64| Quantity::new(lots.unsigned_abs());
        self.steps(rows, steps, |listing, count| names.quantity(ListingId::new(listing), lots(count)))
    }

    /// Adds the cell of a word of the program.
    fn say(&mut self, interner: &mut Interner, word: &'static str) -> &mut Self {
        let number = interner.fixed(word);
        self.word(Some(number))
    }

    /// Fills a column with a word of the program for each row.
    fn says<R>(
        &mut self,
        interner: &mut Interner,
        rows: &[R],
        word: impl Fn(&R) -> &'static str,
    ) -> &mut Self {
        // It is not asked whether a word is the one before: where it is one of two, nobody can foretell that.
        self.words(rows, |row| Some(interner.fixed(word(row))))
    }
}
