//! [`RecordError`]: why a recording failed.

use std::path::PathBuf;

use polars_core::prelude::PolarsError;
use thiserror::Error;

/// Says why a recording failed.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A file could not be made.
    #[error("{}: cannot be written: {cause}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Rows could not be written.
    #[error("{}: cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What Polars said.
        cause: PolarsError,
    },
    /// The writer's thread could not be started, or ended in a panic.
    #[error("the thread that writes the tables {0}")]
    Thread(String),
}
