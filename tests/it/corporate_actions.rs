//! Splits and dividends as a user has them: in the file, or as a key; what strategy, tables and metrics say.

use std::fs;
use std::path::Path;

use crate::cli::{bearpit, run};
use tempfile::TempDir;

/// Who has a thousand of it already.
const HOLDER: &str = "holdings = { AAPL = 1000 }";

/// Runs a scenario of one replayed instrument and one script, with keys for the replay; returns its folder.
fn simulate(bars: &str, keys: &str, script: &str, account: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::write(here.join("bars.csv"), bars).unwrap();
    fs::write(here.join("s.rhai"), script).unwrap();
    let first = bars.lines().nth(1).and_then(|line| line.split(',').next()).unwrap();
    let scenario = format!(
        "[scenario]\nname = \"case\"\nstart = {first}\nend = 2005-03-02\nbars = \"1d\"\nsample = \"1d\"\n\
         [[instruments]]\nsymbol = \"AAPL\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"V\"\ninstruments = [\"AAPL\"]\n\
         [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_open = \"9h30m\"\nbar_length = \"6h30m\"\n{keys}\n\
         [[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\ncash = 200_000\n{account}\n"
    );
    fs::write(here.join("case.toml"), scenario).unwrap();
    let mut command = bearpit();
    command.current_dir(here).args(["simulate", "case.toml", "--quiet", "--no-report", "--format", "csv"]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    directory
}

/// Returns some columns of a table, row by row.
fn cells<const N: usize>(run: &Path, table: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let text = fs::read_to_string(run.join(format!("runs/case/0/{table}.csv"))).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let places = columns.map(|name| header.iter().position(|it| *it == name).unwrap());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        places.map(|place| cells[place].to_owned())
    };
    lines.map(row).collect()
}

fn log(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("runs/case/0/log.csv")).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().to_owned()).collect()
}

/// Apple's rows from a day on.
fn apple(from: &str) -> String {
    let text = fs::read_to_string("tests/peers/aapl_daily.csv").unwrap();
    let rows = text.lines().skip(1).filter(|line| line.split(',').next().unwrap() >= from);
    let rows = rows.take_while(|line| line.split(',').next().unwrap() < "2005-03-02");
    std::iter::once("date,open,high,low,close,volume,adj_close").chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn who_holds_a_thousand_apples_over_their_split_gains_730() {
    let script = "fn on_bar(bar) { log(`${bar.close} ${position()} ${closes(2)[0]} ${equity()}`); }\n\
                  fn on_action(action) { log(`${action} at ${action.time}: ${position()} x ${action.price_factor}`); }\n";
    let held = simulate(
        &apple("2005-02-25"),
        "actions = [\"2005-02-28 split 2:1\", \"2005-03-01 dividend 1.00\"]",
        script,
        HOLDER,
    );
    assert_eq!(
        log(held.path()),
        [
            "88.99 1000.0 88.99 288990.0",
            "AAPL split 2:1 at 2005-02-28T09:30:00: 2000.0 x 0.5",
            // The close before is half of 88.99, rounded to a cent: 288,990 + 730.
            "44.86 2000.0 44.5 289720.0",
            "AAPL dividend 1.00 at 2005-03-01T09:30:00: 2000.0 x 1.0",
            "44.5 2000.0 44.86 291000.0",
        ]
    );
    let actions = cells(held.path(), "actions", ["owner", "kind", "new_shares", "position", "amount"]);
    assert_eq!(
        actions.iter().map(|row| row.join("|")).collect::<Vec<_>>(),
        ["|split|2||0.00", "s|split|2|2000.0|0.00", "|dividend|||1.00", "s|dividend|||2000.00"]
    );
    // The dividend is realized; the cost of the shares is still that of a thousand.
    let pnl = cells(held.path(), "pnl", ["position", "realized", "cash"]);
    assert_eq!(pnl.last().unwrap().join("|"), "2000.0|2000.00|202000.00");
}

#[test]
fn adjusted_prices_are_replayed_without_splits() {
    let script = "fn on_bar(bar) { log(`${bar.close}`); }\n";
    let adjusted = simulate(&apple("2005-02-25"), "prices = \"adjusted\"", script, HOLDER);
    assert_eq!(log(adjusted.path()), ["5.72", "5.77", "5.72"]);
    // A table without rows has no file.
    assert!(!adjusted.path().join("runs/case/0/actions.csv").exists());
}

#[test]
fn indicators_orders_round_trips_and_volatility_see_no_jump() {
    let bars = "date,open,high,low,close,volume,Dividends,Stock Splits\n\
                2005-02-21,80,81,79,80,1000,0,0\n2005-02-22,80,82,80,82,1000,0,0\n\
                2005-02-23,82,84,82,84,1000,0.5,0\n2005-02-24,42,43,42,43,2000,0,2\n\
                2005-02-25,43,44,42,44,2000,0,0\n2005-02-28,44,46,44,46,2000,0,0\n";
    let script = "fn on_init(params) { this.fed = sma(2); this.own = sma(2); this.volume = sma(2); this.n = 0;\n\
                    feed(this.fed, \"bar.close\"); feed(this.volume, \"bar.volume\"); }\n\
                  fn on_action(action) { this.own.rescale(action.price_factor, action.volume_factor); }\n\
                  fn on_bar(bar) { this.n += 1; this.own.update(bar.close);\n\
                    log(`${this.fed.value} ${this.own.value} ${this.volume.value}`);\n\
                    if this.n == 1 { buy(10); }\n\
                    if this.n == 2 { sell_limit(10, 90); } }\n";
    let run = simulate(bars, "", script, "");
    assert_eq!(
        log(run.path()),
        [
            "  ",
            "81.0 81.0 1000.0",
            "83.0 83.0 1000.0",
            "42.5 42.5 2000.0",
            "43.5 43.5 2000.0",
            "45.0 45.0 2000.0"
        ]
    );
    // Bought ten at 80, sold twenty at 45; in between half a unit on each of the ten.
    let trips = cells(run.path(), "trips", ["quantity", "entry_price", "exit_price", "profit"]);
    assert_eq!(trips, [["20.0", "40.0", "45.0", "105.00"].map(ToOwned::to_owned)]);
    let orders = cells(run.path(), "orders", ["price", "quantity", "average_price", "status"]);
    assert_eq!(orders[1], ["45.0", "20.0", "45.0", "filled"].map(ToOwned::to_owned));
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(run.path().join("runs/case/0/summary.json")).unwrap()).unwrap();
    let found = &summary["markets"][0]["metrics"]["volatility_realized_annualised"]["value"];
    // The first day goes from 80 to 80.
    let closes: [f64; 6] = [80.0, 82.0, 84.0, 86.0, 88.0, 92.0];
    let squares = closes.windows(2).map(|pair| libm::log(pair[1] / pair[0])).map(|it| it * it);
    let expected = (squares.sum::<f64>() / 6.0 * 252.0).sqrt();
    assert!((found.as_f64().unwrap() / expected - 1.0).abs() < 1e-9, "{found}, not {expected}");
}

