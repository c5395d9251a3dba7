//! Kou's double exponential jump diffusion.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::Distribution;

use super::jumps::{JumpDiffusion, JumpPath, check_jumps};
use super::kind::{DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, VOLATILITY, years};
use super::merton::JUMPS_PER_YEAR;
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::{Exponential, Stream};
use crate::params::{NumberRange, ParamSpec, ParamType};
use crate::units::SimDuration;

const UP_PROBABILITY: ParamSpec = ParamSpec::required(
    "up_probability",
    ParamType::Number(NumberRange::between(0.0, 1.0)),
    "probability that a jump goes up; `p` in the paper",
);
const ETA_UP: ParamSpec = ParamSpec::required(
    "eta_up",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(1.0, 1e6) }),
    "rate of the logarithm of a jump up, whose mean is `1 / eta_up`: 50 is 2 %; `eta_1` in the paper",
);
const ETA_DOWN: ParamSpec = ParamSpec::required(
    "eta_down",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(0.0, 1e6) }),
    "rate of the logarithm of a jump down, whose mean is `1 / eta_down`; `eta_2` in the paper",
);

/// The kind `kou`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "kou",
    doc: "Double exponential jump diffusion (Kou 2002), stepped by its exact solution: geometric Brownian motion that \
          also jumps, at the times of a Poisson process, up or down by a factor whose logarithm is exponential. The \
          drift is that of the mean, jumps included.",
    params: &[
        INITIAL,
        VOLATILITY.meaning("annualized volatility between jumps; 0.2 is 20 %"),
        JUMPS_PER_YEAR,
        UP_PROBABILITY,
        ETA_UP,
        ETA_DOWN,
        DRIFT,
        HOURS_PER_YEAR,
        STEP,
    ],
    configure: |values, _| {
        check_jumps(values)?;
        let initial = values.get("initial")?;
        let process = Kou::new(KouConfig {
            initial,
            drift: values.get("drift")?,
            volatility: values.get("volatility")?,
            jumps_per_year: values.get("jumps_per_year")?,
            up_probability: values.get("up_probability")?,
            eta_up: values.get("eta_up")?,
            eta_down: values.get("eta_down")?,
            hours_per_year: values.get("hours_per_year")?,
        });
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// The parameters of [`Kou`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KouConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drift of the mean.
    pub drift: f64,
    /// Annualized volatility between jumps; at or above zero.
    pub volatility: f64,
    /// Mean number of jumps in a year; at or above zero.
    pub jumps_per_year: f64,
    /// Probability that a jump goes up, 0 to 1.
    pub up_probability: f64,
    /// Rate of the logarithm of a jump up; above 1, so that the mean exists.
    pub eta_up: f64,
    /// Rate of the logarithm of a jump down; above 0.
    pub eta_down: f64,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

/// Jump diffusion, dS/S = (mu - lambda k) dt + sigma dW + (Y - 1) dN, where ln Y has a double exponential
/// distribution (Kou 2002, "A jump-diffusion model for option pricing"), stepped by its exact solution.
///
/// ln Y is exponential of rate eta_1 with probability p, else minus an exponential of rate eta_2, and
/// k = p eta_1 / (eta_1 - 1) + (1 - p) eta_2 / (eta_2 + 1) - 1, so that E(S) grows at mu.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Kou, KouConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let mut value = Kou::new(KouConfig {
///     initial: 100.0,
///     drift: 0.0,
///     volatility: 0.1,
///     jumps_per_year: 50.0,
///     up_probability: 0.3,
///     eta_up: 50.0,
///     eta_down: 25.0,
///     hours_per_year: 1_638.0,
/// });
/// let year = SimDuration::from_secs(1_638 * 3_600);
/// // The mean stays where it is, since falls of 4 % are made up for by the drift between them.
/// assert_eq!(value.moments(year).mean, Some(100.0));
/// assert!(value.step(SimTime::from_nanos(0) + year, year, &mut stream(Seed::new(1), "example")) > 0.0);
/// ```
#[derive(Debug, Clone)]
pub struct Kou {
    config: KouConfig,
    path: JumpPath,
}

impl Kou {
    /// Makes a process at its first value.
    #[must_use]
    pub const fn new(config: KouConfig) -> Self {
        Self { config, path: JumpPath::new(config.initial) }
    }

    /// Returns E(Y^power) - 1 for a power below `eta_up`.
    fn jump_moment(&self, power: f64) -> f64 {
        let KouConfig { up_probability: p, eta_up, eta_down, .. } = self.config;
        p * power / (eta_up - power) - (1.0 - p) * power / (eta_down + power)
    }

    /// Returns the drift of the logarithm between jumps.
    fn log_drift(&self) -> f64 {
        let KouConfig { drift, volatility, jumps_per_year, .. } = self.config;
        drift - volatility * volatility / 2.0 - jumps_per_year * self.jump_moment(1.0)
    }

    fn moved(&mut self, span: SimDuration, shock: f64, rng: &mut Stream) -> f64 {
        let KouConfig { volatility, jumps_per_year: rate, up_probability, eta_up, eta_down, .. } =
            self.config;
        let years = years(span, self.config.hours_per_year);
        let by = JumpDiffusion { log_drift: self.log_drift(), volatility, rate, years };
        let size = |rng: &mut Stream| {
            let is_up = rng.random::<f64>() < up_probability;
            let length: f64 = Exponential { mean: 1.0 }.sample(rng);
            if is_up { length / eta_up } else { -length / eta_down }
        };
        self.path.step(by, shock, rng, size)
    }
}

impl PriceProcess for Kou {
    step_by_one_shock!();

    fn moments(&self, after: SimDuration) -> Moments {
        let KouConfig { drift, volatility, jumps_per_year, up_probability: p, eta_up, eta_down, .. } =
            self.config;
        let years = years(after, self.config.hours_per_year);
        let rate = jumps_per_year * years;
        let (up, down) = (1.0 / eta_up, -1.0 / eta_down);
        // E(J^n) = n! (p / eta_1^n + (1 - p) / (-eta_2)^n).
        let of_jumps = |power: f64, factorial: f64| {
            rate * factorial * (p * libm::pow(up, power) + (1.0 - p) * libm::pow(down, power))
        };
        let variance = volatility * volatility * years;
        let moments = Moments::of_cumulants([
            self.log_drift() * years + of_jumps(1.0, 1.0),
            variance + of_jumps(2.0, 2.0),
            of_jumps(3.0, 6.0),
            of_jumps(4.0, 24.0),
        ]);
        let mean = self.path.value() * libm::exp(drift * years);
        if eta_up > 2.0 {
            let jumps = self.jump_moment(2.0) - 2.0 * self.jump_moment(1.0);
            moments.with_value(mean, variance + rate * jumps)
        } else {
            // E(S²) does not exist.
            Moments { mean: Some(mean), ..moments }
        }
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        self.path.state()
    }

    fn restore(&mut self, state: &[f64]) {
        self.path.restore(state);
    }
}

#[cfg(test)]
mod tests {
    use super::super::proof::{HOUR, assert_moments, sample_ends};
    use super::super::{Merton, MertonConfig};
    use super::*;

    const CONFIG: KouConfig = KouConfig {
        initial: 100.0,
        drift: 0.1,
        volatility: 0.2,
        jumps_per_year: 600.0,
        up_probability: 0.35,
        eta_up: 60.0,
        eta_down: 40.0,
        hours_per_year: 1_638.0,
    };

    /// The cumulants of the log return and the moments of the value (Kou 2002, sections 2 and 3), over an
    /// hour in one step and over five.
    #[test]
    fn values_have_the_moments_of_theory_however_they_are_stepped() {
        let kou = Kou::new(CONFIG);
        for steps in [1, 5] {
            let ends = sample_ends(&kou, HOUR, steps, 200_000);
            assert_moments(&kou.moments(HOUR), 100.0, &ends);
        }
    }

    /// Hand-worked: p = 1/4, rates 4 and 2: E(Y) = 1/4 · 4/3 + 3/4 · 2/3 = 5/6.
    #[test]
    fn the_mean_jump_is_that_of_the_paper() {
        let config = KouConfig { up_probability: 0.25, eta_up: 4.0, eta_down: 2.0, ..CONFIG };
        assert!((Kou::new(config).jump_moment(1.0) + 1.0 / 6.0).abs() < 1e-15);
        // E(Y²) = 1/4 · 4/2 + 3/4 · 2/4 = 7/8.
        assert!((Kou::new(config).jump_moment(2.0) + 0.125).abs() < 1e-15);
    }

    #[test]
    fn a_mean_square_that_does_not_exist_is_not_given() {
        let moments = Kou::new(KouConfig { eta_up: 1.5, ..CONFIG }).moments(HOUR);
        assert!(moments.mean.is_some() && moments.deviation.is_none());
    }

    #[test]
    fn without_jumps_it_steps_as_mertons_process_does() {
        let none = MertonConfig {
            initial: 100.0,
            drift: 0.1,
            volatility: 0.2,
            jumps_per_year: 0.0,
            jump_mean: 0.0,
            jump_volatility: 0.0,
            hours_per_year: 1_638.0,
        };
        let kou = sample_ends(&Kou::new(KouConfig { jumps_per_year: 0.0, ..CONFIG }), HOUR, 3, 100);
        let merton = sample_ends(&Merton::new(none), HOUR, 3, 100);
        assert!(kou.iter().zip(&merton).all(|(a, b)| (a / b - 1.0).abs() < 1e-12));
    }
}
