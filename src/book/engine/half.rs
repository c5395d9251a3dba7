//! [`Half`]: one side of a book, its levels in order of price.

use std::collections::BTreeMap;

use super::bitmap::Bitmap;
use super::slab::{NONE, Slab, Slot};
use crate::market::{QuoteLevel, Side};
use crate::units::{Price, Quantity};

/// The orders at one price, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) head: Slot,
    pub(super) tail: Slot,
    /// The sum of what its orders display.
    pub(super) displayed: Quantity,
    /// The sum of what they hide.
    pub(super) hidden: Quantity,
}

impl Level {
    const EMPTY: Self = Self { head: NONE, tail: NONE, displayed: Quantity::ZERO, hidden: Quantity::ZERO };

    pub(super) const fn is_empty(&self) -> bool {
        self.head == NONE
    }

    /// Puts an order at the back of the queue.
    #[inline]
    fn push(&mut self, slab: &mut Slab, slot: Slot) {
        let displayed = self.displayed;
        let node = slab.get_mut(slot);
        node.queue_ahead = displayed;
        node.previous = self.tail;
        node.next = NONE;
        self.displayed += node.displayed;
        if node.details != NONE {
            self.hidden += slab.hidden(slot);
        }
        match self.tail {
            NONE => self.head = slot,
            tail => slab.get_mut(tail).next = slot,
        }
        self.tail = slot;
    }

    /// Takes an order out of the queue.
    #[inline]
    fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let node = slab.get(slot);
        let (next, previous) = (node.next, node.previous);
        self.displayed -= node.displayed;
        if node.details != NONE {
            self.hidden -= slab.hidden(slot);
        }
        match previous {
            NONE => self.head = next,
            previous => slab.get_mut(previous).next = next,
        }
        match next {
            NONE => self.tail = previous,
            next => slab.get_mut(next).previous = previous,
        }
    }
}

/// One side of a book.
///
/// Levels are addressed by *rank*: ticks for asks, negated ticks for bids, so that the lowest is the
/// best on both sides. A window of ranks that begins near the best is an array with a bitmap of which
/// levels are there; what lies beyond its end is in a tree. The window moves with the best level, which
/// is always in it, and grows with the number of levels that would otherwise be outside, up to
/// [`Half::WINDOW_MAX`]: so memory follows the number of levels, however far apart they are.
#[derive(Debug, Clone)]
pub(super) struct Half {
    side: Side,
    /// The rank of the first level of the window.
    base: i64,
    /// The index of the best level, or the window's length if there is none.
    best: usize,
    window: Vec<Level>,
    occupied: Bitmap,
    /// The levels behind the window.
    far: BTreeMap<i64, Level>,
    /// The levels of the window while it moves; kept for its memory.
    moving: Vec<(i64, Level)>,
    /// In an auction: orders that have no limit.
    pub(super) unpriced: Level,
}

