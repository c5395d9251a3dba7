//! From rows to Polars frames.

use polars::prelude::{
    Column, DataFrame, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray,
    PolarsResult, Series, TimeUnit,
};

use super::rows::{Chunk, Names, OrderRow};
use super::schema::{Kind, MONEY_PRECISION, MONEY_SCALE, columns};
use super::table::Table;
use crate::market::{AccountMark, Bar, Liquidity, Quote, QuoteLevel, Trade};
use crate::units::{ActorId, ListingId, Money, Price, Quantity, SimTime};

/// One column of a frame under construction.
pub(super) enum Values<'a> {
    Number(Vec<Option<f64>>),
    Count(Vec<Option<u64>>),
    Text(Vec<Option<&'a str>>),
    Time(Vec<i64>),
    Money(Vec<i128>),
}

/// Returns the frames of a chunk: one, or for trades two.
pub(super) fn frames(names: &Names, chunk: &Chunk) -> PolarsResult<Vec<(Table, DataFrame)>> {
    Ok(match chunk {
        Chunk::Orders(rows) => vec![(Table::Orders, orders(names, rows)?)],
        Chunk::Trades(rows) => {
            vec![(Table::Trades, trades(names, rows)?), (Table::Fills, fills(names, rows)?)]
        }
        Chunk::Quotes(rows) => vec![(Table::Quotes, quotes(names, rows)?)],
        Chunk::Pnl(rows) => vec![(Table::Pnl, pnl(names, rows)?)],
        Chunk::Bars(rows) => vec![(Table::Bars, bars(names, rows)?)],
        Chunk::Log(rows) => vec![(Table::Log, log(names, rows)?)],
    })
}

/// Puts columns together under the table's names; their order and types are those of the schema.
pub(super) fn frame(table: Table, values: Vec<Values<'_>>) -> PolarsResult<DataFrame> {
    let named = columns(table).iter().zip(values);
    let built: PolarsResult<Vec<Column>> =
        named.map(|((name, kind), values)| column(name, *kind, values)).collect();
    DataFrame::new_infer_height(built?)
}

