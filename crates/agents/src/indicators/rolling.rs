//! [`Rolling`]: an indicator of the last n inputs, and [`Measure`], the statistic that it computes.

use super::Indicator;
use super::input::{self, NotAllowed, Scale};
use super::window::{Summary, Window};

/// A statistic of the last n inputs: the summary of one input, and the value of their combination.
///
/// Implement this for a rolling indicator of your own, and make it with [`Rolling::of`].
pub trait Measure {
    /// The input of an update.
    type Input: Copy;
    /// The summary of a stretch of inputs.
    type Summary: Summary;
    /// The value of the indicator.
    type Value: Copy;
    /// The shortest period that has a meaning: 1 or 2.
    const PERIOD_MIN: u32 = 1;

    /// Returns the summary of one input.
    ///
    /// # Errors
    /// [`NotAllowed`] if the input is out of range.
    fn one(&self, input: Self::Input) -> Result<Self::Summary, NotAllowed>;

    /// Returns the value of the last n inputs, of which `all` is the summary.
    fn read(&self, all: &Self::Summary, n: f64) -> Option<Self::Value>;
}

/// An indicator of the last n inputs: it depends on all of them, and on nothing before.
#[derive(Debug, Clone)]
pub struct Rolling<M: Measure> {
    measure: M,
    window: Window<M::Summary>,
    n: f64,
    value: Option<M::Value>,
}

impl<M: Measure> Rolling<M> {
    /// Makes an indicator of the last `period` inputs.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn of(measure: M, period: u32) -> Result<Self, NotAllowed> {
        let period = input::period(period, M::PERIOD_MIN)?;
        Ok(Self { measure, window: Window::new(period), n: f64::from(period), value: None })
    }
}

impl<M: Measure + Default> Rolling<M> {
    /// Makes an indicator of the last `period` inputs, where the measure needs no arguments.
    ///
    /// # Errors
    /// [`NotAllowed`] if the period is out of range.
    pub fn new(period: u32) -> Result<Self, NotAllowed> {
        Self::of(M::default(), period)
    }
}

impl<M: Measure> Indicator for Rolling<M> {
    type Input = M::Input;
    type Value = M::Value;

    fn update(&mut self, input: M::Input) -> Result<Option<M::Value>, NotAllowed> {
        let one = self.measure.one(input)?;
        self.value = self.window.push(one).and_then(|all| self.measure.read(&all, self.n));
        Ok(self.value)
    }

    fn value(&self) -> Option<M::Value> {
        self.value
    }

    fn rescale(&mut self, by: Scale) {
        self.value = self.window.rescale(by).and_then(|all| self.measure.read(&all, self.n));
    }

    fn reset(&mut self) {
        self.window.clear();
        self.value = None;
    }
}
