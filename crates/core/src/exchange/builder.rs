//! [`MarketBuilder`]: lays out a market, piece by piece.

use thiserror::Error;

use super::closing::ClosingState;
use super::listing_config::ListingConfig;
use super::market::Market;
use super::opening::{Layout, Opening, OpeningError};
use super::scheduled::ScheduledEvent;
use super::venue::{Exchange, VenueActor};
use crate::account::AccountError;
use crate::kernel::{
    ActorFactory, AddError, JournalSink, LatencyError, LatencyModel, Outside, SimActor, World,
};
use crate::market::{BarInterval, Contract, FeeSchedule, FundingTerms, Instrument, Listing, Tape, TapeSink};
use crate::participant::{
    AnyTrader, AuctionHouse, AuctionRules, Latencies, MarkToMarket, MarketConfig, MarketState, MarketWorld,
    ParticipantConfig, Request, Role, Trader, TradingActor, VenueConfig,
};
use crate::process::{PriceProcess, Value};
use crate::replay::Replay;
use crate::units::{ActorId, InstrumentId, ListingId, Money, PersonId, Seed, SimDuration, SimTime, VenueId};

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
    /// An agent cannot be added: its name is taken, or its account does not fit.
    #[error(transparent)]
    Agent(#[from] AddError<AccountError>),
    /// The latencies of an agent or a venue are unfit.
    #[error("the latencies of {name:?} are unfit: {cause}")]
    Latencies {
        /// The agent or venue.
        name: String,
        /// Why.
        #[source]
        cause: LatencyError,
    },
    /// An instrument of a replay with splits or dividends is listed elsewhere too, where nothing would follow
    /// them.
    #[error("{0} has splits or dividends in a replay, so it can be listed there only")]
    SharedActions(String),
    /// A future has splits or dividends.
    #[error("{0} is a future, which has no splits and no dividends")]
    FutureActions(String),
    /// The index of a perpetual is not known: it names no instrument or itself, or has no value of its own.
    #[error("the index of {0} is its value, or the mark of another instrument, but there is no such thing")]
    NoIndex(String),
    /// The market cannot open with what the last one left.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// A scheduled event, or an account of a person, is about a participant that is not there.
    #[error("a scheduled event, or a person's account, is about {0:?}, which is no participant")]
    UnknownParticipant(String),
    /// There are more instruments, venues or listings than ids.
    #[error("there are too many instruments, venues or listings: ids are 32 bits wide")]
    TooMany,
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
/// use bearpit_agents::{NoiseConfig, NoiseTrader, Wakeups};
/// use bearpit_core::exchange::MarketBuilder;
/// use bearpit_core::market::{Fees, Instrument};
/// use bearpit_core::account::AccountConfig;
/// use bearpit_core::participant::{Latencies, ParticipantConfig};
/// use bearpit_core::units::{Money, Quantity, Seed, SimDuration, SimTime};
///
/// let open: SimTime = "2025-03-03T09:30:00".parse()?;
/// let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
/// let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
/// builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
/// let listing = builder.listings()[0];
/// let noise = NoiseConfig {
///     listing,
///     wakeups: Wakeups::every(SimDuration::from_secs(1)),
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
    config: MarketConfig,
    /// Of each listing.
    listings: Vec<ListingConfig>,
    tape: Tape,
    agents: Vec<Agent>,
    outside: Outside<MarketState>,
    goes_on: bool,
    opening: Option<Box<ClosingState>>,
    misstated: Money,
    scheduled: Vec<(SimTime, ScheduledEvent)>,
    persons: Vec<(String, PersonId)>,
}

