//! What a market was like: spread, depth, volatility, volume, and what trades cost and moved.

use super::Unit::{BasisPoints, Count, Currency, Price, PricePerQuantity, Quantity, Share, SharePerMillion};
use super::series::ratio;
use super::trading::WeightedMean;
use super::{Metric, metric};

/// Sums for the slope of a straight line of y over x.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Slope {
    count: f64,
    mean: (f64, f64),
    squares: f64,
    products: f64,
}

impl Slope {
    /// Adds a point.
    pub fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let away = x - self.mean.0;
        self.mean.0 += away / self.count;
        self.mean.1 += (y - self.mean.1) / self.count;
        self.squares += away * (x - self.mean.0);
        self.products += away * (y - self.mean.1);
    }

    /// Returns the slope by least squares; `None` for fewer than two points, and where x never changes.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        ratio(self.products, self.squares)
    }
}

/// One period of a market: what its mid did, and what was traded.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MarketPeriod {
    /// The mid when it began, or the last trade where a side of the book was empty.
    pub opening: f64,
    /// The mid when it ended, likewise.
    pub closing: f64,
    /// What was bought less what was sold, by the aggressors.
    pub signed_volume: f64,
    /// The sum of price times quantity.
    pub notional: f64,
}

impl MarketPeriod {
    /// Returns the log return of the mid; none where a mid is not above zero.
    #[must_use]
    pub fn log_return(&self) -> Option<f64> {
        // The ratio of two negative prices is above zero, and its logarithm would be no return.
        let growth = ratio(self.closing, self.opening).filter(|_| self.opening > 0.0);
        growth.filter(|growth| *growth > 0.0).map(libm::log)
    }
}

/// A listing over a run, summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarketTotals {
    /// Whether trades were not recorded, so that what depends on them is unknown.
    pub lacks_trades: bool,
    /// Trades.
    pub trades: f64,
    /// Sum of their quantities.
    pub volume: f64,
    /// Sum of price times quantity, and times the multiplier.
    pub notional: f64,
    /// What a price of one is worth for each unit.
    pub multiplier: f64,
    /// Best ask less best bid, over time.
    pub spread: Option<f64>,
    /// The same in basis points of the mid, over time.
    pub spread_bps: Option<f64>,
    /// The mean of the sizes at the best bid and ask, over time.
    pub depth: Option<f64>,
    /// Twice the distance of trades from the mid before them, in basis points of it, by notional.
    pub effective_spread: WeightedMean,
    /// Twice the distance of trades from the mid a minute later.
    pub realized_spread: WeightedMean,
    /// Twice the way of the mid within a minute of a trade, in the trade's direction.
    pub price_impact: WeightedMean,
    /// Whether a mid was at or below zero: then there are no log returns.
    pub has_no_logs: bool,
    squares: WeightedMean,
    illiquidity: WeightedMean,
    lambda: Slope,
    /// With how many periods of a year volatility is annualised.
    pub periods_per_year: f64,
}

impl Default for MarketTotals {
    fn default() -> Self {
        Self {
            lacks_trades: false,
            trades: 0.0,
            volume: 0.0,
            notional: 0.0,
            multiplier: 1.0,
            spread: None,
            spread_bps: None,
            depth: None,
            effective_spread: WeightedMean::default(),
            realized_spread: WeightedMean::default(),
            price_impact: WeightedMean::default(),
            has_no_logs: false,
            squares: WeightedMean::default(),
            illiquidity: WeightedMean::default(),
            lambda: Slope::default(),
            periods_per_year: 0.0,
        }
    }
}

impl MarketTotals {
    /// Begins, with periods of which so many make a year.
    #[must_use]
    pub fn new(periods_per_year: f64) -> Self {
        Self { periods_per_year, ..Self::default() }
    }

    /// Returns what needs returns: nothing where a mid was at or below zero, since what is left of the
    /// periods would be another market.
    fn of_returns(&self, value: Option<f64>) -> Option<f64> {
        value.filter(|_| !self.has_no_logs)
    }

