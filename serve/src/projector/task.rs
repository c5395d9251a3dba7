//! [`Projector`]: brings what the spool has to the database, and what it has lost from the journal.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::catch_up::{CatchUpError, Journal, Until};
use super::metrics::ProjectorMetrics;
use super::sink::{CHANGES_MAX, LiveTerms, ProjectionSink};
use crate::store::database::{Database, StoreError};
use crate::store::projection::{Batch, Fit, Position, Projection};
use crate::store::spool::{Spool, SpoolSize};

/// How long to wait for a database that is away, at first and at most.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(10);
/// For how long batches come together before they are written as one: SQLite syncs its file after each.
const GATHER: Duration = Duration::from_millis(50);
/// How often a gap is filled before it is left.
const ATTEMPTS: u32 = 4;
/// How often it is looked for news if none are announced.
const LOOK: Duration = Duration::from_secs(1);

/// What a projector works with.
#[derive(Debug, Clone)]
pub struct ProjectorConfig {
    /// The journal.
    pub journal: Journal,
    /// The directory of the spool.
    pub spool: PathBuf,
    /// How large the spool may become.
    pub size: SpoolSize,
    /// How the market is live.
    pub live: LiveTerms,
    /// What is measured.
    pub metrics: ProjectorMetrics,
}

/// Brings the market's tape to the database, and goes on for as long as the market's thread has the sink.
#[derive(Debug)]
pub struct Projector {
    projection: Projection,
    journal: Journal,
    spool: Arc<Spool>,
    news: Arc<Notify>,
    /// Whether the market has ended, and all that it has shown is in the spool.
    is_over: Arc<AtomicBool>,
    shown: Arc<AtomicU64>,
    metrics: ProjectorMetrics,
    /// A batch that was read and not applied.
    held: Option<Batch>,
    /// Whether the database was found to be of another journal.
    is_foreign: bool,
}

impl Projector {
    /// Opens the spool, and returns the projector with the sink that is to be given to the driver.
    ///
    /// # Errors
    /// What the system says of the spool, or if it has no thread.
    pub fn new(database: Database, config: ProjectorConfig) -> io::Result<(Self, ProjectionSink)> {
        let ProjectorConfig { journal, spool, size, live, metrics } = config;
        let spool = Arc::new(Spool::open(&spool, size)?);
        let news = Arc::new(Notify::new());
        let is_over = Arc::new(AtomicBool::new(false));
        let (of_thread, wake, over) = (Arc::clone(&spool), Arc::clone(&news), Arc::clone(&is_over));
        let sink = ProjectionSink::start(live, of_thread, wake, over, metrics.clone())?;
        let shown = sink.shown();
        let projection = Projection::new(database);
        let (held, is_foreign) = (None, false);
        Ok((Self { projection, journal, spool, news, is_over, shown, metrics, held, is_foreign }, sink))
    }

    /// Works until the sink is gone, and all that it was shown is in the database. It can be dropped before:
    /// what is not in the database then is in spool and journal.
    pub async fn run(mut self) {
        loop {
            let is_over = self.is_over.load(Ordering::Acquire);
            self.drain().await;
            if is_over {
                return;
            }
            // Without news something may have been announced while it was not waited for.
            timeout(LOOK, self.news.notified()).await.unwrap_or_default();
            sleep(GATHER).await;
        }
    }

    /// Brings all that the spool has to the database; waits for it while it is away.
    pub async fn drain(&mut self) {
        while let Some(batch) = self.next_batch() {
            self.apply(batch).await;
            if self.held.is_none()
                && let Err(error) = self.spool.forget_read()
            {
                self.failed("the spool's files cannot be deleted", &error);
            }
            self.metrics.spool.set(i64::try_from(self.spool.bytes()).unwrap_or(i64::MAX));
        }
    }

