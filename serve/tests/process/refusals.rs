//! Orders that the gate of their account refused: in the history, under an id of their own.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, Served};

const PATIENCE: Duration = Duration::from_secs(120);

fn enter(served: &Served, who: &str, order: &Value) -> (u16, Value) {
    let (status, _, body) = served.ask("POST", "/api/orders", who, &order.to_string());
    (status, serde_json::from_str(&body).unwrap())
}

fn get(served: &Served, who: &str, path: &str) -> (u16, Value) {
    let (status, _, body) = served.ask("GET", path, who, "");
    (status, serde_json::from_str(&body).unwrap())
}

/// Returns the orders of a query, once there are as many.
fn await_orders(served: &Served, who: &str, query: &str, count: usize) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let (status, body) = get(served, who, &format!("/api/orders?{query}"));
        assert_eq!(status, 200, "{body}");
        let orders = body["orders"].as_array().unwrap();
        if orders.len() == count {
            return orders.clone();
        }
        assert!(Instant::now() < until, "not {count}: {body}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Looks for the refused order in all places where it is to be found.
fn check(served: &Served, who: &str, refused: &str) {
    let found = await_orders(served, who, "status=rejected", 1);
    let order = &found[0];
    let expected = [
        ("order_id", json!(refused)),
        ("client_order_id", json!("too-much")),
        ("status", json!("rejected")),
        ("symbol", json!("ACME")),
        ("side", json!("buy")),
        ("type", json!("limit")),
        ("quantity", json!("1000000")),
        ("open_quantity", json!("0")),
        ("price", json!("90")),
        ("accepted_at", Value::Null),
    ];
    for (name, value) in expected {
        assert_eq!(order[name], value, "{name} of {order}");
    }
    let why = order["explanation"].as_str().unwrap();
    assert!(why.contains("cash"), "{why}");
    assert!(order["sent_at"].is_string() && order["sent_at"] == order["ended_at"], "{order}");
    for path in [format!("/api/orders/{refused}"), "/api/orders?client_order_id=too-much".to_owned()] {
        let (status, body) = get(served, who, &path);
        let one = if body["orders"].is_array() { &body["orders"][0] } else { &body };
        assert_eq!((status, &one["order_id"], &one["status"]), (200, &json!(refused), &json!("rejected")));
        assert_eq!(one["explanation"].as_str(), Some(why));
    }
    // The newest first, whatever became of them, and in pages.
    let all = await_orders(served, who, "limit=10", 3);
    let ids: Vec<_> = all.iter().map(|order| order["order_id"].clone()).collect();
    assert_eq!(ids[1], json!(refused), "{ids:?}");
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, body) = get(served, who, &format!("/api/orders?limit=1{cursor}"));
        assert_eq!(status, 200, "{body}");
        paged.extend(body["orders"].as_array().unwrap().iter().map(|order| order["order_id"].clone()));
        let Some(next) = body["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, ids);
}

#[test]
fn a_refused_order_is_in_the_history_also_after_a_crash_a_stop_and_a_rebuild() {
    let place = Place::new();
    let served = place.start_ready();
    let anne = served.register("anne");
    let small = json!({ "symbol": "ACME", "side": "buy", "type": "limit", "quantity": "1", "price": "50" });
    let mut large =
        json!({ "symbol": "ACME", "side": "buy", "type": "limit", "quantity": "1000000", "price": "90" });
    large["client_order_id"] = json!("too-much");
    assert_eq!(enter(&served, &anne, &small).0, 201);
    let (status, problem) = enter(&served, &anne, &large);
    assert_eq!((status, &problem["code"]), (422, &json!("insufficient_cash")), "{problem}");
    let refused = problem["order_id"].as_str().unwrap().to_owned();
    assert!(refused.starts_with('R'), "{refused}");
    // The same again is the same order.
    let (status, again) = enter(&served, &anne, &large);
    assert_eq!((status, &again["order_id"]), (422, &json!(refused)));
    assert_eq!(enter(&served, &anne, &small).0, 201);
    check(&served, &anne, &refused);

    // It is nobody else's, cannot be canceled, and clients of Alpaca's API do not see it.
    let bert = served.register("bert");
    assert_eq!(get(&served, &bert, &format!("/api/orders/{refused}")).0, 404);
    assert_eq!(await_orders(&served, &bert, "status=rejected", 0), Vec::<Value>::new());
    assert_eq!(served.ask("DELETE", &format!("/api/orders/{refused}"), &anne, "").0, 404);
    for id in ["R", "R0", "R00017", "R999999", "r1", "-1"] {
        assert_eq!(get(&served, &anne, &format!("/api/orders/{id}")).0, 404, "{id}");
    }
    let (_, body) = get(&served, &anne, "/v2/orders?status=all");
    assert_eq!(body.as_array().unwrap().len(), 2, "{body}");
    assert_eq!(get(&served, &anne, "/v2/orders:by_client_order_id?client_order_id=too-much").0, 404);

    served.crash();
    let served = place.start_ready();
    check(&served, &anne, &refused);
    // Another day's segment: what is in memory is not what is asked.
    assert_eq!(served.stop(), Some(0));
    let served = place.start_ready();
    check(&served, &anne, &refused);
    let (status, again) = enter(&served, &anne, &large);
    assert_eq!((status, &again["order_id"]), (422, &json!(refused)), "{again}");
    assert_eq!(served.stop(), Some(0));
    let rebuilt = place.run(&["rebuild"]);
    assert_eq!(rebuilt.code, Some(0), "{}", rebuilt.stderr);
    let served = place.start_ready();
    check(&served, &anne, &refused);
    assert_eq!(served.stop(), Some(0));
}
