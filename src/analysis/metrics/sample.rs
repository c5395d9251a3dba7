//! [`Sample`]: returns over equal periods, as all metrics of an account take them.

use super::sharpe::Trials;

/// Returns of an account over equal periods.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The change of equity over each period, as a share of the equity at its start.
    pub returns: Vec<f64>,
    /// When each period ends, in nanoseconds since 1970; as many as returns.
    pub ends: Vec<i64>,
    /// The benchmark's returns over the same periods; empty where there is no benchmark.
    pub benchmark: Vec<f64>,
    /// How many such periods make a year: what annualised metrics are multiplied by, or by the root of.
    pub periods_per_year: f64,
    /// The trials among which the strategy was chosen, if they are known.
    pub trials: Option<Trials>,
}
