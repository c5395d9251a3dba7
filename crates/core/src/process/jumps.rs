//! [`JumpPath`]: a value that diffuses, and jumps at the times of a Poisson process.

use rand_distr::Distribution;

use super::kind::years;
use crate::kernel::{Exponential, Stream};
use crate::params::{ParamError, Values};
use crate::units::SimDuration;

/// How many jumps there may be in a step, on average: each is drawn.
const JUMPS_PER_STEP_MAX: f64 = 10_000.0;

/// Checks that a step has no more jumps than can be drawn.
///
/// # Errors
/// [`ParamError`] of `jumps_per_year`.
pub(super) fn check_jumps(values: &Values) -> Result<(), ParamError> {
    let (rate, step): (f64, SimDuration) = (values.get("jumps_per_year")?, values.get("step")?);
    let within = years(step, values.get("hours_per_year")?);
    if rate * within <= JUMPS_PER_STEP_MAX {
        return Ok(());
    }
    let message = format!(
        "`jumps_per_year` is {rate}, which is {:.0} jumps in each `step` of {step}, but must be at most \
         {JUMPS_PER_STEP_MAX}",
        rate * within
    );
    let help = "shorten `step`, or lengthen the year by `hours_per_year`";
    Err(ParamError::invalid("jumps_per_year", message).with_help(help))
}

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

    /// Returns what a later day begins with: the value, and the time until the next jump, below 0 if that has
    /// not been drawn.
    pub(super) fn state(&self) -> Vec<f64> {
        vec![self.value, self.jumps.until.unwrap_or(-1.0)]
    }

    /// Goes on from what [`JumpPath::state`] returned.
    pub(super) fn restore(&mut self, state: &[f64]) {
        self.value = state.first().copied().unwrap_or(self.value);
        self.jumps.until = state.get(1).copied().filter(|until| *until >= 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ProcessKind, ProcessSite};

    #[test]
    fn a_step_with_more_jumps_than_can_be_drawn_is_refused() {
        for (name, sizes) in [
            ("merton", vec![("jump_volatility", 0.01)]),
            ("kou", vec![("up_probability", 0.5), ("eta_up", 50.0), ("eta_down", 50.0)]),
        ] {
            let kind = ProcessKind::named(name).unwrap();
            let built = |jumps: f64| {
                let values = Values::new().with("initial", 100.0).with("volatility", 0.1);
                let values = values.with("jumps_per_year", jumps).with("hours_per_year", 0.5);
                let values = values.with("step", SimDuration::from_secs(60));
                let values = sizes.iter().fold(values, |values, (name, size)| values.with(name, *size));
                (kind.configure)(&values.complete(kind.params).unwrap(), &ProcessSite::default())
            };
            // A minute is a thirtieth of such a year.
            assert!(built(300_000.0).is_ok());
            assert_eq!(
                built(600_000.0).unwrap_err().to_string(),
                "`jumps_per_year` is 600000, which is 20000 jumps in each `step` of 1m, but must be at most 10000"
            );
        }
        let kind = ProcessKind::named("gbm").unwrap();
        let short =
            Values::new().with("initial", 100.0).with("volatility", 0.1).with("hours_per_year", 1e-300);
        assert!(short.complete(kind.params).is_err(), "a year is at least a hundredth of an hour");
    }
}
