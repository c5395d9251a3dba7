//! Strategies in Rhai, in a market: what they are told, what they can do, and how they fail.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::agents::script::ScriptTrader;
use bearpit::agents::{ParamValue, ScriptConfig};
use bearpit::exchange::Market;
use bearpit::kernel::LatencyModel;
use bearpit::market::{Fact, OrderTerms, Side, Stamped, TapeSink};
use bearpit::pit::{Instruction, Latencies};
use bearpit::units::{InstrumentId, ListingId, Price, Quantity, SimDuration};

use crate::market::{account, crowd, desks, open};

const LISTING: ListingId = ListingId::new(0);

/// Collects what strategies log, with failures marked.
#[derive(Debug)]
struct LogSink(Rc<RefCell<Vec<String>>>);

impl TapeSink for LogSink {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), String> {
        match stamped.fact {
            Fact::Logged { text, .. } => self.0.borrow_mut().push(text.to_string()),
            Fact::StrategyFailed { text, .. } => self.0.borrow_mut().push(format!("FAILED {text}")),
            _ => {}
        }
        Ok(())
    }
}

fn config(source: &str, params: &[(&str, ParamValue)]) -> ScriptConfig {
    ScriptConfig {
        file: "s.rhai".into(),
        source: source.into(),
        listing: LISTING,
        params: params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    }
}

/// Runs a script for a minute in a market that desk `a` makes at 99.90 to 100.10, and in which desk `b`
/// buys five at 100.10 after ten seconds.
fn run(source: &str, params: &[(&str, ParamValue)]) -> (Market, Vec<String>) {
    let mut builder = desks(60);
    builder.bar_interval(SimDuration::from_secs(20));
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let trader = ScriptTrader::new(config(source, params));
    let terms = account(10_000, &[(InstrumentId::new(0), 10)]);
    builder.agent(("script", "script"), terms, Latencies::NONE, trader).unwrap();
    let mut market = builder.open().unwrap();
    market.start();
    let tell = |market: &mut Market, name: &str, second: i64, terms: OrderTerms| {
        let id = market.participant(name).unwrap().id;
        let at = open() + SimDuration::from_secs(second);
        market.instruct(at, id, Instruction::Submit { listing: LISTING, terms }).unwrap();
    };
    let limit = |side, lots, ticks| OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
    tell(&mut market, "a", 1, limit(Side::Buy, 500, 9_990));
    tell(&mut market, "a", 1, limit(Side::Sell, 500, 10_010));
    tell(&mut market, "b", 10, limit(Side::Buy, 5, 10_010));
    market.step(market.close(), 1_000_000).unwrap();
    market.settle().unwrap();
    let lines = log.borrow().clone();
    (market, lines)
}

fn logged(source: &str) -> Vec<String> {
    run(source, &[]).1
}

fn holding(market: &Market) -> i64 {
    let id = market.participant("script").unwrap().id;
    market.world().domain().account(id).unwrap().holding(InstrumentId::new(0)).lots()
}

#[test]
fn every_callback_is_called_with_what_it_is_about() {
    let lines = logged(
        r#"
        fn on_start() { this.n = 0; set_timer("once", "5s"); every("tick", "25s"); log(`start ${now()}`); }
        fn on_timer(name) { log(`timer ${name} ${time()}`); if name == "once" { buy(2); } }
        fn on_quote(quote) { this.n += 1; log(`quote ${quote.symbol} ${quote.venue} ${quote.bid} ${quote.ask}`); }
        fn on_fill(fill) { log(`fill ${fill.side} ${fill.quantity} ${fill.price} ${fill.liquidity} ${fill.leaves}`); }
        fn on_bar(bar) { log(`bar ${bar.start} ${bar.open} ${bar.close} ${bar.volume}`); }
        fn on_stop() { log(`stop ${this.n} ${position()}`); }
        "#,
    );
    assert_eq!(
        lines,
        [
            "start 2025-03-03T09:30:00",
            "quote ACME PIT 99.9 ",
            "quote ACME PIT 99.9 100.1",
            "timer once 5.0",
            "fill buy 2.0 100.1 taker 0.0",
            "quote ACME PIT 99.9 100.1",
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
fn a_refused_order_returns_nothing_and_says_why() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) {
            log(sell(11) == ());
            log(last_refusal());
            log(buy_limit(1, 50.0) == 2);
            log(cancel(77));
        }
        "#,
    );
    assert_eq!(lines[0], "true");
    assert!(lines[1].contains("selling 11 lots"), "{lines:?}");
    assert_eq!(lines[2..], ["true", "false"]);
}

