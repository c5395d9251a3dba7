//! Words of the market for the outside: phases, sides, intervals.

use bearpit_core::market::{Phase, Side};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::publication::CandleInterval;

/// A phase of a trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseName {
    /// Orders are collected; nothing is published.
    PreOpen,
    /// Orders are collected; the indicative price is published.
    OpeningAuction,
    /// Orders match as they arrive.
    Continuous,
    /// Trading is halted: orders can only be canceled.
    Halt,
    /// Orders are collected after a halt.
    ReopeningAuction,
    /// Orders are collected for the close.
    ClosingAuction,
    /// Orders can only be canceled, until the next session.
    Closed,
}

impl From<Phase> for PhaseName {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::PreOpen => Self::PreOpen,
            Phase::OpeningAuction => Self::OpeningAuction,
            Phase::Continuous => Self::Continuous,
            Phase::Halt => Self::Halt,
            Phase::ReopeningAuction => Self::ReopeningAuction,
            Phase::ClosingAuction => Self::ClosingAuction,
            Phase::Closed => Self::Closed,
        }
    }
}

/// The side of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideName {
    /// It buys.
    Buy,
    /// It sells.
    Sell,
}

impl From<Side> for SideName {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Buy,
            Side::Sell => Self::Sell,
        }
    }
}

impl From<SideName> for Side {
    fn from(name: SideName) -> Self {
        match name {
            SideName::Buy => Self::Buy,
            SideName::Sell => Self::Sell,
        }
    }
}

/// The interval of candles. All are counted from midnight in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum IntervalName {
    /// A second.
    #[serde(rename = "1s")]
    Second,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    QuarterHour,
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day.
    #[serde(rename = "1d")]
    Day,
}

impl IntervalName {
    /// Returns the interval of that name.
    #[must_use]
    pub const fn interval(self) -> CandleInterval {
        match self {
            Self::Second => CandleInterval::Second,
            Self::Minute => CandleInterval::Minute,
            Self::FiveMinutes => CandleInterval::FiveMinutes,
            Self::QuarterHour => CandleInterval::QuarterHour,
            Self::Hour => CandleInterval::Hour,
            Self::Day => CandleInterval::Day,
        }
    }
}

impl From<CandleInterval> for IntervalName {
    fn from(interval: CandleInterval) -> Self {
        match interval {
            CandleInterval::Second => Self::Second,
            CandleInterval::Minute => Self::Minute,
            CandleInterval::FiveMinutes => Self::FiveMinutes,
            CandleInterval::QuarterHour => Self::QuarterHour,
            CandleInterval::Hour => Self::Hour,
            CandleInterval::Day => Self::Day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_engine() {
        for phase in Phase::ALL {
            let word = serde_json::to_value(PhaseName::from(phase)).unwrap();
            assert_eq!(word, phase.name());
        }
        for interval in CandleInterval::ALL {
            let name = IntervalName::from(interval);
            assert_eq!(
                (serde_json::to_value(name).unwrap(), name.interval()),
                (interval.name().into(), interval)
            );
        }
        for side in Side::BOTH {
            assert_eq!(serde_json::to_value(SideName::from(side)).unwrap(), side.to_string());
        }
    }
}
