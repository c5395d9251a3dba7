//! [`MidPeriods`]: a listing's mid and trades, period by period.

use std::mem;

use crate::analysis::metrics::market::MarketPeriod;
use crate::analysis::sampling::periods::{DAY_NANOS, Periods};

/// A period that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ended {
    pub(crate) period: MarketPeriod,
    pub(crate) end: i64,
    /// Whether the market was closed before it, or had no mid yet: then its return holds more, or less, than
    /// a period's.
    pub(crate) after_break: bool,
}

/// Cuts what a listing's mid and trades do into periods.
///
/// While a side of the book is empty, trades stand for the mid, as they do where accounts are marked: a close
/// that is printed, or found in an auction, ends its day.
///
/// Periods without quotes and trades count where there are some before and after them on the same day: a
/// quiet market has returns of zero, a closed one has none.
#[derive(Debug, Clone)]
pub(crate) struct MidPeriods {
    periods: Periods,
    /// The period at hand; none before the first mid.
    at_hand: Option<Ended>,
    last_at: i64,
    /// Whether the book has two sides.
    is_quoted: bool,
    /// The price of the last trade since the last mid.
    traded: Option<f64>,
    /// What was traded before the first mid, in the last period with trades.
    early: Early,
}

/// What was traded in a period before it had a mid: an opening auction, say.
#[derive(Debug, Clone, Copy, Default)]
struct Early {
    end: i64,
    signed_volume: f64,
    notional: f64,
}

impl MidPeriods {
    pub(crate) const fn new(periods: Periods) -> Self {
        let early = Early { end: 0, signed_volume: 0.0, notional: 0.0 };
        Self { periods, at_hand: None, last_at: 0, is_quoted: false, traded: None, early }
    }

    /// Ends the periods that end before `at`; times come in order.
    pub(crate) fn roll(&mut self, at: i64, mut close: impl FnMut(&Ended)) {
        // A table that says more than its manifest must not cost more either.
        let at = at.clamp(self.periods.extent.start(), self.periods.extent.end());
        let last_at = mem::replace(&mut self.last_at, at);
        let mut ended = match &self.at_hand {
            Some(at_hand) if at_hand.end < at => *at_hand,
            _ => return,
        };
        let same_day = last_at.div_euclid(DAY_NANOS) == at.div_euclid(DAY_NANOS);
        while ended.end < at {
            close(&ended);
            let (mid, next) = (ended.period.closing, ended.end.saturating_add(self.periods.interval));
            // A market that never closes has no break at midnight.
            let end = if same_day || next >= at { next } else { self.periods.end_after(at) };
            let period = MarketPeriod { opening: mid, closing: mid, ..MarketPeriod::default() };
            ended = Ended { period, end, after_break: end != next };
        }
        self.at_hand = Some(ended);
    }

    /// Takes a mid, or that a side is empty, at the time that was rolled to.
    pub(crate) fn quote(&mut self, mid: Option<f64>) {
        self.is_quoted = mid.is_some();
        let traded = self.traded.take();
        let Some(mid) = mid else { return self.print(traded) };
        if let Some(at_hand) = &mut self.at_hand {
            at_hand.period.closing = mid;
            return;
        }
        let end = self.periods.end_after(self.last_at);
        let (early, period) = (self.early, MarketPeriod { opening: mid, ..MarketPeriod::default() });
        let Early { signed_volume, notional, .. } = if early.end == end { early } else { Early::default() };
        let period = MarketPeriod { signed_volume, notional, closing: mid, ..period };
        self.at_hand = Some(Ended { period, end, after_break: true });
    }

    /// Takes a trade at a price, at the time that was rolled to; `signed` is its quantity, below zero of a
    /// sale, and zero where nobody was the aggressor.
    pub(crate) fn trade(&mut self, price: f64, signed: f64, notional: f64) {
        if self.is_quoted {
            self.traded = Some(price);
        } else {
            self.print(Some(price));
        }
        if let Some(Ended { period, .. }) = &mut self.at_hand {
            period.signed_volume += signed;
            period.notional += notional;
            return;
        }
        let end = self.periods.end_after(self.last_at);
        if self.early.end != end {
            self.early = Early { end, ..Early::default() };
        }
        self.early.signed_volume += signed;
        self.early.notional += notional;
    }

