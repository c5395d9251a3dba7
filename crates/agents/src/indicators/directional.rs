//! Wilder's measures of range and direction: [`Atr`], [`Adx`].

use super::Indicator;
use super::input::{Candle, NotAllowed, Scale};
use super::smoothed::Smoothed;

/// The true range of a bar: its range, extended to the previous close.
fn true_range(before: &Candle, now: &Candle) -> f64 {
    let up = (now.high - before.close).abs();
    let down = (now.low - before.close).abs();
    (now.high - now.low).max(up).max(down)
}

/// The average true range (Wilder 1978).
///
/// The first bar has no true range, so the first value comes with bar n + 1. The reference is TA-Lib's ATR.
#[derive(Debug, Clone)]
pub struct Atr {
    before: Option<Candle>,
    average: Smoothed,
}

impl Atr {
    /// Makes an average of `period`.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        Ok(Self { before: None, average: Smoothed::wilder(period)? })
    }
}

impl Indicator for Atr {
    type Input = Candle;
    type Value = f64;

    fn update(&mut self, input: Candle) -> Result<Option<f64>, NotAllowed> {
        let now = input.checked()?;
        Ok(self.before.replace(now).and_then(|before| self.average.push(true_range(&before, &now))))
    }

    fn value(&self) -> Option<f64> {
        self.average.value()
    }

    fn rescale(&mut self, by: Scale) {
        self.before = self.before.map(|candle| candle.rescaled(by));
        self.average.rescale(by.price);
    }

    fn reset(&mut self) {
        self.before = None;
        self.average.clear();
    }
}

/// The average directional index, with the two directional indicators it is made of (Wilder 1978).
///
/// The first value comes with bar 2n. The references are TA-Lib's ADX, `PLUS_DI` and `MINUS_DI`; as there,
/// the sums begin with n - 1 bars, and a bar without any direction leaves the index unchanged.
#[derive(Debug, Clone)]
pub struct Adx {
    before: Option<Candle>,
    /// Bars summed up so far, up to the period.
    summed: u32,
    plus: f64,
    minus: f64,
    range: f64,
    index: Smoothed,
}

/// The values of [`Adx`], all from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdxValue {
    /// The strength of the trend, whatever its direction.
    pub adx: f64,
    /// The upward share of the range, +DI.
    pub plus_di: f64,
    /// The downward share, -DI.
    pub minus_di: f64,
}

impl Adx {
    /// Makes an index of `period`.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        let index = Smoothed::wilder(period)?;
        Ok(Self { before: None, summed: 0, plus: 0.0, minus: 0.0, range: 0.0, index })
    }

    /// Adds a bar to the three sums; once they cover n bars, each drops an nth of itself first.
    fn add(&mut self, before: &Candle, now: &Candle) {
        if self.summed + 1 < self.index.period() {
            self.summed += 1;
        } else {
            self.summed = self.index.period();
            let n = f64::from(self.summed);
            for sum in [&mut self.plus, &mut self.minus, &mut self.range] {
                *sum -= *sum / n;
            }
        }
        let (up, down) = (now.high - before.high, before.low - now.low);
        if down > 0.0 && up < down {
            self.minus += down;
        } else if up > 0.0 && up > down {
            self.plus += up;
        }
        self.range += true_range(before, now);
    }

    /// Returns +DI and -DI.
    fn directions(&self) -> (f64, f64) {
        if self.range > 0.0 {
            (100.0 * (self.plus / self.range), 100.0 * (self.minus / self.range))
        } else {
            (0.0, 0.0)
        }
    }
}

impl Indicator for Adx {
    type Input = Candle;
    type Value = AdxValue;

    fn update(&mut self, input: Candle) -> Result<Option<AdxValue>, NotAllowed> {
        let now = input.checked()?;
        if let Some(before) = self.before.replace(now) {
            self.add(&before, &now);
            let (plus, minus) = self.directions();
            let both = plus + minus;
            if self.summed < self.index.period() {
                // The sums are too short to be looked at.
            } else if both > 0.0 {
                self.index.push(100.0 * ((plus - minus).abs() / both));
            } else if self.index.value().is_none() {
                self.index.push(0.0);
            }
        }
        Ok(self.value())
    }

    fn value(&self) -> Option<AdxValue> {
        let adx = self.index.value()?;
        let (plus_di, minus_di) = self.directions();
        Some(AdxValue { adx, plus_di, minus_di })
    }

    fn rescale(&mut self, by: Scale) {
        self.before = self.before.map(|candle| candle.rescaled(by));
        for sum in [&mut self.plus, &mut self.minus, &mut self.range] {
            *sum *= by.price;
        }
    }

    fn reset(&mut self) {
        self.before = None;
        (self.summed, self.plus, self.minus, self.range) = (0, 0.0, 0.0, 0.0);
        self.index.clear();
    }
}
