//! [`BookSide`]: one side of a book, its levels in order of price.

use super::chunked::Chunked;
use super::id_table::EntryIndex;
use super::level_index::LevelIndex;
use super::location::{LevelId, UNPRICED};
use super::slab::{NewNode, Node, Place, Slab};
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
        let displayed = slab.enqueue(slot, id, tail, self.displayed);
        self.displayed += displayed;
        if slab.get(slot).location.is_detailed() {
            self.hidden += slab.hidden(slot);
        }
        match tail {
            NONE => self.head = slot,
            tail => slab.get_mut(tail).next = slot,
        }
        self.tail = slot;
    }

    /// Appends a new plain order, whose id goes into a free table entry; returns its slot.
    #[inline]
    fn push_new(&mut self, slab: &mut Slab, id: LevelId, entry: EntryIndex, new: &NewNode) -> Slot {
        let previous = self.tail;
        let slot = slab.insert_at(entry, new, Place { level: Some(id), previous, ahead: self.displayed });
        self.displayed += new.displayed;
        match previous {
            NONE => self.head = slot,
            previous => slab.get_mut(previous).next = slot,
        }
        self.tail = slot;
        slot
    }

    /// Subtracts an order that leaves the queue, and links its neighbors.
    #[inline]
    fn unlink(&mut self, slab: &mut Slab, links: [Slot; 2], displayed: Quantity) {
        let [previous, next] = links;
        self.displayed -= displayed;
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
/// both sides. They are stored in one list, and an order has the number of its level there. A
/// [`LevelIndex`] maps ranks to numbers; the best level is known besides.
#[derive(Debug, Clone)]
pub(super) struct BookSide {
    side: Side,
    /// The rank of the best level, if there is one.
    best: Option<i64>,
    /// The number of the best level, or [`NONE`], which is an index that no level has.
    best_level: LevelId,
    index: LevelIndex,
    levels: Chunked<Level, 256>,
    free: LevelId,
}

impl BookSide {
    pub(super) fn new(side: Side) -> Self {
        let mut levels = Chunked::new();
        // The queue of orders without a limit.
        levels.push(Level::new(0));
        Self { side, best: None, best_level: NONE, index: LevelIndex::new(), levels, free: NONE }
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
        self.levels.get_mut(self.best_level)
    }

    pub(super) fn best(&self) -> Option<&Level> {
        self.levels.get(self.best_level)
    }

    pub(super) fn worst(&self) -> Option<&Level> {
        self.index.last().map(|level| self.get(level))
    }

    /// Returns how many nodes index the levels.
    #[cfg(test)]
    pub(super) fn index_nodes(&self) -> usize {
        self.index.nodes()
    }

    pub(super) fn quote(&self) -> Option<QuoteLevel> {
        Some(QuoteLevel { price: self.best_price()?, size: self.best()?.displayed })
    }

    /// Returns the levels, the best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Price, &Level)> {
        self.ids().map(|id| self.get(id)).map(|level| (self.price(level.rank), level))
    }

    /// Returns the numbers of the levels, the best first.
    pub(super) fn ids(&self) -> impl Iterator<Item = LevelId> {
        self.index.iter(|level| self.get(level).rank)
    }

    #[inline]
    pub(super) fn get(&self, id: LevelId) -> &Level {
        &self.levels[id]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: LevelId) -> &mut Level {
        &mut self.levels[id]
    }

    /// Returns the price of a level; the queue of orders without a limit has none.
    pub(super) fn price_of(&self, id: LevelId) -> Option<Price> {
        (id != UNPRICED).then(|| self.price(self.get(id).rank))
    }

    /// Returns the queue of an auction's orders without a limit.
    pub(super) fn unpriced(&self) -> &Level {
        self.get(UNPRICED)
    }

    /// Returns the level of a price, if there is one.
    pub(super) fn level(&self, price: Price) -> Option<&Level> {
        self.index.find(self.rank(price), |level| self.get(level).rank).map(|id| self.get(id))
    }

    /// Appends an order to the queue of a price.
    #[inline]
    pub(super) fn append(&mut self, slab: &mut Slab, slot: Slot, price: Price) {
        let id = self.level_at(price);
        self.levels[id].push(slab, slot, id);
    }

    /// Appends a new plain order, whose id goes into a free table entry, to the queue of a price; returns its
    /// slot.
    #[inline]
    pub(super) fn append_new(
        &mut self,
        slab: &mut Slab,
        price: Price,
        entry: EntryIndex,
        new: &NewNode,
    ) -> Slot {
        let id = self.level_at(price);
        self.levels[id].push_new(slab, id, entry, new)
    }

    /// Returns the number of a price's level, adding the level if there is none.
    #[inline]
    fn level_at(&mut self, price: Price) -> LevelId {
        let rank = self.rank(price);
        match self.index.near(rank) {
            Some(id) => id,
            None => self.find_or_add(rank),
        }
    }

    /// Returns the last order at a price near the touch, if there is one.
    #[inline]
    pub(super) fn likely_tail(&self, price: Price) -> Slot {
        let is_legal = Price::new_checked(price.ticks()).is_some();
        let level = if is_legal { self.index.near(self.rank(price)) } else { None };
        level.map_or(NONE, |level| self.get(level).tail)
    }

    pub(super) fn append_unpriced(&mut self, slab: &mut Slab, slot: Slot) {
        self.levels[UNPRICED].push(slab, slot, UNPRICED);
    }

    /// Removes an order from its queue, if it is in one.
    #[inline]
    pub(super) fn unlink(&mut self, slab: &mut Slab, slot: Slot) {
        let node = *slab.get(slot);
        let displayed = slab.displayed_of(slot, &node);
        if node.location.is_detailed()
            && let Some(id) = node.location.level()
        {
            self.levels[id].hidden -= slab.hidden(slot);
        }
        self.unlink_node(slab, &node, displayed);
    }

    /// Removes an order that has just been read from its queue, if it is in one; hidden quantities are not
    /// subtracted.
    #[inline]
    pub(super) fn unlink_node(&mut self, slab: &mut Slab, node: &Node, displayed: Quantity) {
        let Some(id) = node.location.level() else { return };
        let level = &mut self.levels[id];
        level.unlink(slab, [node.previous, node.next], displayed);
        if level.is_empty() && id != UNPRICED {
            self.vacate(id);
        }
    }

    /// Removes the first order of the best level, of which nothing is open any more.
    #[inline]
    pub(super) fn pop_first(&mut self, slab: &mut Slab) {
        let id = self.best_level;
        let Some(level) = self.levels.get_mut(id) else { return };
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
        let levels = &self.levels;
        if let Some(id) = self.index.find(rank, |level| levels[level].rank) {
            self.index.bring_near(rank);
            return id;
        }
        let id = self.allocate(rank);
        let levels = &self.levels;
        self.index.insert(rank, id, |level| levels[level].rank);
        if self.best.is_none_or(|best| rank < best) {
            self.best = Some(rank);
            self.best_level = id;
        }
        id
    }

    fn allocate(&mut self, rank: i64) -> LevelId {
        if self.free == NONE {
            return self.levels.push(Level::new(rank));
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
        self.index.remove(rank);
        if self.best == Some(rank) {
            let first = self.index.first();
            self.best = first.map(|level| self.get(level).rank);
            self.best_level = first.unwrap_or(NONE);
        }
    }
}
