//! [`Recorder`]: the sink that copies facts, and [`Recording`]: what comes of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::config::{Output, RecordConfig, RunLabel, TableSet};
use super::error::RecordError;
use super::fact_batch::FactBatch;
use super::fact_writer::{self, FactWriter, Started, Written, panicked};
use super::names::Names;
use super::recorded::Recorded;
use super::row_builder::{RowBuilder, Taken};
use super::row_groups::RowGroups;
use super::rows::marks::Marks;
use super::rows::row::RowSink;
use super::table::Table;
use bearpit_core::market::{Fact, Listing, ReplaySource, SinkError, Stamped, TapeSink};
use bearpit_core::units::SimTime;

/// Copies the facts that the tables need; goes onto the tape.
#[derive(Debug)]
pub struct Recorder {
    tables: TableSet,
    /// The mark of each instrument, if the sink or a table needs it: few facts do, so they are followed here,
    /// and not sent for that.
    marks: Option<Marks>,
    /// Whether bars are recorded that are made of a file's quotes.
    has_bars_of_quotes: bool,
    facts: FactBatch,
    /// How many facts are handed over together.
    chunk: usize,
    writer: Box<dyn FactWriter>,
}

/// A recording in progress: what is written, and what takes the rows beside the files.
#[derive(Debug)]
pub struct Recording<S> {
    written: Written,
    sink: Arc<Mutex<S>>,
}

impl Recorder {
    /// Starts a recording; each file is made with its first row.
    ///
    /// `sink` takes the rows, too, on the thread that makes them: an analysis of the run while it goes on, or
    /// `()`. Which thread that is, the configuration says ([`RecordConfig::thread`]).
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
        let Started { writer, written } = fact_writer::start(config.thread, rows, &sink)?;
        let chunk = writer.chunk();
        let facts = FactBatch::with_capacity(chunk);
        let recorder = Self { tables: config.tables, marks, has_bars_of_quotes, facts, chunk, writer };
        Ok((recorder, Recording { written, sink }))
    }

    fn keep(&mut self, at: SimTime, taken: Taken) -> Result<(), SinkError> {
        self.facts.push_other(at, taken);
        self.hand_over()
    }

    /// Hands the facts over to the writer once there are enough.
    #[inline]
    fn hand_over(&mut self) -> Result<(), SinkError> {
        if self.facts.len() < self.chunk { Ok(()) } else { self.writer.take(&mut self.facts) }
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
        if !is_needed {
            return Ok(());
        }
        self.facts.push(at, fact);
        self.hand_over()
    }

    /// Returns when rows have been made of all facts so far, so that [`Recording::look`] sees them.
    fn flush(&mut self) -> Result<(), SinkError> {
        self.writer.take(&mut self.facts)?;
        self.writer.flush()
    }
}

impl Drop for Recorder {
    /// Hands over what is left; a writer that has failed says so in [`Recording::finish`].
    fn drop(&mut self) {
        self.writer.take(&mut self.facts).ok();
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
        let built = self.written.wait()?;
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
