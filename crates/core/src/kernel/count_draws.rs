//! Gamma and Poisson draws, of which chi-square draws are made.
//!
//! As in `draws`, everything is computed with `libm` alone, so that a seed means the same everywhere.

use rand::{Rng, RngExt};
use rand_distr::Distribution;

use super::draws::{Exponential, StandardNormal};

/// The gamma distribution of a shape and of scale 1, by the rejection of Marsaglia and Tsang (2000).
///
/// Twice a draw of shape k/2 has the chi-square distribution with k degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub struct Gamma {
    /// The shape, which is the mean and the variance; at or above zero.
    pub shape: f64,
}

impl Distribution<f64> for Gamma {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        if self.shape <= 0.0 {
            return 0.0;
        }
        if self.shape < 1.0 {
            // One shape more, times a power of a uniform number (Stuart 1962).
            let larger = Self { shape: self.shape + 1.0 }.sample(rng);
            return larger * libm::pow(open_uniform(rng), 1.0 / self.shape);
        }
        let d = self.shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x: f64 = StandardNormal.sample(rng);
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let (v, u) = (root * root * root, open_uniform(rng));
            let is_inside = u < 1.0 - 0.0331 * x * x * x * x;
            if is_inside || libm::log(u) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
                return d * v;
            }
        }
    }
}

/// The Poisson distribution of a mean: by counting arrivals where it is small, else by the transformed
/// rejection of Hörmann (1993).
///
/// A draw is a whole number; it is returned as a float, since means may be larger than any integer type.
#[derive(Debug, Clone, Copy)]
pub struct Poisson {
    /// The mean; finite, at or above zero.
    pub mean: f64,
}

impl Distribution<f64> for Poisson {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        if self.mean < 10.0 { count_arrivals(self.mean, rng) } else { reject(self.mean, rng) }
    }
}

/// Counts the arrivals of rate 1 within a time.
fn count_arrivals<R: Rng + ?Sized>(time: f64, rng: &mut R) -> f64 {
    let (mut at, mut count) = (Exponential { mean: 1.0 }.sample(rng), 0.0);
    while at < time {
        at += Exponential { mean: 1.0 }.sample(rng);
        count += 1.0;
    }
    count
}

/// Draws by the transformed rejection with squeeze PTRS of Hörmann (1993).
fn reject<R: Rng + ?Sized>(mean: f64, rng: &mut R) -> f64 {
    let b = 0.931 + 2.53 * libm::sqrt(mean);
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let (u, v) = (open_uniform(rng) - 0.5, open_uniform(rng));
        let edge = 0.5 - u.abs();
        let count = libm::floor((2.0 * a / edge + b) * u + mean + 0.43);
        if edge >= 0.07 && v <= squeeze {
            return count;
        }
        if count < 0.0 || !count.is_finite() || (edge < 0.013 && v > edge) {
            continue;
        }
        let height = libm::log(v * inverse_alpha / (a / (edge * edge) + b));
        if height <= poisson_log_mass(count, mean) {
            return count;
        }
    }
}

/// Returns the logarithm of a Poisson probability, as a saddle point, which keeps its digits at any mean
/// (Loader 2000).
fn poisson_log_mass(count: f64, mean: f64) -> f64 {
    if count <= 0.0 {
        return -mean;
    }
    let scale = 0.5 * libm::log(2.0 * std::f64::consts::PI * count);
    -stirling_error(count) - deviance(count, mean) - scale
}

/// Returns ln n! less Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let half_log = 0.5 * libm::log(2.0 * std::f64::consts::PI);
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - half_log;
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1_260.0 - 1.0 / 1_680.0 / square) / square) / square) / n
}

/// Returns n ln(n / mean) + mean - n, without cancellation where the two are close.
fn deviance(n: f64, mean: f64) -> f64 {
    let gap = n - mean;
    if gap.abs() >= 0.1 * (n + mean) {
        return n * libm::log(n / mean) - gap;
    }
    let v = gap / (n + mean);
    let mut sum = gap * v;
    let mut term = 2.0 * n * v;
    // v is below a tenth: fifteen terms reach the last digit.
    for odd in (3_u32..33).step_by(2) {
        term *= v * v;
        sum += term / f64::from(odd);
    }
    sum
}

