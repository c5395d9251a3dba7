//! The far ends of the distribution: value at risk, what lies beyond it, and gains against losses.

use super::series::{
    deviation, finite, index, mean, normal_density, normal_quantile, quantile, ratio, real, sorted,
};

/// The share of the tail that value at risk cuts off.
const TAIL: f64 = 0.05;

/// The return that one period in twenty falls short of: the 5th percentile of returns, interpolated.
/// empyrical `value_at_risk`. None of no periods.
#[must_use]
pub fn var_historical(returns: &[f64]) -> Option<f64> {
    quantile(returns, TAIL)
}

/// The mean of the lowest returns, floor((n - 1) * 0.05) + 1 of them. empyrical
/// `conditional_value_at_risk`. None of no periods.
#[must_use]
pub fn cvar_historical(returns: &[f64]) -> Option<f64> {
    let last = index(real(returns.len().checked_sub(1)?) * TAIL);
    mean(&sorted(returns)[..=last])
}

/// The 5th percentile of the normal distribution with the mean and sample deviation of returns. quantstats
/// `value_at_risk`. None of fewer than two periods; the mean where all returns are the same.
#[must_use]
pub fn var_normal(returns: &[f64]) -> Option<f64> {
    finite(mean(returns)? + deviation(returns)? * normal_quantile(TAIL)?)
}

/// The mean of the lowest twentieth of the normal distribution with the mean and sample deviation of
/// returns. quantstats `conditional_value_at_risk`. None of fewer than two periods; the mean where all
/// returns are the same.
#[must_use]
pub fn cvar_normal(returns: &[f64]) -> Option<f64> {
    let density = normal_density(normal_quantile(TAIL)?);
    finite(mean(returns)? - deviation(returns)? * density / TAIL)
}

/// The 95th percentile of returns over the size of the 5th. empyrical `tail_ratio`. None of no periods, and
/// where the 5th percentile is zero.
#[must_use]
pub fn tail_ratio(returns: &[f64]) -> Option<f64> {
    ratio(quantile(returns, 1.0 - TAIL)?.abs(), quantile(returns, TAIL)?.abs())
}
