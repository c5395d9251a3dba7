//! A scripted backtest on replayed bars against a plain bar-by-bar computation, written here from the
//! file's rows alone.

#![expect(clippy::cast_possible_truncation, reason = "prices and quantities of the file are small")]

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use bearpit::market::{Fact, Liquidity, Phase, SinkError, Stamped, TapeSink};
use bearpit::scenario::Scenario;
use bearpit::units::ActorId;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// A trade of the strategy, and what it is worth after it: money in millionths of cents.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deal {
    day: String,
    shares: i128,
    cents: i128,
    cash_after: i128,
}

/// Money is counted in these: ten decimal places.
const UNIT: i128 = 10_i128.pow(10);

struct Row {
    day: String,
    open_cents: i128,
    close_cents: i128,
}

/// Reads date, open and close of each row, prices rounded to cents.
fn rows(from: &str, until: &str) -> Vec<Row> {
    let text = std::fs::read_to_string("scenarios/data/sp500_daily.csv").unwrap();
    let mut lines = text.lines();
    let header: Vec<String> = lines.next().unwrap().split(',').map(str::to_lowercase).collect();
    let column = |name: &str| header.iter().position(|it| it == name).unwrap();
    let (date, open, close) = (column("date"), column("open"), column("close"));
    let cents = |text: &str| (text.parse::<f64>().unwrap() * 100.0).round() as i128;
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        Row { day: cells[date].to_owned(), open_cents: cents(cells[open]), close_cents: cents(cells[close]) }
    });
    rows.filter(|row| from <= row.day.as_str() && row.day.as_str() < until).collect()
}

/// A strategy that holds a share of its equity while the fast average is above the slow one: decided at the
/// close, filled at the next open, one basis point of commission.
fn plain_backtest(rows: &[Row], fast: usize, slow: usize, share: f64) -> (Vec<Deal>, i128) {
    let (mut cash, mut held) = (1_000_000 * UNIT, 0_i128);
    let (mut invested, mut wanted) = (false, 0_i128);
    let mut deals = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if wanted != 0 {
            let notional = wanted * row.open_cents * (UNIT / 100);
            cash -= notional + notional.abs() / 10_000;
            held += wanted;
            deals.push(Deal {
                day: row.day.clone(),
                shares: wanted,
                cents: row.open_cents,
                cash_after: cash,
            });
            wanted = 0;
        }
        let mean = |n: usize| {
            let last = &rows[index + 1 - n..=index];
            last.iter().fold(0.0, |sum, row| sum + row.close_cents as f64 / 100.0) / n as f64
        };
        if index + 1 < slow || (mean(fast) > mean(slow)) == invested {
            continue;
        }
        invested = !invested;
        let equity = (cash + held * row.close_cents * (UNIT / 100)) as f64 / UNIT as f64;
        let close = row.close_cents as f64 / 100.0;
        wanted = if invested { (equity * share / close).floor() as i128 } else { -held };
    }
    let last = rows.last().unwrap().close_cents;
    (deals, cash + held * last * (UNIT / 100))
}

/// Follows the trades of one account.
struct Watcher {
    owner: ActorId,
    cash: i128,
    deals: Rc<RefCell<Vec<Deal>>>,
}

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Fact::Traded(trade) = stamped.fact else { return Ok(()) };
        let aggressor = i128::from(trade.aggressor.sign());
        let sides = [(trade.maker, -aggressor, trade.maker_fee), (trade.taker, aggressor, trade.taker_fee)];
        for (_, sign, fee) in sides.into_iter().filter(|(owner, ..)| *owner == self.owner) {
            assert_eq!((trade.phase, trade.roles()[0]), (Phase::OpeningAuction, Liquidity::Auction));
            let (cents, lots) = (i128::from(trade.price.ticks()), i128::from(trade.quantity.lots()));
            self.cash -= sign * lots * cents * (UNIT / 100) + fee.units();
            let day = stamped.at.to_string()[..10].to_owned();
            let mut deals = self.deals.borrow_mut();
            match deals.last_mut() {
                // An order may find several partners in its auction.
                Some(last) if last.day == day => {
                    last.shares += sign * lots;
                    last.cash_after = self.cash;
                }
                _ => deals.push(Deal { day, shares: sign * lots, cents, cash_after: self.cash }),
            }
        }
        Ok(())
    }
}

