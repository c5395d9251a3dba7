//! Which callbacks scripts get, with what, and when.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::exchange::ListingConfig;
use bearpit::kernel::LatencyModel;
use bearpit::market::{OrderTerms, Phase, Side};
use bearpit::participant::{Instruction, Latencies, ParticipantConfig};
use bearpit::script::{Callback, ScriptTrader};
use bearpit::units::{Price, Quantity, SimDuration};

use super::{LISTING, LogSink, OutputSink, config, logged};
use crate::market::{account, desks, open};

#[test]
fn every_callback_is_called_with_what_it_is_about() {
    let lines = logged(
        r#"
        fn on_init(params) { this.n = 0; log(`init ${now()}`); }
        fn on_start() { set_timer("once", "5s"); every("tick", "25s"); log(`start ${time()}`); }
        fn on_timer(name) { log(`timer ${name} ${time()}`); if name == "once" { buy(2); } }
        fn on_quote(quote) { this.n += 1; log(`quote ${quote.symbol} ${quote.venue} ${quote.bid} ${quote.ask}`); }
        fn on_trade(trade) { log(`trade ${trade.side} ${trade.quantity} ${trade.price} ${trade.time}`); }
        fn on_order_accepted(event) { log(`accepted ${event.order.status}`); }
        fn on_order_filled(event) { log(`filled ${event.side} ${event.quantity} ${event.price} ${event.liquidity} ${event.leaves}`); }
        fn on_order(event) { log(`event ${event.kind}`); }
        fn on_position(position) { log(`position ${position.quantity} ${position.symbol}`); }
        fn on_bar(bar) { log(`bar ${bar.start} ${bar.open} ${bar.close} ${bar.volume}`); }
        fn on_stop() { log(`stop ${this.n} ${position()}`); }
        "#,
    );
    assert_eq!(
        lines,
        [
            "init 2025-03-03T09:30:00",
            "start 0.0",
            "quote ACME PIT 99.9 ",
            "quote ACME PIT 99.9 100.1",
            "timer once 5.0",
            "accepted open",
            "event accepted",
            "trade buy 2.0 100.1 2025-03-03T09:30:05",
            "filled buy 2.0 100.1 taker 0.0",
            "event filled",
            "position 12.0 ACME",
            "quote ACME PIT 99.9 100.1",
            "trade buy 5.0 100.1 2025-03-03T09:30:10",
            "quote ACME PIT 99.9 100.1",
            "bar 2025-03-03T09:30:00 100.1 100.1 7.0",
            "timer tick 25.0",
            "timer tick 50.0",
            "quote ACME PIT  ",
            "stop 5 12.0",
        ]
    );
}

#[test]
fn the_book_is_delivered_and_kept() {
    let lines = logged(
        r#"
        fn on_init(params) { book(2); }
        fn on_book(book) {
            let level = book.bids[0];
            log(`${book.bids.len} ${book.asks.len} ${level.price} ${level.size} ${book.imbalance} ${depth(1)}`);
            if book.asks.len == 1 { throw depth(3); }
        }
        "#,
    );
    assert_eq!(
        lines[..2],
        ["1 0 99.9 500.0 1.0 ACME 1 bids 0 asks", "1 1 99.9 500.0 0.0 ACME 1 bids 1 asks"]
    );
    assert!(lines[2].contains("depth: the subscription to the book has 2 levels"), "{lines:?}");
}

#[test]
fn phases_are_delivered_and_the_next_is_known() {
    let mut builder = desks(60);
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let at = |second| open() + SimDuration::from_secs(second);
    let schedule = vec![
        (at(0), Phase::OpeningAuction),
        (at(10), Phase::Continuous),
        (at(40), Phase::ClosingAuction),
        (at(50), Phase::Closed),
    ];
    builder.listing_config(LISTING, ListingConfig { schedule, ..ListingConfig::default() });
    let source = "fn on_start() { log(session()); }\nfn on_session(phase) { log(`${phase.name} ${time()} ${seconds_to_phase_change()} ${phase.takes_orders}`); }";
    let trader = ScriptTrader::new(config(source, &[]));
    builder
        .agent("script", ParticipantConfig::new("script").with_account(account(1_000, &[])), trader)
        .unwrap();
    builder.open().unwrap().run().unwrap();
    let expected = [
        // What began before the script did is for it to look at.
        "opening_auction",
        "continuous 10.0 30.0 true",
        "closing_auction 40.0 10.0 true",
        "closed 50.0  false",
    ];
    assert_eq!(*log.borrow(), expected);
}

