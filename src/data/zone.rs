//! [`Zone`]: from instants and civil times to the clock of a run.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use thiserror::Error;

use super::stamp::Stamp;
use bearpit_core::units::SimTime;

/// A time zone by its name: `UTC`, or one of the IANA database, such as `America/New_York`.
///
/// The database is that of the program, not of the machine, so that a run is the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// `None` is UTC, for which nothing has to be looked up.
    zone: Option<TimeZone>,
}

/// There is no zone of this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a time zone; write UTC, a name such as America/New_York, or an offset such as -05:00")]
pub struct UnknownZone(String);

/// Why a civil time has no place on the clock of a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockError {
    /// Clocks went forward over it.
    #[error("does not exist in {0}: clocks went forward over it")]
    Skipped(String),
    /// It lies beyond the years of virtual time.
    #[error("is out of range: virtual time runs from 1700 to 2199")]
    OutOfRange,
}

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self::utc()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl Zone {
    /// Returns UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: None }
    }

    /// Finds a zone by its name, or makes one of an offset such as `+02:00`.
    ///
    /// # Errors
    /// If there is none of that name.
    ///
    /// ```
    /// use bearpit::data::Zone;
    ///
    /// assert_eq!(Zone::named("america/new_york")?.to_string(), "America/New_York");
    /// assert_eq!(Zone::named("-0500")?.to_string(), "-05:00");
    /// assert!(Zone::named("Mars/Olympus").is_err());
    /// # Ok::<(), bearpit::data::UnknownZone>(())
    /// ```
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("z") {
            return Ok(Self::utc());
        }
        let zone = match super::stamp::offset_seconds(name) {
            Some(seconds) => {
                let offset = jiff::tz::Offset::from_seconds(seconds).ok();
                offset.map(|offset| Self { name: offset_name(seconds), zone: Some(TimeZone::fixed(offset)) })
            }
            None => TimeZone::get(name).ok().map(|zone| {
                let name = zone.iana_name().unwrap_or(name).to_owned();
                Self { name, zone: Some(zone) }
            }),
        };
        zone.ok_or_else(|| UnknownZone(name.to_owned()))
    }

    /// Returns what the zone's clock shows at an instant, in nanoseconds since 1970 in UTC.
    #[must_use]
    pub fn clock_at(&self, nanos: i64) -> SimTime {
        let Some(zone) = &self.zone else { return SimTime::from_nanos(nanos) };
        let offset = jiff::Timestamp::from_nanosecond(i128::from(nanos))
            .map_or(0, |stamp| i64::from(zone.to_offset(stamp).seconds()));
        SimTime::from_nanos(nanos.saturating_add(offset * 1_000_000_000))
    }

    /// Returns the instant, in nanoseconds since 1970 in UTC, at which the zone's clock shows a time; the
    /// first of two, and, of a time over which clocks went forward, that at which they did.
    #[must_use]
    pub fn instant_of(&self, clock: SimTime) -> i64 {
        let flow = Flow { is_descending: false, previous: None };
        self.instant(clock.nanos(), true, flow).unwrap_or_else(|_| clock.nanos())
    }

    /// Returns the instant, in nanoseconds since 1970 in UTC, at which the zone's clock shows a civil time.
    ///
    /// Of a time that is shown twice, since clocks went back, that is taken which comes next in the order of
    /// the file: the first, unless that would not come after `previous`. A date alone that begins late, since
    /// clocks went forward at midnight, begins when it begins.
    ///
    /// # Errors
    /// If clocks went forward over it.
    fn instant(&self, civil: i64, is_date: bool, flow: Flow) -> Result<i64, ClockError> {
        let Some(zone) = &self.zone else { return Ok(civil) };
        let second = |offset: jiff::tz::Offset| civil - i64::from(offset.seconds()) * 1_000_000_000;
        match zone.to_ambiguous_timestamp(date_time(civil)?).offset() {
            AmbiguousOffset::Unambiguous { offset } => Ok(second(offset)),
            AmbiguousOffset::Gap { before, .. } if is_date => Ok(last_change(zone, second(before))),
            AmbiguousOffset::Gap { .. } => Err(ClockError::Skipped(self.name.clone())),
            AmbiguousOffset::Fold { before, after } => {
                let (first, last) = (second(before), second(after));
                Ok(match flow {
                    Flow { is_descending: false, previous } if previous.is_some_and(|it| it >= first) => last,
                    Flow { is_descending: false, .. } => first,
                    Flow { is_descending: true, previous } if previous.is_some_and(|it| it <= last) => first,
                    Flow { is_descending: true, .. } => last,
                })
            }
        }
    }
}

/// Returns when the clocks of a zone last went forward or back, at or before an instant.
fn last_change(zone: &TimeZone, instant: i64) -> i64 {
    let after = jiff::Timestamp::from_nanosecond(i128::from(instant) + 1);
    let change = after.ok().and_then(|after| zone.preceding(after).next());
    let nanos = change.map(|change| change.timestamp().as_nanosecond());
    nanos.and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(instant)
}

/// Where in the order of a file a time stands.
#[derive(Debug, Clone, Copy)]
struct Flow {
    is_descending: bool,
    /// The instant of the row before.
    previous: Option<i64>,
}

fn date_time(civil: i64) -> Result<DateTime, ClockError> {
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(civil)).map_err(|_| ClockError::OutOfRange)?;
    Ok(stamp.to_zoned(TimeZone::UTC).datetime())
}

/// Writes an offset as ISO 8601 does.
pub(super) fn offset_name(seconds: i32) -> String {
    let (hours, rest) = (seconds.abs() / 3_600, seconds.abs() % 3_600);
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{hours:02}:{:02}", rest / 60)
}

/// Converts the times of a file to the clock of a run.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Of times without an offset.
    file: Option<Zone>,
    run: Zone,
    /// Whether conversion changes anything.
    is_same: bool,
    flow: Flow,
}

impl Clock {
    pub(super) fn new(file: Option<&Zone>, run: &Zone, is_descending: bool) -> Self {
        let is_same = file.is_none_or(|file| file == run);
        let flow = Flow { is_descending, previous: None };
        Self { file: file.cloned(), run: run.clone(), is_same, flow }
    }

    /// Converts a time; what clocks show twice is told apart by the order of rows.
    pub(super) fn convert(&mut self, stamp: Stamp) -> Result<SimTime, ClockError> {
        let instant = match (stamp, &self.file) {
            (Stamp::Civil { nanos, .. }, _) if self.is_same => return Ok(SimTime::from_nanos(nanos)),
            (Stamp::Civil { nanos, .. }, None) => return Ok(SimTime::from_nanos(nanos)),
            (Stamp::Civil { nanos, is_date }, Some(zone)) => zone.instant(nanos, is_date, self.flow)?,
            (Stamp::Instant { nanos, .. }, _) => nanos,
        };
        self.flow.previous = Some(instant);
        Ok(self.run.clock_at(instant))
    }
}
