//! Channels keep their order; draws have the moments of theory.

use proptest::prelude::*;

use super::*;
use crate::kernel::stream;
use crate::units::{Seed, SimTime};

fn model() -> impl Strategy<Value = LatencyModel> {
    let span = |nanos| SimDuration::from_nanos(nanos);
    prop_oneof![
        (0..1_000_000_i64).prop_map(move |n| LatencyModel::Constant(span(n))),
        (0..1_000_i64, 0..1_000_000_i64)
            .prop_map(move |(min, more)| LatencyModel::Uniform { min: span(min), max: span(min + more) }),
        (1..1_000_000_i64, 0.0..2.0_f64)
            .prop_map(move |(median, sigma)| LatencyModel::LogNormal { median: span(median), sigma }),
        (0..1_000_i64, 0..1_000_000_i64, 0..1_000_000_i64).prop_map(move |(min, more, sd)| {
            LatencyModel::Normal { mean: span(min + more), sd: span(sd), min: span(min) }
        }),
        (0..1_000_i64, 0..1_000_000_i64, 0.1..1_000.0_f64).prop_map(move |(min, more, shape)| {
            LatencyModel::Gamma { mean: span(min + more), shape, min: span(min) }
        }),
        prop::collection::vec(0..1_000_000_i64, 1..9).prop_map(move |nanos| {
            LatencyModel::Empirical(nanos.into_iter().map(span).collect::<Vec<_>>().into())
        }),
    ]
}

proptest! {
    #[test]
    fn prop_messages_of_one_channel_never_overtake(
        legs in [model(), model()],
        seed in any::<u64>(),
        gaps in prop::collection::vec(0..10_000_i64, 1..200),
    ) {
        let mut channel = Channel::new(legs, || stream(Seed::new(seed), "channel"));
        let mut now = SimTime::from_nanos(0);
        let mut last = now;
        for gap in gaps {
            now += SimDuration::from_nanos(gap);
            let arrival = channel.arrival(now);
            prop_assert!(arrival >= last && arrival >= now);
            prop_assert!(arrival <= last.max(now + channel.upper_bound()));
            last = arrival;
        }
    }
}

#[test]
fn lognormal_latency_has_its_median() {
    let model = LatencyModel::LogNormal { median: SimDuration::from_micros(50), sigma: 0.5 };
    let mut rng = stream(Seed::new(1), "median");
    let mut draws: Vec<i64> = (0..20_001).map(|_| model.sample(&mut rng).nanos()).collect();
    draws.sort_unstable();
    assert!((49_000..51_000).contains(&draws[10_000]), "{}", draws[10_000]);
}

/// Returns so many draws, in microseconds.
fn draws(model: &LatencyModel) -> Vec<f64> {
    model.check().unwrap();
    let mut rng = stream(Seed::new(5), "draws");
    let draws: Vec<SimDuration> = (0..100_000).map(|_| model.sample(&mut rng)).collect();
    assert!(draws.iter().all(|draw| (SimDuration::ZERO..=model.upper_bound()).contains(draw)));
    draws.into_iter().map(|draw| draw.secs_f64() * 1e6).collect()
}

/// Asserts that mean and standard deviation are within four standard errors of theory.
fn assert_moments(model: &LatencyModel, mean: f64, deviation: f64) {
    let (draws, n) = (draws(model), 100_000.0);
    let found = draws.iter().sum::<f64>() / n;
    let central = |power: i32| draws.iter().map(|it| libm::pow(it - mean, f64::from(power))).sum::<f64>() / n;
    let (second, fourth) = (central(2), central(4));
    let off = (found - mean) / libm::sqrt(second / n);
    assert!(off.abs() < 4.0, "{model:?}: mean {found} instead of {mean}");
    let off = (second - deviation * deviation) / libm::sqrt((fourth - second * second) / n);
    assert!(off.abs() < 4.0, "{model:?}: variance {second} instead of {}", deviation * deviation);
}

const fn micros(micros: i64) -> SimDuration {
    SimDuration::from_micros(micros)
}

