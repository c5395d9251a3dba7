//! [`BarInterval`]: where bars begin and end.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::units::{SimDuration, SimTime, TimeError};

/// The length of bars, and the rule by which they are aligned.
///
/// - Bars shorter than a day are counted from midnight, or from the time of day given by
///   [`anchored`](Self::anchored). A length that does not divide a day begins anew each day.
/// - Bars of days are counted from a Monday, so that weeks run from Monday to Sunday.
/// - Bars of months begin on the first of a month; quarters and years are those of the calendar.
///
/// ```
/// use bearpit_core::market::{BadInterval, BarInterval};
/// use bearpit_core::units::SimTime;
///
/// let at: SimTime = "2025-03-05T10:45:00".parse()?;
/// let start = |interval: BarInterval| interval.bounds(at).start.to_string();
/// assert_eq!(start("1h".parse()?), "2025-03-05T10:00:00");
/// assert_eq!(start("1h".parse::<BarInterval>()?.anchored("9h30m".parse()?)), "2025-03-05T10:30:00");
/// assert_eq!(start("1w".parse()?), "2025-03-03T00:00:00");
/// assert_eq!(start("1q".parse()?), "2025-01-01T00:00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BarInterval {
    length: Length,
    /// A time of day.
    anchor: SimDuration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Length {
    Span(SimDuration),
    Months(u16),
}

impl Default for Length {
    fn default() -> Self {
        Self::Span(SimDuration::ZERO)
    }
}

/// Why a text is not an interval of bars.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadInterval {
    /// A number has no unit.
    #[error(transparent)]
    Span(TimeError),
    /// The text is neither a duration nor a number of months, quarters or years.
    #[error("`{0}` is not an interval such as 1m, 1h30m, 1d, 1w, 1mo, 1q or 1y")]
    Text(String),
    /// The interval has no length.
    #[error("`{0}` is not an interval: it must be above 0")]
    Zero(String),
}

const DAY_NANOS: i64 = 86_400_000_000_000;
const WEEK_NANOS: i64 = 7 * DAY_NANOS;
/// Monday 5 January 1970, from which days are counted.
const MONDAY_NANOS: i64 = 4 * DAY_NANOS;
/// Units of months, with their length; intervals of more than ten years are refused, as other spans are.
const CALENDAR_UNITS: [(&str, u16); 3] = [("mo", 1), ("q", 3), ("y", 12)];
const MONTHS_MAX: u16 = 120;

impl BarInterval {
    /// Makes an interval of a fixed length.
    #[must_use]
    pub const fn of(length: SimDuration) -> Self {
        Self { length: Length::Span(length), anchor: SimDuration::ZERO }
    }

    /// Makes an interval of calendar months; zero counts as one.
    #[must_use]
    pub const fn months(count: u16) -> Self {
        let count = if count == 0 { 1 } else { count };
        Self { length: Length::Months(count), anchor: SimDuration::ZERO }
    }

    /// Returns the interval with bars shorter than a day counted from this time of day instead of midnight,
    /// such as a session's open. Of a day or more, the rest over whole days is taken.
    #[must_use]
    pub const fn anchored(self, anchor: SimDuration) -> Self {
        Self { length: self.length, anchor: SimDuration::from_nanos(anchor.nanos().rem_euclid(DAY_NANOS)) }
    }

    /// Returns the time of day from which bars shorter than a day are counted.
    #[must_use]
    pub const fn anchor(self) -> SimDuration {
        self.anchor
    }

    /// Returns the length of the shortest whole bar: a month counts 28 days, a quarter 90, a year 365.
    #[must_use]
    pub fn shortest(self) -> SimDuration {
        match self.length {
            Length::Span(span) => span,
            Length::Months(count) => {
                let (years, months) = (i64::from(count / 12), i64::from(count % 12));
                let quarters = 90 * (months / 3) + 28 * (months % 3);
                SimDuration::from_nanos((365 * years + quarters) * DAY_NANOS)
            }
        }
    }

    /// Returns the interval that contains an instant: its start, and its end, which is excluded.
    ///
    /// An interval without length, which no text gives, is empty.
    #[must_use]
    pub fn bounds(self, at: SimTime) -> Range<SimTime> {
        let at = at.nanos();
        let (start, end) = match self.length {
            Length::Span(span) if span.nanos() <= 0 => (at.into(), at.into()),
            Length::Span(span) if span.nanos() < DAY_NANOS => self.within_day(at, span.nanos()),
            Length::Span(span) => {
                let (at, span) = (i128::from(at), i128::from(span.nanos()));
                let start = at - (at - i128::from(MONDAY_NANOS)).rem_euclid(span);
                (start, start + span)
            }
            Length::Months(count) => months_around(at, count),
        };
        clamped(start)..clamped(end)
    }

