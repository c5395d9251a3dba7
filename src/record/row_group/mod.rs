//! [`RowGroup`]: rows that wait to be written, column by column.

pub(in crate::record) mod column;
pub(in crate::record) mod dictionary_column;
pub(in crate::record) mod interner;
pub(in crate::record) mod number_column;

use std::sync::Arc;

use crate::record::schema::columns;
use crate::record::table::Table;
use bearpit_core::units::{Money, SimTime};
use column::Column;

/// The next rows of a table, column by column; filled cell by cell in the order of the schema.
#[derive(Debug)]
pub(in crate::record) struct RowGroup {
    pub(in crate::record) table: Table,
    pub(in crate::record) columns: Vec<Column>,
    pub(in crate::record) rows: usize,
    next: usize,
}

impl RowGroup {
    pub(in crate::record) fn new(table: Table) -> Self {
        let columns = columns(table).iter().map(|(_, kind)| Column::new(*kind)).collect();
        Self { table, columns, rows: 0, next: 0 }
    }

    /// Empties it, but keeps its memory.
    pub(in crate::record) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.rows = 0;
    }

    pub(in crate::record) fn number(&mut self, value: Option<f64>) -> &mut Self {
        self.cell(|column| match column {
            Column::Number(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    /// Adds so many steps of a grid as the double that `value` makes of them.
    pub(in crate::record) fn steps(
        &mut self,
        grid: u32,
        steps: i64,
        value: impl FnOnce() -> f64,
    ) -> &mut Self {
        self.cell(|column| match column {
            Column::Number(cells) => cells.push_steps(grid, steps, value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn count(&mut self, value: Option<u64>) -> &mut Self {
        self.cell(|column| match column {
            Column::Count(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn small(&mut self, value: u32) -> &mut Self {
        self.cell(|column| match column {
            Column::Small(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn word(&mut self, value: Option<u32>) -> &mut Self {
        self.cell(|column| match column {
            Column::Word(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn text(&mut self, value: Option<Arc<str>>) -> &mut Self {
        self.cell(|column| match column {
            Column::Text(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn time(&mut self, value: SimTime) -> &mut Self {
        self.cell(|column| match column {
            Column::Time(cells) => cells.push(value.nanos()),
            other => misplaced(other),
        })
    }

    pub(in crate::record) fn money(&mut self, value: Money) -> &mut Self {
        self.cell(|column| match column {
            Column::Money(cells) => cells.push(Some(value.units())),
            other => misplaced(other),
        })
    }

    /// Ends a row.
    pub(in crate::record) fn end(&mut self) {
        debug_assert_eq!(self.next, self.columns.len(), "cells of a row of {}", self.table.name());
        self.next = 0;
        self.rows += 1;
    }

    fn cell(&mut self, fill: impl FnOnce(&mut Column)) -> &mut Self {
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