    /// Returns what needs trades.
    fn of_trades(&self, value: f64) -> Option<f64> {
        (!self.lacks_trades).then_some(value)
    }

    /// Adds a period; one with a mid that is not above zero has no return.
    pub fn add(&mut self, period: &MarketPeriod) {
        self.has_no_logs |= period.opening <= 0.0 || period.closing <= 0.0;
        self.lambda.add(period.signed_volume, period.closing - period.opening);
        let Some(log_return) = period.log_return() else { return };
        self.squares.add(log_return * log_return, 1.0);
        if period.notional > 0.0 {
            self.illiquidity.add((period.closing / period.opening - 1.0).abs() / period.notional * 1e6, 1.0);
        }
    }

    /// Adds what a trade in continuous trading cost against the mid before it; `sign` is the aggressor's.
    pub fn add_cost(&mut self, sign: f64, price: f64, mid: f64, notional: f64) {
        if let Some(half) = super::trading::slippage_bps(sign, price, mid) {
            self.effective_spread.add(2.0 * half, notional);
        }
    }

    /// Adds what the mid a minute later says of a trade; `sign` is the aggressor's.
    pub fn add_later(&mut self, sign: f64, price: f64, mids: MidsOfTrade, notional: f64) {
        let MidsOfTrade { before: mid, later } = mids;
        let bps = |distance: f64| ratio(2.0 * sign * distance * 10_000.0, mid).filter(|_| mid > 0.0);
        if let Some((realized, impact)) = bps(price - later).zip(bps(later - mid)) {
            self.realized_spread.add(realized, notional);
            self.price_impact.add(impact, notional);
        }
    }
}

/// The mids against which a trade is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MidsOfTrade {
    /// Before the trade.
    pub before: f64,
    /// A minute later.
    pub later: f64,
}

/// The root of the mean squared log return of the mid, times the root of the periods per year: volatility
/// around zero, as Andersen and Bollerslev (1998) take it. None without a period that has a mid at both ends,
/// and where a mid was at or below zero.
#[must_use]
pub fn realized_volatility(totals: &MarketTotals) -> Option<f64> {
    Some((totals.of_returns(totals.squares.get())? * totals.periods_per_year).sqrt())
}

const HUANG: &str = "Huang and Stoll 1996";

/// The metrics over [`MarketTotals`].
pub static METRICS: &[Metric<MarketTotals>] = &[
    metric("trades", Count, "number of trades", "Bearpit", |m| m.of_trades(m.trades)),
    metric("volume", Quantity, "sum of quantity of trades", "Bearpit", |m| m.of_trades(m.volume)),
    metric("notional", Currency, "sum of price * quantity * multiplier of trades", "Bearpit", |m| {
        m.of_trades(m.notional)
    }),
    metric("vwap", Price, "notional / volume / multiplier", "Bearpit", |m| {
        ratio(m.notional, m.volume * m.multiplier)
    }),
    metric("spread_quoted_time_weighted", Price, "best ask - best bid, mean over time", HUANG, |m| m.spread),
    metric(
        "spread_quoted_time_weighted_bps",
        BasisPoints,
        "(best ask - best bid) / mid, mean over time",
        HUANG,
        |m| m.spread_bps,
    ),
    metric(
        "depth_touch_time_weighted",
        Quantity,
        "mean of the sizes at best bid and ask, over time",
        "Bearpit",
        |m| m.depth,
    ),
    metric(
        "volatility_realized_annualised",
        Share,
        "root(mean of squared log returns of the mid) * root(periods_per_year)",
        "Andersen and Bollerslev 1998",
        realized_volatility,
    ),
    metric(
        "effective_spread_bps",
        BasisPoints,
        "2 sign * (price - mid before) / mid before, mean by notional",
        HUANG,
        |m| m.effective_spread.get(),
    ),
    metric(
        "realized_spread_60s_bps",
        BasisPoints,
        "2 sign * (price - mid 60 s later) / mid before, mean by notional",
        HUANG,
        |m| m.realized_spread.get(),
    ),
    metric(
        "price_impact_60s_bps",
        BasisPoints,
        "2 sign * (mid 60 s later - mid before) / mid before, mean by notional",
        HUANG,
        |m| m.price_impact.get(),
    ),
    metric(
        "amihud_illiquidity",
        SharePerMillion,
        "mean over periods with trades of size of the mid's return / notional * 10^6",
        "Amihud 2002",
        |m| m.of_returns(m.illiquidity.get()),
    ),
    metric(
        "kyle_lambda",
        PricePerQuantity,
        "slope of the mid's change over signed volume, by period",
        "Kyle 1985",
        |m| m.lambda.get(),
    ),
];

