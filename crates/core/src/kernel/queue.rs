//! The event queue: lanes and a four-ary heap of (time, sequence) over a slab of payloads.
//!
//! Most messages take one of few constant times to arrive: none, or a latency. What is scheduled for now plus
//! such a time comes after all that was scheduled so before, so it goes to the end of a lane, and no heap has
//! to sort it. Alarms, whose times differ, go to the heap, or wait for it in buckets where there are many.
//!
//! Keys are kept apart from payloads, so that a sift moves 24 bytes whatever a message weighs, and
//! four children share a cache line and a half. The standard library's binary heap with payloads
//! inline is the reference in the tests and in `benches/kernel.rs`.

use std::collections::VecDeque;

use super::calendar_buckets::{CalendarBuckets, LARGE_HEAP};
use super::moment::Moment;
use crate::units::{SimDuration, SimTime};

/// A queue of `T`, popped by earliest time and, within one time, by order of scheduling.
#[derive(Debug)]
pub struct EventQueue<T> {
    heap: Vec<Key>,
    buckets: CalendarBuckets,
    /// With more keys than that in the heap, and none in buckets, most are put into buckets.
    heap_max: usize,
    /// Slots of the alarms that have moved from the buckets to the heap since this was last asked for.
    to_prefetch: Vec<u32>,
    lanes: Vec<Lane>,
    /// The earliest key of each lane, and then of the heap: side by side, since all of them are compared
    /// whenever an item is taken out.
    fronts: [Key; LANES + 1],
    /// Which of these is the earliest.
    earliest: usize,
    /// The last delays that had no lane, and which of them is replaced next.
    strays: [SimDuration; STRAYS],
    next_stray: usize,
    /// When the last item was due that was taken out.
    now: SimTime,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    next_sequence: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    time: SimTime,
    sequence: u64,
    slot: u32,
}

impl Key {
    /// After every other.
    const NONE: Self = Self { time: SimTime::from_nanos(i64::MAX), sequence: u64::MAX, slot: u32::MAX };

    /// Returns time and sequence as one number of the same order: a single comparison, no branches.
    const fn rank(self) -> u128 {
        (self.nanos() as u128) << 64 | self.sequence as u128
    }

    /// Returns the time as a number of the same order that is not negative.
    pub(super) const fn nanos(self) -> u64 {
        // Flipping the sign bit maps the order of i64 onto that of u64.
        self.time.nanos().cast_unsigned() ^ (1 << 63)
    }
}

const ARITY: usize = 4;

/// The most lanes.
const LANES: usize = 6;
/// The place of the heap, after those of the lanes.
const HEAP: usize = LANES;
/// How many delays are remembered: one that comes twice among so many gets a lane.
const STRAYS: usize = 8;

/// Items that were scheduled with one delay, in the order in which they are due.
#[derive(Debug)]
struct Lane {
    delay: SimDuration,
    keys: VecDeque<Key>,
}

