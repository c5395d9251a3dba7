//! Metrics: pure functions over returns, trades and the market, and the lists that name them.
//!
//! Each metric stands in one list with its key, unit, formula and source: [`account::METRICS`] over a
//! [`Sample`] of returns, [`trading::METRICS`] over what an account did, [`market::METRICS`] over a listing.
//! `summary.json`, the report and `docs/metrics.md` are made from these lists, and the tests compare them
//! with what empyrical-reloaded, quantstats and scipy say of the same series (`tests/fixtures/metrics.json`).
//!
//! A key names the variant. What is annualised says so at the end of its key, and stands beside the
//! periods per year that it was annualised with. What is not defined, such as a ratio to losses without a
//! loss, is absent: no metric is ever infinite or not a number.

pub mod account;
pub mod benchmark;
mod calendar;
pub mod distribution;
mod drawdowns;
pub mod market;
pub mod ratios;
pub mod returns;
pub mod risk;
mod rolling;
mod sample;
pub(super) mod series;
pub mod sharpe;
pub mod tails;
#[cfg(test)]
mod tests;
pub mod trading;

use std::fmt;

use serde::Serialize;

pub use calendar::{Calendar, HourReturn, MonthReturn, hours, months};
pub use drawdowns::{Drawdown, drawdowns};
pub use market::{MarketTotals, MidsOfTrade};
pub use rolling::{Rolling, rolling};
pub use sample::Sample;
pub use series::{underwater, wealth};
pub use sharpe::Trials;
pub use trading::TradingTotals;

/// What a metric counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of something: 0.01 is one percent.
    Share,
    /// A number without a unit.
    Ratio,
    /// How many.
    Count,
    /// The currency of the run.
    Currency,
    /// Currency for one unit of quantity.
    Price,
    /// What is traded.
    Quantity,
    /// Hundredths of a percent.
    BasisPoints,
    /// Seconds of virtual time.
    Seconds,
    /// Share of price per million of currency traded.
    SharePerMillion,
    /// Price per unit of quantity.
    PricePerQuantity,
}

impl Unit {
    /// Returns the name that stands in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Currency => "currency",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::BasisPoints => "basis_points",
            Self::Seconds => "seconds",
            Self::SharePerMillion => "share_per_million",
            Self::PricePerQuantity => "price_per_quantity",
        }
    }
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its key, the variant included.
    pub key: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// How it is computed.
    pub formula: &'static str,
    /// The reference implementation that it agrees with, or its author.
    pub source: &'static str,
}

impl Definition {
    /// Returns whether it is annualised, and so depends on the periods per year.
    #[must_use]
    pub fn is_annualised(&self) -> bool {
        self.key.ends_with("_annualised")
    }
}

/// A metric of `S`.
#[derive(Debug)]
pub struct Metric<S> {
    /// What it is.
    pub definition: Definition,
    compute: fn(&S) -> Option<f64>,
}

/// Makes an entry of a list.
const fn metric<S>(
    key: &'static str,
    unit: Unit,
    formula: &'static str,
    source: &'static str,
    compute: fn(&S) -> Option<f64>,
) -> Metric<S> {
    Metric { definition: Definition { key, unit, formula, source }, compute }
}

/// A metric's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// What it is.
    pub definition: &'static Definition,
    /// Its value, a finite number; none where it is not defined.
    pub value: Option<f64>,
    /// What it was annualised with, if it is annualised.
    pub periods_per_year: Option<f64>,
    /// Why it has no value, where that is not what its formula says.
    pub absence: Option<Absence>,
}

/// Why a metric has no value, where its formula alone does not say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// It needs logarithms or shares of prices.
    PricesNotAboveZero,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PricesNotAboveZero => f.write_str("prices were at or below zero, which have no returns"),
        }
    }
}

/// Values of metrics, in the order of their list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures(Vec<Measure>);

impl Measures {
    /// Computes all metrics of a list from `of`.
    ///
    /// ```
    /// use bearpit::analysis::metrics::{Measures, Sample, account};
    ///
    /// let second = 1_000_000_000;
    /// let sample = Sample {
    ///     returns: vec![0.01, -0.02, 0.03],
    ///     ends: vec![second, 2 * second, 3 * second],
    ///     periods_per_year: 252.0,
    ///     ..Sample::default()
    /// };
    /// let measures = Measures::take(account::METRICS, &sample, sample.periods_per_year);
    /// let total = measures.get("cumulative_return").ok_or("it is defined")?;
    /// assert!((total - (1.01 * 0.98 * 1.03 - 1.0)).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn take<S>(list: &'static [Metric<S>], of: &S, periods_per_year: f64) -> Self {
        let measure = |metric: &'static Metric<S>| Measure {
            definition: &metric.definition,
            value: (metric.compute)(of).and_then(series::finite),
            periods_per_year: metric.definition.is_annualised().then_some(periods_per_year),
            absence: None,
        };
        Self(list.iter().map(measure).collect())
    }

    /// Takes those metrics that `find` knows by key, with their values and periods per year, in the order of
    /// the lists.
    pub(super) fn known(find: impl Fn(&str) -> Option<(Option<f64>, Option<f64>)>) -> Self {
        let measure = |definition: &'static Definition| {
            let (value, periods_per_year) = find(definition.key)?;
            Some(Measure { definition, value, periods_per_year, absence: None })
        };
        Self(definitions().filter_map(measure).collect())
    }

    /// Says why some metrics have no value; those that have one stay as they are.
    #[must_use]
    pub fn without(mut self, keys: &[&str], absence: Absence) -> Self {
        for measure in &mut self.0 {
            if measure.value.is_none() && keys.contains(&measure.definition.key) {
                measure.absence = Some(absence);
            }
        }
        self
    }

    /// Puts the values of another list behind these.
    #[must_use]
    pub fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Measure> {
        self.0.iter()
    }

    /// Returns the value of the metric of that key; none where it is not defined, or there is no such key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.iter().find(|measure| measure.definition.key == key)?.value
    }
}

/// Returns the definitions of all metrics, of accounts first.
///
/// ```
/// use bearpit::analysis::metrics::definitions;
///
/// let sharpe = definitions().find(|it| it.key == "sharpe_annualised").ok_or("it is in the list")?;
/// assert!(sharpe.is_annualised());
/// println!("{} = {}", sharpe.key, sharpe.formula);
/// # Ok::<(), &str>(())
/// ```
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    let accounts = account::METRICS.iter().map(|metric| &metric.definition);
    let trading = trading::METRICS.iter().map(|metric| &metric.definition);
    let markets = market::METRICS.iter().map(|metric| &metric.definition);
    accounts.chain(trading).chain(markets)
}
