//! [`RecordConfig`]: what is recorded of a run, and how; [`RunLabel`]: whose rows they are.

use std::path::Path;

use super::format::Format;
use super::table::Table;
use bearpit_core::market::BarInterval;
use bearpit_core::market::Fact;
use bearpit_core::units::{Decimal, Seed, SimDuration, SimTime};

/// What is recorded of a run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordConfig {
    /// The format of the tables.
    pub format: Format,
    /// Whether Parquet and IPC have money as the nearest doubles, not as exact decimals; text is always
    /// exact.
    pub floats: bool,
    /// The tables.
    pub tables: TableSet,
    /// The intervals of the `bars` table; all above zero.
    pub bars: Vec<BarInterval>,
    /// How snapshots of books are taken, for the `books` table.
    pub books: BookSnapshotConfig,
    /// The scenario's interval of bars: the table `trips` counts those that a trip lasted.
    pub bar_interval: BarInterval,
    /// The interval of the `positions` table; above zero.
    pub sample_interval: SimDuration,
    /// How many sample intervals a year has, where the scenario says so; else it follows from the data.
    pub periods_per_year: Option<Decimal>,
    /// The symbol against which accounts are held, where the scenario says so; else all instruments in equal
    /// parts.
    pub benchmark: Option<String>,
    /// The agents that replay recorded order flow, by name.
    pub order_replays: Vec<String>,
    /// Whether their own orders are recorded: those of a file would be most rows of `orders`, `fills` and
    /// `rejects`, and the file has them already.
    pub replayed_orders: bool,
    /// Which thread makes rows and writes them; no row depends on it.
    pub thread: WriterThread,
}

impl Default for RecordConfig {
    /// All tables that cost little: see [`TableSet::usual`]; bars and samples of a minute.
    fn default() -> Self {
        let minute = SimDuration::from_secs(60);
        Self {
            format: Format::default(),
            floats: false,
            tables: TableSet::usual(),
            bars: vec![minute.into()],
            bar_interval: minute.into(),
            books: BookSnapshotConfig::default(),
            sample_interval: minute,
            periods_per_year: None,
            benchmark: None,
            order_replays: Vec::new(),
            replayed_orders: false,
            thread: WriterThread::default(),
        }
    }
}

/// Which thread makes rows and writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriterThread {
    /// One of its own, beside the market's: a run is done sooner where a core is free.
    #[default]
    Own,
    /// The market's: for as many runs side by side as there are cores.
    Market,
}

/// Where the rows of a recording go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output<'a> {
    /// Into files in this directory.
    Directory(&'a Path),
    /// Into frames in memory, which grow with the length of the run:
    /// [`Recorded::frames`](super::Recorded::frames).
    Frames,
    /// Nowhere: they only go to the [`RowSink`](super::RowSink), such as an analysis.
    Nothing,
}

/// How snapshots of books are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookSnapshotConfig {
    /// The time between two; above zero.
    pub interval: SimDuration,
    /// How many levels of each side.
    pub levels: usize,
}

impl Default for BookSnapshotConfig {
    fn default() -> Self {
        Self { interval: SimDuration::from_secs(1), levels: 10 }
    }
}

/// Some of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableSet(u32);

impl TableSet {
    /// Returns all tables.
    #[must_use]
    pub fn all() -> Self {
        Table::ALL.into_iter().collect()
    }

    /// Returns the tables that are recorded unless a scenario says otherwise: all but `books` and
    /// `positions`.
    #[must_use]
    pub fn usual() -> Self {
        Table::ALL.into_iter().filter(|table| !matches!(table, Table::Books | Table::Positions)).collect()
    }

    /// Returns whether a table is among them.
    #[must_use]
    pub const fn contains(self, table: Table) -> bool {
        self.0 & Self::bit(table) != 0
    }

    /// Adds a table.
    pub const fn insert(&mut self, table: Table) {
        self.0 |= Self::bit(table);
    }

    const fn bit(table: Table) -> u32 {
        1 << table as u16
    }

    const fn meets(self, others: u32) -> bool {
        self.0 & others != 0
    }

