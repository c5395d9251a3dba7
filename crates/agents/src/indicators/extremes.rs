//! Highest and lowest: [`RollingMin`], [`RollingMax`], [`Donchian`].

use super::input::{Extent, NotAllowed, Scale, number};
use super::rolling::{Measure, Rolling};
use super::window::Summary;

/// The highest and the lowest of a stretch of inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extremes {
    pub(super) highest: f64,
    pub(super) lowest: f64,
}

impl From<Extent> for Extremes {
    fn from(extent: Extent) -> Self {
        Self { highest: extent.high, lowest: extent.low }
    }
}

impl Summary for Extremes {
    /// A plain comparison: `f64::max` does not specify which of 0 and -0 it returns.
    fn then(self, newer: Self) -> Self {
        Self {
            highest: if newer.highest > self.highest { newer.highest } else { self.highest },
            lowest: if newer.lowest < self.lowest { newer.lowest } else { self.lowest },
        }
    }

    fn rescaled(self, by: Scale) -> Self {
        Self { highest: self.highest * by.price, lowest: self.lowest * by.price }
    }
}

fn level(input: f64) -> Result<Extremes, NotAllowed> {
    number("an input of", input).map(|x| Extremes { highest: x, lowest: x })
}

/// Measures the lowest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lowest;

impl Measure for Lowest {
    type Input = f64;
    type Summary = Extremes;
    type Value = f64;

    fn one(&self, input: f64) -> Result<Extremes, NotAllowed> {
        level(input)
    }

    fn read(&self, all: &Extremes, _n: f64) -> Option<f64> {
        Some(all.lowest)
    }
}

/// Measures the highest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Highest;

impl Measure for Highest {
    type Input = f64;
    type Summary = Extremes;
    type Value = f64;

    fn one(&self, input: f64) -> Result<Extremes, NotAllowed> {
        level(input)
    }

    fn read(&self, all: &Extremes, _n: f64) -> Option<f64> {
        Some(all.highest)
    }
}

/// The lowest of the last n inputs.
///
/// The reference is TA-Lib's MIN.
pub type RollingMin = Rolling<Lowest>;

/// The highest of the last n inputs.
///
/// The reference is TA-Lib's MAX.
pub type RollingMax = Rolling<Highest>;

/// Measures the range of bars.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range;

/// The values of [`Donchian`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// The highest high.
    pub upper: f64,
    /// The lowest low.
    pub lower: f64,
    /// Halfway between the two.
    pub middle: f64,
}

impl Measure for Range {
    type Input = Extent;
    type Summary = Extremes;
    type Value = Channel;

    fn one(&self, input: Extent) -> Result<Extremes, NotAllowed> {
        input.checked().map(Extremes::from)
    }

    fn read(&self, all: &Extremes, _n: f64) -> Option<Channel> {
        let Extremes { highest: upper, lowest: lower } = *all;
        Some(Channel { upper, lower, middle: f64::midpoint(upper, lower) })
    }
}

/// Donchian's channel: the highest high and the lowest low of the last n bars, the newest among them.
///
/// The references are TA-Lib's MAX of the highs and MIN of the lows.
pub type Donchian = Rolling<Range>;
