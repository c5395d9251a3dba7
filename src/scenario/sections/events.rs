//! Reading `[[events]]`.

use std::sync::Arc;

use super::agents::{MarketOutline, place_of};
use super::instruments::find;
use super::params::lots;
use crate::scenario::config::{AgentConfig, VenueConfig};
use crate::scenario::document::readers::Read;
use crate::scenario::document::{Node, Section, Value, readers};
use crate::scenario::events::{EventConfig, EventKind};
use bearpit_agents::ListingChoice;
use bearpit_core::market::{Phase, Side, ValueQuote};
use bearpit_core::params::NumberRange;
use bearpit_core::process::ConfiguredProcess;
use bearpit_core::units::{InstrumentId, ListingId, Money, Seed, SimDuration, SimTime};

/// The kinds of events.
const EVENTS: [&str; 5] = ["halt", "fat_finger", "fundamental_shock", "liquidity_withdrawal", "quote"];

const SIDES: [(&str, Side); 2] = [("buy", Side::Buy), ("sell", Side::Sell)];

/// Reads `[[events]]`; an event with errors is left out.
pub(in crate::scenario) fn events(
    root: &Section<'_>,
    outline: &MarketOutline<'_>,
    agents: &[AgentConfig],
) -> Vec<EventConfig> {
    let kinds: Vec<(&str, &str)> = EVENTS.iter().map(|name| (*name, *name)).collect();
    let mut found = Vec::new();
    for (number, node) in (1..).zip(root.list("events")) {
        let section = Section::open(format!("event {number}"), node, node.place.clone(), root.findings);
        let Some(kind) = section.required("kind", readers::one_of(&kinds)) else {
            section.abandon();
            continue;
        };
        let at = section.required("at", readers::time).filter(|at| is_within(&section, *at, outline));
        let kind = match kind {
            "halt" => halt(&section, outline, agents, at),
            "fat_finger" => fat_finger(&section, outline, agents, (number, at)),
            "fundamental_shock" => shock(&section, outline),
            "quote" => quote(&section, outline),
            _ => withdrawal(&section, agents),
        };
        if let (Some(at), Some(kind)) = (at, kind) {
            let event = EventConfig { at, kind };
            check_overlap(&section, &event, &found);
            found.push(event);
        }
        section.finish();
    }
    found
}

/// Reports an event that lasts while another does to the same listing or agents: the end of one would end
/// both.
fn check_overlap(section: &Section<'_>, event: &EventConfig, others: &[EventConfig]) {
    let Some((since, until)) = event.span() else { return };
    let concerns = |other: &&EventConfig| match (&event.kind, &other.kind) {
        (EventKind::Halt { listing, .. }, EventKind::Halt { listing: halted, .. }) => listing == halted,
        (
            EventKind::LiquidityWithdrawal { agents, .. },
            EventKind::LiquidityWithdrawal { agents: gone, .. },
        ) => agents.iter().any(|agent| gone.contains(agent)),
        _ => false,
    };
    let spans = others.iter().filter(concerns).filter_map(EventConfig::span);
    if let Some((from, to)) = spans.into_iter().find(|(from, to)| since < *to && *from < until) {
        let message = format!(
            "this event lasts from {since} to {until}, and another of its kind from {from} to {to}: one event must be over \
             before the next begins"
        );
        section.report("at", message, None);
    }
}

/// Reports an event before the start or after the end.
fn is_within(section: &Section<'_>, at: SimTime, outline: &MarketOutline<'_>) -> bool {
    let Some(span) = outline.span else { return true };
    let is_within = span.start <= at && at < span.end;
    if !is_within {
        let message =
            format!("`at` is {at}, but the scenario lasts from {} to {} only", span.start, span.end);
        section.report("at", message, None);
    }
    is_within
}

/// Reports an event at a time at which its venue does not trade.
fn check_session(
    section: &Section<'_>,
    venue: &VenueConfig,
    at: Option<SimTime>,
    outline: &MarketOutline<'_>,
) {
    let (Some(at), Some(span), Some(calendar)) = (at, outline.span, &venue.rules.sessions) else { return };
    let schedule = calendar.schedule(span.start, span.end);
    let phase = schedule.iter().rfind(|(since, _)| *since <= at).map(|(_, phase)| *phase);
    if phase != Some(Phase::Continuous) {
        let message = format!(
            "`at` is {at}, but `{}` trades from {} to {} after midnight on its days only",
            venue.name, calendar.open, calendar.close
        );
        section.report("at", message, None);
    }
}

/// Returns the listing that the section names, which trades at the time of the event.
fn listing(
    section: &Section<'_>,
    outline: &MarketOutline<'_>,
    at: Option<SimTime>,
) -> Option<(ListingId, bearpit_core::market::Instrument)> {
    let place = place_of(section, ListingChoice::Only, outline)?;
    check_session(section, place.venue, at, outline);
    Some((place.listing, place.instrument.clone()))
}

