//! `/ws`, `/stream` and the streams of market data, opened by everybody.

use std::fmt;
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, HandshakeError, client};

use super::fixture::{Exchange, Key, PATIENCE};
use super::streams::Client;
use crate::domain::{KeyId, Role, Scope, Scopes, Secret, UserId, WallTime};
use crate::store::people::{AddKeyOutcome, Block, NewKey};

/// Who opens a connection, and what it shows.
struct Asker {
    who: String,
    /// The token of a session, or the secret of a key; nobody shows none.
    shown: Option<String>,
    /// The id, if it is a key.
    key: Option<String>,
    /// Whether it is believed.
    is_known: bool,
    /// Whether it may read what is its own.
    may_read: bool,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.who)
    }
}

fn all_scopes() -> Vec<Scopes> {
    let sets = (0..8_usize).map(|bits| {
        let is_in = |(place, _): &(usize, Scope)| bits & (1 << place) != 0;
        Scope::ALL.into_iter().enumerate().filter(is_in).map(|(_, scope)| scope).collect::<Scopes>()
    });
    sets.collect()
}

/// Adds a key in the database, with scopes that its person may lack.
fn key(exchange: &Exchange, user: UserId, scopes: Scopes) -> Key {
    let id = KeyId::draw();
    let bytes = [id.uuid().as_bytes().as_slice(), &[7; 32]].concat();
    let secret = Secret::new(format!("bpk_{}", URL_SAFE_NO_PAD.encode(bytes)));
    let now = WallTime::from_nanos(1);
    let key = NewKey { id, user, name: "k".to_owned(), hash: secret.digest(), scopes, account: None, now };
    assert_eq!(exchange.block_on(exchange.people.add_key(&key, i64::MAX)), Ok(AddKeyOutcome::Added));
    Key { id: id.to_string(), secret: secret.expose().to_owned() }
}

fn session(who: &str, shown: String, is_known: bool) -> Asker {
    Asker { who: who.to_owned(), shown: Some(shown), key: None, is_known, may_read: is_known }
}

/// Everybody: each role with a session, and with a key of each set of scopes; and those who are not believed.
fn all_askers(exchange: &Exchange) -> Vec<Asker> {
    let now = Duration::ZERO;
    let mut askers =
        vec![Asker { who: "nobody".to_owned(), shown: None, key: None, is_known: false, may_read: false }];
    for (name, role) in [("a-user", Role::User), ("an-admin", Role::Admin)] {
        let user = exchange.add_person(name, role).id;
        askers.push(session(name, exchange.log_in(name, now), true));
        for scopes in all_scopes() {
            let Key { id, secret } = key(exchange, user, scopes);
            let (who, may_read) = (format!("a key of {name} for `{scopes}`"), scopes.has(Scope::Read));
            askers.push(Asker { who, shown: Some(secret), key: Some(id), is_known: true, may_read });
        }
    }
    let ended = exchange.log_in("a-user", now);
    let bearer = format!("Authorization: Bearer {ended}\r\n");
    assert_eq!(exchange.ask_as(&bearer, "POST", "/api/auth/logout", "").status, 204);
    askers.push(session("a session that has ended", ended, false));
    askers.push(session("an expired token", exchange.log_in("a-user", Duration::from_secs(3_600)), false));
    let token = exchange.log_in("a-user", now);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let other: String = signature.chars().rev().collect();
    askers.push(session("a token with another signature", format!("{head}.{other}"), false));
    askers.push(session("a word", "x".to_owned(), false));
    for (who, ends) in [("a blocked person", false), ("a key that has ended", true)] {
        let name = who.replace(' ', "-");
        let user = exchange.add_person(&name, Role::Admin).id;
        let Key { id, secret } = key(exchange, user, Scopes::of_role(Role::Admin));
        if ends {
            let id = id.parse().unwrap();
            assert_eq!(
                exchange.block_on(exchange.people.end_key(user, id, WallTime::from_nanos(2))),
                Ok(true)
            );
        } else {
            askers.push(session("a session of a blocked person", exchange.log_in(&name, now), false));
            let blocked = exchange.block_on(exchange.people.block(user, WallTime::from_nanos(2))).unwrap();
            assert!(matches!(blocked, Block::Done(_)), "{blocked:?}");
        }
        let who = format!("a key of {who}");
        askers.push(Asker { who, shown: Some(secret), key: Some(id), is_known: false, may_read: false });
    }
    askers
}

