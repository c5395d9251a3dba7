//! [`Column`] and [`RowGroup`]: rows that wait to be written, column by column.

use std::sync::Arc;

use super::dictionary_column::{NumberDictionary, ValueDictionary};
use super::number_column::NumberColumn;
use crate::record::schema::Kind;

/// The cells of one column.
#[derive(Debug)]
pub(in crate::record) enum Column {
    Number(NumberColumn),
    Count(Counts),
    Small(Vec<u32>),
    /// Numbers of interned words.
    Word(NumberDictionary),
    Text(Vec<Option<Arc<str>>>),
    /// Nanoseconds since 1970.
    Time(Vec<i64>),
    /// In units.
    Money(ValueDictionary<i128>),
}

/// Counts of which few are absent.
#[derive(Debug, Default)]
pub(in crate::record) struct Counts {
    values: Vec<u64>,
    /// The rows without one, in order.
    nulls: Vec<usize>,
}

impl Counts {
    /// Adds a count for each row.
    pub(in crate::record) fn extend(&mut self, counts: impl Iterator<Item = Option<u64>>) {
        let (values, nulls) = (&mut self.values, &mut self.nulls);
        let mut row = values.len();
        values.extend(counts.map(|count| {
            if count.is_none() {
                nulls.push(row);
            }
            row += 1;
            count.unwrap_or_default()
        }));
    }

    pub(in crate::record) fn clear(&mut self) {
        self.values.clear();
        self.nulls.clear();
    }

    /// Returns the counts, row by row; an absent one is nothing.
    pub(in crate::record) fn values(&self) -> &[u64] {
        &self.values
    }

    /// Returns the rows without one, in order.
    pub(in crate::record) fn nulls(&self) -> &[usize] {
        &self.nulls
    }

    /// Returns the cells, row by row.
    pub(in crate::record) fn cells(&self) -> Vec<Option<u64>> {
        let mut cells: Vec<Option<u64>> = self.values.iter().copied().map(Some).collect();
        self.nulls.iter().for_each(|row| cells[*row] = None);
        cells
    }
}

impl Column {
    pub(in crate::record) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Number(NumberColumn::default()),
            Kind::Count => Self::Count(Counts::default()),
            Kind::Small => Self::Small(Vec::new()),
            Kind::Word => Self::Word(NumberDictionary::default()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Time => Self::Time(Vec::new()),
            Kind::Money => Self::Money(ValueDictionary::default()),
        }
    }

    /// Returns whether rows may have different values.
    pub(in crate::record) fn varies(&self) -> bool {
        match self {
            Self::Number(cells) => cells.cells().varies(),
            Self::Word(cells) => cells.varies(),
            Self::Money(cells) => cells.varies(),
            Self::Count(_) | Self::Small(_) | Self::Text(_) | Self::Time(_) => true,
        }
    }

    /// Forgets the rows that were stored as pages, but not the values that the pages have numbers of. Columns
    /// of which pages are made at the end of a row group keep their rows.
    pub(in crate::record) fn next_piece(&mut self) {
        match self {
            Self::Number(cells) => cells.next_piece(),
            Self::Count(cells) => cells.clear(),
            Self::Word(cells) => cells.next_piece(),
            Self::Time(cells) => cells.clear(),
            Self::Money(cells) => cells.next_piece(),
            Self::Small(_) | Self::Text(_) => {}
        }
    }

    pub(in crate::record) fn clear(&mut self) {
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
