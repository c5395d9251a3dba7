//! Days that are kept, and their replays: books and trades second by second.

mod journal;
mod making;
mod reading;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bearpit::data::Zone;
use bearpit_core::units::SimTime;
use tokio::sync::{Semaphore, oneshot};

pub(super) use journal::Kept;
pub use reading::ReplayChunks;
pub use views::{DayView, DaysView, ReplayLineKind, ReplayLineView, SegmentView};

use crate::domain::{Problem, ProblemKind};
use crate::driver::{ScenarioSource, Segment};
use journal::Journal;
use making::{MakeError, make};

/// Which part of a day is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayQuery {
    /// The name of the day.
    pub day: String,
    /// The listing, as `ALFA` or `ALFA@PIT`.
    pub symbol: String,
    /// From when on, at the latest: the replay begins with the book of the minute.
    pub from: Option<SimTime>,
    /// Until when, at the earliest: the replay ends with a minute.
    pub to: Option<SimTime>,
}

/// Which part of a segment's replay is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) symbol: &'a str,
    pub(super) venue: &'a str,
    pub(super) from: Option<SimTime>,
    pub(super) to: Option<SimTime>,
}

/// Replays of days that are over, each made once from the journal and kept.
#[derive(Debug)]
pub(super) struct DayArchive {
    source: ScenarioSource,
    journal: Arc<Journal>,
    /// Where replays are kept, each segment in a directory of its own.
    replays: PathBuf,
    /// One replay is made at a time: it takes a processor.
    work: Arc<Semaphore>,
}

/// How long a request waits for a replay to be made.
const PATIENCE: Duration = Duration::from_secs(10);

impl DayArchive {
    pub(super) fn new(source: ScenarioSource, journal: PathBuf, replays: PathBuf) -> Self {
        let journal = Arc::new(Journal::new(journal));
        Self { source, journal, replays, work: Arc::new(Semaphore::new(1)) }
    }

    /// Keeps all replays from being made.
    #[cfg(test)]
    pub(super) async fn hold(&self) -> tokio::sync::OwnedSemaphorePermit {
        Arc::clone(&self.work).acquire_owned().await.unwrap()
    }

    /// Returns the segments that are kept.
    pub(super) async fn kept(&self, is_open: bool) -> Result<Vec<Kept>, Problem> {
        let journal = Arc::clone(&self.journal);
        let listed = tokio::task::spawn_blocking(move || journal.list(is_open)).await;
        listed.map_err(std::io::Error::other).flatten().map_err(|error| {
            tracing::error!(%error, "the journal cannot be listed");
            Problem::new(
                ProblemKind::Internal,
                "journal_unreadable",
                "the days that are kept cannot be listed",
            )
        })
    }

    /// Adds the part of a segment's replay that is asked for, once the replay is made.
    pub(super) async fn part(
        &self,
        chunks: &mut ReplayChunks,
        segment: &Segment,
        zone: &Zone,
        wanted: Part<'_>,
    ) -> Result<(), Problem> {
        let directory = self.made(segment, zone).await?;
        let of = (wanted.symbol.to_owned(), wanted.venue.to_owned());
        let (from, to) = (wanted.from, wanted.to);
        let part = tokio::task::spawn_blocking(move || reading::part(&directory, &of, from, to)).await;
        let part = part.map_err(std::io::Error::other).flatten();
        chunks.extend(part.map_err(|error| failed(&MakeError::Io(error)))?);
        Ok(())
    }

    /// Returns the directory of a segment's replay, once that is made.
    async fn made(&self, segment: &Segment, zone: &Zone) -> Result<PathBuf, Problem> {
        let stem = segment.path.file_stem().unwrap_or_default();
        let directory = self.replays.join(stem);
        if directory.exists() {
            return Ok(directory);
        }
        let busy = |code, message| {
            Problem::new(ProblemKind::Unavailable, code, message).retry_after(Duration::from_secs(5))
        };
        let permit = Arc::clone(&self.work).try_acquire_owned();
        let permit = permit.map_err(|_| busy("replay_busy", "another replay is being made"))?;
        let (source, segment, zone) = (self.source.clone(), segment.clone(), zone.clone());
        let (replays, journal) = (self.replays.clone(), Arc::clone(&self.journal));
        let (done, is_done) = oneshot::channel();
        let into = directory.clone();
        // A thread of its own, so that a process that stops need not wait for it.
        let work = move || {
            let made = make(&source, &segment, &zone, &into);
            forget(&replays, &journal);
            drop(permit);
            // Whoever asked may have gone; the replay is there for the next.
            done.send(made).ok();
        };
        let thread = std::thread::Builder::new().name("replay".to_owned()).spawn(work);
        thread.map_err(|error| failed(&MakeError::Io(error)))?;
        match tokio::time::timeout(PATIENCE, is_done).await {
            Ok(Ok(Ok(()))) => Ok(directory),
            Ok(Ok(Err(error))) => Err(failed(&error)),
            // It panicked, which was printed.
            Ok(Err(_)) => Err(failed(&MakeError::Panicked)),
            Err(_) => Err(busy("replay_being_made", "the replay of this day is being made")),
        }
    }
}

/// Deletes the replays of segments that are no longer kept.
fn forget(replays: &Path, journal: &Journal) {
    let entries = std::fs::read_dir(replays).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path.extension().is_none()) {
        if !journal.has(&path)
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!(path = %path.display(), %error, "an old replay cannot be deleted");
        }
    }
}

/// What is said if a replay cannot be made; operators find the cause in the log.
fn failed(error: &MakeError) -> Problem {
    if matches!(error, MakeError::OtherEngine) {
        return Problem::new(ProblemKind::Conflict, "other_engine", error);
    }
    tracing::error!(%error, "the replay of a day cannot be made");
    Problem::new(ProblemKind::Internal, "replay_failed", "the replay of this day cannot be made")
}
