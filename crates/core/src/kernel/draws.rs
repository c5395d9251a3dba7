//! Normal and exponential draws: the ziggurat of Marsaglia and Tsang (2000), with 256 layers.
//!
//! The area under a falling density is cut into layers of one area each: a layer is drawn, and a point across
//! it. Nearly always the point lies where all of its layer is under the density, and costs one random number,
//! one product and one comparison; else the density decides, or a draw from the tail below the lowest layer.
//!
//! `rand_distr` has such draws too, but they call whatever `exp` and `ln` the platform has once another crate
//! turns on `num-traits/std`. Here tables and densities are made with `libm` alone, so that a seed means the
//! same everywhere.

use std::sync::LazyLock;

use rand::{Rng, RngExt};
use rand_distr::Distribution;

/// The number of layers.
const LAYERS: usize = 256;

/// Where the tail of the exponential distribution begins, so that 256 layers close at the top.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
/// Where the tail of the normal distribution begins.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

/// A density cut into layers, the lowest first.
#[derive(Debug)]
struct Ziggurat {
    /// The widths of the layers, and zero. The lowest, which has the tail, is as wide as a rectangle of its
    /// area would be.
    widths: [f64; LAYERS + 1],
    /// The density at each width; at the lowest layer it is not used.
    heights: [f64; LAYERS + 1],
    density: fn(f64) -> f64,
}

static EXPONENTIAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    // The rectangle up to where the tail begins, and the tail.
    let area = (EXPONENTIAL_TAIL + 1.0) * exponential_density(EXPONENTIAL_TAIL);
    Ziggurat::new(EXPONENTIAL_TAIL, area, exponential_density, |height| -libm::log(height))
});

static NORMAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    let tail = libm::sqrt(std::f64::consts::FRAC_PI_2) * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
    let area = NORMAL_TAIL * normal_density(NORMAL_TAIL) + tail;
    Ziggurat::new(NORMAL_TAIL, area, normal_density, |height| libm::sqrt(-2.0 * libm::log(height)))
});

/// Of mean 1, up to a factor.
fn exponential_density(x: f64) -> f64 {
    libm::exp(-x)
}

/// Of variance 1, up to a factor.
fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

impl Ziggurat {
    /// Cuts a density into layers of `area` above the tail that begins at `tail`; `inverse` returns where the
    /// density has a height.
    fn new(tail: f64, area: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Self {
        let mut widths = [0.0; LAYERS + 1];
        widths[0] = area / density(tail);
        widths[1] = tail;
        for layer in 2..LAYERS {
            let below = widths[layer - 1];
            widths[layer] = inverse(density(below) + area / below);
        }
        let heights = widths.map(density);
        Self { widths, heights, density }
    }

    /// Draws a distance from zero; `tail` draws one from where the tail begins on. Of `bits`, the random
    /// number of the first attempt, the ninth lowest is left to the caller.
    #[inline]
    fn draw<R: Rng + ?Sized>(&self, rng: &mut R, mut bits: u64, tail: impl FnOnce(&mut R) -> f64) -> f64 {
        loop {
            let layer = (bits & 0xff) as usize;
            let x = unit(bits) * self.widths[layer];
            if x < self.widths[layer + 1] {
                return x;
            }
            if layer == 0 {
                return tail(rng);
            }
            let (low, high) = (self.heights[layer], self.heights[layer + 1]);
            if low + (high - low) * rng.random::<f64>() < (self.density)(x) {
                return x;
            }
            bits = rng.next_u64();
        }
    }
}

/// Returns a number from zero to less than one, of the upper 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn unit(bits: u64) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    (bits >> 11) as f64 * STEP
}

/// Draws from the exponential distribution of mean 1, by inversion.
fn invert<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    -libm::log(1.0 - rng.random::<f64>())
}

/// The exponential distribution with the given mean.
#[derive(Debug, Clone, Copy)]
pub struct Exponential {
    /// The mean; any finite number at or above zero.
    pub mean: f64,
}

impl Distribution<f64> for Exponential {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let bits = rng.next_u64();
        // What is left of an exponential distribution from any point on is exponential again.
        self.mean * EXPONENTIAL.draw(rng, bits, |rng| EXPONENTIAL_TAIL + invert(rng))
    }
}

/// The normal distribution of mean 0 and variance 1.
#[derive(Debug, Clone, Copy)]
pub struct StandardNormal;

impl Distribution<f64> for StandardNormal {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let bits = rng.next_u64();
        // The sign is the same for all attempts, so it does not depend on which of them succeeds.
        let sign = if bits & 0x100 == 0 { 1.0 } else { -1.0 };
        sign * NORMAL.draw(rng, bits, normal_tail)
    }
}

