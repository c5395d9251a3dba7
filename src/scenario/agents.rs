//! Reading agents.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::flow_agent::order_flow;
use super::read::{self, Read};
use super::script_agent::script;
use super::section::Section;
use super::spec::{AgentKind, AgentSpec, VenueSpec, listing_id, listings};
use super::tree::Node;
use super::world::{Known, find, instrument_id, latencies, quantities};
use bearpit_agents::{MakerReference, MarketMakerConfig, NoiseConfig, ReplayConfig};
use bearpit_core::account::Financing;
use bearpit_core::market::Instrument;
use bearpit_core::participant::Latencies;
use bearpit_core::units::{
    FeeRate, InstrumentId, ListingId, Money, Price, Quantity, SimDuration, SimTime, suggest,
};

/// What agents may refer to.
pub(super) struct Surroundings<'a> {
    pub(super) symbols: Vec<&'a str>,
    pub(super) instruments: &'a [Known],
    pub(super) venues: &'a [VenueSpec],
    pub(super) files: &'a Files,
    /// First and last instant of the scenario, as far as they could be read.
    pub(super) span: Option<(SimTime, SimTime)>,
}

/// Where an agent trades.
pub(super) struct Place<'a> {
    pub(super) listing: ListingId,
    pub(super) instrument: &'a Instrument,
    has_process: bool,
    venue: &'a VenueSpec,
}

#[derive(Clone, Copy)]
enum Kind {
    MarketMaker,
    Noise,
    Replay,
    OrderFlow,
    Script,
}

const KINDS: [(&str, Kind); 5] = [
    ("market_maker", Kind::MarketMaker),
    ("noise", Kind::Noise),
    ("replay", Kind::Replay),
    ("order_flow", Kind::OrderFlow),
    ("script", Kind::Script),
];

const COUNT_MAX: i64 = 1_000_000;

/// Reads `[[agents]]`; an agent that is wrong is left out.
pub(super) fn agents(root: &Section<'_>, around: &Surroundings<'_>) -> Vec<AgentSpec> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    let mut replayed = BTreeSet::new();
    for (number, node) in (1..).zip(root.list("agents")) {
        let section = Section::open(format!("agent {number}"), node, node.place.clone(), root.findings);
        let spec = agent(&section, around);
        if let Some(AgentSpec { kind: AgentKind::Replay(config), .. }) = &spec
            && !replayed.insert(config.listing)
        {
            section.complain("kind", "another agent replays history at that listing already", None);
        }
        if let Some(spec) = spec {
            if let Some(taken) = spec.member_names().find(|name| !names.insert(name.clone())) {
                let key = if section.has("name") { "name" } else { "kind" };
                let help = Some("give each agent a `name` of its own".to_owned());
                section.complain(key, format!("an agent called `{taken}` is there already"), help);
            }
            found.push(spec);
        }
        section.finish();
    }
    found
}

fn agent(section: &Section<'_>, around: &Surroundings<'_>) -> Option<AgentSpec> {
    let kind = section.required("kind", read::one_of(&KINDS));
    let name = section.optional("name", read::name);
    let has_name = section.has("name");
    let count = section.or("count", 1, read::integer(1, COUNT_MAX));
    let cash = section.or("cash", Money::from_whole(1_000_000), read::money);
    let by_symbol: BTreeMap<&str, (InstrumentId, Option<&Instrument>)> = around
        .instruments
        .iter()
        .enumerate()
        .map(|(index, known)| (known.symbol.as_str(), (instrument_id(index), known.instrument.as_ref())))
        .collect();
    let holdings = quantities(section, "holdings", &by_symbol, section.findings);
    let max_short = quantities(section, "max_short", &by_symbol, section.findings);
    let financing = financing(section);
    let latencies = latencies(section);
    let kind = kind?;
    let default_name =
        KINDS.iter().find(|(_, it)| std::mem::discriminant(it) == std::mem::discriminant(&kind));
    let name = if has_name { name } else { default_name.map(|(word, _)| word.replace('_', "-")) };
    let place = place(section, kind, around);
    let kind = match kind {
        Kind::MarketMaker => market_maker(section, place.as_ref()).map(AgentKind::MarketMaker),
        Kind::Noise => noise(section, place.as_ref()).map(AgentKind::Noise),
        Kind::Replay => {
            check_replay(section, place.as_ref(), latencies.as_ref());
            replay(section, place.as_ref(), around.files).map(AgentKind::Replay)
        }
        Kind::OrderFlow => order_flow(section, place.as_ref(), around).map(AgentKind::OrderFlow),
        Kind::Script => script(section, place.as_ref(), around).map(AgentKind::Script),
    };
    Some(AgentSpec {
        name: name?,
        count: u32::try_from(count?).ok()?,
        cash: cash?,
        holdings: holdings?,
        max_short: max_short?,
        financing: financing?,
        latencies: latencies?,
        kind: kind?,
    })
}

