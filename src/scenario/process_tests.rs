//! What is said of processes that are wrong or odd, at their place; and processes that read files.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{Diagnostics, Scenario};
use bearpit_core::units::{Seed, SimDuration};

const HEAD: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
"#;

/// Loads a scenario whose instrument has a process, beside a file of trades and one of quotes.
fn load(process: &str, more: &str) -> Result<Scenario, Diagnostics> {
    let directory = TempDir::new().unwrap();
    let trades = "time,price,quantity\n2025-03-03T09:31:00,100.00,50\n2025-03-03T09:32:00,101.00,50\n";
    let quotes = "time,bid,ask\n2025-03-03T09:30:30,99.00,99.50\n";
    let others = ["BETA", "GAMA"].into_iter().filter(|it| more.contains(&format!("symbol = \"{it}\"")));
    let symbols: Vec<&str> = std::iter::once("ACME").chain(others).collect();
    let text = format!(
        "{HEAD}[[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n[instruments.process]\n{process}\n{more}\
         [[venues]]\nname = \"PIT\"\ninstruments = {symbols:?}\n"
    );
    for (name, text) in [("t.toml", text.as_str()), ("trades.csv", trades), ("quotes.csv", quotes)] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    Scenario::load(&directory.path().join("t.toml"), &[])
}

/// Returns each finding with its line, its column, and its help.
fn said(found: &Value) -> Vec<String> {
    let item = |it: &Value| {
        let help = it["help"].as_str().map_or_else(String::new, |help| format!(" | {help}"));
        format!("{}:{}: {}{help}", it["line"], it["column"], it["message"].as_str().unwrap())
    };
    found.as_array().unwrap().iter().map(item).collect()
}

fn errors(process: &str, more: &str) -> Vec<String> {
    load(process, more).map_or_else(|errors| said(&errors.to_json()), |_| Vec::new())
}

#[test]
fn a_model_that_does_not_exist_is_an_error_with_the_one_that_is_meant() {
    let found = errors("kind = \"hestn\"", "");
    assert!(
        found[0].starts_with("9:8: `kind` is `hestn`, which does not exist; did you mean `heston`?"),
        "{found:?}"
    );
}

#[test]
fn parameters_that_do_not_go_together_are_errors_at_their_place() {
    for (process, expected) in [
        (
            "kind = \"garch\"\ninitial = 100\nvolatility = 0.2\nalpha = 0.2\nbeta = 0.85",
            "13:8: `alpha + beta` is 1.05, but must be below 1: the variance would have no mean to return to | let `beta` be \
             below 0.8",
        ),
        (
            "kind = \"regime\"\ninitial = 100\nvolatilities = [0.1, 0.4]\nperiod = \"1m\"\ntransition = [\n[0.9, \
             0.1],\n[0.5, 0.4],\n]",
            "15:1: row 2 of `transition` sums to 0.9, but must sum to 1: the probabilities of what follows regime 2",
        ),
        (
            "kind = \"regime\"\ninitial = 100\nvolatilities = []\nperiod = \"1m\"\ntransition = []",
            "11:16: `volatilities` has 0 items, but must have from 1 to 16",
        ),
        (
            "kind = \"heston\"\ninitial = 100\nkappa = 2\ntheta = 0.04\nxi = 0.3\nrho = -1.5",
            "14:7: `rho` is `-1.5`, but must be from -1 to 1",
        ),
        (
            "kind = \"fbm\"\ninitial = 100\nhurst = 1\nvolatility = 0.2",
            "11:9: `hurst` is `1`, but must be from 0.01 to 0.99",
        ),
        (
            "kind = \"kou\"\ninitial = 100\nvolatility = 0.2\njumps_per_year = 9\nup_probability = 0.5\neta_up = 1\neta_down = 9",
            "14:10: `eta_up` is `1`, but must be above 1, up to 1000000",
        ),
    ] {
        let found = errors(process, "");
        assert_eq!(found, [expected], "{process}");
    }
}

