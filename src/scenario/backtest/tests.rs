//! The scenario that a backtest makes of files.

use std::fs;
use std::path::Path;

use super::*;
use crate::scenario::Scenario;
use bearpit_agents::BarReplay;

const SCRIPT: &str =
    "const FAST = param(\"fast\", 5, 1..=50, \"\");\nfn on_bar(bar) { if FAST > 1 { buy(1); } }\n";

/// A folder with a script and files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.rhai"), SCRIPT).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn config(&self, files: &[&str]) -> BacktestConfig {
        let data = files.iter().map(|file| match file.split_once('=') {
            Some((symbol, file)) => {
                BacktestData { symbol: symbol.to_owned(), files: vec![self.0.path().join(file)] }
            }
            None => BacktestData::of(&self.0.path().join(file)),
        });
        BacktestConfig::new(self.0.path().join("s.rhai"), BacktestData::merged(data.collect()))
    }

    fn load(&self, text: &str) -> Scenario {
        let path = self.0.path().join("t.toml");
        Scenario::from_text(&path, text, &[]).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
    }
}

/// Returns the lines of a text without comments, those that begin so.
fn lines<'a>(text: &'a str, keys: &[&str]) -> Vec<&'a str> {
    let plain = text.lines().map(|line| line.split("  #").next().unwrap_or(line).trim_end());
    plain.filter(|line| keys.iter().any(|key| line.starts_with(&format!("{key} =")))).collect()
}

const DAILY: &str = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,12,9,11,500\n2024-01-03,11,12.5,10,12,600\n\
                     2024-01-05,12,13,11,12.25,700\n";

#[test]
fn a_file_of_days_is_replayed_day_by_day() {
    let folder = Folder::new(&[("ACME.csv", DAILY)]);
    let backtest = Backtest::plan(&folder.config(&["ACME.csv"])).unwrap();
    let text = backtest.text(folder.0.path());
    let keys =
        ["name", "start", "end", "bars", "sample", "tick_size", "lot_size", "bar_length", "data", "cash"];
    assert_eq!(
        lines(&text, &keys),
        [
            "name = \"s-ACME\"",
            "start = 2024-01-02",
            "end = 2024-01-06",
            "bars = \"1d\"",
            "sample = \"1d\"",
            "tick_size = \"0.01\"",
            "lot_size = \"1\"",
            "name = \"PIT\"",
            "data = \"ACME.csv\"",
            "bar_length = \"1d\"",
            "name = \"s\"",
            "cash = 100000",
        ],
        "{text}"
    );
    let scenario = folder.load(&text);
    assert!(scenario.warnings.is_empty(), "{}", scenario.warnings);
    assert_eq!(scenario.agents[0].config::<BarReplay>().unwrap().config.bars.len(), 3);
    let found = &backtest.markets()[0];
    assert_eq!((found.kind, found.rows, found.last.to_string().as_str()), ("bars", 3, "2024-01-05T00:00:00"));
}

#[test]
fn hours_of_a_session_are_found() {
    let mut text = "time,open,high,low,close\n".to_owned();
    for day in 2..5 {
        for hour in 9..16 {
            text.push_str(&format!("2024-01-0{day}T{hour:02}:30:00,1.1001,1.1005,1.1,1.1002\n"));
        }
    }
    let folder = Folder::new(&[("fx.csv", &text)]);
    let written = Backtest::plan(&folder.config(&["fx.csv"])).unwrap().text(folder.0.path());
    let keys = [
        "start",
        "end",
        "bars",
        "anchor",
        "sample",
        "tick_size",
        "bar_length",
        "session.open",
        "session.close",
    ];
    assert_eq!(
        lines(&written, &keys),
        [
            "start = 2024-01-02T09:30:00",
            "end = 2024-01-04T16:30:00",
            "bars = \"1h\"",
            "anchor = \"30m\"",
            "sample = \"1h\"",
            "tick_size = \"0.0001\"",
            "bar_length = \"1h\"",
            "session.open = \"09:30\"",
            "session.close = \"16:30\"",
        ]
    );
    assert!(folder.load(&written).warnings.is_empty());
}

