//! Auctions between two people in a market that is killed: what is held survives, and is swapped once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, Served};

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = served.ask(method, path, who, &text);
    (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
}

#[track_caller]
fn done(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> Value {
    let (status, answer) = ask(served, method, path, who, body);
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

/// Waits until what a path answers is as it should be, and returns it.
fn await_that(served: &Served, path: &str, who: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let (status, answer) = ask(served, "GET", path, who, &Value::Null);
        if status == 200 && is_so(&answer) {
            return answer;
        }
        assert!(Instant::now() < until, "{path}: {status} {answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}

/// Returns cash, held cash, and how many ACME somebody has.
fn has(served: &Served, who: &str) -> (f64, f64, f64) {
    let account = done(served, "GET", "/api/account", who, &Value::Null);
    let positions = done(served, "GET", "/api/positions", who, &Value::Null);
    let positions = positions["positions"].as_array().unwrap();
    let acme = positions.iter().find(|it| it["symbol"] == "ACME");
    let quantity = acme.map_or(0.0, |it| number(&it["quantity"]));
    (number(&account["cash"]), number(&account["held_cash"]), quantity)
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

const HERE: &[&str] = &["--set", "live.speed=1"];

/// Sends a request once more under the same id, and returns what is answered.
fn again(served: &Served, path: &str, who: &str, key: &str) -> Value {
    done(served, "POST", path, &format!("{who}Idempotency-Key: {key}\r\n"), &json!({}))
}

#[test]
fn what_is_offered_and_proposed_survives_a_kill_and_is_swapped_once() {
    let place = Place::new();
    place.scenario_with("[live]", "[auctions]\n\n[live]");
    let mut served = place.start_with(HERE);
    served.await_ready(200);
    let (anne, ben) = (served.register("anne"), served.register("ben"));
    let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "10" });
    let bought = done(&served, "POST", "/api/orders?wait=venue&ms=5000", &anne, &order);
    assert_eq!(bought["status"], "filled", "{bought}");
    let before = has(&served, &anne);
    let offer = json!({ "symbol": "ACME", "quantity": "5", "client_request_id": "offer" });
    let offered = done(&served, "POST", "/api/auctions", &anne, &offer);
    let auction = format!("/api/auctions/{}", offered["auction_id"].as_str().unwrap());
    let cash = json!({ "cash": "321.5", "client_request_id": "mine" });
    let proposed = done(&served, "POST", &format!("{auction}/proposals"), &ben, &cash);
    let proposal = format!("{auction}/proposals/{}", proposed["proposal_id"].as_str().unwrap());

    served.crash();
    served = place.start_with(HERE);
    served.await_ready(200);
    let open = await_that(&served, &auction, &ben, |it| it["proposals"][0]["status"] == "open");
    assert_eq!(
        (&open["status"], &open["yours"], &open["proposals"][0]["yours"]),
        (&json!("open"), &json!(false), &json!(true))
    );
    assert_eq!(done(&served, "POST", "/api/auctions", &anne, &offer), offered, "the first outcome again");
    assert!(is_near(has(&served, &ben).1, 321.5), "the cash is held still");
    let rest = json!({ "symbol": "ACME", "side": "sell", "quantity": "6", "price": "1000" });
    let (status, refused) = ask(&served, "POST", "/api/orders", &anne, &rest);
    assert_eq!((status, &refused["code"]), (422, &json!("insufficient_shares")), "so are the shares");
    let accepted = again(&served, &format!("{proposal}/accept"), &anne, "yes");
    assert_eq!(accepted["status"], "proposal_accepted");

    served.crash();
    served = place.start_with(HERE);
    served.await_ready(200);
    assert_eq!(again(&served, &format!("{proposal}/accept"), &anne, "yes"), accepted, "it was done once");
    let (cash, held, shares) = has(&served, &ben);
    assert!(
        is_near(cash, 100_000.0 - 321.5) && is_near(held, 0.0) && is_near(shares, 5.0),
        "{cash} {held} {shares}"
    );
    let (cash, held, shares) = has(&served, &anne);
    assert!(
        is_near(cash, before.0 + 321.5) && is_near(held, 0.0) && is_near(shares, 5.0),
        "{cash} {held} {shares}"
    );

    check_what_is_told(&served, &anne, &ben);
    assert_eq!(served.stop(), Some(0));
    let segment = place.newest_segment();
    let path = segment.to_str().unwrap();
    let replayed = place.run(&["replay", path]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    let audited = place.run(&["audit", path, "--data", "data"]);
    assert_eq!(audited.code, Some(0), "{}", audited.stderr);
    assert!(audited.stdout.contains("difference 0"), "{}", audited.stdout);
}

/// The wallet, the history and the notices of both say what happened.
fn check_what_is_told(served: &Served, anne: &str, ben: &str) {
    let entries = |it: &Value| it["entries"].as_array().map_or(0, Vec::len);
    for (who, cash, shares) in [(anne, "321.5", "-5"), (ben, "-321.5", "5")] {
        let moved = await_that(served, "/api/wallet/history?kind=swap", who, |it| entries(it) == 2);
        let amounts: Vec<_> = moved["entries"].as_array().unwrap().iter().map(|it| &it["amount"]).collect();
        assert!(amounts.contains(&&json!(cash)) && amounts.contains(&&json!(shares)), "{moved}");
        let history = await_that(served, "/api/auctions/history?mine=true", who, |it| {
            it["auctions"].as_array().is_some_and(|all| all.len() == 1)
        });
        let auction = &history["auctions"][0];
        assert_eq!(
            (&auction["status"], &auction["value"]),
            (&json!("accepted"), &json!("321.5")),
            "{auction}"
        );
        assert_eq!(auction["yours"], json!(who == anne));
    }
    for (who, step) in [(anne, "proposed"), (ben, "accepted")] {
        let told = await_that(served, "/api/notifications?kind=auction", who, |it| {
            it["notifications"].as_array().is_some_and(|all| !all.is_empty())
        });
        let notice = &told["notifications"][0]["data"];
        assert_eq!((&notice["step"], &notice["cash"]), (&json!(step), &json!("321.5")), "{told}");
        assert_eq!(told["notifications"].as_array().unwrap().len(), 1, "told once: {told}");
    }
}

#[test]
fn a_market_without_auctions_says_so() {
    let place = Place::new();
    let served = place.start_ready();
    let anne = served.register("anne");
    let offer = json!({ "symbol": "ACME", "quantity": "5" });
    let (status, refused) = ask(&served, "POST", "/api/auctions", &anne, &offer);
    assert_eq!((status, &refused["code"]), (404, &json!("no_auctions")), "{refused}");
    let open = done(&served, "GET", "/api/auctions", &anne, &Value::Null);
    assert_eq!(open["auctions"], json!([]));
    let (status, _) = ask(&served, "GET", "/api/auctions", "", &Value::Null);
    assert_eq!(status, 401);
}
