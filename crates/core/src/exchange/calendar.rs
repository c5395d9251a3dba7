//! Schedules: which phase begins when, by a calendar of sessions.

use std::collections::BTreeSet;

use crate::market::Phase;
use crate::units::{SimDuration, SimTime};

/// The changes of phase of one listing, in order of time.
pub type Schedule = Vec<(SimTime, Phase)>;

/// The sessions of a venue: on which days, and from when to when.
///
/// A session goes through pre-open, the opening auction, continuous trading and the closing auction; then
/// the book is closed until the next.
///
/// ```
/// use std::collections::BTreeSet;
/// use bearpit_core::exchange::{Calendar, MONDAY_TO_FRIDAY};
/// use bearpit_core::market::Phase;
/// use bearpit_core::units::SimDuration;
///
/// let minutes = |minutes: i64| SimDuration::from_secs(60 * minutes);
/// let calendar = Calendar {
///     open: minutes(9 * 60 + 30),
///     close: minutes(16 * 60),
///     pre_open: minutes(30),
///     opening_auction: minutes(5),
///     closing_auction: minutes(10),
///     weekdays: MONDAY_TO_FRIDAY,
///     holidays: BTreeSet::new(),
/// };
/// // A Saturday, to the Monday after it.
/// let schedule = calendar.schedule("2025-03-01".parse()?, "2025-03-03T09:29:00".parse()?);
/// let phases: Vec<Phase> = schedule.into_iter().map(|(_, phase)| phase).collect();
/// assert_eq!(phases, [Phase::Closed, Phase::PreOpen, Phase::OpeningAuction]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// When continuous trading begins, after midnight.
    pub open: SimDuration,
    /// When it ends, after midnight; later than `open`.
    pub close: SimDuration,
    /// How long before `open` orders are collected; at least `opening_auction`.
    pub pre_open: SimDuration,
    /// How long before `open` the indicative price is published.
    pub opening_auction: SimDuration,
    /// How long after `close` orders are collected for the close; none if zero.
    pub closing_auction: SimDuration,
    /// The days of the week with a session, Monday first.
    pub weekdays: [bool; 7],
    /// Days without a session, each by its midnight.
    pub holidays: BTreeSet<SimTime>,
}

/// The days of the week with a session on most exchanges.
pub const MONDAY_TO_FRIDAY: [bool; 7] = [true, true, true, true, true, false, false];

const DAY: SimDuration = SimDuration::from_secs(24 * 3_600);

impl Calendar {
    /// Returns the changes of phase from `start` to `end`; the first stands at `start`.
    #[must_use]
    pub fn schedule(&self, start: SimTime, end: SimTime) -> Schedule {
        let mut schedule = Vec::new();
        // Yesterday's session may reach into today.
        let mut day = start.floor_to(DAY) - DAY;
        while day < end {
            if self.has_session(day) {
                self.add_session(day, &mut schedule);
            }
            day += DAY;
        }
        clip(schedule, start, end, Phase::Closed)
    }

    fn has_session(&self, day: SimTime) -> bool {
        // 1970 began on a Thursday.
        let weekday = (day.nanos().div_euclid(DAY.nanos()) + 3).rem_euclid(7);
        let is_weekday = usize::try_from(weekday).is_ok_and(|weekday| self.weekdays[weekday]);
        is_weekday && !self.holidays.contains(&day)
    }

    fn add_session(&self, day: SimTime, schedule: &mut Schedule) {
        let (open, close) = (day + self.open, day + self.close);
        let mut add = |at, phase, length: SimDuration| {
            if !length.is_zero() {
                schedule.push((at, phase));
            }
        };
        add(open - self.pre_open, Phase::PreOpen, self.pre_open);
        add(open - self.opening_auction, Phase::OpeningAuction, self.opening_auction);
        add(open, Phase::Continuous, DAY);
        add(close, Phase::ClosingAuction, self.closing_auction);
        add(close + self.closing_auction, Phase::Closed, DAY);
    }
}

/// Keeps what lies between `start` and `end`, and adds what holds at the start: `before`, if nothing did.
fn clip(schedule: Schedule, start: SimTime, end: SimTime, before: Phase) -> Schedule {
    let passed = schedule.partition_point(|(at, _)| *at <= start);
    let first = schedule[..passed].last().map_or(before, |(_, phase)| *phase);
    let rest = schedule[passed..].iter().copied().take_while(|(at, _)| *at < end);
    std::iter::once((start, first)).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SimTime {
        text.parse().unwrap()
    }

    fn drawn(schedule: &Schedule) -> Vec<String> {
        schedule.iter().map(|(at, phase)| format!("{at} {phase}")).collect()
    }

    fn calendar() -> Calendar {
        let minutes = |minutes: i64| SimDuration::from_secs(60 * minutes);
        Calendar {
            open: minutes(9 * 60 + 30),
            close: minutes(16 * 60),
            pre_open: minutes(30),
            opening_auction: minutes(5),
            closing_auction: minutes(10),
            weekdays: MONDAY_TO_FRIDAY,
            holidays: BTreeSet::from([at("2025-03-03")]),
        }
    }

    #[test]
    fn sessions_leave_out_weekends_and_holidays() {
        // A Friday; the Monday after it is a holiday.
        let schedule = calendar().schedule(at("2025-02-28"), at("2025-03-05"));
        assert_eq!(
            drawn(&schedule),
            [
                "2025-02-28T00:00:00 closed",
                "2025-02-28T09:00:00 pre_open",
                "2025-02-28T09:25:00 opening_auction",
                "2025-02-28T09:30:00 continuous",
                "2025-02-28T16:00:00 closing_auction",
                "2025-02-28T16:10:00 closed",
                "2025-03-04T09:00:00 pre_open",
                "2025-03-04T09:25:00 opening_auction",
                "2025-03-04T09:30:00 continuous",
                "2025-03-04T16:00:00 closing_auction",
                "2025-03-04T16:10:00 closed",
            ]
        );
    }

    #[test]
    fn a_schedule_that_starts_within_a_session_starts_in_its_phase() {
        let schedule = calendar().schedule(at("2025-03-04T12:00:00"), at("2025-03-04T16:05:00"));
        assert_eq!(
            drawn(&schedule),
            ["2025-03-04T12:00:00 continuous", "2025-03-04T16:00:00 closing_auction"]
        );
    }
}
