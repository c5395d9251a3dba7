//! [`ParamDistribution`]: a distribution from which the members of a population draw a parameter.

use rand::RngExt;
use rand_distr::Distribution;
use thiserror::Error;

use bearpit_core::kernel::{Exponential, Gamma, StandardNormal, Stream, stream};
use bearpit_core::units::{NumberText, Seed};

/// How often a value outside of the bounds is drawn again before the nearer bound is taken: so often that it
/// does not happen, since [`SHARE_MIN`] of the draws lie within.
const REDRAWS_MAX: u32 = 100_000;

/// The least share of draws that must lie within the bounds, and how many draws tell.
const SHARE_MIN: f64 = 0.02;
const SHARE_DRAWS: u32 = 1_000;

/// How far a sum of weights may be from 1.
const WEIGHTS_TOLERANCE: f64 = 1e-6;

/// The shape of a distribution.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Uniform between two numbers.
    Uniform {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        sd: f64,
    },
    /// Lognormal: its logarithm is normal.
    LogNormal {
        /// The median.
        median: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma (drawn as Marsaglia and Tsang 2000 do).
    Gamma {
        /// The mean.
        mean: f64,
        /// The shape; 1 is exponential.
        shape: f64,
    },
    /// Pareto: the chance to exceed x is (min / x)^alpha.
    Pareto {
        /// The least.
        min: f64,
        /// The exponent of the tail.
        alpha: f64,
    },
    /// One of some values.
    Choice {
        /// The values.
        values: Vec<f64>,
        /// The chance of each.
        weights: Vec<f64>,
    },
}

/// A distribution within bounds: what falls outside is drawn again.
///
/// ```
/// use bearpit_agents::{Law, ParamDistribution};
/// use bearpit_core::kernel::stream;
/// use bearpit_core::units::Seed;
///
/// let waits = ParamDistribution::new(Law::Exponential { mean: 20.0 }, 1.0, f64::MAX)?;
/// let draw = waits.draw(&mut stream(Seed::new(1), "example"));
/// assert!(draw >= 1.0);
/// assert!(ParamDistribution::new(Law::Normal { mean: 0.0, sd: -1.0 }, 0.0, 1.0).is_err());
/// # Ok::<(), bearpit_agents::DistributionError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDistribution {
    law: Law,
    least: f64,
    most: f64,
}

/// Says why there is no such distribution, as the end of a sentence that begins with its name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct DistributionError(String);

impl ParamDistribution {
    /// Makes a distribution whose draws lie from `least` to `most`.
    ///
    /// # Errors
    /// A number of the shape that is out of its range, weights that do not sum to 1, a center out of the
    /// bounds, or hardly a draw within them.
    pub fn new(law: Law, least: f64, most: f64) -> Result<Self, DistributionError> {
        check(&law)?;
        let named: Vec<(&str, f64)> = match &law {
            Law::Uniform { min, max } => vec![("a min of", *min), ("a max of", *max)],
            Law::Exponential { mean } | Law::Normal { mean, .. } | Law::Gamma { mean, .. } => {
                vec![("a mean of", *mean)]
            }
            Law::LogNormal { median, .. } => vec![("a median of", *median)],
            Law::Pareto { min, .. } => vec![("a min of", *min)],
            Law::Choice { values, .. } => values.iter().map(|value| ("a value of", *value)).collect(),
        };
        match named.iter().find(|(_, value)| !(least..=most).contains(value)) {
            Some((key, value)) => Err(error(key, *value, &range(least, most))),
            None => Self { law, least, most }.with_draws_within(),
        }
    }

    /// Refuses a distribution of which hardly a draw lies within the bounds: what is left would not have its
    /// shape.
    fn with_draws_within(self) -> Result<Self, DistributionError> {
        let mut rng = stream(Seed::new(0), "share within bounds");
        let within = |_: &u32| (self.least..=self.most).contains(&self.draw_once(&mut rng));
        let share = f64::from(u32::try_from((0..SHARE_DRAWS).filter(within).count()).unwrap_or(u32::MAX))
            / f64::from(SHARE_DRAWS);
        if share < SHARE_MIN {
            let allowed = range(self.least, self.most);
            return Err(DistributionError(format!(
                "has {} % of its draws {allowed}, but must have {} % there at least: choose a narrower shape",
                NumberText(share * 100.0),
                NumberText(SHARE_MIN * 100.0)
            )));
        }
        Ok(self)
    }

