//! The report of one run: what it contains, whatever the run was like.

use std::fs;
use std::path::Path;

use bearpit::analysis::RunData;
use bearpit::record::StoredRun;
use bearpit::report::{Report, render};
use roxmltree::Document;
use tempfile::TempDir;

use crate::cli::{bearpit, run};

fn simulate(out: &Path, file: &Path, settings: &[&str]) {
    let mut command = bearpit();
    command.arg("simulate").arg(file).args(["--quiet", "--out"]).arg(out);
    let (code, _, stderr) = run(command.args(settings.iter().flat_map(|setting| ["--set", *setting])));
    assert_eq!((code, stderr.as_str()), (0, ""));
}

fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.toml"))
}

fn read(directory: &Path) -> RunData {
    RunData::read(&StoredRun::open(directory).unwrap()).unwrap()
}

/// Renders, and checks what holds of every report.
fn rendered(data: &RunData) -> Report {
    let report = render(data).unwrap();
    let page = &report.page;
    // One script, the page's own; one kind of link, to the table beside the page.
    let (shown, script) = page.split_once("<script>").unwrap();
    assert!(script.ends_with("</script>\n</body>\n</html>\n") && !script.contains("<script"));
    let shown = shown.replace("<a href=\"trips.parquet\">", "");
    for bad in ["NaN", "inf", "http-equiv", "src=", "href=", "http:"] {
        let shown =
            shown.replace("http://www.w3.org/2000/svg", "").replace("infinit", "").replace("information", "");
        assert!(!shown.contains(bad), "{bad}: {}", context(&shown, bad));
    }
    let narrow = page.matches("<div class=\"on-phone\">").count();
    assert_eq!(page.matches("<svg ").count(), report.figures.len() + narrow);
    assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
    for figure in &report.figures {
        let document = Document::parse(&figure.svg);
        assert!(document.is_ok(), "{}: {document:?}", figure.name);
        let document = document.unwrap();
        let texts = document.descendants().filter(|node| node.has_tag_name("text")).count();
        assert!(texts >= 5, "{} has a title and labels", figure.name);
        assert!(document.root_element().attribute("aria-label").is_some());
    }
    let mut names: Vec<&str> = report.figures.iter().map(|figure| figure.name.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), report.figures.len());
    report
}

fn context(page: &str, bad: &str) -> String {
    let at = page.find(bad).unwrap_or(0);
    page.chars().skip(page[..at].chars().count().saturating_sub(80)).take(160).collect()
}

/// Writes a scenario with scripts in an otherwise empty market, runs it, and reads it.
fn scripted(minutes: u32, scripts: &[(&str, &str)]) -> RunData {
    let here = TempDir::new().unwrap();
    let mut text = format!(
        "[scenario]\nname = \"scripted\"\nseed = 1\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T09:{}:00\n\
         [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
         [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n",
        30 + minutes
    );
    for (name, script) in scripts {
        fs::write(here.path().join(format!("{name}.rhai")), script).unwrap();
        text.push_str(&format!(
            "[[agents]]\nname = \"{name}\"\nkind = \"script\"\nfile = \"{name}.rhai\"\ncash = 1_000_000\n\
             max_short = {{ ACME = 10_000 }}\n"
        ));
    }
    let scenario = here.path().join("scripted.toml");
    fs::write(&scenario, text).unwrap();
    simulate(here.path(), &scenario, &[]);
    read(&here.path().join("scripted/1"))
}

#[test]
fn a_run_has_all_its_sections_figures_and_units() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), &shipped("quickstart"), &["scenario.end=2025-03-03T11:30:00"]);
    let data = read(&out.path().join("quickstart/42"));
    let report = rendered(&data);
    let page = &report.page;
    assert!(page.contains(&data.manifest.digest) && page.contains("2025-03-03 09:30:00"));
    for part in [
        "<h1>quickstart</h1>",
        "Change in equity",
        "Return of ema",
        "buy and hold",
        "Drawdown of ema",
        "Returns of ema",
        "return over 1 min (%)",
        "<strong>Rolling Sharpe ratio and volatility</strong>: the run is too short for yearly figures.",
        "for one day of trading, since the run is short",
        "below the peak (%)",
        "Beside the market",
        "data-values=",
        "Fills of ema in ACME",
        "bought",
        "sold",
        "Position of ema",
        "P&amp;L attribution of ema",
        "Round trips of ema: excursions",
        "Deepest drawdowns",
        "Largest gains",
        "Largest losses",
        "Metrics of ema",
        "<span>Sharpe ratio, daily</span>",
        "<h4>Return for risk</h4>",
        "Price of ACME at PIT",
        "best bid",
        "Spread of ACME at PIT",
        "Volume of ACME at PIT",
        "Volatility of ACME at PIT",
        "Depth at the touch of ACME at PIT",
        "Autocorrelation of trade signs",
        "Entry latency of orders to ACME at PIT",
        "entry latency (ms)",
        "Stylized facts of ACME at PIT",
        "Autocorrelation of returns, ACME at PIT",
        "Density of returns, ACME at PIT",
        "log returns of the mid over 5\u{a0}s, without those",
        "long memory of trade signs",
        "price (currency)",
        "time of day, 2025-03-03",
    ] {
        assert!(page.contains(part), "{part} is not on the page");
    }
    // A month of two hours is none.
    assert!(!page.contains("<th>Best month") && page.contains("<th>Best day"));
    let hidden =
        page.split("Not shown, since they only have a meaning over weeks, months or years: ").nth(1).unwrap();
    let hidden = hidden.split("</p>").next().unwrap();
    assert!(hidden.contains("Best month") && hidden.contains("Weeks with a gain"), "{hidden}");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    assert_eq!(render(&data).unwrap(), report, "the same run gives the same bytes");
}

