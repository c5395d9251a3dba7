//! The report of a run: figures by plotters, on one self-contained page.

mod axis;
mod figures;
mod page;
mod text;

use thiserror::Error;

use crate::analysis::RunData;

/// Says why a report cannot be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
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
/// [`ReportError`] if a figure cannot be drawn.
pub fn render(data: &RunData) -> Result<String, ReportError> {
    page::page(data)
}