    fn within_day(self, at: i64, span: i64) -> (i128, i128) {
        let since_day = (at - self.anchor.nanos()).rem_euclid(DAY_NANOS);
        let day = i128::from(at) - i128::from(since_day);
        let start = day + i128::from(since_day - since_day % span);
        (start, (start + i128::from(span)).min(day + i128::from(DAY_NANOS)))
    }
}

impl From<SimDuration> for BarInterval {
    fn from(length: SimDuration) -> Self {
        Self::of(length)
    }
}

/// Returns where `count` calendar months that contain an instant begin and end.
fn months_around(at: i64, count: u16) -> (i128, i128) {
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(at)).unwrap_or_default();
    let date = TimeZone::UTC.to_datetime(stamp).date();
    let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    let first = month - month.rem_euclid(i32::from(count));
    (first_of_month(first), first_of_month(first + i32::from(count)))
}

/// Returns midnight of the first day of a month, counted from January of the year zero.
fn first_of_month(month: i32) -> i128 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let number = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    // All instants of 64 bits lie within the years that a date can have.
    let date = Date::new(year, number, 1).unwrap_or(Date::MAX);
    let stamp = TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
    stamp.unwrap_or(jiff::Timestamp::MAX).as_nanosecond()
}

fn clamped(nanos: i128) -> SimTime {
    let most = i128::from(i64::MAX);
    SimTime::from_nanos(i64::try_from(nanos.clamp(-most - 1, most)).unwrap_or(i64::MAX))
}

impl FromStr for BarInterval {
    type Err = BadInterval;

    /// Reads a duration such as `5m` or `1w`, or a number of months, quarters or years: `1mo`, `1q`, `1y`.
    fn from_str(text: &str) -> Result<Self, BadInterval> {
        let bad = || BadInterval::Text(text.to_owned());
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let interval = match CALENDAR_UNITS.iter().find(|(name, _)| *name == unit) {
            Some((_, months)) => {
                let count: u16 = number.parse().map_err(|_| bad())?;
                let months = count.checked_mul(*months).filter(|months| *months <= MONTHS_MAX);
                let too_long = || BadInterval::Span(TimeError::TooLong(text.to_owned()));
                Self { length: Length::Months(months.ok_or_else(too_long)?), anchor: SimDuration::ZERO }
            }
            None => Self::of(trimmed.parse().map_err(|error| match error {
                TimeError::Duration(_) => bad(),
                other => BadInterval::Span(other),
            })?),
        };
        if interval.shortest() > SimDuration::ZERO {
            Ok(interval)
        } else {
            Err(BadInterval::Zero(text.to_owned()))
        }
    }
}

