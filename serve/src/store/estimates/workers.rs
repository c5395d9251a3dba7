//! The workers: who is there, and what waits for them.

use crate::domain::{WallTime, WorkerId};
use crate::store::database::{Database, StoreError, args, statements};

statements! {
    SEEN = "INSERT INTO estimate_workers (id, name, since, seen_at, running, ended)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, running = excluded.running,
            ended = excluded.ended";
    WORKERS = "SELECT id, name, since, seen_at, running, ended FROM estimate_workers WHERE seen_at > $1
        ORDER BY since, id LIMIT 1000";
    GONE = "DELETE FROM estimate_workers WHERE id = $1 OR seen_at <= $2";
    LENGTH = "SELECT
            (SELECT COUNT(*) FROM estimates WHERE state = 'queued') AS queued,
            (SELECT COUNT(*) FROM estimates WHERE state = 'running') AS running";
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its id.
    pub id: WorkerId,
    /// What it is called, for people.
    pub name: String,
    /// Since when it is there.
    pub since: WallTime,
    /// When it was heard of last.
    pub seen_at: WallTime,
    /// How many estimates it works at.
    pub running: u32,
    /// How many it has brought to an end.
    pub ended: u32,
}

/// What waits and what is worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueLength {
    /// How many wait.
    pub queued: i64,
    /// How many are worked at.
    pub running: i64,
}

impl Database {
    /// Writes that a worker is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn worker_seen(&self, worker: &WorkerRow) -> Result<(), StoreError> {
        let WorkerRow { id, name, since, seen_at, running, ended } = worker;
        let arguments = args![*id, name.as_str(), *since, *seen_at, *running, *ended];
        self.execute(SEEN, arguments).await.map(drop)
    }

    /// Returns the workers that were heard of since a time, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn workers(&self, since: WallTime) -> Result<Vec<WorkerRow>, StoreError> {
        let rows = self.rows(WORKERS, args![since]).await?;
        let worker = |row: &crate::store::database::Row| {
            let number = |column| row.read(column, |number: i64| u32::try_from(number).ok());
            Ok(WorkerRow {
                id: WorkerId::new(row.get("id")?),
                name: row.get("name")?,
                since: WallTime::from_nanos(row.get("since")?),
                seen_at: WallTime::from_nanos(row.get("seen_at")?),
                running: number("running")?,
                ended: number("ended")?,
            })
        };
        rows.iter().map(worker).collect()
    }

    /// Forgets a worker that ends, and those that were heard of last by a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn worker_gone(&self, id: WorkerId, until: WallTime) -> Result<(), StoreError> {
        self.execute(GONE, args![id, until]).await.map(drop)
    }

    /// Returns what waits and what is worked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn estimate_queue(&self) -> Result<QueueLength, StoreError> {
        let Some(row) = self.row(LENGTH, args![]).await? else { return Ok(QueueLength::default()) };
        Ok(QueueLength { queued: row.get("queued")?, running: row.get("running")? })
    }
}
