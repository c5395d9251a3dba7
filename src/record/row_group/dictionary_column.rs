//! [`DictionaryColumn`]: cells of which few differ, each value kept once.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::keys::Keys;

/// The values of a column, each once, and for each row the number of its value.
///
/// That is how Parquet stores what comes again; and numbers of a few bits are quickly compressed. Cells are
/// numbered as they come, so that a group in progress takes four bytes a cell and not sixteen: it stays in
/// the processor's cache.
#[derive(Debug, Default)]
pub(in crate::record) struct DictionaryColumn<T, N> {
    /// The number of each row's value, or [`NULL`].
    keys: Keys,
    has_nulls: bool,
    /// The values, by their numbers.
    values: Vec<T>,
    numbers: N,
    /// From which number on values are not looked up any more, since most differ: one that comes again has a
    /// number for each time.
    plain_from: Option<usize>,
    /// The rows of the pieces before.
    rows_before: usize,
}

/// How many cells are numbered before their numbers are kept.
const BATCH: usize = 128;

/// After so many values it is looked whether they come again.
const TRIED_VALUES: usize = 1024;

/// Any values.
pub(in crate::record) type ValueDictionary<T> = DictionaryColumn<T, ByValue<T>>;
/// Numbers that are small themselves.
pub(in crate::record) type NumberDictionary = DictionaryColumn<u32, ByNumber>;

/// The number of a row without a value: no group has so many rows.
pub(in crate::record) const NULL: u32 = u32::MAX;

/// What number a value has.
pub(in crate::record) trait Numbers<T> {
    /// Whether looking a value up costs next to nothing, so that it is worth it even where most differ.
    const IS_QUICK: bool;

    /// Returns the number of a value, or gives it the next.
    fn number(&mut self, value: T, next: u32) -> u32;

    /// Forgets the values that have one.
    fn forget(&mut self, values: &[T]);
}

/// The numbers of any values.
#[derive(Debug)]
pub(in crate::record) struct ByValue<T> {
    numbers: FxHashMap<T, u32>,
    /// The value before, which often comes again.
    last: Option<(T, u32)>,
}

impl<T> Default for ByValue<T> {
    fn default() -> Self {
        Self { numbers: FxHashMap::default(), last: None }
    }
}

impl<T: Copy + Eq + Hash> Numbers<T> for ByValue<T> {
    const IS_QUICK: bool = false;

    fn number(&mut self, value: T, next: u32) -> u32 {
        if let Some((last, number)) = self.last
            && last == value
        {
            return number;
        }
        let number = match self.numbers.get(&value) {
            Some(number) => *number,
            None => self.begin(value, next),
        };
        self.last = Some((value, number));
        number
    }

    fn forget(&mut self, _values: &[T]) {
        self.numbers.clear();
        self.last = None;
    }
}

impl<T: Eq + Hash> ByValue<T> {
    #[cold]
    fn begin(&mut self, value: T, next: u32) -> u32 {
        self.numbers.insert(value, next);
        next
    }
}

/// The numbers of small numbers: a list of them all, which is quicker than a table.
#[derive(Debug, Default)]
pub(in crate::record) struct ByNumber(Vec<u32>);

impl Numbers<u32> for ByNumber {
    const IS_QUICK: bool = true;

    fn number(&mut self, value: u32, next: u32) -> u32 {
        match self.0.get(value as usize) {
            Some(number) if *number != NULL => *number,
            _ => self.begin(value as usize, next),
        }
    }

    fn forget(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.0[*value as usize] = NULL);
    }
}

impl ByNumber {
    #[cold]
    fn begin(&mut self, value: usize, next: u32) -> u32 {
        if value >= self.0.len() {
            self.0.resize(value + 1, NULL);
        }
        self.0[value] = next;
        next
    }
}

impl<T: Copy + Eq, N: Numbers<T>> DictionaryColumn<T, N> {
    /// Adds a cell.
    pub(in crate::record) fn push(&mut self, cell: Option<T>) {
        let Some(value) = cell else {
            self.has_nulls = true;
            return self.keys.push(NULL);
        };
        let key = self.key(value);
        self.keys.push(key);
    }

    /// Returns the number of a value, which may be new.
    #[inline]
    pub(in crate::record) fn key(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(NULL);
        let key = if self.is_plain() { next } else { self.numbers.number(value, next) };
        if key == next {
            self.values.push(value);
            let is_tried = !N::IS_QUICK && self.values.len() == TRIED_VALUES;
            if is_tried && self.rows_before + self.keys.rows() < 2 * TRIED_VALUES {
                self.plain_from = Some(TRIED_VALUES);
            }
        }
        key
    }

    /// Adds a cell with the value of a number, or [`NULL`].
    pub(in crate::record) fn push_key(&mut self, key: u32) {
        self.has_nulls |= key == NULL;
        self.keys.push(key);
    }

