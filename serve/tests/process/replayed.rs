//! A market that replays historical bars, day by day, by its own clock.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// Bars of two months, each day the same.
fn bars() -> String {
    let days = (1..=31)
        .map(|day| format!("2025-03-{day:02}"))
        .chain((1..=30).map(|day| format!("2025-04-{day:02}")));
    let rows: Vec<String> = days.map(|day| format!("{day},100,104,98,103,1000\n")).collect();
    format!("date,open,high,low,close,volume\n{}", rows.concat())
}

const MARKET: &str = r#"
[scenario]
name = "small"
seed = 7
start = 2025-03-01T09:00:00
end = 2025-03-01T16:30:00
[live]
clock = "scaled"
speed = 1
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
[[venues]]
name = "PIT"
instruments = ["ACME"]
[[agents]]
kind = "replay"
data = "bars.csv"
bar_open = "9h30m"
bar_length = "6h30m"
"#;

const PATIENCE: Duration = Duration::from_secs(120);

/// Returns the orders of somebody that have ended, the newest first, once there are so many.
fn await_ended(served: &Served, who: &str, count: usize) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let (status, _, body) = served.ask("GET", "/api/orders", who, "");
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let all = body["orders"].as_array().cloned().unwrap_or_default();
        let has_ended = |order: &Value| order["status"] == "filled" || order["status"] == "expired";
        let ended: Vec<Value> = all.into_iter().filter(has_ended).collect();
        if status == 200 && ended.len() == count {
            return ended;
        }
        assert!(Instant::now() < until, "not {count}: {status} {body}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Enters an order, as soon as the market takes it: between two days it does not.
fn enter(served: &Served, who: &str, order: &Value) {
    let until = Instant::now() + PATIENCE;
    loop {
        let (status, _, body) = served.ask("POST", "/api/orders", who, &order.to_string());
        if status == 201 {
            return;
        }
        assert!(Instant::now() < until && status >= 500, "{status} {body}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn orders_fill_by_the_bars_of_a_file_day_after_day_and_across_a_crash() {
    let place = Place::new();
    place.write("bars.csv", &bars());
    place.write("small.toml", MARKET);
    let served = place.start_ready();
    let who = served.register("anne");
    let first = place.newest_segment();
    // It is nine o'clock: half an hour is left until the first bar.
    enter(&served, &who, &json!({ "symbol": "ACME", "side": "buy", "quantity": "10", "price": "120" }));
    place.admin(&["speed", "5000"]);
    let bought = await_ended(&served, &who, 1);
    assert_eq!((&bought[0]["status"], &bought[0]["average_price"]), (&json!("filled"), &json!("100")));
    served.crash();
    let served = place.start_ready();
    assert_eq!(await_ended(&served, &who, 1), bought, "what was filled stays so");
    // It may come after the last bar of its day, at the end of which it expires.
    for count in 2.. {
        enter(&served, &who, &json!({ "symbol": "ACME", "side": "sell", "quantity": "10" }));
        let ended = await_ended(&served, &who, count);
        if ended[0]["status"] == "filled" {
            let price: f64 = ended[0]["average_price"].as_str().unwrap().parse().unwrap();
            assert!((98.0..=104.0).contains(&price), "{ended:?}");
            break;
        }
        assert_eq!(ended[0]["status"], "expired", "{ended:?}");
    }
    assert_eq!(served.stop(), Some(0));
    for segment in [first, place.newest_segment()] {
        let replayed = place.run(&["replay", segment.to_str().unwrap()]);
        assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
    }
}
