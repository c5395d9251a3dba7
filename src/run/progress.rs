//! Progress of runs, as events that a caller receives.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::units::{Seed, SimTime};

/// Which run an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId {
    /// Its position among the runs of a pool; 0 for a single run.
    pub index: usize,
    /// The scenario's name.
    pub scenario: Arc<str>,
    /// The seed.
    pub seed: Seed,
}

/// What happened to a run. Every run reports `Started`, any number of `Advanced`, and one of the other three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// It was started by a thread of the pool.
    Started {
        /// First instant of virtual time.
        start: SimTime,
        /// Last instant of virtual time.
        end: SimTime,
    },
    /// It has come so far; reported every 16,384 events, and at the close.
    Advanced {
        /// Events delivered so far.
        events: u64,
        /// The virtual time.
        now: SimTime,
    },
    /// It has a result.
    Finished {
        /// Events delivered.
        events: u64,
        /// Trades.
        trades: u64,
        /// How long it took on the wall clock.
        wall: Duration,
    },
    /// It failed.
    Failed {
        /// The error with its causes, as [`chain`](super::chain) writes them.
        error: String,
        /// How long it took on the wall clock.
        wall: Duration,
    },
    /// It was stopped on request.
    Interrupted {
        /// How long it took on the wall clock.
        wall: Duration,
    },
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The run.
    pub run: RunId,
    /// What happened.
    pub event: RunEvent,
}

/// Receives the events of runs, on the thread of each run: it must return quickly.
///
/// Any closure is a sink; one that sends into a channel hands events to another thread.
///
/// ```
/// use std::path::Path;
/// use std::sync::mpsc::channel;
///
/// use bearpit::run::{Progress, Run, RunEvent};
/// use bearpit::scenario::Scenario;
///
/// let overrides = ["scenario.end=2025-03-03T09:31:00".parse()?];
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &overrides)?;
/// let (sender, events) = channel();
/// Run::of(&scenario)
///     .progress(move |progress: Progress| drop(sender.send(progress.event)))
///     .run()?;
/// let events: Vec<RunEvent> = events.iter().collect();
/// assert!(matches!(events[0], RunEvent::Started { .. }));
/// assert!(matches!(events[events.len() - 1], RunEvent::Finished { events: 1.., .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ProgressSink: Send + Sync {
    /// Receives one event.
    fn report(&self, progress: Progress);
}

impl<F: Fn(Progress) + Send + Sync> ProgressSink for F {
    fn report(&self, progress: Progress) {
        self(progress);
    }
}
