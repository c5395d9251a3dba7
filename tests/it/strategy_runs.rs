//! A strategy from its template to a run: parameters from files, its log, and a market of one's own bars.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::cli::{bearpit, run, with_script};

const PAGE: &str = include_str!("../../docs/writing-strategies.md");

fn run_in(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().current_dir(directory).args(arguments))
}

/// Makes the strategy `dip` and its scenario of ten minutes.
fn dip() -> TempDir {
    let directory = TempDir::new().unwrap();
    let (code, _, stderr) = run_in(directory.path(), &["new", "strategy", "dip", "--scenario"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    directory
}

/// Runs the scenario with further arguments.
fn simulate(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let fixed = ["simulate", "scenarios/dip.toml", "--set", "scenario.end=2025-03-03T09:40:00", "--force"];
    run_in(directory, &[&fixed[..], arguments].concat())
}

#[test]
fn parameters_come_from_files_and_the_log_is_shown() {
    let directory = dip();
    let here = directory.path();
    fs::write(here.join("best.toml"), "[dip]\nbars = 10\nquantity = 7\n").unwrap();
    let started = "2025-03-03T09:30:00 dip: 10 bars, 0.1 percent, 8 shares";
    let set = ["--params", "best.toml", "--set", "dip.quantity=8", "--quiet"];
    let (code, stdout, stderr) = simulate(here, &[&set[..], &["--log"]].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.lines().next(), Some(started), "{stdout}");
    let (_, stdout, _) = simulate(here, &[&set[..], &["--log=dip: 10"]].concat());
    assert_eq!(stdout.trim_end(), started);
    let (_, stdout, stderr) = simulate(here, &[&set[..], &["--log=bought"]].concat());
    let none = "no line that a strategy logged contains `bought`";
    assert_eq!((stdout.as_str(), stderr.trim_end()), ("", none));
    let (_, stdout, stderr) =
        simulate(here, &[&set[..], &["--log=shares", "--json", "--seeds", "1..2"]].concat());
    assert!(stdout.starts_with('['), "{stdout}");
    assert_eq!(stderr.trim_end(), format!("dip/1 {started}\ndip/2 {started}"));
}

#[test]
fn what_is_plotted_that_is_no_number_is_a_gap() {
    let directory = TempDir::new().unwrap();
    let script = "fn on_start() { plot(\"x\", 1.5); plot(\"x\", 0.0 / 0.0); plot(\"x\", ()); plot(\"x\", 1.0 / 0.0); }";
    let path = with_script(directory.path(), script);
    let arguments = ["simulate", path.to_str().unwrap(), "--quiet", "--format", "csv", "--out", "out"];
    let (code, _, stderr) = run_in(directory.path(), &arguments);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let series = fs::read_to_string(directory.path().join("out/scripted/0/series.csv")).unwrap();
    let values: Vec<&str> = series.lines().skip(1).map(|line| line.split(',').nth(3).unwrap()).collect();
    assert_eq!(values, ["1.5", "", "", ""], "{series}");
}

#[test]
fn a_file_of_parameters_is_answered_like_the_command_line() {
    let directory = dip();
    let here = directory.path();
    for (text, expected) in [
        ("[dip]\nbras = 10\n", "the script has no parameter `bras`"),
        ("dip.bars = 1\n", "the parameter `bars` is 1, but must be in the range 2 to 500"),
        ("[drip]\nbars = 10\n", "there is no section and no agent called `drip`"),
        ("[dip\n", "p.toml"),
    ] {
        fs::write(here.join("p.toml"), text).unwrap();
        for command in [&["simulate", "--quiet"][..], &["check"]] {
            let (code, _, stderr) =
                run_in(here, &[command, &["scenarios/dip.toml", "--params", "p.toml"]].concat());
            assert!(code == 2 && stderr.contains(expected), "{text}: {stderr}");
        }
    }
    let (code, _, stderr) = simulate(here, &["--params", "none.toml"]);
    assert!(code == 2 && stderr.contains("--params `none.toml` cannot be read"), "{stderr}");
    let test = |text: &str| {
        fs::write(here.join("p.toml"), text).unwrap();
        run_in(here, &["strategy", "test", "strategies/dip.rhai", "--params", "p.toml"])
    };
    assert_eq!(test("quantity = 5\n").0, 0);
    let (code, _, stderr) = test("quantity = 0\n");
    assert!(code == 2 && stderr.contains("`quantity` is 0"), "{stderr}");
}

#[test]
fn what_check_refuses_is_not_run() {
    let directory = dip();
    let here = directory.path();
    let file = here.join("strategies/dip.rhai");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("order_target(0)", "order_traget(0)")).unwrap();
    for command in ["check", "simulate"] {
        let (code, _, stderr) = run_in(here, &[command, "scenarios/dip.toml"]);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("there is no function `order_traget`"), "{command}: {stderr}");
        assert!(stderr.contains("did you mean `order_target`?"), "{command}: {stderr}");
    }
    assert!(!here.join("runs").exists());
}

/// Returns the lines of a scenario without comments.
fn keys(scenario: &str) -> Vec<&str> {
    let lines = scenario.lines().map(|line| line.split('#').next().unwrap().trim());
    lines.filter(|line| !line.is_empty()).collect()
}

/// The scenario on the page is what the line above it writes; it runs on a file of bars as a vendor has it.
#[test]
fn the_scenario_on_the_page_runs_on_bars_of_ones_own() {
    let directory = dip();
    let here = directory.path();
    let scenario = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    fs::rename(here.join("strategies/dip.rhai"), here.join("strategies/dip_buyer.rhai")).unwrap();
    let mut bars = "Date,Open,High,Low,Close,Volume\n".to_owned();
    for (month, days) in [("01", 31), ("02", 29), ("03", 31)] {
        for day in 1..=days {
            let close = 100 + (day * 7) % 11;
            bars.push_str(&format!("2024-{month}-{day:02},{},{},{},{close},50000\n", 104, 112, 99));
        }
    }
    fs::write(here.join("mine.csv"), bars).unwrap();
    let (code, stdout, stderr) = run_in(here, &["data", "mine.csv"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let lines = PAGE.lines().map(|line| line.trim().split(" #").next().unwrap().trim());
    let commands: Vec<&str> = lines.filter(|line| line.starts_with("bearpit backtest ")).collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        let (code, stdout, stderr) = run_in(here, &arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{command}: {stdout}");
    }
    let saved = fs::read_to_string(here.join("scenarios/mine.toml")).unwrap();
    assert_eq!(keys(scenario), keys(&saved));
    fs::write(here.join("scenarios/mine.toml"), scenario).unwrap();
    let (code, stdout, stderr) = run_in(here, &["check", "scenarios/mine.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let (code, stdout, stderr) =
        run_in(here, &["simulate", "scenarios/mine.toml", "--quiet", "--log", "--force"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.lines().any(|line| line.contains("dip_buyer: buy 100")), "{stdout}");
}
