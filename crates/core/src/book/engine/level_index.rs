//! [`LevelIndex`]: from ranks of prices to levels, in order, however far apart they are.
//!
//! A radix tree of ranks, six bits a node, that leaves out what does not branch: a node has 64 children and a
//! word that says which of them exist. A child is a level, or a node whose ranks agree in more of their upper
//! bits. So a lookup, an insertion and a removal take as many steps as there are branchings above a rank
//! (two or three in a book whose prices lie within a million ticks, at most eleven), the next rank is found
//! by counting zeros in each step, and nothing moves when levels far away come or go: what an operation costs
//! depends on the number of branchings alone.
//!
//! A *page* is a node of 64 neighboring ranks. The pages around the touch are found without the tree, in a
//! small table by the lower bits of their number; what is not there is looked up from the root. A level that
//! stands alone is a child of the node above, without a page, so that memory follows the number of levels.
//!
//! Rejected: a window of levels that moves with the best one, and a tree beyond it. Its moves cost as much as
//! there are levels in it, and a touch that comes and goes before a gap moves it with each command (48
//! microseconds with a thousand levels, milliseconds with 65,000).

use super::chunked::Chunked;
use super::location::LevelId;
use super::slot::NONE;

/// The upper 58 bits of a rank: which page it belongs to.
type PageNumber = u64;

/// A level, a node (with [`NODE`] set), or [`NONE`].
type Child = u32;

/// Set in a child that is a node; levels have lower numbers.
const NODE: u32 = 1 << 31;

/// How many bits of a rank a node branches on.
const BITS: u32 = 6;

const WIDTH: usize = 1 << BITS;

const DIGIT: u64 = WIDTH as u64 - 1;

/// How many pages are found without the tree: those of 16,384 neighboring ranks.
const NEAR: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Any key of its range.
    key: u64,
    /// Which children there are.
    occupied: u64,
    /// The number of bits below those on which it branches; zero for a page.
    shift: u32,
    /// The node whose child it is, or [`NONE`]; of a free node, the next free one.
    parent: u32,
    children: [Child; WIDTH],
}

impl Node {
    #[inline]
    const fn digit(&self, key: u64) -> usize {
        digit(key, self.shift)
    }

    /// Returns whether a key belongs into its range.
    #[inline]
    const fn covers(&self, key: u64) -> bool {
        (key ^ self.key) >> self.shift >> BITS == 0
    }

    const fn put(&mut self, digit: usize, child: Child) {
        self.children[digit] = child;
        self.occupied |= 1 << digit;
    }

    #[inline]
    const fn first(&self) -> Child {
        self.children[self.occupied.trailing_zeros() as usize % WIDTH]
    }

    const fn last(&self) -> Child {
        self.children[(63 - self.occupied.leading_zeros() as usize) % WIDTH]
    }
}

#[inline]
const fn digit(key: u64, shift: u32) -> usize {
    (key >> shift & DIGIT) as usize
}

/// Returns the rank as a number whose order is that of unsigned integers.
#[inline]
const fn key(rank: i64) -> u64 {
    rank.cast_unsigned() ^ 1 << 63
}

const fn is_node(child: Child) -> bool {
    child & NODE != 0 && child != NONE
}

/// Where two keys that differ branch.
const fn branching(one: u64, other: u64) -> u32 {
    (63 - (one ^ other).leading_zeros()) / BITS * BITS
}

/// A page that is found without the tree.
#[derive(Debug, Clone, Copy)]
struct NearPage {
    number: PageNumber,
    node: u32,
}

impl NearPage {
    /// No page has this number: they have 58 bits.
    const NONE: Self = Self { number: u64::MAX, node: 0 };
}

/// The levels of one side by rank.
///
/// It does not know the ranks of levels; callers pass a function that reads them.
#[derive(Debug, Clone)]
pub(super) struct LevelIndex {
    root: Child,
    nodes: Chunked<Node, 32>,
    free: u32,
    near: Box<[NearPage; NEAR]>,
}

impl LevelIndex {
    pub(super) fn new() -> Self {
        Self { root: NONE, nodes: Chunked::new(), free: NONE, near: Box::new([NearPage::NONE; NEAR]) }
    }

    /// Returns the level of a rank, if it is in a page near the touch.
    #[inline]
    pub(super) fn near(&self, rank: i64) -> Option<LevelId> {
        let key = key(rank);
        let page = &self.near[near_place(key)];
        if page.number != key >> BITS {
            return None;
        }
        let level = self.nodes[page.node].children[digit(key, 0)];
        if level == NONE { None } else { Some(level) }
    }

