//! The columns of the tables, with their types; `docs/tables.md` says what they mean.

use polars_core::prelude::{DataType, PlSmallStr, Schema, TimeUnit};

use super::table::Table;
use bearpit_core::units::Money;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Count,
    Small,
    /// Text of which there are few.
    Word,
    /// Any text.
    Text,
    Time,
    Money,
}

/// Digits of a money column: all that 128 bits hold.
pub(super) const MONEY_PRECISION: usize = 38;
pub(super) const MONEY_SCALE: usize = Money::SCALE as usize;

impl Kind {
    /// Returns the type as Parquet and IPC store it; with `floats`, money is no decimal but the nearest
    /// double.
    pub(super) const fn data_type(self, floats: bool) -> DataType {
        match self {
            Self::Money if floats => DataType::Float64,
            Self::Number => DataType::Float64,
            Self::Count => DataType::UInt64,
            Self::Small => DataType::UInt32,
            Self::Word | Self::Text => DataType::String,
            Self::Time => DataType::Datetime(TimeUnit::Nanoseconds, None),
            Self::Money => DataType::Decimal(MONEY_PRECISION, MONEY_SCALE),
        }
    }
}

/// The columns with which every table ends: whose rows they are. In a file they never change, and cost
/// nothing.
pub(super) const LABELS: [(&str, Kind); 2] = [("scenario", Kind::Word), ("seed", Kind::Count)];

