//! Orders over a stop: the market goes on with them, and counts anew.

use std::slice::from_ref;

use bearpit::analysis::RunData;
use bearpit_core::units::{Money, OrderId, SimTime};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixture::{Exchange, SCENARIO};
use super::streams::listening;
use crate::replay::replay_whole;
use crate::services::alpaca::{Ids, OrderName};
use crate::store::database::{Statement, args};
use crate::store::journal::segments_in;

fn bid(price: &str, quantity: u32) -> Value {
    json!({
        "symbol": "ACME", "qty": quantity, "side": "buy", "type": "limit", "time_in_force": "gtc",
        "limit_price": price
    })
}

fn path(order: &Value) -> String {
    format!("/v2/orders/{}", order["id"].as_str().unwrap())
}

/// Returns what an order is called by a number of replaces.
fn named(order: &Value, revision: u32) -> Uuid {
    let ids = Ids::of_market("small");
    let name = ids.read_order(order["id"].as_str().unwrap().parse().unwrap()).unwrap();
    ids.order(OrderName { order: OrderId::new(name.order.get()), revision })
}

fn replace(exchange: &Exchange, order: &Value, price: &str) -> Value {
    let replaced = exchange.ask("PATCH", &path(order), &json!({ "limit_price": price }).to_string());
    assert_eq!(replaced.status, 200, "{replaced:?}");
    replaced.body
}

#[test]
fn ids_count_the_replaces_of_before_a_stop_and_after_it() {
    let mut exchange = Exchange::open();
    let first = exchange.enter(&bid("90", 2));
    let second = replace(&exchange, &first, "90.5");
    let third = replace(&exchange, &second, "91");
    exchange.restart();
    assert_eq!(exchange.get("/v2/orders")[0]["id"], third["id"], "it has the id that it had");
    let mut stream = listening(&exchange, "/stream");
    let fourth = replace(&exchange, &third, "91.5");
    assert_eq!([&fourth["replaces"], &fourth["qty"]], [&third["id"], &json!("2")]);
    assert_eq!(fourth["id"], json!(named(&first, 3)));
    let update = stream.update("replaced");
    assert_eq!([&update["order"]["id"], &update["order"]["replaced_by"]], [&third["id"], &fourth["id"]]);
    assert_eq!(stream.update("new")["order"]["id"], fourth["id"]);
    for (old, next) in [(&first, &second), (&second, &third), (&third, &fourth)] {
        let old = exchange.get(&path(old));
        assert_eq!([&old["status"], &old["replaced_by"]], [&json!("replaced"), &next["id"]]);
    }
    exchange.restart();
    let fifth = replace(&exchange, &fourth, "92");
    assert_eq!(fifth["id"], json!(named(&first, 4)), "a second stop adds nothing twice");
    for revision in [5, 6, 99] {
        let never = exchange.ask("GET", &format!("/v2/orders/{}", named(&first, revision)), "");
        assert_eq!(never.status, 404, "revision {revision}: {never:?}");
        let change = json!({ "qty": 1 }).to_string();
        let never = exchange.ask("PATCH", &format!("/v2/orders/{}", named(&first, revision)), &change);
        assert_eq!(never.status, 404, "revision {revision}: {never:?}");
    }
    assert_eq!(exchange.ask("DELETE", &path(&fifth), "").status, 204);
}

#[test]
fn what_had_traded_before_a_stop_counts_after_it() {
    let mut exchange = Exchange::open();
    // More than the maker offers at once.
    let ask = exchange.get("/v2/stocks/ACME/quotes/latest")["quote"]["ap"].as_f64().unwrap();
    let order = exchange.enter(&bid(&format!("{ask:.2}"), 900));
    let number = |order: &Value, name: &str| order[name].as_str().unwrap().parse::<f64>().unwrap();
    exchange.until(|exchange| number(&exchange.get(&path(&order)), "filled_qty") > 0.0, "a fill");
    exchange.restart();
    let after = exchange.get(&path(&order));
    assert_eq!(after["qty"], "900", "{after}");
    let before = number(&after, "filled_qty");
    assert!(before > 0.0 && number(&after, "filled_avg_price") > 90.0, "{after}");
    assert_eq!([&after["submitted_at"], &after["id"]], [&order["submitted_at"], &order["id"]]);
    exchange.ask("DELETE", &path(&order), "");
    exchange.until(|exchange| exchange.get(&path(&order))["status"] != "partially_filled", "its end");
    assert!(number(&exchange.get(&path(&order)), "filled_qty") >= before);
}

