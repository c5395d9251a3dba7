//! Margin accounts from a scenario file to tables, summary and page: the worked example of docs/accounts.md.

use std::fs;
use std::path::Path;

use bearpit::analysis::{RunData, Summary};
use bearpit::record::{StoredRun, Table};
use bearpit::report::render;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

const PAGE: &str = include_str!("../../docs/accounts.md");

/// Returns the first block of a kind below the heading of the example.
fn block(kind: &str) -> &'static str {
    let example = PAGE.split("## An example, worked out").nth(1).unwrap();
    let opening = format!("```{kind}\n");
    example.split(opening.as_str()).nth(1).unwrap().split("```").next().unwrap()
}

/// Runs the example, with some of its scenario's words replaced.
fn example(changes: &[(&str, &str)]) -> (TempDir, i32, String) {
    let here = TempDir::new().unwrap();
    let mut scenario = block("toml").to_owned();
    for (from, to) in changes {
        assert!(scenario.contains(from), "{from}");
        scenario = scenario.replace(from, to);
    }
    let files = [("bars.csv", block("csv")), ("buyer.rhai", block("rust")), ("margin.toml", &scenario)];
    for (name, content) in files {
        fs::write(here.path().join(name), content).unwrap();
    }
    let mut command = bearpit();
    command
        .arg("simulate")
        .arg(here.path().join("margin.toml"))
        .args(["--no-report", "--out"])
        .arg(here.path());
    let (code, stdout, stderr) = run(&mut command);
    (here, code, format!("{stdout}{stderr}"))
}

fn stored(here: &TempDir) -> StoredRun {
    StoredRun::open(&Path::new(here.path()).join("margin/1")).unwrap()
}

/// Returns the cells of a column of texts.
fn words(run: &StoredRun, table: Table, column: &str) -> Vec<String> {
    let frame = run.table(table).unwrap();
    let cells = frame.column(column).unwrap().str().unwrap();
    cells.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect()
}

/// Returns the cells of a column of money, in hundredths.
fn cents(run: &StoredRun, table: Table, column: &str) -> Vec<i128> {
    let frame = run.table(table).unwrap();
    let cells = frame.column(column).unwrap().decimal().unwrap();
    cells.physical().iter().map(|cell| cell.unwrap() / 100_000_000).collect()
}

#[test]
fn the_worked_example_comes_out_as_the_page_says() {
    let (here, code, told) = example(&[]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("buyer: margin call at 2024-01-04T13:37"), "{told}");
    let run = stored(&here);
    let lines = words(&run, Table::Log, "text");
    let expected = [
        "20000.0 of buying power, 0.0 taken",
        "1100.0 of buying power, 8550.0 taken",
        "called: 3428.4 below 3429.0",
        "6856.8 of buying power, 0.0 taken",
        "6856.8 of buying power, 0.0 taken",
    ];
    assert_eq!(lines, expected);
    assert_eq!(words(&run, Table::MarginCalls, "event"), ["called", "ended"]);
    assert_eq!(cents(&run, Table::MarginCalls, "equity"), [342_840, 342_840]);
    assert_eq!(cents(&run, Table::MarginCalls, "maintenance"), [342_900, 0]);
    assert_eq!(words(&run, Table::Rejects, "reason"), ["insufficient_margin"]);
    let summary = Summary::read(&run).unwrap();
    let account = &summary.accounts[0];
    assert_eq!(account.account.final_equity.to_string(), "3428.40");
    assert_eq!(account.account.financing.to_string(), "-1.60");
    assert_eq!(account.margin_calls.len(), 1);
    let margin = account.account.margin.as_ref().unwrap();
    assert_eq!((margin.initial.as_str(), margin.maintenance.as_str()), ("1/2", "3/10"));
    let data = RunData::read(&run).unwrap();
    assert_eq!(data.accounts[0].margin_calls.len(), 1);
    let page = render(&data).unwrap().page;
    assert!(page.contains("<strong>buyer</strong> had 1 margin call: at 2024-01-04"), "the page");
    assert!(
        page.contains("<strong>buyer</strong> (1/2 of what it opens, 3/10 of what it keeps)"),
        "the page"
    );
    assert!(page.contains("its equity was 3,428.40, below its maintenance margin of 3,429.00"), "the page");
}

