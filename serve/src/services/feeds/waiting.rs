//! [`Waiting`]: quotes that are told later than they came.

use std::collections::BTreeMap;

use super::answer::Seen;
use crate::domain::WallTime;

/// How many quotes wait at most; of more, the oldest are dropped.
const WAITING_MAX: usize = 100_000;

/// Quotes that are told later than they came, in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_time: BTreeMap<(WallTime, u64), (usize, Seen)>,
    count: u64,
}

impl Waiting {
    /// Has a quote of the `symbol`-th symbol wait until it is due.
    pub(super) fn add(&mut self, due: WallTime, symbol: usize, seen: Seen) {
        self.count += 1;
        self.by_time.insert((due, self.count), (symbol, seen));
        if self.by_time.len() > WAITING_MAX {
            self.by_time.pop_first();
        }
    }

    /// Returns when the next is due.
    pub(super) fn next(&self) -> Option<WallTime> {
        self.by_time.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes what is due: of each symbol the newest, in the order of symbols.
    pub(super) fn take_due(&mut self, now: WallTime) -> BTreeMap<usize, (WallTime, Seen)> {
        let mut newest = BTreeMap::new();
        while let Some(entry) = self.by_time.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((due, _), (symbol, seen)) = entry.remove_entry();
            newest.insert(symbol, (due, seen));
        }
        newest
    }
}

#[cfg(test)]
mod tests {
    use bearpit_core::market::ValueQuote;
    use bearpit_core::units::Money;

    use super::*;

    fn seen(value: i64) -> Seen {
        Seen { quote: ValueQuote::of(Money::from_whole(value)), at: None }
    }

    #[test]
    fn of_what_is_due_the_newest_of_each_symbol_is_taken() {
        let mut waiting = Waiting::default();
        let at = WallTime::from_nanos;
        for (due, symbol, value) in [(30, 0, 3), (10, 0, 1), (20, 0, 2), (20, 1, 9), (20, 1, 8)] {
            waiting.add(at(due), symbol, seen(value));
        }
        assert_eq!((waiting.next(), waiting.take_due(at(9)).len()), (Some(at(10)), 0));
        let due: Vec<_> = waiting.take_due(at(20)).into_iter().collect();
        assert_eq!(due, [(0, (at(20), seen(2))), (1, (at(20), seen(8)))]);
        assert_eq!(waiting.next(), Some(at(30)));
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let mut waiting = Waiting::default();
        for due in 0..100_002 {
            waiting.add(WallTime::from_nanos(due), 0, seen(1));
        }
        assert_eq!(waiting.next(), Some(WallTime::from_nanos(2)));
    }
}
