//! [`CivilDate`]: a day of the calendar.

use std::fmt;
use std::str::FromStr;

use bearpit_core::units::{SimDuration, SimTime, TimeError};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// A day of the calendar, in the years 1700 to 2199.
///
/// ```
/// use bearpit::scenario::CivilDate;
///
/// let date: CivilDate = "2024-02-28".parse()?;
/// assert_eq!(date.days_later(2).map(|it| it.to_string()).as_deref(), Some("2024-03-01"));
/// assert!("2023-02-29".parse::<CivilDate>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    /// Since 1970-01-01.
    days: i32,
}

impl CivilDate {
    /// Returns the day on which a clock shows `time`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "64 bits of nanoseconds are 213,504 days")]
    pub const fn of(time: SimTime) -> Self {
        Self { days: time.nanos().div_euclid(DAY_NANOS) as i32 }
    }

    /// Returns its midnight, as a clock shows it.
    #[must_use]
    pub const fn midnight(self) -> SimTime {
        SimTime::from_nanos((self.days as i64).saturating_mul(DAY_NANOS))
    }

    /// Returns the number of days from 1970-01-01 to it; negative before.
    #[must_use]
    pub const fn days_since_1970(self) -> i32 {
        self.days
    }

    /// Returns the day so many days later, unless that lies beyond the year 2199.
    #[must_use]
    pub fn days_later(self, days: u32) -> Option<Self> {
        let days = i32::try_from(days).ok().and_then(|days| self.days.checked_add(days))?;
        // 2200-01-01.
        (days < 84_006).then_some(Self { days })
    }

    /// Returns what a clock shows so long after its midnight.
    #[must_use]
    pub(super) const fn at(self, since_midnight: SimDuration) -> SimTime {
        self.midnight().saturating_add(since_midnight)
    }

    /// Returns the day before.
    #[must_use]
    pub(super) const fn day_before(self) -> Self {
        Self { days: self.days - 1 }
    }
}

impl FromStr for CivilDate {
    type Err = TimeError;

    /// Reads `2025-03-03`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let time: SimTime = text.parse()?;
        let date = Self::of(time);
        if text.len() == 10 { Ok(date) } else { Err(TimeError::Time(text.to_owned())) }
    }
}

impl fmt::Display for CivilDate {
    /// Writes `2025-03-03`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.midnight().to_string();
        f.pad(time.split('T').next().unwrap_or(&time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written_as_people_do() {
        for text in ["1970-01-01", "1969-12-31", "2025-03-03", "2199-12-31", "1700-01-01"] {
            let date: CivilDate = text.parse().unwrap();
            assert_eq!((date.to_string().as_str(), CivilDate::of(date.midnight())), (text, date));
        }
        for text in ["", "2025-3-3", "2025-03-03T00:00:00", "2025-02-30", "2200-01-01"] {
            assert!(text.parse::<CivilDate>().is_err(), "{text}");
        }
        let last: CivilDate = "2199-12-31".parse().unwrap();
        assert_eq!((last.days_later(1), last.days_later(u32::MAX)), (None, None));
        assert_eq!(last.day_before().days_later(1), Some(last));
    }
}
