//! [`Waiting`]: rows that wait to be put into columns, some at a time.
//!
//! Of the tables with the most rows, a column takes the cells of some rows in one go. That is several times
//! as fast as row by row: which kind of column it is, and where its values stand, is looked up once.

use super::RowGroups;
use super::accounts::MarkRow;
use super::orders::{TradeRow, WaitingOrders};
use crate::record::error::RecordError;
use crate::record::rows::order_row::OrderRow;
use crate::record::table::Table;
use bearpit_core::market::{AccountMark, Quote, Side, Trade};
use bearpit_core::units::{ListingId, Money, Price, Quantity, SimTime};

/// Rows that are put into columns together: few enough that they stay in the fastest cache.
const ROWS: usize = 128;

/// Rows that wait to be put into columns.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    orders: WaitingOrders,
    trades: Vec<TradeRow>,
    touches: Vec<TouchRow>,
    marks: Vec<MarkRow>,
}

/// The two sides of a market.
#[derive(Debug)]
struct TouchRow {
    at: SimTime,
    listing: ListingId,
    bid: Option<LevelCells>,
    ask: Option<LevelCells>,
}

/// A side of a touch; its size may not be known.
#[derive(Debug, Clone, Copy)]
struct LevelCells {
    price: Price,
    size: Option<Quantity>,
}

impl RowGroups {
    /// Adds an order that has ended.
    pub(super) fn order(&mut self, row: &OrderRow) -> Result<(), RecordError> {
        if self.waiting.orders.cells.is_empty() && !self.begin(&[Table::Orders])? {
            return Ok(());
        }
        self.waiting.orders.push(row, &self.names, &mut self.interner);
        if self.waiting.orders.cells.len() < ROWS { Ok(()) } else { self.add_orders() }
    }

    /// Adds a trade, and its two fills, the maker's first.
    pub(super) fn trade(
        &mut self,
        at: SimTime,
        trade: &Trade,
        quoted_at: [Option<SimTime>; 2],
    ) -> Result<(), RecordError> {
        if self.waiting.trades.is_empty() && !self.begin(&[Table::Trades])? {
            // Fills begin their file where there are any: of a replay's own trades there are none.
            let has_fills = self.outputs.get(Table::Fills as usize).is_some_and(Option::is_some);
            if !has_fills {
                return Ok(());
            }
        }
        self.waiting.trades.push(TradeRow { at, trade: *trade, quoted_at });
        if self.waiting.trades.len() < ROWS { Ok(()) } else { self.add_trades() }
    }

    /// Adds the price of a replayed listing.
    pub(super) fn price(&mut self, at: SimTime, listing: ListingId, price: Price) -> Result<(), RecordError> {
        let level = Some(LevelCells { price, size: None });
        self.touch(TouchRow { at, listing, bid: level, ask: level })
    }

    /// Adds a change of the touch.
    pub(super) fn quote(
        &mut self,
        at: SimTime,
        listing: ListingId,
        quote: &Quote,
    ) -> Result<(), RecordError> {
        let [bid, ask] = [quote.bid, quote.ask]
            .map(|level| level.map(|level| LevelCells { price: level.price, size: level.known_size() }));
        self.touch(TouchRow { at, listing, bid, ask })
    }

    fn touch(&mut self, row: TouchRow) -> Result<(), RecordError> {
        if self.waiting.touches.is_empty() && !self.begin(&[Table::Quotes])? {
            return Ok(());
        }
        self.waiting.touches.push(row);
        if self.waiting.touches.len() < ROWS { Ok(()) } else { self.add_touches() }
    }

    /// Adds a mark of an account that financing has brought so much so far.
    pub(super) fn mark(
        &mut self,
        at: SimTime,
        mark: &AccountMark,
        financing: Money,
    ) -> Result<(), RecordError> {
        if self.waiting.marks.is_empty() && !self.begin(&[Table::Pnl])? {
            return Ok(());
        }
        self.waiting.marks.push(MarkRow { at, mark: *mark, financing });
        if self.waiting.marks.len() < ROWS { Ok(()) } else { self.add_marks() }
    }

    /// Puts all rows that wait into columns.
    pub(super) fn add_waiting(&mut self) -> Result<(), RecordError> {
        self.add_orders()?;
        self.add_trades()?;
        self.add_touches()?;
        self.add_marks()
    }

    fn add_marks(&mut self) -> Result<(), RecordError> {
        let mut rows = std::mem::take(&mut self.waiting.marks);
        let added = self.mark_rows(&rows);
        rows.clear();
        self.waiting.marks = rows;
        added
    }

    fn add_orders(&mut self) -> Result<(), RecordError> {
        let mut rows = std::mem::take(&mut self.waiting.orders);
        let added = self.order_rows(&rows);
        rows.clear();
        self.waiting.orders = rows;
        added
    }

    fn add_trades(&mut self) -> Result<(), RecordError> {
        let mut rows = std::mem::take(&mut self.waiting.trades);
        let mut fills = Vec::with_capacity(2 * rows.len());
        for row in &rows {
            let listing = self.names.listings.get(row.trade.listing.index());
            // A replayed market is no participant, and has no fills.
            let replayed = listing.filter(|listing| listing.is_replayed()).map(|listing| listing.exchange);
            fills.extend(row.fills(replayed).filter(|fill| !self.is_left_out(fill.owner())));
        }
        let added = self.trade_rows(&rows).and_then(|()| self.fill_rows(&fills));
        rows.clear();
        self.waiting.trades = rows;
        added
    }

    fn add_touches(&mut self) -> Result<(), RecordError> {
        let mut rows = std::mem::take(&mut self.waiting.touches);
        let added = self.add_rows(Table::Quotes, rows.len(), |group, names, interner| {
            group.times(&rows, |row| row.at).places(interner, &rows, |row| row.listing);
            for side in Side::BOTH {
                let level = |row: &TouchRow| if side == Side::Buy { row.bid } else { row.ask };
                group.prices(names, &rows, |row| level(row).map(|level| (row.listing, level.price)));
                group.quantities(names, &rows, |row| Some((row.listing, level(row)?.size?)));
            }
        });
        rows.clear();
        self.waiting.touches = rows;
        added
    }
}
