//! [`Column`] and [`Sheet`]: rows in the making, column by column.

use std::sync::Arc;

use super::coded::{CodedNumbers, CodedValues};
use super::schema::{Kind, columns};
use super::table::Table;
use bearpit_core::units::{Money, SimTime};

/// The cells of one column.
#[derive(Debug)]
pub(super) enum Column {
    /// The bits of doubles.
    Number(CodedValues<u64>),
    Count(Counts),
    Small(Vec<u32>),
    /// Numbers of words.
    Word(CodedNumbers),
    Text(Vec<Option<Arc<str>>>),
    /// Nanoseconds since 1970.
    Time(Vec<i64>),
    /// In units.
    Money(CodedValues<i128>),
}

/// Counts of which few are absent.
#[derive(Debug, Default)]
pub(super) struct Counts {
    values: Vec<u64>,
    /// The rows without one, in order.
    nulls: Vec<usize>,
}

impl Counts {
    fn push(&mut self, count: Option<u64>) {
        if count.is_none() {
            self.nulls.push(self.values.len());
        }
        self.values.push(count.unwrap_or_default());
    }

    fn clear(&mut self) {
        self.values.clear();
        self.nulls.clear();
    }

    /// Returns the counts, row by row; an absent one is nothing.
    pub(super) fn values(&self) -> &[u64] {
        &self.values
    }

    /// Returns the rows without one, in order.
    pub(super) fn nulls(&self) -> &[usize] {
        &self.nulls
    }

    /// Returns the cells, row by row.
    pub(super) fn cells(&self) -> Vec<Option<u64>> {
        let mut cells: Vec<Option<u64>> = self.values.iter().copied().map(Some).collect();
        self.nulls.iter().for_each(|row| cells[*row] = None);
        cells
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(CodedValues::default()),
            Kind::Count => Self::Count(Counts::default()),
            Kind::Small => Self::Small(Vec::new()),
            Kind::Word => Self::Word(CodedNumbers::default()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Time => Self::Time(Vec::new()),
            Kind::Money => Self::Money(CodedValues::default()),
        }
    }

    /// Tells whether rows may have different values.
    pub(super) fn varies(&self) -> bool {
        match self {
            Self::Number(cells) => cells.varies(),
            Self::Word(cells) => cells.varies(),
            Self::Money(cells) => cells.varies(),
            Self::Count(_) | Self::Small(_) | Self::Text(_) | Self::Time(_) => true,
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Number(cells) => cells.clear(),
            Self::Count(cells) => cells.clear(),
            Self::Small(cells) => cells.clear(),
            Self::Word(cells) => cells.clear(),
            Self::Text(cells) => cells.clear(),
            Self::Time(cells) => cells.clear(),
            Self::Money(cells) => cells.clear(),
        }
    }
}

/// The next rows of a table, column by column; filled cell by cell in the order of the schema.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) table: Table,
    pub(super) columns: Vec<Column>,
    pub(super) rows: usize,
    next: usize,
}

impl Sheet {
    pub(super) fn new(table: Table) -> Self {
        let columns = columns(table).iter().map(|(_, kind)| Column::new(*kind)).collect();
        Self { table, columns, rows: 0, next: 0 }
    }

    /// Empties it, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.rows = 0;
    }

    pub(super) fn number(&mut self, value: Option<f64>) -> &mut Self {
        self.cell(|column| match column {
            Column::Number(cells) => cells.push(value.map(f64::to_bits)),
            other => misplaced(other),
        })
    }

    pub(super) fn count(&mut self, value: Option<u64>) -> &mut Self {
        self.cell(|column| match column {
            Column::Count(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(super) fn small(&mut self, value: u32) -> &mut Self {
        self.cell(|column| match column {
            Column::Small(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(super) fn word(&mut self, value: Option<u32>) -> &mut Self {
        self.cell(|column| match column {
            Column::Word(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(super) fn text(&mut self, value: Option<Arc<str>>) -> &mut Self {
        self.cell(|column| match column {
            Column::Text(cells) => cells.push(value),
            other => misplaced(other),
        })
    }

    pub(super) fn time(&mut self, value: SimTime) -> &mut Self {
        self.cell(|column| match column {
            Column::Time(cells) => cells.push(value.nanos()),
            other => misplaced(other),
        })
    }

    pub(super) fn money(&mut self, value: Money) -> &mut Self {
        self.cell(|column| match column {
            Column::Money(cells) => cells.push(Some(value.units())),
            other => misplaced(other),
        })
    }

    /// Ends a row.
    pub(super) fn end(&mut self) {
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
