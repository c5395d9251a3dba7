//! Latency models, and channels whose messages never overtake one another.

mod channel;
mod samples;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rand_distr::Distribution;
use thiserror::Error;

use super::count_draws::Gamma;
use super::draws::StandardNormal;
use super::random::Stream;
use crate::units::SimDuration;

pub use channel::Channel;
pub use samples::LatencySamples;

/// How long a message takes on one leg of its way.
///
/// ```
/// use bearpit_core::kernel::{LatencyModel, stream};
/// use bearpit_core::units::{Seed, SimDuration};
///
/// let model = LatencyModel::LogNormal { median: SimDuration::from_micros(80), sigma: 0.5 };
/// let mut rng = stream(Seed::new(1), "example");
/// let mut draws: Vec<SimDuration> = (0..1_001).map(|_| model.sample(&mut rng)).collect();
/// draws.sort();
/// assert!((70..90).contains(&(draws[500].nanos() / 1_000)), "{}", draws[500]);
/// assert!(draws[1_000] <= model.upper_bound());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LatencyModel {
    /// Always the same.
    Constant(SimDuration),
    /// Uniform between the two, both included; `min <= max`.
    Uniform {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// Lognormal: `median * exp(sigma * z)`, with `z` standard normal and cut off at
    /// [`LatencyModel::CUTOFF`], so that every model has an upper bound.
    LogNormal {
        /// The median.
        median: SimDuration,
        /// The standard deviation of the logarithm, at or above 0.
        sigma: f64,
    },
    /// Normal, truncated: a draw below `min`, or [`LatencyModel::CUTOFF`] standard deviations above the mean,
    /// is drawn again; `min <= mean`.
    Normal {
        /// The mean of the distribution before it is truncated.
        mean: SimDuration,
        /// Its standard deviation.
        sd: SimDuration,
        /// The shortest.
        min: SimDuration,
    },
    /// `min` and a draw from a gamma distribution; `min <= mean`. It is cut off where it has 10^-13 left, or
    /// less.
    Gamma {
        /// The mean, `min` included.
        mean: SimDuration,
        /// The shape: 1 is an exponential distribution, more is more even.
        shape: f64,
        /// The shortest.
        min: SimDuration,
    },
    /// As measured: a random quantile of samples.
    Empirical(LatencySamples),
}

/// Says why no message can have a latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LatencyError {
    /// A span is negative or too long.
    #[error("a latency, or a bound, mean or median of it, is from 0 to {most}, not {0}", most = LatencyModel::MAX)]
    SpanOutOfRange(SimDuration),
    /// The shortest is longer than the longest.
    #[error("the shortest latency {min} is longer than the longest, {max}")]
    MinAboveMax {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// The shortest is longer than the mean.
    #[error("the shortest latency {min} is longer than the mean, {mean}")]
    MinAboveMean {
        /// The shortest.
        min: SimDuration,
        /// The mean.
        mean: SimDuration,
    },
    /// The standard deviation is negative, too large, or no number.
    #[error("sigma of a lognormal latency is from 0 to {most}", most = LatencyModel::SIGMA_MAX)]
    SigmaOutOfRange,
    /// The shape is too small, too large, or no number.
    #[error(
        "shape of a gamma latency is from {least} to {most}",
        least = LatencyModel::SHAPE_MIN,
        most = LatencyModel::SHAPE_MAX
    )]
    ShapeOutOfRange,
    /// There are no samples.
    #[error("an empirical latency has no samples")]
    NoSamples,
}

impl LatencyModel {
    /// No latency at all.
    pub const NONE: Self = Self::Constant(SimDuration::ZERO);
    /// The longest span that a model may have: an hour.
    pub const MAX: SimDuration = SimDuration::from_secs(3_600);
    /// The largest sigma that a model may have.
    pub const SIGMA_MAX: f64 = 2.0;
    /// The least shape that a model may have.
    pub const SHAPE_MIN: f64 = 0.1;
    /// The largest shape that a model may have.
    pub const SHAPE_MAX: f64 = 1_000.0;
    /// Where the normal draw of a lognormal or normal latency is cut off: one draw in 500 million is.
    pub const CUTOFF: f64 = 6.0;

    /// Checks that latencies can be drawn.
    ///
    /// # Errors
    /// The first [`LatencyError`].
    pub fn check(&self) -> Result<(), LatencyError> {
        let span = |span: SimDuration| {
            let fits = (SimDuration::ZERO..=Self::MAX).contains(&span);
            if fits { Ok(()) } else { Err(LatencyError::SpanOutOfRange(span)) }
        };
        let below_mean = |min: SimDuration, mean: SimDuration| {
            span(min)?;
            span(mean)?;
            if min <= mean { Ok(()) } else { Err(LatencyError::MinAboveMean { min, mean }) }
        };
        match *self {
            Self::Constant(latency) => span(latency),
            Self::Uniform { min, max } => {
                span(min)?;
                span(max)?;
                if min <= max { Ok(()) } else { Err(LatencyError::MinAboveMax { min, max }) }
            }
            Self::LogNormal { median, sigma } => {
                span(median)?;
                let fits = (0.0..=Self::SIGMA_MAX).contains(&sigma);
                if fits { Ok(()) } else { Err(LatencyError::SigmaOutOfRange) }
            }
            Self::Normal { mean, sd, min } => {
                below_mean(min, mean)?;
                span(sd)
            }
            Self::Gamma { mean, shape, min } => {
                below_mean(min, mean)?;
                let fits = (Self::SHAPE_MIN..=Self::SHAPE_MAX).contains(&shape);
                if fits { Ok(()) } else { Err(LatencyError::ShapeOutOfRange) }
            }
            Self::Empirical(ref samples) => {
                let (least, most) = samples.bounds().ok_or(LatencyError::NoSamples)?;
                span(least)?;
                span(most)
            }
        }
    }

