//! [`JournalFile`]: the file of a segment, through failing disks.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Where a segment is kept: a file, or in tests a disk that fails.
pub trait Medium {
    /// Writes bytes at a place, and all of them; after an error any part of them may be there.
    ///
    /// # Errors
    /// What the system says: no space, read-only.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Sets the length.
    ///
    /// # Errors
    /// What the system says.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// Returns when all that was written is on disk.
    ///
    /// # Errors
    /// What the system says; what was written since the last success may be lost then.
    fn sync(&mut self) -> io::Result<()>;
}

impl<M: Medium + ?Sized> Medium for Box<M> {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).write_at(at, bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        (**self).set_length(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }
}

impl Medium for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Appends to the file of a segment.
///
/// After a failed sync a system may take pages for clean that never reached the disk, so that a second sync
/// would succeed and mean nothing. What is not synced is therefore kept here, and after any failure it is
/// written again, all of it, before the next sync.
#[derive(Debug)]
pub struct JournalFile<M = File> {
    medium: M,
    /// How much is on disk.
    synced: u64,
    /// What is to follow there.
    unsynced: Vec<u8>,
    /// How much of that is written.
    written: usize,
}

impl<M: Medium> JournalFile<M> {
    /// Goes on at the end of a segment: cuts off what stands behind, and syncs.
    ///
    /// # Errors
    /// What the system says; then the file is as it was, or cut off.
    pub fn resume(mut medium: M, end: u64) -> io::Result<Self> {
        medium.set_length(end)?;
        medium.sync()?;
        Ok(Self { medium, synced: end, unsynced: Vec::new(), written: 0 })
    }

    /// Appends bytes, which are on disk after the next [`JournalFile::sync`] that succeeds.
    pub fn append(&mut self, bytes: &[u8]) {
        self.unsynced.extend_from_slice(bytes);
    }

    /// Returns when all that was appended is on disk; returns the length of the file.
    ///
    /// # Errors
    /// What the system says. Nothing is lost: what was appended is kept, and the next call tries again.
    pub fn sync(&mut self) -> io::Result<u64> {
        let result = self.write().and_then(|()| self.medium.sync());
        match result {
            Ok(()) => {
                self.synced += self.unsynced.len() as u64;
                self.unsynced.clear();
                self.written = 0;
                Ok(self.synced)
            }
            Err(error) => {
                self.written = 0;
                Err(error)
            }
        }
    }

    /// Writes what is not written, but does not wait for the disk.
    ///
    /// # Errors
    /// As [`JournalFile::sync`].
    pub fn write(&mut self) -> io::Result<()> {
        let rest = &self.unsynced[self.written..];
        if !rest.is_empty() {
            self.medium.write_at(self.synced + self.written as u64, rest)?;
            self.written = self.unsynced.len();
        }
        Ok(())
    }

    /// Goes on with the same file behind another medium.
    #[must_use]
    pub fn map<N: Medium>(self, wrap: impl FnOnce(M) -> N) -> JournalFile<N> {
        let Self { medium, synced, unsynced, written } = self;
        JournalFile { medium: wrap(medium), synced, unsynced, written }
    }

    /// Returns how many bytes are on disk.
    #[must_use]
    pub const fn synced(&self) -> u64 {
        self.synced
    }

    /// Returns the medium, to be told how to fail.
    #[cfg(test)]
    pub(crate) const fn medium_mut(&mut self) -> &mut M {
        &mut self.medium
    }

    /// Returns the file with what has reached it, as a crash would leave it.
    #[must_use]
    pub fn into_medium(self) -> M {
        self.medium
    }
}
