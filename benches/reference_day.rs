//! `scenarios/reference_day.toml` with its usual tables written, its population once, ten and a hundred times
//! as large, beside what ABIDES does with the same population.
//!
//! Wall time includes opening the market and writing the tables; the memory is the most that the process had.
//! An event of a larger population is compared with one of the population as it is, in the same run. Each
//! trade is sent to each market maker, so with more of these an order has more events. What a fact takes is
//! printed too: how many there are of an order does not depend on who listens.
//!
//! `cargo bench --bench reference_day`; with `-- 1`, `10` or `100` that size alone.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::path::Path;
use std::time::Instant;

use bearpit::record::{Names, Output, Recorder, RunLabel};
use bearpit::scenario::Scenario;
use tempfile::TempDir;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How many times as large the population is, and how often it is run.
const SIZES: [(u32, u32); 3] = [(1, 20), (10, 3), (100, 1)];

/// What one run of ABIDES had and took: messages, limit orders, executions and cancels, and the least seconds
/// of a run with its logs off on a machine with two cores.
const ABIDES: &str = "474993 messages, 31633 limit orders, 18730 executions, 11833 cancels; 14.4 s, 284 MB";

/// What a run had and took.
struct Took {
    seconds: f64,
    events: u64,
    facts: u64,
    orders: u64,
    fills: u64,
    trades: u64,
}

/// Writes a scenario whose agents are so many times as many.
fn scaled(times: u32, directory: &Path) -> Result<Scenario> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference_day.toml"))?;
    let line = |line: &str| match line.strip_prefix("count = ").and_then(|count| count.parse::<u32>().ok()) {
        Some(count) => format!("count = {}\n", count * times),
        None => format!("{line}\n"),
    };
    let file = directory.join("scaled.toml");
    std::fs::write(&file, text.lines().map(line).collect::<String>())?;
    Ok(Scenario::load(&file, &[]).map_err(|wrong| wrong.render(false))?)
}

fn run(scenario: &Scenario) -> Result<Took> {
    let directory = TempDir::new()?;
    let begin = Instant::now();
    let mut market = scenario.lay_out()?.open()?;
    let names = Names::of(market.world());
    let Scenario { ref name, seed, start, end, record: ref config, .. } = *scenario;
    let label = RunLabel { scenario: name.clone(), seed, start, end };
    let (recorder, recording) =
        Recorder::start(Output::Directory(directory.path()), config, label, names, ())?;
    market.add_sink(Box::new(recorder));
    market.run()?;
    drop(market.take_sinks());
    let recorded = recording.finish()?;
    let seconds = begin.elapsed().as_secs_f64();
    let rows = |table: &str| recorded.tables.iter().find(|it| it.name == table).map_or(0, |it| it.rows);
    let tape = market.world().domain().tape();
    Ok(Took {
        seconds,
        events: market.world().events(),
        facts: tape.facts(),
        orders: rows("orders"),
        fills: rows("fills"),
        trades: tape.trades(),
    })
}

/// Forgets the most memory that the process had, where the system can.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

/// Returns the most memory that the process had since then, in megabytes; zero where the system does not
/// tell.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1e3
}

fn main() -> Result<()> {
    let wanted: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = SIZES.into_iter().filter(|(times, _)| wanted.is_empty() || wanted.contains(times));
    let mut base = None;
    println!("ABIDES, the population once: {ABIDES}");
    for (times, repetitions) in sizes {
        let directory = TempDir::new()?;
        let scenario = scaled(times, directory.path())?;
        forget_peak();
        let mut fastest = run(&scenario)?;
        let peak = peak_megabytes();
        for _ in 1..repetitions {
            let took = run(&scenario)?;
            fastest = if took.seconds < fastest.seconds { took } else { fastest };
        }
        let Took { seconds, events, facts, orders, fills, trades } = fastest;
        let [event, fact] = [events, facts].map(|count| seconds * 1e9 / count as f64);
        let (base_event, base_fact) = *base.get_or_insert((event, fact));
        println!(
            "the population {times} times: {seconds:.3} s recorded (fastest of {repetitions}), {peak:.0} MB"
        );
        println!(
            "  {events} events, {orders} orders, {trades} trades, {fills} fills recorded, {facts} facts"
        );
        println!(
            "  {:.2} million events/s; {event:.0} ns an event, ratio {:.2}; {fact:.0} ns a fact, ratio {:.2}",
            events as f64 / seconds / 1e6,
            event / base_event,
            fact / base_fact
        );
    }
    Ok(())
}
