//! Indicators made of mean and standard deviation: [`RollingStd`], [`ZScore`], [`Bollinger`].

use super::input::{NotAllowed, Scale, allow, number};
use super::rolling::{Measure, Rolling};
use super::window::Summary;

/// Mean and squared deviations of a stretch of inputs, and the newest of them.
///
/// Two stretches are combined by the formula of Chan, Golub and LeVeque (1979). The mean is stored as a
/// distance from the oldest input, so that small deviations of large numbers keep all their digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    count: f64,
    oldest: f64,
    newest: f64,
    /// The mean, less the oldest.
    offset: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

impl Moments {
    pub(super) fn of(input: f64) -> Result<Self, NotAllowed> {
        let x = number("an input of", input)?;
        Ok(Self { count: 1.0, oldest: x, newest: x, offset: 0.0, squares: 0.0 })
    }

    pub(super) const fn mean(&self) -> f64 {
        self.oldest + self.offset
    }

    pub(super) const fn squares(&self) -> f64 {
        self.squares
    }

    /// How far the mean of `newer` lies above this one.
    pub(super) const fn apart(&self, newer: &Self) -> f64 {
        (newer.oldest - self.oldest) + (newer.offset - self.offset)
    }

    /// The weight of the distance of two means in the squares and products of both stretches together.
    pub(super) const fn weight(&self, newer: &Self) -> f64 {
        self.count * newer.count / (self.count + newer.count)
    }

    /// Half the combined length of both stretches: the distance of their mean times.
    pub(super) const fn half_length(&self, newer: &Self) -> f64 {
        (self.count + newer.count) / 2.0
    }

    /// The population's standard deviation.
    fn deviation(&self) -> f64 {
        (self.squares / self.count).sqrt()
    }

    /// How many population standard deviations the newest input lies above the mean; 0 if all are equal.
    fn score(&self) -> f64 {
        let deviation = self.deviation();
        if deviation > 0.0 { (self.newest - self.oldest - self.offset) / deviation } else { 0.0 }
    }
}

impl Summary for Moments {
    fn then(self, newer: Self) -> Self {
        let (apart, weight) = (self.apart(&newer), self.weight(&newer));
        Self {
            count: self.count + newer.count,
            oldest: self.oldest,
            newest: newer.newest,
            offset: self.offset + apart * weight / self.count,
            squares: self.squares + newer.squares + apart * apart * weight,
        }
    }

    fn rescaled(self, by: Scale) -> Self {
        Self {
            count: self.count,
            oldest: self.oldest * by.price,
            newest: self.newest * by.price,
            offset: self.offset * by.price,
            squares: self.squares * by.price * by.price,
        }
    }
}

/// Measures the standard deviation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deviation;

/// The values of [`RollingStd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The population's standard deviation: squares are divided by n.
    pub population: f64,
    /// The sample's: squares are divided by n - 1.
    pub sample: f64,
    /// The mean.
    pub mean: f64,
}

impl Measure for Deviation {
    type Input = f64;
    type Summary = Moments;
    type Value = Spread;
    const PERIOD_MIN: u32 = 2;

    fn one(&self, input: f64) -> Result<Moments, NotAllowed> {
        Moments::of(input)
    }

    fn read(&self, all: &Moments, n: f64) -> Option<Spread> {
        let sample = (all.squares / (n - 1.0)).sqrt();
        Some(Spread { population: all.deviation(), sample, mean: all.mean() })
    }
}

/// The standard deviation of the last n inputs.
///
/// The references are TA-Lib's STDDEV (population) and pandas' `rolling.std` (sample).
pub type RollingStd = Rolling<Deviation>;

/// Measures the distance from the mean, in standard deviations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standardized;

impl Measure for Standardized {
    type Input = f64;
    type Summary = Moments;
    type Value = f64;
    const PERIOD_MIN: u32 = 2;

    fn one(&self, input: f64) -> Result<Moments, NotAllowed> {
        Moments::of(input)
    }

    fn read(&self, all: &Moments, _n: f64) -> Option<f64> {
        Some(all.score())
    }
}

/// The z-score: how many standard deviations (population) of the last n inputs the newest lies above their
/// mean; it is among the n. It is 0 where all are equal.
///
/// The reference is scipy's `stats.zscore` over each window.
pub type ZScore = Rolling<Standardized>;

/// Measures Bollinger's bands, `width` standard deviations from the mean.
#[derive(Debug, Clone, Copy)]
pub struct Bands {
    width: f64,
}

/// The values of [`Bollinger`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BollingerBands {
    /// The mean.
    pub middle: f64,
    /// `width` deviations above the mean.
    pub upper: f64,
    /// `width` deviations below the mean.
    pub lower: f64,
    /// Where the newest input lies: 0 at the lower band, 1 at the upper; 0.5 where the bands coincide.
    pub percent_b: f64,
    /// The distance of the bands as a share of the middle; `None` where that is 0.
    pub bandwidth: Option<f64>,
}

impl Measure for Bands {
    type Input = f64;
    type Summary = Moments;
    type Value = BollingerBands;
    const PERIOD_MIN: u32 = 2;

    fn one(&self, input: f64) -> Result<Moments, NotAllowed> {
        Moments::of(input)
    }

    fn read(&self, all: &Moments, _n: f64) -> Option<BollingerBands> {
        let middle = all.mean();
        let reach = self.width * all.deviation();
        Some(BollingerBands {
            middle,
            upper: middle + reach,
            lower: middle - reach,
            percent_b: 0.5 + all.score() / (2.0 * self.width),
            bandwidth: Some(2.0 * reach / middle).filter(|share| share.is_finite()),
        })
    }
}

/// Bollinger's bands: the mean of the last n inputs, and `width` population standard deviations above and
/// below it (Bollinger, "Bollinger on Bollinger Bands", 2001).
///
/// The reference is TA-Lib's BBANDS.
pub type Bollinger = Rolling<Bands>;

impl Bollinger {
    /// Makes bands of the last `period` inputs, at least 2, `width` deviations from their mean; above 0 and
    /// at most 100.
    ///
    /// # Errors
    /// [`NotAllowed`] if an argument is out of range.
    pub fn new(period: u32, width: f64) -> Result<Self, NotAllowed> {
        let fits = width > 0.0 && width <= 100.0;
        let width = allow(fits, "a width of", width, "above 0 and at most 100")?;
        Self::of(Bands { width }, period)
    }
}
