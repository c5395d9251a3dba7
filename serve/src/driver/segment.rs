//! [`Segment`]: a file of the journal, as it is read.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bearpit_core::units::SimTime;

use super::audience::Begun;
use super::days::DriveError;
use super::source::MarketSource;
use crate::live::{LaidOut, LiveMarket, LiveState, Record, RecoverError, Start, Viewer, Voids};
use crate::store::journal::{OpenError, SegmentHeader, SegmentReader};

/// How many requests are suspected, newest first, when one of them stops the market.
const SUSPECTS_MAX: usize = 32;

/// A segment of a journal.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its file.
    pub path: PathBuf,
    /// What its market is laid out from.
    pub header: SegmentHeader,
}

/// What a segment is like.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// How many records it has.
    pub records: u64,
    /// The requests that are void.
    pub voids: Voids,
    /// The numbers of the last requests that are not void.
    pub suspects: VecDeque<u64>,
    /// When its market was settled, if it was.
    pub settled: Option<SimTime>,
    /// The digest that its market had then, in hexadecimal digits.
    pub digest: Option<String>,
    /// What its market left, if it was settled.
    pub left: Vec<u8>,
    /// Where its frames end.
    pub end: u64,
}

impl Segment {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`DriveError`] if it cannot be read, or is no journal of this program.
    pub fn open(path: &Path) -> Result<Self, DriveError> {
        let reader = read(path)?;
        Ok(Self { path: path.to_owned(), header: reader.header().clone() })
    }

    /// Reads it to its end.
    ///
    /// # Errors
    /// [`DriveError::Recover`] if it is damaged, or of another version.
    pub fn scan(&self) -> Result<Scan, DriveError> {
        let mut reader = read(&self.path)?;
        let mut scan = Scan::default();
        while let Some(payload) = reader.next_frame().map_err(|fault| self.failed(fault.into()))? {
            let record = Record::from_bytes(payload).map_err(|error| self.failed(error.into()))?;
            if !matches!(record, Record::Left(_) | Record::Settled { .. }) {
                // Parts that no end followed are of a process that ended in between.
                scan.left.clear();
            }
            match record {
                Record::Request { .. } => {
                    if scan.suspects.len() == SUSPECTS_MAX {
                        scan.suspects.pop_front();
                    }
                    scan.suspects.push_back(scan.records);
                }
                Record::Voided { record } => {
                    scan.suspects.retain(|suspect| *suspect != record);
                    scan.voids = scan.voids.with(record, scan.records);
                }
                Record::Left(part) => scan.left.extend(part),
                Record::Settled { at, digest } => {
                    scan.settled = Some(at);
                    scan.digest = Some(blake3::Hash::from_bytes(digest).to_hex().to_string());
                }
                Record::Clock(_) | Record::Pace { .. } => {}
            }
            scan.records += 1;
        }
        scan.end = reader.at();
        Ok(scan)
    }

    /// Returns whether a record is a request.
    ///
    /// # Errors
    /// [`DriveError::Recover`] if it is damaged before that.
    pub fn is_request(&self, record: u64) -> Result<bool, DriveError> {
        let mut reader = read(&self.path)?;
        for number in 0..=record {
            let Some(payload) = reader.next_frame().map_err(|fault| self.failed(fault.into()))? else {
                break;
            };
            if number == record {
                let found = Record::from_bytes(payload).map_err(|error| self.failed(error.into()))?;
                return Ok(matches!(found, Record::Request { .. }));
            }
        }
        Ok(false)
    }

    /// Says that only another version of the engine can rebuild its market, if that is so.
    ///
    /// # Errors
    /// [`DriveError::Engine`].
    pub fn check_engine(&self) -> Result<(), DriveError> {
        if self.header.engine == own_engine() {
            return Ok(());
        }
        let (path, found) = (self.path.clone(), self.header.engine.clone());
        Err(DriveError::Engine { path, found, own: own_engine() })
    }

    /// Rebuilds its market, as it stands at wall time `wall`; what happened is shown.
    ///
    /// # Errors
    /// [`DriveError`] if it is damaged, or of another market.
    pub fn rebuild(
        &self,
        source: &dyn MarketSource,
        voids: &Voids,
        wall: Duration,
        viewer: impl Viewer,
    ) -> Result<LiveMarket, DriveError> {
        let laid_out = lay_out(source, &self.header)?;
        let start = Start { pacing: source.pacing(), wall };
        let reader = read(&self.path)?;
        LiveMarket::recover(laid_out, reader, voids, start, viewer).map_err(|error| self.failed(error))
    }

    pub(super) fn begun(&self, is_another: bool, voids: u32) -> Begun<'_> {
        Begun { path: self.path.as_path(), header: &self.header, is_another, voids }
    }

    pub(super) fn failed(&self, error: RecoverError) -> DriveError {
        DriveError::Recover { path: self.path.clone(), error: Box::new(error) }
    }
}

/// Lays out the market of a segment, with what the last one left.
pub(crate) fn lay_out(source: &dyn MarketSource, header: &SegmentHeader) -> Result<LaidOut, DriveError> {
    let builder = source.builder(header)?;
    let left = match header.opening.as_slice() {
        [] => None,
        bytes => Some(LiveState::from_bytes(bytes)?),
    };
    Ok(LaidOut { builder, left })
}

pub(crate) fn read(path: &Path) -> Result<SegmentReader<File>, DriveError> {
    let file = File::open(path).map_err(|error| DriveError::Io { path: path.to_owned(), error })?;
    let header = |fault| DriveError::Journal(OpenError::Header { path: path.to_owned(), fault });
    SegmentReader::open(file).map_err(header)
}

/// The engine in this program: its version, and the number of the form in which it writes requests and what a
/// market leaves. A journal without an end is read by the same engine only.
pub const ENGINE: &str = concat!(env!("CARGO_PKG_VERSION"), "+4");

/// Returns the engine in this program.
pub(super) fn own_engine() -> String {
    ENGINE.to_owned()
}
