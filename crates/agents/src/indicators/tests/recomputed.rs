//! Plain recomputation over a window, in two passes around its first value: what rolling indicators are
//! compared with.

use crate::indicators::*;

/// What two passes over a window find.
pub(super) struct Plain {
    pub(super) sum: f64,
    pub(super) mean: f64,
    /// How far the newest lies above the mean.
    pub(super) newest: f64,
    /// Squared distances from the mean, and products of them with those of time.
    pub(super) squares: f64,
    pub(super) rising: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
    /// The largest magnitude, by which errors of sums are measured.
    pub(super) scale: f64,
}

pub(super) fn plain(window: &[f64]) -> Plain {
    let (first, n) = (window[0], window.len() as f64);
    let mean_from_first = window.iter().map(|x| x - first).sum::<f64>() / n;
    let away = |x: &f64| (x - first) - mean_from_first;
    let middle = (n - 1.0) / 2.0;
    Plain {
        sum: window.iter().sum(),
        mean: first + mean_from_first,
        newest: window.last().map_or(0.0, away),
        squares: window.iter().map(|x| away(x) * away(x)).sum(),
        rising: window.iter().enumerate().map(|(i, x)| (i as f64 - middle) * away(x)).sum(),
        lowest: window.iter().copied().fold(f64::INFINITY, f64::min),
        highest: window.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        scale: window.iter().fold(0.0, |most, x| x.abs().max(most)),
    }
}

/// Fails if two numbers differ by more than 1e-9 of a scale.
pub(super) fn near(what: &str, found: f64, expected: f64, scale: f64) {
    assert!((found - expected).abs() <= 1e-9 * scale, "{what}: {found}, recomputed {expected}");
}

/// All rolling indicators of one series, side by side.
pub(super) struct Side {
    n: usize,
    sum: RollingSum,
    mean: Sma,
    weighted: Wma,
    low: RollingMin,
    high: RollingMax,
    deviation: RollingStd,
    score: ZScore,
    line: LinearRegression,
    bands: Bollinger,
    change: RateOfChange,
}

impl Side {
    pub(super) fn new(n: u32) -> Self {
        Self {
            n: n as usize,
            sum: RollingSum::new(n).unwrap(),
            mean: Sma::new(n).unwrap(),
            weighted: Wma::new(n).unwrap(),
            low: RollingMin::new(n).unwrap(),
            high: RollingMax::new(n).unwrap(),
            deviation: RollingStd::new(n).unwrap(),
            score: ZScore::new(n).unwrap(),
            line: LinearRegression::new(n).unwrap(),
            bands: Bollinger::new(n, 2.0).unwrap(),
            change: RateOfChange::new(n).unwrap(),
        }
    }

    pub(super) fn feed(&mut self, x: f64) {
        self.sum.update(x).unwrap();
        self.mean.update(x).unwrap();
        self.weighted.update(x).unwrap();
        self.low.update(x).unwrap();
        self.high.update(x).unwrap();
        self.deviation.update(x).unwrap();
        self.score.update(x).unwrap();
        self.line.update(x).unwrap();
        self.bands.update(x).unwrap();
        self.change.update(x).unwrap();
    }

    /// Compares all with what two passes over the end of `all` find.
    pub(super) fn compare(&self, all: &[f64]) {
        let Some(start) = all.len().checked_sub(self.n) else {
            assert!(!self.mean.is_ready() && !self.line.is_ready() && !self.low.is_ready());
            return;
        };
        let (window, n) = (&all[start..], self.n as f64);
        let it = plain(window);
        near("sum", self.sum.value().unwrap(), it.sum, it.scale * n);
        near("mean", self.mean.value().unwrap(), it.mean, it.scale);
        assert_eq!(self.low.value(), Some(it.lowest));
        assert_eq!(self.high.value(), Some(it.highest));
        let weighted = it.mean + it.rising * 2.0 / (n * (n + 1.0));
        near("weighted", self.weighted.value().unwrap(), weighted, it.scale);
        self.compare_deviations(&it);
        self.compare_lines(&it);
        if start > 0 && all[start - 1] != 0.0 {
            let rate = 100.0 * (all[all.len() - 1] / all[start - 1] - 1.0);
            near("rate", self.change.value().unwrap(), rate, rate.abs().max(1.0));
        }
    }

    fn compare_deviations(&self, it: &Plain) {
        let n = self.n as f64;
        let spread = self.deviation.value().unwrap();
        let expected = (it.squares / n).sqrt();
        near("population", spread.population, expected, expected);
        near("sample", spread.sample, (it.squares / (n - 1.0)).sqrt(), expected * 2.0);
        let score = if expected > 0.0 { it.newest / expected } else { 0.0 };
        near("score", self.score.value().unwrap(), score, 1.0);
        let bands = self.bands.value().unwrap();
        near("upper", bands.upper, it.mean + 2.0 * expected, it.scale);
        near("lower", bands.lower, it.mean - 2.0 * expected, it.scale);
        near("percent_b", bands.percent_b, 0.5 + score / 4.0, 1.0);
    }

    fn compare_lines(&self, it: &Plain) {
        let n = self.n as f64;
        let times = n * (n * n - 1.0) / 12.0;
        let line = self.line.value().unwrap();
        // A slope can be no larger than this, by Cauchy and Schwarz.
        let steepest = (it.squares / times).sqrt();
        near("slope", line.slope, it.rising / times, steepest);
        near("end", line.end, it.mean + line.slope * (n - 1.0) / 2.0, it.scale);
        near("intercept", line.intercept, it.mean - line.slope * (n - 1.0) / 2.0, it.scale);
        let explained = if it.squares > 0.0 { it.rising * it.rising / times / it.squares } else { 0.0 };
        near("r_squared", line.r_squared, explained, 1.0);
    }
}
