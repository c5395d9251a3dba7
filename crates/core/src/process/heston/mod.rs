//! Heston's stochastic volatility.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::Distribution;

use super::cir::{KAPPA, feller_warning};
use super::kind::{DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, STEP, years};
use super::moments::Moments;
use super::value::PriceProcess;
use crate::kernel::{StandardNormal, Stream};
use crate::params::{NumberRange, ParamDefault, ParamSpec, ParamType};
use crate::units::{SimDuration, SimTime};

const THETA: ParamSpec = ParamSpec::required(
    "theta",
    ParamType::Number(NumberRange::between(1e-12, 1e4)),
    "long-run variance, annualized: 0.04 is a volatility of 20 %",
);
const XI: ParamSpec = ParamSpec::required(
    "xi",
    ParamType::Number(NumberRange { excludes_min: true, ..NumberRange::between(0.0, 1e4) }),
    "volatility of the variance, annualized; called sigma in the paper",
);
const RHO: ParamSpec = ParamSpec::required(
    "rho",
    ParamType::Number(NumberRange::between(-1.0, 1.0)),
    "correlation of the shocks of value and variance; below 0, falls raise volatility",
);
const V0: ParamSpec = ParamSpec::new(
    "v0",
    ParamType::Number(NumberRange::between(0.0, 1e4)),
    ParamDefault::Derived("`theta`"),
    "first variance, annualized",
);

/// The kind `heston`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "heston",
    doc: "Stochastic volatility (Heston 1993): the variance is a square-root process, correlated with the value. Stepped \
          by the quadratic-exponential scheme with martingale correction (Andersen 2008), which has the exact mean, and \
          whose error falls with `step`. Where `2 kappa theta < xi²`, the variance touches 0, and a warning says so. The \
          drift is that of the mean.",
    params: &[INITIAL, KAPPA.meaning(KAPPA_DOC), THETA, XI, RHO, V0, DRIFT, HOURS_PER_YEAR, STEP],
    configure: |values, _| {
        let initial = values.get("initial")?;
        let theta: f64 = values.get("theta")?;
        let config = HestonConfig {
            initial,
            drift: values.get("drift")?,
            v0: values.given("v0")?.unwrap_or(theta),
            kappa: values.get("kappa")?,
            theta,
            xi: values.get("xi")?,
            rho: values.get("rho")?,
            hours_per_year: values.get("hours_per_year")?,
        };
        let warnings = feller_warning("xi", [config.kappa, theta, config.xi], "the variance");
        let prepared = Prepared::new(Heston::new(config), initial, values.get("step")?);
        Ok(Arc::new(Prepared { warnings: warnings.into_iter().collect(), ..prepared }))
    },
};

const KAPPA_DOC: &str = "speed of the variance's return to `theta`, per year: the expected distance halves in `ln 2 / kappa` years";

/// The parameters of [`Heston`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HestonConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drift of the mean.
    pub drift: f64,
    /// First variance, annualized; at or above zero.
    pub v0: f64,
    /// Speed of the variance's mean reversion, per year; above zero.
    pub kappa: f64,
    /// Long-run variance, annualized; above zero.
    pub theta: f64,
    /// Volatility of the variance, annualized; above zero.
    pub xi: f64,
    /// Correlation of the shocks of value and variance, -1 to 1.
    pub rho: f64,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
}

/// Stochastic volatility, dS = mu S dt + sqrt(V) S dW, dV = kappa (theta - V) dt + xi sqrt(V) dB, where W and
/// B have the correlation rho (Heston 1993).
///
/// Stepped by the quadratic-exponential scheme with martingale correction (Andersen 2008, "Simple and
/// efficient simulation of the Heston stochastic volatility model", sections 3.2 and 4.3, with central
/// weights): the next variance has the first two moments of the exact transition, as a squared normal where
/// it is far from zero, else as a mass at zero and an exponential; and E(S) is exact. A step draws a normal
/// number for the value, then one for the variance.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Heston, HestonConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let mut value = Heston::new(HestonConfig {
///     initial: 100.0,
///     drift: 0.0,
///     v0: 0.04,
///     kappa: 3.0,
///     theta: 0.04,
///     xi: 0.5,
///     rho: -0.7,
///     hours_per_year: 1_638.0,
/// });
/// let (hour, mut rng) = (SimDuration::from_secs(3_600), stream(Seed::new(1), "example"));
/// let at = SimTime::from_nanos(0);
/// assert!(value.step(at + hour, hour, &mut rng) > 0.0 && value.variance() >= 0.0);
/// ```
#[derive(Debug, Clone)]
pub struct Heston {
    config: HestonConfig,
    current: f64,
    variance: f64,
}

