//! [`Names`]: what the ids of a run stand for; and [`OrderRow`], an order from its entry to its end.

use bearpit_core::market::{Instrument, Listing, OrderTerms};
use bearpit_core::participant::MarketWorld;
use bearpit_core::units::{ActorId, InstrumentId, ListingId, NetQuantity, OrderId, Price, Quantity, SimTime};

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
    pub fn of(world: &MarketWorld) -> Self {
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

    pub(super) fn instrument(&self, id: ListingId) -> Option<&Instrument> {
        self.instruments.get(self.listings.get(id.index())?.instrument.index())
    }

    pub(super) fn price(&self, listing: ListingId, price: Price) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.price_f64(price))
    }

    pub(super) fn quantity(&self, listing: ListingId, quantity: Quantity) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.quantity_f64(quantity))
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
    /// When it left its owner; none of an order that never did.
    pub(super) sent_at: Option<SimTime>,
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
            sent_at: None,
            entered_at: at,
            ended_at: at,
            filled_lots: 0,
            filled_value: 0,
            status: Status::Filled,
            reason: None,
        }
    }

    /// Returns how long it was on its way to the venue; none of one that never was.
    pub(super) fn entry_latency_ns(&self) -> Option<u64> {
        u64::try_from((self.entered_at - self.sent_at?).nanos()).ok()
    }
}
