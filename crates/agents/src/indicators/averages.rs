//! Averages and sums: [`Sma`], [`Ema`], [`RollingSum`].

use super::Indicator;
use super::input::{NotAllowed, Scale, number};
use super::rolling::{Measure, Rolling};
use super::smoothed::Smoothed;
use super::window::Summary;

/// A sum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum(f64);

impl Summary for Sum {
    fn then(self, newer: Self) -> Self {
        Self(self.0 + newer.0)
    }

    fn rescaled(self, by: Scale) -> Self {
        Self(self.0 * by.price)
    }
}

/// Measures the sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct Total;

impl Measure for Total {
    type Input = f64;
    type Summary = Sum;
    type Value = f64;

    fn one(&self, input: f64) -> Result<Sum, NotAllowed> {
        number("an input of", input).map(Sum)
    }

    fn read(&self, all: &Sum, _n: f64) -> Option<f64> {
        Some(all.0)
    }
}

/// Measures the mean.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean;

impl Measure for Mean {
    type Input = f64;
    type Summary = Sum;
    type Value = f64;

    fn one(&self, input: f64) -> Result<Sum, NotAllowed> {
        Total.one(input)
    }

    fn read(&self, all: &Sum, n: f64) -> Option<f64> {
        Some(all.0 / n)
    }
}

/// The sum of the last n inputs.
///
/// The reference is TA-Lib's SUM.
pub type RollingSum = Rolling<Total>;

/// The simple moving average: the mean of the last n inputs.
///
/// The reference is TA-Lib's SMA.
pub type Sma = Rolling<Mean>;

/// The exponential moving average: the newest input has weight 2 / (n + 1), the average before it the rest.
///
/// It begins, with the nth input, as the mean of the first n. The reference is TA-Lib's EMA.
#[derive(Debug, Clone)]
pub struct Ema(Smoothed);

impl Ema {
    /// Makes an average of `period`.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        Smoothed::exponential(period).map(Self)
    }
}

impl Indicator for Ema {
    type Input = f64;
    type Value = f64;

    fn update(&mut self, input: f64) -> Result<Option<f64>, NotAllowed> {
        Ok(self.0.push(number("an input of", input)?))
    }

    fn value(&self) -> Option<f64> {
        self.0.value()
    }

    fn rescale(&mut self, by: Scale) {
        self.0.rescale(by.price);
    }

    fn reset(&mut self) {
        self.0.clear();
    }
}
