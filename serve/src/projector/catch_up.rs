//! [`Journal`]: the batches of a stretch of the tape, made again from the journal.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bearpit::scenario::Diagnostics;
use bearpit_core::exchange::Market;
use thiserror::Error;

use super::batch_maker::{BatchMaker, Stretch};
use super::sink::CHANGES_MAX;
use crate::domain::WallTime;
use crate::driver::{DriveError, ScenarioSource, Segment};
use crate::live::{Output, Viewer};
use crate::store::journal::{HeaderFault, OpenError, segments_in};
use crate::store::projection::{Batch, Position};

/// Why a stretch of the tape cannot be rebuilt.
#[derive(Debug, Error)]
pub enum CatchUpError {
    /// The journal cannot be listed.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A segment cannot be read, or is of another version of the engine.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The scenario of a segment cannot be read any longer: a file that it names is gone.
    #[error("{}: its scenario cannot be read: {found}", .path.display())]
    Scenario {
        /// The segment.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
    /// The market of a segment panicked.
    #[error("the market panicked while it was rebuilt")]
    Panicked,
}

/// Where a stretch ends: before a fact of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// The number of the segment.
    pub segment: u64,
    /// The number of the fact.
    pub sequence: u64,
}

impl Until {
    /// All that there is.
    pub const END: Self = Self { segment: u64::MAX, sequence: u64::MAX };
}

/// A journal, from which batches are made again.
#[derive(Debug, Clone)]
pub struct Journal {
    /// Its directory.
    pub directory: PathBuf,
    /// The file of its scenario: those that the scenario names are beside it.
    pub scenario: PathBuf,
}

impl Journal {
    /// Returns whether there is a segment between two others.
    ///
    /// # Errors
    /// [`CatchUpError::Io`].
    pub fn has_between(&self, after: u64, before: u64) -> Result<bool, CatchUpError> {
        Ok(self.segments()?.iter().any(|(number, _)| *number > after && *number < before))
    }

    /// Returns whether there is a segment of a number, or a later one.
    ///
    /// # Errors
    /// [`CatchUpError::Io`].
    pub fn has_since(&self, number: u64) -> Result<bool, CatchUpError> {
        Ok(self.segments()?.last().is_some_and(|(last, _)| *last >= number))
    }

    /// Returns the number of the first segment that is kept.
    ///
    /// # Errors
    /// [`CatchUpError::Io`].
    pub fn first(&self) -> Result<Option<u64>, CatchUpError> {
        Ok(self.segments()?.first().map(|(number, _)| *number))
    }

    /// Makes the batches of what is behind a position, up to an end; `take` may break off.
    ///
    /// # Errors
    /// [`CatchUpError`] if a segment cannot be rebuilt; what came before it was taken.
    pub fn batches(
        &self,
        from: Position,
        until: Until,
        take: &mut impl FnMut(Batch) -> ControlFlow<()>,
    ) -> Result<(), CatchUpError> {
        for (number, path) in self.segments()? {
            let is_wanted = number > from.segment || (number == from.segment && !from.is_ended);
            if !is_wanted || number > until.segment {
                continue;
            }
            let segment = match Segment::open(&path) {
                // A file that was being made when the system ended.
                Err(DriveError::Journal(OpenError::Header { fault: HeaderFault::NotWhole, .. })) => continue,
                opened => opened?,
            };
            let limit = if number == until.segment { until.sequence } else { u64::MAX };
            if self.segment(number, &segment, limit, take)?.0.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Makes the batches of one segment, and returns the digest that its market had in the end.
    ///
    /// # Errors
    /// As [`Journal::batches`].
    pub fn replay(
        &self,
        number: u64,
        segment: &Segment,
        take: &mut impl FnMut(Batch),
    ) -> Result<String, CatchUpError> {
        let mut take = |batch| {
            take(batch);
            ControlFlow::Continue(())
        };
        Ok(self.segment(number, segment, u64::MAX, &mut take)?.1)
    }

    /// Makes the batches of a segment, from its beginning: whoever takes them leaves away what is known.
    fn segment(
        &self,
        number: u64,
        segment: &Segment,
        limit: u64,
        take: &mut impl FnMut(Batch) -> ControlFlow<()>,
    ) -> Result<(ControlFlow<()>, String), CatchUpError> {
        segment.check_engine()?;
        let scan = segment.scan()?;
        let refuse = |found: Diagnostics| CatchUpError::Scenario {
            path: segment.path.clone(),
            found: found.render(false),
        };
        let source = ScenarioSource::of_segment(&segment.header, &self.scenario).map_err(refuse)?;
        let (voids, day) = (scan.voids.count(), segment.header.day);
        let keep_days = source.live().keep_days;
        let stretch = Stretch { segment: number, voids, day, keep_days };
        let written_at = written_at(&segment.path);
        let mut dated = |batch| take(Batch { written_at, ..batch });
        let flow = ControlFlow::Continue(());
        let mut follower = Follower { stretch, maker: None, limit, flow, take: &mut dated };
        let live = segment.rebuild(&source, &scan.voids, Duration::ZERO, &mut follower)?;
        let digest = live.market().digest().to_string();
        Ok((follower.finish(scan.settled.is_some()), digest))
    }

    fn segments(&self) -> Result<Vec<(u64, PathBuf)>, CatchUpError> {
        segments_in(&self.directory).map_err(|error| CatchUpError::Io { path: self.directory.clone(), error })
    }
}

/// Returns when a segment was written last: what is in it is not younger. Where that is not known, it is old:
/// nobody is told by mail what may have been long ago.
fn written_at(segment: &Path) -> i64 {
    let modified = std::fs::metadata(segment).and_then(|it| it.modified());
    let since = modified.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| WallTime::since_epoch(since).nanos())
}

/// Follows a market that is rebuilt.
struct Follower<'t, T> {
    stretch: Stretch,
    maker: Option<BatchMaker>,
    /// The first fact that is not wanted.
    limit: u64,
    flow: ControlFlow<()>,
    take: &'t mut T,
}

impl<T: FnMut(Batch) -> ControlFlow<()>> Follower<'_, T> {
    fn finish(mut self, is_settled: bool) -> ControlFlow<()> {
        if let Some(maker) = &mut self.maker
            && self.flow.is_continue()
        {
            let batch = if is_settled && self.limit == u64::MAX { maker.end() } else { maker.batch() };
            return (self.take)(batch);
        }
        self.flow
    }
}

impl<T: FnMut(Batch) -> ControlFlow<()>> Viewer for &mut Follower<'_, T> {
    fn begin(&mut self, market: &Market) {
        self.maker = Some(BatchMaker::begin(market, self.stretch));
    }

    fn show(&mut self, output: Output) {
        let is_beyond = matches!(output, Output::Fact { sequence, .. } if sequence >= self.limit);
        let Some(maker) = self.maker.as_mut().filter(|_| !is_beyond && self.flow.is_continue()) else {
            return;
        };
        maker.take(&output);
        if maker.len() >= CHANGES_MAX {
            self.flow = (self.take)(maker.batch());
        }
    }
}
