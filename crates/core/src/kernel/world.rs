//! [`World`]: owns the actors and the clock, and delivers events in order.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use actix::{ActorState, Running};
use thiserror::Error;

use super::context::{SimContext, Wakeup};
use crate::units::{ActorId, Seed, SimTime};

/// What the actors of a world exchange and share.
///
/// The kernel is written against this trait, and knows nothing of markets.
pub trait Domain: Sized + 'static {
    /// Whatever one actor can send another.
    type Message: From<Wakeup> + Clone + 'static;

    /// Sees each message just before its actor does, also where that actor has stopped.
    ///
    /// # Errors
    /// A sentence that says what is wrong; it ends the run.
    fn before_delivery(&mut self, now: SimTime, to: ActorId, message: &Self::Message) -> Result<(), String>;
}

/// An actor as the world drives it; [`crate::participant::Trader`] makes one of an `actix` actor.
pub trait SimActor<D: Domain> {
    /// Begins; called once by [`World::start`].
    fn started(&mut self, ctx: &mut SimContext<D>);
    /// Handles one message.
    fn deliver(&mut self, message: D::Message, ctx: &mut SimContext<D>);
    /// Answers a request to stop: go on, or stop.
    fn stopping(&mut self, ctx: &mut SimContext<D>) -> Running;
    /// Ends; nothing is delivered afterwards.
    fn stopped(&mut self, ctx: &mut SimContext<D>);
}

/// Why [`World::step`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    /// All events up to the time asked for have been delivered, and the clock stands there.
    Reached,
    /// The number of events allowed has been delivered; more are due.
    Budget,
}

/// Says why a world cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WorldError {
    /// Two actors have one name, and would share a random stream.
    #[error(
        "two actors are called `{0}`: every name must be unique, since random streams are derived from it"
    )]
    DuplicateName(String),
    /// An actor ended the run.
    #[error("at {at}: {why}")]
    Fault {
        /// The virtual time.
        at: SimTime,
        /// What went wrong.
        why: String,
    },
}

/// Says why a message from outside was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InjectError {
    /// The stamp lies before the clock.
    #[error("the stamp {stamp} lies before the world's clock {now}: the past cannot be changed")]
    Late {
        /// The stamp given.
        stamp: SimTime,
        /// The world's time.
        now: SimTime,
    },
    /// There is no such actor.
    #[error("there is no actor number {0}")]
    NoSuchActor(ActorId),
}

/// One message from outside, as journalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected<M> {
    /// How many events had been delivered when it came in.
    pub after_events: u64,
    /// When it arrives.
    pub stamp: SimTime,
    /// The actor it goes to.
    pub to: ActorId,
    /// The message.
    pub message: M,
}

/// A world of actors over one clock and one queue.
pub struct World<D: Domain> {
    actors: Vec<Box<dyn SimActor<D>>>,
    names: BTreeSet<Arc<str>>,
    ctx: SimContext<D>,
    events: u64,
    journal: Vec<Injected<D::Message>>,
}

