//! Prices and volumes: [`Vwap`], [`RollingVwap`], [`Obv`].

use super::Indicator;
use super::input::{Closed, NotAllowed, Scale, Traded};
use super::rolling::{Measure, Rolling};
use super::window::Summary;

/// A sum that terms are only added to, with its rounding error compensated (Neumaier 1974).
#[derive(Debug, Clone, Copy, Default)]
struct LongSum {
    sum: f64,
    lost: f64,
}

impl LongSum {
    fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let (larger, smaller) = if self.sum.abs() >= x.abs() { (self.sum, x) } else { (x, self.sum) };
        self.lost += (larger - sum) + smaller;
        self.sum = sum;
    }

    fn rescale(&mut self, factor: f64) {
        self.sum *= factor;
        self.lost *= factor;
    }

    const fn total(&self) -> f64 {
        self.sum + self.lost
    }
}

/// The volume-weighted average price since the beginning, or since the last reset.
///
/// There is none until there is volume. The reference is the quotient of cumulative sums, with pandas.
#[derive(Debug, Clone, Default)]
pub struct Vwap {
    turnover: LongSum,
    volume: LongSum,
}

impl Vwap {
    /// Makes an average without inputs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Indicator for Vwap {
    type Input = Traded;
    type Value = f64;

    fn update(&mut self, input: Traded) -> Result<Option<f64>, NotAllowed> {
        let Traded { price, volume } = input.checked()?;
        self.turnover.add(price * volume);
        self.volume.add(volume);
        Ok(self.value())
    }

    fn value(&self) -> Option<f64> {
        let volume = self.volume.total();
        (volume > 0.0).then(|| self.turnover.total() / volume)
    }

    fn rescale(&mut self, by: Scale) {
        self.turnover.rescale(by.price * by.volume);
        self.volume.rescale(by.volume);
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// What was paid, and for how much.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Turnover {
    paid: f64,
    volume: f64,
}

impl Summary for Turnover {
    fn then(self, newer: Self) -> Self {
        Self { paid: self.paid + newer.paid, volume: self.volume + newer.volume }
    }

    fn rescaled(self, by: Scale) -> Self {
        Self { paid: self.paid * by.price * by.volume, volume: self.volume * by.volume }
    }
}

/// Measures the average price paid.
#[derive(Debug, Clone, Copy, Default)]
pub struct PricePaid;

impl Measure for PricePaid {
    type Input = Traded;
    type Summary = Turnover;
    type Value = f64;

    fn one(&self, input: Traded) -> Result<Turnover, NotAllowed> {
        let Traded { price, volume } = input.checked()?;
        Ok(Turnover { paid: price * volume, volume })
    }

    fn read(&self, all: &Turnover, _n: f64) -> Option<f64> {
        (all.volume > 0.0).then(|| all.paid / all.volume)
    }
}

/// The volume-weighted average price of the last n bars; there is none where they have no volume.
///
/// The reference is the quotient of rolling sums, with pandas.
pub type RollingVwap = Rolling<PricePaid>;

/// On-balance volume: the volume of bars that closed higher than the one before, less that of bars that
/// closed lower (Granville 1963).
///
/// It begins with the first bar's volume, as in TA-Lib (OBV), which is the reference.
#[derive(Debug, Clone, Default)]
pub struct Obv {
    before: Option<f64>,
    balance: LongSum,
}

impl Obv {
    /// Makes a balance without inputs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Indicator for Obv {
    type Input = Closed;
    type Value = f64;

    fn update(&mut self, input: Closed) -> Result<Option<f64>, NotAllowed> {
        let Closed { close, volume } = input.checked()?;
        match self.before.replace(close) {
            Some(before) if close < before => self.balance.add(-volume),
            Some(before) if close <= before => {}
            _ => self.balance.add(volume),
        }
        Ok(self.value())
    }

    fn value(&self) -> Option<f64> {
        self.before.map(|_| self.balance.total())
    }

    fn rescale(&mut self, by: Scale) {
        self.before = self.before.map(|close| close * by.price);
        self.balance.rescale(by.volume);
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
