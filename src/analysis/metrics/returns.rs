//! What was earned: compounded, on average, at best and at worst, and how often.
//!
//! A return is the change of equity over a period as a share of the equity at its start: 0.01 is one percent.

use super::calendar::{Calendar, compounded};
use super::sample::Sample;
use super::series::{finite, growth, mean, ratio, real};

/// Wealth at the end over wealth at the start, less 1: the product of all (1 + r), less 1. empyrical
/// `cum_returns_final`. None of no periods; -1 or less after ruin.
#[must_use]
pub fn cumulative_return(returns: &[f64]) -> Option<f64> {
    if returns.is_empty() { None } else { finite(growth(returns) - 1.0) }
}

/// The constant yearly return that gives the same: (1 + cumulative) ^ (periods per year / n) - 1. empyrical
/// `annual_return`. None of no periods, where wealth ends below zero, and where it is beyond a double; -1
/// where it ends at zero.
#[must_use]
pub fn cagr(returns: &[f64], periods_per_year: f64) -> Option<f64> {
    // Not 1 + (wealth - 1): that loses the digits of a wealth near zero.
    let wealth = growth(returns);
    if returns.is_empty() || wealth < 0.0 {
        return None;
    }
    finite(libm::pow(wealth, periods_per_year / real(returns.len())) - 1.0)
}

/// The constant return of each period that gives the same: the geometric mean. quantstats
/// `expected_return`. None of no periods, and where wealth ends below zero.
#[must_use]
pub fn geometric_mean(returns: &[f64]) -> Option<f64> {
    cagr(returns, 1.0)
}

/// [`geometric_mean`] of the returns of calendar days, weeks or months. quantstats `expected_return` with
/// `aggregate`; weeks are those of ISO 8601, with its years.
#[must_use]
pub fn geometric_mean_by(sample: &Sample, calendar: Calendar) -> Option<f64> {
    geometric_mean(&compounded(sample, calendar))
}

/// The arithmetic mean; `None` without periods.
#[must_use]
pub fn mean_return(returns: &[f64]) -> Option<f64> {
    mean(returns)
}

/// The highest return. quantstats `best`. None of no periods.
#[must_use]
pub fn best(returns: &[f64]) -> Option<f64> {
    returns.iter().copied().max_by(f64::total_cmp)
}

/// The lowest return. quantstats `worst`. None of no periods.
#[must_use]
pub fn worst(returns: &[f64]) -> Option<f64> {
    returns.iter().copied().min_by(f64::total_cmp)
}

/// The share of gains among the periods that changed anything. quantstats `win_rate`, but none, not 0, where
/// nothing ever changed.
#[must_use]
pub fn win_rate(returns: &[f64]) -> Option<f64> {
    let (wins, losses) = (gains(returns).len(), falls(returns).len());
    ratio(real(wins), real(wins + losses))
}

/// The mean of the returns above zero. quantstats `avg_win`. None without one.
#[must_use]
pub fn mean_win(returns: &[f64]) -> Option<f64> {
    mean(&gains(returns))
}

/// The mean of the returns below zero. quantstats `avg_loss`. None without one.
#[must_use]
pub fn mean_loss(returns: &[f64]) -> Option<f64> {
    mean(&falls(returns))
}

pub(super) fn gains(returns: &[f64]) -> Vec<f64> {
    returns.iter().copied().filter(|value| *value > 0.0).collect()
}

pub(super) fn falls(returns: &[f64]) -> Vec<f64> {
    returns.iter().copied().filter(|value| *value < 0.0).collect()
}

/// The longest run of returns above zero. quantstats `consecutive_wins`. None of no periods.
#[must_use]
pub fn consecutive_wins(returns: &[f64]) -> Option<f64> {
    longest_run(returns, |value| value > 0.0)
}

/// The longest run of returns below zero. quantstats `consecutive_losses`. None of no periods.
#[must_use]
pub fn consecutive_losses(returns: &[f64]) -> Option<f64> {
    longest_run(returns, |value| value < 0.0)
}

fn longest_run(returns: &[f64], counts: impl Fn(f64) -> bool) -> Option<f64> {
    returns.split(|value| !counts(*value)).map(<[f64]>::len).max().filter(|_| !returns.is_empty()).map(real)
}