/// From where on a next variance is drawn as a mass at zero and an exponential (Andersen's psi_c).
const PSI_LIMIT: f64 = 1.5;

/// Up to where the variance hardly moves in a step: there the two corrections would be differences of large
/// numbers.
const PSI_NARROW: f64 = 1e-8;

/// The least xi that is told from 0: below, its square would be.
const XI_MIN: f64 = 1e-100;

/// How the next variance is drawn.
#[derive(Debug, Clone, Copy)]
enum NextVariance {
    /// a (b + Z)².
    Quadratic { a: f64, b: f64 },
    /// The same where a is next to nothing, as (root + scale Z)².
    Narrow { root: f64, scale: f64 },
    /// Zero with probability p, else exponential of rate beta.
    Exponential { p: f64, beta: f64 },
}

impl NextVariance {
    /// Returns the way that has a mean and the ratio psi of the variance to the squared mean.
    fn matching(mean: f64, psi: f64) -> Self {
        if psi < PSI_NARROW {
            // With s = sqrt(1 - psi / 2), a is mean (1 - s), and b² is s / (1 - s).
            let s = libm::sqrt(1.0 - psi / 2.0);
            Self::Narrow { root: libm::sqrt(mean * s), scale: libm::sqrt(mean * psi / 2.0 / (1.0 + s)) }
        } else if psi <= PSI_LIMIT {
            let ratio = 2.0 / psi;
            let square = ratio - 1.0 + libm::sqrt(ratio) * libm::sqrt(ratio - 1.0);
            Self::Quadratic { a: mean / (1.0 + square), b: libm::sqrt(square) }
        } else {
            let p = (psi - 1.0) / (psi + 1.0);
            Self::Exponential { p, beta: (1.0 - p) / mean }
        }
    }

    /// Draws the next variance, and returns with it how far the logarithm of the value moves before its own
    /// shock: the drift and Andersen's K0* + K1 V + K2 V', where K0* is what makes E(S) exact.
    fn draw(self, by: LogStep, rng: &mut Stream) -> (f64, f64) {
        let LogStep { drift, k0, k1, k2, k3, last } = by;
        let power = k2 + k3 / 2.0;
        let next = match self {
            Self::Quadratic { a, b } => {
                let root = b + StandardNormal.sample(rng);
                a * root * root
            }
            Self::Narrow { root, scale } => {
                let z: f64 = StandardNormal.sample(rng);
                let (next, a) = ((root + scale * z) * (root + scale * z), scale * scale);
                let rest = 1.0 - 2.0 * power * a;
                if rest > 0.0 {
                    // What K0*, K1 V and K2 V' have in common is left out by hand.
                    let mean = root * root * (k3 / 2.0 + 2.0 * k2 * power * a) / rest - 0.5 * libm::log(rest);
                    let moved = k2 * scale * z * (2.0 * root + scale * z);
                    return (next, drift + moved - mean - k3 / 2.0 * last);
                }
                next
            }
            Self::Exponential { p, beta } => {
                let uniform: f64 = rng.random();
                if uniform <= p { 0.0 } else { libm::log((1.0 - p) / (1.0 - uniform)) / beta }
            }
        };
        // Without that mean there is nothing to correct.
        let correction = self.log_mean_exp(power).map_or(k0, |mean| -mean - (k1 + k3 / 2.0) * last);
        (next, drift + correction + k1 * last + k2 * next)
    }

    /// Returns ln E(exp(power V)), if that exists.
    fn log_mean_exp(self, power: f64) -> Option<f64> {
        match self {
            Self::Quadratic { a, b } => {
                let rest = 1.0 - 2.0 * power * a;
                (rest > 0.0).then(|| power * b * b * a / rest - 0.5 * libm::log(rest))
            }
            Self::Narrow { .. } => None,
            Self::Exponential { p, beta } => {
                (power < beta).then(|| libm::log(p + beta * (1.0 - p) / (beta - power)))
            }
        }
    }
}

/// What a step begins with: the drift, Andersen's K0 to K3 (which is his K4 as well), and the last variance.
#[derive(Debug, Clone, Copy)]
struct LogStep {
    drift: f64,
    k0: f64,
    k1: f64,
    k2: f64,
    k3: f64,
    last: f64,
}

impl Heston {
    /// Makes a process at its first value and variance.
    #[must_use]
    pub const fn new(config: HestonConfig) -> Self {
        let xi = config.xi.max(XI_MIN);
        Self { config: HestonConfig { xi, ..config }, current: config.initial, variance: config.v0 }
    }

