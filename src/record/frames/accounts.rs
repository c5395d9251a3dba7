//! Frames of what accounts did and hold: orders, rejects, P&L, positions.

use polars::prelude::{DataFrame, PolarsResult};

use super::{counts, frame, monies, numbers, texts, times};
use crate::market::{AccountMark, OrderTerms};
use crate::record::holdings::PositionRow;
use crate::record::rows::{Names, OrderRow, RejectRow};
use crate::record::table::Table;
use crate::units::{NetQuantity, OrderId, Price, Quantity, SimTime};

pub(super) fn orders(names: &Names, rows: &[OrderRow]) -> PolarsResult<DataFrame> {
    let average = |row: &OrderRow| average_price(names, row);
    frame(
        Table::Orders,
        vec![
            counts(rows, |row| row.order.map(OrderId::get)),
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

pub(super) fn pnl(names: &Names, rows: &[(SimTime, AccountMark)]) -> PolarsResult<DataFrame> {
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

pub(super) fn positions(names: &Names, rows: &[PositionRow]) -> PolarsResult<DataFrame> {
    let instrument = |row: &PositionRow| names.instruments.get(row.instrument.index());
    let lots = |row: &PositionRow, lots: NetQuantity| Some(instrument(row)?.holding_f64(lots));
    frame(
        Table::Positions,
        vec![
            times(rows, |row| row.at),
            texts(rows, |row| names.actor(row.owner)),
            texts(rows, |row| names.instruments.get(row.instrument.index()).map(|it| it.symbol())),
            numbers(rows, |row| lots(row, row.state.position)),
            numbers(rows, |row| lots(row, row.state.bought.net())),
            numbers(rows, |row| lots(row, row.state.sold.net())),
            counts(rows, |row| Some(row.state.fills)),
            monies(rows, |row| row.state.fees),
        ],
    )
}

pub(super) fn rejects(names: &Names, rows: &[RejectRow]) -> PolarsResult<DataFrame> {
    let limit = |terms: OrderTerms| terms.kind.limit();
    frame(
        Table::Rejects,
        vec![
            times(rows, |row| row.at),
            counts(rows, |row| row.order.map(OrderId::get)),
            texts(rows, |row| names.actor(row.owner)),
            texts(rows, |row| names.venue(row.listing)),
            texts(rows, |row| names.symbol(row.listing)),
            texts(rows, |row| Some(row.terms.map_or("change", |_| "order"))),
            texts(rows, |row| Some(row.by)),
            texts(rows, |row| row.terms.map(|terms| terms.side.name())),
            numbers(rows, |row| row.terms.and_then(limit).and_then(|price| names.price(row.listing, price))),
            numbers(rows, |row| row.terms.and_then(|terms| names.quantity(row.listing, terms.quantity))),
            texts(rows, |row| Some(row.reason)),
        ],
    )
}