#[test]
fn rows_of_months_are_bars_of_their_days_and_counted_by_the_year() {
    let text = "date,open,high,low,close\n2023-11-30,1,1,1,1\n2023-12-31,1,1,1,1\n2024-01-31,1,1,1,1\n";
    let folder = Folder::new(&[("m.csv", text)]);
    let written = Backtest::plan(&folder.config(&["m.csv"])).unwrap().text(folder.0.path());
    let expected = ["end = 2024-02-01", "bars = \"1d\"", "periods_per_year = 12", "bar_length = \"1d\""];
    assert_eq!(lines(&written, &["end", "bars", "periods_per_year", "bar_length"]), expected);
    folder.load(&written);
}

#[test]
fn several_files_are_several_instruments() {
    let folder = Folder::new(&[("A.csv", DAILY), ("B.csv", &DAILY.replace("12.25", "12.255"))]);
    let written = Backtest::plan(&folder.config(&["A.csv", "B.csv"])).unwrap().text(folder.0.path());
    let scenario = folder.load(&written);
    let instruments = scenario
        .instruments
        .iter()
        .map(|it| (it.instrument.symbol().to_owned(), it.instrument.tick_size().to_string()));
    let expected = [("A", "0.01"), ("B", "0.001")].map(|(symbol, tick)| (symbol.to_owned(), tick.to_owned()));
    assert_eq!(instruments.collect::<Vec<_>>(), expected);
    assert_eq!(scenario.name, "s-A-and-1");
    let names: Vec<&str> = scenario.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["replay-A", "replay-B", "s"]);
}

const TRADES: &str = "time,price,size\n2024-01-02T10:00:00.5,100.01,5\n2024-01-02T10:07:00.25,100.02,2\n";
const QUOTES: &str =
    "time,bid,bid_size,ask,ask_size\n2024-01-02T10:00:00,100,5,100.05,5\n2024-01-02T10:05:00,100,5,100.1,5\n";

#[test]
fn trades_and_quotes_are_one_instrument_if_they_are_called_so() {
    let folder = Folder::new(&[("trades.csv", TRADES), ("quotes.csv", QUOTES)]);
    let backtest = Backtest::plan(&folder.config(&["ACME=trades.csv", "ACME=quotes.csv"])).unwrap();
    let written = backtest.text(folder.0.path());
    let expected = [
        "start = 2024-01-02T10:00:00",
        "end = 2024-01-02T10:08:00",
        "bars = \"1m\"",
        "symbol = \"ACME\"",
        "kind = \"ticks\"",
        "data = [\"trades.csv\", \"quotes.csv\"]",
        "kind = \"script\"",
    ];
    assert_eq!(lines(&written, &["start", "end", "bars", "symbol", "kind", "data"]), expected);
    folder.load(&written);
    assert_eq!((backtest.markets()[0].kind, backtest.markets()[0].rows), ("trades and quotes", 4));
    let alone = Backtest::plan(&folder.config(&["trades.csv"])).unwrap().text(folder.0.path());
    folder.load(&alone);
}

#[test]
fn what_is_asked_for_is_in_the_text() {
    let folder = Folder::new(&[("A.csv", DAILY)]);
    let config = BacktestConfig {
        name: Some("mine".to_owned()),
        cash: "2500.50".parse().unwrap(),
        fee_bps: "1.5".parse().unwrap(),
        participation: Some("0.25".parse().unwrap()),
        from: Some("2024-01-03".parse().unwrap()),
        to: Some("2024-01-05".parse().unwrap()),
        zone: Some(("Europe/Berlin".to_owned(), Zone::named("Europe/Berlin").unwrap())),
        bars: Some("1w".parse().unwrap()),
        tick_size: Some("0.05".parse().unwrap()),
        lot_size: Some("10".parse().unwrap()),
        ..folder.config(&["A.csv"])
    };
    let changes: Vec<Override> =
        ["s.fast=7", "scenario.seed=9"].iter().map(|it| it.parse().unwrap()).collect();
    let backtest = Backtest::plan(&config).unwrap().with(&changes);
    let written = backtest.text(folder.0.path());
    for line in [
        "name = \"mine\"",
        "seed = 9",
        "start = 2024-01-03",
        "end = 2024-01-04",
        "bars = \"1w\"",
        "zone = \"Europe/Berlin\"",
        "tick_size = \"0.05\"",
        "lot_size = \"10\"",
        "fees.bps = 1.5",
        "participation = 0.25",
        "cash = 2500.5",
        "params.fast = 7",
    ] {
        let found = written.lines().any(|it| it == line || it.starts_with(&format!("{line} ")));
        assert!(found, "{line}\n{written}");
    }
    folder.load(&written);
    assert_eq!(backtest.markets()[0].rows, 1);
}

