//! Reading `[[instruments]]`.

use std::collections::BTreeSet;

use super::baskets::Baskets;
use super::contract::with_contract;
use super::process::{ProcessScope, read_process};
use crate::scenario::config::InstrumentConfig;
use crate::scenario::document::readers::Read;
use crate::scenario::document::{Section, readers};
use crate::scenario::files::Files;
use bearpit_core::market::Instrument;
use bearpit_core::units::{Decimal, InstrumentId, Price};

/// An instrument as far as it could be read: what others refer to is known even if its process has errors, so
/// that their own errors are reported too.
pub(in crate::scenario) struct KnownInstrument {
    pub(in crate::scenario) symbol: String,
    pub(in crate::scenario) instrument: Option<Instrument>,
    pub(in crate::scenario) has_process: bool,
    pub(in crate::scenario) config: Option<InstrumentConfig>,
}

/// Reads `[[instruments]]`.
pub(in crate::scenario) fn instruments(
    root: &Section<'_>,
    files: &Files,
    baskets: &Baskets<'_>,
) -> Vec<KnownInstrument> {
    let mut found: Vec<KnownInstrument> = Vec::new();
    let mut symbols = BTreeSet::new();
    for (number, node) in (1..).zip(root.list("instruments")) {
        let section = Section::open(format!("instrument {number}"), node, node.place.clone(), root.findings);
        // A pattern has become an entry for each file; anything else is no pattern.
        section.optional("files", readers::text);
        let symbol = section.required("symbol", readers::name);
        if let Some(taken) = symbol.as_ref().filter(|symbol| !symbols.insert((*symbol).clone())) {
            section.report("symbol", format!("`symbol` is `{taken}`, which is taken already"), None);
        }
        let scope = ProcessScope { symbol: symbol.as_deref(), files, known: &found, baskets };
        let read = instrument(&section, &scope);
        found.push(read);
        section.finish();
    }
    if found.is_empty() && !root.is_no_list("instruments") {
        root.report_missing("instruments", "there are no instruments: write at least one [[instruments]]");
    }
    found
}

fn instrument(section: &Section<'_>, scope: &ProcessScope<'_>) -> KnownInstrument {
    let tick_size = section.required("tick_size", readers::positive_decimal);
    let lot_size = section.or("lot_size", Decimal::new(1, 0), readers::positive_decimal);
    let min_price = section.optional("min_price", readers::decimal);
    let issued = section.optional("issued", readers::positive_decimal);
    let process = read_process(section, scope);
    let sizes = scope.symbol.zip(tick_size).zip(lot_size);
    let instrument = sizes.and_then(|((symbol, tick), lot)| match Instrument::new(symbol, tick, lot) {
        Ok(instrument) => Some(instrument),
        Err(error) => {
            section.report("tick_size", error.to_string(), None);
            None
        }
    });
    let instrument = match min_price {
        Some(min_price) => instrument.and_then(|instrument| with_min_price(section, instrument, min_price)),
        None => instrument,
    };
    let instrument = match issued {
        Some(issued) => instrument.and_then(|instrument| with_issued(section, instrument, issued)),
        None => instrument,
    };
    let is_live = scope.files.clock.borrow().is_live;
    let instrument = with_contract(section, instrument, scope.known, is_live);
    let parts = instrument.clone().zip(process);
    KnownInstrument {
        symbol: scope.symbol.unwrap_or_default().to_owned(),
        instrument,
        has_process: section.has("process"),
        config: parts.map(|(instrument, process)| InstrumentConfig { instrument, process }),
    }
}

/// Sets the lowest price, which must be on a tick.
fn with_min_price(section: &Section<'_>, instrument: Instrument, min_price: Decimal) -> Option<Instrument> {
    let ticks = min_price.in_units_of(instrument.tick_size()).and_then(Price::new_checked);
    if ticks.is_none() {
        let message = format!(
            "`min_price` is {min_price}, but must be a multiple of the tick size {}, at most 2^40 of them",
            instrument.tick_size()
        );
        section.report("min_price", message, None);
    }
    ticks.map(|ticks| instrument.with_min_price(ticks))
}

/// Sets how much of it there is, which must be a multiple of the lot.
fn with_issued(section: &Section<'_>, instrument: Instrument, issued: Decimal) -> Option<Instrument> {
    instrument.with_issued(issued).map_err(|error| section.report("issued", error.to_string(), None)).ok()
}

/// Finds an instrument by its symbol.
pub(super) fn find(symbols: &[&str], symbol: &str) -> Read<InstrumentId> {
    let found = with_ids(symbols).find(|(_, known)| *known == symbol);
    found.map(|(id, _)| id).ok_or_else(|| readers::unknown(symbol, symbols))
}

/// Returns the symbols with their ids: instruments are numbered as the file lists them.
pub(super) fn with_ids<'a>(symbols: &'a [&str]) -> impl Iterator<Item = (InstrumentId, &'a str)> {
    (0..).map(InstrumentId::new).zip(symbols.iter().copied())
}
