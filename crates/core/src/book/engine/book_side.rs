//! [`BookSide`]: one side of a book, its levels in order of price.

use std::collections::BTreeMap;

use super::bitmap::Bitmap;
use super::location::{LevelId, UNPRICED};
use super::slab::Slab;
use super::slot::{NONE, Slot};
use crate::market::{QuoteLevel, Side};
use crate::units::{Price, Quantity};

/// The orders at one price, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    rank: i64,
    pub(super) head: Slot,
    /// The last in the queue; of a free level, the next free one.
    pub(super) tail: Slot,
    /// The sum of displayed quantities.
    pub(super) displayed: Quantity,
    /// The sum of hidden quantities.
    pub(super) hidden: Quantity,
}

impl Level {
    const fn new(rank: i64) -> Self {
        Self { rank, head: NONE, tail: NONE, displayed: Quantity::ZERO, hidden: Quantity::ZERO }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.head == NONE
    }

    /// Appends an order to the queue.
    #[inline]
    fn push(&mut self, slab: &mut Slab, slot: Slot, id: LevelId) {
        let tail = self.tail;
        slab.set_queue_ahead(slot, self.displayed);
        self.displayed += slab.displayed(slot);
        let node = slab.get_mut(slot);
        node.location = node.location.at(Some(id));
        node.previous = tail;
        node.next = NONE;
        if node.location.is_detailed() {
            self.hidden += slab.hidden(slot);
        }
        match tail {
            NONE => self.head = slot,
            tail => slab.get_mut(tail).next = slot,
        }
        self.tail = slot;
    }

