//! The shape of the distribution of returns: skewness and excess kurtosis, as they are and corrected for
//! bias.

use super::series::{central_moment, is_constant, ratio, real};

/// The third standardised moment, with population moments (biased). scipy `skew`, which empyrical takes.
/// None of fewer than two periods, and where all returns are the same.
#[must_use]
pub fn skew_biased(returns: &[f64]) -> Option<f64> {
    standardised(returns, 3)
}

/// The fourth standardised moment less 3, with population moments (biased). scipy `kurtosis`, which
/// empyrical takes. None of fewer than two periods, and where all returns are the same.
#[must_use]
pub fn kurtosis_excess_biased(returns: &[f64]) -> Option<f64> {
    standardised(returns, 4).map(|moment| moment - 3.0)
}

fn standardised(returns: &[f64], order: i32) -> Option<f64> {
    if is_constant(returns) {
        return None;
    }
    ratio(central_moment(returns, order)?, central_moment(returns, 2)?.sqrt().powi(order))
}

/// [`skew_biased`] times root(n (n - 1)) / (n - 2): the adjusted Fisher-Pearson coefficient. pandas `skew`,
/// which quantstats takes. None of fewer than three periods, and where all returns are the same.
#[must_use]
pub fn skew_adjusted(returns: &[f64]) -> Option<f64> {
    let n = real(returns.len());
    if returns.len() < 3 {
        return None;
    }
    Some(skew_biased(returns)? * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

/// ((n + 1) times [`kurtosis_excess_biased`] + 6) times (n - 1) / ((n - 2) (n - 3)). pandas `kurt`, which
/// quantstats takes. None of fewer than four periods, and where all returns are the same.
#[must_use]
pub fn kurtosis_excess_adjusted(returns: &[f64]) -> Option<f64> {
    let n = real(returns.len());
    if returns.len() < 4 {
        return None;
    }
    let biased = kurtosis_excess_biased(returns)?;
    Some(((n + 1.0) * biased + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0)))
}
