//! What the tests of processes share: samples of ends, and their distance from closed forms.

use super::moments::Moments;
use super::value::PriceProcess;
use crate::kernel::stream;
use crate::units::{Seed, SimDuration, SimTime};

pub(super) const HOUR: SimDuration = SimDuration::from_secs(3_600);

/// Returns the values of `count` copies of a process after `span`, reached in so many steps; the seed is
/// always the same.
pub(super) fn sample_ends<P: PriceProcess + Clone>(
    process: &P,
    span: SimDuration,
    steps: i64,
    count: usize,
) -> Vec<f64> {
    let mut rng = stream(Seed::new(9), "proof");
    let part = SimDuration::from_nanos(span.nanos() / steps);
    let end = |_| {
        let mut copy = process.clone();
        let mut at = SimTime::from_nanos(0);
        let mut value = f64::NAN;
        for _ in 0..steps {
            at += part;
            value = copy.step(at, part, &mut rng);
        }
        value
    };
    (0..count).map(end).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a number of draws")]
pub(super) fn count_of(values: &[f64]) -> f64 {
    values.len() as f64
}

pub(super) fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / count_of(&values)
}

/// Returns the central moments of orders 1 (the mean) to 8.
fn central_moments(values: &[f64]) -> [f64; 9] {
    let mean = mean_of(values.iter().copied());
    let mut moments = [0.0; 9];
    for value in values {
        let mut power = 1.0;
        for moment in &mut moments {
            *moment += power / count_of(values);
            power *= value - mean;
        }
    }
    moments[1] = mean;
    moments
}

/// Asserts that a mean is within four standard errors of what is expected.
pub(super) fn assert_mean(what: &str, values: &[f64], expected: f64) {
    let [_, mean, variance, ..] = central_moments(values);
    let error = libm::sqrt(variance / count_of(values));
    let off = (mean - expected) / error;
    assert!(off.abs() < 4.0, "{what}: {mean} instead of {expected}, {off} standard errors off");
}

/// Asserts that each moment that has a closed form is within four standard errors of it.
///
/// Errors are those of the delta method, from the sample's own higher moments.
pub(super) fn assert_moments(expected: &Moments, initial: f64, ends: &[f64]) {
    let returns: Vec<f64> = ends.iter().map(|end| libm::log(end / initial)).collect();
    let n = count_of(ends);
    let check = |what: &str, found: f64, expected: Option<f64>, variance: f64| {
        let Some(expected) = expected else { return };
        let off = (found - expected) / libm::sqrt(variance / n).max(1e-14);
        assert!(off.abs() < 4.0, "{what}: {found} instead of {expected}, {off} standard errors off");
    };
    let value = central_moments(ends);
    check("mean", value[1], expected.mean, value[2]);
    let deviation = |m: &[f64; 9]| (libm::sqrt(m[2]), (m[4] - m[2] * m[2]) / (4.0 * m[2]));
    let (found, variance) = deviation(&value);
    check("deviation", found, expected.deviation, variance);
    if expected.log_mean.is_none() {
        return;
    }
    let m = central_moments(&returns);
    check("log mean", m[1], expected.log_mean, m[2]);
    let (found, variance) = deviation(&m);
    check("log deviation", found, expected.log_deviation, variance);
    // The standardized moments, and the variances of skewness and kurtosis (Kendall and Stuart, 10.8).
    let s = |order: usize| m[order] / libm::pow(m[2], order as f64 / 2.0);
    let [b3, b4, b5, b6, b8] = [3, 4, 5, 6, 8].map(s);
    let variance = b6 - b3 * b5 * 3.0 + b3 * b3 * (9.0 * b4 + 35.0) / 4.0 - 6.0 * b4 + 9.0;
    check("log skewness", b3, expected.log_skewness, variance);
    let variance = b8 - 4.0 * b4 * b6 + 4.0 * b4 * b4 * b4 - b4 * b4 + 16.0 * b3 * b3 * b4 - 8.0 * b3 * b5
        + 16.0 * b3 * b3;
    check("log kurtosis", b4 - 3.0, expected.log_kurtosis, variance);
}

/// Asserts that draws have a distribution: the test of Kolmogorov and Smirnov, passed in 999 of 1,000 cases.
pub(super) fn assert_distribution(what: &str, mut draws: Vec<f64>, cumulative: impl Fn(f64) -> f64) {
    draws.sort_by(f64::total_cmp);
    let n = count_of(&draws);
    let mut below = 0.0;
    let mut distance = 0.0_f64;
    for x in &draws {
        let expected = cumulative(*x);
        distance = distance.max(expected - below / n).max((below + 1.0) / n - expected);
        below += 1.0;
    }
    assert!(distance * libm::sqrt(n) < 1.95, "{what}: {}", distance * libm::sqrt(n));
}

pub(super) fn normal_cumulative(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}
