//! Twenty years of daily bars of five hundred symbols: how long reading and running them may take, and in how
//! much memory.
#![expect(clippy::disallowed_methods, reason = "waits for another process, for a bounded time")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cli::bearpit;
use crate::hostile_files::computed;

const SYMBOLS: u64 = 500;
const DAYS: u64 = 20 * 252;

/// What it may compute; it takes a third of that.
const TIME_MAX: Duration = Duration::from_secs(30);
/// When it is ended: others may work on the machine, too.
const WALL_MAX: Duration = Duration::from_secs(240);
const MEMORY_KIB_MAX: u64 = 1 << 20;

const SCENARIO: &str = r#"
[scenario]
name = "universe"
start = 2000-01-01
end = 2020-01-01
bars = "1d"
sample = "1w"

[record]
tables = []

[[instruments]]
files = "data/*.csv"
tick_size = "0.01"

[[venues]]
name = "V"
instruments = ["*"]

[[agents]]
kind = "replay"
files = "data/*.csv"
bar_length = "6h30m"
bar_open = "9h30m"
half_spread = "0.01"

[[agents]]
name = "breakout"
kind = "script"
file = "breakout.rhai"
cash = 1_000_000_000
"#;

/// Buys each symbol on a rise and sells it on a fall, so that every one of them trades.
const SCRIPT: &str = r"
fn on_init(params) {
    for market in markets() { market.bars(); }
}

fn on_bar(bar) {
    if bar.close > bar.open * 1.018 {
        market(bar.symbol).order_target(100);
    } else if bar.close < bar.open * 0.982 {
        market(bar.symbol).order_target(0);
    }
}
";

/// Returns the days of one symbol: a walk of cents that depends on its number alone.
fn rows(symbol: u64) -> String {
    let mut text = "Date,Open,High,Low,Close,Volume\n".to_owned();
    let mut state = symbol.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut close = 5_000 + symbol * 7;
    let mut day: bearpit::units::SimTime = "2000-01-03".parse().unwrap();
    for number in 0..DAYS {
        let open = (close + draw(40)).saturating_sub(20).max(100);
        close = (open + draw(open / 25)).saturating_sub(open / 50).max(100);
        let (high, low) = (open.max(close) + draw(30), open.min(close) - draw(30));
        let date = day.to_string();
        let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        let [open, high, low, end] = [open, high, low, close].map(money);
        writeln!(text, "{},{open},{high},{low},{end},{}", &date[..10], 10_000 + draw(90_000)).unwrap();
        // Five days of seven.
        day += bearpit::units::SimDuration::from_secs(if number % 5 == 4 { 3 } else { 1 } * 86_400);
    }
    text
}

fn write_universe(directory: &Path) {
    fs::create_dir(directory.join("data")).unwrap();
    for symbol in 0..SYMBOLS {
        fs::write(directory.join("data").join(format!("S{symbol:03}.csv")), rows(symbol)).unwrap();
    }
    fs::write(directory.join("universe.toml"), SCENARIO).unwrap();
    fs::write(directory.join("breakout.rhai"), SCRIPT).unwrap();
}

/// Returns the most memory that a process has had so far, where the system tells.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a debug build takes minutes")]
fn five_hundred_symbols_over_twenty_years_take_half_a_minute_and_a_gibibyte() {
    let directory = TempDir::new().unwrap();
    write_universe(directory.path());
    let mut command = bearpit();
    command.arg("simulate").arg(directory.path().join("universe.toml"));
    command.args(["--json", "--no-report", "--out"]).arg(directory.path().join("out"));
    let output = fs::File::create(directory.path().join("outcome.json")).unwrap();
    let begin = Instant::now();
    let mut child = command.stdout(output).stderr(Stdio::inherit()).spawn().unwrap();
    let (mut peak, mut took) = (None, None);
    let status = loop {
        peak = peak_kib(&child).or(peak);
        took = computed(&child).or(took);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begin.elapsed() > WALL_MAX => {
                child.kill().unwrap();
                panic!("not done after {WALL_MAX:?}, {peak:?} KiB");
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let took = took.unwrap_or_else(|| begin.elapsed());
    assert!(status.success(), "{status}");
    assert!(took < TIME_MAX, "{took:?}");
    let outcome = fs::read_to_string(directory.path().join("outcome.json")).unwrap();
    let outcome: serde_json::Value = serde_json::from_str(&outcome).unwrap();
    let trades = outcome[0]["manifest"]["trades"].as_u64().unwrap();
    // One print for each bar, and the strategy's own.
    assert!(trades > SYMBOLS * DAYS + SYMBOLS, "{trades}");
    assert!(peak.is_none_or(|peak| peak < MEMORY_KIB_MAX), "{peak:?} KiB");
    eprintln!("{SYMBOLS} symbols, {DAYS} days: {took:.1?}, {} MiB", peak.unwrap_or(0) / 1024);
}
