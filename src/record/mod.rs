//! Recording: from the facts of a tape to rows, tables and files, and back.
//!
//! # Lifecycle
//! 1. [`RunDir::create`] creates `<out>/<scenario>/<seed>.partial`, if there are to be files.
//! 2. [`Recorder::start`] starts a writer; the [`Recorder`] goes onto the tape as a sink. It only copies
//!    facts, and hands them over in chunks: to a thread beside the market's, through a bounded channel, so
//!    that the world waits if the writer is slower, and memory does not grow; or, where no core is free for
//!    that, on the market's own ([`WriterThread`]).
//! 3. The writer makes a [`TableRow`] of whatever a table needs. Rows go into row groups, which are written
//!    to an [`Output`] when they are full; and to a [`RowSink`], such as an analysis of the running market.
//! 4. Dropping the recorder sends what is left; [`Recording::finish`] waits for the writer, and returns the
//!    sink.
//! 5. [`RunDir::publish`] writes the [`Manifest`] and gives the directory its name.
//!
//! [`StoredRun`] reads a finished run. `docs/tables.md` describes every column.
//!
//! # Rooms
//! `rows` holds the types of rows and what is needed to make them, `row_group` the columns of rows that wait
//! to be written, `row_groups` the cells of each table.

mod arrow_arrays;
mod column_pages;
mod config;
mod csv;
mod csv_cells;
mod csv_reader;
mod csv_times;
mod delta_page;
mod error;
mod fact_batch;
mod fact_writer;
mod format;
mod frames;
mod ipc;
mod json_fault;
mod manifest;
mod manifest_text;
mod names;
mod page_bytes;
mod parquet;
mod parquet_reader;
mod recorded;
mod recorder;
mod replay_summary;
mod row_builder;
mod row_group;
mod row_groups;
mod rows;
mod run_dir;
mod run_lock;
mod schema;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod wide_snappy;
mod writer;

pub use config::{BookSnapshotConfig, Output, RecordConfig, RunLabel, TableSet, WriterThread};
pub use error::RecordError;
pub use format::{Format, UnknownFormat};
pub(crate) use json_fault::json_fault;
pub use manifest::{
    AccountSummary, BookSummary, HoldingSummary, InstrumentSummary, Manifest, MarginSummary, TableSummary,
};
pub use names::Names;
pub(crate) use parquet_reader::ParquetReader;
pub use recorded::Recorded;
pub use recorder::{Recorder, Recording};
pub use replay_summary::{ChargeSummary, ReplayRules, ReplaySummary};
pub use rows::actions::ActionRow;
pub use rows::books::LevelRow;
pub use rows::equity::EquityRow;
pub use rows::holdings::{Holding, PositionRow};
pub use rows::order_row::{OrderRow, OrderStatus};
pub use rows::reject::RejectRow;
pub use rows::row::{RecordedCell, RowSink, TableRow};
pub use rows::trips::TripRow;
pub use run_dir::{DirectoryError, RunDir};
pub use stored::{OpenError, Pieces, StoredRun};
pub use table::Table;