impl Half {
    /// Enough that the levels of a liquid book stay out of the tree, whose nodes are allocated: 24 KiB.
    const WINDOW_MIN: usize = 1 << 10;
    /// The most levels that a window has: 1.5 MiB.
    pub(super) const WINDOW_MAX: usize = 1 << 16;

    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            base: 0,
            best: Self::WINDOW_MIN,
            window: vec![Level::EMPTY; Self::WINDOW_MIN],
            occupied: Bitmap::new(Self::WINDOW_MIN),
            far: BTreeMap::new(),
            moving: Vec::new(),
            unpriced: Level::EMPTY,
        }
    }

    /// Returns the rank of a price: the lower, the better.
    #[inline]
    pub(super) const fn rank(&self, price: Price) -> i64 {
        -self.side.sign() * price.ticks()
    }

    #[inline]
    const fn price(&self, rank: i64) -> Price {
        Price::new(-self.side.sign() * rank)
    }

    #[inline]
    pub(super) fn best_price(&self) -> Option<Price> {
        (self.best < self.window.len()).then(|| self.price(self.rank_at(self.best)))
    }

    /// Returns the best level.
    #[inline]
    pub(super) fn best_mut(&mut self) -> Option<&mut Level> {
        self.window.get_mut(self.best)
    }

    pub(super) fn best(&self) -> Option<&Level> {
        self.window.get(self.best)
    }

    pub(super) fn worst(&self) -> Option<&Level> {
        let near = || self.occupied.last().map(|index| &self.window[index]);
        self.far.last_key_value().map(|(_, level)| level).or_else(near)
    }

    /// Returns the rank at which the window begins, and how many levels it and the tree have.
    #[cfg(test)]
    pub(super) fn extent(&self) -> (i64, usize, usize) {
        (self.base, self.window.len(), self.far.len())
    }

    pub(super) fn quote(&self) -> Option<QuoteLevel> {
        Some(QuoteLevel { price: self.best_price()?, size: self.best()?.displayed })
    }

    /// Returns the levels, the best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Price, &Level)> {
        let near =
            std::iter::successors(self.occupied.next(self.best), |index| self.occupied.next(index + 1));
        let near = near.map(|index| (self.price(self.rank_at(index)), &self.window[index]));
        near.chain(self.far.iter().map(|(rank, level)| (self.price(*rank), level)))
    }

    #[expect(clippy::cast_possible_wrap, reason = "a window has at most 2^16 levels")]
    #[inline]
    const fn rank_at(&self, index: usize) -> i64 {
        self.base + index as i64
    }

    /// Returns where in the window a rank is.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks below the base wrap")]
    #[inline]
    const fn index(&self, rank: i64) -> Option<usize> {
        let index = rank.wrapping_sub(self.base) as u64 as usize;
        if index < self.window.len() { Some(index) } else { None }
    }

    /// Returns the level of a price, if it is there.
    pub(super) fn level(&self, price: Price) -> Option<&Level> {
        let rank = self.rank(price);
        let level = self.index(rank).map_or_else(|| self.far.get(&rank), |index| Some(&self.window[index]));
        level.filter(|level| !level.is_empty())
    }

    fn level_mut(&mut self, price: Price) -> Option<&mut Level> {
        let rank = self.rank(price);
        match self.index(rank) {
            Some(index) => Some(&mut self.window[index]),
            None => self.far.get_mut(&rank),
        }
    }

    /// Puts an order at the back of the queue of its price.
    #[inline]
    pub(super) fn append(&mut self, slab: &mut Slab, slot: Slot) {
        let rank = self.rank(slab.get(slot).price);
        match self.index(rank).or_else(|| self.make_room(rank)) {
            Some(index) => {
                if self.window[index].is_empty() {
                    self.occupied.set(index);
                    self.best = self.best.min(index);
                }
                self.window[index].push(slab, slot);
            }
            None => self.far.entry(rank).or_insert(Level::EMPTY).push(slab, slot),
        }
    }

    /// Takes an order out of the queue of its price.
    #[inline]
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let rank = self.rank(slab.get(slot).price);
        match self.index(rank) {
            Some(index) => {
                let level = &mut self.window[index];
                level.unlink(slab, slot);
                if level.is_empty() {
                    self.vacate(index);
                }
            }
            None => {
                let Some(level) = self.far.get_mut(&rank) else { return };
                level.unlink(slab, slot);
                if level.is_empty() {
                    self.far.remove(&rank);
                }
            }
        }
    }

    /// Takes the first order of the best level out, of which nothing is displayed or hidden any more.
    #[inline]
    pub(super) fn pop_first(&mut self, slab: &mut Slab) {
        let Some(level) = self.window.get_mut(self.best) else { return };
        let next = slab.get(level.head).next;
        level.head = next;
        if next == NONE {
            level.tail = NONE;
            self.vacate(self.best);
        } else {
            slab.get_mut(next).previous = NONE;
        }
    }

    pub(super) fn append_unpriced(&mut self, slab: &mut Slab, slot: Slot) {
        self.unpriced.push(slab, slot);
    }

    pub(super) fn unlink_unpriced(&mut self, slab: &mut Slab, slot: Slot) {
        self.unpriced.unlink(slab, slot);
    }

    /// Takes from a level's sums what one of its orders has lost.
    pub(super) fn shrink(&mut self, price: Price, displayed: Quantity, hidden: Quantity) {
        if let Some(level) = self.level_mut(price) {
            level.displayed -= displayed;
            level.hidden -= hidden;
        }
    }

    /// Follows the end of a level of the window.
    #[inline]
    fn vacate(&mut self, index: usize) {
        self.occupied.clear(index);
        if index == self.best {
            self.best = self.occupied.next(index).unwrap_or(self.window.len());
            if self.best == self.window.len() {
                self.follow_far();
            }
        }
    }

    /// Moves the window to the levels behind it, where it has become empty.
    #[cold]
    fn follow_far(&mut self) {
        if let Some((rank, _)) = self.far.first_key_value() {
            self.rebase(*rank - self.quarter());
        }
    }

    #[expect(clippy::cast_possible_wrap, reason = "a window has at most 2^16 levels")]
    const fn quarter(&self) -> i64 {
        (self.window.len() / 4) as i64
    }

    /// Makes the window reach a rank outside of it, if it should; returns where the rank is then.
    #[cold]
    fn make_room(&mut self, rank: i64) -> Option<usize> {
        if self.best == self.window.len() || rank < self.base {
            self.rebase(rank - self.quarter());
            return self.index(rank);
        }
        if self.far.contains_key(&rank) {
            return None;
        }
        // A window whose first half is empty moves up; less would let it go to and fro.
        let best_rank = self.rank_at(self.best);
        if self.best >= self.window.len() / 2 && rank - best_rank < 3 * self.quarter() {
            self.rebase(best_rank - self.quarter());
            return self.index(rank);
        }
        if self.far.len() >= self.window.len() / 4 && self.window.len() < Self::WINDOW_MAX {
            self.grow();
            return self.index(rank);
        }
        None
    }

    fn grow(&mut self) {
        let len = self.window.len() * 2;
        self.window.resize(len, Level::EMPTY);
        self.occupied = Bitmap::new(len);
        for index in (0..len).filter(|index| !self.window[*index].is_empty()) {
            self.occupied.set(index);
        }
        self.pull();
    }

    /// Moves the window, so that it begins with the rank `base`, and fills it.
    fn rebase(&mut self, base: i64) {
        let mut next = self.occupied.next(0);
        let mut moving = std::mem::take(&mut self.moving);
        while let Some(index) = next {
            moving.push((self.rank_at(index), std::mem::replace(&mut self.window[index], Level::EMPTY)));
            self.occupied.clear(index);
            next = self.occupied.next(index + 1);
        }
        self.base = base;
        for (rank, level) in moving.drain(..) {
            match self.index(rank) {
                Some(index) => {
                    self.window[index] = level;
                    self.occupied.set(index);
                }
                None => {
                    self.far.insert(rank, level);
                }
            }
        }
        self.moving = moving;
        self.pull();
    }

    /// Takes the levels that lie within the window out of the tree.
    fn pull(&mut self) {
        while let Some(entry) = self.far.first_entry() {
            let Some(index) = usize::try_from(*entry.key() - self.base).ok() else { break };
            if index >= self.window.len() {
                break;
            }
            self.window[index] = entry.remove();
            self.occupied.set(index);
        }
        self.best = self.occupied.next(0).unwrap_or(self.window.len());
    }
}
