//! Fractional Brownian motion.

use std::fmt;
use std::sync::Arc;

use rand_distr::Distribution;

use super::fourier::{Complex, Fourier};
use super::kind::{ConfiguredProcess, DRIFT, HOURS_PER_YEAR, INITIAL, Prepared, ProcessKind, ProcessSite};
use super::kind::{STEP, VOLATILITY, years};
use super::moments::Moments;
use super::value::PriceProcess;
use crate::kernel::{StandardNormal, Stream};
use crate::params::{NumberRange, ParamError, ParamErrors, ParamSpec, ParamType, Values};
use crate::units::{SimDuration, SimTime};

/// How many steps a block has at most. Two blocks and the tables of the transform take 12 MB then, and 8 MB
/// more while they are drawn.
const BLOCK_MAX: usize = 1 << 18;

const HURST: ParamSpec = ParamSpec::required(
    "hurst",
    ParamType::Number(NumberRange::between(0.01, 0.99)),
    "Hurst exponent: above 0.5 returns trend, below they revert, at 0.5 they are independent",
);

/// The kind `fbm`.
pub(super) static KIND: ProcessKind = ProcessKind {
    name: "fbm",
    doc: "Geometric fractional Brownian motion (Mandelbrot and Van Ness 1968): log returns are normal with long memory, \
          and their standard deviation over t years is `volatility` times `t^hurst`. Drawn exactly, by circulant \
          embedding (Davies and Harte 1987), for the whole run at once, or in independent blocks of 262,144 steps where a \
          run is longer. The drift is that of the mean.",
    params: &[
        INITIAL,
        HURST,
        VOLATILITY.meaning("standard deviation of a year's log return; 0.2 is 20 %"),
        DRIFT,
        HOURS_PER_YEAR,
        STEP,
    ],
    configure,
};

fn configure(values: &Values, site: &ProcessSite<'_>) -> Result<Arc<dyn ConfiguredProcess>, ParamErrors> {
    let (initial, step): (f64, SimDuration) = (values.get("initial")?, values.get("step")?);
    let config = FbmConfig {
        initial,
        drift: values.get("drift")?,
        volatility: values.get("volatility")?,
        hurst: values.get("hurst")?,
        hours_per_year: values.get("hours_per_year")?,
        step,
    };
    let steps = site.length.map_or(BLOCK_MAX / 4, |length| {
        usize::try_from(length.nanos() / step.nanos().max(1)).unwrap_or(BLOCK_MAX)
    });
    let warning = (steps > BLOCK_MAX).then(|| {
        let block = SimDuration::from_nanos(step.nanos().saturating_mul(BLOCK_MAX as i64));
        let message = format!(
            "a run has {steps} steps, more than the {BLOCK_MAX} of a block: memory ends after {block}"
        );
        ParamError::invalid("step", message).with_help("let `step` be longer")
    });
    let prepared = Prepared::new(Fbm::new(config, steps), initial, step);
    Ok(Arc::new(Prepared { warnings: warning.into_iter().collect(), ..prepared }))
}

/// The parameters of [`Fbm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FbmConfig {
    /// First value; above zero.
    pub initial: f64,
    /// Annualized drift of the mean.
    pub drift: f64,
    /// Standard deviation of a year's log return; at or above zero.
    pub volatility: f64,
    /// Hurst exponent, above 0 and below 1.
    pub hurst: f64,
    /// Hours of virtual time in a year; above zero.
    pub hours_per_year: f64,
    /// The length of each step; above zero.
    pub step: SimDuration,
}

/// Geometric fractional Brownian motion, S = S0 exp(mu t - sigma² t^(2H) / 2 + sigma B), where B has the
/// covariance (t^(2H) + s^(2H) - |t - s|^(2H)) / 2 (Mandelbrot and Van Ness 1968; with this mean Hu and
/// Øksendal 2003), so that E(S) grows at mu. For H other than 1/2 it is no martingale: returns foretell each
/// other.
///
/// The increments of a block of steps are drawn at once, exactly: the covariance of twice as many on a circle
/// has eigenvalues that are its Fourier transform, none below zero (Davies and Harte 1987; Craigmile 2003),
/// and a transform of independent normal numbers, scaled by their roots, gives two independent blocks. Blocks
/// are independent of each other. Every step is `step` long, whatever span it is given.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::process::{Fbm, FbmConfig, PriceProcess};
/// use bearpit_core::units::{Seed, SimDuration, SimTime};
///
/// let second = SimDuration::from_secs(1);
/// let config = FbmConfig {
///     initial: 100.0,
///     drift: 0.0,
///     volatility: 0.2,
///     hurst: 0.7,
///     hours_per_year: 1_638.0,
///     step: second,
/// };
/// let mut value = Fbm::new(config, 1_000);
/// assert!(value.step(SimTime::from_nanos(0) + second, second, &mut stream(Seed::new(1), "example")) > 0.0);
/// ```
#[derive(Debug, Clone)]
pub struct Fbm {
    config: FbmConfig,
    noise: Arc<FractionalNoise>,
    current: f64,
    /// The increments of the present block and of the one after it, in the order in which they are taken.
    blocks: [Vec<f64>; 2],
    /// The step within the block, and which of the two it is.
    at: usize,
    block: usize,
}

