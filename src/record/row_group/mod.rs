//! [`RowGroup`]: rows that wait to be written, column by column.

pub(in crate::record) mod column;
pub(in crate::record) mod dictionary_column;
pub(in crate::record) mod interner;
pub(in crate::record) mod keys;
pub(in crate::record) mod number_column;

use std::sync::Arc;

use crate::record::schema::columns;
use crate::record::table::Table;
use bearpit_core::units::{Money, SimTime};
use column::Column;
use dictionary_column::NULL;

/// The next rows of a table, column by column; filled column by column in the order of the schema, for one
/// row or for some at once.
#[derive(Debug)]
pub(in crate::record) struct RowGroup {
    pub(in crate::record) table: Table,
    pub(in crate::record) columns: Vec<Column>,
    pub(in crate::record) rows: usize,
    /// How many of the rows are not stored as pages yet.
    pub(in crate::record) piece_rows: usize,
    next: usize,
}

impl RowGroup {
    pub(in crate::record) fn new(table: Table) -> Self {
        let columns = columns(table).iter().map(|(_, kind)| Column::new(*kind)).collect();
        Self { table, columns, rows: 0, piece_rows: 0, next: 0 }
    }

    /// Empties it, but keeps its memory.
    pub(in crate::record) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        (self.rows, self.piece_rows) = (0, 0);
    }

    /// Goes on after its rows so far were stored as pages; the values that these have numbers of stay.
    pub(in crate::record) fn next_piece(&mut self) {
        self.columns.iter_mut().for_each(Column::next_piece);
        self.piece_rows = 0;
    }

    /// Fills the next column with a double for each of the rows.
    pub(in crate::record) fn numbers<R>(
        &mut self,
        rows: &[R],
        number: impl FnMut(&R) -> Option<f64>,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Number(cells) => cells.extend(rows, number),
            other => misplaced(other),
        })
    }

    /// Fills the next column with nothing, for so many rows.
    pub(in crate::record) fn no_numbers(&mut self, rows: usize) -> &mut Self {
        self.cells(|column| match column {
            Column::Number(cells) => cells.push_absent(rows),
            other => misplaced(other),
        })
    }

    /// Fills the next column with whole steps of a grid: `steps` says of which, and how many, and `value`
    /// what double they are.
    pub(in crate::record) fn steps<R>(
        &mut self,
        rows: &[R],
        steps: impl FnMut(&R) -> Option<(u32, i64)>,
        value: impl Fn(u32, i64) -> Option<f64>,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Number(cells) => cells.extend_steps(rows, steps, value),
            other => misplaced(other),
        })
    }

    /// Fills the next column with a count for each of the rows.
    pub(in crate::record) fn counts<R>(
        &mut self,
        rows: &[R],
        count: impl FnMut(&R) -> Option<u64>,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Count(cells) => cells.extend(rows.iter().map(count)),
            other => misplaced(other),
        })
    }

    /// Fills the next column with the number of a word for each of the rows.
    pub(in crate::record) fn words<R>(
        &mut self,
        rows: &[R],
        mut word: impl FnMut(&R) -> Option<u32>,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Word(cells) => {
                cells.extend(rows, |cells, row| word(row).map_or(NULL, |word| cells.key(word)));
            }
            other => misplaced(other),
        })
    }

    /// Fills the next column with one word, for so many rows.
    pub(in crate::record) fn same_word(&mut self, word: Option<u32>, rows: usize) -> &mut Self {
        self.cells(|column| match column {
            Column::Word(cells) => cells.push_same(word, rows),
            other => misplaced(other),
        })
    }

    /// Fills the next column with a time for each of the rows.
    pub(in crate::record) fn times<R>(
        &mut self,
        rows: &[R],
        mut time: impl FnMut(&R) -> SimTime,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Time(cells) => cells.extend(rows.iter().map(|row| time(row).nanos())),
            other => misplaced(other),
        })
    }

    /// Fills the next column with an amount for each of the rows.
    pub(in crate::record) fn amounts<R>(
        &mut self,
        rows: &[R],
        mut amount: impl FnMut(&R) -> Money,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Money(cells) => cells.extend(rows, |cells, row| cells.key(amount(row).units())),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn number(&mut self, value: Option<f64>) -> &mut Self {
        self.cells(|column| match column {
            Column::Number(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    /// Adds the cell of so many steps of a grid, of which `value` makes a double.
    pub(in crate::record) fn step(
        &mut self,
        steps: Option<(u32, i64)>,
        value: impl Fn(u32, i64) -> Option<f64>,
    ) -> &mut Self {
        self.cells(|column| match column {
            Column::Number(cells) => cells.push_steps(steps, value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn count(&mut self, value: Option<u64>) -> &mut Self {
        self.counts(&[value], |value| *value)
    }

    pub(in crate::record) fn small(&mut self, value: u32) -> &mut Self {
        self.cells(|column| match column {
            Column::Small(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn word(&mut self, value: Option<u32>) -> &mut Self {
        self.cells(|column| match column {
            Column::Word(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn text(&mut self, value: Option<Arc<str>>) -> &mut Self {
        self.cells(|column| match column {
            Column::Text(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn time(&mut self, value: SimTime) -> &mut Self {
        self.times(&[value], |value| *value)
    }

    pub(in crate::record) fn money(&mut self, value: Money) -> &mut Self {
        self.cells(|column| match column {
            Column::Money(cells) => cells.push(Some(value.units())),
            other => misplaced(other),
        })
    }

    /// Ends so many rows, of which every column has a cell.
    pub(in crate::record) fn end(&mut self, rows: usize) {
        debug_assert_eq!(self.next, self.columns.len(), "cells of a row of {}", self.table.name());
        self.next = 0;
        self.rows += rows;
        self.piece_rows += rows;
    }

    fn cells(&mut self, fill: impl FnOnce(&mut Column)) -> &mut Self {
        if let Some(column) = self.columns.get_mut(self.next) {
            fill(column);
        }
        self.next += 1;
        self
    }
}

/// A cell that the schema does not have there: a fault of the program, which the tests of any build find.
fn misplaced(column: &Column) {
    debug_assert!(false, "a cell of another kind in {column:?}");
}
