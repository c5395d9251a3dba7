//! The shape of the distribution of returns: tails, lopsidedness, density.

use std::collections::BTreeMap;

use super::returns::ReturnSeries;
use crate::analysis::metrics::distribution::{kurtosis_excess_biased, skew_biased};
use crate::analysis::metrics::series::{finite, index, mean, normal_density, real, sorted};

/// An estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// Hill's (1975) index of the tail of |r| over the largest `share` of returns: k over the sum of ln(|r| / the
/// next smaller one); its error is the index over root k. None where that next one is zero, or all are the
/// same.
pub(super) fn hill(returns: &[f64], share: f64) -> Option<Estimate> {
    let sizes = sorted(&returns.iter().map(|value| value.abs()).collect::<Vec<f64>>());
    let count = index(real(sizes.len()) * share).max(1);
    let (rest, tail) = sizes.split_at_checked(sizes.len().checked_sub(count)?)?;
    let edge = rest.last().copied().filter(|edge| *edge > 0.0)?;
    let sum: f64 = tail.iter().map(|size| libm::log(size / edge)).sum();
    let value = finite(real(count) / sum).filter(|_| sum > 1e-9)?;
    Some(Estimate { value, error: value / real(count).sqrt() })
}

/// The biased skewness, with the error that it has where rises are as likely as falls of the same size: root
/// of the mean of (z^3 - 3 z)^2 over n. The usual root(6 / n) is for normal returns, and far too small for
/// others.
pub(super) fn skew(returns: &[f64]) -> Option<Estimate> {
    let value = skew_biased(returns)?;
    let influence = |z: &f64| (z.powi(3) - 3.0 * z).powi(2);
    let variance = mean(&standardised(returns)?.iter().map(influence).collect::<Vec<f64>>())?;
    Some(Estimate { value, error: (variance / real(returns.len())).sqrt() })
}

/// Into how many parts a series is cut, of which each is left out once.
const PARTS: usize = 20;

/// By how much lower excess kurtosis is over sums of `multiple` returns than over one, with the error of a
/// jackknife (Künsch 1989): root of (m - 1) / m times the sum of squares by which it differs from its mean,
/// each of m = 20 parts of the series left out once. What is known of normal returns says nothing of the
/// error, as these are not normal.
pub(super) fn kurtosis_fall(series: &ReturnSeries, multiple: usize) -> Option<Estimate> {
    let fall = |series: &ReturnSeries| {
        let over = |multiple| kurtosis_excess_biased(&series.summed(multiple).returns);
        Some(over(1)? - over(multiple)?)
    };
    let edge = |part: usize| series.returns.len() * part / PARTS;
    let falls = (0..PARTS).map(|part| fall(&series.without(edge(part)..edge(part + 1))));
    let falls: Vec<f64> = falls.collect::<Option<_>>()?;
    let middle = mean(&falls)?;
    let squares: f64 = falls.iter().map(|fall| (fall - middle).powi(2)).sum();
    let error = finite((squares * real(PARTS - 1) / real(PARTS)).sqrt())?;
    Some(Estimate { value: fall(series)?, error })
}

/// Returns the values less their mean, in population standard deviations.
fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let middle = mean(values)?;
    let variance = mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<f64>>())?;
    (variance > 0.0).then(|| values.iter().map(|value| (value - middle) / variance.sqrt()).collect())
}

/// How wide a bar of the density is, in standard deviations.
const BAR: f64 = 0.5;

/// Returns the density of returns: the middle of each bar that has some, in standard deviations from the
/// mean, and the share of returns in it over its width.
#[expect(clippy::cast_possible_truncation, reason = "at most the root of the number of returns")]
pub(super) fn density(returns: &[f64]) -> Vec<(f64, f64)> {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for z in standardised(returns).unwrap_or_default() {
        *counts.entry((z / BAR).round() as i32).or_default() += 1;
    }
    let share = |count: usize| real(count) / real(returns.len()) / BAR;
    counts.into_iter().map(|(bar, count)| (f64::from(bar) * BAR, share(count))).collect()
}

/// Returns the density of the normal distribution where it is not below the lowest of `density`.
pub(super) fn normal_beside(density: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const STEPS: usize = 60;
    // Three deviations at least, so that there is a curve also beside few bars.
    let lowest = density.iter().map(|bar| bar.1).fold(normal_density(3.0), f64::min);
    let reach = (-2.0 * libm::log(lowest / normal_density(0.0))).max(0.0).sqrt();
    let at = |step: usize| reach * (2.0 * real(step) / real(STEPS) - 1.0);
    if density.is_empty() {
        return Vec::new();
    }
    (0..=STEPS).map(|step| (at(step), normal_density(at(step)))).collect()
}