fn halt(
    section: &Section<'_>,
    outline: &MarketOutline<'_>,
    agents: &[AgentConfig],
    at: Option<SimTime>,
) -> Option<EventKind> {
    let place = listing(section, outline, at);
    let duration = section.required("duration", readers::positive_duration);
    let reopening = section.or("reopening", SimDuration::from_secs(60), readers::time_of_day);
    let (listing, _) = place?;
    let is_replay = |agent: &&AgentConfig| {
        let configured = &agent.configured;
        agent.listing == listing && (configured.replay().is_some() || configured.tick_replay().is_some())
    };
    if agents.iter().any(|agent| is_replay(&agent)) {
        section.report("kind", "what is replayed has no book that could halt", None);
        return None;
    }
    Some(EventKind::Halt { listing, duration: duration?, reopening: reopening? })
}

fn fat_finger(
    section: &Section<'_>,
    outline: &MarketOutline<'_>,
    agents: &[AgentConfig],
    (number, at): (usize, Option<SimTime>),
) -> Option<EventKind> {
    let place = listing(section, outline, at);
    let side = section.required("side", readers::one_of(&SIDES));
    let instrument = place.as_ref().map(|(_, instrument)| instrument);
    let quantity = match instrument {
        Some(instrument) => section.required("quantity", |node| lots(node, instrument)),
        None => {
            section.expect("quantity");
            None
        }
    };
    let name = format!("event-{number}");
    if agents.iter().any(|agent| agent.member_names().any(|it| it == name)) {
        section.report("kind", format!("an agent is called `{name}`, as the account of this event"), None);
        return None;
    }
    Some(EventKind::FatFinger { listing: place?.0, side: side?, quantity: quantity?, name })
}

/// Returns the instrument that the section names: the only one if it names none.
fn instrument(section: &Section<'_>, outline: &MarketOutline<'_>) -> Option<InstrumentId> {
    let symbols: Vec<&str> = outline.instruments.iter().map(|known| known.symbol.as_str()).collect();
    match symbols[..] {
        [only] if !section.has("instrument") => {
            section.expect("instrument");
            find(&[only], only).ok()
        }
        _ => section.required("instrument", |node| find(&symbols, &readers::text(node)?)),
    }
}

fn shock(section: &Section<'_>, outline: &MarketOutline<'_>) -> Option<EventKind> {
    let instrument = instrument(section, outline);
    let range = NumberRange { min: -1.0, max: 10.0, excludes_min: true };
    let change = section.required("change", readers::number(range));
    let instrument = instrument?;
    let known = &outline.instruments[instrument.index()];
    if !known.has_process {
        let message = format!("`{}` has no process whose value could change", known.symbol);
        section.report("kind", message, None);
        return None;
    }
    Some(EventKind::FundamentalShock { instrument, change: change? })
}

fn quote(section: &Section<'_>, outline: &MarketOutline<'_>) -> Option<EventKind> {
    let instrument = instrument(section, outline);
    let value = section.required("value", price);
    let bid = section.optional("bid", price);
    let ask = section.optional("ask", price);
    let (instrument, quote) = (instrument?, ValueQuote { value: value?, bid, ask });
    let known = &outline.instruments[instrument.index()];
    let process = known.config.as_ref().map(|config| config.process.as_ref());
    let is_feed = |process: &Arc<dyn ConfiguredProcess>| process.start(Seed::new(0)).kind() == Some("feed");
    // One with errors has been reported.
    if process.is_some_and(|process| !process.is_some_and(is_feed)) {
        let message = format!("the value of `{}` takes no quotes: its process is no `feed`", known.symbol);
        section.report("kind", message, None);
        return None;
    }
    Some(EventKind::Quote { instrument, quote })
}

/// Reads a price in currency.
fn price(node: &Node) -> Read<Money> {
    let decimal = readers::positive_decimal(node)?;
    Money::from_decimal(decimal).ok_or_else(|| readers::mistyped(node, "a price of at most ten decimals"))
}

fn withdrawal(section: &Section<'_>, agents: &[AgentConfig]) -> Option<EventKind> {
    let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
    let named = |node: &Node| -> Read<Vec<String>> {
        let Value::List(items) = &node.value else { return Err(readers::mistyped(node, "a list of names")) };
        let mut all = Vec::new();
        for item in items {
            let name = readers::text(item)?;
            let agent = agents.iter().find(|agent| agent.name == name);
            all.extend(agent.ok_or_else(|| readers::unknown(&name, &names))?.member_names());
        }
        Ok(all)
    };
    let agents = section.required("agents", named);
    let duration = section.required("duration", readers::positive_duration);
    Some(EventKind::LiquidityWithdrawal { agents: agents?, duration: duration? })
}
