//! [`ProjectionSink`]: takes what is durable from the market's thread to the spool.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use bearpit_core::exchange::Market;
use bearpit_core::units::{SimDuration, SimTime};
use tokio::sync::Notify;

use super::batch_maker::{BatchMaker, Stretch};
use super::metrics::ProjectorMetrics;
use crate::domain::WallTime;
use crate::driver::{Begun, OutputSink, SystemClock, WallClock};
use crate::live::Output;
use crate::store::journal::segment_number;
use crate::store::projection::Batch;
use crate::store::spool::Spool;

/// How many batches may wait for the spool's thread.
const BATCHES_MAX: usize = 1_024;
/// How many changes a batch has at most.
pub(super) const CHANGES_MAX: usize = 1_024;
/// How often it is said how far the market has come where nothing changes, in virtual time.
const POSITION_EVERY: SimDuration = SimDuration::from_secs(1);

/// How a market is live, as far as that concerns the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveTerms {
    /// For how many days candles of short intervals are kept.
    pub keep_days: u32,
    /// Whether a crash can take what was shown: then the database may have more than the journal.
    pub is_relaxed: bool,
}

/// Takes what is durable from the market's thread, which waits for nothing: what finds no room is left away,
/// and rebuilt from the journal.
#[derive(Debug)]
pub struct ProjectionSink {
    live: LiveTerms,
    maker: Option<BatchMaker>,
    to_spool: SyncSender<Batch>,
    shown: Arc<AtomicU64>,
    said: Option<SimTime>,
    /// Whether the market has begun, and what it had then has not been said to be all.
    is_begun: bool,
    metrics: ProjectorMetrics,
    clock: SystemClock,
}

impl ProjectionSink {
    /// Makes one with a thread of its own that writes to a spool; `news` wakes the reader, and `is_over`
    /// tells it that there will be no more: the sink is gone.
    ///
    /// # Errors
    /// What the system says if it has no thread.
    pub(super) fn start(
        live: LiveTerms,
        spool: Arc<Spool>,
        news: Arc<Notify>,
        is_over: Arc<AtomicBool>,
        metrics: ProjectorMetrics,
    ) -> io::Result<Self> {
        let (to_spool, batches) = sync_channel(BATCHES_MAX);
        let of_thread = metrics.clone();
        let run = move || {
            write_all(&batches, &spool, &news, &of_thread);
            is_over.store(true, Ordering::Release);
            news.notify_one();
        };
        std::thread::Builder::new().name("spool".to_owned()).spawn(run)?;
        let (shown, clock) = (Arc::default(), SystemClock::new());
        Ok(Self { live, maker: None, to_spool, shown, said: None, is_begun: false, metrics, clock })
    }

    /// Returns where the number of the next fact of the market stands.
    pub(super) fn shown(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shown)
    }

    fn send(&mut self, mut batch: Batch) {
        let now = WallTime::since_epoch(self.clock.system());
        batch.written_at = now.nanos();
        self.shown.store(batch.to, Ordering::Relaxed);
        match self.to_spool.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.dropped.inc();
            }
        }
    }

    fn send_made(&mut self) {
        if let Some(maker) = &mut self.maker {
            let batch = maker.batch();
            self.send(batch);
        }
    }
}

impl OutputSink for ProjectionSink {
    fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        let Some(segment) = segment_number(begun.path) else {
            self.maker = None;
            return;
        };
        let (voids, day, keep_days) = (begun.voids, begun.header.day, self.live.keep_days);
        self.maker = Some(BatchMaker::begin(market, Stretch { segment, voids, day, keep_days }));
        (self.said, self.is_begun) = (None, self.live.is_relaxed);
    }

    fn take(&mut self, output: &Output) {
        let Some(maker) = &mut self.maker else { return };
        maker.take(output);
        if maker.len() >= CHANGES_MAX {
            self.send_made();
        }
    }

    fn flush(&mut self, reached: SimTime) {
        let Some(maker) = &mut self.maker else { return };
        let is_due = self.said.is_none_or(|said| said.saturating_add(POSITION_EVERY) <= reached);
        if std::mem::take(&mut self.is_begun) {
            // All that was rebuilt has been shown by now.
            self.said = Some(reached);
            let batch = maker.batch();
            self.send(Batch { is_all: true, ..batch });
        } else if !maker.is_empty() || (is_due && maker.pending() > 0) {
            self.said = Some(reached);
            self.send_made();
        }
    }

    fn end(&mut self, _left: &[u8]) {
        if let Some(mut maker) = self.maker.take() {
            let batch = maker.end();
            self.send(batch);
        }
    }
}

/// Writes batches to the spool until the sink is gone.
fn write_all(batches: &Receiver<Batch>, spool: &Spool, news: &Notify, metrics: &ProjectorMetrics) {
    let mut was_full = false;
    while let Ok(mut batch) = batches.recv() {
        while batch.changes.len() < CHANGES_MAX
            && let Ok(next) = batches.try_recv()
        {
            if let Err(other) = batch.join(next) {
                write(&std::mem::replace(&mut batch, *other), spool, metrics, &mut was_full);
            }
        }
        write(&batch, spool, metrics, &mut was_full);
        news.notify_one();
    }
}

fn write(batch: &Batch, spool: &Spool, metrics: &ProjectorMetrics, was_full: &mut bool) {
    // Fails for sequences of unknown length only, which no batch has.
    let bytes = postcard::to_stdvec(batch).unwrap_or_default();
    match spool.append(&bytes) {
        Ok(true) => *was_full = false,
        Ok(false) => {
            metrics.dropped.inc();
            if !std::mem::replace(was_full, true) {
                tracing::warn!("the spool is full: what follows is rebuilt from the journal");
            }
        }
        Err(error) => {
            metrics.dropped.inc();
            metrics.failures.inc();
            tracing::warn!(%error, "the spool cannot be written: what is lost is rebuilt from the journal");
        }
    }
    metrics.spool.set(i64::try_from(spool.bytes()).unwrap_or(i64::MAX));
}
