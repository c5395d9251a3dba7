//! P&L: an auditor rebuilds it from the recorded fills alone, with its own code and number types.

use std::collections::BTreeMap;
use std::path::Path;

use bearpit::analysis::RunData;
use bearpit::record::{AccountSummary, StoredRun, Table};
use bearpit::units::Money;
use polars_core::prelude::{DataFrame, DataType};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// One cent in units of 10^-10: the shipped scenarios have ticks of a cent and lots of one.
const CENT: i128 = 100_000_000;

fn exact(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap();
    let size: i128 = format!("{}{fraction:0<10}", whole.trim_start_matches('-')).parse().unwrap();
    if text.starts_with('-') { -size } else { size }
}

fn texts(frame: &DataFrame, name: &str) -> Vec<String> {
    frame.column(name).unwrap().str().unwrap().iter().map(|it| it.unwrap_or("").to_owned()).collect()
}

fn doubles(frame: &DataFrame, name: &str) -> Vec<Option<f64>> {
    frame.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().iter().collect()
}

fn monies(frame: &DataFrame, name: &str) -> Vec<i128> {
    let units = frame.column(name).unwrap().decimal().unwrap().physical();
    units.iter().map(|it| it.unwrap()).collect()
}

fn times(frame: &DataFrame, name: &str) -> Vec<i64> {
    let times = frame.column(name).unwrap().cast(&DataType::Int64).unwrap();
    times.i64().unwrap().iter().map(Option::unwrap).collect()
}

/// Rounds half away from zero.
fn divide(numerator: i128, denominator: i128) -> i128 {
    let size = (2 * numerator.abs() + denominator) / (2 * denominator);
    if numerator < 0 { -size } else { size }
}

/// An account by average cost, in units of 10^-10.
#[derive(Debug, Clone, Default)]
struct Books {
    cash: i128,
    lots: i128,
    cost: i128,
    realized: i128,
}

impl Books {
    fn of(account: &AccountSummary) -> Self {
        let held = account.initial_holdings.first();
        Self {
            cash: exact(&account.initial_cash.to_string()),
            lots: held.map_or(0, |held| held.lots.into()),
            cost: held.map_or(0, |held| exact(&held.cost.to_string())),
            realized: 0,
        }
    }

    /// Books one fill: first what closes, then what opens.
    fn fill(&mut self, change: i128, price: i128, fee: i128) {
        self.cash -= change * price + fee;
        let closed = if self.lots * change < 0 { change.abs().min(self.lots.abs()) } else { 0 };
        if closed > 0 {
            let left = divide(self.cost * closed, self.lots.abs());
            self.cost -= left;
            self.realized += closed * price * self.lots.signum() - left;
        }
        self.cost += (change.abs() - closed) * change.signum() * price;
        self.lots += change;
    }
}

struct Audited {
    rows: usize,
    fills: usize,
    /// How often time has cost or brought something.
    financed: usize,
}

/// What an account is financed at, in units of 10^-9 a year: credit and borrow.
type Rates = (i128, i128);

/// Returns what a minute costs and brings: interest on the cash, and a fee on what is short.
fn minute(cash: i128, worth: i128, (credit, borrow): Rates) -> i128 {
    assert!(cash >= 0, "no account of these runs owes money");
    let part = |amount: i128, rate: i128| {
        let a_year = divide(amount * rate, 1_000_000_000);
        divide(a_year * 60, 365 * 86_400)
    };
    part(cash, credit) - part((-worth).max(0), borrow)
}

