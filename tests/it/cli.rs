//! The command line: exit codes, what is printed where, what is written.
#![expect(clippy::disallowed_methods, reason = "waits for other processes, for a bounded time")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SHIPPED: [&str; 19] = [
    "auctions",
    "avellaneda_stoikov",
    "bollinger",
    "donchian",
    "order_flow_imbalance",
    "pairs",
    "perpetual",
    "price_processes",
    "quickstart",
    "realistic_day",
    "rebalancer",
    "reference_day",
    "rsi_reversion",
    "sessions",
    "smart_routing",
    "sp500_backtest",
    "ticks",
    "twap",
    "two_venues",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn scenario(name: &str) -> PathBuf {
    root().join("scenarios").join(format!("{name}.toml"))
}

pub(crate) fn bearpit() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bearpit"));
    command.stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Runs ten minutes of quickstart into `out`, with further arguments.
fn short(out: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = bearpit();
    command.arg("simulate").arg(scenario("quickstart")).args(["--set", "scenario.end=2025-03-03T09:40:00"]);
    run(command.arg("--out").arg(out).args(arguments))
}

/// Returns the files of a directory by name, with their content.
fn content(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn digest(json: &str) -> Vec<(String, String)> {
    let outcomes: serde_json::Value = serde_json::from_str(json).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let pair = |it: &serde_json::Value| (text(&it["scenario"]), text(&it["manifest"]["digest"]));
    outcomes.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn two_processes_leave_the_same_bytes() {
    let out = TempDir::new().unwrap();
    for name in ["one", "two"] {
        let (code, stdout, _) = short(&out.path().join(name), &[]);
        assert_eq!(code, 0);
        assert!(
            stdout.contains("quickstart") && stdout.contains("ema") && stdout.contains("report.html"),
            "{stdout}"
        );
    }
    let of = |name: &str| content(&out.path().join(name).join("quickstart/42"));
    let (one, two) = (of("one"), of("two"));
    assert_eq!(one.len(), 13, "ten tables with rows, the manifest, the summary, the report");
    for ((name, first), (_, second)) in one.iter().zip(&two) {
        assert!(first == second, "{name} differs");
    }
    let page =
        String::from_utf8(one.iter().find(|(name, _)| name == "report.html").unwrap().1.clone()).unwrap();
    assert!(page.contains("<svg") && !page.contains("src=") && !page.contains("http-equiv"));
    assert!(!page.contains("NaN") && !page.contains("src="), "nothing from outside, no number that is none");
}

/// The digests of the shipped scenarios: a change that moves one must say why.
#[test]
fn shipped_scenarios_have_their_golden_digests_on_any_number_of_threads() {
    let golden = fs::read_to_string(root().join("tests/it/golden.txt")).unwrap();
    let golden: Vec<(String, String)> = golden
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, digest)| (name.to_owned(), digest.to_owned()))
        .collect();
    for jobs in ["1", "2"] {
        let out = TempDir::new().unwrap();
        let mut command = bearpit();
        command.arg("simulate").args(SHIPPED.map(scenario)).args(["--json", "--jobs", jobs]);
        let (code, stdout, stderr) = run(command.arg("--out").arg(out.path()));
        assert_eq!((code, stderr.as_str()), (0, ""), "nothing but JSON is printed");
        assert_eq!(digest(&stdout), golden, "with {jobs} jobs");
    }
}

#[test]
fn another_seed_gives_another_digest() {
    let out = TempDir::new().unwrap();
    let of = |seed: &str| digest(&short(out.path(), &["--json", "--seed", seed]).1);
    assert_ne!(of("1"), of("2"));
    assert!(out.path().join("quickstart/1").is_dir() && out.path().join("quickstart/2").is_dir());
}

#[test]
fn a_result_is_not_overwritten_without_force() {
    let out = TempDir::new().unwrap();
    assert_eq!(short(out.path(), &["--quiet"]), (0, String::new(), String::new()));
    let (code, stdout, stderr) = short(out.path(), &[]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("a result already exists; add --force"), "{stderr}");
    assert_eq!(short(out.path(), &["--quiet", "--force"]).0, 0);
}

