//! Orders of scripts: handles, kinds, options, targets.

use bearpit::script::OnError;
use bearpit::units::{InstrumentId, SimDuration};

use super::{begin, config, holding, logged, run, run_config};
use crate::market::{account, open};

/// Runs statements after five seconds, when the market is there.
fn at_five(body: &str) -> Vec<String> {
    logged(&format!("fn on_start() {{ set_timer(\"go\", \"5s\"); }}\nfn on_timer(name) {{\n{body}\n}}"))
}

#[test]
fn a_refused_order_is_a_handle_that_says_why() {
    let lines = at_five(
        r#"
            let o = sell(11);
            log(o.status); log(o.reason); log(o.is_open); log(o.id == ()); log(o == ());
            log(cancel(o)); log(o.replace(1, 99));
            log(buy_limit(1, 50).id);
        "#,
    );
    assert_eq!(lines[0], "refused");
    assert!(lines[1].contains("selling 11 lots"), "{lines:?}");
    assert_eq!(lines[2..], ["false", "true", "false", "false", "false", "2"]);
}

#[test]
fn a_request_that_comes_too_late_is_answered() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) { let o = buy_limit(4, 100.1); log(o.cancel()); log(o.replace(3, 100.1)); }
        fn on_order(event) { log(`${event.kind} ${event.order.status}`); }
        "#,
    );
    let told = ["accepted open", "filled filled", "command_rejected filled", "command_rejected filled"];
    assert_eq!(lines[..2], ["true", "true"]);
    assert_eq!(lines[2..], told);
}

#[test]
fn a_handle_follows_its_order() {
    let lines = logged(
        r#"
        fn on_start() { for (t, n) in ["2s", "3s", "4s", "5s", "6s"] { set_timer(`${n}`, t); } }
        fn on_timer(name) {
            if name == "0" { this.o = buy_limit(3, 99.957); log(this.o.status); this.same = this.o; }
            if name == "1" { log(this.o); log(this.o == orders()[0]); log(this.o.replace(2, 99.96)); }
            if name == "2" { log(`${this.o.leaves} ${this.o.price} ${free_cash()}`); this.o.cancel(); log(this.o.is_open); }
            if name == "3" { log(`${this.same.status} ${this.same.reason} ${orders().len}`); log(this.o.cancel()); }
            if name == "4" { this.o = buy_limit(4, 100.1); }
        }
        fn on_order_filled(event) {
            let o = event.order;
            log(`${o == this.o} ${o.status} ${o.filled} ${o.average_price} ${o.leaves}`);
        }
        "#,
    );
    assert_eq!(
        lines,
        [
            "sent",
            // 99.957 lies off the tick of 0.01, and is rounded to the buyer's side.
            "buy 3 ACME at 99.95: open, 3 left (order 2)",
            "true",
            "true",
            "2.0 99.96 9800.08",
            "true",
            "canceled canceled by its owner 0",
            "false",
            "true filled 4.0 100.1 0.0",
        ]
    );
}

#[test]
fn a_trailing_stop_follows_by_a_price_difference_or_a_percentage() {
    let lines = at_five(
        r#"
            for o in [sell_trailing_stop(1, 0.5), sell_trailing_stop(1, percent(2.5)), sell_trailing_stop(1, percent(0.29))] {
                log(o);
                log(`${o.trailing_distance} ${o.trailing_percent} ${o.trigger}`);
            }
            log(`${percent(5)} ${percent(5).value}`);
        "#,
    );
    assert_eq!(
        lines,
        [
            "sell 1 ACME trailing by 0.5: sent, 1 left (order 2)",
            "0.5  ",
            "sell 1 ACME trailing by 2.5%: sent, 1 left (order 3)",
            " 2.5 ",
            "sell 1 ACME trailing by 0.29%: sent, 1 left (order 4)",
            " 0.29 ",
            "5% 5.0",
        ]
    );
    for (call, expected) in [
        ("percent(0)", "percent: 0 is not allowed; it must be above 0, below 100 and a multiple of 0.01"),
        ("percent(100)", "percent: 100 is not allowed"),
        ("percent(-5)", "percent: -5 is not allowed"),
        ("percent(0.125)", "percent: 0.125 is not allowed"),
        ("percent(0.0 / 0.0)", "percent: NaN is not allowed"),
        ("percent(\"5\")", "percent: the percentage must be a number, but is a text"),
        ("sell_trailing_stop(1, \"5%\")", "the distance must be a number, but is a text"),
        ("sell_stop(1, percent(5))", "the trigger must be a number, but is of the type Percent"),
    ] {
        let lines = at_five(call);
        assert!(lines[0].contains(expected), "{call} gave {lines:?}");
    }
}

