//! What is said about a smart order router that cannot be right.

use std::fs;
use std::path::Path;

use super::{Diagnostics, Scenario};

const MARKET: &str = r#"
[scenario]
name = "t"
seed = 1
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "ACME"
tick_size = "0.05"

[[instruments]]
symbol = "COIN"
tick_size = "0.01"

[[venues]]
name = "NORTH"
instruments = ["ACME", "COIN"]

[[venues]]
name = "SOUTH"
instruments = ["ACME"]

[[agents]]
kind = "smart_order_router"
side = "buy"
"#;

fn load(router: &str) -> Result<Scenario, Diagnostics> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.toml");
    fs::write(&path, format!("{MARKET}{router}")).unwrap();
    Scenario::load(Path::new(&path), &[])
}

/// Returns the messages of errors, or else of warnings.
fn said(router: &str) -> Vec<String> {
    let found = load(router).map_or_else(|errors| errors, |scenario| scenario.warnings);
    let json = found.to_json();
    json.as_array().unwrap().iter().map(|it| it["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn venues_and_prices_that_do_not_exist_are_errors() {
    let good = "instrument = \"ACME\"\nquantity = 100\nduration = \"5m\"\n";
    assert_eq!(said(&format!("{good}venues = [\"SOUTH\", \"NORTH\"]\nlimit = \"10.05\"")), [""; 0]);
    for (router, expected) in [
        (
            format!("{good}venues = [\"NORTH\", \"SOTH\"]"),
            "no venue `SOTH` lists ACME; did you mean `SOUTH`? allowed: `NORTH`, `SOUTH`",
        ),
        (
            good.replace("ACME", "COIN") + "venues = [\"SOUTH\"]",
            "no venue `SOUTH` lists COIN; allowed: `NORTH`",
        ),
        (format!("{good}venues = [\"NORTH\", \"NORTH\"]"), "`venues` has `NORTH` twice"),
        (format!("{good}venues = []"), "`venues` is empty: name at least two, or leave it out"),
        (
            format!("{good}limit = \"10.02\""),
            "`limit` is 10.02, but must be a multiple of the tick size 0.05",
        ),
        (good.replace("100", "0"), "`quantity` is `0`, but must be a multiple of the lot size 1, above 0"),
        (format!("{good}venue = \"NORTH\""), "it trades at all venues of its instrument, not at one"),
        (
            good.replace("instrument = \"ACME\"\n", ""),
            "several instruments are listed: select one with `instrument`",
        ),
        (
            good.replace("5m", "2h"),
            "`duration` is 2h and it begins 0s after the start, but the scenario lasts 1h only",
        ),
    ] {
        assert_eq!(said(&router), [expected], "{router}");
    }
}

#[test]
fn one_venue_alone_is_a_warning() {
    let router = "instrument = \"COIN\"\nquantity = 100\nduration = \"5m\"\n";
    assert!(load(router).is_ok());
    let expected = "it has one venue only, so there is nothing to route: it sends all orders there";
    assert_eq!(said(router), [expected]);
}
