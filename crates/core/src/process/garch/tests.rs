//! Variances by hand, moments by theory, and what is refused.

use super::super::proof::{assert_mean, assert_moments, sample_ends};
use super::*;
use crate::kernel::stream;
use crate::process::ProcessSite;
use crate::units::{Seed, SimTime};

const DAY: SimDuration = SimDuration::from_secs(23_400);

const CONFIG: GarchConfig = GarchConfig {
    initial: 100.0,
    drift: 0.1,
    omega: 1e-5,
    alpha: 0.1,
    beta: 0.8,
    gamma: 0.0,
    period: DAY,
    hours_per_year: 1_638.0,
};

/// Worked by hand: the long-run variance is 1e-5 / 0.1 = 1e-4, so that a shock of 2 is a return of 0.02.
///
/// | shock | e | e² | next h |
/// |---|---|---|---|
/// | 2 | 0.02 | 4e-4 | 1e-5 + 4e-5 + 8e-5 = 1.3e-4 |
/// | -1 | | 1.3e-4 | 1e-5 + 1.3e-5 + 10.4e-5 = 1.27e-4 |
/// | 0 | 0 | 0 | 1e-5 + 10.16e-5 = 1.116e-4 |
#[test]
fn variances_are_those_worked_by_hand() {
    let (mut garch, mut rng) = (Garch::new(CONFIG), stream(Seed::new(1), "garch"));
    for (shock, expected) in [(2.0, 1.3e-4), (-1.0, 1.27e-4), (0.0, 1.116e-4)] {
        garch.step_by(DAY, shock, &mut rng).unwrap();
        assert!((garch.variance() - expected).abs() < 1e-15, "{shock}: {}", garch.variance());
    }
}

/// With gamma = 0.1 and beta = 0.75: long-run variance 1e-5 / (1 - 0.1 - 0.75 - 0.05) = 1e-4; after a fall of
/// 0.02 it is 1e-5 + 0.2 x 4e-4 + 7.5e-5 = 1.65e-4, after a rise 1e-5 + 4e-5 + 7.5e-5 = 1.25e-4.
#[test]
fn a_fall_raises_the_variance_of_gjr_more_than_a_rise() {
    let mut rng = stream(Seed::new(1), "garch");
    for (shock, expected) in [(-2.0, 1.65e-4), (2.0, 1.25e-4)] {
        let mut gjr = Garch::new(GarchConfig { beta: 0.75, gamma: 0.1, ..CONFIG });
        gjr.step_by(DAY, shock, &mut rng).unwrap();
        assert!((gjr.variance() - expected).abs() < 1e-15, "{shock}: {}", gjr.variance());
    }
}

/// Two halves of a day with shocks of z sqrt(2) each are a day with a shock of 2 z.
#[test]
fn a_period_in_steps_ends_as_one_step_does() {
    let mut rng = stream(Seed::new(1), "garch");
    let (mut whole, mut halves) = (Garch::new(CONFIG), Garch::new(CONFIG));
    let half = SimDuration::from_secs(11_700);
    let end = whole.step_by(DAY, 1.4, &mut rng).unwrap();
    let shock = 0.7 * std::f64::consts::SQRT_2;
    halves.step_by(half, shock, &mut rng);
    assert!((halves.variance() - 1e-4).abs() < 1e-15, "the variance of a period is that of all its steps");
    let other = halves.step_by(half, shock, &mut rng).unwrap();
    assert!((end / other - 1.0).abs() < 1e-14 && (whole.variance() / halves.variance() - 1.0).abs() < 1e-14);
}

#[test]
fn values_grow_at_the_drift() {
    for gamma in [0.0, 0.15] {
        let garch = Garch::new(GarchConfig { omega: 1e-3, gamma, ..CONFIG });
        let month = SimDuration::from_secs(20 * 23_400);
        assert_moments(&garch.moments(month), 100.0, &sample_ends(&garch, month, 40, 50_000));
    }
}

