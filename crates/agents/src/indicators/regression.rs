//! The straight line through the last n inputs: [`LinearRegression`], [`Wma`].

use super::input::{NotAllowed, Scale};
use super::moments::Moments;
use super::rolling::{Measure, Rolling};
use super::window::Summary;

/// Moments of a stretch of inputs, and of their products with time, which counts updates.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trend {
    moments: Moments,
    /// The sum of (time - mean time) x (input - mean input).
    products: f64,
}

impl Trend {
    fn of(input: f64) -> Result<Self, NotAllowed> {
        Ok(Self { moments: Moments::of(input)?, products: 0.0 })
    }
}

impl Summary for Trend {
    fn then(self, newer: Self) -> Self {
        let (older, later) = (self.moments, newer.moments);
        let between = older.half_length(&later) * older.apart(&later) * older.weight(&later);
        Self { moments: older.then(later), products: self.products + newer.products + between }
    }

    fn rescaled(self, by: Scale) -> Self {
        Self { moments: self.moments.rescaled(by), products: self.products * by.price }
    }
}

/// Measures the line of least squares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line;

/// The values of [`LinearRegression`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearFit {
    /// The line's rise in one update.
    pub slope: f64,
    /// The line at the oldest of the n inputs.
    pub intercept: f64,
    /// The line at the newest.
    pub end: f64,
    /// The share of the variance that the line explains, 0 to 1; 0 where all inputs are equal.
    pub r_squared: f64,
}

impl Measure for Line {
    type Input = f64;
    type Summary = Trend;
    type Value = LinearFit;
    const PERIOD_MIN: u32 = 2;

    fn one(&self, input: f64) -> Result<Trend, NotAllowed> {
        Trend::of(input)
    }

    fn read(&self, all: &Trend, n: f64) -> Option<LinearFit> {
        // The sum of squared distances of n counted times from their mean is n (n^2 - 1) / 12.
        let slope = all.products / (n * (n * n - 1.0) / 12.0);
        let half = slope * (n - 1.0) / 2.0;
        let explained = slope * all.products;
        let (mean, squares) = (all.moments.mean(), all.moments.squares());
        let r_squared = if squares > 0.0 { (explained / squares).min(1.0) } else { 0.0 };
        Some(LinearFit { slope, intercept: mean - half, end: mean + half, r_squared })
    }
}

/// The line of least squares through the last n inputs, against their count 0, 1 .. n - 1.
///
/// The references are TA-Lib's LINEARREG (end), `LINEARREG_SLOPE` and `LINEARREG_INTERCEPT`, and the squared
/// `rvalue` of scipy's `stats.linregress`.
pub type LinearRegression = Rolling<Line>;

/// Measures the mean with weights 1, 2 .. n, the newest weighing most.
#[derive(Debug, Clone, Copy, Default)]
pub struct WeightedMean;

impl Measure for WeightedMean {
    type Input = f64;
    type Summary = Trend;
    type Value = f64;

    fn one(&self, input: f64) -> Result<Trend, NotAllowed> {
        Trend::of(input)
    }

    /// The weights rise with time around their own mean, so this is the mean plus a share of the products.
    fn read(&self, all: &Trend, n: f64) -> Option<f64> {
        Some(all.moments.mean() + all.products * 2.0 / (n * (n + 1.0)))
    }
}

/// The weighted moving average: of the last n inputs the oldest weighs 1, the newest n.
///
/// The reference is TA-Lib's WMA.
pub type Wma = Rolling<WeightedMean>;
