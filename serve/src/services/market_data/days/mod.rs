//! Days that are kept, and their replays: books and trades second by second.

mod journal;
mod making;
mod reading;
#[cfg(test)]
mod tests;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bearpit::data::Zone;
use bearpit_core::units::SimTime;
use tokio::sync::{Semaphore, oneshot};

pub use reading::ReplayChunks;
pub use views::{DayView, DaysView, ReplayLineKind, ReplayLineView, SegmentView};

use super::MarketData;
use crate::domain::{MarketTime, Problem, ProblemKind};
use crate::driver::{ScenarioSource, Segment, Stage};
use journal::{Journal, Kept};
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

    /// Returns the segments that are kept.
    async fn kept(&self, is_open: bool) -> Result<Vec<Kept>, Problem> {
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

impl MarketData {
    /// Returns the days that are kept.
    ///
    /// # Errors
    /// [`Problem`] if the journal cannot be listed.
    pub async fn kept_days(&self) -> Result<DaysView, Problem> {
        let kept = self.days.kept(self.is_day_open()).await?;
        let time = |at| MarketTime::new(at, &self.zone);
        let mut days: Vec<DayView> = Vec::new();
        for Kept { segment, number, settled, is_open, bytes } in kept {
            let header = &segment.header;
            let view = SegmentView {
                segment: number,
                opened_at: header.opens.map(time),
                settled_at: settled.map(time),
                is_open,
                bytes,
            };
            match days.last_mut().filter(|day| day.day == header.day_name) {
                Some(day) => day.segments.push(view),
                None => days.push(DayView {
                    day: header.day_name.clone(),
                    number: header.day,
                    segments: vec![view],
                }),
            }
        }
        Ok(DaysView { days })
    }

    /// Returns a part of the replay of a day that is over, as lines of JSON.
    ///
    /// # Errors
    /// [`Problem`] if there is no such day or listing, the day is not over, or its replay is not there yet.
    pub async fn replay_of(&self, query: &ReplayQuery) -> Result<ReplayChunks, Problem> {
        let (_, snapshot) = self.find(&query.symbol)?;
        if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
            let problem =
                Problem::new(ProblemKind::Refused, "invalid_parameter", "`from` is later than `to`");
            return Err(problem.at("from"));
        }
        let mut kept = self.days.kept(self.is_day_open()).await?;
        kept.retain(|it| it.segment.header.day_name == query.day);
        if kept.is_empty() {
            let problem =
                Problem::new(ProblemKind::NotFound, "unknown_day", format!("no day {:?} is kept", query.day));
            return Err(problem.at("day").hint("GET /api/days lists what there is"));
        }
        kept.retain(|it| !it.is_open);
        if kept.is_empty() {
            let problem = Problem::new(ProblemKind::Conflict, "day_is_open", "this day is not over");
            return Err(
                problem.hint("its book and trades so far are in /api/book/snapshot and on the WebSocket")
            );
        }
        let listing = &snapshot.listing;
        let mut chunks = ReplayChunks::default();
        for Kept { segment, .. } in &kept {
            let directory = self.days.made(segment, &self.zone).await?;
            let of = (listing.instrument.symbol().to_owned(), listing.venue.clone());
            let (from, to) = (query.from, query.to);
            let part = tokio::task::spawn_blocking(move || reading::part(&directory, &of, from, to)).await;
            let part = part.map_err(std::io::Error::other).flatten();
            chunks.extend(part.map_err(|error| failed(&MakeError::Io(error)))?);
        }
        Ok(chunks)
    }

    /// Returns whether the newest segment of the journal may be written to.
    fn is_day_open(&self) -> bool {
        !matches!(self.market.status().stage, Stage::BetweenDays { .. } | Stage::Stopped)
    }
}
