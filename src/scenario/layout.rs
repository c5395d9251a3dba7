//! From a scenario to a market.

use super::config::{AgentConfig, InstrumentConfig, Listing, Scenario, VenueRules, listings};
use super::live::schedule;
use bearpit_agents::Shared;
use bearpit_core::account::{AccountConfig, Credit, OnRuin};
use bearpit_core::book::BookConfig;
use bearpit_core::exchange::{BuildError, ListingConfig, MarketBuilder, ProcessConfig, Schedule};
use bearpit_core::participant::ParticipantConfig;
use bearpit_core::replay::Replay;
use bearpit_core::units::{InstrumentId, Price, Seed};

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
        let mut builder = MarketBuilder::new(self.seed, self.start, self.end)?;
        builder.bar_interval(self.bar_interval);
        builder.sample_interval(self.sample_interval);
        for config in &self.instruments {
            builder.instrument(config.instrument.clone(), process(config, self.seed));
        }
        for venue in &self.venues {
            builder.venue(&venue.name, venue.fees.clone(), venue.latencies, &venue.instruments);
        }
        for listing in listings(&self.venues) {
            builder.listing_config(listing.id, self.rules(listing));
        }
        let mut shared = Shared::default();
        for agent in &self.agents {
            let participant = ParticipantConfig::new(agent.kind.name)
                .with_account(account(agent, self.on_ruin(agent)))
                .with_latencies(agent.latencies);
            for name in agent.member_names() {
                if let Some(actor) = agent.configured.actor(&mut shared) {
                    builder.any_agent(&name, participant.clone(), actor)?;
                }
            }
        }
        Ok(builder)
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

    /// Returns the price to which auctions and bands refer before the first trade: the first value.
    fn reference_price(&self, instrument: InstrumentId) -> Option<Price> {
        let InstrumentConfig { instrument, process } = &self.instruments[instrument.index()];
        instrument.nearest_price(process.as_ref()?.initial())
    }
}

fn process(config: &InstrumentConfig, seed: Seed) -> Option<ProcessConfig> {
    let process = config.process.as_ref()?;
    Some(ProcessConfig { process: process.start(seed), initial: process.initial(), grid: process.step() })
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
        credit: defaults.credit,
        tracked: defaults.is_tracked,
        on_ruin,
    }
}
