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

/// The index of an entry: its shard, its bucket there and its position in that, in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryIndex(usize);

impl EntryIndex {
    /// Enough for the buckets of any shard.
    const BUCKET_BITS: u32 = 28;

    #[inline]
    const fn new(shard: usize, bucket: usize, position: usize) -> Self {
        Self(shard << (Self::BUCKET_BITS + 3) | bucket << 3 | position)
    }

    #[inline]
    const fn shard(self) -> usize {
        self.0 >> (Self::BUCKET_BITS + 3)
    }

    #[inline]
    const fn bucket(self) -> usize {
        self.0 >> 3 & ((1 << Self::BUCKET_BITS) - 1)
    }

    #[inline]
    const fn position(self) -> usize {
        self.0 & 7
    }

    const fn at(self, bucket: usize, position: usize) -> Self {
        Self::new(self.shard(), bucket, position)
    }
}

/// A hash table of its own, for the ids whose hashes begin with the same bits.
#[derive(Debug, Clone)]
struct Shard {
    /// As many as a power of two.
    buckets: Box<[Bucket]>,
    len: usize,
    /// With how many bits hashes of its ids begin alike.
    depth: u32,
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
/// It grows in pieces: a full shard is split into two by one more bit of the hash (extendible hashing: Fagin et
/// al. 1979), so that no command moves more than [`Shard::ENTRIES`] ids, however many there are.
///
/// Ids must be issued by the venue or hashed before: multiplicative hashing does not withstand ids that are
/// chosen to collide.
#[derive(Debug, Clone)]
pub(super) struct IdTable {
    /// The shard of each beginning of a hash.
    directory: Vec<u32>,
    shards: Vec<Shard>,
    len: usize,
    /// The number of bits by which a hash is shifted to find its place in the directory.
    shift: u32,
}

/// The golden ratio in 64 bits: Fibonacci hashing (Knuth, TAOCP 3, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The largest average number of entries in use per bucket: one bucket in thirty overflows then.
const LOAD: usize = 3;

#[inline]
const fn hash(id: OrderId) -> u64 {
    id.get().wrapping_mul(MULTIPLIER)
}

impl Shard {
    /// With how many buckets the first shard begins.
    const LEAST: usize = 8;
    /// With how many buckets a shard that is full is split, and does not grow.
    const MOST: usize = 256;
    /// How many ids a shard has that is split.
    #[cfg(test)]
    const ENTRIES: usize = Self::MOST * LOAD;
    /// Beyond it, shards grow: ids that begin alike in so many bits were chosen to.
    const DEPTH_MOST: u32 = 20;

    fn new(buckets: usize, depth: u32) -> Self {
        Self { buckets: vec![Bucket::EMPTY; buckets].into_boxed_slice(), len: 0, depth }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a bucket's index is a usize, a tag a byte")]
    #[inline]
    const fn home_and_tag(&self, id: OrderId) -> (usize, u8) {
        // Not the first bits, which choose the shard.
        let hash = hash(id);
        ((hash >> 32) as usize & self.mask(), (hash >> 25) as u8 | 0x80)
    }

    #[inline]
    const fn mask(&self) -> usize {
        self.buckets.len().wrapping_sub(1)
    }

    #[inline]
    const fn next(&self, bucket: usize) -> usize {
        bucket.wrapping_add(1) & self.mask()
    }

    /// Returns the distance from one bucket to another, going forward.
    const fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    const fn is_full(&self) -> bool {
        self.len >= self.buckets.len() * LOAD
    }

    /// Adds a new id at the first empty entry from its home bucket on.
    fn put(&mut self, id: OrderId, slot: Slot) {
        let (mut index, tag) = self.home_and_tag(id);
        self.len += 1;
        loop {
            let empty = self.buckets[index].empty();
            if empty != 0 {
                return self.buckets[index].set(first(empty), tag, slot);
            }
            index = self.next(index);
        }
    }

    fn slots(&self) -> impl Iterator<Item = Slot> {
        self.buckets.iter().flat_map(|bucket| {
            let taken = |position: &usize| bucket.tags >> (8 * position) & 0x80 != 0;
            (0..WIDTH).filter(taken).map(|position| bucket.slots[position])
        })
    }
}

impl IdTable {
    pub(super) fn new() -> Self {
        Self { directory: vec![0; 2], shards: vec![Shard::new(Shard::LEAST, 0)], len: 0, shift: 63 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_truncation, reason = "a directory has at most 2^20 places")]
    #[inline]
    fn shard_of(&self, id: OrderId) -> usize {
        self.directory[hash(id).wrapping_shr(self.shift) as usize] as usize
    }

