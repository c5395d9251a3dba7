//! [`MarketTime`]: an instant of virtual time, as it is shown outside.

use std::fmt;

use bearpit::data::Zone;
use bearpit_core::units::{SimDuration, SimTime};
use serde::{Serialize, Serializer};
use thiserror::Error;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An instant of virtual time with the clock of the market's zone.
///
/// It is written as of RFC 3339, with the zone's offset at that instant and as many decimals of the second
/// as are not zero, nine at most: `2025-03-03T09:30:00.25+01:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketTime {
    /// What the zone's clock shows.
    clock: SimTime,
    offset_secs: i64,
}

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no time such as 2025-03-03T09:30:00+01:00 or 2025-03-03T08:30:00Z")]
pub struct BadTime(pub String);

impl MarketTime {
    /// Makes one of an instant and the zone in which it is shown.
    #[must_use]
    pub fn new(at: SimTime, zone: &Zone) -> Self {
        let clock = zone.clock_at(at.nanos());
        Self { clock, offset_secs: (clock.nanos() - at.nanos()) / 1_000_000_000 }
    }

    /// Returns how far the zone's clock is ahead of UTC at the instant, as `+01:00`.
    #[must_use]
    pub fn offset(&self) -> String {
        let minutes = self.offset_secs.abs() / 60;
        let sign = if self.offset_secs < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Returns the instant.
    #[must_use]
    pub const fn instant(&self) -> SimTime {
        SimTime::from_nanos(self.clock.nanos().saturating_sub(self.offset_secs.saturating_mul(1_000_000_000)))
    }

    /// Writes the instant in UTC, as `2025-03-03T08:30:00.25Z`.
    #[must_use]
    pub fn in_utc(&self) -> String {
        format!("{}Z", self.instant())
    }
}

/// Reads an instant of RFC 3339. A space stands for a plus sign too, which is what becomes of one in a query
/// whose writer did not encode it.
///
/// # Errors
/// [`BadTime`] if it is none, or has no offset.
pub fn instant_of(text: &str) -> Result<SimTime, BadTime> {
    let bad = || BadTime(text.to_owned());
    if !text.is_ascii() || text.len() < "2025-03-03T09:30Z".len() {
        return Err(bad());
    }
    let (civil, offset_secs) = match text.strip_suffix(['Z', 'z']) {
        Some(civil) => (civil, 0),
        None => {
            let (civil, offset) = text.split_at(text.len() - "+01:00".len());
            (civil, seconds_of(offset).ok_or_else(bad)?)
        }
    };
    if !matches!(civil.as_bytes().get(10), Some(b'T' | b't')) {
        return Err(bad());
    }
    let clock: SimTime = civil.parse().map_err(|_| bad())?;
    Ok(clock - SimDuration::from_secs(offset_secs))
}

fn seconds_of(offset: &str) -> Option<i64> {
    let (sign, rest) = offset.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, below: i64| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number: &i64| is_plain && *number < below)
    };
    let seconds = number(hours, 24)? * 3_600 + number(minutes, 60)? * 60;
    match sign {
        "+" | " " => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

impl fmt::Display for MarketTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.clock, self.offset())
    }
}

impl Serialize for MarketTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for MarketTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant of the market's time, with the offset of its zone (RFC 3339)."))
            .examples(["2025-03-03T09:30:00.25+01:00"])
            .into()
    }
}

impl ToSchema for MarketTime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_by_the_clock_of_its_zone_and_read_back() {
        for (zone, instant, shown) in [
            ("UTC", "2025-03-03T09:30:00", "2025-03-03T09:30:00+00:00"),
            ("Europe/Madrid", "2025-03-03T08:30:00.25", "2025-03-03T09:30:00.25+01:00"),
            ("Europe/Madrid", "2025-07-03T08:30:00.000000001", "2025-07-03T10:30:00.000000001+02:00"),
            ("America/St_Johns", "2025-07-03T01:00:00", "2025-07-02T22:30:00-02:30"),
        ] {
            let at: SimTime = instant.parse().unwrap();
            let time = MarketTime::new(at, &Zone::named(zone).unwrap());
            assert_eq!(time.to_string(), shown);
            assert_eq!((time.instant(), time.in_utc()), (at, format!("{instant}Z")));
            assert_eq!(instant_of(shown), Ok(at));
            assert_eq!(instant_of(&shown.replace('+', " ")), Ok(at));
        }
        assert_eq!(instant_of("2025-03-03T08:30:00Z"), Ok("2025-03-03T08:30:00".parse().unwrap()));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2025-03-03",
            "2025-03-03T09:30:00",
            "2025-03-03 09:30:00+01:00",
            "2025-03-03T09:30:00+1:00",
            "2025-03-03T09:30:00+24:00",
            "2025-03-03T09:30:00+01:60",
            "2025-03-03T09:30:00*01:00",
            "2025-13-03T09:30:00Z",
            "2025-03-03T09:30:00Zé",
            "é025-03-03T09:30:00Z",
            "9999-03-03T09:30:00Z",
        ] {
            assert!(instant_of(text).is_err(), "{text}");
        }
    }
}
