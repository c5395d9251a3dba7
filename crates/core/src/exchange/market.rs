//! [`Market`]: a world that trades from open to close, and its accounts settled afterwards.

use thiserror::Error;

use super::closing::{ClosingState, MarketEnd};
use super::venue::Exchange;
use crate::account::Imbalance;
use crate::kernel::{Digest, ExchangeError, InjectError, Injected, ReplayError, StepEnd, WorldFault};
use crate::market::{OrderTerms, Refusal, SinkError, TapeSink};
use crate::participant::{
    Answer, Context, Instruction, MarketFault, MarketWorld, Message, Participant, Preview, Request,
    RequestError, RequestKind,
};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// Says why a market cannot go on, or has no valid result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MarketError {
    /// An actor or a sink ended the run.
    #[error(transparent)]
    World(#[from] WorldFault<MarketFault>),
    /// Money or shares were lost or made: a fault of this program.
    #[error(transparent)]
    NotConserved(#[from] Imbalance),
    /// A scheduled event could not be taken, such as a halt where there is no book.
    #[error("a scheduled event cannot happen: {0}")]
    Event(InjectError<RequestError>),
}

/// A market from open to close.
///
/// [`Market::run`] does all at once. A caller that wants to watch, stop, or take requests from outside calls
/// [`Market::start`], [`Market::step`] until it returns [`StepEnd::Reached`] at the close, and
/// [`Market::settle`]. Whatever acts on a market from outside does so by [`Market::request`].
#[derive(Debug)]
pub struct Market {
    world: MarketWorld,
    close: SimTime,
    /// Why what the market begins with could not be written, until it is stepped.
    opening_fault: Option<SinkError>,
    closing: Option<ClosingState>,
    /// What is to happen at which time, until the start.
    scheduled: Vec<(SimTime, RequestKind)>,
    /// Why a scheduled event could not be taken, until it is stepped.
    event_fault: Option<InjectError<RequestError>>,
}

impl Market {
    pub(super) const fn new(
        world: MarketWorld,
        close: SimTime,
        scheduled: Vec<(SimTime, RequestKind)>,
    ) -> Self {
        Self { world, close, opening_fault: None, closing: None, scheduled, event_fault: None }
    }

    /// Starts, trades to the close and settles.
    ///
    /// # Errors
    /// [`MarketError`] if an actor or sink fails, or something is not conserved.
    pub fn run(&mut self) -> Result<(), MarketError> {
        self.start();
        while self.step(self.close, u64::MAX)? == StepEnd::Budget {}
        self.settle()
    }

    /// Writes what was carried over from the last day, if anything was, and starts all actors.
    pub fn start(&mut self) {
        let now = self.world.now();
        if let Err(fault) = self.world.domain_mut().write_opening(now) {
            self.opening_fault = Some(fault);
        }
        self.world.start();
        for (at, kind) in std::mem::take(&mut self.scheduled) {
            if let Err(error) = self.request(at, Request { tag: None, kind }) {
                self.event_fault.get_or_insert(error);
            }
        }
    }

    /// Trades up to `until` or the close, whichever is first, delivering at most `budget` events.
    ///
    /// # Errors
    /// [`MarketError::World`] if an actor or sink fails.
    pub fn step(&mut self, until: SimTime, budget: u64) -> Result<StepEnd, MarketError> {
        let at = self.world.now();
        if let Some(fault) = self.opening_fault.take() {
            return Err(WorldFault { at, cause: fault.into() }.into());
        }
        if let Some(fault) = self.event_fault.take() {
            return Err(MarketError::Event(fault));
        }
        Ok(self.world.step(until.min(self.close), budget)?)
    }

    /// Takes in a request from outside, to arrive at `stamp`; the journal has it before it takes effect.
    ///
    /// If the request is tagged, its answer is among [`Market::take_answers`] once the market has been
    /// stepped to the stamp, or has settled.
    ///
    /// ```
    /// use bearpit_agents::Desk;
    /// use bearpit_core::account::AccountConfig;
    /// use bearpit_core::exchange::MarketBuilder;
    /// use bearpit_core::kernel::{MemoryJournal, RequestTag};
    /// use bearpit_core::market::{Fees, Instrument, OrderTerms, Side};
    /// use bearpit_core::participant::{
    ///     Instruction, Latencies, Outcome, ParticipantConfig, Request, RequestKind,
    /// };
    /// use bearpit_core::units::{Money, Price, Quantity, Seed, SimDuration, SimTime};
    ///
    /// let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// let listing = builder.listings()[0];
    /// let account = AccountConfig { cash: Money::from_whole(1_000), ..AccountConfig::default() };
    /// builder.agent("anne", ParticipantConfig::new("desk").with_account(account), Desk)?;
    /// let journal = MemoryJournal::new();
    /// builder.journal(journal.clone());
    /// let mut market = builder.open()?;
    /// market.start();
    ///
    /// let participant = market.participant("anne").expect("she was added").id;
    /// let now = open + SimDuration::from_secs(1);
    /// for (tag, lots) in [(1, 10), (2, 1_000)] {
    ///     let terms = OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(9_990));
    ///     let instruction = Instruction::Submit { listing, terms };
    ///     let kind = RequestKind::Instruct { participant, instruction };
    ///     market.request(now, Request { tag: Some(RequestTag::new(tag)), kind })?;
    /// }
    /// market.step(now, u64::MAX)?;
    ///
    /// let answers: Vec<_> = market.take_answers().collect();
    /// assert!(matches!(answers[0].outcome, Ok(Outcome::Submitted { .. })));
    /// let refusal = answers[1].outcome.as_ref().unwrap_err();
    /// assert_eq!(refusal.to_string(), "needs 99900.00 of free cash, but only 1.00 is free");
    /// assert_eq!(journal.entries().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InjectError`] if the stamp has passed, the market does not run, the request names no participant or
    /// has unfit latencies, or the journal does not take it; there is no answer then.
    pub fn request(&mut self, stamp: SimTime, request: Request) -> Result<(), InjectError<RequestError>> {
        self.world.inject(stamp, request)
    }

    /// Takes in an instruction from outside, to be carried out in the participant's name at `stamp`, without
    /// an answer.
    ///
    /// # Errors
    /// As [`Market::request`].
    pub fn instruct(
        &mut self,
        stamp: SimTime,
        participant: ActorId,
        instruction: Instruction,
    ) -> Result<(), InjectError<RequestError>> {
        self.request(stamp, Request { tag: None, kind: RequestKind::Instruct { participant, instruction } })
    }

    /// Takes the answers to tagged requests that have been given since the last call, in order.
    ///
    /// They wait without bound until they are taken: one to each tagged request.
    pub fn take_answers(&mut self) -> impl Iterator<Item = Answer> {
        self.world.domain_mut().take_answers().into_iter()
    }

    /// Takes in a journalled request: delivers as many events as had been delivered before it, then makes
    /// the request again. Stepping to the close and settling then gives the journalled market's digest.
    ///
    /// # Errors
    /// [`ReplayError`] if this is not the market that the journal was written in, or it cannot go on.
    pub fn replay(&mut self, entry: Injected<Request>) -> Result<(), ReplayError<RequestError, MarketFault>> {
        self.world.replay(entry)
    }

    /// Settles after the close: books what is still on its way, stops all actors, marks all accounts,
    /// and checks that nothing was lost or made.
    ///
    /// A market that [goes on](super::MarketBuilder::goes_on) can be settled at any time: what its next part
    /// begins with is its [`Market::closing_state`] then. Commands that have not arrived are refused, on the
    /// tape.
    ///
    /// # Errors
    /// [`MarketError`] if a sink fails, or something is not conserved.
    pub fn settle(&mut self) -> Result<(), MarketError> {
        let goes_on = self.world.domain().goes_on();
        self.world.domain_mut().close();
        self.world.stop(|message| match message {
            Message::Report(_) => true,
            Message::Command(_) => goes_on,
            _ => false,
        })?;
        let now = self.world.now();
        let state = self.world.domain_mut();
        if !goes_on {
            state.release_unsent();
        }
        state.mark_all(now).map_err(|error| WorldFault { at: now, cause: error })?;
        state.check_conservation()?;
        if goes_on {
            let end = if now < self.close { MarketEnd::Stopped } else { MarketEnd::DayOver };
            self.closing = Some(ClosingState::of(state, now, end));
        }
        Ok(())
    }

    /// Returns what the next day begins with, once a market that [goes on](super::MarketBuilder::goes_on) has
    /// settled.
    #[must_use]
    pub const fn closing_state(&self) -> Option<&ClosingState> {
        self.closing.as_ref()
    }

    /// Returns the displayed quantity that is ahead of an order in the queue of its price now; nothing if it
    /// does not rest, or the listing has no book.
    #[must_use]
    pub fn queue_ahead(&self, listing: ListingId, order: OrderId) -> Option<Quantity> {
        let venue = self.world.domain().listing(listing)?.exchange;
        self.world.read::<Exchange>(venue)?.queue_ahead(listing, order)
    }

    /// Returns the best trade that a trailing stop has followed since its entry; nothing of any other order,
    /// or while there was no trade.
    #[must_use]
    pub fn trailing_mark(&self, listing: ListingId, order: OrderId) -> Option<Price> {
        let venue = self.world.domain().listing(listing)?.exchange;
        self.world.read::<Exchange>(venue)?.trailing_mark(listing, order)
    }

    /// Asks the gate of a participant's account about an order as if it were sent now; nothing changes.
    ///
    /// # Errors
    /// The [`Refusal`] that the order would get.
    pub fn preview(
        &self,
        participant: ActorId,
        listing: ListingId,
        terms: OrderTerms,
    ) -> Result<Preview, Refusal> {
        self.world.domain().preview(participant, listing, terms, self.world.now())
    }

    /// Adds a reader of all facts from now on.
    pub fn add_sink(&mut self, sink: Box<dyn TapeSink>) {
        self.world.domain_mut().tape_mut().add_sink(sink);
    }

    /// Takes all readers off the tape; dropping them ends what they do.
    pub fn take_sinks(&mut self) -> Vec<Box<dyn TapeSink>> {
        self.world.domain_mut().tape_mut().take_sinks()
    }

    /// Flushes all readers of the tape: when it returns, none of them holds back a fact.
    ///
    /// # Errors
    /// [`SinkError`] of the first that failed.
    pub fn flush_sinks(&mut self) -> Result<(), SinkError> {
        self.world.domain_mut().tape_mut().flush_sinks()
    }

    /// Returns the world.
    #[must_use]
    pub const fn world(&self) -> &MarketWorld {
        &self.world
    }

    /// Exchanges the context, set to an actor, for a vacant one, and back: between two steps, a test can then
    /// read the market and act as that actor does. Nothing of that is journalled, so a journalled market
    /// refuses it.
    ///
    /// # Errors
    /// [`ExchangeError`] if the market is journalled or has not started, or there is no such actor.
    pub fn exchange_context(&mut self, actor: ActorId, other: &mut Context) -> Result<(), ExchangeError> {
        self.world.exchange_context(actor, other)
    }

    /// Returns when the market closes.
    #[must_use]
    pub const fn close(&self) -> SimTime {
        self.close
    }

    /// Returns the participants, in the order of their ids; those that have joined since come last.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        self.world.domain().participants()
    }

    /// Returns the participant of that name.
    #[must_use]
    pub fn participant(&self, name: &str) -> Option<&Participant> {
        self.participants().iter().find(|participant| participant.name == name)
    }

    /// Returns the digest of all facts so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.world.domain().tape().digest()
    }

    /// Returns a participant's equity at the start (holdings at their first marks), or when it joined, and
    /// now.
    #[must_use]
    pub fn equity_span(&self, participant: &Participant) -> (Money, Money) {
        let state = self.world.domain();
        let opening = participant.opening_cash() + state.opening_costs(participant).sum();
        (opening, state.equity(participant.id).unwrap_or(opening))
    }
}
