//! Random streams and the draws that steer a run.
//!
//! A stream is derived from the run's seed and a stable name, so that adding an actor leaves the
//! others' draws as they were. `rand_distr`'s own normal and exponential draws call whatever `exp`
//! and `ln` the platform has once another crate turns on `num-traits/std`; ours call `libm`, so that
//! a seed means the same everywhere.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::Distribution;

use crate::units::Seed;

/// A stream of random numbers: xoshiro256++ (Blackman and Vigna 2019), 32 bytes of state.
pub type Stream = Xoshiro256PlusPlus;

/// Derives the stream called `name` of a run with `seed`.
///
/// Distinct names give independent streams: the state is the BLAKE3 hash of seed and name.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::units::Seed;
/// use rand::RngExt;
///
/// let draw = |name| stream(Seed::new(1), name).random::<u64>();
/// assert_eq!(draw("actor/noise-1"), draw("actor/noise-1"));
/// assert_ne!(draw("actor/noise-1"), draw("actor/noise-2"));
/// ```
#[must_use]
pub fn stream(seed: Seed, name: &str) -> Stream {
    let mut hasher = blake3::Hasher::new_derive_key("bearpit 2026 random stream");
    hasher.update(&seed.get().to_le_bytes());
    hasher.update(name.as_bytes());
    Stream::from_seed(*hasher.finalize().as_bytes())
}

/// The normal distribution of mean 0 and variance 1, by Marsaglia's polar method (1964).
#[derive(Debug, Clone, Copy)]
pub struct StandardNormal;

impl Distribution<f64> for StandardNormal {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        loop {
            let x = 2.0 * rng.random::<f64>() - 1.0;
            let y = 2.0 * rng.random::<f64>() - 1.0;
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }
}

/// The exponential distribution with the given mean, by inversion.
#[derive(Debug, Clone, Copy)]
pub struct Exponential {
    /// The mean; any finite number at or above zero.
    pub mean: f64,
}

impl Distribution<f64> for Exponential {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        -self.mean * libm::log(1.0 - rng.random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_seeds_give_different_streams() {
        let first = |seed, name| stream(Seed::new(seed), name).random::<u64>();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "a"), first(2, "a"));
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let mut rng = stream(Seed::new(7), "moments");
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let exponential = Exponential { mean: 3.0 };
        let mean = (0..n).map(|_| exponential.sample(&mut rng)).sum::<f64>() / f64::from(n);
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
    }
}
