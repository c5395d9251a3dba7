//! Estimates against closed forms, on any number of threads, and of whole markets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bearpit::scenario::{Scenario, UserScript};

use super::*;
use crate::domain::Number;

pub(crate) const BASE: &str = "small.toml";

/// An hour of two correlated instruments and a mean-reverting one, with makers and takers of the first.
const SCENARIO: &str = r#"
[scenario]
name = "small"
seed = 7
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "ALFA"
tick_size = "0.01"
process = { kind = "gbm", initial = 50, drift = 0.05, volatility = 0.2 }

[[instruments]]
symbol = "BETA"
tick_size = "0.01"
process = { kind = "gbm", initial = 50, volatility = 0.4 }

[[instruments]]
symbol = "GAMA"
tick_size = "0.01"
process = { kind = "garch", initial = 20, alpha = 0.1, beta = 0.85, volatility = 0.3, step = "1m" }

[[instruments]]
symbol = "MUTE"
tick_size = "0.01"

[[baskets]]
instruments = ["ALFA", "BETA"]
correlation = [[1.0, 0.8], [0.8, 1.0]]

[[venues]]
name = "PIT"
instruments = ["ALFA", "BETA", "GAMA", "MUTE"]

[[agents]]
name = "maker"
kind = "market_maker"
instrument = "ALFA"
cash = 10_000_000
max_short = { ALFA = 100_000 }
half_spread = "0.02"
quantity = 200
max_inventory = 20_000
interval = "2s"

[[agents]]
name = "noise"
kind = "noise"
instrument = "ALFA"
count = 10
holdings = { ALFA = 1_000 }
max_quantity = 20
depth = "0.06"
interval = "5s"
"#;

fn number(text: &str) -> Number {
    Number(text.parse().unwrap())
}

fn held(symbol: &str, quantity: &str) -> Held {
    Held { symbol: symbol.to_owned(), quantity: number(quantity), less: number("0") }
}

/// A year of ALFA's process from 100 on, one of it held.
pub(crate) fn job(paths: u32) -> Job {
    let inputs = Scenario::from_text(Path::new(BASE), SCENARIO, &[]).unwrap_or_else(|it| panic!("{it}"));
    Job {
        version: Job::VERSION,
        model: Model::Process,
        scenario: ScenarioText {
            text: SCENARIO.to_owned(),
            changes: Vec::new(),
            inputs: inputs.inputs_digest,
        },
        prices: BTreeMap::from(
            [("ALFA", 100.0), ("BETA", 100.0), ("GAMA", 30.0)].map(|(k, v)| (k.to_owned(), v)),
        ),
        subject: Subject::Holdings { cash: number("0"), held: vec![held("ALFA", "1")] },
        horizon_ns: 1_638 * 3_600 * 1_000_000_000,
        paths,
        seed: 11,
        points: 10,
        quantiles: vec![0.05, 0.5, 0.95],
    }
}

pub(crate) fn run_on(job: &Job, threads: u32) -> Result<Outcome, EstimateError> {
    let (done, is_canceled) = (AtomicU32::new(0), AtomicBool::new(false));
    let outcome = run(job, Path::new(BASE), &Control { threads, done: &done, is_canceled: &is_canceled });
    if outcome.is_ok() {
        assert_eq!(done.load(Ordering::Relaxed), job.paths);
    }
    outcome
}