    /// Returns whether any of these tables is made from a fact.
    pub(super) const fn need(self, fact: &Fact) -> bool {
        const ORDERS: u32 = TableSet::bit(Table::Orders);
        const BOOKS: u32 = TableSet::bit(Table::Books);
        const REJECTS: u32 = TableSet::bit(Table::Rejects);
        const PHASES: u32 = TableSet::bit(Table::Phases);
        // Round trips need the orders that end them, the bars they last, and the marks on their way.
        const TRIPS: u32 = TableSet::bit(Table::Trips);
        // A fill says since when its order has had its price.
        const FILLS: u32 = TableSet::bit(Table::Fills);
        const TRADES: u32 = FILLS | TableSet::bit(Table::Trades);
        const SAMPLES: u32 = TableSet::bit(Table::Pnl) | TableSet::bit(Table::Equity);
        const SUMS: u32 = TableSet::bit(Table::Bars) | TableSet::bit(Table::Positions);
        match fact {
            Fact::OrderAccepted { .. }
            | Fact::OrderReplaced { .. }
            | Fact::OrderTermsReplaced { .. }
            | Fact::OrderRepriced { .. }
            | Fact::OrderReduced { .. }
            | Fact::OrderGrown { .. }
            | Fact::OrderRestated { .. }
            | Fact::OrderCanceled { .. }
            | Fact::OrderExpired { .. } => self.meets(ORDERS | BOOKS | TRIPS | FILLS),
            Fact::OrderTriggered { .. } => self.meets(ORDERS | BOOKS),
            Fact::OrderRefreshed { .. } => self.meets(BOOKS),
            Fact::OrderRefused { .. } | Fact::OrderRejected { .. } => self.meets(ORDERS | REJECTS),
            Fact::CommandRejected { .. } => self.meets(REJECTS),
            Fact::Traded(_) => self.meets(ORDERS | BOOKS | TRADES | SUMS | TRIPS),
            Fact::PhaseChanged { .. } => self.meets(PHASES | BOOKS),
            Fact::AuctionUncrossed { .. } => self.meets(PHASES),
            Fact::BarReplayed { .. } => self.contains(Table::Bars) || self.meets(TRIPS),
            Fact::TouchChanged { .. } | Fact::PriceMoved { .. } => {
                self.contains(Table::Quotes) || self.meets(TRIPS)
            }
            Fact::AccountMarked(_) => self.meets(SAMPLES | TRIPS),
            Fact::AccountFinanced { .. } => self.meets(SAMPLES),
            Fact::AccountRuined { .. } => self.contains(Table::Ruins),
            Fact::MarginCalled { .. } | Fact::MarginCallEnded { .. } => self.contains(Table::MarginCalls),
            // They say what all others mean from then on.
            Fact::CorporateAction { .. }
            | Fact::ContractCleared { .. }
            | Fact::PositionSplit { .. }
            | Fact::AccountPaid { .. } => true,
            Fact::ValueQuoted { .. } => self.contains(Table::Actions),
            Fact::Logged { .. } | Fact::StrategyFailed { .. } => self.contains(Table::Log),
            Fact::Plotted { .. } => self.contains(Table::Series),
            Fact::Recorded { .. } => self.contains(Table::Records),
            // The name of the account is in rows of any table.
            Fact::AccountOpened(_) => true,
            Fact::AccountFunded { .. } => self.contains(Table::Positions),
            Fact::Auction(_) => self.contains(Table::Auctions) || self.meets(SUMS),
            // The recorder makes its own bars, of any interval; trips count those of the scenario's.
            Fact::BarClosed { .. } => self.meets(TRIPS),
            // The phases and cancels that follow have rows.
            Fact::IndicativeChanged { .. }
            | Fact::TradingHalted { .. }
            | Fact::HaltLifted { .. }
            | Fact::ParticipantBlocked { .. }
            | Fact::ParticipantUnblocked { .. }
            | Fact::ParticipantReseated { .. } => false,
        }
    }
}

impl FromIterator<Table> for TableSet {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        let mut set = Self::default();
        tables.into_iter().for_each(|table| set.insert(table));
        set
    }
}

/// Whose rows they are: every row of every table has scenario and seed; and when the run begins and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLabel {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// The first instant.
    pub start: SimTime,
    /// The last instant.
    pub end: SimTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let some: TableSet = [Table::Orders, Table::Phases].into_iter().collect();
        let found: Vec<Table> = Table::ALL.into_iter().filter(|table| some.contains(*table)).collect();
        assert_eq!(found, [Table::Orders, Table::Phases]);
        assert!(Table::ALL.into_iter().all(|table| TableSet::all().contains(table)));
        let unusual = Table::ALL.into_iter().filter(|table| !TableSet::usual().contains(*table));
        assert_eq!(unusual.collect::<Vec<_>>(), [Table::Books, Table::Positions]);
    }
}
