//! The HTML page of a report: [`PageBuilder`] collects sections and figures, [`html_document`] wraps them.

mod builder;
mod cards;
mod document;
mod error;
mod output;

pub(crate) use builder::{PageBuilder, put};
pub(crate) use cards::CardTable;
pub(crate) use document::html_document;
pub use error::ReportError;
pub use output::{Report, SvgFigure};
