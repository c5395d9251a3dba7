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

    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.len
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
    fn items_stay_where_they_are_while_it_grows() {
        let mut array: Chunked<usize, 8> = Chunked::new();
        for number in 0..100 {
            assert_eq!(array.push(number) as usize, number);
            assert!((0..100).all(|index| array.get(index).copied() == Some(index as usize).filter(|it| *it <= number)));
        }
        array[17] = 1_000;
        *array.get_mut(18).unwrap() = 2_000;
        assert_eq!((array[16], array[17], array[18], array.get_mut(100)), (16, 1_000, 2_000, None));
        assert_eq!(array.len(), 100);
    }
}