/// For S from 100 with drift 5 % and volatility 20 % over a year: E S = 100 exp(0.05), quantiles
/// 100 exp(0.03 + 0.2 z), CVaR = 100 - E S N(z - 0.2) / (1 - level).
#[test]
fn geometric_brownian_motion_has_the_figures_of_its_closed_form() {
    let outcome = run_on(&job(40_000), 2).unwrap();
    let is_near = |found: f64, expected: f64, tolerance: f64| {
        assert!((found - expected).abs() < tolerance, "{found} is not {expected}");
    };
    is_near(outcome.present, 100.0, 1e-9);
    is_near(outcome.mean, 105.127_11, 4.0 * outcome.standard_error);
    is_near(outcome.standard_error, 21.237_3 / 200.0, 0.003);
    is_near(outcome.deviation, 21.237_3, 0.5);
    is_near(outcome.loss_probability, 0.440_382, 0.01);
    for (found, expected) in outcome.quantiles.iter().zip([74.158_1, 103.045_45, 143.188_0]) {
        is_near(found.value, expected, 0.8);
    }
    let [five, one] = outcome.risk.as_slice() else { panic!("two levels") };
    is_near(five.var, 25.841_9, 0.6);
    is_near(five.cvar, CVAR_95, 0.8);
    is_near(one.var, VAR_99, 1.0);
    is_near(one.cvar, CVAR_99, 1.3);
    // Half-way the deviation of the logarithm is that of half a year.
    let half = outcome.fan[5];
    is_near(half.after_secs, 1_638.0 * 1_800.0, 1e-6);
    is_near(half.quantiles[2], 100.0 * (1.030_454_5_f64).sqrt(), 0.5);
    assert_eq!((outcome.fan.len(), outcome.ends.len()), (11, 1_000));
    assert!(outcome.ends.is_sorted());
}

const CVAR_95: f64 = 31.605_5;
const VAR_99: f64 = 35.291_0;
const CVAR_99: f64 = 39.417_7;

#[test]
fn the_same_job_gives_the_same_figures_on_any_number_of_threads() {
    let mut job = job(101);
    // What stands beside a GARCH is stepped as often as it is configured: each second.
    job.horizon_ns = 1_800_000_000_000;
    job.subject = Subject::Holdings {
        cash: number("12.5"),
        held: vec![held("ALFA", "2"), held("BETA", "-1"), held("GAMA", "3")],
    };
    let alone = run_on(&job, 1).unwrap();
    assert!((alone.present - (12.5 + 200.0 - 100.0 + 90.0)).abs() < 1e-9, "{}", alone.present);
    for threads in [2, 3, 7, 500] {
        assert_eq!(run_on(&job, threads).unwrap(), alone, "{threads} threads");
    }
    let read: Job = serde_json::from_str(&serde_json::to_string(&job).unwrap()).unwrap();
    assert_eq!(run_on(&read, 1).unwrap(), alone);
    let other = Job { seed: 12, ..job };
    assert_ne!(run_on(&other, 1).unwrap().mean.to_bits(), alone.mean.to_bits());
}

/// With a correlation of 0.8, what moves both alike is 1.8 times the variance of one; what moves them apart
/// 0.2 times.
#[test]
fn what_stands_in_a_basket_moves_together() {
    let deviation = |quantity: &str| {
        let mut job = job(4_000);
        // Alike but for the drift, which a short while has not.
        job.horizon_ns /= 1_000;
        job.scenario.changes = vec!["instruments.BETA.process.volatility=0.2".to_owned()];
        let changes: Vec<_> = job.scenario.changes.iter().map(|it| it.parse().unwrap()).collect();
        let scenario = Scenario::from_text(Path::new(BASE), SCENARIO, &changes).unwrap();
        job.scenario.inputs = scenario.inputs_digest;
        job.subject =
            Subject::Holdings { cash: number("0"), held: vec![held("ALFA", "1"), held("BETA", quantity)] };
        run_on(&job, 2).unwrap().deviation
    };
    let ratio = deviation("1") / deviation("-1");
    assert!((ratio - 3.0).abs() < 0.15, "{ratio}");
}

