//! [`Stream`]: a table row by row, so that several can be read side by side in order of time.

use std::vec;

use polars_core::prelude::{DataFrame, PolarsResult};

use crate::record::{OpenError, Pieces, StoredRun, Table};

/// A table under reading, with its next row.
#[derive(Debug)]
pub(crate) struct Stream<'a, R, F> {
    /// None of a table that was not recorded, which has no rows.
    pieces: Option<Pieces<'a>>,
    decode: F,
    rows: vec::IntoIter<R>,
    next: Option<R>,
}

impl<'a, R, F: FnMut(&DataFrame) -> PolarsResult<Vec<R>>> Stream<'a, R, F> {
    /// Begins with the first row; `decode` makes rows of a piece, and may leave some out. A table that was
    /// not recorded has none.
    pub(crate) fn open(
        run: &'a StoredRun,
        table: Table,
        columns: &[&str],
        decode: F,
    ) -> Result<Self, OpenError> {
        let pieces = run.has(table).then(|| run.pieces(table, columns)).transpose()?;
        let mut stream = Self { pieces, decode, rows: Vec::new().into_iter(), next: None };
        stream.take()?;
        Ok(stream)
    }

    /// Returns the row that comes next.
    pub(crate) const fn front(&self) -> Option<&R> {
        self.next.as_ref()
    }

    /// Takes the row that comes next.
    pub(crate) fn take(&mut self) -> Result<Option<R>, OpenError> {
        let taken = self.next.take();
        self.next = self.rows.next();
        while self.next.is_none()
            && let Some(pieces) = &mut self.pieces
        {
            let Some(piece) = pieces.read_next()? else { break };
            let rows = (self.decode)(&piece).map_err(|error| pieces.bad(error.to_string()))?;
            self.rows = rows.into_iter();
            self.next = self.rows.next();
        }
        Ok(taken)
    }
}
