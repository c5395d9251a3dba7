//! [`FactWriter`]: who makes rows of facts, on a thread of its own or on the market's.

use std::fmt;
use std::io;
use std::mem;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::config::WriterThread;
use super::error::RecordError;
use super::fact_batch::FactBatch;
use super::row_builder::{Built, RowBuilder};
use super::rows::row::RowSink;
use bearpit_core::market::SinkError;

/// Facts that are handed over to another thread together: enough that it costs the market next to nothing,
/// and few enough that they stay in a processor's cache.
const CHUNK_FACTS: usize = 1024;
/// Chunks that may wait for that thread: enough that it may take its time over a group now and then.
const CHUNKS_WAITING: usize = 32;
/// Facts of which rows are made together on the market's own thread: few enough that they stay in the fastest
/// cache, and enough that market and recorder do not drive each other's code from it with each fact.
const FACTS_HERE: usize = 64;

/// Makes rows of facts.
pub(super) trait FactWriter: fmt::Debug + Send {
    /// Returns how many facts it wants to have together.
    fn chunk(&self) -> usize;

    /// Takes facts, in order, and leaves the list empty.
    ///
    /// # Errors
    /// [`SinkError`] if their rows cannot be written; the recording then says why.
    fn take(&mut self, facts: &mut FactBatch) -> Result<(), SinkError>;

    /// Returns when rows have been made of all facts so far.
    ///
    /// # Errors
    /// [`SinkError`] if rows cannot be written.
    fn flush(&mut self) -> Result<(), SinkError>;
}

/// What was written, once the writer is gone.
#[derive(Debug)]
pub(super) enum Written {
    Thread(JoinHandle<Result<Built, RecordError>>),
    Here(Receiver<Result<Built, RecordError>>),
}

impl Written {
    /// Waits for the end of the writer.
    ///
    /// # Errors
    /// [`RecordError`] if something could not be written.
    pub(super) fn wait(self) -> Result<Built, RecordError> {
        let built = match self {
            Self::Thread(thread) => thread.join().ok(),
            Self::Here(built) => built.recv().ok(),
        };
        built.unwrap_or_else(|| Err(panicked()))
    }
}

/// Says that the writer ended in a panic.
pub(super) fn panicked() -> RecordError {
    RecordError::Thread("ended in a panic".to_owned())
}

/// A writer, and where to wait for what it has written.
pub(super) struct Started {
    pub(super) writer: Box<dyn FactWriter>,
    pub(super) written: Written,
}

/// Begins to make rows, of which `sink` has all, on a thread.
///
/// # Errors
/// [`RecordError::Thread`] if it cannot be started.
pub(super) fn start<S: RowSink>(
    on: WriterThread,
    rows: RowBuilder,
    sink: &Arc<Mutex<S>>,
) -> Result<Started, RecordError> {
    let sink = Arc::clone(sink);
    if on == WriterThread::Market {
        let (built, written) = channel();
        let writer = Box::new(Here { rows: Some(rows), sink, built });
        return Ok(Started { writer, written: Written::Here(written) });
    }
    let (to, messages) = sync_channel(CHUNKS_WAITING);
    let (give_back, emptied) = channel();
    let thread = thread::Builder::new().name("recorder".to_owned());
    let thread = thread.spawn(move || write_all(rows, &sink, &messages, &give_back));
    let thread =
        thread.map_err(|error: io::Error| RecordError::Thread(format!("cannot be started: {error}")))?;
    Ok(Started { writer: Box::new(Beside { to, emptied }), written: Written::Thread(thread) })
}

fn lock<S>(sink: &Mutex<S>) -> MutexGuard<'_, S> {
    sink.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> SinkError {
    SinkError::new("the tables cannot be written any more")
}

/// Makes rows on the thread that brings the facts.
struct Here<S: RowSink> {
    /// None after an error.
    rows: Option<RowBuilder>,
    sink: Arc<Mutex<S>>,
    built: Sender<Result<Built, RecordError>>,
}

impl<S: RowSink> fmt::Debug for Here<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").finish_non_exhaustive()
    }
}

impl<S: RowSink> FactWriter for Here<S> {
    fn chunk(&self) -> usize {
        FACTS_HERE
    }

    fn take(&mut self, facts: &mut FactBatch) -> Result<(), SinkError> {
        let rows = self.rows.as_mut().ok_or_else(gone)?;
        let mut sink = lock(&self.sink);
        let taken = facts.each(|at, next| rows.take(at, &next, &mut *sink));
        facts.clear();
        taken.map_err(|error| {
            self.rows = None;
            // Where the recording is gone, nobody asks why.
            self.built.send(Err(error)).ok();
            gone()
        })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.rows.is_some().then_some(()).ok_or_else(gone)
    }
}

impl<S: RowSink> Drop for Here<S> {
    /// Writes what is left, unless a panic has left it half done.
    fn drop(&mut self) {
        if let Some(rows) = self.rows.take().filter(|_| !thread::panicking()) {
            let built = rows.finish(&mut *lock(&self.sink));
            // Where the recording is gone, nobody waits.
            self.built.send(built).ok();
        }
    }
}

/// Hands facts over to another thread.
#[derive(Debug)]
struct Beside {
    to: SyncSender<Message>,
    /// Chunks that the thread has emptied, to be filled again.
    emptied: Receiver<FactBatch>,
}

impl FactWriter for Beside {
    fn chunk(&self) -> usize {
        CHUNK_FACTS
    }

    fn take(&mut self, facts: &mut FactBatch) -> Result<(), SinkError> {
        let next = self.emptied.try_recv().unwrap_or_else(|_| FactBatch::with_capacity(CHUNK_FACTS));
        let full = mem::replace(facts, next);
        self.to.send(Message::Facts(full)).map_err(|_| gone())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let (done, wait) = channel();
        self.to.send(Message::Flush(done)).map_err(|_| gone())?;
        wait.recv().map_err(|_| gone())
    }
}

/// What goes to the writer's thread.
enum Message {
    Facts(FactBatch),
    /// All facts before it are to be rows; then the sender is answered.
    Flush(Sender<()>),
}

/// Makes rows of facts until their sender is gone; gives back the emptied chunks, and returns what was
/// written.
fn write_all<S: RowSink>(
    mut rows: RowBuilder,
    sink: &Mutex<S>,
    messages: &Receiver<Message>,
    emptied: &Sender<FactBatch>,
) -> Result<Built, RecordError> {
    for message in messages {
        match message {
            Message::Facts(mut chunk) => {
                let mut sink = lock(sink);
                chunk.each(|at, next| rows.take(at, &next, &mut *sink))?;
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
    rows.finish(&mut *lock(sink))
}
