//! A strategy of somebody in a market that is killed, goes on, and turns its day; and the journal of it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, Served};

const SOURCE: &str = r#"
fn days() { (saved() ?? #{ days: 0 }).days }
fn on_start() {
    let days = days();
    log(`day ${days}, holding ${position()}`);
    plot("days", days);
    if days == 0 && position() == 0.0 { buy(1); }
}
fn on_order_filled(event) { log(`filled ${event.quantity}`); }
fn on_day_end() { save(#{ days: days() + 1 }); }
"#;

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> Value {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = served.ask(method, path, who, &text);
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    serde_json::from_str(&answer).unwrap_or(Value::Null)
}

/// Waits until the strategy's log ends with a line, and returns all of it.
fn log_up_to(served: &Served, who: &str, strategy: &str, last: &str) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let log = ask(served, "GET", &format!("{strategy}/log"), who, &Value::Null);
        let lines = log["lines"].as_array().unwrap().iter();
        let lines: Vec<String> = lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect();
        if lines.last().is_some_and(|line| line == last) {
            return lines;
        }
        assert!(Instant::now() < until, "no {last:?} in {lines:?}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_strategy_goes_on_after_a_crash_and_on_the_next_day_and_its_journal_replays() {
    let place = Place::new();
    place.scenario_with("end = 2025-03-04T00:00:00", "end = 2025-03-03T02:00:00");
    let mut served = place.start_with(&["--set", "live.speed=1"]);
    served.await_ready(200);
    let anne = served.register("anne");
    let request = json!({ "name": "keeper", "source": SOURCE, "cash": "1000" });
    let started = ask(&served, "POST", "/api/strategies", &anne, &request);
    let strategy = format!("/api/strategies/{}", started["strategy_id"].as_str().unwrap());
    let before = log_up_to(&served, &anne, &strategy, "filled 1.0");
    assert_eq!(before, ["day 0, holding 0.0", "filled 1.0"]);

    served.crash();
    served = place.start_with(&["--set", "live.speed=1"]);
    served.await_ready(200);
    assert_eq!(log_up_to(&served, &anne, &strategy, "filled 1.0"), before, "each line once");
    let detail = ask(&served, "GET", &strategy, &anne, &Value::Null);
    assert_eq!(
        (&detail["strategy"]["status"], &detail["positions"][0]["quantity"]),
        (&json!("running"), &json!("1"))
    );

    let first_day = place.newest_segment();
    place.admin(&["speed", "600"]);
    let lines = log_up_to(&served, &anne, &strategy, "day 1, holding 1.0");
    place.admin(&["speed", "1"]);
    assert_eq!(lines, [&before[..], &["day 1, holding 1.0".to_owned()]].concat());
    let series = ask(&served, "GET", &format!("{strategy}/series"), &anne, &Value::Null);
    assert_eq!(series["series"][0]["points"][0]["value"], json!(1.0), "{series}");
    let stop = json!({ "flatten": true });
    ask(&served, "POST", &format!("{strategy}/stop"), &anne, &stop);
    assert_eq!(served.stop(), Some(0));

    let segments = [first_day, place.newest_segment()];
    assert_ne!(segments[0], segments[1]);
    for segment in &segments {
        let path = segment.to_str().unwrap();
        let replayed = place.run(&["replay", path]);
        assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
        assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
        let audited = place.run(&["audit", path, "--data", "data"]);
        assert_eq!(audited.code, Some(0), "{}", audited.stderr);
        assert!(audited.stdout.contains("difference 0"), "{}", audited.stdout);
    }
}

/// One of the shipped scenarios, with two instruments.
const CLASSROOM: &str = include_str!("../../../scenarios/live/classroom.toml");

#[test]
fn a_strategy_of_several_files_trades_several_instruments() {
    let place = Place::new();
    place.write("small.toml", CLASSROOM);
    let served = place.start_ready();
    let anne = served.register("anne");
    let source = r#"import "pair" as pair;
        fn on_start() { pair::both(2); }
        fn on_order_filled(event) { log(`${event.symbol} ${event.quantity}`); }"#;
    let module = r#"fn both(n) { buy(n); market("BOND").buy(n); }"#;
    let request = json!({ "source": source, "modules": { "pair": module }, "symbol": "STOCK" });
    let checked = ask(&served, "POST", "/api/strategies/check", &anne, &request);
    assert_eq!(checked["is_valid"], json!(true), "{checked}");
    let mut request = request;
    (request["name"], request["cash"]) = (json!("pair"), json!("5000"));
    let started = ask(&served, "POST", "/api/strategies", &anne, &request);
    let strategy = format!("/api/strategies/{}", started["strategy_id"].as_str().unwrap());
    let until = Instant::now() + Duration::from_secs(120);
    let positions = loop {
        let detail = ask(&served, "GET", &strategy, &anne, &Value::Null);
        let positions = detail["positions"].as_array().unwrap().iter();
        let held: Vec<(Value, Value)> =
            positions.map(|it| (it["symbol"].clone(), it["quantity"].clone())).collect();
        if held.len() == 2 && held.iter().all(|(_, quantity)| quantity == "2") {
            break held;
        }
        assert!(Instant::now() < until, "{detail}");
        sleep(Duration::from_millis(50));
    };
    assert!(positions.iter().any(|(symbol, _)| symbol == "STOCK"), "{positions:?}");
    assert!(positions.iter().any(|(symbol, _)| symbol == "BOND"), "{positions:?}");

    // What does not fit is said of the file in which it stands.
    let wrong =
        json!({ "source": source, "modules": { "pair": "fn both(n) { buy(n; }" }, "symbol": "STOCK" });
    let (_, _, refused) = served.ask("POST", "/api/strategies/check", &anne, &wrong.to_string());
    assert!(refused.contains("pair"), "{refused}");
}
