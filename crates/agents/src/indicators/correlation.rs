//! [`Correlation`] of two series.

use super::input::{NotAllowed, Pair, Scale};
use super::moments::Moments;
use super::rolling::{Measure, Rolling};
use super::window::Summary;

/// Moments of two series over a stretch of pairs, and of their products.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CoMoments {
    x: Moments,
    y: Moments,
    /// The sum of (x - mean of x) x (y - mean of y).
    products: f64,
}

impl Summary for CoMoments {
    fn then(self, newer: Self) -> Self {
        let between = self.x.apart(&newer.x) * self.y.apart(&newer.y) * self.x.weight(&newer.x);
        Self {
            x: self.x.then(newer.x),
            y: self.y.then(newer.y),
            products: self.products + newer.products + between,
        }
    }

    fn rescaled(self, by: Scale) -> Self {
        Self { x: self.x.rescaled(by), y: self.y.rescaled(by), products: self.products * by.price * by.price }
    }
}

/// Measures the correlation of two series.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreement;

impl Measure for Agreement {
    type Input = Pair;
    type Summary = CoMoments;
    type Value = f64;
    const PERIOD_MIN: u32 = 2;

    fn one(&self, input: Pair) -> Result<CoMoments, NotAllowed> {
        Ok(CoMoments { x: Moments::of(input.x)?, y: Moments::of(input.y)?, products: 0.0 })
    }

    fn read(&self, all: &CoMoments, _n: f64) -> Option<f64> {
        // Two roots, since the product of the squares may be beyond what a float can hold.
        let scale = all.x.squares().sqrt() * all.y.squares().sqrt();
        Some(if scale > 0.0 { (all.products / scale).clamp(-1.0, 1.0) } else { 0.0 })
    }
}

/// Pearson's correlation of the last n pairs, -1 to 1; 0 where one of the series is constant.
///
/// The reference is TA-Lib's CORREL.
pub type Correlation = Rolling<Agreement>;
