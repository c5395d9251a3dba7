//! [`void`]: takes a request out of a market by hand.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use crate::driver::{DriveError, MarketSource, Segment};
use crate::live::RecoverError;
use crate::store::journal::{JournalDirectory, OpenError};

/// Why a request is not taken out; the journal is as it was then.
#[derive(Debug, Error)]
pub enum RepairError {
    /// The journal cannot be read, or its market cannot be rebuilt without the request.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// Another process has the journal, or the system refuses it.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The record cannot be written.
    #[error(transparent)]
    Recover(Box<RecoverError>),
    /// The file has no directory, so it is in no journal.
    #[error("{0}: this is no file of a journal")]
    NoDirectory(String),
    /// There is no request of that number.
    #[error("record {record} is no request; there are records 0 to {last}")]
    NoRequest {
        /// The number.
        record: u64,
        /// The number of the last record.
        last: u64,
    },
    /// It is void already.
    #[error("record {0} is void already")]
    IsVoid(u64),
    /// The market was settled.
    #[error("the market of this segment has been settled: what happened in it cannot be changed")]
    IsSettled,
    /// The disk did not take it.
    #[error("the journal cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

/// Says in a journal that a request is void, once the market has been rebuilt without it.
///
/// # Errors
/// [`RepairError`]; nothing is written then.
pub fn void(path: &Path, record: u64, source: &dyn MarketSource) -> Result<(), RepairError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = match (parent, path.file_name()) {
        (Some(parent), Some(_)) => JournalDirectory::open(parent)?,
        (None, Some(_)) => JournalDirectory::open(Path::new("."))?,
        _ => return Err(RepairError::NoDirectory(path.display().to_string())),
    };
    let segment = Segment::open(path)?;
    let scan = segment.scan()?;
    if scan.settled.is_some() {
        return Err(RepairError::IsSettled);
    }
    if scan.voids.has(record) {
        return Err(RepairError::IsVoid(record));
    }
    if !segment.is_request(record)? {
        return Err(RepairError::NoRequest { record, last: scan.records.saturating_sub(1) });
    }
    let voids = scan.voids.with(record, scan.records);
    let mut live = segment.rebuild(source, &voids, Duration::ZERO, |_| {})?;
    live.void(record).map_err(|error| RepairError::Recover(Box::new(error)))?;
    let mut file = directory.reopen(path, scan.end)?;
    file.append(&live.take_appended());
    file.sync()?;
    Ok(())
}
