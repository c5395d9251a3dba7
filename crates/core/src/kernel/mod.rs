//! The simulation kernel: actors in virtual time, one total order of events, given randomness.
//!
//! Nothing here knows of markets. A [`Domain`] defines the messages that the actors of a world exchange,
//! and what they share; [`World`] owns the actors and delivers to each, in the order (time,
//! sequence), what others sent it through their [`SimContext`].
//!
//! # Lifecycle
//! 1. [`World::new`], then [`World::add`] for each actor: names are unique, since each actor's
//!    random stream is derived from (seed, name).
//! 2. [`World::start`] calls every actor's `started` in the order they were added.
//! 3. [`World::step`] delivers events up to a time or a number of events. Between two steps,
//!    [`World::inject`] takes requests from outside: stamped, and written to the journal before they
//!    take effect. A request can also be that an actor [joins](Join).
//! 4. [`World::stop`] calls `stopping` and `stopped`; nothing is delivered afterwards.
//!
//! # Order
//! Two events never compare equal: ties in time are broken by the sequence number given when the
//! event was scheduled. A run is therefore a pure function of its inputs: a world that is given the
//! requests of a [journal](JournalSink) again ([`World::replay`]) delivers the same events.
//!
//! # Wall time
//! The kernel reads no clock. A [`Pacer`] computes, from times that its driver gives it, how far to step
//! and how long to sleep.

mod actor;
mod calendar_buckets;
mod context;
mod count_draws;
mod digest;
mod domain;
mod draws;
mod error;
mod instant_watch;
mod join;
mod journal;
mod latency;
mod moment;
mod outside;
mod pacing;
mod queue;
mod random;
mod wakeup;
mod world;

pub use actor::{ActorFactory, SimActor};
pub use context::SimContext;
pub use count_draws::{Gamma, Poisson};
pub use digest::{Digest, DigestWriter};
pub use domain::{Admission, Arrival, Domain};
pub use draws::{Exponential, StandardNormal};
pub use error::{ExchangeError, InjectError, ReplayError, WorldFault};
pub use join::{
    ActorSpec, AddError, FactoryError, JOIN_NAME_BYTES_MAX, Join, JoinRefusal, RequestTag, Reseat,
};
pub use journal::{Injected, JournalError, JournalSink, MemoryJournal};
pub use latency::{Channel, LatencyError, LatencyModel, LatencySamples};
pub use moment::Moment;
pub use outside::Outside;
pub use pacing::{Pace, Pacer, Speed, SpeedError};
pub use queue::EventQueue;
pub use random::{Stream, stream};
pub use wakeup::Wakeup;
pub use world::{StepEnd, World};