    /// Adds a cell for each of some rows; `number` gives the number of a row's value, or [`NULL`].
    pub(in crate::record) fn extend<R>(&mut self, rows: &[R], mut number: impl FnMut(&mut Self, &R) -> u32) {
        let mut keys = [NULL; BATCH];
        for rows in rows.chunks(BATCH) {
            let keys = &mut keys[..rows.len()];
            for (key, row) in keys.iter_mut().zip(rows) {
                *key = number(self, row);
            }
            self.has_nulls |= keys.iter().fold(0, |found, key| found | u32::from(*key == NULL)) != 0;
            self.keys.extend(keys);
        }
    }

    /// Adds so many cells with one value.
    pub(in crate::record) fn push_same(&mut self, cell: Option<T>, rows: usize) {
        if rows == 0 {
            return;
        }
        let key = cell.map_or(NULL, |value| self.key(value));
        self.has_nulls |= key == NULL;
        self.keys.push_same(key, rows);
    }

    /// Empties it, but keeps its memory.
    pub(in crate::record) fn clear(&mut self) {
        self.numbers.forget(&self.values);
        self.keys.clear();
        self.values.clear();
        self.has_nulls = false;
        self.plain_from = None;
        self.rows_before = 0;
    }

    /// Returns the number of each row's value, [`NULL`] of a row without one.
    pub(in crate::record) const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Returns whether some rows have no value.
    pub(in crate::record) const fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    /// Returns whether not all rows have the same value.
    pub(in crate::record) fn varies(&self) -> bool {
        self.values.len() + usize::from(self.has_nulls) > 1
    }

    /// Forgets the rows, whose numbers are stored, but not the values.
    pub(in crate::record) fn next_piece(&mut self) {
        self.rows_before += self.keys.rows();
        self.keys.clear();
    }

    /// Returns whether most values differ, so that numbering them saves nothing.
    pub(in crate::record) const fn is_plain(&self) -> bool {
        self.plain_from.is_some()
    }

    /// Returns the values that were looked up: each once.
    pub(in crate::record) fn looked_up(&self) -> &[T] {
        self.plain_from.and_then(|count| self.values.get(..count)).unwrap_or(&self.values)
    }

    /// Returns the values, by their numbers.
    pub(in crate::record) fn values(&self) -> &[T] {
        &self.values
    }

    /// Returns the cells, row by row.
    pub(in crate::record) fn cells(&self) -> impl Iterator<Item = Option<T>> {
        self.keys.iter().map(|key| self.values.get(key as usize).copied())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    const GIVEN: [Option<u32>; 6] = [Some(7), Some(7), None, Some(9), Some(7), None];

    fn check<N: Numbers<u32> + Default + Debug>() {
        let mut coded = DictionaryColumn::<u32, N>::default();
        // The second time there is nothing left of the first.
        for _ in 0..2 {
            GIVEN.into_iter().for_each(|cell| coded.push(cell));
            assert_eq!(coded.values(), [7, 9]);
            assert_eq!(coded.keys().iter().collect::<Vec<u32>>(), [0, 0, NULL, 1, 0, NULL]);
            assert!(coded.has_nulls());
            assert!(coded.cells().eq(GIVEN));
            // Rows are forgotten, and numbers stay.
            coded.next_piece();
            coded.push(Some(9));
            assert_eq!((coded.keys().same(), coded.values()), (Some(1), [7, 9].as_slice()));
            coded.clear();
            coded.push(Some(9));
            assert_eq!((coded.keys().same(), coded.values()), (Some(0), [9].as_slice()));
            assert!(!coded.has_nulls());
            coded.push_same(None, 2);
            assert!(coded.has_nulls() && coded.cells().eq([Some(9), None, None]));
            coded.clear();
            coded.extend(&GIVEN[..2], |coded, cell| cell.map_or(NULL, |value| coded.key(value)));
            assert!(!coded.has_nulls() && coded.keys().same() == Some(0));
            coded.extend(&GIVEN[2..], |coded, cell| cell.map_or(NULL, |value| coded.key(value)));
            assert!(coded.has_nulls() && coded.cells().eq(GIVEN));
            coded.clear();
        }
    }

    #[test]
    fn values_that_hardly_come_again_are_not_looked_up() {
        let mut coded = ValueDictionary::<u32>::default();
        for _ in 0..2 {
            let differ: Vec<Option<u32>> = (0..3_000).map(|row| Some(row % 1_500)).collect();
            differ.iter().for_each(|cell| coded.push(*cell));
            assert!(coded.is_plain() && coded.values().len() > 1_500 && coded.looked_up().len() == 1_024);
            assert!(coded.cells().eq(differ));
            coded.clear();
            let repeat: Vec<Option<u32>> = (0..6_000).map(|row| Some(row / 3)).collect();
            for piece in repeat.chunks(2_500) {
                coded.next_piece();
                piece.iter().for_each(|cell| coded.push(*cell));
                assert!(coded.cells().eq(piece.iter().copied()));
            }
            assert!(!coded.is_plain() && coded.looked_up().len() == 2_000);
            coded.clear();
        }
    }

    #[test]
    fn each_value_is_kept_once_and_nulls_are_distinct() {
        check::<ByValue<u32>>();
        check::<ByNumber>();
    }
}
