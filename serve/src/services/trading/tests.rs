//! Trading in a market that runs, with its journal and database in a directory of the test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bearpit::scenario::Scenario;
use serde_json::{Value, json};

use super::*;
use crate::config::DatabaseUrl;
use crate::domain::{AccountId, Problem, ProblemKind, TimeInForceName};
use crate::driver::{Driver, DriverConfig, Metrics, OutputSink, Stage, SyncPolicy, SystemClock};
use crate::publication::PublicationConfig;
use crate::services::market_data::{MarketDataParts, NoArchive};

const PLAIN: &str = r#"
[scenario]
name = "plain"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[instruments]]
symbol = "GRAM"
tick_size = 0.5
lot_size = 0.001
[[venues]]
name = "PIT"
instruments = ["ACME", "GRAM"]
"#;

/// A market, and who trades in it.
pub(in crate::services) struct Floor {
    pub(in crate::services) driver: Driver,
    pub(in crate::services) trading: Arc<Trading>,
    _directory: tempfile::TempDir,
}

impl Floor {
    async fn open() -> Self {
        Self::open_to(Vec::new()).await
    }

    /// Opens a market with auctions between participants.
    pub(in crate::services) async fn open_with_auctions() -> Self {
        Self::open_from(&format!("{PLAIN}[auctions]\n"), Vec::new()).await
    }

    /// Opens a market that some others see, too.
    pub(in crate::services) async fn open_to(sinks: Vec<Box<dyn OutputSink>>) -> Self {
        Self::open_from(PLAIN, sinks).await
    }

    /// Opens a market with auctions that some others see, too.
    pub(in crate::services) async fn open_with_auctions_to(sinks: Vec<Box<dyn OutputSink>>) -> Self {
        Self::open_from(&format!("{PLAIN}[auctions]\n"), sinks).await
    }

    async fn open_from(text: &str, sinks: Vec<Box<dyn OutputSink>>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let scenario = Scenario::from_text(Path::new("plain.toml"), text, &[]);
        let scenario = scenario.map_err(|error| error.render(false)).unwrap();
        let source = ScenarioSource::new(scenario, text.to_owned());
        let journal = directory.path().join("journal");
        let driver = Driver::start(DriverConfig {
            journal: journal.clone(),
            sync: SyncPolicy::AtOnce,
            queue: 1_000,
            clock: Box::new(SystemClock::new()),
            source: Box::new(source.clone()),
            wrap: Box::new(|file| Box::new(file)),
            publication: PublicationConfig::default(),
            sinks,
            settled: Box::new(|_| {}),
            metrics: Metrics::default(),
        })
        .unwrap();
        let data = MarketData::new(MarketDataParts {
            market: Box::new(driver.handle.clone()),
            source: source.clone(),
            archive: Box::new(NoArchive),
            journal: journal.clone(),
            replays: directory.path().join("replays"),
            currency: MarketData::CURRENCY.to_owned(),
        });
        let url = DatabaseUrl::Sqlite(directory.path().join("bearpit.db"));
        let database = Database::open(&url).await.unwrap();
        let handle = driver.handle.clone();
        let trading = Trading::new(TradingParts { handle, source, data: Arc::new(data), database, journal });
        let floor = Self { driver, trading: Arc::new(trading), _directory: directory };
        floor.await_open().await;
        floor
    }

    async fn await_open(&self) {
        let opens = async {
            while self.driver.handle.status().stage != Stage::Open {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), opens).await.unwrap();
    }

    /// Enters an order that is written in JSON, and waits for the venue's word.
    pub(in crate::services) async fn enter(
        &self,
        account: AccountId,
        order: Value,
    ) -> Result<Value, Problem> {
        let request: OrderRequest = serde_json::from_str(&order.to_string()).unwrap();
        let view = self.trading.enter(account, &request, Some(VenueWait(Duration::from_secs(5)))).await?;
        Ok(serde_json::to_value(view).unwrap())
    }

    async fn refused(&self, account: AccountId, order: Value) -> (String, Option<String>) {
        let problem = self.enter(account, order).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Refused, "{problem}");
        (problem.code.into_owned(), problem.field)
    }

    pub(in crate::services) fn end(self) {
        self.driver.handle.stop();
        self.driver.join();
    }
}

fn limit(side: &str, quantity: &str, price: &str) -> Value {
    json!({ "symbol": "ACME", "side": side, "quantity": quantity, "price": price })
}

