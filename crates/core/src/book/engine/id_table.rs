//! [`IdTable`]: an index from order ids to slots.

use std::collections::BTreeMap;

use super::slot::Slot;
use crate::units::OrderId;

/// The number of entries in a bucket.
const WIDTH: usize = 6;

/// Half a cache line: entries whose tags are compared at once, within one word.
///
/// The first two numbers are the tags, one byte per entry, the first in the lowest: zero if the entry is
/// empty, else seven bits of the id's hash below a bit that is set. The two upper bytes belong to no entry:
/// they count the entries that have passed the bucket, since it was full. The other numbers are slots: of
/// eight numbers one is found without a check.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Bucket([u32; WIDTH + 2]);

/// One bit per entry: the highest of its byte.
const ENTRIES: u64 = 0x0000_8080_8080_8080;

/// Where the upper number of the tags counts the entries that have passed the bucket.
const PASSED_SHIFT: u32 = 16;

/// The lowest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

impl Bucket {
    const EMPTY: Self = Self([0; _]);

    #[inline]
    const fn tags(&self) -> u64 {
        self.0[0] as u64 | (self.0[1] as u64) << 32
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
    #[inline]
    const fn set_tags(&mut self, tags: u64) {
        self.0[0] = tags as u32;
        self.0[1] = (tags >> 32) as u32;
    }

    #[inline]
    const fn slot(&self, position: usize) -> Slot {
        self.0[(position + 2) % (WIDTH + 2)]
    }

    /// Returns the entries that may have a tag, as bits of [`ENTRIES`]: all that have it, and rarely another
    /// (Knuth, TAOCP 4A, 7.1.3, on finding zero bytes).
    #[inline]
    const fn matching(&self, tag: u8) -> u64 {
        let differing = self.tags() ^ (ONES * tag as u64);
        differing.wrapping_sub(ONES) & !differing & ENTRIES
    }

    #[inline]
    const fn empty(&self) -> u64 {
        !self.tags() & ENTRIES
    }

    /// Returns whether entries have passed the bucket: only then does a search go on to the next.
    #[inline]
    const fn is_passed(&self) -> bool {
        self.0[1] >> PASSED_SHIFT != 0
    }

    #[inline]
    const fn pass(&mut self) {
        self.0[1] += 1 << PASSED_SHIFT;
    }

    #[inline]
    const fn pass_back(&mut self) {
        self.0[1] -= 1 << PASSED_SHIFT;
    }

    #[inline]
    const fn clear(&mut self, position: usize) {
        self.set_tags(self.tags() & !(0xff << (8 * position)));
    }

    #[inline]
    const fn set(&mut self, position: usize, tag: u8, slot: Slot) {
        self.set_tags(self.tags() | (tag as u64) << (8 * position));
        self.0[(position + 2) % (WIDTH + 2)] = slot;
    }
}

/// Returns the position of the first of some entries.
#[inline]
const fn first(entries: u64) -> usize {
    entries.trailing_zeros() as usize / 8
}

/// The index of an entry and the tag of the id that was searched for: its shard, its bucket there, its
/// position in that, and the tag, in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryIndex(u64);

#[expect(clippy::cast_possible_truncation, reason = "parts of the number, each made from what is returned")]
impl EntryIndex {
    /// The entry of an id that found no room.
    const SPILLED: Self = Self(u64::MAX);

    #[inline]
    const fn new(shard: usize, bucket: usize, position: usize, tag: u8) -> Self {
        let shard = (shard as u64) << (BUCKET_BITS + 3) | (bucket as u64) << 3;
        Self(shard << 8 | (position as u64) << 8 | tag as u64)
    }

    #[inline]
    const fn shard(self) -> usize {
        (self.0 >> (BUCKET_BITS + 3 + 8)) as usize
    }

    #[inline]
    const fn bucket(self) -> usize {
        (self.0 >> (3 + 8)) as usize & (BUCKETS - 1)
    }

    #[inline]
    const fn position(self) -> usize {
        (self.0 >> 8) as usize & 7
    }

