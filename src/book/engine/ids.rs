//! [`IdTable`]: from order ids to slots.

use super::slab::Slot;
use crate::units::OrderId;

/// An open-addressing hash table that keeps only fingerprints and slots: eight bytes an entry.
///
/// The id itself stands in the order's node, which whoever looks an order up reads next anyway; so a
/// lookup touches one line of the table and one of the slab. Entries move back over removed ones, so
/// that there are no tombstones and no slow decay. The table is never walked; its order cannot show.
///
/// Ids are taken to be issued by the venue or to have been hashed before: multiplicative hashing does
/// not withstand somebody who chooses them in order to collide.
#[derive(Debug, Clone)]
pub(super) struct IdTable {
    /// Fingerprint in the upper half, slot plus one in the lower; zero is empty.
    entries: Vec<u64>,
    len: usize,
    /// By how many bits a fingerprint is shifted to find its home.
    shift: u32,
}

/// The golden ratio in 64 bits: Fibonacci hashing (Knuth, TAOCP 3, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

const LEAST_BITS: u32 = 6;

/// At most one entry in so many is used. A sparser table ends more searches where they begin, but with a
/// million orders its own size costs more than that (measured: 4 is faster by 3% at 10,000, slower by 8%
/// at a million).
const LOAD: usize = 2;

fn fingerprint(id: OrderId) -> u64 {
    id.get().wrapping_mul(MULTIPLIER) >> 32
}

impl IdTable {
    pub(super) fn new() -> Self {
        Self { entries: vec![0; 1 << LEAST_BITS], len: 0, shift: 32 - LEAST_BITS }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[expect(clippy::cast_possible_truncation, reason = "a fingerprint has 32 bits")]
    const fn home(&self, fingerprint: u64) -> usize {
        (fingerprint >> self.shift) as usize
    }

    const fn next(&self, index: usize) -> usize {
        (index + 1) & (self.entries.len() - 1)
    }

    /// Returns where the id's entry is, or the empty entry at which the search for it ended; both hold
    /// until the table changes. `is_at` tells whether the order in a slot has that id.
    #[inline]
    pub(super) fn search(&self, id: OrderId, is_at: impl Fn(Slot) -> bool) -> Result<usize, usize> {
        let wanted = fingerprint(id);
        let mut index = self.home(wanted);
        loop {
            let entry = self.entries[index];
            if entry == 0 {
                return Err(index);
            }
            if entry >> 32 == wanted && is_at(slot_of(entry)) {
                return Ok(index);
            }
            index = self.next(index);
        }
    }

    /// Returns the slot of an entry that was found.
    #[inline]
    pub(super) fn slot(&self, entry: usize) -> Slot {
        slot_of(self.entries[entry])
    }

    /// Returns the slot of an id.
    #[inline]
    pub(super) fn find(&self, id: OrderId, is_at: impl Fn(Slot) -> bool) -> Option<Slot> {
        self.search(id, is_at).ok().map(|index| slot_of(self.entries[index]))
    }

    /// Adds an id that is not there.
    #[inline]
    pub(super) fn insert(&mut self, id: OrderId, slot: Slot) {
        if (self.len + 1) * LOAD > self.entries.len() {
            self.grow();
        }
        let (Ok(index) | Err(index)) = self.search(id, |_| false);
        self.write(index, id, slot);
    }

    /// Adds an id at the empty entry where the search for it ended.
    #[inline]
    pub(super) fn insert_at(&mut self, entry: usize, id: OrderId, slot: Slot) {
        if (self.len + 1) * LOAD > self.entries.len() {
            self.insert(id, slot);
        } else {
            self.write(entry, id, slot);
        }
    }

    #[inline]
    fn write(&mut self, entry: usize, id: OrderId, slot: Slot) {
        self.entries[entry] = (fingerprint(id) << 32) | (u64::from(slot) + 1);
        self.len += 1;
    }

    /// Takes the id of the order in `slot` out.
    #[inline]
    pub(super) fn remove(&mut self, id: OrderId, slot: Slot) {
        if let Ok(entry) = self.search(id, |other| other == slot) {
            self.remove_at(entry);
        }
    }

    /// Takes an entry out that was found.
    #[inline]
    pub(super) fn remove_at(&mut self, mut hole: usize) {
        self.len -= 1;
        // What stands behind the hole moves into it, unless its home lies behind the hole.
        let mask = self.entries.len() - 1;
        let mut index = hole;
        loop {
            index = self.next(index);
            let entry = self.entries[index];
            if entry == 0 {
                break;
            }
            let from_home = index.wrapping_sub(self.home(entry >> 32)) & mask;
            if from_home >= index.wrapping_sub(hole) & mask {
                self.entries[hole] = entry;
                hole = index;
            }
        }
        self.entries[hole] = 0;
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![0; self.entries.len() * 2];
        let old = std::mem::replace(&mut self.entries, larger);
        self.shift -= 1;
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let mut index = self.home(entry >> 32);
            while self.entries[index] != 0 {
                index = self.next(index);
            }
            self.entries[index] = entry;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is a slot plus one")]
const fn slot_of(entry: u64) -> Slot {
    (entry as u32).wrapping_sub(1)
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// An id whose fingerprint has few values, so that ids collide.
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
                prop_assert_eq!(table.find(id, |slot| ids[slot as usize] == id), known);
                match known {
                    None if inserts => {
                        let slot = Slot::try_from(ids.len()).unwrap();
                        ids.push(id);
                        table.insert(id, slot);
                        map.insert(id, slot);
                    }
                    Some(slot) if !inserts => {
                        table.remove(id, slot);
                        map.remove(&id);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.len(), map.len());
            }
            for (id, slot) in map {
                prop_assert_eq!(table.find(id, |slot| ids[slot as usize] == id), Some(slot));
            }
        }
    }
}
