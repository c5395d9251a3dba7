//! [`Statistics`] of the last 24 hours, exact to the minute.

use std::collections::VecDeque;

use bearpit_core::units::{Money, Price, Quantity, SimDuration, SimTime};

use super::candle::{Addition, Candle};

/// The trades of the last 24 hours of virtual time: of the minute at hand and the 1,439 before it.
///
/// Prices are absent where nothing has traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// The first price in the window.
    pub open: Option<Price>,
    /// The highest.
    pub high: Option<Price>,
    /// The lowest.
    pub low: Option<Price>,
    /// The last price of all, in the window or before.
    pub last: Option<Price>,
    /// The sum of the quantities.
    pub volume: Quantity,
    /// The sum of price times quantity, exactly.
    pub notional: Money,
    /// How many trades.
    pub trades: u64,
}

/// How many minutes the window has.
const MINUTES: i64 = 1_440;
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// The window as it rolls. At most as many minutes are kept as it has.
#[derive(Debug, Clone, Default)]
pub(super) struct RollingStatistics {
    /// The minutes of the window that have trades.
    minutes: VecDeque<Candle>,
    /// The minutes that may still become the highest, each higher than all that follow it.
    highs: VecDeque<Extreme>,
    /// The minutes that may still become the lowest, each lower than all that follow it.
    lows: VecDeque<Extreme>,
    last: Option<Price>,
    /// Wide, so that no sum can overflow.
    volume: u128,
    notional: Money,
    trades: u64,
}

#[derive(Debug, Clone, Copy)]
struct Extreme {
    minute: SimTime,
    price: Price,
}

/// Adds a price to the extremes: those that it beats can never count again.
fn note(extremes: &mut VecDeque<Extreme>, new: Extreme, beats: impl Fn(Price) -> bool) {
    while extremes.back().is_some_and(|extreme| beats(extreme.price)) {
        extremes.pop_back();
    }
    if extremes.back().is_none_or(|extreme| extreme.minute != new.minute) {
        extremes.push_back(new);
    }
}

impl RollingStatistics {
    /// Takes up what another has left.
    pub(super) fn resume(last: Option<Price>, minutes: impl IntoIterator<Item = Candle>) -> Self {
        let mut resumed = Self { last, ..Self::default() };
        for minute in minutes {
            resumed.note(minute.start, minute.high);
            resumed.note(minute.start, minute.low);
            resumed.count(&minute);
            resumed.minutes.push_back(minute);
        }
        resumed
    }

    /// Returns the minutes with trades in the window, as of the last trade or [`RollingStatistics::roll`].
    pub(super) const fn minutes(&self) -> &VecDeque<Candle> {
        &self.minutes
    }

    /// Adds a trade.
    pub(super) fn add(&mut self, trade: &Addition) {
        self.roll(trade.at);
        let start = trade.at.floor_to(MINUTE);
        self.note(start, trade.price);
        let added = Candle::begin(start, trade);
        self.count(&added);
        match self.minutes.back_mut().filter(|minute| minute.start == start) {
            Some(minute) => minute.add(trade),
            None => self.minutes.push_back(added),
        }
        self.last = Some(trade.price);
    }

    /// Drops what lies before the window that ends now.
    pub(super) fn roll(&mut self, now: SimTime) {
        let first = now.floor_to(MINUTE).nanos().saturating_sub((MINUTES - 1) * MINUTE.nanos());
        let is_over = |minute: SimTime| minute.nanos() < first;
        while let Some(minute) = self.minutes.pop_front_if(|minute| is_over(minute.start)) {
            self.volume -= u128::from(minute.volume.lots());
            self.notional -= minute.notional;
            self.trades -= minute.trades;
        }
        for extremes in [&mut self.highs, &mut self.lows] {
            while extremes.pop_front_if(|extreme| is_over(extreme.minute)).is_some() {}
        }
    }

    /// Returns the statistics of the window.
    pub(super) fn statistics(&self) -> Statistics {
        Statistics {
            open: self.minutes.front().map(|minute| minute.open),
            high: self.highs.front().map(|extreme| extreme.price),
            low: self.lows.front().map(|extreme| extreme.price),
            last: self.last,
            volume: Quantity::new(u64::try_from(self.volume).unwrap_or(u64::MAX)),
            notional: self.notional,
            trades: self.trades,
        }
    }

    fn note(&mut self, minute: SimTime, price: Price) {
        let new = Extreme { minute, price };
        note(&mut self.highs, new, |other| other <= price);
        note(&mut self.lows, new, |other| other >= price);
    }

    fn count(&mut self, added: &Candle) {
        self.volume += u128::from(added.volume.lots());
        self.notional += added.notional;
        self.trades += added.trades;
    }
}
