//! Merton's jump diffusion.

use std::sync::Arc;

use rand_distr::Distribution;

use super::jumps::{JumpDiffusion, JumpPath, check_jumps};
use super::kind::{DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, VOLATILITY, years};
use super::moments::Moments;
use super::value::{PriceProcess, step_by_one_shock};
use crate::kernel::{StandardNormal, Stream};
use crate::params::{NumberRange, ParamDefault, ParamSpec, ParamType};
use crate::units::SimDuration;

pub(super) const JUMPS_PER_YEAR: ParamSpec = ParamSpec::required(
    "jumps_per_year",
    ParamType::Number(NumberRange::between(0.0, 1e6)),
    "mean number of jumps in a year",
);
const JUMP_MEAN: ParamSpec = ParamSpec::new(
    "jump_mean",
    ParamType::Number(NumberRange::between(-1.0, 1.0)),
    ParamDefault::Number(0.0),
    "mean of the logarithm of a jump; -0.02 is a fall of about 2 %",
);
const JUMP_VOLATILITY: ParamSpec = ParamSpec::required(
    "jump_volatility",
    ParamType::Number(NumberRange::between(0.0, 1.0)),
    "standard deviation of the logarithm of a jump",
);

/// The kind `merton`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "merton",
    doc: "Jump diffusion (Merton 1976): geometric Brownian motion that also jumps, at the times of a Poisson process, \
          by a lognormal factor. The drift is that of the mean, jumps included.",
    params: &[
        INITIAL,
        VOLATILITY.meaning("annualized volatility between jumps; 0.2 is 20 %"),
        JUMPS_PER_YEAR,
        JUMP_VOLATILITY,
        JUMP_MEAN,
        DRIFT,
        HOURS_PER_YEAR,
        STEP,
    ],
    configure: |values, _| {
        check_jumps(values)?;
        let initial = values.get("initial")?;
        let process = Merton::new(MertonConfig {
            initial,
            drift: values.get("drift")?,
            volatility: values.get("volatility")?,
            jumps_per_year: values.get("jumps_per_year")?,
            jump_mean: values.get("jump_mean")?,
            jump_volatility: values.get("jump_volatility")?,
            hours_per_year: values.get("hours_per_year")?,
        });
        Ok(Arc::new(Prepared::new(process, initial, values.get("step")?)))
    },
};

/// The parameters of [`Merton`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MertonConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drift of the mean.
    pub drift: f64,
    /// Annualized volatility between jumps; at or above zero.
    pub volatility: f64,
    /// Mean number of jumps in a year; at or above zero.
    pub jumps_per_year: f64,
    /// Mean of the logarithm of a jump.
    pub jump_mean: f64,
    /// Standard deviation of the logarithm of a jump; at or above zero.
    pub jump_volatility: f64,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

/// Jump diffusion, dS/S = (mu - lambda k) dt + sigma dW + (Y - 1) dN, stepped by its exact solution (Merton
/// 1976, "Option pricing when underlying stock returns are discontinuous").
///
/// N is a Poisson process of rate lambda, ln Y is normal with mean m and standard deviation d, and k = E(Y) -
/// 1 = exp(m + d²/2) - 1, so that E(S) grows at mu. The time until the next jump is drawn when the one before
/// it has happened; a step without a jump draws what [`Gbm`](super::Gbm) draws, and without jumps the two
/// follow one path.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Merton, MertonConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let mut value = Merton::new(MertonConfig {
///     initial: 100.0,
///     drift: 0.0,
///     volatility: 0.0,
///     jumps_per_year: 252.0,
///     jump_mean: -0.02,
///     jump_volatility: 0.0,
///     hours_per_year: 1_638.0,
/// });
/// let (hour, mut rng) = (SimDuration::from_secs(3_600), stream(Seed::new(1), "example"));
/// let path: Vec<f64> = (0..200).map(|_| value.step(SimTime::from_nanos(0), hour, &mut rng)).collect();
/// // Between falls of 2 % the value rises, so that its mean stays.
/// assert!(path.windows(2).any(|pair| pair[1] < pair[0] * 0.99));
/// assert!(path.windows(2).any(|pair| pair[1] > pair[0]));
/// ```
#[derive(Debug, Clone)]
pub struct Merton {
    config: MertonConfig,
    path: JumpPath,
}

impl Merton {
    /// Makes a process at its first value.
    #[must_use]
    pub const fn new(config: MertonConfig) -> Self {
        Self { config, path: JumpPath::new(config.initial) }
    }

    /// Returns the drift of the logarithm between jumps.
    fn log_drift(&self) -> f64 {
        let MertonConfig { drift, volatility, jumps_per_year, jump_mean, jump_volatility, .. } = self.config;
        let mean_jump = libm::expm1(jump_mean + jump_volatility * jump_volatility / 2.0);
        drift - volatility * volatility / 2.0 - jumps_per_year * mean_jump
    }

    fn moved(&mut self, span: SimDuration, shock: f64, rng: &mut Stream) -> f64 {
        let MertonConfig { volatility, jumps_per_year: rate, jump_mean, jump_volatility, .. } = self.config;
        let years = years(span, self.config.hours_per_year);
        let by = JumpDiffusion { log_drift: self.log_drift(), volatility, rate, years };
        let size = |rng: &mut Stream| jump_mean + jump_volatility * StandardNormal.sample(rng);
        self.path.step(by, shock, rng, size)
    }
}

