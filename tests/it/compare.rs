//! Two runs compared, and many on one page: what the output has, whatever the runs were like.

use std::fs;
use std::path::{Path, PathBuf};

use bearpit::analysis::{RunSet, Spread};
use bearpit::report::render_run_set;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.toml"))
}

/// Simulates ten minutes of quickstart into `out`, quietly.
fn quickstart(out: &Path, arguments: &[&str]) {
    let mut command = bearpit();
    command.arg("simulate").arg(shipped("quickstart")).args(["--set", "scenario.end=2025-03-03T09:40:00"]);
    let (code, stdout, stderr) = run(command.arg("--quiet").arg("--out").arg(out).args(arguments));
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
}

fn compare(a: &Path, b: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().arg("compare").arg(a).arg(b).args(arguments))
}

fn report(runs: &[&Path], arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().arg("report").args(runs).args(arguments))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn assert_is_fit_to_print(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{} letters: {line}", line.chars().count());
        assert!(!line.split_whitespace().any(|word| ["NaN", "inf", "-inf"].contains(&word)), "{line}");
    }
}

#[test]
fn the_same_run_in_two_formats_is_the_same() {
    let out = TempDir::new().unwrap();
    let [one, two] = ["one", "two"].map(|name| out.path().join(name));
    quickstart(&one, &[]);
    quickstart(&two, &["--format", "csv"]);
    let [one, two] = [one, two].map(|path| path.join("quickstart/42"));
    let (code, stdout, stderr) = compare(&one, &two, &[]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("The tapes are the same") && stdout.contains("account ema: all"), "{stdout}");
    assert!(stdout.lines().any(|line| line.split_whitespace().eq(["format", "parquet", "csv"])), "{stdout}");
    let found = parsed(&compare(&one, &one, &["--json"]).1);
    assert_eq!((&found["same"], &found["inputs"]), (&Value::Bool(true), &Value::Array(Vec::new())));
}

#[test]
fn two_seeds_part_at_the_first_row_that_differs() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &["--seeds", "1,2"]);
    let [one, two] = ["1", "2"].map(|seed| out.path().join("quickstart").join(seed));
    let (code, stdout, stderr) = compare(&one, &two, &["--json"]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    let found = parsed(&stdout);
    assert_eq!(found["same"], false);
    assert_eq!((&found["inputs"][0]["name"], &found["inputs"][0]["a"]), (&"seed".into(), &"1".into()));
    let tables = found["tables"].as_array().unwrap();
    let times: Vec<&str> = tables.iter().filter_map(|table| table["time"].as_str()).collect();
    assert_eq!(found["first"]["time"].as_str(), times.iter().min().copied());
    let trades = tables.iter().find(|table| table["table"] == "trades").unwrap();
    assert_eq!(trades["verdict"], "parted");
    assert_ne!(trades["a"], trades["b"]);
    let (code, stdout, _) = compare(&one, &two, &["--all"]);
    assert_eq!(code, 1);
    assert!(stdout.contains("The tapes differ") && stdout.contains("sharpe_annualised"), "{stdout}");
    assert_is_fit_to_print(&stdout);
}

#[test]
fn what_is_the_same_before_the_tapes_part_is_not_reported_to_differ() {
    let out = TempDir::new().unwrap();
    let [usual, other] = ["usual", "other"].map(|name| out.path().join(name));
    quickstart(&usual, &["--format", "ipc"]);
    // Nothing but what `ema` does can differ, and it does nothing before it has seen some bars.
    quickstart(&other, &["--set", "ema.fast=1", "--set", "ema.slow=3"]);
    let [usual, other] = [usual, other].map(|path| path.join("quickstart/42"));
    let found = parsed(&compare(&usual, &other, &["--json"]).1);
    assert_eq!(found["same"], false);
    assert!(found["first"]["time"].as_str().unwrap() > "2025-03-03T09:32", "{}", found["first"]);
    let trades = found["tables"].as_array().unwrap().iter().find(|table| table["table"] == "trades").unwrap();
    assert!(trades["row"].as_u64().unwrap() > 100, "{trades}");
    let changes = found["inputs"].as_array().unwrap().iter().find(|it| it["name"] == "changes").unwrap();
    assert!(changes["b"].as_str().unwrap().contains("ema.slow=3"), "{changes}");
}

