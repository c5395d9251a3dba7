//! [`JumpPath`]: a value that diffuses, and jumps at the times of a Poisson process.

use rand_distr::Distribution;

use crate::kernel::{Exponential, Stream};

/// The times of a Poisson process; the time until the next jump is drawn when the one before it has happened.
#[derive(Debug, Clone, Copy, Default)]
struct JumpTimes {
    /// Time until the next jump, in years; not drawn before the first step.
    until: Option<f64>,
}

impl JumpTimes {
    /// Returns the sum of the jumps within `years`, at `rate` jumps a year.
    fn sum(
        &mut self,
        rate: f64,
        years: f64,
        rng: &mut Stream,
        mut size: impl FnMut(&mut Stream) -> f64,
    ) -> f64 {
        if rate <= 0.0 {
            return 0.0;
        }
        let pause = Exponential { mean: 1.0 / rate };
        let mut until = self.until.unwrap_or_else(|| pause.sample(rng)) - years;
        let mut sum = 0.0;
        while until <= 0.0 {
            sum += size(rng);
            until += pause.sample(rng);
        }
        self.until = Some(until);
        sum
    }
}

/// What moves a value over a time, but for the sizes of its jumps.
#[derive(Debug, Clone, Copy)]
pub(super) struct JumpDiffusion {
    /// Annualized drift of the logarithm between jumps.
    pub(super) log_drift: f64,
    /// Annualized volatility between jumps.
    pub(super) volatility: f64,
    /// Mean number of jumps in a year.
    pub(super) rate: f64,
    /// The time, in years.
    pub(super) years: f64,
}

/// The value of a jump diffusion, and the time until it jumps again.
#[derive(Debug, Clone, Copy)]
pub(super) struct JumpPath {
    value: f64,
    jumps: JumpTimes,
}

impl JumpPath {
    /// Begins at a value.
    pub(super) const fn new(value: f64) -> Self {
        Self { value, jumps: JumpTimes { until: None } }
    }

    /// Returns the value.
    pub(super) const fn value(&self) -> f64 {
        self.value
    }

    /// Moves the value by its exact solution, and returns it: by a standard normal `shock`, and by jumps
    /// whose logarithms `size` draws.
    pub(super) fn step(
        &mut self,
        by: JumpDiffusion,
        shock: f64,
        rng: &mut Stream,
        size: impl FnMut(&mut Stream) -> f64,
    ) -> f64 {
        let JumpDiffusion { log_drift, volatility, rate, years } = by;
        let shock = volatility * libm::sqrt(years) * shock;
        let jumps = self.jumps.sum(rate, years, rng, size);
        self.value *= libm::exp(log_drift * years + shock + jumps);
        self.value
    }

    /// Returns what a later day begins with.
    pub(super) fn state(&self) -> Vec<f64> {
        std::iter::once(self.value).chain(self.jumps.until).collect()
    }

    /// Goes on from what [`JumpPath::state`] returned.
    pub(super) fn restore(&mut self, state: &[f64]) {
        self.value = state.first().copied().unwrap_or(self.value);
        self.jumps.until = state.get(1).copied();
    }
}
