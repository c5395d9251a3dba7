//! [`Days`]: which segment is to be driven next, and how a market is made from it.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use bearpit_core::units::SimTime;
use thiserror::Error;

use super::audience::{Audience, Rebuilt};
use super::segment::{Scan, Segment, lay_out, own_engine};
use super::source::{Day, MarketSource, SourceError};
use super::sync_thread::JournalMedium;
use crate::live::{LiveError, LiveMarket, RecoverError, Start, UnknownState};
use crate::store::journal::{Created, JournalDirectory, JournalFile, OpenError, SegmentHeader};

/// Why a market cannot be driven, or not any longer.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The journal's directory or a file in it is not usable.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The system refused something.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The scenario has no market to offer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The newest segment is of another version of the engine, which was not ended in good order.
    #[error(
        "{}: written by engine {found}, which did not end in good order; only that version can rebuild the market: start it once more, end it with SIGTERM, then start this one (engine {own})",
        .path.display()
    )]
    Engine {
        /// The segment.
        path: PathBuf,
        /// The version that wrote it.
        found: String,
        /// This one.
        own: String,
    },
    /// The market cannot be rebuilt.
    #[error("{}: {error}", .path.display())]
    Recover {
        /// The segment.
        path: PathBuf,
        /// Why.
        error: Box<RecoverError>,
    },
    /// What the last market left is of another version.
    #[error(transparent)]
    State(#[from] UnknownState),
    /// The market cannot go on.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The market panicked, and no single request is the cause.
    #[error("the market panicked at {at}, with any of its last requests left away: {message}")]
    Panicked {
        /// The virtual time that it was to be stepped to.
        at: SimTime,
        /// What it said.
        message: String,
    },
}

/// A market that runs, with its segment.
#[derive(Debug)]
pub(super) struct OpenDay {
    pub(super) live: LiveMarket,
    pub(super) segment: Segment,
}

/// What is to be done next.
pub(super) enum Next {
    /// Drive a market; its file is to be appended to.
    Open(Box<OpenDay>, JournalFile<JournalMedium>),
    /// Wait for a day to begin.
    Wait(Day),
}

/// How a segment was left.
struct Left {
    header: SegmentHeader,
    /// When its market was settled.
    at: SimTime,
    /// What it left, as the next header says it.
    state: Vec<u8>,
}

/// Makes the medium of a segment from its file.
pub type WrapFile = Box<dyn Fn(File) -> JournalMedium + Send>;

/// The days of a market: those in its journal, and those to come.
pub(super) struct Days {
    directory: JournalDirectory,
    source: Box<dyn MarketSource>,
    wrap: WrapFile,
    /// The segment that was ended last, once that is known.
    last: Option<Left>,
}

impl Days {
    pub(super) const fn new(
        directory: JournalDirectory,
        source: Box<dyn MarketSource>,
        wrap: WrapFile,
    ) -> Self {
        Self { directory, source, wrap, last: None }
    }

    /// Returns what is to be done next at wall time `wall`: what happened in a market that is rebuilt is
    /// shown as it is rebuilt.
    ///
    /// # Errors
    /// [`DriveError`] if the journal cannot be trusted, or the scenario has no market.
    pub(super) fn next(&mut self, wall: Duration, audience: &mut Audience) -> Result<Next, DriveError> {
        if self.last.is_none()
            && let Some(newest) = self.directory.newest()?
        {
            for file in &newest.untrusted {
                let (path, bytes) = (file.path.display(), file.bytes);
                tracing::warn!(%path, bytes, "a segment without a whole header is not trusted");
            }
            let segment = Segment { header: newest.reader.header().clone(), path: newest.path };
            let scan = segment.scan()?;
            match scan.settled {
                Some(at) => self.last = Some(Left { header: segment.header, at, state: scan.left }),
                None => return self.recover(segment, &scan, wall, audience),
            }
        }
        let mut header = match &self.last {
            // Stopped within the day: it goes on.
            Some(left) if !self.is_day_over(left)? => {
                let SegmentHeader { day: number, day_name, .. } = &left.header;
                let day = Day { number: *number, name: day_name.clone(), opens_at: None };
                SegmentHeader { opens: Some(left.at), ..self.source.header(&day)? }
            }
            last => {
                let day = self.source.next_day(wall, last.as_ref().map(|left| &left.header))?;
                if day.opens_at.is_some_and(|at| at > wall) {
                    return Ok(Next::Wait(day));
                }
                self.source.header(&day)?
            }
        };
        header.engine = own_engine();
        header.seed = self.source.seed_of(&header)?;
        header.opening = self.last.as_ref().map_or_else(Vec::new, |left| left.state.clone());
        let laid_out = lay_out(self.source.as_ref(), &header)?;
        let Created { path, segment, file } = self.directory.create(&header)?;
        let start = Start { pacing: self.source.pacing(), wall };
        let live = LiveMarket::begin(laid_out, segment, start)?;
        let segment = Segment { path, header };
        audience.begin(live.market(), &segment.begun(false, 0));
        let file = file.map(|file| (self.wrap)(file));
        Ok(Next::Open(Box::new(OpenDay { live, segment }), file))
    }