    /// Returns the id's entry, or the empty entry at which the search for it ended; both are valid until the
    /// table changes.
    #[inline(always)]
    pub(super) fn search(
        &self,
        id: OrderId,
        id_of: impl Fn(Slot) -> OrderId,
    ) -> Result<EntryIndex, EntryIndex> {
        let number = self.shard_of(id);
        let shard = &self.shards[number];
        let (mut index, tag) = shard.home_and_tag(id);
        loop {
            let bucket = &shard.buckets[index];
            let mut found = bucket.matching(tag);
            while found != 0 {
                let position = first(found);
                if id_of(bucket.slots[position]) == id {
                    return Ok(EntryIndex::new(number, index, position));
                }
                found &= found - 1;
            }
            let empty = bucket.empty();
            if empty != 0 {
                return Err(EntryIndex::new(number, index, first(empty)));
            }
            index = shard.next(index);
        }
    }

    /// Returns the slot of an entry that was found.
    #[inline]
    pub(super) fn slot(&self, entry: EntryIndex) -> Slot {
        self.shards[entry.shard()].buckets[entry.bucket()].slots[entry.position()]
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
        let shard = &mut self.shards[entry.shard()];
        if shard.is_full() {
            self.grow(entry.shard(), id_of);
            let number = self.shard_of(id);
            return self.shards[number].put(id, slot);
        }
        shard.len += 1;
        let (_, tag) = shard.home_and_tag(id);
        shard.buckets[entry.bucket()].set(entry.position(), tag, slot);
    }

    /// Removes an entry that was found.
    #[inline]
    pub(super) fn remove_at(&mut self, entry: EntryIndex, id_of: impl Fn(Slot) -> OrderId) {
        self.len -= 1;
        let shard = &mut self.shards[entry.shard()];
        shard.len -= 1;
        let bucket = &mut shard.buckets[entry.bucket()];
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
        let shard = &mut self.shards[hole.shard()];
        let mut index = hole.bucket();
        loop {
            index = shard.next(index);
            let bucket = shard.buckets[index];
            let came_past = |position: &usize| {
                let home = shard.home_and_tag(id_of(bucket.slots[*position])).0;
                shard.distance(home, index) >= shard.distance(hole.bucket(), index)
            };
            let taken = |position: &usize| bucket.tags >> (8 * position) & 0x80 != 0;
            if let Some(position) = (0..WIDTH).filter(taken).find(came_past) {
                let slot = bucket.slots[position];
                let (_, tag) = shard.home_and_tag(id_of(slot));
                shard.buckets[hole.bucket()].set(hole.position(), tag, slot);
                shard.buckets[index].clear(position);
                hole = hole.at(index, position);
            }
            if bucket.empty() != 0 {
                return;
            }
        }
    }

    /// Splits a shard in two, or doubles it while it is small.
    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "a directory has at most 2^20 places")]
    fn grow(&mut self, number: usize, id_of: impl Fn(Slot) -> OrderId) {
        let Shard { depth, ref buckets, .. } = self.shards[number];
        if buckets.len() < Shard::MOST || depth >= Shard::DEPTH_MOST {
            let larger = Shard::new(buckets.len() * 2, depth);
            let old = std::mem::replace(&mut self.shards[number], larger);
            return old.slots().for_each(|slot| self.shards[number].put(id_of(slot), slot));
        }
        let depth = depth + 1;
        if 64 - self.shift < depth {
            self.directory = self.directory.iter().flat_map(|shard| [*shard; 2]).collect();
            self.shift -= 1;
        }
        let upper = self.shards.len();
        let old = std::mem::replace(&mut self.shards[number], Shard::new(Shard::MOST, depth));
        self.shards.push(Shard::new(Shard::MOST, depth));
        let places = self.directory.len() >> depth;
        for (place, shard) in self.directory.iter_mut().enumerate() {
            if *shard as usize == number && place / places % 2 == 1 {
                *shard = upper as u32;
            }
        }
        for slot in old.slots() {
            let id = id_of(slot);
            let shard = self.shard_of(id);
            self.shards[shard].put(id, slot);
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

    #[test]
    fn no_insertion_moves_more_than_a_shard() {
        let (mut table, count) = (IdTable::new(), 200_000);
        for number in 0..count {
            let moved = std::cell::Cell::new(0);
            let id = OrderId::new(u64::from(number) * 3);
            table.insert(id, number, |slot| {
                moved.set(moved.get() + 1);
                OrderId::new(u64::from(slot) * 3)
            });
            assert!(moved.get() <= Shard::ENTRIES + 8, "{number}: {} ids were read", moved.get());
        }
        let id_of = |slot: Slot| OrderId::new(u64::from(slot) * 3);
        assert!((0..count).all(|number| table.find(id_of(number), id_of) == Some(number)));
        assert_eq!(table.find(OrderId::new(1), id_of), None);
    }

    #[test]
    fn ids_that_were_chosen_to_collide_are_found() {
        let (mut table, count) = (IdTable::new(), 3_000);
        // Hashes that begin alike in forty bits.
        let id_of = |slot: Slot| colliding(u64::from(slot) * 5);
        (0..count).for_each(|slot| table.insert(id_of(slot), slot, id_of));
        assert!((0..count).all(|slot| table.find(id_of(slot), id_of) == Some(slot)));
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
