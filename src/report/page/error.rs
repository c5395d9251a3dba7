//! [`ReportError`]: why a report cannot be drawn.

use std::error::Error as StdError;

use thiserror::Error;

use crate::report::figures::FigureError;

/// Why a report, or a figure of it, cannot be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A figure cannot be rendered as PNG.
    #[error("the figure `{figure}` cannot be rendered as PNG")]
    Png {
        /// Its name.
        figure: String,
        /// What the renderer reported.
        #[source]
        cause: Box<dyn StdError + Send + Sync>,
    },
}
