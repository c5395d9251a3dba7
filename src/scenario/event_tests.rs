//! Events at set times, and agents that could trade nothing.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use bearpit_core::exchange::Market;
use bearpit_core::market::{Fact, Phase, Side, SinkError, Stamped, TapeSink};
use bearpit_core::units::{InstrumentId, Price};
use serde_json::Value;

use super::{Diagnostics, EventKind, Scenario};

const MARKET: &str = r#"[scenario]
name = "test"
seed = 7
start = 2025-03-03T09:30:00
end = 2025-03-03T10:00:00
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100, half_life = "2h", volatility = 0.2 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
name = "maker"
kind = "market_maker"
count = 2
max_short = { ACME = 50_000 }
half_spread = "0.02"
quantity = 100
max_inventory = 20_000
[[agents]]
kind = "noise"
count = 50
holdings = { ACME = 500 }
interval = "5s"
max_quantity = 10
depth = "0.05"
"#;

fn load(events: &str) -> Result<Scenario, Diagnostics> {
    Scenario::from_text(Path::new("x.toml"), &format!("{MARKET}{events}"), &[])
}

fn said(events: &str) -> Vec<String> {
    let Err(errors) = load(events) else { return Vec::new() };
    let item = |it: &Value| format!("{}:{}: {}", it["line"], it["column"], it["message"].as_str().unwrap());
    errors.to_json().as_array().unwrap().iter().map(item).collect()
}

/// What a market has shown last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Shown {
    price: Option<Price>,
    phase: Option<Phase>,
}

#[derive(Debug)]
struct Watcher(Rc<RefCell<Shown>>);

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        match stamped.fact {
            Fact::Traded(trade) => self.0.borrow_mut().price = Some(trade.price),
            Fact::PhaseChanged { phase, .. } => self.0.borrow_mut().phase = Some(*phase),
            _ => {}
        }
        Ok(())
    }
}

/// A market that has started, and what it shows.
fn started(events: &str) -> (Market, Rc<RefCell<Shown>>) {
    let mut builder = load(events).unwrap().lay_out().unwrap();
    let shown = Rc::new(RefCell::new(Shown::default()));
    builder.sink(Box::new(Watcher(Rc::clone(&shown))));
    let mut market = builder.open().unwrap();
    market.start();
    (market, shown)
}

fn step(market: &mut Market, until: &str) {
    market.step(until.parse().unwrap(), u64::MAX).unwrap();
}

#[test]
fn a_shock_moves_the_value_and_the_makers_with_it() {
    let shock = "[[events]]\nkind = \"fundamental_shock\"\nat = 2025-03-03T09:45:00\nchange = -0.05\n";
    let (mut market, shown) = started(shock);
    let (mut other, calm) = started("");
    for market in [&mut market, &mut other] {
        step(market, "2025-03-03T09:44:59");
    }
    assert_eq!(*shown.borrow(), *calm.borrow(), "nothing has changed until then");
    for market in [&mut market, &mut other] {
        step(market, "2025-03-03T09:50:00");
    }
    let [shocked, calm] = [shown, calm].map(|it| it.borrow().price.unwrap().ticks());
    assert!(calm > 9_800 && shocked < calm - 300, "{calm} {shocked}");
}

#[test]
fn makers_that_withdraw_leave_a_wide_spread_and_come_back() {
    let event = "[[events]]\nkind = \"liquidity_withdrawal\"\nat = 2025-03-03T09:40:00\nagents = [\"maker\"]\n\
                 duration = \"5m\"\n";
    let (mut market, _) = started(event);
    let open_orders = |market: &Market| {
        let id = market.participant("maker-2").unwrap().id;
        market.world().domain().account(id).unwrap().open_orders().len()
    };
    for (until, expected) in
        [("2025-03-03T09:39:59", 2), ("2025-03-03T09:44:59", 0), ("2025-03-03T09:50:00", 2)]
    {
        step(&mut market, until);
        assert_eq!(open_orders(&market), expected, "{until}");
    }
}

