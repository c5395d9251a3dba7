//! [`Stochastic`]: where the close lies in the range of the last n bars.

use super::Indicator;
use super::averages::Sma;
use super::extremes::Extremes;
use super::input::{self, Candle, Extent, NotAllowed, Scale};
use super::window::Window;

/// Lane's stochastic oscillator, with smoothing.
///
/// The raw value is 100 x (close - lowest low) / (highest high - lowest low) of the last n bars; %K is its
/// simple average, %D that of %K. The first value comes with bar n + k + d - 2. The reference is TA-Lib's
/// STOCH with simple averages, except that the raw value of an empty range is 50 here and 0 there.
#[derive(Debug, Clone)]
pub struct Stochastic {
    range: Window<Extremes>,
    k: Sma,
    d: Sma,
    value: Option<StochasticValue>,
}

/// The values of [`Stochastic`], both from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticValue {
    /// The smoothed place of the close in the range, %K.
    pub k: f64,
    /// The average of that, %D.
    pub d: f64,
}

impl Stochastic {
    /// Makes an oscillator of the range of `period` bars, smoothed over `k` and then over `d`.
    ///
    /// # Errors
    /// [`NotAllowed`] if a period is out of range.
    pub fn new(period: u32, k: u32, d: u32) -> Result<Self, NotAllowed> {
        let range = Window::new(input::period(period, 1)?);
        Ok(Self { range, k: Sma::new(k)?, d: Sma::new(d)?, value: None })
    }
}

/// Returns the place of a close in a range, in percent.
fn place(close: f64, range: &Extremes) -> f64 {
    let length = range.highest - range.lowest;
    if length > 0.0 { 100.0 * ((close - range.lowest) / length) } else { 50.0 }
}

impl Indicator for Stochastic {
    type Input = Candle;
    type Value = StochasticValue;

    fn update(&mut self, input: Candle) -> Result<Option<StochasticValue>, NotAllowed> {
        let Candle { high, low, close } = input.checked()?;
        self.value = None;
        if let Some(range) = self.range.push(Extremes::from(Extent { high, low }))
            && let Some(k) = self.k.update(place(close, &range))?
            && let Some(d) = self.d.update(k)?
        {
            self.value = Some(StochasticValue { k, d });
        }
        Ok(self.value)
    }

    fn value(&self) -> Option<StochasticValue> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        self.range.rescale(by);
    }

    fn reset(&mut self) {
        self.range.clear();
        self.k.reset();
        self.d.reset();
        self.value = None;
    }
}
