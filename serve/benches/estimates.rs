//! Estimates of 1,000 paths an hour a core: of price processes, and of whole simulated markets, beside plain
//! loops of the same paths.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints how long something took, and ends where it cannot go on"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

use bearpit::scenario::Scenario;
use bearpit_core::process::Value;
use bearpit_core::units::{Seed, SimDuration};
use bearpit_serve::domain::Number;
use bearpit_serve::estimates::{Control, Held, Job, Model, ScenarioText, Subject, run};

/// How many paths an estimate has.
const PATHS: u32 = 1_000;
/// How many worlds are run of them: each takes as long as another.
const WORLDS: u32 = 100;

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/live/open_market.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let scenario = Scenario::from_text(&path, &text, &[]).unwrap();
    let job = job(&scenario, text);
    println!("open_market: three instruments, 50 events a second");
    for (name, symbol, horizon) in
        [("gbm, a day", "ALFA", 86_400), ("linked, stepped each second, an hour", "BETA", 3_600)]
    {
        let job = Job { horizon_ns: horizon * 1_000_000_000, ..job.clone() };
        let job = of(job, symbol, Model::Process, PATHS);
        let taken = timed(|| run_alone(&job, &path));
        let plain = timed(|| plain_process(&scenario, symbol, &job));
        report(name, taken, plain);
    }
    for minutes in [5, 60] {
        let paths = (WORLDS * 5 / minutes).max(8);
        let nanos = i64::from(minutes) * 60_000_000_000;
        let job = of(Job { horizon_ns: nanos, ..job.clone() }, "ALFA", Model::World, paths);
        let scale = PATHS / paths;
        let taken = timed(|| run_alone(&job, &path)) * scale;
        let plain = timed(|| plain_worlds(&scenario, &job)) * scale;
        report(&format!("world, {minutes} min"), taken, plain);
    }
}

fn job(scenario: &Scenario, text: String) -> Job {
    Job {
        version: Job::VERSION,
        model: Model::Process,
        scenario: ScenarioText { text, changes: Vec::new(), inputs: scenario.inputs_digest.clone() },
        prices: BTreeMap::from(
            [("ALFA", 100.0), ("BETA", 50.0), ("GAMA", 20.0)].map(|(k, v)| (k.to_owned(), v)),
        ),
        subject: Subject::Holdings { cash: Number("0".parse().unwrap()), held: Vec::new() },
        horizon_ns: 1,
        paths: PATHS,
        seed: 1,
        points: Job::POINTS_MAX,
        quantiles: vec![0.05, 0.95],
    }
}

fn of(job: Job, symbol: &str, model: Model, paths: u32) -> Job {
    let number = |text: &str| Number(text.parse().unwrap());
    let held = Held { symbol: symbol.to_owned(), quantity: number("10"), less: number("0") };
    Job { model, paths, subject: Subject::Holdings { cash: number("0"), held: vec![held] }, ..job }
}

fn run_alone(job: &Job, path: &Path) {
    let (done, is_canceled) = (AtomicU32::new(0), AtomicBool::new(false));
    run(job, path, &Control { threads: 1, done: &done, is_canceled: &is_canceled }).unwrap();
}

/// Steps the process as often, and does nothing with it.
fn plain_process(scenario: &Scenario, symbol: &str, job: &Job) {
    let mut configs = scenario.instruments.iter().zip(scenario.processes());
    let process = configs.find(|(config, _)| config.instrument.symbol() == symbol).unwrap().1.unwrap();
    let is_exact = process.start(Seed::new(1)).kind() == Some("gbm");
    let span = SimDuration::from_nanos(job.horizon_ns);
    let grid = if is_exact {
        SimDuration::from_nanos(job.horizon_ns / i64::from(job.points))
    } else {
        process.step()
    };
    let mut sum = 0.0;
    for number in 0..job.paths {
        let seed = Seed::new(job.seed + u64::from(number));
        let (start, rng) = (scenario.start, Value::stream(seed, symbol));
        sum += Value::new(process.start(seed), process.initial(), start, grid, rng).at(start + span);
    }
    assert!(sum.is_finite());
}

/// Runs as many worlds, and looks at nothing.
fn plain_worlds(scenario: &Scenario, job: &Job) {
    for number in 0..job.paths {
        let mut scenario = scenario.clone();
        scenario.seed = Seed::new(job.seed + u64::from(number));
        scenario.end = scenario.start + SimDuration::from_nanos(job.horizon_ns);
        let mut market = scenario.lay_out().unwrap().open().unwrap();
        market.start();
        market.step(scenario.end, u64::MAX).unwrap();
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn report(name: &str, taken: Duration, plain: Duration) {
    let an_hour = 3_600.0 / taken.as_secs_f64();
    let ratio = taken.as_secs_f64() / plain.as_secs_f64();
    println!(
        "  {name:40} {an_hour:>10.0} estimates of 1,000 paths an hour a core, {ratio:.2} times the time of the plain loop"
    );
}