#[test]
fn indicators_are_fed_before_the_callback() {
    let lines = logged(
        r#"
        fn on_init(params) {
            this.mid = feed(sma(1), "quote.mid");
            this.range = feed(donchian(1), "bar", "20s");
            this.trades = market("ACME").feed(rolling_sum(1), "trade.quantity");
        }
        fn on_quote(quote) { log(`${this.mid.value == quote.mid} ${this.mid.is_ready}`); }
        fn on_bar(bar) { log(`${this.range.upper} ${this.trades.value}`); }
        "#,
    );
    assert_eq!(
        lines,
        ["true false", "true true", "true true", "100.1 5.0", "false true"],
        "a quote without a mid feeds nothing"
    );
    for (call, expected) in [
        ("feed(5, \"bar\")", "feed: the first argument must be an indicator, but is a number (5)"),
        ("feed(sma(3), \"bar.clsoe\")", "feed: there is no source `bar.clsoe`; did you mean `bar.close`?"),
        ("feed(sma(3), \"bar\")", "feed: `bar` does not fit sma(3): not ready: update takes one number"),
        ("feed(atr(3), \"bar.high\")", "feed: `bar.high` does not fit atr(3)"),
        ("feed(sma(3), \"quote.mid\", \"1m\")", "feed: `quote.mid` has no interval"),
    ] {
        let lines = logged(&format!("fn on_start() {{ {call}; }}"));
        assert!(lines[0].contains(expected), "{call} gave {lines:?}");
    }
}

#[test]
fn what_a_script_plots_and_records_is_on_the_tape() {
    let mut builder = desks(60);
    let facts = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(OutputSink(Rc::clone(&facts))));
    let source = r#"fn on_start() { plot("x", 1); plot("x", 2.5); plot("x", 0.0 / 0.0); plot("x", ()); record("t", #{ a: 1, b: "two", c: (), d: true }); }"#;
    let trader = ScriptTrader::new(config(source, &[]));
    builder
        .agent("script", ParticipantConfig::new("script").with_account(account(1_000, &[])), trader)
        .unwrap();
    builder.open().unwrap().run().unwrap();
    let outputs = facts.borrow();
    assert_eq!(outputs[..4], ["x 1", "x 2.5", "x NaN", "x NaN"], "what is no number is a gap");
    assert_eq!(outputs[4], "t a: 1, b: two, d: 1");
    drop(outputs);
    for (call, expected) in [
        ("plot(\"x\", \"1\")", "plot: the value must be a number, but is a text"),
        ("plot(\"\", 1)", "plot: a name has 1 to 100 characters"),
        ("record(\"t\", 5)", "record: the row must be a map"),
        ("record(\"t\", #{ a: [1] })", "record: `a` must be a boolean, a number or a text, but is an array"),
        ("for i in 0..200 { plot(`s${i}`, i) }", "plot: more than 100 names"),
        ("for i in 0..2000 { plot(\"x\", i) }", "more than 1000 rows and points in one callback"),
    ] {
        let lines = logged(&format!("fn on_start() {{ {call}; }}"));
        assert!(lines[0].contains(expected), "{call} gave {lines:?}");
    }
}

#[test]
fn there_is_no_market_to_trade_in_before_the_start() {
    let lines = logged("fn on_init(params) {\n  buy(1);\n}");
    assert!(lines[0].contains("s.rhai:2:3: buy: the market has not opened in on_init"), "{lines:?}");
    let lines = logged("const N = bid();\nfn on_start() { }");
    assert!(
        lines[0].contains("s.rhai:1:11: bid: there is no market while the script is loaded"),
        "{lines:?}"
    );
}

