//! [`SessionFile`]: frames of records, one behind the other.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::record::{Record, SessionState};
use crate::fix::session::{Archive, KeptMessage};
use crate::store::files;

/// How many messages are kept, to be sent again.
pub(super) const KEPT_MAX: usize = 10_000;
/// How many numbers are reserved at a time.
pub(super) const RESERVE: u64 = 10_000;
/// How long a file becomes before it is written anew with what is kept alone, in bytes.
const LENGTH_MAX: u64 = 64 << 20;
/// The longest frame.
const FRAME_MAX: usize = 16 << 20;
/// Length and checksum.
const HEAD: usize = 8;

/// A session cannot be kept.
#[derive(Debug, Error)]
#[error("{}: {error}", path.display())]
pub(in crate::fix) struct StoreFault {
    path: PathBuf,
    error: io::Error,
}

/// Where a message stands in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: u64,
    frame: u64,
    length: usize,
}

/// The file of a session. One process has it at a time: the one that has the data directory.
#[derive(Debug)]
pub(in crate::fix) struct SessionFile {
    path: PathBuf,
    file: File,
    length: u64,
    state: SessionState,
    kept: VecDeque<Place>,
    /// Whether something has been written since the last sync.
    is_dirty: bool,
    /// Whether what was written last may have been lost with the power.
    was_cut: bool,
}

impl SessionFile {
    /// Opens the file of a session, or begins one. What was torn off at its end is cut off.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(in crate::fix) fn open(path: &Path, cancels: bool) -> Result<Self, StoreFault> {
        let fault = |error| StoreFault { path: path.to_owned(), error };
        Self::read(path, cancels, &boot()).map_err(fault)
    }

    pub(super) fn read(path: &Path, cancels: bool, boot: &str) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let bytes = fs::read(path)?;
        let (state, kept) = (SessionState::new(cancels), VecDeque::new());
        let mut it =
            Self { path: path.to_owned(), file, length: 0, state, kept, is_dirty: true, was_cut: false };
        let mut at = 0;
        while let Some((records, length)) = frame_at(&bytes[at..]) {
            it.note(&records, length);
            at += length;
        }
        if at < bytes.len() {
            let path = path.display();
            tracing::warn!(%path, at, torn = bytes.len() - at, "a session of FIX had a torn end, which is cut off");
            it.file.set_len(it.length)?;
        }
        it.was_cut = !it.state.is_closed && (it.state.boot != boot || boot.is_empty());
        let mut records = Vec::new();
        if it.length == 0 {
            records.push(Record::Whole(Box::new(it.state.clone())));
        }
        records.push(Record::Opened(boot.to_owned()));
        if it.was_cut {
            // What was written last may be lost with its numbers: they are never used again.
            let outgoing = it.state.outgoing.max(it.state.reserved);
            records.push(Record::Numbers { incoming: it.state.incoming, outgoing });
        }
        it.write(&records)?;
        it.reserve()?;
        Ok(it)
    }

    /// Returns what follows from all that was written.
    pub(in crate::fix) const fn state(&self) -> &SessionState {
        &self.state
    }

    /// Returns whether what was written last may have been lost with the power.
    pub(in crate::fix) const fn was_cut(&self) -> bool {
        self.was_cut
    }

    /// Returns the file if something in it is not on disk for sure; whoever takes it puts it there.
    pub(in crate::fix) fn take_unsynced(&mut self) -> Option<File> {
        if !std::mem::take(&mut self.is_dirty) {
            return None;
        }
        self.file.try_clone().ok()
    }

    /// Appends records, all of them or none. What a message needs on disk before it leaves is there then.
    ///
    /// # Errors
    /// [`StoreFault`]: nothing of it may be sent.
    pub(in crate::fix) fn append(&mut self, records: &[Record]) -> Result<(), StoreFault> {
        if records.is_empty() {
            return Ok(());
        }
        let written = self.write(records).and_then(|()| {
            let is_short = self.state.outgoing + RESERVE / 2 > self.state.reserved;
            if is_short { self.reserve() } else { Ok(()) }
        });
        written
            .and_then(|()| if self.length > LENGTH_MAX { self.compact() } else { Ok(()) })
            .map_err(|error| StoreFault { path: self.path.clone(), error })
    }

    /// Puts all that was written on disk, if something was.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(in crate::fix) fn sync(&mut self) -> Result<(), StoreFault> {
        let synced = if self.is_dirty { self.file.sync_data() } else { Ok(()) };
        self.is_dirty = false;
        synced.map_err(|error| StoreFault { path: self.path.clone(), error })
    }

    /// Lets go of the file: the next process finds all of it.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(in crate::fix) fn close(&mut self) -> Result<(), StoreFault> {
        self.sync()?;
        self.append(&[Record::Closed])?;
        self.sync()
    }

    fn reserve(&mut self) -> io::Result<()> {
        self.write(&[Record::Reserved(self.state.outgoing + RESERVE)])?;
        self.file.sync_data()?;
        self.is_dirty = false;
        Ok(())
    }

    fn write(&mut self, records: &[Record]) -> io::Result<()> {
        let frame = frame_of(records)?;
        self.file.write_all_at(&frame, self.length)?;
        self.is_dirty = true;
        self.note(records, frame.len());
        Ok(())
    }

    /// Takes note of a frame at the end of the file.
    fn note(&mut self, records: &[Record], length: usize) {
        for record in records {
            match record {
                Record::Message { number, .. } => {
                    self.kept.push_back(Place { number: *number, frame: self.length, length });
                    if self.kept.len() > KEPT_MAX {
                        self.kept.pop_front();
                    }
                }
                Record::Reset => self.kept.clear(),
                _ => {}
            }
            self.state.follow(record);
        }
        self.length += u64::try_from(length).unwrap_or(0);
    }

    /// Writes the file anew, with what is kept alone.
    fn compact(&mut self) -> io::Result<()> {
        let mut bytes = frame_of(&[Record::Whole(Box::new(self.state.clone()))])?;
        let mut places = VecDeque::new();
        for message in self.kept(0..u64::MAX) {
            let KeptMessage { number, at, kind, body } = message;
            let frame = frame_of(&[Record::Message { number, at, kind, body }])?;
            let place = u64::try_from(bytes.len()).unwrap_or(0);
            places.push_back(Place { number, frame: place, length: frame.len() });
            bytes.extend_from_slice(&frame);
        }
        files::put(&self.path, &bytes)?;
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.length = u64::try_from(bytes.len()).unwrap_or(0);
        (self.kept, self.is_dirty) = (places, false);
        // What is kept counts before what follows from all.
        self.write(&[Record::Whole(Box::new(self.state.clone()))])
    }

    fn frame(&self, place: Place) -> Option<Vec<Record>> {
        let mut bytes = vec![0; place.length];
        self.file.read_exact_at(&mut bytes, place.frame).ok()?;
        frame_at(&bytes).map(|(records, _)| records)
    }
}

