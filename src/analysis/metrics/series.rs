//! What the metrics are made of: means, deviations, quantiles, moments, and the normal distribution.
//!
//! All of it is `None` where it is not defined, so that no metric has to check for values that are not
//! numbers.

use std::f64::consts::{PI, SQRT_2};

/// Returns `count` as a double; counts are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(in crate::analysis) const fn real(count: usize) -> f64 {
    count as f64
}

/// Returns `numerator / denominator` if that is a number.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    finite(numerator / denominator)
}

/// Returns a value if it is a finite number.
pub(in crate::analysis) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Returns the arithmetic mean; `None` without values.
pub(in crate::analysis) fn mean(values: &[f64]) -> Option<f64> {
    ratio(values.iter().sum(), real(values.len()))
}

/// Returns whether there are values and all are the same.
///
/// The mean of equal doubles can differ from them in the last bit; what looks like dispersion then is
/// rounding, and a ratio to it would be about 10^15 instead of none.
pub(super) fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits())
}

/// Returns the sample standard deviation (divided by n - 1), exactly zero where all values are the same;
/// `None` for fewer than two.
pub(in crate::analysis) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    if is_constant(values) {
        return Some(0.0);
    }
    Some((central_moment(values, 2)? * real(values.len()) / real(values.len() - 1)).sqrt())
}

/// Returns the mean of the deviations from the mean, each to the power of `order`.
pub(super) fn central_moment(values: &[f64], order: i32) -> Option<f64> {
    let middle = mean(values)?;
    ratio(values.iter().map(|value| (value - middle).powi(order)).sum(), real(values.len()))
}

/// Returns the quantile at `share` (0 to 1), by linear interpolation between order statistics (type 7 of
/// Hyndman and Fan 1996, the default of numpy and pandas).
pub(in crate::analysis) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let sorted = sorted(values);
    let place = share * real(sorted.len().checked_sub(1)?);
    let below = index(place);
    let (low, high) = (*sorted.get(below)?, *sorted.get(below + 1).or_else(|| sorted.last())?);
    finite(low + (high - low) * (place - real(below)))
}

/// Returns the values in ascending order.
pub(in crate::analysis) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Returns the whole part of a place in a list, which is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list is neither negative nor beyond its length"
)]
pub(in crate::analysis) fn index(place: f64) -> usize {
    place.max(0.0) as usize
}

/// Returns Pearson's correlation of pairs, if both sides vary.
pub(in crate::analysis) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    if is_constant(&left) || is_constant(&right) {
        return None;
    }
    let (left_mean, right_mean) = (mean(&left)?, mean(&right)?);
    let (mut product, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        let (a, b) = (a - left_mean, b - right_mean);
        product += a * b;
        left_square += a * a;
        right_square += b * b;
    }
    ratio(product, (left_square * right_square).sqrt()).map(|it| it.clamp(-1.0, 1.0))
}

/// The line of weighted least squares through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::analysis) struct Line {
    /// By how much it rises.
    pub(in crate::analysis) slope: f64,
    /// The weighted sum of the squares by which points stray from the mean, along the line's axis: the
    /// inverse of the slope's variance where weights are inverse variances.
    pub(in crate::analysis) spread: f64,
    /// The weighted sum of the squares by which points stray from the line.
    pub(in crate::analysis) rest: f64,
}

