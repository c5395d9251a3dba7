//! What has happened: trades and quotes, fills, orders that are sent again, exits that never entered.

use bearpit_core::units::SimTime;
use serde_json::{Value, json};

use super::fixture::{Answer, Exchange};
use crate::domain::AccountId;
use crate::store::database::{Statement, args};

fn order(change: &Value) -> Value {
    let mut order = json!({ "symbol": "ACME", "side": "buy", "type": "limit", "time_in_force": "gtc" });
    for (name, value) in change.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

#[test]
fn trades_and_quotes_of_before_come_in_pages() {
    let fast = super::fixture::SCENARIO.replace("speed = 10", "speed = 200");
    let exchange = Exchange::open_with(Box::leak(fast.into_boxed_str()));
    let all = |kind: &str, more: &str| -> Vec<Value> {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page =
                exchange.get(&format!("/v2/stocks/ACME/{kind}?start=2025-03-03&limit=17{token}{more}"));
            found.extend(page[kind].as_array().unwrap().clone());
            let Some(next) = page["next_page_token"].as_str() else { return found };
            token = format!("&page_token={next}");
        }
    };
    exchange.until(|_| all("trades", "").len() > 120, "many trades");
    let trades = all("trades", "");
    let ids: Vec<_> = trades.iter().map(|trade| trade["i"].as_u64().unwrap()).collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    let end = trades[99]["t"].as_str().unwrap();
    let newest = all("trades", &format!("&end={end}&sort=desc"));
    let newest: Vec<_> = newest.iter().map(|trade| trade["i"].as_u64().unwrap()).collect();
    assert!(newest.len() >= 100 && newest.is_sorted_by(|a, b| a > b));
    assert!(newest.contains(&ids[0]), "the first of the day is still there");
    let quotes = all("quotes", "");
    assert!(quotes.len() > 20, "{}", quotes.len());
    let at = |quote: &Value| quote["t"].as_str().unwrap().trim_end_matches('Z').parse::<SimTime>().unwrap();
    assert!(quotes.is_sorted_by_key(at));
    assert!(quotes.windows(2).all(|pair| pair[0] != pair[1]), "each is another");
}

#[test]
fn a_page_of_quotes_goes_on_where_it_ended_after_a_restart() {
    let mut exchange = Exchange::open();
    let quotes = |exchange: &Exchange, more: &str| -> (Vec<Value>, Option<String>) {
        let page = exchange.get(&format!("/v2/stocks/ACME/quotes?start=2025-03-03{more}"));
        let next = page["next_page_token"].as_str().map(str::to_owned);
        (page["quotes"].as_array().unwrap().clone(), next)
    };
    exchange.until(|exchange| quotes(exchange, "").0.len() > 12, "many quotes");
    let (_, token) = quotes(&exchange, "&limit=10");
    let token = format!("&page_token={}", token.unwrap());
    exchange.restart();
    // None of before are kept, so what follows is all that there is now.
    exchange.until(|exchange| quotes(exchange, "").0.len() > 2, "quotes again");
    let whole = quotes(&exchange, "").0;
    let end = format!("&end={}", whole.last().unwrap()["t"].as_str().unwrap());
    assert_eq!(quotes(&exchange, &format!("{token}{end}")).0, whole);
}

#[test]
fn a_trailing_stop_says_how_far_it_has_followed() {
    let exchange = Exchange::open();
    exchange.enter(&order(&json!({ "qty": 3, "type": "market" })));
    let trail = order(&json!({ "qty": 2, "side": "sell", "type": "trailing_stop", "trail_price": 5 }));
    let entered = exchange.enter(&trail);
    let path = format!("/v2/orders/{}", entered["id"].as_str().unwrap());
    for shown in [entered, exchange.get(&path), exchange.get("/v2/orders")[0].clone()] {
        let number = |name: &str| shown[name].as_str().and_then(|text| text.parse::<f64>().ok());
        let (mark, stop) = (number("hwm").unwrap(), number("stop_price").unwrap());
        assert!((mark - stop - 5.0).abs() < 1e-9 && (90.0..110.0).contains(&mark), "{shown}");
    }
}

