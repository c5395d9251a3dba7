//! From the tape to files, and back: tables through Polars, the manifest, the run's directory.
//!
//! # Lifecycle
//! 1. [`RunDir::create`] makes `<out>/<scenario>/<seed>.partial`.
//! 2. [`Recorder::start`] starts a writer thread; the [`Recorder`] goes onto the tape as a sink. It only
//!    appends rows of plain integers, and hands them over in chunks through a bounded channel: where the
//!    disk is slower than the world, the world waits, and memory does not grow.
//! 3. Dropping the recorder hands over what is left; [`Recording::finish`] waits for the writer.
//! 4. [`RunDir::publish`] writes the manifest and gives the directory its name.
//!
//! [`StoredRun`] reads a finished run back. `docs/tables.md` tells every column.

mod directory;
mod frames;
mod manifest;
mod orders;
mod recorder;
mod rows;
mod schema;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod told;
mod writer;

pub use directory::{DirectoryError, RunDir};
pub use manifest::{AccountSummary, HoldingSummary, InstrumentSummary, Manifest, TableSummary};
pub use recorder::{Recorder, Recording};
pub use rows::Names;
pub use stored::{OpenError, Pieces, StoredRun};
pub use table::{Format, Table};
pub use writer::RecordError;
