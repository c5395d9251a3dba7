//! [`Output`]: what a live market shows, and the queue in which it waits to be durable.

use std::collections::VecDeque;

use bearpit_core::market::Fact;
use bearpit_core::participant::Answer;
use bearpit_core::units::SimTime;

/// Something that follows from the journal, to be shown to those whom it concerns.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The answer to a request.
    Answer(Answer),
    /// A fact.
    Fact {
        /// Its number on the tape, from zero.
        sequence: u64,
        /// When it happened.
        at: SimTime,
        /// What happened.
        fact: Fact,
    },
}

/// Outputs in order, each with the place up to which the journal must be synced before it is shown.
#[derive(Debug, Default)]
pub(super) struct Held(VecDeque<(u64, Output)>);

impl Held {
    /// Adds outputs that may be shown once the journal is synced up to `place`.
    pub(super) fn push(&mut self, place: u64, outputs: impl Iterator<Item = Output>) {
        self.0.extend(outputs.map(|output| (place, output)));
    }

    /// Takes the next output, if the journal is synced far enough.
    pub(super) fn next(&mut self, is_synced: impl Fn(u64) -> bool) -> Option<Output> {
        let (place, _) = self.0.front()?;
        if is_synced(*place) { self.0.pop_front().map(|(_, output)| output) } else { None }
    }

    /// Returns how many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
