//! From rows to Polars frames.

use polars::prelude::{
    Column, DataFrame, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray,
    PolarsResult, Series, TimeUnit,
};

use super::rows::{Chunk, Names, OrderRow};
use super::schema::{Kind, MONEY_PRECISION, MONEY_SCALE, columns};
use super::table::Table;
use super::told;
use crate::market::{AccountMark, Bar, Quote, QuoteLevel, Trade};
use crate::units::{ListingId, Money, Price, Quantity, SimTime};

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
        Chunk::Log(rows) => vec![(Table::Log, told::log(names, rows)?)],
        Chunk::Series(rows) => vec![(Table::Series, told::series(names, rows)?)],
        Chunk::Records(rows) => vec![(Table::Records, told::records(names, rows)?)],
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

pub(super) fn numbers<T>(rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Values<'static> {
    Values::Number(rows.iter().map(value).collect())
}

pub(super) fn counts<T>(rows: &[T], value: impl Fn(&T) -> Option<u64>) -> Values<'static> {
    Values::Count(rows.iter().map(value).collect())
}

pub(super) fn texts<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> Option<&'a str>) -> Values<'a> {
    Values::Text(rows.iter().map(value).collect())
}

pub(super) fn times<T>(rows: &[T], value: impl Fn(&T) -> SimTime) -> Values<'static> {
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
            numbers(rows, |row| row.terms.kind.trigger().and_then(|price| names.price(row.listing, price))),
            numbers(rows, |row| names.quantity(row.listing, row.terms.quantity)),
            numbers(rows, |row| row.terms.display.and_then(|part| names.quantity(row.listing, part))),
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
            texts(rows, |(_, trade)| Some(trade.phase.name())),
            texts(rows, |(_, trade)| names.actor(trade.maker)),
            texts(rows, |(_, trade)| names.actor(trade.taker)),
        ],
    )
}

/// One side of a trade.
struct Fill<'a> {
    at: SimTime,
    trade: &'a Trade,
    is_maker: bool,
}

impl Fill<'_> {
    /// Returns the maker's of two things where this is the maker's fill, else the taker's.
    const fn pick<T: Copy>(&self, maker: T, taker: T) -> T {
        if self.is_maker { maker } else { taker }
    }

    fn liquidity(&self) -> &'static str {
        let [maker, taker] = self.trade.roles();
        self.pick(maker, taker).name()
    }
}

/// Two fills to a trade, the maker's first.
fn fills(names: &Names, rows: &[(SimTime, Trade)]) -> PolarsResult<DataFrame> {
    let sides = |(at, trade)| [true, false].map(|is_maker| Fill { at, trade, is_maker });
    let fills: Vec<Fill<'_>> = rows.iter().flat_map(|(at, trade)| sides((*at, trade))).collect();
    let fills = fills.as_slice();
    let order = |fill: &Fill<'_>, own: bool| {
        let Trade { maker_order, taker_order, .. } = *fill.trade;
        Some(
            if own { fill.pick(maker_order, taker_order) } else { fill.pick(taker_order, maker_order) }.get(),
        )
    };
    let queue_ahead = |fill: &Fill<'_>| {
        let ahead = names.quantity(fill.trade.listing, fill.trade.maker_queue_ahead);
        ahead.filter(|_| fill.is_maker)
    };
    frame(
        Table::Fills,
        vec![
            times(fills, |fill| fill.at),
            counts(fills, |fill| Some(fill.trade.id.get())),
            counts(fills, |fill| order(fill, true)),
            counts(fills, |fill| order(fill, false)),
            texts(fills, |fill| names.actor(fill.pick(fill.trade.maker, fill.trade.taker))),
            texts(fills, |fill| names.venue(fill.trade.listing)),
            texts(fills, |fill| names.symbol(fill.trade.listing)),
            texts(fills, |fill| {
                Some(fill.pick(fill.trade.aggressor.opposite(), fill.trade.aggressor).name())
            }),
            texts(fills, |fill| Some(fill.liquidity())),
            texts(fills, |fill| Some(fill.trade.phase.name())),
            numbers(fills, |fill| names.price(fill.trade.listing, fill.trade.price)),
            numbers(fills, |fill| names.quantity(fill.trade.listing, fill.trade.quantity)),
            numbers(fills, queue_ahead),
            monies(fills, |fill| fill.pick(fill.trade.maker_fee, fill.trade.taker_fee)),
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
