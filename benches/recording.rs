//! What recording costs: processor time, memory, the start of a run, runs side by side.
//!
//! Each figure stands beside its plain form in the same run, and each ratio is the median over turns, so that
//! it is of one machine in one state. Processor time is of all threads, user and system together: what the
//! writer takes on its own core counts. *Recorded* is a run as `simulate --no-report` makes it: the usual
//! tables as files, analyzed while it runs, and its summary.
//!
//! `cargo bench --bench recording`, or one part of it: `-- cost`, `-- memory`, `-- start`, `-- jobs`.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bearpit::record::{Format, TableSet, WriterThread};
use bearpit::run::{OutputConfig, Run, Runs, SeedList};
use bearpit::scenario::Scenario;
use tempfile::TempDir;

const TURNS: usize = 7;
const FORMATS: [Format; 3] = [Format::Parquet, Format::Csv, Format::Ipc];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => [cost, memory, start, jobs].into_iter().try_for_each(|part| part()),
        ["cost"] => cost(),
        ["memory"] => memory(),
        ["start"] => start(),
        ["jobs"] => jobs(),
        // What `memory` starts, and what a profiler wants.
        ["once", kind, end] => once(kind, end),
        _ => Err("there are the parts cost, memory, start and jobs".into()),
    }
}

/// Wall and processor time.
#[derive(Debug, Clone, Copy)]
struct Took {
    wall: f64,
    processor: f64,
}

/// Measures work; what it returns is dropped afterwards: a run does not remove its files.
fn took<T>(work: impl FnOnce() -> Result<T>) -> Result<Took> {
    let (begin, processor) = (Instant::now(), processor_seconds());
    let _made = work()?;
    Ok(Took { wall: begin.elapsed().as_secs_f64(), processor: processor_seconds() - processor })
}

/// Processor time of this process so far, in seconds; zero where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets; user and system time are the 14th and 15th field, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the median of how many times `base` something took, turn by turn.
fn ratio(of: fn(&Took) -> f64, took: &[Took], base: &[Took]) -> f64 {
    median(took.iter().zip(base).map(|(took, base)| of(took) / of(base)))
}

fn scenario(name: &str, overrides: &[&str]) -> Result<Scenario> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    let overrides = overrides.iter().map(|text| text.parse()).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(Scenario::load(&file, &overrides).map_err(|wrong| wrong.render(false))?)
}

/// The market alone: nothing is kept but the digest.
fn plain(scenario: &Scenario) -> Result<()> {
    scenario.lay_out()?.open()?.run()?;
    Ok(())
}

/// A run without files: analyzed while it runs.
fn analyzed(scenario: &Scenario) -> Result<()> {
    Run::of(scenario).run()?;
    Ok(())
}

/// A run with files and without a page.
fn recorded(scenario: &Scenario, format: Format) -> Result<TempDir> {
    let directory = TempDir::new()?;
    let output = OutputConfig { format: Some(format), report: false, ..OutputConfig::new(directory.path()) };
    Run::of(scenario).output(output).run()?;
    Ok(directory)
}

/// Runs a scenario in a way that has a name; returns where its files are, if it has some.
fn run(kind: &str, scenario: &Scenario) -> Result<Option<TempDir>> {
    if kind == "one thread" {
        let mut scenario = scenario.clone();
        scenario.record.thread = WriterThread::Market;
        return recorded(&scenario, Format::Parquet).map(Some);
    }
    match FORMATS.into_iter().find(|format| format.extension() == kind) {
        Some(format) => recorded(scenario, format).map(Some),
        None if kind == "analyzed" => analyzed(scenario).map(|()| None),
        None => plain(scenario).map(|()| None),
    }
}

/// Runs a scenario so many times.
fn runs(kind: &str, scenario: &Scenario, count: u32) -> Result<Vec<Option<TempDir>>> {
    (0..count).map(|_| run(kind, scenario)).collect()
}

/// Of Parquet with a thread of its own, which is usual where a core is free, and on the thread of the market.
const KINDS: [&str; 6] = ["plain", "analyzed", "parquet", "one thread", "csv", "ipc"];