#[test]
fn limit_orders_rest_are_replaced_and_canceled() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("one", "2s"); set_timer("two", "3s"); set_timer("three", "4s"); set_timer("four", "5s"); }
        fn on_timer(name) {
            if name == "one" { this.id = buy_limit(3, 99.957); }
            if name == "two" { let o = open_orders()[0]; log(`${o.side} ${o.leaves} ${o.price} ${bid()}`); replace(this.id, 2, 99.96); }
            if name == "three" { let o = open_orders()[0]; log(`${o.leaves} ${o.price} ${free_cash()}`); cancel(this.id); }
            if name == "four" { log(open_orders().len()); log(buy_limit(1, 99.95, "FOK") != ()); }
        }
        "#,
    );
    // 99.957 lies off the tick of 0.01, and is rounded to the buyer's side.
    assert_eq!(lines, ["buy 3.0 99.95 99.95", "2.0 99.96 9800.08", "0", "true"]);
}

#[test]
fn parameters_and_constants_are_seen_by_functions() {
    let source = "const TWICE = 2;\nfn on_start() { log(params.n * TWICE); log(params.word); }";
    let params = [("n", ParamValue::Int(21)), ("word", ParamValue::Text("hi".into()))];
    assert_eq!(run(source, &params).1, ["42", "hi"]);
    let failed = run("fn on_start() { params.m }", &params).1;
    assert!(failed[0].contains("the scenario gives no parameter `m`; it gives: n, word"), "{failed:?}");
}

#[test]
fn a_failing_script_is_told_with_its_place_and_leaves_the_market() {
    let (market, lines) = run(
        "fn on_start() { buy_limit(5, 99.0); }\nfn on_bar(bar) {\n    let x = bar.closing;\n}\nfn on_stop() { log(\"never\"); }\n",
        &[],
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("FAILED s.rhai:3:"), "{lines:?}");
    assert!(lines[0].ends_with("in on_bar at 2025-03-03T09:30:20"), "{lines:?}");
    let id = market.participant("script").unwrap().id;
    let pit = market.world().domain();
    assert!(pit.account(id).unwrap().open_orders().is_empty());
    assert!(pit.failure(id).unwrap().contains("closing"));
    assert_eq!(holding(&market), 10, "the position is kept");
}

#[test]
fn the_others_go_on_when_a_script_fails() {
    let digests = |source: &str| {
        let mut builder = crowd(4, 60);
        let counts = Rc::new(RefCell::new(Vec::new()));
        builder.sink(Box::new(LogSink(Rc::clone(&counts))));
        let trader = ScriptTrader::new(config(source, &[]));
        builder.agent(("script", "script"), account(1_000, &[]), Latencies::NONE, trader).unwrap();
        let mut market = builder.open().unwrap();
        market.run().unwrap();
        (market.world().domain().tape().trades(), counts.borrow().len())
    };
    let (idle, silent) = digests("fn on_start() { }");
    let (failed, failures) = digests("fn on_start() { this.x.y = 1; }");
    assert_eq!(idle, failed);
    assert_eq!((silent, failures), (0, 1));
}

