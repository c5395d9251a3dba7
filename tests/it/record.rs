//! What is recorded, as the scenario configures it; errors of the reader for runs that lack something.

use std::fs;
use std::path::{Path, PathBuf};

use bearpit::analysis::RunData;
use bearpit::record::{StoredRun, Table};
use bearpit::units::Money;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// Runs ten minutes of quickstart with a `[record]` of `keys`, and returns its directory.
fn simulate(out: &Path, keys: &[&str]) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let mut command = bearpit();
    command.arg("simulate").arg(file).args(["--quiet", "--force", "--out"]).arg(out);
    command.args(["--set", "scenario.end=2025-03-03T09:40:00"]);
    command.args(keys.iter().flat_map(|key| ["--set", *key]));
    let (code, _, stderr) = run(&mut command);
    assert_eq!((code, stderr.as_str()), (0, ""), "{keys:?}");
    out.join("quickstart/42")
}

fn summary(directory: &Path) -> Value {
    serde_json::from_slice(&fs::read(directory.join("summary.json")).unwrap()).unwrap()
}

/// Returns an account's or market's metric; none where it is absent.
fn metric(summary: &Value, of: &str, key: &str) -> Option<f64> {
    let measure = &summary[of][0]["metrics"][key];
    assert!(measure.is_object() || summary[of].as_array().is_some_and(Vec::is_empty), "{key}");
    measure["value"].as_f64()
}

fn report(directory: &Path) -> (i32, String) {
    let (code, _, stderr) = run(bearpit().arg("report").arg(directory));
    (code, stderr)
}

#[test]
fn what_is_recorded_changes_nothing_in_the_run() {
    let out = TempDir::new().unwrap();
    let usual = StoredRun::open(&simulate(out.path(), &[])).unwrap().manifest().clone();
    assert_eq!(usual.not_recorded, [Table::Books, Table::Positions]);
    let keys = [
        "record.tables=[\"books\", \"bars\"]",
        "record.books.interval=250ms",
        "record.bars=[\"7s\", \"2m\"]",
    ];
    let run = StoredRun::open(&simulate(out.path(), &keys)).unwrap();
    let chosen = run.manifest();
    assert_eq!((&chosen.digest, chosen.facts), (&usual.digest, usual.facts));
    let books = chosen.books.as_ref().unwrap();
    assert_eq!((books.interval.to_string().as_str(), books.levels), ("250ms", 10));
    assert_eq!(chosen.bars.iter().map(ToString::to_string).collect::<Vec<_>>(), ["7s", "2m"]);
    let names: Vec<&str> = chosen.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["books", "bars"]);
    let levels = run.table(Table::Books).unwrap();
    assert!(levels.height() > 10 * 4 * 600, "two sides of ten levels, four times a second");
}

#[test]
fn orders_have_the_time_they_were_in_flight() {
    let out = TempDir::new().unwrap();
    // Without cancels: an order that is sent right after one does not overtake it.
    let run = simulate(out.path(), &["agents.noise.patience=1h"]);
    let orders = StoredRun::open(&run).unwrap().table(Table::Orders).unwrap();
    let latencies = orders.column("entry_latency_ns").unwrap().u64().unwrap();
    let owners = orders.column("owner").unwrap().str().unwrap();
    let of = |kind: &str| -> Vec<u64> {
        let rows = owners.iter().zip(latencies.iter());
        let own = rows.filter(|(owner, _)| owner.is_some_and(|owner| owner.starts_with(kind)));
        let mut own: Vec<u64> = own.filter_map(|(_, latency)| latency).collect();
        own.sort_unstable();
        own
    };
    let (makers, noise) = (of("market-maker"), of("noise"));
    assert!(!makers.is_empty() && makers.iter().all(|latency| *latency == 50_000), "{makers:?}");
    // Lognormal: the median, and how much two standard deviations of the logarithm more are: a factor of e.
    let share_of_median = |per_mille: usize| noise[noise.len() * per_mille / 1_000] as f64 / 600_000.0;
    assert!((share_of_median(500) - 1.0).abs() < 0.05, "{}", share_of_median(500));
    assert!((share_of_median(977) - std::f64::consts::E).abs() < 0.25, "{}", share_of_median(977));
}

#[test]
fn snapshots_agree_with_quotes() {
    let out = TempDir::new().unwrap();
    let run = StoredRun::open(&simulate(out.path(), &["record.books.levels=1"])).unwrap();
    let (books, quotes) = (run.table(Table::Books).unwrap(), run.table(Table::Quotes).unwrap());
    let times = |frame: &polars_core::prelude::DataFrame| -> Vec<i64> {
        let times = frame.column("time").unwrap().cast(&polars_core::prelude::DataType::Int64).unwrap();
        times.i64().unwrap().iter().flatten().collect()
    };
    let number = |frame: &polars_core::prelude::DataFrame, column: &str, row: usize| {
        frame.column(column).unwrap().f64().unwrap().get(row)
    };
    let (at, quoted_at) = (times(&books), times(&quotes));
    let sides = books.column("side").unwrap().str().unwrap();
    for (row, now) in at.into_iter().enumerate() {
        // The last quote before the snapshot's time.
        let quote = quoted_at.partition_point(|quoted| *quoted < now) - 1;
        let side = sides.get(row).unwrap();
        assert_eq!(number(&books, "price", row), number(&quotes, side, quote), "row {row}");
        let size = format!("{side}_size");
        assert_eq!(number(&books, "quantity", row), number(&quotes, &size, quote), "row {row}");
    }
    assert!(books.height() > 1_000);
}

