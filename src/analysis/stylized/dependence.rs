//! How values depend on those before them: autocorrelation, portmanteau tests, leverage, ranks.

use super::tails::Estimate;
use crate::analysis::metrics::series::{correlation, finite, mean, real};

/// Returns the values less their mean; none where they are all the same, but for rounding.
pub(super) fn centred(values: &[f64]) -> Option<Vec<f64>> {
    let middle = mean(values)?;
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let away: Vec<f64> = values.iter().map(|value| value - middle).collect();
    away.iter().any(|away| away.abs() > largest * 1e-9).then_some(away)
}

/// The sum of products of values with others `lag` later.
fn products(early: &[f64], late: &[f64], lag: usize) -> f64 {
    early.iter().zip(late.iter().skip(lag)).map(|(a, b)| a * b).sum()
}

fn squared(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value * value).collect()
}

/// The autocorrelation at lags of 1 to `lags`: the sum of products of deviations from the mean over the sum
/// of their squares (statsmodels `acf`). None of no more values than lags, and where all are the same.
pub(super) fn autocorrelation(values: &[f64], lags: usize) -> Option<Vec<f64>> {
    let away = centred(values).filter(|away| away.len() > lags)?;
    let squares = Some(products(&away, &away, 0)).filter(|squares| *squares > 0.0)?;
    Some((1..=lags).map(|lag| products(&away, &away, lag) / squares).collect())
}

/// A portmanteau statistic, and the probability of one as large where nothing depends on what was before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Portmanteau {
    pub(super) value: f64,
    pub(super) probability: f64,
}

/// How many lags a portmanteau statistic covers; an even number, which makes its probability a finite sum.
pub(super) const PORTMANTEAU_LAGS: usize = 20;

/// Ljung and Box (1978): n (n + 2) times the sum of rho^2 / (n - lag), over twenty lags from 1.
pub(super) fn ljung_box(values: &[f64]) -> Option<Portmanteau> {
    let n = real(values.len());
    let rho = autocorrelation(values, PORTMANTEAU_LAGS)?;
    let sum: f64 = (1..).zip(&rho).map(|(lag, rho)| rho * rho / (n - real(lag))).sum();
    Some(portmanteau(n * (n + 2.0) * sum))
}

/// The sum of rho^2 over its variance, over twenty lags from 2. The variance of the autocorrelation at a lag
/// is that of Lo and MacKinlay (1988), which holds where volatility changes, too: the sum of products of
/// squared deviations over the square of their sum.
pub(super) fn robust_portmanteau(values: &[f64]) -> Option<Portmanteau> {
    let away = centred(values).filter(|away| away.len() > PORTMANTEAU_LAGS + 1)?;
    let squares = squared(&away);
    let term = |lag| products(&away, &away, lag).powi(2) / products(&squares, &squares, lag);
    finite((2..=PORTMANTEAU_LAGS + 1).map(term).sum()).map(portmanteau)
}

fn portmanteau(value: f64) -> Portmanteau {
    Portmanteau { value, probability: chi_squared_above(value, PORTMANTEAU_LAGS / 2) }
}

/// Returns the probability that chi-squared with twice `pairs` degrees of freedom is above `value`: exp(-x)
/// times the sum of x^i / i! up to i = pairs - 1, at half the value.
fn chi_squared_above(value: f64, pairs: usize) -> f64 {
    let half = value / 2.0;
    let (mut term, mut sum) = (1.0, 0.0);
    for i in 1..=pairs {
        sum += term;
        term *= half / real(i);
    }
    (libm::exp(-half) * sum).min(1.0)
}

/// The mean, over lags of 1 to `lags`, of the correlation of a return with the squared return so much later
/// (Bouchaud, Matacz and Potters 2001 show the same, lag by lag).
///
/// Its error is the root of the sum of squares of what each return adds, which needs neither a constant
/// volatility nor thin tails, but that rises are as likely as falls of the same size.
pub(super) fn leverage(returns: &[f64], lags: usize) -> Option<Estimate> {
    let away = centred(returns).filter(|away| away.len() > lags)?;
    let squares = centred(&squared(returns))?;
    let scale = (products(&away, &away, 0) * products(&squares, &squares, 0)).sqrt() * real(lags);
    let after = |at: usize| -> f64 { squares.iter().skip(at + 1).take(lags).sum() };
    let added: Vec<f64> = away.iter().enumerate().map(|(at, away)| away * after(at) / scale).collect();
    let (value, error) = (added.iter().sum(), products(&added, &added, 0).sqrt());
    finite(error).filter(|error| *error > 0.0).map(|error| Estimate { value, error })
}

/// Spearman's correlation of ranks, with an error that knows that both sides depend on what they were before
/// (Bartlett 1935): root((1 + 2 times the sum of products of their autocorrelations over twenty lags) / n),
/// and at least root(1 / n).
pub(super) fn rank_correlation(left: &[f64], right: &[f64]) -> Option<Estimate> {
    let (left, right) = (ranks(left), ranks(right));
    let pairs: Vec<(f64, f64)> = left.iter().copied().zip(right.iter().copied()).collect();
    let value = correlation(&pairs)?;
    let (left_rho, right_rho) =
        (autocorrelation(&left, PORTMANTEAU_LAGS)?, autocorrelation(&right, PORTMANTEAU_LAGS)?);
    let inflation = (1.0 + 2.0 * products(&left_rho, &right_rho, 0)).max(1.0);
    Some(Estimate { value, error: (inflation / real(pairs.len())).sqrt() })
}

/// Returns the rank of each value, from 1; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for equal in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let rank = real(below) + real(equal.len() + 1) / 2.0;
        equal.iter().for_each(|place| ranks[*place] = rank);
        below += equal.len();
    }
    ranks
}
