//! Runs scenarios: the library below the command line.
//!
//! A server, a parameter sweep or a binding for another language uses this module; `cli` is one such caller.
//! Nothing here writes to a terminal, parses arguments or picks exit codes: progress goes to a
//! [`ProgressSink`], errors are typed and keep their causes.
//!
//! # Lifecycle of a run
//! 1. [`Run::of`] takes a scenario; an [`OutputConfig`] says where results go, if anywhere.
//! 2. [`Run::run`] builds the market, steps it from open to close while recording, and settles all accounts.
//!    Between steps it reports progress, and checks the [`CancelToken`] and how long it may take.
//! 3. The recorded rows are analyzed into [`RunData`](crate::analysis::RunData), summary and report.
//! 4. The output directory gets its final name when it is complete. A run that fails or is interrupted leaves
//!    nothing.
//!
//! A run can also be [driven by](Run::driven_by) a [`MarketSource`]: what came from outside into the market
//! of a live day, out of its journal.
//!
//! [`Runs`] executes many runs on a pool of threads, one world per thread. The functions about report files
//! ([`write_page`], [`write_run_set_page`] and others) write the pages of runs that have finished.

mod cancel;
mod error;
mod fees_text;
mod files;
mod find;
mod manifest;
mod outcome;
mod output;
mod pool;
mod progress;
mod replays;
mod report_files;
mod runs;
mod seeds;
mod single;
mod source;
mod strategy_log;
mod unfinished;

pub use cancel::CancelToken;
pub use error::{PoolError, RunError, chain};
pub use files::write_atomically;
pub use find::{common_page_path, find_runs};
pub use manifest::describe;
pub use outcome::{Finished, RunOutcome, RunResult};
pub use output::{OutputConfig, OutputConflict};
pub use progress::{Progress, ProgressSink, RunEvent, RunId};
pub use report_files::{
    PAGE, ReportFileError, check_page_free, render_stored, write_figures, write_page, write_run_set_page,
};
pub use runs::{Running, Runs};
pub use seeds::{SeedList, SeedListError};
pub use single::Run;
pub use source::{Advance, JournalSource, MarketSource, SourceError};
pub use strategy_log::{LogLine, LogReader};
pub use unfinished::Unfinished;