#[tokio::test]
async fn an_order_rests_is_replaced_trades_and_is_found_again() {
    let floor = Floor::open().await;
    let (anne, ben) = (AccountId::draw(), AccountId::draw());
    let order = floor.enter(anne, limit("buy", "10", "99.50")).await.unwrap();
    assert_eq!(
        (&order["status"], &order["type"], &order["price"]),
        (&json!("open"), &json!("limit"), &json!("99.5"))
    );
    let account = floor.trading.account(anne).await.unwrap();
    assert_eq!((account.cash.to_string(), account.held_cash.to_string()), ("100000".into(), "995".into()));

    // Ben is behind Anne in the queue.
    let behind = floor.enter(ben, limit("buy", "3", "99.5")).await.unwrap();
    let open = serde_json::to_value(floor.trading.open_orders(ben).await.unwrap()).unwrap();
    assert_eq!(
        (&open["orders"][0]["order_id"], &open["orders"][0]["queue_ahead"]),
        (&behind["order_id"], &json!("10"))
    );

    let id = path_order(order["order_id"].as_str().unwrap()).unwrap();
    let change =
        ReplaceRequest { quantity: Some(serde_json::from_str("4").unwrap()), ..ReplaceRequest::default() };
    floor.trading.replace(anne, id, change.clone()).await.unwrap();
    let others = floor.trading.replace(ben, id, change).await.unwrap_err();
    assert_eq!(
        (others.kind, &*others.code),
        (ProblemKind::NotFound, "unknown_order"),
        "as if there were none"
    );

    // Nobody can sell what they do not have.
    let (code, field) = floor.refused(ben, limit("sell", "1", "99.5")).await;
    assert_eq!((code.as_str(), field.as_deref()), ("insufficient_shares", Some("quantity")));
    floor.end();
}

