//! [`Names`]: what the ids of a run stand for.

use bearpit_core::market::{Instrument, Listing};
use bearpit_core::participant::MarketWorld;
use bearpit_core::units::{ActorId, InstrumentId, ListingId, NetQuantity, Price, Quantity};

/// What turns ids into names, and ticks and lots into numbers; and what is held before the first trade.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Names of the actors of the start, by id; those of participants that join are on the tape.
    pub actors: Vec<String>,
    /// The instruments, by id.
    pub instruments: Vec<Instrument>,
    /// Names of venues, by id.
    pub venues: Vec<String>,
    /// The listings, by id.
    pub listings: Vec<Listing>,
    /// What accounts hold before the first trade, where it is not nothing.
    pub openings: Vec<(ActorId, InstrumentId, NetQuantity)>,
    /// The accounts that are marked and reported, in the scenario's order.
    pub tracked: Vec<ActorId>,
}

impl Names {
    /// Takes the names of a world's actors, instruments, venues and listings; before the start.
    #[must_use]
    pub fn of(world: &MarketWorld) -> Self {
        let state = world.domain();
        let actors = (0..).map_while(|id| world.name_of(ActorId::new(id)));
        let instruments = || (0..u32::MAX).map(InstrumentId::new).take(state.instruments().count());
        let holdings = (0..).map(ActorId::new).zip(state.accounts());
        let holdings = holdings.flat_map(|(owner, account)| {
            instruments().map(move |instrument| (owner, instrument, account.holding(instrument)))
        });
        let accounts = (0..).map(ActorId::new).zip(state.accounts());
        let tracked = accounts.filter(|(_, account)| account.is_tracked()).map(|(owner, _)| owner);
        Self {
            tracked: tracked.collect(),
            openings: holdings.filter(|(_, _, position)| position.lots() != 0).collect(),
            actors: actors.map(str::to_owned).collect(),
            instruments: state.instruments().cloned().collect(),
            venues: state.venues().iter().map(|venue| venue.name.clone()).collect(),
            listings: state.listings().copied().collect(),
        }
    }

    /// Returns the agents of the start that have these names.
    pub(crate) fn ids(&self, names: &[String]) -> Vec<ActorId> {
        let actors = (0..).map(ActorId::new).zip(&self.actors);
        actors.filter(|(_, actor)| names.contains(actor)).map(|(id, _)| id).collect()
    }

    /// Returns the instrument of a listing.
    #[must_use]
    pub fn instrument(&self, id: ListingId) -> Option<&Instrument> {
        self.instruments.get(self.listings.get(id.index())?.instrument.index())
    }

    /// Returns a price of a listing as a number.
    #[must_use]
    pub fn price(&self, listing: ListingId, price: Price) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.price_f64(price))
    }

    /// Returns a quantity of a listing as a number.
    #[must_use]
    pub fn quantity(&self, listing: ListingId, quantity: Quantity) -> Option<f64> {
        self.instrument(listing).map(|instrument| instrument.quantity_f64(quantity))
    }
}