    /// Returns the level of a rank, if there is one.
    pub(super) fn find(&self, rank: i64, rank_of: impl Fn(LevelId) -> i64) -> Option<LevelId> {
        let key = key(rank);
        let mut child = self.root;
        while is_node(child) {
            let node = &self.nodes[child & !NODE];
            child = if node.covers(key) { node.children[node.digit(key)] } else { NONE };
        }
        (child != NONE && rank_of(child) == rank).then_some(child)
    }

    /// Adds a level whose rank has none.
    pub(super) fn insert(&mut self, rank: i64, level: LevelId, rank_of: impl Fn(LevelId) -> i64) {
        let key = key(rank);
        let (mut parent, mut child) = (NONE, self.root);
        while is_node(child) {
            let node = &self.nodes[child & !NODE];
            if !node.covers(key) {
                break;
            }
            (parent, child) = (child & !NODE, node.children[node.digit(key)]);
        }
        if child == NONE {
            self.set_child(parent, key, level);
            return self.keep_near(parent, key);
        }
        let other = if is_node(child) { self.nodes[child & !NODE].key } else { self::key(rank_of(child)) };
        let shift = branching(key, other);
        let node = self.allocate(Node { key, occupied: 0, shift, parent, children: [NONE; WIDTH] });
        self.set_child(parent, key, node | NODE);
        self.nodes[node].put(digit(other, shift), child);
        self.nodes[node].put(digit(key, shift), level);
        if is_node(child) {
            self.nodes[child & !NODE].parent = node;
        }
        self.keep_near(node, key);
    }

    /// Removes the level of a rank.
    pub(super) fn remove(&mut self, rank: i64) {
        let key = key(rank);
        let page = self.near[near_place(key)];
        let node = if page.number == key >> BITS { page.node } else { self.last_node(key) };
        self.clear_child(node, key);
    }

    /// Returns the first level.
    #[inline]
    pub(super) fn first(&self) -> Option<LevelId> {
        self.extreme(self.root, Node::first)
    }

    /// Returns the last level.
    pub(super) fn last(&self) -> Option<LevelId> {
        self.extreme(self.root, Node::last)
    }

    #[inline]
    fn extreme(&self, mut child: Child, of: impl Fn(&Node) -> Child) -> Option<LevelId> {
        while is_node(child) {
            child = of(&self.nodes[child & !NODE]);
        }
        (child != NONE).then_some(child)
    }

    /// Returns the level of the least rank at or above `rank`.
    pub(super) fn next(&self, rank: i64, rank_of: impl Fn(LevelId) -> i64) -> Option<LevelId> {
        let key = key(rank);
        // The child after the last branching at which a greater rank exists.
        let mut beyond = NONE;
        let mut child = self.root;
        while is_node(child) {
            let node = &self.nodes[child & !NODE];
            if !node.covers(key) {
                let after = if node.key > key { child } else { beyond };
                return self.extreme(after, Node::first);
            }
            let digit = node.digit(key);
            let greater = node.occupied & (u64::MAX << digit << 1);
            if greater != 0 {
                beyond = node.children[greater.trailing_zeros() as usize];
            }
            child = node.children[digit];
        }
        if child != NONE && rank_of(child) >= rank {
            return Some(child);
        }
        self.extreme(beyond, Node::first)
    }

