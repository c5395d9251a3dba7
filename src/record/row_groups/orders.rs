//! Rows of orders and of what they traded: the tables with the most rows.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::order_row::OrderRow;
use crate::record::table::Table;
use bearpit_core::market::{Side, Trade, TrailingDistance};
use bearpit_core::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// A trade, and since when its orders had had their terms.
#[derive(Debug)]
pub(super) struct TradeRow {
    pub(super) at: SimTime,
    pub(super) trade: Trade,
    /// Of maker and taker; none where orders are not followed.
    pub(super) quoted_at: [Option<SimTime>; 2],
}

/// One side of a trade.
#[derive(Debug, Clone, Copy)]
pub(super) struct FillRow<'a> {
    row: &'a TradeRow,
    is_maker: bool,
    /// Whether it is of a replay, where costs of the price may not have been charged.
    is_replayed: bool,
}

impl TradeRow {
    /// Returns both sides, the maker's first; `replayed` is the owner whose side is no fill.
    pub(super) fn fills(&self, replayed: Option<ActorId>) -> impl Iterator<Item = FillRow<'_>> {
        let side = |is_maker| FillRow { row: self, is_maker, is_replayed: replayed.is_some() };
        [side(true), side(false)].into_iter().filter(move |fill| Some(fill.owner()) != replayed)
    }
}

impl FillRow<'_> {
    const fn trade(&self) -> &Trade {
        &self.row.trade
    }

    const fn of_side<T: Copy>(&self, maker: T, taker: T) -> T {
        if self.is_maker { maker } else { taker }
    }

    pub(super) const fn owner(&self) -> ActorId {
        self.of_side(self.trade().maker, self.trade().taker)
    }

    const fn side(&self) -> Side {
        self.of_side(self.trade().aggressor.opposite(), self.trade().aggressor)
    }

    fn quoted_at(&self) -> SimTime {
        let [maker, taker] = self.row.quoted_at;
        self.of_side(maker, taker).unwrap_or(self.row.at)
    }
}

impl RowGroups {
    pub(super) fn order_rows(&mut self, rows: &[OrderRow]) -> Result<(), RecordError> {
        self.add_rows(Table::Orders, rows.len(), |group, names, interner| {
            group.counts(rows, |row| row.order.map(OrderId::get));
            group.words(rows, |row| interner.actor(row.owner)).places(interner, rows, |row| row.listing);
            group.says(interner, rows, |row| row.terms.side.name());
            group.says(interner, rows, |row| row.terms.kind.name());
            group.says(interner, rows, |row| row.terms.time_in_force.name());
            group.prices(names, rows, |row| Some((row.listing, row.terms.kind.limit()?)));
            group.prices(names, rows, |row| Some((row.listing, row.trigger()?)));
            let trailing = |row: &OrderRow| row.terms.kind.trailing();
            let distance = |row: &OrderRow| trailing(row).and_then(TrailingDistance::ticks).map(Price::new);
            group.prices(names, rows, |row| Some((row.listing, distance(row)?)));
            group.numbers(rows, |row| trailing(row).and_then(TrailingDistance::percent));
            group.quantities(names, rows, |row| Some((row.listing, row.terms.quantity)));
            group.quantities(names, rows, |row| Some((row.listing, row.terms.display?)));
            group.times(rows, |row| row.entered_at).counts(rows, OrderRow::entry_latency_ns);
            group.times(rows, |row| row.ended_at);
            group.quantities(names, rows, |row| Some((row.listing, Quantity::new(row.filled_lots))));
            group.numbers(rows, |row| row.average_price(names)).counts(rows, |row| Some(row.replaces));
            group.says(interner, rows, |row| row.status.name());
            group.words(rows, |row| row.reason.map(|reason| interner.fixed(reason)));
        })
    }

    pub(super) fn trade_rows(&mut self, rows: &[TradeRow]) -> Result<(), RecordError> {
        self.add_rows(Table::Trades, rows.len(), |group, names, interner| {
            group.times(rows, |row| row.at).counts(rows, |row| Some(row.trade.id.get()));
            group.places(interner, rows, |row| row.trade.listing);
            group.prices(names, rows, |row| Some((row.trade.listing, row.trade.price)));
            group.quantities(names, rows, |row| Some((row.trade.listing, row.trade.quantity)));
            group.says(interner, rows, |row| row.trade.aggressor.name());
            group.says(interner, rows, |row| row.trade.phase.name());
            group.words(rows, |row| interner.actor(row.trade.maker));
            group.words(rows, |row| interner.actor(row.trade.taker));
        })
    }

    pub(super) fn fill_rows(&mut self, rows: &[FillRow<'_>]) -> Result<(), RecordError> {
        self.add_rows(Table::Fills, rows.len(), |group, names, interner| {
            group.times(rows, |row| row.row.at).counts(rows, |row| Some(row.trade().id.get()));
            let orders = |row: &FillRow<'_>| (row.trade().maker_order, row.trade().taker_order);
            group.counts(rows, |row| Some(row.of_side(orders(row).0, orders(row).1).get()));
            group.counts(rows, |row| Some(row.of_side(orders(row).1, orders(row).0).get()));
            group.words(rows, |row| interner.actor(row.owner()));
            group.places(interner, rows, |row| row.trade().listing);
            group.says(interner, rows, |row| row.side().name());
            let role = |row: &FillRow<'_>| row.trade().roles()[usize::from(!row.is_maker)];
            group.says(interner, rows, |row| role(row).name());
            group.says(interner, rows, |row| row.trade().phase.name());
            group.prices(names, rows, |row| Some((row.trade().listing, row.trade().price)));
            group.quantities(names, rows, |row| Some((row.trade().listing, row.trade().quantity)));
            let ahead = |row: &FillRow<'_>| row.is_maker.then_some(row.trade().maker_queue_ahead);
            group.quantities(names, rows, |row| Some((row.trade().listing, ahead(row)?)));
            group.amounts(rows, |row| row.of_side(row.trade().maker_fee, row.trade().taker_fee));
            let clamped = |row: &FillRow<'_>| row.is_replayed.then(|| Price::new(row.trade().clamped));
            group.prices(names, rows, |row| Some((row.trade().listing, clamped(row)?)));
            group.times(rows, FillRow::quoted_at);
        })
    }
}
