//! [`Sessions`]: when the market was open, by what was quoted and traded.

use std::collections::BTreeMap;

use super::periods::DAY_NANOS;

/// From when to when the market quoted or traded, day by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sessions {
    days: BTreeMap<i64, (i64, i64)>,
    today: Option<(i64, i64)>,
    is_unknown: bool,
}

impl Sessions {
    /// Begins where neither quotes nor trades were recorded: the market may have been open at any time.
    pub(crate) fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// Notes that something was quoted or traded; in order of time.
    pub(crate) fn note(&mut self, at: i64) {
        match &mut self.today {
            Some((_, last)) if last.div_euclid(DAY_NANOS) == at.div_euclid(DAY_NANOS) => *last = at,
            today => {
                let before = today.replace((at, at));
                self.keep(before);
            }
        }
    }

    fn keep(&mut self, day: Option<(i64, i64)>) {
        self.days.extend(day.map(|day| (day.0.div_euclid(DAY_NANOS), day)));
    }

    /// Returns whether the market was open at some time after `from`, up to `to`.
    pub(crate) fn overlap(&self, from: i64, to: i64) -> bool {
        let days = self.days.range(from.div_euclid(DAY_NANOS)..=to.div_euclid(DAY_NANOS));
        let mut days = days.map(|(_, day)| day).chain(&self.today);
        self.is_unknown || days.any(|(first, last)| *first <= to && *last > from)
    }
}