#[test]
fn data_that_does_not_fit_is_told_apart() {
    let folder = Folder::new(&[("A.csv", DAILY), ("bad.csv", "a,b\n1,2\n"), ("trades.csv", TRADES)]);
    let error = |config: BacktestConfig| Backtest::plan(&config).unwrap_err().to_string();
    let later = BacktestConfig { from: Some("2025-01-01".parse().unwrap()), ..folder.config(&["A.csv"]) };
    assert!(error(later).ends_with(
        "A.csv` has no row from 2025-01-01T00:00:00 on: its rows are from 2024-01-02T00:00:00 to 2024-01-05T00:00:00"
    ));
    let between = BacktestConfig {
        from: Some("2024-01-04".parse().unwrap()),
        to: Some("2024-01-05".parse().unwrap()),
        ..folder.config(&["A.csv"])
    };
    assert!(error(between).contains("has no row from 2024-01-04T00:00:00 to 2024-01-05T00:00:00"));
    let backwards = BacktestConfig {
        from: Some("2024-01-04".parse().unwrap()),
        to: Some("2024-01-04".parse().unwrap()),
        ..folder.config(&["A.csv"])
    };
    assert!(error(backwards).contains("must end after its start"));
    assert!(
        error(folder.config(&["X=A.csv", "X=trades.csv"]))
            .contains("give each a symbol of its own, such as X2=")
    );
    assert!(error(folder.config(&["X=trades.csv", "X=trades.csv"])).contains("would both be `X`"));
    assert!(error(folder.config(&[])).contains("no files of data"));
    let BacktestError::Data(all) =
        Backtest::plan(&folder.config(&["bad.csv", "none.csv", "A.csv"])).unwrap_err()
    else {
        panic!("these are no files of data");
    };
    assert_eq!(all.len(), 2);
    assert!(all[1].to_string().contains("none.csv` cannot be read"), "{}", all[1]);
}

#[test]
fn symbols_are_names_of_files_unless_they_are_given() {
    let symbol = |text: &str| BacktestData::of(Path::new(text)).symbol;
    assert_eq!(
        ["data/AAPL.csv", "^GSPC.csv", "BRK B.csv", "X=data/a.csv", "a=b/c=d.csv", "BTC-USD.parquet", ".csv"]
            .map(symbol),
        ["AAPL", "GSPC", "BRK_B", "X", "a", "BTC-USD", "csv"]
    );
    let agent = |text: &str| BacktestConfig::new(text, Vec::new()).agent();
    assert_eq!(
        [
            "strategies/sma_cross.rhai",
            "my.best.rhai",
            "replay.rhai",
            "noise_filter.rhai",
            "agents.rhai",
            "é.rhai"
        ]
        .map(agent),
        ["sma_cross", "my_best", "strategy-replay", "noise_filter", "strategy-agents", "_"]
    );
}

#[test]
fn paths_are_relative_to_the_directory_of_the_scenario() {
    let mut config = BacktestConfig::new("strategies/s.rhai", Vec::new());
    let folder = Folder::new(&[("A.csv", DAILY)]);
    config.data = folder.config(&["A.csv"]).data;
    let backtest = Backtest::plan(&config).unwrap();
    for (directory, expected) in [
        ("", "file = \"strategies/s.rhai\""),
        ("scenarios", "file = \"../strategies/s.rhai\""),
        ("a/b", "file = \"../../strategies/s.rhai\""),
        ("strategies", "file = \"s.rhai\""),
        ("./strategies", "file = \"../strategies/s.rhai\""),
    ] {
        let text = backtest.text(Path::new(directory));
        assert!(text.contains(expected), "{directory}: {text}");
    }
    let absolute = backtest.text(Path::new("/somewhere"));
    let here = std::path::absolute("strategies/s.rhai").unwrap();
    assert!(
        absolute.contains(&format!("file = {}", document::text(&here.display().to_string()))),
        "{absolute}"
    );
}

#[test]
fn accounts_are_marked_as_often_as_a_curve_needs() {
    let marks = |interval: i64, days: i64| {
        sample(SimDuration::from_secs(interval), SimDuration::from_secs(days * 86_400)).to_string()
    };
    assert_eq!(marks(86_400, 36_500), "1d");
    assert_eq!(marks(60, 30), "1m");
    assert_eq!(marks(60, 365), "15m");
    assert_eq!(marks(3_600, 3_650), "1d");
    assert_eq!(marks(1, 1), "1m");
}
