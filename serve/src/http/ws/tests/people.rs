//! Tokens, one's own channel, sessions that end.

use std::thread;
use std::time::Duration;

use bearpit_core::market::Side;
use serde_json::json;

use super::client::{Fixture, Told};
use crate::http::WsConfig;
use crate::publication::PublicationConfig;
use crate::services::market_data::fixture::ANNE;

const AUTH: &str = r#"{"op":"auth","token":"anne's"}"#;
const OWN: &str = r#"{"op":"subscribe","channel":"own"}"#;

fn closed_to_all() -> Fixture {
    let config = WsConfig { requires_token: true, ..WsConfig::default() };
    Fixture::with(config, PublicationConfig::default())
}

#[test]
fn whoever_has_a_token_sees_their_own_orders_and_fills() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    assert_eq!(client.ask(AUTH)["account"], fixture.hand.anne.to_string());
    assert_eq!(client.ask(OWN)["type"], "subscribed");
    let snapshot = client.next();
    assert_eq!((&snapshot["type"], &snapshot["orders"]), (&json!("snapshot"), &json!([])));
    let order = fixture.hand.enter(ANNE, Side::Buy, 9_990, 5);
    fixture.hand.hit(ANNE, order, 9_990, 2);
    fixture.hand.publish();
    let accepted = client.next();
    assert_eq!(
        [&accepted["type"], &accepted["event"], &accepted["price"], &accepted["side"], &accepted["leaves"]],
        [&json!("order"), &json!("accepted"), &json!("99.9"), &json!("buy"), &json!("5")]
    );
    assert_eq!(accepted["first"], snapshot["next"]);
    let fill = client.next();
    assert_eq!(
        [&fill["type"], &fill["fill_quantity"], &fill["leaves"], &fill["order_id"], &fill["liquidity"]],
        [&json!("fill"), &json!("2"), &json!("3"), &accepted["order_id"], &json!("maker")]
    );
    // Another connection finds the order in its snapshot.
    let mut other = fixture.try_connect(&[("Authorization", "Bearer anne's")]).unwrap();
    assert_eq!(other.next()["is_authenticated"], true);
    other.ask(OWN);
    assert_eq!(other.next()["orders"][0]["leaves"], "3");
}

#[test]
fn nobody_sees_an_account_without_its_token() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    assert_eq!(client.ask(OWN)["code"], "no_token");
    assert_eq!(fixture.try_connect(&[("Authorization", "Bearer bert's")]).err(), Some(401));
    let mut client = fixture.connect();
    assert_eq!(client.ask(r#"{"op":"auth","token":"bert's"}"#)["code"], "bad_token");
    assert_eq!(client.closed(), (4401, "bad_token".to_owned()));
}

#[test]
fn a_token_comes_first_and_within_three_seconds() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(r#"{"op":"ping"}"#);
    assert_eq!(client.ask(AUTH)["code"], "late_auth");
    assert_eq!(client.closed(), (4401, "no_token".to_owned()));
    let closed = closed_to_all();
    let mut silent = closed.connect();
    let mut hasty = closed.connect();
    hasty.say(r#"{"op":"ping"}"#);
    assert_eq!(hasty.closed(), (4401, "no_token".to_owned()));
    let mut known = closed.connect();
    assert_eq!(known.ask(AUTH)["type"], "authenticated");
    assert_eq!(silent.closed(), (4401, "no_token".to_owned()));
    // One that is known may show a newer token at any time.
    assert_eq!(known.ask(AUTH)["type"], "authenticated");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that measures how soon a connection ends")]
fn a_connection_ends_with_its_session() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(AUTH);
    client.ask(OWN);
    thread::sleep(Duration::from_millis(300));
    let ended = std::time::Instant::now();
    fixture.tokens.0.lock().unwrap().clear();
    assert_eq!(client.closed(), (4401, "session_ended".to_owned()));
    assert!(ended.elapsed() < Duration::from_millis(1_500), "{:?}", ended.elapsed());
}

#[test]
fn a_server_that_stops_says_so() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    let server = fixture.server;
    let stopping = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.stop(Duration::from_secs(10))).unwrap();
    });
    assert_eq!(client.told(), Told::Closed(1012, "stopping".to_owned()));
    drop(client);
    stopping.join().unwrap();
}
