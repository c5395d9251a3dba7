//! [`CellErrors`]: the errors of one file of rows, each at its cell, up to a limit.

use std::ops::Range;

use crate::scenario::document::{Findings, SourceSpan};

/// How many errors of one file are reported; a wrong file tends to be wrong everywhere.
const ERRORS_MAX: usize = 20;

/// Reports errors in the cells of one file; shared by all readers of rows.
pub(in crate::scenario) struct CellErrors<'a> {
    name: &'a str,
    text: &'a str,
    /// Only a file with errors becomes a source, since that takes a copy of its text.
    source: Option<usize>,
    count: usize,
    findings: &'a Findings,
}

impl<'a> CellErrors<'a> {
    /// Begins without errors in the file called `name`.
    pub(in crate::scenario) const fn new(name: &'a str, text: &'a str, findings: &'a Findings) -> Self {
        Self { name, text, source: None, count: 0, findings }
    }

    /// Returns the number of errors so far.
    pub(in crate::scenario) const fn count(&self) -> usize {
        self.count
    }

    /// Reports an error in a cell of the line that starts at byte `start`, which was read as `width` cells.
    pub(in crate::scenario) fn at_cell(
        &mut self,
        start: usize,
        width: usize,
        column: usize,
        message: String,
    ) {
        let line = self.text[start..].lines().next().unwrap_or("");
        let cells: Vec<&str> = line.split(',').collect();
        // Quoted commas would shift the cells; then the whole row is marked.
        let exact = cells.len() == width && !line.contains('"');
        let (offset, length) = if exact {
            let before: usize = cells[..column.min(cells.len())].iter().map(|cell| cell.len() + 1).sum();
            (before, cells.get(column).map_or(0, |cell| cell.len()))
        } else {
            (0, line.len())
        };
        self.at(start + offset..start + offset + length, message, None);
    }

    /// Reports an error at some bytes of the text.
    pub(in crate::scenario) fn at(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        self.count += 1;
        if self.count <= ERRORS_MAX {
            self.push(span, message, help);
        }
    }

    /// Reports how many errors were left out, and returns whether the file has none.
    pub(in crate::scenario) fn finish(mut self) -> bool {
        if self.count > ERRORS_MAX {
            let message = format!("and {} more errors in this file", self.count - ERRORS_MAX);
            self.push(0..0, message, None);
        }
        self.count == 0
    }

    fn push(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        let mut findings = self.findings.borrow_mut();
        let source = *self.source.get_or_insert_with(|| findings.add_source(self.name, self.text));
        findings.push(SourceSpan { source, span }, message, help);
    }
}
