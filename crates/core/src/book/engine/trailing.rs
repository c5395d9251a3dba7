//! [`Trailing`]: trailing stops, whose triggers follow the trades.
//!
//! A stop's trigger follows from its distance and the best trade since its entry, its *mark*. A trade that is
//! better than some marks becomes the mark of all their stops at once. So stops of one mark form a group, and
//! such a trade only merges groups: each is a leftist heap by distance (Crane 1972; Knuth, TAOCP 3, 5.2.3),
//! which merges with another in logarithmic time. Of a group only the first stop can be elected next; the
//! triggers of those are kept in order. A trade costs a logarithm for each group that it merges and for each
//! stop that it elects, however many triggers move.

use std::collections::{BTreeMap, BTreeSet};

use super::chunked::Chunked;
use super::slot::{NONE, Slot};
use crate::market::{Side, TrailingDistance};
use crate::units::Price;

/// The place of a stop in [`Trailing`].
pub(super) type TrailingIndex = u32;

/// The stops of one mark: by their side, by whether distances are percentages, and by the mark as a rank,
/// lower for a better price; before the first trade there is none.
type Group = (Side, bool, Option<i64>);

/// A stop, in half a cache line.
#[derive(Debug, Clone, Copy)]
struct Stop {
    slot: Slot,
    left: TrailingIndex,
    right: TrailingIndex,
    /// The stop above it in its heap; of a place that is free, the next free one.
    parent: TrailingIndex,
    /// Of the first of a heap: the mark of its group, if that has one.
    mark: i64,
    /// The distance in ticks or basis points, above two bytes: the number of steps down to a missing stop, at
    /// least, and flags.
    distance_height_flags: u64,
}

const _: () = assert!(size_of::<Stop>() == 32);

/// A trailing stop that a trade has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) slot: Slot,
    pub(super) trigger: Price,
}

/// The trailing stops of a book.
#[derive(Debug, Clone)]
pub(super) struct Trailing {
    stops: Chunked<Stop, 128>,
    free: TrailingIndex,
    /// The first stop of each group.
    groups: BTreeMap<Group, TrailingIndex>,
    /// The triggers of the first stops, as ranks by side: a trade elects those that are not above its own.
    nearest: BTreeSet<(Side, i64, TrailingIndex)>,
}

/// Returns a price as a rank: a buy's mark and trigger fall, a sale's rise.
const fn rank(side: Side, price: Price) -> i64 {
    side.sign() * price.ticks()
}

const fn price(side: Side, rank: i64) -> Price {
    Price::new(side.sign() * rank)
}

impl Stop {
    const SELLS: u64 = 1;
    const IS_PERCENTAGE: u64 = 2;
    const HAS_MARK: u64 = 4;

    fn new(slot: Slot, distance: TrailingDistance) -> Self {
        let (number, flags) = match distance {
            TrailingDistance::Ticks(ticks) => (ticks.unsigned_abs(), 0),
            TrailingDistance::BasisPoints(bps) => (bps.into(), Self::IS_PERCENTAGE),
        };
        let distance_height_flags = number << 16 | 1 << 8 | flags;
        Self { slot, left: NONE, right: NONE, parent: NONE, mark: 0, distance_height_flags }
    }

    /// Returns its distance as a number that orders the stops of its group.
    const fn order(&self) -> u64 {
        self.distance_height_flags >> 16
    }

    const fn height(&self) -> u64 {
        self.distance_height_flags >> 8 & 0xff
    }

    const fn set_height(&mut self, height: u64) {
        self.distance_height_flags = self.distance_height_flags & !0xff00 | height << 8;
    }

    const fn has(&self, flag: u64) -> bool {
        self.distance_height_flags & flag != 0
    }

    /// Returns the group of the first of a heap.
    fn group(&self) -> Group {
        let side = if self.has(Self::SELLS) { Side::Sell } else { Side::Buy };
        (side, self.has(Self::IS_PERCENTAGE), self.has(Self::HAS_MARK).then_some(self.mark))
    }

    fn set_group(&mut self, (side, _, mark): Group) {
        let sells = if side == Side::Sell { Self::SELLS } else { 0 };
        let marked = if mark.is_some() { Self::HAS_MARK } else { 0 };
        self.distance_height_flags =
            self.distance_height_flags & !(Self::SELLS | Self::HAS_MARK) | sells | marked;
        self.mark = mark.unwrap_or(0);
    }

    #[expect(clippy::cast_possible_truncation, reason = "made from such numbers")]
    const fn distance(&self) -> TrailingDistance {
        if self.has(Self::IS_PERCENTAGE) {
            TrailingDistance::BasisPoints(self.order() as u32)
        } else {
            TrailingDistance::Ticks(self.order().cast_signed())
        }
    }

