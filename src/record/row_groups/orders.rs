//! Rows of orders and of what they traded: the tables with the most rows.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::names::Names;
use crate::record::row_group::interner::Interner;
use crate::record::rows::order_row::OrderRow;
use crate::record::table::Table;
use bearpit_core::market::{Side, Trade, TrailingDistance};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

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

/// What the columns of an order need, in half the memory of its row: the cells of some orders are made column
/// by column, for which they are to stay in the fastest cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderCells {
    order: Option<OrderId>,
    owner: ActorId,
    listing: ListingId,
    limit: Option<Price>,
    trigger: Option<Price>,
    quantity: Quantity,
    entered_at: SimTime,
    latency_ns: Option<u64>,
    ended_at: SimTime,
    filled_lots: u64,
    average_price: Option<f64>,
    replaces: u64,
    /// Numbers of the words of the program.
    side: u32,
    kind: u32,
    time_in_force: u32,
    status: u32,
    reason: Option<u32>,
    /// Where in a list of their own the terms stand that few orders have.
    rare: Option<u32>,
}

/// Terms that few orders have.
#[derive(Debug, Clone, Copy)]
pub(super) struct RareTerms {
    display: Option<Quantity>,
    trailing: Option<TrailingDistance>,
}

/// Orders that wait to be put into columns.
#[derive(Debug, Default)]
pub(super) struct WaitingOrders {
    pub(super) cells: Vec<OrderCells>,
    rare: Vec<RareTerms>,
}

impl WaitingOrders {
    pub(super) fn push(&mut self, row: &OrderRow, names: &Names, interner: &mut Interner) {
        let rare = RareTerms { display: row.terms.display, trailing: row.terms.kind.trailing() };
        let is_rare = rare.display.is_some() || rare.trailing.is_some();
        let place = u32::try_from(self.rare.len()).ok().filter(|_| is_rare);
        if is_rare {
            self.rare.push(rare);
        }
        self.cells.push(OrderCells {
            order: row.order,
            owner: row.owner,
            listing: row.listing,
            limit: row.terms.kind.limit(),
            trigger: row.trigger(),
            quantity: row.terms.quantity,
            entered_at: row.entered_at,
            latency_ns: row.entry_latency_ns(),
            ended_at: row.ended_at,
            filled_lots: row.filled_lots,
            average_price: row.average_price(names),
            replaces: row.replaces,
            side: interner.fixed(row.terms.side.name()),
            kind: interner.fixed(row.terms.kind.name()),
            time_in_force: interner.fixed(row.terms.time_in_force.name()),
            status: interner.fixed(row.status.name()),
            reason: row.reason.map(|reason| interner.fixed(reason)),
            rare: place,
        });
    }

    /// Empties it, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.rare.clear();
    }
}

impl RowGroups {
    pub(super) fn order_rows(&mut self, waiting: &WaitingOrders) -> Result<(), RecordError> {
        let WaitingOrders { cells: rows, rare } = waiting;
        let is_rare = !rare.is_empty();
        self.add_rows(Table::Orders, rows.len(), |group, names, interner| {
            group.counts(rows, |row| row.order.map(OrderId::get));
            group.words(rows, |row| interner.actor(row.owner)).places(interner, rows, |row| row.listing);
            group.words(rows, |row| Some(row.side)).words(rows, |row| Some(row.kind));
            group.words(rows, |row| Some(row.time_in_force));
            group.prices(names, rows, |row| Some((row.listing, row.limit?)));
            group.prices(names, rows, |row| Some((row.listing, row.trigger?)));
            let rare = |row: &OrderCells| rare.get(row.rare? as usize);
            let trailing = |row: &OrderCells| rare(row)?.trailing;
            let distance = |row: &OrderCells| trailing(row)?.ticks().map(Price::new);
            if is_rare {
                group.prices(names, rows, |row| Some((row.listing, distance(row)?)));
                group.numbers(rows, |row| trailing(row)?.percent());
            } else {
                group.no_numbers(rows.len()).no_numbers(rows.len());
            }
            group.quantities(names, rows, |row| Some((row.listing, row.quantity)));
            if is_rare {
                group.quantities(names, rows, |row| Some((row.listing, rare(row)?.display?)));
            } else {
                group.no_numbers(rows.len());
            }
            group.times(rows, |row| row.entered_at).counts(rows, |row| row.latency_ns);
            group.times(rows, |row| row.ended_at);
            group.quantities(names, rows, |row| Some((row.listing, Quantity::new(row.filled_lots))));
            group.numbers(rows, |row| row.average_price).counts(rows, |row| Some(row.replaces));
            group.words(rows, |row| Some(row.status)).words(rows, |row| row.reason);
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
            if rows.iter().any(|row| row.is_replayed) {
                group.prices(names, rows, |row| Some((row.trade().listing, clamped(row)?)));
            } else {
                group.no_numbers(rows.len());
            }
            group.times(rows, FillRow::quoted_at);
        })
    }
}
