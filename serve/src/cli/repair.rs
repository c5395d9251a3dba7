//! `bearpit-serve repair JOURNAL --void N`: takes a request out of a market that cannot be rebuilt with it.

use std::path::Path;

use thiserror::Error;

use super::arguments::RepairArguments;
use super::console::{chain, print, print_error};
use super::exit::Failure;
use crate::driver::{DriveError, Segment};
use crate::live::{Record, UnknownRecord};
use crate::store::journal::{
    HeaderFault, JournalDirectory, OpenError, PayloadTooLarge, SegmentFault, SegmentReader,
};

/// Why a request is not taken out.
#[derive(Debug, Error)]
enum RepairError {
    #[error(transparent)]
    Drive(#[from] DriveError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Header(#[from] HeaderFault),
    #[error(transparent)]
    Segment(#[from] SegmentFault),
    #[error(transparent)]
    Record(#[from] UnknownRecord),
    #[error(transparent)]
    Large(#[from] PayloadTooLarge),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the journal has {records} records, from 0; there is none with the number {asked}")]
    NoSuchRecord { asked: u64, records: u64 },
    #[error("record {0} is no request: only requests can be taken out")]
    NoRequest(u64),
    #[error("record {0} was taken out already")]
    VoidAlready(u64),
    #[error("the segment was ended in good order: there is nothing to repair")]
    Ended,
}

/// Takes it out, and says so.
///
/// # Errors
/// [`Failure::Run`] if the journal is in use or cannot be written, [`Failure::Input`] if it has no such
/// request.
pub(super) fn run(arguments: &RepairArguments) -> Result<(), Failure> {
    let RepairArguments { journal, void } = arguments;
    match repair(journal, *void) {
        Ok(()) => print(&format!(
            "{}: record {void} is void; the next start rebuilds the market without it",
            journal.display()
        )),
        Err(error) => {
            print_error(&format!("error: {}: {}", journal.display(), chain(&error)));
            let is_of_system = matches!(
                error,
                RepairError::Io(_) | RepairError::Open(_) | RepairError::Drive(DriveError::Io { .. })
            );
            Err(if is_of_system { Failure::Run } else { Failure::Input })
        }
    }
}

fn repair(path: &Path, void: u64) -> Result<(), RepairError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // A file that is no journal is not locked, so that no directory is taken for one of journals.
    let segment = Segment::open(path)?;
    let directory = JournalDirectory::open(parent.unwrap_or_else(|| Path::new(".")))?;
    segment.check_engine()?;
    let scan = segment.scan()?;
    if scan.settled.is_some() {
        return Err(RepairError::Ended);
    }
    if scan.voids.has(void) {
        return Err(RepairError::VoidAlready(void));
    }
    let mut reader = SegmentReader::open(std::fs::File::open(path)?)?;
    let mut is_request = None;
    let mut records = 0;
    while let Some(payload) = reader.next_frame()? {
        if records == void {
            is_request = Some(matches!(Record::from_bytes(payload)?, Record::Request { .. }));
        }
        records += 1;
    }
    match is_request {
        Some(true) => {}
        Some(false) => return Err(RepairError::NoRequest(void)),
        None => return Err(RepairError::NoSuchRecord { asked: void, records }),
    }
    let mut file = directory.reopen(path, reader.at())?;
    // All frames were read, so the segment can be written on.
    let Some(mut writer) = reader.into_writer() else { return Err(RepairError::Ended) };
    writer.push(&Record::Voided { record: void }.to_bytes())?;
    file.append(&writer.take());
    file.sync()?;
    Ok(())
}
