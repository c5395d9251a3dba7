//! Frames of what the market did: trades, fills, quotes, books, phases, bars.

use polars::prelude::{DataFrame, PolarsResult};

use super::{counts, frame, monies, numbers, smalls, texts, times};
use crate::market::{Bar, QuoteLevel, Side, Trade};
use crate::record::books::LevelRow;
use crate::record::rows::{Names, PhaseRow, QuoteRow};
use crate::record::table::Table;
use crate::units::{ListingId, Price, SimTime};

pub(super) fn trades(names: &Names, rows: &[(SimTime, Trade)]) -> PolarsResult<DataFrame> {
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
pub(super) fn fills(names: &Names, rows: &[(SimTime, Trade)]) -> PolarsResult<DataFrame> {
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

pub(super) fn quotes(names: &Names, rows: &[QuoteRow]) -> PolarsResult<DataFrame> {
    let price = |row: &QuoteRow, level: Option<QuoteLevel>| names.price(row.listing, level?.price);
    let size = |row: &QuoteRow, level: Option<QuoteLevel>| names.quantity(row.listing, level?.size);
    frame(
        Table::Quotes,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.venue(row.listing)),
            texts(rows, |row| names.symbol(row.listing)),
            numbers(rows, |row| price(row, row.quote.bid)),
            numbers(rows, |row| size(row, row.quote.bid)),
            numbers(rows, |row| price(row, row.quote.ask)),
            numbers(rows, |row| size(row, row.quote.ask)),
        ],
    )
}

pub(super) fn books(names: &Names, rows: &[LevelRow]) -> PolarsResult<DataFrame> {
    let side = |row: &LevelRow| match row.side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    };
    frame(
        Table::Books,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.venue(row.listing)),
            texts(rows, |row| names.symbol(row.listing)),
            texts(rows, |row| Some(side(row))),
            smalls(rows, |row| row.number),
            numbers(rows, |row| names.price(row.listing, row.level.price)),
            numbers(rows, |row| names.quantity(row.listing, row.level.size)),
        ],
    )
}

pub(super) fn phases(names: &Names, rows: &[PhaseRow]) -> PolarsResult<DataFrame> {
    frame(
        Table::Phases,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.venue(row.listing)),
            texts(rows, |row| names.symbol(row.listing)),
            texts(rows, |row| Some(row.phase.name())),
            numbers(rows, |row| names.price(row.listing, row.auction?.0)),
            numbers(rows, |row| names.quantity(row.listing, row.auction?.1)),
        ],
    )
}

pub(super) fn bars(names: &Names, rows: &[(ListingId, Bar)]) -> PolarsResult<DataFrame> {
    let price = |of: fn(&Bar) -> Price| numbers(rows, move |(listing, bar)| names.price(*listing, of(bar)));
    let intervals: Vec<String> = rows.iter().map(|(_, bar)| bar.interval().to_string()).collect();
    frame(
        Table::Bars,
        vec![
            times(rows, |(_, bar)| bar.start),
            times(rows, |(_, bar)| bar.end),
            texts(&intervals, |interval| Some(interval)),
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
