//! [`TableRow`]: a row of a table as it is made, and [`RowSink`], which takes rows beside the files.

use std::sync::Arc;

use super::actions::ActionRow;
use super::books::LevelRow;
use super::equity::EquityRow;
use super::holdings::PositionRow;
use super::order_row::OrderRow;
use super::reject::RejectRow;
use super::trips::TripRow;
use crate::record::config::TableSet;
use crate::record::table::Table;
use bearpit_core::market::{
    AccountMark, AccountOpening, AuctionEvent, Bar, Cell, Finite, Phase, Quote, Trade,
};
use bearpit_core::units::{ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// A row of a table, in the types of the market: ids, ticks, lots and exact money.
///
/// Rows of a table come in the order of the file. Between tables, rows come in the order of the facts that
/// they are made from, so that time never goes back.
#[derive(Debug, Clone, Copy)]
pub enum TableRow<'a> {
    /// An order has entered a venue's book, or was replaced so that it lost its place in the queue. It is no
    /// row of a file: the order's row follows when it has ended.
    OrderQuoted {
        /// When.
        at: SimTime,
        /// Its id.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The listing.
        listing: ListingId,
    },
    /// An instrument has its first mark, which says what opening holdings count as. It is no row of a file,
    /// and comes before all rows of the fact that sets the mark.
    FirstMark {
        /// The instrument.
        instrument: InstrumentId,
        /// The mark, in half ticks.
        half_ticks: i64,
    },
    /// A participant has joined, with an account of its own. It is no row of a file, and comes before all
    /// rows of that account.
    AccountOpened {
        /// The account.
        opening: &'a AccountOpening,
        /// The mark of each instrument at that time, in half ticks; absent before its first. Empty unless the
        /// sink needs marks.
        half_ticks: &'a [Option<i64>],
    },
    /// `orders`: an order has ended.
    Order(&'a OrderRow),
    /// `trades`, and the two rows of `fills`.
    Trade {
        /// When.
        at: SimTime,
        /// The trade.
        trade: &'a Trade,
        /// Since when the orders of maker and taker have had their terms; none where orders are not followed.
        quoted_at: [Option<SimTime>; 2],
    },
    /// `quotes`: the touch has changed.
    Quote {
        /// When.
        at: SimTime,
        /// The listing.
        listing: ListingId,
        /// The new touch.
        quote: &'a Quote,
    },
    /// `quotes`: the price of a replayed listing has reached a point of its path; it stands for both sides,
    /// without sizes.
    Price {
        /// When.
        at: SimTime,
        /// The listing.
        listing: ListingId,
        /// The price.
        price: Price,
    },
    /// `books`: a level of a snapshot.
    Level(&'a LevelRow),
    /// `phases`: a listing's phase has changed.
    Phase {
        /// When.
        at: SimTime,
        /// The listing.
        listing: ListingId,
        /// The new phase.
        phase: Phase,
        /// Price and volume of the auction that ended with it, if it traded.
        auction: Option<(Price, Quantity)>,
    },
    /// `bars`: a bar has closed.
    Bar {
        /// The listing.
        listing: ListingId,
        /// The bar.
        bar: &'a Bar,
    },
    /// `pnl`: an account was marked to market.
    Mark {
        /// When.
        at: SimTime,
        /// The mark.
        mark: &'a AccountMark,
        /// Interest and borrow costs of the account so far; what it received is positive.
        financing: Money,
    },
    /// `equity`: what an account was worth at the end of a sample interval.
    Equity(&'a EquityRow),
    /// `ruins`: an account has lost all that it had.
    Ruin {
        /// When.
        at: SimTime,
        /// The account.
        owner: ActorId,
        /// Its equity; at or below zero.
        equity: Money,
    },
    /// `margin_calls`: the equity of a margin account fell below its maintenance margin, or its call is over.
    MarginCall {
        /// When.
        at: SimTime,
        /// The account.
        owner: ActorId,
        /// Its equity.
        equity: Money,
        /// The maintenance margin of its positions; absent where the call is over.
        maintenance: Option<Money>,
    },
    /// `auctions`: something happened in an auction between participants.
    Auction {
        /// When.
        at: SimTime,
        /// What.
        event: &'a AuctionEvent,
    },
    /// `trips`: a round trip has ended.
    Trip(&'a TripRow),
    /// `actions`: a split or dividend, or what an account was given or paid for one. Comes whether the table
    /// is recorded or not.
    Action {
        /// When.
        at: SimTime,
        /// What happened.
        action: &'a ActionRow,
    },
    /// `positions`: what an account holds.
    Position(&'a PositionRow),
    /// `rejects`: a gate or a venue refused a request.
    Reject {
        /// When.
        at: SimTime,
        /// The request.
        reject: &'a RejectRow,
    },
    /// `log`: a line of a log, or the error that stopped a strategy.
    Line {
        /// When.
        at: SimTime,
        /// Who logged it.
        owner: ActorId,
        /// Whether it is an error.
        is_error: bool,
        /// The line.
        text: &'a Arc<str>,
    },
    /// `series`: a value that a strategy plotted.
    Plotted {
        /// When.
        at: SimTime,
        /// The strategy.
        owner: ActorId,
        /// The name of the series.
        series: &'a Arc<str>,
        /// The value; none is a gap.
        value: Option<Finite>,
    },
    /// `records`: a cell of a row of a strategy's own table.
    Recorded(RecordedCell<'a>),
}

/// A cell of a row of a strategy's own table.
#[derive(Debug, Clone, Copy)]
pub struct RecordedCell<'a> {
    /// When.
    pub at: SimTime,
    /// The strategy.
    pub owner: ActorId,
    /// The table.
    pub table: &'a Arc<str>,
    /// The number of the row in it, from zero.
    pub number: u64,
    /// The column.
    pub column: &'a Arc<str>,
    /// The cell.
    pub cell: &'a Cell,
}

impl TableRow<'_> {
    /// Returns whether it belongs to one of these tables. What is no row of a file belongs to any.
    pub(in crate::record) const fn is_in(&self, tables: TableSet) -> bool {
        let table = match self {
            Self::OrderQuoted { .. }
            | Self::FirstMark { .. }
            | Self::AccountOpened { .. }
            | Self::Action { .. } => return true,
            Self::Trade { .. } => return tables.contains(Table::Trades) || tables.contains(Table::Fills),
            Self::Order(_) => Table::Orders,
            Self::Quote { .. } | Self::Price { .. } => Table::Quotes,
            Self::Level(_) => Table::Books,
            Self::Phase { .. } => Table::Phases,
            Self::Bar { .. } => Table::Bars,
            Self::Mark { .. } => Table::Pnl,
            Self::Equity(_) => Table::Equity,
            Self::Ruin { .. } => Table::Ruins,
            Self::MarginCall { .. } => Table::MarginCalls,
            Self::Trip(_) => Table::Trips,
            Self::Position(_) => Table::Positions,
            Self::Reject { .. } => Table::Rejects,
            Self::Line { .. } => Table::Log,
            Self::Plotted { .. } => Table::Series,
            Self::Recorded(_) => Table::Records,
            Self::Auction { .. } => Table::Auctions,
        };
        tables.contains(table)
    }
}

/// Takes rows as they are made, on the recorder's thread; `()` takes none.
///
/// Only rows of the tables that are recorded come.
pub trait RowSink: Send + 'static {
    /// Takes a row.
    fn take(&mut self, row: &TableRow<'_>);

    /// Returns whether [`TableRow::FirstMark`] is needed, and the marks in [`TableRow::AccountOpened`]: then
    /// the recorder follows quotes and trades even where they are not recorded.
    fn needs_marks(&self) -> bool {
        false
    }
}

impl RowSink for () {
    fn take(&mut self, _row: &TableRow<'_>) {}
}