impl PriceProcess for Merton {
    step_by_one_shock!();

    fn moments(&self, after: SimDuration) -> Moments {
        let MertonConfig { drift, volatility, jumps_per_year, jump_mean: m, jump_volatility, .. } =
            self.config;
        let years = years(after, self.config.hours_per_year);
        let (rate, square) = (jumps_per_year * years, jump_volatility * jump_volatility);
        let variance = volatility * volatility * years;
        let cumulants = [
            self.log_drift() * years + rate * m,
            variance + rate * (m * m + square),
            rate * m * (m * m + 3.0 * square),
            rate * (m * m * (m * m + 6.0 * square) + 3.0 * square * square),
        ];
        // E(Y²) - 1 less twice E(Y) - 1.
        let jumps = libm::expm1(2.0 * m + 2.0 * square) - 2.0 * libm::expm1(m + square / 2.0);
        let mean = self.path.value() * libm::exp(drift * years);
        Moments::of_cumulants(cumulants).with_value(mean, variance + rate * jumps)
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
    use super::super::Gbm;
    use super::super::proof::{assert_moments, sample_ends};
    use super::*;
    use crate::kernel::stream;
    use crate::units::{Seed, SimTime};

    const CONFIG: MertonConfig = MertonConfig {
        initial: 100.0,
        drift: 0.1,
        volatility: 0.2,
        jumps_per_year: 500.0,
        jump_mean: -0.01,
        jump_volatility: 0.02,
        hours_per_year: 1_638.0,
    };
    const HOUR: SimDuration = SimDuration::from_secs(3_600);

    /// Returns the logarithms of `count` hourly returns.
    fn log_returns(config: MertonConfig, count: usize) -> Vec<f64> {
        let (mut process, mut rng) = (Merton::new(config), stream(Seed::new(3), "merton"));
        let mut last = config.initial;
        let next = |_| {
            let value = process.step(SimTime::from_nanos(0), HOUR, &mut rng);
            let log_return = libm::log(value / last);
            last = value;
            log_return
        };
        (0..count).map(next).collect()
    }

    /// The cumulants of the log return and the moments of the value, over an hour in one step and over five.
    #[test]
    fn values_have_the_moments_of_theory_however_they_are_stepped() {
        let merton = Merton::new(CONFIG);
        for steps in [1, 5] {
            let ends = sample_ends(&merton, HOUR, steps, 200_000);
            assert_moments(&merton.moments(HOUR), CONFIG.initial, &ends);
        }
    }

    fn mean(values: impl Iterator<Item = f64>) -> f64 {
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        sum / count
    }

    #[test]
    fn without_jumps_the_path_is_that_of_geometric_brownian_motion() {
        let config = MertonConfig { jumps_per_year: 0.0, ..CONFIG };
        let (mut merton, mut gbm) = (Merton::new(config), Gbm::new(100.0, 0.1, 0.2, 1_638.0));
        let (mut ours, mut theirs) = (stream(Seed::new(1), "x"), stream(Seed::new(1), "x"));
        for _ in 0..1_000 {
            let at = SimTime::from_nanos(0);
            let pair = (merton.step(at, HOUR, &mut ours), gbm.step(at, HOUR, &mut theirs));
            assert!((pair.0 / pair.1 - 1.0).abs() < 1e-12, "{pair:?}");
        }
    }

    /// Cumulants of a log return over t: the mean is that of the drift, the second is (s² + l (m² + d²)) t,
    /// and the fourth is l (m⁴ + 6 m² d² + 3 d⁴) t; each within four standard errors.
    #[test]
    fn log_returns_have_the_cumulants_of_theory() {
        let count = 200_000;
        let returns = log_returns(CONFIG, count);
        let years = 1.0 / 1_638.0;
        let (m, d, rate) = (-0.01_f64, 0.02_f64, 500.0);
        let variance = (0.04 + rate * (m * m + d * d)) * years;
        let fourth = rate * (m * m * m * m + 6.0 * m * m * d * d + 3.0 * d * d * d * d) * years;
        let n = 200_000.0_f64;
        let mu = mean(returns.iter().copied());
        let expected = (0.1 - 0.02 - rate * libm::expm1(m + d * d / 2.0) + rate * m) * years;
        assert!((mu - expected).abs() < 4.0 * libm::sqrt(variance / n), "{mu} {expected}");
        let second = mean(returns.iter().map(|it| (it - mu) * (it - mu)));
        let error = 4.0 * libm::sqrt((fourth + 2.0 * variance * variance) / n);
        assert!((second - variance).abs() < error, "{second} {variance}");
        let found = mean(returns.iter().map(|it| libm::pow(it - mu, 4.0))) - 3.0 * second * second;
        assert!((found / fourth - 1.0).abs() < 0.1, "{found} {fourth}");
    }

    #[test]
    fn the_mean_grows_at_the_drift_jumps_included() {
        let drift = mean(log_returns(CONFIG, 200_000).into_iter().map(libm::expm1));
        let years = 1.0 / 1_638.0;
        let error = 4.0 * libm::sqrt((0.04 + 500.0 * 0.0005) * years / 200_000.0);
        assert!((drift - libm::expm1(0.1 * years)).abs() < error, "{drift}");
    }
}
