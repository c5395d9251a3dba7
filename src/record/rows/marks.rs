//! [`Marks`]: the price at which each instrument is marked.

use crate::record::names::Names;
use bearpit_core::market::{Fact, Listing, Quote};
use bearpit_core::units::{InstrumentId, ListingId};

/// Follows quotes and trades by the rule of the accounts: an instrument is marked at the mid of its first
/// listing, or at the price of a trade there while that has not both sides.
#[derive(Debug)]
pub(in crate::record) struct Marks {
    /// By listing: the instrument that it marks, and its touch; none where another listing marks it.
    sources: Vec<Option<(InstrumentId, Quote)>>,
    /// All listings: where a file is replayed, the price moves by it alone.
    listings: Vec<Listing>,
    /// By instrument, in half ticks; none before the first mark.
    half_ticks: Vec<Option<i64>>,
}

impl Marks {
    pub(in crate::record) fn new(names: &Names) -> Self {
        let mut sources = vec![None; names.listings.len()];
        for instrument in (0..u32::MAX).map(InstrumentId::new).take(names.instruments.len()) {
            let first = names.listings.iter().position(|listing| listing.instrument == instrument);
            if let Some(first) = first {
                sources[first] = Some((instrument, Quote::default()));
            }
        }
        Self { sources, listings: names.listings.clone(), half_ticks: vec![None; names.instruments.len()] }
    }

    /// Follows a fact; returns an instrument that it marks for the first time, and the mark in half ticks.
    pub(in crate::record) fn follow(&mut self, fact: &Fact) -> Option<(InstrumentId, i64)> {
        let half_ticks = match fact {
            Fact::TouchChanged { listing, quote } => {
                self.source(*listing)?.1 = *quote;
                quote.twice_mid_ticks()
            }
            Fact::PriceMoved { price, .. } => Some(2 * price.ticks()),
            Fact::Traded(trade) if !self.listings.get(trade.listing.index())?.is_of_market(trade) => None,
            Fact::Traded(trade) => {
                let (_, touch) = self.source(trade.listing)?;
                touch.twice_mid_ticks().is_none().then(|| 2 * trade.price.ticks())
            }
            _ => None,
        }?;
        let (instrument, _) = *self.source(fact.listing()?)?;
        let mark = self.half_ticks.get_mut(instrument.index())?;
        mark.replace(half_ticks).is_none().then_some((instrument, half_ticks))
    }

    /// Returns the mark of each instrument.
    pub(in crate::record) fn half_ticks(&self) -> &[Option<i64>] {
        &self.half_ticks
    }

    fn source(&mut self, listing: ListingId) -> Option<&mut (InstrumentId, Quote)> {
        self.sources.get_mut(listing.index())?.as_mut()
    }
}
