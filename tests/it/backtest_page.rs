//! The page of a backtest: what was tested stands first, and what flatters the results is marked.

use std::fs;
use std::path::Path;

use bearpit::analysis::{RunData, Summary};
use bearpit::record::{StoredRun, Table};
use bearpit::report::render;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

const HEAD: &str = "date,open,high,low,close,volume\n";
const CALM: &str = "2024-01-01,10,10.5,9.5,10,10000\n2024-01-02,10,11,9.5,10.5,10000\n\
                    2024-01-03,10.5,12,10,11,10000\n2024-01-04,11,12,10,11,10000\n";

/// Runs a strategy on daily bars; `replay` and `instrument` are further keys.
fn backtest(rows: &str, script: &str, replay: &str, instrument: &str) -> (TempDir, StoredRun) {
    let here = TempDir::new().unwrap();
    let scenario = format!(
        "[scenario]\nname = \"b\"\nseed = 1\nstart = 2024-01-01\nend = 2024-01-08\nbars = \"1d\"\nsample = \"1d\"\n\
         [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n{instrument}\n\
         [[venues]]\nname = \"V\"\ninstruments = [\"X\"]\nfees = {{ maker_bps = 0, taker_bps = 2, auction_bps = 1 }}\n\
         [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_open = \"9h30m\"\nbar_length = \"6h30m\"\n{replay}\n\
         [[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\ncash = 1_000\nmax_short = {{ X = 1000 }}\n"
    );
    fs::write(here.path().join("bars.csv"), format!("{HEAD}{rows}")).unwrap();
    fs::write(here.path().join("s.rhai"), script).unwrap();
    let file = here.path().join("b.toml");
    fs::write(&file, scenario).unwrap();
    let mut command = bearpit();
    command.arg("simulate").arg(&file).args(["--quiet", "--no-report", "--out"]).arg(here.path());
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    let stored = StoredRun::open(&here.path().join("b/1")).unwrap();
    (here, stored)
}

fn page(stored: &StoredRun) -> String {
    render(&RunData::read(stored).unwrap()).unwrap().page
}

const BUYER: &str = "fn on_init(params) { this.n = 0; }\n\
                     fn on_bar(bar) { this.n += 1; if this.n == 1 { buy(10); } if this.n == 2 { buy(100000); } }\n";

#[test]
fn what_was_tested_stands_before_the_figures() {
    let (_keep, stored) = backtest(CALM, BUYER, "half_spread = \"0.05\"\nslippage_ticks = 2", "");
    let page = page(&stored);
    let sheet = page.split("How it was tested").nth(1).unwrap().split("</section>").next().unwrap();
    for words in [
        "X from <code>bars.csv</code>: 4 bars of 6 h 30 min, 2024-01-01 09:30:00 to 2024-01-04 16:00:00",
        "those sent at a close fill at the next open",
        "open, the extreme nearer to the open, the other one, close; limit orders fill when it reaches their price",
        "known: one participant can have up to 100 % of each bar's volume",
        "V: maker 0 bps, taker 2 bps, auction 1 bps",
        "half-spread 0.05",
        "slippage 2 ticks",
        "s paid 0.01 in fees",
        "positions are kept, and marked at the last close",
        "s still holds 10 X, marked at 11.00",
    ] {
        assert!(sheet.contains(words), "{words}: {sheet}");
    }
    assert!(page.find("How it was tested").unwrap() < page.find("<svg").unwrap());
    let results = page.split("How it was tested").next().unwrap();
    assert!(results.contains("s: 1 refused (too little free cash): size orders with buy_value"), "{results}");
    assert!(!page.contains("Filled at this close") && !sheet.contains("ruin"));
    // The replayed market is no participant: what is rejected is the strategy's.
    let rejects = stored.table(Table::Rejects).unwrap();
    let owners: Vec<Option<&str>> = rejects.column("owner").unwrap().str().unwrap().iter().collect();
    assert_eq!(owners, [Some("s")]);
    // A day of a trade is that of its bar.
    assert!(page.contains("2024-01-02") && !page.contains("2024-01-02 09:30:01"));
}

#[test]
fn fills_at_this_close_are_marked_where_fills_are_shown() {
    let trader = "fn on_init(params) { this.n = 0; }\n\
                  fn on_bar(bar) { this.n += 1; if this.n == 1 { buy(10); } if this.n == 2 { sell(10); } }\n";
    let (_keep, stored) = backtest(CALM, trader, "fill = \"this_close\"\nat_end = \"close\"", "");
    let page = page(&stored);
    // In the sheet, in the caption of the fills, and above the round trips.
    assert_eq!(page.matches("<strong>Filled at this close</strong>").count(), 3);
    assert!(page.contains("<figcaption><strong>Filled at this close</strong>"));
    assert!(page.contains("those sent at a close fill at that close"));
    assert!(page.contains("closed at the close of a file's last bar, without costs<br>s holds nothing"));
}

