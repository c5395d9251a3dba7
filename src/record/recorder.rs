//! [`Recorder`]: the sink that copies facts, and [`Recording`], the writer it hands them to.

use std::io;
use std::mem;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::manifest::TableSummary;
use super::plan::{RecordPlan, RunLabel, TableSet};
use super::rows::Names;
use super::writer::{RecordError, Writer};
use crate::market::{Fact, Stamped, TapeSink};
use crate::units::SimTime;

/// Facts that are handed over together: enough that it costs the market next to nothing, and few enough that
/// what is on its way to the writer weighs little.
const CHUNK_FACTS: usize = 4 * 1024;
/// Chunks that may wait for the writer.
const CHUNKS_WAITING: usize = 2;

/// Copies the facts that the tables need; goes onto the tape.
#[derive(Debug)]
pub struct Recorder {
    tables: TableSet,
    facts: Vec<(SimTime, Fact)>,
    writer: SyncSender<Vec<(SimTime, Fact)>>,
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
        let writer = Writer::create(directory, plan, label, names)?;
        let (sender, chunks) = sync_channel(CHUNKS_WAITING);
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(move || writer.run(&chunks));
        let thread =
            thread.map_err(|error: io::Error| RecordError::Thread(format!("cannot be started: {error}")))?;
        let recorder = Self { tables: plan.tables, facts: Vec::with_capacity(CHUNK_FACTS), writer: sender };
        Ok((recorder, Recording { thread }))
    }

    fn hand_over(&mut self) -> Result<(), String> {
        let full = mem::replace(&mut self.facts, Vec::with_capacity(CHUNK_FACTS));
        self.writer.send(full).map_err(|_| "the tables cannot be written any more".to_owned())
    }
}

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), String> {
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