    /// Returns where the database stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn position(&mut self) -> Result<Position, StoreError> {
        self.projection.position().await
    }

    /// Reads batches that follow one another, as one. What cannot be joined is held for the next.
    fn next_batch(&mut self) -> Option<Batch> {
        let mut batch = match self.held.take() {
            Some(held) => held,
            None => self.read()?,
        };
        while batch.changes.len() < CHANGES_MAX
            && let Some(next) = self.read()
        {
            if let Err(other) = batch.join(next) {
                self.held = Some(*other);
                break;
            }
        }
        Some(batch)
    }

    fn read(&self) -> Option<Batch> {
        loop {
            let bytes = match self.spool.next() {
                Ok(bytes) => bytes?,
                Err(error) => {
                    self.failed("the spool cannot be read", &error);
                    return None;
                }
            };
            // What another version wrote is made again from the journal, or by that version.
            match postcard::from_bytes(&bytes) {
                Ok(batch) => return Some(batch),
                Err(error) => self.failed("the spool has a batch of another version", &error),
            }
        }
    }

    async fn apply(&mut self, batch: Batch) {
        let mut position = self.stands().await;
        if self.lacks_ledger(position, &batch).await {
            let segment = batch.segment;
            tracing::info!(segment, "the ledger begins with this segment, which is written anew");
            self.forget(segment).await;
            position = self.stands().await;
        }
        match position.fit(&batch) {
            Fit::Known => self.check_journal(position, &batch),
            Fit::Next => self.write(&batch).await,
            Fit::Segment if !self.has_between(position, &batch) => self.write(&batch).await,
            Fit::Segment | Fit::Gap => self.fill_and_write(&batch).await,
            Fit::Ahead => {
                tracing::warn!(
                    segment = batch.segment,
                    "the database has what the journal has lost: it is dropped"
                );
                self.forget(batch.segment).await;
                self.fill_and_write(&batch).await;
            }
        }
    }

    /// Returns whether a segment is shown from its beginning of which the database has a part, without what
    /// it moves: an earlier version has written that.
    async fn lacks_ledger(&mut self, position: Position, batch: &Batch) -> bool {
        let is_of_same = position.segment == batch.segment && position.voids == batch.voids;
        if !is_of_same || position.is_ended || !batch.begins_ledger() {
            return false;
        }
        let mut wait = WAIT_MIN;
        loop {
            match self.projection.has_ledger_of(batch.segment).await {
                Ok(has_ledger) => return !has_ledger,
                Err(error) => self.wait(&mut wait, &error).await,
            }
        }
    }

    /// Brings what is missing before a batch, then the batch.
    async fn fill_and_write(&mut self, batch: &Batch) {
        for attempt in 0..ATTEMPTS {
            let position = self.stands().await;
            match position.fit(batch) {
                Fit::Gap => {}
                Fit::Segment if attempt == 0 && self.has_between(position, batch) => {}
                _ => return self.write(batch).await,
            }
            if attempt > 0 {
                // With relaxed durability what was shown comes to the journal's file a little later.
                sleep(LOOK).await;
            }
            if let Err(error) = self.fill_gap(position, batch).await {
                self.failed("a part of the tape cannot be rebuilt from the journal", &error);
                break;
            }
        }
        if self.stands().await.fit(batch) == Fit::Gap {
            self.metrics.failures.inc();
            let (segment, before) = (batch.segment, batch.from);
            tracing::error!(segment, before, "a part of the tape is missing in the database from now on");
        }
        self.write(batch).await;
    }

    async fn forget(&mut self, segment: u64) {
        let mut wait = WAIT_MIN;
        while let Err(error) = self.projection.forget_from(segment).await {
            self.wait(&mut wait, &error).await;
        }
    }

    /// Returns where the database stands, once it says so.
    async fn stands(&mut self) -> Position {
        let mut wait = WAIT_MIN;
        loop {
            match self.projection.position().await {
                Ok(position) => return position,
                Err(error) => self.wait(&mut wait, &error).await,
            }
        }
    }

    /// Returns whether the journal has a segment between that of a position and that of a batch.
    fn has_between(&self, position: Position, batch: &Batch) -> bool {
        self.journal.has_between(position.segment, batch.segment).unwrap_or_else(|error| {
            self.failed("the journal cannot be listed", &error);
            true
        })
    }

    /// Says it loudly if the database is of another journal: then nothing that happens here comes to it.
    fn check_journal(&mut self, position: Position, batch: &Batch) {
        let is_ahead = position.segment > batch.segment;
        if is_ahead && !self.is_foreign && self.journal.has_since(position.segment).is_ok_and(|has| !has) {
            self.is_foreign = true;
            let (database, journal) = (position.segment, batch.segment);
            self.metrics.failures.inc();
            tracing::error!(
                database,
                journal,
                "the database has later segments than the journal: it is another market's, or the journal was deleted; `bearpit-serve rebuild` begins anew"
            );
        }
    }

    /// Writes a batch, and tries again for as long as the database is away.
    async fn write(&mut self, batch: &Batch) {
        let mut wait = WAIT_MIN;
        loop {
            match self.projection.apply(batch).await {
                Ok(rows) => {
                    self.metrics.rows.inc_by(rows);
                    self.say_lag(batch.to);
                    return;
                }
                Err(error) => self.wait(&mut wait, &error).await,
            }
        }
    }

    async fn wait(&self, wait: &mut Duration, error: &StoreError) {
        self.metrics.failures.inc();
        self.metrics.spool.set(i64::try_from(self.spool.bytes()).unwrap_or(i64::MAX));
        if error.is_away() {
            tracing::warn!(%error, wait = ?*wait, "what happened cannot be written to the database yet");
        } else {
            tracing::error!(%error, wait = ?*wait, "what happened cannot be written to the database; if it stays so, that is of another journal, or damaged: `bearpit-serve rebuild`");
        }
        sleep(*wait).await;
        *wait = (*wait * 2).min(WAIT_MAX);
    }

    /// Brings what is missing before a batch from the journal.
    async fn fill_gap(&mut self, position: Position, batch: &Batch) -> Result<(), CatchUpError> {
        let until = Until { segment: batch.segment, sequence: batch.from };
        tracing::info!(
            segment = position.segment, sequence = position.sequence, until = ?until,
            "what the spool has not is rebuilt from the journal"
        );
        self.metrics.rebuilt.inc();
        let mut making = Making::start(self.journal.clone(), position, until);
        while let Some(batch) = making.batches.recv().await {
            self.write(&batch).await;
        }
        making.end().await
    }

    fn say_lag(&self, applied: u64) {
        let shown = self.shown.load(Ordering::Relaxed);
        self.metrics.lag.set(i64::try_from(shown.saturating_sub(applied)).unwrap_or(i64::MAX));
    }

    fn failed(&self, what: &str, error: &dyn std::error::Error) {
        self.metrics.failures.inc();
        tracing::error!(%error, "{what}");
    }
}