struct Agent {
    name: String,
    config: ParticipantConfig,
    actor: Box<dyn SimActor<MarketState>>,
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
            config: MarketConfig { bar_interval: minute.into(), ..MarketConfig::default() },
            listings: Vec::new(),
            tape: Tape::new(),
            agents: Vec::new(),
            outside: Outside::default(),
            goes_on: false,
            opening: None,
            misstated: Money::ZERO,
            scheduled: Vec::new(),
            persons: Vec::new(),
        })
    }

    /// Sets the interval of bars; a minute unless set.
    pub fn bar_interval(&mut self, interval: impl Into<BarInterval>) {
        self.config.bar_interval = interval.into();
    }

    /// Sets how many messages one agent may answer at one instant with messages that arrive at that same
    /// instant, [`MarketConfig::INSTANT_ANSWERS_MAX`] unless set. An agent that answers more ends the run
    /// with [`MarketFault::Endless`](crate::participant::MarketFault::Endless): without latency it would stop
    /// virtual time for ever.
    pub const fn instant_answers_max(&mut self, most: u64) {
        self.config.instant_answers_max = most;
    }

    /// Lets participants auction shares between them; without, they cannot.
    pub const fn auctions(&mut self, rules: AuctionRules) {
        self.config.auctions = Some(rules);
    }

    /// Says to which person the account of an agent belongs, which must be added under that name; between
    /// accounts of one person nothing is proposed in auctions.
    pub fn person(&mut self, agent: &str, person: PersonId) {
        self.persons.push((agent.to_owned(), person));
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

    /// Journals all requests from outside; without, they leave no trace.
    pub fn journal(&mut self, journal: impl JournalSink<Request> + 'static) {
        self.outside.journal_to(journal);
    }

    /// Has the actors of participants that join later built by `factory`; without, nobody can join.
    pub fn factory(&mut self, factory: impl ActorFactory<MarketState> + 'static) {
        self.outside.build_with(factory);
    }

    /// Has the market leave what its next day begins with ([`Market::closing_state`]). At its close, orders
    /// of participants from outside stay that are good till canceled, or for a later date; without, all
    /// expire.
    pub const fn goes_on(&mut self) {
        self.goes_on = true;
    }

    /// Opens the market with what the last one left.
    ///
    /// Participants that had joined are there again without another request, after the agents. Ids of orders
    /// and trades go on, as do the values of instruments, if their processes [allow
    /// that](crate::process::PriceProcess::state). After a stop within a day, all is as it was; after the end
    /// of a day, the agents of the scenario have what that gives them, whatever they had. The tape begins
    /// with all of that: with each account that was carried over, with what was moved to bring agents back,
    /// and with each open order as if it were accepted again, in the order of time.
    ///
    /// The market should have another seed than the last one, or it draws the same numbers again.
    ///
    /// ```
    /// use bearpit_core::exchange::{MarketBuilder, MarketEnd};
    /// use bearpit_core::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor};
    /// use bearpit_core::market::{Fees, Instrument, OrderTerms, Side};
    /// use bearpit_core::participant::*;
    /// # use bearpit_core::account::AccountConfig;
    /// use bearpit_core::units::{Money, Price, Quantity, Seed, SimDuration, SimTime};
    ///
    /// struct Desks;
    /// impl ActorFactory<MarketState> for Desks {
    ///     fn build(
    ///         &mut self,
    ///         _: &str,
    ///         _: &ActorSpec,
    ///     ) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
    ///         Ok(Box::new(Trader(bearpit_agents::Desk)))
    ///     }
    /// }
    ///
    /// let day = |seed, open: &str| -> Result<MarketBuilder, Box<dyn std::error::Error>> {
    ///     let open: SimTime = open.parse()?;
    ///     let mut builder = MarketBuilder::new(Seed::new(seed), open, open + SimDuration::from_secs(60))?;
    ///     let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    ///     builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    ///     builder.factory(Desks);
    ///     builder.goes_on();
    ///     Ok(builder)
    /// };
    ///
    /// let mut monday = day(1, "2025-03-03T09:30:00")?.open()?;
    /// monday.start();
    /// let account = AccountConfig { cash: Money::from_whole(1_000), ..AccountConfig::default() };
    /// let config = ParticipantConfig::new("person").with_account(account);
    /// let kind = RequestKind::Join { name: "anne".to_owned(), spec: ActorSpec::new("desk"), config };
    /// monday.request(monday.world().now(), Request { tag: None, kind })?;
    /// monday.step(monday.world().now(), u64::MAX)?;
    /// let anne = monday.participant("anne").expect("she has joined").id;
    /// let terms = OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(5_000));
    /// let listing = bearpit_core::units::ListingId::new(0);
    /// monday.instruct(monday.world().now(), anne, Instruction::Submit { listing, terms })?;
    /// monday.step(monday.close(), u64::MAX)?;
    /// monday.settle()?;
    /// let state = monday.closing_state().expect("the market goes on").clone();
    /// assert_eq!(state.end, MarketEnd::DayOver);
    ///
    /// let mut tuesday = day(2, "2025-03-04T09:30:00")?;
    /// tuesday.opening(state);
    /// let mut tuesday = tuesday.open()?;
    /// tuesday.start();
    /// let anne = tuesday.participant("anne").expect("she still has her seat").id;
    /// let account = tuesday.world().domain().account(anne).expect("and her account");
    /// assert_eq!(account.free_cash(), Money::from_whole(500), "which holds the cash for her order");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn opening(&mut self, state: ClosingState) {
        self.opening = Some(Box::new(state));
    }

    /// Adds an instrument, with a value process if it has one.
    pub fn instrument(&mut self, instrument: Instrument, process: Option<ProcessConfig>) -> InstrumentId {
        let id = InstrumentId::new(count(self.config.instruments.len()));
        let rng = Value::stream(self.seed, instrument.symbol());
        let value = process.map(|it| Value::new(it.process, it.initial, self.open, it.grid, rng));
        self.config.instruments.push((instrument, value));
        id
    }

    /// Adds a venue that lists `instruments`, which must have been added; its listings come next in
    /// [`MarketBuilder::listings`].
    pub fn venue(
        &mut self,
        name: &str,
        fees: impl Into<FeeSchedule>,
        latencies: Latencies,
        instruments: &[InstrumentId],
    ) -> VenueId {
        let id = VenueId::new(count(self.config.venues.len()));
        let (name, processing) = (name.to_owned(), SimDuration::ZERO);
        self.config.venues.push(VenueConfig { name, fees: fees.into(), latencies, processing });
        // Venues are added first, so a venue's actor has the venue's number.
        let exchange = ActorId::new(id.get());
        for instrument in instruments {
            let listing =
                Listing { instrument: *instrument, venue: id, exchange, reference: None, replay: None };
            self.config.listings.push(listing);
            self.listings.push(ListingConfig::default());
        }
        id
    }

    /// Sets how long a venue, which must have been added, takes over each command: at most an hour, and no
    /// time unless this is set. It executes commands one after another in the order of their arrival, and
    /// what arrives meanwhile waits.
    pub fn processing(&mut self, venue: VenueId, time: SimDuration) {
        if let Some(venue) = self.config.venues.get_mut(venue.index()) {
            venue.processing = time;
        }
    }

    /// Configures a listing, which must have been added; without, it trades continuously by price and time.
    pub fn listing_config(&mut self, listing: ListingId, config: ListingConfig) {
        if let Some(present) = self.listings.get_mut(listing.index()) {
            self.config.listings[listing.index()].reference = config.book.reference;
            self.config.listings[listing.index()].replay = config.replay.as_ref().map(Replay::source);
            *present = config;
        }
    }

    /// Returns the listings so far, venue by venue.
    #[must_use]
    pub fn listings(&self) -> Vec<ListingId> {
        (0..count(self.config.listings.len())).map(ListingId::new).collect()
    }

    /// Adds an agent under a unique `name`.
    ///
    /// # Errors
    /// [`BuildError::Agent`] if its account does not fit, such as by an instrument that does not exist;
    /// [`BuildError::Latencies`] if its latencies do not.
    pub fn agent(
        &mut self,
        name: &str,
        config: ParticipantConfig,
        actor: impl TradingActor,
    ) -> Result<(), BuildError> {
        self.any_agent(name, config, AnyTrader::new(actor))
    }

    /// Does the same as [`MarketBuilder::agent`] with an actor of any type.
    ///
    /// # Errors
    /// As for [`MarketBuilder::agent`].
    pub fn any_agent(
        &mut self,
        name: &str,
        config: ParticipantConfig,
        actor: AnyTrader,
    ) -> Result<(), BuildError> {
        let instrument = |id: InstrumentId| self.config.instruments.get(id.index()).map(|(it, _)| it);
        let checked = config.account.check(self.config.instruments.len());
        let checked = checked.and_then(|()| config.check_holdings(instrument));
        checked.map_err(|cause| AddError::Unfit { name: name.to_owned(), cause })?;
        check_latencies(name, &config.latencies)?;
        self.agents.push(Agent { name: name.to_owned(), config, actor: actor.into_actor() });
        Ok(())
    }

    /// Has something happen at a time; of one time, in this order. It is a request from outside, made at the
    /// start: with a journal it is journalled, so a market that replays one must not schedule it again.
    pub fn schedule(&mut self, at: SimTime, event: ScheduledEvent) {
        self.scheduled.push((at, event));
    }

    /// Has the market count so much more cash at its opening than there is, so that it does not balance when
    /// it settles: for tests of what follows from that, which nothing else can bring about.
    #[doc(hidden)]
    pub const fn misstate_opening(&mut self, cash: Money) {
        self.misstated = cash;
    }

    /// Opens the market.
    ///
    /// # Errors
    /// [`BuildError::Agent`] if two agents have one name, or one has a venue's; [`BuildError::Latencies`]
    /// if those of a venue are unfit; [`BuildError::TooMany`] if there are more listings than ids;
    /// [`BuildError::Opening`] if it cannot open with what the last one left.
    pub fn open(mut self) -> Result<Market, BuildError> {
        let counts = [self.config.instruments.len(), self.config.venues.len(), self.config.listings.len()];
        if counts.into_iter().any(|count| u32::try_from(count).is_err()) {
            return Err(BuildError::TooMany);
        }
        for venue in &self.config.venues {
            check_latencies(&venue.name, &venue.latencies)?;
            let processing = LatencyModel::Constant(venue.processing);
            check_latencies(&venue.name, &Latencies { entry: processing, ..Latencies::NONE })?;
        }
        self.check_actions()?;
        self.check_futures()?;
        let opening = self.opening.take().map(|state| Opening::new(*state, &self.layout())).transpose()?;
        self.add_guests(opening.as_ref())?;
        self.go_on_from(opening.as_ref())?;
        let exchanges = self.exchanges(opening.as_ref());
        let venues: Vec<String> = self.config.venues.iter().map(|venue| venue.name.clone()).collect();
        let has_auctions = self.config.auctions.is_some();
        let state = MarketState::new(self.config, self.tape);
        let mut world: MarketWorld = World::with_outside(self.seed, self.open, state, self.outside);
        for (venue, exchange) in venues.iter().zip(exchanges) {
            world.add(&format!("venue/{venue}"), &Role::House, Box::new(VenueActor(exchange)))?;
        }
        let marker = Box::new(Trader(MarkToMarket::new(self.sample_interval)));
        world.add("clerk/", &Role::House, marker)?;
        if has_auctions {
            let house = world.add("auctions/", &Role::House, Box::new(Trader(AuctionHouse)))?;
            world.domain_mut().hold_auctions(house, self.close);
        }
        for Agent { name, config, actor } in self.agents {
            world.add(&name, &Role::Participant(config), actor)?;
        }
        let scheduled = self.scheduled.into_iter().map(|(at, event)| {
            let find = |name: &str| {
                let found = world.domain().participants().iter().find(|it| it.name == name);
                found.map(|participant| participant.id)
            };
            event.request(find).map(|kind| (at, kind)).map_err(BuildError::UnknownParticipant)
        });
        let scheduled = scheduled.collect::<Result<Vec<_>, _>>()?;
        for (name, person) in self.persons {
            let found = world.domain().participants().iter().find(|it| it.name == name).map(|it| it.id);
            let owner = found.ok_or(BuildError::UnknownParticipant(name))?;
            world.domain_mut().identify(owner, person);
        }
        let state = world.domain_mut();
        if self.goes_on {
            state.go_on();
        }
        if let Some(opening) = &opening {
            opening.restore_accounts(state, self.open);
        }
        state.open(self.open);
        state.misstate(self.misstated);
        if let Some(opening) = opening {
            opening.finish(state);
        }
        Ok(Market::new(world, self.close, scheduled))
    }

    /// Returns what the state of the last market can refer to.
    fn layout(&self) -> Layout<'_> {
        let venue = |id: VenueId| self.config.venues[id.index()].name.as_str();
        let listings = self.config.listings.iter().zip(&self.listings);
        Layout {
            open: self.open,
            symbols: self.config.instruments.iter().map(|(instrument, _)| instrument.symbol()).collect(),
            listings: listings
                .map(|(listing, config)| (venue(listing.venue), listing.instrument, config.replay.is_none()))
                .collect(),
            venues: self.config.venues.iter().map(|venue| venue.name.as_str()).collect(),
            agents: self.agents.iter().map(|agent| agent.name.as_str()).collect(),
            // The venues come first, who marks accounts, and who sees to auctions.
            first_agent: count(self.config.venues.len()) + 1 + u32::from(self.config.auctions.is_some()),
        }
    }

    /// Adds the participants from outside that the last market had, after the agents.
    fn add_guests(&mut self, opening: Option<&Opening>) -> Result<(), BuildError> {
        for guest in opening.into_iter().flat_map(Opening::guests) {
            let Some(seat) = &guest.seat else { continue };
            let actor = self.outside.build(&guest.name, &seat.spec).map_err(|cause| {
                let participant = guest.name.clone();
                OpeningError::Seat { participant, cause }
            })?;
            self.agents.push(Agent { name: guest.name.clone(), config: seat.config.clone(), actor });
        }
        Ok(())
    }

    /// Has values and last prices go on from those of the last market.
    fn go_on_from(&mut self, opening: Option<&Opening>) -> Result<(), OpeningError> {
        let Some(opening) = opening else { return Ok(()) };
        for (index, (instrument, value)) in self.config.instruments.iter_mut().enumerate() {
            let (Some(value), Some(state)) = (value, opening.value(index)) else { continue };
            let kinds = state.process.kind.clone().zip(value.kind());
            if let Some((before, now)) = kinds.filter(|(before, now)| before != now) {
                let symbol = instrument.symbol().to_owned();
                return Err(OpeningError::ProcessKind { symbol, before, now });
            }
            value.restore(state);
        }
        for (listing, id) in self.config.listings.iter_mut().zip((0..).map(ListingId::new)) {
            let last = opening.book(id).and_then(|book| book.state.last);
            listing.reference = last.or(listing.reference);
        }
        Ok(())
    }

    fn check_actions(&self) -> Result<(), BuildError> {
        for (listing, config) in self.config.listings.iter().zip(&self.listings) {
            let has_actions = config.replay.as_ref().is_some_and(Replay::has_actions);
            let same = self.config.listings.iter().filter(|other| other.instrument == listing.instrument);
            if has_actions && same.count() > 1 {
                let symbol = self.config.instruments[listing.instrument.index()].0.symbol();
                return Err(BuildError::SharedActions(symbol.to_owned()));
            }
        }
        Ok(())
    }

    fn check_futures(&self) -> Result<(), BuildError> {
        let instruments = &self.config.instruments;
        let of = |id: InstrumentId| instruments[id.index()].0.symbol().to_owned();
        for (listing, config) in self.config.listings.iter().zip(&self.listings) {
            let has_actions = config.replay.as_ref().is_some_and(Replay::has_actions);
            if has_actions && instruments[listing.instrument.index()].0.is_future() {
                return Err(BuildError::FutureActions(of(listing.instrument)));
            }
        }
        for (id, (instrument, value)) in (0..).map(InstrumentId::new).zip(instruments) {
            let Contract::Perpetual(FundingTerms { index, .. }) = instrument.contract() else { continue };
            if index.map_or(value.is_none(), |index| index == id || index.index() >= instruments.len()) {
                return Err(BuildError::NoIndex(of(id)));
            }
        }
        Ok(())
    }

    fn exchanges(&self, opening: Option<&Opening>) -> Vec<Exchange> {
        let listings = || self.config.listings.iter().zip(self.listings());
        let venues = (0..count(self.config.venues.len())).map(VenueId::new);
        let exchange = |venue| {
            let own = listings().filter(|(listing, _)| listing.venue == venue).map(|(listing, id)| {
                let mut config = self.listings[id.index()].clone();
                config.book.min_price = self.config.instruments[listing.instrument.index()].0.min_price();
                (id, config)
            });
            let mut exchange = Exchange::new(own, self.open, self.close);
            exchange.set_processing_time(self.config.venues[venue.index()].processing);
            for (_, id) in listings().filter(|(listing, _)| listing.venue == venue) {
                if let Some(book) = opening.and_then(|opening| opening.book(id)) {
                    exchange.resume(id, book.clone());
                }
            }
            exchange
        };
        venues.map(exchange).collect()
    }
}

fn check_latencies(name: &str, latencies: &Latencies) -> Result<(), BuildError> {
    latencies.check().map_err(|cause| BuildError::Latencies { name: name.to_owned(), cause })
}

/// Ids are 32 bits wide; more than that is refused at the opening.
#[expect(clippy::cast_possible_truncation, reason = "more is refused at the opening")]
const fn count(items: usize) -> u32 {
    items as u32
}
