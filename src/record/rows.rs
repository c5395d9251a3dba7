//! Rows as the recorder gathers them: plain integers; names and decimals are the writer's work.

use std::mem;
use std::sync::Arc;

use super::books::LevelRow;
use super::holdings::PositionRow;
use crate::market::{
    AccountMark, Bar, Fact, Finite, Instrument, Listing, OrderTerms, Phase, Quote, Row, Trade,
};
use crate::pit::PitWorld;
use crate::units::{ActorId, InstrumentId, ListingId, NetQuantity, OrderId, Price, Quantity, SimTime};

/// What turns ids into names, and ticks and lots into numbers; and what is held before the first trade.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Names of actors, by id.
    pub actors: Vec<String>,
    /// The instruments, by id.
    pub instruments: Vec<Instrument>,
    /// Names of venues, by id.
    pub venues: Vec<String>,
    /// The listings, by id.
    pub listings: Vec<Listing>,
    /// What accounts hold before the first trade, where it is not nothing.
    pub openings: Vec<(ActorId, InstrumentId, NetQuantity)>,
}

impl Names {
    /// Takes the names of a world's actors, instruments, venues and listings; before the start.
    #[must_use]
    pub fn of(world: &PitWorld) -> Self {
        let pit = world.domain();
        let actors = (0..).map_while(|id| world.name_of(ActorId::new(id)));
        let instruments = || (0..u32::MAX).map(InstrumentId::new).take(pit.instruments().count());
        let holdings = (0..).map(ActorId::new).zip(pit.accounts());
        let holdings = holdings.flat_map(|(owner, account)| {
            instruments().map(move |instrument| (owner, instrument, account.holding(instrument)))
        });
        Self {
            openings: holdings.filter(|(_, _, position)| position.lots() != 0).collect(),
            actors: actors.map(str::to_owned).collect(),
            instruments: pit.instruments().cloned().collect(),
            venues: pit.venues().iter().map(|venue| venue.name.clone()).collect(),
            listings: pit.listings().copied().collect(),
        }
    }

    pub(super) fn actor(&self, id: ActorId) -> Option<&str> {
        self.actors.get(id.index()).map(String::as_str)
    }

    pub(super) fn instrument(&self, id: ListingId) -> Option<&Instrument> {
        self.instruments.get(self.listings.get(id.index())?.instrument.index())
    }

    pub(super) fn symbol(&self, id: ListingId) -> Option<&str> {
        self.instrument(id).map(Instrument::symbol)
    }

    pub(super) fn venue(&self, id: ListingId) -> Option<&str> {
        self.venues.get(self.listings.get(id.index())?.venue.index()).map(String::as_str)
    }
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Filled,
    Canceled,
    Expired,
    Rejected,
    Refused,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// An order at its end; `terms` are the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OrderRow {
    pub(super) order: Option<OrderId>,
    pub(super) owner: ActorId,
    pub(super) listing: ListingId,
    pub(super) terms: OrderTerms,
    pub(super) entered_at: SimTime,
    pub(super) ended_at: SimTime,
    pub(super) filled_lots: u64,
    /// Sum of ticks times lots over its fills.
    pub(super) filled_value: i128,
    pub(super) status: Status,
    pub(super) reason: Option<&'static str>,
}

impl OrderRow {
    /// Begins the row of an order that has not traded yet.
    pub(super) const fn new(
        order: Option<OrderId>,
        owner: ActorId,
        listing: ListingId,
        terms: OrderTerms,
        at: SimTime,
    ) -> Self {
        Self {
            order,
            owner,
            listing,
            terms,
            entered_at: at,
            ended_at: at,
            filled_lots: 0,
            filled_value: 0,
            status: Status::Filled,
            reason: None,
        }
    }
}

/// The touch from a time on.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuoteRow {
    pub(super) at: SimTime,
    pub(super) listing: ListingId,
    pub(super) quote: Quote,
}

/// The phase of a book from a time on.
#[derive(Debug, Clone, Copy)]
pub(super) struct PhaseRow {
    pub(super) at: SimTime,
    pub(super) listing: ListingId,
    pub(super) phase: Phase,
    /// Price and volume of the auction with which it began, if there was one and anything traded.
    pub(super) auction: Option<(Price, Quantity)>,
}

/// What a gate or a venue did not let pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct RejectRow {
    pub(super) at: SimTime,
    pub(super) order: Option<OrderId>,
    pub(super) owner: ActorId,
    pub(super) listing: ListingId,
    /// The terms of a new order; none where an order was to be changed or canceled.
    pub(super) terms: Option<OrderTerms>,
    /// Who said no: `gate` or `venue`.
    pub(super) by: &'static str,
    pub(super) reason: &'static str,
}