#[test]
fn numbers_are_rounded_to_lots_and_ticks() {
    let lines = at_five(
        r#"
            let m = market("ACME");
            log([round_to_lot(7.999), m.round_to_lot(-7.999), round_to_lot(0.5), round_to_lot(-0.5), round_to_lot(3)]);
            log([round_to_tick(99.994), round_to_tick(99.995), m.round_to_tick(100), round_to_tick(-0.014)]);
            log(buy_limit(round_to_lot(2.7), round_to_tick(98.00499)));
        "#,
    );
    assert_eq!(
        lines,
        [
            "[7.0, -7.0, 0.0, 0.0, 3.0]",
            "[99.99, 100.0, 100.0, -0.01]",
            "buy 2 ACME at 98: sent, 2 left (order 2)",
        ]
    );
    for (call, expected) in [
        ("round_to_lot(0.0 / 0.0)", "round_to_lot: NaN is not a quantity that can be rounded"),
        ("round_to_lot(1e30)", "round_to_lot: 1e30 is not a quantity"),
        ("round_to_tick(1.0 / 0.0)", "round_to_tick: inf is not a price that can be rounded"),
        ("round_to_tick(())", "round_to_tick: the price must be a number, but is absent"),
    ] {
        let lines = at_five(call);
        assert!(lines[0].contains(expected), "{call} gave {lines:?}");
    }
    let lines = logged("const N = round_to_lot(1.5);\nfn on_start() { }");
    assert!(lines[0].contains("round_to_lot: there is no market while the script is loaded"), "{lines:?}");
}

#[test]
fn all_kinds_of_orders_rest_with_their_prices() {
    let lines = at_five(
        r#"
            let m = market("ACME");
            for o in [
                buy_stop(1, 105), buy_stop_limit(1, 105.004, 106), m.sell_trailing_stop(1, 0.5),
                buy_iceberg(9, 99, 3), buy_pegged(1, "touch", 0.02, #{ limit: 100 }), sell_pegged(1, "mid", 0.05),
                m.buy_limit(2, 98, "DAY"), sell_limit(2, 101, #{ good_for: "30m", post_only: true, self_trade: "cancel_newest" }),
            ] { log(`${o.kind} ${o.price} ${o.trigger} ${o.time_in_force} ${o.status}`); }
            let o = sell_market_to_limit(1);
            log(`${o.kind} ${o.status}`);
        "#,
    );
    assert_eq!(
        lines,
        [
            "stop  105.0 GTC sent",
            // A trigger off tick is reached later, not sooner.
            "stop_limit 106.0 105.01 GTC sent",
            "trailing_stop   GTC sent",
            "limit 99.0  GTC sent",
            "pegged   GTC sent",
            "pegged   GTC sent",
            "limit 98.0  DAY sent",
            "limit 101.0  GTD sent",
            "market_to_limit sent",
        ]
    );
}

#[test]
fn a_bracket_exits_by_itself() {
    let (market, lines) = run(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) { this.entry = buy_bracket(2, (), 99.5, 100.05); log(orders().len); }
        fn on_order(event) { log(`${event.side} ${event.kind} ${event.order.kind} ${event.price} ${orders().len}`); }
        "#,
        &[],
    );
    assert_eq!(
        lines[..5],
        [
            "3",
            "buy accepted market  3",
            "buy filled market 100.1 2",
            "sell accepted limit  2",
            "sell accepted stop  2",
        ]
    );
    assert_eq!(holding(&market), 10, "the limit order was the best offer when `b` bought");
}

#[test]
fn the_exits_of_an_entry_that_never_filled_are_over() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) {
            if name == "go" { this.o = buy_bracket(2, 90, 89, 91); this.exit = orders()[1]; set_timer("then", "1s"); log(this.exit.status); this.o.cancel(); }
            else { log(`${this.exit.status}: ${this.exit.reason}; ${orders().len}`); }
        }
        "#,
    );
    assert_eq!(lines, ["sent", "canceled: the order that would have entered it ended before; 0"]);
}

