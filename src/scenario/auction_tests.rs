//! `[auctions]`, and the persons to whom agents belong.

use std::path::Path;

use super::Scenario;
use bearpit_core::participant::AuctionRules;
use bearpit_core::units::PersonId;

const TEXT: &str = r#"
[scenario]
name = "day"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00
TABLE
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
name = "first"
kind = "noise"
interval = "20s"
market_share = 0.5
max_quantity = 20
depth = "0.10"
person = "anne"
[[agents]]
name = "second"
kind = "noise"
count = 2
interval = "20s"
market_share = 0.5
max_quantity = 20
depth = "0.10"
person = "anne"
[[agents]]
name = "third"
kind = "noise"
interval = "20s"
market_share = 0.5
max_quantity = 20
depth = "0.10"
"#;

fn load(table: &str) -> Result<Scenario, String> {
    let text = TEXT.replace("TABLE", table);
    Scenario::from_text(Path::new("day.toml"), &text, &[]).map_err(|errors| errors.render(false))
}

#[test]
fn a_market_has_auctions_where_its_scenario_says_so() {
    assert_eq!(load("").unwrap().auctions, None);
    assert_eq!(load("[auctions]").unwrap().auctions, Some(AuctionRules::default()));
    let told = "[auctions]\nmax_open = 2\nmax_proposals = 3\nmax_deviation_bps = 500";
    let rules = AuctionRules { max_open: 2, max_proposals: 3, max_deviation_bps: Some(500) };
    assert_eq!(load(told).unwrap().auctions, Some(rules));
    let market = load(told).unwrap().lay_out().unwrap().open().unwrap();
    assert_eq!(market.world().domain().auction_rules(), Some(&rules));
    let market = load("").unwrap().lay_out().unwrap().open().unwrap();
    assert_eq!(market.world().domain().auction_rules(), None);
}

#[test]
fn what_is_wrong_in_it_is_said_with_what_is_meant() {
    for (table, said) in [
        ("[auctions]\nmax_opn = 2", "did you mean `max_open`?"),
        ("[auctions]\nmax_open = 0", "`max_open` is 0, but must be a whole number from 1 to 1000"),
        ("[auctions]\nmax_deviation_bps = \"x\"", "`max_deviation_bps` is"),
        ("[auction]\nmax_open = 2", "did you mean `auctions`?"),
        ("[[auctions]]\nmax_open = 2", "[auctions] is"),
    ] {
        let found = load(table).unwrap_err();
        assert!(found.contains(said), "{table}: {found}");
    }
}

#[test]
fn agents_that_name_one_person_are_that_persons_and_others_are_nobodys() {
    let market = load("[auctions]").unwrap().lay_out().unwrap().open().unwrap();
    let person = |name: &str| {
        let state = market.world().domain();
        state.person_of(market.participant(name).unwrap().id)
    };
    let anne = Some(PersonId::new(1));
    assert_eq!(["first", "second-1", "second-2", "third"].map(person), [anne, anne, anne, None]);
}