#[test]
fn bars_of_the_recorder_are_those_that_strategies_see() {
    let out = TempDir::new().unwrap();
    let run = StoredRun::open(&simulate(out.path(), &["record.bars=[\"1m\", \"10s\"]"])).unwrap();
    let bars = run.table(Table::Bars).unwrap();
    let intervals = bars.column("bar_interval").unwrap().str().unwrap();
    let volume = bars.column("volume").unwrap().f64().unwrap();
    let of = |wanted: &str| -> Vec<f64> {
        let rows = intervals.iter().zip(volume.iter()).filter(|(interval, _)| *interval == Some(wanted));
        rows.map(|(_, volume)| volume.unwrap()).collect()
    };
    let (minutes, tens) = (of("1m"), of("10s"));
    assert_eq!(minutes.len(), 10);
    assert!((minutes.iter().sum::<f64>() - tens.iter().sum::<f64>()).abs() < 1e-6, "{minutes:?}, {tens:?}");
    let trades = run.table(Table::Trades).unwrap();
    let traded: f64 = trades.column("quantity").unwrap().f64().unwrap().iter().flatten().sum();
    assert!((minutes.iter().sum::<f64>() - traded).abs() < 1e-6);
}

#[test]
fn every_choice_of_tables_gives_a_summary_and_a_report() {
    let out = TempDir::new().unwrap();
    let directory = simulate(out.path(), &["record.tables=[]"]);
    let nothing = summary(&directory);
    let account = nothing["accounts"][0]["metrics"].as_object().unwrap();
    let known: Vec<&String> = account
        .iter()
        .filter(|(_, it)| it["value"].as_f64().is_some_and(|it| it != 0.0))
        .map(|it| it.0)
        .collect();
    assert!(known.iter().all(|key| key.as_str() == "autocorrelation_penalty"), "of nothing: {known:?}");
    assert_eq!(metric(&nothing, "accounts", "turnover"), None);
    assert_eq!(report(&directory), (0, String::new()));
    for table in Table::ALL {
        let directory = simulate(out.path(), &[&format!("record.tables=[\"{}\"]", table.name())]);
        let found = summary(&directory);
        let is_known = |of: &str, key: &str| metric(&found, of, key).is_some();
        assert_eq!(is_known("accounts", "turnover"), table == Table::Fills, "{}", table.name());
        assert_eq!(is_known("accounts", "round_trips"), table == Table::Fills, "{}", table.name());
        assert_eq!(is_known("accounts", "fill_ratio"), table == Table::Orders, "{}", table.name());
        assert_eq!(is_known("accounts", "max_drawdown"), table == Table::Pnl, "{}", table.name());
        assert!(!is_known("accounts", "mae_mean"), "{}", table.name());
        assert_eq!(is_known("markets", "volume"), table == Table::Trades, "{}", table.name());
        assert_eq!(is_known("markets", "spread_quoted_time_weighted"), table == Table::Quotes);
        assert_eq!(report(&directory), (0, String::new()), "{}", table.name());
    }
}

#[test]
fn a_table_that_is_gone_or_cut_short_is_an_error_that_names_it() {
    let out = TempDir::new().unwrap();
    let directory = simulate(out.path(), &[]);
    for name in ["orders", "fills", "trades", "quotes", "pnl"] {
        let path = directory.join(format!("{name}.parquet"));
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let (code, stderr) = report(&directory);
        let file = format!("{name}.parquet: the table cannot be read");
        let is_named = |stderr: &str| stderr.contains(&file) && stderr.contains("run the scenario again");
        assert!(code == 1 && is_named(&stderr), "{name} cut: {code} {stderr}");
        fs::remove_file(&path).unwrap();
        let (code, stderr) = report(&directory);
        assert!(code == 1 && is_named(&stderr), "{name} gone: {code} {stderr}");
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(report(&directory), (0, String::new()), "whole again");
    let manifest = directory.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"name\": \"fills\"", "\"name\": \"filled\"", 1)).unwrap();
    let (code, stderr) = report(&directory);
    assert!(code == 1 && stderr.contains("the manifest says nothing of its rows"), "{stderr}");
    fs::write(&manifest, text.replacen("\"layout\": ", "\"layout\": 9", 1)).unwrap();
    let (code, stderr) = report(&directory);
    assert!(code == 1 && stderr.contains("but this bearpit reads layout"), "{stderr}");
    fs::remove_file(&manifest).unwrap();
    let (code, stderr) = report(&directory);
    assert!(code == 1 && stderr.contains("there is no manifest.json"), "{stderr}");
}