#[test]
fn one_cancels_other() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" { this.a = sell_limit(5, 101); this.b = sell_stop(5, 95, #{ oco: this.a }); this.a.cancel(); }
            else {
                log(`${this.a.status} ${this.b.status}: ${this.b.reason}`);
                log(sell_limit(1, 101, #{ oco: sell(99) }).reason);
            }
        }
        "#,
    );
    assert_eq!(
        lines,
        [
            "canceled canceled: the order it is linked with traded or ended",
            "the order named by `oco` was refused"
        ]
    );
}

#[test]
fn a_pair_enters_with_one_call_and_goes_with_one_cancel() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" {
                this.o = sell_pair(5, 101, 95, #{ stop_limit: 94, time_in_force: "DAY" });
                this.stop = orders()[1];
                set_timer("cancel", "500ms");
            } else if name == "cancel" {
                log(`${orders().len} ${this.o} ${this.stop} ${this.stop.time_in_force}`);
                this.o.cancel();
            } else {
                log(`${this.stop.status}: ${this.stop.reason}; ${orders().len}`);
            }
        }
        "#,
    );
    assert_eq!(
        lines,
        [
            "2 sell 5 ACME at 101: open, 5 left (order 2) sell 5 ACME at 94 from 95: open, 5 left (order 3) DAY",
            "canceled: the order it is linked with traded or ended; 0"
        ]
    );
}

#[test]
fn a_bracket_may_have_one_exit() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); }
        fn on_timer(name) { buy(2, #{ take_profit: 120 }); buy(2, #{ stop_loss: 90, stop_limit: 89 }); }
        fn on_order(event) { if event.side == "sell" { log(`${event.kind} ${event.order.kind}`); } }
        "#,
    );
    assert_eq!(lines[..2], ["accepted limit", "accepted stop_limit"]);
}

#[test]
fn a_replace_changes_what_its_map_says() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" {
                this.trail = sell_trailing_stop(2, 5);
                this.stop = sell_stop_limit(2, 80, 79);
                this.day = buy_limit(2, 90);
                return;
            }
            replace(this.trail, #{ distance: percent(10), quantity: 1 });
            this.stop.replace(#{ trigger: 81 });
            this.day.replace(#{ time_in_force: "DAY" });
        }
        fn on_order(event) {
            if event.kind == "replaced" { log(`${event.order} ${event.order.time_in_force} ${event.price}`); }
        }
        "#,
    );
    assert_eq!(
        lines,
        [
            "sell 1 ACME trailing by 10%: open, 1 left (order 2) GTC ",
            "sell 2 ACME at 79 from 81: open, 2 left (order 3) GTC 79.0",
            "buy 2 ACME at 90: open, 2 left (order 4) DAY 90.0"
        ]
    );
}

#[test]
fn targets_count_what_is_on_its_way() {
    let (market, lines) = run(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" { log(order_target(15).quantity); log(order_target(15)); log(order_target(12).side); }
            else { log(position()); log(close().quantity); log(close() == ()); log(order_target(-1).status); }
        }
        "#,
        &[],
    );
    assert_eq!(lines, ["5.0", "", "sell", "12.0", "12.0", "true", "refused"]);
    assert_eq!(holding(&market), 0);
}

#[test]
fn a_target_percent_is_a_share_of_equity_toward_zero() {
    // Equity is 10,000 and ten shares at 100.
    let lines = at_five("log(order_target_percent(0.5)); log(order_target_percent(0.4999999).side);");
    assert!(lines[0].starts_with("buy 45 ACME"), "{lines:?}");
    assert_eq!(lines[1], "sell");
    let early = logged("fn on_start() { log(order_target_percent(0.5).reason); }");
    assert_eq!(early, ["no price has been seen yet, so a share of equity is no quantity"]);
}

