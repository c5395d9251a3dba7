//! The driver: a thread, a file and a clock for a [live market](crate::live), one day after the other.
//!
//! ```text
//! requests -> MarketHandle -> [channel] -> market's thread -> LiveMarket
//!                                          |         ^
//!                                   bytes  v         | how much is on disk
//!                                          journal's thread: append, sync, again
//! what is on disk -> Audience: whoever waits for an answer, and all sinks
//! ```
//!
//! The market's thread owns the world and alone steps it. It takes what has come, steps to where virtual time
//! should be, hands what is to be journalled to the journal's thread, and shows what that has synced. It
//! never waits for the disk, and nobody waits for it but those who want an answer.

mod audience;
mod clock;
mod days;
mod handle;
mod listing_name;
mod look;
mod metrics;
mod publishing;
mod scenario_source;
mod segment;
mod source;
mod status;
mod sync_thread;
#[cfg(test)]
mod tests;
mod thread;
mod trace;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

pub use audience::{Begun, OutputSink};
pub use clock::{SystemClock, WallClock};
pub use days::{DriveError, WrapFile};
pub use handle::{Ask, MarketHandle, Refused, Reply, What};
pub use listing_name::{BadListingName, ListingName};
pub use look::{AccountView, Look, LookReply, OrderProgress, PositionView, Seen};
pub use metrics::{FloatGauge, Metrics};
pub use publishing::Published;
pub use scenario_source::ScenarioSource;
pub use segment::{ENGINE, Scan, Segment};
pub(crate) use segment::{lay_out, read as read_segment};
pub use source::{Day, MarketSource, SourceError};
pub use status::{DayStatus, MarketStatus, Stage, Unavailable};
pub use sync_thread::{DiskTrouble, JournalMedium, SyncPolicy};

use crate::publication::PublicationConfig;
use crate::store::journal::JournalDirectory;
use audience::Audience;
use days::Days;
use handle::ToMarket;
use publishing::Publishing;
use status::SharedStatus;
use sync_thread::{Reserve, SyncThread};
use thread::{Desk, MarketThread};

/// How a market is driven.
pub struct DriverConfig {
    /// Where its journal is; made if it is not there.
    pub journal: PathBuf,
    /// How often the journal is synced.
    pub sync: SyncPolicy,
    /// How many requests may wait for the market; more are refused.
    pub queue: usize,
    /// What time it is.
    pub clock: Box<dyn WallClock>,
    /// Where its days come from.
    pub source: Box<dyn MarketSource>,
    /// What stands between the journal and its files: tests put failing disks there.
    pub wrap: WrapFile,
    /// How much of the past readers find in memory.
    pub publication: PublicationConfig,
    /// Who is shown what happens, besides the publication.
    pub sinks: Vec<Box<dyn OutputSink>>,
    /// Is called with the file of each segment that was settled and is on disk.
    pub settled: SettledHook,
    /// What is measured.
    pub metrics: Metrics,
}

/// What is called with the file of a segment that was settled; it must not wait for anything.
pub type SettledHook = Box<dyn FnMut(&Path) + Send>;

impl std::fmt::Debug for DriverConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { journal, sync, queue, .. } = self;
        f.debug_struct("DriverConfig")
            .field("journal", journal)
            .field("sync", sync)
            .field("queue", queue)
            .finish_non_exhaustive()
    }
}

/// A market that is driven on a thread of its own.
#[derive(Debug)]
pub struct Driver {
    /// How others talk with it.
    pub handle: MarketHandle,
    thread: JoinHandle<()>,
}

impl Driver {
    /// Opens the journal, and drives its market from where it stands. The market is rebuilt on its thread:
    /// [`MarketHandle::status`] says when it is open.
    ///
    /// # Errors
    /// [`DriveError`] if another process has the journal, or the system has no thread.
    pub fn start(config: DriverConfig) -> Result<Self, DriveError> {
        let DriverConfig { journal, sync, queue, clock, source, wrap, publication, sinks, settled, metrics } =
            config;
        let directory = JournalDirectory::open(&journal)?;
        let failed = |error: io::Error| DriveError::Io { path: journal.clone(), error };
        let (to_market, messages) = mpsc::sync_channel(queue);
        let reports = to_market.clone();
        let report = move |report| {
            // The market's thread may have ended.
            reports.send(ToMarket::Disk(report)).unwrap_or_default();
        };
        let reserve = Reserve::of(&journal);
        let sync = SyncThread::start(reserve, sync, report).map_err(failed)?;
        let status = SharedStatus::new();
        let publishing = Publishing::new(publication, source.pacing().clock, journal.clone());
        let publishing = publishing.map_err(failed)?;
        let published = publishing.published();
        let mut sinks = sinks;
        sinks.insert(0, Box::new(publishing));
        let handle = MarketHandle { published, to_market, status: status.clone(), metrics: metrics.clone() };
        // A market is of one thread, so it is made there.
        let parts = (messages, clock, sync, status, metrics.clone());
        let thread = std::thread::Builder::new()
            .name("market".to_owned())
            .spawn(move || {
                let (messages, clock, sync, status, metrics) = parts;
                let days = Days::new(directory, source, wrap);
                let audience = Audience::new(sinks, metrics.clone());
                let desk = Desk::default();
                let thread =
                    MarketThread { messages, clock, days, sync, audience, settled, status, metrics, desk };
                thread.run();
            })
            .map_err(failed)?;
        Ok(Self { handle, thread })
    }

    /// Waits until the market's thread has ended; [`MarketHandle::status`] says how.
    pub fn join(self) {
        // A panic outside of the market is printed where it happens, and the status was left as it was.
        self.thread.join().unwrap_or_default();
    }
}
