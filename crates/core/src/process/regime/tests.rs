//! Moments of theory, how long regimes last, and what is refused.

use super::super::proof::{assert_mean, assert_moments, sample_ends};
use super::*;
use crate::kernel::stream;
use crate::params::ParamValue;
use crate::process::{Gbm, ProcessSite};
use crate::units::{Seed, SimTime};

const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Calm and storm, in years of an hour.
fn config() -> RegimeConfig {
    RegimeConfig {
        initial: 100.0,
        drifts: vec![0.2, -0.5],
        volatilities: vec![0.1, 0.6],
        transition: vec![vec![0.9, 0.1], vec![0.3, 0.7]],
        first: 1,
        period: MINUTE,
        hours_per_year: 1.0,
    }
}

/// Over twenty minutes and a half, which ends within a period.
#[test]
fn values_have_the_moments_of_theory() {
    let span = SimDuration::from_secs(1_230);
    for first in [1, 2] {
        let regime = Regime::new(RegimeConfig { first, ..config() });
        assert_moments(&regime.moments(span), 100.0, &sample_ends(&regime, span, 41, 50_000));
    }
}

#[test]
fn equal_regimes_are_geometric_brownian_motion() {
    let equal = RegimeConfig { drifts: vec![0.1; 2], volatilities: vec![0.3; 2], ..config() };
    let (regime, gbm) = (Regime::new(equal), Gbm::new(100.0, 0.1, 0.3, 1.0));
    let (found, expected) = (regime.moments(MINUTE), gbm.moments(MINUTE));
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-9;
    assert!(near(found.mean, expected.mean) && near(found.deviation, expected.deviation));
    assert!(near(found.log_mean, expected.log_mean) && near(found.log_deviation, expected.log_deviation));
    assert!(found.log_skewness.unwrap().abs() < 1e-6 && found.log_kurtosis.unwrap().abs() < 1e-6);
}

/// A regime that stays with probability 0.9 lasts ten periods on average; the share of the time that is spent
/// in it is 0.3 / (0.1 + 0.3), the stationary distribution's.
#[test]
fn regimes_last_as_long_as_their_row_says() {
    let (mut regime, mut rng) = (Regime::new(config()), stream(Seed::new(3), "regime"));
    let mut at = |_| {
        regime.step(SimTime::from_nanos(0), MINUTE, &mut rng);
        regime.regime()
    };
    let seen: Vec<usize> = (0..200_000).map(&mut at).collect();
    let lengths: Vec<f64> = seen
        .chunk_by(|a, b| a == b)
        .filter(|run| run[0] == 1)
        .map(|run| run.iter().fold(0.0, |sum, _| sum + 1.0))
        .collect();
    assert_mean("length of calm", &lengths, 10.0);
    let calm = seen.iter().filter(|it| **it == 1).fold(0.0_f64, |sum, _| sum + 1.0) / 200_000.0;
    // The chain's correlation of 0.6 makes the error twice that of independent draws.
    assert!((calm - 0.75).abs() < 4.0 * 2.0 * libm::sqrt(0.75 * 0.25 / 200_000.0), "{calm}");
}

#[test]
fn the_regime_goes_on_where_it_was() {
    let (mut regime, mut rng) = (Regime::new(config()), stream(Seed::new(3), "regime"));
    while regime.regime() == 1 {
        regime.step(SimTime::from_nanos(0), MINUTE, &mut rng);
    }
    let mut other = Regime::new(config());
    other.restore(&regime.state());
    assert_eq!((other.regime(), other.current.to_bits()), (2, regime.current.to_bits()));
}

fn errors(change: impl Fn(Values) -> Values) -> Vec<String> {
    let values = Values::new()
        .with("initial", 100.0)
        .with("volatilities", vec![0.1, 0.2])
        .with("transition", vec![vec![0.9, 0.1], vec![0.3, 0.7]])
        .with("period", MINUTE);
    let values = change(values).complete(KIND.params).unwrap();
    let built = (KIND.configure)(&values, &ProcessSite::default());
    built.map_or_else(|errors| errors.errors().iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn rows_that_are_no_probabilities_are_refused() {
    assert_eq!(errors(|it| it), [""; 0]);
    assert_eq!(
        errors(|it| it.with("transition", vec![vec![0.9, 0.05], vec![0.3, 0.3, 0.4]])),
        [
            "row 1 of `transition` sums to 0.95, but must sum to 1: the probabilities of what follows regime 1",
            "row 2 of `transition` has 3 items, but must have 2",
        ]
    );
    assert_eq!(
        errors(|it| it.with("transition", vec![vec![1.0]])),
        ["`transition` has 1 rows, but must have 2: one for each of `volatilities`"]
    );
    assert_eq!(
        errors(|it| it.with("volatilities", ParamValue::List(Vec::new()))),
        ["`volatilities` has 0 items, but must have from 1 to 16"]
    );
    assert_eq!(
        errors(|it| it.with("drifts", vec![0.1])),
        ["`drifts` has 1 items, but must have 2, as `volatilities`: one for each regime"]
    );
    assert_eq!(
        errors(|it| it.with("first", 3_i64)),
        ["`first` is 3, but must be from 1 to 2, the number of regimes"]
    );
    let wrong = Values::new().with("transition", vec![vec![1.5]]);
    assert!(wrong.complete(KIND.params).is_err(), "a probability is at most 1");
}
