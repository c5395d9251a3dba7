//! [`Smoothed`]: an exponential average that begins as a plain one.

use super::input::{self, NotAllowed};

/// An exponential average, seeded with the plain average of the first n inputs as TA-Lib does.
#[derive(Debug, Clone)]
pub(super) struct Smoothed {
    /// The weight of the newest input.
    weight: f64,
    period: u32,
    seen: u32,
    /// The average; the sum of the inputs while they are fewer than the period.
    level: f64,
}

impl Smoothed {
    /// Makes an average in which the newest of n inputs weighs 2 / (n + 1).
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub(super) fn exponential(period: u32) -> Result<Self, NotAllowed> {
        let period = input::period(period, 1)?;
        Ok(Self { weight: 2.0 / (f64::from(period) + 1.0), period, seen: 0, level: 0.0 })
    }

    /// Makes an average in which the newest of n inputs weighs 1 / n: that of Wilder.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub(super) fn wilder(period: u32) -> Result<Self, NotAllowed> {
        let period = input::period(period, 1)?;
        Ok(Self { weight: 1.0 / f64::from(period), period, seen: 0, level: 0.0 })
    }

    /// Takes a number that has been checked, and returns the average once it is warm.
    pub(super) fn push(&mut self, x: f64) -> Option<f64> {
        if self.seen == self.period {
            self.level += self.weight * (x - self.level);
            return Some(self.level);
        }
        self.seen += 1;
        self.level += x;
        if self.seen == self.period {
            self.level /= f64::from(self.period);
        }
        self.value()
    }

    pub(super) fn value(&self) -> Option<f64> {
        (self.seen == self.period).then_some(self.level)
    }

    pub(super) const fn period(&self) -> u32 {
        self.period
    }

    /// Multiplies all inputs.
    pub(super) fn rescale(&mut self, factor: f64) {
        self.level *= factor;
    }

    /// Drops all inputs.
    pub(super) const fn clear(&mut self) {
        self.seen = 0;
        self.level = 0.0;
    }
}
