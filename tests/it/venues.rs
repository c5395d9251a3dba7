//! Several venues of one instrument, each with fees, latencies and phases of its own, worked by hand.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use bearpit::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit::scenario::Scenario;
use bearpit::units::ActorId;

/// NORTH trades from the start; SOUTH collects orders from 09:55, and opens at 10:00.
const SCENARIO: &str = r#"
[scenario]
name = "venues"
start = 2025-03-03T09:30:00
end = 2025-03-03T10:10:00

[[instruments]]
symbol = "ACME"
tick_size = "0.01"

[[venues]]
name = "NORTH"
instruments = ["ACME"]
fees = { maker_bps = -2.0, taker_bps = 3.0 }
latency = { entry = "1ms", report = "2ms", feed = "3ms" }

[[venues]]
name = "SOUTH"
instruments = ["ACME"]
fees = { maker_bps = 1.5, taker_bps = -1.0, auction_bps = 0.5 }
latency = { entry = "20ms", report = "5ms", feed = "50ms" }
sessions = { open = "10h", close = "16h", opening_auction = "5m" }

[[agents]]
name = "seller"
kind = "script"
file = "seller.rhai"
holdings = { ACME = 1000 }

[[agents]]
name = "buyer"
kind = "script"
file = "buyer.rhai"
cash = 100_000

[[agents]]
name = "listener"
kind = "script"
file = "listener.rhai"
cash = 1
"#;

const SELLER: &str = r#"
fn on_start() { every("post", "12m30s"); }
fn on_timer(name) {
    for venue in ["NORTH", "SOUTH"] { market("ACME", venue).sell_limit(100, 100.0); }
}
fn on_order_filled(event) { log(`${event.venue} ${event.liquidity} ${event.fee}`); }
"#;

const BUYER: &str = r#"
fn on_start() { every("buy", "13m"); }
fn on_timer(name) {
    for venue in ["NORTH", "SOUTH"] { market("ACME", venue).buy_limit(10, 100.0); }
}
fn on_order(event) {
    log(`${event.kind} ${event.venue} ${event.time} ${now()} ${event.fee}`);
}
"#;

/// The trades that somebody hears of, at both venues.
const LISTENER: &str = r#"
fn on_init(params) {
    for venue in ["NORTH", "SOUTH"] { market("ACME", venue).trades(); }
}
fn on_trade(trade) { log(`${trade.venue} ${trade.time} ${now()}`); }
"#;

/// Lines of logs, each after who wrote it.
type Lines = Rc<RefCell<Vec<(ActorId, String)>>>;

struct Log(Lines);

impl TapeSink for Log {
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError> {
        match fact.fact {
            Fact::Logged { actor, text } => {
                self.0.borrow_mut().push((*actor, text.replace("2025-03-03T", "")));
            }
            Fact::StrategyFailed { text, .. } => return Err(SinkError::new(text.to_string())),
            _ => {}
        }
        Ok(())
    }
}

/// Runs the market, and returns the log of one of the strategies.
fn log_of(name: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    for (script, text) in [("seller", SELLER), ("buyer", BUYER), ("listener", LISTENER)] {
        fs::write(directory.path().join(format!("{script}.rhai")), text).unwrap();
    }
    let path = directory.path().join("venues.toml");
    fs::write(&path, SCENARIO).unwrap();
    let mut builder = Scenario::load(&path, &[]).unwrap().lay_out().unwrap();
    let lines = Lines::default();
    builder.sink(Box::new(Log(Rc::clone(&lines))));
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    market.world().domain().check_conservation().unwrap();
    let id = market.participant(name).unwrap().id;
    lines.take().into_iter().filter(|(actor, _)| *actor == id).map(|(_, line)| line).collect()
}

#[test]
fn each_has_its_own_way_in_and_out_and_its_own_phases() {
    assert_eq!(
        log_of("buyer"),
        [
            // SOUTH is closed.
            "accepted NORTH 09:43:00.001 09:43:00.003 ",
            "filled NORTH 09:43:00.001 09:43:00.003 0.3",
            "rejected SOUTH 09:43:00.02 09:43:00.025 ",
            // It collects orders.
            "accepted NORTH 09:56:00.001 09:56:00.003 ",
            "filled NORTH 09:56:00.001 09:56:00.003 0.3",
            "accepted SOUTH 09:56:00.02 09:56:00.025 ",
            "filled SOUTH 10:00:00 10:00:00.005 0.05",
            // Both trade.
            "accepted NORTH 10:09:00.001 10:09:00.003 ",
            "filled NORTH 10:09:00.001 10:09:00.003 0.3",
            "accepted SOUTH 10:09:00.02 10:09:00.025 ",
            "filled SOUTH 10:09:00.02 10:09:00.025 -0.1",
        ]
    );
}

#[test]
fn each_has_its_own_fees() {
    assert_eq!(
        log_of("seller"),
        [
            "NORTH maker -0.2",
            "NORTH maker -0.2",
            "SOUTH auction 0.05",
            "NORTH maker -0.2",
            "SOUTH maker 0.15"
        ]
    );
}

#[test]
fn each_has_its_own_feed() {
    assert_eq!(
        log_of("listener"),
        [
            "NORTH 09:43:00.001 09:43:00.004",
            "NORTH 09:56:00.001 09:56:00.004",
            "SOUTH 10:00:00 10:00:00.05",
            "NORTH 10:09:00.001 10:09:00.004",
            "SOUTH 10:09:00.02 10:09:00.07",
        ]
    );
}