/// Runs the shipped scenario with other averages; returns its deals, final equity, and the plain ones.
fn check(fast: usize, slow: usize, deals_min: usize) {
    let set = |key: &str, value: usize| format!("agents.sma.params.{key}={value}").parse().unwrap();
    let changes = [set("fast", fast), set("slow", slow)];
    let scenario = Scenario::load(Path::new("scenarios/sp500_backtest.toml"), &changes).unwrap();
    // The account's number is known once the market is open; the tape's readers come before.
    let owner = scenario.lay_out().unwrap().open().unwrap().participant("sma").unwrap().id;
    let mut builder = scenario.lay_out().unwrap();
    let deals = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(Watcher { owner, cash: 1_000_000 * UNIT, deals: Rc::clone(&deals) }));
    let mut market = builder.open().unwrap();
    market.run().unwrap();

    let rows = rows("1999-01-04", "2019-01-01");
    let (expected, final_equity) = plain_backtest(&rows, fast, slow, 0.95);
    assert!(
        rows.len() > 5_000 && expected.len() >= deals_min,
        "{} rows, {} deals",
        rows.len(),
        expected.len()
    );
    assert_eq!(*deals.borrow(), expected);
    let participant = market.participant("sma").unwrap();
    let (_, equity) = market.equity_span(participant);
    assert_eq!(equity.units(), final_equity);
}

#[test]
fn a_scripted_sma_cross_gives_what_a_plain_computation_gives_to_the_cent() {
    check(50, 200, 20);
}

#[test]
fn a_fast_sma_cross_gives_it_over_hundreds_of_trades() {
    check(3, 10, 500);
}

#[test]
fn the_volatility_of_replayed_days_is_that_of_their_closes() {
    let out = TempDir::new().unwrap();
    let mut command = bearpit();
    command.args(["simulate", "scenarios/sp500_backtest.toml", "--quiet", "--no-report", "--out"]);
    let (code, _, stderr) = run(command.arg(out.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let summary = std::fs::read(out.path().join("sp500-backtest/1/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let found = &summary["markets"][0]["metrics"]["volatility_realized_annualised"]["value"];

    let rows = rows("1999-01-04", "2019-01-01");
    let log_return = |pair: &[Row]| libm::log(pair[1].close_cents as f64 / pair[0].close_cents as f64);
    let squares: Vec<f64> = rows.windows(2).map(log_return).map(|it| it * it).collect();
    let expected = (squares.iter().sum::<f64>() / squares.len() as f64 * 252.0).sqrt();
    assert!((found.as_f64().unwrap() / expected - 1.0).abs() < 0.001, "{found}, not {expected}");
}

#[test]
fn costs_beyond_the_range_of_a_bar_are_not_charged_and_summed_up() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let bars = "date,open,high,low,close,volume\n2024-01-01,100,100,100,100,1000\n\
                2024-01-02,100,100,99.98,100,1000\n2024-01-03,100,100,100,100,1000\n";
    std::fs::write(here.join("bars.csv"), bars).unwrap();
    let script = "fn on_init(params) { this.n = 0; }\n\
                  fn on_bar(bar) { this.n += 1; if this.n == 1 { buy_bracket(10, (), 99.99, 120); } }\n";
    std::fs::write(here.join("s.rhai"), script).unwrap();
    let scenario = "[scenario]\nname = \"case\"\nstart = 2024-01-01\nend = 2024-02-01\nbars = \"1d\"\nsample = \"1d\"\n\
                    [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n\
                    [[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n\
                    [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_length = \"6h\"\nhalf_spread = \"0.10\"\n\
                    [[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\n";
    std::fs::write(here.join("case.toml"), scenario).unwrap();
    let mut command = bearpit();
    command.current_dir(here).args(["simulate", "case.toml", "--quiet", "--no-report", "--format", "csv"]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let fills = std::fs::read_to_string(here.join("runs/case/0/fills.csv")).unwrap();
    let mut lines = fills.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let cell = |line: &str, name: &str| {
        let column = header.iter().position(|it| *it == name).unwrap();
        line.split(',').nth(column).unwrap().to_owned()
    };
    let found: Vec<[String; 3]> =
        lines.map(|line| ["side", "price", "clamped"].map(|name| cell(line, name))).collect();
    // The stop at 99.99 would have paid ten cents: 99.89 lies nine cents below the day's low.
    assert_eq!(found, [["buy", "100.0", "0.0"], ["sell", "99.98", "0.09"]]);
    let summary = std::fs::read(here.join("runs/case/0/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let clamped = summary["accounts"][0]["metrics"]["clamped"]["value"].as_f64().unwrap();
    assert!((clamped - 0.9).abs() < 1e-9, "{clamped}");
}
