//! The event queue: a four-ary heap of (time, sequence) over a slab of payloads.
//!
//! Keys are kept apart from payloads, so that a sift moves 24 bytes whatever a message weighs, and
//! four children share a cache line and a half. The standard library's binary heap with payloads
//! inline is the reference in the tests and in `benches/kernel.rs`.

use crate::units::SimTime;

/// A queue of `T`, popped by earliest time and, within one time, by order of scheduling.
#[derive(Debug)]
pub struct EventQueue<T> {
    heap: Vec<Key>,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    next_sequence: u64,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    time: SimTime,
    sequence: u64,
    slot: u32,
}

impl Key {
    /// Returns time and sequence as one number of the same order: a single comparison, no branches.
    const fn rank(self) -> u128 {
        // Flipping the sign bit maps the order of i64 onto that of u64.
        let time = self.time.nanos().cast_unsigned() ^ (1 << 63);
        (time as u128) << 64 | self.sequence as u128
    }
}

const ARITY: usize = 4;

impl<T> EventQueue<T> {
    /// Makes an empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new(), next_sequence: 0 }
    }

    /// Schedules `item` for `time`, behind all that was scheduled for the same time before.
    #[inline]
    pub fn push(&mut self, time: SimTime, item: T) {
        let slot = self.store(item);
        let key = Key { time, sequence: self.next_sequence, slot };
        self.next_sequence += 1;
        self.heap.push(key);
        self.sift_up(self.heap.len() - 1, key);
    }

    /// Removes and returns the earliest item with its time.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let last = self.heap.pop()?;
        let first = match self.heap.first() {
            Some(first) => {
                let first = *first;
                self.sift_down(last);
                first
            }
            None => last,
        };
        // Freed first, so that nothing comes between taking the item out and returning it: the compiler then
        // moves it once, from its slot to where the caller wants it.
        self.free.push(first.slot);
        self.slots[first.slot as usize].take().map(|item| (first.time, item))
    }

    /// Returns the time of the earliest item.
    #[must_use]
    pub fn next_time(&self) -> Option<SimTime> {
        self.heap.first().map(|key| key.time)
    }

    /// Returns the earliest item with its time, and leaves it where it is.
    #[must_use]
    pub fn first(&self) -> Option<(SimTime, &T)> {
        let first = self.heap.first()?;
        self.slots[first.slot as usize].as_ref().map(|item| (first.time, item))
    }

    /// Returns how many items wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.heap.len()
    }

    /// Returns whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    #[expect(clippy::cast_possible_truncation, reason = "2^32 events waiting at once would need 200 GiB")]
    #[inline]
    fn store(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(item);
                slot
            }
            None => {
                self.slots.push(Some(item));
                (self.slots.len() - 1) as u32
            }
        }
    }

    /// Puts `key` into the hole at `at`, or above it where it belongs.
    fn sift_up(&mut self, mut at: usize, key: Key) {
        let rank = key.rank();
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.heap[parent].rank() < rank {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = key;
    }

    /// Fills the hole at the top with `key`, which stood last.
    ///
    /// The hole is led down to a leaf first, always along the least child, and `key` sifts up from
    /// there (Wegener 1993): what stood last is late, so it would nearly always go down all the way.
    fn sift_down(&mut self, key: Key) {
        let mut at = 0;
        loop {
            let first_child = at * ARITY + 1;
            let Some(children) = self.heap.get(first_child..(first_child + ARITY).min(self.heap.len()))
            else {
                break;
            };
            let Some(least) = least(children) else { break };
            self.heap[at] = children[least];
            at = first_child + least;
        }
        self.sift_up(at, key);
    }
}

/// Returns the place of the earliest key.
fn least(keys: &[Key]) -> Option<usize> {
    if let [a, b, c, d] = keys {
        // A tournament: the two halves do not wait for each other.
        let (a, b, c, d) = (a.rank(), b.rank(), c.rank(), d.rank());
        let (left, left_rank) = if b < a { (1, b) } else { (0, a) };
        let (right, right_rank) = if d < c { (3, d) } else { (2, c) };
        return Some(if right_rank < left_rank { right } else { left });
    }
    (0..keys.len()).min_by_key(|index| keys[*index].rank())
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod property_tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_pops_as_a_sorted_list_would(steps in prop::collection::vec(prop::option::of(0..20_i64), 1..400)) {
            let mut queue = EventQueue::new();
            let mut reference = BinaryHeap::new();
            for (sequence, step) in steps.into_iter().enumerate() {
                match step {
                    Some(time) => {
                        queue.push(SimTime::from_nanos(time), sequence);
                        reference.push(Reverse((time, sequence)));
                    }
                    None => {
                        let popped = queue.pop().map(|(time, item)| (time.nanos(), item));
                        prop_assert_eq!(popped, reference.pop().map(|Reverse(item)| item));
                    }
                }
                prop_assert_eq!(queue.len(), reference.len());
                let first = queue.first().map(|(time, item)| (time.nanos(), *item));
                prop_assert_eq!(first, reference.peek().map(|Reverse(item)| *item));
                prop_assert_eq!(queue.next_time().map(SimTime::nanos), first.map(|(time, _)| time));
            }
        }
    }

    #[test]
    fn ties_in_time_pop_in_the_order_of_scheduling() {
        let mut queue = EventQueue::new();
        let noon = SimTime::from_nanos(12);
        for item in 0..100 {
            queue.push(noon, item);
        }
        let popped: Vec<i32> = std::iter::from_fn(|| queue.pop().map(|(_, item)| item)).collect();
        assert!(popped.is_sorted() && popped.len() == 100);
    }
}