#[test]
fn a_future_in_a_backtest_is_settled_each_day_and_closed_where_its_path_calls_the_account() {
    let future = "tick_size = \"0.01\"\ncontract = { kind = \"future\", settlement = \"12h\" }";
    let (here, code, told) = example(&[("tick_size = \"0.01\"", future)]);
    assert_eq!(code, 0, "{told}");
    let run = stored(&here);
    // 180 bought at 100: 10,000 less 36.51 on each at 63.49, where 30 percent of the rest are 3,428.46.
    assert!(words(&run, Table::Log, "text").contains(&"called: 3428.2 below 3428.46".to_owned()));
    let summary = Summary::read(&run).unwrap();
    assert_eq!(summary.accounts[0].account.final_equity.to_string(), "3428.20");
    assert_eq!(summary.accounts[0].account.financing.to_string(), "0.00", "nothing is owed");
    let kinds = words(&run, Table::Actions, "kind");
    assert_eq!(kinds.iter().filter(|kind| *kind == "settlement").count(), 4);
    let owners = words(&run, Table::Actions, "owner");
    let paid: Vec<&str> = owners.iter().filter(|owner| !owner.is_empty()).map(String::as_str).collect();
    // On the third and the fourth; after that it has none.
    assert_eq!(paid, ["buyer", "buyer"]);
}

#[test]
fn an_account_without_margin_has_none_of_that() {
    let (here, code, told) = example(&[("margin = { leverage = 2, maintenance = 0.3 }\n", "")]);
    assert_eq!(code, 0, "{told}");
    let run = stored(&here);
    assert!(words(&run, Table::MarginCalls, "event").is_empty());
    assert_eq!(words(&run, Table::Log, "text")[0], "10000.0 of buying power, 0.0 taken");
}

#[test]
fn margin_for_prices_that_may_be_negative_is_refused() {
    let (_keep, code, told) =
        example(&[("tick_size = \"0.01\"", "tick_size = \"0.01\"\nmin_price = \"-10\"")]);
    assert_ne!(code, 0, "{told}");
    assert!(told.contains("the `min_price` of `X` is below one tick"), "{told}");
    assert!(told.contains("leave `margin` out"), "{told}");
}

#[test]
fn terms_that_make_no_sense_are_refused_with_what_to_write() {
    let margin = "margin = { leverage = 2, maintenance = 0.3 }";
    let cases = [
        ("margin = { leverage = 200 }", "from 1 to 100, with at most two decimal places"),
        ("margin = { initial = 0 }", "above 0 and at most 1, with at most four decimal places"),
        ("margin = { leverage = 2, initial = 0.5 }", "`leverage` and `initial` say the same"),
        ("margin = { maintenance = 0.5 }", "`margin` needs `leverage` or `initial`"),
        (
            "margin = { leverage = 4, maintenance = 0.3 }",
            "`maintenance` of `margin` is above the initial margin",
        ),
        ("margin = { leverage = 2, maintenence = 0.3 }", "maintenance"),
        ("margin = 2", "the margin is a whole number, but must be a table"),
        ("margin = { leverage = 2 }\nmax_short = { X = 5 }", "a margin account has no `max_short`"),
        ("margin = { leverage = 2 }\non_ruin = \"keep\"", "`on_ruin` is `keep`"),
    ];
    for (written, expected) in cases {
        let (_keep, code, told) = example(&[(margin, written)]);
        assert_ne!(code, 0, "{written}: {told}");
        assert!(told.contains(expected), "{written}: {told}");
    }
}