impl<T> EventQueue<T> {
    /// Makes an empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heap: Vec::new(),
            buckets: CalendarBuckets::new(),
            heap_max: LARGE_HEAP,
            to_prefetch: Vec::new(),
            lanes: Vec::new(),
            fronts: [Key::NONE; _],
            earliest: HEAP,
            // No delay is negative.
            strays: [SimDuration::from_nanos(-1); STRAYS],
            next_stray: 0,
            now: SimTime::from_nanos(i64::MIN),
            slots: Vec::new(),
            free: Vec::new(),
            next_sequence: 0,
        }
    }

    /// Schedules `item` for `time`, behind all that was scheduled for the same time before.
    #[inline]
    pub fn push(&mut self, time: SimTime, item: T) {
        let slot = self.store(item);
        let Moment { time, sequence } = self.reserve(time);
        let key = Key { time, sequence, slot };
        match self.lane_for(time) {
            Some(lane) => {
                self.lanes[lane].keys.push_back(key);
                self.note_front(lane, key);
            }
            None => self.push_alarm(key),
        }
    }

    /// Adds a key to the heap, or to what waits for it.
    #[inline]
    fn push_alarm(&mut self, key: Key) {
        if self.buckets.take(key) {
            return;
        }
        self.heap.push(key);
        self.sift_up(self.heap.len() - 1, key);
        self.note_front(HEAP, key);
        if self.heap.len() > self.heap_max && self.buckets.is_empty() {
            self.buckets.spread(std::mem::take(&mut self.heap));
            self.refill_heap();
            // Those that are due at one time stay together.
            self.heap_max = LARGE_HEAP.max(2 * self.heap.len());
        }
    }

    /// Fills the heap, which is empty, with the next of what waits for it.
    #[cold]
    fn refill_heap(&mut self) {
        while self.heap.is_empty() && !self.buckets.is_empty() {
            let (heap, to_prefetch) = (&mut self.heap, &mut self.to_prefetch);
            to_prefetch.clear();
            self.buckets.take_next_bucket(|key| {
                heap.push(key);
                to_prefetch.push(key.slot);
            });
        }
        // In order of rank, as a heap is too.
        self.heap.sort_unstable_by_key(|key| key.rank());
    }

    /// Notes a key that has been added to a lane or the heap, if it is the earliest there.
    #[inline]
    fn note_front(&mut self, place: usize, key: Key) {
        if key.rank() < self.fronts[place].rank() {
            self.fronts[place] = key;
            if key.rank() < self.fronts[self.earliest].rank() {
                self.earliest = place;
            }
        }
    }

    /// Takes the place in the total order that an item scheduled for `time` now would have.
    #[inline]
    pub const fn reserve(&mut self, time: SimTime) -> Moment {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        Moment { time, sequence }
    }

    /// Schedules `item` for a place that was reserved.
    pub fn push_reserved(&mut self, moment: Moment, item: T) {
        let slot = self.store(item);
        let key = Key { time: moment.time, sequence: moment.sequence, slot };
        // Lanes are in the order of scheduling, in which this comes late.
        self.push_alarm(key);
    }

    /// Removes and returns the earliest item with its time.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let first = self.front()?;
        let place = self.earliest;
        let next = match self.lanes.get_mut(place) {
            Some(Lane { keys, .. }) => {
                keys.pop_front();
                keys.front()
            }
            None => {
                let last = self.heap.pop()?;
                if !self.heap.is_empty() {
                    self.sift_down(last);
                } else if !self.buckets.is_empty() {
                    self.refill_heap();
                }
                self.heap.first()
            }
        };
        self.fronts[place] = next.copied().unwrap_or(Key::NONE);
        self.now = self.now.max(first.time);
        self.earliest = self.find_earliest();
        // Freed first, so that nothing comes between taking the item out and returning it: the compiler then
        // moves it once, from its slot to where the caller wants it.
        self.free.push(first.slot);
        self.slots[first.slot as usize].take().map(|item| (first.time, item))
    }

    /// Returns the time of the earliest item.
    #[must_use]
    pub fn next_time(&self) -> Option<SimTime> {
        self.front().map(|key| key.time)
    }

    /// Returns the earliest item with its place in the total order, and leaves it where it is.
    #[must_use]
    pub fn first(&self) -> Option<(Moment, &T)> {
        let Key { time, sequence, slot } = self.front()?;
        self.slots[slot as usize].as_ref().map(|item| (Moment { time, sequence }, item))
    }

    /// Returns whether alarms have come near since they were last taken.
    #[inline]
    #[must_use]
    pub const fn has_prefetch(&self) -> bool {
        !self.to_prefetch.is_empty()
    }

    /// Shows the alarms that have come near, where there are many: what they need can be fetched from memory
    /// before they are due.
    pub fn take_prefetch(&mut self, mut show: impl FnMut(&T)) {
        let slots = &self.slots;
        self.to_prefetch.drain(..).filter_map(|slot| slots[slot as usize].as_ref()).for_each(&mut show);
    }

    /// Returns how many items wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Finds the lane of what is scheduled for `time` now, and begins one for a delay that has come twice.
    ///
    /// A lane stays in order: the time of the last item taken out never goes back, and what is scheduled for
    /// an earlier time has another delay.
    #[inline]
    fn lane_for(&mut self, time: SimTime) -> Option<usize> {
        let delay = time.nanos().checked_sub(self.now.nanos()).filter(|delay| *delay >= 0)?;
        let delay = SimDuration::from_nanos(delay);
        let found = self.lanes.iter().position(|lane| lane.delay == delay);
        if found.is_some() || self.lanes.len() == LANES {
            return found;
        }
        if self.strays.contains(&delay) {
            self.lanes.push(Lane { delay, keys: VecDeque::new() });
            return Some(self.lanes.len() - 1);
        }
        self.strays[self.next_stray] = delay;
        self.next_stray = (self.next_stray + 1) % STRAYS;
        None
    }

    /// Returns the earliest key, if anything waits.
    #[inline]
    fn front(&self) -> Option<Key> {
        let key = self.fronts[self.earliest];
        if key.slot == Key::NONE.slot { None } else { Some(key) }
    }

    /// Finds out where the earliest key is.
    #[inline]
    fn find_earliest(&self) -> usize {
        let (mut earliest, mut rank) = (HEAP, self.fronts[HEAP].rank());
        for (lane, key) in self.fronts[..self.lanes.len().min(LANES)].iter().enumerate() {
            // Without branches: which is the earliest is not to be foreseen.
            let is_earlier = key.rank() < rank;
            earliest = if is_earlier { lane } else { earliest };
            rank = if is_earlier { key.rank() } else { rank };
        }
        earliest
    }

    /// Returns whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fronts[self.earliest].slot == Key::NONE.slot
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
    // At the edge of the heap, where a small one ends at once.
    let mut least = 0;
    for (index, key) in keys.iter().enumerate().skip(1) {
        if key.rank() < keys[least].rank() {
            least = index;
        }
    }
    (!keys.is_empty()).then_some(least)
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
                let first = queue.first().map(|(moment, item)| (moment.time.nanos(), *item));
                prop_assert_eq!(first, reference.peek().map(|Reverse(item)| *item));
                prop_assert_eq!(queue.next_time().map(SimTime::nanos), first.map(|(time, _)| time));
            }
        }
    }

    /// Pushes an item for a time, or pops some.
    fn many_steps() -> impl Strategy<Value = Vec<Result<i64, usize>>> {
        let time = prop_oneof![
            4 => 0..1_000_000_i64,
            2 => (0..40_u32).prop_map(|bits| 1 << bits),
            2 => Just(7),
            1 => any::<i64>(),
            1 => prop_oneof![Just(i64::MIN), Just(i64::MAX)],
        ];
        let step = prop_oneof![9 => time.prop_map(Ok), 1 => (0..9_usize).prop_map(Err)];
        prop::collection::vec(step, 1..600)
    }

    proptest! {
        #[test]
        fn prop_many_pop_as_a_sorted_list_would(steps in many_steps(), shift in 0..30_u32) {
            let mut queue = EventQueue::new();
            let mut reference = BinaryHeap::new();
            let mut now = 0_i64;
            for (sequence, step) in steps.into_iter().enumerate() {
                match step {
                    Ok(time) => {
                        // Of times that follow the last one popped some are in lanes, as in a world.
                        let time = if sequence % 3 == 0 { now.saturating_add(time >> shift) } else { time };
                        queue.push(SimTime::from_nanos(time), sequence);
                        reference.push(Reverse((time, sequence)));
                    }
                    Err(count) => for _ in 0..count {
                        let popped = queue.pop().map(|(time, item)| (time.nanos(), item));
                        prop_assert_eq!(popped, reference.pop().map(|Reverse(item)| item));
                        now = popped.map_or(now, |(time, _)| time);
                    },
                }
                prop_assert_eq!(queue.len(), reference.len());
                let first = queue.first().map(|(moment, item)| (moment.time.nanos(), *item));
                prop_assert_eq!(first, reference.peek().map(|Reverse(item)| *item));
            }
            while let Some((time, item)) = queue.pop() {
                prop_assert_eq!(Some((time.nanos(), item)), reference.pop().map(|Reverse(item)| item));
            }
            prop_assert!(reference.is_empty() && queue.is_empty());
        }

        #[test]
        fn prop_what_is_scheduled_late_pops_at_the_place_that_was_reserved(
            times in prop::collection::vec((0..9_i64, any::<bool>()), 1..60),
        ) {
            let mut queue = EventQueue::new();
            let mut reserved = Vec::new();
            for (item, (time, is_late)) in times.iter().enumerate() {
                let time = SimTime::from_nanos(*time);
                if *is_late {
                    reserved.push((queue.reserve(time), item));
                } else {
                    queue.push(time, item);
                }
            }
            reserved.into_iter().rev().for_each(|(moment, item)| queue.push_reserved(moment, item));
            let mut order: Vec<(i64, usize)> = times.iter().map(|(time, _)| *time).zip(0..).collect();
            order.sort_unstable();
            let popped: Vec<(i64, usize)> =
                std::iter::from_fn(|| queue.pop().map(|(time, item)| (time.nanos(), item))).collect();
            prop_assert_eq!(popped, order);
        }
    }

    #[test]
    fn alarms_that_waited_in_buckets_are_each_shown_once_before_they_pop() {
        let mut queue = EventQueue::new();
        for item in 0..100_usize {
            queue.push(SimTime::from_nanos(1_000 + 10 * i64::try_from(item).unwrap()), item);
        }
        let mut shown = vec![0; 100];
        for popped in 0..100 {
            queue.take_prefetch(|item| shown[*item] += 1);
            assert!(!queue.has_prefetch());
            assert_eq!(queue.pop().map(|(_, item)| (item, shown[item])), Some((popped, 1)));
        }
        queue.take_prefetch(|item| shown[*item] += 1);
        assert!(shown.iter().all(|times| *times == 1) && queue.is_empty(), "{shown:?}");
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