/// Returns the columns of a table, in order; [`LABELS`] come after them.
#[expect(clippy::too_many_lines, reason = "a table of tables: splitting it would hide its shape")]
pub(super) const fn columns(table: Table) -> &'static [(&'static str, Kind)] {
    use Kind::{Count, Money, Number, Small, Text, Time, Word};
    match table {
        Table::Orders => &[
            ("order_id", Count),
            ("owner", Word),
            ("venue", Word),
            ("symbol", Word),
            ("side", Word),
            ("kind", Word),
            ("time_in_force", Word),
            ("price", Number),
            ("trigger_price", Number),
            ("trailing_distance", Number),
            ("trailing_percent", Number),
            ("quantity", Number),
            ("displayed", Number),
            ("entered_at", Time),
            ("entry_latency_ns", Count),
            ("ended_at", Time),
            ("filled", Number),
            ("average_price", Number),
            ("replaces", Count),
            ("status", Word),
            ("reason", Word),
        ],
        Table::Fills => &[
            ("time", Time),
            ("trade_id", Count),
            ("order_id", Count),
            ("counter_order_id", Count),
            ("owner", Word),
            ("venue", Word),
            ("symbol", Word),
            ("side", Word),
            ("liquidity", Word),
            ("phase", Word),
            ("price", Number),
            ("quantity", Number),
            ("queue_ahead", Number),
            ("fee", Money),
            ("clamped", Number),
            ("quoted_at", Time),
        ],
        Table::Trades => &[
            ("time", Time),
            ("trade_id", Count),
            ("venue", Word),
            ("symbol", Word),
            ("price", Number),
            ("quantity", Number),
            ("aggressor", Word),
            ("phase", Word),
            ("maker", Word),
            ("taker", Word),
        ],
        Table::Quotes => &[
            ("time", Time),
            ("venue", Word),
            ("symbol", Word),
            ("bid", Number),
            ("bid_size", Number),
            ("ask", Number),
            ("ask_size", Number),
        ],
        Table::Books => &[
            ("time", Time),
            ("venue", Word),
            ("symbol", Word),
            ("side", Word),
            ("level", Small),
            ("price", Number),
            ("quantity", Number),
        ],
        Table::Pnl => &[
            ("time", Time),
            ("owner", Word),
            ("symbol", Word),
            ("position", Number),
            ("mark", Number),
            ("average_price", Number),
            ("realized", Money),
            ("unrealized", Money),
            ("fees", Money),
            ("financing", Money),
            ("cash", Money),
            ("equity", Money),
            ("cause", Word),
        ],
        Table::Equity => &[
            ("time", Time),
            ("owner", Word),
            ("cash", Money),
            ("equity", Money),
            ("fees", Money),
            ("financing", Money),
        ],
        Table::Ruins => &[("time", Time), ("owner", Word), ("equity", Money)],
        Table::MarginCalls => {
            &[("time", Time), ("owner", Word), ("event", Word), ("equity", Money), ("maintenance", Money)]
        }
        Table::Trips => &[
            ("owner", Word),
            ("symbol", Word),
            ("side", Word),
            ("quantity", Number),
            ("entered_at", Time),
            ("entry_price", Number),
            ("exited_at", Time),
            ("exit_price", Number),
            ("profit", Money),
            ("fees", Money),
            ("profit_share", Number),
            ("mae", Money),
            ("mfe", Money),
            ("bars_held", Count),
            ("exit_reason", Word),
        ],
        Table::Actions => &[
            ("time", Time),
            ("owner", Word),
            ("venue", Word),
            ("symbol", Word),
            ("kind", Word),
            ("new_shares", Count),
            ("old_shares", Count),
            ("position", Number),
            ("amount", Money),
            ("cost", Money),
            ("rate", Number),
        ],
        Table::Positions => &[
            ("time", Time),
            ("owner", Word),
            ("symbol", Word),
            ("position", Number),
            ("bought", Number),
            ("sold", Number),
            ("fills", Count),
            ("fees", Money),
        ],
        Table::Bars => &[
            ("start_time", Time),
            ("end_time", Time),
            ("bar_interval", Word),
            ("venue", Word),
            ("symbol", Word),
            ("open", Number),
            ("high", Number),
            ("low", Number),
            ("close", Number),
            ("volume", Number),
        ],
        Table::Rejects => &[
            ("time", Time),
            ("order_id", Count),
            ("owner", Word),
            ("venue", Word),
            ("symbol", Word),
            ("request", Word),
            ("rejected_by", Word),
            ("side", Word),
            ("price", Number),
            ("quantity", Number),
            ("reason", Word),
        ],
        Table::Phases => &[
            ("time", Time),
            ("venue", Word),
            ("symbol", Word),
            ("phase", Word),
            ("auction_price", Number),
            ("auction_volume", Number),
        ],
        Table::Log => &[("time", Time), ("owner", Word), ("kind", Word), ("text", Text)],
        Table::Series => &[("time", Time), ("owner", Word), ("series", Text), ("value", Number)],
        Table::Records => &[
            ("time", Time),
            ("owner", Word),
            ("table_name", Text),
            ("row_index", Count),
            ("column_name", Text),
            ("kind", Word),
            ("number", Number),
            ("text", Text),
        ],
        Table::Auctions => &[
            ("time", Time),
            ("event", Word),
            ("auction_id", Count),
            ("proposal_id", Count),
            ("owner", Word),
            ("proposer", Word),
            ("symbol", Word),
            ("quantity", Number),
            ("cash", Money),
            ("proposed_symbol", Word),
            ("proposed_quantity", Number),
            ("amount", Money),
            ("open_for_ns", Count),
            ("reason", Word),
        ],
    }
}

/// Returns all columns of a table as it is stored, in order.
pub(super) fn all_columns(table: Table) -> impl Iterator<Item = &'static (&'static str, Kind)> {
    columns(table).iter().chain(&LABELS)
}

/// Returns the schema of a table as Parquet and IPC store it; with `floats`, money is the nearest double.
pub(super) fn schema(table: Table, floats: bool) -> Schema {
    all_columns(table).map(|(name, kind)| (PlSmallStr::from_str(name), kind.data_type(floats))).collect()
}

impl Table {
    /// Returns the names of the columns about the market, in order: all but `scenario` and `seed`.
    pub fn columns(self) -> impl Iterator<Item = &'static str> {
        columns(self).iter().map(|(name, _)| *name)
    }
}
