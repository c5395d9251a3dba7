//! Backtests of bars: bars per second of a scripted run from memory, and rows per second of reading a file.
//!
//! The run is a cross of two averages with its orders on 100,000 bars of a minute, nothing recorded; beside
//! it stands the same replay without a strategy. Reading is of the same bars as text, from memory; beside it
//! stands a loop that only splits the text and parses its numbers. Each ratio is the median over turns, so
//! that it is of one machine in one state.
//!
//! `cargo bench --bench backtest`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use bearpit::data::{ReadOptions, read};
use bearpit::scenario::Scenario;
use bearpit::units::{SimDuration, SimTime};
use tempfile::TempDir;

const BARS: u32 = 100_000;
const TURNS: usize = 9;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const REPLAY: &str = r#"
[scenario]
name = "bench"
start = 2024-01-01
end = 2024-03-11
bars = "1m"
sample = "1d"

[record]
tables = []

[[instruments]]
symbol = "X"
tick_size = "0.01"

[[venues]]
name = "V"
instruments = ["X"]

[[agents]]
kind = "replay"
data = "bars.csv"
bar_length = "1m"
half_spread = "0.01"
"#;

const STRATEGY: &str = r#"
[[agents]]
name = "cross"
kind = "script"
file = "cross.rhai"
cash = 1_000_000
"#;

const SCRIPT: &str = r#"
fn on_init(params) {
    this.fast = feed(sma(10), "bar.close");
    this.slow = feed(sma(30), "bar.close");
    this.held = false;
}

fn on_bar(bar) {
    let slow = this.slow.value;
    if slow == () || (this.fast.value > slow) == this.held { return; }
    this.held = !this.held;
    if this.held { buy(100); } else { sell(100); }
}
"#;

/// Writes bars whose prices walk by cents.
fn bars() -> Result<String> {
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut time: SimTime = "2024-01-01".parse()?;
    let mut close = 10_000;
    for _ in 0..BARS {
        let open = close;
        close = (open + draw(21) - 10).max(1_000);
        let (high, low) = (open.max(close) + draw(8), open.min(close) - draw(8));
        write!(text, "{time}")?;
        for cents in [open, high, low, close] {
            write!(text, ",{}.{:02}", cents / 100, cents % 100)?;
        }
        writeln!(text, ",{}", 1_000 + draw(90_000))?;
        time += SimDuration::from_secs(60);
    }
    Ok(text)
}

/// Returns how long something takes, in seconds.
fn seconds<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let begin = Instant::now();
    black_box(work()?);
    Ok(begin.elapsed().as_secs_f64())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measures two things in turns; prints the rate of the first and how much longer than the second it takes.
fn compare(
    what: [&str; 2],
    mut one: impl FnMut() -> Result<f64>,
    mut other: impl FnMut() -> Result<f64>,
) -> Result<()> {
    let mut took = Vec::new();
    for _ in 0..TURNS {
        took.push((one()?, other()?));
    }
    println!(
        "{}: {:.0} thousand/s, {:.2} times as long as {}",
        what[0],
        f64::from(BARS) / median(took.iter().map(|(one, _)| *one)) / 1e3,
        median(took.iter().map(|(one, other)| one / other)),
        what[1]
    );
    Ok(())
}

fn load(path: &Path) -> Result<Scenario> {
    Ok(Scenario::load(path, &[]).map_err(|wrong| wrong.render(false))?)
}

fn run(scenario: &Scenario) -> Result<f64> {
    let mut market = scenario.lay_out()?.open()?;
    seconds(|| Ok(market.run()?))
}

/// Splits the text and parses its numbers, and nothing else.
fn plain_loop(text: &str) -> Result<f64> {
    let cells = text.lines().skip(1).flat_map(|line| line.split(',').skip(1));
    Ok(cells.map(str::parse::<f64>).sum::<std::result::Result<f64, _>>()?)
}

fn main() -> Result<()> {
    let text = bars()?;
    let directory = TempDir::new()?;
    let path = |name: &str| directory.path().join(name);
    fs::write(path("bars.csv"), &text)?;
    fs::write(path("cross.rhai"), SCRIPT)?;
    fs::write(path("replay.toml"), REPLAY)?;
    fs::write(path("scripted.toml"), format!("{REPLAY}{STRATEGY}"))?;
    let (replay, scripted) = (load(&path("replay.toml"))?, load(&path("scripted.toml"))?);
    compare(
        ["bars of a scripted cross, from memory", "the replay alone"],
        || run(&scripted),
        || run(&replay),
    )?;
    let options = ReadOptions::default();
    compare(
        ["rows of a file read", "splitting and parsing alone"],
        || seconds(|| read(text.as_bytes(), &options).file.ok_or_else(|| "the bars cannot be read".into())),
        || seconds(|| plain_loop(&text)),
    )?;
    compare(
        ["bars of a scripted cross, loaded and run", "the run alone"],
        || seconds(|| run(&load(&path("scripted.toml"))?)),
        || run(&scripted),
    )
}