    /// Returns the value in the middle: the mean, the median, or what is likeliest.
    #[must_use]
    pub fn center(&self) -> f64 {
        match &self.law {
            Law::Uniform { min, max } => f64::midpoint(*min, *max),
            Law::Exponential { mean } | Law::Normal { mean, .. } | Law::Gamma { mean, .. } => *mean,
            Law::LogNormal { median, .. } => *median,
            Law::Pareto { min, .. } => *min,
            Law::Choice { values, weights } => {
                let pairs = values.iter().zip(weights);
                let likeliest = pairs.reduce(|best, next| if next.1 > best.1 { next } else { best });
                likeliest.map_or(self.least, |(value, _)| *value)
            }
        }
    }

    /// Draws a value within the bounds.
    pub fn draw(&self, rng: &mut Stream) -> f64 {
        let mut value = self.draw_once(rng);
        for _ in 0..REDRAWS_MAX {
            if (self.least..=self.most).contains(&value) {
                return value;
            }
            value = self.draw_once(rng);
        }
        value.clamp(self.least, self.most)
    }

    fn draw_once(&self, rng: &mut Stream) -> f64 {
        match &self.law {
            Law::Uniform { min, max } => min + (max - min) * rng.random::<f64>(),
            Law::Exponential { mean } => Exponential { mean: *mean }.sample(rng),
            Law::Normal { mean, sd } => mean + sd * StandardNormal.sample(rng),
            Law::LogNormal { median, sigma } => median * libm::exp(sigma * StandardNormal.sample(rng)),
            Law::Gamma { mean, shape } => mean / shape * Gamma { shape: *shape }.sample(rng),
            Law::Pareto { min, alpha } => min * libm::pow(1.0 - rng.random::<f64>(), -1.0 / alpha),
            Law::Choice { values, weights } => {
                let mut left = rng.random::<f64>();
                let found = values.iter().zip(weights).find(|(_, weight)| {
                    left -= **weight;
                    left < 0.0
                });
                found.map(|(value, _)| *value).or_else(|| values.last().copied()).unwrap_or(self.least)
            }
        }
    }
}

fn error(key: &str, value: f64, allowed: &str) -> DistributionError {
    DistributionError(format!("has {key} {}, but must be {allowed}", NumberText(value)))
}

fn range(least: f64, most: f64) -> String {
    if most >= f64::MAX {
        return format!("at or above {}", NumberText(least));
    }
    format!("from {} to {}", NumberText(least), NumberText(most))
}