#[test]
fn cancel_all_concerns_all_or_one_market() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" { buy_limit(1, 98); buy_limit(1, 97); market("ACME").cancel_all(); }
            else { log(orders().len); buy_limit(1, 98); cancel_all(); }
        }
        fn on_order_canceled(event) { log(event.reason); }
        "#,
    );
    assert_eq!(lines, ["canceled by its owner", "canceled by its owner", "0", "canceled by its owner"]);
}

/// A bracket of which the desk buys five of ten, then `what` at twelve seconds.
fn halfway(what: &str) -> String {
    format!(
        r#"
        fn on_start() {{ set_timer("enter", "5s"); set_timer("go", "12s"); set_timer("then", "13s"); }}
        fn on_timer(name) {{
            if name == "enter" {{ sell_bracket(10, 100.05, 105, 95); }}
            else if name == "go" {{ {what} }}
            else {{ for order in orders() {{ log(`${{order.side}} ${{order.leaves}} ${{order.status}}`); }} }}
        }}
        "#
    )
}

#[test]
fn cancel_all_leaves_no_exit_working_and_cancel_all_of_entries_leaves_them() {
    assert_eq!(logged(&halfway("cancel_all();")), [""; 0]);
    let exits = ["buy 5.0 open", "buy 5.0 open"];
    assert_eq!(logged(&halfway("cancel_all(\"entries\");")), exits);
    assert_eq!(logged(&halfway("market(\"ACME\").cancel_all(\"entries\");")), exits);
    for wrong in ["\"exits\"", "1"] {
        let lines = logged(&halfway(&format!("cancel_all({wrong});")));
        assert!(lines[0].contains("cancel_all: what to cancel can only be \"entries\""), "{lines:?}");
    }
    // Before the first fill nobody can name the exits, and they are gone all the same.
    let early = halfway("()").replace("5s\");", "5s\"); set_timer(\"early\", \"6s\");");
    let early = early.replace("if name ==", "if name == \"early\" { cancel_all(); } else if name ==");
    assert_eq!(logged(&early), [""; 0]);
}

#[test]
fn a_script_that_fails_and_halts_keeps_the_exits_that_protect_its_position() {
    for (on_error, left) in [(OnError::Halt, 2), (OnError::Flatten, 0)] {
        let config = bearpit::script::ScriptConfig { on_error, ..config(&halfway("throw \"no\";"), &[]) };
        let (mut market, _) = begin(config, account(10_000, &[(InstrumentId::new(0), 10)]));
        market.step(open() + SimDuration::from_secs(20), 1_000_000).unwrap();
        let id = market.participant("script").unwrap().id;
        let open = market.world().domain().account(id).unwrap().open_orders();
        assert_eq!(open.iter().filter(|order| order.is_exit).count(), left, "{on_error:?}");
        assert_eq!(open.len(), left, "{on_error:?}");
    }
}

#[test]
fn the_holding_knows_its_price_and_gain() {
    let lines = logged(
        r#"
        fn on_start() { set_timer("go", "5s"); set_timer("then", "6s"); }
        fn on_timer(name) {
            if name == "go" { buy(10); }
            else { let h = holding(); log(`${h.quantity} ${h.average_price} ${h.unrealized} ${h.value} ${h.realized} ${unrealized()}`); }
        }
        "#,
    );
    // Ten shares were there when the mid was first seen, at 100.00; ten more cost 100.10.
    assert_eq!(lines, ["20.0 100.05 -1.0 2000.0 0.0 -1.0"]);
}

#[test]
fn a_script_that_fails_may_close_its_position() {
    let failing = "fn on_start() { set_timer(\"go\", \"5s\"); sell_limit(4, 120); }\nfn on_timer(name) { throw \"no\"; }";
    for (on_error, expected) in [(OnError::Halt, 10), (OnError::Flatten, 0)] {
        let config = bearpit::script::ScriptConfig { on_error, ..config(failing, &[]) };
        let (market, lines) = run_config(config, account(10_000, &[(InstrumentId::new(0), 10)]));
        assert!(lines[0].contains("s.rhai:2:21: no, in on_timer"), "{lines:?}");
        assert_eq!(holding(&market), expected, "{on_error:?}");
        let id = market.participant("script").unwrap().id;
        assert!(market.world().domain().account(id).unwrap().open_orders().is_empty());
    }
}
