//! The consolidated touch in scripts: over two venues, and beside a venue that does not trade.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::exchange::ListingConfig;
use bearpit::market::Phase;
use bearpit::participant::ParticipantConfig;
use bearpit::script::ScriptTrader;
use bearpit::units::{ListingId, SimDuration};

use super::{LogSink, config};
use crate::market::{account, crowd, latencies, open};

/// Runs a script in the crowd of two venues, of which SOUTH lists ACME third; returns what it logged.
fn logged_in_crowd(source: &str, halted: bool) -> Vec<String> {
    let mut builder = crowd(5, 60);
    if halted {
        let schedule = vec![(open() + SimDuration::from_secs(20), Phase::ClosingAuction)];
        builder.listing_config(ListingId::new(2), ListingConfig { schedule, ..ListingConfig::default() });
    }
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let terms =
        ParticipantConfig::new("script").with_account(account(1_000, &[])).with_latencies(latencies());
    builder.agent("script", terms, ScriptTrader::new(config(source, &[]))).unwrap();
    builder.open().unwrap().run().unwrap();
    log.take()
}

#[test]
fn it_is_the_best_of_what_the_script_sees_of_each_venue() {
    let lines = logged_in_crowd(
        r#"
        fn on_start() { this.seen = #{ alone: 0, both: 0 }; every("look", "500ms"); }
        fn on_timer(name) {
            let it = consolidated("ACME");
            let venues = ["NORTH", "SOUTH"].map(|name| market("ACME", name));
            let bids = venues.filter(|venue| venue.bid() != ());
            let best = bids.reduce(|high, venue| if high == () || venue.bid() > high { venue.bid() } else { high }, ());
            if best != it.bid { log(`bid ${it.bid} is not ${best}`); }
            if best == () { return; }
            let size = 0.0;
            let there = [];
            for venue in bids { if venue.bid() == best { size += venue.quote().bid_size; there.push(venue.venue); } }
            if there != it.bid_venues || size != it.bid_size { log(`${it.bid_venues} ${it.bid_size} is not ${there} ${size}`); }
            if it.ask != () && it.is_crossed != (it.bid > it.ask) { log("crossed"); }
            if there.len() == 2 { this.seen.both += 1; } else { this.seen.alone += 1; }
        }
        fn on_stop() { log(`${this.seen.alone > 20} ${this.seen.both > 0}`); log(consolidated().symbol); }
        "#,
        false,
    );
    assert_eq!(lines, ["true true", "ACME"]);
}

#[test]
fn a_venue_that_does_not_trade_is_left_out_and_an_unknown_symbol_is_an_error() {
    let lines = logged_in_crowd(
        r#"
        fn on_start() { set_timer("before", "15s"); set_timer("after", "30s"); }
        fn on_timer(name) {
            let it = consolidated("ACME");
            log(`${name} ${"SOUTH" in it.bid_venues || "SOUTH" in it.ask_venues} ${it.bid_venues.len() > 0}`);
            if name == "after" { consolidated("ACNE"); }
        }
        "#,
        true,
    );
    assert_eq!(lines[1], "after false true", "{lines:?}");
    assert!(lines[0].starts_with("before true"), "{lines:?}");
    let error = "consolidated: there is no ACNE; did you mean ACME?";
    assert!(lines[2].contains(error), "{lines:?}");
}

#[test]
fn a_market_says_what_its_venue_charges() {
    let lines = logged_in_crowd(
        r#"fn on_start() { let it = market("ACME", "NORTH"); log(`${it.maker_bps} ${it.taker_bps}`); }"#,
        false,
    );
    assert_eq!(lines, ["-0.1 0.33"]);
}