/// How many batches wait between the journal and the database.
const IN_FLIGHT: usize = 4;

/// Batches that are made from a journal on a thread of their own.
struct Making {
    batches: mpsc::Receiver<Batch>,
    thread: JoinHandle<Result<(), CatchUpError>>,
}

impl Making {
    fn start(journal: Journal, from: Position, until: Until) -> Self {
        let (sender, batches) = mpsc::channel::<Batch>(IN_FLIGHT);
        let make = move || {
            journal.batches(from, until, &mut |batch| match sender.blocking_send(batch) {
                Ok(()) => ControlFlow::Continue(()),
                // Whoever wanted them has gone.
                Err(_) => ControlFlow::Break(()),
            })
        };
        Self { batches, thread: tokio::task::spawn_blocking(make) }
    }

    /// Returns how it ended, once there are no more batches.
    async fn end(self) -> Result<(), CatchUpError> {
        self.thread.await.unwrap_or(Err(CatchUpError::Panicked))
    }
}

/// Why the projection cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] CatchUpError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many rows were written or changed.
    pub rows: u64,
    /// Where the database stands.
    pub position: Position,
}

/// Drops what the segments of a journal have brought to the database, and makes it again from all that are
/// kept. What older days have left stays. The market must not run.
///
/// # Errors
/// [`RebuildError`]: the same can be done again.
pub async fn rebuild(database: Database, journal: Journal) -> Result<Rebuilt, RebuildError> {
    let mut projection = Projection::new(database);
    let first = journal.first()?.unwrap_or(1);
    projection.forget_from(first).await?;
    let from = projection.position().await?;
    let mut rows = 0;
    let mut making = Making::start(journal, from, Until::END);
    while let Some(batch) = making.batches.recv().await {
        rows += projection.apply(&batch).await?;
    }
    making.end().await?;
    Ok(Rebuilt { rows, position: projection.position().await? })
}
