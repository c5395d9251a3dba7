//! The analysis of a running market equals that of its files: the same series and metrics, to the last bit.

use std::fs;
use std::path::Path;

use bearpit::analysis::metrics::Measures;
use bearpit::analysis::{RunAnalysis, RunData};
use bearpit::exchange::Market;
use bearpit::record::{
    Format, Names, Output, RecordConfig, Recorded, Recorder, Recording, RunLabel, StoredRun, Table, TableSet,
};
use bearpit::run::{OutputConfig, Run, describe};
use bearpit::scenario::Scenario;
use bearpit::units::{Money, SimTime};
use tempfile::TempDir;

fn load(name: &str, end: &str) -> Scenario {
    let file = Path::new("scenarios").join(format!("{name}.toml"));
    Scenario::load(&file, &[format!("scenario.end={end}").parse().unwrap()]).unwrap()
}

/// Runs a scenario with files, and returns the analysis of the running market, and that of the files.
fn both_ways(scenario: &Scenario, format: Format) -> [RunData; 2] {
    let out = TempDir::new().unwrap();
    let output = OutputConfig { format: Some(format), ..OutputConfig::new(out.path()) };
    let finished = Run::of(scenario).output(output).run().unwrap();
    let stored = StoredRun::open(&finished.directory.unwrap()).unwrap();
    [finished.data, RunData::read(&stored).unwrap()]
}

/// Debug text has every digit of every number, and gaps, which are not equal to themselves.
fn assert_same(name: &str, [running, stored]: [RunData; 2]) {
    assert!(!running.accounts.is_empty(), "{name}: something was analyzed");
    let (running, stored) = (format!("{running:#?}"), format!("{stored:#?}"));
    let differs = running.lines().zip(stored.lines()).position(|(a, b)| a != b);
    let around = |text: &str, line: usize| {
        text.lines().skip(line.saturating_sub(12)).take(14).collect::<Vec<_>>().join("\n")
    };
    if let Some(line) = differs {
        let (a, b) = (around(&running, line), around(&stored, line));
        assert!(running == stored, "{name}, line {line}, running:\n{a}\nstored:\n{b}");
    }
    assert_eq!(running.len(), stored.len(), "{name}");
}

#[test]
fn a_running_market_and_its_files_have_the_same_analysis() {
    for (name, end) in [
        ("quickstart", "2025-03-03T10:15:00"),
        ("avellaneda_stoikov", "2025-03-03T09:50:00"),
        ("two_venues", "2025-03-03T09:50:00"),
        ("pairs", "2025-03-03T10:00:00"),
        ("rebalancer", "2025-03-03T10:00:00"),
        ("order_flow_imbalance", "2025-03-03T09:50:00"),
        ("twap", "2025-03-03T10:00:00"),
        // Auctions, nights and halts.
        ("sessions", "2025-03-04T09:30:00"),
        // Months of daily bars: far more closed periods than open ones.
        ("sp500_backtest", "1999-06-01"),
    ] {
        let mut scenario = load(name, end);
        scenario.record.tables = TableSet::all();
        let both = both_ways(&scenario, Format::Parquet);
        assert!(both.iter().all(|data| data.listings.iter().any(|it| it.trades > 0)), "{name}: it traded");
        assert_same(name, both);
    }
}

/// Loads quickstart with makers and a strategy that begin with shares.
fn with_shares(end: &str) -> Scenario {
    let directory = Path::new("scenarios");
    let text = fs::read_to_string(directory.join("quickstart.toml")).unwrap();
    let mut changed = text.replace("cash = 40_000_000\n", "cash = 40_000_000\nholdings = { ACME = 1200 }\n");
    changed = changed.replace("cash = 100_000\n", "cash = 100_000\nholdings = { ACME = 40 }\n");
    assert_eq!(changed.matches("holdings").count(), text.matches("holdings").count() + 2);
    // The strategy's file is found from the scenario's directory.
    let strategies = fs::canonicalize("strategies").unwrap();
    changed = changed.replace("../strategies", strategies.to_str().unwrap());
    let keep = TempDir::new().unwrap();
    let file = keep.path().join("quickstart.toml");
    fs::write(&file, changed).unwrap();
    Scenario::load(&file, &[format!("scenario.end={end}").parse().unwrap()]).unwrap()
}

#[test]
fn accounts_that_begin_with_shares_have_the_same_analysis_both_ways() {
    let mut scenario = with_shares("2025-03-03T10:15:00");
    scenario.record.tables = TableSet::all();
    let both = both_ways(&scenario, Format::Parquet);
    for data in &both {
        let holders = data.accounts.iter().filter(|it| !it.summary.initial_holdings.is_empty());
        let holders: Vec<_> = holders.collect();
        assert_eq!(holders.len(), 3, "two makers and the strategy");
        for account in holders {
            let summary = &account.summary;
            assert!(summary.initial_holdings[0].cost > Money::ZERO, "counts what it was first marked at");
            assert!(account.fills_total > 0, "{} trades", summary.owner);
        }
    }
    assert_same("with shares", both);
}

