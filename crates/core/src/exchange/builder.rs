//! [`MarketBuilder`]: lays out a market, piece by piece.

use thiserror::Error;

use super::market::{Market, Participant};
use super::rules::ListingConfig;
use super::venue::{Exchange, VenueActor};
use crate::account::AccountConfig;
use crate::kernel::{World, WorldError};
use crate::market::{Fees, Instrument, Listing, Tape, TapeSink};
use crate::participant::{
    Latencies, MarkToMarket, MarketConfig, MarketState, MarketWorld, ParticipantConfig, Trader, TradingActor,
    VenueConfig,
};
use crate::process::{PriceProcess, Value};
use crate::units::{ActorId, InstrumentId, ListingId, Seed, SimDuration, SimTime, VenueId};

/// Says why a market cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// The market closes before it opens.
    #[error("the market would close at {close}, which is not after its opening at {open}")]
    NoTime {
        /// The opening.
        open: SimTime,
        /// The close.
        close: SimTime,
    },
    /// Two agents have one name.
    #[error(transparent)]
    World(#[from] WorldError),
    /// An account names an instrument that there is not.
    #[error("the account of `{owner}` names instrument {instrument}, which there is not")]
    UnknownInstrument {
        /// Whose account.
        owner: String,
        /// The instrument.
        instrument: InstrumentId,
    },
}

/// The value process of an instrument.
#[derive(Debug)]
pub struct ProcessConfig {
    /// How it moves.
    pub process: Box<dyn PriceProcess>,
    /// Where it starts, in currency.
    pub initial: f64,
    /// The step of time in which it is evaluated.
    pub grid: SimDuration,
}

/// Lays out a market: instruments, venues, agents, in that order.
///
/// ```
/// use bearpit::agents::{NoiseConfig, NoiseTrader};
/// use bearpit_core::exchange::MarketBuilder;
/// use bearpit_core::market::{Fees, Instrument};
/// use bearpit_core::account::AccountConfig;
/// use bearpit_core::participant::Latencies;
/// use bearpit_core::units::{Money, Quantity, Seed, SimDuration, SimTime};
///
/// let open: SimTime = "2025-03-03T09:30:00".parse()?;
/// let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
/// let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
/// builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
/// let listing = builder.listings()[0];
/// let noise = NoiseConfig {
///     listing,
///     interval: SimDuration::from_secs(1),
///     market_share: 0.3,
///     max_quantity: Quantity::new(10),
///     depth_ticks: 5.0,
///     patience: SimDuration::from_secs(30),
/// };
/// let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
/// builder.agent("noise", ParticipantConfig::new("noise").with_account(account), NoiseTrader::new(noise))?;
/// let mut market = builder.open()?;
/// market.run()?;
/// assert!(market.world().events() > 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MarketBuilder {
    seed: Seed,
    open: SimTime,
    close: SimTime,
    sample_interval: SimDuration,
    plan: MarketConfig,
    /// Of each listing.
    rules: Vec<ListingConfig>,
    tape: Tape,
    agents: Vec<Agent>,
}

struct Agent {
    name: String,
    config: ParticipantConfig,
    actor: Box<dyn crate::kernel::SimActor<MarketState>>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("name", &self.name)
            .field("kind", &self.config.kind)
            .finish_non_exhaustive()
    }
}

impl MarketBuilder {
    /// Begins a market that trades from `open` to `close`.
    ///
    /// # Errors
    /// [`BuildError::NoTime`] unless `close` comes after `open`.
    pub fn new(seed: Seed, open: SimTime, close: SimTime) -> Result<Self, BuildError> {
        if close <= open {
            return Err(BuildError::NoTime { open, close });
        }
        let minute = SimDuration::from_secs(60);
        Ok(Self {
            seed,
            open,
            close,
            sample_interval: minute,
            plan: MarketConfig { bar_interval: minute, ..MarketConfig::default() },
            rules: Vec::new(),
            tape: Tape::new(),
            agents: Vec::new(),
        })
    }

    /// Sets the interval of bars; a minute unless set.
    pub const fn bar_interval(&mut self, interval: SimDuration) {
        self.plan.bar_interval = interval;
    }

    /// Sets the interval at which tracked accounts are marked to market; a minute unless set, never if
    /// zero.
    pub const fn sample_interval(&mut self, interval: SimDuration) {
        self.sample_interval = interval;
    }

    /// Adds a reader of the tape.
    pub fn sink(&mut self, sink: Box<dyn TapeSink>) {
        self.tape.add_sink(sink);
    }

