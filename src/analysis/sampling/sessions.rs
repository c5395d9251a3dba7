//! [`Sessions`]: when the market was open, by what was quoted and traded.

use std::collections::BTreeMap;

use super::periods::DAY_NANOS;
use super::trading_year::{TradingDays, TradingYear, end_of_day};

/// From when to when the market quoted or traded, day by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sessions {
    days: BTreeMap<i64, (i64, i64)>,
    today: Option<(i64, i64)>,
    /// When today ends.
    until: i64,
    is_unknown: bool,
    trading_days: TradingDays,
}

impl Sessions {
    /// Begins where neither quotes nor trades were recorded: the market may have been open at any time.
    pub(crate) fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// Notes that something was quoted or traded; in order of time.
    pub(crate) fn note(&mut self, at: i64) {
        self.trading_days.note(at);
        match &mut self.today {
            Some((_, last)) if *last <= at && at < self.until => *last = at,
            Some((_, last)) if last.div_euclid(DAY_NANOS) == at.div_euclid(DAY_NANOS) => *last = at,
            today => {
                let before = today.replace((at, at));
                self.until = end_of_day(at);
                self.keep(before);
            }
        }
    }

    fn keep(&mut self, day: Option<(i64, i64)>) {
        self.days.extend(day.map(|day| (day.0.div_euclid(DAY_NANOS), day)));
    }

    /// Returns the year of the market.
    pub(crate) fn year(&self) -> TradingYear {
        self.trading_days.year()
    }

    /// Returns whether the market was open for some time after `from`, up to `to`.
    pub(crate) fn overlap(&self, from: i64, to: i64) -> bool {
        let days = self.days.range(from.div_euclid(DAY_NANOS)..=to.div_euclid(DAY_NANOS));
        let mut days = days.map(|(_, day)| day).chain(&self.today);
        // What begins as the period ends is of the next one, unless it is all there was that day.
        let begins = |first: i64, last: i64| first < to || (first == to && last == to);
        self.is_unknown || days.any(|(first, last)| begins(*first, *last) && *last > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_touches_a_session_only_with_its_end_is_not_of_it() {
        let mut sessions = Sessions::default();
        [100, 150, 200, DAY_NANOS + 40].into_iter().for_each(|at| sessions.note(at));
        assert!(!sessions.overlap(50, 100), "it begins as the period ends");
        assert!(sessions.overlap(100, 150) && sessions.overlap(150, 250) && !sessions.overlap(200, 250));
        assert!(sessions.overlap(DAY_NANOS + 30, DAY_NANOS + 40), "all that the day had");
        assert!(!sessions.overlap(DAY_NANOS + 40, DAY_NANOS + 50));
    }
}
