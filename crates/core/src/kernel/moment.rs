//! [`Moment`]: a place in the total order of events.

use crate::units::SimTime;

/// A place in the total order of a world's events: its time, and its number among all that were scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The time.
    pub time: SimTime,
    /// The number, in the order of scheduling.
    pub sequence: u64,
}

impl Moment {
    /// Before all events.
    pub const FIRST: Self = Self { time: SimTime::from_nanos(i64::MIN), sequence: 0 };
    /// After all events.
    pub const LAST: Self = Self { time: SimTime::from_nanos(i64::MAX), sequence: u64::MAX };

    /// Returns the end of an instant: after all events at `time`.
    #[must_use]
    pub const fn end_of(time: SimTime) -> Self {
        Self { time, sequence: u64::MAX }
    }
}
