//! [`Column`] and [`Sheet`]: rows in the making, column by column.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::schema::{Kind, columns};
use super::table::Table;
use crate::units::{Money, SimTime};

/// Values of which few differ: each is kept once, and each row has its number.
///
/// That is how Parquet stores them too, so nothing has to be found again when they are written; and
/// numbers of a few bits are quickly compressed.
#[derive(Debug)]
pub(super) struct Coded<T> {
    /// The number of each row's value; a null has that of any.
    pub(super) keys: Vec<u32>,
    /// Whether each row has a value; empty as long as all have one.
    pub(super) valid: Vec<bool>,
    /// The values, by their numbers.
    pub(super) values: Vec<T>,
    numbers: FxHashMap<T, u32>,
    /// The value before, which often comes again.
    last: Option<(T, u32)>,
}

impl<T: Copy + Eq + Hash> Coded<T> {
    fn new() -> Self {
        let (keys, valid, values) = (Vec::new(), Vec::new(), Vec::new());
        Self { keys, valid, values, numbers: FxHashMap::default(), last: None }
    }

    #[inline]
    fn push(&mut self, value: Option<T>) {
        if value.is_none() && self.valid.is_empty() {
            self.valid = vec![true; self.keys.len()];
        }
        if value.is_none() || !self.valid.is_empty() {
            self.valid.push(value.is_some());
        }
        let key = value.map_or(0, |value| self.number(value));
        self.keys.push(key);
    }

    fn number(&mut self, value: T) -> u32 {
        if let Some((last, number)) = self.last
            && last == value
        {
            return number;
        }
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        self.last = Some((value, number));
        number
    }

    /// Returns the value of each row, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Option<T>> {
        self.keys.iter().enumerate().map(|(row, key)| {
            let is_valid = self.valid.get(row).is_none_or(|valid| *valid);
            self.values.get(*key as usize).copied().filter(|_| is_valid)
        })
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.valid.clear();
        self.values.clear();
        self.numbers.clear();
        self.last = None;
    }
}

/// The cells of one column.
#[derive(Debug)]
pub(super) enum Column {
    /// Doubles, by their bits.
    Number(Coded<u64>),
    Count(Vec<Option<u64>>),
    Small(Vec<u32>),
    /// Numbers of words.
    Word(Coded<u32>),
    Text(Vec<Option<Arc<str>>>),
    /// Nanoseconds since 1970.
    Time(Vec<i64>),
    /// In units.
    Money(Coded<i128>),
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(Coded::new()),
            Kind::Count => Self::Count(Vec::new()),
            Kind::Small => Self::Small(Vec::new()),
            Kind::Word => Self::Word(Coded::new()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Time => Self::Time(Vec::new()),
            Kind::Money => Self::Money(Coded::new()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_kept_once_and_nulls_are_told_apart() {
        let given = [Some(7), Some(7), None, Some(9), Some(7), None];
        let mut cells = Coded::new();
        given.into_iter().for_each(|value| cells.push(value));
        assert_eq!(cells.rows().collect::<Vec<_>>(), given);
        assert_eq!(cells.values, [7, 9]);
        cells.clear();
        cells.push(Some(9));
        assert_eq!((cells.rows().collect::<Vec<_>>(), cells.valid.len()), (vec![Some(9)], 0));
    }
}