/// A normal distribution of mean m and deviation s above a has mean m + s h and variance s² (1 + b h - h²),
/// where b = (a - m) / s and h = phi(b) / (1 - Phi(b)).
#[test]
fn normal_latencies_have_the_moments_of_the_truncated_distribution() {
    for (mean, sd, min) in [(100, 10, 0), (50, 60, 20), (50, 60, 50)] {
        let model = LatencyModel::Normal { mean: micros(mean), sd: micros(sd), min: micros(min) };
        let [mean, sd, min] = [mean, sd, min].map(|it| f64::from(i32::try_from(it).unwrap()));
        let b = (min - mean) / sd;
        let density = libm::exp(-b * b / 2.0) / libm::sqrt(2.0 * std::f64::consts::PI);
        let h = density / (0.5 * libm::erfc(b / std::f64::consts::SQRT_2));
        assert_moments(&model, mean + sd * h, sd * libm::sqrt(1.0 + b * h - h * h));
        assert!(draws(&model).iter().all(|draw| *draw >= min - 1e-3));
    }
    let still = LatencyModel::Normal { mean: micros(7), sd: SimDuration::ZERO, min: micros(7) };
    assert!(draws(&still).iter().all(|draw| (draw - 7.0).abs() < 1e-3));
}

/// What is above the shortest has mean g and deviation g / sqrt(shape).
#[test]
fn gamma_latencies_have_the_moments_of_theory() {
    for (shape, min) in [(0.5, 0), (1.0, 20), (9.0, 20), (400.0, 0)] {
        let model = LatencyModel::Gamma { mean: micros(100), shape, min: micros(min) };
        let above = 100.0 - f64::from(i32::try_from(min).unwrap());
        assert_moments(&model, 100.0, above / libm::sqrt(shape));
    }
}

/// Three samples are two uniform pieces of equal weight: from 10 to 20 and from 20 to 90, with means 15 and
/// 55, and second moments (10² + 10 x 20 + 20²) / 3 and (20² + 20 x 90 + 90²) / 3.
#[test]
fn empirical_latencies_are_quantiles_of_their_samples() {
    let model = LatencyModel::Empirical([20, 90, 10].map(micros).to_vec().into());
    let second = (700.0 / 3.0 + 10_300.0 / 3.0) / 2.0;
    assert_moments(&model, 35.0, libm::sqrt(second - 35.0 * 35.0));
    let one = LatencyModel::Empirical(vec![micros(30)].into());
    assert!(draws(&one).iter().all(|draw| (draw - 30.0).abs() < 1e-3));
    assert_eq!(LatencyModel::Empirical(Vec::new().into()).check(), Err(LatencyError::NoSamples));
}

#[test]
fn what_would_be_another_distribution_is_not_lengthened() {
    let least = micros(30);
    let forms: [fn(i64, i64) -> LatencyModel; 2] = [
        |mean, min| LatencyModel::Normal { mean: micros(mean), sd: micros(9), min: micros(min) },
        |mean, min| LatencyModel::Gamma { mean: micros(mean), shape: 2.0, min: micros(min) },
    ];
    for model in forms {
        assert_eq!(model(40, 30).at_least(least), Some(model(40, 30)));
        assert_eq!(model(40, 29).at_least(least), None);
    }
    let samples = |samples: [i64; 2]| LatencyModel::Empirical(samples.map(micros).to_vec().into());
    assert_eq!(samples([10, 50]).at_least(least), Some(samples([30, 50])));
}

#[test]
fn what_is_no_distribution_is_refused() {
    let (mean, min, sd) = (micros(10), micros(20), micros(5));
    let above = LatencyError::MinAboveMean { min, mean };
    assert_eq!(LatencyModel::Normal { mean, sd, min }.check(), Err(above));
    assert_eq!(LatencyModel::Gamma { mean, shape: 2.0, min }.check(), Err(above));
    for shape in [0.0, 0.09, 1_001.0, f64::NAN] {
        let gamma = LatencyModel::Gamma { mean, shape, min: mean };
        assert_eq!(gamma.check(), Err(LatencyError::ShapeOutOfRange));
    }
    let long = LatencyModel::MAX + SimDuration::from_nanos(1);
    for model in [
        LatencyModel::Normal { mean, sd: long, min: mean },
        LatencyModel::Gamma { mean: long, shape: 1.0, min },
        LatencyModel::Empirical(vec![mean, long].into()),
    ] {
        assert_eq!(model.check(), Err(LatencyError::SpanOutOfRange(long)), "{model:?}");
    }
}