    #[inline]
    const fn tag(self) -> u8 {
        self.0 as u8
    }
}

const BUCKET_BITS: u32 = 7;

/// The number of buckets in a shard.
const BUCKETS: usize = 1 << BUCKET_BITS;

/// The average number of ids in a shard at which the table grows: a shard that has just been split has half
/// as many as one that is split next, of whose buckets one in nine overflows then.
const LOAD: usize = 2 * BUCKETS;

/// So many consecutive ids, as a power of two, have neighboring buckets, mostly one each: two lines of the
/// processor's cache, which it fetches together. More of them would fill some buckets and leave others empty.
const GROUP_BITS: u32 = 2;

/// A small hash table of its own.
type Shard = [Bucket; BUCKETS];

/// An open-addressing hash table that stores only tags and slots: five bytes per entry.
///
/// The id itself is in the order's node, which is read next anyway; so a lookup touches one cache line of the
/// table and one of the slab. Callers pass a function that reads the id of a slot.
///
/// The tags of a bucket are compared at once, as in a Swiss table: whether a given entry is in use is
/// effectively random, and with a million orders a mispredicted branch on it resolves only after a cache
/// miss. A full bucket overflows into the next, and counts what does, until that is removed: so there are no
/// tombstones and no slow decay, and removing an entry reads no other id. The table is never iterated, so its
/// order has no effect.
///
/// Ids are issued one after another, so the entries of new orders go near those of the orders just before
/// them: hashed each by itself, each would go to a line that is in no cache once there are many.
///
/// It grows in pieces, one shard at a time in turn (linear hashing: Litwin 1980), so that no command moves
/// more than the ids of one shard, however many there are.
///
/// Ids must be issued by the venue or hashed before: multiplicative hashing does not withstand ids that are
/// chosen to collide. Those that fill a shard are kept in a tree.
#[derive(Debug, Clone)]
pub(super) struct IdTable {
    /// At least as many as the power of two above `mask`, and fewer than twice as many.
    shards: Vec<Box<Shard>>,
    /// Shards at and beyond it minus the number of shards beyond it have yet to be split in this round.
    mask: usize,
    len: usize,
    spilled: BTreeMap<OrderId, Slot>,
}

/// The golden ratio in 64 bits: Fibonacci hashing (Knuth, TAOCP 3, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
const fn hash(number: u64) -> u64 {
    number.wrapping_mul(MULTIPLIER)
}

/// Returns the hash of an id's group, which chooses the shard and where the group is there.
#[inline]
const fn group_hash(id: OrderId) -> u64 {
    hash(id.get() >> GROUP_BITS)
}

/// Returns the home bucket of an id in its shard, and its tag: other bits of the group's hash than those that
/// choose the shard, and the id's own.
#[expect(clippy::cast_possible_truncation, reason = "a bucket's index is a usize, a tag a byte")]
#[inline]
const fn home_and_tag(id: OrderId) -> (usize, u8) {
    let (group, own) = ((group_hash(id) >> 33) as usize, hash(id.get()));
    // The uppermost bits spread consecutive ids most evenly.
    ((group << 2 | (own >> 62) as usize) % BUCKETS, (own >> 26) as u8 | 0x80)
}

#[inline]
const fn next(bucket: usize) -> usize {
    (bucket + 1) % BUCKETS
}

/// Applies `note` to the buckets that an entry in a bucket has passed.
#[inline]
fn note_passed(shard: &mut Shard, id: OrderId, bucket: usize, note: impl Fn(&mut Bucket)) {
    let mut index = home_and_tag(id).0;
    while index != bucket {
        note(&mut shard[index]);
        index = next(index);
    }
}

/// Adds a new id to a shard at the first empty entry from its home bucket on, and returns whether there was
/// one.
fn put(shard: &mut Shard, id: OrderId, slot: Slot) -> bool {
    let (home, tag) = home_and_tag(id);
    let found = (0..BUCKETS).map(|step| (home + step) % BUCKETS).find(|index| shard[*index].empty() != 0);
    if let Some(index) = found {
        shard[index].set(first(shard[index].empty()), tag, slot);
        note_passed(shard, id, index, Bucket::pass);
    }
    found.is_some()
}

fn slots(shard: &Shard) -> impl Iterator<Item = Slot> {
    shard.iter().flat_map(|bucket| {
        let taken = |position: &usize| bucket.tags() >> (8 * position) & 0x80 != 0;
        (0..WIDTH).filter(taken).map(|position| bucket.slot(position))
    })
}

impl IdTable {
    pub(super) fn new() -> Self {
        let shards = vec![Box::new([Bucket::EMPTY; BUCKETS])];
        Self { shards, mask: 0, len: 0, spilled: BTreeMap::new() }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    const fn shard_of(&self, id: OrderId) -> usize {
        let number = (group_hash(id) >> 40) as usize;
        let split = number & (self.mask << 1 | 1);
        if split < self.shards.len() { split } else { number & self.mask }
    }

    /// Returns the id's entry with its slot, or the empty entry that the search for it found first; both are
    /// valid until the table changes.
    #[inline(always)]
    pub(super) fn search(
        &self,
        id: OrderId,
        id_of: impl Fn(Slot) -> OrderId,
    ) -> Result<(EntryIndex, Slot), EntryIndex> {
        let number = self.shard_of(id);
        let shard = &self.shards[number];
        let (home, tag) = home_and_tag(id);
        let (mut index, mut room) = (home, EntryIndex::SPILLED);
        loop {
            let bucket = &shard[index];
            let mut found = bucket.matching(tag);
            while found != 0 {
                let position = first(found);
                let slot = bucket.slot(position);
                if id_of(slot) == id {
                    return Ok((EntryIndex::new(number, index, position, tag), slot));
                }
                found &= found - 1;
            }
            let empty = bucket.empty();
            if room == EntryIndex::SPILLED && empty != 0 {
                room = EntryIndex::new(number, index, first(empty), tag);
            }
            index = next(index);
            if (room != EntryIndex::SPILLED && !bucket.is_passed()) || index == home {
                return self.search_spilled(id, room);
            }
        }
    }

    #[inline]
    fn search_spilled(&self, id: OrderId, end: EntryIndex) -> Result<(EntryIndex, Slot), EntryIndex> {
        if self.spilled.is_empty() {
            return Err(end);
        }
        self.spilled.get(&id).map_or(Err(end), |slot| Ok((EntryIndex::SPILLED, *slot)))
    }

    /// Returns the slot of the first entry of an id's home bucket that has its tag: mostly its own, if it
    /// has one.
    #[inline]
    pub(super) fn likely_slot(&self, id: OrderId) -> Option<Slot> {
        let (home, tag) = home_and_tag(id);
        let bucket = &self.shards[self.shard_of(id)][home];
        let found = bucket.matching(tag);
        (found != 0).then(|| bucket.slot(first(found)))
    }

    /// Returns the slot of an id.
    #[inline]
    pub(super) fn find(&self, id: OrderId, id_of: impl Fn(Slot) -> OrderId) -> Option<Slot> {
        self.search(id, id_of).ok().map(|(_, slot)| slot)
    }

    /// Adds a new id, which its slot must already have.
    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot, id_of: impl Fn(Slot) -> OrderId) {
        if let Err(entry) = self.search(id, &id_of) {
            self.insert_at(entry, id, slot, id_of);
        }
    }