#[test]
fn errors_say_what_is_allowed() {
    for (call, expected) in [
        ("buy(1.5)", "buy: a quantity of 1.5 is not allowed; it must be a multiple of 1, above 0"),
        ("buy(-1)", "buy: a quantity of -1 is not allowed"),
        ("buy(0)", "buy: a quantity of 0 is not allowed"),
        ("buy(\"ten\")", "buy: the quantity must be a number, but is string (ten)"),
        ("buy_limit(1, 0.0/0.0)", "buy_limit: a price of NaN is not allowed"),
        ("buy_limit(1, 1e300)", "buy_limit: a price of 1"),
        (
            "buy_limit(1, 5, \"DAY\")",
            "buy_limit: `DAY` is not a time in force; allowed: \"GTC\", \"IOC\", \"FOK\"",
        ),
        ("byu(1)", "there is no function byu (i64) (did you mean `buy`?)"),
        ("buy()", "there is no function buy () (`buy` exists, but not with these arguments)"),
        ("set_timer(\"x\", \"5\")", "set_timer: `5` lacks a unit"),
        ("every(\"x\", \"0s\")", "every: 0s is too short; the least is 1us"),
        ("market(\"ACNE\")", "market: there is no ACNE; there is ACME at PIT"),
        ("nothing", "there is no variable `nothing` here"),
        ("throw \"my own\"", "my own"),
        ("loop { }", "the callback ran for more than 200000 operations"),
        ("eval(\"1\")", "eval"),
        ("for i in 0..200 { log(i) }", "more than 100 log lines in one callback"),
        ("for i in 0..2000 { buy_limit(1, 1) }", "more than 1000 orders in one callback"),
    ] {
        let (_, lines) = run(&format!("fn on_start() {{\n  {call};\n}}"), &[]);
        let failure = lines
            .iter()
            .find(|line| line.starts_with("FAILED"))
            .unwrap_or_else(|| panic!("{call}: {lines:?}"));
        assert!(failure.contains(expected), "{call} gave {failure}");
        // An endless loop has no line of its own; then the callback's is named.
        let line = if call.starts_with("loop") { "s.rhai:1:4:" } else { "s.rhai:2:" };
        assert!(failure.contains(line), "{call} gave {failure}");
    }
}

#[test]
fn deep_recursion_and_growth_end_with_an_error() {
    for body in [
        "fn f(n) { f(n + 1) }\nfn on_start() { f(0) }",
        "fn on_start() { let s = \"x\"; loop { s += s; } }",
        "fn on_start() { let a = [0]; loop { a += a; } }",
        "fn on_start() { let x = 9223372036854775807; x + 1 }",
        "fn on_start() { 1 / 0 }",
    ] {
        let lines = logged(body);
        assert!(lines.len() == 1 && lines[0].starts_with("FAILED s.rhai:"), "{body}: {lines:?}");
    }
}

#[test]
fn log_lines_are_made_safe_for_a_terminal() {
    let lines =
        logged("fn on_start() { log(\"a\\x1b[31mb\\nc\"); let s = \"y\"; s.pad(2000, \"y\"); log(s); }");
    assert_eq!(lines[0], "a\\u{1b}[31mb\\nc");
    assert_eq!(lines[1].len(), 503);
}

#[test]
fn a_script_reads_the_market_late_by_its_latency() {
    let mut builder = desks(60);
    let log = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(LogSink(Rc::clone(&log))));
    let second = LatencyModel::Constant(SimDuration::from_secs(1));
    let far = Latencies { entry: second, report: second, feed: second };
    let source = "fn on_start() { every(\"look\", \"500ms\"); }\nfn on_timer(name) { if bid() != () { log(time()); cancel_all(); this.seen = true; throw \"enough\"; } }";
    let trader = ScriptTrader::new(config(source, &[]));
    builder.agent(("script", "script"), account(1_000, &[]), far, trader).unwrap();
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
fn the_reference_page_lists_what_there_is() {
    let page = include_str!("../../docs/strategies.md");
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split(['(', '`']).next())
        .collect();
    for name in bearpit::agents::script::registered_names() {
        assert!(listed.contains(&name), "`{name}` is registered, but docs/strategies.md does not list it");
    }
    let callbacks = bearpit::agents::script::Callback::ALL.map(bearpit::agents::script::Callback::name);
    for name in callbacks {
        assert!(listed.contains(&name), "docs/strategies.md does not list `{name}`");
    }
    for name in listed {
        let known = bearpit::agents::script::registered_names().contains(&name) || callbacks.contains(&name);
        let is_field = page.contains(&format!("| `{name}` | field"));
        assert!(known || is_field, "docs/strategies.md lists `{name}`, which there is not");
    }
}
