//! [`FirstMarks`]: the first price at which each instrument is marked.

use crate::record::names::Names;
use bearpit_core::market::{Fact, Quote};
use bearpit_core::units::{InstrumentId, ListingId};

/// Follows quotes and trades until each instrument has its first mark, by the rule of the accounts: the mid
/// of its first listing, or the price of a trade while that has not both sides.
#[derive(Debug)]
pub(in crate::record) struct FirstMarks {
    /// The instruments without a mark, each with its first listing and that listing's touch.
    open: Vec<(InstrumentId, ListingId, Quote)>,
}

impl FirstMarks {
    pub(in crate::record) fn new(names: &Names) -> Self {
        let instruments = (0..u32::MAX).map(InstrumentId::new).take(names.instruments.len());
        let first = |id: InstrumentId| {
            let mut listings = (0..u32::MAX).map(ListingId::new).zip(&names.listings);
            let (listing, _) = listings.find(|(_, listing)| listing.instrument == id)?;
            Some((id, listing, Quote::default()))
        };
        Self { open: instruments.filter_map(first).collect() }
    }

    /// Follows a fact; returns an instrument that it marks for the first time, and the mark in half ticks.
    pub(in crate::record) fn follow(&mut self, fact: &Fact) -> Option<(InstrumentId, i64)> {
        if self.open.is_empty() {
            return None;
        }
        let of = fact.listing()?;
        let place = self.open.iter().position(|(_, listing, _)| *listing == of)?;
        let (instrument, _, touch) = &mut self.open[place];
        let half_ticks = match fact {
            Fact::TouchChanged { quote, .. } => {
                *touch = *quote;
                quote.twice_mid_ticks()
            }
            Fact::Traded(trade) if touch.twice_mid_ticks().is_none() => Some(2 * trade.price.ticks()),
            _ => None,
        }?;
        let instrument = *instrument;
        self.open.swap_remove(place);
        Some((instrument, half_ticks))
    }
}
