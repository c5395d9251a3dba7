//! [`Market`]: a world that trades from open to close, and its accounts settled afterwards.

use thiserror::Error;

use crate::account::AccountConfig;
use crate::kernel::{Digest, InjectError, StepEnd, WorldError};
use crate::market::TapeSink;
use crate::participant::{Instruction, MarketWorld, Message};
use crate::units::{ActorId, Money, SimTime};

/// Says why a run came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MarketError {
    /// An actor or the recorder ended the run.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Money or shares were lost or made: a fault of this program.
    #[error("{0}")]
    NotConserved(String),
}

/// An agent that takes part, with what it began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Its actor, and account.
    pub id: ActorId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// What its account began with.
    pub account: AccountConfig,
}

/// A market from open to close.
///
/// [`Market::run`] does all at once. A caller that wants to watch, stop, or feed orders from outside
/// calls [`Market::start`], [`Market::step`] until it says [`StepEnd::Reached`] at the close, and
/// [`Market::settle`].
#[derive(Debug)]
pub struct Market {
    world: MarketWorld,
    close: SimTime,
    participants: Vec<Participant>,
}

impl Market {
    pub(super) const fn new(world: MarketWorld, close: SimTime, participants: Vec<Participant>) -> Self {
        Self { world, close, participants }
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

    /// Starts all actors.
    pub fn start(&mut self) {
        self.world.start();
    }

    /// Trades up to `until` or the close, whichever is first, delivering at most `budget` events.
    ///
    /// # Errors
    /// [`MarketError::World`] if an actor or sink fails.
    pub fn step(&mut self, until: SimTime, budget: u64) -> Result<StepEnd, MarketError> {
        Ok(self.world.step(until.min(self.close), budget)?)
    }

    /// Brings in an instruction from outside, to be carried out in `actor`'s name at `stamp`.
    ///
    /// # Errors
    /// [`InjectError`] if the stamp has passed or there is no such actor.
    pub fn instruct(&mut self, stamp: SimTime, actor: ActorId, what: Instruction) -> Result<(), InjectError> {
        self.world.inject(stamp, actor, Message::Instruction(what))
    }

    /// Settles after the close: books what is still on its way, stops all actors, marks all accounts,
    /// and checks that nothing was lost or made.
    ///
    /// # Errors
    /// [`MarketError`] if a sink fails, or something is not conserved.
    pub fn settle(&mut self) -> Result<(), MarketError> {
        self.world.domain_mut().close();
        self.world.stop(|message| matches!(message, Message::Report(_)))?;
        let now = self.world.now();
        let pit = self.world.domain_mut();
        pit.release_unsent();
        pit.mark_all(now).map_err(|why| WorldError::Fault { at: now, why: why.to_string() })?;
        pit.check_conservation().map_err(MarketError::NotConserved)
    }

    /// Adds a reader of all facts from now on.
    pub fn add_sink(&mut self, sink: Box<dyn TapeSink>) {
        self.world.domain_mut().tape_mut().add_sink(sink);
    }

    /// Takes all readers off the tape; dropping them ends what they do.
    pub fn take_sinks(&mut self) -> Vec<Box<dyn TapeSink>> {
        self.world.domain_mut().tape_mut().take_sinks()
    }

    /// Returns the world.
    #[must_use]
    pub const fn world(&self) -> &MarketWorld {
        &self.world
    }

    /// Returns the world, to be fed or watched.
    pub const fn world_mut(&mut self) -> &mut MarketWorld {
        &mut self.world
    }

    /// Returns when the market closes.
    #[must_use]
    pub const fn close(&self) -> SimTime {
        self.close
    }

    /// Returns the agents, in the order they were seated.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Returns the agent of that name.
    #[must_use]
    pub fn participant(&self, name: &str) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.name == name)
    }

    /// Returns the digest of all facts so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.world.domain().tape().digest()
    }

    /// Returns an agent's equity at the start (holdings at their first marks) and now.
    #[must_use]
    pub fn equity_span(&self, participant: &Participant) -> (Money, Money) {
        let pit = self.world.domain();
        let opening = pit.opening_equity(participant.account.cash, &participant.account.holdings);
        (opening, pit.equity(participant.id).unwrap_or(opening))
    }
}
