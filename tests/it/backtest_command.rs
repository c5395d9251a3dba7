//! `bearpit backtest`: one line from a strategy and files to results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

const SCRIPT: &str = "const SIZE = param(\"size\", 10, 1..=1000, \"\");\n\
    fn on_init(params) { this.bars = 0; }\n\
    fn on_bar(bar) {\n  this.bars += 1;\n  log(`bar ${this.bars} ${bar.close}`);\n  if this.bars == 1 { buy(SIZE); }\n}\n";

/// A folder with the strategy `buyer.rhai`, and `ACME.csv` with the weekdays of four weeks.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        desk.write("buyer.rhai", SCRIPT);
        let mut text = "Date,Open,High,Low,Close,Volume\n".to_owned();
        let weekdays = (1..29).filter(|day| (day - 1) % 7 < 5);
        for (number, day) in weekdays.enumerate() {
            let open = 100 + number;
            text.push_str(&format!("2024-04-{day:02},{open},{}.5,{open}.0,{}.25,1000\n", open + 1, open + 1));
        }
        desk.write("ACME.csv", &text);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut process = bearpit();
        process.arg(command).args(arguments).current_dir(self.path());
        process
    }

    fn backtest(&self, arguments: &[&str]) -> (i32, String, String) {
        run(&mut self.command("backtest", arguments))
    }

    /// Runs a backtest with JSON; returns its only outcome.
    fn outcome(&self, arguments: &[&str]) -> Value {
        let (code, stdout, stderr) = run(self.command("backtest", arguments).args(["--json", "--force"]));
        assert_eq!((code, stderr.as_str()), (0, ""));
        serde_json::from_str::<Value>(&stdout).unwrap()[0].clone()
    }
}

