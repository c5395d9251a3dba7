//! [`SlowFile`]: a file of the journal whose syncs take longer, and are counted.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::clock::{now, sleep};
use crate::store::journal::Medium;

/// How often a file was synced, and how long that took in all.
#[derive(Debug, Clone, Default)]
pub struct Syncs {
    count: Arc<AtomicU64>,
    nanos: Arc<AtomicU64>,
}

impl Syncs {
    /// Returns how often it was synced, and how many nanoseconds that took.
    pub(super) fn read(&self) -> (u64, u64) {
        (self.count.load(Ordering::Relaxed), self.nanos.load(Ordering::Relaxed))
    }
}

/// A file whose syncs take longer, and are counted.
#[derive(Debug)]
pub struct SlowFile {
    file: File,
    extra: Duration,
    syncs: Syncs,
}

impl SlowFile {
    /// Makes each sync of a file take `extra` longer.
    #[must_use]
    pub const fn new(file: File, extra: Duration, syncs: Syncs) -> Self {
        Self { file, extra, syncs }
    }
}

impl Medium for SlowFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(at, bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        let began = now();
        let result = Medium::sync(&mut self.file);
        if !self.extra.is_zero() {
            sleep(self.extra);
        }
        self.syncs.count.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.syncs.nanos.fetch_add(nanos, Ordering::Relaxed);
        result
    }
}