/// Opens a WebSocket with headers; returns the status if it is refused.
fn try_open(exchange: &Exchange, path: &str, headers: &[(&'static str, &str)]) -> Result<(), u16> {
    let stream = TcpStream::connect(exchange.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("ws://{}{path}", exchange.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    match client(request, stream) {
        Ok(_) => Ok(()),
        Err(HandshakeError::Failure(Error::Http(answer))) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// Asks for one's own channel, and returns the code of the error; none if it is given.
#[expect(clippy::disallowed_methods, reason = "a test that waits until a seat is open")]
fn own_channel(client: &mut Client, exchange: &Exchange, asker: &Asker) -> Option<String> {
    if asker.may_read
        && let Some(shown) = &asker.shown
    {
        // What is asked first opens the account's seat, without which there is no channel.
        let answer =
            exchange.ask_as(&format!("Authorization: Bearer {shown}\r\n"), "GET", "/api/account", "");
        assert_eq!(answer.status, 200, "{asker:?}: {}", answer.body);
    }
    for _ in 0..12_000 {
        let answer = client.ask(&json!({ "op": "subscribe", "channel": "own" }));
        match answer["code"].as_str() {
            Some("unknown_channel") => std::thread::sleep(Duration::from_millis(10)),
            code => return code.map(str::to_owned),
        }
    }
    panic!("no channel of {asker:?}")
}

fn ws(exchange: &Exchange, asker: &Asker) {
    let expected = match (asker.is_known, asker.may_read) {
        (true, true) => None,
        (true, false) => Some("no_scope".to_owned()),
        (false, _) => Some("no_token".to_owned()),
    };
    let Some(shown) = &asker.shown else {
        let mut client = Client::open(exchange, "/ws", &[]);
        assert_eq!(client.next()["is_authenticated"], false);
        assert_eq!(own_channel(&mut client, exchange, asker), expected, "{asker:?}");
        let book = json!({ "op": "subscribe", "channel": "status" });
        assert_eq!(client.ask(&book)["type"], "subscribed", "everybody may see the market");
        return;
    };
    // In a header: whoever is not believed does not come in.
    let bearer = format!("Bearer {shown}");
    for header in [("Authorization", bearer.as_str()), ("X-API-Key", shown.as_str())] {
        let opened = try_open(exchange, "/ws", &[header]);
        // A token is believed wherever it is shown.
        let may_open = asker.is_known && (asker.may_read || header.0 == "Authorization");
        let refusal = if asker.is_known { 403 } else { 401 };
        assert_eq!(opened, if may_open { Ok(()) } else { Err(refusal) }, "{} of {asker:?}", header.0);
    }
    if asker.is_known {
        let mut client = Client::open(exchange, "/ws", &[("Authorization", &bearer)]);
        assert_eq!(client.next()["is_authenticated"], true);
        assert_eq!(own_channel(&mut client, exchange, asker), expected, "{asker:?}");
    }
    // In the first message.
    let mut client = Client::open(exchange, "/ws", &[]);
    assert_eq!(client.next()["is_authenticated"], false);
    let answer = client.ask(&json!({ "op": "auth", "token": shown }));
    if asker.is_known {
        assert_eq!(answer["type"], "authenticated", "{asker:?}");
        assert_eq!(own_channel(&mut client, exchange, asker), expected, "{asker:?}");
    } else {
        assert_eq!(answer["code"], "invalid_token", "{asker:?}");
        assert!(client.is_closed(), "{asker:?}");
    }
}

fn stream(exchange: &Exchange, asker: &Asker) {
    let mut client = Client::open(exchange, "/stream", &[]);
    let listen = json!({ "action": "listen", "data": { "streams": ["trade_updates"] } });
    assert_eq!(client.ask(&listen)["data"]["status"], "unauthorized", "before it is said who listens");
    let (key, secret) = (asker.key.clone().unwrap_or_default(), asker.shown.clone().unwrap_or_default());
    let answer = client.ask(&json!({ "action": "auth", "key": key, "secret": secret }));
    // Sessions are no keys.
    let may_listen = asker.is_known && asker.may_read && asker.key.is_some();
    let expected = if may_listen { "authorized" } else { "unauthorized" };
    assert_eq!(answer["data"]["status"], expected, "{asker:?}: {answer}");
    if may_listen {
        assert_eq!(client.ask(&listen)["data"]["streams"], json!(["trade_updates"]), "{asker:?}");
    } else {
        assert!(client.is_closed(), "{asker:?}");
    }
}

fn data(exchange: &Exchange, asker: &Asker) {
    let mut client = Client::open(exchange, "/v2/iex", &[]);
    assert_eq!(client.next()[0]["msg"], "connected");
    let subscribe = json!({ "action": "subscribe", "trades": ["ACME"] });
    assert_eq!(client.ask(&subscribe)[0]["code"], 401, "before it is said who subscribes");
    let (key, secret) = (asker.key.clone().unwrap_or_default(), asker.shown.clone().unwrap_or_default());
    let answer = client.ask(&json!({ "action": "auth", "key": key, "secret": secret }));
    // What everybody may see any key may see.
    let expected = if asker.is_known && asker.key.is_some() { Value::Null } else { json!(402) };
    assert_eq!(answer[0]["code"], expected, "{asker:?}: {answer}");
}

#[test]
fn connections_are_opened_to_those_who_may_and_nobody_elses_orders_are_seen() {
    let exchange = Exchange::open();
    let askers = all_askers(&exchange);
    assert_eq!(askers.len(), 1 + 2 * 9 + 4 + 3);
    for asker in &askers {
        ws(&exchange, asker);
        stream(&exchange, asker);
        data(&exchange, asker);
    }
}
