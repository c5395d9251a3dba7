//! [`Candle`]: the trades of one interval; [`CandleSeries`]: those of one listing and interval, as they come.

use bearpit_core::units::{Money, Price, Quantity, SimDuration, SimTime};
use serde::{Deserialize, Serialize};

use super::log::{LogWriter, Retention};

/// The intervals of candles. All are counted from midnight of virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandleInterval {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// A quarter of an hour.
    QuarterHour,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl CandleInterval {
    /// All intervals, the shortest first.
    pub const ALL: [Self; 6] =
        [Self::Second, Self::Minute, Self::FiveMinutes, Self::QuarterHour, Self::Hour, Self::Day];

    /// Returns its usual name, such as `15m`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "1s",
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    /// Returns the interval of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }

    /// Returns its length.
    #[must_use]
    pub const fn length(self) -> SimDuration {
        SimDuration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        })
    }

    /// Returns how many closed candles are kept in memory, at least: an hour of seconds, a day of minutes, a
    /// week of five minutes, a month of quarters and hours, a year of days.
    #[must_use]
    pub const fn kept(self) -> u64 {
        match self {
            Self::Second => 3_600,
            Self::Minute => 1_440,
            Self::FiveMinutes => 2_016,
            Self::QuarterHour => 2_976,
            Self::Hour => 744,
            Self::Day => 366,
        }
    }

    /// Returns its place in [`CandleInterval::ALL`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// The trades of one interval. An interval without trades has no candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// When the interval begins, included.
    pub start: SimTime,
    /// The first price.
    pub open: Price,
    /// The highest.
    pub high: Price,
    /// The lowest.
    pub low: Price,
    /// The last.
    pub close: Price,
    /// The sum of the quantities.
    pub volume: Quantity,
    /// The sum of price times quantity, exactly.
    pub notional: Money,
    /// How many trades.
    pub trades: u64,
}

/// What a trade adds to a candle.
#[derive(Debug, Clone, Copy)]
pub struct Addition {
    /// When.
    pub at: SimTime,
    /// The price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// Price times quantity.
    pub notional: Money,
}

impl Candle {
    /// Begins one with its first trade.
    #[must_use]
    pub const fn begin(start: SimTime, trade: &Addition) -> Self {
        let Addition { price, quantity, notional, .. } = *trade;
        Self {
            start,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: quantity,
            notional,
            trades: 1,
        }
    }

    /// Adds a trade.
    pub fn add(&mut self, trade: &Addition) {
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.close = trade.price;
        self.volume = Quantity::new(self.volume.lots().saturating_add(trade.quantity.lots()));
        self.notional += trade.notional;
        self.trades += 1;
    }
}

/// A closed candle, and the number of its last update, which closed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClosedCandle {
    pub(super) number: u64,
    pub(super) candle: Candle,
}

/// How far the candles of one interval have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct CandleProgress {
    /// The number of the next update: each trade is one, and each close.
    pub(super) next: u64,
    /// How many candles have closed.
    pub(super) closed: u64,
    /// The candle of the interval at hand.
    pub(super) current: Option<Candle>,
}

/// The candles of one listing and interval, as they come.
#[derive(Debug)]
pub(super) struct CandleSeries {
    interval: CandleInterval,
    progress: CandleProgress,
    closed: LogWriter<ClosedCandle>,
}

const BLOCK: u64 = 64;

impl CandleSeries {
    /// Makes a series that goes on where another ended; `kept` are its last closed candles.
    pub(super) fn resume(
        interval: CandleInterval,
        progress: CandleProgress,
        kept: impl ExactSizeIterator<Item = ClosedCandle>,
    ) -> Self {
        let retention = Retention { span: None, items_max: interval.kept(), block: BLOCK };
        let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        let mut closed = LogWriter::new(progress.closed.saturating_sub(count), retention);
        kept.for_each(|candle| {
            closed.push(candle.candle.start, candle);
        });
        closed.commit();
        Self { interval, progress, closed }
    }

    /// Returns the writing end of the closed ones.
    pub(super) const fn closed(&mut self) -> &mut LogWriter<ClosedCandle> {
        &mut self.closed
    }

    /// Returns how far it has come.
    pub(super) const fn progress(&self) -> CandleProgress {
        self.progress
    }

    /// Adds a trade, and returns the candle that had ended before it, if one had.
    pub(super) fn add(&mut self, trade: &Addition) -> Option<Candle> {
        let ended = self.close(trade.at);
        match &mut self.progress.current {
            Some(candle) => candle.add(trade),
            None => {
                let start = trade.at.floor_to(self.interval.length());
                self.progress.current = Some(Candle::begin(start, trade));
            }
        }
        self.progress.next += 1;
        ended
    }

    /// Closes the candle if its interval has ended by `now`, and returns it then.
    pub(super) fn close(&mut self, now: SimTime) -> Option<Candle> {
        let length = self.interval.length();
        let candle = self.progress.current.take_if(|candle| candle.start.saturating_add(length) <= now)?;
        self.closed.push(candle.start, ClosedCandle { number: self.progress.next, candle });
        self.progress.next += 1;
        self.progress.closed += 1;
        Some(candle)
    }
}
