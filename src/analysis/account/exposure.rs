//! [`Exposure`]: what an account has in the market, over time.

use crate::analysis::metrics::TradingTotals;
use crate::analysis::rows::account_rows::MarkRow;
use crate::analysis::series::extent::nanos;

/// What an account holds, and since when.
#[derive(Debug, Clone)]
pub(crate) struct Exposure {
    /// Position and worth, by instrument.
    held: Vec<(f64, f64)>,
    /// What a price of one is worth for each unit, by instrument.
    multipliers: Vec<f64>,
    equity: Option<f64>,
    since: Option<i64>,
}

impl Exposure {
    /// Begins with nothing held of instruments of which a price of one is worth so much for each unit.
    pub(crate) fn new(multipliers: Vec<f64>) -> Self {
        Self { held: vec![(0.0, 0.0); multipliers.len()], multipliers, equity: None, since: None }
    }

    /// Adds what has been held up to a row to the totals, and takes the row.
    pub(crate) fn observe(&mut self, row: &MarkRow, totals: &mut TradingTotals) {
        let span = self.since.map_or(0.0, |since| nanos(row.at.saturating_sub(since)));
        if let Some(equity) = self.equity.filter(|_| span > 0.0) {
            let is_held = self.held.iter().any(|(position, _)| *position != 0.0);
            totals.in_market.add(if is_held { 1.0 } else { 0.0 }, span);
            totals.equity.add(equity, span);
            if equity > 0.0 {
                let worth = self.held.iter().map(|(_, worth)| *worth);
                totals.gross_exposure.add(worth.clone().map(f64::abs).sum::<f64>() / equity, span);
                totals.net_exposure.add(worth.sum::<f64>() / equity, span);
            }
        }
        self.since = Some(row.at);
        self.equity = row.equity;
        let multiplier = self.multipliers.get(row.instrument).copied();
        if let Some(((held, position), multiplier)) =
            self.held.get_mut(row.instrument).zip(row.position).zip(multiplier)
        {
            *held = (position, position * row.mark.unwrap_or(0.0) * multiplier);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::metrics::{Measures, trading};

    #[test]
    fn exposure_is_weighted_by_time() {
        let mut totals = TradingTotals::default();
        let mut exposure = Exposure::new(vec![1.0, 2.0]);
        let row = |at, instrument, position, mark, equity| MarkRow {
            at,
            account: 0,
            instrument,
            position: Some(position),
            mark,
            equity: Some(equity),
        };
        exposure.observe(&row(0, 0, 0.0, None, 1_000.0), &mut totals);
        exposure.observe(&row(40, 0, 5.0, Some(100.0), 1_000.0), &mut totals);
        exposure.observe(&row(60, 1, -5.0, Some(25.0), 1_000.0), &mut totals);
        exposure.observe(&row(100, 1, 0.0, Some(25.0), 1_000.0), &mut totals);
        let measures = Measures::take(trading::METRICS, &totals, 252.0);
        assert_eq!(measures.get("time_in_market"), Some(0.6));
        assert_eq!(measures.get("exposure_gross_mean"), Some(0.5 * 0.2 + 0.75 * 0.4));
        assert_eq!(measures.get("exposure_net_mean"), Some(0.5 * 0.2 + 0.25 * 0.4));
    }
}
