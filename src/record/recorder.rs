//! [`Recorder`]: the sink that copies facts, and [`Recording`], the writer it hands them to.

use std::io;
use std::mem;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::gather::Gatherer;
use super::manifest::TableSummary;
use super::plan::{RecordPlan, RunLabel, TableSet};
use super::rows::Names;
use super::sheets::Sheets;
use super::writer::{self, Facts, RecordError};
use bearpit_core::market::{SinkError, Stamped, TapeSink};

/// Facts that are handed over together: enough that it costs the market next to nothing, and few enough that
/// they stay in a processor's cache.
const CHUNK_FACTS: usize = 1024;
/// Chunks that may wait for the writer: enough that it may take its time over a sheet now and then.
const CHUNKS_WAITING: usize = 32;

/// Copies the facts that the tables need; goes onto the tape.
#[derive(Debug)]
pub struct Recorder {
    tables: TableSet,
    facts: Facts,
    writer: SyncSender<Facts>,
    /// Chunks that the writer has emptied, to be filled again.
    emptied: Receiver<Facts>,
}

/// A recording under way: the writer's thread.
#[derive(Debug)]
pub struct Recording {
    thread: JoinHandle<Result<Recorded, RecordError>>,
}

/// What a recording has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The tables, with their rows.
    pub tables: Vec<TableSummary>,
    /// How many orders had not ended, and so have no row; none after a whole run.
    pub open_orders: usize,
}

impl Recorder {
    /// Makes the files in `directory`, and starts the thread that writes them.
    ///
    /// # Errors
    /// [`RecordError`] if a file cannot be made.
    pub fn start(
        directory: &Path,
        plan: &RecordPlan,
        label: RunLabel,
        names: Names,
    ) -> Result<(Self, Recording), RecordError> {
        let sheets = Sheets::create(directory, plan, label.clone(), names)?;
        let gatherer = Gatherer::new(plan, &label, sheets);
        let (writer, chunks) = sync_channel(CHUNKS_WAITING);
        let (give_back, emptied) = channel();
        let thread = thread::Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || writer::run(gatherer, &chunks, &give_back));
        let thread =
            thread.map_err(|error: io::Error| RecordError::Thread(format!("cannot be started: {error}")))?;
        let facts = Vec::with_capacity(CHUNK_FACTS);
        let recorder = Self { tables: plan.tables, facts, writer, emptied };
        Ok((recorder, Recording { thread }))
    }

    fn hand_over(&mut self) -> Result<(), SinkError> {
        let next = self.emptied.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK_FACTS));
        let full = mem::replace(&mut self.facts, next);
        self.writer.send(full).map_err(|_| SinkError::new("the tables cannot be written any more"))
    }
}

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if !self.tables.need(stamped.fact) {
            return Ok(());
        }
        self.facts.push((stamped.at, stamped.fact.clone()));
        if self.facts.len() < CHUNK_FACTS { Ok(()) } else { self.hand_over() }
    }
}

impl Drop for Recorder {
    /// Hands over what is left; a writer that has failed says so in [`Recording::finish`].
    fn drop(&mut self) {
        self.hand_over().ok();
    }
}

impl Recording {
    /// Waits until everything is written, and returns the tables with their rows.
    ///
    /// The recorder must have been dropped, or this waits for it.
    ///
    /// # Errors
    /// [`RecordError`] if something could not be written; the files are then of no use.
    pub fn finish(self) -> Result<Recorded, RecordError> {
        self.thread.join().unwrap_or_else(|_| Err(RecordError::Thread("ended in a panic".to_owned())))
    }
}