impl Fbm {
    /// Makes a process at its first value, in blocks of at least `steps` steps, as far as 262,144.
    #[must_use]
    pub fn new(config: FbmConfig, steps: usize) -> Self {
        let length = steps.clamp(2, BLOCK_MAX).next_power_of_two();
        let noise = Arc::new(FractionalNoise::new(config.hurst, length));
        Self { config, noise, current: config.initial, blocks: [Vec::new(), Vec::new()], at: 0, block: 1 }
    }

    /// Returns the next increment of noise with variance 1, and its number within its block.
    fn next(&mut self, rng: &mut Stream) -> (usize, f64) {
        if self.at >= self.blocks[self.block].len() {
            self.at = 0;
            self.block = 1 - self.block;
            if self.block == 0 {
                self.blocks = self.noise.draw(rng);
            }
        }
        let at = self.at;
        self.at += 1;
        (at, self.blocks[self.block].get(at).copied().unwrap_or_default())
    }
}

impl PriceProcess for Fbm {
    #[expect(clippy::cast_precision_loss, reason = "steps of a block are far below 2^53")]
    fn step(&mut self, _to: SimTime, _span: SimDuration, rng: &mut Stream) -> f64 {
        let FbmConfig { drift, volatility, hurst, hours_per_year, step, .. } = self.config;
        let years = years(step, hours_per_year);
        let (at, noise) = self.next(rng);
        let deviation = volatility * libm::pow(years, hurst);
        let power = |steps: usize| libm::pow(steps as f64, 2.0 * hurst);
        let variance = deviation * deviation * (power(at + 1) - power(at));
        self.current *= libm::exp(drift * years - variance / 2.0 + deviation * noise);
        self.current
    }

    #[expect(clippy::cast_precision_loss, reason = "steps are far below 2^53")]
    fn moments(&self, after: SimDuration) -> Moments {
        let FbmConfig { drift, volatility, hurst, hours_per_year, step, .. } = self.config;
        let block = years(step, hours_per_year) * self.noise.length() as f64;
        let time = years(after, hours_per_year);
        let whole = libm::floor(time / block + 1e-9);
        let rest = (time - whole * block).max(0.0);
        let square = whole * libm::pow(block, 2.0 * hurst) + libm::pow(rest, 2.0 * hurst);
        let variance = volatility * volatility * square;
        Moments::of_cumulants([drift * time - variance / 2.0, variance, 0.0, 0.0])
            .with_value(self.current * libm::exp(drift * time), variance)
    }

    fn kind(&self) -> Option<&'static str> {
        Some(KIND.name)
    }

    fn state(&self) -> Vec<f64> {
        vec![self.current]
    }

    /// Goes on with a new block: memory does not reach over a stop.
    fn restore(&mut self, state: &[f64]) {
        self.current = state.first().copied().unwrap_or(self.current);
        (self.blocks, self.at, self.block) = ([Vec::new(), Vec::new()], 0, 1);
    }
}

/// What blocks of fractional noise of one length are drawn from.
struct FractionalNoise {
    fourier: Fourier,
    /// The root of each eigenvalue of the circle's covariance over its length.
    roots: Vec<f64>,
}

impl fmt::Debug for FractionalNoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FractionalNoise").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl FractionalNoise {
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    fn new(hurst: f64, length: usize) -> Self {
        let circle = 2 * length;
        let fourier = Fourier::new(circle);
        let lag = |index: usize| index.min(circle - index);
        let mut points: Vec<Complex> =
            (0..circle).map(|index| (autocovariance(hurst, lag(index)), 0.0)).collect();
        fourier.transform(&mut points);
        // Eigenvalues are at or above zero but for rounding.
        let root = |(eigenvalue, _): Complex| libm::sqrt(eigenvalue.max(0.0) / circle as f64);
        Self { fourier, roots: points.into_iter().map(root).collect() }
    }

    fn length(&self) -> usize {
        self.roots.len() / 2
    }

    /// Draws two independent blocks.
    fn draw(&self, rng: &mut Stream) -> [Vec<f64>; 2] {
        let mut point = |root: &f64| {
            let (re, im): (f64, f64) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
            (root * re, root * im)
        };
        let mut points: Vec<Complex> = self.roots.iter().map(&mut point).collect();
        self.fourier.transform(&mut points);
        points.truncate(self.length());
        points.into_iter().unzip::<f64, f64, Vec<f64>, Vec<f64>>().into()
    }
}

/// Returns the autocovariance of fractional noise of variance 1 at a lag.
#[expect(clippy::cast_precision_loss, reason = "lags are far below 2^53")]
fn autocovariance(hurst: f64, lag: usize) -> f64 {
    let (power, lag) = (2.0 * hurst, lag as f64);
    if lag < 1_000.0 {
        let below = (lag - 1.0).abs();
        return 0.5 * (libm::pow(lag + 1.0, power) - 2.0 * libm::pow(lag, power) + libm::pow(below, power));
    }
    // The first terms of the series in 1 / lag², where the sum above would lose its digits.
    let (a, b) = ((power - 2.0) * (power - 3.0), (power - 4.0) * (power - 5.0));
    let square = lag * lag;
    let series = 1.0 + a / (12.0 * square) * (1.0 + b / (30.0 * square));
    0.5 * power * (power - 1.0) * libm::pow(lag, power - 2.0) * series
}

#[cfg(test)]
mod tests;
