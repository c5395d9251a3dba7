//! [`Processing`]: commands that wait at a venue while it is busy with those before them.

use std::collections::VecDeque;

use crate::market::SentCommand;
use crate::units::{SimDuration, SimTime};

/// The queue of a venue that takes its time over each command, one after another.
#[derive(Debug)]
pub(super) struct Processing {
    /// How long a command takes.
    time: SimDuration,
    /// When the last of those that wait is done.
    busy_until: SimTime,
    waiting: VecDeque<SentCommand>,
}

impl Processing {
    /// Begins without a command.
    pub(super) const fn new(time: SimDuration) -> Self {
        Self { time, busy_until: SimTime::from_nanos(i64::MIN), waiting: VecDeque::new() }
    }

    /// Returns whether commands wait at all.
    pub(super) fn takes_time(&self) -> bool {
        self.time > SimDuration::ZERO
    }

    /// Has a command wait that arrives now, and returns when the venue is done with it.
    pub(super) fn enter(&mut self, now: SimTime, sent: SentCommand) -> SimTime {
        self.busy_until = self.busy_until.max(now).saturating_add(self.time);
        self.waiting.push_back(sent);
        self.busy_until
    }

    /// Returns the command that has waited longest.
    pub(super) fn next(&mut self) -> Option<SentCommand> {
        self.waiting.pop_front()
    }
}
