//! Reading `[[agents]]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::distributions::read_population;
use super::fees::fees;
use super::instruments::{KnownInstrument, find};
use super::latencies::latencies;
use super::margin;
use super::params::{ParamScope, read_by_instrument, report_errors};
use super::replay_warnings;
use crate::scenario::config::{AgentConfig, Listing, VenueConfig, instrument_venues, listings};
use crate::scenario::document::{Section, readers};
use crate::scenario::files::Files;
use crate::scenario::inputs::Role;
use crate::scenario::kinds::agent_kinds;
use bearpit_agents::{
    AgentKind, AgentSite, ConfiguredAgent, DrawnParams, ListingChoice, SiteSpan, SiteVenue,
};
use bearpit_core::account::{Credit, Financing, OnRuin};
use bearpit_core::market::Instrument;
use bearpit_core::params::{FromParam, ParamType};
use bearpit_core::participant::Latencies;
use bearpit_core::units::{FeeRate, InstrumentId, ListingId, Money, Quantity, SimDuration};

const COUNT_MAX: i64 = 1_000_000;

/// The words for what happens when an account's equity is gone.
pub(in crate::scenario) const ON_RUIN: [(&str, OnRuin); 2] =
    [("liquidate", OnRuin::Liquidate), ("keep", OnRuin::Keep)];

/// The parts of a market that agents may refer to.
pub(in crate::scenario) struct MarketOutline<'a> {
    pub(in crate::scenario) instruments: &'a [KnownInstrument],
    pub(in crate::scenario) venues: &'a [VenueConfig],
    pub(in crate::scenario) files: &'a Files,
    /// First and last instant of the scenario, if they could be read.
    pub(in crate::scenario) span: Option<SiteSpan>,
    /// The shortest entry latency of scripts.
    pub(in crate::scenario) script_latency_min: SimDuration,
}

/// A listing, with what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) listing: ListingId,
    pub(super) instrument: &'a Instrument,
    has_value: bool,
    pub(super) venue: &'a VenueConfig,
}

