//! The manifest: what ran, and what it left.

use serde::{Deserialize, Serialize};

use super::format::Format;
use super::manifest_text;
use super::replay_summary::{ChargeSummary, ReplaySummary};
use super::table::Table;
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Decimal, Money, SimDuration, SimTime};

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
    #[serde(with = "manifest_text::start")]
    pub start: SimTime,
    /// Last instant of virtual time.
    #[serde(with = "manifest_text::end")]
    pub end: SimTime,
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
    #[serde(with = "manifest_text::bar_interval")]
    pub bar_interval: BarInterval,
    /// The interval at which accounts were marked to market; metrics are taken over periods of it.
    #[serde(with = "manifest_text::sample_interval")]
    pub sample_interval: SimDuration,
    /// How many sample intervals a year has, where the scenario says so.
    #[serde(default, with = "manifest_text::periods_per_year", skip_serializing_if = "Option::is_none")]
    pub periods_per_year: Option<Decimal>,
    /// The symbol against which accounts are held, where the scenario says so; else all instruments in equal
    /// parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<String>,
    /// Format of the tables: `parquet`, `csv` or `ipc`.
    #[serde(with = "manifest_text::format")]
    pub format: Format,
    /// Whether money is stored as the nearest doubles, not as exact decimals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floats: bool,
    /// The tables, with their rows.
    pub tables: Vec<TableSummary>,
    /// The tables that were not recorded, since the scenario did not ask for them.
    #[serde(with = "manifest_text::not_recorded")]
    pub not_recorded: Vec<Table>,
    /// The agents that replayed recorded order flow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_replays: Vec<String>,
    /// Whether the rows of their own orders were recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed_orders: bool,
    /// The intervals of the `bars` table.
    #[serde(with = "manifest_text::bars")]
    pub bars: Vec<BarInterval>,
    /// How the snapshots of the `books` table were taken; none where it was not recorded.
    pub books: Option<BookSummary>,
    /// The instruments, in the scenario's order.
    pub instruments: Vec<InstrumentSummary>,
    /// Names of the venues, in the scenario's order.
    pub venues: Vec<String>,
    /// The files that were replayed, listing by listing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<ReplaySummary>,
    /// What venues and brokers charge, in words; those that charge nothing are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<ChargeSummary>,
    /// The tracked accounts at the end, in the scenario's order; those opened while the market ran come last.
    pub accounts: Vec<AccountSummary>,
}

impl Manifest {
    /// The version of the layout that this program writes and reads.
    pub const VERSION: u32 = 6;

    /// Returns whether a table was recorded.
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        !self.not_recorded.contains(&table)
    }

    /// Returns the agents whose own orders were left out of the tables `orders`, `fills` and `rejects`.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        if self.replayed_orders { &[] } else { &self.order_replays }
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
    #[serde(with = "manifest_text::interval")]
    pub interval: SimDuration,
    /// How many levels of each side.
    pub levels: usize,
}

/// An instrument of a run: with its steps, prices and quantities of the tables are exact again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentSummary {
    /// The symbol.
    pub symbol: String,
    /// The smallest step of its price.
    #[serde(with = "manifest_text::tick_size")]
    pub tick_size: Decimal,
    /// The smallest step of its quantity.
    #[serde(with = "manifest_text::lot_size")]
    pub lot_size: Decimal,
    /// What a price of one is worth for each unit of quantity; 1 unless the scenario says so.
    #[serde(with = "manifest_text::multiplier", default = "one", skip_serializing_if = "is_one")]
    pub multiplier: Decimal,
    /// Whether it is a future: trades of it move no money but fees.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_future: bool,
}

const fn one() -> Decimal {
    Decimal::new(1, 0)
}

fn is_one(multiplier: &Decimal) -> bool {
    *multiplier == one()
}

/// What an account held at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingSummary {
    /// The symbol.
    pub symbol: String,
    /// How many lots; below zero for a short position that was carried over from the market's last day.
    pub lots: i64,
    /// What they counted as: their worth at the first mark, and nothing where there never was one.
    #[serde(with = "manifest_text::cost")]
    pub cost: Money,
}

/// One tracked account at the end of a run; in the file, money is exact decimal text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    /// The agent's name.
    pub owner: String,
    /// Its kind as in the scenario: `script`, `market_maker`, or what a native actor called itself.
    pub kind: String,
    /// Cash at the start.
    #[serde(with = "manifest_text::initial_cash")]
    pub initial_cash: Money,
    /// Holdings at the start.
    pub initial_holdings: Vec<HoldingSummary>,
    /// Equity at the start: cash plus holdings at their first marks.
    #[serde(with = "manifest_text::initial_equity")]
    pub initial_equity: Money,
    /// Equity at the end.
    #[serde(with = "manifest_text::final_equity")]
    pub final_equity: Money,
    /// Final less initial equity, less what was brought in from outside meanwhile.
    #[serde(with = "manifest_text::profit")]
    pub profit: Money,
    /// Fees paid less rebates.
    #[serde(with = "manifest_text::fees")]
    pub fees: Money,
    /// Interest received less paid, and less what borrowed shares cost.
    #[serde(with = "manifest_text::financing")]
    pub financing: Money,
    /// Number of fills.
    pub fills: u64,
    /// Number of orders that its account gate refused.
    pub refused: u64,
    /// The error that stopped it, if one did.
    pub failure: Option<String>,
    /// The terms of its margin account; none of a cash account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<MarginSummary>,
}

/// What a margin account must have of its own, as shares of what it holds such as `1/20`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginSummary {
    /// For what it buys or sells short.
    pub initial: String,
    /// For what it keeps.
    pub maintenance: String,
}
