//! One side of a book: its levels in order of price, the best last.

use super::slab::{NONE, Slab, Slot};
use crate::market::{QuoteLevel, Side};
use crate::units::{Price, Quantity};

/// The orders at one price, in order of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) price: Price,
    /// The sum of the orders' open quantities.
    pub(super) size: Quantity,
    pub(super) head: Slot,
    pub(super) tail: Slot,
}

/// The levels of one side.
///
/// A sorted array with the best level last: most traffic is near the touch, so most insertions and
/// removals move few levels, the touch is one load away, and a search stays in few cache lines. Empty
/// levels are taken out.
#[derive(Debug)]
pub(super) struct Levels {
    side: Side,
    levels: Vec<Level>,
}

impl Levels {
    pub(super) const fn new(side: Side) -> Self {
        Self { side, levels: Vec::new() }
    }

    pub(super) fn best(&self) -> Option<&Level> {
        self.levels.last()
    }

    pub(super) fn worst(&self) -> Option<&Level> {
        self.levels.first()
    }

    pub(super) fn best_mut(&mut self) -> Option<&mut Level> {
        self.levels.last_mut()
    }

    pub(super) fn quote(&self) -> Option<QuoteLevel> {
        self.best().map(|level| QuoteLevel { price: level.price, size: level.size })
    }

    /// Returns the levels, the best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter().rev()
    }

    /// Returns the level of `price`, or where it belongs.
    fn search(&self, price: Price) -> Result<usize, usize> {
        // Bids ascend and asks descend, so that the best is last on both sides.
        let sign = self.side.sign();
        let rank = |price: Price| sign * price.ticks();
        // Near the touch first: that is where most orders are.
        let near = self.levels.len().saturating_sub(8);
        match self.levels[near..].iter().rposition(|level| rank(level.price) <= rank(price)) {
            Some(offset) if self.levels[near + offset].price == price => Ok(near + offset),
            Some(offset) => Err(near + offset + 1),
            None => self.levels[..near].binary_search_by_key(&rank(price), |level| rank(level.price)),
        }
    }

    /// Puts an order at the back of its level's queue.
    pub(super) fn append(&mut self, slab: &mut Slab, slot: Slot) {
        let (price, leaves) = (slab.get(slot).price, slab.get(slot).leaves);
        match self.search(price) {
            Ok(index) => {
                let level = &mut self.levels[index];
                level.size += leaves;
                slab.get_mut(level.tail).next = slot;
                slab.get_mut(slot).previous = level.tail;
                level.tail = slot;
            }
            Err(index) => self.levels.insert(index, Level { price, size: leaves, head: slot, tail: slot }),
        }
    }

    /// Takes an order out of its level's queue, and the level out if it was the last.
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let node = *slab.get(slot);
        let Ok(index) = self.search(node.price) else { return };
        let level = &mut self.levels[index];
        level.size -= node.leaves;
        match node.previous {
            NONE => level.head = node.next,
            previous => slab.get_mut(previous).next = node.next,
        }
        match node.next {
            NONE => level.tail = node.previous,
            next => slab.get_mut(next).previous = node.previous,
        }
        if level.head == NONE {
            self.levels.remove(index);
        }
    }

    /// Takes `less` off the size of the level of `price`, whose order has become smaller.
    pub(super) fn shrink(&mut self, price: Price, less: Quantity) {
        if let Ok(index) = self.search(price) {
            self.levels[index].size -= less;
        }
    }

    /// Takes the first order of the best level out, which has been filled.
    pub(super) fn pop_front(&mut self, slab: &mut Slab) {
        let Some(level) = self.levels.last_mut() else { return };
        let next = slab.get(level.head).next;
        level.head = next;
        if next == NONE {
            self.levels.pop();
        } else {
            slab.get_mut(next).previous = NONE;
        }
    }

    /// Returns what is available up to `limit`, or at least `enough`.
    pub(super) fn available(&self, limit: Option<Price>, enough: Quantity) -> Quantity {
        let taker = self.side.opposite();
        let mut sum = Quantity::ZERO;
        for level in self.iter() {
            if sum >= enough || limit.is_some_and(|limit| !taker.accepts(limit, level.price)) {
                break;
            }
            sum += level.size;
        }
        sum
    }
}