    /// Adds an id at the empty entry that the search for it found.
    #[inline]
    pub(super) fn insert_at(
        &mut self,
        entry: EntryIndex,
        id: OrderId,
        slot: Slot,
        id_of: impl Fn(Slot) -> OrderId,
    ) {
        self.len += 1;
        if entry == EntryIndex::SPILLED {
            self.spilled.insert(id, slot);
        } else {
            let shard = &mut self.shards[entry.shard()];
            shard[entry.bucket()].set(entry.position(), entry.tag(), slot);
            note_passed(shard, id, entry.bucket(), Bucket::pass);
        }
        if self.len > self.shards.len() * LOAD {
            self.split(id_of);
        }
    }

    /// Removes the entry of an id that was found.
    #[inline]
    pub(super) fn remove_at(&mut self, entry: EntryIndex, id: OrderId) {
        self.len -= 1;
        if entry == EntryIndex::SPILLED {
            self.spilled.remove(&id);
            return;
        }
        let shard = &mut self.shards[entry.shard()];
        shard[entry.bucket()].clear(entry.position());
        note_passed(shard, id, entry.bucket(), Bucket::pass_back);
    }

    /// Splits the next shard in two.
    #[cold]
    fn split(&mut self, id_of: impl Fn(Slot) -> OrderId) {
        let number = self.shards.len() - (self.mask + 1);
        let empty = || Box::new([Bucket::EMPTY; BUCKETS]);
        let old = std::mem::replace(&mut self.shards[number], empty());
        self.shards.push(empty());
        for slot in slots(&old) {
            let id = id_of(slot);
            let shard = self.shard_of(id);
            if !put(&mut self.shards[shard], id, slot) {
                self.spilled.insert(id, slot);
            }
        }
        if self.shards.len() == 2 * (self.mask + 1) {
            self.mask = self.mask << 1 | 1;
        }
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    /// The first id of a group whose hash has few values in its upper bits, so that ids collide.
    fn colliding(number: u64) -> OrderId {
        // The inverse of the multiplier modulo 2^64: gives ids with any wanted product.
        let mut inverse = MULTIPLIER;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(MULTIPLIER.wrapping_mul(inverse)));
        }
        OrderId::new(((number % 5) << 62 | number).wrapping_mul(inverse) << GROUP_BITS)
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
            assert!(moved.get() <= WIDTH * BUCKETS, "{number}: {} ids were read", moved.get());
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
        assert!(!table.spilled.is_empty());
        for slot in 0..count {
            let (entry, _) = table.search(id_of(slot), id_of).unwrap();
            table.remove_at(entry, id_of(slot));
            assert!((slot + 1..count).step_by(97).all(|slot| table.find(id_of(slot), id_of) == Some(slot)));
        }
        assert_eq!((table.len(), table.spilled.len()), (0, 0));
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
                        let (entry, _) = table.search(id, |slot| ids[slot as usize]).unwrap();
                        table.remove_at(entry, id);
                        map.remove(&id);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.len(), map.len());
            }
            // What has passed a bucket is beyond it.
            let passed = |shard: &Shard| shard.iter().map(|bucket| bucket.0[1] >> PASSED_SHIFT).sum::<u32>();
            let mut expected = 0;
            for id in map.keys() {
                let (entry, _) = table.search(*id, |slot| ids[slot as usize]).unwrap();
                if entry != EntryIndex::SPILLED {
                    expected += entry.bucket().wrapping_sub(home_and_tag(*id).0) % BUCKETS;
                }
            }
            let counted: u32 = table.shards.iter().map(|shard| passed(shard)).sum();
            prop_assert_eq!(counted as usize, expected);
            for (id, slot) in map {
                prop_assert_eq!(table.find(id, |slot| ids[slot as usize]), Some(slot));
            }
        }
    }
}
