//! Two hundred endless strategies of users share a market with a person, who must not notice: the budget of
//! operations that all of them share.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bearpit::scenario::{LiveConfig, Scenario, UserScript};
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::{Answer, Instruction, Outcome, RequestKind};
use bearpit_core::units::{ListingId, Price, Quantity};
use bearpit_serve::driver::{
    Ask, Driver, DriverConfig, Metrics, Refused, Reply, ScenarioSource, Stage, SyncPolicy, SystemClock, What,
};
use bearpit_serve::publication::PublicationConfig;
use bearpit_serve::store::journal::Medium;

const SCENARIO: &str = r#"
[scenario]
name = "pit"
start = 2025-03-03T09:30:00
end = 2025-03-04T09:30:00
[live]
clock = "scaled"
speed = 1
script_operations = OPERATIONS
[[instruments]]
symbol = "ACME"
tick_size = 0.01
process = { kind = "ou", initial = 100, mean = 100, half_life = "1h", volatility = 0.3 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "market_maker"
cash = 10_000_000
max_short = { ACME = 100_000 }
half_spread = "0.03"
quantity = 300
max_inventory = 50_000
interval = "100ms"
latency = { entry = "1ms", report = "5ms" }
"#;

/// How far a callback of a strategy counts, which takes somewhat less than what it may, in a release build.
const COUNT: u32 = if cfg!(debug_assertions) { 3_000 } else { 30_000 };

/// Returns an endless strategy: one counts for ever, until the limit of a callback ends it; others work as
/// long as that allows, or send orders, again and again. Without optimization that limit takes as long by
/// itself as others may be held up.
fn endless(number: usize) -> String {
    let work = match number % 10 {
        0 if !cfg!(debug_assertions) => "loop { }".to_owned(),
        1 | 3 | 5 => "for i in 0..50 { buy_limit(1, 50.0); } cancel_all();".to_owned(),
        _ => format!("let i = 0; while i < {COUNT} {{ i += 1; }}"),
    };
    format!("fn on_start() {{ every(\"work\", \"100ms\"); }} fn on_timer(name) {{ {work} }}")
}

const STRATEGIES: usize = 200;
const LATENCY_MAX: Duration = Duration::from_millis(50);
/// How often it is tried: whatever else the machine does at the time makes answers later, too.
const ATTEMPTS: usize = 3;
/// What a debug build does of the default budget in the same time.
const OPERATIONS: u64 =
    if cfg!(debug_assertions) { LiveConfig::SCRIPT_OPERATIONS / 50 } else { LiveConfig::SCRIPT_OPERATIONS };

/// A file that is never synced: how long the disk of a busy machine takes is not what is measured.
struct NoDisk(File);

impl Medium for NoDisk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        Medium::write_at(&mut self.0, at, bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        Medium::set_length(&mut self.0, length)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start(directory: &Path, operations: u64) -> (Driver, LiveConfig) {
    let text = SCENARIO.replace("OPERATIONS", &operations.to_string());
    let scenario = Scenario::from_text(Path::new("pit.toml"), &text, &[]).map_err(|it| it.render(false));
    let source = ScenarioSource::new(scenario.unwrap(), text);
    let live = source.live().clone();
    let driver = Driver::start(DriverConfig {
        journal: directory.to_owned(),
        sync: SyncPolicy::AtOnce,
        queue: 100_000,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source),
        wrap: Box::new(|file| Box::new(NoDisk(file))),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    });
    let driver = driver.unwrap();
    loop {
        match &driver.handle.status().stage {
            Stage::Open => return (driver, live),
            Stage::Failed(why) => panic!("{why}"),
            _ => std::thread::yield_now(),
        }
    }
}

fn join(driver: &Driver, name: &str, join: RequestKind) -> Reply {
    let RequestKind::Join { spec, config, .. } = join else { panic!("no join: {join:?}") };
    let what = What::Join { spec, config: Box::new(config) };
    driver.handle.ask(Ask { seat: name.into(), what, client: None }).unwrap()
}

fn answer(reply: Reply) -> Answer {
    let answer: Result<Answer, Refused> = reply.blocking_recv().unwrap();
    answer.unwrap()
}

/// How long an answer is waited for: a market that cannot keep up answers later and later.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for an answer; returns how long it took, or has taken so far.
fn wait((at, mut reply): (Instant, Reply)) -> Duration {
    while at.elapsed() < PATIENCE {
        match reply.try_recv() {
            Ok(answer) => {
                let took = at.elapsed();
                let outcome = answer.unwrap().outcome;
                assert!(matches!(outcome, Ok(Outcome::Submitted { .. })), "{outcome:?}");
                return took;
            }
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    at.elapsed()
}

/// How long each answer took, and how much too late whoever asked was woken each time: what the machine does
/// besides. Both are sorted.
struct Measured {
    answers: Vec<Duration>,
    wakes: Vec<Duration>,
}

/// Time between two requests.
const PACE: Duration = Duration::from_millis(10);

/// Makes requests at a steady rate beside 200 endless strategies.
/// Answers are waited for by another thread, so that one that is slow holds no request back. The market goes
/// on for as long as the process lives: one that cannot keep up would take too long to stop.
fn latencies(directory: &Path, operations: u64, requests: u32) -> Measured {
    let (driver, live) = start(directory, operations);
    answer(join(&driver, "anne", live.join("anne"))).outcome.unwrap();
    let joined: Vec<Reply> = (0..STRATEGIES)
        .map(|number| {
            let name = format!("strategy {number}");
            let script = UserScript::new("endless.rhai", endless(number));
            join(&driver, &name, live.join_script(&name, &script))
        })
        .collect();
    for mut reply in joined {
        let began = Instant::now();
        while began.elapsed() < PATIENCE && reply.try_recv().is_err() {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    // From now on, so that the first callbacks of all of them are measured too.
    let (sent, replies) = mpsc::channel::<(Instant, Reply)>();
    let collect = std::thread::spawn(move || replies.into_iter().map(wait).collect::<Vec<Duration>>());
    let mut wakes = Vec::new();
    for number in 0..requests {
        let price = Price::new(5_000 + i64::from(number % 50));
        let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), price);
        let what = What::Instruct(Instruction::Submit { listing: ListingId::new(0), terms });
        let at = Instant::now();
        let reply = driver.handle.ask(Ask { seat: "anne".into(), what, client: None }).unwrap();
        sent.send((at, reply)).unwrap();
        let asleep = Instant::now();
        std::thread::sleep(PACE);
        wakes.push(asleep.elapsed().saturating_sub(PACE));
    }
    drop(sent);
    let mut answers = collect.join().unwrap();
    answers.sort_unstable();
    wakes.sort_unstable();
    Measured { answers, wakes }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

#[test]
fn two_hundred_endless_strategies_do_not_hold_up_others() {
    let mut directories = vec![tempfile::tempdir().unwrap()];
    let (mut shared, mut most) = (Vec::new(), LATENCY_MAX);
    for _ in 0..ATTEMPTS {
        let directory = tempfile::tempdir().unwrap();
        let measured = latencies(directory.path(), OPERATIONS, 600);
        directories.push(directory);
        // An answer takes several threads, each of which waits for a processor as whoever asks does.
        let late = percentile(&measured.wakes, 99);
        (shared, most) = (measured.answers, LATENCY_MAX + 5 * late);
        println!(
            "{STRATEGIES} endless strategies, {OPERATIONS} operations a second: p50 {:?}, p99 {:?}, longest {:?}; \
             wakes late by {late:?}",
            percentile(&shared, 50),
            percentile(&shared, 99),
            percentile(&shared, 100)
        );
        if percentile(&shared, 99) < most {
            break;
        }
    }
    assert!(percentile(&shared, 99) < most, "p99 {:?}, not {most:?}", percentile(&shared, 99));
    // The control, after it since both measure: with as good as no budget, the same strategies do.
    let unbounded = latencies(directories[0].path(), LiveConfig::SCRIPT_OPERATIONS_MAX, 20).answers;
    println!("without a budget: p50 {:?}, p99 {:?}", percentile(&unbounded, 50), percentile(&unbounded, 99));
    assert!(percentile(&unbounded, 99) > 3 * percentile(&shared, 99), "p99 {:?}", percentile(&unbounded, 99));
}
