//! `bearpit process`: what the price processes of a scenario do, as tables, as JSON and on a page.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

fn process(scenario: &str, arguments: &[&str]) -> Command {
    let mut command = bearpit();
    command.arg("process").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario));
    command.args(arguments);
    command
}

/// Runs it for price_processes.toml with `--json`.
fn json(arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = run(process("price_processes.toml", &["--json"]).args(arguments));
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str(&stdout).unwrap()
}

fn moment(process: &Value, of: &str, name: &str, key: &str) -> f64 {
    let rows = process["moments"].as_array().unwrap();
    let row = rows.iter().find(|row| row["of"] == of && row["name"] == name).unwrap();
    row[key].as_f64().unwrap()
}

#[test]
fn moments_of_the_shipped_processes_are_those_of_theory() {
    let found = json(&["--paths", "1000"]);
    let processes = found["processes"].as_array().unwrap();
    let symbols: Vec<&str> = processes.iter().map(|it| it["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["HEST", "JUMP", "INDX", "CALM"]);
    let mut compared = 0;
    for process in processes {
        assert_eq!(process["steps"], 23_400);
        for row in process["moments"].as_array().unwrap() {
            // Skewness and kurtosis have skewed samples themselves: their errors are too rough for a bound.
            let is_location = row["name"] == "mean" || row["name"] == "standard deviation";
            if let Some(off) = row["errors_off"].as_f64().filter(|_| is_location) {
                assert!(off.abs() < 4.0, "{} {row}", process["symbol"]);
                compared += 1;
            }
        }
    }
    // Of Heston's value the standard deviation has no closed form.
    assert_eq!(compared, 15);
}

/// Half of the news of noon is forgotten in an hour, so the mean at the end is below the first value.
#[test]
fn shocks_are_in_the_paths_and_in_the_closed_form() {
    let jump = &json(&["--paths", "200", "--instrument", "JUMP"])["processes"][0];
    // The scenario's half-life is an hour, and the shock comes four hours before the end.
    let left = 0.98_f64.sqrt().sqrt().sqrt().sqrt();
    let calm = &json(&[
        "--paths",
        "200",
        "--instrument",
        "JUMP",
        "--set",
        "instruments.JUMP.process.shocks=[]",
    ])["processes"][0];
    for key in ["sample", "closed_form"] {
        let change = moment(jump, "value", "mean", key) / moment(calm, "value", "mean", key);
        assert!((change - left).abs() < 1e-9, "{key}: {change} {left}");
    }
}

#[test]
fn a_page_has_three_figures_of_each_process_and_is_replaced_only_by_force() {
    let out = TempDir::new().unwrap();
    let figures = out.path().join("figures");
    let draw = |force: &[&str]| {
        let mut command = process("price_processes.toml", &["--paths", "20", "--plot", "--out"]);
        run(command.arg(out.path()).arg("--figures").arg(&figures).args(force))
    };
    let (code, stdout, stderr) = draw(&[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let page = out.path().join("price-processes/processes.html");
    assert!(stdout.contains("HEST: 20 paths of 23,400 steps, seeds 11 to 30"), "{stdout}");
    assert!(stdout.ends_with(&format!("{}\n", page.display())), "{stdout}");
    let html = fs::read_to_string(&page).unwrap();
    assert_eq!(html.matches("<h2>").count(), 4);
    let mut names: Vec<_> =
        fs::read_dir(&figures).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 12, "{names:?}");
    assert_eq!(names[..3], ["01-hest-fan.svg", "02-hest-paths.svg", "03-hest-end.svg"]);
    let (code, _, stderr) = draw(&[]);
    assert_eq!(code, 1);
    assert!(stderr.contains("a page already exists; add --force to replace it"), "{stderr}");
    assert_eq!(draw(&["--force"]).0, 0);
    assert_eq!(fs::read_to_string(&page).unwrap(), html, "the same paths give the same bytes");
}

#[test]
fn an_instrument_without_a_process_is_refused_with_the_one_that_is_meant() {
    let (code, stdout, stderr) = run(&mut process(
        "price_processes.toml",
        &["--instrument", "HEST", "--instrument", "JUMO", "--paths", "1"],
    ));
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("that has a process is called `JUMO`; did you mean `JUMP`?"), "{stderr}");
    let (code, _, stderr) = run(&mut process("ticks.toml", &[]));
    assert_eq!(code, 2);
    assert!(stderr.contains("has a process; write one, such as `process = { kind = \"gbm\""), "{stderr}");
    let (code, _, stderr) = run(&mut process("price_processes.toml", &["--paths", "0"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("0 is not in 1..=100000"), "{stderr}");
}

/// A value that follows another follows it through an event, too.
#[test]
fn shocks_of_events_are_drawn_and_reach_what_follows() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("pair.toml");
    let text = r#"
        [scenario]
        name = "pair"
        start = 2025-03-03T09:30:00
        end = 2025-03-03T10:30:00
        [[instruments]]
        symbol = "LEAD"
        tick_size = "0.01"
        process = { kind = "gbm", initial = 100, volatility = 0 }
        [[instruments]]
        symbol = "TAIL"
        tick_size = "0.01"
        process = { kind = "linked", leader = "LEAD", ratio = 0.5, half_life = "1m", volatility = 0 }
        [[venues]]
        name = "PIT"
        instruments = ["LEAD", "TAIL"]
        [[events]]
        kind = "fundamental_shock"
        at = 2025-03-03T10:00:00
        instrument = "LEAD"
        change = -0.1
    "#;
    fs::write(&path, text).unwrap();
    let (code, stdout, stderr) = run(bearpit().arg("process").arg(&path).args(["--paths", "3", "--json"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let means: Vec<f64> = found["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| moment(it, "value", "mean", "sample"))
        .collect();
    assert!((means[0] - 90.0).abs() < 1e-9 && (means[1] - 45.0).abs() < 1e-9, "{means:?}");
}
