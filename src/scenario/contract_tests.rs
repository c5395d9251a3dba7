//! What scenarios say of contracts: multipliers, futures, perpetuals, and who may trade them.

use std::fs;

use super::Scenario;
use bearpit_core::market::{Contract, DailySettlement, FundingRate, FundingTerms};
use bearpit_core::units::{InstrumentId, SimDuration};

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "BTC"
tick_size = "0.25"
process = { kind = "ou", initial = 100, mean = 100, half_life = "2h", volatility = 0.2 }

[[instruments]]
symbol = "F"
tick_size = "0.25"
FUTURE

[[venues]]
name = "PIT"
instruments = ["BTC", "F"]

[[agents]]
kind = "noise"
instrument = "F"
max_quantity = 10
depth = "0.50"
AGENT
"#;

const ON_MARGIN: &str = "margin = { leverage = 10 }";

/// Loads the market with these lines for the future and for its trader.
fn load(future: &str, agent: &str) -> Result<Scenario, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.toml");
    fs::write(&path, MARKET.replace("FUTURE", future).replace("AGENT", agent)).unwrap();
    Scenario::load(&path, &[]).map_err(|found| {
        let said = |it: &serde_json::Value| {
            let help = it["help"].as_str().map_or_else(String::new, |help| format!(" | {help}"));
            format!("{}{help}", it["message"].as_str().unwrap())
        };
        found.to_json().as_array().unwrap().iter().map(said).collect()
    })
}

fn contract(future: &str) -> Contract {
    load(future, ON_MARGIN).unwrap().instruments[1].instrument.contract()
}

#[test]
fn what_is_issued_is_read_and_must_be_a_quantity() {
    let scenario = load("issued = 1_000_000", ON_MARGIN).unwrap();
    let issued = scenario.instruments.iter().map(|it| it.instrument.issued()).collect::<Vec<_>>();
    assert_eq!(issued, [None, Some("1000000".parse().unwrap())]);
    for (value, expected) in [
        ("0.5", "what is issued is 0.5, but must be a multiple of the lot size 1, above zero"),
        ("0", "`issued` is `0`"),
        ("\"many\"", "`issued` is"),
    ] {
        let errors = load(&format!("issued = {value}"), ON_MARGIN).unwrap_err();
        assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
    }
}

#[test]
fn contracts_are_read_with_their_usual_terms() {
    let seconds = SimDuration::from_secs;
    let rate = |parts| FundingRate::new(parts).unwrap();
    assert_eq!(contract(""), Contract::Spot);
    assert_eq!(contract("contract = { kind = \"spot\" }"), Contract::Spot);
    assert_eq!(
        contract("contract = { kind = \"future\", settlement = \"16h30m\" }"),
        Contract::Future(DailySettlement { time_of_day: seconds(59_400) })
    );
    let usual = FundingTerms {
        index: Some(InstrumentId::new(0)),
        interval: seconds(28_800),
        interest: rate(10_000),
        band: rate(50_000),
        cap: rate(750_000),
    };
    assert_eq!(contract("contract = { kind = \"perpetual\", index = \"BTC\" }"), Contract::Perpetual(usual));
    let own = "process = { kind = \"gbm\", initial = 100, volatility = 0.2 }\n\
               contract = { kind = \"perpetual\", interval = \"1h\", interest = -0.001, band = 0, cap = 1 }";
    let terms = FundingTerms {
        index: None,
        interval: seconds(3_600),
        interest: rate(-100_000),
        band: rate(0),
        cap: rate(FundingRate::PARTS),
    };
    assert_eq!(contract(own), Contract::Perpetual(terms));
    let loaded = load("multiplier = 50", ON_MARGIN).unwrap();
    assert_eq!(loaded.instruments[1].instrument.multiplier().to_string(), "50");
}

#[test]
fn what_is_wrong_with_a_contract_is_said_where_it_stands() {
    for (future, expected) in [
        (
            "contract = { kind = \"futur\", settlement = \"16h\" }",
            "`kind` is `futur`, which does not exist; did you mean `future`? allowed: `spot`, `future`, `perpetual`",
        ),
        ("contract = { kind = \"future\" }", "the contract has no `settlement`, which is required"),
        (
            "contract = { kind = \"future\", settlement = \"24h\" }",
            "`settlement` is `24h`, but must be below 24h",
        ),
        (
            "contract = { kind = \"perpetual\" }",
            "a perpetual needs an `index`, or a `process` whose value is that | name another instrument: index = \"BTC\"",
        ),
        (
            "contract = { kind = \"perpetual\", index = \"BTV\" }",
            "`index` is `BTV`, which does not exist; did you mean `BTC`? allowed: `BTC`",
        ),
        (
            "contract = { kind = \"perpetual\", index = \"BTC\", interval = \"7h\" }",
            "`interval` is `7h`, but must be a part of a day, such as 1h or 8h, or days: it is counted from midnight",
        ),
        (
            "contract = { kind = \"perpetual\", index = \"BTC\", interest = 1.5 }",
            "`interest` is `1.5`, but must be from -1 to 1 with at most eight decimal places, such as 0.0001 for 0.01 %",
        ),
        (
            "contract = { kind = \"perpetual\", index = \"BTC\", band = -0.1 }",
            "`band` is `-0.1`, but must be from 0 to 1 with at most eight decimal places, such as 0.0005 for 0.05 %",
        ),
        ("multiplier = 0", "`multiplier` is `0`, but must be above 0"),
        (
            "multiplier = 1_000_000",
            "one tick times one lot is 0.25, and with a multiplier of 1000000 it must be a multiple of money's \
             smallest part, 10^-10, and at most 1000",
        ),
    ] {
        let found = load(future, ON_MARGIN).unwrap_err();
        assert_eq!(found, [expected], "{future}");
    }
}

#[test]
fn who_trades_a_future_has_margin_and_begins_with_none_of_it() {
    let future = "contract = { kind = \"future\", settlement = \"16h\" }";
    assert_eq!(
        load(future, "").unwrap_err(),
        ["`F` is a future, which is traded on margin | write margin = { leverage = 10 }"]
    );
    assert_eq!(
        load(future, "margin = { leverage = 10 }\nholdings = { F = 5 }").unwrap_err(),
        ["`F` is a future, whose positions are opened by trading alone | leave `F` out of `holdings`"]
    );
    assert!(load(future, "margin = { leverage = 10 }\nholdings = { BTC = 5 }").is_ok());
}

#[test]
fn a_live_market_has_no_futures() {
    let future = "contract = { kind = \"future\", settlement = \"16h\" }";
    let found = load(&format!("{future}\n[live]\nclock = \"scaled\""), ON_MARGIN).unwrap_err();
    assert_eq!(
        found,
        [
            "futures are for simulations: a live market trades things against their price only | leave `contract` \
             out, or [live]"
        ]
    );
}
