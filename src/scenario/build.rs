//! From a scenario to a market.

use super::spec::{AgentKind, AgentSpec, ProcessSpec, Scenario, VenueRules, listings};
use crate::script::{ScriptTrader, Scripts};
use bearpit_agents::{FlowReplayer, MarketMaker, NoiseTrader, ReplayProvider};
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::book::BookConfig;
use bearpit_core::exchange::{
    BuildError, ListingConfig, MarketBuilder, ProcessConfig, Schedule, bar_schedule,
};
use bearpit_core::participant::ParticipantConfig;
use bearpit_core::process::{Gbm, Linked, OrnsteinUhlenbeck, PriceProcess, Replay, Value};
use bearpit_core::units::{InstrumentId, ListingId, Price, Seed, SimDuration, VenueId};

impl Scenario {
    /// Lays out the scenario's market; what is left to do is to add sinks, and to open it.
    ///
    /// # Errors
    /// A [`BuildError`]; a scenario that was loaded gives none.
    pub fn lay_out(&self) -> Result<MarketBuilder, BuildError> {
        let mut builder = MarketBuilder::new(self.seed, self.start, self.end)?;
        builder.bar_interval(self.bar_interval);
        builder.sample_interval(self.sample_interval);
        for spec in &self.instruments {
            let process = spec.process.as_ref().and_then(|it| process_terms(it, spec.grid, self.seed));
            builder.instrument(spec.instrument.clone(), process);
        }
        for venue in &self.venues {
            builder.venue(&venue.name, venue.fees, venue.latencies, &venue.instruments);
        }
        for (listing, (venue, instrument)) in builder.listings().into_iter().zip(listings(&self.venues)) {
            builder.rules(listing, self.rules(listing, venue, instrument));
        }
        let scripts = Scripts::default();
        for agent in &self.agents {
            for name in agent.member_names() {
                seat(&mut builder, &name, agent, &scripts)?;
            }
        }
        Ok(builder)
    }
}

impl Scenario {
    /// Returns the rules of a listing: those of its venue, and the schedule of a replay if there is one.
    fn rules(&self, listing: ListingId, venue: VenueId, instrument: InstrumentId) -> ListingConfig {
        let VenueRules { matching, bands, halt, reopening, sessions } = &self.venues[venue.index()].rules;
        let span = (self.start, self.end);
        let replayed = self.agents.iter().find_map(|agent| match &agent.kind {
            AgentKind::Replay(config) if config.listing == listing => Some(config),
            _ => None,
        });
        let schedule = match (replayed, sessions) {
            (Some(config), _) => bar_schedule(config.openings(), config.length, config.call, span),
            (None, Some(calendar)) => calendar.schedule(self.start, self.end),
            (None, None) => Schedule::new(),
        };
        let reference = self.reference_price(instrument);
        let book = BookConfig { matching: *matching, bands: *bands, reference };
        ListingConfig { book, schedule, halt: *halt, reopening: *reopening }
    }

    /// Returns the price to which auctions and bands refer before the first trade: the first value.
    fn reference_price(&self, instrument: InstrumentId) -> Option<Price> {
        let spec = &self.instruments[instrument.index()];
        spec.instrument.nearest_price(spec.process.as_ref()?.initial()?)
    }
}

fn seat(
    builder: &mut MarketBuilder,
    name: &str,
    agent: &AgentSpec,
    scripts: &Scripts,
) -> Result<(), BuildError> {
    let participant = ParticipantConfig::new(agent.kind.name())
        .with_account(account(agent))
        .with_latencies(agent.latencies);
    match &agent.kind {
        AgentKind::MarketMaker(config) => builder.agent(name, participant, MarketMaker::new(config.clone())),
        AgentKind::Noise(config) => builder.agent(name, participant, NoiseTrader::new(config.clone())),
        AgentKind::Replay(config) => builder.agent(name, participant, ReplayProvider::new(config.clone())),
        AgentKind::OrderFlow(config) => builder.agent(name, participant, FlowReplayer::new(config.clone())),
        AgentKind::Script(config) => {
            let trader = ScriptTrader::sharing(config.clone(), scripts.clone());
            builder.agent(name, participant, trader)
        }
    }
}

/// Makers and strategies are tracked; the crowd and the rest of the world are not.
fn account(agent: &AgentSpec) -> AccountConfig {
    let (credit, tracked) = match agent.kind {
        AgentKind::MarketMaker(_) | AgentKind::Script(_) => (Credit::Covered, true),
        AgentKind::Noise(_) => (Credit::Covered, false),
        AgentKind::Replay(_) | AgentKind::OrderFlow(_) => (Credit::Unlimited, false),
    };
    AccountConfig {
        cash: agent.cash,
        holdings: agent.holdings.clone(),
        max_short: agent.max_short.clone(),
        financing: agent.financing,
        credit,
        tracked,
    }
}

fn process_terms(spec: &ProcessSpec, grid: SimDuration, seed: Seed) -> Option<ProcessConfig> {
    Some(ProcessConfig { process: price_process(spec, seed)?, initial: spec.initial()?, grid })
}

fn price_process(spec: &ProcessSpec, seed: Seed) -> Option<Box<dyn PriceProcess>> {
    Some(match *spec {
        ProcessSpec::Gbm { initial, drift, volatility, hours_per_year } => {
            Box::new(Gbm::new(initial, drift, volatility, hours_per_year))
        }
        ProcessSpec::Ou { initial, mean, half_life, volatility, hours_per_year } => {
            Box::new(OrnsteinUhlenbeck::new(initial, mean, half_life, volatility, hours_per_year))
        }
        ProcessSpec::Replay { ref bars, offset, length } => {
            Box::new(Replay::new(bars.clone(), offset, length)?)
        }
        ProcessSpec::Linked { ref leader, ref process, ratio, gap } => {
            let leader = (price_process(process, seed)?, Value::stream(seed, leader));
            Box::new(Linked::new(leader, ratio, spec.initial()?, gap))
        }
    })
}
