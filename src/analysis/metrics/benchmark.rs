//! Against a benchmark: what the market explains, and what it does not.
//!
//! All take the returns of the account and of the benchmark, period by period; what one has more than the
//! other is left out.

use super::returns::cagr;
use super::series::{correlation, deviation, finite, is_constant, mean, ratio, real};

/// The sensitivity to the benchmark: covariance over the benchmark's variance. empyrical `beta`. None of
/// fewer than two periods, and where the benchmark never moves (variance below 1e-30).
#[must_use]
pub fn beta(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    let benchmark = benchmark.get(..returns.len()).unwrap_or(benchmark);
    if benchmark.len() < 2 || is_constant(benchmark) {
        return None;
    }
    let middle = mean(benchmark)?;
    let pairs = || returns.iter().zip(benchmark.iter().map(|value| value - middle));
    let variance: f64 = pairs().map(|(_, residual)| residual * residual).sum();
    if variance / real(benchmark.len()) < 1e-30 {
        return None;
    }
    ratio(pairs().map(|(own, residual)| own * residual).sum(), variance)
}

/// The yearly return that the benchmark does not explain: (1 + mean of (r - beta b)) ^ periods per year - 1.
/// empyrical `alpha`. None as [`beta`].
#[must_use]
pub fn alpha(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    let beta = beta(returns, benchmark)?;
    let left: Vec<f64> = returns.iter().zip(benchmark).map(|(own, market)| own - beta * market).collect();
    finite(libm::pow(1.0 + mean(&left)?, periods_per_year) - 1.0)
}

/// The mean of returns less the benchmark's, over its sample deviation; per period. empyrical
/// `excess_sharpe`. None of fewer than two periods, and where the difference never changes.
#[must_use]
pub fn information_ratio(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    let active: Vec<f64> = returns.iter().zip(benchmark).map(|(own, market)| own - market).collect();
    ratio(mean(&active)?, deviation(&active)?)
}

/// The square of the correlation with the benchmark. quantstats `r_squared`. None of fewer than two periods,
/// and where one of them never moves.
#[must_use]
pub fn r_squared(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = returns.iter().copied().zip(benchmark.iter().copied()).collect();
    correlation(&pairs).map(|it| it * it)
}

/// [`cagr`] over the benchmark's, over the periods in which the benchmark rose. empyrical `up_capture`. None
/// without such periods.
#[must_use]
pub fn up_capture(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    capture(returns, benchmark, periods_per_year, |market| market > 0.0)
}

/// The same over the periods in which the benchmark fell. empyrical `down_capture`.
#[must_use]
pub fn down_capture(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    capture(returns, benchmark, periods_per_year, |market| market < 0.0)
}

/// [`up_capture`] over [`down_capture`]. empyrical `up_down_capture`. None where one of them is, or the
/// latter is zero.
#[must_use]
pub fn up_down_capture(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<f64> {
    ratio(
        up_capture(returns, benchmark, periods_per_year)?,
        down_capture(returns, benchmark, periods_per_year)?,
    )
}

fn capture(
    returns: &[f64],
    benchmark: &[f64],
    periods_per_year: f64,
    counts: impl Fn(f64) -> bool,
) -> Option<f64> {
    let pairs = returns.iter().zip(benchmark).filter(|(_, market)| counts(**market));
    let (own, market): (Vec<f64>, Vec<f64>) = pairs.unzip();
    ratio(cagr(&own, periods_per_year)?, cagr(&market, periods_per_year)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_keep_their_digits_where_next_to_nothing_is_left() {
        // Thirteen falls by 90% leave 1e-13: 1 + (1e-13 - 1) has three digits of it.
        let (own, market) = ([-0.9_f64; 13], [-0.99_f64; 13]);
        let found = down_capture(&own, &market, 1.0).unwrap();
        assert!((found / (0.9 / 0.99) - 1.0).abs() < 1e-13, "{found}");
        let (own, market) = ([&own[..], &[0.2]].concat(), [&market[..], &[0.1]].concat());
        let found = up_down_capture(&own, &market, 1.0).unwrap();
        assert!((found / (2.0 / (0.9 / 0.99)) - 1.0).abs() < 1e-13, "{found}");
    }
}