#[test]
fn a_file_is_described_with_its_splits_and_what_prices_say_of_them() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("bars.csv");
    let bars = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2005-02-21,80,81,79,80,1000,0,0\n\
                2005-02-22,40,40,40,40,1000,0.25,2:1\n2005-02-23,40,40,40,40,1000,,0.1\n\
                2005-02-24,30,30,30,30,1000,0.5,3/2\n2005-02-25,24,25,24,25,1000,0,1.5\n";
    fs::write(&file, bars).unwrap();
    let (code, stdout, stderr) = run(bearpit().arg("data").arg(&file));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let line = |name: &str| {
        stdout.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned()
    };
    assert!(line("columns").contains("split = Stock Splits (8), dividend = Dividends (7)"), "{stdout}");
    let day = |day: u32| format!("2005-02-{day}T00:00:00");
    assert!(line("splits").ends_with(&format!(
        "2:1 of {} (prices jump by it), 1:10 of {} (prices have it already), 3:2 of {} (prices jump by it), 3:2 of {} (prices \
         do not say; a replay needs `splits`)",
        day(22),
        day(23),
        day(24),
        day(25)
    )), "{stdout}");
    assert!(
        line("dividends").ends_with(&format!("2, from 0.25 of {} to 0.5 of {}", day(22), day(24))),
        "{stdout}"
    );
}

#[test]
fn what_is_wrong_with_splits_is_said_where_it_stands() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::write(here.join("bars.csv"), "date,open,high,low,close\n2005-02-25,9,9,9,9\n2005-02-28,6,6,6,6\n")
        .unwrap();
    let check = |keys: &str, venues: &str| {
        let scenario = format!(
            "[scenario]\nname = \"case\"\nstart = 2005-02-25\nend = 2005-03-02\n\
             [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n[[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n{venues}\
             [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_length = \"6h\"\n{keys}\n"
        );
        fs::write(here.join("case.toml"), scenario).unwrap();
        let (code, stdout, stderr) = run(bearpit().current_dir(here).args(["check", "case.toml"]));
        (code, format!("{stdout}{stderr}"))
    };
    for (keys, venues, wanted) in [
        ("actions = [\"2005-02-28 split 2:1\"]", "", "fits the prices around it neither way"),
        ("actions = [\"2005-02-28 split 2:1:1\"]", "", "is no split"),
        ("actions = [\"28.2. split 2\"]", "", "must begin with a date"),
        ("prices = \"adjusted\"", "", "has no adjusted close above 0"),
        (
            "actions = [\"2005-02-28 split 2:1\"]\nsplits = \"apply\"\nvenue = \"V\"",
            "[[venues]]\nname = \"W\"\ninstruments = [\"X\"]\n",
            "is listed at other venues too",
        ),
    ] {
        let (code, said) = check(keys, venues);
        assert!(code == 2 && said.contains(wanted) && said.contains("case.toml:"), "{keys}: {said}");
    }
    assert_eq!(check("actions = [\"2005-02-28 split 3:2\"]", "").0, 0);
}
