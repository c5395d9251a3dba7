//! The square-root process of Cox, Ingersoll and Ross.

use std::sync::Arc;

use rand_distr::Distribution;

use super::kind::{HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, years};
use super::moments::Moments;
use super::value::PriceProcess;
use crate::kernel::{Gamma, Poisson, StandardNormal, Stream};
use crate::params::{NumberRange, ParamDefault, ParamError, ParamSpec, ParamType};
use crate::units::{SimDuration, SimTime};

/// The speed of mean reversion.
pub(super) const KAPPA: ParamSpec = ParamSpec::required(
    "kappa",
    ParamType::Number(NumberRange::between(1e-6, 1e6)),
    "speed of the return to `theta`, per year: the expected distance halves in `ln 2 / kappa` years",
);
const THETA: ParamSpec = ParamSpec::new(
    "theta",
    ParamType::Number(NumberRange::above(0.0)),
    ParamDefault::Derived("`initial`"),
    "the value to which it returns",
);
const SIGMA: ParamSpec = ParamSpec::required(
    "sigma",
    ParamType::Number(NumberRange::between(0.0, 1e6)),
    "volatility: a value X has an annualized standard deviation of `sigma` times the square root of X",
);

/// The kind `cir`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "cir",
    doc: "The square-root process (Cox, Ingersoll and Ross 1985), stepped by its exact transition, a noncentral \
          chi-square distribution: the value returns to a mean, and moves the less the nearer it is to 0. Where `2 kappa \
          theta < sigma²`, which breaks the condition of Feller (1951), it touches 0, and a warning says so. It is \
          shown at or above a ten-thousandth of `theta`.",
    params: &[INITIAL, KAPPA, THETA, SIGMA, HOURS_PER_YEAR, STEP],
    configure: |values, _| {
        let initial = values.get("initial")?;
        let config = CirConfig {
            initial,
            kappa: values.get("kappa")?,
            theta: values.given("theta")?.unwrap_or(initial),
            sigma: values.get("sigma")?,
            hours_per_year: values.get("hours_per_year")?,
        };
        let warnings = feller_warning("sigma", [config.kappa, config.theta, config.sigma], "the value");
        let prepared = Prepared::new(Cir::new(config), initial, values.get("step")?);
        Ok(Arc::new(Prepared { warnings: warnings.into_iter().collect(), ..prepared }))
    },
};

/// Returns what is said if kappa, theta and sigma break Feller's condition; sigma is called `name`.
pub(super) fn feller_warning(
    name: &'static str,
    [kappa, theta, sigma]: [f64; 3],
    what: &str,
) -> Option<ParamError> {
    let (pull, push) = (2.0 * kappa * theta, sigma * sigma);
    let message = || {
        format!(
            "`2 kappa theta` is {} and `{name}²` is {}, which breaks the Feller condition `2 kappa theta >= {name}²`: \
             {what} touches 0",
            short(pull),
            short(push)
        )
    };
    let most = short_below(libm::sqrt(pull));
    let help =
        format!("the transition is right all the same; for {what} above 0, let `{name}` be at most {most}");
    (pull < push).then(|| ParamError::invalid(name, message()).with_help(help))
}

/// Rounds to six digits, for messages.
fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Rounds a number above zero down to four digits, for messages.
fn short_below(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value)) - 3.0;
    let digits = libm::floor(value * libm::pow(10.0, -exponent) + 1e-9);
    format!("{digits}e{exponent}").parse().unwrap_or(value)
}

/// From where on a draw differs from its mean in no digit: the sum of degrees and noncentrality.
const STEADY: f64 = 1e30;

/// The parameters of [`Cir`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CirConfig {
    /// First value; at or above zero.
    pub initial: f64,
    /// Speed of mean reversion, per year; above zero.
    pub kappa: f64,
    /// The value to which it returns; above zero.
    pub theta: f64,
    /// Volatility: the annualized standard deviation of a value X is sigma times the square root of X.
    pub sigma: f64,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

/// The square-root process, dX = kappa (theta - X) dt + sigma sqrt(X) dW (Cox, Ingersoll and Ross 1985, "A
/// theory of the term structure of interest rates"), stepped by its exact transition.
///
/// X(t + dt) is c times a noncentral chi-square draw with d = 4 kappa theta / sigma² degrees of freedom and
/// noncentrality X(t) e^(-kappa dt) / c, where c = sigma² (1 - e^(-kappa dt)) / (4 kappa). Such a draw is a
/// squared normal and a central one where d > 1, else a central one with a Poisson number of further degrees
/// (Glasserman 2004, section 3.4).
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Cir, CirConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let config = CirConfig { initial: 0.1, kappa: 2.0, theta: 0.05, sigma: 0.0, hours_per_year: 1_638.0 };
/// let year = SimDuration::from_secs(1_638 * 3_600);
/// let mut rate = Cir::new(config);
/// // Without volatility, e^-2 of the distance from the mean is left after a year.
/// let value = rate.step(SimTime::from_nanos(0) + year, year, &mut stream(Seed::new(1), "example"));
/// assert!((value - (0.05 + 0.05 * (-2.0_f64).exp())).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct Cir {
    config: CirConfig,
    current: f64,
}

