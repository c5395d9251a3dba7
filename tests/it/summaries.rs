//! What a run's summary says beyond P&L: the market's calendar, ruin, and orders that were not filled.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// Writes a scenario with one replayed instrument, and a strategy that trades it with 1,000 of cash.
fn write(directory: &Path, bars: &str, head: &str, script: &str) {
    let scenario = format!(
        "[scenario]\nname = \"case\"\nseed = 1\nstart = 2024-01-01\nend = 2024-03-04\nbars = \"1d\"\nsample = \"1d\"\n{head}\n\
         [[instruments]]\nsymbol = \"X\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"V\"\ninstruments = [\"X\"]\n\
         [[agents]]\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_open = \"9h30m\"\nbar_length = \"6h30m\"\n\
         [[agents]]\nname = \"s\"\nkind = \"script\"\nfile = \"s.rhai\"\ncash = 1_000\nmax_short = {{ X = 100 }}\n"
    );
    fs::write(directory.join("case.toml"), scenario).unwrap();
    fs::write(directory.join("s.rhai"), script).unwrap();
    fs::write(directory.join("bars.csv"), format!("date,open,high,low,close,volume\n{bars}")).unwrap();
}

/// Runs it; returns its summary, and what it printed.
fn simulate(directory: &Path) -> (Value, String) {
    let mut command = bearpit();
    command
        .arg("simulate")
        .arg(directory.join("case.toml"))
        .args(["--force", "--out"])
        .arg(directory.join("runs"));
    let (code, stdout, stderr) = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    let summary = fs::read(directory.join("runs/case/1/summary.json")).unwrap();
    (serde_json::from_slice(&summary).unwrap(), stdout)
}

/// Bars of two months, of every day or of weekdays, whose price goes up and down.
fn bars(every_day: bool) -> String {
    let mut text = String::new();
    for day in 0..60 {
        let (month, date) =
            [(1, day + 1), (2, day - 30), (3, day - 59)][usize::from(day >= 31) + usize::from(day >= 60)];
        // The 1st of January 2024 was a Monday.
        if every_day || day % 7 < 5 {
            let close = 100 + day % 5 - day % 3;
            writeln!(text, "2024-{month:02}-{date:02},{close},{close}.5,{}.5,{close},1000000", close - 1)
                .unwrap();
        }
    }
    text
}

const HOLD: &str =
    "fn on_init(params) { this.n = 0; }\nfn on_bar(bar) { this.n += 1; if this.n == 1 { buy(5); } }\n";

#[test]
fn a_year_is_as_long_as_the_markets_unless_the_scenario_says_so() {
    for (every_day, head, per_year, calendar) in [
        (true, "", 365.25, "365.25 days of 6.5 hours"),
        (false, "", 252.0, "252 days of 6.5 hours"),
        (false, "periods_per_year = 260", 260.0, "scenario"),
    ] {
        let directory = TempDir::new().unwrap();
        write(directory.path(), &bars(every_day), head, HOLD);
        let (summary, _) = simulate(directory.path());
        assert_eq!(summary["periods_per_year"].as_f64(), Some(per_year));
        assert_eq!(summary["calendar"], calendar);
        for metrics in [&summary["accounts"][0]["metrics"], &summary["markets"][0]["metrics"]] {
            let annualised =
                metrics.as_object().unwrap().iter().filter(|(key, _)| key.ends_with("_annualised"));
            assert!(annualised.clone().count() > 0);
            for (key, entry) in annualised {
                assert_eq!(entry["periods_per_year"].as_f64(), Some(per_year), "{key}");
            }
        }
        let page = fs::read_to_string(directory.path().join("runs/case/1/report.html")).unwrap();
        let said = if calendar == "scenario" { "<code>periods_per_year</code>" } else { calendar };
        assert!(page.contains(said), "the page says where it comes from");
    }
}

#[test]
fn refused_orders_are_said_with_their_reasons() {
    let directory = TempDir::new().unwrap();
    write(directory.path(), &bars(false), "", "fn on_bar(bar) { sell(1_000); }\n");
    let (summary, stdout) = simulate(directory.path());
    let account = &summary["accounts"][0];
    let refused = account["refused"].as_u64().unwrap();
    assert!(refused > 10);
    assert_eq!(account["endings"][0]["reason"], "insufficient_shares");
    assert_eq!(account["endings"][0]["orders"].as_u64(), Some(refused));
    assert!(
        stdout.contains(&format!("s: orders: {refused} refused (too few shares to sell): sell no more")),
        "{stdout}"
    );
    assert!(stdout.lines().next().unwrap().contains("refused"), "a column says how many: {stdout}");
    let page = fs::read_to_string(directory.path().join("runs/case/1/report.html")).unwrap();
    assert!(page.contains(&format!("{refused} refused (too few shares to sell)")));
}

#[test]
fn returns_of_a_ruined_account_agree_with_its_profit() {
    // Ninety short at 10: at 30 all is lost, and 800 more.
    let fall =
        "2024-01-01,10,10.5,9.5,10,10000\n2024-01-02,10,10.5,9.5,10,10000\n2024-01-03,20,30,20,30,10000\n";
    let script =
        "fn on_init(params) { this.n = 0; }\nfn on_bar(bar) { this.n += 1; if this.n == 1 { sell(90); } }\n";
    for back in
        ["", "2024-01-04,30,60,30,60,10000\n2024-01-05,60,60,5,5,10000\n2024-01-08,5,5.5,4.5,5,10000\n"]
    {
        let directory = TempDir::new().unwrap();
        write(directory.path(), &format!("{fall}{back}"), "", script);
        let (summary, stdout) = simulate(directory.path());
        let account = &summary["accounts"][0];
        let profit: f64 = account["profit"].as_str().unwrap().parse().unwrap();
        let total = account["metrics"]["cumulative_return"]["value"].as_f64();
        assert!(account["ruined"].as_str().is_some_and(|at| at.starts_with("2024-01-0")), "{account}");
        assert!(
            total.is_none_or(|total| total >= -1.0 && (total > 0.0) == (profit > 0.0)),
            "{total:?}, {profit}"
        );
        assert!(total.is_none() == (profit > -1_000.0), "{total:?}, {profit}");
        let drawdown = account["metrics"]["max_drawdown_marks"]["value"].as_f64().unwrap();
        assert!((drawdown + 1.0).abs() < 1e-12, "{drawdown}");
        assert!(stdout.contains("s (ruined)") && stdout.contains("s: ruined at 2024-01-0"), "{stdout}");
        let page = fs::read_to_string(directory.path().join("runs/case/1/report.html")).unwrap();
        assert!(page.contains("<strong>s</strong> was ruined"));
    }
}
