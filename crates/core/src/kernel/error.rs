//! Errors of a world: why it cannot go on, and why it does not take a request.

use thiserror::Error;

use super::journal::JournalError;
use crate::units::{ActorId, SimTime};

/// Says why a world cannot go on, and when that was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at {at}: {cause}")]
pub struct WorldFault<F> {
    /// The virtual time.
    pub at: SimTime,
    /// What went wrong.
    pub cause: F,
}

/// Says why a request from outside was not taken; `E` is the domain's reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InjectError<E> {
    /// The stamp lies before the clock.
    #[error("the stamp {stamp} lies before the world's clock {now}: the past cannot be changed")]
    Late {
        /// The stamp given.
        stamp: SimTime,
        /// The world's time.
        now: SimTime,
    },
    /// The world has not started, or has ended.
    #[error("the world does not run: requests are taken from its start to its end")]
    NotRunning,
    /// There is no such actor.
    #[error("there is no actor number {0}")]
    NoSuchActor(ActorId),
    /// The domain does not take the request.
    #[error(transparent)]
    Request(E),
    /// The journal could not keep it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Says why a journal cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError<E, F> {
    /// The world has gone further than the entry.
    #[error("the entry came in after {after_events} events, but {delivered} have been delivered")]
    Passed {
        /// By the journal.
        after_events: u64,
        /// In this world.
        delivered: u64,
    },
    /// This world has fewer events by the stamp than the journalled one had.
    #[error(
        "the entry came in after {after_events} events, but only {delivered} are due by {stamp}: the journal is of another world"
    )]
    Diverged {
        /// By the journal.
        after_events: u64,
        /// In this world.
        delivered: u64,
        /// The stamp of the entry.
        stamp: SimTime,
    },
    /// The request was not taken.
    #[error(transparent)]
    Inject(InjectError<E>),
    /// The world cannot go on.
    #[error(transparent)]
    Fault(WorldFault<F>),
}

/// Says why a context cannot be exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExchangeError {
    /// What is done through an exchanged context is not journalled, so a replay would not repeat it.
    #[error("the world is journalled: whatever acts on it from outside must be a request")]
    Journalled,
    /// The world has not started.
    #[error("the world has not started")]
    NotStarted,
    /// There is no such actor.
    #[error("there is no actor number {0}")]
    NoSuchActor(ActorId),
}
