//! Tokens, one's own channel, sessions that end.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use bearpit_core::kernel::RequestTag;
use bearpit_core::market::{AccountMark, Fact, MarkCause, OrderTerms, Side};
use bearpit_core::units::{InstrumentId, Money, NetQuantity, Price, Quantity};
use serde_json::{Value, json};

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
    let words =
        |message: &Value, names: &[&str]| names.iter().map(|it| message[*it].clone()).collect::<Value>();
    assert_eq!(words(&accepted, &["type", "event"]), json!(["order", "accepted"]));
    assert_eq!(
        words(&accepted["order"], &["type", "side", "price", "quantity", "open_quantity", "time_in_force"]),
        json!(["limit", "buy", "99.9", "5", "5", "gtc"])
    );
    assert_eq!(accepted["first"], snapshot["next"]);
    let filled = client.next();
    assert_eq!(words(&filled, &["type", "event"]), json!(["fill", "filled"]));
    assert_eq!(words(&filled["fill"], &["quantity", "price", "liquidity"]), json!(["2", "99.9", "maker"]));
    assert_eq!(filled["fill"]["order_id"], accepted["order"]["order_id"]);
    assert_eq!(
        words(&filled["order"], &["status", "open_quantity", "filled_quantity", "average_price"]),
        json!(["partially_filled", "3", "2", "99.9"])
    );
    // Another connection finds the order in its snapshot, in the same words.
    let mut other = fixture.try_connect(&[("Authorization", "Bearer anne's")]).unwrap();
    assert_eq!(other.next()["is_authenticated"], true);
    other.ask(OWN);
    assert_eq!(other.next()["orders"], json!([filled["order"]]));
    // Whoever resumes is told of the order as it was then.
    let mut late = fixture.try_connect(&[("Authorization", "Bearer anne's")]).unwrap();
    late.next();
    let from = json!({ "epoch": snapshot["epoch"], "next": snapshot["next"] });
    late.ask(&json!({ "op": "subscribe", "channel": "own", "from": from }).to_string());
    assert_eq!([late.next(), late.next()], [accepted, filled]);
}

#[test]
fn a_refused_order_is_told_once_also_to_whoever_resumes() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(AUTH);
    client.ask(OWN);
    let snapshot = client.next();
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(7), Price::new(9_990));
    fixture.hand.refuse(ANNE, RequestTag::new(16), terms);
    // What comes next, so that nothing else comes before it.
    fixture.hand.enter(ANNE, Side::Buy, 9_980, 5);
    fixture.hand.refuse(ANNE, RequestTag::new(18), terms);
    fixture.hand.enter(ANNE, Side::Buy, 9_970, 5);
    fixture.hand.publish();
    let told = [client.next(), client.next(), client.next(), client.next()];
    let events: Value = told.iter().map(|it| json!([it["type"], it["event"]])).collect();
    let (refused, accepted) = (json!(["order", "refused"]), json!(["order", "accepted"]));
    assert_eq!(events, json!([refused, accepted, refused, accepted]));
    let [first, _, second, _] = &told;
    assert_eq!([&first["order"]["order_id"], &second["order"]["order_id"]], ["R17", "R19"]);
    let fields = ["status", "side", "price", "quantity", "filled_quantity", "reason"];
    let fields: Value = fields.iter().map(|it| first["order"][*it].clone()).collect();
    assert_eq!(fields, json!(["rejected", "buy", "99.9", "7", "0", "quantity_out_of_range"]));
    let mut late = fixture.try_connect(&[("Authorization", "Bearer anne's")]).unwrap();
    late.next();
    let from = json!({ "epoch": snapshot["epoch"], "next": snapshot["next"] });
    late.ask(&json!({ "op": "subscribe", "channel": "own", "from": from }).to_string());
    assert_eq!([late.next(), late.next(), late.next(), late.next()], told);
}

/// Returns the names of the fields that a schema of the REST interface has.
fn schema(name: &str) -> BTreeSet<String> {
    let document = serde_json::to_value(crate::http::document()).unwrap();
    let fields = document["components"]["schemas"][name]["properties"].as_object().unwrap().clone();
    fields.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn orders_fills_positions_and_accounts_have_the_words_of_the_rest_interface() {
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(AUTH);
    client.ask(OWN);
    client.next();
    let order = fixture.hand.enter(ANNE, Side::Buy, 9_990, 5);
    fixture.hand.hit(ANNE, order, 9_990, 2);
    fixture.hand.take(&Fact::AccountMarked(AccountMark {
        owner: ANNE,
        instrument: InstrumentId::new(0),
        position: NetQuantity::new(2),
        mark_half_ticks: Some(19_990),
        cost: Money::from_whole(200),
        realized: Money::from_whole(3),
        unrealized: Money::from_whole(-1),
        fees: Money::from_whole(1),
        cash: Money::from_whole(800),
        equity: Money::from_whole(999),
        // In other instruments, too, of which nothing was marked today.
        total_realized: Money::from_whole(10),
        total_unrealized: Money::from_whole(4),
        cause: MarkCause::Sample,
    }));
    fixture.hand.publish();
    let (accepted, filled, marked) = (client.next(), client.next(), client.next());
    assert_eq!(fields(&accepted["order"]), schema("OrderView"));
    assert_eq!(fields(&filled["order"]), schema("OrderView"));
    assert_eq!(fields(&filled["fill"]), schema("FillLine"));
    assert_eq!((&marked["type"], &marked["event"]), (&json!("position"), &json!("marked")));
    let (position, account) = (fields(&marked["position"]), fields(&marked["account"]));
    let of_gate = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
    // All but what open orders hold, which no fact says.
    assert_eq!(&position | &of_gate(&["sellable"]), schema("PositionLine"));
    let held = ["account_id", "at", "free_cash", "held_cash", "blocked", "opening_cash"];
    assert_eq!(&account | &of_gate(&held), schema("AccountSummary"));
    assert_eq!(marked["position"]["market_value"], "199");
    let values = ["cash", "equity", "realized_pnl", "unrealized_pnl", "fees", "open_orders"];
    let values: Value = values.iter().map(|it| marked["account"][*it].clone()).collect();
    assert_eq!(values, json!(["800", "999", "10", "4", "1", 1]));
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
fn a_connection_ends_with_its_session() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(AUTH);
    client.ask(OWN);
    fixture.tokens.0.lock().unwrap().clear();
    assert_eq!(client.closed(), (4401, "session_ended".to_owned()));
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
