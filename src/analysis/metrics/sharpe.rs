//! The Sharpe ratio, and how far it can be believed.
//!
//! The risk-free rate is zero throughout: what an account earns on its cash is in its equity.

use std::f64::consts::E;

use super::distribution::{kurtosis_excess_adjusted, kurtosis_excess_biased, skew_adjusted, skew_biased};
use super::risk::autocorrelation_penalty;
use super::series::{deviation, finite, mean, normal_below, normal_quantile, ratio, real};

/// Mean over sample deviation of returns, times the root of the periods per year. empyrical `sharpe_ratio`.
/// None of fewer than two periods, and where all returns are the same.
#[must_use]
pub fn sharpe(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    finite(sharpe_per_period(returns)? * periods_per_year.sqrt())
}

/// [`sharpe`] over [`autocorrelation_penalty`]. quantstats `smart_sharpe`. None as [`sharpe`].
#[must_use]
pub fn smart_sharpe(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    ratio(sharpe(returns, periods_per_year)?, autocorrelation_penalty(returns))
}

fn sharpe_per_period(returns: &[f64]) -> Option<f64> {
    ratio(mean(returns)?, deviation(returns)?)
}

/// The probability that the true Sharpe ratio is above zero: `probability` with the biased moments of the
/// paper. None of fewer than two periods, and where all returns are the same.
#[must_use]
pub fn psr_biased(returns: &[f64]) -> Option<f64> {
    probability(returns, 0.0, skew_biased(returns)?, kurtosis_excess_biased(returns)?)
}

/// The same with moments corrected for bias. quantstats `probabilistic_sharpe_ratio`. None of fewer than four
/// periods, and where all returns are the same.
#[must_use]
pub fn psr_adjusted(returns: &[f64]) -> Option<f64> {
    probability(returns, 0.0, skew_adjusted(returns)?, kurtosis_excess_adjusted(returns)?)
}

/// The probability that the true Sharpe ratio per period is above `threshold`, given what was measured:
/// N((s - threshold) root(n - 1) / root(1 - skew s + (kurtosis - 1) / 4 s^2)). Bailey and Lopez de Prado
/// (2012).
fn probability(returns: &[f64], threshold: f64, skew: f64, excess: f64) -> Option<f64> {
    let sharpe = sharpe_per_period(returns)?;
    let spread = 1.0 - skew * sharpe + (excess + 2.0) / 4.0 * sharpe * sharpe;
    let score = ratio((sharpe - threshold) * real(returns.len() - 1).sqrt(), spread.sqrt())?;
    Some(normal_below(score))
}

/// The trials among which a strategy was chosen, parameter sets or seeds, this one included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trials {
    /// How many there were.
    pub count: usize,
    /// The variance of their Sharpe ratios per period.
    pub variance: f64,
}

/// The Sharpe ratio per period that the best of the trials has by luck alone, if none is any good: root(V)
/// ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))), g being the Euler-Mascheroni constant. None of fewer than two
/// trials.
#[must_use]
pub fn lucky_sharpe(trials: &Trials) -> Option<f64> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let count = real(trials.count);
    let (high, higher) = (normal_quantile(1.0 - 1.0 / count)?, normal_quantile(1.0 - 1.0 / (count * E))?);
    finite(trials.variance.sqrt() * ((1.0 - EULER) * high + EULER * higher))
}

/// The probability that the true Sharpe ratio is above [`lucky_sharpe`], with biased moments. Bailey and
/// Lopez de Prado (2014), "The deflated Sharpe ratio". None as [`psr_biased`], and where the trials are not
/// known.
#[must_use]
pub fn deflated_sharpe(returns: &[f64], trials: Option<&Trials>) -> Option<f64> {
    let threshold = lucky_sharpe(trials?)?;
    probability(returns, threshold, skew_biased(returns)?, kurtosis_excess_biased(returns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the paper of 2014: a yearly Sharpe ratio of 2.5 over five years of days, chosen among
    /// a hundred with a yearly variance of a half.
    #[test]
    fn the_luck_of_a_hundred_trials_is_that_of_the_paper() {
        let lucky = lucky_sharpe(&Trials { count: 100, variance: 0.5 / 250.0 }).unwrap();
        assert!((lucky - 0.1132).abs() < 5e-5, "{lucky}");
        let spread = (1.0 + 3.0 * 0.158_114 + 9.0 / 4.0 * 0.158_114 * 0.158_114_f64).sqrt();
        let probability = normal_below((0.158_114 - lucky) * 1_249.0_f64.sqrt() / spread);
        assert!((probability - 0.9004).abs() < 5e-5, "{probability}");
    }

    #[test]
    fn without_other_trials_nothing_is_deflated() {
        let returns = [0.01, -0.02, 0.03, 0.01];
        assert_eq!(deflated_sharpe(&returns, None), None);
        assert_eq!(deflated_sharpe(&returns, Some(&Trials { count: 1, variance: 0.1 })), None);
        let none_differ = deflated_sharpe(&returns, Some(&Trials { count: 9, variance: 0.0 }));
        assert_eq!(none_differ, psr_biased(&returns));
    }
}