#[test]
fn a_whole_quantity_counts_what_had_traded_before_a_stop() {
    // A maker alone that quotes once: what is left of an order that has taken its quantity rests.
    let (quiet, _) = SCENARIO.rsplit_once("[[agents]]").unwrap();
    let quiet = quiet.replace("interval = \"1s\"", "interval = \"12h\"");
    let mut exchange = Exchange::open_with(Box::leak(quiet.into_boxed_str()));
    let ask = exchange.get("/v2/stocks/ACME/quotes/latest")["quote"]["ap"].as_f64().unwrap();
    let order = exchange.enter(&bid(&format!("{ask:.2}"), 900));
    assert_eq!([&order["status"], &order["filled_qty"]], ["partially_filled", "300"], "{order}");
    let order = replace(&exchange, &order, "50");
    exchange.restart();
    let open = |exchange: &Exchange| {
        let headers = format!("X-API-Key: {}\r\n", exchange.key.secret);
        let orders = exchange.ask_as(&headers, "GET", "/api/orders/open", "").body;
        orders["orders"][0]["open_quantity"].clone()
    };
    let mut last = order;
    for (quantity, expected) in [("900", "600"), ("400", "100"), ("301", "1")] {
        let change = json!({ "qty": quantity }).to_string();
        let replaced = exchange.ask("PATCH", &path(&last), &change);
        assert_eq!(replaced.status, 200, "{replaced:?}");
        last = replaced.body;
        assert_eq!([&last["qty"], &last["filled_qty"]], [quantity, "300"], "{last}");
        assert_eq!(open(&exchange), expected, "of {quantity}");
    }
    let untouched = exchange.ask("PATCH", &path(&last), "{}").body;
    assert_eq!([&untouched["qty"], &open(&exchange)], ["301", "1"], "{untouched}");
}

#[test]
fn orders_are_canceled_while_the_database_answers_nothing() {
    let mut exchange = Exchange::open();
    let carried = exchange.enter(&bid("90", 1));
    let (old, other) = (exchange.enter(&bid("90", 2)), exchange.enter(&bid("90", 3)));
    let renamed = replace(&exchange, &old, "90.5");
    exchange.restart();
    let fresh = exchange.enter(&bid("91", 4));
    let fresh_renamed = replace(&exchange, &fresh, "91.5");
    let bracket = json!({
        "symbol": "ACME", "qty": 1, "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": "90",
        "order_class": "bracket", "take_profit": { "limit_price": "120" }, "stop_loss": { "stop_price": "80" }
    });
    let bracket = exchange.enter(&bracket);
    // As if it were away; it comes back in the end.
    let rename = |names: &'static str| {
        exchange.block_on(exchange.database.execute(Statement::new(names), args![])).unwrap();
    };
    rename("ALTER TABLE orders RENAME TO orders_away");
    let away = exchange.ask("GET", "/v2/orders?status=all", "");
    assert!(away.status >= 500, "{away:?}");
    let stale = exchange.ask("DELETE", &path(&fresh), "");
    assert_eq!((stale.status, &stale.body["code"]), (422, &json!(42_210_000)), "{stale:?}");
    for order in [&carried, &renamed, &fresh_renamed, &bracket] {
        let canceled = exchange.ask("DELETE", &path(order), "");
        assert_eq!(canceled.status, 204, "{order}: {canceled:?}");
    }
    let all = exchange.ask("DELETE", "/v2/orders", "");
    let ids: Vec<_> = all.body.as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert!(all.status == 207 && ids.contains(&other["id"]), "{all:?}");
    let headers = format!("X-API-Key: {}\r\n", exchange.key.secret);
    let open = |exchange: &Exchange| {
        let open = exchange.ask_as(&headers, "GET", "/api/orders/open", "").body;
        open["orders"].as_array().unwrap().len()
    };
    exchange.until(|exchange| open(exchange) == 0, "nothing is open");
    rename("ALTER TABLE orders_away RENAME TO orders");
}