#[test]
fn what_cannot_be_read_is_named_with_what_to_do() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &["--seeds", "1..2"]);
    let [good, bad] = ["1", "2"].map(|seed| out.path().join("quickstart").join(seed));
    let page = out.path().join("page.html");
    let refused = |file: &str, words: &str| {
        let (code, stdout, stderr) = compare(&good, &bad, &["--json"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(file) && stderr.contains(words), "{stderr}");
        let (code, stdout, stderr) = report(&[&good, &bad], &["--out", page.to_str().unwrap()]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(file) && stderr.contains(words), "{stderr}");
        assert!(!page.exists(), "no page of some of the runs");
    };
    let file = |name: &str| bad.join(name);
    let pnl = fs::read(file("pnl.parquet")).unwrap();
    fs::write(file("pnl.parquet"), &pnl[..pnl.len() / 2]).unwrap();
    refused("pnl.parquet", "the table cannot be read");
    fs::write(file("pnl.parquet"), pnl).unwrap();
    let summary = fs::read(file("summary.json")).unwrap();
    fs::write(file("summary.json"), &summary[..summary.len() / 2]).unwrap();
    refused("summary.json", "run the scenario again");
    fs::remove_file(file("summary.json")).unwrap();
    refused("summary.json", "the summary cannot be read");
    fs::copy(good.join("summary.json"), file("summary.json")).unwrap();
    refused("summary.json", "other accounts than the manifest");
    fs::write(file("summary.json"), summary).unwrap();
    let manifest = fs::read_to_string(file("manifest.json")).unwrap();
    fs::write(file("manifest.json"), manifest.replace("\"layout\": ", "\"layout\": 9")).unwrap();
    refused("manifest.json", "run the scenario again");
    fs::remove_file(file("manifest.json")).unwrap();
    refused("quickstart/2", "there is no manifest.json");
    fs::remove_dir_all(&bad).unwrap();
    refused("quickstart/2", "there is no such directory");
}

/// Writes a scenario of a few minutes with a script in an otherwise empty market, or with no agent at all.
fn write_scenario(directory: &Path, name: &str, script: Option<&str>, record: &str) -> PathBuf {
    let agent = script.map_or(String::new(), |script| {
        fs::write(directory.join(format!("{name}.rhai")), script).unwrap();
        format!("[[agents]]\nname = \"{name}\"\nkind = \"script\"\nfile = \"{name}.rhai\"\n")
    });
    let text = format!(
        "[scenario]\nname = \"{name}\"\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T09:33:00\n{record}\n\
         [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n{}",
        if agent.is_empty() {
            "[[agents]]\nkind = \"noise\"\ncount = 3\nmax_quantity = 5\ndepth = \"0.05\"\n"
        } else {
            &agent
        }
    );
    let path = directory.join(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

fn simulate(out: &Path, file: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().arg("simulate").arg(file).arg("--out").arg(out).args(arguments))
}

#[test]
fn runs_of_different_scenarios_are_compared_as_far_as_they_go() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &[]);
    let file = write_scenario(out.path(), "idle", Some("fn on_start() { log(\"here\"); }\n"), "");
    assert_eq!(simulate(out.path(), &file, &["--quiet"]).0, 0);
    let [one, two] = ["quickstart/42", "idle/0"].map(|run| out.path().join(run));
    let (code, stdout, stderr) = compare(&one, &two, &[]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    assert!(
        stdout.contains("Only in A: account market-maker-1") && stdout.contains("Only in B: account idle")
    );
    assert!(stdout.contains("B has no such row"), "{stdout}");
    assert_is_fit_to_print(&stdout);
    let (code, stdout, stderr) = report(&[&one, &two], &[]);
    assert_eq!(
        (code, stdout.trim(), stderr.as_str()),
        (0, out.path().join("report.html").to_str().unwrap(), "")
    );
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(
        page.contains("2 runs of 2 scenarios") && page.contains("The scenarios cover different time spans")
    );
    assert!(page.contains("<h2>idle") && page.contains("<h2>ema") && !page.contains("NaN"));
}

