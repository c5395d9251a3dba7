//! The report of a run: figures by plotters, on one self-contained page.

mod axis;
mod figures;
mod page;
mod text;

use thiserror::Error;

use crate::analysis::RunData;
use crate::record::{OpenError, StoredRun};

/// Says why a report cannot be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The run cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A figure cannot be drawn.
    #[error("the figure `{figure}` cannot be drawn: {why}")]
    Figure {
        /// Which.
        figure: String,
        /// What plotters said.
        why: String,
    },
}

/// Draws the report of a run as one HTML page that needs nothing else.
///
/// The same run gives the same bytes.
///
/// # Errors
/// [`ReportError`] if a table cannot be read or a figure not drawn.
pub fn render(run: &StoredRun) -> Result<String, ReportError> {
    let data = RunData::read(run)?;
    page::page(&data)
}
