//! [`Owners`]: which slots of the slab belong to whom, and what is in them.
//!
//! Slots are given out in blocks of eight, each to one owner. So all orders of an owner are found by going
//! through its blocks (a mass cancel costs nothing for what others have in the book), and neither an add
//! nor a cancel touches the neighbors that a list of orders would have: they set and clear one bit. What the
//! slots hold is in the block, too: one address leads to an order and to that bit, on one page of memory.

use std::collections::BTreeMap;

use super::chunked::Chunked;
use super::slot::{NONE, Slot};
use crate::units::ActorId;

/// The number of slots in a block.
pub(super) const WIDTH: u32 = 8;

/// Eight neighboring slots of one owner.
#[derive(Debug, Clone, Copy)]
struct Block<T> {
    /// What is in the slots.
    items: T,
    /// The next and the previous block of the owner; of a block that nobody has, the next such block.
    next: u32,
    previous: u32,
    /// The next block of the owner that has room, if this has.
    next_with_room: u32,
    /// The owner's number in [`Owners::owners`].
    owner: u32,
    /// Which slots have an order.
    occupied: u8,
}

impl<T> Block<T> {
    /// Returns whether its owner has no other: it keeps this one, since it will most likely need it again.
    const fn is_only(&self) -> bool {
        self.next == NONE && self.previous == NONE
    }
}

#[derive(Debug, Clone, Copy)]
struct Owner {
    /// The first of its blocks.
    first: u32,
    /// The first of its blocks that have room.
    with_room: u32,
}

impl Owner {
    const NOTHING: Self = Self { first: NONE, with_room: NONE };
}

/// The slots of all owners, with items of eight slots each.
#[derive(Debug, Clone)]
pub(super) struct Owners<T> {
    blocks: Chunked<Block<T>, 128>,
    /// What a block has before anything was put into it.
    empty: T,
    /// Blocks that nobody has.
    free: u32,
    /// Owners with small ids, which are dense from zero, by their ids; then all others.
    owners: Chunked<Owner, 1024>,
    others: BTreeMap<ActorId, u32>,
}

impl<T: Copy> Owners<T> {
    /// Ids below it are found without a search.
    const SMALL: u32 = 1 << 17;

    pub(super) const fn new(empty: T) -> Self {
        Self { blocks: Chunked::new(), empty, free: NONE, owners: Chunked::new(), others: BTreeMap::new() }
    }

    /// Returns the items of the block that has a slot.
    #[inline]
    pub(super) fn items(&self, slot: Slot) -> &T {
        &self.blocks[slot / WIDTH].items
    }

    #[inline]
    pub(super) fn items_mut(&mut self, slot: Slot) -> &mut T {
        &mut self.blocks[slot / WIDTH].items
    }

    /// Returns the items of the block of any number, and reads what taking the slot back will need.
    #[inline]
    pub(super) fn touch(&self, slot: Slot) -> Option<(&T, u8)> {
        self.blocks.get(slot / WIDTH).map(|block| (&block.items, block.occupied))
    }

    /// Returns the slot of an owner's next order, if the owner has a block with room.
    pub(super) fn next_slot(&self, id: ActorId) -> Option<Slot> {
        let index = self.owners.get(self.find(id)?)?.with_room;
        self.blocks.get(index).map(|block| index * WIDTH + (!block.occupied).trailing_zeros())
    }

    /// Returns a slot for an order of an owner, with the items of its block.
    #[inline]
    pub(super) fn take(&mut self, id: ActorId) -> (Slot, &mut T) {
        let owner = match id.get() {
            small if small < Self::SMALL && small < self.owners.count() => small,
            _ => self.find_or_add(id),
        };
        let mut index = self.owners[owner].with_room;
        if index == NONE {
            index = self.take_block(owner);
        }
        let block = &mut self.blocks[index];
        let place = (!block.occupied).trailing_zeros();
        block.occupied |= 1 << place;
        if block.occupied == u8::MAX {
            self.owners[owner].with_room = block.next_with_room;
        }
        (index * WIDTH + place, &mut block.items)
    }

    /// Takes back a slot.
    #[inline]
    pub(super) fn give_back(&mut self, slot: Slot) {
        self.give_back_if(slot, |_| Some(()));
    }

    /// Takes back a slot if something can be read from the items of its block, and returns that: the block is
    /// looked up once.
    #[inline]
    pub(super) fn give_back_if<R>(&mut self, slot: Slot, read: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        let index = slot / WIDTH;
        let block = &mut self.blocks[index];
        let read = read(&block.items)?;
        let owner = block.owner;
        let was_full = block.occupied == u8::MAX;
        block.occupied &= !(1 << (slot % WIDTH));
        if was_full {
            let first = &mut self.owners[owner].with_room;
            block.next_with_room = std::mem::replace(first, index);
        } else if block.occupied == 0 && !block.is_only() {
            self.release(owner);
        }
        Some(read)
    }