fn column(name: &str, kind: Kind, values: Values<'_>) -> PolarsResult<Column> {
    let column = match values {
        Values::Number(values) => Series::new(name.into(), values).into_column(),
        Values::Count(values) => Series::new(name.into(), values).into_column(),
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

fn orders(names: &Names, rows: &[OrderRow]) -> PolarsResult<DataFrame> {
    let average = |row: &OrderRow| average_price(names, row);
    frame(
        Table::Orders,
        vec![
            counts(rows, |row| row.order.map(crate::units::OrderId::get)),
            texts(rows, |row| names.actor(row.owner)),
            texts(rows, |row| names.venue(row.listing)),
            texts(rows, |row| names.symbol(row.listing)),
            texts(rows, |row| Some(row.terms.side.name())),
            texts(rows, |row| Some(row.terms.kind.name())),
            texts(rows, |row| Some(row.terms.time_in_force.name())),
            numbers(rows, |row| row.terms.kind.limit().and_then(|price| names.price(row.listing, price))),
            numbers(rows, |row| names.quantity(row.listing, row.terms.quantity)),
            times(rows, |row| row.entered_at),
            times(rows, |row| row.ended_at),
            numbers(rows, |row| names.quantity(row.listing, Quantity::new(row.filled_lots))),
            numbers(rows, average),
            texts(rows, |row| Some(row.status.name())),
            texts(rows, |row| row.reason),
        ],
    )
}

#[expect(clippy::cast_precision_loss, reason = "an average is a number to read")]
fn average_price(names: &Names, row: &OrderRow) -> Option<f64> {
    if row.filled_lots == 0 {
        return None;
    }
    let tick = names.price(row.listing, Price::new(1))?;
    Some(row.filled_value as f64 / row.filled_lots as f64 * tick)
}

fn trades(names: &Names, rows: &[(SimTime, Trade)]) -> PolarsResult<DataFrame> {
    frame(
        Table::Trades,
        vec![
            times(rows, |(at, _)| *at),
            counts(rows, |(_, trade)| Some(trade.id.get())),
            texts(rows, |(_, trade)| names.venue(trade.listing)),
            texts(rows, |(_, trade)| names.symbol(trade.listing)),
            numbers(rows, |(_, trade)| names.price(trade.listing, trade.price)),
            numbers(rows, |(_, trade)| names.quantity(trade.listing, trade.quantity)),
            texts(rows, |(_, trade)| Some(trade.aggressor.name())),
            texts(rows, |(_, trade)| names.actor(trade.maker)),
            texts(rows, |(_, trade)| names.actor(trade.taker)),
        ],
    )
}

/// Two fills to a trade, the maker's first.
fn fills(names: &Names, rows: &[(SimTime, Trade)]) -> PolarsResult<DataFrame> {
    let fills: Vec<(SimTime, Trade, Liquidity)> = rows
        .iter()
        .flat_map(|(at, trade)| [(*at, *trade, Liquidity::Maker), (*at, *trade, Liquidity::Taker)])
        .collect();
    let fills = fills.as_slice();
    let is_maker = |liquidity: Liquidity| liquidity == Liquidity::Maker;
    frame(
        Table::Fills,
        vec![
            times(fills, |(at, ..)| *at),
            counts(fills, |(_, trade, _)| Some(trade.id.get())),
            counts(fills, |(_, trade, role)| {
                Some(if is_maker(*role) { trade.maker_order } else { trade.taker_order }.get())
            }),
            texts(fills, |(_, trade, role)| {
                names.actor(if is_maker(*role) { trade.maker } else { trade.taker })
            }),
            texts(fills, |(_, trade, _)| names.venue(trade.listing)),
            texts(fills, |(_, trade, _)| names.symbol(trade.listing)),
            texts(fills, |(_, trade, role)| {
                Some(if is_maker(*role) { trade.aggressor.opposite() } else { trade.aggressor }.name())
            }),
            texts(fills, |(.., role)| Some(if is_maker(*role) { "maker" } else { "taker" })),
            numbers(fills, |(_, trade, _)| names.price(trade.listing, trade.price)),
            numbers(fills, |(_, trade, _)| names.quantity(trade.listing, trade.quantity)),
            monies(fills, |(_, trade, role)| if is_maker(*role) { trade.maker_fee } else { trade.taker_fee }),
        ],
    )
}

fn quotes(names: &Names, rows: &[(SimTime, ListingId, Quote)]) -> PolarsResult<DataFrame> {
    let price =
        |listing, level: Option<QuoteLevel>| level.and_then(|level| names.price(listing, level.price));
    let size =
        |listing, level: Option<QuoteLevel>| level.and_then(|level| names.quantity(listing, level.size));
    frame(
        Table::Quotes,
        vec![
            times(rows, |(at, ..)| *at),
            texts(rows, |(_, listing, _)| names.venue(*listing)),
            texts(rows, |(_, listing, _)| names.symbol(*listing)),
            numbers(rows, |(_, listing, quote)| price(*listing, quote.bid)),
            numbers(rows, |(_, listing, quote)| size(*listing, quote.bid)),
            numbers(rows, |(_, listing, quote)| price(*listing, quote.ask)),
            numbers(rows, |(_, listing, quote)| size(*listing, quote.ask)),
        ],
    )
}

fn pnl(names: &Names, rows: &[(SimTime, AccountMark)]) -> PolarsResult<DataFrame> {
    let instrument = |mark: &AccountMark| names.instruments.get(mark.instrument.index());
    let half =
        |mark: &AccountMark| Some(instrument(mark)?.price_f64(Price::new(mark.mark_half_ticks?)) / 2.0);
    let average = |mark: &AccountMark| {
        let position = instrument(mark)?.holding_f64(mark.position);
        (mark.position.lots() != 0).then(|| mark.cost.to_f64() / position)
    };
    frame(
        Table::Pnl,
        vec![
            times(rows, |(at, _)| *at),
            texts(rows, |(_, mark)| names.actor(mark.owner)),
            texts(rows, |(_, mark)| names.instruments.get(mark.instrument.index()).map(|it| it.symbol())),
            numbers(rows, |(_, mark)| Some(instrument(mark)?.holding_f64(mark.position))),
            numbers(rows, |(_, mark)| half(mark)),
            numbers(rows, |(_, mark)| average(mark)),
            monies(rows, |(_, mark)| mark.realized),
            monies(rows, |(_, mark)| mark.unrealized),
            monies(rows, |(_, mark)| mark.fees),
            monies(rows, |(_, mark)| mark.cash),
            monies(rows, |(_, mark)| mark.equity),
        ],
    )
}

fn bars(names: &Names, rows: &[(ListingId, Bar)]) -> PolarsResult<DataFrame> {
    let price = |of: fn(&Bar) -> Price| numbers(rows, move |(listing, bar)| names.price(*listing, of(bar)));
    frame(
        Table::Bars,
        vec![
            times(rows, |(_, bar)| bar.start),
            times(rows, |(_, bar)| bar.end),
            texts(rows, |(listing, _)| names.venue(*listing)),
            texts(rows, |(listing, _)| names.symbol(*listing)),
            price(|bar| bar.open),
            price(|bar| bar.high),
            price(|bar| bar.low),
            price(|bar| bar.close),
            numbers(rows, |(listing, bar)| names.quantity(*listing, bar.volume)),
        ],
    )
}

fn log(
    names: &Names,
    rows: &[(SimTime, ActorId, &'static str, std::sync::Arc<str>)],
) -> PolarsResult<DataFrame> {
    frame(
        Table::Log,
        vec![
            times(rows, |(at, ..)| *at),
            texts(rows, |(_, owner, ..)| names.actor(*owner)),
            texts(rows, |(_, _, kind, _)| Some(*kind)),
            texts(rows, |(.., text)| Some(&**text)),
        ],
    )
}
