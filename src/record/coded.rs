//! [`Coded`]: cells of which few differ, each value kept once.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// The values of a column, each once, and for each row the number of its value.
///
/// That is how Parquet stores what comes again; and numbers of a few bits are quickly compressed.
#[derive(Debug)]
pub(super) struct Coded<T> {
    /// The number of each row's value; a null has that of any.
    pub(super) keys: Vec<u32>,
    /// Whether each row has a value; none where all have one.
    pub(super) valid: Option<Vec<bool>>,
    /// The values, by their numbers.
    pub(super) values: Vec<T>,
}

impl<T: Copy + Eq + Hash> Coded<T> {
    /// Codes any values.
    pub(super) fn of(cells: impl Iterator<Item = Option<T>> + Clone) -> Self {
        let mut numbers: FxHashMap<T, u32> = FxHashMap::default();
        Self::by(cells, |value, next| *numbers.entry(value).or_insert(next))
    }

    /// Codes with `number`, which returns the number that a value has, or gives it the next.
    fn by(cells: impl Iterator<Item = Option<T>> + Clone, mut number: impl FnMut(T, u32) -> u32) -> Self {
        let mut values = Vec::new();
        let mut last: Option<(T, u32)> = None;
        let mut key = |value: T| {
            if let Some((before, key)) = last
                && before == value
            {
                return key;
            }
            let next = u32::try_from(values.len()).unwrap_or(u32::MAX);
            let key = number(value, next);
            if key == next {
                values.push(value);
            }
            last = Some((value, key));
            key
        };
        let keys = cells.clone().map(|cell| cell.map_or(0, &mut key)).collect();
        let has_nulls = cells.clone().any(|cell| cell.is_none());
        let valid = has_nulls.then(|| cells.map(|cell| cell.is_some()).collect());
        Self { keys, valid, values }
    }
}

impl Coded<u32> {
    /// Codes numbers below `most`, by a list of them all.
    pub(super) fn of_few(cells: &[Option<u32>], most: usize) -> Self {
        let mut numbers = vec![u32::MAX; most];
        Self::by(cells.iter().copied(), |value, next| match numbers.get_mut(value as usize) {
            Some(number) => {
                if *number == u32::MAX {
                    *number = next;
                }
                *number
            }
            None => next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_kept_once_and_nulls_are_told_apart() {
        let given = [Some(7), Some(7), None, Some(9), Some(7), None];
        for coded in [Coded::of(given.into_iter()), Coded::of_few(&given, 10)] {
            assert_eq!(coded.values, [7, 9]);
            assert_eq!(coded.keys, [0, 0, 0, 1, 0, 0]);
            assert_eq!(coded.valid, Some(vec![true, true, false, true, true, false]));
        }
        let coded = Coded::of([Some(9_i128); 3].into_iter());
        assert_eq!((coded.keys, coded.valid, coded.values), (vec![0; 3], None, vec![9]));
    }
}
