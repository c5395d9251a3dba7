//! Paths are those of runs, quantiles are in order, and moments agree with theory.

use super::*;
use bearpit_core::params::Values;
use bearpit_core::process::{Moments, ProcessKind, ProcessSite};

fn plan(count: u32) -> PathPlan {
    let start: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    PathPlan { start, end: start + SimDuration::from_secs(3_600), seed: Seed::new(5), count }
}

fn draw(volatility: f64, count: u32) -> ProcessPaths {
    let kind = ProcessKind::named("gbm").unwrap();
    let values = Values::new().with("initial", 100.0).with("volatility", volatility).with("drift", 0.1);
    let values = values.with("step", SimDuration::from_secs(10)).complete(kind.params).unwrap();
    let process = (kind.configure)(&values, &ProcessSite::default()).unwrap();
    ProcessPaths::draw("ACME", &*process, plan(count))
}

#[test]
fn a_path_is_the_same_however_many_are_drawn() {
    let (few, many) = (draw(0.2, 3), draw(0.2, 40));
    assert_eq!((few.steps, few.ends.len(), few.samples.len()), (360, 3, 3));
    assert_eq!(few.ends, many.ends[..3]);
    assert_eq!(many.samples.len(), ProcessPaths::SAMPLES);
    assert_eq!(many.samples[2].last().map(|point| point.1), Some(many.ends[2]));
    assert_eq!(many, draw(0.2, 40));
}

#[test]
fn the_fan_begins_at_the_first_value_and_widens() {
    let paths = draw(0.2, 500);
    assert_eq!(paths.fan.len(), 121);
    assert_eq!(paths.fan[0].1.map(f64::to_bits), [100.0; 5].map(f64::to_bits));
    assert!(paths.fan.iter().all(|(_, quantiles)| quantiles.is_sorted()));
    let width = |place: usize| paths.fan[place].1[4] - paths.fan[place].1[0];
    assert!(width(30) > 0.0 && width(120) > 1.5 * width(30));
    // The median of the end halves the ends.
    let below = paths.ends.iter().filter(|end| **end < paths.fan[120].1[2]).count();
    assert_eq!(below, 250);
}

#[test]
fn moments_are_beside_those_of_theory() {
    let paths = draw(0.2, 4_000);
    let names: Vec<String> = paths.moments.iter().map(|row| format!("{} {}", row.of, row.name)).collect();
    assert_eq!(
        names,
        [
            "value mean",
            "value standard deviation",
            "log return mean",
            "log return standard deviation",
            "log return skewness",
            "log return excess kurtosis",
        ]
    );
    for row in &paths.moments {
        let off = row.errors_off().unwrap();
        assert!(off.abs() < 4.0, "{row:?}");
    }
    let calm = draw(0.0, 5).moments;
    assert!(calm.iter().all(|row| row.errors_off() == Some(0.0)), "{calm:?}");
    let wrong = Moments { mean: Some(2.0), ..Moments::default() };
    let off = moment_rows(&[1.0, 1.0], 1.0, &wrong)[0].errors_off().unwrap();
    assert!(off < -1e6, "paths that do not vary, and are not where theory has them: {off}");
}

/// 1, 2, 3, 4: mean 2.5, variance 5/3, and the standard error of the mean sqrt(1.25 / 4).
#[test]
fn a_small_sample_is_worked_by_hand() {
    let rows = moment_rows(&[1.0, 2.0, 3.0, 4.0], 1.0, &Moments::default());
    assert!(
        (rows[0].sample - 2.5).abs() < 1e-12 && (rows[0].error.unwrap() - 0.3125_f64.sqrt()).abs() < 1e-12
    );
    assert!((rows[1].sample - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!(rows[0].errors_off(), None);
    // A value that is not above zero has no log return; one path has no standard error.
    assert_eq!(moment_rows(&[1.0, 0.0], 1.0, &Moments::default()).len(), 2);
    assert_eq!(moment_rows(&[2.0], 1.0, &Moments::default())[0].error, None);
}