    /// Returns the variance, annualized.
    #[must_use]
    pub const fn variance(&self) -> f64 {
        self.variance
    }

    /// Returns how the variance after so many years is drawn.
    fn next_variance(&self, years: f64) -> NextVariance {
        let HestonConfig { kappa, theta, xi, .. } = self.config;
        let decay = libm::exp(-kappa * years);
        let gone = -libm::expm1(-kappa * years);
        let mean = theta * gone + self.variance * decay;
        let square = xi * xi / kappa * gone * (self.variance * decay + theta * gone / 2.0);
        NextVariance::matching(mean, if mean > 0.0 { square / (mean * mean) } else { 0.0 })
    }
}

impl PriceProcess for Heston {
    fn step(&mut self, _to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        let HestonConfig { drift, kappa, theta, xi, rho, hours_per_year, .. } = self.config;
        let years = years(span, hours_per_year);
        let shock: f64 = StandardNormal.sample(rng);
        // Andersen's K1 to K4, with gamma_1 = gamma_2 = 1/2.
        let half = years / 2.0 * (kappa * rho / xi - 0.5);
        let (k1, k2) = (half - rho / xi, half + rho / xi);
        let k3 = years / 2.0 * (1.0 - rho * rho);
        let k0 = -rho * kappa * theta * years / xi;
        let by = LogStep { drift: drift * years, k0, k1, k2, k3, last: self.variance };
        let (next, moved) = self.next_variance(years).draw(by, rng);
        let diffusion = libm::sqrt(k3 * (self.variance + next)) * shock;
        self.current *= libm::exp(moved + diffusion);
        self.variance = next;
        self.current
    }

    /// Mean and variance of the log return, from ln S - E(ln S) = the integral of sqrt(V) ((rho - xi g / (2
    /// kappa)) dB + sqrt(1 - rho²) dB'), g = 1 - exp(-kappa (T - t)), of which the variance is an integral of
    /// E(V); and the mean of the value.
    fn moments(&self, after: SimDuration) -> Moments {
        let HestonConfig { drift, kappa, theta, xi, rho, hours_per_year, .. } = self.config;
        let t = years(after, hours_per_year);
        let gone = -libm::expm1(-kappa * t) / kappa;
        let gap = self.variance - theta;
        let [reverted, started, reverted_twice, started_twice] = reversion(kappa * t);
        // The integrals of E(V), of g E(V) over kappa, and of g² E(V) over its square.
        let zeroth = theta * t + gap * gone;
        let first = t * t * (theta * reverted + gap * started);
        let second = t * t * t * (theta * reverted_twice + gap * started_twice);
        let square = zeroth - rho * xi * first + xi * xi / 4.0 * second;
        Moments {
            mean: Some(self.current * libm::exp(drift * t)),
            log_mean: Some(drift * t - zeroth / 2.0),
            log_deviation: Some(libm::sqrt(square)),
            ..Moments::default()
        }
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.current, self.variance]
    }

    fn restore(&mut self, state: &[f64]) {
        if let [current, variance, ..] = *state {
            (self.current, self.variance) = (current, variance);
        }
    }
}

/// Returns the integrals over u from 0 to x of g and of g times exp(-u), over x², and those of g² and of g²
/// times exp(-u), over x³, where g is 1 - exp(u - x); by their series near zero, where differences would have
/// no digits.
fn reversion(x: f64) -> [f64; 4] {
    if x < 1e-2 {
        let series = |of: [f64; 4]| of[0] + x * (of[1] + x * (of[2] + x * of[3]));
        return [
            series([1.0 / 2.0, -1.0 / 6.0, 1.0 / 24.0, -1.0 / 120.0]),
            series([1.0 / 2.0, -1.0 / 3.0, 1.0 / 8.0, -1.0 / 30.0]),
            series([1.0 / 3.0, -1.0 / 4.0, 7.0 / 60.0, -1.0 / 24.0]),
            series([1.0 / 3.0, -1.0 / 3.0, 11.0 / 60.0, -13.0 / 180.0]),
        ];
    }
    let (e, once, twice) = (libm::exp(-x), -libm::expm1(-x), -libm::expm1(-2.0 * x));
    [
        (x - once) / (x * x),
        (once - x * e) / (x * x),
        (x - 2.0 * once + twice / 2.0) / (x * x * x),
        (twice - 2.0 * x * e) / (x * x * x),
    ]
}

#[cfg(test)]
mod tests;
