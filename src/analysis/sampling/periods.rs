//! [`Periods`]: the equal periods over which returns are taken.

use crate::analysis::series::Extent;
use bearpit_core::units::SimDuration;

pub(crate) const DAY_NANOS: i64 = 86_400_000_000_000;

/// More periods than this are not looked at: a run that has more is sampled at a multiple of its interval.
const PERIODS_MAX: i64 = 1 << 18;

/// The periods over which a run's returns are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Periods {
    pub(crate) extent: Extent,
    /// The length of a period in nanoseconds; above zero.
    pub(crate) interval: i64,
}

impl Periods {
    /// Cuts a run into periods of `interval`, or of the least multiple of it of which there are not too many.
    pub(crate) fn new(extent: Extent, interval: SimDuration) -> Self {
        let interval = interval.nanos().max(1);
        let most = interval.saturating_mul(PERIODS_MAX);
        let multiple = (extent.end() - extent.start() - 1).div_euclid(most).max(0) + 1;
        Self { extent, interval: interval.saturating_mul(multiple) }
    }

    /// Returns the end of the period of what happens from `at` on. That is the next one where `at` ends a
    /// period: a period that begins with its end has no length.
    pub(crate) const fn end_after(&self, at: i64) -> i64 {
        self.end_of(at.saturating_add(1))
    }

    /// Returns the end of the period in which `at` lies; a period's end belongs to it.
    pub(crate) const fn end_of(&self, at: i64) -> i64 {
        (at.saturating_sub(1).div_euclid(self.interval) + 1).saturating_mul(self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    const MINUTE: i64 = 60_000_000_000;

    #[test]
    fn a_run_of_too_many_periods_takes_a_multiple() {
        let year = SimTime::from_nanos(365 * DAY_NANOS);
        let periods = Periods::new(Extent::new(SimTime::from_nanos(0), year), SimDuration::from_secs(60));
        assert_eq!(periods.interval, 3 * MINUTE);
        let instant = Periods::new(periods.extent, SimDuration::ZERO);
        assert!(365 * DAY_NANOS / instant.interval <= PERIODS_MAX);
    }
}