    /// Adds an instrument, with a value process if it has one.
    pub fn instrument(&mut self, instrument: Instrument, process: Option<ProcessConfig>) -> InstrumentId {
        let id = InstrumentId::new(count(self.plan.instruments.len()));
        let rng = Value::stream(self.seed, instrument.symbol());
        let value = process.map(|terms| Value::new(terms.process, terms.initial, self.open, terms.grid, rng));
        self.plan.instruments.push((instrument, value));
        id
    }

    /// Adds a venue that lists `instruments`, which must have been added; its listings come next in
    /// [`MarketBuilder::listings`].
    pub fn venue(
        &mut self,
        name: &str,
        fees: Fees,
        latencies: Latencies,
        instruments: &[InstrumentId],
    ) -> VenueId {
        let id = VenueId::new(count(self.plan.venues.len()));
        self.plan.venues.push(VenueConfig { name: name.to_owned(), fees, latencies });
        // Venues are seated first, so a venue's actor has the venue's number.
        let exchange = ActorId::new(id.get());
        for instrument in instruments {
            let listing = Listing { instrument: *instrument, venue: id, exchange, fees, reference: None };
            self.plan.listings.push(listing);
            self.rules.push(ListingConfig::default());
        }
        id
    }

    /// Sets the rules of a listing, which must have been added; without, it trades continuously by price
    /// and time.
    pub fn rules(&mut self, listing: ListingId, rules: ListingConfig) {
        if let Some(place) = self.rules.get_mut(listing.index()) {
            self.plan.listings[listing.index()].reference = rules.book.reference;
            *place = rules;
        }
    }

    /// Returns the listings so far, venue by venue.
    #[must_use]
    pub fn listings(&self) -> Vec<ListingId> {
        (0..count(self.plan.listings.len())).map(ListingId::new).collect()
    }

    /// Seats an agent under a unique `name`; `kind` is what summaries call it.
    ///
    /// # Errors
    /// [`BuildError::UnknownInstrument`] if its account names an instrument that there is not.
    pub fn agent(
        &mut self,
        name: &str,
        config: ParticipantConfig,
        actor: impl TradingActor,
    ) -> Result<(), BuildError> {
        let AccountConfig { holdings, max_short, .. } = &config.account;
        let named = holdings.iter().chain(max_short).map(|(instrument, _)| *instrument);
        for instrument in named {
            if instrument.index() >= self.plan.instruments.len() {
                return Err(BuildError::UnknownInstrument { owner: name.to_owned(), instrument });
            }
        }
        self.agents.push(Agent { name: name.to_owned(), config, actor: Box::new(Trader(actor)) });
        Ok(())
    }

    /// Opens the market.
    ///
    /// # Errors
    /// [`BuildError::World`] if two agents have one name, or one has a venue's.
    pub fn open(self) -> Result<Market, BuildError> {
        let exchanges = self.exchanges();
        let venues: Vec<String> = self.plan.venues.iter().map(|venue| venue.name.clone()).collect();
        let mut world: MarketWorld = World::new(self.seed, self.open, MarketState::new(self.plan, self.tape));
        for (venue, exchange) in venues.iter().zip(exchanges) {
            let name = format!("venue/{venue}");
            world.add(&name, Box::new(VenueActor(exchange)))?;
            world.domain_mut().seat(self.seed, &name, &ParticipantConfig::default());
        }
        let clerk = "clerk/";
        world.add(clerk, Box::new(Trader(MarkToMarket::new(self.sample_interval))))?;
        world.domain_mut().seat(self.seed, clerk, &ParticipantConfig::default());
        let mut participants = Vec::new();
        for Agent { name, config, actor } in self.agents {
            let id = world.add(&name, actor)?;
            world.domain_mut().seat(self.seed, &name, &config);
            participants.push(Participant { id, name, kind: config.kind, account: config.account });
        }
        world.domain_mut().open(self.open);
        Ok(Market::new(world, self.close, participants))
    }

    fn exchanges(&self) -> Vec<Exchange> {
        let listings = || self.plan.listings.iter().zip(self.listings());
        let venues = (0..count(self.plan.venues.len())).map(VenueId::new);
        let exchange = |venue| {
            let own = listings().filter(|(listing, _)| listing.venue == venue).map(|(listing, id)| {
                let instrument = self.plan.instruments[listing.instrument.index()].0.clone();
                (id, instrument, listing.fees, self.rules[id.index()].clone())
            });
            Exchange::new(own, self.close)
        };
        venues.map(exchange).collect()
    }
}

/// Ids are 32 bits wide; nothing that is laid out by hand or file comes near.
fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
