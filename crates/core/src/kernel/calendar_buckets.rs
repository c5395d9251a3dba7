//! [`CalendarBuckets`]: what is due later than the queue's heap reaches, in buckets by time.
//!
//! A heap of many keys is larger than the processor's nearest caches, and each item that is taken out leads
//! down all of it: a dozen lines of memory, one after another. So with many alarms the heap has the next few
//! dozen only, and the rest waits in buckets of equal spans of time (a calendar queue: Brown 1988). A key is
//! put at the end of its bucket, and a bucket is poured into the heap, which sorts it, when the heap has come
//! to its time. The order in which items are taken out is that of one heap.

use super::queue::Key;

/// The keys that are due at a time or later, of which the heap has all earlier ones.
#[derive(Debug, Default)]
pub(super) struct CalendarBuckets {
    /// Spans of `1 << shift` nanoseconds each, from `origin` on.
    buckets: Vec<Vec<Key>>,
    origin: u64,
    shift: u32,
    /// The next bucket to be poured.
    next: usize,
    /// Keys beyond the last bucket, in no order.
    beyond: Vec<Key>,
    len: usize,
    /// With more keys than that, buckets are too full.
    len_max: usize,
}

/// About how many keys a bucket has.
const PER_BUCKET: usize = 32;
/// A heap of so many keys is fast enough.
const SMALL_HEAP: usize = if cfg!(test) { 16 } else { 1 << 10 };
/// With more keys in the heap than that, buckets are begun.
pub(super) const LARGE_HEAP: usize = 4 * SMALL_HEAP;

impl CalendarBuckets {
    pub(super) const fn new() -> Self {
        Self { buckets: Vec::new(), origin: 0, shift: 0, next: 0, beyond: Vec::new(), len: 0, len_max: 0 }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a key, unless it belongs into the heap; returns whether it has.
    #[inline]
    pub(super) fn take(&mut self, key: Key) -> bool {
        if self.len == 0 || key.nanos() < self.origin {
            return false;
        }
        let bucket = self.bucket(key);
        if bucket < self.next {
            return false;
        }
        self.buckets.get_mut(bucket).unwrap_or(&mut self.beyond).push(key);
        self.len += 1;
        if self.len > self.len_max {
            self.spread_again();
        }
        true
    }

    /// Spreads all keys over more buckets, since they have become many more.
    #[cold]
    fn spread_again(&mut self) {
        let mut keys = std::mem::take(&mut self.beyond);
        self.buckets[self.next..].iter_mut().for_each(|bucket| keys.append(bucket));
        self.spread(keys);
    }

    /// Returns the number of the bucket of a key that is not before the first.
    #[inline]
    fn bucket(&self, key: Key) -> usize {
        usize::try_from(key.nanos().saturating_sub(self.origin) >> self.shift).unwrap_or(usize::MAX)
    }

    /// Takes all `keys`, which are many, while it has none itself; the first bucket begins with the earliest.
    ///
    /// Most alarms are due soon: buckets reach twice as far as half of the keys do.
    pub(super) fn spread(&mut self, mut keys: Vec<Key>) {
        let middle = keys.len() / 2;
        let (_, median, _) = keys.select_nth_unstable_by_key(middle, |key| key.nanos());
        let median = median.nanos();
        let first = keys.iter().map(|key| key.nanos()).min().unwrap_or(median);
        let count = (keys.len() / PER_BUCKET).next_power_of_two().max(2);
        let reach = (median - first).saturating_mul(2);
        self.shift = (0..u64::BITS - 1).find(|shift| reach >> shift < count as u64).unwrap_or(u64::BITS - 1);
        self.buckets.resize_with(count, Vec::new);
        (self.origin, self.next, self.len) = (first, 0, keys.len());
        self.len_max = 4 * keys.len();
        for key in keys {
            let bucket = self.bucket(key);
            self.buckets.get_mut(bucket).unwrap_or(&mut self.beyond).push(key);
        }
    }

    /// Passes the keys of the next bucket that has any, and then belong into the heap, to `pour`.
    pub(super) fn take_next_bucket(&mut self, pour: impl FnMut(Key)) {
        if self.next == self.buckets.len() {
            let beyond = std::mem::take(&mut self.beyond);
            if beyond.len() < SMALL_HEAP {
                self.len = 0;
                return beyond.into_iter().for_each(pour);
            }
            self.spread(beyond);
        }
        let Some(bucket) = self.buckets.get_mut(self.next) else { return };
        self.next += 1;
        self.len -= bucket.len();
        bucket.drain(..).for_each(pour);
    }
}
