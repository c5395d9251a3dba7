//! [`Finished`], [`RunResult`] and [`RunOutcome`]: what a run gave.

use std::path::PathBuf;
use std::time::Duration;

use super::error::RunError;
use super::progress::RunEvent;
use crate::analysis::{RunData, Summary};
use crate::record::Manifest;
use bearpit_core::units::Seed;

/// A finished run, with its series in memory.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What ran, and each account at the end.
    pub manifest: Manifest,
    /// All metrics of accounts and markets.
    pub summary: Summary,
    /// The series that a report shows: equity, prices, fills, round trips, logs.
    pub data: RunData,
    /// Where the files are, if the run had an [`OutputConfig`](super::OutputConfig).
    pub directory: Option<PathBuf>,
    /// Where the run's report is, if one was written.
    pub report: Option<PathBuf>,
}

/// A finished run without its series, small enough to keep for thousands of runs.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// What ran, and each account at the end.
    pub manifest: Manifest,
    /// All metrics of accounts and markets.
    pub summary: Summary,
    /// Where the files are, if the run had an [`OutputConfig`](super::OutputConfig).
    pub directory: Option<PathBuf>,
    /// Where the run's report is, if one was written.
    pub report: Option<PathBuf>,
}

impl From<Finished> for RunResult {
    fn from(Finished { manifest, summary, directory, report, .. }: Finished) -> Self {
        Self { manifest, summary, directory, report }
    }
}

/// How one run of a pool ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// How long it took on the wall clock.
    pub wall: Duration,
    /// Its result, or why there is none.
    pub result: Result<Box<RunResult>, RunError>,
}

impl RunOutcome {
    /// Returns the last event that the run reported.
    #[must_use]
    pub fn event(&self) -> RunEvent {
        let finished = |result: &RunResult| (result.manifest.events, result.manifest.trades);
        ended(self.result.as_deref().map(finished), self.wall)
    }
}

/// Returns the last event of a run: with its numbers of events and trades, or the error.
pub(super) fn ended(result: Result<(u64, u64), &RunError>, wall: Duration) -> RunEvent {
    match result {
        Ok((events, trades)) => RunEvent::Finished { events, trades, wall },
        Err(RunError::Interrupted) => RunEvent::Interrupted { wall },
        Err(error) => RunEvent::Failed { error: super::error::chain(error), wall },
    }
}