#[test]
fn a_broken_feller_condition_is_a_warning() {
    let scenario =
        load("kind = \"heston\"\ninitial = 100\nkappa = 2\ntheta = 0.04\nxi = 0.5\nrho = -0.7", "").unwrap();
    let found = said(&scenario.warnings.to_json_of(super::Severity::Warning));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "13:6: `2 kappa theta` is 0.16 and `xi²` is 0.25, which breaks the Feller condition"
        ),
        "{found:?}"
    );
    assert!(found[0].ends_with("let `xi` be at most 0.4"), "{found:?}");
}

/// A simulation has a shock once, a live market each day.
#[test]
fn a_lasting_shock_of_a_live_market_is_a_warning() {
    let shocks = "shocks = [\n{ after = \"10m\", size = 0.1, half_life = \"1h\" },\n{ after = \"30m\", size = -0.05 }]";
    let warnings = |more: &str| {
        let scenario = load(&format!("{GBM}{shocks}"), more).unwrap();
        said(&scenario.warnings.to_json_of(super::Severity::Warning))
    };
    assert_eq!(warnings(""), [""; 0]);
    assert_eq!(
        warnings("[live]\nclock = \"scaled\"\n"),
        [
            "14:1: shock 2 has no `half_life`: in a live market it comes each day and stays, so that it adds up day after day \
             | give it a `half_life`, in which half of it is forgotten"
        ]
    );
}

const GBM: &str = "kind = \"gbm\"\ninitial = 100\nvolatility = 0.2\n";

#[test]
fn each_shock_has_its_own_errors() {
    assert_eq!(errors(&format!("{GBM}shocks = [{{ after = \"30m\", size = -0.05 }}]"), ""), [""; 0]);
    assert_eq!(
        errors(
            &format!(
                "{GBM}shocks = [{{ after = \"30m\", size = -0.05 }},\n{{ after = \"2h\", size = 0.1 }}]"
            ),
            ""
        ),
        ["13:1: shock 2 comes 2h after the start, but the scenario ends 1h after it: it would never come"]
    );
    let huge = "{ after = \"30m\", size = 1e6 }";
    assert_eq!(
        errors(&format!("{GBM}shocks = [{huge}, {huge}, {huge}, {huge}]"), ""),
        [
            "12:10: the sizes of `shocks` add up to 55.26 as logarithms, `|ln(1 + size)|`, but must add up to at most 50: \
             the value would be out of range | have fewer shocks, or smaller ones"
        ]
    );
    let found = errors(&format!("{GBM}shocks = [\n{{ after = \"30m\", sise = -0.05 }},\n]"), "");
    assert!(
        found.len() == 1
            && found[0].contains("item 1 of `shocks` has no key `sise`")
            && found[0].contains("size"),
        "{found:?}"
    );
    let found = errors(&format!("{GBM}shocks = {{ after = \"30m\" }}"), "");
    assert!(
        found.len() == 1 && found[0].contains("`shocks` is a table, but must be a list of tables"),
        "{found:?}"
    );
}

/// A second instrument, and a basket of the two.
fn basket(process: &str, symbols: &str, correlation: &str) -> String {
    format!(
        "[[instruments]]\nsymbol = \"BETA\"\ntick_size = \"0.01\"\nprocess = {{ {process} }}\n[[baskets]]\ninstruments = \
         [{symbols}]\ncorrelation = {correlation}\n"
    )
}

