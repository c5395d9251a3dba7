//! [`JumpTimes`]: when a process jumps, and the sum of what it jumps by.

use rand_distr::Distribution;

use crate::kernel::{Exponential, Stream};

/// The times of a Poisson process; the time until the next jump is drawn when the one before it has happened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct JumpTimes {
    /// Time until the next jump, in years; not drawn before the first step.
    pub(super) until: Option<f64>,
}

impl JumpTimes {
    /// Returns the sum of the jumps within `years`, at `rate` jumps a year.
    pub(super) fn sum(
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