/// Reads `financing = { credit_bps = .., debit_bps = .., borrow_bps = .. }`, each of them optional.
fn financing(section: &Section<'_>) -> Option<Financing> {
    let Some(table) = section.table("financing", "the financing") else { return Some(Financing::NONE) };
    let [credit, debit, borrow] =
        ["credit_bps", "debit_bps", "borrow_bps"].map(|key| table.or(key, FeeRate::ZERO, read::bps));
    table.finish();
    Some(Financing { credit: credit?, debit: debit?, borrow: borrow? })
}

/// Finds the listing that `instrument` and `venue` pick; with one choice, or for a script, they may be
/// left out.
fn place<'a>(section: &Section<'_>, kind: Kind, around: &Surroundings<'a>) -> Option<Place<'a>> {
    let venue_names: Vec<&str> = around.venues.iter().map(|venue| venue.name.as_str()).collect();
    let instrument = section.optional("instrument", |node| find(&around.symbols, &read::text(node)?));
    let venue = section.optional("venue", |node| {
        let name = read::text(node)?;
        let index = venue_names.iter().position(|known| *known == name);
        let help = || suggest(&name, &venue_names);
        index.ok_or_else(|| format!("is `{name}`, which there is not; {}", help()))
    });
    let wrong =
        (section.has("instrument") && instrument.is_none()) || (section.has("venue") && venue.is_none());
    if wrong {
        return None;
    }
    let all = listings(around.venues);
    let fits = |(at, what): &(bearpit_core::units::VenueId, InstrumentId)| {
        instrument.is_none_or(|wanted| wanted == *what) && venue.is_none_or(|wanted| wanted == at.index())
    };
    let candidates: Vec<usize> = (0..all.len()).filter(|index| fits(&all[*index])).collect();
    let index = match candidates[..] {
        [] => {
            if !all.is_empty() {
                section.complain("venue", "that instrument is not listed at that venue", None);
            }
            return None;
        }
        [only] => only,
        [first, ..] if matches!(kind, Kind::Script) => first,
        _ => {
            let message = "several listings fit: say which with `instrument` and `venue`";
            section.complain("kind", message, None);
            return None;
        }
    };
    let known = &around.instruments[all[index].1.index()];
    let instrument = known.instrument.as_ref()?;
    let venue = &around.venues[all[index].0.index()];
    Some(Place { listing: listing_id(index), instrument, has_process: known.has_process, venue })
}

/// A quantity in the instrument's units: whole lots, above zero.
pub(super) fn lots(node: &Node, instrument: &Instrument) -> Read<Quantity> {
    let value = read::decimal(node)?;
    let count = value.in_units_of(instrument.lot_size()).and_then(|lots| u64::try_from(lots).ok());
    count.filter(|lots| (1..=Quantity::MAX_LOTS).contains(lots)).map(Quantity::new).ok_or_else(|| {
        format!(
            "is {}, but must be a multiple of the lot size {}, above 0",
            node.shown(),
            instrument.lot_size()
        )
    })
}

/// A distance in price: whole ticks, above zero.
fn ticks(node: &Node, instrument: &Instrument) -> Read<i64> {
    let value = read::positive_decimal(node)?;
    let count = value.in_units_of(instrument.tick_size()).filter(|ticks| *ticks <= Price::MAX_TICKS);
    count.ok_or_else(|| {
        format!(
            "is {}, which is off tick: it must be a multiple of the tick size {}",
            node.shown(),
            instrument.tick_size()
        )
    })
}

/// Reads a quantity where the instrument is known; where it is wrong, that has been said.
fn quantity(section: &Section<'_>, key: &'static str, place: Option<&Place<'_>>) -> Option<Quantity> {
    let read = |node: &Node| match place {
        Some(place) => lots(node, place.instrument).map(Some),
        None => Ok(None),
    };
    section.required(key, read).flatten()
}