#[test]
fn a_file_without_volumes_is_said_to_bound_nothing() {
    let rows = CALM.replace(",10000\n", ",0\n");
    let (_keep, stored) = backtest(&rows, BUYER, "", "");
    assert!(page(&stored).contains("<strong>not known</strong>: orders of any size filled in full"));
}

#[test]
fn a_ruined_account_has_its_row_and_its_words() {
    let rows = "2024-01-01,10,10.5,9.5,10,10000\n2024-01-02,10,10.5,9.5,10,10000\n\
                2024-01-03,20,30,20,30,10000\n2024-01-04,30,60,30,60,10000\n2024-01-05,60,60,60,60,10000\n";
    let short =
        "fn on_init(params) { this.n = 0; }\nfn on_bar(bar) { this.n += 1; if this.n == 1 { sell(90); } }\n";
    let (_keep, stored) = backtest(rows, short, "", "");
    let ruins = stored.table(Table::Ruins).unwrap();
    assert_eq!(ruins.height(), 1);
    assert_eq!(ruins.column("owner").unwrap().str().unwrap().get(0), Some("s"));
    let equity = ruins.column("equity").unwrap().decimal().unwrap().physical().get(0).unwrap();
    assert!(equity <= 0, "{equity}");
    let page = page(&stored);
    assert!(page.contains("<strong>s</strong> was ruined: its equity was"));
    assert!(page.contains("s had an equity of −") && page.contains("and took no new risk from then on"));
    let data = RunData::read(&stored).unwrap();
    let summary = Summary::read(&stored).unwrap();
    let at = ruins.column("time").unwrap().datetime().unwrap().physical().get(0).unwrap();
    assert!(data.accounts[0].ruin.unwrap().at <= at);
    assert!(summary.accounts[0].ruined.is_some());
}

#[test]
fn prices_below_zero_leave_no_metric_of_returns_and_say_why() {
    let rows = "2024-01-01,20,21,19,20,10000\n2024-01-02,18,18,5,6,10000\n\
                2024-01-03,5,6,-40,-37,10000\n2024-01-04,-30,12,-31,10,10000\n";
    let (keep, stored) = backtest(rows, "fn on_bar(bar) { }\n", "", "min_price = \"-100\"");
    let text = fs::read_to_string(Path::new(keep.path()).join("b/1/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let metrics = &summary["markets"][0]["metrics"];
    for key in ["volatility_realized_annualised", "amihud_illiquidity"] {
        assert!(metrics[key]["value"].is_null(), "{key}: {}", metrics[key]);
        assert_eq!(metrics[key]["absent"], "prices were at or below zero, which have no returns", "{key}");
    }
    for key in ["beta", "alpha_annualised"] {
        assert!(summary["accounts"][0]["metrics"][key]["value"].is_null(), "{key}");
    }
    let page = page(&stored);
    assert!(
        page.contains(
            "Absent, since prices were at or below zero, which have no returns: Realized volatility"
        )
    );
    assert!(page.contains("prices were at or below zero, which have no log returns"));
    assert!(!page.contains("buy and hold"));
}

#[test]
fn a_benchmark_is_a_column_beside_buy_and_hold_and_has_to_be_an_instrument() {
    let here = TempDir::new().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sp500_backtest.toml");
    let run_with = |symbol: &str| {
        let mut command = bearpit();
        command.arg("simulate").arg(&shipped).args(["--quiet", "--force", "--out"]).arg(here.path());
        command.args(["--set", "scenario.end=2002-01-01", "--set", &format!("scenario.benchmark={symbol}")]);
        run(&mut command)
    };
    let (code, _, stderr) = run_with("SPY");
    assert!(code == 2 || code == 1, "{code}");
    assert!(stderr.contains("`benchmark` is `SPY`, which is none of the instruments"), "{stderr}");
    assert_eq!(run_with("SPX").0, 0);
    let page = fs::read_to_string(here.path().join("sp500-backtest/1/report.html")).unwrap();
    assert!(page.contains("<th>sma</th><th>buy and hold</th><th>benchmark SPX</th>"));
    // Three years: a logarithmic axis, and the totals of years beside months.
    assert!(page.contains("of 100 at the start, log scale"));
    assert!(page.contains(">\nyear\n</text>"), "the column of years");
}
