//! Reading instruments and venues.

use std::collections::BTreeMap;

use super::files::Files;
use super::process::process;
use super::read;
use super::section::{Findings, Section};
use super::spec::{InstrumentSpec, VenueSpec};
use super::tree::{Node, Value};
use bearpit_core::market::{Fees, Instrument};
use bearpit_core::participant::Latencies;
use bearpit_core::units::{Decimal, FeeRate, InstrumentId, suggest};

/// An instrument as far as it could be read: what others need to know of it stands even where its
/// process is wrong, so that their own faults are found too.
pub(super) struct Known {
    pub(super) symbol: String,
    pub(super) instrument: Option<Instrument>,
    pub(super) has_process: bool,
    pub(super) spec: Option<InstrumentSpec>,
}

/// Reads `[[instruments]]`.
pub(super) fn instruments(root: &Section<'_>, files: &Files) -> Vec<Known> {
    let mut found: Vec<Known> = Vec::new();
    for (number, node) in (1..).zip(root.list("instruments")) {
        let section = Section::open(format!("instrument {number}"), node, node.place.clone(), root.findings);
        let symbol = section.required("symbol", read::name);
        if let Some(taken) =
            symbol.as_ref().filter(|symbol| found.iter().any(|other| other.symbol == **symbol))
        {
            section.complain("symbol", format!("`symbol` is `{taken}`, which is taken already"), None);
        }
        let read = instrument(&section, symbol, files, &found);
        found.push(read);
        section.finish();
    }
    if found.is_empty() {
        root.complain("instruments", "there are no instruments: write at least one [[instruments]]", None);
    }
    found
}

fn instrument(section: &Section<'_>, symbol: Option<String>, files: &Files, known: &[Known]) -> Known {
    let tick_size = section.required("tick_size", read::positive_decimal);
    let lot_size = section.or("lot_size", Decimal::new(1, 0), read::positive_decimal);
    let process = process(section, files, known);
    let sizes = symbol.clone().zip(tick_size).zip(lot_size);
    let instrument = sizes.and_then(|((symbol, tick), lot)| match Instrument::new(symbol, tick, lot) {
        Ok(instrument) => Some(instrument),
        Err(error) => {
            section.complain("tick_size", error.to_string(), None);
            None
        }
    });
    let parts = instrument.clone().zip(process);
    Known {
        symbol: symbol.unwrap_or_default(),
        instrument,
        has_process: section.has("process"),
        spec: parts.map(|(instrument, (process, grid))| InstrumentSpec { instrument, process, grid }),
    }
}

/// Reads `[[venues]]`; a venue that is wrong is left out.
pub(super) fn venues(root: &Section<'_>, symbols: &[&str]) -> Vec<VenueSpec> {
    let mut found: Vec<VenueSpec> = Vec::new();
    let mut complete = true;
    for (number, node) in (1..).zip(root.list("venues")) {
        let section = Section::open(format!("venue {number}"), node, node.place.clone(), root.findings);
        let name = section.required("name", read::name);
        if let Some(taken) = name.as_ref().filter(|name| found.iter().any(|other| other.name == **name)) {
            section.complain("name", format!("`name` is `{taken}`, which is taken already"), None);
        }
        let instruments = listed(&section, symbols);
        let fees = fees(&section);
        let latencies = latencies(&section);
        let rules = super::rules::rules(&section);
        section.finish();
        match (name, instruments, fees, latencies, rules) {
            (Some(name), Some(instruments), Some(fees), Some(latencies), Some(rules)) => {
                found.push(VenueSpec { name, instruments, fees, latencies, rules });
            }
            _ => complete = false,
        }
    }
    if found.is_empty() && complete {
        root.complain("venues", "there are no venues: write at least one [[venues]]", None);
    }
    for (index, symbol) in symbols.iter().enumerate().filter(|_| complete) {
        let id = instrument_id(index);
        if !symbol.is_empty() && !found.iter().any(|venue| venue.instruments.contains(&id)) {
            root.complain("venues", format!("no venue lists `{symbol}`"), None);
        }
    }
    found
}

