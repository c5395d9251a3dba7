//! Rows as the recorder gathers them: plain integers; names and decimals are the writer's work.

use std::sync::Arc;

use crate::market::{AccountMark, Bar, Finite, Instrument, Listing, OrderTerms, Quote, Row, Trade};
use crate::pit::PitWorld;
use crate::units::{ActorId, ListingId, OrderId, SimTime};

/// What turns ids into names, and ticks and lots into numbers.
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
}

impl Names {
    /// Takes the names of a world's actors, instruments, venues and listings.
    #[must_use]
    pub fn of(world: &PitWorld) -> Self {
        let pit = world.domain();
        let actors = (0..).map_while(|id| world.name_of(ActorId::new(id)));
        Self {
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
    Quotes(Vec<(SimTime, ListingId, Quote)>),
    Pnl(Vec<(SimTime, AccountMark)>),
    Bars(Vec<(ListingId, Bar)>),
    Log(Vec<(SimTime, ActorId, &'static str, Arc<str>)>),
    Series(Vec<SeriesRow>),
    Records(Vec<RecordRow>),
}
