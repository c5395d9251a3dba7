//! Estimates as the outside sees them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{EstimateId, WallTime, WorkerId};
use crate::estimates::Outcome;
use crate::store::estimates::{EstimateRow, EstimateState, WorkerRow};

/// How far an estimate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EstimateStateName {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It has a result.
    Done,
    /// Nothing came of it; `failure` says why.
    Failed,
    /// It was canceled.
    Canceled,
}

/// How many paths are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProgressView {
    /// How many are done.
    pub done: u32,
    /// How many there are.
    pub of: u32,
}

/// An estimate.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EstimateView {
    /// Its id.
    pub estimate_id: EstimateId,
    /// What it is of.
    #[schema(example = "10 ALFA after 1h")]
    pub title: String,
    /// What moves prices: `process` or `world`.
    pub model: String,
    /// How far it is.
    pub state: EstimateStateName,
    /// How many paths are done.
    pub progress: ProgressView,
    /// How often a worker has begun it.
    pub attempts: u32,
    /// What came of it; absent in lists.
    pub result: Option<Outcome>,
    /// Why nothing came of it, or of the last attempt.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it was begun last.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
}

/// Estimates.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EstimatesView {
    /// One's own, the newest first.
    pub estimates: Vec<EstimateView>,
    /// What to send as `cursor` for the next page, if there is one.
    pub next: Option<String>,
}

/// Who makes estimates, and what waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeartbeatView {
    /// The moment.
    pub at: String,
    /// How many estimates wait.
    pub queued: i64,
    /// How many are worked at.
    pub running: i64,
    /// The workers that were heard of within half a minute.
    pub workers: Vec<WorkerView>,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkerView {
    /// Its id, which is another one after each start.
    pub worker_id: WorkerId,
    /// Its name.
    pub name: String,
    /// Since when it is there.
    pub since: String,
    /// When it was heard of last.
    pub seen_at: String,
    /// How many estimates it works at.
    pub running: u32,
    /// How many it has brought to an end.
    pub ended: u32,
}

impl From<WorkerRow> for WorkerView {
    fn from(row: WorkerRow) -> Self {
        let WorkerRow { id, name, since, seen_at, running, ended } = row;
        let (since, seen_at) = (since.to_string(), seen_at.to_string());
        Self { worker_id: id, name, since, seen_at, running, ended }
    }
}

/// Writes an estimate.
pub(super) fn view(row: EstimateRow) -> EstimateView {
    let state = match row.state {
        EstimateState::Queued => EstimateStateName::Queued,
        EstimateState::Running => EstimateStateName::Running,
        EstimateState::Done => EstimateStateName::Done,
        EstimateState::Failed => EstimateStateName::Failed,
        EstimateState::Canceled => EstimateStateName::Canceled,
    };
    let time = |at: Option<WallTime>| at.map(|at| at.to_string());
    EstimateView {
        estimate_id: row.id,
        title: row.title,
        model: row.model,
        state,
        progress: ProgressView { done: row.progress, of: row.paths },
        attempts: row.attempts,
        result: row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        failure: row.failure,
        created_at: row.created_at.to_string(),
        started_at: time(row.started_at),
        ended_at: time(row.ended_at),
    }
}