#[test]
fn one_line_backtests_a_strategy_on_a_file() {
    let desk = Desk::new();
    let (code, stdout, stderr) = desk.backtest(&["buyer.rhai", "ACME.csv", "--log"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let first = stdout.lines().next().unwrap();
    assert_eq!(first, "ACME: 20 bars of 1d, 2024-04-01 to 2024-04-26, tick 0.01, lot 1");
    // Every row is a bar that the strategy sees, the last one too.
    assert!(stdout.contains("buyer: bar 20 120.25") && !stdout.contains("bar 21"), "{stdout}");
    // Bought at the second open, 101, and marked at the last close.
    assert!(stdout.contains("+192.50"), "{stdout}");
    let page = PathBuf::from("runs/buyer-ACME/1/report.html");
    assert!(stdout.contains(&page.display().to_string()), "{stdout}");
    // The page calls days by their dates: the last bar's end is no midnight of the day after it.
    let page = fs::read_to_string(desk.path().join(page)).unwrap();
    assert!(page.contains("<dt>time</dt><dd>2024-04-01 to 2024-04-26</dd>"), "the head of the page");
    assert!(page.contains("20 bars of 1 d, 2024-04-01 to 2024-04-26") && !page.contains("2024-04-27"));
    let (code, _, stderr) = desk.backtest(&["buyer.rhai", "ACME.csv"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("a result already exists; add --force"), "{stderr}");
    let (code, stdout, _) =
        desk.backtest(&["buyer.rhai", "ACME.csv", "--force", "--no-report", "--out", "other"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("other/buyer-ACME/1") && !stdout.contains("report.html"), "{stdout}");
}

#[test]
fn a_saved_scenario_runs_the_same() {
    let desk = Desk::new();
    desk.write("best.toml", "size = 7\nagents.replay.slippage_ticks = 3\n");
    let options = [
        "buyer.rhai",
        "X=ACME.csv",
        "--cash",
        "5000",
        "--fee-bps",
        "10",
        "--participation",
        "0.5",
        "--from",
        "2024-04-03",
        "--to",
        "2024-04-19",
        "--params",
        "best.toml",
        "--set",
        "venues.PIT.fees.taker_bps=20",
    ];
    let plain = desk.outcome(&options);
    let saved = desk.outcome(&[&options[..], &["--save", "scenarios/mine.toml"]].concat());
    let manifest = |outcome: &Value| outcome["manifest"].clone();
    assert_eq!(manifest(&plain)["digest"], manifest(&saved)["digest"]);
    assert_eq!((plain["scenario"].as_str(), saved["scenario"].as_str()), (Some("buyer-X"), Some("mine")));
    let text = fs::read_to_string(desk.path().join("scenarios/mine.toml")).unwrap();
    for part in [
        "params.size = 7\n",
        "slippage_ticks = 3\n",
        "fees.taker_bps = 20\n",
        "file = \"../buyer.rhai\"",
        "# what it begins with",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let (code, stdout, stderr) =
        run(&mut desk.command("simulate", &["scenarios/mine.toml", "--json", "--force"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let again = serde_json::from_str::<Value>(&stdout).unwrap()[0].clone();
    assert_eq!(again["manifest"], saved["manifest"], "the same inputs, results and digest");
    let (code, _, stderr) = run(&mut desk
        .command("backtest", &["buyer.rhai", "ACME.csv", "--save", "scenarios/mine.toml", "--out", "o"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("mine.toml` exists already; add --force"), "{stderr}");
    // Nothing is written where the run would be refused.
    let (code, _, stderr) =
        run(&mut desk
            .command("backtest", &["buyer.rhai", "ACME.csv", "--save", "other.toml", "--name", "mine"]));
    assert!(code == 2 && stderr.contains("a result already exists"), "{stderr}");
    assert!(!desk.path().join("other.toml").exists());
    // The scenario is checked as any other.
    let (code, stdout, _) = run(&mut desk.command("check", &["scenarios/mine.toml"]));
    assert!(code == 0 && stdout.contains("`mine`, seed 1, 2024-04-03"), "{stdout}");
}

#[test]
fn several_files_are_traded_in_one_market() {
    let desk = Desk::new();
    let acme = fs::read_to_string(desk.path().join("ACME.csv")).unwrap();
    desk.write("UMBRELLA.csv", &acme.replace("2024-04", "2024-05"));
    let (code, stdout, stderr) = desk.backtest(&["buyer.rhai", "ACME.csv", "UMBRELLA.csv"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let lines: Vec<&str> = stdout.lines().take(2).collect();
    assert!(lines[0].starts_with("ACME: 20 bars") && lines[1].starts_with("UMBRELLA: 20 bars"), "{stdout}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_written() {
    let desk = Desk::new();
    desk.write("idle.rhai", "fn helper(x) { x }\n");
    desk.write("broken.rhai", "fn on_bar(bar) { bya(1); }\n");
    desk.write("bad.csv", "a,b\n1,2\n");
    for (arguments, expected) in [
        (&["buyer.rhai"][..], "required arguments were not provided"),
        (&["none.rhai", "ACME.csv"], "`none.rhai` cannot be read"),
        (&["ACME.csv", "buyer.rhai"], "the strategy stands first"),
        (
            &["buyer.rhai", "day.toml"],
            "`day.toml` is a scenario, not a file of data: `bearpit simulate day.toml` runs it",
        ),
        (&["buyer.rhai", "idle.rhai", "ACME.csv"], "one is backtested at a time"),
        (&["idle.rhai", "ACME.csv"], "the script defines no callback, so it would never do anything"),
        (&["broken.rhai", "ACME.csv"], "there is no function `bya`"),
        (&["buyer.rhai", "none.csv"], "`none.csv` cannot be read"),
        (&["buyer.rhai", "bad.csv"], "bad.csv"),
        (
            &["buyer.rhai", "ACME.csv", "--from", "2030-01-01"],
            "has no row from 2030-01-01T00:00:00 on: its rows are from 2024-04-01",
        ),
        (
            &["buyer.rhai", "ACME.csv", "--from", "2024-04-06", "--to", "2024-04-07"],
            "has no row from 2024-04-06T00:00:00 to 2024-04-08",
        ),
        (
            &["buyer.rhai", "ACME.csv", "--from", "2024-04-06", "--to", "2024-04-01"],
            "must end after its start",
        ),
        (&["buyer.rhai", "ACME.csv", "--from", "soon"], "invalid value 'soon' for '--from <TIME>'"),
        (&["buyer.rhai", "ACME.csv", "--cash", "-5"], "it must be above 0"),
        (&["buyer.rhai", "ACME.csv", "--cash", "much"], "invalid value 'much' for '--cash <AMOUNT>'"),
        (&["buyer.rhai", "ACME.csv", "--fee-bps", "-1"], "it must be from 0 to 10000 basis points"),
        (&["buyer.rhai", "ACME.csv", "--participation", "1.5"], "it must be above 0 and at most 1"),
        (&["buyer.rhai", "ACME.csv", "--tick-size", "0"], "it must be above 0"),
        (&["buyer.rhai", "ACME.csv", "--zone", "Mars"], "Mars"),
        (&["buyer.rhai", "ACME.csv", "--set", "sise=5"], "did you mean `size`"),
        (&["buyer.rhai", "ACME.csv", "--set", "agents.replay.depht=5"], "depht"),
        (&["buyer.rhai", "X=ACME.csv", "X=ACME.csv"], "would both be `X`"),
        (&["buyer.rhai", "ACME.csv", "--params", "none.toml"], "--params `none.toml` cannot be read"),
        (&["buyer.rhai", "ACME.csv", "--name", "a/b"], "letters, digits"),
    ] {
        let (code, stdout, stderr) = desk.backtest(&[arguments, &["--save", "saved.toml"]].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(
            !desk.path().join("saved.toml").exists() && !desk.path().join("runs").exists(),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_strategy_that_fails_is_exit_code_three() {
    let desk = Desk::new();
    desk.write("fails.rhai", "fn on_bar(bar) { throw \"nonsense\"; }\n");
    let (code, stdout, stderr) = desk.backtest(&["fails.rhai", "ACME.csv"]);
    assert_eq!(code, 3);
    assert!(stdout.contains("fails (failed)") && stderr.contains("nonsense"), "{stdout}{stderr}");
}
