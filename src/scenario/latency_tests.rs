//! Latencies as they are written, and what is said of those that are none.

use std::fs;

use tempfile::TempDir;

use super::Scenario;
use bearpit_core::kernel::LatencyModel;
use bearpit_core::participant::Latencies;
use bearpit_core::units::SimDuration;

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "noise"
max_quantity = 10
depth = 0.05
"#;

/// A scenario, or each error with its line, column and help; `file` is the content of a file beside it.
fn load(text: &str, file: &str) -> Result<Scenario, Vec<String>> {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("t.toml"), text).unwrap();
    fs::write(directory.path().join("far.txt"), file).unwrap();
    Scenario::load(&directory.path().join("t.toml"), &[]).map_err(|errors| {
        let item = |it: &serde_json::Value| {
            let help = it["help"].as_str().map_or_else(String::new, |help| format!(" | {help}"));
            format!("{}:{}: {}{help}", it["line"], it["column"], it["message"].as_str().unwrap())
        };
        errors.to_json().as_array().unwrap().iter().map(item).collect()
    })
}

/// The latencies of an agent that is written with one.
fn latencies(latency: &str, file: &str) -> Result<Latencies, Vec<String>> {
    let scenario = load(&format!("{MARKET}latency = {latency}\n"), file)?;
    Ok(scenario.agents[0].latencies.clone())
}

const fn micros(micros: i64) -> SimDuration {
    SimDuration::from_micros(micros)
}

#[test]
fn each_distribution_has_its_keys_with_its_name_or_without() {
    let samples = |samples: &[i64]| {
        LatencyModel::Empirical(samples.iter().map(|it| micros(*it)).collect::<Vec<_>>().into())
    };
    for (written, model) in [
        ("{ min = \"1us\", max = \"9us\" }", LatencyModel::Uniform { min: micros(1), max: micros(9) }),
        (
            "{ dist = \"lognormal\", median = \"50us\", sigma = 0.5 }",
            LatencyModel::LogNormal { median: micros(50), sigma: 0.5 },
        ),
        (
            "{ mean = \"50us\", sd = \"9us\" }",
            LatencyModel::Normal { mean: micros(50), sd: micros(9), min: SimDuration::ZERO },
        ),
        (
            "{ dist = \"normal\", mean = \"50us\", sd = \"9us\", min = \"20us\" }",
            LatencyModel::Normal { mean: micros(50), sd: micros(9), min: micros(20) },
        ),
        (
            "{ mean = \"50us\", shape = 2, min = \"20us\" }",
            LatencyModel::Gamma { mean: micros(50), shape: 2.0, min: micros(20) },
        ),
        ("{ quantiles = [\"10us\", \"20us\", \"90us\"] }", samples(&[10, 20, 90])),
        ("{ file = \"far.txt\" }", samples(&[10, 20, 90])),
    ] {
        let found = latencies(written, "# measured on a Monday\n90us\n\n 10us\n20us\n").unwrap();
        let expected = Latencies::all(model.clone());
        assert_eq!(found, expected, "{written}");
        let entry = latencies(&format!("{{ entry = {written} }}"), "10us\n20us\n90us").unwrap();
        assert_eq!(entry, Latencies { entry: model, ..Latencies::NONE }, "{written}");
    }
}

#[test]
fn what_is_no_latency_is_an_error_at_its_place() {
    for (written, expected) in [
        (
            "{ dist = \"gama\", mean = \"50us\", shape = 2 }",
            "15:20: `dist` is `gama`, which does not exist; did you mean `gamma`?",
        ),
        ("{ mean = \"50us\" }", "15:11: `latency` has the keys mean, but must be \"50us\", { min = "),
        (
            "{ mean = \"50us\", shape = 2, mn = \"1us\" }",
            "15:39: `latency` has no key `mn` | did you mean `min`?",
        ),
        ("{ sd = \"9us\" }", "15:1: `latency` has no `mean`, which is required"),
        ("{ mean = \"50us\", shape = 0 }", "15:36: `shape` is `0`, but must be from 0.1 to 1000"),
        ("{ median = \"50us\", sigma = 3 }", "15:38: `sigma` is `3`, but must be from 0 to 2"),
        ("{ mean = \"2h\", sd = \"9us\" }", "15:20: `mean` is `2h`, but must be at most 1h"),
        (
            "{ mean = \"50us\", sd = \"9us\", min = \"60us\" }",
            "15:11: `latency` has min 60us above mean 50us",
        ),
        ("{ min = \"9us\", max = \"1us\" }", "15:11: `latency` has min 9us above max 1us"),
        (
            "{ quantiles = [\"9us\"] }",
            "15:25: `quantiles` has 1 items, but must be a list of at least two latencies",
        ),
        ("{ quantiles = [\"9us\", \"8us\"] }", "15:25: `quantiles` has 9us before 8us, but must be a list"),
        (
            "{ quantiles = [\"9us\", 8] }",
            "15:25: `quantiles` has an item 2 that lacks a unit: write it as a text",
        ),
        ("{ file = \"near.txt\" }", "15:20: `file` names `"),
    ] {
        let found = latencies(written, "").unwrap_err();
        assert!(found.len() == 1 && found[0].starts_with(expected), "{written}: {found:#?}");
    }
}

#[test]
fn each_line_of_a_file_that_is_no_latency_is_an_error_there() {
    let of = |file: &str| latencies("{ file = \"far.txt\" }", file).unwrap_err();
    let found = of("10us\n# a note\n20\n  2h\n30us\n");
    assert!(found.len() == 2 && found[0].starts_with("3:1: a latency "), "{found:#?}");
    assert!(
        found[0].contains("unit") && found[1].starts_with("4:1: a latency is `2h`, but must be at most 1h"),
        "{found:#?}"
    );
    assert_eq!(of("word\n".repeat(100).as_str()).len(), 5);
    let none = of("# nothing yet\n");
    assert!(none.len() == 1 && none[0].contains("which has no latencies | write one a line"), "{none:#?}");
}

#[test]
fn a_venue_takes_its_time_over_each_command() {
    let venue = |time: &str| {
        let line = format!("name = \"PIT\"\nprocessing = {time}");
        load(&MARKET.replace("name = \"PIT\"", &line), "").map(|it| it.venues[0].processing)
    };
    assert_eq!(venue("\"20us\"").unwrap(), micros(20));
    assert_eq!(load(MARKET, "").unwrap().venues[0].processing, SimDuration::ZERO);
    assert_eq!(venue("\"2h\"").unwrap_err(), ["10:14: `processing` is `2h`, but must be at most 1h"]);
}
