//! Figures: what can be drawn, as SVG by plotters.
//!
//! They know series and numbers, but not runs: [`Lines`] over time with bands and marks, [`Histogram`],
//! [`Scatter`], [`Chart`], [`Bars`] and [`Heat`]. Each has its title, its legend and the units of its axes in the picture itself, so
//! that it can stand alone.

mod axis;
mod bars;
mod chart;
mod clock;
mod heat;
mod histogram;
mod lines;
mod plane;
mod scatter;
#[cfg(test)]
mod tests;
mod tone;

pub(crate) use bars::{Bars, Group};
pub(crate) use chart::{Chart, Look, Series};
pub(crate) use heat::Heat;
pub(crate) use histogram::Histogram;
pub(crate) use lines::{Band, Line, Lines, Mark, Shape};
pub(crate) use plane::{Key, Sign, Size};
pub(crate) use scatter::{Dot, Scatter};
pub(crate) use tone::{Tone, dark_rules};

use super::ReportError;

/// Something that can be drawn.
pub(crate) trait Figure {
    /// Returns the title.
    fn title(&self) -> &str;

    /// Returns whether there is nothing to draw.
    fn is_empty(&self) -> bool;

    /// Returns whether it has the width of a page.
    fn is_wide(&self) -> bool {
        false
    }

    /// Draws it as an SVG element.
    ///
    /// # Errors
    /// [`ReportError`] if plotters cannot.
    fn draw(&self) -> Result<String, ReportError>;
}
