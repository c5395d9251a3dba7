//! [`WallTime`]: a moment of the world outside the market.

use std::fmt;
use std::time::Duration;

use bearpit_core::units::SimTime;
use serde::{Deserialize, Serialize};

/// A moment of the world outside the market: of logins, keys and payments. Trading has virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallTime(i64);

impl WallTime {
    /// Makes one of nanoseconds since 1970 in UTC.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Makes one of the time since 1970 in UTC; it ends in 2262.
    #[must_use]
    pub fn since_epoch(since: Duration) -> Self {
        Self(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Returns the nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Returns the moment a while later; that of the end of time if there is none.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// Returns how long it is from this moment until a later one; zero if that is not later.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_nanos(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

impl fmt::Display for WallTime {
    /// Writes it as RFC 3339 has it, in UTC to the millisecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.div_euclid(1_000_000);
        f.pad(&format!("{}Z", SimTime::from_nanos(millis * 1_000_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_others_read_it() {
        assert_eq!(WallTime::from_nanos(1_764_424_799_123_456_789).to_string(), "2025-11-29T13:59:59.123Z");
        assert_eq!(WallTime::from_nanos(1_764_424_799_000_000_001).to_string(), "2025-11-29T13:59:59Z");
    }

    #[test]
    fn a_span_until_an_earlier_moment_is_none() {
        let (early, late) = (WallTime::from_nanos(5), WallTime::from_nanos(8));
        assert_eq!((early.until(late), late.until(early)), (Duration::from_nanos(3), Duration::ZERO));
    }
}
