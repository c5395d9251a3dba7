//! What actors tell about themselves: lines of a log.

use std::sync::Arc;

use super::Context;
use crate::market::Fact;

impl Context {
    /// Writes a line into one's log.
    pub fn log(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::Logged { actor: self.id(), text: text.into() });
    }

    /// Says on the tape that one has failed; the caller then disconnects and stops.
    pub fn log_failure(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::StrategyFailed { actor: self.id(), text: text.into() });
    }
}