/// Reads `[[agents]]`; an agent with errors is left out.
pub(in crate::scenario) fn agents(root: &Section<'_>, outline: &MarketOutline<'_>) -> Vec<AgentConfig> {
    let mut found: Vec<AgentConfig> = Vec::new();
    let mut places = Vec::new();
    let mut names = BTreeSet::new();
    for (number, node) in (1..).zip(root.list("agents")) {
        let section = Section::open(format!("agent {number}"), node, node.place.clone(), root.findings);
        let kinds: Vec<(&str, &'static AgentKind)> = agent_kinds().map(|kind| (kind.name, kind)).collect();
        let Some(kind) = section.required("kind", readers::one_of(&kinds)) else {
            // Without a kind, it is not known which keys there are.
            section.abandon();
            continue;
        };
        if matches!(kind.name, "replay" | "ticks") {
            // A pattern has become an entry for each file; anything else is no pattern.
            section.optional("files", readers::text);
        }
        let agent = agent(&section, kind, outline);
        if let Some(agent) = agent {
            check_exclusive(&section, &agent, &found);
            check_actions(&section, &agent, outline);
            if let Some(taken) = agent.member_names().find(|name| !names.insert(name.clone())) {
                let key = if section.has("name") { "name" } else { "kind" };
                let help = Some("give each agent a `name` of its own".to_owned());
                section.report(key, format!("another agent is called `{taken}`"), help);
            }
            found.push(agent);
            places.push(node.place.clone());
        }
        section.finish();
    }
    replay_warnings::warn(root, &found, &places, outline.venues);
    found
}

/// Reports a second agent of a kind of which a listing can have one at most.
fn check_exclusive(section: &Section<'_>, agent: &AgentConfig, earlier: &[AgentConfig]) {
    if !agent.kind.is_exclusive {
        return;
    }
    let name = agent.kind.name;
    if agent.count > 1 {
        let message = format!("`count` is {}, but a listing can have only one `{name}`", agent.count);
        section.report("count", message, None);
    }
    if earlier.iter().any(|other| other.kind.name == name && other.listing == agent.listing) {
        let message = format!("a listing can have only one `{name}`, and this one has another already");
        section.report("kind", message, None);
    }
}

/// Reports splits and dividends of an instrument that is listed elsewhere too, where nothing would follow
/// them.
fn check_actions(section: &Section<'_>, agent: &AgentConfig, outline: &MarketOutline<'_>) {
    let has_actions = agent.configured.replay().is_some_and(|replay| !replay.actions.is_empty());
    let all = listings(outline.venues);
    let Some(own) = all.iter().find(|listing| listing.id == agent.listing).filter(|_| has_actions) else {
        return;
    };
    if all.iter().filter(|listing| listing.instrument == own.instrument).count() > 1 {
        let key = if section.has("actions") { "actions" } else { "data" };
        let message = "it has splits or dividends, but its instrument is listed at other venues too, where nothing would \
                       follow them";
        let help = "list the instrument at one venue, or replay adjusted prices: prices = \"adjusted\"";
        section.report(key, message, Some(help.to_owned()));
    }
}

fn agent(
    section: &Section<'_>,
    kind: &'static AgentKind,
    outline: &MarketOutline<'_>,
) -> Option<AgentConfig> {
    let name = section.or("name", kind.name.replace('_', "-"), readers::name);
    let count = section.or("count", 1, readers::integer(1, COUNT_MAX));
    let cash = section.or("cash", Money::from_whole(1_000_000), readers::money);
    let holdings = quantities(section, "holdings", outline);
    let max_short = quantities(section, "max_short", outline);
    let max_debit = section.or("max_debit", Money::ZERO, readers::money);
    let margin = margin::margin(section, kind);
    let financing = financing(section);
    let commission = fees(section, "commission").map(|it| it.may_charge().then(|| Arc::new(it)));
    let on_ruin = section.or("on_ruin", None, |node| readers::one_of(&ON_RUIN)(node).map(Some));
    let person = section.or("person", None, |node| readers::name(node).map(Some));
    if let (Some(cash), Some(held), Some(short), Some(debit)) = (cash, &holdings, &max_short, max_debit) {
        margin::check_on_ruin(section, margin.flatten(), on_ruin.flatten());
        check_means(section, kind, cash + debit, held.len() + short.len());
    }
    let latencies = latencies(section, outline.files)
        .and_then(|it| slowed(section, it, kind, outline.script_latency_min));
    let place = place_of(section, kind.listing, outline);
    let held = holdings
        .iter()
        .flatten()
        .filter_map(|(id, _)| outline.instruments.get(id.index())?.instrument.as_ref());
    margin::check_prices(section, margin.flatten(), traded(kind.listing, place, outline).chain(held));
    let own = place.filter(|_| kind.listing != ListingChoice::First).map(|place| place.instrument);
    margin::check_future(section, kind, margin.flatten(), own);
    for (id, _) in holdings.iter().flatten().filter(|(_, lots)| !lots.is_zero()) {
        margin::check_holding(
            section,
            outline.instruments.get(id.index()).and_then(|it| it.instrument.as_ref()),
        );
    }
    let configured = configure(section, kind, place, latencies.as_ref().unwrap_or(&Latencies::NONE), outline);
    Some(AgentConfig {
        name: name?,
        count: u32::try_from(count?).ok()?,
        cash: cash?,
        holdings: holdings?,
        max_short: max_short?,
        max_debit: max_debit?,
        margin: margin?,
        financing: financing?,
        commission: commission?,
        on_ruin: on_ruin?,
        person: person?,
        latencies: latencies?,
        kind,
        listing: place?.listing,
        configured: configured.as_ref().map(|(configured, _)| Arc::clone(configured))?,
        drawn: configured?.1,
    })
}

/// Returns the instruments that an agent may trade: those of all listings, or that of its own.
fn traded<'a>(
    choice: ListingChoice,
    place: Option<Place<'a>>,
    outline: &MarketOutline<'a>,
) -> impl Iterator<Item = &'a Instrument> {
    let trades_all = choice == ListingChoice::First;
    let all = outline.instruments.iter().filter(move |_| trades_all);
    let own = place.filter(|_| !trades_all).map(|place| place.instrument);
    all.filter_map(|known| known.instrument.as_ref()).chain(own)
}