/// Reads the list of symbols that a venue lists.
fn listed(section: &Section<'_>, symbols: &[&str]) -> Option<Vec<InstrumentId>> {
    let items = section.required("instruments", |node: &Node| match &node.value {
        Value::List(items) if !items.is_empty() => Ok(items.clone()),
        Value::List(_) => Err("is empty, but must list at least one symbol".to_owned()),
        _ => Err(format!("is {}, but must be a list of symbols", node.kind())),
    })?;
    let mut ids = Vec::new();
    for item in items {
        let id = read::text(&item).and_then(|symbol| find(symbols, &symbol));
        match id {
            Ok(id) if ids.contains(&id) => {
                let message = format!("`{}` is listed twice", symbols[id.index()]);
                section.findings.borrow_mut().push(item.place.clone(), message, None);
            }
            Ok(id) => ids.push(id),
            Err(why) => {
                section.findings.borrow_mut().push(item.place.clone(), format!("an instrument {why}"), None)
            }
        }
    }
    (!ids.is_empty()).then_some(ids)
}

/// Finds an instrument by symbol.
pub(super) fn find(symbols: &[&str], symbol: &str) -> Result<InstrumentId, String> {
    let index = symbols.iter().position(|known| *known == symbol);
    index
        .map(instrument_id)
        .ok_or_else(|| format!("is `{symbol}`, which there is not; {}", suggest(symbol, symbols)))
}

pub(super) fn instrument_id(index: usize) -> InstrumentId {
    InstrumentId::new(u32::try_from(index).unwrap_or(u32::MAX))
}

fn fees(section: &Section<'_>) -> Option<Fees> {
    let Some(table) = section.table("fees", "the fees") else { return Some(Fees::default()) };
    let maker = table.or("maker_bps", FeeRate::ZERO, read::bps);
    let taker = table.or("taker_bps", FeeRate::ZERO, read::bps);
    let auction = table.or("auction_bps", taker.unwrap_or(FeeRate::ZERO), read::bps);
    table.finish();
    let fees = Fees { maker: maker?, taker: taker?, auction: auction? };
    if fees.auction.bps() < 0.0 {
        let message =
            format!("auction_bps is {}, but must be at or above 0: both sides pay it", fees.auction.bps());
        section.complain("fees", message, None);
        return None;
    }
    if fees.maker.bps() + fees.taker.bps() < 0.0 {
        let message = format!(
            "the fees pay out more than they take: maker {} bps and taker {} bps; their sum must be at or above 0",
            fees.maker.bps(),
            fees.taker.bps(),
        );
        section.complain("fees", message, None);
        return None;
    }
    Some(fees)
}

/// Reads `latency = { entry = .., report = .., feed = .. }`, each of them optional.
pub(super) fn latencies(section: &Section<'_>) -> Option<Latencies> {
    let Some(table) = section.table("latency", "the latency") else { return Some(Latencies::NONE) };
    let none = Latencies::NONE;
    let entry = table.or("entry", none.entry, read::latency);
    let report = table.or("report", none.report, read::latency);
    let feed = table.or("feed", none.feed, read::latency);
    table.finish();
    Some(Latencies { entry: entry?, report: report?, feed: feed? })
}

/// Reads a table of quantities by symbol, such as `holdings = { ACME = 1000 }`.
pub(super) fn quantities(
    section: &Section<'_>,
    key: &'static str,
    instruments: &BTreeMap<&str, (InstrumentId, Option<&Instrument>)>,
    findings: &Findings,
) -> Option<Vec<(InstrumentId, bearpit_core::units::Quantity)>> {
    let Some(node) = section.node(key) else { return Some(Vec::new()) };
    let mut found = Vec::new();
    let mut complete = matches!(node.value, Value::Table(_));
    if !complete {
        section.complain(
            key,
            format!("`{key}` is {}, but must be a table such as {{ ACME = 1000 }}", node.kind()),
            None,
        );
    }
    for entry in node.entries() {
        let Some((id, instrument)) = instruments.get(entry.key.as_str()) else {
            let known: Vec<&str> = instruments.keys().copied().collect();
            let message = format!("`{key}` names `{}`, which there is not", entry.key);
            findings.borrow_mut().push(entry.place.clone(), message, Some(suggest(&entry.key, &known)));
            complete = false;
            continue;
        };
        let Some(instrument) = instrument else { continue };
        match super::agents::lots(&entry.node, instrument) {
            Ok(quantity) => found.push((*id, quantity)),
            Err(why) => {
                let message = format!("`{}` {why}", entry.key);
                findings.borrow_mut().push(super::files::place_of(&entry.node), message, None);
                complete = false;
            }
        }
    }
    complete.then_some(found)
}
