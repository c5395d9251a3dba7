//! [`Recorder`]: the sink that gathers rows, and [`Recording`], the writer it hands them to.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::manifest::TableSummary;
use super::orders::OrderLives;
use super::rows::{Chunk, Names, OrderRow, RecordRow, SeriesRow};
use super::table::Format;
use super::writer::{RecordError, Writer};
use crate::market::{AccountMark, Bar, Fact, Quote, Row, Stamped, TapeSink, Trade};
use crate::units::{ActorId, ListingId, SimTime};

/// Rows in a chunk: few, so that what is on its way to the writer weighs little.
const CHUNK_ROWS: usize = 2 * 1024;
/// Chunks that may wait for the writer.
const CHUNKS_WAITING: usize = 2;

/// Gathers facts into rows; goes onto the tape.
#[derive(Debug)]
pub struct Recorder {
    lives: OrderLives,
    orders: Vec<OrderRow>,
    trades: Vec<(SimTime, Trade)>,
    quotes: Vec<(SimTime, ListingId, Quote)>,
    pnl: Vec<(SimTime, AccountMark)>,
    bars: Vec<(ListingId, Bar)>,
    log: Vec<(SimTime, ActorId, &'static str, Arc<str>)>,
    series: Vec<SeriesRow>,
    records: Vec<RecordRow>,
    /// How many rows each table of each strategy has so far.
    record_counts: BTreeMap<(ActorId, Arc<str>), u64>,
    writer: SyncSender<Chunk>,
}

/// A recording under way: the writer's thread.
#[derive(Debug)]
pub struct Recording {
    thread: JoinHandle<Result<Vec<TableSummary>, RecordError>>,
}

impl Recorder {
    /// Makes the files in `directory`, and starts the thread that writes them.
    ///
    /// # Errors
    /// [`RecordError`] if a file cannot be made.
    pub fn start(directory: &Path, format: Format, names: Names) -> Result<(Self, Recording), RecordError> {
        let writer = Writer::create(directory, format, names)?;
        let (sender, chunks) = sync_channel(CHUNKS_WAITING);
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(move || writer.run(&chunks));
        let thread =
            thread.map_err(|error: io::Error| RecordError::Thread(format!("cannot be started: {error}")))?;
        let recorder = Self {
            lives: OrderLives::default(),
            orders: Vec::new(),
            trades: Vec::new(),
            quotes: Vec::new(),
            pnl: Vec::new(),
            bars: Vec::new(),
            log: Vec::new(),
            series: Vec::new(),
            records: Vec::new(),
            record_counts: BTreeMap::new(),
            writer: sender,
        };
        Ok((recorder, Recording { thread }))
    }

    /// Hands over the chunks that have at least `rows` rows.
    fn hand_over(&mut self, rows: usize) -> Result<(), String> {
        let mut full: Vec<Chunk> = Vec::new();
        take_full(&mut self.orders, rows, Chunk::Orders, &mut full);
        take_full(&mut self.trades, rows, Chunk::Trades, &mut full);
        take_full(&mut self.quotes, rows, Chunk::Quotes, &mut full);
        take_full(&mut self.pnl, rows, Chunk::Pnl, &mut full);
        take_full(&mut self.bars, rows, Chunk::Bars, &mut full);
        take_full(&mut self.log, rows, Chunk::Log, &mut full);
        take_full(&mut self.series, rows, Chunk::Series, &mut full);
        take_full(&mut self.records, rows, Chunk::Records, &mut full);
        let gone = |_| "the tables cannot be written any more".to_owned();
        full.into_iter().try_for_each(|chunk| self.writer.send(chunk).map_err(gone))
    }

    fn note(&mut self, at: SimTime, fact: &Fact) {
        match fact {
            Fact::Traded(trade) => self.trades.push((at, *trade)),
            Fact::TouchChanged { listing, quote } => self.quotes.push((at, *listing, *quote)),
            Fact::AccountMarked(mark) => self.pnl.push((at, *mark)),
            Fact::BarClosed { listing, bar } => self.bars.push((*listing, *bar)),
            Fact::Logged { actor, text } => self.log.push((at, *actor, "log", Arc::clone(text))),
            Fact::StrategyFailed { actor, text } => self.log.push((at, *actor, "error", Arc::clone(text))),
            Fact::Plotted { actor, series, value } => {
                let (owner, series, value) = (*actor, Arc::clone(series), *value);
                self.series.push(SeriesRow { at, owner, series, value });
            }
            Fact::Recorded { actor, table, row } => self.note_row(at, *actor, table, row),
            _ => {}
        }
        self.lives.follow(at, fact, &mut self.orders);
    }

    fn note_row(&mut self, at: SimTime, owner: ActorId, table: &Arc<str>, cells: &Row) {
        let count = self.record_counts.entry((owner, Arc::clone(table))).or_default();
        let (number, table, cells) = (*count, Arc::clone(table), Arc::clone(cells));
        *count += 1;
        self.records.push(RecordRow { at, owner, table, number, cells });
    }

    fn is_full(&self) -> bool {
        let longest = [
            self.orders.len(),
            self.trades.len(),
            self.quotes.len(),
            self.pnl.len(),
            self.bars.len(),
            self.log.len(),
            self.series.len(),
            self.records.len(),
        ];
        longest.into_iter().any(|rows| rows >= CHUNK_ROWS)
    }

    /// Returns how many orders have not ended yet.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        self.lives.open()
    }
}

fn take_full<T>(rows: &mut Vec<T>, least: usize, chunk: impl Fn(Vec<T>) -> Chunk, full: &mut Vec<Chunk>) {
    if rows.len() >= least.max(1) {
        full.push(chunk(mem::replace(rows, Vec::with_capacity(rows.len()))));
    }
}

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), String> {
        self.note(stamped.at, stamped.fact);
        if self.is_full() { self.hand_over(CHUNK_ROWS) } else { Ok(()) }
    }
}

impl Drop for Recorder {
    /// Hands over what is left; a writer that has failed says so in [`Recording::finish`].
    fn drop(&mut self) {
        self.hand_over(1).ok();
    }
}

impl Recording {
    /// Waits until everything is written, and returns the tables with their rows.
    ///
    /// The recorder must have been dropped, or this waits for it.
    ///
    /// # Errors
    /// [`RecordError`] if something could not be written; the files are then of no use.
    pub fn finish(self) -> Result<Vec<TableSummary>, RecordError> {
        self.thread.join().unwrap_or_else(|_| Err(RecordError::Thread("ended in a panic".to_owned())))
    }
}
