//! What is wrong or odd with a row of a file that a section names.

use crate::scenario::document::{Section, SourceSpan};

/// How far a price may be moved when it is rounded to a tick, relative to the price, before that is odd.
pub(super) const ROUNDING_MAX: f64 = 1e-3;

/// Rounding below this is that of binary fractions, not of ticks.
pub(super) const ROUNDING_MIN: f64 = 1e-9;

/// What is wrong with a row, or odd.
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) help: &'static str,
    pub(super) is_warning: bool,
}

/// A row as it is shown.
pub(super) struct FileRow {
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl Complaint {
    /// Reports it at the row, with the `key` of the section that names the file.
    pub(super) fn report(&self, section: &Section<'_>, key: &str, row: FileRow) {
        let FileRow { file, line, text } = row;
        let mut diagnostics = section.findings.borrow_mut();
        let span = 0..text.len();
        let source = diagnostics.add_excerpt(file, text, line);
        let place = SourceSpan { source, span };
        let help = Some(format!("{} (`{key}` names this file)", self.help));
        if self.is_warning {
            diagnostics.warn(place, self.message.as_str(), help);
        } else {
            diagnostics.push(place, self.message.as_str(), help);
        }
    }
}
