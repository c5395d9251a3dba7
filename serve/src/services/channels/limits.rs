//! [`Rates`]: how many requests each group makes in a second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::WallTime;

/// How many groups are counted at a time; those that made no request lately are forgotten first.
const COUNTED_MAX: usize = 10_000;
const SECOND: i64 = 1_000_000_000;

/// Counts requests by a name: a second's worth may come at once, and as many each second.
#[derive(Debug)]
pub(super) struct Rates {
    /// The time between two requests, in nanoseconds.
    gap: i64,
    /// When each has made up for its requests.
    due: Mutex<HashMap<String, i64>>,
}

impl Rates {
    pub(super) fn new(per_second: u32) -> Self {
        Self { gap: SECOND / i64::from(per_second.max(1)), due: Mutex::default() }
    }

    /// Takes a request of a name; returns whether it may be made.
    pub(super) fn take(&self, name: &str, now: WallTime) -> bool {
        // Numbers: whole at any time.
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.nanos();
        if due.len() >= COUNTED_MAX {
            due.retain(|_, due| *due > now);
        }
        let before = due.get(name).copied().unwrap_or(now).max(now);
        let after = before.saturating_add(self.gap);
        let may = after.saturating_sub(now) <= SECOND;
        if may {
            due.insert(name.to_owned(), after);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_requests_may_come_at_once_and_no_more_of_one_name() {
        let rates = Rates::new(3);
        let at = |millis: i64| WallTime::from_nanos(millis * 1_000_000);
        let taken = |name, millis| (0..10).filter(|_| rates.take(name, at(millis))).count();
        assert_eq!((taken("a", 0), taken("b", 0)), (3, 3));
        assert_eq!((taken("a", 340), taken("a", 5_000)), (1, 3));
        // A clock that was put back lets nobody in more often.
        assert_eq!(taken("a", 1_000), 0);
    }
}
