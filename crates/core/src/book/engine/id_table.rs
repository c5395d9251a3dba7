//! [`IdTable`]: an index from order ids to slots.

use super::slot::Slot;
use crate::units::OrderId;

/// The number of entries in a bucket.
const WIDTH: usize = 6;

/// Half a cache line: entries whose tags are compared at once, within one word.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Bucket {
    /// One byte per entry, the first in the lowest: zero if the entry is empty, else seven bits of the id's
    /// hash below a bit that is set. The two upper bytes belong to no entry, and are always zero.
    tags: u64,
    slots: [Slot; WIDTH],
}

/// One bit per entry: the highest of its byte.
const ENTRIES: u64 = 0x0000_8080_8080_8080;

/// The lowest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

impl Bucket {
    const EMPTY: Self = Self { tags: 0, slots: [0; WIDTH] };

    /// Returns the entries that may have a tag, as bits of [`ENTRIES`]: all that have it, and rarely another
    /// (Knuth, TAOCP 4A, 7.1.3, on finding zero bytes).
    #[inline]
    const fn matching(&self, tag: u8) -> u64 {
        let differing = self.tags ^ (ONES * tag as u64);
        differing.wrapping_sub(ONES) & !differing & ENTRIES
    }

    #[inline]
    const fn empty(&self) -> u64 {
        !self.tags & ENTRIES
    }

    #[inline]
    const fn clear(&mut self, position: usize) {
        self.tags &= !(0xff << (8 * position));
    }

    #[inline]
    const fn set(&mut self, position: usize, tag: u8, slot: Slot) {
        self.tags |= (tag as u64) << (8 * position);
        self.slots[position] = slot;
    }
}

/// Returns the position of the first of some entries.
#[inline]
const fn first(entries: u64) -> usize {
    entries.trailing_zeros() as usize / 8
}

/// The index of an entry: its bucket and its position there, in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryIndex(usize);

impl EntryIndex {
    #[inline]
    const fn new(bucket: usize, position: usize) -> Self {
        Self(bucket << 3 | position)
    }

    #[inline]
    const fn bucket(self) -> usize {
        self.0 >> 3
    }

    #[inline]
    const fn position(self) -> usize {
        self.0 & 7
    }
}

/// An open-addressing hash table that stores only tags and slots: five bytes per entry.
///
/// The id itself is in the order's node, which is read next anyway; so a lookup touches one cache line of the
/// table and one of the slab. Callers pass a function that reads the id of a slot.
///
/// The tags of a bucket are compared at once, as in a Swiss table: whether a given entry is in use is
/// effectively random, and with a million orders a mispredicted branch on it resolves only after a cache
/// miss. A full bucket overflows into the next. Removing an entry moves one of those back, so there are no
/// tombstones and no slow decay. The table is never iterated, so its order has no effect.
///
/// Ids must be issued by the venue or hashed before: multiplicative hashing does not withstand ids that are
/// chosen to collide.
#[derive(Debug, Clone)]
pub(super) struct IdTable {
    buckets: Vec<Bucket>,
    len: usize,
    /// The number of bits by which a hash is shifted to find its home bucket.
    shift: u32,
}

/// The golden ratio in 64 bits: Fibonacci hashing (Knuth, TAOCP 3, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

const LEAST_BITS: u32 = 3;

/// The largest average number of entries in use per bucket: one bucket in thirty overflows then.
const LOAD: usize = 3;

#[inline]
const fn hash(id: OrderId) -> u64 {
    id.get().wrapping_mul(MULTIPLIER)
}

