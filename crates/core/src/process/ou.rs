//! The Ornstein-Uhlenbeck process.

use std::sync::Arc;

use super::kind::{HALF_LIFE, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, VOLATILITY};
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::Stream;
use crate::params::{NumberRange, ParamDefault, ParamSpec, ParamType};
use crate::units::SimDuration;

const MEAN: ParamSpec = ParamSpec::new(
    "mean",
    ParamType::Number(NumberRange::above(0.0)),
    ParamDefault::Derived("`initial`"),
    "the value to which it returns",
);

/// The kind `ou`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "ou",
    doc: "The Ornstein-Uhlenbeck process (Uhlenbeck and Ornstein 1930), stepped by its exact transition: the value \
          returns to a mean. It is kept at or above a ten-thousandth of the mean.",
    params: &[
        INITIAL,
        VOLATILITY.meaning("annualized volatility as a share of the mean; 0.2 is 20 %"),
        MEAN,
        HALF_LIFE,
        HOURS_PER_YEAR,
        STEP,
    ],
    configure: |values, _| {
        let initial = values.get("initial")?;
        let mean = values.given("mean")?.unwrap_or(initial);
        let (half_life, volatility) = (values.get("half_life")?, values.get("volatility")?);
        let process =
            OrnsteinUhlenbeck::new(initial, mean, half_life, volatility, values.get("hours_per_year")?);
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// An Ornstein-Uhlenbeck process, dX = theta (m - X) dt + s dW, stepped by its exact transition
/// (Uhlenbeck and Ornstein 1930; Gillespie 1996).
///
/// The volatility is given as a share of the mean, annualised, as for a price; so s = volatility x
/// mean. The value is kept at or above a ten-thousandth of the mean, since prices stay above zero.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{OrnsteinUhlenbeck, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// // Without volatility, half of the distance from the mean is left after a half-life.
/// let hour = SimDuration::from_secs(3_600);
/// let mut value = OrnsteinUhlenbeck::new(110.0, 100.0, hour, 0.0, 1_638.0);
/// let next = value.step(SimTime::from_nanos(0) + hour, hour, &mut stream(Seed::new(1), "example"));
/// assert!((next - 105.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone)]
pub struct OrnsteinUhlenbeck {
    current: f64,
    mean: f64,
    /// Reversion speed, per hour.
    theta: f64,
    /// Diffusion, in currency per square root of an hour.
    diffusion: f64,
}

impl OrnsteinUhlenbeck {
    /// Makes a process at `initial` that halves its distance from `mean` (above zero) in `half_life`
    /// (above zero), with annualised `volatility`, a year being `hours_per_year` hours.
    #[must_use]
    pub fn new(
        initial: f64,
        mean: f64,
        half_life: SimDuration,
        volatility: f64,
        hours_per_year: f64,
    ) -> Self {
        let theta = std::f64::consts::LN_2 / (half_life.secs_f64() / 3_600.0);
        let diffusion = volatility * mean / libm::sqrt(hours_per_year);
        Self { current: initial, mean, theta, diffusion }
    }

    /// Returns mean and standard deviation of the value after a span.
    fn transition(&self, span: SimDuration) -> (f64, f64) {
        let hours = span.secs_f64() / 3_600.0;
        let decay = libm::exp(-self.theta * hours);
        let variance = self.diffusion * self.diffusion * (1.0 - decay * decay) / (2.0 * self.theta);
        (self.mean + (self.current - self.mean) * decay, libm::sqrt(variance))
    }

    fn moved(&mut self, span: SimDuration, shock: f64, _rng: &mut Stream) -> f64 {
        let (mean, deviation) = self.transition(span);
        self.current = (mean + deviation * shock).max(self.mean * 1e-4);
        self.current
    }
}

impl PriceProcess for OrnsteinUhlenbeck {
    step_by_one_shock!();

    /// Those of the exact transition; that prices are kept above zero is not in them.
    fn moments(&self, after: SimDuration) -> Moments {
        let (mean, deviation) = self.transition(after);
        Moments { mean: Some(mean), deviation: Some(deviation), ..Moments::default() }
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.current]
    }

    fn restore(&mut self, state: &[f64]) {
        self.current = state.first().copied().unwrap_or(self.current);
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::{HOUR, assert_moments, sample_ends};
    use super::*;
    use crate::kernel::stream;
    use crate::units::{Seed, SimTime};

    #[test]
    fn values_have_the_moments_of_theory_however_they_are_stepped() {
        let half_life = SimDuration::from_secs(5_400);
        let ou = OrnsteinUhlenbeck::new(110.0, 100.0, half_life, 0.3, 1_638.0);
        for steps in [1, 5] {
            let ends = sample_ends(&ou, HOUR, steps, 100_000);
            assert_moments(&ou.moments(HOUR), 110.0, &ends);
        }
    }

    #[test]
    fn without_noise_the_distance_halves_in_a_half_life() {
        let half_life = SimDuration::from_secs(7_200);
        let mut process = OrnsteinUhlenbeck::new(120.0, 100.0, half_life, 0.0, 1_638.0);
        let mut rng = stream(Seed::new(1), "ou");
        let value = process.step(SimTime::from_nanos(0), half_life, &mut rng);
        assert!((value - 110.0).abs() < 1e-9, "{value}");
    }

    #[test]
    fn the_stationary_variance_is_that_of_theory() {
        let half_life = SimDuration::from_secs(3_600);
        let mut process = OrnsteinUhlenbeck::new(100.0, 100.0, half_life, 0.5, 1_638.0);
        let mut rng = stream(Seed::new(2), "ou");
        let n = 50_000;
        let mut squares = 0.0;
        for _ in 0..n {
            let x = process.step(SimTime::from_nanos(0), half_life, &mut rng) - 100.0;
            squares += x * x;
        }
        let diffusion = 50.0 / libm::sqrt(1_638.0);
        let expected = diffusion * diffusion / (2.0 * std::f64::consts::LN_2);
        assert!((squares / f64::from(n) / expected - 1.0).abs() < 0.03);
    }
}
