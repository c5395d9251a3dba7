//! How much it swung, and how deep it fell.

use super::series::{correlation, deviation, finite, mean, ratio, real, underwater};

/// The sample standard deviation (n - 1) of returns, times the root of the periods per year. empyrical
/// `annual_volatility`. None of fewer than two periods; exactly 0 where all returns are the same.
#[must_use]
pub fn volatility(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    finite(deviation(returns)? * periods_per_year.sqrt())
}

/// The root of the mean square of the returns below zero, zeros in place of the others, times the root of the
/// periods per year. empyrical `downside_risk` for a required return of zero. None of no periods; 0 without
/// losses.
#[must_use]
pub fn downside_risk(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    let squares: Vec<f64> = returns.iter().map(|value| value.min(0.0).powi(2)).collect();
    finite(mean(&squares)?.sqrt() * periods_per_year.sqrt())
}

/// The deepest fall of wealth below its highest before, as a share of that; at or below 0. empyrical
/// `max_drawdown`. None of no periods; -1 or less after ruin.
#[must_use]
pub fn max_drawdown(returns: &[f64]) -> Option<f64> {
    underwater(returns).into_iter().min_by(f64::total_cmp).and_then(finite)
}

/// The root of the sum of squared drawdowns over (n - 1): Martin and McCann (1989) with the divisor of
/// quantstats `ulcer_index`. None of fewer than two periods.
#[must_use]
pub fn ulcer_index(returns: &[f64]) -> Option<f64> {
    let squares: f64 = underwater(returns).into_iter().map(|below| below * below).sum();
    ratio(squares, real(returns.len().checked_sub(1)?)).map(f64::sqrt)
}

/// By how much autocorrelated returns understate volatility: the root of 1 + 2 times the sum over k of
/// (n - k) / n times |c|^k, where c is the correlation of each return with the next. quantstats
/// `autocorr_penalty`. It is 1 where no correlation can be measured, constant returns included (there
/// quantstats correlates rounding errors).
#[must_use]
pub fn autocorrelation_penalty(returns: &[f64]) -> f64 {
    let pairs: Vec<(f64, f64)> = returns.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let Some(size) = correlation(&pairs).map(f64::abs) else { return 1.0 };
    let count = returns.len();
    let mut power = 1.0;
    let mut sum = 0.0;
    for lag in 1..count {
        power *= size;
        sum += real(count - lag) / real(count) * power;
    }
    (1.0 + 2.0 * sum).sqrt()
}
