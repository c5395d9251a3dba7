//! [`Recorder`]: the sink that copies facts, and [`Recording`], the writer it hands them to.

use std::io;
use std::mem;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::config::{RecordConfig, RunLabel, TableSet};
use super::error::RecordError;
use super::names::Names;
use super::recorded::Recorded;
use super::row_builder::RowBuilder;
use super::row_groups::RowGroups;
use bearpit_core::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit_core::units::SimTime;

/// Facts that are handed over together: enough that it costs the market next to nothing, and few enough that
/// they stay in a processor's cache.
const CHUNK_FACTS: usize = 1024;
/// Chunks that may wait for the writer: enough that it may take its time over a group now and then.
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

impl Recorder {
    /// Makes the files in `directory`, and starts the thread that writes them.
    ///
    /// # Errors
    /// [`RecordError`] if a file cannot be made.
    pub fn start(
        directory: &Path,
        plan: &RecordConfig,
        label: RunLabel,
        names: Names,
    ) -> Result<(Self, Recording), RecordError> {
        let groups = RowGroups::create(directory, plan, label.clone(), names)?;
        let rows = RowBuilder::new(plan, &label, groups);
        let (writer, chunks) = sync_channel(CHUNKS_WAITING);
        let (give_back, emptied) = channel();
        let thread = thread::Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || write_all(rows, &chunks, &give_back));
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

/// Facts on their way to the writer.
type Facts = Vec<(SimTime, Fact)>;

/// Writes facts until their sender is gone; gives back the emptied chunks, and returns what that came to.
fn write_all(
    mut rows: RowBuilder,
    chunks: &Receiver<Facts>,
    emptied: &Sender<Facts>,
) -> Result<Recorded, RecordError> {
    for mut chunk in chunks {
        chunk.iter().try_for_each(|(at, fact)| rows.take(*at, fact))?;
        chunk.clear();
        // Where the recorder is gone, nobody needs it any more.
        emptied.send(chunk).ok();
    }
    rows.finish()
}
