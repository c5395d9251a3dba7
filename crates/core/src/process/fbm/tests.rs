//! The covariance of increments, the Hurst exponent, moments, and blocks.

use super::super::proof::{assert_distribution, assert_mean, assert_moments, normal_cumulative, sample_ends};
use super::*;
use crate::kernel::stream;
use crate::params::Values;
use crate::units::Seed;

const STEP: SimDuration = SimDuration::from_secs(60);
const HURSTS: [f64; 4] = [0.2, 0.5, 0.7, 0.95];

fn config(hurst: f64) -> FbmConfig {
    FbmConfig { initial: 100.0, drift: 0.1, volatility: 0.3, hurst, hours_per_year: 1.0, step: STEP }
}

/// Draws blocks of noise.
fn blocks(hurst: f64, length: usize, count: usize) -> Vec<Vec<f64>> {
    let noise = FractionalNoise::new(hurst, length);
    let mut rng = stream(Seed::new(8), "fbm");
    (0..count / 2).flat_map(|_| noise.draw(&mut rng)).collect()
}

/// Each pair of steps of a block has the covariance of theory, across the whole block.
#[test]
fn increments_have_the_covariance_of_theory() {
    for hurst in HURSTS {
        let blocks = blocks(hurst, 16, 40_000);
        for (i, j) in [(0, 0), (0, 1), (3, 4), (2, 7), (0, 15), (15, 15)] {
            let products: Vec<f64> = blocks.iter().map(|block| block[i] * block[j]).collect();
            assert_mean(&format!("{hurst}: {i}, {j}"), &products, autocovariance(hurst, j - i));
        }
        let first: Vec<f64> = blocks.iter().map(|block| block[5]).collect();
        assert_distribution("an increment", first, normal_cumulative);
    }
}

/// The two blocks of one draw, and blocks that follow each other, are independent.
#[test]
fn blocks_are_independent() {
    let blocks = blocks(0.9, 16, 40_000);
    let pairs: Vec<f64> = blocks.chunks_exact(2).map(|pair| pair[0][15] * pair[1][0]).collect();
    assert_mean("covariance of two blocks", &pairs, 0.0);
}

/// The variance of the sum of m steps is m^(2H): the slope of its logarithm gives the exponent.
#[test]
fn the_hurst_exponent_is_found_again() {
    for hurst in HURSTS {
        let blocks = blocks(hurst, 256, 4_000);
        let variance = |steps: usize| {
            let squares = blocks.iter().map(|block| {
                let sum: f64 = block[..steps].iter().sum();
                sum * sum
            });
            squares.sum::<f64>() / 4_000.0
        };
        let slope = libm::log(variance(256) / variance(4)) / libm::log(64.0);
        // Each variance has a relative error of sqrt(2 / 4,000).
        let error = 4.0 * libm::sqrt(2.0 * 2.0 / 4_000.0) / libm::log(64.0);
        assert!((slope / 2.0 - hurst).abs() < error / 2.0, "{hurst}: {}", slope / 2.0);
    }
}

#[test]
fn values_have_the_moments_of_theory() {
    let span = SimDuration::from_secs(60 * 24);
    for hurst in HURSTS {
        let fbm = Fbm::new(config(hurst), 24);
        assert_moments(&fbm.moments(span), 100.0, &sample_ends(&fbm, span, 24, 20_000));
        // Of a run that is longer than its blocks, too.
        let short = Fbm::new(config(hurst), 8);
        assert_moments(&short.moments(span), 100.0, &sample_ends(&short, span, 24, 20_000));
    }
}

/// The series and the sum agree where one takes over from the other; no eigenvalue is lost to rounding.
#[test]
fn long_lags_keep_their_digits() {
    for hurst in HURSTS {
        let power = 2.0 * hurst;
        let sum =
            0.5 * (libm::pow(1_001.0, power) - 2.0 * libm::pow(1_000.0, power) + libm::pow(999.0, power));
        let series = autocovariance(hurst, 1_000);
        assert!((sum - series).abs() < 1e-9 * sum.abs().max(1e-2), "{hurst}: {sum} {series}");
        let noise = FractionalNoise::new(hurst, 1 << 14);
        assert!(noise.roots.iter().all(|root| *root > 0.0), "{hurst}");
    }
}

#[test]
fn a_run_is_one_block_where_it_can_be() {
    let values = Values::new().with("initial", 1.0).with("hurst", 0.7).with("volatility", 0.2);
    let values = values.complete(KIND.params).unwrap();
    let warnings = |hours: i64| {
        let site =
            ProcessSite { length: Some(SimDuration::from_secs(3_600 * hours)), ..ProcessSite::default() };
        let configured = configure(&values, &site).unwrap();
        configured.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(warnings(72), [""; 0]);
    assert_eq!(
        warnings(73),
        ["a run has 262800 steps, more than the 262144 of a block: memory ends after 3d49m4s"]
    );
}