impl Line {
    /// Fits the line to points `[x, y, weight]`; `None` where all have one x.
    pub(in crate::analysis) fn through(points: impl Iterator<Item = [f64; 3]> + Clone) -> Option<Self> {
        let (mut weight, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
        for [x, y, w] in points.clone() {
            (weight, x_sum, y_sum) = (weight + w, x_sum + w * x, y_sum + w * y);
        }
        let (x_mean, y_mean) = (x_sum / weight, y_sum / weight);
        let (mut spread, mut product, mut square) = (0.0, 0.0, 0.0);
        for [x, y, w] in points {
            spread += w * (x - x_mean) * (x - x_mean);
            product += w * (x - x_mean) * (y - y_mean);
            square += w * (y - y_mean) * (y - y_mean);
        }
        let slope = ratio(product, spread)?;
        Some(Self { slope, spread, rest: (square - slope * product).max(0.0) })
    }
}

/// Returns the wealth at the end, of 1 at the start.
pub(super) fn growth(returns: &[f64]) -> f64 {
    wealth(returns).last().unwrap_or(1.0)
}

/// Returns the wealth after each period, of 1 at the start.
pub fn wealth(returns: &[f64]) -> impl Iterator<Item = f64> {
    returns.iter().scan(1.0, |wealth, value| {
        *wealth *= 1.0 + value;
        Some(*wealth)
    })
}

/// Returns how far wealth is below its highest so far after each period, as a share of it; the start counts.
#[must_use]
pub fn underwater(returns: &[f64]) -> Vec<f64> {
    let mut peak = 1.0_f64;
    let below = |wealth: f64| {
        peak = peak.max(wealth);
        (wealth - peak) / peak
    };
    wealth(returns).map(below).collect()
}

/// Returns the density of the standard normal distribution.
pub(in crate::analysis) fn normal_density(z: f64) -> f64 {
    libm::exp(-z * z / 2.0) / (2.0 * PI).sqrt()
}

/// Returns the standard normal distribution function.
pub(super) fn normal_below(z: f64) -> f64 {
    libm::erfc(-z / SQRT_2) / 2.0
}

/// Returns the standard normal quantile of a `share` between 0 and 1, both excluded.
///
/// Begins with the rational approximation 26.2.23 of Abramowitz and Stegun (good to 4.5e-4) and brings it to
/// the precision of a double by three steps of Halley's method.
pub(super) fn normal_quantile(share: f64) -> Option<f64> {
    if !(share > 0.0 && share < 1.0) {
        return None;
    }
    let t = (-2.0 * libm::log(share.min(1.0 - share))).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let size = t - over / under;
    let mut z = if share < 0.5 { -size } else { size };
    for _ in 0..3 {
        let step = (normal_below(z) - share) / normal_density(z);
        z -= step / (1.0 + z * step / 2.0);
    }
    finite(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_quantile_undoes_the_distribution() {
        for (share, z) in [(0.05, -1.644_853_626_951_472_2), (0.5, 0.0), (0.9, 1.281_551_565_544_600_4)] {
            assert!((normal_quantile(share).unwrap() - z).abs() < 1e-14, "{share}");
        }
        for share in [1e-12, 1e-6, 0.3, 0.999, 1.0 - 1e-9] {
            assert!((normal_below(normal_quantile(share).unwrap()) / share - 1.0).abs() < 1e-12, "{share}");
        }
        assert_eq!([0.0, 1.0, -1.0, f64::NAN].map(normal_quantile), [None; 4]);
    }

    #[test]
    fn a_line_goes_through_its_points_and_heavy_ones_count_more() {
        let exact = Line::through([[0.0, 1.0, 1.0], [1.0, 3.0, 5.0], [2.0, 5.0, 1.0]].into_iter()).unwrap();
        assert!((exact.slope - 2.0).abs() < 1e-12 && exact.rest < 1e-12, "{exact:?}");
        // By hand: x and y less their means are -1, 0, 1 and 0, 2, -2 less 0: the slope is -1, the rest 6.
        let line = Line::through([[0.0, 0.0, 1.0], [1.0, 2.0, 1.0], [2.0, -2.0, 1.0]].into_iter()).unwrap();
        assert!((line.slope + 1.0).abs() < 1e-12 && (line.spread - 2.0).abs() < 1e-12, "{line:?}");
        assert!((line.rest - 6.0).abs() < 1e-12, "{line:?}");
        assert_eq!(Line::through([[1.0, 0.0, 1.0], [1.0, 2.0, 1.0]].into_iter()), None);
    }

    #[test]
    fn nothing_has_no_mean_and_one_value_no_deviation() {
        assert_eq!(
            (mean(&[]), deviation(&[]), deviation(&[1.0]), quantile(&[], 0.5)),
            (None, None, None, None)
        );
        assert_eq!(deviation(&[0.1; 7]), Some(0.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.25), Some(1.5));
    }
}