/// Rebuilds the accounts of a run with one instrument, row by row of the `pnl` table.
fn audit(directory: &Path, rates: Rates) -> Audited {
    let run = StoredRun::open(directory).unwrap();
    let fills = run.table(Table::Fills).unwrap();
    let mut of_owner: BTreeMap<String, Vec<(i128, i128, i128)>> = BTreeMap::new();
    let (owners, sides, fees) = (texts(&fills, "owner"), texts(&fills, "side"), monies(&fills, "fee"));
    let (prices, quantities) = (doubles(&fills, "price"), doubles(&fills, "quantity"));
    for row in 0..fills.height() {
        let cents: i128 = format!("{:.0}", prices[row].unwrap() * 100.0).parse().unwrap();
        let lots: i128 = format!("{:.0}", quantities[row].unwrap()).parse().unwrap();
        let change = if sides[row] == "buy" { lots } else { -lots };
        of_owner.entry(owners[row].clone()).or_default().push((change, cents * CENT, fees[row]));
    }
    let pnl = run.table(Table::Pnl).unwrap();
    let (owners, marks, positions) = (texts(&pnl, "owner"), doubles(&pnl, "mark"), doubles(&pnl, "position"));
    let (realized, cash, equity) = (monies(&pnl, "realized"), monies(&pnl, "cash"), monies(&pnl, "equity"));
    let (financing, times) = (monies(&pnl, "financing"), times(&pnl, "time"));
    let mut audited = Audited { rows: 0, fills: 0, financed: 0 };
    for account in &run.manifest().accounts {
        let mut books = Books::of(account);
        let none = Vec::new();
        let fills = of_owner.get(&account.owner).unwrap_or(&none);
        let mut coming = fills.iter();
        let mut financed = 0;
        for row in (0..pnl.height()).filter(|row| owners[*row] == account.owner) {
            // A fill is booked when its report arrives, and so after others' marks: forward to this row.
            while books.cash != cash[row] - (financing[row] - financed) {
                let Some(fill) = coming.next() else { break };
                books.fill(fill.0, fill.1, fill.2);
            }
            let half_cents = marks[row].map_or(0, |mark| format!("{:.0}", mark * 200.0).parse().unwrap());
            let worth = books.lots * half_cents * (CENT / 2);
            if financing[row] != financed {
                assert_eq!(times[row] % 60_000_000_000, 0, "financing is booked at samples");
                assert_eq!(financing[row] - financed, minute(books.cash, worth, rates), "row {row}");
                books.cash += financing[row] - financed;
                financed = financing[row];
                audited.financed += 1;
            }
            assert_eq!(books.cash, cash[row], "{}: row {row} is of no fills", account.owner);
            let lots: i128 = format!("{:.0}", positions[row].unwrap()).parse().unwrap();
            assert_eq!((books.lots, books.realized), (lots, realized[row]), "{}: row {row}", account.owner);
            assert_eq!(books.cash + worth, equity[row], "{}", account.owner);
            audited.rows += 1;
        }
        assert_eq!(exact(&account.financing.to_string()), financed);
        assert_eq!(coming.len(), 0, "{}: fills that no row has", account.owner);
        assert_eq!(
            books.cash + books.lots * last_mark(&marks) * (CENT / 2),
            exact(&account.final_equity.to_string())
        );
        audited.fills += fills.len();
    }
    audited
}

fn last_mark(marks: &[Option<f64>]) -> i128 {
    marks.last().copied().flatten().map_or(0, |mark| format!("{:.0}", mark * 200.0).parse().unwrap())
}

fn simulate(out: &Path, scenario: &str, settings: &[&str]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{scenario}.toml"));
    let mut command = bearpit();
    command.arg("simulate").arg(file).args(["--quiet", "--out"]).arg(out);
    let (code, _, stderr) = run(command.args(settings.iter().flat_map(|setting| ["--set", *setting])));
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn pnl_rebuilt_from_fills_alone_is_the_recorded_one_to_the_last_unit() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), "quickstart", &["scenario.end=2025-03-03T10:30:00"]);
    let quickstart = audit(&out.path().join("quickstart/42"), (0, 0));
    assert!(quickstart.fills > 500 && quickstart.rows > quickstart.fills, "there is something to audit");
    // Makers who hold shares at the start, auctions, and a night.
    simulate(out.path(), "sessions", &["scenario.end=2025-03-03T12:00:00"]);
    let sessions = audit(&out.path().join("sessions/7"), (0, 0));
    assert!(sessions.fills > 500, "there is something to audit");
    assert_eq!((quickstart.financed, sessions.financed), (0, 0));
}

