//! What actors publish about themselves: lines of a log, numbers of series, rows of tables.

use std::sync::Arc;

use super::context::Context;
use crate::market::{Fact, Finite, Row};

impl Context {
    /// Writes a line into the current actor's log.
    pub fn log(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::Logged { actor: self.id(), text: text.into() });
    }

    /// Records the next number of one of the actor's series; one that is not finite leaves a gap.
    ///
    /// Unbounded: the caller must limit how much it records.
    pub fn plot(&mut self, series: impl Into<Arc<str>>, value: f64) {
        let value = Finite::new(value);
        self.publish(Fact::Plotted { actor: self.id(), series: series.into(), value });
    }

    /// Records the next row of one of the actor's tables; rows of one table may have different columns.
    ///
    /// Unbounded: the caller must limit how much it records.
    pub fn record(&mut self, table: impl Into<Arc<str>>, row: impl Into<Row>) {
        self.publish(Fact::Recorded { actor: self.id(), table: table.into(), row: row.into() });
    }

    /// Writes to the tape that the actor has failed; the caller then disconnects and stops.
    pub fn log_failure(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::StrategyFailed { actor: self.id(), text: text.into() });
    }
}
