//! A disk in memory that fails as disks do, for tests.

use std::collections::BTreeSet;
use std::io;

use super::file::Medium;

/// Bytes that a disk writes at once.
const SECTOR: usize = 64;

/// A disk in memory: what is written is lost in a crash, sector by sector, until it is synced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// The sectors of the cache that the next sync is to write.
    dirty: BTreeSet<usize>,
    /// What the next calls come to; all succeed when there are no more.
    pub(crate) failures: Vec<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    None,
    /// So many bytes are written before the disk is full.
    Full(usize),
    /// The sync fails, and forgets what was written: its pages count as clean.
    Sync,
}

impl Disk {
    fn next(&mut self) -> Failure {
        self.failures.pop().unwrap_or(Failure::None)
    }

    /// A disk that begins as another was left.
    pub(crate) fn left(bytes: Vec<u8>) -> Self {
        Self { cached: bytes.clone(), durable: bytes, ..Self::default() }
    }

    /// Returns what a crash leaves: of each sector that waits for a sync either the old or the new, by the
    /// bits of `kept`.
    pub(crate) fn crash(mut self, kept: &[bool]) -> Vec<u8> {
        let mut kept = kept.iter().cycle();
        for sector in std::mem::take(&mut self.dirty) {
            if *kept.next().unwrap() {
                self.write_through(sector);
            }
        }
        self.durable
    }

    /// Writes a sector of the cache to the disk.
    fn write_through(&mut self, sector: usize) {
        let from = (sector * SECTOR).min(self.cached.len());
        let to = (from + SECTOR).min(self.cached.len());
        self.durable.resize(self.durable.len().max(to), 0);
        self.durable[from..to].copy_from_slice(&self.cached[from..to]);
    }
}

impl Medium for Disk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(at).unwrap();
        let failure = self.next();
        let written = if let Failure::Full(most) = failure { most.min(bytes.len()) } else { bytes.len() };
        self.cached.resize(self.cached.len().max(at + written), 0);
        self.cached[at..at + written].copy_from_slice(&bytes[..written]);
        self.dirty.extend(at / SECTOR..(at + written).div_ceil(SECTOR));
        if matches!(failure, Failure::Full(_)) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.cached.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let dirty = std::mem::take(&mut self.dirty);
        if self.next() == Failure::Sync {
            return Err(io::Error::other("sync"));
        }
        self.durable.resize(self.cached.len(), 0);
        dirty.into_iter().for_each(|sector| self.write_through(sector));
        Ok(())
    }
}