    /// Returns the slots of an owner that have orders, in arbitrary order.
    pub(super) fn slots_of(&self, id: ActorId) -> impl Iterator<Item = Slot> {
        let first = self.find(id).map_or(NONE, |owner| self.owners[owner].first);
        let some = |index: u32| Some(index).filter(|index| *index != NONE);
        let blocks = std::iter::successors(some(first), move |index| some(self.blocks[*index].next));
        blocks.flat_map(|index| self.slots_in(index))
    }

    /// Returns all slots that have orders, in arbitrary order.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        (0..self.blocks.count()).flat_map(|index| self.slots_in(index))
    }

    fn slots_in(&self, index: u32) -> impl Iterator<Item = Slot> {
        let occupied = self.blocks[index].occupied;
        (0..WIDTH).filter(move |place| occupied >> place & 1 == 1).map(move |place| index * WIDTH + place)
    }

    fn find(&self, id: ActorId) -> Option<u32> {
        if id.get() < Self::SMALL {
            return Some(id.get()).filter(|owner| *owner < self.owners.count());
        }
        self.others.get(&id).copied()
    }

    #[cold]
    fn find_or_add(&mut self, id: ActorId) -> u32 {
        if let Some(owner) = self.find(id) {
            return owner;
        }
        // Places for all smaller ids, or for all small ones.
        while self.owners.count() < id.get().min(Self::SMALL) {
            self.owners.push(Owner::NOTHING);
        }
        let owner = self.owners.push(Owner::NOTHING);
        if id.get() >= Self::SMALL {
            self.others.insert(id, owner);
        }
        owner
    }

    /// Gives an owner that has no room another block.
    #[cold]
    fn take_block(&mut self, owner: u32) -> u32 {
        let (first, items) = (self.owners[owner].first, self.empty);
        let index = match self.free {
            NONE => {
                let block =
                    Block { items, next: first, previous: NONE, next_with_room: NONE, owner, occupied: 0 };
                self.blocks.push(block)
            }
            index => {
                // What is in its slots has no meaning: none of them is occupied.
                let block = &mut self.blocks[index];
                self.free = block.next;
                (block.next, block.previous, block.next_with_room, block.owner) = (first, NONE, NONE, owner);
                index
            }
        };
        if first != NONE {
            self.blocks[first].previous = index;
        }
        self.owners[owner] = Owner { first: index, with_room: index };
        index
    }

    /// Takes blocks without orders from an owner: those that it would use next, a few at a time.
    #[cold]
    fn release(&mut self, owner: u32) {
        for _ in 0..4 {
            let index = self.owners[owner].with_room;
            let Some(block) = self.blocks.get(index).filter(|block| block.occupied == 0 && !block.is_only())
            else {
                return;
            };
            let Block { next, previous, next_with_room, .. } = *block;
            self.owners[owner].with_room = next_with_room;
            match previous {
                NONE => self.owners[owner].first = next,
                previous => self.blocks[previous].next = next,
            }
            if next != NONE {
                self.blocks[next].previous = previous;
            }
            self.blocks[index].next = self.free;
            self.free = index;
        }
    }
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_each_slot_has_one_owner_until_it_is_given_back(
            steps in prop::collection::vec((prop_oneof![0..4_u32, Just(1 << 20), Just(u32::MAX)], any::<prop::sample::Index>(), any::<bool>()), 1..600),
        ) {
            let (mut owners, mut slots) = (Owners::new(()), BTreeMap::<Slot, ActorId>::new());
            for (owner, which, takes) in steps {
                if takes || slots.is_empty() {
                    let owner = ActorId::new(owner);
                    let next = owners.next_slot(owner);
                    let (slot, ()) = owners.take(owner);
                    prop_assert!(next.is_none_or(|next| next == slot));
                    prop_assert_eq!(slots.insert(slot, owner), None);
                } else {
                    let slot = *slots.keys().nth(which.index(slots.len())).unwrap();
                    owners.give_back(slot);
                    slots.remove(&slot);
                }
                for owner in [0, 1, 2, 3, 4, 1 << 20, u32::MAX].map(ActorId::new) {
                    let mut own: Vec<Slot> = owners.slots_of(owner).collect();
                    own.sort_unstable();
                    let expected = slots.iter().filter(|(_, other)| **other == owner).map(|(slot, _)| *slot);
                    prop_assert!(own.into_iter().eq(expected));
                }
                prop_assert!(owners.slots().eq(slots.keys().copied()));
            }
            let taken = owners.blocks.count();
            for slot in std::mem::take(&mut slots).into_keys() {
                owners.give_back(slot);
            }
            for _ in 0..taken * WIDTH / 2 {
                owners.take(ActorId::new(9));
            }
            prop_assert!(owners.blocks.count() <= taken + taken / 2 + 1, "blocks are used again");
        }
    }
}