#[tokio::test]
async fn a_pair_is_one_order_with_one_hold_and_both_are_replaced_apart() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    let mut order = limit("buy", "10", "90");
    order["pair"] = json!({ "stop_loss": "110", "stop_loss_limit": "111" });
    order["client_order_id"] = json!("pair");
    let entered = floor.enter(anne, order).await.unwrap();
    let first = path_order(entered["order_id"].as_str().unwrap()).unwrap();
    let stop = path_order(entered["pair"]["order_id"].as_str().unwrap()).unwrap();
    assert_eq!(stop.get(), first.get() + 1);
    assert_eq!(entered["pair"]["stop_loss_limit"], json!("111"));
    let account = floor.trading.account(anne).await.unwrap();
    assert_eq!(account.held_cash.to_string(), "1110", "the dearer of the two, once");
    let view = floor.trading.order(anne, stop).await.unwrap();
    assert_eq!((view.one_cancels_other, view.sent_at.is_none()), (Some(first.to_string()), true));

    let number = |text: &str| serde_json::from_str(text).ok();
    let change = ReplaceRequest {
        stop_price: number("108"),
        time_in_force: Some(TimeInForceName::Day),
        ..ReplaceRequest::default()
    };
    floor.trading.replace(anne, stop, change).await.unwrap();
    let replaced = async {
        loop {
            let view = floor.trading.order(anne, stop).await.unwrap();
            if view.revision == 1 {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let view = tokio::time::timeout(Duration::from_secs(120), replaced).await.unwrap();
    let prices = [view.stop_price, view.price].map(|price| price.unwrap().to_string());
    assert_eq!((prices, view.time_in_force), (["108".into(), "111".into()], TimeInForceName::Day));
    let nothing = floor.trading.replace(anne, first, ReplaceRequest::default()).await.unwrap_err();
    assert_eq!(&*nothing.code, "missing_field");
    let trail = ReplaceRequest { trail_amount: number("1"), ..ReplaceRequest::default() };
    let unfit = floor.trading.replace(anne, first, trail).await.unwrap_err();
    assert_eq!(unfit.kind, ProblemKind::Refused, "a limit order has no distance: {unfit}");
    floor.end();
}

#[tokio::test]
async fn the_same_order_under_the_same_id_is_entered_once() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    let mut order = limit("buy", "10", "99.50");
    order["client_order_id"] = json!("mine");
    // Whoever comes first opens the account; all get the same order.
    let entered = futures_util::future::join_all((0..100).map(|_| floor.enter(anne, order.clone()))).await;
    let first = entered[0].as_ref().unwrap()["order_id"].clone();
    assert!(entered.iter().all(|order| order.as_ref().unwrap()["order_id"] == first));
    assert_eq!(floor.trading.open_orders(anne).await.unwrap().orders.len(), 1);
    order["quantity"] = json!(11);
    let other = floor.enter(anne, order).await.unwrap_err();
    assert_eq!((other.kind, other.field.as_deref()), (ProblemKind::Conflict, Some("client_order_id")));
    let found = floor.trading.order_by_client(anne, "mine".to_owned().try_into().unwrap()).await.unwrap();
    assert_eq!(json!(found.order_id), first);
    floor.end();
}

#[tokio::test]
async fn one_balance_is_spent_once_however_many_spend_it() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    // Each order needs a tenth of the cash.
    let spend = (0..64).map(|_| floor.enter(anne, limit("buy", "100", "100")));
    let outcomes = futures_util::future::join_all(spend).await;
    let (entered, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((entered.len(), refused.len()), (10, 54));
    assert!(refused.iter().all(|it| it.as_ref().is_err_and(|problem| problem.code == "insufficient_cash")));
    let account = floor.trading.account(anne).await.unwrap();
    assert_eq!((account.free_cash.to_string().as_str(), account.open_orders), ("0", 10));
    let canceled = floor.trading.cancel_all(anne, None).await.unwrap();
    assert_eq!(canceled.order_ids.len(), 10);
    floor.end();
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    let order = |change: Value| {
        let mut order = limit("buy", "10", "99.50");
        for (name, value) in change.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    };
    for (change, code, field) in [
        (json!({ "price": "99.505" }), "off_tick", "price"),
        (json!({ "quantity": "1.5" }), "off_lot", "quantity"),
        (json!({ "quantity": 0 }), "quantity_out_of_range", "quantity"),
        (json!({ "quantity": -3 }), "quantity_out_of_range", "quantity"),
        (json!({ "price": "99999999999999" }), "price_out_of_range", "price"),
        (json!({ "type": "stop" }), "missing_field", "stop_price"),
        (json!({ "stop_price": 90 }), "invalid_field", "stop_price"),
        (json!({ "time_in_force": "gtd" }), "missing_field", "expires_at"),
        (json!({ "expires_at": "2025-03-03T12:00:00Z" }), "invalid_field", "expires_at"),
        (json!({ "type": "trailing_stop" }), "missing_field", "trail_amount"),
        (json!({ "type": "trailing_stop", "trail_percent": "100" }), "invalid_field", "trail_percent"),
        (json!({ "type": "pegged" }), "missing_field", "peg"),
        (
            json!({ "bracket": { "take_profit": "100.001", "stop_loss": 90 } }),
            "off_tick",
            "bracket.take_profit",
        ),
        (json!({ "quantity": 5_000 }), "insufficient_cash", "quantity"),
    ] {
        let (found, at) = floor.refused(anne, order(change.clone())).await;
        assert_eq!((found.as_str(), at.as_deref()), (code, Some(field)), "{change}");
    }
    let unknown = floor.enter(anne, order(json!({ "symbol": "ACMA" }))).await.unwrap_err();
    assert_eq!((unknown.kind, unknown.field.as_deref()), (ProblemKind::NotFound, Some("symbol")));
    floor.end();
}

#[tokio::test]
async fn every_kind_of_order_is_entered_and_shown_as_it_was_written() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    floor.enter(anne, limit("buy", "1", "50")).await.unwrap();
    for order in [
        json!({ "type": "stop", "stop_price": "110" }),
        json!({ "type": "stop_limit", "stop_price": "110", "price": "111" }),
        json!({ "type": "pegged", "peg": "touch", "peg_offset": "0.01", "price": "60" }),
        json!({ "price": "60", "display_quantity": "1" }),
        json!({ "price": "60", "post_only": "reject", "time_in_force": "day" }),
        json!({ "price": "60", "self_trade": "decrement" }),
        json!({ "price": "60", "time_in_force": "gtd", "expires_at": "2025-03-03T23:00:00Z" }),
        json!({ "price": "60", "bracket": { "take_profit": "70", "stop_loss": "55" } }),
    ] {
        let mut whole = json!({ "symbol": "ACME", "side": "buy", "quantity": "2" });
        for (name, value) in order.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let shown =
            floor.enter(anne, whole.clone()).await.unwrap_or_else(|problem| panic!("{order}: {problem}"));
        assert_eq!(shown["status"], "open", "{shown}");
        for (name, value) in whole.as_object().unwrap() {
            let found = &shown[name];
            let is_same = match name.as_str() {
                // Times have the offset of the zone.
                "expires_at" => found.as_str().is_some_and(|text| text.starts_with("2025-03-03T23:00:00")),
                "bracket" => {
                    found["take_profit"] == value["take_profit"] && found["stop_loss"] == value["stop_loss"]
                }
                // A peg rests at its reference, and is shown there.
                "price" if whole["type"] == "pegged" => found.is_string(),
                _ => found == value,
            };
            assert!(is_same, "{name} of {order}: {found}");
        }
    }
    floor.end();
}

#[tokio::test]
async fn a_preview_says_what_an_order_would_take_and_hold() {
    let floor = Floor::open().await;
    let anne = AccountId::draw();
    let request: OrderRequest = serde_json::from_value(limit("buy", "10", "99.50")).unwrap();
    let preview = floor.trading.preview(anne, &request).await.unwrap();
    assert_eq!((preview.held.to_string().as_str(), preview.would_rest.to_string().as_str()), ("995", "10"));
    assert!(preview.average_price.is_none());
    assert!(floor.trading.open_orders(anne).await.unwrap().orders.is_empty(), "nothing was entered");
    floor.end();
}
