//! [`SimTime`] and [`SimDuration`]: virtual time in nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use thiserror::Error;

/// An instant of virtual time: nanoseconds since 1970-01-01T00:00:00 in the venue's own clock.
///
/// There is no time zone: the times of a scenario are used as written. Parsed times lie in the years 1700 to
/// 2199; with spans of at most ten years, no sum in a run overflows 64 bits.
///
/// ```
/// use bearpit_core::units::{SimDuration, SimTime, TimeError};
///
/// let open: SimTime = "2025-03-03T09:30:00".parse()?;
/// let later = open + "1m30s".parse::<SimDuration>()?;
/// assert_eq!(later.to_string(), "2025-03-03T09:31:30");
/// assert_eq!(later - open, SimDuration::from_secs(90));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SimTime(i64);

/// A span of virtual time in nanoseconds, never negative when parsed from text.
///
/// ```
/// use bearpit_core::units::{SimDuration, TimeError};
///
/// let latency: SimDuration = "250us".parse()?;
/// assert_eq!(latency.nanos(), 250_000);
/// assert_eq!(SimDuration::from_secs(23_400).to_string(), "6h30m");
/// assert_eq!("90".parse::<SimDuration>(), Err(TimeError::UnitMissing("90".to_owned())));
/// # Ok::<(), TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SimDuration(i64);

/// Why a text is not a time or duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimeError {
    /// The text is neither a date nor a date with time.
    #[error("`{0}` is not a time such as 2025-03-03T09:30:00")]
    Time(String),
    /// A number has no unit.
    #[error("`{0}` lacks a unit: write for example {0}ms, {0}s or {0}m")]
    UnitMissing(String),
    /// The text is not a duration.
    #[error("`{0}` is not a duration such as 250us, 1.5s or 6h30m (units ns, us, ms, s, m, h, d, w)")]
    Duration(String),
    /// The instant or span does not fit 64 bits of nanoseconds.
    #[error("`{0}` is out of range: virtual time runs from 1700 to 2199")]
    OutOfRange(String),
    /// The span is so long that sums with it might overflow.
    #[error("`{0}` is too long: a span may have at most ten years, 3650d")]
    TooLong(String),
}

impl SimTime {
    /// Makes an instant from nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Returns nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns the last multiple of `step` (counted from 1970) at or before this instant.
    ///
    /// A `step` of zero or less returns the instant itself.
    #[must_use]
    pub const fn floor_to(self, step: SimDuration) -> Self {
        if step.0 <= 0 {
            return self;
        }
        Self(self.0 - self.0.rem_euclid(step.0))
    }

    /// Returns the sum, or the last representable instant.
    #[must_use]
    pub const fn saturating_add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Returns the number of the calendar month: twelve for each year, counted from January of the year 0.
    ///
    /// ```
    /// use bearpit_core::units::SimTime;
    ///
    /// let [march, april] = ["2025-03-31T23:59:59", "2025-04-01"].map(|text| text.parse::<SimTime>());
    /// assert_eq!(april?.month_number() - march?.month_number(), 1);
    /// # Ok::<(), bearpit_core::units::TimeError>(())
    /// ```
    #[must_use]
    pub fn month_number(self) -> i64 {
        // Years of virtual times have four digits, so this always has a date.
        self.civil().map_or(0, |civil| i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1)
    }

    fn civil(self) -> Option<DateTime> {
        let stamp = jiff::Timestamp::from_nanosecond(i128::from(self.0)).ok()?;
        Some(stamp.to_zoned(TimeZone::UTC).datetime())
    }
}

impl SimDuration {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// Makes a span of nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Makes a span of microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros * 1_000)
    }

    /// Makes a span of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Makes a span of seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// Makes the span nearest to `secs` seconds; negative numbers and NaN give zero, huge numbers the longest
    /// span.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, which is the documented clamp"
    )]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(libm::round(secs.max(0.0) * 1e9) as i64)
    }

    /// Returns the nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns the span in seconds.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "below 2^53 ns (104 days) exact; beyond, to 1e-16 relative"
    )]
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Returns whether the span is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, span: SimDuration) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, span: SimDuration) {
        self.0 += span.0;
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, span: SimDuration) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0 - earlier.0)
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl FromStr for SimTime {
    type Err = TimeError;

    /// Reads `2025-03-03`, `2025-03-03T09:30:00` or `2025-03-03 09:30:00.250`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Time(text.to_owned());
        // There is no time zone, and an offset must not get lost: the parser below would pass over `-05:00`.
        let has_minus = text.get(10..).is_some_and(|rest| rest.contains('-'));
        if text.ends_with(['Z', 'z']) || text.contains(['[', '+']) || has_minus {
            return Err(bad());
        }
        let civil = if text.len() <= 10 {
            text.parse::<Date>().map_err(|_| bad())?.to_datetime(Time::midnight())
        } else {
            text.parse::<DateTime>().map_err(|_| bad())?
        };
        if !(1700..2200).contains(&civil.year()) {
            return Err(TimeError::OutOfRange(text.to_owned()));
        }
        let zoned = civil.to_zoned(TimeZone::UTC).map_err(|_| bad())?;
        i64::try_from(zoned.timestamp().as_nanosecond())
            .map(Self)
            .map_err(|_| TimeError::OutOfRange(text.to_owned()))
    }
}