/// Draws from the tail of the normal distribution (Marsaglia 1964).
fn normal_tail<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let x = invert(rng) / NORMAL_TAIL;
        if 2.0 * invert(rng) >= x * x {
            return NORMAL_TAIL + x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    const DRAWS: u32 = 1_000_000;

    fn draws(name: &str, distribution: impl Distribution<f64>) -> Vec<f64> {
        let mut rng = stream(Seed::new(7), name);
        (0..DRAWS).map(|_| distribution.sample(&mut rng)).collect()
    }

    /// Returns the mean of a power of the draws.
    fn moment(draws: &[f64], power: i32) -> f64 {
        draws.iter().map(|x| libm::pow(*x, f64::from(power))).sum::<f64>() / f64::from(DRAWS)
    }

    /// Returns the largest distance between the draws' distribution and `cumulative`, times the square root
    /// of their number: below 1.95 in 999 of 1,000 cases (Kolmogorov and Smirnov).
    fn distance(mut draws: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
        draws.sort_by(f64::total_cmp);
        let n = f64::from(DRAWS);
        let gaps = (0_u32..).zip(&draws).map(|(below, x)| {
            let (expected, below) = (cumulative(*x), f64::from(below));
            (expected - below / n).max((below + 1.0) / n - expected)
        });
        gaps.fold(0.0, f64::max) * n.sqrt()
    }

    fn exponential_cumulative(x: f64) -> f64 {
        1.0 - libm::exp(-x)
    }

    fn normal_cumulative(x: f64) -> f64 {
        0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
    }

    /// Returns how many standard deviations the number of draws beyond `x` is from what is expected.
    fn excess(draws: &[f64], x: f64, chance: f64) -> f64 {
        let beyond = draws.iter().map(|draw| if *draw > x { 1.0 } else { 0.0 }).sum::<f64>();
        let expected = f64::from(DRAWS) * chance;
        (beyond - expected) / (expected * (1.0 - chance)).sqrt()
    }

    #[test]
    fn layers_close_at_the_top_and_have_one_area() {
        for table in [&*EXPONENTIAL, &*NORMAL] {
            let area = table.widths[0] * table.heights[1];
            for layer in 1..LAYERS {
                let own = table.widths[layer] * (table.heights[layer + 1] - table.heights[layer]);
                assert!((own / area - 1.0).abs() < 1e-9, "layer {layer}: {own} for {area}");
            }
            assert!(table.widths.is_sorted_by(|a, b| a > b) && table.widths[LAYERS] == 0.0);
        }
    }

    #[test]
    fn exponential_draws_have_their_distribution() {
        let draws = draws("exponential", Exponential { mean: 1.0 });
        for (power, expected, tolerance) in [(1, 1.0, 0.004), (2, 2.0, 0.02), (3, 6.0, 0.15), (4, 24.0, 1.5)]
        {
            let found = moment(&draws, power);
            assert!((found - expected).abs() < tolerance, "moment {power}: {found}");
        }
        for x in [0.01, 1.0, 5.0, EXPONENTIAL_TAIL, 9.0, 11.0] {
            let excess = excess(&draws, x, libm::exp(-x));
            assert!(excess.abs() < 4.0, "beyond {x}: {excess}");
        }
        let distance = distance(draws, exponential_cumulative);
        assert!(distance < 1.95, "{distance}");
    }

    #[test]
    fn normal_draws_have_their_distribution() {
        let draws = draws("normal", StandardNormal);
        let moments = [(1, 0.0, 0.004), (2, 1.0, 0.006), (3, 0.0, 0.016), (4, 3.0, 0.04), (6, 15.0, 0.5)];
        for (power, expected, tolerance) in moments {
            let found = moment(&draws, power);
            assert!((found - expected).abs() < tolerance, "moment {power}: {found}");
        }
        let mirrored: Vec<f64> = draws.iter().map(|x| -x).collect();
        for x in [0.0, 1.0, 2.0, 3.0, NORMAL_TAIL, 4.2] {
            for side in [&draws, &mirrored] {
                let excess = excess(side, x, normal_cumulative(-x));
                assert!(excess.abs() < 4.0, "beyond {x}: {excess}");
            }
        }
        let distance = distance(draws, normal_cumulative);
        assert!(distance < 1.95, "{distance}");
    }

    #[test]
    fn draws_do_not_depend_on_the_platform() {
        let mut rng = stream(Seed::new(1), "golden");
        let normal: Vec<u64> = (0..200).map(|_| StandardNormal.sample(&mut rng).to_bits()).collect();
        let exponential: Vec<u64> =
            (0..200).map(|_| Exponential { mean: 3.0 }.sample(&mut rng).to_bits()).collect();
        let bytes: Vec<u8> = normal.iter().chain(&exponential).flat_map(|bits| bits.to_le_bytes()).collect();
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "bb04c6c9a7671b8e9dc9b56f74d0f1b6383605b4d18bfe18e35f013ea3de7604"
        );
    }
}