#[test]
fn what_cannot_be_estimated_is_refused_with_what_to_do() {
    let of = |symbol: &str| {
        let mut job = job(10);
        job.subject = Subject::Holdings { cash: number("0"), held: vec![held(symbol, "1")] };
        run_on(&job, 1).unwrap_err()
    };
    assert_eq!(of("NONE"), EstimateError::UnknownSymbol("NONE".to_owned()));
    assert_eq!(of("MUTE"), EstimateError::NoProcess("MUTE".to_owned()));
    let strategy = |text: &str, model| {
        let script = Box::new(UserScript::new("mine.rhai", text));
        let subject = Subject::Strategy { script, cash: number("1000") };
        let job = Job { subject, model, horizon_ns: 60_000_000_000, ..job(2) };
        run_on(&job, 1).unwrap_err()
    };
    assert_eq!(strategy("fn on_start() {}", Model::Process), EstimateError::NeedsWorld);
    let broken = strategy("fn on_start( {}", Model::World);
    assert!(matches!(&broken, EstimateError::Strategy(why) if why.contains("mine.rhai")), "{broken}");
    let long = Job { model: Model::World, horizon_ns: 3_601_000_000_000, ..job(2) };
    assert_eq!(run_on(&long, 1).unwrap_err(), EstimateError::Horizon { day_secs: 3_600 });
    let mut other = job(2);
    other.scenario.inputs = "0".repeat(64);
    assert!(matches!(run_on(&other, 1), Err(EstimateError::OtherInputs { .. })));
    for wrong in [
        Job { version: 2, ..job(2) },
        Job { paths: 1, ..job(2) },
        Job { points: 0, ..job(2) },
        Job { horizon_ns: -1, ..job(2) },
        Job { quantiles: vec![1.5], ..job(2) },
    ] {
        assert!(run_on(&wrong, 1).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_holding_in_whole_markets_spreads_around_the_present_price() {
    let job = Job {
        model: Model::World,
        horizon_ns: 120_000_000_000,
        points: 4,
        subject: Subject::Holdings { cash: number("1000"), held: vec![held("ALFA", "10")] },
        ..job(24)
    };
    let alone = run_on(&job, 1).unwrap();
    assert_eq!(run_on(&job, 3).unwrap(), alone);
    assert!((alone.present - 2_000.0).abs() < 1e-9);
    // The configured value is 50: worlds begin at the present price, not there.
    assert!((alone.mean - 2_000.0).abs() < 20.0, "{}", alone.mean);
    assert!(alone.deviation > 0.0 && alone.fan[4].quantiles[4] > alone.fan[4].quantiles[0]);
}

#[test]
fn a_strategy_trades_in_each_market() {
    let strategy = |text: &str| {
        let script = Box::new(UserScript::new("mine.rhai", text));
        let subject = Subject::Strategy { script, cash: number("100000") };
        let job = Job { model: Model::World, horizon_ns: 120_000_000_000, points: 2, subject, ..job(8) };
        run_on(&job, 2).unwrap()
    };
    let idle = strategy("fn on_start() {}");
    assert!(idle.deviation.abs() < 1e-9 && (idle.mean - 100_000.0).abs() < 1e-9, "{idle:?}");
    let buys = strategy("fn on_start() { every(\"buy\", \"5s\"); } fn on_timer(name) { buy(10); }");
    assert!(buys.deviation > 0.0 && (buys.mean - 100_000.0).abs() < 1_000.0, "{buys:?}");
}

#[test]
fn a_job_that_is_canceled_gives_nothing() {
    let (done, is_canceled) = (AtomicU32::new(0), AtomicBool::new(true));
    let control = Control { threads: 2, done: &done, is_canceled: &is_canceled };
    for model in [Model::Process, Model::World] {
        let job = Job { model, horizon_ns: 60_000_000_000, ..job(10) };
        assert_eq!(run(&job, Path::new(BASE), &control), Err(EstimateError::Canceled));
    }
    assert_eq!(done.load(Ordering::Relaxed), 0);
}

#[test]
fn how_long_it_takes_is_known_before() {
    let steps = |symbol: &str| {
        let mut job = job(100);
        job.subject = Subject::Holdings { cash: number("0"), held: vec![held(symbol, "1")] };
        check(&job, Path::new(BASE)).unwrap()
    };
    // From one time of the fan to the next by the exact solution, and each minute.
    assert_eq!((steps("ALFA"), steps("GAMA")), (100 * 10, 100 * 1_638 * 60));
}

#[test]
fn an_outcome_is_drawn() {
    let outcome = run_on(&job(200), 1).unwrap();
    let now = "2025-03-03T09:30:00".parse().unwrap();
    let svg = figure(&outcome, "1 ALFA", now).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("1 ALFA") && svg.contains("5 to 95 %"));
}