/// Reports an agent that could neither buy nor sell anything. A script may be there to watch.
fn check_means(section: &Section<'_>, kind: &AgentKind, cash: Money, holdings: usize) {
    let is_covered = kind.account.credit == Credit::Covered && kind.name != crate::script::KIND.name;
    if is_covered && cash == Money::ZERO && holdings == 0 {
        let message =
            "`cash` is 0, and it has no `holdings`, `max_short` or `max_debit`: it could trade nothing";
        // A margin account has neither of the limits.
        let help =
            section.has("margin").then_some("give it `cash` or `holdings`: margin is a share of equity");
        let message = if help.is_some() {
            "`cash` is 0, and it has no `holdings`: its margin would cover nothing"
        } else {
            message
        };
        section.report("cash", message, help.map(ToOwned::to_owned));
    }
}

/// Lengthens the entry latency of a script to the least that the scenario allows.
fn slowed(
    section: &Section<'_>,
    latencies: Latencies,
    kind: &AgentKind,
    least: SimDuration,
) -> Option<Latencies> {
    if kind.name != crate::script::KIND.name || least == SimDuration::ZERO {
        return Some(latencies);
    }
    let entry = latencies.entry.clone().at_least(least);
    if entry.is_none() {
        let message = format!(
            "`entry` of `latency` is drawn from a distribution that goes below `script_latency_min`, {least}"
        );
        let help = "use one with `min` and `max`, a longer `median` or `mean`, or a smaller `sigma`";
        section.report("latency", message, Some(help.to_owned()));
    }
    entry.map(|entry| Latencies { entry, ..latencies })
}

/// An agent that is built, and what its members draw.
type Configured = (Arc<dyn ConfiguredAgent>, Option<Arc<DrawnParams>>);

/// Reads what is particular to a kind, and builds the agent.
fn configure(
    section: &Section<'_>,
    kind: &'static AgentKind,
    place: Option<Place<'_>>,
    latencies: &Latencies,
    outline: &MarketOutline<'_>,
) -> Option<Configured> {
    for retired in kind.retired {
        section.retire(retired.name, retired.help, retired.is_error);
    }
    let MarketOutline { instruments, venues, files, .. } = *outline;
    let scope = ParamScope { files, instrument: place.map(|place| place.instrument), instruments, venues };
    let values = read_population(section, kind.params, &scope);
    // A kind that does not depend on its place is checked at any, so that all its errors are reported at
    // once.
    let any = || {
        let first = listings(outline.venues).into_iter().next()?;
        (kind.listing == ListingChoice::First).then(|| place_at(first, outline)).flatten()
    };
    let ((values, drawn), place) = (values?, place.or_else(any)?);
    let venue = SiteVenue {
        name: &place.venue.name,
        has_sessions: place.venue.rules.sessions.is_some(),
        latencies: &place.venue.latencies,
    };
    let clock = files.clock.borrow();
    let here = listings(venues).get(place.listing.index()).map(|listing| listing.instrument);
    let instrument_venues = here.map_or_else(Vec::new, |it| instrument_venues(venues, it));
    let site = AgentSite {
        listing: place.listing,
        instrument_venues: &instrument_venues,
        instrument: place.instrument,
        has_value: place.has_value,
        venue,
        latencies,
        span: outline.span,
        clock: Some(&*clock),
    };
    let configured =
        (kind.configure)(&values, &site).map_err(|errors| report_errors(section, &errors)).ok()?;
    for warning in configured.warnings() {
        let (place, help) = (section.place_of(warning.param()), warning.help().map(ToOwned::to_owned));
        section.findings.borrow_mut().warn(place, warning.to_string(), help);
    }
    for input in configured.further_inputs() {
        files.add_input(Role::Import, input.name, input.content);
    }
    Some((configured, drawn.map(Arc::new)))
}

