//! [`Recorder`]: the sink that copies facts, and [`Recording`], the writer it hands them to.

use std::io;
use std::mem;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::config::{Output, RecordConfig, RunLabel, TableSet};
use super::error::RecordError;
use super::names::Names;
use super::recorded::Recorded;
use super::row_builder::{Built, RowBuilder, Taken};
use super::row_groups::RowGroups;
use super::rows::marks::Marks;
use super::rows::row::RowSink;
use super::table::Table;
use bearpit_core::market::{Fact, Listing, ReplaySource, SinkError, Stamped, TapeSink};
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
    /// The mark of each instrument, if the sink or a table needs it: few facts do, so they are followed here,
    /// and not sent for that.
    marks: Option<Marks>,
    /// Whether bars are recorded that are made of a file's quotes.
    has_bars_of_quotes: bool,
    facts: Facts,
    writer: SyncSender<Message>,
    /// Chunks that the writer has emptied, to be filled again.
    emptied: Receiver<Facts>,
}

/// A recording in progress: the writer's thread, and what takes the rows beside the files.
#[derive(Debug)]
pub struct Recording<S> {
    thread: JoinHandle<Result<Built, RecordError>>,
    sink: Arc<Mutex<S>>,
}

impl Recorder {
    /// Starts the thread that makes rows and writes them; each file is made with its first row.
    ///
    /// `sink` takes the rows, too, on that thread: an analysis of the run while it goes on, or `()`.
    ///
    /// # Errors
    /// [`RecordError`] if the thread cannot be started.
    pub fn start<S: RowSink>(
        output: Output<'_>,
        config: &RecordConfig,
        label: RunLabel,
        names: Names,
        sink: S,
    ) -> Result<(Self, Recording<S>), RecordError> {
        let needs_marks = sink.needs_marks() || config.tables.contains(Table::Trips);
        let marks = needs_marks.then(|| Marks::new(&names));
        let is_of_quotes = |listing: &Listing| listing.replay == Some(ReplaySource::Quotes);
        let has_bars_of_quotes =
            config.tables.contains(Table::Bars) && names.listings.iter().any(is_of_quotes);
        let groups = RowGroups::new(output, config, label.clone(), names);
        let rows = RowBuilder::new(config, &label, groups);
        let sink = Arc::new(Mutex::new(sink));
        let (writer, chunks) = sync_channel(CHUNKS_WAITING);
        let (give_back, emptied) = channel();
        let shared = Arc::clone(&sink);
        let thread = thread::Builder::new().name("recorder".to_owned());
        let thread = thread.spawn(move || write_all(rows, &shared, &chunks, &give_back));
        let thread =
            thread.map_err(|error: io::Error| RecordError::Thread(format!("cannot be started: {error}")))?;
        let facts = Vec::with_capacity(CHUNK_FACTS);
        let recorder = Self { tables: config.tables, marks, has_bars_of_quotes, facts, writer, emptied };
        Ok((recorder, Recording { thread, sink }))
    }

    fn keep(&mut self, at: SimTime, taken: Taken) -> Result<(), SinkError> {
        self.facts.push((at, taken));
        if self.facts.len() < CHUNK_FACTS { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), SinkError> {
        let next = self.emptied.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK_FACTS));
        let full = mem::replace(&mut self.facts, next);
        self.send(Message::Facts(full))
    }

    fn send(&self, message: Message) -> Result<(), SinkError> {
        self.writer.send(message).map_err(|_| SinkError::new("the tables cannot be written any more"))
    }
}

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Stamped { at, fact, .. } = stamped;
        if let Some((instrument, half_ticks)) = self.marks.as_mut().and_then(|marks| marks.follow(fact)) {
            self.keep(at, Taken::FirstMark { instrument, half_ticks })?;
        }
        if let Fact::AccountOpened(opening) = fact {
            let half_ticks = self.marks.as_ref().map_or(&[][..], Marks::half_ticks).into();
            return self.keep(at, Taken::Opening { opening: opening.clone(), half_ticks });
        }
        let is_needed =
            self.tables.need(fact) || (self.has_bars_of_quotes && matches!(fact, Fact::TouchChanged { .. }));
        if is_needed { self.keep(at, Taken::Fact(fact.clone())) } else { Ok(()) }
    }

    /// Returns when rows have been made of all facts so far, so that [`Recording::look`] sees them.
    fn flush(&mut self) -> Result<(), SinkError> {
        self.hand_over()?;
        let (done, wait) = channel();
        self.send(Message::Flush(done))?;
        wait.recv().map_err(|_| SinkError::new("the tables cannot be written any more"))
    }
}

impl Drop for Recorder {
    /// Hands over what is left; a writer that has failed says so in [`Recording::finish`].
    fn drop(&mut self) {
        self.hand_over().ok();
    }
}

impl<S: RowSink> Recording<S> {
    /// Looks at the sink while the recording goes on; the writer waits meanwhile.
    ///
    /// It has the rows of all facts before the tape was last flushed ([`Market::flush_sinks`]), and perhaps
    /// of some after that.
    ///
    /// [`Market::flush_sinks`]: bearpit_core::exchange::Market::flush_sinks
    pub fn look<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.sink.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything is written, and returns the tables with their rows.
    ///
    /// The recorder must have been dropped, or this waits for it.
    ///
    /// # Errors
    /// [`RecordError`] if something could not be written; the files are then of no use.
    pub fn finish(self) -> Result<Recorded<S>, RecordError> {
        let panicked = || RecordError::Thread("ended in a panic".to_owned());
        let built = self.thread.join().map_err(|_| panicked())??;
        let sink = Arc::into_inner(self.sink).ok_or_else(panicked)?;
        let sink = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut recorded =
            Recorded { tables: Vec::new(), frames: Vec::new(), open_orders: built.open_orders, sink };
        for table in built.tables {
            recorded.frames.extend(table.frame.map(|frame| (table.table, frame)));
            recorded.tables.push(table.summary);
        }
        Ok(recorded)
    }
}

/// Facts on their way to the writer.
type Facts = Vec<(SimTime, Taken)>;

/// What the recorder sends to the writer.
enum Message {
    Facts(Facts),
    /// All facts before it are to be rows; then the sender is answered.
    Flush(Sender<()>),
}

/// Makes rows of facts until their sender is gone; gives back the emptied chunks, and returns what was
/// written.
fn write_all<S: RowSink>(
    mut rows: RowBuilder,
    sink: &Mutex<S>,
    messages: &Receiver<Message>,
    emptied: &Sender<Facts>,
) -> Result<Built, RecordError> {
    let lock = || sink.lock().unwrap_or_else(PoisonError::into_inner);
    for message in messages {
        match message {
            Message::Facts(mut chunk) => {
                let mut sink = lock();
                chunk.iter().try_for_each(|(at, taken)| rows.take(*at, taken, &mut *sink))?;
                drop(sink);
                chunk.clear();
                // Where the recorder is gone, nobody needs it any more.
                emptied.send(chunk).ok();
            }
            // Where whoever asked is gone, nobody waits.
            Message::Flush(done) => {
                done.send(()).ok();
            }
        }
    }
    rows.finish(&mut *lock())
}
