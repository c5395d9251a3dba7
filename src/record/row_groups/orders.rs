//! Rows of orders and of what they traded: the tables with the most rows.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::order_row::OrderRow;
use crate::record::table::Table;
use bearpit_core::market::{Liquidity, Side, Trade, TrailingDistance};
use bearpit_core::units::{ActorId, Money, OrderId, Price, Quantity, SimTime};

/// A trade, and since when its orders had had their terms.
#[derive(Debug)]
pub(super) struct TradeRow {
    pub(super) at: SimTime,
    pub(super) trade: Trade,
    /// Of maker and taker; none where orders are not followed.
    pub(super) quoted_at: [Option<SimTime>; 2],
}

/// One side of a trade.
#[derive(Debug)]
pub(super) struct FillRow {
    at: SimTime,
    trade: Trade,
    order: OrderId,
    counter_order: OrderId,
    owner: ActorId,
    side: Side,
    role: Liquidity,
    queue_ahead: Option<Quantity>,
    fee: Money,
    /// What was not charged; of a replay.
    clamped: Option<Price>,
    quoted_at: SimTime,
}

impl TradeRow {
    /// Returns both sides, the maker's first; `replayed` is the owner whose side is no fill.
    pub(super) fn fills(&self, replayed: Option<ActorId>) -> impl Iterator<Item = FillRow> {
        let Self { at, trade, quoted_at: [maker_quoted, taker_quoted] } = *self;
        let [maker_role, taker_role] = trade.roles();
        let clamped = replayed.map(|_| Price::new(trade.clamped));
        let maker = FillRow {
            at,
            trade,
            order: trade.maker_order,
            counter_order: trade.taker_order,
            owner: trade.maker,
            side: trade.aggressor.opposite(),
            role: maker_role,
            queue_ahead: Some(trade.maker_queue_ahead),
            fee: trade.maker_fee,
            clamped,
            quoted_at: maker_quoted.unwrap_or(at),
        };
        let taker = FillRow {
            at,
            trade,
            order: trade.taker_order,
            counter_order: trade.maker_order,
            owner: trade.taker,
            side: trade.aggressor,
            role: taker_role,
            queue_ahead: None,
            fee: trade.taker_fee,
            clamped,
            quoted_at: taker_quoted.unwrap_or(at),
        };
        [maker, taker].into_iter().filter(move |fill| Some(fill.owner) != replayed)
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

    pub(super) fn fill_rows(&mut self, rows: &[FillRow]) -> Result<(), RecordError> {
        self.add_rows(Table::Fills, rows.len(), |group, names, interner| {
            group.times(rows, |row| row.at).counts(rows, |row| Some(row.trade.id.get()));
            group.counts(rows, |row| Some(row.order.get()));
            group.counts(rows, |row| Some(row.counter_order.get()));
            group.words(rows, |row| interner.actor(row.owner));
            group.places(interner, rows, |row| row.trade.listing);
            group.says(interner, rows, |row| row.side.name()).says(interner, rows, |row| row.role.name());
            group.says(interner, rows, |row| row.trade.phase.name());
            group.prices(names, rows, |row| Some((row.trade.listing, row.trade.price)));
            group.quantities(names, rows, |row| Some((row.trade.listing, row.trade.quantity)));
            group.quantities(names, rows, |row| Some((row.trade.listing, row.queue_ahead?)));
            group.amounts(rows, |row| row.fee);
            group.prices(names, rows, |row| Some((row.trade.listing, row.clamped?)));
            group.times(rows, |row| row.quoted_at);
        })
    }
}