#[test]
fn financing_is_interest_on_cash_less_a_fee_on_what_is_short_minute_by_minute() {
    let out = TempDir::new().unwrap();
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml"))
            .unwrap();
    let text = text
        .replace("../strategies/", concat!(env!("CARGO_MANIFEST_DIR"), "/strategies/"))
        .replace("max_short =", "financing = { credit_bps = 210.5, borrow_bps = 75 }\nmax_short =");
    let scenario = out.path().join("financed.toml");
    std::fs::write(&scenario, text).unwrap();
    let mut command = bearpit();
    command.arg("simulate").arg(scenario).args([
        "--quiet",
        "--set",
        "scenario.end=2025-03-03T10:30:00",
        "--out",
    ]);
    let (code, _, stderr) = run(command.arg(out.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let audited = audit(&out.path().join("quickstart/42"), (21_050_000, 7_500_000));
    assert_eq!(audited.financed, 3 * 60, "three accounts, each minute of an hour");
}

#[test]
fn trips_bring_what_the_pnl_table_has_realized() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), "quickstart", &["scenario.end=2025-03-03T11:30:00"]);
    let run = StoredRun::open(&out.path().join("quickstart/42")).unwrap();
    let pnl = run.table(Table::Pnl).unwrap();
    let (owners, realized) = (texts(&pnl, "owner"), monies(&pnl, "realized"));
    let data = RunData::read(&run).unwrap();
    for account in &data.accounts {
        let last = owners.iter().rposition(|owner| *owner == account.summary.owner).unwrap();
        let booked = account.metrics.get("realized_average_cost").unwrap();
        assert!((booked - realized[last] as f64 / 1e10).abs() < 1e-6, "{}", account.summary.owner);
    }
    let ema = data.accounts.iter().find(|account| account.summary.owner == "ema").unwrap();
    assert!(ema.trips_total > 0 && ema.fifo_trips_total >= ema.trips_total, "the strategy traded");
    let net: f64 = ema.trips.iter().map(|it| it.trip.net().to_f64()).sum();
    let expectancy = ema.metrics.get("expectancy_trip").unwrap();
    assert!((net / ema.trips.len() as f64 - expectancy).abs() < 1e-9);
}

#[test]
fn the_table_of_trips_has_the_trips_of_the_analysis_to_the_last_unit() {
    let out = TempDir::new().unwrap();
    for (scenario, seed, end) in [
        ("quickstart", 42, "scenario.end=2025-03-03T11:30:00"),
        ("sessions", 7, "scenario.end=2025-03-03T12:00:00"),
    ] {
        simulate(out.path(), scenario, &[end]);
        let run = StoredRun::open(&out.path().join(format!("{scenario}/{seed}"))).unwrap();
        let trips = run.table(Table::Trips).unwrap();
        let (owners, symbols) = (texts(&trips, "owner"), texts(&trips, "symbol"));
        let (entered, exited) = (times(&trips, "entered_at"), times(&trips, "exited_at"));
        let exact = ["profit", "fees", "mae", "mfe"].map(|name| monies(&trips, name));
        let row = |row: usize| {
            let money = exact.each_ref().map(|column| column[row]);
            (symbols[row].clone(), entered[row], exited[row], money)
        };
        let (data, mut found) = (RunData::read(&run).unwrap(), 0);
        for account in &data.accounts {
            let expected = account.trips.iter().map(|it| {
                let money = [it.trip.net(), it.trip.fees, it.trip.worst, it.trip.best].map(Money::units);
                (it.symbol.clone(), it.trip.entered_at, it.trip.exited_at, money)
            });
            let own = (0..owners.len()).filter(|row| owners[*row] == account.summary.owner);
            assert!(own.map(row).eq(expected), "{scenario}: {}", account.summary.owner);
            found += account.trips.len();
        }
        assert_eq!(found, owners.len());
        let least = if scenario == "quickstart" { 10 } else { 0 };
        assert!(found >= least, "{scenario}: {found} trips");
        assert!(texts(&trips, "exit_reason").iter().all(|reason| !reason.is_empty()));
    }
}

