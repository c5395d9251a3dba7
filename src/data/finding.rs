//! [`Finding`]: something that is wrong or odd in a file, with its line.

use std::ops::Range;

/// How many errors of one file are reported; a wrong file tends to be wrong everywhere.
const ERRORS_MAX: usize = 20;

/// Something that is wrong or odd in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, or the row of a file without lines, from 1; `None` if it is about the whole file.
    pub line: Option<usize>,
    /// The text of the line, if there is one.
    pub text: String,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
    /// Whether it is odd, and not wrong.
    pub is_warning: bool,
}

impl Finding {
    /// Makes an error about a whole file.
    pub(super) fn of_file(message: impl Into<String>, help: Option<String>) -> Self {
        Self { line: None, text: String::new(), span: 0..0, message: message.into(), help, is_warning: false }
    }

    /// Makes a warning about a whole file.
    pub(super) fn warning(message: impl Into<String>) -> Self {
        Self { is_warning: true, ..Self::of_file(message, None) }
    }
}

/// Collects what is wrong with one file, up to a limit.
#[derive(Debug, Default)]
pub(super) struct FindingLog {
    found: Vec<Finding>,
    errors: usize,
}

impl FindingLog {
    /// Adds an error, or counts it beyond the limit.
    pub(super) fn error(&mut self, finding: Finding) {
        self.errors += 1;
        if self.errors <= ERRORS_MAX {
            self.found.push(finding);
        }
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, message: impl Into<String>) {
        self.found.push(Finding::warning(message));
    }

    /// Returns whether there are errors.
    pub(super) const fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Returns everything, with the number of errors that were left out.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        if self.errors > ERRORS_MAX {
            let message = format!("and {} more errors in this file", self.errors - ERRORS_MAX);
            self.found.push(Finding::of_file(message, None));
        }
        self.found
    }
}
