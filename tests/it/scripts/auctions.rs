//! Auctions between scripts: what they are told, what they read, and what is refused.

use super::*;

use bearpit::participant::AuctionRules;

/// Runs two scripts that may auction, an owner and a bidder, beside desk `a`, which makes the market.
fn played(owner: &str, bidder: &str) -> Vec<String> {
    let mut builder = desks(60);
    builder.auctions(AuctionRules::default());
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    for (name, source) in [("owner", owner), ("bidder", bidder)] {
        let trader = ScriptTrader::new(config(source, &[]));
        let terms = account(10_000, &[(InstrumentId::new(0), 100)]);
        builder.agent(name, ParticipantConfig::new("script").with_account(terms), trader).unwrap();
    }
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    log.borrow().clone()
}

#[test]
fn two_scripts_auction_and_each_is_told_what_is_its_own() {
    let owner = r#"
        fn on_start() { this.id = offer_auction(40, "30s"); log(`${this.id} ${position()}`); }
        fn on_auction(news) {
            log(`owner: ${news.kind} ${news.auction} ${news.is_own} ${news.cash}`);
            if news.kind == "proposed" {
                if news.cash < 4000.0 { log(reject(news.auction, news.proposal)); }
                else { log(accept(news.auction, news.proposal)); }
            }
        }
        fn on_stop() { log(`owner: ${cash()} ${position()}`); }
    "#;
    let bidder = r#"
        fn on_start() { set_timer("bid", "1s"); }
        fn on_timer(name) {
            let auction = auctions()[0];
            log(`bidder: ${auction.symbol} ${auction.quantity} ${auction.is_own} ${auction.proposals.len}`);
            if name == "bid" { propose(auction.id, 3900); set_timer("more", "1s"); }
            else { log(propose(auction, 4000.25)); }
        }
        fn on_auction(news) { log(`bidder: ${news.kind} ${news.is_own_proposal} ${news.reason} ${news.value}`); }
        fn on_stop() { log(`bidder: ${cash()} ${position()}`); }
    "#;
    assert_eq!(
        played(owner, bidder),
        [
            "1 100.0",
            "owner: offered 1 true ",
            "bidder: ACME 40.0 false 0",
            "owner: proposed 1 true 3900.0",
            "true",
            "bidder: proposed true  ",
            "owner: proposal_ended 1 true ",
            "bidder: proposal_ended true rejected ",
            "bidder: ACME 40.0 false 0",
            "2",
            "owner: proposed 1 true 4000.25",
            "true",
            "bidder: proposed true  ",
            "owner: accepted 1 true 4000.25",
            "bidder: accepted true  4000.25",
            "owner: 14000.25 60.0",
            "bidder: 5999.75 140.0",
        ]
    );
}

#[test]
fn what_is_refused_is_told_as_news_with_its_sentence() {
    let owner = r#"
        fn on_start() {
            log(offer_auction("ACME", 101, "30s") == ());
            log(offer_auction(market("ACME"), 1, "2025-03-03T09:30:00") == ());
            log(withdraw(7));
            let id = offer_auction(1, "2025-03-03T09:30:30");
            log(withdraw(id));
        }
        fn on_auction(news) { log(`${news.kind}: ${news.reason}`); }
    "#;
    assert_eq!(
        played(owner, "fn on_start() { }"),
        [
            "true",
            "true",
            "false",
            "true",
            "refused: 101 lots are needed, but only 100 are free",
            "refused: the deadline must come after now, 2025-03-03T09:30:00",
            "refused: there is no auction 7",
            "offered: ",
            "ended: withdrawn",
        ]
    );
}

#[test]
fn what_makes_no_sense_is_an_error_of_the_script() {
    for (call, said) in [
        ("offer_auction(1, 30)", "the deadline must be a text, but is a number (30)"),
        ("offer_auction(1, \"soon\")", "the deadline must be a span such as \"30s\", or a time such as"),
        ("offer_auction(0.5, \"1s\")", "a quantity of 0.5 is not allowed"),
        ("offer_auction(\"ACMF\", 1, \"1s\")", "did you mean ACME"),
        ("propose(\"x\", 1)", "the auction must be its number, 1 or more, but is a text (x)"),
        ("propose(1, 1e300)", "is no amount of cash"),
        ("accept(1, -1)", "the proposal must be its number, 1 or more, but is a number (-1)"),
    ] {
        let lines = played(&format!("fn on_start() {{ {call}; }}"), "fn on_start() { }");
        assert!(
            lines.len() == 1 && lines[0].starts_with("FAILED") && lines[0].contains(said),
            "{call}: {lines:?}"
        );
    }
}

#[test]
fn a_script_that_fails_takes_back_what_it_offers() {
    let owner = r#"
        fn on_start() { offer_auction(40, "30s"); set_timer("fail", "1s"); }
        fn on_timer(name) { let x = []; x[3]; }
    "#;
    let bidder = "fn on_auction(news) { log(`${news.kind} ${news.reason}`); }";
    let lines = played(owner, bidder);
    assert_eq!(lines.last().map(String::as_str), Some("ended withdrawn"), "{lines:?}");
}

#[test]
fn refusals_that_ask_again_are_stopped() {
    let owner = "fn on_start() { withdraw(1); }\nfn on_auction(news) { withdraw(1); }";
    let lines = played(owner, "fn on_start() { }");
    assert!(lines[0].contains("what is asked for in on_auction is refused again and again"), "{lines:?}");
}
