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

mod bars;
mod books;
mod coded;
mod column;
mod directory;
mod frames;
mod gather;
mod holdings;
mod manifest;
mod orders;
mod parquet;
mod plan;
mod recorder;
mod rows;
mod schema;
mod sheets;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use directory::{DirectoryError, RunDir};
pub use manifest::{AccountSummary, BookSummary, HoldingSummary, InstrumentSummary, Manifest, TableSummary};
pub use plan::{BookPlan, RecordPlan, RunLabel, TableSet};
pub use recorder::{Recorded, Recorder, Recording};
pub use rows::Names;
pub use stored::{OpenError, Pieces, StoredRun};
pub use table::{Format, Table};
pub use writer::RecordError;