    /// Draws one latency of a model that has been [checked](Self::check); a constant model draws nothing
    /// from `rng`.
    pub fn sample(&self, rng: &mut Stream) -> SimDuration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform { min, max } => {
                SimDuration::from_nanos(rng.random_range(min.nanos()..=max.nanos()))
            }
            Self::LogNormal { median, sigma } => {
                let z = StandardNormal.sample(rng).clamp(-Self::CUTOFF, Self::CUTOFF);
                SimDuration::from_secs_f64(median.secs_f64() * libm::exp(sigma * z))
            }
            Self::Normal { mean, sd, min } => {
                // At least half of all draws are above the mean, and so above the shortest.
                let drawn = loop {
                    let z: f64 = StandardNormal.sample(rng);
                    let drawn = mean.secs_f64() + sd.secs_f64() * z;
                    if z <= Self::CUTOFF && drawn >= min.secs_f64() {
                        break drawn;
                    }
                };
                SimDuration::from_secs_f64(drawn)
            }
            Self::Gamma { mean, shape, min } => {
                let drawn = Gamma { shape }.sample(rng).min(gamma_cutoff(shape));
                SimDuration::from_secs_f64(min.secs_f64() + above(mean, min) * (drawn / shape))
            }
            Self::Empirical(ref samples) => samples.quantile(rng.random()),
        }
    }

    /// Returns what a message usually takes: the median, or the mean of normal and gamma latencies.
    ///
    /// ```
    /// use bearpit_core::kernel::LatencyModel;
    /// use bearpit_core::units::SimDuration;
    ///
    /// let [min, max] = [20, 60].map(SimDuration::from_micros);
    /// assert_eq!(LatencyModel::Uniform { min, max }.typical(), SimDuration::from_micros(40));
    /// ```
    #[must_use]
    pub fn typical(&self) -> SimDuration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform { min, max } => SimDuration::from_nanos(i64::midpoint(min.nanos(), max.nanos())),
            Self::LogNormal { median, .. } => median,
            Self::Normal { mean, .. } | Self::Gamma { mean, .. } => mean,
            Self::Empirical(ref samples) => samples.quantile(0.5),
        }
    }

    /// Returns a latency that no draw exceeds.
    #[must_use]
    pub fn upper_bound(&self) -> SimDuration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform { max, .. } => max,
            Self::LogNormal { median, sigma } => {
                SimDuration::from_secs_f64(median.secs_f64() * libm::exp(sigma * Self::CUTOFF))
            }
            Self::Normal { mean, sd, .. } => {
                SimDuration::from_secs_f64(mean.secs_f64() + sd.secs_f64() * Self::CUTOFF)
            }
            Self::Gamma { mean, shape, min } => {
                let most = gamma_cutoff(shape) / shape;
                SimDuration::from_secs_f64(min.secs_f64() + above(mean, min) * most)
            }
            Self::Empirical(ref samples) => samples.bounds().map_or(SimDuration::ZERO, |(_, most)| most),
        }
    }
}

/// Returns by how many seconds a mean is above the shortest.
fn above(mean: SimDuration, min: SimDuration) -> f64 {
    mean.secs_f64() - min.secs_f64()
}

/// Returns where draws of a gamma distribution of scale 1 are cut off: less than 10^-13 of them are.
fn gamma_cutoff(shape: f64) -> f64 {
    shape + 8.0 * libm::sqrt(shape) + 32.0
}

impl LatencyModel {
    /// Returns the same latency, lengthened where it would be shorter than `least`; `None` for one whose
    /// distribution would then be another: a lognormal, normal or gamma one with draws below that.
    ///
    /// ```
    /// use bearpit_core::kernel::LatencyModel;
    /// use bearpit_core::units::SimDuration;
    ///
    /// let least = SimDuration::from_micros(10);
    /// assert_eq!(LatencyModel::NONE.at_least(least), Some(LatencyModel::Constant(least)));
    /// let wide = LatencyModel::LogNormal { median: SimDuration::from_micros(20), sigma: 0.5 };
    /// assert_eq!(wide.clone().at_least(least), None);
    /// assert_eq!(wide.clone().at_least(SimDuration::from_nanos(990)), Some(wide));
    /// ```
    #[must_use]
    pub fn at_least(self, least: SimDuration) -> Option<Self> {
        match self {
            Self::Constant(latency) => Some(Self::Constant(latency.max(least))),
            Self::Uniform { min, max } => Some(Self::Uniform { min: min.max(least), max: max.max(least) }),
            Self::LogNormal { median, sigma } => {
                let shortest =
                    SimDuration::from_secs_f64(median.secs_f64() * libm::exp(-sigma * Self::CUTOFF));
                (shortest >= least).then_some(self)
            }
            Self::Normal { min, .. } | Self::Gamma { min, .. } => (min >= least).then_some(self),
            Self::Empirical(samples) => Some(Self::Empirical(samples.at_least(least))),
        }
    }
}
