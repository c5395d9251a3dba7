//! [`Spread`]: how values of many runs lie.

use crate::analysis::metrics::series::{deviation, mean, quantile, real};
use crate::analysis::run_set::student::t_quantile;

/// How values of many runs lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// How many there are; at least one.
    pub count: usize,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Their sample standard deviation; `None` for a single one.
    pub deviation: Option<f64>,
    /// Where the true mean lies at 95 %, by Student's t with one degree of freedom less than there are
    /// values; `None` for a single one.
    pub interval: Option<(f64, f64)>,
    /// The lowest, the quantiles at 5, 25, 50, 75 and 95 %, and the highest.
    pub quantiles: [f64; 7],
    /// The share of values above zero.
    pub above_zero: f64,
}

/// The quantiles of a [`Spread`] and of a fan.
const SHARES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

impl Spread {
    /// Looks at values; those that are no numbers are left out. None of nothing.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let mean = mean(&values)?;
        let count = values.len();
        let deviation = deviation(&values);
        let interval = deviation.and_then(|deviation| {
            let half = t_quantile(0.975, count - 1)? * deviation / real(count).sqrt();
            Some((mean - half, mean + half))
        });
        let mut quantiles = [mean; 7];
        for (place, share) in quantiles.iter_mut().zip(SHARES) {
            *place = quantile(&values, share)?;
        }
        let above = values.iter().filter(|value| **value > 0.0).count();
        Some(Self { count, mean, deviation, interval, quantiles, above_zero: real(above) / real(count) })
    }

    /// Returns the lowest value.
    #[must_use]
    pub const fn lowest(&self) -> f64 {
        self.quantiles[0]
    }

    /// Returns the value that half of them are below.
    #[must_use]
    pub const fn median(&self) -> f64 {
        self.quantiles[3]
    }

    /// Returns the highest value.
    #[must_use]
    pub const fn highest(&self) -> f64 {
        self.quantiles[6]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_student() {
        // scipy.stats.t.ppf(0.975, 4) times the standard error, the root of 2.5.
        let half = 2.776_445_105_197_8 * 2.5_f64.sqrt();
        let spread = Spread::of([1.0, 2.0, 3.0, 4.0, 10.0].into_iter()).unwrap();
        let (low, high) = spread.interval.unwrap();
        assert!((low - (4.0 - half)).abs() < 1e-9 && (high - (4.0 + half)).abs() < 1e-9, "{low} {high}");
        let (lowest, median, highest) = (spread.lowest(), spread.median(), spread.highest());
        assert_eq!((spread.mean, lowest, median, highest, spread.above_zero), (4.0, 1.0, 3.0, 10.0, 1.0));
    }

    #[test]
    fn one_value_has_no_interval_and_equal_ones_a_point() {
        let one = Spread::of([5.0, f64::NAN].into_iter()).unwrap();
        assert_eq!((one.count, one.deviation, one.interval, one.quantiles), (1, None, None, [5.0; 7]));
        let equal = Spread::of([0.1; 10].into_iter()).unwrap();
        assert_eq!(equal.deviation, Some(0.0));
        assert_eq!(equal.interval, Some((equal.mean, equal.mean)));
        assert_eq!(Spread::of([f64::INFINITY].into_iter()), None);
    }
}