#[test]
fn orders_are_asked_for_by_when_they_were_sent_also_after_a_stop() {
    let mut exchange = Exchange::open();
    let early = exchange.enter(&bid("90", 1));
    let between = early["submitted_at"].as_str().unwrap().to_owned();
    exchange.until(
        |exchange| {
            let now = exchange.get("/v2/clock")["timestamp"].as_str().unwrap().to_owned();
            now[..19] > between[..19]
        },
        "time passes",
    );
    let canceled = exchange.enter(&bid("91", 1));
    assert_eq!(exchange.ask("DELETE", &path(&canceled), "").status, 204);
    exchange.restart();
    let late = exchange.enter(&bid("92", 1));
    let ids = |query: &str| -> Vec<Value> {
        let all = exchange.get(&format!("/v2/orders?{query}"));
        all.as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
    };
    let [early, canceled, late] = [early, canceled, late].map(|order| order["id"].clone());
    assert_eq!(ids(&format!("after={between}")), from_ref(&late));
    let until = ids(&format!("until={}", exchange.get("/v2/orders")[0]["submitted_at"].as_str().unwrap()));
    assert_eq!(until, from_ref(&early), "it was sent before, though the venue took it again today");
    exchange.until(|_| ids("status=all").len() == 3, "the database has all of them");
    assert_eq!(ids("status=all&direction=asc"), [early.clone(), canceled.clone(), late.clone()]);
    assert_eq!(ids("status=all&direction=desc"), [late.clone(), canceled.clone(), early.clone()]);
    assert_eq!(ids("status=all&direction=asc&limit=2"), [early, canceled.clone()]);
    assert_eq!(ids("status=all&limit=1"), from_ref(&late));
    assert_eq!(ids(&format!("status=all&direction=asc&after={between}")), [canceled, late]);
}

#[test]
fn a_report_covers_a_day_that_was_stopped_from_its_beginning() {
    let mut exchange = Exchange::open();
    let account = exchange.get("/v2/account")["id"].as_str().unwrap().to_owned();
    let buy = |exchange: &Exchange, quantity: u32| {
        let order = json!({
            "symbol": "ACME", "qty": quantity, "side": "buy", "type": "market", "time_in_force": "day"
        });
        assert_eq!(exchange.enter(&order)["status"], "filled");
    };
    buy(&exchange, 2);
    exchange.restart();
    buy(&exchange, 3);
    exchange.restart();
    let sold =
        json!({ "symbol": "ACME", "qty": 5, "side": "sell", "type": "market", "time_in_force": "day" });
    assert_eq!(exchange.enter(&sold)["status"], "filled");
    let segments: Vec<_> = segments_in(&exchange.journal()).unwrap().into_iter().map(|it| it.1).collect();
    assert_eq!(segments.len(), 3);
    let whole = replay_whole(&segments, &exchange.source()).unwrap();
    let last = replay_whole(&segments[2..], &exchange.source()).unwrap();
    let of = |data: &RunData| data.accounts.iter().find(|it| it.summary.owner == account).unwrap().clone();
    let (all, part) = (of(&whole), of(&last));
    assert_eq!((all.fills_total, all.summary.fills), (3, 3), "all of the day");
    assert_eq!((part.fills_total, part.summary.fills), (1, 1));
    assert_eq!(all.summary.initial_cash, Money::from_whole(100_000));
    assert!(all.summary.initial_holdings.is_empty() && all.open_positions.is_empty());
    assert_eq!(all.trips_total, 1, "from flat to flat, over two stops");
    assert_eq!(all.summary.final_equity, part.summary.final_equity);
    assert_eq!(all.summary.profit, all.summary.final_equity - all.summary.initial_equity);
    let start: SimTime = "2025-03-03T00:00:00".parse().unwrap();
    assert_eq!(whole.manifest.start, start);
    assert!(last.manifest.start > start && all.equity.is_sorted_by_key(|point| point.0));
    let headers = format!("X-API-Key: {}\r\n", exchange.key.secret);
    let page = exchange.ask_as(&headers, "GET", "/api/account/report", "");
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.as_str().unwrap().contains("<html"));
}
