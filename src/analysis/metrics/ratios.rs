//! What was earned for what was risked.

use super::returns::{cagr, cumulative_return, falls, gains, mean_loss, mean_win, win_rate};
use super::risk::{autocorrelation_penalty, downside_risk, max_drawdown, ulcer_index};
use super::series::{correlation, deviation, finite, mean, ratio, real, underwater};
use super::tails::{cvar_normal, tail_ratio};

/// Mean return times the periods per year, over [`downside_risk`]. empyrical `sortino_ratio`. None of fewer
/// than two periods, and without losses.
#[must_use]
pub fn sortino(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    ratio(mean(returns)? * periods_per_year, downside_risk(returns, periods_per_year)?)
}

/// [`sortino`] over [`autocorrelation_penalty`]. quantstats `smart_sortino`. None as [`sortino`].
#[must_use]
pub fn smart_sortino(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    ratio(sortino(returns, periods_per_year)?, autocorrelation_penalty(returns))
}

/// [`cagr`] over the size of [`max_drawdown`]. empyrical `calmar_ratio`. None without a drawdown.
#[must_use]
pub fn calmar(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    ratio(cagr(returns, periods_per_year)?, max_drawdown(returns)?.abs())
}

/// The sum of gains over the size of the sum of losses, against a threshold of zero. empyrical
/// `omega_ratio`. None of fewer than two periods, and without losses.
#[must_use]
pub fn omega(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 { None } else { profit_factor(returns) }
}

/// The sum of all returns over the size of the sum of losses (Schwager). quantstats `gain_to_pain_ratio`.
/// None without losses.
#[must_use]
pub fn gain_to_pain(returns: &[f64]) -> Option<f64> {
    ratio(returns.iter().sum(), -falls(returns).iter().sum::<f64>())
}

/// The sum of gains over the size of the sum of losses. quantstats `profit_factor`, but none, not infinite or
/// 0, without losses.
#[must_use]
pub fn profit_factor(returns: &[f64]) -> Option<f64> {
    ratio(gains(returns).iter().sum(), -falls(returns).iter().sum::<f64>())
}

/// The mean gain over the size of the mean loss. quantstats `payoff_ratio`. None without gains or without
/// losses.
#[must_use]
pub fn payoff_ratio(returns: &[f64]) -> Option<f64> {
    ratio(mean_win(returns)?, -mean_loss(returns)?)
}

/// [`profit_factor`] times win rate times [`payoff_ratio`]. quantstats `cpc_index`. None where one of them
/// is.
#[must_use]
pub fn cpc_index(returns: &[f64]) -> Option<f64> {
    finite(profit_factor(returns)? * win_rate(returns)? * payoff_ratio(returns)?)
}

/// [`profit_factor`] times [`tail_ratio`]. quantstats `common_sense_ratio`. None where one of them is.
#[must_use]
pub fn common_sense_ratio(returns: &[f64]) -> Option<f64> {
    finite(profit_factor(returns)? * tail_ratio(returns)?)
}

/// The share of wealth to stake: win rate less loss rate over [`payoff_ratio`]. Kelly (1956); quantstats
/// `kelly_criterion`. None without gains or without losses; below zero where staking loses.
#[must_use]
pub fn kelly(returns: &[f64]) -> Option<f64> {
    let wins = win_rate(returns)?;
    ratio(wins * payoff_ratio(returns)? - (1.0 - wins), payoff_ratio(returns)?)
}

/// ((1 - win rate) / (1 + win rate)) ^ n. quantstats `risk_of_ruin`, a rule of thumb for bets of one size.
/// None where nothing ever changed.
#[must_use]
pub fn risk_of_ruin(returns: &[f64]) -> Option<f64> {
    let wins = win_rate(returns)?;
    finite(libm::pow((1.0 - wins) / (1.0 + wins), real(returns.len())))
}

/// The sum of returns over the size of [`max_drawdown`]. quantstats `recovery_factor`, but with the sign of
/// the sum, so that a loss does not look like a recovery. None without a drawdown.
#[must_use]
pub fn recovery_factor(returns: &[f64]) -> Option<f64> {
    ratio(returns.iter().sum(), max_drawdown(returns)?.abs())
}

/// [`cumulative_return`] over [`ulcer_index`]. quantstats `ulcer_performance_index`. None without a drawdown.
#[must_use]
pub fn ulcer_performance_index(returns: &[f64]) -> Option<f64> {
    ratio(cumulative_return(returns)?, ulcer_index(returns)?)
}

/// The sum of returns over [`ulcer_index`] times the pitfall: the size of the normal conditional value at
/// risk of drawdowns over the sample deviation of returns. quantstats `serenity_index`. None without a
/// drawdown.
#[must_use]
pub fn serenity_index(returns: &[f64]) -> Option<f64> {
    let pitfall = ratio(-cvar_normal(&underwater(returns))?, deviation(returns)?)?;
    ratio(returns.iter().sum(), ulcer_index(returns)? * pitfall)
}

/// R squared of a straight line through the logarithm of wealth. empyrical `stability_of_timeseries`. None of
/// fewer than two periods, where wealth never changes, and after ruin.
#[must_use]
pub fn stability(returns: &[f64]) -> Option<f64> {
    let mut log_wealth = 0.0;
    let step = |(index, value): (usize, &f64)| {
        log_wealth += libm::log1p(*value);
        (real(index), log_wealth)
    };
    let line: Vec<(f64, f64)> = returns.iter().enumerate().map(step).collect();
    correlation(&line).map(|it| it * it)
}
