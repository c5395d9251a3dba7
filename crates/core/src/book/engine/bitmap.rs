//! [`Bitmap`]: the occupied ranks of a window.

/// A set of indices below a power of two (at least 64), with a summary bit for each word, so the next index
/// is found in a few steps however sparse the set is.
#[derive(Debug, Clone)]
pub(super) struct Bitmap {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Bitmap {
    pub(super) fn new(len: usize) -> Self {
        let words = len.div_ceil(64);
        Self { words: vec![0; words], summary: vec![0; words.div_ceil(64)] }
    }

    #[inline]
    pub(super) fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
        self.summary[index / 4_096] |= 1 << (index / 64 % 64);
    }

    #[inline]
    pub(super) fn clear(&mut self, index: usize) {
        let word = index / 64;
        self.words[word] &= !(1 << (index % 64));
        if self.words[word] == 0 {
            self.summary[word / 64] &= !(1 << (word % 64));
        }
    }

    /// Returns the least index at or above `from`.
    #[inline]
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let word = from / 64;
        let here = self.words.get(word)? & (u64::MAX << (from % 64));
        if here != 0 {
            return Some(word * 64 + here.trailing_zeros() as usize);
        }
        let word = next_bit(&self.summary, word + 1)?;
        Some(word * 64 + self.words[word].trailing_zeros() as usize)
    }
}

impl Bitmap {
    /// Returns the greatest index.
    pub(super) fn last(&self) -> Option<usize> {
        let last_bit = |words: &[u64]| {
            let word = words.iter().rposition(|word| *word != 0)?;
            Some(word * 64 + 63 - words[word].leading_zeros() as usize)
        };
        let word = last_bit(&self.summary)?;
        Some(word * 64 + 63 - self.words[word].leading_zeros() as usize)
    }
}

/// Returns the least set bit at or above `from`.
fn next_bit(words: &[u64], from: usize) -> Option<usize> {
    let here = words.get(from / 64)? & (u64::MAX << (from % 64));
    if here != 0 {
        return Some(from / 64 * 64 + here.trailing_zeros() as usize);
    }
    let word = (from / 64 + 1..words.len()).find(|word| words[*word] != 0)?;
    Some(word * 64 + words[word].trailing_zeros() as usize)
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_the_bitmap_is_a_set(
            size in 6..15_u32,
            steps in prop::collection::vec((any::<usize>(), any::<bool>()), 1..300),
        ) {
            let len = 1 << size;
            let (mut bitmap, mut set) = (Bitmap::new(len), BTreeSet::new());
            for (index, sets) in steps {
                let index = index % len;
                if sets {
                    bitmap.set(index);
                    set.insert(index);
                } else {
                    bitmap.clear(index);
                    set.remove(&index);
                }
                prop_assert_eq!(bitmap.last(), set.last().copied());
                for from in [0, index, index + 1, len / 2] {
                    prop_assert_eq!(bitmap.next(from), set.range(from..).next().copied());
                }
            }
        }
    }
}
