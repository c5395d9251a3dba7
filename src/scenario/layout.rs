//! From a scenario to a market.

use std::sync::Arc;

use super::config::{
    AgentConfig, InstrumentConfig, Listing, Scenario, VenueRules, instrument_venues, listings,
};
use super::events::{EventConfig, EventKind};
use super::live::schedule;
use bearpit_agents::{AgentSite, ConfiguredAgent, Shared, SiteSpan, SiteVenue};
use bearpit_core::account::{AccountConfig, Credit, OnRuin};
use bearpit_core::book::BookConfig;
use bearpit_core::exchange::{BuildError, ListingConfig, MarketBuilder, ProcessConfig, Schedule};
use bearpit_core::participant::ParticipantConfig;
use bearpit_core::process::{ConfiguredProcess, EarlierInstrument, Shock, shocked};
use bearpit_core::replay::Replay;
use bearpit_core::units::{InstrumentId, PersonId, Price};

/// How often a member draws its values before it takes those in the middle of each distribution.
const REFUSED_DRAWS_MAX: usize = 1_000;

impl Scenario {
    /// Lays out the scenario's market; sinks can be added before it is opened.
    ///
    /// # Errors
    /// A [`BuildError`]; a scenario that was loaded gives none.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use bearpit::scenario::Scenario;
    ///
    /// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    /// let path = Path::new(directory).join("quickstart.toml");
    /// let scenario = Scenario::load(&path, &["scenario.end=2025-03-03T09:31:00".parse()?])?;
    /// let mut market = scenario.lay_out()?.open()?;
    /// market.run()?;
    /// assert!(market.world().events() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lay_out(&self) -> Result<MarketBuilder, BuildError> {
        let mut builder = self.lay_out_with(&self.events)?;
        for event in &self.events {
            event.schedule(&mut builder)?;
        }
        Ok(builder)
    }

    /// Lays out the market with the shocks of its values that are among `events`, and without the rest.
    pub(super) fn lay_out_with(&self, events: &[EventConfig]) -> Result<MarketBuilder, BuildError> {
        let mut builder = MarketBuilder::new(self.seed, self.start, self.end)?;
        builder.bar_interval(self.bar_interval);
        builder.sample_interval(self.sample_interval);
        for (config, process) in self.instruments.iter().zip(self.processes_with(events)) {
            let process = process.map(|configured| ProcessConfig {
                process: configured.start(self.seed),
                initial: configured.initial(),
                grid: configured.step(),
            });
            builder.instrument(config.instrument.clone(), process);
        }
        for venue in &self.venues {
            let latencies = venue.latencies.clone();
            let id = builder.venue(&venue.name, venue.fees.clone(), latencies, &venue.instruments);
            builder.processing(id, venue.processing);
        }
        for listing in listings(&self.venues) {
            builder.listing_config(listing.id, self.rules(listing));
        }
        if let Some(rules) = self.auctions {
            builder.auctions(rules);
        }
        let mut shared = Shared::default();
        let mut persons: Vec<&str> = Vec::new();
        for agent in &self.agents {
            let participant = ParticipantConfig::new(agent.kind.name)
                .with_account(account(agent, self.on_ruin(agent)))
                .with_latencies(agent.latencies.clone());
            for name in agent.member_names() {
                if let Some(actor) = self.member(agent, &name).actor(&mut shared) {
                    builder.any_agent(&name, participant.clone(), actor)?;
                    if let Some(person) = &agent.person {
                        builder.person(&name, person_id(person, &mut persons));
                    }
                }
            }
        }
        Ok(builder)
    }

    /// Returns the configuration of a member of a population: that of all, or one with values of its own.
    ///
    /// Values that its kind refuses together are drawn again.
    pub(super) fn member(&self, agent: &AgentConfig, name: &str) -> Arc<dyn ConfiguredAgent> {
        let common = || Arc::clone(&agent.configured);
        let all = listings(&self.venues);
        let (Some(drawn), Some(listing)) = (&agent.drawn, all.get(agent.listing.index())) else {
            return common();
        };
        let venue = &self.venues[listing.venue.index()];
        let InstrumentConfig { instrument, process } = &self.instruments[listing.instrument.index()];
        let instrument_venues = instrument_venues(&self.venues, listing.instrument);
        let site = AgentSite {
            instrument_venues: &instrument_venues,
            has_value: process.is_some(),
            venue: SiteVenue {
                name: &venue.name,
                has_sessions: venue.rules.sessions.is_some(),
                latencies: &venue.latencies,
            },
            latencies: &agent.latencies,
            span: Some(SiteSpan { start: self.start, end: self.end }),
            ..AgentSite::new(listing.id, instrument)
        };
        let draws = drawn.draws(self.seed, name).take(REFUSED_DRAWS_MAX);
        draws.filter_map(|values| (agent.kind.configure)(&values, &site).ok()).next().unwrap_or_else(common)
    }

    /// Returns what happens when an agent's equity is gone: what it says itself, or else liquidation where
    /// files are replayed, as back-tests promise, and nothing in a market of actors.
    fn on_ruin(&self, agent: &AgentConfig) -> Option<OnRuin> {
        let is_covered = agent.kind.account.credit == Credit::Covered;
        let is_replay = |agent: &AgentConfig| {
            agent.configured.replay().is_some() || agent.configured.tick_replay().is_some()
        };
        let is_replayed = || self.agents.iter().any(is_replay);
        agent.on_ruin.or_else(|| (is_covered && is_replayed()).then_some(OnRuin::Liquidate))
    }

    /// Returns the rules of a listing: those of its venue, and what is replayed there, if anything is.
    fn rules(&self, listing: Listing) -> ListingConfig {
        let VenueRules { matching, bands, halt, reopening, sessions } =
            &self.venues[listing.venue.index()].rules;
        let mut there = self.agents.iter().filter(|agent| agent.listing == listing.id);
        let replay = there.find_map(|agent| {
            let bars = agent.configured.replay().cloned().map(Replay::Bars);
            bars.or_else(|| agent.configured.tick_replay().cloned().map(Replay::Ticks))
        });
        let schedule = sessions
            .as_ref()
            .map_or_else(Schedule::new, |it| schedule(it, &self.session_zone, self.start, self.end));
        let reference = self.reference_price(listing.instrument);
        let book = BookConfig { matching: *matching, bands: *bands, reference, ..BookConfig::default() };
        ListingConfig { book, schedule, halt: *halt, reopening: *reopening, replay }
    }

    /// Returns the process of each instrument's value, in the order of [`Scenario::instruments`], with the
    /// shocks that events bring.
    #[must_use]
    pub fn processes(&self) -> Vec<Option<Arc<dyn ConfiguredProcess>>> {
        self.processes_with(&self.events)
    }

    /// Returns the process of each instrument's value, with the shocks of it that are among `events`; what
    /// follows another value follows it with its shocks.
    fn processes_with(&self, events: &[EventConfig]) -> Vec<Option<Arc<dyn ConfiguredProcess>>> {
        let mut earlier: Vec<EarlierInstrument> = Vec::new();
        for (id, config) in (0..).map(InstrumentId::new).zip(&self.instruments) {
            let shock = |event: &EventConfig| match event.kind {
                EventKind::FundamentalShock { instrument, change } if instrument == id => {
                    Some(Shock { after: event.at - self.start, size: change, half_life: None })
                }
                _ => None,
            };
            let process = config.process.as_ref().map(|own| {
                let process = own.following(&earlier).unwrap_or_else(|| Arc::clone(own));
                shocked(process, events.iter().filter_map(shock).collect())
            });
            earlier.push(EarlierInstrument { symbol: config.instrument.symbol().to_owned(), process });
        }
        earlier.into_iter().map(|it| it.process).collect()
    }

    /// Returns the price to which auctions and bands refer before the first trade: the first value.
    fn reference_price(&self, instrument: InstrumentId) -> Option<Price> {
        let InstrumentConfig { instrument, process } = &self.instruments[instrument.index()];
        instrument.nearest_price(process.as_ref()?.initial())
    }
}

/// Returns the number of a person of the scenario: from 1, in the order in which they are named.
fn person_id<'a>(person: &'a str, known: &mut Vec<&'a str>) -> PersonId {
    let found = known.iter().position(|it| *it == person);
    let index = found.unwrap_or_else(|| {
        known.push(person);
        known.len() - 1
    });
    PersonId::new(index as u128 + 1)
}

fn account(agent: &AgentConfig, on_ruin: Option<OnRuin>) -> AccountConfig {
    let defaults = agent.kind.account;
    AccountConfig {
        cash: agent.cash,
        holdings: agent.holdings.clone(),
        max_short: agent.max_short.clone(),
        max_debit: agent.max_debit,
        financing: agent.financing,
        commission: agent.commission.clone(),
        credit: agent.margin.map_or(defaults.credit, Credit::Margin),
        tracked: defaults.is_tracked,
        on_ruin,
    }
}
