//! [`Journal`]: the segments that are kept, and how each was left.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bearpit_core::units::SimTime;

use crate::driver::Segment;

/// A segment that is kept.
#[derive(Debug, Clone)]
pub(in crate::services::market_data) struct Kept {
    pub(in crate::services::market_data) segment: Segment,
    pub(in crate::services::market_data) number: u64,
    /// When its market was settled, if it was.
    pub(in crate::services::market_data) settled: Option<SimTime>,
    /// Whether it is being written.
    pub(in crate::services::market_data) is_open: bool,
    pub(in crate::services::market_data) bytes: u64,
}

/// The directory of a journal, which another thread writes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// What was read of segments that were over, each with the length that its file had then: reading one to
    /// its end takes time.
    read: Mutex<BTreeMap<u64, Kept>>,
}

/// What the names of segments end with.
const EXTENSION: &str = "journal";

impl Journal {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::new(BTreeMap::new()) }
    }

    /// Returns whether a segment is kept: one that a name without its ending means.
    pub(super) fn has(&self, stem: &Path) -> bool {
        let name = stem.file_name().unwrap_or_default();
        self.path.join(name).with_extension(EXTENSION).exists()
    }

    /// Returns the segments in order; the newest is being written if `is_open`. What cannot be read is left
    /// out: it is for operators to look at.
    pub(super) fn list(&self, is_open: bool) -> io::Result<Vec<Kept>> {
        let mut paths = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let is_segment = path.extension().is_some_and(|it| it == EXTENSION);
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            paths.extend(number.filter(|_| is_segment).map(|number| (number, path)));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|number, _| paths.contains_key(number));
        let newest = paths.keys().next_back().copied();
        let mut kept = Vec::new();
        for (number, path) in paths {
            let bytes = fs::metadata(&path)?.len();
            if let Some(known) = read.get(&number).filter(|known| known.bytes == bytes) {
                kept.push(known.clone());
                continue;
            }
            let Ok(segment) = Segment::open(&path) else { continue };
            if is_open && newest == Some(number) {
                kept.push(Kept { segment, number, settled: None, is_open: true, bytes });
                continue;
            }
            let Ok(scan) = segment.scan() else { continue };
            let over = Kept { segment, number, settled: scan.settled, is_open: false, bytes };
            read.insert(number, over.clone());
            kept.push(over);
        }
        Ok(kept)
    }
}