#[test]
fn a_feed_is_asked_for_unless_the_script_asks_itself() {
    let count = |start: &str| {
        let source = format!(
            "fn on_start() {{ this.n = 0; {start} }} fn on_quote(quote) {{ this.n += 1; }} fn on_stop() {{ log(this.n); }}"
        );
        logged(&source)
    };
    assert_eq!(count(""), ["4"]);
    assert_eq!(count("quotes();"), ["4"]);
    assert_eq!(
        count("quotes(); quotes(); market(\"ACME\").quotes();"),
        ["4"],
        "asking again changes nothing"
    );
}

#[test]
fn a_refused_order_is_reported_after_the_callback_that_sent_it() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) { let o = sell(11); log(`${name} ${o.status}`); }
        fn on_order(event) { log(`${event.kind} ${event.reason} ${event.order.id == ()}`); }
        "#,
    );
    assert_eq!(lines[0], "go refused");
    assert!(lines[1].starts_with("refused selling 11 lots") && lines[1].ends_with("true"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn refusals_that_lead_to_refusals_end_with_an_error() {
    let lines = logged("fn on_start() { sell(11); }\nfn on_order(event) { sell(11); }");
    assert!(
        lines[0].contains("orders sent in on_order or on_order_refused are refused again and again"),
        "{lines:?}"
    );
}

#[test]
fn a_script_reads_the_market_late_by_its_latency() {
    let mut builder = desks(60);
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let second = LatencyModel::Constant(SimDuration::from_secs(1));
    let far = Latencies::all(second);
    let source = "fn on_start() { every(\"look\", \"500ms\"); }\nfn on_timer(name) { if bid() != () { log(time()); throw \"enough\"; } }";
    let trader = ScriptTrader::new(config(source, &[]));
    builder
        .agent(
            "script",
            ParticipantConfig::new("script").with_account(account(1_000, &[])).with_latencies(far),
            trader,
        )
        .unwrap();
    let mut market = builder.open().unwrap();
    market.start();
    let desk = market.participant("a").unwrap().id;
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(100));
    let at = open() + SimDuration::from_millis(1_200);
    market.instruct(at, desk, Instruction::Submit { listing: LISTING, terms }).unwrap();
    market.step(market.close(), 100_000).unwrap();
    market.settle().unwrap();
    assert_eq!(log.borrow()[0], "2.5");
}

#[test]
fn history_holds_the_bars_that_were_delivered() {
    let lines = logged(
        r#"
        fn on_bar(bar) { log(`${history(5).len} ${closes(5)} ${history("20s", 1)[0].close} ${market("ACME").closes(9).len}`); }
        fn on_start() { set_timer("early", "5s"); set_timer("late", "30s"); }
        fn on_timer(name) { log(closes(3).len); if name == "late" { history("7s", 1); } }
        "#,
    );
    assert_eq!(lines[..3], ["0", "1 [100.1] 100.1 1", "1"]);
    assert!(
        lines[3].contains("history: there is no subscription to such bars; call bars(\"7s\")"),
        "{lines:?}"
    );
}

#[test]
fn the_clock_has_day_and_time() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("look", "12.5s"); }
        fn on_timer(name) {
            let c = clock();
            log(`${c.date} ${c.weekday} ${c.hour} ${c.minute} ${c.second} ${c.seconds_of_day} ${session()}`);
        }
        "#,
    );
    assert_eq!(lines, ["2025-03-03 monday 9 30 12 34212.5 continuous"]);
}

#[test]
fn return_ends_a_callback_and_this_stays() {
    let lines = logged(
        r#"
        fn on_start() { this.n = 1; every("tick", "10s"); }
        fn twice(x) { return x * 2; }
        fn on_timer(name) { this.n = twice(this.n); if this.n > 8 { return; } log(this.n); }
        fn on_stop() { log(`in all ${this.n}`); }
        "#,
    );
    assert_eq!(lines, ["2", "4", "8", "in all 64"]);
}

#[test]
fn all_callbacks_have_names_of_their_own() {
    let mut names: Vec<&str> = Callback::all().map(Callback::name).collect();
    names.dedup();
    assert_eq!(names.len(), Callback::COUNT);
}
