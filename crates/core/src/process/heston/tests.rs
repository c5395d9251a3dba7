//! Moments, the martingale, the variance against the exact square-root process, and the characteristic
//! function.

use super::super::proof::{assert_distribution, assert_mean, assert_moments, normal_cumulative, sample_ends};
use super::super::{Cir, CirConfig};
use super::*;

const YEAR: SimDuration = SimDuration::from_secs(3_600);

/// A year of one hour; Feller's condition holds in the first, and is broken in the second, which is
/// Andersen's case III with a shorter horizon.
const CONFIGS: [HestonConfig; 2] = [
    HestonConfig {
        initial: 100.0,
        drift: 0.05,
        v0: 0.09,
        kappa: 3.0,
        theta: 0.04,
        xi: 0.4,
        rho: -0.7,
        hours_per_year: 1.0,
    },
    HestonConfig {
        initial: 100.0,
        drift: 0.0,
        v0: 0.09,
        kappa: 1.0,
        theta: 0.09,
        xi: 1.0,
        rho: -0.3,
        hours_per_year: 1.0,
    },
];

#[test]
fn values_have_the_moments_of_theory() {
    for config in CONFIGS {
        let heston = Heston::new(config);
        assert_moments(&heston.moments(YEAR), 100.0, &sample_ends(&heston, YEAR, 100, 50_000));
    }
}

/// With next to no reversion, the variance of a log return is V (t - rho xi t² / 2 + xi² t³ / 12) from V =
/// theta on; and the closed form has no step where it changes its way of computing, at kappa t = 0.01.
#[test]
fn the_closed_form_holds_for_slow_reversion() {
    let deviation = |kappa| {
        let config = HestonConfig { kappa, v0: 0.04, theta: 0.04, xi: 0.3, rho: -0.7, ..CONFIGS[0] };
        Heston::new(config).moments(YEAR).log_deviation.unwrap()
    };
    let variance = deviation(1e-6) * deviation(1e-6);
    let expected = 0.04 * (1.0 + 0.7 * 0.3 / 2.0 + 0.09 / 12.0);
    assert!((variance / expected - 1.0).abs() < 1e-5, "{variance} for {expected}");
    let (below, above) = (deviation(0.01 - 1e-9), deviation(0.01 + 1e-9));
    assert!((below / above - 1.0).abs() < 1e-8, "{below} {above}");
}

/// The corrected scheme has the exact mean at any step, however long: one, two and eight in a year.
#[test]
fn the_discounted_value_is_a_martingale_at_any_step() {
    for config in CONFIGS {
        for (steps, rho) in [(1, -0.9), (2, 0.0), (8, 0.6)] {
            let config = HestonConfig { rho, ..config };
            let mean = Heston::new(config).moments(YEAR).mean.unwrap();
            assert_mean("value", &sample_ends(&Heston::new(config), YEAR, steps, 100_000), mean);
        }
    }
}

/// The variance's first two moments are those of the exact transition of the square-root process.
#[test]
fn the_variance_has_the_moments_of_the_square_root_process() {
    for config in CONFIGS {
        let HestonConfig { v0, kappa, theta, xi, .. } = config;
        let exact = Cir::new(CirConfig { initial: v0, kappa, theta, sigma: xi, hours_per_year: 1.0 });
        let expected = exact.moments(YEAR);
        let mut rng = crate::kernel::stream(crate::units::Seed::new(2), "heston");
        let mut ends = Vec::new();
        for _ in 0..50_000 {
            let mut heston = Heston::new(config);
            for _ in 0..4 {
                heston.step(SimTime::from_nanos(0), SimDuration::from_secs(900), &mut rng);
            }
            ends.push(heston.variance());
        }
        let mean = expected.mean.unwrap();
        assert_mean("variance", &ends, mean);
        let squares: Vec<f64> = ends.iter().map(|it| (it - mean) * (it - mean)).collect();
        let deviation = expected.deviation.unwrap();
        assert_mean("variance of the variance", &squares, deviation * deviation);
    }
}

/// A variance that hardly moves leaves geometric Brownian motion, the nearer the smaller xi is; the limit is
/// reached without a difference of large numbers.
#[test]
fn a_small_xi_comes_near_to_a_constant_variance() {
    let ends = |xi: f64| {
        let heston = Heston::new(HestonConfig { v0: 0.04, xi, ..CONFIGS[0] });
        assert_moments(&heston.moments(YEAR), 100.0, &sample_ends(&heston, YEAR, 50, 20_000));
        sample_ends(&heston, YEAR, 50, 1_000)
    };
    let limit = ends(0.0);
    for (xi, near) in [(1e-3, 1e-2), (1e-7, 1e-6), (1e-13, 1e-12), (1e-50, 1e-12), (1e-300, 1e-12)] {
        for (end, limit) in ends(xi).iter().zip(&limit) {
            assert!((end / limit - 1.0).abs() < near, "{xi}: {end} {limit}");
        }
    }
    let still = Heston::new(HestonConfig { v0: 0.0, theta: 0.0, ..CONFIGS[0] });
    assert!(
        sample_ends(&still, YEAR, 5, 10)
            .iter()
            .all(|end| (end / still.moments(YEAR).mean.unwrap() - 1.0).abs() < 1e-12)
    );
}

