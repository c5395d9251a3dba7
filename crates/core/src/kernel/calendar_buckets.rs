//! [`CalendarBuckets`]: what is due later than the queue's heap reaches, in buckets by time.
//!
//! A heap of many keys is larger than the processor's nearest caches, and each item that is taken out leads
//! down all of it: a dozen lines of memory, one after another. So with many alarms the heap has the next few
//! dozen only, and the rest waits in buckets of equal spans of time (a calendar queue: Brown 1988). A key is
//! put at the end of its bucket, and a bucket is poured into the heap, which sorts it, when the heap has come
//! to its time. The order in which items are taken out is that of one heap.
//!
//! Buckets are few, so that the ends of all of them stay in the nearest cache; each is cut into small ones
//! when its time has nearly come.

use super::queue::Key;

/// The keys that are due at a time or later, of which the heap has all earlier ones.
#[derive(Debug, Default)]
pub(super) struct CalendarBuckets {
    /// All of the calendar.
    coarse: Tier,
    /// The bucket of these before the next, in small ones.
    fine: Tier,
    /// Keys beyond the last bucket, in no order.
    beyond: Vec<Key>,
    len: usize,
    /// With more keys than that, buckets are too full.
    len_max: usize,
}

/// Buckets of equal spans of time, one after another.
#[derive(Debug, Default)]
struct Tier {
    /// Those in use, and others whose memory is kept.
    buckets: Vec<Vec<Key>>,
    /// How many are in use.
    count: usize,
    /// Spans of `1 << shift` nanoseconds each, from `origin` on.
    origin: u64,
    shift: u32,
    /// The next bucket to be emptied.
    next: usize,
}

/// About how many keys a small bucket has.
const PER_BUCKET: usize = 32;
/// Into how many small ones a bucket is cut, as a power of two.
const CUT_BITS: u32 = if cfg!(test) { 2 } else { 5 };
/// A heap of so many keys is fast enough.
const SMALL_HEAP: usize = if cfg!(test) { 16 } else { 1 << 10 };
/// With more keys in the heap than that, buckets are begun.
pub(super) const LARGE_HEAP: usize = 4 * SMALL_HEAP;

impl Tier {
    const fn new() -> Self {
        Self { buckets: Vec::new(), count: 0, origin: 0, shift: 0, next: 0 }
    }

    /// Begins anew with so many buckets, all of them empty.
    fn lay_out(&mut self, origin: u64, shift: u32, count: usize) {
        (self.origin, self.shift, self.count, self.next) = (origin, shift, count, 0);
        if self.buckets.len() < count {
            self.buckets.resize_with(count, Vec::new);
        }
    }

    /// Returns the number of the bucket of a key that is not before the first.
    #[inline]
    fn number(&self, key: Key) -> usize {
        usize::try_from(key.nanos().saturating_sub(self.origin) >> self.shift).unwrap_or(usize::MAX)
    }

    /// Returns the bucket of a key that is not before the first, if there is one.
    #[inline]
    fn bucket_of(&mut self, key: Key) -> Option<&mut Vec<Key>> {
        let number = self.number(key);
        self.buckets[..self.count].get_mut(number)
    }

    /// Returns the next bucket, and when it begins, and goes on to the one after it.
    fn step(&mut self) -> Option<(u64, &mut Vec<Key>)> {
        let number = self.next;
        let bucket = self.buckets[..self.count].get_mut(number)?;
        self.next += 1;
        // One that begins after all times is empty.
        let offset = u64::try_from((number as u128) << self.shift).unwrap_or(u64::MAX);
        Some((self.origin.saturating_add(offset), bucket))
    }

    /// Moves all keys to `keys`.
    fn empty_into(&mut self, keys: &mut Vec<Key>) {
        self.buckets[self.next..self.count].iter_mut().for_each(|bucket| keys.append(bucket));
    }
}

impl CalendarBuckets {
    pub(super) const fn new() -> Self {
        Self { coarse: Tier::new(), fine: Tier::new(), beyond: Vec::new(), len: 0, len_max: 0 }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a key, unless it belongs into the heap; returns whether it has.
    #[inline]
    pub(super) fn take(&mut self, key: Key) -> bool {
        if self.len == 0 || key.nanos() < self.fine.origin || self.fine.number(key) < self.fine.next {
            return false;
        }
        let near = self.fine.bucket_of(key);
        near.or_else(|| self.coarse.bucket_of(key)).unwrap_or(&mut self.beyond).push(key);
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
        self.fine.empty_into(&mut keys);
        self.coarse.empty_into(&mut keys);
        self.spread(keys);
    }

    /// Takes all `keys`, which are many, while it has none itself; the first bucket begins with the earliest.
    ///
    /// Most alarms are due soon: buckets reach twice as far as half of the keys do.
    pub(super) fn spread(&mut self, mut keys: Vec<Key>) {
        let middle = keys.len() / 2;
        let (_, median, _) = keys.select_nth_unstable_by_key(middle, |key| key.nanos());
        let median = median.nanos();
        let first = keys.iter().map(|key| key.nanos()).min().unwrap_or(median);
        let count = (keys.len() / (PER_BUCKET << CUT_BITS)).next_power_of_two().max(2);
        let reach = (median - first).saturating_mul(2);
        let shift = (0..u64::BITS - 1).find(|shift| reach >> shift < count as u64).unwrap_or(u64::BITS - 1);
        self.coarse.lay_out(first, shift, count);
        self.fine.lay_out(first, 0, 0);
        self.len = keys.len();
        self.len_max = 4 * keys.len();
        for key in keys {
            self.coarse.bucket_of(key).unwrap_or(&mut self.beyond).push(key);
        }
    }

    /// Passes the keys of the next bucket that has any, and then belong into the heap, to `pour`.
    pub(super) fn take_next_bucket(&mut self, pour: impl FnMut(Key)) {
        loop {
            if let Some((_, bucket)) = self.fine.step() {
                self.len -= bucket.len();
                return bucket.drain(..).for_each(pour);
            }
            let bits = CUT_BITS.min(self.coarse.shift);
            let shift = self.coarse.shift - bits;
            if let Some((origin, bucket)) = self.coarse.step() {
                self.fine.lay_out(origin, shift, 1 << bits);
                for key in bucket.drain(..) {
                    // Every key of the bucket is within one of those that it is cut into.
                    self.fine.bucket_of(key).unwrap_or(&mut self.beyond).push(key);
                }
                continue;
            }
            let beyond = std::mem::take(&mut self.beyond);
            if beyond.len() < SMALL_HEAP {
                self.len = 0;
                return beyond.into_iter().for_each(pour);
            }
            self.spread(beyond);
        }
    }
}
