//! Estimates that people have asked for: rows that workers take, and the workers.
//!
//! `work` has what workers need: a row is leased for a while, and whoever's lease has run out writes nothing.

#[cfg(test)]
mod tests;
pub(in crate::store) mod work;
pub(in crate::store) mod workers;

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::domain::{ClientOrderId, EstimateId, UserId, WallTime};

pub use work::{Claim, Claimed};
pub use workers::{QueueLength, WorkerRow};

statements! {
    // Of several requests of a person one is counted after the other.
    HOLD = "UPDATE users SET role = role WHERE id = $1 AND blocked_at IS NULL";
    COUNTS = "SELECT
            (SELECT COUNT(*) FROM estimates WHERE user_id = $1 AND state IN ('queued', 'running')) AS open,
            (SELECT COUNT(*) FROM estimates WHERE user_id = $1 AND created_at > $2) AS recent";
    ADD = "INSERT INTO estimates (id, user_id, title, model, state, content, paths, progress, attempts, run_at,
            client_id, request_digest, created_at)
        VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, 0, $7, $8, $9, $7)";
    OF_CLIENT = "SELECT id, user_id, title, model, state, paths, progress, attempts, result, failure,
            request_digest, created_at, started_at, ended_at
        FROM estimates WHERE user_id = $1 AND client_id = $2";
    ONE = "SELECT id, user_id, title, model, state, paths, progress, attempts, result, failure, request_digest,
            created_at, started_at, ended_at
        FROM estimates WHERE id = $1 AND user_id = $2";
    OF_USER = "SELECT id, user_id, title, model, state, paths, progress, attempts, NULL AS result, failure,
            request_digest, created_at, started_at, ended_at
        FROM estimates WHERE user_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $3) ORDER BY id DESC LIMIT $4";
    CANCEL = "UPDATE estimates SET state = 'canceled', ended_at = $3, lease_until = NULL
        WHERE id = $1 AND user_id = $2 AND state IN ('queued', 'running')";
    FORGET = "DELETE FROM estimates WHERE ended_at <= $1";
}

/// How far an estimate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EstimateState {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It has a result.
    Done,
    /// Nothing came of it.
    Failed,
    /// Its person does not want it any more.
    Canceled,
}

impl EstimateState {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Canceled];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// An estimate that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEstimate {
    /// Its id.
    pub id: EstimateId,
    /// Who asks.
    pub user: UserId,
    /// What it is of, in words.
    pub title: String,
    /// The word of its model.
    pub model: &'static str,
    /// The job, in JSON.
    pub content: String,
    /// How many paths it has.
    pub paths: u32,
    /// The id that its person gave it.
    pub client: Option<ClientOrderId>,
    /// A digest of what was asked for.
    pub request: [u8; 32],
    /// The moment.
    pub now: WallTime,
}

/// An estimate as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateRow {
    /// Its id.
    pub id: EstimateId,
    /// Whose it is.
    pub user: UserId,
    /// What it is of, in words.
    pub title: String,
    /// The word of its model.
    pub model: String,
    /// How far it is.
    pub state: EstimateState,
    /// How many paths it has.
    pub paths: u32,
    /// How many of them are done.
    pub progress: u32,
    /// How often it was begun.
    pub attempts: u32,
    /// The outcome, in JSON; absent in lists.
    pub result: Option<String>,
    /// Why nothing came of it, or of the last attempt.
    pub failure: Option<String>,
    /// A digest of what was asked for.
    pub request: Vec<u8>,
    /// When it was asked for.
    pub created_at: WallTime,
    /// When it was begun last.
    pub started_at: Option<WallTime>,
    /// When it ended.
    pub ended_at: Option<WallTime>,
}

/// How much of this a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimateLimits {
    /// How many may wait or run.
    pub open: u32,
    /// How many may be asked for since [`EstimateLimits::since`].
    pub recent: u32,
    /// From when on they are counted.
    pub since: WallTime,
}

/// Whether an estimate was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddEstimateOutcome {
    /// It was.
    Added,
    /// One was asked for under its id already.
    Known(Box<EstimateRow>),
    /// Too many are open.
    TooManyOpen,
    /// Too many were asked for.
    TooManyRecent,
    /// Nothing is done for people who are shut out.
    Blocked,
}

impl Database {
    /// Adds an estimate, unless its person has too many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_estimate(
        &self,
        new: &NewEstimate,
        limits: EstimateLimits,
    ) -> Result<AddEstimateOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(HOLD, args![new.user]).await? != 1 {
            return Ok(AddEstimateOutcome::Blocked);
        }
        if let Some(client) = &new.client
            && let Some(row) = transaction.row(OF_CLIENT, args![new.user, client.as_str()]).await?
        {
            return Ok(AddEstimateOutcome::Known(Box::new(of_row(&row)?)));
        }
        let (open, recent) = counts(&mut transaction, new.user, limits.since).await?;
        if open >= i64::from(limits.open) {
            return Ok(AddEstimateOutcome::TooManyOpen);
        }
        if recent >= i64::from(limits.recent) {
            return Ok(AddEstimateOutcome::TooManyRecent);
        }
        let client = new.client.as_ref().map(|client| client.as_str().to_owned());
        let arguments = args![
            new.id,
            new.user,
            new.title.as_str(),
            new.model,
            new.content.as_str(),
            new.paths,
            new.now,
            client,
            new.request,
        ];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddEstimateOutcome::Added)
    }

    /// Returns the estimates of a person, the newest first, up to so many, those before one if that is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn estimates(
        &self,
        user: UserId,
        before: Option<EstimateId>,
        most: u32,
    ) -> Result<Vec<EstimateRow>, StoreError> {
        let is_named = before.map(|id| id.to_string());
        let rows = self.rows(OF_USER, args![user, is_named, before, most]).await?;
        rows.iter().map(of_row).collect()
    }

    /// Returns an estimate of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn estimate(&self, user: UserId, id: EstimateId) -> Result<Option<EstimateRow>, StoreError> {
        self.row(ONE, args![id, user]).await?.as_ref().map(of_row).transpose()
    }

    /// Cancels an estimate of a person that has not ended; whoever is at it notices with its next renewal.
    /// Returns the estimate as it is then, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_estimate(
        &self,
        user: UserId,
        id: EstimateId,
        now: WallTime,
    ) -> Result<Option<EstimateRow>, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute(CANCEL, args![id, user, now]).await?;
        let row = transaction.row(ONE, args![id, user]).await?.as_ref().map(of_row).transpose()?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Deletes what ended until a time; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_estimates(&self, until: WallTime) -> Result<u64, StoreError> {
        self.execute(FORGET, args![until]).await
    }
}

async fn counts(
    transaction: &mut Transaction,
    user: UserId,
    since: WallTime,
) -> Result<(i64, i64), StoreError> {
    let Some(row) = transaction.row(COUNTS, args![user, since]).await? else { return Ok((0, 0)) };
    Ok((row.get("open")?, row.get("recent")?))
}

fn of_row(row: &Row) -> Result<EstimateRow, StoreError> {
    let number = |column| row.read(column, |number: i64| u32::try_from(number).ok());
    let time = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    Ok(EstimateRow {
        id: EstimateId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        title: row.get("title")?,
        model: row.get("model")?,
        state: row.read("state", |word: String| EstimateState::of_name(&word))?,
        paths: number("paths")?,
        progress: number("progress")?,
        attempts: number("attempts")?,
        result: row.get("result")?,
        failure: row.get("failure")?,
        request: row.get("request_digest")?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        started_at: time("started_at")?,
        ended_at: time("ended_at")?,
    })
}