/// Runs one strategy alone in a market for a minute, and returns its summary.
fn alone(script: &str, keys: &str) -> Value {
    let out = TempDir::new().unwrap();
    let text = format!(
        "[scenario]\nname = \"alone\"\nseed = 1\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T09:31:00\n{keys}\n\
         [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n\
         [[agents]]\nname = \"one\"\nkind = \"script\"\nfile = \"one.rhai\"\nholdings = {{ ACME = 10 }}\n"
    );
    fs::write(out.path().join("alone.toml"), text).unwrap();
    fs::write(out.path().join("one.rhai"), script).unwrap();
    let mut command = bearpit();
    let (code, _, stderr) = run(command
        .arg("simulate")
        .arg(out.path().join("alone.toml"))
        .args(["--quiet", "--out"])
        .arg(out.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let page = fs::read_to_string(out.path().join("alone/1/report.html")).unwrap();
    assert!(!page.contains("NaN") && !page.contains(">inf"), "no number that is none");
    summary(&out.path().join("alone/1"))
}

/// Quotes both sides, and so never trades.
const STILL: &str = "fn on_start() { set_timer(\"go\", \"1s\"); }\n\
                     fn on_timer(name) { buy_limit(1, 99); sell_limit(1, 101); }\n";

#[test]
fn a_price_that_never_moves_has_returns_of_zero_and_no_ratios_to_them() {
    let found = alone(STILL, "sample = \"10s\"");
    assert_eq!(metric(&found, "accounts", "periods"), Some(6.0));
    assert_eq!(metric(&found, "accounts", "cumulative_return"), Some(0.0));
    for key in ["sharpe_annualised", "sortino_annualised", "beta"] {
        assert_eq!(metric(&found, "accounts", key), None, "{key}");
    }
    assert_eq!(metric(&found, "accounts", "turnover"), Some(0.0), "it never traded");
    assert_eq!(metric(&found, "accounts", "fill_ratio"), Some(0.0), "of two orders nothing");
    assert_eq!(metric(&found, "markets", "spread_quoted_time_weighted"), Some(2.0));
    assert_eq!(metric(&found, "markets", "vwap"), None);
}

#[test]
fn one_sample_is_too_little_for_any_spread_of_returns() {
    let found = alone(STILL, "sample = \"1m\"");
    assert_eq!(metric(&found, "accounts", "periods"), Some(1.0));
    for key in ["sharpe_annualised", "volatility_annualised"] {
        assert_eq!(metric(&found, "accounts", key), None, "{key}");
    }
}

#[test]
fn floats_are_doubles_in_parquet_and_ipc_and_read_back_to_the_same_results() {
    let out = TempDir::new().unwrap();
    let run_with = |name: &str, more: &[&str]| {
        let mut command = bearpit();
        command
            .arg("simulate")
            .arg("scenarios/quickstart.toml")
            .args(["--quiet", "--out"])
            .arg(out.path().join(name));
        command.args(["--set", "scenario.end=2025-03-03T09:40:00"]).args(more);
        assert_eq!(run(&mut command).0, 0, "{name}");
        StoredRun::open(&out.path().join(name).join("quickstart/42")).unwrap()
    };
    let exact = run_with("exact", &[]);
    let expected = exact.table(Table::Pnl).unwrap();
    let expected = expected.column("equity").unwrap().decimal().unwrap().physical().clone();
    for format in ["parquet", "ipc"] {
        let floats = run_with(format, &["--floats", "--format", format]);
        let pnl = floats.table(Table::Pnl).unwrap();
        let found = pnl.column("equity").unwrap().f64().unwrap();
        assert_eq!(found.len(), expected.len());
        for (double, units) in found.iter().zip(expected.iter()) {
            let exact = Money::from_units(units.unwrap()).to_f64();
            assert_eq!(double.unwrap().to_bits(), exact.to_bits(), "{format}");
        }
        let (a, b) = (RunData::read(&exact).unwrap(), RunData::read(&floats).unwrap());
        for (a, b) in a.accounts.iter().zip(&b.accounts) {
            assert_eq!(a.metrics, b.metrics, "{format}");
        }
        let mut command = bearpit();
        command.arg("compare").arg(exact.directory()).arg(floats.directory());
        assert_eq!(run(&mut command).0, 0, "the tapes are the same");
    }
    // Text is exact anyway.
    let text = run_with("csv", &["--floats", "--format", "csv"]);
    assert_eq!(
        text.table(Table::Pnl).unwrap().column("equity").unwrap().decimal().unwrap().len(),
        expected.len()
    );
}