#[test]
fn what_is_no_basket_is_an_error_with_what_to_do() {
    const OTHER: &str = "kind = \"gbm\", initial = 50, volatility = 0.3";
    const BOTH: &str = "\"ACME\", \"BETA\"";
    let good = basket(OTHER, BOTH, "[[1, 0.5], [0.5, 1]]");
    assert_eq!(errors(GBM, &good), [""; 0]);
    for (process, symbols, correlation, expected) in [
        (
            OTHER,
            BOTH,
            "[[1, 0.5],\n[0.4, 1]]",
            "entry 2 of row 1 of `correlation` is 0.5, but entry 1 of row 2 is 0.4",
        ),
        (OTHER, BOTH, "[[1, 0.5]]", "`correlation` has 1 rows, but must have 2"),
        (
            OTHER,
            "\"ACME\", \"BETS\"",
            "[[1, 0.5], [0.5, 1]]",
            "is `BETS`, which does not exist; did you mean `BETA`?",
        ),
        (
            "kind = \"gbm\", initial = 50, volatility = 0.3, step = \"2s\"",
            BOTH,
            "[[1, 0.5], [0.5, 1]]",
            "`BETA` moves every 2s and `ACME` every 1s",
        ),
        (
            "kind = \"cir\", initial = 50, kappa = 2, sigma = 0.3",
            BOTH,
            "[[1, 0.5], [0.5, 1]]",
            "does not move by one normal shock a step",
        ),
    ] {
        let found = errors(GBM, &basket(process, symbols, correlation));
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
    let third = "[[instruments]]\nsymbol = \"GAMA\"\ntick_size = \"0.01\"\nprocess = { kind = \"gbm\", initial = 50, volatility = 0.3 }\n";
    let three = basket(
        OTHER,
        "\"ACME\", \"BETA\", \"GAMA\"",
        "[[1, -0.75, -0.75], [-0.75, 1, -0.75], [-0.75, -0.75, 1]]",
    );
    let found = errors(GBM, &format!("{third}{three}"));
    assert!(found.len() == 1 && found[0].contains("its smallest eigenvalue is -0.500000 | "), "{found:?}");
    assert!(found[0].contains("by 0.6666 or less"), "{found:?}");
}

/// The two members move together: with a correlation of 1 and equal parameters, as one.
#[test]
fn members_of_a_basket_move_together() {
    let twin =
        basket("kind = \"gbm\", initial = 50, volatility = 0.2", "\"ACME\", \"BETA\"", "[[1, 1], [1, 1]]");
    let scenario = load(GBM, &twin).unwrap();
    let ends = scenario.instruments.iter().map(|it| {
        let (process, symbol) = (it.process.as_ref().unwrap(), it.instrument.symbol());
        let rng = bearpit_core::process::Value::stream(Seed::new(3), symbol);
        let mut value = bearpit_core::process::Value::new(
            process.start(Seed::new(3)),
            process.initial(),
            scenario.start,
            process.step(),
            rng,
        );
        value.at(scenario.end) / process.initial()
    });
    let ends: Vec<f64> = ends.collect();
    assert!((ends[0] / ends[1] - 1.0).abs() < 1e-12 && (ends[0] - 1.0).abs() > 1e-6, "{ends:?}");
}

#[test]
fn trades_and_quotes_of_files_are_a_value() {
    for (data, price, path) in [
        ("\"trades.csv\"", "", [100.0, 100.0, 101.0]),
        ("[\"trades.csv\", \"quotes.csv\"]", "", [99.25, 99.25, 99.25]),
        ("[\"trades.csv\", \"quotes.csv\"]", "price = \"trade\"", [100.0, 100.0, 101.0]),
    ] {
        let scenario = load(&format!("kind = \"ticks\"\ndata = {data}\n{price}"), "").unwrap();
        let process = scenario.instruments[0].process.as_ref().unwrap();
        let rng = bearpit_core::process::Value::stream(Seed::new(3), "ACME");
        let mut value = bearpit_core::process::Value::new(
            process.start(Seed::new(3)),
            process.initial(),
            scenario.start,
            process.step(),
            rng,
        );
        let found = [40, 60, 120].map(|seconds| value.at(scenario.start + SimDuration::from_secs(seconds)));
        assert_eq!(found.map(f64::to_bits), path.map(f64::to_bits), "{data} {price}");
    }
    let found = errors("kind = \"ticks\"\ndata = \"trades.csv\"\nprice = \"mid\"", "");
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("`data` has no quote with a bid and an ask"), "{found:?}");
}
