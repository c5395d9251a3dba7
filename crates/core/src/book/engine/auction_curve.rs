//! [`AuctionCurve`]: demand and supply of an auction by price, kept as orders come and go.
//!
//! A treap by limit (Seidel and Aragon 1996) with the sums of each part of it: an order that comes or goes
//! changes one path, and the crossing of demand and supply is found on one path, so that a command and the
//! indicative price after it take logarithmic time. Priorities are hashes of the limits: the tree has one
//! shape for a set of limits, whatever their history.
//!
//! It knows lots without a limit only as a number that its caller passes. What the price of an auction is for
//! given sums is said elsewhere ([`auction_price`](super::auction_price)); this finds the limits that matter.

use super::auction_price::Step;
use super::slot::NONE;
use crate::market::Side;
use crate::units::Price;

/// Open lots to buy and to sell, by [`Side::index`].
type Lots = [u64; 2];

#[derive(Debug, Clone, Copy)]
struct Limit {
    ticks: i64,
    lots: Lots,
    /// With those of all limits below it in the tree.
    sums: Lots,
    /// The limits to its left and right in the tree; of a free place, the first is the next free one.
    children: [u32; 2],
}

/// Demand and supply at a limit, and the limit.
type Found = Option<Step>;

/// Open lots by limit, both sides together.
#[derive(Debug, Clone)]
pub(super) struct AuctionCurve {
    limits: Vec<Limit>,
    free: u32,
    root: u32,
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// Returns a number that looks random for each limit (the finalizer of `SplitMix64`, Steele et al. 2014).
const fn priority(ticks: i64) -> u64 {
    let mixed = ticks.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

impl AuctionCurve {
    pub(super) const fn new() -> Self {
        Self { limits: Vec::new(), free: NONE, root: NONE }
    }

    /// Adds open lots at a limit.
    pub(super) fn add(&mut self, side: Side, limit: Price, lots: u64) {
        if lots > 0 {
            if self.find(limit.ticks()).is_none() {
                self.root = self.insert(self.root, limit.ticks());
            }
            self.change(limit.ticks(), |sums| sums[side.index()] += lots);
        }
    }

    /// Subtracts open lots that were added before.
    pub(super) fn subtract(&mut self, side: Side, limit: Price, lots: u64) {
        if lots > 0 {
            self.change(limit.ticks(), |sums| sums[side.index()] -= lots);
            if self.find(limit.ticks()) == Some([0; 2]) {
                self.root = self.delete(self.root, limit.ticks());
            }
        }
    }

    /// Returns the limits at and around the price of an auction, in ascending order: enough of them for the
    /// rule to find it; `touch` has the lower and the higher of the best limits, `unpriced` the lots without
    /// one.
    ///
    /// The most volume lies at the crossing of demand and supply, or next to it. The rule prefers what is
    /// within the touch, so where all of the crossing lies beyond, its end next to the touch matters, and the
    /// edge of the touch itself if as much trades there.
    pub(super) fn steps(&self, touch: [Price; 2], unpriced: Lots) -> Vec<Step> {
        let [low, high] = touch.map(Price::ticks);
        let last_bought = self.last_where(unpriced, |step| step.demand >= step.supply);
        let first_sold = match last_bought {
            Some(step) => self.after(step.price, unpriced),
            None => self.first(unpriced),
        };
        let [bought, sold] =
            [last_bought.map_or(0, |step| step.supply), first_sold.map_or(0, |step| step.demand)];
        let volume = bought.max(sold);
        let crossing = last_bought.or(first_sold).map_or(low, |step| step.price);
        let near = match (last_bought, first_sold) {
            (Some(step), _) if step.price > high => {
                let less = self.last_where(unpriced, |step| step.supply < volume).map(|step| step.price);
                // The first limit with as much for sale, unless that is within the touch.
                less.map_or(high, |less| less.max(high))
            }
            (_, Some(step)) if step.price < low => {
                let last = self.last_where(unpriced, |step| step.demand >= volume);
                last.map_or(low, |last| last.price.min(low))
            }
            _ => crossing,
        };
        self.around(near, unpriced)
    }

    /// Returns two limits below a price and three or more from it on, with demand and supply.
    fn around(&self, near: i64, unpriced: Lots) -> Vec<Step> {
        let before = |ticks| self.last_where(unpriced, |step| step.price < ticks);
        let first = before(near).map(|step| before(step.price).unwrap_or(step));
        let mut next = first.or_else(|| self.first(unpriced));
        let mut steps = Vec::with_capacity(6);
        while let Some(step) = next.filter(|_| steps.len() < 6) {
            steps.push(step);
            next = self.after(step.price, unpriced);
        }
        steps
    }

    /// Returns the last limit whose demand and supply satisfy a condition that no limit after it satisfies.
    fn last_where(&self, unpriced: Lots, holds: impl Fn(&Step) -> bool) -> Found {
        self.descend(unpriced, |step| if holds(step) { RIGHT } else { LEFT }, RIGHT)
    }

    fn first(&self, unpriced: Lots) -> Found {
        self.descend(unpriced, |_| LEFT, LEFT)
    }

    fn after(&self, ticks: i64, unpriced: Lots) -> Found {
        self.descend(unpriced, |step| if step.price > ticks { LEFT } else { RIGHT }, LEFT)
    }

    /// Goes down the tree by `turn`, and returns the last limit at which it turned to the side `wanted`.
    fn descend(&self, unpriced: Lots, turn: impl Fn(&Step) -> usize, wanted: usize) -> Found {
        let (mut found, mut at) = (None, self.root);
        let [buy, sell] = Side::BOTH.map(Side::index);
        // What accepts every limit of the part that is left: buys above it, sales below it.
        let [mut above, mut below] = [unpriced[buy], unpriced[sell]];
        while let Some(limit) = self.limits.get(at as usize) {
            let [left, right] = limit.children.map(|child| self.sums(child));
            let demand = above + right[buy] + limit.lots[buy];
            let supply = below + left[sell] + limit.lots[sell];
            let step = Step { price: limit.ticks, demand, supply };
            let side = turn(&step);
            if side == wanted {
                found = Some(step);
            }
            if side == LEFT {
                above = demand;
            } else {
                below = supply;
            }
            at = limit.children[side];
        }
        found
    }

    fn sums(&self, at: u32) -> Lots {
        self.limits.get(at as usize).map_or([0; 2], |limit| limit.sums)
    }

    fn find(&self, ticks: i64) -> Option<Lots> {
        let mut at = self.root;
        while let Some(limit) = self.limits.get(at as usize) {
            if limit.ticks == ticks {
                return Some(limit.lots);
            }
            at = limit.children[usize::from(ticks > limit.ticks)];
        }
        None
    }

    /// Changes the lots of a limit, and the sums on the path to it.
    fn change(&mut self, ticks: i64, change: impl Fn(&mut Lots)) {
        let mut at = self.root;
        while let Some(limit) = self.limits.get_mut(at as usize) {
            change(&mut limit.sums);
            if limit.ticks == ticks {
                return change(&mut limit.lots);
            }
            at = limit.children[usize::from(ticks > limit.ticks)];
        }
    }

    /// Adds a limit without lots to a part of the tree, and returns the first of the part.
    fn insert(&mut self, at: u32, ticks: i64) -> u32 {
        let Some(limit) = self.limits.get(at as usize).copied() else {
            return self.allocate(ticks, [NONE; 2]);
        };
        if priority(ticks) > priority(limit.ticks) {
            let children = self.split(at, ticks);
            return self.allocate(ticks, children);
        }
        let side = usize::from(ticks > limit.ticks);
        let child = self.insert(limit.children[side], ticks);
        self.limits[at as usize].children[side] = child;
        at
    }

    /// Splits a part of the tree into the limits below and above a price that is none of them.
    fn split(&mut self, at: u32, ticks: i64) -> [u32; 2] {
        let Some(limit) = self.limits.get(at as usize).copied() else { return [NONE; 2] };
        let side = usize::from(ticks > limit.ticks);
        let mut parts = self.split(limit.children[side], ticks);
        self.limits[at as usize].children[side] = parts[1 - side];
        self.add_up(at);
        parts[1 - side] = at;
        parts
    }

    /// Removes a limit without lots from a part of the tree, and returns the first of the part.
    fn delete(&mut self, at: u32, ticks: i64) -> u32 {
        let Some(limit) = self.limits.get(at as usize).copied() else { return at };
        if limit.ticks == ticks {
            self.limits[at as usize].children[LEFT] = self.free;
            self.free = at;
            return self.join(limit.children);
        }
        let side = usize::from(ticks > limit.ticks);
        let child = self.delete(limit.children[side], ticks);
        self.limits[at as usize].children[side] = child;
        at
    }

    /// Joins two parts, all limits of the first below those of the second.
    fn join(&mut self, parts: [u32; 2]) -> u32 {
        let [left, right] = parts.map(|part| self.limits.get(part as usize).copied());
        let (Some(left), Some(right)) = (left, right) else { return parts[0].min(parts[1]) };
        let (first, side) =
            if priority(left.ticks) > priority(right.ticks) { (parts[0], RIGHT) } else { (parts[1], LEFT) };
        let inner =
            if side == RIGHT { [left.children[RIGHT], parts[1]] } else { [parts[0], right.children[LEFT]] };
        let child = self.join(inner);
        self.limits[first as usize].children[side] = child;
        self.add_up(first);
        first
    }

    fn add_up(&mut self, at: u32) {
        let Limit { lots, children, .. } = self.limits[at as usize];
        let [left, right] = children.map(|child| self.sums(child));
        self.limits[at as usize].sums = [0, 1].map(|side| lots[side] + left[side] + right[side]);
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are no more limits than orders")]
    fn allocate(&mut self, ticks: i64, children: [u32; 2]) -> u32 {
        let limit = Limit { ticks, lots: [0; 2], sums: [0; 2], children };
        let index = if self.free == NONE {
            self.limits.push(limit);
            (self.limits.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.limits[index as usize].children[LEFT];
            self.limits[index as usize] = limit;
            index
        };
        self.add_up(index);
        index
    }
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::auction_price::{Call, price};
    use super::*;

    /// All limits with demand and supply, from sums over all of them.
    fn all_steps(limits: &BTreeMap<i64, Lots>, unpriced: Lots) -> Vec<Step> {
        let sum = |side: usize, accepts: &dyn Fn(i64) -> bool| {
            let willing = limits.iter().filter(|(ticks, _)| accepts(**ticks));
            unpriced[side] + willing.map(|(_, lots)| lots[side]).sum::<u64>()
        };
        let step = |at: &i64| Step {
            price: *at,
            demand: sum(Side::Buy.index(), &|ticks| ticks >= *at),
            supply: sum(Side::Sell.index(), &|ticks| ticks <= *at),
        };
        limits.keys().map(step).collect()
    }

    /// Two or three sizes, so that demand and supply are often equal.
    fn orders() -> impl Strategy<Value = Vec<(i64, bool, u64, bool)>> {
        let ticks =
            prop_oneof![5 => -12..12_i64, 1 => -9_000..9_000_i64, 1 => any::<i32>().prop_map(i64::from)];
        prop::collection::vec((ticks, any::<bool>(), 1..4_u64, any::<bool>()), 1..120)
    }

    proptest! {
        #[test]
        fn prop_the_limits_found_give_the_price_that_all_limits_give(
            orders in orders(),
            unpriced in prop::array::uniform2(prop_oneof![Just(0_u64), 0..30_u64]),
            reference in prop::option::of(-15..15_i64),
        ) {
            let (mut curve, mut limits) = (AuctionCurve::new(), BTreeMap::<i64, Lots>::new());
            for (ticks, buys, lots, goes) in orders {
                let side = if buys { Side::Buy } else { Side::Sell };
                let limit = limits.entry(ticks).or_default();
                if goes {
                    let lots = lots.min(limit[side.index()]);
                    curve.subtract(side, Price::new(ticks), lots);
                    limit[side.index()] -= lots;
                } else {
                    curve.add(side, Price::new(ticks), lots);
                    limit[side.index()] += lots;
                }
                if *limit == [0; 2] {
                    limits.remove(&ticks);
                }
                let best = |side: Side| {
                    let ticks = limits.iter().filter(|(_, lots)| lots[side.index()] > 0).map(|(ticks, _)| *ticks);
                    ticks.max_by_key(|ticks| side.sign() * ticks).map(Price::new)
                };
                let touch = Side::BOTH.map(best);
                let Some((one, other)) = touch[0].or(touch[1]).zip(touch[1].or(touch[0])) else { continue };
                let call = Call { touch, unpriced, reference: reference.map(Price::new) };
                let all = all_steps(&limits, unpriced);
                let found = curve.steps([one.min(other), one.max(other)], unpriced);
                prop_assert!(found.iter().all(|step| all.iter().any(|other| {
                    (other.price, other.demand, other.supply) == (step.price, step.demand, step.supply)
                })), "{found:?} are not of {all:?}");
                prop_assert_eq!(price(&call, found.iter().copied()), price(&call, all.iter().copied()), "{:?}", all);
            }
        }
    }
}
