//! [`NameIndex`]: the names of a run by number, so that rows need not carry text.

use std::collections::BTreeMap;

use super::bad_manifest::BadManifest;
use crate::record::{InstrumentSummary, Manifest};
use bearpit_core::market::Instrument;

/// The accounts, instruments and venues of a run, by number.
#[derive(Debug, Clone)]
pub(crate) struct NameIndex {
    accounts: BTreeMap<String, usize>,
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) venues: Vec<String>,
    /// The agents that replayed recorded order flow.
    order_replays: Vec<String>,
}

impl NameIndex {
    /// Numbers the tracked accounts by their owners, the instruments and the venues, in this order.
    pub(crate) fn new(
        owners: impl Iterator<Item = String>,
        instruments: Vec<Instrument>,
        venues: Vec<String>,
    ) -> Self {
        Self { accounts: owners.zip(0..).collect(), instruments, venues, order_replays: Vec::new() }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`BadManifest`] if an instrument cannot exist.
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, BadManifest> {
        let owners = manifest.accounts.iter().map(|account| account.owner.clone());
        let instruments = manifest.instruments.iter().map(instrument).collect::<Result<_, _>>()?;
        let order_replays = manifest.order_replays.clone();
        Ok(Self { order_replays, ..Self::new(owners, instruments, manifest.venues.clone()) })
    }

    /// Returns whether orders of an agent stood in a file.
    pub(crate) fn replays_orders(&self, owner: &str) -> bool {
        self.order_replays.iter().any(|name| name == owner)
    }

    /// Numbers another account, after all others.
    pub(crate) fn add_account(&mut self, owner: &str) {
        let number = self.accounts.len();
        self.accounts.insert(owner.to_owned(), number);
    }

    /// Returns how many tracked accounts there are.
    pub(crate) fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// Returns the number of a listing by those of its venue and instrument.
    pub(crate) const fn listing_at(&self, venue: usize, instrument: usize) -> usize {
        venue * self.instruments.len() + instrument
    }

    /// Returns the number of a tracked account.
    pub(crate) fn account(&self, owner: &str) -> Option<usize> {
        self.accounts.get(owner).copied()
    }

    /// Returns the number of an instrument.
    pub(crate) fn instrument(&self, symbol: &str) -> Option<usize> {
        self.instruments.iter().position(|instrument| instrument.symbol() == symbol)
    }

    /// Returns the number of a listing: venue by venue, instrument by instrument.
    pub(crate) fn listing(&self, venue: &str, symbol: &str) -> Option<usize> {
        let venue = self.venues.iter().position(|name| name == venue)?;
        Some(self.listing_at(venue, self.instrument(symbol)?))
    }

    /// Returns what a price of one is worth for each unit, for each listing that there may be.
    pub(crate) fn multipliers(&self) -> impl Iterator<Item = f64> {
        let each = || self.instruments.iter().map(|instrument| instrument.multiplier().to_f64());
        self.venues.iter().flat_map(move |_| each())
    }

    /// Returns venue and symbol of each listing that there may be, in the order of their numbers.
    pub(crate) fn listings(&self) -> impl Iterator<Item = (&str, &str)> {
        let symbols = || self.instruments.iter().map(Instrument::symbol);
        self.venues.iter().flat_map(move |venue| symbols().map(move |symbol| (venue.as_str(), symbol)))
    }
}

fn instrument(summary: &InstrumentSummary) -> Result<Instrument, BadManifest> {
    let made = Instrument::new(&summary.symbol, summary.tick_size, summary.lot_size)
        .and_then(|instrument| instrument.with_multiplier(summary.multiplier));
    made.map_err(|why| BadManifest::Instrument { symbol: summary.symbol.clone(), why })
}
