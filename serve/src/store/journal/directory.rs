//! [`JournalDirectory`]: the segments of a market, of which the newest counts.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::file::JournalFile;
use super::header::{HeaderFault, SegmentHeader};
use super::segment_reader::SegmentReader;
use super::segment_writer::SegmentWriter;
use crate::store::files;

/// What the names of segments end with; before it stands their number.
const EXTENSION: &str = "journal";

/// The directory of a market's segments. One process has it at a time.
#[derive(Debug)]
pub struct JournalDirectory {
    path: PathBuf,
    /// Locked as long as the directory is open, however the process ends.
    _lock: File,
}

/// The newest segment that can be trusted.
#[derive(Debug)]
pub struct Newest {
    /// Its file.
    pub path: PathBuf,
    /// Its frames.
    pub reader: SegmentReader<File>,
    /// Newer files, which are not trusted.
    pub untrusted: Vec<Untrusted>,
}

/// A segment that has been begun.
#[derive(Debug)]
pub struct Created {
    /// Its file.
    pub path: PathBuf,
    /// What makes its frames.
    pub segment: SegmentWriter,
    /// What appends them.
    pub file: JournalFile,
}

/// A file that is named as a segment and has no whole header: the system ended while it was made, and no
/// request was written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

/// Why a journal cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{}: another process has this journal open", .0.display())]
    Held(PathBuf),
    /// A file is no segment, or one of a later program.
    #[error("{}: {fault}", .path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: HeaderFault,
    },
    /// The system refused something.
    #[error("{}: {error}", .path.display())]
    Io {
        /// What was asked for.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl JournalDirectory {
    /// Opens a directory, which is made if it is not there, and locks it.
    ///
    /// # Errors
    /// [`OpenError`] if another process has it, or the system refuses it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Io { path: path.to_owned(), error };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Held(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Returns the segments with their numbers, in order.
    ///
    /// # Errors
    /// [`OpenError::Io`] if the directory cannot be read.
    pub fn segments(&self) -> Result<Vec<(u64, PathBuf)>, OpenError> {
        segments_in(&self.path).map_err(|error| OpenError::Io { path: self.path.clone(), error })
    }

    /// Returns the newest segment with a whole header, if there is any.
    ///
    /// # Errors
    /// [`OpenError`] if a file cannot be read, is no journal, or is of another layout.
    pub fn newest(&self) -> Result<Option<Newest>, OpenError> {
        let mut untrusted = Vec::new();
        for (_, path) in self.segments()?.into_iter().rev() {
            let failed = |error| OpenError::Io { path: path.clone(), error };
            let file = File::open(&path).map_err(failed)?;
            let bytes = file.metadata().map_err(failed)?.len();
            match SegmentReader::open(file) {
                Ok(reader) => return Ok(Some(Newest { path, reader, untrusted })),
                Err(HeaderFault::NotWhole) => untrusted.push(Untrusted { path, bytes }),
                Err(fault) => return Err(OpenError::Header { path, fault }),
            }
        }
        Ok(None)
    }

    /// Makes the next segment. It bears its name once its header is on disk: so a crash leaves either a whole
    /// header or no such file, on any system that renames in one step.
    ///
    /// # Errors
    /// [`OpenError::Io`] if it cannot be made.
    pub fn create(&self, header: &SegmentHeader) -> Result<Created, OpenError> {
        let number = self.segments()?.last().map_or(1, |(number, _)| number + 1);
        let path = self.path.join(format!("{number:08}.{EXTENSION}"));
        let failed = |error| OpenError::Io { path: path.clone(), error };
        let unnamed = path.with_extension("new");
        let file = File::create(&unnamed).map_err(failed)?;
        let mut segment = SegmentWriter::begin(header);
        let mut file = JournalFile::resume(file, 0).map_err(failed)?;
        file.append(&segment.take());
        segment.synced(file.sync().map_err(failed)?);
        fs::rename(&unnamed, &path).map_err(failed)?;
        files::sync_directory(&self.path).map_err(failed)?;
        Ok(Created { path, segment, file })
    }

    /// Opens a segment to append to it, whose frames have been read up to `end`: what stands behind is cut
    /// off.
    ///
    /// # Errors
    /// [`OpenError::Io`] if it cannot be written.
    pub fn reopen(&self, path: &Path, end: u64) -> Result<JournalFile, OpenError> {
        let failed = |error| OpenError::Io { path: path.to_owned(), error };
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        JournalFile::resume(file, end).map_err(failed)
    }
}

/// Returns the segments of a directory with their numbers, in order. Whoever only reads needs no lock.
///
/// # Errors
/// What the system says.
pub fn segments_in(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let number = segment_number(&path);
        segments.extend(number.map(|number| (number, path)));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Returns the number of a segment, by the name of its file; `None` if it is not named as one.
#[must_use]
pub fn segment_number(path: &Path) -> Option<u64> {
    path.extension().filter(|it| *it == EXTENSION)?;
    path.file_stem()?.to_str()?.parse().ok()
}
