//! Requests and answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixture::{Answer, Exchange};

fn limit(change: &Value) -> Value {
    let mut order = json!({
        "symbol": "ACME", "qty": "2", "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": 90
    });
    for (name, value) in change.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

#[test]
fn an_order_is_entered_replaced_and_canceled_under_its_ids() {
    let exchange = Exchange::open();
    let first = exchange.enter(&limit(&json!({ "client_order_id": "mine" })));
    let shown = |order: &Value| [&order["status"], &order["qty"], &order["limit_price"]].map(Value::clone);
    assert_eq!(shown(&first), [json!("new"), json!("2"), json!("90")]);
    let path = |order: &Value| format!("/v2/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(exchange.get(&path(&first))["id"], first["id"]);
    assert_eq!(exchange.get("/v2/orders:by_client_order_id?client_order_id=mine")["id"], first["id"]);

    let replaced = exchange.ask("PATCH", &path(&first), r#"{"qty":1,"limit_price":"90.5"}"#);
    assert_eq!(replaced.status, 200, "{replaced:?}");
    let second = replaced.body;
    assert_eq!(shown(&second), [json!("new"), json!("1"), json!("90.5")]);
    assert_eq!(second["replaces"], first["id"]);
    let old = exchange.get(&path(&first));
    assert_eq!([&old["status"], &old["replaced_by"]], [&json!("replaced"), &second["id"]]);
    assert_eq!(exchange.get("/v2/orders")[0]["id"], second["id"]);

    assert_eq!(exchange.ask("DELETE", &path(&first), "").status, 422, "it has another id");
    assert_eq!(exchange.ask("DELETE", &path(&second), "").status, 204);
    let canceled = || exchange.get(&path(&second))["status"] == "canceled";
    exchange.until(|_| canceled(), "it is not canceled");
    let Answer { status, body } = exchange.ask("DELETE", &path(&second), "");
    assert_eq!((status, &body["code"]), (422, &json!(42_210_000)));
}

#[test]
fn exits_are_held_until_their_entry_trades_and_a_pair_enters_together() {
    let exchange = Exchange::open();
    let classes = [
        (
            json!({ "order_class": "bracket", "take_profit": { "limit_price": 120 }, "stop_loss": { "stop_price": 80, "limit_price": 79 } }),
            "bracket",
            vec!["limit", "stop_limit"],
        ),
        (json!({ "order_class": "oto", "stop_loss": { "stop_price": 80 } }), "oto", vec!["stop"]),
    ];
    for (change, class, kinds) in classes {
        let order = exchange.enter(&limit(&change));
        assert_eq!(order["order_class"], class);
        let legs = order["legs"].as_array().unwrap();
        let shown: Vec<_> = legs.iter().map(|leg| leg["type"].as_str().unwrap()).collect();
        assert_eq!(shown, kinds);
        for leg in legs {
            assert_eq!([&leg["status"], &leg["side"], &leg["order_class"]], ["held", "sell", class]);
            let path = format!("/v2/orders/{}", leg["id"].as_str().unwrap());
            assert_eq!(exchange.get(&path)["id"], leg["id"]);
        }
    }
    let bought =
        json!({ "symbol": "ACME", "qty": 2, "side": "buy", "type": "market", "time_in_force": "day" });
    assert_eq!(exchange.enter(&bought)["status"], "filled");
    let pair = exchange.enter(&limit(&json!({
        "side": "sell", "order_class": "oco", "limit_price": null, "take_profit": { "limit_price": "120" },
        "stop_loss": { "stop_price": "80" }
    })));
    assert_eq!([&pair["order_class"], &pair["limit_price"]], ["oco", "120"]);
    assert_eq!([&pair["legs"][0]["type"], &pair["legs"][0]["stop_price"]], ["stop", "80"]);
    let nested = exchange.get("/v2/orders?nested=True&limit=500");
    assert_eq!(nested.as_array().unwrap().len(), 3, "{nested}");
}

#[test]
fn an_instrument_goes_by_each_of_its_names_and_orders_by_the_last() {
    let exchange = Exchange::open();
    for name in ["ACME", "ACME/USD", "ACMEUSD", "ACME@PIT", "ACME%2FUSD"] {
        let asset = exchange.get(&format!("/v2/assets/{name}"));
        let again = exchange.get(&format!("/v2/assets/{}", asset["id"].as_str().unwrap()));
        assert_eq!(asset, again, "{name}");
    }
    let shown = |symbol: &str| {
        let order = exchange.enter(&limit(&json!({ "symbol": symbol })));
        (order["symbol"].as_str().unwrap().to_owned(), order["asset_class"].as_str().unwrap().to_owned())
    };
    assert_eq!(shown("ACME/USD"), ("ACME/USD".to_owned(), "crypto".to_owned()));
    let all = exchange.get("/v2/orders?symbols=ACME%2FUSD");
    assert_eq!(all[0]["symbol"], "ACME/USD");
    assert_eq!(shown("ACME"), ("ACME".to_owned(), "us_equity".to_owned()));
    assert_eq!(exchange.get("/v2/orders?symbols=ACME")[1]["symbol"], "ACME");
}

#[test]
fn whoever_asks_is_known_by_keys_in_each_form_and_by_no_others() {
    let exchange = Exchange::open();
    let (key, reader) = (&exchange.key, &exchange.reader);
    let basic = STANDARD.encode(format!("{}:{}", key.id, key.secret));
    let wrong = STANDARD.encode(format!("{}:{}", reader.id, key.secret));
    for (headers, status) in [
        (Exchange::keys(key), 200),
        (format!("Authorization: Bearer {}\r\n", key.secret), 200),
        (format!("Authorization: Basic {basic}\r\n"), 200),
        (format!("Authorization: Basic {wrong}\r\n"), 401),
        ("Authorization: Basic !\r\n".to_owned(), 401),
        (format!("APCA-API-SECRET-KEY: {}\r\n", key.secret), 401),
        (format!("APCA-API-KEY-ID: {}\r\nAPCA-API-SECRET-KEY: {}\r\n", reader.id, key.secret), 401),
        (String::new(), 401),
    ] {
        let answer = exchange.ask_as(&headers, "GET", "/v2/account", "");
        assert_eq!(answer.status, status, "{headers}{}", answer.body);
        if status == 401 {
            assert_eq!(answer.body["code"], 40_110_000);
        }
    }
    // This server's own paths know no such headers.
    assert_eq!(exchange.ask_as(&Exchange::keys(key), "GET", "/api/account", "").status, 401);
    let refused =
        exchange.ask_as(&Exchange::keys(reader), "POST", "/v2/orders", &limit(&json!({})).to_string());
    assert_eq!((refused.status, &refused.body["message"]), (403, &json!("forbidden.")));
    assert_eq!(exchange.ask_as("", "GET", "/v1beta3/crypto/us/snapshots?symbols=ACME/USD", "").status, 200);
}

#[test]
fn a_refusal_names_the_field_of_the_request_and_what_was_meant() {
    let exchange = Exchange::open();
    let none = Value::Null;
    for (change, error, field, hint) in [
        (json!({ "symbol": "ACNE" }), "invalid_field", "symbol", json!("did you mean ACME?")),
        (json!({ "symbol": "acme" }), "invalid_field", "symbol", json!("did you mean ACME?")),
        (json!({ "limit_price": null }), "missing_field", "limit_price", none.clone()),
        (json!({ "type": "stop" }), "missing_field", "stop_price", none.clone()),
        (json!({ "type": "stop_limit" }), "missing_field", "stop_price", none.clone()),
        (
            json!({ "type": "trailing_stop", "limit_price": null }),
            "missing_field",
            "trail_price",
            json!("or trail_percent"),
        ),
        (json!({ "qty": -1 }), "quantity_out_of_range", "qty", none.clone()),
        (
            json!({ "symbol": null, "order_class": "mleg" }),
            "unsupported_order_class",
            "order_class",
            none.clone(),
        ),
    ] {
        let answer = exchange.ask("POST", "/v2/orders", &limit(&change).to_string());
        let told = ["error", "field", "hint"].map(|name| answer.body[name].clone());
        assert_eq!(told, [json!(error), json!(field), hint], "{change}: {answer:?}");
    }
    let slash = exchange.ask("GET", "//v2/account", "");
    assert_eq!(slash.status, 404);
    assert!(slash.body["hint"].as_str().unwrap().contains("without a slash at its end"), "{slash:?}");
}

#[test]
fn what_does_not_fit_is_refused_in_alpacas_form() {
    let exchange = Exchange::open();
    let post = |change: Value| ("POST", "/v2/orders".to_owned(), limit(&change).to_string());
    let get = |path: &str| ("GET", path.to_owned(), String::new());
    let id = "/v2/orders/0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11";
    for ((method, path, body), status, code) in [
        (("POST", "/v2/orders".to_owned(), "{".to_owned()), 400, 40_010_000),
        (("POST", "/v2/orders".to_owned(), "[]".to_owned()), 400, 40_010_000),
        (("POST", "/v2/orders".to_owned(), String::new()), 422, 40_010_001),
        (("POST", "/v2/orders".to_owned(), "x".repeat(20_000)), 413, 41_310_000),
        (post(json!({ "symbol": "NONE" })), 422, 40_010_001),
        (post(json!({ "symbol": "\u{0}" })), 422, 40_010_001),
        (post(json!({ "qty": "many" })), 422, 40_010_001),
        (post(json!({ "qty": null })), 422, 40_010_001),
        (post(json!({ "notional": 5 })), 422, 40_010_001),
        (post(json!({ "qty": null, "notional": 0 })), 422, 40_010_001),
        (post(json!({ "qty": null, "notional": "-5" })), 422, 40_010_001),
        (post(json!({ "qty": null, "notional": "0.00000000001" })), 422, 40_010_001),
        (post(json!({ "qty": null, "notional": "9".repeat(40) })), 422, 40_010_001),
        (post(json!({ "qty": null, "notional": "9999999999999999999" })), 422, 42_210_000),
        (post(json!({ "qty": null, "notional": 5 })), 403, 40_310_000),
        (post(json!({ "qty": -1 })), 422, 42_210_000),
        (post(json!({ "qty": "1.5" })), 422, 42_210_000),
        (post(json!({ "qty": 1e300 })), 422, 40_010_001),
        (post(json!({ "side": "sideways" })), 422, 40_010_001),
        (post(json!({ "type": ["limit"] })), 422, 40_010_001),
        (post(json!({ "limit_price": "90.001" })), 422, 42_210_000),
        (post(json!({ "order_class": "mleg" })), 422, 42_210_000),
        (post(json!({ "order_class": "bracket" })), 422, 40_010_001),
        (post(json!({ "order_class": "oto", "take_profit": {} })), 422, 40_010_001),
        (post(json!({ "take_profit": { "limit_price": 120 } })), 422, 40_010_001),
        (post(json!({ "take_profit": 7 })), 422, 40_010_001),
        (post(json!({ "client_order_id": "x".repeat(129) })), 422, 40_010_001),
        (post(json!({ "qty": 1_000_000 })), 403, 40_310_000),
        (post(json!({ "side": "sell" })), 403, 40_310_000),
        (get(id), 404, 40_410_000),
        (get("/v2/orders/none"), 404, 40_410_000),
        (("PATCH", id.to_owned(), "{}".to_owned()), 404, 40_410_000),
        (("DELETE", id.to_owned(), String::new()), 404, 40_410_000),
        (get("/v2/orders?limit=501"), 422, 40_010_001),
        (get("/v2/orders?limit=-1"), 422, 40_010_001),
        (get("/v2/orders?after=yesterday"), 422, 40_010_001),
        (get("/v2/orders?status=odd"), 422, 40_010_001),
        (get("/v2/orders?symbols=NONE"), 404, 40_410_000),
        (get("/v2/positions/ACME"), 404, 40_410_000),
        (get("/v2/assets/NONE"), 404, 40_410_000),
        (("DELETE", "/v2/positions/ACME?qty=1&percentage=5".to_owned(), String::new()), 422, 40_010_001),
        (get("/v2/account/portfolio/history?period=9Z"), 422, 40_010_001),
        (get("/v2/account/activities?page_token=x"), 422, 40_010_001),
        (get("/v2/calendar?start=soon"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=ACME"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=ACME&timeframe=7Min5"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=NONE&timeframe=1Min"), 400, 40_010_000),
        (get("/v2/stocks/bars?timeframe=1Min"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=ACME&timeframe=1Min&page_token=%00"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=ACME&timeframe=1Min&limit=10001"), 422, 40_010_001),
        (get("/v2/stocks/bars?symbols=ACME&timeframe=1Min&start=2026-01-02&end=2026-01-01"), 422, 40_010_001),
        (get("/v2/nothing"), 404, 40_410_000),
        (get("/v1beta3"), 404, 40_410_000),
        (get("/v2/iex"), 400, 40_010_000),
        (get("/stream/"), 400, 40_010_000),
        (("POST", "/v2/clock".to_owned(), String::new()), 405, 40_510_000),
    ] {
        let answer = exchange.ask(method, &path, &body);
        let told = (answer.status, answer.body["code"].as_u64().unwrap_or_default());
        assert_eq!(told, (status, code), "{method} {path} {}: {}", &body[..body.len().min(300)], answer.body);
        assert!(answer.body["message"].as_str().is_some_and(|it| !it.is_empty()), "{}", answer.body);
    }
    assert_eq!(exchange.get("/v2/orders"), json!([]), "nothing was entered");
}

#[test]
fn fields_that_mean_nothing_are_ignored_and_counted() {
    let exchange = Exchange::open();
    let odd = json!({ "position_intent": "buy_to_open", "extended_hours": true, "colour": "red", "n": [1] });
    let entered = exchange.enter(&limit(&odd));
    assert_eq!(entered["extended_hours"], false);
    let order = format!("/v2/orders/{}", entered["id"].as_str().unwrap());
    let replaced =
        exchange.ask("PATCH", &order, r#"{"limit_price":"90.5","client_order_id":"another"}"#).body;
    assert_eq!(replaced["client_order_id"], entered["client_order_id"], "{replaced}");
    exchange.get("/v2/orders?colour=red");
    let metrics = exchange.ask_as("", "GET", "/metrics", "").body;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains(r#"http_ignored_fields_total{route="/v2/orders"} 3"#), "{metrics}");
    let of_order = r#"http_ignored_fields_total{route="/v2/orders/{order_id}"} 1"#;
    assert!(metrics.contains(of_order), "{metrics}");
}

/// Tokens and times that nobody was given are answered, and in time.
#[test]
fn times_at_the_ends_of_the_calendar_are_answered() {
    let exchange = Exchange::open();
    for nanos in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        let text = format!("ACME|{nanos}");
        let token = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
        for timeframe in ["1Min", "1H", "1D", "1W", "12M"] {
            for sort in ["asc", "desc"] {
                let path = format!(
                    "/v2/stocks/bars?symbols=ACME&timeframe={timeframe}&sort={sort}&page_token={token}"
                );
                assert_eq!(exchange.ask("GET", &path, "").status, 200, "{path}");
            }
        }
    }
    for query in [
        "period=1000A",
        "start=1700-01-01T00:00:00Z",
        "end=1700-01-01T00:00:00Z&period=60A",
        "start=2199-12-31T00:00:00Z&end=1700-01-01T00:00:00Z",
    ] {
        let answer = exchange.ask("GET", &format!("/v2/account/portfolio/history?{query}"), "");
        assert!(matches!(answer.status, 200 | 422), "{query}: {}", answer.body);
    }
}

#[test]
fn pages_of_bars_join_to_the_whole() {
    let exchange = Exchange::open();
    let path = "/v2/stocks/bars?symbols=ACME,ACME/USD&timeframe=1Min&start=2025-03-03";
    // A minute of this market takes six seconds.
    let bars = |body: &Value| -> Vec<Value> {
        let of = body["bars"].as_object().unwrap();
        of.iter()
            .flat_map(|(name, bars)| bars.as_array().unwrap().iter().map(move |it| json!([name, it["t"]])))
            .collect()
    };
    let end = || {
        let whole = exchange.get(path);
        bars(&whole).len()
    };
    exchange.until(|_| end() >= 6, "there are three minutes");
    let (first, ascending) =
        (exchange.get("/v2/stocks/ACME/bars?timeframe=1Min&start=2025-03-03"), "&end=2025-03-03T00:02:00Z");
    assert_eq!(first["bars"][0]["t"], "2025-03-03T00:00:00Z");
    for sort in ["asc", "desc"] {
        let whole = bars(&exchange.get(&format!("{path}{ascending}&sort={sort}")));
        let mut joined = Vec::new();
        let mut token = String::new();
        for _ in 0..20 {
            let page = exchange.get(&format!("{path}{ascending}&sort={sort}&limit=1&page_token={token}"));
            joined.extend(bars(&page));
            match page["next_page_token"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => break,
            }
        }
        assert_eq!((joined.len(), &joined), (6, &whole), "{sort}");
    }
}
