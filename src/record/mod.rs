//! From the tape to files, and back: tables through Polars, the manifest, the run's directory.
//!
//! # Lifecycle
//! 1. [`RunDir::create`] makes `<out>/<scenario>/<seed>.partial`.
//! 2. [`Recorder::start`] starts a writer thread; the [`Recorder`] goes onto the tape as a sink. It only
//!    copies facts, and hands them over in chunks through a bounded channel: where the writer is slower than
//!    the world, the world waits, and memory does not grow. The writer makes rows of them, and files of those.
//! 3. Dropping the recorder hands over what is left; [`Recording::finish`] waits for the writer.
//! 4. [`RunDir::publish`] writes the manifest and gives the directory its name.
//!
//! [`StoredRun`] reads a finished run back. `docs/tables.md` tells every column.

mod config;
mod csv;
mod error;
mod format;
mod frames;
mod ipc;
mod manifest;
mod manifest_text;
mod names;
mod parquet;
mod parquet_reader;
mod recorded;
mod recorder;
mod row_builder;
mod row_group;
mod row_groups;
mod rows;
mod run_dir;
mod schema;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod writer;

pub use config::{BookSnapshotConfig, Output, RecordConfig, RunLabel, TableSet};
pub use error::RecordError;
pub use format::Format;
pub use manifest::{AccountSummary, BookSummary, HoldingSummary, InstrumentSummary, Manifest, TableSummary};
pub use names::Names;
pub use recorded::Recorded;
pub use recorder::{Recorder, Recording};
pub use rows::books::LevelRow;
pub use rows::holdings::{Holding, PositionRow};
pub use rows::order_row::{OrderRow, OrderStatus};
pub use rows::reject::RejectRow;
pub use rows::row::{RowSink, TableRow};
pub use run_dir::{DirectoryError, RunDir};
pub use stored::{OpenError, Pieces, StoredRun};
pub use table::Table;
