//! The final ranking: made of a replay of the settled journal, once.
//!
//! Each segment of the journal that is settled and in which the contest took place is read again, and the
//! marks of the contest's accounts are kept with the digest that its market had; so segments may be forgotten
//! while a long contest goes on. Once the contest's last day is settled, the ranking is made of these marks,
//! and the digest is one over those of the segments.
//!
//! A segment that another version of the engine left cannot be replayed by this one. Its marks are those that
//! the database took from the market while it ran, and its digest is that with which the journal ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::PoisonError;

use bearpit_core::units::SimTime;
use tracing::info;

use super::Contests;
use super::announcing::announcement_of;
use crate::domain::{AccountId, Problem, ProblemKind, WallTime};
use crate::driver::{Segment, Stage};
use crate::projector::Journal;
use crate::services::identity::of_store;
use crate::store::contests::ContestRow;
use crate::store::contests::settled::{ContestResult, SettledSegment};
use crate::store::journal::segments_in;
use crate::store::projection::{Change, Position};

/// Names how the digest over several segments is made; another way must have another name.
const DIGEST: &str = "bearpit contest, digests of its segments 1";

/// From when to when a settled segment goes, in virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    start: i64,
    end: i64,
}

impl Contests {
    /// Replays what has been settled of a contest that goes on.
    pub(super) async fn follow_settled(&self, row: &ContestRow) -> Result<(), Problem> {
        self.take_in(row).await.map(drop)
    }

    /// Makes the final ranking of a contest that has ended, if all of its days are settled.
    pub(super) async fn settle(&self, row: &ContestRow, now: WallTime) -> Result<(), Problem> {
        if !self.take_in(row).await? {
            return Ok(());
        }
        let segments = self.database.settled_segments(row.id).await.map_err(of_store)?;
        let ranking = self.settled_ranking(row).await?;
        let result = ContestResult {
            contest: row.id,
            digest: digest_of(&segments),
            // Rows of texts and numbers are always written.
            ranking: serde_json::to_string(&ranking).unwrap_or_default(),
            places: ranking.iter().filter_map(|it| Some((it.number, it.place?))).collect(),
            announcement: announcement_of(row, &ranking, now),
        };
        if self.database.settle_contest(&result).await.map_err(of_store)? {
            info!(contest = %row.id, name = row.name, digest = result.digest, "a contest is settled");
            self.boards.lock().await.remove(&row.id);
        }
        Ok(())
    }

    /// Replays the settled segments of a contest that were not replayed before. Returns whether its end is
    /// among them.
    async fn take_in(&self, row: &ContestRow) -> Result<bool, Problem> {
        let known: BTreeSet<u64> = self
            .database
            .settled_segments(row.id)
            .await
            .map_err(of_store)?
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        let accounts: BTreeSet<AccountId> =
            self.database.entries(row.id).await.map_err(of_store)?.iter().map(|it| it.account).collect();
        let segments = segments_in(&self.journal.directory).map_err(|error| unread(&error))?;
        // While a day is open, the newest goes on.
        let goes_on = !matches!(self.handle.status().stage, Stage::BetweenDays { .. });
        let count = segments.len() - usize::from(goes_on && !segments.is_empty());
        for (number, path) in segments.into_iter().take(count) {
            let Some(Stretch { start, end }) = self.stretch(number, &path)? else { return Ok(false) };
            if start >= row.ends_at {
                return Ok(true);
            }
            if end <= row.starts_at {
                continue;
            }
            if !known.contains(&number) {
                let segment = Segment::open(&path).map_err(|error| unread(&error))?;
                let settled = match segment.check_engine() {
                    Ok(()) => self.replay(number, segment, accounts.clone()).await?,
                    Err(_) => match self.as_recorded(number, &segment, &accounts).await? {
                        Some(settled) => settled,
                        None => return Ok(false),
                    },
                };
                self.database.add_settled_segment(row.id, &settled).await.map_err(of_store)?;
            }
            if end >= row.ends_at {
                return Ok(true);
            }
        }
        // The newest may be of a day after the contest, so that nothing is left to come.
        Ok(goes_on && self.day_start().is_some_and(|start| start >= row.ends_at))
    }

