//! [`Macd`]: a fast exponential average less a slow one.

use super::Indicator;
use super::input::{NotAllowed, Scale, allow, number};
use super::smoothed::Smoothed;

/// Moving average convergence/divergence (Appel 1979): fast average less slow average, the average of that,
/// and the difference of the two.
///
/// As in TA-Lib (MACD), which is the reference, the fast average starts late, so that both have their
/// first value at the same input, the slow one's nth; the first MACD values come signal - 1 inputs later.
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Smoothed,
    slow: Smoothed,
    signal: Smoothed,
    /// Inputs that the fast average has skipped.
    passed: u32,
    value: Option<MacdValue>,
}

/// The values of [`Macd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdValue {
    /// The fast average less the slow one.
    pub line: f64,
    /// The exponential average of the line.
    pub signal: f64,
    /// The line less the signal.
    pub histogram: f64,
}

impl Macd {
    /// Makes one from three periods; `fast` must be below `slow`.
    ///
    /// # Errors
    /// [`NotAllowed`] if a period is out of range.
    pub fn new(fast: u32, slow: u32, signal: u32) -> Result<Self, NotAllowed> {
        allow(fast < slow, "a fast period of", f64::from(fast), "below the slow one")?;
        Ok(Self {
            fast: Smoothed::exponential(fast)?,
            slow: Smoothed::exponential(slow)?,
            signal: Smoothed::exponential(signal)?,
            passed: 0,
            value: None,
        })
    }

    fn line(&mut self, x: f64) -> Option<f64> {
        let slow = self.slow.push(x);
        if self.passed < self.slow.period() - self.fast.period() {
            self.passed += 1;
            return None;
        }
        Some(self.fast.push(x)? - slow?)
    }
}

impl Indicator for Macd {
    type Input = f64;
    type Value = MacdValue;

    fn update(&mut self, input: f64) -> Result<Option<MacdValue>, NotAllowed> {
        let x = number("an input of", input)?;
        self.value = self.line(x).and_then(|line| {
            let signal = self.signal.push(line)?;
            Some(MacdValue { line, signal, histogram: line - signal })
        });
        Ok(self.value)
    }

    fn value(&self) -> Option<MacdValue> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        for average in [&mut self.fast, &mut self.slow, &mut self.signal] {
            average.rescale(by.price);
        }
        if let Some(MacdValue { line, signal, histogram }) = &mut self.value {
            for part in [line, signal, histogram] {
                *part *= by.price;
            }
        }
    }

    fn reset(&mut self) {
        self.fast.clear();
        self.slow.clear();
        self.signal.clear();
        self.passed = 0;
        self.value = None;
    }
}