    /// Takes note that a market was settled, all of which is on disk.
    pub(super) fn ended(&mut self, day: OpenDay) {
        let at = day.live.market().world().now();
        let state = day.live.left().unwrap_or_default().to_vec();
        self.last = Some(Left { header: day.segment.header, at, state });
    }

    fn is_day_over(&self, left: &Left) -> Result<bool, DriveError> {
        Ok(left.at >= self.source.close_of(&left.header)?)
    }

    fn recover(
        &self,
        segment: Segment,
        scan: &Scan,
        wall: Duration,
        audience: &mut Audience,
    ) -> Result<Next, DriveError> {
        segment.check_engine()?;
        let file = self.directory.reopen(&segment.path, scan.end)?;
        let viewer = Rebuilt { audience, segment: segment.begun(false, scan.voids.count()) };
        let live = segment.rebuild(self.source.as_ref(), &scan.voids, wall, viewer)?;
        let file = file.map(|file| (self.wrap)(file));
        Ok(Next::Open(Box::new(OpenDay { live, segment }), file))
    }

    /// Finds the request without which a market that panicked on the way to `until` gets there, and returns
    /// the market without it. The segment must be on disk as a whole.
    ///
    /// # Errors
    /// [`DriveError::Panicked`] if it is not one of the last requests alone.
    pub(super) fn rebuild_without_culprit(
        &self,
        day: &OpenDay,
        panic: &Panic,
        wall: Duration,
        audience: &mut Audience,
    ) -> Result<(LiveMarket, Option<u64>), DriveError> {
        let Scan { voids, suspects, records, .. } = day.segment.scan()?;
        // With none left away first: a market that gets there the second time has no culprit.
        for suspect in std::iter::once(None).chain(suspects.iter().rev().copied().map(Some)) {
            let voids = suspect.map_or_else(|| voids.clone(), |suspect| voids.clone().with(suspect, records));
            let attempt = || {
                let mut live = day.segment.rebuild(self.source.as_ref(), &voids, wall, |_| {})?;
                Ok::<_, DriveError>(live.reach(panic.until)?)
            };
            let Ok(reached) = catch_unwind(AssertUnwindSafe(attempt)) else { continue };
            reached?;
            // Only now is anything shown, from the beginning.
            let viewer = Rebuilt { audience, segment: day.segment.begun(suspect.is_some(), voids.count()) };
            let mut live = day.segment.rebuild(self.source.as_ref(), &voids, wall, viewer)?;
            if let Some(suspect) = suspect {
                live.void(suspect).map_err(|error| day.segment.failed(error))?;
            }
            return Ok((live, suspect));
        }
        Err(DriveError::Panicked { at: panic.until, message: panic.message.clone() })
    }
}

/// How a market panicked.
#[derive(Debug, Clone)]
pub(super) struct Panic {
    /// The virtual time that it was to be stepped to.
    pub(super) until: SimTime,
    /// What it said.
    pub(super) message: String,
}
