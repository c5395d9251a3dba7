//! `bearpit validate`: runs and recorded order flow beside what is known of real markets.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// Two runs of half an hour of quickstart.
fn runs() -> (TempDir, PathBuf) {
    let out = TempDir::new().unwrap();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let mut command = bearpit();
    command.arg("simulate").arg(scenario).args(["--set", "scenario.end=2025-03-03T10:00:00"]);
    let (code, _, stderr) =
        run(command.args(["--seeds", "1..2", "--no-report", "--quiet", "--out"]).arg(out.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let runs = out.path().join("quickstart");
    (out, runs)
}

fn validate(paths: &[&Path], arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().arg("validate").args(paths).args(arguments))
}

#[test]
fn one_run_is_a_table_with_all_facts_and_several_are_counted() {
    let (_kept, runs) = runs();
    let one = runs.join("1");
    let (code, table, stderr) = validate(&[&one], &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for words in
        ["quickstart (seed 1), ACME at PIT: 1,7", "R² of mid changes on order-flow imbalance", "0.30 to 0.95"]
    {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(!table.contains("NaN") && table.contains(" of 15: "), "{table}");
    let (code, counted, _) = validate(&[&runs], &[]);
    assert_eq!(code, 0);
    assert_eq!(counted.lines().filter(|line| line.contains(" of 15")).count(), 2, "{counted}");
}

#[test]
fn json_has_every_fact_with_an_interval_that_is_one() {
    let (_kept, runs) = runs();
    let (code, text, _) = validate(&[&runs], &["--json"]);
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&text).unwrap();
    let markets = value["markets"].as_array().unwrap();
    assert_eq!(markets.len(), 2);
    let (mut intervals, mut measured) = (0, 0);
    for market in markets {
        let facts = market["facts"].as_array().unwrap();
        assert_eq!(facts.len(), 15);
        let seen = facts.iter().filter(|fact| fact["verdict"] == "seen").count();
        assert_eq!(market["seen"], seen);
        for fact in facts {
            measured += usize::from(fact["value"].is_number());
            if let Some([low, high]) = fact["interval"].as_array().map(Vec::as_slice) {
                assert!(low.as_f64() <= high.as_f64(), "{fact}");
                intervals += 1;
            }
        }
    }
    assert!(intervals >= 16 && measured >= intervals, "{intervals} of {measured}");
}

#[test]
fn too_few_facts_are_a_failure_only_where_that_is_asked() {
    let (_kept, runs) = runs();
    let (code, table, stderr) = validate(&[&runs], &["--at-least", "15"]);
    assert_eq!(code, 1);
    assert_eq!(stderr, "error: 0 of 2 markets show 15 of 15 facts or more; 2 should\n");
    assert!(table.contains("real markets"), "the table is printed all the same");
    assert_eq!(validate(&[&runs], &["--at-least", "1", "--in", "2"]).0, 0);
    let (code, _, stderr) = validate(&[&runs], &["--at-least", "1", "--in", "3"]);
    assert_eq!((code, stderr.as_str()), (2, "error: --in asks for 3 markets, but there are only 2\n"));
}

#[test]
fn what_is_no_input_is_said_to_be_none() {
    let (_kept, runs) = runs();
    assert_eq!(validate(&[&runs], &["--in", "1"]).0, 2);
    assert_eq!(validate(&[&runs], &["--lobster", "a.csv", "b.csv"]).0, 2);
    assert_eq!(validate(&[], &[]).0, 2);
    let (code, _, stderr) = validate(&[&runs.join("7")], &[]);
    assert!(code == 1 && stderr.starts_with("error: "), "{code}: {stderr}");
    let (code, _, stderr) = validate(&[], &["--lobster", "none.csv", "none.csv"]);
    assert!(code == 2 && stderr.contains("`none.csv` cannot be read"), "{stderr}");
}

#[test]
fn recorded_order_flow_is_measured_by_the_same_code() {
    let directory = TempDir::new().unwrap();
    let (mut messages, mut rows) = (String::new(), String::new());
    for second in 0..2_000 {
        // Each second somebody buys, at a price that wanders over seven ticks.
        let ask = 1_000_000 + 100 * (second * second % 7);
        messages.push_str(&format!("{}.5,4,7,10,{ask},-1\n", 34_200 + second));
        rows.push_str(&format!("{},5,{},{}\n", ask + 100, ask - 100, 5 + second % 3));
    }
    for (name, text) in [("messages.csv", messages), ("book.csv", rows)] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let mut command = bearpit();
    command.current_dir(directory.path());
    let (code, stdout, stderr) =
        run(command.args(["validate", "--json", "--lobster", "messages.csv", "book.csv"]));
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let value: Value = serde_json::from_str(&stdout).unwrap();
    let facts = value["markets"][0]["facts"].as_array().unwrap();
    let of = |name: &str| facts.iter().find(|fact| fact["fact"] == name).unwrap();
    assert_eq!(of("long memory of trade signs")["sample"], 2_000);
    // One a second, as a clock has it.
    assert_eq!(of("clustered order arrivals")["verdict"], "not seen");
}