#[test]
fn what_was_not_recorded_is_unknown_in_both_ways() {
    for left_out in [
        vec![Table::Quotes],
        vec![Table::Trades],
        vec![Table::Quotes, Table::Trades],
        vec![Table::Fills],
        vec![Table::Orders],
        vec![Table::Pnl],
    ] {
        let mut scenario = load("rebalancer", "2025-03-03T09:45:00");
        scenario.record.tables = Table::ALL.into_iter().filter(|table| !left_out.contains(table)).collect();
        assert_same(&format!("without {left_out:?}"), both_ways(&scenario, Format::Csv));
    }
}

/// Opens the market of a scenario, and records it without files.
fn open(scenario: &Scenario, output: Output<'_>, config: &RecordConfig) -> (Market, Recording<RunAnalysis>) {
    let mut market = scenario.lay_out().unwrap().open().unwrap();
    let names = Names::of(market.world());
    let Scenario { ref name, seed, start, end, .. } = *scenario;
    let label = RunLabel { scenario: name.clone(), seed, start, end };
    let analysis = RunAnalysis::new(&names, &label, config);
    let (recorder, recording) = Recorder::start(output, config, label, names, analysis).unwrap();
    market.add_sink(Box::new(recorder));
    market.start();
    (market, recording)
}

/// Metrics of orders and trades that a market only has once it has closed: open orders have no row before.
const OF_ENDED_ORDERS: [&str; 3] = ["fill_ratio", "order_to_trade_ratio", "slippage_arrival_bps"];

fn assert_close(name: &str, found: &Measures, expected: &Measures) {
    for (found, expected) in found.iter().zip(expected.iter()) {
        assert_eq!(found.definition, expected.definition);
        let key = found.definition.key;
        if OF_ENDED_ORDERS.contains(&key) {
            continue;
        }
        match (found.value, expected.value) {
            (Some(a), Some(b)) => {
                assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()), "{name} {key}: {a}, not {b}");
            }
            (a, b) => assert_eq!(a, b, "{name} {key}"),
        }
    }
}

#[test]
fn a_snapshot_has_the_metrics_of_a_run_that_ends_there() {
    let middle: SimTime = "2025-03-03T10:00:00".parse().unwrap();
    let whole = load("quickstart", "2025-03-03T11:00:00");
    let (mut market, recording) = open(&whole, Output::Nothing, &whole.record);
    while market.world().now() < middle {
        market.step(middle, u64::MAX).unwrap();
    }
    market.flush_sinks().unwrap();
    let mut manifest = describe(&whole, &market, &whole.record, Vec::new());
    manifest.end = middle;
    let snapshot = recording.look(|analysis| analysis.snapshot(manifest)).unwrap();
    let ended = Run::of(&load("quickstart", "2025-03-03T10:00:00")).run().unwrap().data;
    assert_eq!(snapshot.extent, ended.extent);
    assert_eq!(snapshot.accounts.len(), ended.accounts.len());
    for (found, expected) in snapshot.accounts.iter().zip(&ended.accounts) {
        assert_eq!(found.summary.profit, expected.summary.profit);
        assert_eq!(found.trips_total, expected.trips_total);
        assert_close(&found.summary.owner, &found.metrics, &expected.metrics);
    }
    for (found, expected) in snapshot.listings.iter().zip(&ended.listings) {
        assert_close(&found.title(), &found.metrics, &expected.metrics);
    }
    // Reading does not change the run.
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    drop(market.take_sinks());
    let Recorded { sink, tables, open_orders, .. } = recording.finish().unwrap();
    assert_eq!((tables.len(), open_orders), (0, 0));
    let data = sink.finish(describe(&whole, &market, &whole.record, tables)).unwrap();
    let undisturbed = Run::of(&whole).run().unwrap().data;
    assert_eq!(format!("{data:?}"), format!("{undisturbed:?}"));
}

#[test]
fn tables_in_memory_are_those_of_the_files() {
    let mut scenario = load("twap", "2025-03-03T09:40:00");
    scenario.record.tables = TableSet::all();
    let (mut market, recording) = open(&scenario, Output::Frames, &scenario.record);
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    drop(market.take_sinks());
    let recorded = recording.finish().unwrap();
    let out = TempDir::new().unwrap();
    let finished = Run::of(&scenario).output(OutputConfig::new(out.path())).run().unwrap();
    let stored = StoredRun::open(&finished.directory.unwrap()).unwrap();
    assert_eq!(recorded.tables, stored.manifest().tables);
    assert_eq!(recorded.frames.len(), Table::ALL.len());
    for (table, frame) in &recorded.frames {
        assert!(frame.equals_missing(&stored.table(*table).unwrap()), "{}", table.name());
    }
}