impl RejectRow {
    /// Returns the row of a fact, if it tells of something that did not pass.
    pub(super) const fn of(at: SimTime, fact: &Fact) -> Option<Self> {
        Some(match *fact {
            Fact::OrderRefused { owner, listing, terms, reason } => Self {
                at,
                order: None,
                owner,
                listing,
                terms: Some(terms),
                by: "gate",
                reason: reason.name(),
            },
            Fact::OrderRejected { order, owner, listing, terms, reason } => Self {
                at,
                order: Some(order),
                owner,
                listing,
                terms: Some(terms),
                by: "venue",
                reason: reason.name(),
            },
            Fact::CommandRejected { order, owner, listing, reason } => Self {
                at,
                order: Some(order),
                owner,
                listing,
                terms: None,
                by: "venue",
                reason: reason.name(),
            },
            _ => return None,
        })
    }
}

/// A line of a strategy's log.
#[derive(Debug)]
pub(super) struct LogRow {
    pub(super) at: SimTime,
    pub(super) owner: ActorId,
    /// `log` or `error`.
    pub(super) kind: &'static str,
    pub(super) text: Arc<str>,
}

/// A number of a strategy's series.
#[derive(Debug)]
pub(super) struct SeriesRow {
    pub(super) at: SimTime,
    pub(super) owner: ActorId,
    pub(super) series: Arc<str>,
    pub(super) value: Option<Finite>,
}

/// A row of a strategy's table; a row of the `records` table for each of its cells.
#[derive(Debug)]
pub(super) struct RecordRow {
    pub(super) at: SimTime,
    pub(super) owner: ActorId,
    pub(super) table: Arc<str>,
    /// Its number in the table, from zero.
    pub(super) number: u64,
    pub(super) cells: Row,
}

/// Rows of one table, in order.
#[derive(Debug)]
pub(super) enum Chunk {
    Orders(Vec<OrderRow>),
    /// Also the rows of the fills table, two to a trade.
    Trades(Vec<(SimTime, Trade)>),
    Quotes(Vec<QuoteRow>),
    Books(Vec<LevelRow>),
    Pnl(Vec<(SimTime, AccountMark)>),
    Positions(Vec<PositionRow>),
    Bars(Vec<(ListingId, Bar)>),
    Rejects(Vec<RejectRow>),
    Phases(Vec<PhaseRow>),
    Log(Vec<LogRow>),
    Series(Vec<SeriesRow>),
    Records(Vec<RecordRow>),
}

/// Rows that have not been handed over yet.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) orders: Vec<OrderRow>,
    pub(super) trades: Vec<(SimTime, Trade)>,
    pub(super) quotes: Vec<QuoteRow>,
    pub(super) books: Vec<LevelRow>,
    pub(super) pnl: Vec<(SimTime, AccountMark)>,
    pub(super) positions: Vec<PositionRow>,
    pub(super) bars: Vec<(ListingId, Bar)>,
    pub(super) rejects: Vec<RejectRow>,
    pub(super) phases: Vec<PhaseRow>,
    pub(super) log: Vec<LogRow>,
    pub(super) series: Vec<SeriesRow>,
    pub(super) records: Vec<RecordRow>,
}

impl Rows {
    /// How many rows of a table are handed over together: few, so that they weigh little.
    pub(super) const MANY: usize = 4 * 1024;

    /// Hands over the rows of those tables that have at least `least` of them, which is above zero.
    ///
    /// # Errors
    /// What `write` returns.
    pub(super) fn hand_over<E>(
        &mut self,
        least: usize,
        write: &mut impl FnMut(Chunk) -> Result<(), E>,
    ) -> Result<(), E> {
        give(&mut self.orders, least, Chunk::Orders, write)?;
        give(&mut self.trades, least, Chunk::Trades, write)?;
        give(&mut self.quotes, least, Chunk::Quotes, write)?;
        give(&mut self.books, least, Chunk::Books, write)?;
        give(&mut self.pnl, least, Chunk::Pnl, write)?;
        give(&mut self.positions, least, Chunk::Positions, write)?;
        give(&mut self.bars, least, Chunk::Bars, write)?;
        give(&mut self.rejects, least, Chunk::Rejects, write)?;
        give(&mut self.phases, least, Chunk::Phases, write)?;
        give(&mut self.log, least, Chunk::Log, write)?;
        give(&mut self.series, least, Chunk::Series, write)?;
        give(&mut self.records, least, Chunk::Records, write)
    }
}

#[inline]
fn give<T, E>(
    rows: &mut Vec<T>,
    least: usize,
    chunk: impl FnOnce(Vec<T>) -> Chunk,
    write: &mut impl FnMut(Chunk) -> Result<(), E>,
) -> Result<(), E> {
    if rows.len() < least {
        return Ok(());
    }
    write(chunk(mem::replace(rows, Vec::with_capacity(rows.len()))))
}
