//! What a process says of itself: figures, and lines of the log.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// The table of figures.
const DOCUMENT: &str = include_str!("../../../docs/live.md");

/// Returns the figures that are documented, with their types.
fn documented() -> BTreeMap<String, String> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `bearpit_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let figures = cells.map(|cells| (cells[1].trim_matches('`').to_owned(), cells[2].to_owned()));
    figures.collect()
}

/// Returns the figures that are exposed, with their types.
fn exposed(served: &Served) -> BTreeMap<String, String> {
    let (status, text) = served.get("/metrics");
    assert_eq!(status, 200, "{text}");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let figures: BTreeMap<_, _> = types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    for name in figures.keys() {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
    }
    figures
}

#[test]
fn every_figure_is_in_the_table_of_the_documentation_and_follows_the_conventions() {
    let place = Place::new();
    let served = place.start_ready();
    // Those with labels are there once something was counted.
    let anne = served.register("anne");
    assert_eq!(served.ask("GET", "/v2/orders?strange=1", &anne, "").0, 200);
    let _open = served.open_web_socket();
    let (documented, exposed) = (documented(), exposed(&served));
    assert_eq!(documented, exposed);
    assert!(documented.len() > 25, "{documented:?}");
    for (name, kind) in exposed {
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
        for unit in ["millis", "micros", "nanos", "_ms", "_us", "percent", "_kb", "_mib"] {
            assert!(!name.contains(unit), "{name} is in no base unit");
        }
        assert!(kind != "histogram" || name.ends_with("_seconds"), "{name} has no unit");
    }
}

#[test]
fn lines_of_the_log_have_the_id_of_their_request() {
    let place = Place::new();
    let mut served = place.start_with(&["--log-level", "debug"]);
    served.await_ready(200);
    let (status, head, body) = served.ask("GET", "/api/orders/open", "X-Request-Id: of-anne:1\r\n", "");
    assert_eq!(status, 401);
    assert!(head.to_lowercase().contains("x-request-id: of-anne:1"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["code"], &body["request_id"]), (&json!("no_credentials"), &json!("of-anne:1")));
    let answered = await_line_of(&mut served, "answered", "of-anne:1");
    assert_eq!((&answered["status"], &answered["method"]), (&json!(401), &json!("GET")));
    assert_eq!((&answered["path"], &answered["span"]), (&json!("/api/orders/open"), &json!("request")));
    // The face of Alpaca's API answers with the same header.
    let (_, head, _) = served.ask("GET", "/v2/account", "X-Request-ID: of-alpaca\r\n", "");
    assert!(head.to_lowercase().contains("x-request-id: of-alpaca"), "{head}");

    // Also on the market's thread, and when what follows is published.
    let anne = served.register("anne");
    let order = json!({ "symbol": "ACME", "side": "buy", "type": "limit", "quantity": "1", "price": "50" });
    let (status, _, body) =
        served.ask("POST", "/api/orders", &format!("{anne}X-Request-Id: of-order\r\n"), &order.to_string());
    assert_eq!(status, 201, "{body}");
    let replied = await_line_of(&mut served, "replied", "of-order");
    assert_eq!((&replied["what"], &replied["is_done"]), (&json!("submit"), &json!(true)));
    let published = await_line_of(&mut served, "published", "of-order");
    assert_eq!(published["fact"], json!("accepted"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(published["order"].to_string(), body["order_id"].as_str().unwrap());
}

/// Waits for a line that is of a request.
fn await_line_of(served: &mut Served, message: &str, request: &str) -> Value {
    loop {
        let line = served.await_line(message);
        if line["request_id"] == json!(request) {
            return line;
        }
    }
}
