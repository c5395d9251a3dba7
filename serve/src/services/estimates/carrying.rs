//! [`carried_out`]: an estimate carried out on a thread of this process.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32};

use tokio::task::JoinError;

use crate::estimates::{Control, EstimateError, Job, Outcome, run};

/// An estimate that is carried out.
#[derive(Debug, Default)]
pub(super) struct Underway {
    /// How many paths are done.
    pub(super) done: AtomicU32,
    /// Whether nobody wants it any more.
    pub(super) is_canceled: AtomicBool,
}

/// Why nothing came of an estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It was stopped on the way.
    Stopped,
    /// Another attempt would fail, too.
    Final(String),
    /// Another attempt may succeed.
    Passing(String),
}

impl From<EstimateError> for Failure {
    fn from(error: EstimateError) -> Self {
        match error {
            EstimateError::Canceled => Self::Stopped,
            error if error.is_final() => Self::Final(error.to_string()),
            error => Self::Passing(error.to_string()),
        }
    }
}

/// Carries an estimate out on this thread.
pub(super) fn carried_out(content: &str, base: &Path, underway: &Underway) -> Result<Outcome, Failure> {
    let job: Job = serde_json::from_str(content)
        .map_err(|error| Failure::Final(format!("the job cannot be read: {error}")))?;
    let Underway { done, is_canceled } = underway;
    Ok(run(&job, base, &Control { threads: 1, done, is_canceled })?)
}

/// It has failed in a way that nobody foresaw.
pub(super) fn broken(error: &JoinError) -> Failure {
    Failure::Passing(format!("a fault of the worker: {error}"))
}