#[test]
fn the_same_order_sent_again_is_the_first_and_another_under_its_id_is_refused() {
    let exchange = Exchange::open();
    let mine = |change: Value| {
        let mut order = order(&json!({ "client_order_id": "mine", "notional": "1000", "type": "market" }));
        for (name, value) in change.as_object().unwrap() {
            order[name] = value.clone();
        }
        exchange.ask("POST", "/v2/orders", &order.to_string())
    };
    let first = mine(json!({}));
    assert_eq!((first.status, &first.body["status"]), (200, &json!("filled")), "{first:?}");
    // The price has moved since.
    exchange.enter(&order(&json!({ "qty": 400, "type": "market" })));
    for _ in 0..3 {
        let again = mine(json!({}));
        assert_eq!(again.status, 200, "{again:?}");
        let of = |answer: &Answer| [&answer.body["id"], &answer.body["qty"]].map(Value::clone);
        assert_eq!(of(&again), of(&first));
    }
    for change in
        [json!({ "notional": "2000" }), json!({ "side": "sell" }), json!({ "time_in_force": "ioc" })]
    {
        let other = mine(change.clone());
        assert_eq!((other.status, &other.body["code"]), (422, &json!(40_010_001)), "{change}: {other:?}");
        assert_eq!(other.body["message"], "client_order_id must be unique");
    }
    let limit = |price: u32| {
        let order = order(&json!({ "client_order_id": "other", "qty": 1, "limit_price": price }));
        exchange.ask("POST", "/v2/orders", &order.to_string())
    };
    let (first, again, other) = (limit(90), limit(90), limit(91));
    assert_eq!((first.status, &first.body["id"]), (200, &again.body["id"]));
    assert_eq!((other.status, &other.body["code"]), (422, &json!(40_010_001)));
}

#[test]
fn an_exit_is_held_until_its_entry_trades_and_ends_with_it() {
    let exchange = Exchange::open();
    let exits = json!({
        "qty": 2, "limit_price": 90, "order_class": "bracket", "take_profit": { "limit_price": 120 },
        "stop_loss": { "stop_price": 80 }
    });
    let entry = exchange.enter(&order(&exits));
    let path = |order: &Value| format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let legs = entry["legs"].as_array().unwrap();
    for leg in legs {
        assert_eq!(exchange.get(&path(leg))["status"], "held");
        assert_eq!(exchange.ask("DELETE", &path(leg), "").status, 422, "its entry is canceled, or nothing");
    }
    assert_eq!(exchange.ask("DELETE", &path(&entry), "").status, 204);
    exchange.until(|exchange| exchange.get(&path(&entry))["status"] == "canceled", "the cancel");
    for leg in legs {
        let leg = exchange.get(&path(leg));
        assert_eq!([&leg["status"], &leg["filled_qty"]], ["canceled", "0"], "{leg}");
        assert!(leg["canceled_at"].is_string());
        let Answer { status, body } = exchange.ask("DELETE", &path(&leg), "");
        assert_eq!((status, &body["code"]), (422, &json!(42_210_000)));
    }
    let entry = exchange.get(&path(&entry));
    assert_eq!(entry["legs"][0]["status"], "canceled");
}

#[test]
fn an_order_that_has_traded_is_not_replaced() {
    let exchange = Exchange::open();
    let filled = exchange.enter(&order(&json!({ "qty": 1, "type": "market" })));
    assert_eq!(filled["status"], "filled");
    let path = format!("/v2/orders/{}", filled["id"].as_str().unwrap());
    let Answer { status, body } = exchange.ask("PATCH", &path, r#"{"qty":2}"#);
    assert_eq!((status, &body["code"]), (422, &json!(42_210_000)), "{body}");
    assert!(body["message"].as_str().unwrap().contains("\"filled\""), "{body}");
}

#[test]
fn fills_of_an_order_with_more_than_a_thousand_come_in_pages_and_say_how_far_it_was() {
    let exchange = Exchange::open();
    let account = exchange.get("/v2/account")["id"].as_str().unwrap().parse::<AccountId>().unwrap();
    // Each of one lot, of an order of another year.
    let sql = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1500)
        INSERT INTO fills (trade_id, order_id, account_id, segment, day, symbol, venue, side, price, quantity,
        traded_value, liquidity, fee, filled_at)
        SELECT n, 77, $1, 0, 1, 'ACME', 'PIT', 'buy', '1000000000000', '10000000000', '1000000000000', 'maker',
        '0', n * 1000000000 FROM numbers";
    exchange.block_on(exchange.database.execute(Statement::new(sql), args![account])).unwrap();
    for direction in ["desc", "asc"] {
        let (mut sums, mut token) = (Vec::new(), String::new());
        for _ in 0..16 {
            let path = format!("/v2/account/activities/FILL?direction={direction}&page_size=100{token}");
            let page = exchange.get(&path);
            let fills = page.as_array().unwrap();
            let sum = |fill: &Value| fill["cum_qty"].as_str().unwrap().parse::<u32>().unwrap();
            sums.extend(fills.iter().map(sum));
            let Some(last) = fills.last() else { break };
            token = format!("&page_token={}", last["id"].as_str().unwrap());
        }
        let mut expected: Vec<u32> = (1..=1_500).collect();
        if direction == "desc" {
            expected.reverse();
        }
        assert_eq!(sums, expected, "{direction}");
    }
}
