//! An instrument that several venues list, and names while the database is away.

use serde_json::json;

use super::fixture::Exchange;
use crate::store::database::{Statement, args};

/// ACME at two venues, of which one pays more; BETA at one.
const SCENARIO: &str = r#"
[scenario]
name = "small"
seed = 7
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 10
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100.0, mean = 100.0, half_life = "2h", volatility = 0.01 }
[[instruments]]
symbol = "BETA"
tick_size = "0.01"
process = { kind = "ou", initial = 50.0, mean = 50.0, half_life = "2h", volatility = 0.01 }
[[venues]]
name = "PIT"
instruments = ["ACME", "BETA"]
[[venues]]
name = "POT"
instruments = ["ACME"]
[[agents]]
name = "wide"
kind = "market_maker"
venue = "PIT"
instrument = "ACME"
cash = 5_000_000
max_short = { ACME = 25_000 }
half_spread = "0.50"
quantity = 300
max_inventory = 20_000
skew = 0.0
interval = "1s"
[[agents]]
name = "narrow"
kind = "market_maker"
venue = "POT"
instrument = "ACME"
cash = 5_000_000
max_short = { ACME = 25_000 }
half_spread = "0.05"
quantity = 300
max_inventory = 20_000
skew = 0.0
interval = "1s"
"#;

fn has_quotes(exchange: &Exchange) -> bool {
    let quotes = exchange.get("/v2/stocks/quotes/latest?symbols=ACME@PIT,ACME@POT")["quotes"].clone();
    let has = |name: &str| quotes[name]["bp"].as_f64().unwrap_or(0.0) > 0.0;
    has("ACME@PIT") && has("ACME@POT")
}

#[test]
fn a_position_in_what_several_venues_list_is_closed_where_that_pays_most_or_where_it_is_said() {
    let exchange = Exchange::open_with(SCENARIO);
    exchange.until(has_quotes, "both makers quote");
    let bought =
        json!({ "symbol": "ACME@PIT", "qty": 9, "side": "buy", "type": "market", "time_in_force": "day" });
    let bought = exchange.enter(&bought);
    assert_eq!([&bought["status"], &bought["symbol"]], ["filled", "ACME@PIT"]);
    for name in ["ACME", "ACME@POT", "ACME/USD"] {
        assert_eq!(exchange.get(&format!("/v2/positions/{name}"))["qty"], "9", "{name}");
    }
    let position = exchange.get("/v2/positions")[0].clone();
    let asset = format!("/v2/assets/{}", position["asset_id"].as_str().unwrap());
    assert_eq!(exchange.get(&asset)["symbol"], "ACME@PIT", "an asset that is there");
    assert_eq!(exchange.get("/v2/orders?status=all&symbols=ACME")[0]["id"], bought["id"]);
    let close = |path: &str| {
        let answer = exchange.ask("DELETE", path, "");
        assert!([200, 207].contains(&answer.status), "{path}: {answer:?}");
        answer.body
    };
    let named = close("/v2/positions/ACME@PIT?qty=2");
    assert_eq!([&named["symbol"], &named["qty"], &named["side"]], ["ACME@PIT", "2", "sell"]);
    let best = close("/v2/positions/ACME?percentage=50");
    assert_eq!([&best["symbol"], &best["qty"]], ["ACME@POT", "3"]);
    exchange.until(|exchange| exchange.get("/v2/positions")[0]["qty"] == "4", "two closes");
    let all = close("/v2/positions?cancel_orders=True");
    assert_eq!([&all[0]["status"], &all[0]["body"]["symbol"]], [&json!(200), &json!("ACME@POT")], "{all}");
    exchange.until(|exchange| exchange.get("/v2/positions") == json!([]), "nothing is held");
    let none = exchange.ask("DELETE", "/v2/positions/ACME", "");
    assert_eq!((none.status, &none.body["code"]), (404, &json!(40_410_000)));
    assert_eq!(exchange.ask("DELETE", "/v2/positions/NONE", "").status, 404);
}

#[test]
fn names_that_could_not_be_read_are_read_once_the_database_is_back() {
    let mut exchange = Exchange::open_with(SCENARIO);
    let bid = |symbol: &str| {
        json!({
            "symbol": symbol, "qty": 1, "side": "buy", "type": "limit", "limit_price": 10, "time_in_force": "gtc"
        })
    };
    let beta = exchange.enter(&bid("BETA/USD"));
    assert_eq!(beta["symbol"], "BETA/USD");
    exchange.restart();
    let rename = |exchange: &Exchange, from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        let sql = Statement::new(Box::leak(sql.into_boxed_str()));
        exchange.block_on(exchange.database.execute(sql, args![])).unwrap();
    };
    rename(&exchange, "traded_names", "elsewhere");
    let path = |order: &serde_json::Value| format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let acme = exchange.enter(&bid("ACME/USD@POT"));
    assert_eq!(acme["symbol"], "ACME/USD@POT", "what was said meanwhile is known");
    assert_eq!(exchange.get(&path(&beta))["symbol"], "BETA", "what cannot be read is not");
    rename(&exchange, "elsewhere", "traded_names");
    assert_eq!(exchange.get(&path(&beta))["symbol"], "BETA/USD", "it is read once it can be");
    assert_eq!(exchange.get(&path(&acme))["symbol"], "ACME/USD@POT");
    // What could not be written is written with the next order.
    exchange.enter(&bid("BETA/USD"));
    exchange.restart();
    assert_eq!(exchange.get(&path(&acme))["symbol"], "ACME/USD@POT");
}