    /// Removes an order from the queue.
    #[inline]
    fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let node = slab.get(slot);
        let (next, previous) = (node.next, node.previous);
        self.displayed -= slab.displayed(slot);
        if node.location.is_detailed() {
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
/// Levels are ordered by *rank*: ticks for asks, negated ticks for bids, so that the lowest is the best on
/// both sides. They are stored in one list, and an order has the number of its level there. A window of ranks
/// that begins near the best maps ranks to numbers, with a bitmap of occupied ranks; levels beyond its end
/// are in a tree. The window moves with the best level, which is always in it, and grows with the number of
/// levels that would otherwise be outside, up to [`BookSide::WINDOW_MAX`]: so memory follows the number of
/// levels, however far apart they are.
#[derive(Debug, Clone)]
pub(super) struct BookSide {
    side: Side,
    /// The rank of the best level, if there is one.
    best: Option<i64>,
    /// The number of the best level, or [`NONE`], which is an index that no level has.
    best_level: LevelId,
    /// The rank with which the window begins.
    base: i64,
    window: Vec<LevelId>,
    occupied: Bitmap,
    /// The levels beyond the window.
    far: BTreeMap<i64, LevelId>,
    /// The levels of the window while it moves; kept to reuse its memory.
    moving: Vec<(i64, LevelId)>,
    levels: Vec<Level>,
    free: LevelId,
}

impl BookSide {
    /// Enough to keep the levels of a liquid book out of the tree, whose nodes are allocated: 4 KiB.
    const WINDOW_MIN: usize = 1 << 10;
    /// The largest number of ranks in a window: 256 KiB.
    pub(super) const WINDOW_MAX: usize = 1 << 16;

    pub(super) fn new(side: Side) -> Self {
        // Capacity for a liquid book, so that the list does not grow while it trades.
        let mut levels = Vec::with_capacity(Self::WINDOW_MIN);
        levels.push(Level::new(0));
        Self {
            side,
            best: None,
            best_level: NONE,
            base: 0,
            window: vec![NONE; Self::WINDOW_MIN],
            occupied: Bitmap::new(Self::WINDOW_MIN),
            far: BTreeMap::new(),
            moving: Vec::new(),
            levels,
            free: NONE,
        }
    }

    /// Returns the rank of a price: lower is better.
    #[inline]
    pub(super) const fn rank(&self, price: Price) -> i64 {
        -self.side.sign() * price.ticks()
    }

    #[inline]
    const fn price(&self, rank: i64) -> Price {
        Price::new(-self.side.sign() * rank)
    }

    #[inline]
    pub(super) const fn best_rank(&self) -> Option<i64> {
        self.best
    }

    #[inline]
    pub(super) fn best_price(&self) -> Option<Price> {
        self.best.map(|best| self.price(best))
    }

    /// Returns the best level.
    #[inline]
    pub(super) fn best_mut(&mut self) -> Option<&mut Level> {
        self.levels.get_mut(self.best_level as usize)
    }

    pub(super) fn best(&self) -> Option<&Level> {
        self.levels.get(self.best_level as usize)
    }

    pub(super) fn worst(&self) -> Option<&Level> {
        let near = || self.occupied.last().map(|index| self.window[index]);
        let worst = self.far.last_key_value().map(|(_, level)| *level).or_else(near)?;
        Some(self.get(worst))
    }

    /// Returns the first rank of the window, its length, and the number of levels in the tree.
    #[cfg(test)]
    pub(super) fn extent(&self) -> (i64, usize, usize) {
        (self.base, self.window.len(), self.far.len())
    }

    pub(super) fn quote(&self) -> Option<QuoteLevel> {
        Some(QuoteLevel { price: self.best_price()?, size: self.best()?.displayed })
    }

    /// Returns the levels, the best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Price, &Level)> {
        let near = std::iter::successors(self.occupied.next(0), |index| self.occupied.next(index + 1));
        let numbers = near.map(|index| self.window[index]).chain(self.far.values().copied());
        numbers.map(|id| self.get(id)).map(|level| (self.price(level.rank), level))
    }

    #[inline]
    pub(super) fn get(&self, id: LevelId) -> &Level {
        &self.levels[id as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: LevelId) -> &mut Level {
        &mut self.levels[id as usize]
    }

    /// Returns the price of a level; the queue of orders without a limit has none.
    pub(super) fn price_of(&self, id: LevelId) -> Option<Price> {
        (id != UNPRICED).then(|| self.price(self.get(id).rank))
    }

    /// Returns the queue of an auction's orders without a limit.
    pub(super) fn unpriced(&self) -> &Level {
        self.get(UNPRICED)
    }

    /// Returns the number of a rank's level, if there is one.
    #[inline]
    fn find(&self, rank: i64) -> Option<LevelId> {
        match self.index(rank) {
            Some(index) => Some(self.window[index]).filter(|id| *id != NONE),
            None => self.far.get(&rank).copied(),
        }
    }

    /// Returns the level of a price, if there is one.
    pub(super) fn level(&self, price: Price) -> Option<&Level> {
        self.find(self.rank(price)).map(|id| self.get(id))
    }

    /// Returns the index of a rank in the window, if it lies there.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks below the base wrap")]
    #[inline]
    const fn index(&self, rank: i64) -> Option<usize> {
        let index = rank.wrapping_sub(self.base) as u64 as usize;
        if index < self.window.len() { Some(index) } else { None }
    }

    #[expect(clippy::cast_possible_wrap, reason = "a window has at most 2^16 ranks")]
    const fn rank_at(&self, index: usize) -> i64 {
        self.base + index as i64
    }

    /// Appends an order to the queue of a price.
    #[inline]
    pub(super) fn append(&mut self, slab: &mut Slab, slot: Slot, price: Price) {
        let rank = self.rank(price);
        let id = match self.index(rank) {
            Some(index) if self.window[index] != NONE => self.window[index],
            _ => self.find_or_add(rank),
        };
        self.levels[id as usize].push(slab, slot, id);
    }

    pub(super) fn append_unpriced(&mut self, slab: &mut Slab, slot: Slot) {
        self.levels[UNPRICED as usize].push(slab, slot, UNPRICED);
    }

    /// Removes an order from its queue, if it is in one.
    #[inline]
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let Some(id) = slab.get(slot).location.level() else { return };
        let level = &mut self.levels[id as usize];
        level.unlink(slab, slot);
        if level.is_empty() && id != UNPRICED {
            self.vacate(id);
        }
    }

    /// Removes the first order of the best level, of which nothing is open any more.
    #[inline]
    pub(super) fn pop_first(&mut self, slab: &mut Slab) {
        let id = self.best_level;
        let Some(level) = self.levels.get_mut(id as usize) else { return };
        let next = slab.get(level.head).next;
        level.head = next;
        if next == NONE {
            self.vacate(id);
        } else {
            slab.get_mut(next).previous = NONE;
        }
    }

    /// Returns the number of a rank's level, adding the level if there is none.
    #[inline(never)]
    fn find_or_add(&mut self, rank: i64) -> LevelId {
        if let Some(id) = self.find(rank) {
            return id;
        }
        let id = self.allocate(rank);
        match self.index(rank).or_else(|| self.make_room(rank)) {
            Some(index) => {
                self.window[index] = id;
                self.occupied.set(index);
                if self.best.is_none_or(|best| rank < best) {
                    self.best = Some(rank);
                    self.best_level = id;
                }
            }
            None => {
                self.far.insert(rank, id);
            }
        }
        id
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are no more levels than orders")]
    fn allocate(&mut self, rank: i64) -> LevelId {
        if self.free == NONE {
            self.levels.push(Level::new(rank));
            return (self.levels.len() - 1) as LevelId;
        }
        let id = self.free;
        self.free = self.get(id).tail;
        *self.get_mut(id) = Level::new(rank);
        id
    }

    /// Removes an empty level.
    #[inline(never)]
    fn vacate(&mut self, id: LevelId) {
        let rank = self.get(id).rank;
        self.get_mut(id).tail = self.free;
        self.free = id;
        match self.index(rank) {
            Some(index) => {
                self.window[index] = NONE;
                self.occupied.clear(index);
            }
            None => {
                self.far.remove(&rank);
            }
        }
        if self.best == Some(rank) {
            self.find_best();
        }
    }

    /// Finds the next best level; an empty window moves to the levels beyond it.
    fn find_best(&mut self) {
        let from = self.best.and_then(|best| self.index(best)).unwrap_or(0);
        let index = self.occupied.next(from);
        if index.is_none()
            && let Some((rank, _)) = self.far.first_key_value()
        {
            return self.rebase(*rank - self.quarter());
        }
        self.best = index.map(|index| self.rank_at(index));
        self.best_level = index.map_or(NONE, |index| self.window[index]);
    }

    #[expect(clippy::cast_possible_wrap, reason = "a window has at most 2^16 ranks")]
    const fn quarter(&self) -> i64 {
        (self.window.len() / 4) as i64
    }

    /// Moves or grows the window to reach a rank outside of it, if that is worthwhile; returns the rank's
    /// index then.
    #[cold]
    fn make_room(&mut self, rank: i64) -> Option<usize> {
        let Some(best) = self.best.filter(|_| rank >= self.base) else {
            self.rebase(rank - self.quarter());
            return self.index(rank);
        };
        // A window whose first half is empty moves up; a smaller threshold would let it oscillate.
        if best - self.base >= 2 * self.quarter() && rank - best < 3 * self.quarter() {
            self.rebase(best - self.quarter());
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
        self.window.resize(len, NONE);
        self.occupied = Bitmap::new(len);
        for index in (0..len).filter(|index| self.window[*index] != NONE) {
            self.occupied.set(index);
        }
        self.pull();
    }

    /// Moves the window to begin with the rank `base`, and fills it.
    fn rebase(&mut self, base: i64) {
        let mut next = self.occupied.next(0);
        let mut moving = std::mem::take(&mut self.moving);
        while let Some(index) = next {
            moving.push((self.rank_at(index), self.window[index]));
            self.window[index] = NONE;
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

    /// Moves levels that lie within the window from the tree to it, and finds the best level.
    fn pull(&mut self) {
        while let Some(entry) = self.far.first_entry() {
            let Some(index) = usize::try_from(*entry.key() - self.base).ok() else { break };
            if index >= self.window.len() {
                break;
            }
            self.window[index] = entry.remove();
            self.occupied.set(index);
        }
        let first = self.occupied.next(0);
        self.best = first.map(|index| self.rank_at(index));
        self.best_level = first.map_or(NONE, |index| self.window[index]);
    }
}
