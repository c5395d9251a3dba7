//! How fast a series moves: [`Rsi`], [`RateOfChange`].

use super::Indicator;
use super::input::{self, NotAllowed, Scale, number};
use super::smoothed::Smoothed;
use super::window::Lag;

/// The relative strength index: 100 x average gain / (average gain + average loss), with Wilder's averages
/// (Wilder, "New Concepts in Technical Trading Systems", 1978).
///
/// The first value comes with input n + 1. The reference is TA-Lib's RSI, except that the value is 50 while
/// nothing has moved, where TA-Lib has 0.
#[derive(Debug, Clone)]
pub struct Rsi {
    previous: Option<f64>,
    gain: Smoothed,
    loss: Smoothed,
}

impl Rsi {
    /// Makes an index of `period`.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        let average = Smoothed::wilder(period)?;
        Ok(Self { previous: None, gain: average.clone(), loss: average })
    }
}

impl Indicator for Rsi {
    type Input = f64;
    type Value = f64;

    fn update(&mut self, input: f64) -> Result<Option<f64>, NotAllowed> {
        let x = number("an input of", input)?;
        if let Some(previous) = self.previous.replace(x) {
            let change = x - previous;
            self.gain.push(if change > 0.0 { change } else { 0.0 });
            self.loss.push(if change < 0.0 { -change } else { 0.0 });
        }
        Ok(self.value())
    }

    fn value(&self) -> Option<f64> {
        let (gain, loss) = (self.gain.value()?, self.loss.value()?);
        let both = gain + loss;
        Some(if both > 0.0 { 100.0 * (gain / both) } else { 50.0 })
    }

    fn rescale(&mut self, by: Scale) {
        self.previous = self.previous.map(|x| x * by.price);
        self.gain.rescale(by.price);
        self.loss.rescale(by.price);
    }

    fn reset(&mut self) {
        self.previous = None;
        self.gain.clear();
        self.loss.clear();
    }
}

/// The rate of change over n updates, in percent: 100 x (input / input n ago - 1).
///
/// The first value comes with input n + 1; there is none where the input n ago was 0. The reference is
/// TA-Lib's ROC.
#[derive(Debug, Clone)]
pub struct RateOfChange {
    lag: Lag,
    value: Option<f64>,
}

impl RateOfChange {
    /// Makes a rate of change over `period` updates.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        Ok(Self { lag: Lag::new(input::period(period, 1)?), value: None })
    }
}

impl Indicator for RateOfChange {
    type Input = f64;
    type Value = f64;

    fn update(&mut self, input: f64) -> Result<Option<f64>, NotAllowed> {
        let x = number("an input of", input)?;
        let rate = self.lag.push(x).map(|old| 100.0 * (x / old - 1.0));
        self.value = rate.filter(|rate| rate.is_finite());
        Ok(self.value)
    }

    fn value(&self) -> Option<f64> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        self.lag.rescale(by.price);
    }

    fn reset(&mut self) {
        self.lag.clear();
        self.value = None;
    }
}