fn cost() -> Result<()> {
    for (name, repeats) in [("quickstart", 2), ("sp500_backtest", 40)] {
        let scenario = scenario(name, &[])?;
        let mut all = KINDS.map(|_| Vec::new());
        for _ in 0..TURNS {
            for (kind, all) in KINDS.iter().zip(&mut all) {
                all.push(took(|| runs(kind, &scenario, repeats))?);
            }
        }
        println!("cost of {name}, beside the market alone:");
        for (kind, runs) in KINDS.iter().zip(&all) {
            println!(
                "{kind:>10}: {:.1} ms of processor time; {:.2} times the processor time, {:.2} times the wall time",
                1e3 * median(runs.iter().map(|took| took.processor)) / f64::from(repeats),
                ratio(|took| took.processor, runs, &all[0]),
                ratio(|took| took.wall, runs, &all[0]),
            );
        }
    }
    Ok(())
}

const ENDS: [(&str, &str); 2] = [("a day", "2025-03-03T16:00:00"), ("two days", "2025-03-03T22:30:00")];

fn memory() -> Result<()> {
    println!("peak memory of quickstart, in MB:");
    for kind in KINDS {
        let mut line = format!("{kind:>10}:");
        for (name, end) in ENDS {
            let program = env::current_exe()?;
            let output = Command::new(program).args(["once", kind, end]).output()?;
            let peak: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
            line.push_str(&format!(" {:.0} for {name},", peak / 1e3));
        }
        println!("{}", line.trim_end_matches(','));
    }
    Ok(())
}

/// Runs quickstart once, and prints the most memory that the process had, in KiB.
fn once(kind: &str, end: &str) -> Result<()> {
    let _made = run(kind, &scenario("quickstart", &[&format!("scenario.end={end}")])?)?;
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    println!("{}", line.trim().trim_end_matches(" kB"));
    Ok(())
}

/// Runs of a market that closes a millisecond after its open: what is left is what each run costs.
fn start() -> Result<()> {
    const RUNS: u32 = 50;
    let scenario = scenario("quickstart", &["scenario.end=2025-03-03T09:30:00.001"])?;
    let mut nothing = scenario.clone();
    nothing.record.tables = TableSet::default();
    println!("start of quickstart, beside the market alone:");
    let ways: [(&str, &Scenario, &str); 4] = [
        ("market alone", &scenario, "plain"),
        ("no tables", &nothing, "parquet"),
        ("no files", &scenario, "analyzed"),
        ("tables", &scenario, "parquet"),
    ];
    let mut all = ways.map(|_| Vec::new());
    for _ in 0..TURNS {
        for ((_, scenario, kind), all) in ways.iter().zip(&mut all) {
            all.push(took(|| runs(kind, scenario, RUNS))?);
        }
    }
    for ((name, ..), runs) in ways.iter().zip(&all) {
        println!(
            "{name:>14}: {:.2} ms, {:.2} of processor time; {:.2} times the wall time",
            1e3 * median(runs.iter().map(|took| took.wall)) / f64::from(RUNS),
            1e3 * median(runs.iter().map(|took| took.processor)) / f64::from(RUNS),
            ratio(|took| took.wall, runs, &all[0]),
        );
    }
    Ok(())
}

/// Many seeds, one at a time and two.
fn jobs() -> Result<()> {
    let seeds: SeedList = "1..8".parse()?;
    let scenario = scenario("quickstart", &["scenario.end=2025-03-03T12:30:00"])?;
    let mut all = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (jobs, all) in (1..).zip(&mut all) {
            let directory = TempDir::new()?;
            let output = OutputConfig { report: false, ..OutputConfig::new(directory.path()) };
            let runs = Runs::of(seeds.scenarios(&scenario)).threads(jobs).output(output);
            all.push(took(|| {
                let outcomes = runs.run()?;
                outcomes.into_iter().try_for_each(|outcome| outcome.result.map(drop)).map_err(Into::into)
            })?);
        }
    }
    let count = seeds.iter().count() as f64;
    println!("eight seeds of three hours of quickstart, beside one at a time:");
    for (jobs, runs) in (1..).zip(&all) {
        println!(
            "  --jobs {jobs}: {:.2} runs/s, {:.2} times as many; {:.2} runs a second of processor time, {:.2} times as many",
            count / median(runs.iter().map(|took| took.wall)),
            ratio(|took| 1.0 / took.wall, runs, &all[0]),
            count / median(runs.iter().map(|took| took.processor)),
            ratio(|took| 1.0 / took.processor, runs, &all[0]),
        );
    }
    Ok(())
}
