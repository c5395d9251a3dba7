//! From rows to Polars frames.

mod accounts;
mod market;
mod told;

use polars::prelude::{
    Column, DataFrame, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray,
    PolarsResult, Series, TimeUnit,
};

use super::rows::{Chunk, Names};
use super::schema::{Kind, MONEY_PRECISION, MONEY_SCALE, all_columns};
use super::table::Table;
use crate::units::{ListingId, Money, Price, Quantity, SimTime};

/// One column of a frame under construction.
pub(super) enum Values<'a> {
    Number(Vec<Option<f64>>),
    Count(Vec<Option<u64>>),
    Small(Vec<u32>),
    Text(Vec<Option<&'a str>>),
    Time(Vec<i64>),
    Money(Vec<i128>),
}

/// Gives the frames of a chunk to `take`: one, or for trades two.
///
/// # Errors
/// What Polars, or `take`, says.
pub(super) fn frames<E: From<polars::prelude::PolarsError>>(
    names: &Names,
    chunk: &Chunk,
    mut take: impl FnMut(Table, DataFrame) -> Result<(), E>,
) -> Result<(), E> {
    match chunk {
        Chunk::Orders(rows) => take(Table::Orders, accounts::orders(names, rows)?),
        Chunk::Trades(rows) => {
            take(Table::Trades, market::trades(names, rows)?)?;
            take(Table::Fills, market::fills(names, rows)?)
        }
        Chunk::Quotes(rows) => take(Table::Quotes, market::quotes(names, rows)?),
        Chunk::Books(rows) => take(Table::Books, market::books(names, rows)?),
        Chunk::Pnl(rows) => take(Table::Pnl, accounts::pnl(names, rows)?),
        Chunk::Positions(rows) => take(Table::Positions, accounts::positions(names, rows)?),
        Chunk::Bars(rows) => take(Table::Bars, market::bars(names, rows)?),
        Chunk::Rejects(rows) => take(Table::Rejects, accounts::rejects(names, rows)?),
        Chunk::Phases(rows) => take(Table::Phases, market::phases(names, rows)?),
        Chunk::Log(rows) => take(Table::Log, told::log(names, rows)?),
        Chunk::Series(rows) => take(Table::Series, told::series(names, rows)?),
        Chunk::Records(rows) => take(Table::Records, told::records(names, rows)?),
    }
}

/// Puts columns together under the table's names; their order and types are those of the schema. The labels may
/// be left out.
pub(super) fn frame(table: Table, values: Vec<Values<'_>>) -> PolarsResult<DataFrame> {
    let named = all_columns(table).zip(values);
    let built: PolarsResult<Vec<Column>> =
        named.map(|((name, kind), values)| column(name, *kind, values)).collect();
    DataFrame::new_infer_height(built?)
}

fn column(name: &str, kind: Kind, values: Values<'_>) -> PolarsResult<Column> {
    let column = match values {
        Values::Number(values) => Series::new(name.into(), values).into_column(),
        Values::Count(values) => Series::new(name.into(), values).into_column(),
        Values::Small(values) => Series::new(name.into(), values).into_column(),
        Values::Text(values) => Series::new(name.into(), values).into_column(),
        Values::Time(values) => Int64Chunked::from_vec(name.into(), values)
            .into_datetime(TimeUnit::Nanoseconds, None)
            .into_column(),
        Values::Money(values) => Int128Chunked::from_slice(name.into(), &values)
            .into_decimal(MONEY_PRECISION, MONEY_SCALE)?
            .into_series()
            .into_column(),
    };
    debug_assert_eq!(column.dtype(), &kind.data_type(), "column {name}");
    Ok(column)
}

fn numbers<T>(rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Values<'static> {
    Values::Number(rows.iter().map(value).collect())
}

fn counts<T>(rows: &[T], value: impl Fn(&T) -> Option<u64>) -> Values<'static> {
    Values::Count(rows.iter().map(value).collect())
}

fn texts<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> Option<&'a str>) -> Values<'a> {
    Values::Text(rows.iter().map(value).collect())
}

fn smalls<T>(rows: &[T], value: impl Fn(&T) -> u32) -> Values<'static> {
    Values::Small(rows.iter().map(value).collect())
}

fn times<T>(rows: &[T], value: impl Fn(&T) -> SimTime) -> Values<'static> {
    Values::Time(rows.iter().map(|row| value(row).nanos()).collect())
}

fn monies<T>(rows: &[T], value: impl Fn(&T) -> Money) -> Values<'static> {
    Values::Money(rows.iter().map(|row| value(row).units()).collect())
}

impl Names {
    fn price(&self, listing: ListingId, price: Price) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.price_f64(price))
    }

    fn quantity(&self, listing: ListingId, quantity: Quantity) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.quantity_f64(quantity))
    }
}
