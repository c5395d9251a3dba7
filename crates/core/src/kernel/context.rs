//! [`SimContext`]: an actor's access to its world while it handles a message.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use actix::{ActorContext, ActorState};

use super::domain::{Arrival, Domain};
use super::moment::Moment;
use super::queue::EventQueue;
use super::random::{Stream, stream};
use super::wakeup::Wakeup;
use crate::units::{ActorId, Seed, SimDuration, SimTime};

/// The execution context of every actor of a world: an [`ActorContext`] in virtual time.
///
/// Instead of a mailbox of its own it has the world's one event queue. One value serves all actors
/// of a world, set to the current actor before each delivery; so it costs nothing to enter, and an
/// actor can reach only what the methods give it: its own stream, its own name, the clock, and
/// messages to others.
pub struct SimContext<D: Domain> {
    pub(super) now: SimTime,
    /// The current actor: set before each delivery, and read by nothing in between.
    pub(super) current: ActorId,
    pub(super) queue: EventQueue<Arrival<D>>,
    pub(super) slots: Vec<ActorSlot>,
    /// The actors' names, in the order of their ids.
    pub(super) names: Vec<Arc<str>>,
    pub(super) fault: Option<D::Fault>,
    /// How many messages have been sent that arrive at the instant at which they were sent.
    pub(super) sent_at_once: u64,
    seed: Seed,
    /// On the heap, so that lending the context out moves little.
    pub(super) domain: Box<D>,
}

impl<D: Domain> fmt::Debug for SimContext<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimContext")
            .field("now", &self.now)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

/// What the kernel needs of each actor for every event beside the actor itself.
#[derive(Debug)]
pub(super) struct ActorSlot {
    pub(super) state: ActorState,
    rng: Stream,
}

impl ActorSlot {
    /// Reads all of it, to have it fetched from memory.
    pub(super) fn fetch(&self) {
        black_box((self.state, self.rng.clone()));
    }
}

impl<D: Domain> SimContext<D> {
    pub(super) fn new(seed: Seed, start: SimTime, domain: D) -> Self {
        Self {
            now: start,
            // Read only while an actor handles a message, and set before each: see the field.
            current: ActorId::new(0),
            queue: EventQueue::new(),
            slots: Vec::new(),
            names: Vec::new(),
            fault: None,
            sent_at_once: 0,
            seed,
            domain: Box::new(domain),
        }
    }

    /// Makes a context of no world, to stand in for one that is lent out.
    #[must_use]
    pub fn vacant(domain: D) -> Self {
        Self::new(Seed::new(0), SimTime::from_nanos(0), domain)
    }

    /// Makes the slot of the next actor.
    pub(super) fn add_slot(&mut self, name: &str) {
        let rng = stream(self.seed, &format!("actor/{name}"));
        self.slots.push(ActorSlot { state: ActorState::Started, rng });
        self.names.push(name.into());
    }

    /// Returns the current virtual time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Returns the id of the current actor.
    #[must_use]
    pub const fn id(&self) -> ActorId {
        self.current
    }

    /// Returns the name of the current actor.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.names[self.current.index()]
    }

    /// Returns the seed of the run.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// Returns the random stream of the current actor.
    pub fn rng(&mut self) -> &mut Stream {
        &mut self.slots[self.current.index()].rng
    }

    /// Wakes the current actor at `time` (at once if that has passed) with a [`Wakeup`] of `tag`.
    pub fn wake_at(&mut self, time: SimTime, tag: u64) {
        self.send_at(self.current, time, Wakeup { tag }.into());
    }

    /// Wakes the current actor after `span` with a [`Wakeup`] of `tag`.
    pub fn wake_after(&mut self, span: SimDuration, tag: u64) {
        self.wake_at(self.now.saturating_add(span), tag);
    }

    /// Sends `message` to another actor, to arrive at `time` (at once if that has passed).
    #[inline]
    pub(crate) fn send_at(&mut self, to: ActorId, time: SimTime, message: D::Message) {
        self.sent_at_once += u64::from(time <= self.now);
        self.queue.push(time.max(self.now), Arrival::Message { to, message });
    }

    /// Takes the place in the total order of a message that arrives at `time` (at once if that has passed),
    /// and sends none.
    #[inline]
    pub(crate) fn reserve(&mut self, time: SimTime) -> Moment {
        self.queue.reserve(time.max(self.now))
    }

    /// Sends `message` to an actor, to arrive at a place that was reserved and is still to come.
    pub(crate) fn send_reserved(&mut self, to: ActorId, moment: Moment, message: D::Message) {
        debug_assert!(moment.time >= self.now, "time runs forward");
        self.queue.push_reserved(moment, Arrival::Message { to, message });
    }

    /// Ends the whole run with an error, the first if there are several: for violations that make its
    /// results worthless.
    pub fn fail(&mut self, fault: impl Into<D::Fault>) {
        self.fault.get_or_insert_with(|| fault.into());
    }

    /// Returns whether there is such an actor, and it runs.
    pub(super) fn is_running(&self, actor: ActorId) -> bool {
        self.slots.get(actor.index()).is_some_and(|slot| slot.state == ActorState::Running)
    }

    /// Ends the whole run if the domain found a fault.
    #[inline]
    pub(super) fn fail_on(&mut self, outcome: Result<(), D::Fault>) {
        if let Err(fault) = outcome {
            self.fail(fault);
        }
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
    /// Stops the current actor once it has handled the present message.
    fn stop(&mut self) {
        let state = &mut self.slots[self.current.index()].state;
        if *state == ActorState::Running {
            *state = ActorState::Stopping;
        }
    }

    /// Ends the current actor at once, without calling its `stopping`.
    fn terminate(&mut self) {
        self.slots[self.current.index()].state = ActorState::Stopped;
    }

    fn state(&self) -> ActorState {
        self.slots[self.current.index()].state
    }
}
