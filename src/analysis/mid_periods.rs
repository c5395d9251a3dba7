//! [`MidPeriods`]: a listing's mid and trades, period by period.

use super::metrics::market::MarketPeriod;
use super::sampling::Periods;

const DAY_NANOS: i64 = 86_400_000_000_000;

/// A period that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ended {
    pub(super) period: MarketPeriod,
    pub(super) end: i64,
    /// Whether the market was closed before it, or had no mid yet: then its return holds more, or less, than a
    /// period's.
    pub(super) after_break: bool,
}

/// Cuts what a listing's mid and trades do into periods.
///
/// While a side of the book is empty, trades stand for the mid, as they do where accounts are marked: a close that is
/// printed, or found in an auction, ends its day.
///
/// Periods without quotes and trades count where there are some before and after them on the same day: a quiet
/// market has returns of zero, a closed one has none.
#[derive(Debug)]
pub(super) struct MidPeriods {
    periods: Periods,
    /// The period at hand; none before the first mid.
    at_hand: Option<Ended>,
    last_at: i64,
    /// Whether the book has two sides.
    is_quoted: bool,
    /// The price of the last trade since the last mid.
    traded: Option<f64>,
}

impl MidPeriods {
    pub(super) const fn new(periods: Periods) -> Self {
        Self { periods, at_hand: None, last_at: 0, is_quoted: false, traded: None }
    }

    /// Ends the periods that end before `at`; times come in order.
    pub(super) fn roll(&mut self, at: i64, mut close: impl FnMut(&Ended)) {
        // A table that says more than its manifest must not cost more either.
        let at = at.clamp(self.periods.extent.start(), self.periods.extent.end());
        let same_day = self.last_at.div_euclid(DAY_NANOS) == at.div_euclid(DAY_NANOS);
        self.last_at = at;
        let Some(mut ended) = self.at_hand else { return };
        while ended.end < at {
            close(&ended);
            let (mid, next) = (ended.period.closing, ended.end.saturating_add(self.periods.interval));
            let end = if same_day { next } else { self.periods.end_of(at) };
            let period = MarketPeriod { opening: mid, closing: mid, ..MarketPeriod::default() };
            ended = Ended { period, end, after_break: end != next };
        }
        self.at_hand = Some(ended);
    }

    /// Takes a mid, or that a side is empty, at the time that was rolled to.
    pub(super) fn quote(&mut self, mid: Option<f64>) {
        self.is_quoted = mid.is_some();
        let traded = self.traded.take();
        let Some(mid) = mid else { return self.print(traded) };
        let end = self.periods.end_of(self.last_at);
        let period = MarketPeriod { opening: mid, ..MarketPeriod::default() };
        self.at_hand.get_or_insert(Ended { period, end, after_break: true }).period.closing = mid;
    }

    /// Takes a trade at a price, at the time that was rolled to; `signed` is its quantity, below zero of a sale, and
    /// zero where nobody was the aggressor.
    pub(super) fn trade(&mut self, price: f64, signed: f64, notional: f64) {
        if self.is_quoted {
            self.traded = Some(price);
        } else {
            self.print(Some(price));
        }
        if let Some(Ended { period, .. }) = &mut self.at_hand {
            period.signed_volume += signed;
            period.notional += notional;
        }
    }

    /// Takes what a trade says where there is no mid.
    const fn print(&mut self, price: Option<f64>) {
        if let (Some(price), Some(Ended { period, .. })) = (price, &mut self.at_hand) {
            period.closing = price;
        }
    }

    /// Returns the last period, which nothing ended.
    pub(super) const fn finish(self) -> Option<Ended> {
        self.at_hand
    }
}
