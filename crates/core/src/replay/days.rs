//! [`Days`]: which bars of a file begin and end a day.

use std::sync::Arc;

use super::bar::ReplayBar;
use crate::units::{SimDuration, SimTime};

/// Which bars of a file are the first and the last of their day (rule 11).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    places: Arc<[Place]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    is_first: bool,
    is_last: bool,
    is_inside: bool,
}

/// When a day's session is, by a local clock: from `open` to `close`, after midnight.
///
/// One that closes before it opens, or at the same time, goes on overnight, and belongs to the day on which
/// it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionHours {
    /// When it opens; below a day.
    pub open: SimDuration,
    /// When it closes; at most a day.
    pub close: SimDuration,
}

const DAY: SimDuration = SimDuration::from_secs(24 * 3_600);

impl SessionHours {
    /// Returns the midnight of the day to whose session a time of the local clock belongs; nothing outside of
    /// the session.
    #[must_use]
    pub fn day(&self, local: SimTime) -> Option<SimTime> {
        let midnight = local.floor_to(DAY);
        let time_of_day = local - midnight;
        if self.open < self.close {
            return (self.open <= time_of_day && time_of_day < self.close).then_some(midnight);
        }
        if time_of_day >= self.open {
            Some(midnight + DAY)
        } else {
            (time_of_day < self.close).then_some(midnight)
        }
    }
}

impl Days {
    /// Makes a day of the bars that begin on one calendar date.
    #[must_use]
    pub fn by_date(bars: &[ReplayBar]) -> Self {
        Self::by(bars, |start| Some(start.floor_to(DAY)))
    }

    /// Makes a day of the bars that begin in one session; `day` says in which a bar that begins then does, if
    /// in any. Bars outside of a session begin and end no day.
    pub fn by(bars: &[ReplayBar], day: impl Fn(SimTime) -> Option<SimTime>) -> Self {
        let none = Place { is_first: false, is_last: false, is_inside: false };
        let mut places = vec![none; bars.len()];
        let mut last: Option<(usize, SimTime)> = None;
        for (index, bar) in bars.iter().enumerate() {
            let Some(day) = day(bar.start) else { continue };
            places[index].is_inside = true;
            if last.is_none_or(|(_, earlier)| earlier != day) {
                places[index].is_first = true;
                if let Some((earlier, _)) = last {
                    places[earlier].is_last = true;
                }
            }
            last = Some((index, day));
        }
        if let Some((index, _)) = last {
            places[index].is_last = true;
        }
        Self { places: places.into() }
    }

    /// Returns how many bars are outside of any session.
    #[must_use]
    pub fn outside(&self) -> usize {
        self.places.iter().filter(|place| !place.is_inside).count()
    }

    pub(super) fn is_first(&self, bar: usize) -> bool {
        self.places.get(bar).is_some_and(|place| place.is_first)
    }

    pub(super) fn is_last(&self, bar: usize) -> bool {
        self.places.get(bar).is_some_and(|place| place.is_last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(open: i64, close: i64) -> SessionHours {
        SessionHours {
            open: SimDuration::from_secs(open * 3_600),
            close: SimDuration::from_secs(close * 3_600),
        }
    }

    fn day(hours: SessionHours, local: &str) -> Option<String> {
        hours.day(local.parse().unwrap()).map(|day| day.to_string()[..10].to_owned())
    }

    #[test]
    fn a_session_by_day_has_its_own_date_and_one_overnight_that_on_which_it_closes() {
        assert_eq!(day(hours(9, 16), "2025-03-04T08:59:59"), None);
        assert_eq!(day(hours(9, 16), "2025-03-04T09:00:00").as_deref(), Some("2025-03-04"));
        assert_eq!(day(hours(9, 16), "2025-03-04T16:00:00"), None);
        assert_eq!(day(hours(18, 17), "2025-03-04T18:00:00").as_deref(), Some("2025-03-05"));
        assert_eq!(day(hours(18, 17), "2025-03-05T16:59:59").as_deref(), Some("2025-03-05"));
        assert_eq!(day(hours(18, 17), "2025-03-05T17:30:00"), None);
        // Round the clock, from evening to evening.
        assert_eq!(day(hours(17, 17), "2025-03-05T16:59:59").as_deref(), Some("2025-03-05"));
        assert_eq!(day(hours(17, 17), "2025-03-05T17:00:00").as_deref(), Some("2025-03-06"));
    }
}
