//! [`PlainTime`]: a time in force without a date, in a byte.

use super::order::TimeInForce;

/// A time in force without a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainTime {
    Gtc,
    Day,
    Ioc,
    Fok,
    AtOpen,
    AtClose,
}

impl PlainTime {
    /// Returns a time in force in a byte, if it has no date.
    #[inline]
    pub(crate) const fn of(time: TimeInForce) -> Option<Self> {
        Some(match time {
            TimeInForce::Gtc => Self::Gtc,
            TimeInForce::Day => Self::Day,
            TimeInForce::Ioc => Self::Ioc,
            TimeInForce::Fok => Self::Fok,
            TimeInForce::AtOpen => Self::AtOpen,
            TimeInForce::AtClose => Self::AtClose,
            TimeInForce::Gtd(_) => return None,
        })
    }

    /// Returns it as terms have it.
    #[inline]
    pub(crate) const fn time_in_force(self) -> TimeInForce {
        match self {
            Self::Gtc => TimeInForce::Gtc,
            Self::Day => TimeInForce::Day,
            Self::Ioc => TimeInForce::Ioc,
            Self::Fok => TimeInForce::Fok,
            Self::AtOpen => TimeInForce::AtOpen,
            Self::AtClose => TimeInForce::AtClose,
        }
    }
}
