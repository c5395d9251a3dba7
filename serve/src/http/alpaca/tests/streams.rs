//! The streams.

use std::net::TcpStream;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, WebSocket, client};

use super::fixture::{Exchange, PATIENCE};

/// A client of a stream.
pub(super) struct Client {
    socket: WebSocket<TcpStream>,
    is_packed: bool,
}

impl Client {
    pub(super) fn open(exchange: &Exchange, path: &str, headers: &[(&'static str, &str)]) -> Self {
        let stream = TcpStream::connect(exchange.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{}{path}", exchange.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        let is_packed = headers.iter().any(|(_, value)| value.contains("msgpack"));
        Self { socket: client(request, stream).unwrap().0, is_packed }
    }

    /// Returns the next update of an event.
    pub(super) fn update(&mut self, event: &str) -> Value {
        for _ in 0..100 {
            let message = self.next();
            if message["data"]["event"] == event {
                return message["data"].clone();
            }
        }
        panic!("no {event}");
    }

    pub(super) fn say(&mut self, message: &Value) {
        let message = match self.is_packed {
            true => Message::binary(rmp_serde::to_vec_named(message).unwrap()),
            false => Message::text(message.to_string()),
        };
        self.socket.send(message).unwrap();
    }

    /// Returns what comes next; of MessagePack, times as arrays of a type and bytes.
    pub(super) fn next(&mut self) -> Value {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Binary(bytes) => {
                    let value: rmpv_value::Value = rmp_serde::from_slice(&bytes).unwrap();
                    return value.0;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) fn ask(&mut self, message: &Value) -> Value {
        self.say(message);
        self.next()
    }

    /// Returns the next message of a kind.
    fn next_of(&mut self, kind: &str) -> Value {
        for _ in 0..2_000 {
            let message = self.next();
            if message[0]["T"] == kind {
                return message[0].clone();
            }
        }
        panic!("no {kind}");
    }

    pub(super) fn is_closed(&mut self) -> bool {
        (0..10).any(|_| !matches!(self.socket.read(), Ok(Message::Text(_) | Message::Binary(_))))
    }
}

/// Reads MessagePack with the extension for times, as JSON would have them.
mod rmpv_value {
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
    use serde_json::{Map, json};

    pub(super) struct Value(pub(super) serde_json::Value);

    struct Any;

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Any).map(Self)
        }
    }

    impl<'de> Visitor<'de> for Any {
        type Value = serde_json::Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_str<E>(self, text: &str) -> Result<serde_json::Value, E> {
            Ok(json!(text))
        }

        fn visit_f64<E>(self, number: f64) -> Result<serde_json::Value, E> {
            Ok(json!(number))
        }

        fn visit_u64<E>(self, number: u64) -> Result<serde_json::Value, E> {
            Ok(json!(number))
        }

        fn visit_i64<E>(self, number: i64) -> Result<serde_json::Value, E> {
            Ok(json!(number))
        }

        fn visit_bool<E>(self, is: bool) -> Result<serde_json::Value, E> {
            Ok(json!(is))
        }

        fn visit_unit<E>(self) -> Result<serde_json::Value, E> {
            Ok(serde_json::Value::Null)
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<serde_json::Value, E> {
            Ok(json!(bytes))
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<serde_json::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<serde_json::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(Value(item)) = items.next_element()? {
                all.push(item);
            }
            Ok(json!(all))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<serde_json::Value, A::Error> {
            let mut all = Map::new();
            while let Some((name, Value(value))) = entries.next_entry::<String, Value>()? {
                all.insert(name, value);
            }
            Ok(serde_json::Value::Object(all))
        }
    }
}

fn auth(exchange: &Exchange) -> Value {
    json!({ "action": "auth", "key": exchange.key.id, "secret": exchange.key.secret })
}

fn following(exchange: &Exchange, path: &str) -> Client {
    let mut client = Client::open(exchange, path, &[]);
    assert_eq!(client.next(), json!([{ "T": "success", "msg": "connected" }]));
    assert_eq!(client.ask(&auth(exchange)), json!([{ "T": "success", "msg": "authenticated" }]));
    client
}

#[test]
fn subscriptions_add_up_and_messages_come_under_the_names_of_the_feed() {
    let exchange = Exchange::open();
    let mut client = following(&exchange, "/v2/iex");
    let told = client.ask(&json!({ "action": "subscribe", "trades": ["ACME", "NONE"] }));
    assert_eq!(told[0]["trades"], json!(["ACME", "NONE"]));
    let mut more = json!({ "action": "subscribe", "quotes": ["*"], "bars": ["ACME/USD"], "dailyBars": ["*"], "statuses": ["*"] });
    client.say(&more);
    let told = client.next_of("subscription");
    assert_eq!(
        [&told["trades"], &told["quotes"], &told["bars"]],
        [&json!(["ACME", "NONE"]), &json!(["*"]), &json!(["ACME"])]
    );
    for kind in ["q", "s", "t", "b", "d"] {
        let message = client.next_of(kind);
        assert_eq!(message["S"], "ACME");
        assert!(message["t"].as_str().unwrap().ends_with('Z'), "{message}");
    }
    more["action"] = json!("unsubscribe");
    client.say(&more);
    let told = client.next_of("subscription");
    assert_eq!([&told["trades"], &told["quotes"]], [&json!(["ACME", "NONE"]), &json!([])]);

    let mut pairs = following(&exchange, "/v1beta2/crypto");
    pairs.ask(&json!({ "action": "subscribe", "orderbooks": ["ACME/USD"], "trades": ["*"] }));
    let book = pairs.next_of("o");
    assert_eq!([&book["S"], &book["r"]], [&json!("ACME/USD"), &json!(true)]);
    assert!(book["b"][0]["p"].as_f64().unwrap() < book["a"][0]["p"].as_f64().unwrap());
    assert_eq!(pairs.next_of("t")["S"], "ACME/USD");
    assert!(pairs.next_of("o")["r"].is_null(), "what has changed");
}

#[test]
fn clients_that_ask_for_it_speak_messagepack_in_as_many_fragments_as_they_like() {
    let exchange = Exchange::open();
    let mut client = Client::open(&exchange, "/v2/sip", &[("Content-Type", "application/msgpack")]);
    assert_eq!(client.next()[0]["msg"], "connected");
    assert_eq!(client.ask(&auth(&exchange))[0]["msg"], "authenticated");
    let names: Vec<_> = (0..5_000).map(|number| format!("N{number:04}")).chain(["ACME".to_owned()]).collect();
    let message = rmp_serde::to_vec_named(&json!({ "action": "subscribe", "trades": names })).unwrap();
    let frame = |bytes: &[u8], data, is_last| {
        Message::Frame(Frame::message(Bytes::copy_from_slice(bytes), OpCode::Data(data), is_last))
    };
    let mut data = Data::Binary;
    for piece in message.chunks(1_000) {
        client.socket.send(frame(piece, data, false)).unwrap();
        data = Data::Continue;
    }
    client.socket.send(frame(&[], Data::Continue, true)).unwrap();
    let told = client.next_of("subscription");
    assert_eq!(told["trades"].as_array().unwrap().len(), 5_001);
    let trade = client.next_of("t");
    assert_eq!((&trade["S"], &trade["t"][0]), (&json!("ACME"), &json!(-1)), "{trade}");
    assert_eq!(trade["t"][1].as_array().unwrap().len(), 8);
}

#[test]
fn faults_have_the_codes_that_clients_know() {
    let exchange = Exchange::open();
    let mut client = Client::open(&exchange, "/v2/iex", &[]);
    client.next();
    let code = |message: Value| message[0]["code"].as_u64();
    let subscribe = json!({ "action": "subscribe", "trades": ["ACME"] });
    assert_eq!(code(client.ask(&subscribe)), Some(401));
    for odd in [json!(7), json!({ "action": "dance" }), json!({ "action": ["auth"] }), json!([])] {
        assert_eq!(code(client.ask(&odd)), Some(400), "{odd}");
    }
    client.socket.send(Message::binary(vec![0xff; 10])).unwrap();
    assert_eq!(code(client.next()), Some(400));
    client.ask(&auth(&exchange));
    assert_eq!(code(client.ask(&auth(&exchange))), Some(403));
    let books = json!({ "action": "subscribe", "orderbooks": ["ACME"] });
    assert_eq!(code(client.ask(&books)), Some(410));
    let many: Vec<_> = (0..10_001).map(|number| number.to_string()).collect();
    assert_eq!(code(client.ask(&json!({ "action": "subscribe", "trades": many }))), Some(405));

    let mut wrong = Client::open(&exchange, "/v2/iex", &[]);
    wrong.next();
    let keys = json!({ "action": "auth", "key": exchange.reader.id, "secret": exchange.key.secret });
    assert_eq!(code(wrong.ask(&keys)), Some(402));
    assert!(wrong.is_closed());
    // Keys may come with the handshake.
    let headers = [("APCA-API-KEY-ID", &*exchange.key.id), ("APCA-API-SECRET-KEY", &*exchange.key.secret)];
    let mut known = Client::open(&exchange, "/v2/iex", &headers);
    assert_eq!([known.next(), known.next()].map(|it| it[0]["msg"].clone()), ["connected", "authenticated"]);
}

/// Opens a stream of one's own orders, and listens.
pub(super) fn listening(exchange: &Exchange, path: &str) -> Client {
    let mut client = Client::open(exchange, path, &[]);
    let keys = json!({ "key_id": exchange.key.id, "secret_key": exchange.key.secret });
    let told = client.ask(&json!({ "action": "authenticate", "data": keys }));
    assert_eq!(told["data"]["status"], "authorized");
    let told = client.ask(&json!({ "action": "listen", "data": { "streams": ["trade_updates"] } }));
    assert_eq!(told, json!({ "stream": "listening", "data": { "streams": ["trade_updates"] } }));
    client
}

#[test]
fn what_happens_to_ones_orders_is_told_as_it_happens() {
    let exchange = Exchange::open();
    let mut client = listening(&exchange, "/stream/");
    let order = exchange.enter(&json!({
        "symbol": "ACME", "qty": 2, "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": 90
    }));
    let path = format!("/v2/orders/{}", order["id"].as_str().unwrap());
    let replaced = exchange.ask("PATCH", &path, r#"{"qty":1}"#).body;
    let path = format!("/v2/orders/{}", replaced["id"].as_str().unwrap());
    assert_eq!(exchange.ask("DELETE", &path, "").status, 204);
    for (event, id, status) in [
        ("pending_new", &order["id"], "pending_new"),
        ("new", &order["id"], "new"),
        ("replaced", &order["id"], "replaced"),
        ("new", &replaced["id"], "new"),
        ("canceled", &replaced["id"], "canceled"),
    ] {
        let told = client.next();
        let data = &told["data"];
        assert_eq!(
            [&data["event"], &data["order"]["id"], &data["order"]["status"]],
            [&json!(event), id, &json!(status)]
        );
    }
    exchange.enter(
        &json!({ "symbol": "ACME/USD", "qty": 3, "side": "buy", "type": "market", "time_in_force": "gtc" }),
    );
    let mut bought = 0.0;
    for _ in 0..20 {
        let data = client.next()["data"].clone();
        if data["event"] == "fill" || data["event"] == "partial_fill" {
            bought += data["qty"].as_str().unwrap().parse::<f64>().unwrap();
            assert_eq!(
                data["position_qty"].as_str().unwrap().parse::<f64>().unwrap().to_bits(),
                bought.to_bits()
            );
            assert_eq!(data["order"]["symbol"], "ACME/USD");
            if data["event"] == "fill" {
                assert_eq!([&data["order"]["status"], &data["order"]["filled_qty"]], ["filled", "3"]);
                return;
            }
        }
    }
    panic!("no fill");
}

#[test]
fn nobody_listens_without_keys() {
    let exchange = Exchange::open();
    let mut client = Client::open(&exchange, "/stream", &[]);
    let listen = json!({ "action": "listen", "data": { "streams": ["trade_updates"] } });
    assert_eq!(client.ask(&listen)["data"]["status"], "unauthorized");
    assert_eq!(client.ask(&json!("x"))["stream"], "error");
    let keys = json!({ "key_id": exchange.key.id, "secret_key": "bpk_x" });
    let told = client.ask(&json!({ "action": "authenticate", "data": keys }));
    assert_eq!(told["data"]["status"], "unauthorized");
    assert!(client.is_closed());
}