#[test]
fn attribution_adds_up_to_the_profit() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), &shipped("quickstart"), &["scenario.end=2025-03-03T10:30:00"]);
    let data = read(&out.path().join("quickstart/42"));
    for account in &data.accounts {
        let parts = account.attribution.unwrap();
        let profit: f64 = account.summary.profit.to_f64();
        assert!((parts.spread + parts.inventory - parts.fees - profit).abs() < 1e-6);
        let earns = account.summary.kind == "market_maker";
        // Makers earn the spread, takers pay it.
        assert_eq!(parts.spread > 0.0, earns, "{}: {parts:?}", account.summary.owner);
    }
    let wins = data.accounts.iter().map(|account| account.top_trips.wins.len()).max();
    assert!(wins > Some(0), "somebody gained something");
}

#[test]
fn an_empty_market_is_said_in_words() {
    let data = scripted(2, &[("idle", "fn on_start() { log(\"here\"); }\n")]);
    let report = rendered(&data);
    for words in [
        "nothing was quoted or traded.",
        "No fills.",
        "no round trip was completed.",
        "it never held a position.",
        "Log of idle",
        "here",
    ] {
        assert!(report.page.contains(words), "{words}");
    }
}

#[test]
fn a_strategy_that_never_traded_is_said_beside_one_that_did() {
    let out = TempDir::new().unwrap();
    let never = ["scenario.end=2025-03-03T09:50:00", "ema.slow=400"];
    simulate(out.path(), &shipped("quickstart"), &never);
    let report = rendered(&read(&out.path().join("quickstart/42")));
    let section = report.page.split("<h2>ema").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    assert!(section.contains("No fills.") && section.contains("it never held a position."));
    assert!(section.contains("equity never changed between periods."));
    assert!(!section.contains("Fills of ema"));
}