/// The kurtosis of a period's shock is 3 (1 - p²) / (1 - p² - 2 alpha²), p = alpha + beta (Bollerslev 1986),
/// and squared shocks have a first autocorrelation of alpha (1 - p beta) / (1 - 2 alpha beta - beta²).
#[test]
fn shocks_have_the_variance_the_kurtosis_and_the_clustering_of_theory() {
    let config = GarchConfig { drift: 0.0, beta: 0.6, omega: 3e-5, ..CONFIG };
    let (mut garch, mut rng) = (Garch::new(config), stream(Seed::new(7), "garch"));
    let mut last = 100.0;
    let mut shock = |_| {
        let half = garch.variance() / 2.0;
        let value = garch.step(SimTime::from_nanos(0), DAY, &mut rng);
        let shock = libm::log(value / last) + half;
        last = value;
        shock
    };
    let shocks: Vec<f64> = (0..400_000).map(&mut shock).collect();
    let squares: Vec<f64> = shocks.iter().map(|it| it * it / 1e-4).collect();
    let fourths: Vec<f64> = squares.iter().map(|it| it * it).collect();
    assert_mean("shock", &shocks, 0.0);
    // Squares are correlated: the error of their mean is about three times that of independent ones.
    let mean = squares.iter().sum::<f64>() / 400_000.0;
    assert!((mean - 1.0).abs() < 4.0 * 1.8 * libm::sqrt(2.1 / 400_000.0), "{mean}");
    let kurtosis = fourths.iter().sum::<f64>() / 400_000.0;
    let (p, alpha, beta) = (0.7, 0.1, 0.6);
    let expected = 3.0 * (1.0 - p * p) / (1.0 - p * p - 2.0 * alpha * alpha);
    assert!((kurtosis / expected - 1.0).abs() < 0.03, "{kurtosis} {expected}");
    let product = squares.windows(2).map(|pair| (pair[0] - 1.0) * (pair[1] - 1.0)).sum::<f64>() / 399_999.0;
    let correlation = product / (kurtosis - 1.0);
    let expected = alpha * (1.0 - p * beta) / (1.0 - 2.0 * alpha * beta - beta * beta);
    assert!((correlation - expected).abs() < 4.0 * 2.0 / libm::sqrt(400_000.0), "{correlation} {expected}");
}

fn error_of(kind: &ProcessKind, values: Values) -> String {
    let values = values.with("initial", 100.0).complete(kind.params).unwrap();
    let error = (kind.configure)(&values, &ProcessSite::default()).unwrap_err();
    let help = error.errors()[0].help().map_or_else(String::new, |help| format!(" | {help}"));
    format!("{error}{help}")
}

#[test]
fn what_is_no_garch_is_refused_with_what_to_do() {
    let with = |alpha: f64, beta: f64| Values::new().with("alpha", alpha).with("beta", beta);
    assert_eq!(
        error_of(&KIND, with(0.1, 0.9).with("volatility", 0.2)),
        "`alpha + beta` is 1, but must be below 1: the variance would have no mean to return to | let `beta` be below 0.9"
    );
    assert_eq!(
        error_of(&GJR_KIND, with(0.1, 0.85).with("gamma", 0.2).with("omega", 1e-6)),
        "`alpha + beta + gamma / 2` is 1.05, but must be below 1: the variance would have no mean to return to | let `beta` \
         be below 0.8"
    );
    assert_eq!(
        error_of(&GJR_KIND, with(0.1, 0.5).with("gamma", -0.2).with("omega", 1e-6)),
        "`alpha + gamma` is -0.1, but must be at or above 0"
    );
    assert_eq!(
        error_of(&KIND, with(0.1, 0.8).with("volatility", 0.2).with("omega", 1e-6)),
        "`omega` and `volatility` are both given, but each follows from the other | leave one of them out"
    );
    assert_eq!(error_of(&KIND, with(0.1, 0.8)), "`volatility` is missing");
    let period = with(0.1, 0.8).with("volatility", 0.2).with("period", SimDuration::from_millis(1_500));
    assert_eq!(error_of(&KIND, period), "`period` is 1s500ms, but must be a multiple of `step`, which is 1s");
}
