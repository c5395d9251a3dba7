//! What is wrong with one file of rows: each cell by line and column, and not without end.

use std::ops::Range;

use super::diagnostics::Place;
use super::section::Findings;

/// How many errors of one file are shown; a wrong file tends to be wrong everywhere.
const ERRORS_MAX: usize = 20;

/// Complains of the cells of one file; shared by all readers of rows.
pub(super) struct Complaints<'a> {
    name: &'a str,
    text: &'a str,
    /// Only a file that is wrong becomes a source, since that takes a copy of its text.
    source: Option<usize>,
    errors: usize,
    findings: &'a Findings,
}

impl<'a> Complaints<'a> {
    /// Begins with nothing wrong in the file called `name`.
    pub(super) const fn new(name: &'a str, text: &'a str, findings: &'a Findings) -> Self {
        Self { name, text, source: None, errors: 0, findings }
    }

    pub(super) const fn errors(&self) -> usize {
        self.errors
    }

    /// Complains of a cell of the line that starts at byte `start`, which was read as `width` cells.
    pub(super) fn at_cell(&mut self, start: usize, width: usize, column: usize, message: String) {
        let line = self.text[start..].lines().next().unwrap_or("");
        let cells: Vec<&str> = line.split(',').collect();
        // Quoted commas would shift the cells; then the whole row is shown.
        let exact = cells.len() == width && !line.contains('"');
        let (offset, length) = if exact {
            let before: usize = cells[..column.min(cells.len())].iter().map(|cell| cell.len() + 1).sum();
            (before, cells.get(column).map_or(0, |cell| cell.len()))
        } else {
            (0, line.len())
        };
        self.at(start + offset..start + offset + length, message, None);
    }

    /// Complains of some bytes of the text.
    pub(super) fn at(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        self.errors += 1;
        if self.errors <= ERRORS_MAX {
            self.push(span, message, help);
        }
    }

    /// Says how many errors were not shown, and tells whether the file is right.
    pub(super) fn finish(mut self) -> bool {
        if self.errors > ERRORS_MAX {
            let message = format!("and {} more errors in this file", self.errors - ERRORS_MAX);
            self.push(0..0, message, None);
        }
        self.errors == 0
    }

    fn push(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        let mut findings = self.findings.borrow_mut();
        let source = *self.source.get_or_insert_with(|| findings.add_source(self.name, self.text));
        findings.push(Place { source, span }, message, help);
    }
}