/// Checks the numbers of a shape.
fn check(law: &Law) -> Result<(), DistributionError> {
    let above = |key, value: f64, min: f64| {
        let fits = value.is_finite() && value > min;
        if fits { Ok(()) } else { Err(error(key, value, &format!("above {min}"))) }
    };
    match law {
        Law::Uniform { min, max } => {
            let fits = min.is_finite() && max.is_finite() && min <= max;
            if fits { Ok(()) } else { Err(error("a min of", *min, &format!("at or below max {max}"))) }
        }
        Law::Exponential { mean } => above("a mean of", *mean, 0.0),
        Law::Normal { sd, .. } => {
            let fits = sd.is_finite() && *sd >= 0.0;
            if fits { Ok(()) } else { Err(error("an sd of", *sd, "at or above 0")) }
        }
        Law::LogNormal { median, sigma } => {
            above("a median of", *median, 0.0)?;
            let fits = (0.0..=10.0).contains(sigma);
            if fits { Ok(()) } else { Err(error("a sigma of", *sigma, "from 0 to 10")) }
        }
        Law::Gamma { mean, shape } => {
            above("a mean of", *mean, 0.0)?;
            above("a shape of", *shape, 0.0)
        }
        Law::Pareto { min, alpha } => {
            above("a min of", *min, 0.0)?;
            above("an alpha of", *alpha, 0.0)
        }
        Law::Choice { values, weights } => {
            if values.is_empty() || values.len() != weights.len() {
                let (values, weights) = (values.len(), weights.len());
                return Err(DistributionError(format!(
                    "has {values} values and {weights} weights, but must be as many of both, at least one"
                )));
            }
            if let Some(weight) = weights.iter().find(|weight| !(0.0..=1.0).contains(*weight)) {
                return Err(error("a weight of", *weight, "from 0 to 1"));
            }
            let sum: f64 = weights.iter().sum();
            let fits = (sum - 1.0).abs() <= WEIGHTS_TOLERANCE;
            if fits {
                Ok(())
            } else {
                Err(error("weights that sum to", sum, "a choice whose weights sum to 1"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 100_000;

    /// Draws from a shape without bounds, and returns mean and variance.
    fn moments(law: Law) -> (f64, f64) {
        let distribution = ParamDistribution::new(law, -1e300, 1e300).unwrap();
        let mut rng = stream(Seed::new(3), "moments");
        let draws: Vec<f64> = (0..DRAWS).map(|_| distribution.draw(&mut rng)).collect();
        let n = f64::from(DRAWS);
        let mean = draws.iter().sum::<f64>() / n;
        (mean, draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    #[test]
    fn draws_have_the_moments_of_their_shape() {
        let exp = libm::exp;
        let (even, odd) = (vec![1.0, 5.0], vec![0.75, 0.25]);
        for (law, mean, variance) in [
            (Law::Uniform { min: 2.0, max: 8.0 }, 5.0, 3.0),
            (Law::Exponential { mean: 4.0 }, 4.0, 16.0),
            (Law::Normal { mean: -3.0, sd: 2.0 }, -3.0, 4.0),
            (
                Law::LogNormal { median: 2.0, sigma: 0.5 },
                2.0 * exp(0.125),
                4.0 * exp(0.25) * (exp(0.25) - 1.0),
            ),
            (Law::Gamma { mean: 6.0, shape: 3.0 }, 6.0, 12.0),
            (Law::Gamma { mean: 2.0, shape: 0.5 }, 2.0, 8.0),
            (Law::Pareto { min: 1.0, alpha: 6.0 }, 1.2, 6.0 / 100.0),
            (Law::Choice { values: even, weights: odd }, 2.0, 3.0),
        ] {
            let name = format!("{law:?}");
            let (found_mean, found_variance) = moments(law);
            let band = 4.0 * libm::sqrt(variance / f64::from(DRAWS));
            assert!((found_mean - mean).abs() < band, "{name}: mean {found_mean}");
            assert!((found_variance / variance - 1.0).abs() < 0.06, "{name}: variance {found_variance}");
        }
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let narrow = ParamDistribution::new(Law::Normal { mean: 0.5, sd: 10.0 }, 0.0, 1.0).unwrap();
        let mut rng = stream(Seed::new(3), "bounds");
        assert!((0..1_000).all(|_| (0.0..=1.0).contains(&narrow.draw(&mut rng))));
        assert!((narrow.center() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_shape_with_wrong_numbers_is_refused_with_what_is_allowed() {
        let refusal = |law| ParamDistribution::new(law, 0.0, 10.0).unwrap_err().to_string();
        let choice = |weights: &[f64]| Law::Choice { values: vec![1.0, 2.0], weights: weights.to_vec() };
        for (law, expected) in [
            (Law::Exponential { mean: 0.0 }, "has a mean of 0, but must be above 0"),
            (Law::Exponential { mean: 11.0 }, "has a mean of 11, but must be from 0 to 10"),
            (Law::Uniform { min: 3.0, max: 2.0 }, "has a min of 3, but must be at or below max 2"),
            (Law::Uniform { min: 3.0, max: 20.0 }, "has a max of 20, but must be from 0 to 10"),
            (Law::Normal { mean: 1.0, sd: -2.0 }, "has an sd of -2, but must be at or above 0"),
            (Law::LogNormal { median: 1.0, sigma: 11.0 }, "has a sigma of 11, but must be from 0 to 10"),
            (Law::Pareto { min: 1.0, alpha: 0.0 }, "has an alpha of 0, but must be above 0"),
            (
                choice(&[0.5, 0.25]),
                "has weights that sum to 0.75, but must be a choice whose weights sum to 1",
            ),
            (choice(&[1.5, -0.5]), "has a weight of 1.5, but must be from 0 to 1"),
            (
                Law::Normal { mean: 5.0, sd: 1e6 },
                "has 0 % of its draws from 0 to 10, but must have 2 % there at least: choose a narrower shape",
            ),
        ] {
            assert_eq!(refusal(law), expected);
        }
    }
}