#[test]
fn a_halt_stops_trading_until_its_auction_is_over() {
    let event =
        "[[events]]\nkind = \"halt\"\nat = 2025-03-03T09:40:00\nduration = \"5m\"\nreopening = \"30s\"\n";
    let (mut market, shown) = started(event);
    for (until, expected) in
        [("2025-03-03T09:44:59", Phase::Halt), ("2025-03-03T09:46:00", Phase::Continuous)]
    {
        step(&mut market, until);
        assert_eq!(shown.borrow().phase, Some(expected), "{until}");
    }
}

#[test]
fn a_fat_finger_goes_through_the_book() {
    let event =
        "[[events]]\nkind = \"fat_finger\"\nat = 2025-03-03T09:40:00\nside = \"sell\"\nquantity = 5000\n";
    let scenario = load(event).unwrap();
    assert!(matches!(&scenario.events[0].kind, EventKind::FatFinger { side: Side::Sell, .. }));
    let mut market = scenario.lay_out().unwrap().open().unwrap();
    market.run().unwrap();
    let id = market.participant("event-1").unwrap().id;
    let sold = market.world().domain().account(id).unwrap().holding(InstrumentId::new(0)).lots();
    assert!(sold < -200, "more than one maker quotes: {sold}");
}

#[test]
fn quotes_move_the_value_of_a_feed_and_the_maker_that_follows_it() {
    let process = "process = { kind = \"feed\", initial = 100 }";
    let text = MARKET
        .replace("process = { kind = \"ou\", initial = 100, half_life = \"2h\", volatility = 0.2 }", process);
    let maker = "[[agents]]\nkind = \"feed\"\nmax_short = { ACME = 50_000 }\nhalf_spread = \"0.02\"\nquantity = 50\n\
                 max_inventory = 20_000\nstale_after = \"5m\"\n";
    let quote = |at: &str, value: &str| {
        format!("[[events]]\nkind = \"quote\"\nat = 2025-03-03T{at}\nvalue = {value}\n")
    };
    let events =
        [quote("09:40:00", "\"101.5\""), quote("09:42:00", "103\nbid = 102.9\nask = 103.05")].concat();
    let scenario = Scenario::from_text(Path::new("x.toml"), &format!("{text}{maker}{events}"), &[])
        .unwrap_or_else(|found| panic!("{}", found.render(false)));
    let mut market = scenario.lay_out().unwrap().open().unwrap();
    market.start();
    for (until, expected) in [
        ("2025-03-03T09:39:00", vec![]),
        ("2025-03-03T09:41:00", vec![10_148, 10_152]),
        ("2025-03-03T09:43:00", vec![10_290, 10_305]),
        ("2025-03-03T09:47:01", vec![]),
    ] {
        step(&mut market, until);
        let id = market.participant("feed").unwrap().id;
        let account = market.world().domain().account(id).unwrap();
        let mut prices: Vec<i64> =
            account.open_orders().iter().filter_map(|order| order.price).map(Price::ticks).collect();
        prices.sort_unstable();
        assert_eq!(prices, expected, "{until}");
    }
    let found = said(&quote("09:40:00", "101"));
    assert_eq!(found, ["29:8: the value of `ACME` takes no quotes: its process is no `feed`"]);
}

