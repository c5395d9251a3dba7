//! The work: a worker takes an estimate for a while, renews that, and writes what came of it.

use std::time::Duration;

use crate::domain::{EstimateId, WallTime, WorkerId};
use crate::store::database::{Database, StoreError, args, statements};

statements! {
    // Of several workers that see a row one has it: the outer condition is looked at again once it is locked.
    CLAIM = "UPDATE estimates SET state = 'running', worker = $1, attempts = attempts + 1, lease_until = $3,
            started_at = $2, progress = 0
        WHERE id = (SELECT id FROM estimates
                WHERE (state = 'queued' AND run_at <= $2) OR (state = 'running' AND lease_until <= $2)
                ORDER BY run_at, id LIMIT 1)
            AND ((state = 'queued' AND run_at <= $2) OR (state = 'running' AND lease_until <= $2))
        RETURNING id, attempts, content",
        postgres: "UPDATE estimates SET state = 'running', worker = $1, attempts = attempts + 1,
            lease_until = $3, started_at = $2, progress = 0
        WHERE id = (SELECT id FROM estimates
                WHERE (state = 'queued' AND run_at <= $2) OR (state = 'running' AND lease_until <= $2)
                ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, attempts, content";
    // Workers that end while they are at it are as likely its fault as theirs.
    GIVE_UP = "UPDATE estimates SET state = 'failed', ended_at = $1, lease_until = NULL, failure = $3
        WHERE state = 'running' AND lease_until <= $1 AND attempts >= $2";
    RENEW = "UPDATE estimates SET lease_until = $4, progress = $5
        WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running'";
    FINISH = "UPDATE estimates SET state = 'done', ended_at = $4, lease_until = NULL, progress = paths,
            result = $5, failure = NULL
        WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running'";
    FAIL = "UPDATE estimates SET state = 'failed', ended_at = $4, lease_until = NULL, failure = $5
        WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running'";
    AGAIN = "UPDATE estimates SET state = 'queued', run_at = $4, worker = NULL, lease_until = NULL, failure = $5
        WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running'";
    GIVE_BACK = "UPDATE estimates SET state = 'queued', worker = NULL, lease_until = NULL,
            attempts = attempts - 1
        WHERE id = $1 AND worker = $2 AND attempts = $3 AND state = 'running'";
}

/// The right to work at an estimate: of whom, and the how manieth time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The estimate.
    pub id: EstimateId,
    /// Who works at it.
    pub worker: WorkerId,
    /// The how manieth attempt it is.
    pub attempt: u32,
}

/// An estimate that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to it.
    pub claim: Claim,
    /// The job, in JSON.
    pub content: String,
}

impl Database {
    /// Takes the estimate that has waited longest, or one whose worker has not been heard of, for a while.
    /// One that was begun `attempts_max` times is given up first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_estimate(
        &self,
        worker: WorkerId,
        attempts_max: u32,
        (now, lease): (WallTime, Duration),
    ) -> Result<Option<Claimed>, StoreError> {
        let mut transaction = self.begin().await?;
        let why = format!("{attempts_max} workers have ended while they were at it");
        transaction.execute(GIVE_UP, args![now, attempts_max, why]).await?;
        let row = transaction.row(CLAIM, args![worker, now, now.after(lease)]).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let attempt = row.read("attempts", |number: i64| u32::try_from(number).ok())?;
        let claim = Claim { id: EstimateId::new(row.get("id")?), worker, attempt };
        Ok(Some(Claimed { claim, content: row.get("content")? }))
    }

    /// Keeps an estimate for a while longer, and says how many paths are done. Returns whether it is still
    /// one's own: else it was canceled, or taken by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew_estimate(&self, claim: Claim, until: WallTime, done: u32) -> Result<bool, StoreError> {
        let Claim { id, worker, attempt } = claim;
        Ok(self.execute(RENEW, args![id, worker, attempt, until, done]).await? == 1)
    }

    /// Writes the outcome of an estimate, in JSON. Returns whether it was still one's own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_estimate(
        &self,
        claim: Claim,
        result: &str,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let Claim { id, worker, attempt } = claim;
        Ok(self.execute(FINISH, args![id, worker, attempt, now, result]).await? == 1)
    }

    /// Writes why nothing came of an estimate, which is tried again from a time on if there is one. Returns
    /// whether it was still one's own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_estimate(
        &self,
        claim: Claim,
        failure: &str,
        (now, again): (WallTime, Option<WallTime>),
    ) -> Result<bool, StoreError> {
        let Claim { id, worker, attempt } = claim;
        let statement = if again.is_some() { AGAIN } else { FAIL };
        let at = again.unwrap_or(now);
        Ok(self.execute(statement, args![id, worker, attempt, at, failure]).await? == 1)
    }

    /// Gives an estimate back that is not brought to an end, as if it had not been taken. Returns whether it
    /// was still one's own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back_estimate(&self, claim: Claim) -> Result<bool, StoreError> {
        let Claim { id, worker, attempt } = claim;
        Ok(self.execute(GIVE_BACK, args![id, worker, attempt]).await? == 1)
    }
}
