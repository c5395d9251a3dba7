//! What the language has for portfolios: rounds of bars, times as numbers, orders by cash, crossings.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::participant::ParticipantConfig;
use bearpit::script::ScriptTrader;
use bearpit::units::SimDuration;

use super::{LogSink, config, logged};
use crate::market::{account, crowd};

#[test]
fn bars_say_their_interval_and_times_are_numbers() {
    let lines = logged(
        r#"
        fn on_init(params) { bars("20s"); quotes(); trades(); }
        fn on_bar(bar) { if this.len() == 3 { log(`${bar.interval} ${bar.time_ns} ${bar.seconds}`); } }
        fn on_quote(quote) { this.q = [quote.time, quote.time_ns]; }
        fn on_trade(trade) { this.t = [trade.time_ns, trade.seconds]; }
        fn on_start() { set_timer("buy", "5s"); }
        fn on_timer(name) { buy(1); let c = clock(); log(`${c.year} ${c.month} ${c.day} ${c.week} ${c.time_ns}`); }
        fn on_order_filled(event) { this.e = event.time_ns; log(`${this.q} ${this.e == this.t[0]} ${event.seconds == time_of(this.e)}`); }
        fn time_of(ns) { ns / 1000000000.0 }
        "#,
    );
    assert_eq!(
        lines,
        [
            "2025 3 3 10 1740994205000000000",
            "[\"2025-03-03T09:30:01\", 1740994201000000000] true true",
            "20s 1740994220000000000 1740994220.0",
        ]
    );
}

#[test]
fn weeks_are_those_of_the_calendar() {
    // The thirtieth of December 2024 was the Monday of the first week of 2025.
    let lines = logged("fn on_start() { let c = clock(); log(c.week * 10000 + c.year); log(c.seconds); }");
    assert_eq!(lines, ["102025", "1740994200.0"]);
}

#[test]
fn a_refused_order_has_a_callback_of_its_own() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("a", "5s"); }
        fn on_timer(name) { sell(1000); let o = sell_limit(1, 200); o.replace(1000, 200); }
        fn on_order_refused(event) { log(`refused ${event.kind} ${event.order.status} ${event.reason}`); }
        fn on_order(event) { if event.reason != () { log(`order ${event.kind}`); } }
        "#,
    );
    assert!(lines[0].starts_with("refused refused refused selling 1000 lots needs"), "{lines:?}");
    // The request about an order that is open is refused too, but no order is.
    assert_eq!(lines[1..3], ["order refused", "order command_refused"]);
}

#[test]
fn orders_sent_in_answer_to_refusals_without_end_stop_the_strategy() {
    let lines = logged("fn on_start() { sell(1000); } fn on_order_refused(event) { sell(1000); }");
    assert!(lines[0].contains("on_order or on_order_refused are refused again and again"), "{lines:?}");
}

#[test]
fn crossings_are_those_of_the_last_updates() {
    let lines = logged(
        r#"
        fn on_start() {
            let fast = sma(1);
            let slow = sma(2);
            log(crossed_above(fast, slow));
            for x in [5, 4, 6, 7, 3, 3, 3, 4] {
                fast.update(x);
                slow.update(x);
                let up = crossed_above(fast, slow);
                let down = crossed_below(fast, slow);
                if up || down { log(`${x} ${up} ${down} ${crossed_above(fast, 5.5)} ${crossed_below(5.5, fast)}`); }
            }
            log(crossed_below(fast, "x"));
        }
        "#,
    );
    // At 3, 3, 3 both come to be equal, which crosses nothing; from there 4 crosses above.
    assert_eq!(
        lines[..4],
        ["false", "6 true false true true", "3 false true false false", "4 true false false false"]
    );
    assert!(lines[4].contains("crossed_below: the indicator or level must be a number, but is a text (x)"));
}

