//! [`Attempts`]: how often each somebody may try.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::{Problem, ProblemKind, WallTime};

/// How many are remembered. Beyond that those are forgotten that could try as often as they like anyway; if
/// there are too many others, nobody new may try until one of them may.
const REMEMBERED_MAX: usize = 1 << 17;
/// How often each somebody may try: so many at once, and as many in a while (a token bucket).
#[derive(Debug)]
pub(super) struct Attempts<K> {
    /// How long an attempt takes to come back, in nanoseconds.
    interval: u64,
    /// In what time all attempts come back, in nanoseconds.
    span: u64,
    /// For each, when all of their attempts will be back.
    back: Mutex<HashMap<K, WallTime>>,
    max: usize,
}

impl<K: Hash + Eq + Clone> Attempts<K> {
    /// So many in a minute.
    pub(super) fn new(per_minute: u32) -> Self {
        Self::within(Duration::from_mins(1), per_minute)
    }

    /// So many in a while.
    pub(super) fn within(span: Duration, count: u32) -> Self {
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let interval = span / u64::from(count.max(1));
        Self { interval, span, back: Mutex::default(), max: REMEMBERED_MAX }
    }

    /// Takes an attempt.
    ///
    /// # Errors
    /// That there is none left, and when there will be.
    pub(super) fn take(&self, key: K, now: WallTime) -> Result<(), Problem> {
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        if back.len() >= self.max && !back.contains_key(&key) {
            back.retain(|_, back| *back > now);
            if back.len() >= self.max {
                return Err(too_many(Duration::from_nanos(self.interval)));
            }
        }
        let place = back.entry(key).or_insert(now);
        let next = (*place).max(now).after(Duration::from_nanos(self.interval));
        let wait = now.until(next);
        let span = Duration::from_nanos(self.span);
        if wait > span {
            return Err(too_many(wait - span));
        }
        *place = next;
        Ok(())
    }

    /// Gives an attempt back, which was none.
    pub(super) fn give_back(&self, key: &K) {
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(back) = back.get_mut(key) {
            *back = WallTime::from_nanos(back.nanos().saturating_sub_unsigned(self.interval));
        }
    }
}

fn too_many(wait: Duration) -> Problem {
    let problem = Problem::new(ProblemKind::TooMany, "too_many_attempts", "there were too many attempts");
    problem.retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> WallTime {
        WallTime::from_nanos(1_700_000_000_000_000_000 + millis * 1_000_000)
    }

    #[test]
    fn so_many_at_once_and_as_many_in_a_minute() {
        let attempts = Attempts::new(6);
        for _ in 0..6 {
            assert_eq!(attempts.take("anne", at(0)), Ok(()));
        }
        let refused = attempts.take("anne", at(1_000)).unwrap_err();
        assert_eq!(refused.retry_after, Some(Duration::from_secs(9)));
        assert_eq!(attempts.take("bert", at(1_000)), Ok(()));
        assert_eq!(attempts.take("anne", at(10_000)), Ok(()));
        assert!(attempts.take("anne", at(10_001)).is_err());
        attempts.give_back(&"anne");
        assert_eq!(attempts.take("anne", at(10_001)), Ok(()));
        let later = (0..9).filter(|_| attempts.take("anne", at(3_600_000)).is_ok());
        assert_eq!(later.count(), 6);
    }

    #[test]
    fn attempts_may_come_back_within_an_hour() {
        let attempts = Attempts::within(Duration::from_hours(1), 2);
        assert_eq!((attempts.take("anne", at(0)), attempts.take("anne", at(0))), (Ok(()), Ok(())));
        let refused = attempts.take("anne", at(60_000)).unwrap_err();
        assert_eq!(refused.retry_after, Some(Duration::from_mins(29)));
        assert_eq!(attempts.take("anne", at(1_800_000)), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut attempts = Attempts::new(1);
        attempts.max = 10;
        for key in 0..10 {
            assert_eq!(attempts.take(key, at(0)), Ok(()));
        }
        assert!(attempts.take(10, at(1)).is_err());
        assert_eq!(attempts.take(10, at(60_001)), Ok(()));
        assert_eq!(attempts.back.lock().unwrap().len(), 1);
    }
}