impl Archive for SessionFile {
    fn kept(&self, numbers: Range<u64>) -> Vec<KeptMessage> {
        let mut found = Vec::new();
        let mut last = None;
        let mut records = Vec::new();
        for place in self.kept.iter().filter(|place| numbers.contains(&place.number)) {
            if last != Some(place.frame) {
                // One that cannot be read is passed over: a gap is filled in its place.
                records = self.frame(*place).unwrap_or_default();
                last = Some(place.frame);
            }
            found.extend(records.iter().find_map(|record| match record {
                Record::Message { number, at, kind, body } if *number == place.number => {
                    let (kind, body) = (kind.clone(), body.clone());
                    Some(KeptMessage { number: *number, at: *at, kind, body })
                }
                _ => None,
            }));
        }
        found
    }
}

/// Returns under what name the system was started: what a process has written before is whole until the
/// next start. Empty where nobody says.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|it| it.trim().to_owned()).unwrap_or_default()
}

fn frame_of(records: &[Record]) -> io::Result<Vec<u8>> {
    let payload = postcard::to_stdvec(records).map_err(io::Error::other)?;
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(&payload));
    frame.extend_from_slice(&payload);
    Ok(frame)
}

/// Reads the frame that some bytes begin with; nothing if it is not whole.
fn frame_at(bytes: &[u8]) -> Option<(Vec<Record>, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|it| *it <= FRAME_MAX)?;
    let payload = rest.get(..length)?;
    if checksum(payload) != *sum {
        return None;
    }
    Some((postcard::from_bytes(payload).ok()?, HEAD + length))
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let hash = blake3::hash(payload);
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}
