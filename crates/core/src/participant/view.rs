//! The market data that a feed serves: touch, last trade and phase of a listing, now and in the recent past.

use std::collections::VecDeque;

use crate::market::{Phase, Quote};
use crate::units::{Price, Quantity, SimDuration, SimTime};

/// The market data of one listing, as an actor reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MarketView {
    /// The touch.
    pub quote: Quote,
    /// Price and quantity of the last trade, if there was one.
    pub last_trade: Option<(Price, Quantity)>,
    /// The phase.
    pub phase: Phase,
    /// In an auction: the price and volume at which it would end now, if anything would trade.
    pub indicative: Option<(Price, Quantity)>,
}

impl MarketView {
    /// Returns the mid in ticks, or the last trade's price where a side is empty, if there was one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "prices are below 2^41 ticks")]
    pub fn mid_or_last_ticks(&self) -> Option<f64> {
        self.quote.mid_ticks().or_else(|| self.last_trade.map(|(price, _)| price.ticks() as f64))
    }
}

/// The recent past of one listing: only as much as the slowest feed lags behind.
#[derive(Debug)]
pub(super) struct History {
    /// In order of time; the first entry holds for all that is earlier.
    states: VecDeque<(SimTime, MarketView)>,
}

impl History {
    pub(super) fn new() -> Self {
        Self { states: VecDeque::from([(SimTime::from_nanos(i64::MIN), MarketView::default())]) }
    }

    /// Returns the present state.
    pub(super) fn latest(&self) -> MarketView {
        self.states.back().map(|(_, view)| *view).unwrap_or_default()
    }

    /// Returns the state as of `time`.
    pub(super) fn at(&self, time: SimTime) -> MarketView {
        // Where nothing has changed since then, as is mostly so, the latest.
        if let Some((since, view)) = self.states.back()
            && *since <= time
        {
            return *view;
        }
        let after = self.states.partition_point(|(since, _)| *since <= time);
        // A slow feed that joined late may reach back further than is kept: it sees the oldest state.
        self.states.get(after.saturating_sub(1)).map(|(_, view)| *view).unwrap_or_default()
    }

    /// Adds a change at `now`, and drops states that no feed can see any more.
    pub(super) fn change(
        &mut self,
        now: SimTime,
        horizon: SimDuration,
        change: impl FnOnce(&mut MarketView),
    ) {
        if horizon.is_zero()
            && let [(since, latest)] = self.states.make_contiguous()
        {
            // No feed lags behind: there is no past to keep.
            *since = now;
            return change(latest);
        }
        let mut view = self.latest();
        change(&mut view);
        match self.states.back_mut() {
            Some((since, latest)) if *since == now => *latest = view,
            _ => self.states.push_back((now, view)),
        }
        let oldest_visible = now - horizon;
        while self.states.get(1).is_some_and(|(since, _)| *since <= oldest_visible) {
            self.states.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_kept_as_long_as_a_feed_can_lag_and_no_longer() {
        let mut history = History::new();
        let at = SimTime::from_nanos;
        for nanos in 1..=1_000 {
            let trade = Some((Price::new(nanos), Quantity::new(1)));
            history.change(at(nanos), SimDuration::from_nanos(10), |view| view.last_trade = trade);
        }
        for lag in 0..=10 {
            assert_eq!(
                history.at(at(1_000 - lag)).last_trade,
                Some((Price::new(1_000 - lag), Quantity::new(1)))
            );
        }
        assert!(history.states.len() <= 11, "{}", history.states.len());
    }
}