fn distance(section: &Section<'_>, key: &'static str, place: Option<&Place<'_>>) -> Option<i64> {
    let read = |node: &Node| match place {
        Some(place) => ticks(node, place.instrument).map(Some),
        None => Ok(None),
    };
    section.required(key, read).flatten()
}

fn market_maker(section: &Section<'_>, place: Option<&Place<'_>>) -> Option<MarketMakerConfig> {
    let has_value = place.is_some_and(|place| place.has_process);
    let default = if has_value { MakerReference::Value } else { MakerReference::Mid };
    section.or("model", (), read::one_of(&[("symmetric", ())]));
    let choices = [("value", MakerReference::Value), ("mid", MakerReference::Mid)];
    let reference = section.or("reference", default, read::one_of(&choices));
    if reference == Some(MakerReference::Value) && !has_value && place.is_some() {
        let message =
            "`reference` is `value`, but the instrument has no process; give it one, or choose `mid`";
        section.complain("reference", message, None);
    }
    let half_spread_ticks = distance(section, "half_spread", place);
    let quantity_each = quantity(section, "quantity", place);
    let max_inventory = quantity(section, "max_inventory", place);
    let skew = section.or("skew", 1.0, read::number(0.0, 10.0));
    let interval = section.or("interval", SimDuration::from_secs(1), read::positive_duration);
    Some(MarketMakerConfig {
        listing: place?.listing,
        reference: reference?,
        half_spread_ticks: half_spread_ticks?,
        quantity: quantity_each?,
        max_inventory: max_inventory?,
        skew: skew?,
        interval: interval?,
    })
}

fn noise(section: &Section<'_>, place: Option<&Place<'_>>) -> Option<NoiseConfig> {
    let interval = section.or("interval", SimDuration::from_secs(30), read::positive_duration);
    let market_share = section.or("market_share", 0.3, read::number(0.0, 1.0));
    let max_quantity = quantity(section, "max_quantity", place);
    let depth = section.required("depth", read::positive_decimal);
    let patience = section.or("patience", SimDuration::from_secs(300), read::positive_duration);
    let place = place?;
    Some(NoiseConfig {
        listing: place.listing,
        interval: interval?,
        market_share: market_share?,
        max_quantity: max_quantity?,
        depth_ticks: depth?.to_f64() / place.instrument.tick_size().to_f64(),
        patience: patience?,
    })
}

/// Complains where a replay cannot keep time: its bars are the venue's sessions, and what it sends must
/// arrive at once.
fn check_replay(section: &Section<'_>, place: Option<&Place<'_>>, own: Option<&Latencies>) {
    let Some(venue) = place.map(|place| place.venue) else { return };
    if venue.rules.sessions.is_some() {
        let message =
            format!("bars are replayed in sessions of their own, but `{}` has sessions", venue.name);
        section.complain("kind", message, Some("leave out the venue's [sessions]".to_owned()));
    }
    if venue.latencies != Latencies::NONE || own.is_some_and(|own| *own != Latencies::NONE) {
        let message = format!("a replay must have no latency, and neither its venue `{}`", venue.name);
        section.complain("kind", message, Some("give the latency to the agents that trade".to_owned()));
    }
}

fn replay(section: &Section<'_>, place: Option<&Place<'_>>, files: &Files) -> Option<ReplayConfig> {
    let bars = files.bars(section, "data");
    let offset = section.or("bar_open", SimDuration::ZERO, read::duration);
    let length = section.required("bar_length", read::positive_duration);
    let call = section.or("auction", SimDuration::from_secs(1), read::positive_duration);
    let half_spread_ticks = distance(section, "half_spread", place);
    let depth = quantity(section, "depth", place);
    let (bars, length, call) = (bars?, length?, call?);
    if call.nanos() >= length.nanos() / 3 {
        let message = format!("`auction` is {call}, but must be less than a third of `bar_length`, {length}");
        section.complain(if section.has("auction") { "auction" } else { "bar_length" }, message, None);
        return None;
    }
    let overlap = bars.windows(2).find(|pair| pair[1].time - pair[0].time < length);
    if let Some(pair) = overlap {
        let message = format!(
            "`bar_length` is {length}, longer than the time between the bars of {} and {}",
            pair[0].time, pair[1].time
        );
        section.complain("bar_length", message, None);
        return None;
    }
    Some(ReplayConfig {
        listing: place?.listing,
        bars,
        offset: offset?,
        length,
        call,
        half_spread_ticks: half_spread_ticks?,
        depth: depth?,
    })
}