#[test]
fn many_seeds_have_a_fan_a_histogram_and_a_list_that_agree_with_their_summaries() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &["--seeds", "1..6"]);
    let directory = out.path().join("quickstart");
    let page = fs::read_to_string(directory.join("report.html")).unwrap();
    for part in [
        "<h1>quickstart, 6 runs</h1>",
        "Change in equity of ema",
        "5 to 95 %",
        "Final P&amp;L of ema",
        "Max drawdown of ema",
        "Runs of ema, by P&amp;L",
        "seed 6",
        "ACME at PIT",
    ] {
        assert!(page.contains(part), "{part} is not on the page");
    }
    for bad in ["NaN", "href=", "src="] {
        assert!(!page.contains(bad), "{bad}");
    }
    let runs: Vec<PathBuf> = (1..=6).map(|seed| directory.join(seed.to_string())).collect();
    let profit = |run: &PathBuf| -> f64 {
        let summary = parsed(&fs::read_to_string(run.join("summary.json")).unwrap());
        let accounts = summary["accounts"].as_array().unwrap();
        let ema = accounts.iter().find(|account| account["owner"] == "ema").unwrap();
        ema["profit"].as_str().unwrap().parse().unwrap()
    };
    let profits: Vec<f64> = runs.iter().map(profit).collect();
    let several = RunSet::read(&runs).unwrap();
    let batch = &several.batches[0];
    for ((run, account), profit) in batch.account("ema").zip(&profits) {
        assert_eq!(account.profit.to_bits(), profit.to_bits(), "seed {}", run.seed);
        assert_eq!(account.gains.len(), RunSet::TIMES);
        let last = account.gains[RunSet::TIMES - 1];
        assert!((last - profit).abs() < 1e-6, "the curve of seed {} ends at its P&L: {last}", run.seed);
    }
    let spread = Spread::of(profits.iter().copied()).unwrap();
    assert!(page.contains(&format!("Mean {:.2}", spread.mean).replace('-', "−")), "{spread:?}");
    assert_eq!(render_run_set(&several).unwrap().page, page, "the same runs give the same bytes");
}

#[test]
fn variants_of_a_scenario_are_named_by_what_not_all_of_them_changed() {
    let out = TempDir::new().unwrap();
    let long = format!("agents.ema.cash={}", "1".repeat(12));
    for (name, change) in [("usual", "ema.slow=20"), ("fast", "ema.fast=5"), ("rich", long.as_str())] {
        quickstart(&out.path().join(name), &["--seeds", "1..2", "--set", change]);
    }
    let [usual, fast, rich] = ["usual", "fast", "rich"].map(|name| out.path().join(name));
    let (code, _, stderr) = report(&[&usual, &rich, &fast], &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    for part in [
        "quickstart, 6 runs",
        "quickstart with ema.fast=5",
        "quickstart with ema.slow=20",
        "quickstart, variant 2",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("quickstart with scenario.end"), "all of them changed that");
}

#[test]
fn a_page_is_not_overwritten_without_force_and_takes_no_run_twice() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &["--seeds", "1..2"]);
    let directory = out.path().join("quickstart");
    let before = fs::read(directory.join("report.html")).unwrap();
    let (code, _, stderr) = report(&[&directory], &[]);
    assert_eq!(code, 1);
    assert!(stderr.contains("a page already exists; add --force"), "{stderr}");
    // As a shell spells `runs/quickstart/*`, the page among them; and one of them once more.
    let [one, two, page] = ["1", "2", "report.html"].map(|name| directory.join(name));
    let (code, stdout, _) = report(&[&one, &two, &page], &["--force"]);
    assert_eq!((code, stdout.trim()), (0, page.to_str().unwrap()));
    assert!(fs::read(&page).unwrap() == before, "the page of simulate and that of report are the same");
    let (code, ..) = report(&[&one, &one, &two], &["--force"]);
    assert_eq!(code, 0);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("is the same run as") && page.contains("<h1>quickstart, 2 runs</h1>"));
    let (code, _, stderr) = simulate(out.path(), &shipped("quickstart"), &["--seeds", "3..4"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("a page already exists"), "{stderr}");
    let (code, stdout, _) = report(&[&one, &two], &["--each"]);
    assert_eq!((code, stdout.lines().count()), (0, 2));
}

