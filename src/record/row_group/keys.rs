//! [`Keys`]: the number of each row's value; of a column that never changes only how many rows there are.

/// The numbers of a column's values, row by row.
///
/// In a group of rows most columns of words have one value. As long as all rows have the same number, it is
/// kept once.
#[derive(Debug, Default)]
pub(in crate::record) struct Keys {
    rows: usize,
    first: u32,
    /// The number of each row, once they are not all the same; empty before.
    all: Vec<u32>,
}

impl Keys {
    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, key: u32) {
        if !self.all.is_empty() {
            self.all.push(key);
        } else if self.rows == 0 {
            self.first = key;
        } else if key != self.first {
            self.all.resize(self.rows, self.first);
            self.all.push(key);
        }
        self.rows += 1;
    }

    /// Adds some rows.
    pub(super) fn extend(&mut self, keys: &[u32]) {
        let Some(first) = keys.first().copied() else { return };
        if self.all.is_empty() {
            let only = if self.rows == 0 { first } else { self.first };
            self.first = only;
            // Without a way out of the middle, several are compared at once.
            if keys.iter().fold(0, |differing, key| differing | (key ^ only)) == 0 {
                self.rows += keys.len();
                return;
            }
            self.all.resize(self.rows, only);
        }
        self.all.extend_from_slice(keys);
        self.rows += keys.len();
    }

    /// Adds so many rows with one number.
    pub(super) fn push_same(&mut self, key: u32, rows: usize) {
        for _ in 0..rows.min(1) {
            self.push(key);
        }
        let rest = rows.saturating_sub(1);
        if !self.all.is_empty() {
            self.all.resize(self.all.len() + rest, key);
        }
        self.rows += rest;
    }

    /// Forgets all rows, but keeps the memory.
    pub(super) fn clear(&mut self) {
        self.rows = 0;
        self.all.clear();
    }

    /// Returns how many rows there are.
    pub(in crate::record) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of a row that there is.
    #[inline]
    pub(in crate::record) fn get(&self, row: usize) -> u32 {
        self.all.get(row).copied().unwrap_or(self.first)
    }

    /// Returns the number that all rows have; none if they differ, or if there are no rows.
    pub(in crate::record) fn same(&self) -> Option<u32> {
        (self.all.is_empty() && self.rows > 0).then_some(self.first)
    }

    /// Returns the number of each row.
    pub(in crate::record) fn iter(&self) -> impl Iterator<Item = u32> {
        let same = if self.all.is_empty() { self.rows } else { 0 };
        std::iter::repeat_n(self.first, same).chain(self.all.iter().copied())
    }

    /// Returns the number of each row where they differ; empty where all are the same.
    pub(in crate::record) fn differing(&self) -> &[u32] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_what_was_added(
            runs in prop::collection::vec((0..3_u32, 0..4_usize), 0..12),
            some in prop::collection::vec(prop::collection::vec(0..2_u32, 0..4), 0..4),
        ) {
            let mut keys = Keys::default();
            // The second time there is nothing left of the first.
            for _ in 0..2 {
                let mut expected = Vec::new();
                for (key, rows) in &runs {
                    match rows {
                        1 => keys.push(*key),
                        _ => keys.push_same(*key, *rows),
                    }
                    expected.resize(expected.len() + rows, *key);
                }
                for some in &some {
                    keys.extend(some);
                    expected.extend(some);
                }
                prop_assert_eq!(keys.rows(), expected.len());
                prop_assert_eq!(keys.iter().collect::<Vec<u32>>(), expected.clone());
                prop_assert!((0..keys.rows()).map(|row| keys.get(row)).eq(expected.iter().copied()));
                let first = expected.first().copied();
                let is_same = expected.iter().all(|key| Some(*key) == first);
                prop_assert_eq!(keys.same(), first.filter(|_| is_same));
                prop_assert_eq!(keys.differing(), if is_same { &[] } else { expected.as_slice() });
                keys.clear();
            }
        }
    }
}
