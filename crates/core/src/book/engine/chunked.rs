//! [`Chunked`]: an array that grows without being copied.

use std::ops::{Index, IndexMut};

/// An array in chunks of `N` items, a power of two.
///
/// A vector that grows copies all it has: ten milliseconds for a million orders, within one command. This
/// allocates one chunk more. An item costs one more load than in a vector, from a list of chunks that is
/// short enough to stay in the nearest cache.
#[derive(Debug, Clone)]
pub(super) struct Chunked<T, const N: usize> {
    chunks: Vec<Box<[T; N]>>,
    len: usize,
}

impl<T: Copy, const N: usize> Chunked<T, N> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.len)
    }

    /// Returns how many items there are.
    #[expect(clippy::cast_possible_truncation, reason = "2^32 items would need more memory than there is")]
    pub(super) const fn count(&self) -> u32 {
        self.len as u32
    }

    /// Adds an item, and returns its index.
    #[expect(clippy::cast_possible_truncation, reason = "2^32 items would need more memory than there is")]
    #[inline]
    pub(super) fn push(&mut self, item: T) -> u32 {
        let index = self.len;
        if index / N == self.chunks.len() {
            self.grow(item);
        }
        self.len += 1;
        self.chunks[index / N][index % N] = item;
        index as u32
    }

    #[cold]
    fn grow(&mut self, item: T) {
        self.chunks.push(Box::new([item; N]));
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let index = index as usize;
        self.chunks.get(index / N).filter(|_| index < self.len).map(|chunk| &chunk[index % N])
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let index = index as usize;
        self.chunks.get_mut(index / N).filter(|_| index < self.len).map(|chunk| &mut chunk[index % N])
    }
}

/// An array of which most chunks may be missing: their items are all the same.
#[derive(Debug, Clone)]
pub(super) struct Sparse<T, const N: usize> {
    chunks: Vec<Option<Box<[T; N]>>>,
    missing: T,
}

impl<T: Copy, const N: usize> Sparse<T, N> {
    pub(super) const fn new(missing: T) -> Self {
        Self { chunks: Vec::new(), missing }
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> &T {
        let chunk = self.chunks.get(index as usize / N).and_then(Option::as_ref);
        chunk.map_or(&self.missing, |chunk| &chunk[index as usize % N])
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut T {
        let (chunk, place) = (index as usize / N, index as usize % N);
        if chunk >= self.chunks.len() {
            self.chunks.resize_with(chunk + 1, || None);
        }
        let missing = self.missing;
        &mut self.chunks[chunk].get_or_insert_with(|| Box::new([missing; N]))[place]
    }
}

impl<T, const N: usize> Index<u32> for Chunked<T, N> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.chunks[index as usize / N][index as usize % N]
    }
}

impl<T, const N: usize> IndexMut<u32> for Chunked<T, N> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.chunks[index as usize / N][index as usize % N]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_array_has_what_was_put_into_it_and_chunks_for_that_alone() {
        let mut array: Sparse<u64, 8> = Sparse::new(7);
        assert_eq!((*array.get(0), *array.get(1_000)), (7, 7));
        *array.get_mut(100) = 1;
        assert_eq!([99, 100, 101, 1_000].map(|index| *array.get(index)), [7, 1, 7, 7]);
        assert_eq!(array.chunks.iter().flatten().count(), 1);
    }

    #[test]
    fn items_stay_where_they_are_while_it_grows() {
        let mut array: Chunked<usize, 8> = Chunked::new();
        for number in 0..100 {
            assert_eq!(array.push(number) as usize, number);
            assert!((0..100).all(|index| array.get(index).copied() == Some(index as usize).filter(|it| *it <= number)));
        }
        array[17] = 1_000;
        *array.get_mut(18).unwrap() = 2_000;
        assert_eq!((array[16], array[17], array[18], array.get_mut(100)), (16, 1_000, 2_000, None));
        assert_eq!(array.count(), 100);
    }
}