#[test]
fn cash_is_a_quantity_at_the_price_of_the_other_side() {
    let lines = logged(
        r#"
        fn on_start() { log(buy_value(1000).reason); set_timer("a", "5s"); }
        fn on_timer(name) {
            log(buy_value(1001).quantity);
            log(buy_value(1000.99).quantity);
            log(sell_value(999, "IOC").quantity);
            log(market("ACME").sell_value(998.99).quantity);
            log(buy_value(100).reason);
            buy_value(-1);
        }
        "#,
    );
    assert_eq!(
        lines[..6],
        [
            "no price has been seen yet, so an amount of cash is no quantity",
            "10.0",
            "9.0",
            "10.0",
            "9.0",
            "the cash is not worth one lot",
        ]
    );
    assert!(lines[6].contains("buy_value: a cash of -1 is not allowed; it must be above 0"), "{lines:?}");
}

#[test]
fn the_book_can_be_read_without_own_orders() {
    let lines = logged(
        r#"
        fn on_init(params) { book(5); }
        fn on_start() { set_timer("a", "5s"); set_timer("b", "6s"); }
        fn on_timer(name) {
            if name == "a" {
                buy_limit(10, 99.95);
                buy_limit(7, 99.90);
                buy_iceberg(50, 99.80, 5);
            } else {
                log(`${mid()} ${mid_without_own()} ${depth(3).bids} ${depth_without_own(3).bids}`);
                market("ACME").depth_without_own(9);
            }
        }
        "#,
    );
    assert_eq!(lines[0], "100.025 100.0 [10 at 99.95, 507 at 99.9, 5 at 99.8] [500 at 99.9]");
    assert!(lines[1].contains("depth_without_own: the subscription to the book has 5 levels"), "{lines:?}");
}

#[test]
fn a_round_of_bars_comes_once_when_all_markets_have_published() {
    let mut builder = crowd(5, 60);
    builder.bar_interval(SimDuration::from_secs(10));
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let source = r#"
        fn on_start() { this.seen = []; }
        fn on_bar(bar) { this.seen.push(`${bar.symbol}@${bar.venue}`); }
        fn on_bars(bars) {
            let names = bars.map(|bar| `${bar.symbol}@${bar.venue}`);
            let ends = bars.filter(|bar| bar.end == "2025-03-03T09:30:10").len();
            log(`${names} ${this.seen.len} ${ends} ${now() > bars[0].end}`);
        }
        "#;
    let terms = ParticipantConfig::new("script").with_account(account(1_000, &[]));
    builder.agent("script", terms, ScriptTrader::new(config(source, &[]))).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let lines = log.borrow();
    let all = "[\"ACME@NORTH\", \"COIN@NORTH\", \"ACME@SOUTH\", \"COIN@SOUTH\"]";
    assert_eq!(lines[0], format!("{all} 4 4 true"), "{lines:?}");
    assert_eq!(lines[1], format!("{all} 8 0 true"));
    assert!(lines.len() == 5 || lines.len() == 6, "the last round is under way at the close: {lines:?}");
}

/// The order that docs/strategies.md promises: a longer bar has had its first trade no later.
#[test]
fn of_the_bars_with_a_common_end_those_that_began_first_come_first() {
    let mut builder = crowd(5, 30);
    builder.bar_interval(SimDuration::from_secs(10));
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let source = r#"
        fn on_init(params) {
            for symbol in ["COIN", "ACME"] { let it = market(symbol, "NORTH"); it.bars("20s"); it.bars("5s"); it.bars(); }
        }
        fn on_bar(bar) { if bar.end == "2025-03-03T09:30:20" { log(`${bar.symbol} ${bar.interval}`); } }
        "#;
    let terms = ParticipantConfig::new("script").with_account(account(1_000, &[]));
    builder.agent("script", terms, ScriptTrader::new(config(source, &[]))).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    let lines = log.borrow();
    assert_eq!(lines.len(), 6, "{lines:?}");
    let place = |line: &str| lines.iter().position(|it| it == line).unwrap();
    for symbol in ["ACME", "COIN"] {
        let [five, ten, twenty] = ["5s", "10s", "20s"].map(|interval| place(&format!("{symbol} {interval}")));
        assert!(twenty < ten && twenty < five, "{lines:?}");
    }
}

#[test]
fn what_is_printed_goes_to_the_log() {
    let lines = logged("fn on_start() { print(`x ${1 + 1}`); debug([1, \"a\"]); }");
    assert_eq!(lines, ["x 2", "[1, \"a\"]"]);
}
