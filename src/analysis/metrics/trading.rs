//! What an account did: orders, fills, slippage, exposure and round trips.

use super::Unit::{BasisPoints, Count, Currency, Ratio, Seconds, Share};
use super::series::ratio;
use super::{Metric, metric};

/// A mean of values by weight, one value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WeightedMean {
    sum: f64,
    weight: f64,
}

impl WeightedMean {
    /// Adds a value; one that is not finite, or weighs nothing, is left out.
    pub fn add(&mut self, value: f64, weight: f64) {
        if value.is_finite() && weight > 0.0 {
            self.sum += value * weight;
            self.weight += weight;
        }
    }

    /// Returns the mean; `None` without values.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        ratio(self.sum, self.weight)
    }
}

/// Round trips summed up: their net P&L, and how long they lasted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TripTotals {
    count: f64,
    wins: f64,
    gains: f64,
    losses: f64,
    mean: f64,
    /// Sum of squared deviations from the mean (Welford 1962).
    squares: f64,
    seconds: f64,
    worst: WeightedMean,
    best: WeightedMean,
}

impl TripTotals {
    /// Adds a trip by its P&L after fees, its duration, and the worst and best P&L on the way.
    pub fn add(&mut self, net: f64, seconds: f64, worst: f64, best: f64) {
        self.count += 1.0;
        self.wins += if net > 0.0 { 1.0 } else { 0.0 };
        self.gains += net.max(0.0);
        self.losses += net.min(0.0);
        let away = net - self.mean;
        self.mean += away / self.count;
        self.squares += away * (net - self.mean);
        self.seconds += seconds;
        self.worst.add(worst, 1.0);
        self.best.add(best, 1.0);
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then_some(self.mean)
    }

    fn deviation(&self) -> Option<f64> {
        ratio(self.squares, self.count - 1.0).map(f64::sqrt)
    }
}

/// Which tables of a run were not recorded, so that what depends on them is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Missing {
    /// `orders`.
    pub orders: bool,
    /// `fills`.
    pub fills: bool,
    /// `pnl`.
    pub marks: bool,
}

/// What an account did over a run, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TradingTotals {
    /// What is not known.
    pub missing: Missing,
    /// Fills.
    pub fills: f64,
    /// Sum of price times quantity of its fills.
    pub turnover: f64,
    /// Sum of their quantities.
    pub quantity: f64,
    /// The part of it in which it was the maker.
    pub made: f64,
    /// Orders that entered a venue's book.
    pub orders: f64,
    /// How often they were replaced.
    pub replaces: f64,
    /// The sum of their quantities.
    pub ordered: f64,
    /// How much of that was filled.
    pub filled: f64,
    /// Equity over time.
    pub equity: WeightedMean,
    /// Worth of all holdings, short ones counted as positive, as a share of equity, over time.
    pub gross_exposure: WeightedMean,
    /// Worth of all holdings, short ones negative, as a share of equity, over time.
    pub net_exposure: WeightedMean,
    /// One while anything is held, zero while not, over time.
    pub in_market: WeightedMean,
    /// By how much fills were worse than the mid before them, in basis points of it, by notional.
    pub slippage_mid: WeightedMean,
    /// By how much fills were better than the mid before them, in currency.
    pub spread_captured: f64,
    /// By how much fills were worse than the mid when their orders arrived at the venue with the terms at
    /// which they were filled, in basis points of it, by notional.
    pub slippage_arrival: WeightedMean,
    /// The deepest fall of equity below its highest before, in currency, at all marks.
    pub max_drawdown: Option<f64>,
    /// The deepest fall of equity below its highest before, as a share of that, at all marks.
    pub max_drawdown_share: Option<f64>,
    /// P&L realized before fees, by average cost.
    pub realized_average_cost: f64,
    /// P&L realized before fees, first in first out.
    pub realized_fifo: f64,
    /// What replayed bars took off the costs of fills, in currency.
    pub clamped: f64,
    /// Round trips, each from flat to flat.
    pub trips: TripTotals,
}

impl TradingTotals {
    /// Returns what needs fills alone.
    fn of_fills(&self, value: f64) -> Option<f64> {
        (!self.missing.fills).then_some(value)
    }

    /// Returns what needs fills and marks.
    fn of_marks(&self, value: Option<f64>) -> Option<f64> {
        value.filter(|_| !self.missing.fills && !self.missing.marks)
    }
}

/// Returns by how many basis points of `reference` a trade at `price` was worse for the side of `sign`.
#[must_use]
pub fn slippage_bps(sign: f64, price: f64, reference: f64) -> Option<f64> {
    ratio(sign * (price - reference) * 10_000.0, reference).filter(|_| reference > 0.0)
}

/// The system quality number: root(n) times mean over deviation of the P&L of n round trips (Tharp 2008),
/// with the sample deviation and n as it is. None of fewer than two trips, and where all brought the same.
#[must_use]
pub fn system_quality(trips: &TripTotals) -> Option<f64> {
    ratio(trips.mean()? * trips.count.sqrt(), trips.deviation()?)
}

const OWN: &str = "Bearpit";

