//! [`SimContext`]: what an actor sees of the world while it handles a message.

use std::sync::Arc;

use actix::{ActorContext, ActorState, Message};

use super::queue::EventQueue;
use super::random::{Stream, stream};
use super::world::Domain;
use crate::units::{ActorId, Seed, SimDuration, SimTime};

/// A wake-up call that an actor scheduled for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wakeup {
    /// What the actor gave when it asked to be woken.
    pub tag: u64,
}

impl Message for Wakeup {
    type Result = ();
}

/// The execution context of every actor of a world: an [`ActorContext`] in virtual time.
///
/// Instead of a mailbox of its own it has the world's one event queue. One value serves all actors
/// of a world, set to the actor at hand before each delivery; so it costs nothing to enter, and an
/// actor can reach only what the methods give it: its own stream, its own name, the clock, and
/// messages to others.
#[derive(Debug)]
pub struct SimContext<D: Domain> {
    pub(super) now: SimTime,
    pub(super) current: ActorId,
    pub(super) queue: EventQueue<(ActorId, D::Message)>,
    pub(super) seats: Vec<Seat>,
    pub(super) fault: Option<String>,
    seed: Seed,
    /// On the heap, so that lending the context out moves little.
    domain: Box<D>,
}

/// What the kernel keeps for each actor beside the actor itself.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) name: Arc<str>,
    pub(super) state: ActorState,
    rng: Stream,
}

impl<D: Domain> SimContext<D> {
    pub(super) fn new(seed: Seed, start: SimTime, domain: D) -> Self {
        Self {
            now: start,
            current: ActorId::new(0),
            queue: EventQueue::new(),
            seats: Vec::new(),
            fault: None,
            seed,
            domain: Box::new(domain),
        }
    }

    /// Makes a context of no world, to hold the place of one that is lent out.
    #[must_use]
    pub fn vacant(domain: D) -> Self {
        Self::new(Seed::new(0), SimTime::from_nanos(0), domain)
    }

    pub(super) fn seat(&mut self, name: &str) -> ActorId {
        let id = ActorId::new(u32::try_from(self.seats.len()).unwrap_or(u32::MAX));
        let rng = stream(self.seed, &format!("actor/{name}"));
        self.seats.push(Seat { name: name.into(), state: ActorState::Started, rng });
        id
    }

    /// Returns the current virtual time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Returns the id of the actor at hand.
    #[must_use]
    pub const fn id(&self) -> ActorId {
        self.current
    }

    /// Returns the name of the actor at hand.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.seats[self.current.index()].name
    }

    /// Returns the seed of the run.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// Returns the random stream of the actor at hand.
    pub fn rng(&mut self) -> &mut Stream {
        &mut self.seats[self.current.index()].rng
    }

    /// Wakes the actor at hand at `time` (at once if that has passed) with a [`Wakeup`] of `tag`.
    pub fn wake_at(&mut self, time: SimTime, tag: u64) {
        self.send_at(self.current, time, Wakeup { tag }.into());
    }

    /// Wakes the actor at hand after `span` with a [`Wakeup`] of `tag`.
    pub fn wake_after(&mut self, span: SimDuration, tag: u64) {
        self.wake_at(self.now.saturating_add(span), tag);
    }

    /// Sends `message` to another actor, to arrive at `time` (at once if that has passed).
    #[inline]
    pub(crate) fn send_at(&mut self, to: ActorId, time: SimTime, message: D::Message) {
        self.queue.push(time.max(self.now), (to, message));
    }

    /// Ends the whole run with an error: for violations that make its results worthless.
    pub fn fail(&mut self, why: impl Into<String>) {
        self.fault.get_or_insert_with(|| why.into());
    }

    /// Returns what the actors of this world share.
    pub(crate) const fn domain(&self) -> &D {
        &self.domain
    }

    /// Returns what the actors of this world share, to be changed.
    pub(crate) const fn domain_mut(&mut self) -> &mut D {
        &mut self.domain
    }
}

impl<D: Domain> ActorContext for SimContext<D> {
    /// Stops the actor at hand once it has handled the present message.
    fn stop(&mut self) {
        let state = &mut self.seats[self.current.index()].state;
        if *state == ActorState::Running {
            *state = ActorState::Stopping;
        }
    }

    /// Ends the actor at hand at once, whatever it would say to `stopping`.
    fn terminate(&mut self) {
        self.seats[self.current.index()].state = ActorState::Stopped;
    }

    fn state(&self) -> ActorState {
        self.seats[self.current.index()].state
    }
}
