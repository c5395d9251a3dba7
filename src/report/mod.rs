//! The report of a run, or of several: figures by plotters, on one self-contained page.
//!
//! `figures` is what can be drawn, and knows no runs; `page` and the modules beside it choose what of a run is drawn, and
//! say in words what the figures cannot. [`png`] makes pixels of a figure.

mod account;
mod activity;
mod drawdowns;
mod figures;
mod market;
mod measures;
mod overview;
mod page;
mod png;
mod several;
mod sheet;
mod stylized;
#[cfg(test)]
mod tests;
mod text;
mod trips;

use thiserror::Error;

pub use png::png;

use crate::analysis::{RunData, RunSet};

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
    /// A figure cannot be turned into pixels.
    #[error("a figure cannot be turned into pixels: {0}")]
    Pixels(String),
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One HTML page that needs nothing else.
    pub page: String,
    /// The figures on it, in order.
    pub figures: Vec<Picture>,
}

/// A figure that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What its file may be called, without an extension: small letters, digits and `-`.
    pub name: String,
    /// The picture, for light paper.
    pub svg: String,
}

/// Draws the report of a run.
///
/// The same run gives the same bytes.
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render(data: &RunData) -> Result<Report, ReportError> {
    page::page(data)
}

/// Draws the report of several runs: what their accounts made, beside one another and over all seeds.
///
/// The same runs give the same bytes.
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render_several(several: &RunSet) -> Result<Report, ReportError> {
    several::page(several)
}
