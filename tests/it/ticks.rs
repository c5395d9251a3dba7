//! Trades and quotes of files from a scenario to its tables, and back.

use std::fs;
use std::path::Path;

use crate::cli::{bearpit, run};

const TRADES: &str = "time,price,quantity\n\
    2024-03-04T09:00:00,100.00,50\n\
    2024-03-04T09:30:00.5,100.02,10\n\
    2024-03-04T09:30:01.5,100.05,10\n\
    2024-03-04T09:30:02.5,100.01,30\n\
    2024-03-04T09:30:03.5,99.95,30\n\
    2024-03-04T09:30:04.5,100.10,30\n";
const QUOTES: &str = "time,bid,bid_size,ask,ask_size\n\
    2024-03-04T09:29:59,99.98,50,100.02,40\n\
    2024-03-04T09:30:01,100.00,10,100.04,10\n\
    2024-03-04T09:30:02,100.00,10,100.04,0\n\
    2024-03-04T09:30:03,99.90,10,99.94,5\n\
    2024-03-04T09:30:04,100.00,10,100.04,10\n";
/// Buys more than the ask has at the first trade, and bids a limit at the third.
const STRATEGY: &str = "fn on_init(params) { this.n = 0; }\n\
    fn on_quote(quote) { log(`${quote}`); }\n\
    fn on_trade(trade) {\n\
        log(`${trade}`);\n\
        this.n += 1;\n\
        if this.n == 2 { buy(15, #{ time_in_force: \"GTC\" }); }\n\
        if this.n == 3 { buy_limit(4, 99.96); }\n\
    }\n\
    fn on_bar(bar) { log(`${bar} ${bar.volume}`); }\n";

/// Writes a scenario over the files of a directory, and runs it; returns where its tables are, and its
/// digest.
fn simulate(directory: &Path, name: &str, data: &str, more: &str) -> (std::path::PathBuf, String) {
    let text = format!(
        "[scenario]\nname = \"{name}\"\nstart = 2024-03-04T09:30:00\nend = 2024-03-04T09:30:10\nbars = \"1s\"\n\
         sample = \"1s\"\n[[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n[[venues]]\nname = \"V\"\n\
         instruments = [\"X\"]\n[[agents]]\nkind = \"ticks\"\ndata = {data}\n{more}"
    );
    let file = directory.join(format!("{name}.toml"));
    fs::write(&file, text).unwrap();
    let out = directory.join("runs");
    let arguments =
        ["simulate", file.to_str().unwrap(), "--no-report", "--force", "--out", out.to_str().unwrap()];
    let format = if more.is_empty() { "parquet" } else { "csv" };
    let (code, _, err) = run(bearpit().args(arguments).args(["--format", format]));
    assert_eq!(code, 0, "{err}");
    let run = out.join(name).join("0");
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.join("manifest.json")).unwrap()).unwrap();
    let digest = manifest["digest"].as_str().unwrap().to_owned();
    (run, digest)
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [("trades.csv", TRADES), ("quotes.csv", QUOTES), ("s.rhai", STRATEGY)] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// The cells of some columns of a table, row by row.
fn cells(run: &Path, table: &str, columns: &[&str]) -> Vec<String> {
    let text = fs::read_to_string(run.join(format!("{table}.csv"))).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places: Vec<usize> =
        columns.iter().map(|name| header.iter().position(|it| it == name).unwrap()).collect();
    lines.map(|line| places.iter().map(|place| line[*place]).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_strategy_sees_and_trades_with_the_rows_and_the_tables_have_them() {
    let directory = directory();
    let script = "[[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\ncash = 100_000\n";
    let both = "[\"trades.csv\", \"quotes.csv\"]";
    let (run, digest) = simulate(directory.path(), "both", both, script);
    let fills = cells(&run, "fills", &["time", "side", "liquidity", "price", "quantity"]);
    let expected = [
        // Ten of the ask, the rest at the next one that there is; a trade at 99.95 fills a bid of
        // 99.96 at its own price.
        "2024-03-04T09:30:01.500000000 buy taker 100.04 10.0",
        "2024-03-04T09:30:03.000000000 buy taker 99.94 5.0",
        "2024-03-04T09:30:03.500000000 buy maker 99.96 4.0",
    ];
    assert_eq!(fills, expected);
    let trades = cells(&run, "trades", &["time", "price", "quantity", "maker", "taker"]);
    let of_file: Vec<&String> = trades.iter().filter(|row| row.ends_with("venue/V venue/V")).collect();
    assert_eq!(of_file.len(), 5, "{trades:?}");
    let quotes = cells(&run, "quotes", &["bid", "bid_size", "ask", "ask_size"]);
    assert_eq!(quotes[0], "99.98 50.0 100.02 40.0");
    assert_eq!((quotes[2].as_str(), quotes.len()), ("100.0 10.0  ", 6));
    let bars = cells(&run, "bars", &["open", "close", "volume"]);
    assert_eq!(bars[0], "100.02 100.02 10.0");
    assert_eq!(bars.len(), 5);
    let log = cells(&run, "log", &["text"]);
    for line in ["X bid 100 ask none", "X 30 at 100.01"] {
        assert!(log.iter().any(|it| it.contains(line)), "{line}: {log:?}");
    }
    assert_eq!(simulate(directory.path(), "both", both, script).1, digest, "twice the same");
    let (run, _) = simulate(directory.path(), "quotes", "\"quotes.csv\"", script);
    let bars = cells(&run, "bars", &["open", "close", "volume"]);
    assert_eq!(bars[0], "100.0 100.0 ", "the mid of a quote, without a volume");
}

/// The tables of a run are files of trades and quotes: replayed from there, as Parquet, they are the same.
#[test]
fn recorded_trades_and_quotes_replay_to_the_same_tables() {
    let [first, second] = [directory(), tempfile::tempdir().unwrap()];
    let (recorded, _) = simulate(first.path(), "t", "[\"trades.csv\", \"quotes.csv\"]", "");
    for table in ["trades.parquet", "quotes.parquet"] {
        fs::copy(recorded.join(table), second.path().join(table)).unwrap();
    }
    let (again, _) = simulate(second.path(), "t", "[\"trades.parquet\", \"quotes.parquet\"]", "");
    for table in ["trades.parquet", "quotes.parquet"] {
        assert!(fs::read(recorded.join(table)).unwrap() == fs::read(again.join(table)).unwrap(), "{table}");
    }
}

#[test]
fn data_says_how_a_file_of_trades_is_replayed() {
    let directory = directory();
    for (name, kind, wanted) in
        [("trades.csv", "6 trades", "one of quotes"), ("quotes.csv", "5 quotes", "one of trades")]
    {
        let path = directory.path().join(name).display().to_string();
        let (code, out, err) = run(bearpit().args(["data", &path]));
        assert_eq!(code, 0, "{err}");
        for wanted in [kind, "kind = \"ticks\"", &format!("data = {path:?}"), wanted] {
            assert!(out.contains(wanted), "{wanted} is not in\n{out}");
        }
    }
}