/// A complex number, as far as the characteristic function needs it.
type Complex = (f64, f64);

fn mul((a, b): Complex, (c, d): Complex) -> Complex {
    (a * c - b * d, a * d + b * c)
}

fn div(x: Complex, (c, d): Complex) -> Complex {
    let norm = c * c + d * d;
    let (re, im) = mul(x, (c, -d));
    (re / norm, im / norm)
}

fn add((a, b): Complex, (c, d): Complex) -> Complex {
    (a + c, b + d)
}

fn scaled((a, b): Complex, by: f64) -> Complex {
    (a * by, b * by)
}

fn sqrt((a, b): Complex) -> Complex {
    // Of numbers to the right of the imaginary axis, as all here are.
    let re = libm::sqrt((libm::hypot(a, b) + a) / 2.0);
    (re, b / (2.0 * re))
}

fn exp((a, b): Complex) -> Complex {
    (libm::exp(a) * libm::cos(b), libm::exp(a) * libm::sin(b))
}

fn ln((a, b): Complex) -> Complex {
    (libm::log(libm::hypot(a, b)), libm::atan2(b, a))
}

/// The characteristic function of ln(S(T) / S(0)) in the form without jumps of the logarithm (Albrecher,
/// Mayer, Schoutens and Tistaert 2007, "The little Heston trap").
fn characteristic(config: &HestonConfig, u: f64, t: f64) -> Complex {
    let HestonConfig { drift, v0, kappa, theta, xi, rho, .. } = *config;
    let b: Complex = (kappa, -rho * xi * u);
    let d = sqrt(add(mul(b, b), (xi * xi * u * u, xi * xi * u)));
    let minus = add(b, scaled(d, -1.0));
    let g = div(minus, add(b, d));
    let decay = exp(scaled(d, -t));
    let one: Complex = (1.0, 0.0);
    let rest = add(one, scaled(mul(g, decay), -1.0));
    let log = ln(div(rest, add(one, scaled(g, -1.0))));
    let of_theta = scaled(add(scaled(minus, t), scaled(log, -2.0)), kappa * theta / (xi * xi));
    let of_v0 = scaled(div(mul(minus, add(one, scaled(decay, -1.0))), rest), v0 / (xi * xi));
    exp(add((0.0, u * drift * t), add(of_theta, of_v0)))
}

#[test]
fn the_log_return_has_the_characteristic_function_of_the_paper() {
    for config in CONFIGS {
        // It is 1 at 0, and its slope there is the mean.
        let slope = characteristic(&config, 1e-6, 1.0).1 / 1e-6;
        let mean = Heston::new(config).moments(YEAR).log_mean.unwrap();
        assert!((slope - mean).abs() < 1e-7, "{slope} {mean}");
        let ends = sample_ends(&Heston::new(config), YEAR, 200, 40_000);
        let returns: Vec<f64> = ends.iter().map(|end| libm::log(end / 100.0)).collect();
        for u in [0.5, 1.0, 2.0, 4.0, 8.0, 12.0] {
            let (re, im) = characteristic(&config, u, 1.0);
            let cosines: Vec<f64> = returns.iter().map(|x| libm::cos(u * x)).collect();
            let sines: Vec<f64> = returns.iter().map(|x| libm::sin(u * x)).collect();
            assert_mean(&format!("real part at {u}"), &cosines, re);
            assert_mean(&format!("imaginary part at {u}"), &sines, im);
        }
    }
}

/// Without any pull of the variance to speak of, a small xi leaves geometric Brownian motion.
#[test]
fn a_variance_that_hardly_moves_gives_a_normal_log_return() {
    let config = HestonConfig { v0: 0.04, kappa: 1.0, theta: 0.04, xi: 1e-4, ..CONFIGS[0] };
    let ends = sample_ends(&Heston::new(config), YEAR, 10, 50_000);
    let standardized: Vec<f64> =
        ends.iter().map(|end| (libm::log(end / 100.0) - 0.05 + 0.02) / 0.2).collect();
    assert_distribution("log return", standardized, normal_cumulative);
}
