//! [`ListingInfo`]: one listing with its names and sizes, shared by all objects about it.

use rhai::ImmutableString;

use bearpit_core::market::Instrument;
use bearpit_core::participant::Context;
use bearpit_core::units::{InstrumentId, ListingId, Price, Quantity};

/// One listing, as scripts name and measure it; prices and sizes are converted when they are asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct ListingInfo {
    pub(crate) id: ListingId,
    pub(crate) instrument_id: InstrumentId,
    pub(crate) instrument: Instrument,
    pub(crate) symbol: ImmutableString,
    pub(crate) venue: ImmutableString,
}

impl ListingInfo {
    /// Returns all listings, in the order of their ids.
    pub(crate) fn all(ctx: &Context) -> Vec<std::rc::Rc<Self>> {
        let names = ctx.listing_names().into_iter().zip((0..).map(ListingId::new));
        let listing = |((symbol, venue), id): ((String, String), ListingId)| {
            Some(std::rc::Rc::new(Self {
                id,
                instrument_id: ctx.listing(id)?.instrument,
                instrument: ctx.instrument(id)?.clone(),
                symbol: symbol.into(),
                venue: venue.into(),
            }))
        };
        names.filter_map(listing).collect()
    }

    /// Makes a share of ACME at PIT, priced in hundredths.
    #[cfg(test)]
    pub(crate) fn acme() -> std::rc::Rc<Self> {
        let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let (id, instrument_id) = (ListingId::new(0), InstrumentId::new(0));
        let (symbol, venue) = ("ACME".into(), "PIT".into());
        std::rc::Rc::new(Self { id, instrument_id, instrument, symbol, venue })
    }

    pub(crate) fn price(&self, price: Price) -> f64 {
        self.instrument.price_f64(price)
    }

    pub(crate) fn quantity(&self, quantity: Quantity) -> f64 {
        self.instrument.quantity_f64(quantity)
    }
}
