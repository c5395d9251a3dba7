//! What actors tell about themselves: lines of a log, numbers of series, rows of tables.

use std::sync::Arc;

use super::context::Context;
use crate::market::{Fact, Finite, Row};

impl Context {
    /// Writes a line into one's log.
    pub fn log(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::Logged { actor: self.id(), text: text.into() });
    }

    /// Gives the next number of a series of one's own; one that is not finite leaves a gap.
    ///
    /// Nothing bounds how much a run records but who calls this.
    pub fn plot(&mut self, series: impl Into<Arc<str>>, value: f64) {
        let value = Finite::new(value);
        self.publish(Fact::Plotted { actor: self.id(), series: series.into(), value });
    }

    /// Gives the next row of a table of one's own; rows of one table may have unlike columns.
    ///
    /// Nothing bounds how much a run records but who calls this.
    pub fn record(&mut self, table: impl Into<Arc<str>>, row: impl Into<Row>) {
        self.publish(Fact::Recorded { actor: self.id(), table: table.into(), row: row.into() });
    }

    /// Says on the tape that one has failed; the caller then disconnects and stops.
    pub fn log_failure(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::StrategyFailed { actor: self.id(), text: text.into() });
    }
}