    /// Returns the levels in order of rank.
    pub(super) fn iter<'a>(
        &'a self,
        rank_of: impl Fn(LevelId) -> i64 + 'a,
    ) -> impl Iterator<Item = LevelId> + 'a {
        let following = move |level: &LevelId| {
            let rank = rank_of(*level);
            // Mostly in the same page.
            let page = &self.near[near_place(key(rank))];
            if page.number == key(rank) >> BITS {
                let node = &self.nodes[page.node];
                let greater = node.occupied & (u64::MAX << node.digit(key(rank)) << 1);
                if greater != 0 {
                    return Some(node.children[greater.trailing_zeros() as usize]);
                }
            }
            self.next(rank.checked_add(1)?, &rank_of)
        };
        std::iter::successors(self.first(), following)
    }

    /// Returns the node whose child the level of a key is, if it is of a node.
    fn last_node(&self, key: u64) -> u32 {
        let (mut parent, mut child) = (NONE, self.root);
        while is_node(child) {
            let node = &self.nodes[child & !NODE];
            (parent, child) = (child & !NODE, node.children[node.digit(key)]);
        }
        parent
    }

    fn set_child(&mut self, parent: u32, key: u64, child: Child) {
        match parent {
            NONE => self.root = child,
            parent => {
                let node = &mut self.nodes[parent];
                node.put(node.digit(key), child);
            }
        }
    }

    /// Removes a child, and nodes that do not branch any more; a page stays until it is empty, so that a
    /// level that comes and goes does not make one each time.
    fn clear_child(&mut self, parent: u32, key: u64) {
        if parent == NONE {
            self.root = NONE;
            return;
        }
        let node = &mut self.nodes[parent];
        let digit = node.digit(key);
        node.children[digit] = NONE;
        node.occupied &= !(1 << digit);
        let Node { key: any, occupied, shift, parent: above, .. } = *node;
        if occupied == 0 {
            self.release(parent);
            self.clear_child(above, any);
        } else if shift > 0 && occupied.is_power_of_two() {
            let only = self.nodes[parent].first();
            self.release(parent);
            self.set_child(above, any, only);
            if is_node(only) {
                self.nodes[only & !NODE].parent = above;
            }
        }
    }

    fn allocate(&mut self, node: Node) -> u32 {
        if self.free == NONE {
            return self.nodes.push(node);
        }
        let index = self.free;
        self.free = self.nodes[index].parent;
        self.nodes[index] = node;
        index
    }

    fn release(&mut self, index: u32) {
        let node = &mut self.nodes[index];
        node.parent = self.free;
        self.free = index;
        let page = &mut self.near[near_place(node.key)];
        if node.shift == 0 && page.number == node.key >> BITS {
            *page = NearPage::NONE;
        }
    }

    /// Notes where the page of a key is, if that is what the node is.
    fn keep_near(&mut self, node: u32, key: u64) {
        if self.nodes.get(node).is_some_and(|node| node.shift == 0 && node.covers(key)) {
            self.near[near_place(key)] = NearPage { number: key >> BITS, node };
        }
    }

    /// Notes where the page of a rank is, so that [`near`](Self::near) finds it the next time.
    pub(super) fn bring_near(&mut self, rank: i64) {
        let key = key(rank);
        self.keep_near(self.last_node(key), key);
    }

    /// Returns how many nodes are in use.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        let some = |index: u32| Some(index).filter(|index| *index != NONE);
        let free = std::iter::successors(some(self.free), |free| some(self.nodes[*free].parent));
        self.nodes.count() as usize - free.count()
    }
}

#[inline]
const fn near_place(key: u64) -> usize {
    (key >> BITS) as usize % NEAR
}

#[cfg(test)]
mod property_tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Ranks next to each other, in neighboring pages, far apart, and at the ends of all numbers.
    fn ranks() -> impl Strategy<Value = i64> {
        prop_oneof![
            4 => -70..70_i64,
            2 => -9_000..9_000_i64,
            2 => (0..64_u32, -2..=2_i64).prop_map(|(bits, beside)| 1_i64.wrapping_shl(bits).wrapping_add(beside)),
            2 => (-9..9_i64, -2..=2_i64).prop_map(|(page, beside)| page * 16_384 + beside),
            1 => any::<i64>(),
            1 => prop_oneof![Just(i64::MIN), Just(i64::MAX)],
        ]
    }

    proptest! {
        #[test]
        fn prop_the_index_is_an_ordered_map(
            steps in prop::collection::vec((ranks(), any::<bool>()), 1..400),
        ) {
            let (mut index, mut map, mut all) = (LevelIndex::new(), BTreeMap::new(), Vec::new());
            for (rank, inserts) in steps {
                match map.get(&rank).copied() {
                    None if inserts => {
                        let level = LevelId::try_from(all.len()).unwrap();
                        all.push(rank);
                        index.insert(rank, level, |level| all[level as usize]);
                        map.insert(rank, level);
                    }
                    Some(_) if !inserts => {
                        index.remove(rank);
                        map.remove(&rank);
                    }
                    _ => index.bring_near(rank),
                }
                let rank_of = |level: LevelId| all[level as usize];
                prop_assert_eq!(index.first(), map.values().next().copied());
                prop_assert_eq!(index.last(), map.values().last().copied());
                for probe in [rank, rank.saturating_add(1), rank.saturating_sub(1), 0] {
                    prop_assert_eq!(index.find(probe, rank_of), map.get(&probe).copied());
                    prop_assert!(index.near(probe).is_none_or(|level| map.get(&probe) == Some(&level)));
                    prop_assert_eq!(index.next(probe, rank_of), map.range(probe..).next().map(|(_, level)| *level));
                }
                prop_assert!(index.iter(rank_of).eq(map.values().copied()));
                prop_assert!(index.nodes() <= 2 * map.len(), "{} nodes for {} levels", index.nodes(), map.len());
            }
        }
    }
}
