//! The tape: the one append-only stream of facts.

use std::sync::Arc;

use thiserror::Error;

use super::fact::Fact;
use crate::kernel::{Digest, DigestWriter};
use crate::units::SimTime;

/// A fact with its place on the tape.
#[derive(Debug, Clone, Copy)]
pub struct Stamped<'a> {
    /// When it happened.
    pub at: SimTime,
    /// Its number, from zero.
    pub sequence: u64,
    /// What happened.
    pub fact: &'a Fact,
}

/// Something that reads every fact as it is written: a recorder, an auditor, a live feed.
///
/// ```
/// use bearpit_core::market::{Fact, Phase, SinkError, Stamped, Tape, TapeSink};
/// use bearpit_core::units::{ListingId, SimTime};
///
/// /// Fails when a book is closed.
/// struct UntilClose;
///
/// impl TapeSink for UntilClose {
///     fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
///         match stamped.fact {
///             Fact::PhaseChanged { phase: Phase::Closed, .. } => Err(SinkError::new("closed")),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// let mut tape = Tape::new();
/// tape.add_sink(Box::new(UntilClose));
/// let now = SimTime::from_nanos(0);
/// let change = |phase| Fact::PhaseChanged { listing: ListingId::new(0), phase };
/// assert!(tape.write(now, &change(Phase::Continuous)).is_ok());
/// assert!(tape.write(now, &change(Phase::Closed)).is_err());
/// assert_eq!(tape.facts(), 2);
/// ```
pub trait TapeSink {
    /// Takes one fact.
    ///
    /// # Errors
    /// A [`SinkError`]; it ends the run, so that no fact is lost.
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError>;

    /// Returns when all facts taken so far are where they are meant to go, for a sink that holds them back.
    ///
    /// # Errors
    /// A [`SinkError`] if they cannot get there.
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Why a sink failed to take a fact: any error, or a sentence.
///
/// Two are equal if their texts are.
#[derive(Debug, Clone, Error)]
#[error(transparent)]
pub struct SinkError(Arc<dyn std::error::Error + Send + Sync>);

impl SinkError {
    /// Wraps the cause.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

impl From<String> for SinkError {
    fn from(sentence: String) -> Self {
        Self::new(sentence)
    }
}

impl PartialEq for SinkError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for SinkError {}

/// The stream of facts of one world.
///
/// The tape keeps nothing: each fact goes into the digest and to the sinks, in order, and those that
/// need the past keep the part they need. So memory does not grow with the length of a run.
#[derive(Default)]
pub struct Tape {
    digest: DigestWriter,
    sequence: u64,
    trades: u64,
    sinks: Vec<Box<dyn TapeSink>>,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape")
            .field("sequence", &self.sequence)
            .field("sinks", &self.sinks.len())
            .finish_non_exhaustive()
    }
}

impl Tape {
    /// Makes an empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sink for all facts from now on.
    pub fn add_sink(&mut self, sink: Box<dyn TapeSink>) {
        self.sinks.push(sink);
    }

    /// Removes all sinks and returns them; dropping a sink ends its work.
    pub fn take_sinks(&mut self) -> Vec<Box<dyn TapeSink>> {
        std::mem::take(&mut self.sinks)
    }

    /// Flushes all sinks: when it returns, none of them holds back a fact.
    ///
    /// # Errors
    /// What the first sink that failed says.
    pub fn flush_sinks(&mut self) -> Result<(), SinkError> {
        self.sinks.iter_mut().try_for_each(|sink| sink.flush())
    }

    /// Writes a fact.
    ///
    /// # Errors
    /// The error of the first sink that failed.
    pub fn write(&mut self, at: SimTime, fact: &Fact) -> Result<(), SinkError> {
        self.digest.absorb(|out| super::encode::encode(at, fact, out));
        let stamped = Stamped { at, sequence: self.sequence, fact };
        self.sequence += 1;
        self.trades += u64::from(matches!(fact, Fact::Traded(_)));
        self.sinks.iter_mut().try_for_each(|sink| sink.take(stamped))
    }

    /// Returns the digest of all facts so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest.digest()
    }

    /// Returns how many facts have been written.
    #[must_use]
    pub const fn facts(&self) -> u64 {
        self.sequence
    }

    /// Returns how many of them were trades.
    #[must_use]
    pub const fn trades(&self) -> u64 {
        self.trades
    }
}