/// Draws from (0, 1], so that the logarithm is finite.
fn open_uniform<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    1.0 - rng.random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    const DRAWS: u32 = 200_000;

    fn draws(name: &str, distribution: impl Distribution<f64>) -> Vec<f64> {
        let mut rng = stream(Seed::new(11), name);
        (0..DRAWS).map(|_| distribution.sample(&mut rng)).collect()
    }

    fn moment(draws: &[f64], about: f64, power: i32) -> f64 {
        draws.iter().map(|x| libm::pow(x - about, f64::from(power))).sum::<f64>() / f64::from(DRAWS)
    }

    /// Mean k, variance k, third central moment 2k, fourth 3k² + 6k: each within four standard errors.
    #[test]
    fn gamma_draws_have_the_moments_of_their_shape() {
        for shape in [0.05, 0.5, 1.0, 2.5, 40.0, 1e7] {
            let draws = draws("gamma", Gamma { shape });
            let n = f64::from(DRAWS);
            let mean = moment(&draws, 0.0, 1);
            assert!((mean - shape).abs() < 4.0 * libm::sqrt(shape / n), "{shape}: mean {mean}");
            let variance = moment(&draws, shape, 2);
            let error = 4.0 * libm::sqrt((2.0 * shape * shape + 6.0 * shape) / n);
            assert!((variance - shape).abs() < error, "{shape}: variance {variance}");
        }
    }

    /// Shape 1 is exponential and shape 1/2 is half a squared normal: their distributions are known.
    #[test]
    fn gamma_draws_have_their_distribution() {
        let exponential = |x: f64| -libm::expm1(-x);
        let half_square = |x: f64| libm::erf(libm::sqrt(x));
        for (shape, cumulative) in
            [(1.0, &exponential as &dyn Fn(f64) -> f64), (0.5, &half_square as &dyn Fn(f64) -> f64)]
        {
            let mut draws = draws("gamma", Gamma { shape });
            draws.sort_by(f64::total_cmp);
            let n = f64::from(DRAWS);
            let gap = (0_u32..).zip(&draws).map(|(below, x)| {
                let (expected, below) = (cumulative(*x), f64::from(below));
                (expected - below / n).max((below + 1.0) / n - expected)
            });
            // Kolmogorov and Smirnov: below 1.95 in 999 of 1,000 cases.
            let distance = gap.fold(0.0, f64::max) * n.sqrt();
            assert!(distance < 1.95, "{shape}: {distance}");
        }
    }

    /// Chi-square over the counts around the mean, both ways of drawing; 4 standard deviations above its
    /// mean.
    #[test]
    fn poisson_draws_have_their_probabilities() {
        for mean in [0.3, 4.0, 9.9, 10.0, 25.0, 400.0] {
            let draws = draws("poisson", Poisson { mean });
            let n = f64::from(DRAWS);
            let (mut statistic, mut cells) = (0.0, 0.0);
            for count in 0_u32..1_000 {
                let expected = n * libm::exp(poisson_log_mass(f64::from(count), mean));
                if expected < 20.0 {
                    continue;
                }
                let is_it = |x: &&f64| (**x - f64::from(count)).abs() < 0.5;
                let found = draws.iter().filter(is_it).fold(0.0, |sum, _| sum + 1.0);
                statistic += (found - expected) * (found - expected) / expected;
                cells += 1.0;
            }
            assert!(statistic < cells + 4.0 * libm::sqrt(2.0 * cells), "{mean}: {statistic} of {cells}");
        }
    }

    #[test]
    fn a_large_mean_keeps_its_digits() {
        for mean in [1e6, 1e10, 1e13] {
            let draws = draws("poisson", Poisson { mean });
            let n = f64::from(DRAWS);
            let found = moment(&draws, mean, 1);
            assert!(found.abs() < 4.0 * libm::sqrt(mean / n), "{mean}: {found}");
            let variance = moment(&draws, mean, 2);
            assert!((variance / mean - 1.0).abs() < 4.0 * libm::sqrt(2.0 / n), "{mean}: {variance}");
        }
        // The mass at the mean is 1 / sqrt(2 pi mean).
        let expected = -0.5 * libm::log(2.0 * std::f64::consts::PI * 1e12);
        assert!((poisson_log_mass(1e12, 1e12) - expected).abs() < 1e-9);
        assert!((poisson_log_mass(3.0, 2.0) - libm::log(8.0 / 6.0 * libm::exp(-2.0))).abs() < 1e-12);
    }

    #[test]
    fn draws_do_not_depend_on_the_platform() {
        let mut rng = stream(Seed::new(1), "golden");
        let shapes = (0..200_u32).map(|it| 0.1 + f64::from(it) / 10.0);
        let gamma: Vec<u64> =
            shapes.clone().map(|shape| Gamma { shape }.sample(&mut rng).to_bits()).collect();
        let poisson: Vec<u64> =
            shapes.map(|mean| Poisson { mean: mean * mean }.sample(&mut rng).to_bits()).collect();
        let bytes: Vec<u8> = gamma.iter().chain(&poisson).flat_map(|bits| bits.to_le_bytes()).collect();
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "aeaed9208eee7a6c1f0be45f8752c767084c279b0f738d3d39e6a1f8456387a1"
        );
    }
}