#[test]
fn what_was_not_recorded_is_said_to_be_that_and_not_to_be_nothing() {
    let out = TempDir::new().unwrap();
    let some = ["scenario.end=2025-03-03T10:30:00", "record.tables=[\"quotes\", \"books\"]"];
    simulate(out.path(), &shipped("quickstart"), &some);
    let data = read(&out.path().join("quickstart/42"));
    let page = rendered(&data).page;
    for words in [
        "fills, but the table <code>fills</code> was not recorded.",
        "P&amp;L attribution of market-maker-1</strong>: the table <code>trades</code> was not recorded.",
        "Drawdown of ema</strong>: the table <code>pnl</code> was not recorded.",
        "Volume of ACME at PIT</strong>: the table <code>trades</code> was not recorded.",
        "Depth by level of ACME at PIT",
        "undetermined: no trades were recorded",
        "undetermined: no trades with an aggressor were recorded",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for wrong in ["No fills.", "it never held a position.", "Nothing was traded."] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn one_period_is_too_few_for_what_needs_more() {
    let out = TempDir::new().unwrap();
    simulate(out.path(), &shipped("quickstart"), &["scenario.end=2025-03-03T09:31:00"]);
    let data = read(&out.path().join("quickstart/42"));
    assert_eq!(data.accounts[0].sample.returns.len(), 1);
    let report = rendered(&data);
    assert!(report.page.contains("they mean little with fewer than 20 periods: "));
    let untold = "undetermined: there are fewer than 250 returns";
    assert!(report.page.contains(untold));
    assert!(report.page.contains("Not defined for this run:"));
}

const BUYER: &str = "fn on_start() { every(\"bid\", \"10s\"); }\n\
                     fn on_timer(name) { buy_limit(10, 100.0); plot(\"level\", 100.0); }\n";
const SELLER: &str = "fn on_start() { every(\"ask\", \"13s\"); }\n\
                      fn on_timer(name) { sell_limit(10, 100.0); }\n";

#[test]
fn a_price_that_never_moves_is_drawn_flat_and_without_volatility() {
    let data = scripted(20, &[("buyer", BUYER), ("seller", SELLER)]);
    assert!(data.manifest.trades > 50, "{} trades", data.manifest.trades);
    let report = rendered(&data);
    let price = report.figures.iter().find(|figure| figure.name.contains("acme-at-pit-price")).unwrap();
    let document = Document::parse(&price.svg).unwrap();
    let labels: Vec<&str> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
    assert!(labels.contains(&"100.0"), "{labels:?}");
    assert!(report.page.contains("The price never changed: all trades were at 100."));
    assert!(report.page.contains("all orders arrived at the instant they were sent"));
    assert!(report.page.contains("buyer plots level"));
    assert!(report.page.contains("This market cannot be compared with real ones: "));
}

/// Draws the figures of ten minutes of quickstart as files; returns what was printed, and the run's report.
fn figures(out: &Path, arguments: &[&str]) -> (i32, String, Report) {
    simulate(out, &shipped("quickstart"), &["scenario.end=2025-03-03T09:40:00"]);
    let directory = out.join("quickstart/42");
    let mut command = bearpit();
    command.arg("report").arg(&directory).arg("--figures").arg(out.join("figures")).args(arguments);
    let (code, _, stderr) = run(&mut command);
    let report = render(&read(&directory)).unwrap();
    let alone = run(bearpit().arg("report").arg(&directory).arg("--png"));
    assert_eq!(alone.0, 2, "PNG goes with --figures");
    (code, stderr, report)
}

#[test]
fn figures_are_files_of_their_own_as_svg() {
    let out = TempDir::new().unwrap();
    let (code, stderr, report) = figures(out.path(), &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for figure in &report.figures {
        let svg = fs::read_to_string(out.path().join(format!("figures/{}.svg", figure.name))).unwrap();
        assert_eq!(svg, figure.svg);
    }
}

#[cfg(feature = "png")]
#[test]
fn figures_are_files_of_their_own_as_png() {
    use bearpit::report::{SvgFigure, png};

    let out = TempDir::new().unwrap();
    let (code, stderr, report) = figures(out.path(), &["--png"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for figure in &report.figures {
        let bytes = fs::read(out.path().join(format!("figures/{}.png", figure.name))).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n"), "{}", figure.name);
    }
    let first = &report.figures[0];
    let bytes = png(first).unwrap();
    let size = |from: usize| u32::from_be_bytes(bytes[from..from + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (2_160, 680), "two pixels for one, each way");
    let blank = SvgFigure { name: "blank".to_owned(), svg: without_texts(&first.svg) };
    assert_ne!(png(&blank).unwrap(), bytes, "letters are drawn");
}

#[cfg(not(feature = "png"))]
#[test]
fn without_the_feature_png_an_error_says_how_to_get_it() {
    let out = TempDir::new().unwrap();
    let (code, stderr, _) = figures(out.path(), &["--png"]);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("cargo run --release --features png -- report RUN --figures DIR --png"),
        "{stderr}"
    );
    assert!(!out.path().join("figures").exists());
}

#[cfg(feature = "png")]
fn without_texts(svg: &str) -> String {
    svg.split("<text").enumerate().fold(String::new(), |mut kept, (place, part)| {
        kept.push_str(if place == 0 { part } else { part.split_once("</text>").unwrap().1 });
        kept
    })
}