#[test]
fn a_summary_has_all_metrics_with_units_and_what_annualises_them() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), "quickstart", &["scenario.end=2025-03-03T10:00:00"]);
    let bytes = std::fs::read(out.path().join("quickstart/42/summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&bytes).unwrap();
    let per_year = summary["periods_per_year"].as_f64().unwrap();
    assert!((per_year - 98_280.0).abs() < 1e-6, "minutes: {per_year}");
    let account = &summary["accounts"][0];
    assert_eq!(account["metrics"]["periods"]["value"].as_f64(), Some(30.0));
    let sharpe = &account["metrics"]["sharpe_annualised"];
    assert!(sharpe["value"].is_f64() && sharpe["unit"] == "ratio", "{sharpe}");
    assert_eq!(sharpe["periods_per_year"], summary["periods_per_year"]);
    let money = |key: &str| account[key].as_str().unwrap().parse::<f64>().unwrap();
    let total = money("final_equity") / money("initial_equity") - 1.0;
    let compounded = account["metrics"]["cumulative_return"]["value"].as_f64().unwrap();
    assert!((total - compounded).abs() < 1e-12, "{total}, {compounded}");
    let market = &summary["markets"][0]["metrics"];
    for key in ["effective_spread_bps", "kyle_lambda", "amihud_illiquidity", "volatility_realized_annualised"]
    {
        assert!(market[key]["value"].as_f64().is_some_and(|value| value > 0.0), "{key}: {}", market[key]);
    }
    let parts = ["realized_spread_60s_bps", "price_impact_60s_bps"];
    assert!(parts.iter().all(|key| market[*key]["value"].is_f64()), "{market}");
}

#[test]
fn a_market_in_which_nothing_happens_has_metrics_that_are_absent() {
    let out = TempDir::new().unwrap();
    let scenario = out.path().join("empty.toml");
    let text = "[scenario]\nname = \"empty\"\nseed = 1\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T09:31:00\n\
                [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
                [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n\
                [[agents]]\nname = \"idle\"\nkind = \"script\"\nfile = \"idle.rhai\"\ncash = 1000\n";
    std::fs::write(&scenario, text).unwrap();
    std::fs::write(out.path().join("idle.rhai"), "fn on_start() {}\n").unwrap();
    let mut command = bearpit();
    let (code, _, stderr) =
        run(command.arg("simulate").arg(&scenario).args(["--quiet", "--out"]).arg(out.path()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let bytes = std::fs::read(out.path().join("empty/1/summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(summary["markets"].as_array().map(Vec::len), Some(0), "nothing was quoted");
    let metrics = summary["accounts"][0]["metrics"].as_object().unwrap();
    let known: Vec<&str> = metrics
        .iter()
        .filter(|(_, measure)| measure["value"].as_f64().is_some_and(|value| value != 0.0))
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(known, ["autocorrelation_penalty"], "one is no penalty");
}

#[test]
fn a_manifest_that_says_nonsense_is_an_error_that_names_it() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), "quickstart", &["scenario.end=2025-03-03T09:31:00"]);
    let directory = out.path().join("quickstart/42");
    let path = directory.join("manifest.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    for (sane, nonsense, named) in [
        (r#""sample_interval": "1m""#, r#""sample_interval": "soon""#, "sample_interval"),
        (r#""tick_size": "0.01""#, r#""tick_size": "-1""#, "the size of `ACME`"),
        (r#""start": "2025"#, r#""start": "MMXXV"#, "`start`"),
        (r#""initial_equity": ""#, r#""initial_equity": "x"#, "no amount of money"),
    ] {
        assert!(whole.contains(sane), "{sane}");
        std::fs::write(&path, whole.replacen(sane, nonsense, 1)).unwrap();
        let (code, _, stderr) = run(bearpit().arg("report").arg(&directory));
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains(named) && stderr.contains("manifest.json"), "{named}: {stderr}");
    }
}