#[cfg(test)]
mod tests {
    use super::super::Measures;
    use super::*;

    #[test]
    fn a_linear_market_has_its_own_lambda() {
        let mut totals = MarketTotals::new(252.0);
        for (opening, signed_volume) in [(100.0, 50.0), (101.0, -20.0), (99.0, 0.0), (98.0, 80.0)] {
            let closing = opening + 0.003 * signed_volume + 0.01;
            totals.add(&MarketPeriod { opening, closing, signed_volume, notional: 1_000.0 });
        }
        let measures = Measures::take(METRICS, &totals, 252.0);
        assert!((measures.get("kyle_lambda").unwrap() - 0.003).abs() < 1e-12);
        let squares = [(100.0, 0.16), (101.0, -0.05), (99.0, 0.01), (98.0, 0.25)]
            .map(|(mid, change): (f64, f64)| ((mid + change) / mid).ln().powi(2));
        let expected = (squares.iter().sum::<f64>() / 4.0 * 252.0).sqrt();
        assert!((measures.get("volatility_realized_annualised").unwrap() / expected - 1.0).abs() < 1e-12);
        let moves = 0.16 / 100.0 + 0.05 / 101.0 + 0.01 / 99.0 + 0.25 / 98.0;
        assert!((measures.get("amihud_illiquidity").unwrap() - moves / 4.0 * 1_000.0).abs() < 1e-9);
    }

    #[test]
    fn the_effective_spread_is_what_was_kept_and_what_the_price_moved() {
        let mut totals = MarketTotals::new(252.0);
        for (sign, price, mid, later) in [(1.0, 100.05, 100.0, 100.03), (-1.0, 99.90, 100.0, 100.02)] {
            totals.add_cost(sign, price, mid, 1_000.0);
            totals.add_later(sign, price, MidsOfTrade { before: mid, later }, 1_000.0);
        }
        let measures = Measures::take(METRICS, &totals, 252.0);
        let get = |key: &str| measures.get(key).unwrap();
        assert!((get("effective_spread_bps") - 15.0).abs() < 1e-9);
        assert!((get("realized_spread_60s_bps") - 14.0).abs() < 1e-9);
        let parts = get("realized_spread_60s_bps") + get("price_impact_60s_bps");
        assert!((parts - get("effective_spread_bps")).abs() < 1e-9);
    }

    #[test]
    fn a_mid_below_zero_leaves_no_metric_of_returns_and_the_slope_of_prices() {
        let mut totals = MarketTotals::new(252.0);
        for (opening, closing, signed_volume) in
            [(20.0, 10.0, -100.0), (10.0, -37.0, -470.0), (-37.0, 10.0, 470.0)]
        {
            totals.add(&MarketPeriod { opening, closing, signed_volume, notional: 1_000.0 });
        }
        let measures = Measures::take(METRICS, &totals, 252.0);
        assert_eq!(measures.get("volatility_realized_annualised"), None);
        assert_eq!(measures.get("amihud_illiquidity"), None);
        assert!((measures.get("kyle_lambda").unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn an_empty_market_has_counts_only() {
        let measures = Measures::take(METRICS, &MarketTotals::new(252.0), 252.0);
        let known: Vec<&str> =
            measures.iter().filter(|it| it.value.is_some()).map(|it| it.definition.key).collect();
        assert_eq!(known, ["trades", "volume", "notional"]);
    }
}
