//! Against what empyrical-reloaded, quantstats and scipy say of the same returns.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Where we say something else than the reference on purpose: key, series (`*` for all in which they differ),
/// and why. `docs/metrics.md` lists the same for readers.
const DEVIATIONS: [(&str, &str, &str); 19] = [
    ("expected_return_period", "empty", "nothing was earned on average of no periods; quantstats says 0"),
    ("expected_return_daily", "empty", "the same"),
    ("expected_return_weekly", "empty", "the same"),
    ("expected_return_monthly", "empty", "the same"),
    ("win_rate_period", "empty zeros", "nothing was won or lost; quantstats says 0 and warns"),
    ("win_rate_daily", "empty zeros", "the same"),
    ("win_rate_weekly", "empty zeros", "the same"),
    ("win_rate_monthly", "empty zeros", "the same"),
    ("risk_of_ruin", "empty zeros", "the same win rate of 0, which quantstats turns into a certain ruin"),
    ("profit_factor_period", "empty zeros", "nothing was won or lost; quantstats says 0"),
    ("recovery_factor_arithmetic", "share sp500 losses ruin", "quantstats drops the sign of a loss"),
    ("autocorrelation_penalty", "constant", "quantstats correlates rounding errors"),
    ("smart_sharpe_annualised", "constant", "quantstats divides by a rounding error"),
    ("skew_biased", "constant", "scipy takes moments of rounding errors"),
    ("kurtosis_excess_biased", "constant", "the same"),
    ("psr_zero_biased", "constant", "the same"),
    ("deflated_sharpe", "constant", "the same"),
    ("var_95_normal", "zeros", "the normal distribution without spread is its mean; scipy refuses it"),
    ("cvar_95_normal", "one", "one return has no deviation; quantstats takes it for the mean"),
];

fn fixtures() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/metrics.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

/// Returns the end of a day, in nanoseconds since 1970.
fn end_of(day: &str) -> i64 {
    let date: Date = day.parse().unwrap();
    let midnight =
        TimeZone::UTC.to_timestamp(date.tomorrow().unwrap().to_datetime(Default::default())).unwrap();
    i64::try_from(midnight.as_nanosecond()).unwrap()
}

fn sample(about: &Value, series: &Value) -> Sample {
    Sample {
        returns: numbers(&series["returns"]),
        ends: series["dates"].as_array().unwrap().iter().map(|day| end_of(day.as_str().unwrap())).collect(),
        benchmark: numbers(&series["benchmark"]),
        periods_per_year: about["periods_per_year"].as_f64().unwrap(),
        trials: Some(Trials {
            count: usize::try_from(about["trials"].as_u64().unwrap()).unwrap(),
            variance: about["trials_variance"].as_f64().unwrap(),
        }),
    }
}

/// Returns whether two numbers agree to nine digits; what is below 1e-15 is rounding.
fn agree(ours: Option<f64>, reference: Option<f64>) -> bool {
    match (ours, reference) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || a.abs().max(b.abs()) < 1e-15,
        _ => false,
    }
}