/// The metrics over [`TradingTotals`].
pub static METRICS: &[Metric<TradingTotals>] = &[
    metric("turnover", Currency, "sum of price * quantity * multiplier of fills", OWN, |t| {
        t.of_fills(t.turnover)
    }),
    metric("turnover_ratio", Ratio, "turnover / mean equity over time", OWN, |t| {
        ratio(t.of_fills(t.turnover)?, t.equity.get().filter(|it| *it > 0.0)?)
    }),
    metric(
        "exposure_gross_mean",
        Share,
        "mean over time of sum of size of holdings at mark / equity, while equity is above 0",
        OWN,
        |t| t.gross_exposure.get(),
    ),
    metric(
        "exposure_net_mean",
        Share,
        "mean over time of sum of holdings at mark / equity, while equity is above 0",
        OWN,
        |t| t.net_exposure.get(),
    ),
    metric("time_in_market", Share, "time with a holding / all time", OWN, |t| t.in_market.get()),
    metric(
        "max_drawdown_currency",
        Currency,
        "lowest of equity - highest equity before, at every mark",
        OWN,
        |t| t.max_drawdown,
    ),
    metric(
        "max_drawdown_marks",
        Share,
        "lowest of equity / highest equity before - 1, at every mark, at least -1",
        OWN,
        |t| t.max_drawdown_share,
    ),
    metric(
        "realized_average_cost",
        Currency,
        "P&L of what was closed, by average cost, before fees",
        OWN,
        |t| t.of_fills(t.realized_average_cost),
    ),
    metric("realized_fifo", Currency, "P&L of what was closed, first in first out, before fees", OWN, |t| {
        t.of_fills(t.realized_fifo)
    }),
    metric(
        "clamped",
        Currency,
        "costs of replayed fills beyond the ranges of their bars, not charged; absent if there are none",
        OWN,
        |t| (t.clamped > 0.0).then_some(t.clamped),
    ),
    metric("maker_share", Share, "quantity filled as maker / quantity filled", OWN, |t| {
        ratio(t.made, t.quantity)
    }),
    metric(
        "fill_ratio",
        Share,
        "quantity filled / quantity ordered, of orders that a venue took",
        OWN,
        |t| ratio(t.filled, t.ordered),
    ),
    metric("order_to_trade_ratio", Ratio, "orders and replaces that a venue took / fills", OWN, |t| {
        ratio(t.orders + t.replaces, t.fills).filter(|_| !t.missing.orders)
    }),
    metric(
        "slippage_mid_bps",
        BasisPoints,
        "sign * (price - mid before the fill) / mid, mean by notional",
        "implementation shortfall, Perold 1988",
        |t| t.slippage_mid.get(),
    ),
    metric(
        "slippage_arrival_bps",
        BasisPoints,
        "sign * (price - mid when the order arrived with its last terms) / mid, mean by notional",
        "implementation shortfall, Perold 1988",
        |t| t.slippage_arrival.get(),
    ),
    metric("round_trips", Count, "trips from flat to flat", OWN, |t| t.of_fills(t.trips.count)),
    metric("hit_ratio_trips", Share, "trips with net P&L > 0 / trips", OWN, |t| {
        ratio(t.trips.wins, t.trips.count)
    }),
    metric("expectancy_trip", Currency, "mean net P&L of a trip", OWN, |t| t.trips.mean()),
    metric("profit_factor_trips", Ratio, "sum of gains / size of sum of losses of trips", OWN, |t| {
        ratio(t.trips.gains, -t.trips.losses)
    }),
    metric("sqn_trips", Ratio, "root(trips) * mean / sd of net P&L", "Tharp 2008", |t| {
        system_quality(&t.trips)
    }),
    metric("trip_duration_mean", Seconds, "mean time from entry to exit", OWN, |t| {
        ratio(t.trips.seconds, t.trips.count)
    }),
    metric(
        "mae_mean",
        Currency,
        "mean of the lowest P&L before fees of a trip on its way, at most 0",
        "maximum adverse excursion, Sweeney 1997",
        |t| t.of_marks(t.trips.worst.get()),
    ),
    metric(
        "mfe_mean",
        Currency,
        "mean of the highest P&L before fees of a trip on its way, at least 0",
        "maximum favorable excursion, Sweeney 1997",
        |t| t.of_marks(t.trips.best.get()),
    ),
];

#[cfg(test)]
mod tests {
    use super::super::Measures;
    use super::*;

    #[test]
    fn an_account_that_did_nothing_has_counts_and_no_ratios() {
        let measures = Measures::take(METRICS, &TradingTotals::default(), 252.0);
        let known: Vec<&str> =
            measures.iter().filter(|it| it.value.is_some()).map(|it| it.definition.key).collect();
        assert_eq!(known, ["turnover", "realized_average_cost", "realized_fifo", "round_trips"]);
    }

    #[test]
    fn trips_are_summed_up_as_their_list_would_be() {
        let nets = [120.0, -40.0, 60.0, -80.0, 10.0];
        let mut trips = TripTotals::default();
        for net in nets {
            trips.add(net, 30.0, net.min(0.0) - 5.0, net.max(0.0) + 5.0);
        }
        let totals = TradingTotals { trips, ..TradingTotals::default() };
        let measures = Measures::take(METRICS, &totals, 252.0);
        let close = |key: &str, value: f64| {
            let found = measures.get(key).unwrap();
            assert!((found - value).abs() < 1e-12 * value.abs(), "{key}: {found}, not {value}");
        };
        close("expectancy_trip", 14.0);
        close("hit_ratio_trips", 0.6);
        close("profit_factor_trips", 190.0 / 120.0);
        // Variance of 120, -40, 60, -80, 10 around 14: 25120 / 4.
        close("sqn_trips", 5.0_f64.sqrt() * 14.0 / 6_280.0_f64.sqrt());
        close("trip_duration_mean", 30.0);
        close("mae_mean", -29.0);
        close("mfe_mean", 43.0);
    }

    #[test]
    fn slippage_is_what_a_trade_was_worse_than_its_reference() {
        assert_eq!(slippage_bps(1.0, 101.0, 100.0), Some(100.0));
        assert_eq!(slippage_bps(-1.0, 101.0, 100.0), Some(-100.0));
        assert_eq!(slippage_bps(1.0, 101.0, 0.0), None);
    }
}