impl Cir {
    /// Makes a process at its first value.
    #[must_use]
    pub const fn new(config: CirConfig) -> Self {
        Self { config, current: config.initial }
    }
}

/// Draws from the noncentral chi-square distribution.
fn noncentral_chi_square(degrees: f64, noncentrality: f64, rng: &mut Stream) -> f64 {
    if degrees > 1.0 {
        let normal: f64 = StandardNormal.sample(rng);
        let shifted = normal + libm::sqrt(noncentrality);
        return shifted * shifted + 2.0 * Gamma { shape: (degrees - 1.0) / 2.0 }.sample(rng);
    }
    let more = Poisson { mean: noncentrality / 2.0 }.sample(rng);
    2.0 * Gamma { shape: degrees / 2.0 + more }.sample(rng)
}

impl PriceProcess for Cir {
    fn step(&mut self, _to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let CirConfig { kappa, theta, sigma, hours_per_year, .. } = self.config;
        let years = years(span, hours_per_year);
        let decay = libm::exp(-kappa * years);
        let scale = -sigma * sigma * libm::expm1(-kappa * years) / (4.0 * kappa);
        let degrees = 4.0 * kappa * theta / (sigma * sigma);
        let noncentrality = self.current * decay / scale;
        // Without volatility, or with next to none, both are beyond all bounds, or no numbers.
        self.current = if degrees + noncentrality < STEADY {
            scale * noncentral_chi_square(degrees, noncentrality, rng)
        } else {
            theta + (self.current - theta) * decay
        };
        self.current.max(theta * 1e-4)
    }

