//! [`ReplayBar`]: one row of a file, on the instrument's ticks and lots.

use std::sync::Arc;

use thiserror::Error;

use super::actions::ReplayAction;
use super::days::Days;
use super::rules::{FillRules, PathRule};
use crate::market::{Instrument, SplitRatio};
use crate::process::HistoricalBar;
use crate::units::{Price, Quantity, SimDuration, SimTime};

/// One bar of a replayed listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayBar {
    /// When it begins.
    pub start: SimTime,
    /// When it ends; after `start`, and not after the next bar's start.
    pub end: SimTime,
    /// The first price.
    pub open: Price,
    /// The highest.
    pub high: Price,
    /// The lowest.
    pub low: Price,
    /// The last.
    pub close: Price,
    /// What was traded; absent if the file does not know it.
    pub volume: Option<Quantity>,
}

/// Says why a row of a file is no bar of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReplayBarError {
    /// A price is below the instrument's lowest, or beyond 2^40 ticks.
    #[error(
        "a price of the bar of {0} is off the instrument's range: it rounds to no tick that may be traded"
    )]
    Price(SimTime),
    /// The volume is above 2^40 lots.
    #[error("the volume of the bar of {0} is above 2^40 lots")]
    Volume(SimTime),
}

/// What a listing replays, and by which rules.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayConfig {
    /// The bars, in order of time.
    pub bars: Arc<Vec<ReplayBar>>,
    /// Splits and dividends, in order of time; at one bar, dividends first.
    pub actions: Arc<[ReplayAction]>,
    /// How many bars from before the start are shown to those who subscribe to bars.
    pub warmup: usize,
    /// How long after its beginning a bar opens.
    pub call: SimDuration,
    /// Which bars begin and end a day (rule 11).
    pub days: Days,
    /// Finer bars of the same instrument, in order of time, which are the path within the bars (rule 2);
    /// mostly none.
    pub finer: Arc<Vec<ReplayBar>>,
    /// How orders fill.
    pub rules: FillRules,
}

impl ReplayConfig {
    /// Replays bars, whose days are calendar dates, by the default rules; a bar opens so long after its
    /// beginning.
    #[must_use]
    pub fn new(bars: Vec<ReplayBar>, call: SimDuration) -> Self {
        let (days, rules) = (Days::by_date(&bars), FillRules::default());
        Self {
            bars: bars.into(),
            actions: Arc::default(),
            warmup: 0,
            call,
            days,
            finer: Arc::default(),
            rules,
        }
    }

    /// Returns the shortest time between the beginnings of two bars; that of a single bar is its length.
    #[must_use]
    pub fn spacing(&self) -> SimDuration {
        let between = self.bars.windows(2).map(|pair| pair[1].start - pair[0].start).min();
        let only = self.bars.first().map(|bar| bar.end - bar.start);
        between.or(only).unwrap_or(SimDuration::ZERO)
    }
}

/// Returns open, high, low and close in the order of a path: of the extremes, the nearer to the open first,
/// and the high where both are equally near.
#[must_use]
pub fn nearer_first([open, high, low, close]: [Price; 4]) -> [Price; 4] {
    if high - open <= open - low { [open, high, low, close] } else { [open, low, high, close] }
}

impl ReplayBar {
    /// Puts a row of a file on an instrument's ticks and lots; the bar lasts from `start` to `end`.
    ///
    /// # Errors
    /// [`ReplayBarError`] if a price or the volume is out of range.
    pub fn of_row(
        row: &HistoricalBar,
        instrument: &Instrument,
        start: SimTime,
        end: SimTime,
    ) -> Result<Self, ReplayBarError> {
        let price = |value| {
            let on_tick = instrument.nearest_price(value).filter(|price| instrument.allows(*price));
            on_tick.ok_or(ReplayBarError::Price(row.time))
        };
        let volume = row.volume.map(|volume| {
            let lots = instrument.whole_lots_within(volume);
            let is_beyond =
                volume > 0.0 && lots.is_zero() && instrument.quantity_f64(Quantity::new(1)) <= volume;
            if is_beyond { Err(ReplayBarError::Volume(row.time)) } else { Ok(lots) }
        });
        Ok(Self {
            start,
            end,
            open: price(row.open)?,
            high: price(row.high)?,
            low: price(row.low)?,
            close: price(row.close)?,
            volume: volume.transpose()?,
        })
    }

    /// Returns the bar as it would have been after a split: prices to the nearest tick, the volume down to
    /// whole lots.
    pub(super) fn after_split(&self, ratio: SplitRatio) -> Self {
        let [open, high, low, close] = ratio.nearest_prices([self.open, self.high, self.low, self.close]);
        let volume = self.volume.map(|volume| ratio.quantity(volume));
        Self { open, high, low, close, volume, ..*self }
    }

    /// Returns the four prices in the order in which the path has them (rule 2).
    pub(super) fn path(&self, rule: PathRule) -> [Price; 4] {
        let path = nearer_first([self.open, self.high, self.low, self.close]);
        match rule {
            PathRule::Nearer | PathRule::Worst => path,
            PathRule::Farther => [path[0], path[2], path[1], path[3]],
        }
    }
}