/// Reads a table of quantities by symbol, such as `holdings = { ACME = 1000 }`.
fn quantities(
    section: &Section<'_>,
    key: &'static str,
    outline: &MarketOutline<'_>,
) -> Option<Vec<(InstrumentId, Quantity)>> {
    section.expect(key);
    if !section.has(key) {
        return Some(Vec::new());
    }
    let MarketOutline { instruments, venues, files, .. } = *outline;
    let scope = ParamScope { files, instrument: None, instruments, venues };
    let values = read_by_instrument(section, key, ParamType::Quantity, &scope)?;
    values.iter().map(|(id, value)| Some((*id, Quantity::from_param(value)?))).collect()
}

/// Reads `financing = { credit_bps = .., debit_bps = .., borrow_bps = .. }`, each of them optional.
fn financing(section: &Section<'_>) -> Option<Financing> {
    let Some(table) = section.table("financing", "the financing") else { return Some(Financing::NONE) };
    let [credit, debit, borrow] =
        ["credit_bps", "debit_bps", "borrow_bps"].map(|key| table.or(key, FeeRate::ZERO, readers::bps));
    table.finish();
    Some(Financing { credit: credit?, debit: debit?, borrow: borrow? })
}

/// Finds the listing that `instrument` and `venue` select; they may be left out if only one listing fits, or
/// if the kind takes the first.
pub(super) fn place_of<'a>(
    section: &Section<'_>,
    choice: ListingChoice,
    outline: &MarketOutline<'a>,
) -> Option<Place<'a>> {
    let symbols: Vec<&str> = outline.instruments.iter().map(|known| known.symbol.as_str()).collect();
    let venue_names: Vec<&str> = outline.venues.iter().map(|venue| venue.name.as_str()).collect();
    let instrument = section.optional("instrument", |node| find(&symbols, &readers::text(node)?));
    let venue = section.optional("venue", |node| {
        let name = readers::text(node)?;
        let index = venue_names.iter().position(|known| *known == name);
        index.ok_or_else(|| readers::unknown(&name, &venue_names))
    });
    let has_errors =
        (section.has("instrument") && instrument.is_none()) || (section.has("venue") && venue.is_none());
    if has_errors {
        return None;
    }
    if choice == ListingChoice::Instrument && section.has("venue") {
        let message = "it trades at all venues of its instrument, not at one";
        section.report("venue", message, Some("name those that it may use with `venues`".to_owned()));
        return None;
    }
    let all = listings(outline.venues);
    let fits = |listing: &Listing| {
        instrument.is_none_or(|wanted| wanted == listing.instrument)
            && venue.is_none_or(|wanted| wanted == listing.venue.index())
    };
    let candidates: Vec<Listing> = all.iter().copied().filter(fits).collect();
    match candidates[..] {
        [] => {
            if !all.is_empty() {
                section.report("venue", "that instrument is not listed at that venue", None);
            }
            None
        }
        [only] => place_at(only, outline),
        [first, ..] if choice == ListingChoice::First => place_at(first, outline),
        [first, ref others @ ..] if choice == ListingChoice::Instrument => {
            if others.iter().all(|other| other.instrument == first.instrument) {
                return place_at(first, outline);
            }
            section.report("kind", "several instruments are listed: select one with `instrument`", None);
            None
        }
        _ => {
            let message = "several listings fit: select one with `instrument` and `venue`";
            section.report("kind", message, None);
            None
        }
    }
}

/// Returns the place of a listing, unless its instrument has errors.
fn place_at<'a>(listing: Listing, outline: &MarketOutline<'a>) -> Option<Place<'a>> {
    let known = &outline.instruments[listing.instrument.index()];
    Some(Place {
        listing: listing.id,
        instrument: known.instrument.as_ref()?,
        has_value: known.has_process,
        venue: &outline.venues[listing.venue.index()],
    })
}