    /// Those of the exact transition; that prices are kept above zero is not in them.
    fn moments(&self, after: SimDuration) -> Moments {
        let CirConfig { kappa, theta, sigma, hours_per_year, .. } = self.config;
        let decay = libm::exp(-kappa * years(after, hours_per_year));
        let gone = -libm::expm1(-kappa * years(after, hours_per_year));
        let variance = sigma * sigma / kappa * gone * (self.current * decay + theta * gone / 2.0);
        let mean = theta + (self.current - theta) * decay;
        Moments { mean: Some(mean), deviation: Some(libm::sqrt(variance)), ..Moments::default() }
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
    use super::super::proof::{
        HOUR, assert_distribution, assert_moments, count_of, normal_cumulative, sample_ends,
    };
    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    /// Feller's condition holds by far, just so, and not at all.
    const SIGMAS: [f64; 3] = [0.2, 0.63, 2.5];

    fn config(sigma: f64) -> CirConfig {
        CirConfig { initial: 0.08, kappa: 4.0, theta: 0.05, sigma, hours_per_year: 10.0 }
    }

    /// Over an hour of a year of ten, in one step and in four.
    #[test]
    fn values_have_the_moments_of_theory_however_they_are_stepped() {
        for sigma in SIGMAS {
            let cir = Cir::new(config(sigma));
            for steps in [1, 4] {
                // What is shown is kept above zero, by less than a hundredth of a standard error.
                let ends: Vec<f64> = sample_ends(&cir, HOUR, steps, 100_000);
                assert!(ends.iter().all(|end| *end >= 0.05e-4));
                assert_moments(&cir.moments(HOUR), 0.08, &ends);
            }
        }
    }

    /// The distribution function of the gamma distribution of a shape, by its series.
    fn gamma_cumulative(shape: f64, x: f64) -> f64 {
        let mut term = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape + 1.0));
        let mut sum = 0.0;
        for n in 1..200 {
            sum += term;
            term *= x / (shape + f64::from(n));
        }
        sum
    }

    /// Where Feller's condition is broken by far, a seventh of a degree of freedom is left: a third of all
    /// values are shown at the floor, and the others have the Poisson mixture of gamma distributions.
    #[test]
    fn values_that_touch_zero_have_the_distribution_of_theory() {
        let cir = Cir::new(config(2.5));
        let (decay, floor) = (libm::exp(-0.4), 0.05e-4);
        let scale = 6.25 * (1.0 - decay) / 16.0;
        let (half_degrees, half) = (0.8 / 6.25 / 2.0, 0.08 * decay / scale / 2.0);
        let cumulative = |value: f64| {
            let (mut weight, mut sum) = (libm::exp(-half), 0.0);
            for more in 0..30_u32 {
                sum += weight * gamma_cumulative(half_degrees + f64::from(more), value / scale / 2.0);
                weight *= half / f64::from(more + 1);
            }
            sum
        };
        let at_floor = cumulative(floor);
        assert!((0.3..0.6).contains(&at_floor), "{at_floor}");
        for steps in [1, 4] {
            let (low, above): (Vec<f64>, Vec<f64>) =
                sample_ends(&cir, HOUR, steps, 20_000).into_iter().partition(|end| *end <= floor);
            let share = count_of(&low) / 20_000.0;
            let error = libm::sqrt(at_floor * (1.0 - at_floor) / 20_000.0);
            assert!((share - at_floor).abs() < 4.0 * error, "{share} {at_floor}");
            let beyond = |value: f64| (cumulative(value) - at_floor) / (1.0 - at_floor);
            assert_distribution("above the floor", above, beyond);
        }
    }

    /// Squares of such volatilities underflow, or leave no digit of a draw.
    #[test]
    fn a_volatility_next_to_none_is_none() {
        let calm = sample_ends(&Cir::new(config(0.0)), HOUR, 4, 1);
        for sigma in [1e-20, 1e-100, 1e-200, 1e-320] {
            assert!((sample_ends(&Cir::new(config(sigma)), HOUR, 4, 1)[0] / calm[0] - 1.0).abs() < 1e-12);
        }
        let nearly = sample_ends(&Cir::new(config(1e-9)), HOUR, 4, 1)[0] / calm[0] - 1.0;
        assert!(nearly.abs() < 1e-7 && nearly.abs() > 1e-14, "{nearly}");
        // A wild one falls to zero, from a value that is no number's square away.
        let wild = Cir::new(CirConfig { initial: 1e-300, ..config(1e6) });
        assert!(sample_ends(&wild, HOUR, 4, 100).iter().all(|end| end.is_finite()));
    }

    /// The distribution function of the noncentral chi-square is a Poisson mixture of central ones; for odd
    /// and even degrees those are known in elementary functions.
    #[test]
    fn draws_have_the_noncentral_distribution() {
        // One degree: P(|Z + a| <= x) for a = 1.5.
        let one = |x: f64| normal_cumulative(libm::sqrt(x) - 1.5) - normal_cumulative(-libm::sqrt(x) - 1.5);
        // Two degrees: a Poisson mixture of Erlang distributions.
        let even = |half_degrees: u32, noncentrality: f64| {
            move |x: f64| {
                let half = noncentrality / 2.0;
                let (mut weight, mut sum) = (libm::exp(-half), 0.0);
                for more in 0..60_u32 {
                    let (mut term, mut tail) = (libm::exp(-x / 2.0), 0.0);
                    for k in 1..=half_degrees + more {
                        tail += term;
                        term *= x / 2.0 / f64::from(k);
                    }
                    sum += weight * (1.0 - tail);
                    weight *= half / f64::from(more + 1);
                }
                sum
            }
        };
        let mut rng = stream(Seed::new(4), "cir");
        let mut draws = |degrees: f64, noncentrality: f64| -> Vec<f64> {
            (0..50_000).map(|_| noncentral_chi_square(degrees, noncentrality, &mut rng)).collect()
        };
        assert_distribution("one degree, by counting", draws(1.0, 2.25), one);
        assert_distribution("two degrees", draws(2.0, 3.0), even(1, 3.0));
        assert_distribution("six degrees", draws(6.0, 0.7), even(3, 0.7));
        // Hardly any degree of freedom: at 0 with probability e^(-1), else an Erlang mixture of those drawn.
        let none = |x: f64| if x < 1e-6 { libm::exp(-1.0) } else { even(0, 2.0)(x) };
        let near_none: Vec<f64> = draws(1e-9, 2.0).into_iter().filter(|x| *x > 1e-6).collect();
        let rest = 1.0 - libm::exp(-1.0);
        assert_distribution("no degree", near_none, |x| (none(x) - libm::exp(-1.0)) / rest);
    }

    #[test]
    fn a_small_step_keeps_its_digits() {
        // A second of a trading year, and a sigma that breaks Feller's condition: a Poisson mean of 10^7.
        let config = CirConfig { hours_per_year: 1_638.0, ..config(0.7) };
        let second = SimDuration::from_secs(1);
        let cir = Cir::new(config);
        assert_moments(&cir.moments(second), 0.08, &sample_ends(&cir, second, 1, 100_000));
    }

    #[test]
    fn a_broken_feller_condition_is_a_warning_with_its_meaning() {
        assert_eq!(feller_warning("sigma", [4.0, 0.05, 0.6], "the value"), None);
        let warning = feller_warning("sigma", [4.0, 0.05, 0.7], "the value").unwrap();
        assert_eq!(
            warning.to_string(),
            "`2 kappa theta` is 0.4 and `sigma²` is 0.49, which breaks the Feller condition `2 kappa theta >= sigma²`: \
             the value touches 0"
        );
        assert!(warning.help().unwrap().ends_with("at most 0.6324"), "{warning:?}");
        let warning = feller_warning("sigma", [1.0, 2e-9, 0.1], "the value").unwrap();
        assert!(warning.help().unwrap().ends_with("at most 0.00006324"), "{warning:?}");
    }
}