    /// Returns the trigger of the first stop of a group, if there has been a trade.
    fn trigger(&self) -> Option<Price> {
        let (side, _, mark) = self.group();
        mark.map(|mark| self.distance().trigger(side, price(side, mark)))
    }
}

impl Trailing {
    pub(super) const fn new() -> Self {
        Self { stops: Chunked::new(), free: NONE, groups: BTreeMap::new(), nearest: BTreeSet::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Adds a stop whose mark is the last trade, and returns its place.
    pub(super) fn add(
        &mut self,
        slot: Slot,
        side: Side,
        distance: TrailingDistance,
        last: Option<Price>,
    ) -> TrailingIndex {
        let is_percentage = matches!(distance, TrailingDistance::BasisPoints(_));
        let group = (side, is_percentage, last.map(|last| rank(side, last)));
        let index = self.allocate(Stop::new(slot, distance));
        self.merge_into(group, index);
        index
    }

    /// Returns the best trade since a stop's entry, if there was one.
    pub(super) fn mark(&self, index: TrailingIndex) -> Option<Price> {
        let above = |index: &TrailingIndex| Some(self.stops[*index].parent).filter(|it| *it != NONE);
        let first = std::iter::successors(Some(index), above).last()?;
        let (side, _, mark) = self.stops[first].group();
        mark.map(|mark| price(side, mark))
    }

    /// Removes a stop.
    pub(super) fn remove(&mut self, index: TrailingIndex) {
        let stop = self.stops[index];
        let (Stop { left, right, parent, .. }, group) = (stop, stop.group());
        if parent == NONE {
            self.unregister(group);
        }
        let rest = self.meld(left, right);
        if rest != NONE {
            self.stops[rest].parent = parent;
        }
        if parent == NONE {
            self.register(group, rest);
        } else {
            let above = &mut self.stops[parent];
            if above.left == index {
                above.left = rest;
            } else {
                above.right = rest;
            }
            self.rebalance(parent);
        }
        self.stops[index].parent = self.free;
        self.free = index;
    }

    /// Moves the marks of stops for which a trade is the best since their entry.
    pub(super) fn follow(&mut self, trade: Price) {
        for side in Side::BOTH {
            let mark = rank(side, trade);
            for is_percentage in [false, true] {
                let to = (side, is_percentage, Some(mark));
                let none = (side, is_percentage, None);
                while let Some(group) =
                    self.beyond(to).or_else(|| self.groups.contains_key(&none).then_some(none))
                {
                    let first = self.unregister(group);
                    self.merge_into(to, first);
                }
            }
        }
    }

    /// Returns a group whose mark is worse than that of another.
    fn beyond(&self, (side, is_percentage, mark): Group) -> Option<Group> {
        let worse = (side, is_percentage, mark?.checked_add(1))..=(side, is_percentage, Some(i64::MAX));
        self.groups.range(worse).next().map(|(group, _)| *group)
    }

    /// Removes a stop of a side that a trade has reached, the nearest first, and returns it.
    pub(super) fn pop_reached(&mut self, side: Side, trade: Price) -> Option<Reached> {
        let until = (side, rank(side, trade), TrailingIndex::MAX);
        let (_, trigger, index) = *self.nearest.range((side, i64::MIN, 0)..=until).next()?;
        let slot = self.stops[index].slot;
        self.remove(index);
        Some(Reached { slot, trigger: price(side, trigger) })
    }

    /// Takes a group out of all indexes, and returns its first stop.
    fn unregister(&mut self, group: Group) -> TrailingIndex {
        let Some(first) = self.groups.remove(&group) else { return NONE };
        if let Some(trigger) = self.stops[first].trigger() {
            self.nearest.remove(&(group.0, rank(group.0, trigger), first));
        }
        first
    }

    fn register(&mut self, group: Group, first: TrailingIndex) {
        if first == NONE {
            return;
        }
        self.groups.insert(group, first);
        self.stops[first].set_group(group);
        if let Some(trigger) = self.stops[first].trigger() {
            self.nearest.insert((group.0, rank(group.0, trigger), first));
        }
    }

    /// Adds a heap to those of a group.
    fn merge_into(&mut self, group: Group, heap: TrailingIndex) {
        let present = self.unregister(group);
        let first = self.meld(present, heap);
        self.register(group, first);
    }

    /// Merges two heaps, and returns the first stop of both; as deep as the heaps' right edges, which are
    /// logarithmic.
    fn meld(&mut self, one: TrailingIndex, other: TrailingIndex) -> TrailingIndex {
        if one == NONE || other == NONE {
            return one.min(other);
        }
        let order = |index: TrailingIndex| self.stops[index].order();
        let (first, second) = if order(other) < order(one) { (other, one) } else { (one, other) };
        let right = self.meld(self.stops[first].right, second);
        self.stops[right].parent = first;
        self.stops[first].right = right;
        self.lean(first);
        self.stops[first].parent = NONE;
        first
    }

    fn height(&self, index: TrailingIndex) -> u64 {
        self.stops.get(index).map_or(0, Stop::height)
    }

    /// Puts the higher of two branches to the left, and returns whether the height changes.
    fn lean(&mut self, index: TrailingIndex) -> bool {
        let Stop { left, right, .. } = self.stops[index];
        let heights = [left, right].map(|branch| self.height(branch));
        let stop = &mut self.stops[index];
        if heights[0] < heights[1] {
            (stop.left, stop.right) = (right, left);
        }
        let (before, after) = (stop.height(), heights[0].min(heights[1]) + 1);
        stop.set_height(after);
        after != before
    }

    /// Restores the heights above a stop that was removed, as far as they change.
    fn rebalance(&mut self, mut index: TrailingIndex) {
        while index != NONE && self.lean(index) {
            index = self.stops[index].parent;
        }
    }

    fn allocate(&mut self, stop: Stop) -> TrailingIndex {
        if self.free == NONE {
            return self.stops.push(stop);
        }
        let index = self.free;
        self.free = self.stops[index].parent;
        self.stops[index] = stop;
        index
    }
}

impl Default for Trailing {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod property_tests {
    use proptest::prelude::*;

    use super::*;

    /// A trailing stop of the naive form: its trigger follows each trade by itself.
    #[derive(Debug, Clone, Copy)]
    struct Plain {
        side: Side,
        distance: TrailingDistance,
        trigger: Option<Price>,
        index: TrailingIndex,
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Add(bool, TrailingDistance),
        Remove(usize),
        Trade(i64),
    }

    fn steps() -> impl Strategy<Value = Step> {
        let distance = prop_oneof![
            (1..60_i64).prop_map(TrailingDistance::Ticks),
            (1..5_000_u32).prop_map(TrailingDistance::BasisPoints),
        ];
        prop_oneof![
            3 => (any::<bool>(), distance).prop_map(|(buys, distance)| Step::Add(buys, distance)),
            1 => any::<usize>().prop_map(Step::Remove),
            3 => (-80..200_i64).prop_map(Step::Trade),
        ]
    }

    proptest! {
        #[test]
        fn prop_triggers_follow_as_if_each_did_by_itself(steps in prop::collection::vec(steps(), 1..300)) {
            let (mut trailing, mut plain, mut last) = (Trailing::new(), Vec::<(Slot, Plain)>::new(), None);
            for (step, slot) in steps.into_iter().zip(0..) {
                match step {
                    Step::Add(buys, distance) => {
                        let side = if buys { Side::Buy } else { Side::Sell };
                        let index = trailing.add(slot, side, distance, last);
                        let trigger = last.map(|last| distance.trigger(side, last));
                        plain.push((slot, Plain { side, distance, trigger, index }));
                    }
                    Step::Remove(any) if !plain.is_empty() => {
                        let (_, stop) = plain.remove(any % plain.len());
                        trailing.remove(stop.index);
                    }
                    Step::Remove(_) => {}
                    Step::Trade(ticks) => {
                        let trade = Price::new(ticks);
                        last = Some(trade);
                        trailing.follow(trade);
                        let mut expected = Vec::new();
                        plain.retain_mut(|(slot, stop)| {
                            let sign = stop.side.sign();
                            let behind = stop.distance.trigger(stop.side, trade);
                            let better = stop.trigger.is_none_or(|trigger| sign * (behind - trigger) < 0);
                            let trigger = stop.trigger.filter(|_| !better).unwrap_or(behind);
                            stop.trigger = Some(trigger);
                            let reached = sign * (trade - trigger) >= 0;
                            if reached {
                                expected.push((stop.side, *slot, trigger));
                            }
                            !reached
                        });
                        let mut found = Vec::new();
                        for side in Side::BOTH {
                            let mut nearest = i64::MIN;
                            while let Some(Reached { slot, trigger }) = trailing.pop_reached(side, trade) {
                                prop_assert!(nearest <= rank(side, trigger), "the nearest comes first");
                                nearest = rank(side, trigger);
                                found.push((side, slot, trigger));
                            }
                        }
                        found.sort_unstable();
                        expected.sort_unstable();
                        prop_assert_eq!(found, expected);
                    }
                }
                prop_assert_eq!(trailing.is_empty(), plain.is_empty());
            }
        }
    }
}
