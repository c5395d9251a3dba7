//! The manifest: what ran, and what it left.

use serde::{Deserialize, Serialize};

use super::table::Table;

/// The content of `manifest.json`.
///
/// It says nothing of the wall clock or the machine, so that the same scenario and seed leave the
/// same manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this layout: [`Manifest::VERSION`].
    pub layout: u32,
    /// Version of the program that wrote it.
    pub bearpit: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// First instant of virtual time.
    pub start: String,
    /// Last instant of virtual time.
    pub end: String,
    /// BLAKE3 over all facts, in hexadecimal.
    pub digest: String,
    /// BLAKE3 over the scenario and every file it read, in hexadecimal.
    pub inputs: String,
    /// Changes made to the scenario, such as `ema.fast=5`.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Events delivered.
    pub events: u64,
    /// Facts written to the tape.
    pub facts: u64,
    /// Trades among them.
    pub trades: u64,
    /// The interval of the bars that strategies see.
    pub bar_interval: String,
    /// The interval at which accounts were marked to market; metrics are taken over periods of it.
    pub sample_interval: String,
    /// Format of the tables: `parquet`, `csv` or `ipc`.
    pub format: String,
    /// The tables, with their rows.
    pub tables: Vec<TableSummary>,
    /// The tables that were not recorded, since the scenario did not ask for them.
    pub not_recorded: Vec<String>,
    /// The intervals of the `bars` table.
    pub bars: Vec<String>,
    /// How the snapshots of the `books` table were taken; none where it was not recorded.
    pub books: Option<BookSummary>,
    /// The instruments, in the scenario's order.
    pub instruments: Vec<InstrumentSummary>,
    /// Names of the venues, in the scenario's order.
    pub venues: Vec<String>,
    /// The tracked accounts at the end, in the scenario's order.
    pub accounts: Vec<AccountSummary>,
}

impl Manifest {
    /// The version of the layout that this program writes and reads.
    pub const VERSION: u32 = 4;

    /// Tells whether a table was recorded.
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        !self.not_recorded.iter().any(|name| name == table.name())
    }
}

/// One table of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSummary {
    /// The table's name.
    pub name: String,
    /// Its number of rows.
    pub rows: u64,
}

/// How snapshots of books were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookSummary {
    /// The time between two.
    pub interval: String,
    /// How many levels of each side.
    pub levels: usize,
}

/// An instrument of a run: with its steps, prices and quantities of the tables are exact again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentSummary {
    /// The symbol.
    pub symbol: String,
    /// The smallest step of its price, as decimal text.
    pub tick_size: String,
    /// The smallest step of its quantity, as decimal text.
    pub lot_size: String,
}

/// What an account held at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingSummary {
    /// The symbol.
    pub symbol: String,
    /// How many lots.
    pub lots: u64,
    /// What they counted as: their worth at the first mark, and nothing where there never was one.
    pub cost: String,
}

/// One tracked account at the end of a run; money as exact decimal text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    /// The agent's name.
    pub owner: String,
    /// Its kind as in the scenario: `script`, `market_maker`, or what a native actor called itself.
    pub kind: String,
    /// Cash at the start.
    pub initial_cash: String,
    /// Holdings at the start.
    pub initial_holdings: Vec<HoldingSummary>,
    /// Equity at the start: cash plus holdings at their first marks.
    pub initial_equity: String,
    /// Equity at the end.
    pub final_equity: String,
    /// Final less initial equity.
    pub profit: String,
    /// Fees paid less rebates.
    pub fees: String,
    /// Interest received less paid, and less what borrowed shares cost.
    pub financing: String,
    /// Number of fills.
    pub fills: u64,
    /// Number of orders that its account gate refused.
    pub refused: u64,
    /// The error that stopped it, if one did.
    pub failure: Option<String>,
}
