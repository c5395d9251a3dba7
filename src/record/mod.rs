//! From the tape to files, and back: tables through Polars, the manifest, the run's directory.

mod manifest;
mod table;

pub use manifest::{AccountSummary, Manifest, TableSummary};
pub use table::{Format, Table};