impl IdTable {
    pub(super) fn new() -> Self {
        Self { buckets: vec![Bucket::EMPTY; 1 << LEAST_BITS], len: 0, shift: 64 - LEAST_BITS }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_truncation, reason = "a bucket's index is a usize, a tag a byte")]
    #[inline]
    const fn home_and_tag(&self, id: OrderId) -> (usize, u8) {
        let hash = hash(id);
        (hash.wrapping_shr(self.shift) as usize, hash.wrapping_shr(self.shift.wrapping_sub(7)) as u8 | 0x80)
    }

    #[inline]
    const fn next(&self, bucket: usize) -> usize {
        bucket.wrapping_add(1) & self.buckets.len().wrapping_sub(1)
    }

    /// Returns the distance from one bucket to another, going forward.
    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.buckets.len() - 1)
    }

    /// Returns the id's entry, or the empty entry at which the search for it ended; both are valid until the
    /// table changes.
    #[inline(always)]
    pub(super) fn search(
        &self,
        id: OrderId,
        id_of: impl Fn(Slot) -> OrderId,
    ) -> Result<EntryIndex, EntryIndex> {
        let (mut index, tag) = self.home_and_tag(id);
        loop {
            let bucket = &self.buckets[index];
            let mut found = bucket.matching(tag);
            while found != 0 {
                let position = first(found);
                if id_of(bucket.slots[position]) == id {
                    return Ok(EntryIndex::new(index, position));
                }
                found &= found - 1;
            }
            let empty = bucket.empty();
            if empty != 0 {
                return Err(EntryIndex::new(index, first(empty)));
            }
            index = self.next(index);
        }
    }

    /// Returns the slot of an entry that was found.
    #[inline]
    pub(super) fn slot(&self, entry: EntryIndex) -> Slot {
        self.buckets[entry.bucket()].slots[entry.position()]
    }

    /// Returns the slot of an id.
    #[inline]
    pub(super) fn find(&self, id: OrderId, id_of: impl Fn(Slot) -> OrderId) -> Option<Slot> {
        self.search(id, id_of).ok().map(|entry| self.slot(entry))
    }

    /// Adds a new id, which its slot must already have.
    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot, id_of: impl Fn(Slot) -> OrderId) {
        let (Ok(entry) | Err(entry)) = self.search(id, &id_of);
        self.insert_at(entry, id, slot, id_of);
    }

    /// Adds an id at the empty entry at which the search for it ended.
    #[inline]
    pub(super) fn insert_at(
        &mut self,
        entry: EntryIndex,
        id: OrderId,
        slot: Slot,
        id_of: impl Fn(Slot) -> OrderId,
    ) {
        self.len += 1;
        if self.len > self.buckets.len() * LOAD {
            self.grow(id_of);
            return self.put(id, slot);
        }
        let (_, tag) = self.home_and_tag(id);
        self.buckets[entry.bucket()].set(entry.position(), tag, slot);
    }

    /// Removes an entry that was found.
    #[inline]
    pub(super) fn remove_at(&mut self, entry: EntryIndex, id_of: impl Fn(Slot) -> OrderId) {
        self.len -= 1;
        let bucket = &mut self.buckets[entry.bucket()];
        let was_full = bucket.empty() == 0;
        bucket.clear(entry.position());
        if was_full {
            self.refill(entry, id_of);
        }
    }

    /// Fills a hole in a bucket that was full with an entry that overflowed from it, if there is one: a
    /// search for that would end at the hole.
    #[cold]
    fn refill(&mut self, mut hole: EntryIndex, id_of: impl Fn(Slot) -> OrderId) {
        let mut index = hole.bucket();
        loop {
            index = self.next(index);
            let bucket = self.buckets[index];
            let came_past = |position: &usize| {
                let home = self.home_and_tag(id_of(bucket.slots[*position])).0;
                self.distance(home, index) >= self.distance(hole.bucket(), index)
            };
            let taken = |position: &usize| bucket.tags >> (8 * position) & 0x80 != 0;
            if let Some(position) = (0..WIDTH).filter(taken).find(came_past) {
                let slot = bucket.slots[position];
                let (_, tag) = self.home_and_tag(id_of(slot));
                self.buckets[hole.bucket()].set(hole.position(), tag, slot);
                self.buckets[index].clear(position);
                hole = EntryIndex::new(index, position);
            }
            if bucket.empty() != 0 {
                return;
            }
        }
    }

    #[cold]
    fn grow(&mut self, id_of: impl Fn(Slot) -> OrderId) {
        let larger = vec![Bucket::EMPTY; self.buckets.len() * 2];
        let old = std::mem::replace(&mut self.buckets, larger);
        self.shift -= 1;
        for bucket in old {
            for position in (0..WIDTH).filter(|position| bucket.tags >> (8 * position) & 0x80 != 0) {
                self.put(id_of(bucket.slots[position]), bucket.slots[position]);
            }
        }
    }

    /// Adds a new id at the first empty entry from its home bucket on.
    fn put(&mut self, id: OrderId, slot: Slot) {
        let (mut index, tag) = self.home_and_tag(id);
        loop {
            let empty = self.buckets[index].empty();
            if empty != 0 {
                return self.buckets[index].set(first(empty), tag, slot);
            }
            index = self.next(index);
        }
    }
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// An id whose hash has few values in its upper bits, so that ids collide.
    fn colliding(number: u64) -> OrderId {
        // The inverse of the multiplier modulo 2^64: gives ids with any wanted product.
        let mut inverse = MULTIPLIER;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(MULTIPLIER.wrapping_mul(inverse)));
        }
        OrderId::new(((number % 5) << 62 | number).wrapping_mul(inverse))
    }

    proptest! {
        #[test]
        fn prop_the_table_is_a_map(steps in prop::collection::vec((0..400_u64, any::<bool>(), any::<bool>()), 1..800)) {
            let (mut table, mut map, mut ids) = (IdTable::new(), BTreeMap::new(), Vec::new());
            for (number, collides, inserts) in steps {
                let id = if collides { colliding(number) } else { OrderId::new(number) };
                let known = map.get(&id).copied();
                prop_assert_eq!(table.find(id, |slot| ids[slot as usize]), known);
                match known {
                    None if inserts => {
                        let slot = Slot::try_from(ids.len()).unwrap();
                        ids.push(id);
                        table.insert(id, slot, |slot| ids[slot as usize]);
                        map.insert(id, slot);
                    }
                    Some(_) if !inserts => {
                        let entry = table.search(id, |slot| ids[slot as usize]).unwrap();
                        table.remove_at(entry, |slot| ids[slot as usize]);
                        map.remove(&id);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.len(), map.len());
            }
            for (id, slot) in map {
                prop_assert_eq!(table.find(id, |slot| ids[slot as usize]), Some(slot));
            }
        }
    }
}
