//! [`SyncThread`]: appends to the journal's file and syncs it, while the market goes on.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clock::instant;
use crate::store::journal::{JournalFile, Medium};

/// Where a journal is written to.
pub type JournalMedium = Box<dyn Medium + Send>;

/// How long to wait after a failure before the disk is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// What the journal's reserve holds: enough for hours of clock records and cancels on a full disk.
const RESERVE_BYTES: u64 = 4 << 20;

/// What the disk has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiskReport {
    /// Which file, by the number that it was given with.
    pub(super) file: u64,
    /// How long the file is on disk; as long as the last time if it failed.
    pub(super) length: u64,
    /// What is wrong with it, if anything is.
    pub(super) trouble: Option<DiskTrouble>,
    /// How long the sync took.
    pub(super) took: Duration,
}

/// What is wrong with a disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiskTrouble {
    /// It is full, but the journal has a reserve: the market goes on and orders can be canceled.
    #[error("the disk is full: orders can be canceled, but not entered")]
    Full,
    /// Nothing can be written: nothing is acknowledged, and what was is safe.
    #[error("the journal cannot be written: {0}")]
    Failing(String),
}

/// How often the file is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Again as soon as the last has ended and there is something.
    AtOnce,
    /// At most so often: what came since is lost in a crash.
    Every(Duration),
}

enum Work {
    Append(Vec<u8>),
    File(u64, JournalFile<JournalMedium>),
    Probe,
}

/// The thread that owns the journal's file. Whatever comes while it syncs is synced by the next sync: one
/// sync for many requests.
#[derive(Debug)]
pub(super) struct SyncThread {
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl SyncThread {
    /// Starts the thread; what the disk has done is told to `report`.
    ///
    /// # Errors
    /// What the system says if it has no thread, or no place for the journal's reserve.
    pub(super) fn start(
        reserve: Reserve,
        policy: SyncPolicy,
        report: impl FnMut(DiskReport) + Send + 'static,
    ) -> io::Result<Self> {
        let (work, todo) = mpsc::channel();
        let state = State { todo, reserve, policy, report, file: None, is_full: false, last: None };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || state.run())?;
        Ok(Self { work: Some(work), thread: Some(thread) })
    }

    /// Goes on with another file, by a number of its own; all of the last one must have been synced.
    pub(super) fn file(&self, number: u64, file: JournalFile<JournalMedium>) {
        self.send(Work::File(number, file));
    }

    /// Appends bytes; their sync is reported.
    pub(super) fn append(&self, bytes: Vec<u8>) {
        self.send(Work::Append(bytes));
    }

    /// Asks for a report, though there is nothing to append: the disk is tried.
    pub(super) fn probe(&self) {
        self.send(Work::Probe);
    }

    fn send(&self, work: Work) {
        if let Some(sender) = &self.work {
            // The thread lives as long as its sender.
            sender.send(work).unwrap_or_default();
        }
    }
}

impl Drop for SyncThread {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap_or_default();
        }
    }
}

struct State<F> {
    todo: Receiver<Work>,
    reserve: Reserve,
    policy: SyncPolicy,
    report: F,
    file: Option<(u64, JournalFile<JournalMedium>)>,
    is_full: bool,
    last: Option<Instant>,
}

impl<F: FnMut(DiskReport)> State<F> {
    fn run(mut self) {
        let mut is_failing = false;
        loop {
            // What failed is tried again, whether there is more or not.
            let wait = if is_failing { RETRY } else { Duration::MAX };
            match self.next(wait) {
                Ok(work) => self.take(work),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.await_turn();
            while let Ok(work) = self.todo.try_recv() {
                self.take(work);
            }
            is_failing = self.sync();
        }
    }

    fn next(&self, wait: Duration) -> Result<Work, RecvTimeoutError> {
        if wait == Duration::MAX {
            return self.todo.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        self.todo.recv_timeout(wait)
    }

    fn take(&mut self, work: Work) {
        match (work, &mut self.file) {
            (Work::Append(bytes), Some((_, file))) => file.append(&bytes),
            (Work::File(number, file), _) => self.file = Some((number, file)),
            (Work::Append(_), None) | (Work::Probe, _) => {}
        }
    }

    /// Takes what comes until the next sync is due.
    fn await_turn(&mut self) {
        let (SyncPolicy::Every(span), Some(last)) = (self.policy, self.last) else { return };
        while let Some(left) = span.checked_sub(last.elapsed())
            && let Ok(work) = self.todo.recv_timeout(left)
        {
            self.take(work);
        }
    }

    /// Syncs the file, and reports it; returns whether it failed.
    fn sync(&mut self) -> bool {
        let Some((number, file)) = &mut self.file else { return false };
        let began = instant();
        let mut result = file.sync();
        if result.as_ref().is_err_and(is_full) && self.reserve.release() {
            self.is_full = true;
            result = file.sync();
        } else if self.is_full && result.is_ok() {
            self.is_full = !self.reserve.make();
        }
        self.last = Some(began);
        let length = file.synced();
        let trouble = match &result {
            Ok(_) if self.is_full => Some(DiskTrouble::Full),
            Ok(_) => None,
            Err(error) => Some(DiskTrouble::Failing(error.to_string())),
        };
        (self.report)(DiskReport { file: *number, length, trouble, took: began.elapsed() });
        result.is_err()
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// A file that is deleted when the disk is full, so that the journal can go on.
#[derive(Debug)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    /// Makes the reserve of a directory, as far as there is place for it.
    pub(super) fn of(directory: &Path) -> Self {
        let reserve = Self(directory.join("reserve"));
        reserve.make();
        reserve
    }

    /// Makes it; returns whether there was place.
    fn make(&self) -> bool {
        if fs::metadata(&self.0).is_ok_and(|found| found.len() == RESERVE_BYTES) {
            return true;
        }
        let written = File::create(&self.0).and_then(|mut file| {
            let zeros = vec![0; 1 << 20];
            for _ in 0..RESERVE_BYTES >> 20 {
                file.write_all(&zeros)?;
            }
            file.sync_all()
        });
        if written.is_err() {
            self.release();
        }
        written.is_ok()
    }

    /// Deletes it; returns whether it was there.
    fn release(&self) -> bool {
        fs::remove_file(&self.0).is_ok()
    }
}