impl<D: Domain + std::fmt::Debug> std::fmt::Debug for World<D>
where
    D::Message: std::fmt::Debug,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("names", &self.names)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl<D: Domain> World<D> {
    /// Makes a world without actors whose clock stands at `start`.
    #[must_use]
    pub fn new(seed: Seed, start: SimTime, domain: D) -> Self {
        Self {
            actors: Vec::new(),
            names: BTreeSet::new(),
            ctx: SimContext::new(seed, start, domain),
            events: 0,
            journal: Vec::new(),
        }
    }

    /// Adds an actor under a unique `name`; ids are given from zero in the order of adding.
    ///
    /// # Errors
    /// [`WorldError::DuplicateName`] if the name is taken.
    pub fn add(&mut self, name: &str, actor: Box<dyn SimActor<D>>) -> Result<ActorId, WorldError> {
        if !self.names.insert(name.into()) {
            return Err(WorldError::DuplicateName(name.to_owned()));
        }
        self.actors.push(actor);
        Ok(self.ctx.seat(name))
    }

    /// Starts all actors, in the order they were added.
    pub fn start(&mut self) {
        for (index, actor) in self.actors.iter_mut().enumerate() {
            self.ctx.current = ActorId::new(u32::try_from(index).unwrap_or(u32::MAX));
            self.ctx.seats[index].state = ActorState::Running;
            actor.started(&mut self.ctx);
            settle(actor.as_mut(), &mut self.ctx);
        }
    }

    /// Delivers the events due up to and including `until`, at most `budget` of them.
    ///
    /// # Errors
    /// [`WorldError::Fault`] if an actor ended the run.
    pub fn step(&mut self, until: SimTime, budget: u64) -> Result<StepEnd, WorldError> {
        for _ in 0..budget {
            if self.ctx.queue.next_time().is_none_or(|time| time > until) {
                self.ctx.now = self.ctx.now.max(until);
                return self.check().map(|()| StepEnd::Reached);
            }
            self.deliver_next();
            self.check()?;
        }
        Ok(StepEnd::Budget)
    }

    /// Takes in a message from outside, to arrive at `stamp`, and journals it.
    ///
    /// A world that is fed its own journal at the same event counts gives the same digest.
    ///
    /// # Errors
    /// [`InjectError`] if the stamp is in the past or the actor unknown; nothing is taken then.
    pub fn inject(&mut self, stamp: SimTime, to: ActorId, message: D::Message) -> Result<(), InjectError> {
        if stamp < self.ctx.now {
            return Err(InjectError::Late { stamp, now: self.ctx.now });
        }
        if to.index() >= self.actors.len() {
            return Err(InjectError::NoSuchActor(to));
        }
        self.journal.push(Injected { after_events: self.events, stamp, to, message: message.clone() });
        self.ctx.send_at(to, stamp, message);
        Ok(())
    }

    /// Ends the world: what `settles` of the messages still on their way reaches the domain (not the
    /// actors), all others are dropped, and every actor that still runs is stopped.
    ///
    /// # Errors
    /// [`WorldError::Fault`] if the domain or an actor finds something wrong.
    pub fn stop(&mut self, settles: impl Fn(&D::Message) -> bool) -> Result<(), WorldError> {
        while let Some((_, (to, message))) = self.ctx.queue.pop() {
            if settles(&message) {
                self.show_domain(to, &message);
            }
        }
        for (index, actor) in self.actors.iter_mut().enumerate() {
            self.ctx.current = ActorId::new(u32::try_from(index).unwrap_or(u32::MAX));
            if self.ctx.seats[index].state == ActorState::Running {
                self.ctx.seats[index].state = ActorState::Stopping;
                // The world ends, so an actor's wish to go on cannot be granted.
                actor.stopping(&mut self.ctx);
                self.ctx.seats[index].state = ActorState::Stopped;
                actor.stopped(&mut self.ctx);
            }
        }
        self.check()
    }

    /// Returns the virtual time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.ctx.now
    }

    /// Returns how many events have been delivered.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Returns what came from outside, in order.
    #[must_use]
    pub fn journal(&self) -> &[Injected<D::Message>] {
        &self.journal
    }

    /// Returns the name of an actor, if there is such an actor.
    #[must_use]
    pub fn name_of(&self, actor: ActorId) -> Option<&str> {
        self.ctx.seats.get(actor.index()).map(|seat| &*seat.name)
    }

    /// Returns what the actors share.
    #[must_use]
    pub const fn domain(&self) -> &D {
        self.ctx.domain()
    }

    /// Returns what the actors share, to be changed between steps.
    pub const fn domain_mut(&mut self) -> &mut D {
        self.ctx.domain_mut()
    }

    /// Exchanges the context, set to an actor, for a vacant one, and back: between two steps, what stands
    /// outside can then look and act as that actor does.
    pub const fn exchange_context(&mut self, actor: ActorId, other: &mut SimContext<D>) {
        self.ctx.current = actor;
        other.current = actor;
        mem::swap(&mut self.ctx, other);
    }

    fn deliver_next(&mut self) {
        let Some((time, (to, message))) = self.ctx.queue.pop() else { return };
        debug_assert!(time >= self.ctx.now, "time runs forward");
        self.ctx.now = time;
        self.ctx.current = to;
        self.events += 1;
        self.show_domain(to, &message);
        let Some(actor) = self.actors.get_mut(to.index()) else { return };
        if self.ctx.seats[to.index()].state == ActorState::Running {
            actor.deliver(message, &mut self.ctx);
            settle(actor.as_mut(), &mut self.ctx);
        }
    }

    fn show_domain(&mut self, to: ActorId, message: &D::Message) {
        let now = self.ctx.now;
        if let Err(why) = self.ctx.domain_mut().before_delivery(now, to, message) {
            self.ctx.fail(why);
        }
    }

    fn check(&mut self) -> Result<(), WorldError> {
        match self.ctx.fault.take() {
            None => Ok(()),
            Some(why) => Err(WorldError::Fault { at: self.ctx.now, why }),
        }
    }
}

/// Carries out a stop that the actor asked for while it handled a message.
fn settle<D: Domain>(actor: &mut dyn SimActor<D>, ctx: &mut SimContext<D>) {
    let index = ctx.current.index();
    if ctx.seats[index].state == ActorState::Stopping {
        ctx.seats[index].state = match actor.stopping(ctx) {
            Running::Stop => ActorState::Stopped,
            Running::Continue => ActorState::Running,
        };
    }
    if ctx.seats[index].state == ActorState::Stopped {
        actor.stopped(ctx);
    }
}