#[test]
fn quiet_and_json_together_print_the_results_and_nothing_else() {
    let out = TempDir::new().unwrap();
    let (code, stdout, stderr) = short(out.path(), &["--quiet", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(serde_json::from_str::<serde_json::Value>(&stdout).unwrap()[0]["status"] == "finished");
}

#[test]
fn what_is_wrong_is_reported_before_anything_is_written() {
    let out = TempDir::new().unwrap();
    let begin = Instant::now();
    let (code, stdout, stderr) = short(out.path(), &["--set", "instruments.ACME.process.volatility=-1"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("volatility") && stderr.contains("command line:1:"), "{stderr}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    assert!(begin.elapsed() < Duration::from_secs(5), "a wrong scenario is refused at once");
    let (code, _, stderr) = run(bearpit().args(["check", "no.toml"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("`no.toml` cannot be read"), "{stderr}");
    assert_eq!(run(bearpit().args(["simulate", "x.toml", "--format", "xls"])).0, 2);
    assert_eq!(run(bearpit().args(["simulate"])).0, 2);
}

#[test]
fn two_scenarios_of_one_name_and_seed_are_refused() {
    let out = TempDir::new().unwrap();
    let (code, _, stderr) = short(out.path(), &[scenario("quickstart").to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(stderr.contains("are both called `quickstart`"), "{stderr}");
}

#[test]
fn check_says_what_is_valid_and_writes_nothing() {
    let here = TempDir::new().unwrap();
    let (code, stdout, stderr) =
        run(bearpit().arg("check").args(SHIPPED.map(scenario)).current_dir(here.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.lines().filter(|line| line.contains(": valid; ")).count(), SHIPPED.len());
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    let (code, stdout, _) =
        run(bearpit().arg("check").arg(scenario("quickstart")).args(["--json", "--set", "a=1"]));
    assert_eq!(code, 2);
    let findings: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(findings[0]["errors"][0]["file"], "command line");
}

#[test]
fn a_report_is_drawn_anew_in_every_format() {
    let out = TempDir::new().unwrap();
    for format in ["parquet", "csv", "ipc"] {
        let base = out.path().join(format);
        assert_eq!(short(&base, &["--quiet", "--format", format]).0, 0);
        let directory = base.join("quickstart/42");
        let page = directory.join("report.html");
        let before = fs::read(&page).unwrap();
        fs::remove_file(&page).unwrap();
        let (code, stdout, _) = run(bearpit().arg("report").arg(&directory));
        assert_eq!((code, stdout.trim()), (0, page.to_str().unwrap()));
        assert!(fs::read(&page).unwrap() == before, "{format}");
    }
    let (code, _, stderr) = run(bearpit().arg("report").arg(out.path()));
    assert_eq!(code, 1);
    assert!(stderr.contains("there is no manifest.json"), "{stderr}");
}

/// Writes a scenario with one market maker and the script given.
pub(crate) fn with_script(directory: &Path, script: &str) -> PathBuf {
    fs::write(directory.join("s.rhai"), script).unwrap();
    let scenario = r#"
        [scenario]
        name = "scripted"
        start = 2025-03-03T09:30:00
        end = 2025-03-03T09:35:00
        [[instruments]]
        symbol = "ACME"
        tick_size = "0.01"
        process = { kind = "gbm", initial = 100, volatility = 0.2 }
        [[venues]]
        name = "PIT"
        instruments = ["ACME"]
        [[agents]]
        kind = "market_maker"
        half_spread = "0.02"
        quantity = 100
        max_inventory = 500
        max_short = { ACME = 1000 }
        [[agents]]
        name = "s"
        kind = "script"
        file = "s.rhai"
    "#;
    let path = directory.join("scripted.toml");
    fs::write(&path, scenario).unwrap();
    path
}

#[test]
fn a_script_that_fails_is_reported_and_counts_unless_told_otherwise() {
    let here = TempDir::new().unwrap();
    let path = with_script(here.path(), "fn on_quote(quote) {\n    throw \"nonsense\";\n}\n");
    let simulate = |arguments: &[&str]| {
        run(bearpit().arg("simulate").arg(&path).arg("--out").arg(here.path().join("out")).args(arguments))
    };
    let (code, stdout, stderr) = simulate(&[]);
    assert_eq!(code, 3);
    assert!(stdout.contains("s (failed)"), "{stdout}");
    assert!(
        stderr.contains("s.rhai:2:5: nonsense, in on_quote at 2025") && stderr.contains("mend the script"),
        "{stderr}"
    );
    let page = fs::read_to_string(here.path().join("out/scripted/0/report.html")).unwrap();
    assert!(page.contains("was stopped") && page.contains("s.rhai:2:5"));
    assert_eq!(simulate(&["--force", "--allow-failed"]).0, 0);
}

#[test]
fn a_market_without_trades_still_has_a_report() {
    let here = TempDir::new().unwrap();
    let path = with_script(here.path(), "fn on_start() { }\n");
    let out = here.path().join("out");
    assert_eq!(run(bearpit().arg("simulate").arg(&path).arg("--quiet").arg("--out").arg(&out)).0, 0);
    let page = fs::read_to_string(out.join("scripted/0/report.html")).unwrap();
    assert!(page.contains("Nothing was traded.") && !page.contains("NaN"));
}

/// Waits for a child for a bounded time, and returns its exit code.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().ok();
    None
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let mut child = bearpit()
        .arg("check")
        .args(SHIPPED.map(scenario))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(wait(&mut child, Duration::from_secs(30)), Some(0));
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!(complaints, "");
}

/// Peak memory of a run of quickstart of so many hours, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(hours: u32) -> u64 {
    let out = TempDir::new().unwrap();
    let (day, hour) = (3 + (9 + hours) / 24, (9 + hours) % 24);
    let mut command = bearpit();
    command.arg("simulate").arg(scenario("quickstart"));
    command.args(["--set", &format!("scenario.end=2025-03-{day:02}T{hour:02}:30:00"), "--quiet", "--out"]);
    let mut child = command.arg(out.path()).stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() && begin.elapsed() < Duration::from_secs(120) {
        peak = peak.max(high_water(child.id()));
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(wait(&mut child, Duration::from_secs(1)), Some(0));
    peak
}

/// Returns the high-water mark of a process, in KiB, as the system keeps it.
#[cfg(target_os = "linux")]
fn high_water(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

#[cfg(target_os = "linux")]
#[cfg_attr(debug_assertions, ignore = "twenty hours take minutes without optimisation")]
#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    let median = |hours| {
        let mut peaks = [peak_kib(hours), peak_kib(hours), peak_kib(hours)];
        peaks.sort_unstable();
        peaks[1]
    };
    // The rows that wait to be written together have reached their bound after four hours of this market.
    let (short, long) = (median(4), median(20));
    println!("peak memory: {short} KiB for 4 h, {long} KiB for 20 h");
    assert!(short > 10_000, "something was measured");
    // A mebibyte and a half for an hour: the index of the files, and the fills that wait for their order.
    assert!(long <= short + 24 * 1024, "20 h took {long} KiB, 4 h took {short} KiB");
}

#[test]
fn help_names_every_command() {
    let (code, stdout, _) = run(bearpit().arg("--help"));
    assert_eq!(code, 0);
    for word in ["simulate", "check", "report", "verify-book"] {
        assert!(stdout.contains(word), "{stdout}");
    }
}
