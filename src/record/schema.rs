//! The columns of the tables, with their types; `docs/tables.md` says what they mean.

use polars::prelude::{DataType, PlSmallStr, Schema, TimeUnit};

use super::table::Table;
use crate::units::Money;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Count,
    Text,
    Time,
    Money,
}

/// Digits of a money column: all that 128 bits hold.
pub(super) const MONEY_PRECISION: usize = 38;
pub(super) const MONEY_SCALE: usize = Money::SCALE as usize;

impl Kind {
    pub(super) const fn data_type(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Count => DataType::UInt64,
            Self::Text => DataType::String,
            Self::Time => DataType::Datetime(TimeUnit::Nanoseconds, None),
            Self::Money => DataType::Decimal(MONEY_PRECISION, MONEY_SCALE),
        }
    }
}

/// Returns the columns of a table, in order.
#[expect(clippy::too_many_lines, reason = "a table of tables: splitting it would hide its shape")]
pub(super) const fn columns(table: Table) -> &'static [(&'static str, Kind)] {
    use Kind::{Count, Money, Number, Text, Time};
    match table {
        Table::Orders => &[
            ("order", Count),
            ("owner", Text),
            ("venue", Text),
            ("symbol", Text),
            ("side", Text),
            ("kind", Text),
            ("time_in_force", Text),
            ("price", Number),
            ("trigger", Number),
            ("quantity", Number),
            ("displayed", Number),
            ("entered_at", Time),
            ("ended_at", Time),
            ("filled", Number),
            ("average_price", Number),
            ("status", Text),
            ("reason", Text),
        ],
        Table::Fills => &[
            ("time", Time),
            ("trade", Count),
            ("order", Count),
            ("counter_order", Count),
            ("owner", Text),
            ("venue", Text),
            ("symbol", Text),
            ("side", Text),
            ("liquidity", Text),
            ("phase", Text),
            ("price", Number),
            ("quantity", Number),
            ("queue_ahead", Number),
            ("fee", Money),
        ],
        Table::Trades => &[
            ("time", Time),
            ("trade", Count),
            ("venue", Text),
            ("symbol", Text),
            ("price", Number),
            ("quantity", Number),
            ("aggressor", Text),
            ("phase", Text),
            ("maker", Text),
            ("taker", Text),
        ],
        Table::Quotes => &[
            ("time", Time),
            ("venue", Text),
            ("symbol", Text),
            ("bid", Number),
            ("bid_size", Number),
            ("ask", Number),
            ("ask_size", Number),
        ],
        Table::Pnl => &[
            ("time", Time),
            ("owner", Text),
            ("symbol", Text),
            ("position", Number),
            ("mark", Number),
            ("average_price", Number),
            ("realized", Money),
            ("unrealized", Money),
            ("fees", Money),
            ("cash", Money),
            ("equity", Money),
        ],
        Table::Bars => &[
            ("start", Time),
            ("end", Time),
            ("venue", Text),
            ("symbol", Text),
            ("open", Number),
            ("high", Number),
            ("low", Number),
            ("close", Number),
            ("volume", Number),
        ],
        Table::Log => &[("time", Time), ("owner", Text), ("kind", Text), ("text", Text)],
        Table::Series => &[("time", Time), ("owner", Text), ("series", Text), ("value", Number)],
        Table::Records => &[
            ("time", Time),
            ("owner", Text),
            ("table", Text),
            ("row", Count),
            ("column", Text),
            ("kind", Text),
            ("number", Number),
            ("text", Text),
        ],
    }
}

/// Returns the schema of a table as it is stored; as text, times and money are text too.
pub(super) fn schema(table: Table, as_text: bool) -> Schema {
    let field = |(name, kind): &(&str, Kind)| {
        let data_type = match kind {
            Kind::Time | Kind::Money if as_text => DataType::String,
            _ => kind.data_type(),
        };
        (PlSmallStr::from_str(name), data_type)
    };
    columns(table).iter().map(field).collect()
}