#[test]
fn runs_without_reports_have_none_of_them_all_either_and_are_drawn_later() {
    let out = TempDir::new().unwrap();
    quickstart(out.path(), &["--seeds", "1..2", "--no-report"]);
    let directory = out.path().join("quickstart");
    let pages = ["report.html", "1/report.html", "2/report.html"].map(|page| directory.join(page));
    assert_eq!(pages.each_ref().map(|page| page.is_file()), [false; 3]);
    let (code, stdout, _) = report(&[&directory.join("1")], &[]);
    assert_eq!((code, stdout.trim()), (0, pages[1].to_str().unwrap()));
    assert!(pages[1].is_file());
    let (code, stdout, _) = report(&[&directory], &[]);
    assert_eq!((code, stdout.trim()), (0, pages[0].to_str().unwrap()));
    let again = out.path().join("again");
    let (code, stdout, _) = simulate(&again, &write_scenario(out.path(), "idle", None, ""), &["--no-report"]);
    assert_eq!((code, stdout.lines().last().unwrap().trim()), (0, again.join("idle/0").to_str().unwrap()));
}

#[test]
fn where_nothing_is_drawn_at_random_or_nobody_is_followed_the_page_says_so() {
    let out = TempDir::new().unwrap();
    let idle = write_scenario(out.path(), "idle", Some("fn on_start() { log(\"here\"); }\n"), "");
    let crowd = write_scenario(out.path(), "crowd", None, "[record]\ntables = [\"trades\", \"quotes\"]");
    for (file, name, words) in [
        (&idle, "idle", "the scenario has no randomness"),
        (&crowd, "crowd", "The scenarios have no strategy and no market maker"),
    ] {
        let (code, stdout, stderr) = simulate(out.path(), file, &["--seeds", "1..5"]);
        assert_eq!(code, 0, "{stderr}");
        assert_is_fit_to_print(&stdout);
        let page = fs::read_to_string(out.path().join(name).join("report.html")).unwrap();
        assert!(page.contains(words) && !page.contains("NaN"), "{name}");
    }
    let page = fs::read_to_string(out.path().join("crowd/report.html")).unwrap();
    assert!(page.contains("did not record the table <code>pnl</code>"));
    let [one, two] = ["1", "2"].map(|seed| out.path().join("crowd").join(seed));
    let (code, stdout, _) = compare(&one, &two, &[]);
    assert!(code == 0 || stdout.contains("The tapes differ"), "{stdout}");
}

#[test]
fn several_runs_are_summed_up_in_a_table_that_fits_and_in_json() {
    let out = TempDir::new().unwrap();
    let end = ["--set", "scenario.end=2025-03-03T09:40:00"];
    let (code, stdout, _) =
        simulate(out.path(), &shipped("quickstart"), &[&["--seeds", "1..3"], &end[..]].concat());
    assert_eq!(code, 0);
    assert_is_fit_to_print(&stdout.replace(out.path().to_str().unwrap(), ""));
    assert!(stdout.contains("± at 95%") && stdout.contains("3 of 3 runs finished"), "{stdout}");
    let json = [&["--seeds", "1..3", "--json", "--force"], &end[..]].concat();
    let (code, stdout, stderr) = simulate(out.path(), &shipped("quickstart"), &json);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let outcomes = parsed(&stdout);
    assert_eq!(outcomes.as_array().unwrap().len(), 3);
    let page = out.path().join("quickstart/report.html");
    assert_eq!(outcomes[2]["report_of_seeds"].as_str(), page.to_str());
    assert_eq!(run(bearpit().args(["simulate", "x.toml", "--seeds", "3..1"])).0, 2);
}
