//! [`Timeframe`]: the length of bars.

use std::fmt;

use bearpit_core::units::{SimDuration, SimTime};

use crate::domain::{Problem, ProblemKind};
use crate::publication::CandleInterval;

/// The length of bars. Bars of minutes and hours are counted from midnight in UTC, weeks from Mondays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeframe {
    count: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

const MINUTE: i64 = 60_000_000_000;
const DAY: i64 = 1_440 * MINUTE;

impl Timeframe {
    /// Returns that of so many minutes, of a day's at most.
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        Self { count, unit: Unit::Minute }
    }

    /// Returns that of so many days.
    #[must_use]
    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Day }
    }

    /// Reads one: `5Min`, `1Hour`, `1Day`, `1Week`, `3Month` and their short forms `5T`, `1H`, `1D`, `1W`,
    /// `3M`, in any case.
    ///
    /// # Errors
    /// [`Problem`] if it is none.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let bad = || {
            let message = format!(
                "Invalid format for parameter timeframe: {text:?} is no length of bars: \
                 1Min to 59Min, 1Hour to 23Hour, 1Day, 1Week, 1Month, 2Month, 3Month, 4Month, 6Month, 12Month"
            );
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("timeframe")
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, word) = text.split_at(digits);
        let count: u32 = number.parse().map_err(|_| bad())?;
        let (unit, most) = match word.to_ascii_lowercase().as_str() {
            "min" | "t" => (Unit::Minute, 59),
            "hour" | "h" => (Unit::Hour, 23),
            "day" | "d" => (Unit::Day, 1),
            "week" | "w" => (Unit::Week, 1),
            "month" | "m" => (Unit::Month, 12),
            _ => return Err(bad()),
        };
        let divides = unit != Unit::Month || 12_u32.is_multiple_of(count.max(1));
        if (1..=most).contains(&count) && divides { Ok(Self { count, unit }) } else { Err(bad()) }
    }

    /// Returns when the bar begins that an instant lies in.
    #[must_use]
    pub fn floor(self, at: SimTime) -> SimTime {
        let nanos = at.nanos();
        let midnight = nanos.div_euclid(DAY) * DAY;
        let count = i64::from(self.count);
        let within = |step: i64| midnight + (nanos - midnight).div_euclid(step) * step;
        let start = match self.unit {
            Unit::Minute => within(count * MINUTE),
            Unit::Hour => within(count * 60 * MINUTE),
            Unit::Day => midnight,
            // 1970-01-01 was a Thursday.
            Unit::Week => (nanos.div_euclid(DAY) + 3).div_euclid(7) * 7 * DAY - 3 * DAY,
            Unit::Month => {
                let (year, month) = month_of(nanos.div_euclid(DAY));
                let months = year * 12 + month;
                day_of_month(months.div_euclid(count) * count) * DAY
            }
        };
        SimTime::from_nanos(start)
    }

    /// Returns when the next bar begins.
    #[must_use]
    pub fn next(self, at: SimTime) -> SimTime {
        let start = self.floor(at);
        let longest = match self.unit {
            Unit::Minute => i64::from(self.count) * MINUTE,
            Unit::Hour => i64::from(self.count) * 60 * MINUTE,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => i64::from(self.count) * 31 * DAY,
        };
        // The last bar of a day is cut off at midnight.
        let midnight = start.floor_to(SimDuration::from_secs(86_400)) + SimDuration::from_secs(86_400);
        let later = start.saturating_add(SimDuration::from_nanos(longest));
        match self.unit {
            Unit::Minute | Unit::Hour => later.min(midnight),
            _ => self.floor(later),
        }
    }

    /// Returns the longest candles that these bars can be made of.
    #[must_use]
    pub const fn base(self) -> CandleInterval {
        match self.unit {
            Unit::Minute if self.count.is_multiple_of(15) => CandleInterval::QuarterHour,
            Unit::Minute if self.count.is_multiple_of(5) => CandleInterval::FiveMinutes,
            Unit::Minute => CandleInterval::Minute,
            Unit::Hour => CandleInterval::Hour,
            Unit::Day | Unit::Week | Unit::Month => CandleInterval::Day,
        }
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minute => "Min",
            Unit::Hour => "H",
            Unit::Day => "D",
            Unit::Week => "W",
            Unit::Month => "M",
        };
        write!(f, "{}{unit}", self.count)
    }
}

/// Returns year and month, from zero, of a day since 1970 (the algorithm `civil_from_days` of Howard
/// Hinnant).
const fn month_of(days: i64) -> (i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day = shifted.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // From March.
    let month = (5 * day_of_year + 2) / 153;
    let from_january = if month < 10 { month + 2 } else { month - 10 };
    let year = era * 400 + year + if month < 10 { 0 } else { 1 };
    (year, from_january)
}

/// Returns the first day, since 1970, of a month that is counted from the year 0 (`days_from_civil`).
const fn day_of_month(months: i64) -> i64 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let year = if month < 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = if month < 2 { month + 10 } else { month - 2 };
    let day = (153 * from_march + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> SimTime {
        text.parse().unwrap()
    }

    #[test]
    fn bars_begin_and_end_where_the_clock_and_the_calendar_say() {
        for (frame, at, start, next) in [
            ("1Min", "2025-03-03T14:30:59", "2025-03-03T14:30:00", "2025-03-03T14:31:00"),
            ("1min", "2025-03-03T14:30:00", "2025-03-03T14:30:00", "2025-03-03T14:31:00"),
            ("15T", "2025-03-03T14:44:00", "2025-03-03T14:30:00", "2025-03-03T14:45:00"),
            ("59Min", "2025-03-03T23:59:00", "2025-03-03T23:36:00", "2025-03-04T00:00:00"),
            ("4H", "2025-03-03T14:30:00", "2025-03-03T12:00:00", "2025-03-03T16:00:00"),
            ("23Hour", "2025-03-03T23:30:00", "2025-03-03T23:00:00", "2025-03-04T00:00:00"),
            ("1Day", "2025-03-03T14:30:00", "2025-03-03T00:00:00", "2025-03-04T00:00:00"),
            ("1W", "2025-03-09T14:30:00", "2025-03-03T00:00:00", "2025-03-10T00:00:00"),
            ("1M", "2024-02-29T14:30:00", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
            ("3Month", "2025-02-03T14:30:00", "2025-01-01T00:00:00", "2025-04-01T00:00:00"),
            ("12Month", "2025-12-31T14:30:00", "2025-01-01T00:00:00", "2026-01-01T00:00:00"),
            ("6M", "1999-12-31T00:00:00", "1999-07-01T00:00:00", "2000-01-01T00:00:00"),
        ] {
            let timeframe = Timeframe::read(frame).unwrap();
            assert_eq!(
                (timeframe.floor(time(at)), timeframe.next(time(at))),
                (time(start), time(next)),
                "{frame}"
            );
        }
    }

    #[test]
    fn what_is_no_length_of_bars_is_refused() {
        for text in [
            "",
            "1",
            "Min",
            "0Min",
            "60Min",
            "24Hour",
            "2Day",
            "2Week",
            "5Month",
            "13M",
            "1Year",
            "-1Min",
            "1.5H",
            "99999999999Min",
            "1Mi\u{e9}",
        ] {
            assert!(Timeframe::read(text).is_err(), "{text}");
        }
    }
}
