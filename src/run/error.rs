//! [`RunError`]: why a run gave no result, and [`chain`]: an error with its causes as text.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use thiserror::Error;

use super::source::SourceError;
use crate::analysis::ImpossibleFill;
use crate::record::{DirectoryError, RecordError};
use crate::report::ReportError;
use bearpit_core::exchange::{BuildError, MarketError};

/// Why a run gave no result. It left no files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A [`CancelToken`](super::CancelToken) asked it to stop.
    #[error("interrupted")]
    Interrupted,
    /// It took longer than it may.
    #[error("it took longer than {} s, and was stopped", .0.as_secs_f64())]
    WallTime(Duration),
    /// The output directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The market cannot be built; a scenario that was loaded from a file never causes this.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The market stopped early, or money or shares were not conserved.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// What drives the market cannot go on, or the market is not what it knows of it.
    #[error("the day cannot be made again from what came into its market")]
    Source(#[source] SourceError),
    /// The tables cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Orders were open after the close, which is a bug in Bearpit.
    #[error("{count} orders were still open when the market had closed")]
    OpenOrders {
        /// How many.
        count: usize,
    },
    /// The results cannot be analyzed.
    #[error(transparent)]
    Analysis(#[from] ImpossibleFill),
    /// The summary cannot be written as JSON.
    #[error("the summary cannot be written as JSON")]
    Summary(#[from] serde_json::Error),
    /// The report cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The run panicked, which is a bug in Bearpit.
    #[error("the run panicked, which is a bug in bearpit; please report it with the scenario")]
    Panicked,
    /// The thread of the run is gone.
    #[error("the thread of the run is gone")]
    Lost,
}

impl RunError {
    /// Returns whether the run was stopped on request, and did not fail.
    #[must_use]
    pub const fn is_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted)
    }
}

/// Why a pool of runs gave no outcomes.
#[derive(Debug, Error)]
pub enum PoolError {
    /// Its thread cannot be started.
    #[error("the thread of the pool cannot be started")]
    Start(#[source] io::Error),
    /// It ended without outcomes, which is a bug in Bearpit.
    #[error("the pool ended without outcomes")]
    Ended,
}

/// Returns an error with its causes as one line: `the page cannot be written: permission denied`.
///
/// A cause that its error's own text already ends with is not repeated.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_their_error_once() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(
            chain(&PoolError::Start(denied())),
            "the thread of the pool cannot be started: permission denied"
        );
        #[derive(Debug, Error)]
        #[error("a.csv: {0}")]
        struct Repeats(#[source] io::Error);
        assert_eq!(chain(&Repeats(denied())), "a.csv: permission denied");
    }
}