#[test]
fn wrong_events_are_errors_at_their_place() {
    let event = |rest: &str| format!("[[events]]\n{rest}\n");
    for (text, expected) in [
        (
            event("kind = \"hault\"\nat = 2025-03-03T09:40:00"),
            "29:8: `kind` is `hault`, which does not exist; did you mean `halt`? allowed: `halt`, `fat_finger`, \
             `fundamental_shock`, `liquidity_withdrawal`, `quote`",
        ),
        (
            event("kind = \"fundamental_shock\"\nchange = -0.05\nat = 2025-03-03T10:00:00"),
            "31:6: `at` is 2025-03-03T10:00:00, but the scenario lasts from 2025-03-03T09:30:00 to 2025-03-03T10:00:00 only",
        ),
        (
            event("kind = \"fundamental_shock\"\nat = 2025-03-03T09:40:00\nchange = -1"),
            "31:10: `change` is `-1`, but must be above -1, up to 10",
        ),
        (
            event(
                "kind = \"liquidity_withdrawal\"\nat = 2025-03-03T09:40:00\nduration = \"1m\"\nagents = [\"makers\"]",
            ),
            "32:10: `agents` is `makers`, which does not exist; did you mean `maker`? allowed: `maker`, `noise`",
        ),
        (
            event("kind = \"halt\"\nat = 2025-03-03T09:40:00"),
            "28:1: event 1 has no `duration`, which is required",
        ),
        (
            event("kind = \"fat_finger\"\nat = 2025-03-03T09:40:00\nside = \"buy\"\nquantity = 0.5"),
            "32:12: `quantity` is 0.5, but must be a multiple of the lot size 1, above 0",
        ),
    ] {
        let found = said(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].replace("`0.5`", "0.5"), expected);
    }
}

#[test]
fn events_that_would_end_each_other_are_an_error() {
    let halt = |at: &str| {
        format!("[[events]]\nkind = \"halt\"\nat = 2025-03-03T{at}\nduration = \"2m\"\nreopening = \"1m\"\n")
    };
    let leave = |at: &str, agents: &str| {
        format!(
            "[[events]]\nkind = \"liquidity_withdrawal\"\nat = 2025-03-03T{at}\nduration = \"3m\"\nagents = {agents}\n"
        )
    };
    let found = said(&[halt("09:40:00"), halt("09:42:59")].concat());
    let expected = "35:6: this event lasts from 2025-03-03T09:42:59 to 2025-03-03T09:45:59, and another of its kind from \
                    2025-03-03T09:40:00 to 2025-03-03T09:43:00: one event must be over before the next begins";
    assert_eq!(found, [expected]);
    assert_eq!(
        said(&[leave("09:42:00", "[\"maker\"]"), leave("09:40:00", "[\"noise\", \"maker\"]")].concat()).len(),
        1
    );
    for fine in [
        [halt("09:40:00"), halt("09:43:00")].concat(),
        [halt("09:40:00"), leave("09:40:00", "[\"maker\"]")].concat(),
        [leave("09:40:00", "[\"noise\"]"), leave("09:41:00", "[\"maker\"]")].concat(),
    ] {
        assert!(said(&fine).is_empty(), "{fine}");
    }
}

#[test]
fn an_event_outside_of_the_session_is_an_error() {
    let sessions = "instruments = [\"ACME\"]\nsessions = { open = \"9h45m\", close = \"16h\" }\n";
    let event = "[[events]]\nkind = \"halt\"\nat = 2025-03-03T09:40:00\nduration = \"1m\"\n";
    let text = format!("{MARKET}{event}").replace("instruments = [\"ACME\"]\n", sessions);
    let errors = Scenario::from_text(Path::new("x.toml"), &text, &[]).unwrap_err().to_string();
    assert!(errors.contains("but `PIT` trades from 9h45m to 16h after midnight"), "{errors}");
}

#[test]
fn an_agent_without_money_is_an_error() {
    let broke = "[[agents]]\nname = \"broke\"\nkind = \"noise\"\ncash = 0\nmax_quantity = 10\ndepth = 0.05\n";
    let expected =
        "31:8: `cash` is 0, and it has no `holdings`, `max_short` or `max_debit`: it could trade nothing";
    assert_eq!(said(broke), [expected]);
    assert_eq!(said(&broke.replace("cash = 0", "cash = 0\nholdings = { ACME = 10 }")).len(), 0);
    let on_margin = "cash = 0\nmargin = { leverage = 2 }";
    let expected = "31:8: `cash` is 0, and it has no `holdings`: its margin would cover nothing";
    assert_eq!(said(&broke.replace("cash = 0", on_margin)), [expected]);
    let none = broke.replace("cash = 0", "count = 0");
    assert_eq!(said(&none), ["31:9: `count` is 0, but must be a whole number from 1 to 1000000"]);
}