impl fmt::Display for SimTime {
    /// Writes `2025-03-03T09:30:00`, with as many decimals of the second as are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(civil) => f.pad(&civil.to_string()),
            None => write!(f, "{} ns", self.0),
        }
    }
}

const UNITS: [(&str, i64); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl FromStr for SimDuration {
    type Err = TimeError;

    /// Reads numbers with units, largest first or not: `250us`, `1.5s`, `6h30m`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Duration(text.to_owned());
        let mut rest = text.trim();
        let mut nanos: i128 = 0;
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let digits =
                rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            if unit.is_empty() && tail.is_empty() && !number.is_empty() && rest == text.trim() {
                return Err(TimeError::UnitMissing(number.to_owned()));
            }
            let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
            nanos += part_nanos(number, *scale).ok_or_else(bad)?;
            rest = tail.trim_start();
        }
        let longest = Self::from_secs(3_650 * 86_400);
        i64::try_from(nanos)
            .map(Self)
            .ok()
            .filter(|span| *span <= longest)
            .ok_or_else(|| TimeError::TooLong(text.to_owned()))
    }
}

/// Returns `number` units of `scale` nanoseconds, if that is an integer number of nanoseconds.
fn part_nanos(number: &str, scale: i64) -> Option<i128> {
    let number: super::Decimal = number.parse().ok()?;
    number.checked_mul(super::Decimal::new(i128::from(scale), 0))?.scaled(0)
}

impl fmt::Display for SimDuration {
    /// Writes the shortest exact form: `6h30m`, `250us`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        let mut rest = self.0.unsigned_abs();
        // Weeks are read but not written: "7d" is plainer than "1w" beside "8d".
        for (unit, scale) in UNITS.iter().skip(1) {
            let count = rest / scale.unsigned_abs();
            if count > 0 {
                text.push_str(&format!("{count}{unit}"));
                rest %= scale.unsigned_abs();
            }
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_people_do() {
        let time: SimTime = "2025-03-03T09:30:00".parse().unwrap();
        assert_eq!(time.nanos(), 1_740_994_200_000_000_000);
        assert_eq!(time.to_string(), "2025-03-03T09:30:00");
        assert_eq!("1999-01-04".parse::<SimTime>().unwrap().to_string(), "1999-01-04T00:00:00");
        for text in [
            "",
            "yesterday",
            "2025-02-30",
            "2025-03-03T09:30:00Z",
            "2025-03-03T09:30:00+01:00",
            "2025-03-03T09:30:00-05:00",
            "2025-03-03 09:30:00-0500",
            "2025-03-03T25:00:00",
            "1699-12-31",
            "2200-01-01",
        ] {
            assert!(text.parse::<SimTime>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("250us".parse(), Ok(SimDuration::from_micros(250)));
        assert_eq!("6h30m".parse(), Ok(SimDuration::from_secs(23_400)));
        assert_eq!("1.5s".parse(), Ok(SimDuration::from_millis(1_500)));
        assert_eq!("250".parse::<SimDuration>(), Err(TimeError::UnitMissing("250".into())));
        for text in ["", "us", "-1s", "1x", "1.5.2s", "0.1ns", "99999999999w", "3651d"] {
            assert!(text.parse::<SimDuration>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn durations_are_written_in_the_shortest_exact_form() {
        for text in ["6h30m", "250us", "1s500ms", "0s", "1d", "1ns"] {
            assert_eq!(text.parse::<SimDuration>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn floor_counts_from_the_epoch_in_both_directions() {
        let step = SimDuration::from_secs(60);
        assert_eq!(SimTime::from_nanos(90_000_000_000).floor_to(step).nanos(), 60_000_000_000);
        assert_eq!(SimTime::from_nanos(-1).floor_to(step).nanos(), -60_000_000_000);
    }
}
