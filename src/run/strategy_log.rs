//! [`LogLine`]: what strategies log while runs go on.

use std::sync::Arc;

use super::progress::RunId;
use bearpit_core::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit_core::units::SimTime;

/// A line that a strategy has logged, or the error that stopped it.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    /// The run.
    pub run: &'a RunId,
    /// When, in virtual time.
    pub at: SimTime,
    /// The strategy's name.
    pub strategy: &'a str,
    /// The line.
    pub text: &'a str,
}

/// Receives the lines of all runs of a pool, from the runs' threads.
pub trait LogReader: Send + Sync {
    /// Takes a line.
    fn take(&self, line: LogLine<'_>);
}

impl<F: Fn(LogLine<'_>) + Send + Sync> LogReader for F {
    fn take(&self, line: LogLine<'_>) {
        self(line);
    }
}

/// Passes on what strategies of one run log.
pub(super) struct StrategyLog {
    pub(super) run: RunId,
    /// The names of all actors, by their ids.
    pub(super) names: Vec<String>,
    pub(super) reader: Arc<dyn LogReader>,
}

impl TapeSink for StrategyLog {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::Logged { actor, text } | Fact::StrategyFailed { actor, text } = stamped.fact {
            let strategy = self.names.get(actor.index()).map_or("", String::as_str);
            self.reader.take(LogLine { run: &self.run, at: stamped.at, strategy, text });
        }
        Ok(())
    }
}