#[test]
fn metrics_agree_with_the_references_to_nine_digits() {
    let fixtures = fixtures();
    let mut faults = Vec::new();
    let mut compared = 0;
    for series in fixtures["series"].as_array().unwrap() {
        let name = series["name"].as_str().unwrap();
        let sample = sample(&fixtures, series);
        let measures = Measures::take(account::METRICS, &sample, sample.periods_per_year);
        for (key, reference) in series["expected"].as_object().unwrap() {
            let (ours, reference) = (measures.get(key), reference.as_f64());
            let deviates = DEVIATIONS.iter().any(|it| it.0 == key && it.1.split(' ').any(|one| one == name));
            if agree(ours, reference) == deviates {
                faults
                    .push(format!("{name}, {key}: {ours:?}, reference {reference:?}, deviates: {deviates}"));
            }
            compared += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(compared > 700, "{compared} values compared");
}

#[test]
fn every_metric_of_an_account_has_a_reference() {
    let fixtures = fixtures();
    let referenced: BTreeSet<&str> =
        fixtures["series"][0]["expected"].as_object().unwrap().keys().map(String::as_str).collect();
    let own = BTreeSet::from(["drawdowns", "drawdown_periods_max"]);
    let listed: BTreeSet<&str> = account::METRICS.iter().map(|metric| metric.definition.key).collect();
    assert_eq!(listed.difference(&referenced).copied().collect::<BTreeSet<_>>(), own);
    assert_eq!(referenced.difference(&listed).count(), 0);
}

#[test]
fn drawdowns_and_months_are_those_of_quantstats() {
    let fixtures = fixtures();
    for series in fixtures["series"].as_array().unwrap() {
        let name = series["name"].as_str().unwrap();
        let sample = sample(&fixtures, series);
        let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let mut ours = drawdowns(&sample.returns);
        if name == "losses" {
            // Under water from the first day to the last: quantstats finds no beginning, and so nothing.
            assert_eq!((ours.len(), ours[0].start, ours[0].end), (1, 0, 11));
            ours.clear();
        }
        let theirs = series["drawdowns"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (own, their) in ours.iter().zip(theirs) {
            let places = (place(&their["start"]), place(&their["valley"]), place(&their["end"]));
            assert_eq!((own.start, own.valley, own.end), places, "{name}");
            assert!(agree(Some(own.depth), their["depth"].as_f64()), "{name}: {own:?}, {their}");
        }
        let own = months(&sample);
        let theirs = series["months"].as_array().unwrap();
        assert_eq!(own.len(), theirs.len(), "{name}");
        for (own, their) in own.iter().zip(theirs) {
            assert_eq!(
                (i64::from(own.year), i64::from(own.month)),
                (their[0].as_i64().unwrap(), their[1].as_i64().unwrap())
            );
            assert!(agree(Some(own.value), their[2].as_f64()), "{name}: {own:?}, {their}");
        }
    }
}

#[test]
fn keys_are_unique_and_the_page_of_metrics_lists_exactly_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let listed: Vec<String> = definitions()
        .map(|it| {
            format!(
                "| `{}` | {} | {} | {} |",
                it.key,
                it.unit.name().replace('_', " "),
                it.formula,
                it.source
            )
        })
        .collect();
    let (page, list): (BTreeSet<&str>, BTreeSet<&str>) =
        (rows.iter().copied().collect(), listed.iter().map(String::as_str).collect());
    let missing: Vec<&&str> = list.difference(&page).collect();
    let stale: Vec<&&str> = page.difference(&list).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not on the page:\n{missing:#?}\nonly there:\n{stale:#?}"
    );
    let keys: BTreeSet<&str> = definitions().map(|it| it.key).collect();
    assert_eq!((keys.len(), rows.len()), (listed.len(), listed.len()), "a key or a row stands twice");
}

mod property_tests {
    use super::*;

    proptest! {
        #[test]
        fn prop_no_metric_is_anything_but_a_number(
            returns in prop::collection::vec(prop_oneof![-3.0..3.0, Just(0.0), Just(-1.0), Just(1e300)], 0..40),
            benchmark in prop::collection::vec(prop_oneof![-1.0..1.0, Just(0.0)], 0..40),
            periods_per_year in 1.0..1e7,
        ) {
            let ends = (0..i64::try_from(returns.len()).unwrap()).map(|day| day * 86_400_000_000_000).collect();
            let sample = Sample { returns, ends, benchmark, periods_per_year, trials: None };
            for measure in Measures::take(account::METRICS, &sample, periods_per_year).iter() {
                prop_assert!(measure.value.is_none_or(f64::is_finite), "{measure:?}");
                prop_assert_eq!(measure.periods_per_year.is_some(), measure.definition.is_annualised());
            }
        }

        #[test]
        fn prop_scaling_returns_scales_deviations_and_leaves_ratios(
            returns in prop::collection::vec(-0.05..0.05, 3..60),
            factor in 0.1..3.0,
        ) {
            let scaled: Vec<f64> = returns.iter().map(|value| value * factor).collect();
            let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-12,
                (a, b) => a.is_none() == b.is_none(),
            };
            prop_assert!(close(sharpe::sharpe(&returns, 252.0), sharpe::sharpe(&scaled, 252.0)));
            prop_assert!(close(distribution::skew_biased(&returns), distribution::skew_biased(&scaled)));
            let (own, other) = (risk::volatility(&returns, 252.0), risk::volatility(&scaled, 252.0));
            prop_assert!(close(own.map(|it| it * factor), other));
        }
    }
}