impl fmt::Display for BarInterval {
    /// Writes the length: `5m`, `1d`, `1w`, `1mo`, `1q`. The anchor is not part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Length::Span(span) if span.nanos() > 0 && span.nanos() % WEEK_NANOS == 0 => {
                f.pad(&format!("{}w", span.nanos() / WEEK_NANOS))
            }
            Length::Span(span) => span.fmt(f),
            Length::Months(count) => {
                let unit = CALENDAR_UNITS.iter().rev().find(|(_, months)| count % months == 0);
                let (name, months) = unit.unwrap_or(&CALENDAR_UNITS[0]);
                f.pad(&format!("{}{name}", count / months))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> SimTime {
        text.parse().unwrap()
    }

    fn bounds(interval: &str, anchor: &str, at: &str) -> (String, String) {
        let interval: BarInterval = interval.parse().unwrap();
        let found = interval.anchored(anchor.parse().unwrap()).bounds(time(at));
        (found.start.to_string(), found.end.to_string())
    }

    #[test]
    fn bars_are_those_of_the_calendar() {
        for (interval, at, start, end) in [
            ("1m", "2024-01-03T09:30:59", "2024-01-03T09:30:00", "2024-01-03T09:31:00"),
            ("1d", "2024-01-03T09:30:00", "2024-01-03T00:00:00", "2024-01-04T00:00:00"),
            // Wednesday the 3rd and Sunday the 7th are of one week.
            ("1w", "2024-01-03", "2024-01-01T00:00:00", "2024-01-08T00:00:00"),
            ("1w", "2024-01-07T23:59:59", "2024-01-01T00:00:00", "2024-01-08T00:00:00"),
            ("1w", "2024-01-08", "2024-01-08T00:00:00", "2024-01-15T00:00:00"),
            ("7d", "1969-12-30", "1969-12-29T00:00:00", "1970-01-05T00:00:00"),
            ("1mo", "2024-02-29T12:00:00", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
            ("1mo", "1969-12-31T23:00:00", "1969-12-01T00:00:00", "1970-01-01T00:00:00"),
            ("1q", "2024-06-30T23:59:59", "2024-04-01T00:00:00", "2024-07-01T00:00:00"),
            ("2q", "2024-12-31", "2024-07-01T00:00:00", "2025-01-01T00:00:00"),
            ("1y", "2024-12-31", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
        ] {
            let expected = (start.to_owned(), end.to_owned());
            assert_eq!(bounds(interval, "0s", at), expected, "{interval} at {at}");
        }
    }

    #[test]
    fn an_anchor_moves_bars_within_a_day_and_no_others() {
        for (interval, at, start, end) in [
            ("1h", "2024-01-03T09:30:00", "2024-01-03T09:30:00", "2024-01-03T10:30:00"),
            ("1h", "2024-01-03T09:29:59", "2024-01-03T08:30:00", "2024-01-03T09:30:00"),
            ("4h", "2024-01-03T15:00:00", "2024-01-03T13:30:00", "2024-01-03T17:30:00"),
            ("4h", "2024-01-03T03:00:00", "2024-01-03T01:30:00", "2024-01-03T05:30:00"),
            ("1m", "2024-01-03T09:30:59", "2024-01-03T09:30:00", "2024-01-03T09:31:00"),
            ("1d", "2024-01-03T09:30:00", "2024-01-03T00:00:00", "2024-01-04T00:00:00"),
            ("1w", "2024-01-03T09:30:00", "2024-01-01T00:00:00", "2024-01-08T00:00:00"),
        ] {
            let expected = (start.to_owned(), end.to_owned());
            assert_eq!(bounds(interval, "9h30m", at), expected, "{interval} at {at}");
        }
    }

    #[test]
    fn lengths_that_do_not_divide_a_day_begin_anew_each_day() {
        let expected = ("2024-01-03T20:00:00".to_owned(), "2024-01-04T00:00:00".to_owned());
        assert_eq!(bounds("5h", "0s", "2024-01-03T23:00:00"), expected);
        let expected = ("2024-01-04T05:30:00".to_owned(), "2024-01-04T09:30:00".to_owned());
        assert_eq!(bounds("5h", "9h30m", "2024-01-04T09:00:00"), expected);
    }

    #[test]
    fn bounds_contain_their_instant_and_meet_the_next_ones() {
        for text in ["1ns", "7s", "1h", "5h", "1d", "3d", "36h", "1w", "1mo", "5mo", "1q", "10y"] {
            let interval = text.parse::<BarInterval>().unwrap().anchored(SimDuration::from_secs(34_200));
            for at in ["1700-01-01", "1969-12-31T23:59:59.999999999", "2024-02-29T09:30:00", "2199-12-31"] {
                let at = time(at);
                let found = interval.bounds(at);
                assert!(found.contains(&at), "{text} at {at}: {found:?}");
                assert_eq!(interval.bounds(found.start), found, "{text} at {at}");
                assert_eq!(interval.bounds(found.end).start, found.end, "{text} at {at}");
            }
        }
    }

    #[test]
    fn an_interval_may_reach_beyond_time_itself() {
        let longest = BarInterval::of(SimDuration::from_nanos(i64::MAX - 1));
        for (interval, at) in [(longest, i64::MAX), (longest, i64::MIN), (BarInterval::months(120), i64::MAX)]
        {
            let at = SimTime::from_nanos(at);
            let found = interval.bounds(at);
            assert!(found.start <= at && at <= found.end, "{found:?}");
        }
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["250ms", "1m", "1h30m", "1d", "8d", "1w", "2w", "1mo", "2mo", "1q", "1y"] {
            assert_eq!(text.parse::<BarInterval>().unwrap().to_string(), text);
        }
        for (text, shown) in [("7d", "1w"), ("3mo", "1q"), ("12mo", "1y"), ("4q", "1y"), ("90m", "1h30m")] {
            assert_eq!(text.parse::<BarInterval>().unwrap().to_string(), shown);
        }
        for (text, expected) in [
            ("", "`` is not an interval such as"),
            ("monthly", "`monthly` is not an interval such as"),
            ("mo", "`mo` is not an interval such as"),
            ("1.5mo", "`1.5mo` is not an interval such as"),
            ("90", "`90` lacks a unit"),
            ("0s", "must be above 0"),
            ("0mo", "must be above 0"),
            ("11y", "at most ten years"),
            ("99999mo", "is not an interval such as"),
        ] {
            let found = text.parse::<BarInterval>().unwrap_err().to_string();
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn the_shortest_month_has_28_days() {
        let days = |text: &str| text.parse::<BarInterval>().unwrap().shortest().nanos() / DAY_NANOS;
        assert_eq!(["1w", "1mo", "1q", "1y"].map(days), [7, 28, 90, 365]);
    }
}
