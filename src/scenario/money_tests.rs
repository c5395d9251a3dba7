//! What scenarios say of fees, of the lowest price and of ruin.

use std::fs;

use super::Scenario;
use bearpit_core::account::OnRuin;
use bearpit_core::market::{
    Charge, ChargedSide, FeeRates, FeeSchedule, FeeTier, Fees, FillRate, TierMeasure,
};
use bearpit_core::units::{FeeRate, Money, Price};

const MARKET: &str = r#"[scenario]
name = "test"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "ACME"
tick_size = "0.01"
min_price = MIN_PRICE

[[venues]]
name = "PIT"
instruments = ["ACME"]
fees = FEES
bands = BANDS

[[agents]]
kind = "noise"
max_quantity = 10
depth = "0.05"
commission = COMMISSION
on_ruin = RUIN
"#;

/// Loads the market with some of its words replaced; the others are left out.
fn load(changes: &[(&str, &str)]) -> Result<Scenario, Vec<String>> {
    let mut text = MARKET.to_owned();
    for (word, value) in changes {
        assert!(text.contains(word), "{word}");
        text = text.replace(word, value);
    }
    for key in ["min_price = MIN_PRICE\n", "fees = FEES\n", "bands = BANDS\n", "commission = COMMISSION\n"] {
        text = text.replace(key, "");
    }
    let text = text.replace("on_ruin = RUIN\n", "");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.toml");
    fs::write(&path, text).unwrap();
    Scenario::load(&path, &[]).map_err(|found| found.iter().map(|it| it.message.to_owned()).collect())
}

fn money(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

fn bps(text: &str) -> FeeRate {
    FeeRate::from_bps(text.parse().unwrap()).unwrap()
}

#[test]
fn rates_as_they_always_were_are_a_plain_schedule() {
    let scenario = load(&[("FEES", "{ maker_bps = -0.1, taker_bps = 0.3 }")]).unwrap();
    let fees = Fees { maker: bps("-0.1"), taker: bps("0.3"), auction: bps("0.3") };
    assert_eq!(scenario.venues[0].fees, fees.into());
    assert_eq!(scenario.venues[0].fees.plain(), Some(&fees));
    assert_eq!(load(&[]).unwrap().venues[0].fees, FeeSchedule::FREE);
}

#[test]
fn a_commission_is_a_list_of_charges() {
    let text = "[{ per_share = 0.005, minimum = 1, maximum_bps = 100, round = \"0.01\" }, { bps = 10, on = \"sales\" }]";
    let scenario = load(&[("COMMISSION", text)]).unwrap();
    let share = FillRate { per_unit: money("0.005"), ..FillRate::default() };
    let commission = Charge {
        minimum: Some(money("1")),
        maximum_rate: Some(bps("100")),
        step: Some(money("0.01")),
        ..Charge::of(FeeRates::flat(share))
    };
    let duty = FillRate { rate: bps("10"), ..FillRate::default() };
    let duty = Charge { on: ChargedSide::Sales, ..Charge::of(FeeRates::flat(duty)) };
    let expected = FeeSchedule::new(vec![commission, duty]).unwrap();
    assert_eq!(scenario.agents[0].commission.as_deref(), Some(&expected));
    assert_eq!(load(&[]).unwrap().agents[0].commission, None);
}

#[test]
fn a_tier_leaves_out_what_is_as_in_the_table() {
    let text =
        "{ maker_bps = 1, taker_bps = 5, tier_by = \"quantity\", tiers = [{ from = 1000, taker_bps = 3 }] }";
    let scenario = load(&[("FEES", text)]).unwrap();
    let rates =
        |maker, taker| FeeRates::from(Fees { maker: bps(maker), taker: bps(taker), auction: bps(taker) });
    let [charge] = scenario.venues[0].fees.charges() else { panic!("{:?}", scenario.venues[0].fees) };
    assert_eq!((charge.rates, charge.measure), (rates("1", "5"), TierMeasure::Quantity));
    assert_eq!(charge.tiers, [FeeTier { from: money("1000"), rates: rates("1", "3") }]);
}

#[test]
fn fees_that_cannot_be_are_errors() {
    for (fees, expected) in [
        ("3", "the fees is a whole number, but must be a table"),
        ("{ per_order = -1 }", "`per_order` is `-1`, but must be money"),
        ("{ per_share = 1001 }", "`per_share` is `1001`, but must be from -1000.00 to 1000.00"),
        ("{ minimum = 2, maximum = 1 }", "`minimum` is 2.00, above `maximum`, 1.00"),
        ("{ minimum = 1.005, round = 0.01 }", "`round` is 0.01, but `minimum` is 1.005"),
        ("{ round = 0 }", "`round` is 0.00, but must be above 0"),
        ("{ maximum_bps = -1 }", "`maximum_bps` is -1, but must be from 0 to 10000"),
        ("[{ bps = 6000 }, { bps = 6000 }]", "more than 10000 bps of its notional"),
        ("{ tiers = [{ from = 5 }, { from = 5 }] }", "the tier from 5.00 must begin above 0"),
        ("{ tiers = [{ taker_bps = 1 }] }", "tier 1 has no `from`"),
        ("{ tier_by = \"notional\" }", "`tier_by` has a meaning only with `tiers`"),
        ("{ on = \"sells\" }", "`on` is `sells`, which does not exist"),
        ("{ auction_bps = -1 }", "auction_bps is -1, but must be at or above 0"),
        ("{ maker_bps = -3, taker_bps = 2 }", "the fees pay out more than they take"),
        (
            "{ maker_bps = -1, taker_bps = 5, tiers = [{ from = 1, taker_bps = 0.5 }] }",
            "pay out more than they take",
        ),
        ("{ maker_per_share = -0.003, taker_per_share = 0.002 }", "maker -0.003 and taker 0.002 a share"),
        ("{ maker_bps = -1, taker_bps = 2, maximum = 5 }", "a rebate is possible only where both sides"),
    ] {
        let found = load(&[("FEES", fees)]).unwrap_err();
        assert!(found.iter().any(|it| it.contains(expected)), "{fees} gave {found:?}, not {expected}");
    }
}

#[test]
fn the_lowest_price_is_on_a_tick_and_excludes_bands() {
    let scenario = load(&[("MIN_PRICE", "-500")]).unwrap();
    assert_eq!(scenario.instruments[0].instrument.min_price(), Price::new(-50_000));
    assert_eq!(load(&[]).unwrap().instruments[0].instrument.min_price(), Price::new(1));
    let found = load(&[("MIN_PRICE", "-0.005")]).unwrap_err();
    assert!(
        found[0].contains("`min_price` is -0.005, but must be a multiple of the tick size 0.01"),
        "{found:?}"
    );
    let bands = ("BANDS", "{ static_percent = 5 }");
    let found = load(&[("MIN_PRICE", "-500"), bands]).unwrap_err();
    assert!(found[0].contains("`bands` are percentages of a price, which `ACME` cannot have"), "{found:?}");
    assert!(load(&[bands]).is_ok());
}

#[test]
fn nothing_happens_on_ruin_in_a_market_of_actors_unless_it_is_said() {
    assert_eq!(load(&[]).unwrap().agents[0].on_ruin, None);
    assert_eq!(load(&[("RUIN", "\"keep\"")]).unwrap().agents[0].on_ruin, Some(OnRuin::Keep));
    let found = load(&[("RUIN", "\"panic\"")]).unwrap_err();
    assert!(found[0].contains("`on_ruin` is `panic`, which does not exist"), "{found:?}");
}