    /// Returns when the day that is open, or was last, began.
    fn day_start(&self) -> Option<i64> {
        let status = self.handle.status();
        let date = status.day.as_ref()?.name.parse().ok()?;
        let span = self.trading.source.scenario().live_days()?.span(date).ok()?;
        Some(span.start.nanos())
    }

    /// Returns from when to when a segment goes, once it is settled: what it is then, it stays.
    fn stretch(&self, number: u64, path: &Path) -> Result<Option<Stretch>, Problem> {
        let known = || self.stretches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stretch) = known().get(&number) {
            return Ok(Some(*stretch));
        }
        let segment = Segment::open(path).map_err(|error| unread(&error))?;
        let scan = segment.scan().map_err(|error| unread(&error))?;
        let Some(end) = scan.settled.map(SimTime::nanos) else { return Ok(None) };
        let days = self.trading.source.scenario().live_days();
        let date = segment.header.day_name.parse().ok();
        let span = days.zip(date).and_then(|(days, date)| days.span(date).ok());
        let opens = segment.header.opens.or_else(|| span.map(|span| span.start));
        let stretch = Stretch { start: opens.map_or(end, SimTime::nanos), end };
        known().insert(number, stretch);
        Ok(Some(stretch))
    }

    /// Returns what the database has of a segment that cannot be replayed; nothing before it has all of it.
    async fn as_recorded(
        &self,
        number: u64,
        segment: &Segment,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<Option<SettledSegment>, Problem> {
        let at = Position::read(&self.database).await.map_err(of_store)?;
        let has_all = at.segment > number || (at.segment == number && at.is_ended);
        let scan = segment.scan().map_err(|error| unread(&error))?;
        let Some(digest) = scan.digest.filter(|_| has_all) else { return Ok(None) };
        let mut marks = Vec::new();
        for account in accounts {
            let marked = self.database.account_marks_of_segment(*account, number).await;
            marks.extend(marked.map_err(of_store)?);
        }
        let engine = &segment.header.engine;
        info!(number, engine, "a segment of another version counts for a contest as it was recorded");
        Ok(Some(SettledSegment { segment: number, digest, marks }))
    }

    /// Reads a segment again, and returns what accounts were worth by it.
    async fn replay(
        &self,
        number: u64,
        segment: Segment,
        accounts: BTreeSet<AccountId>,
    ) -> Result<SettledSegment, Problem> {
        let journal: Journal = self.journal.clone();
        let replaying = tokio::task::spawn_blocking(move || {
            let mut marks = Vec::new();
            let digest = journal.replay(number, &segment, &mut |batch| {
                marks.extend(batch.changes.into_iter().filter_map(|(_, change)| match change {
                    Change::Marked(mark) if accounts.contains(&mark.account) => Some(mark),
                    _ => None,
                }));
            });
            digest.map(|digest| SettledSegment { segment: number, digest, marks })
        });
        let replayed = replaying.await.map_err(|error| unread(&error))?;
        replayed.map_err(|error| unread(&error))
    }
}

/// Returns the digest of a segment, or one over those of several.
pub(super) fn digest_of(segments: &[(u64, String)]) -> String {
    match segments {
        [(_, digest)] => digest.clone(),
        several => {
            let mut hasher = blake3::Hasher::new_derive_key(DIGEST);
            for (_, digest) in several {
                hasher.update(digest.as_bytes());
            }
            hasher.finalize().to_hex().to_string()
        }
    }
}

fn unread(error: &dyn std::fmt::Display) -> Problem {
    let message = format!("the journal cannot be read for a contest: {error}");
    Problem::new(ProblemKind::Internal, "journal_unread", message)
}