    /// Takes what a trade says where there is no mid.
    const fn print(&mut self, price: Option<f64>) {
        if let (Some(price), Some(Ended { period, .. })) = (price, &mut self.at_hand) {
            period.closing = price;
        }
    }

    /// Returns the last period, which nothing ended.
    pub(crate) const fn finish(self) -> Option<Ended> {
        self.at_hand
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Extent;
    use bearpit_core::units::SimTime;

    #[derive(Debug, Clone, Copy)]
    enum What {
        Mid(f64),
        Empty,
        Trade(f64),
    }

    /// Returns where each period of ten nanoseconds ended, and whether it came after a break.
    fn closings(steps: &[(i64, What)]) -> Vec<(i64, f64, bool)> {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(2 * DAY_NANOS));
        // `Periods::new` would lengthen intervals of which there are so many.
        let mut mids = MidPeriods::new(Periods { extent, interval: 10 });
        let mut ended = Vec::new();
        for (at, what) in steps {
            mids.roll(*at, |it| ended.push(*it));
            match what {
                What::Mid(mid) => mids.quote(Some(*mid)),
                What::Empty => mids.quote(None),
                What::Trade(price) => mids.trade(*price, 0.0, 0.0),
            }
        }
        ended.extend(mids.finish());
        ended.into_iter().map(|it| (it.end, it.period.closing, it.after_break)).collect()
    }

    #[test]
    fn periods_end_with_the_mid_or_while_a_side_is_empty_with_trades() {
        use What::{Empty, Mid, Trade};
        let next = DAY_NANOS + 4;
        for (steps, expected) in [
            // Trades between quotes move nothing.
            (vec![(1, Mid(1.0)), (2, Trade(7.0)), (12, Mid(2.0))], vec![(10, 1.0, true), (20, 2.0, false)]),
            // What was traded since the mid stands for it once a side is empty, and so do trades from then
            // on.
            (vec![(1, Mid(1.0)), (2, Trade(7.0)), (2, Empty)], vec![(10, 7.0, true)]),
            (vec![(1, Mid(1.0)), (2, Empty), (3, Trade(7.0)), (4, Trade(8.0))], vec![(10, 8.0, true)]),
            // A mid makes older trades forgotten.
            (
                vec![(1, Trade(9.0)), (2, Mid(1.0)), (3, Trade(7.0)), (4, Mid(2.0)), (5, Empty)],
                vec![(10, 2.0, true)],
            ),
            // A first mid at the start, or just as a period ends, begins the period after it: none has no
            // length.
            (vec![(0, Mid(1.0)), (12, Mid(2.0))], vec![(10, 1.0, true), (20, 2.0, false)]),
            (vec![(30, Mid(1.0)), (41, Mid(2.0))], vec![(40, 1.0, true), (50, 2.0, false)]),
            (
                vec![(1, Mid(1.0)), (DAY_NANOS + 10, Mid(2.0)), (DAY_NANOS + 21, Mid(3.0))],
                vec![(10, 1.0, true), (DAY_NANOS + 20, 2.0, true), (DAY_NANOS + 30, 3.0, false)],
            ),
            // Round the clock, midnight is no break.
            (
                vec![(DAY_NANOS - 5, Mid(1.0)), (DAY_NANOS + 10, Mid(2.0)), (DAY_NANOS + 11, Mid(3.0))],
                vec![(DAY_NANOS, 1.0, true), (DAY_NANOS + 10, 2.0, false), (DAY_NANOS + 20, 3.0, false)],
            ),
            // Before the first mid there is nothing; a quiet time has periods, a night a break.
            (vec![(1, Trade(9.0)), (2, Empty)], vec![]),
            (
                vec![(1, Mid(1.0)), (35, Mid(2.0))],
                vec![(10, 1.0, true), (20, 1.0, false), (30, 1.0, false), (40, 2.0, false)],
            ),
            (vec![(1, Mid(1.0)), (next, Mid(2.0))], vec![(10, 1.0, true), (DAY_NANOS + 10, 2.0, true)]),
        ] {
            assert_eq!(closings(&steps), expected, "{steps:?}");
        }
    }
}
