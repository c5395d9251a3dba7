//! [`Figure`]: what every kind of figure can do, and [`FigureError`]: why drawing failed.

use std::io;

use plotters::drawing::DrawingAreaErrorKind;
use thiserror::Error;

/// Something that can be drawn as SVG.
pub(crate) trait Figure {
    /// Returns the title.
    fn title(&self) -> &str;

    /// Returns whether there is nothing to draw.
    fn is_empty(&self) -> bool;

    /// Returns whether it takes the full width of a page.
    fn is_wide(&self) -> bool {
        false
    }

    /// Draws it for a narrow screen, where the wide drawing would be too small to read; `None` if it has only
    /// one drawing.
    ///
    /// # Errors
    /// [`FigureError`] if plotters fails.
    fn draw_narrow(&self) -> Result<Option<String>, FigureError> {
        Ok(None)
    }

    /// Draws it as an SVG element.
    ///
    /// # Errors
    /// [`FigureError`] if plotters fails.
    fn draw(&self) -> Result<String, FigureError>;
}

/// What plotters reports when it cannot draw.
pub(super) type PlotError = DrawingAreaErrorKind<io::Error>;

/// A figure could not be drawn.
#[derive(Debug, Error)]
#[error("the figure `{title}` cannot be drawn")]
pub struct FigureError {
    /// Its title.
    pub(super) title: String,
    #[source]
    pub(super) cause: PlotError,
}
