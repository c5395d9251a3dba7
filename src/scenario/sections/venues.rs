//! Reading `[[venues]]`.

use super::fees::fees;
use super::instruments::{KnownInstrument, find, with_ids};
use super::latencies::latencies;
use super::venue_rules;
use crate::scenario::config::VenueConfig;
use crate::scenario::document::readers::ValueError;
use crate::scenario::document::{Node, Section, Value, readers};
use crate::scenario::files::Files;
use bearpit_core::book::PriceBands;
use bearpit_core::market::Instrument;
use bearpit_core::units::{InstrumentId, SimDuration};

/// Reads `[[venues]]`; a venue with errors is left out.
pub(in crate::scenario) fn venues(
    root: &Section<'_>,
    known: &[KnownInstrument],
    files: &Files,
) -> Vec<VenueConfig> {
    let symbols: Vec<&str> = known.iter().map(|known| known.symbol.as_str()).collect();
    let symbols = symbols.as_slice();
    let mut found: Vec<VenueConfig> = Vec::new();
    let mut complete = true;
    for (number, node) in (1..).zip(root.list("venues")) {
        let section = Section::open(format!("venue {number}"), node, node.place.clone(), root.findings);
        let name = section.required("name", readers::name);
        if let Some(taken) = name.as_ref().filter(|name| found.iter().any(|other| other.name == **name)) {
            section.report("name", format!("`name` is `{taken}`, which is taken already"), None);
        }
        let instruments = listed(&section, symbols);
        let fees = fees(&section, "fees");
        let latencies = latencies(&section, files);
        let processing = section.or("processing", SimDuration::ZERO, readers::latency_span);
        let rules = venue_rules::rules(&section);
        if let (Some(listed), Some(rules)) = (&instruments, &rules)
            && rules.bands != PriceBands::default()
        {
            check_bands(&section, listed, known);
        }
        section.finish();
        let connection = latencies.zip(processing);
        match (name, instruments, fees, connection, rules) {
            (Some(name), Some(instruments), Some(fees), Some((latencies, processing)), Some(rules)) => {
                found.push(VenueConfig { name, instruments, fees, latencies, processing, rules });
            }
            _ => complete = false,
        }
    }
    if found.is_empty() && complete && !root.is_no_list("venues") {
        root.report_missing("venues", "there are no venues: write at least one [[venues]]");
    }
    for (id, symbol) in with_ids(symbols).filter(|_| complete && !found.is_empty()) {
        if !symbol.is_empty() && !found.iter().any(|venue| venue.instruments.contains(&id)) {
            root.report("venues", format!("no venue lists `{symbol}`"), None);
        }
    }
    found
}

/// Reports bands where prices may be negative: a percentage of a price near zero is no distance.
fn check_bands(section: &Section<'_>, listed: &[InstrumentId], known: &[KnownInstrument]) {
    let is_negative = |it: &&KnownInstrument| it.instrument.as_ref().is_some_and(Instrument::may_be_negative);
    for known in listed.iter().filter_map(|id| known.get(id.index())).filter(is_negative) {
        let message = format!(
            "`bands` are percentages of a price, which `{}` cannot have: its `min_price` is below one tick",
            known.symbol
        );
        let help = "list it at a venue without bands".to_owned();
        section.report("bands", message, Some(help));
    }
}

/// Reads the list of symbols that a venue lists.
fn listed(section: &Section<'_>, symbols: &[&str]) -> Option<Vec<InstrumentId>> {
    let items = section.required("instruments", |node: &Node| match &node.value {
        Value::List(items) if !items.is_empty() => Ok(items.clone()),
        Value::List(_) => Err(ValueError::new("is empty, but must list at least one symbol")),
        _ => Err(ValueError::new(format!("is {}, but must be a list of symbols", node.kind()))),
    })?;
    let mut ids = Vec::new();
    for item in items {
        let id = readers::text(&item).and_then(|symbol| find(symbols, &symbol));
        match id {
            Ok(id) if ids.contains(&id) => {
                let message = format!("`{}` is listed twice", symbols[id.index()]);
                section.findings.borrow_mut().push(item.place.clone(), message, None);
            }
            Ok(id) => ids.push(id),
            // It may be one that could not be read, which has been reported.
            Err(_) if symbols.is_empty() || symbols.contains(&"") => {}
            Err(why) => {
                section.findings.borrow_mut().push(item.place.clone(), format!("an instrument {why}"), None)
            }
        }
    }
    (!ids.is_empty()).then_some(ids)
}
