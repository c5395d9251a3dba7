//! Origins, sizes, rates, counts, and what is not of the protocol.

use std::io::Read;

use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::client::{Fixture, PATIENCE};
use crate::http::WsConfig;
use crate::http::tests::{ask, json_of};
use crate::publication::PublicationConfig;

#[test]
fn pages_of_other_origins_are_refused_at_the_handshake() {
    let config = WsConfig { origins: vec!["https://app.example".to_owned()], ..WsConfig::default() };
    let fixture = Fixture::with(config, PublicationConfig::default());
    let own = format!("http://{}", fixture.server.address());
    for origin in [own.as_str(), "https://app.example"] {
        assert!(fixture.try_connect(&[("Origin", origin)]).is_ok(), "{origin}");
    }
    for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
        assert_eq!(fixture.try_connect(&[("Origin", origin)]).err(), Some(403), "{origin}");
    }
    let both = [("Origin", own.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(fixture.try_connect(&both).err(), Some(403));
}

#[test]
fn what_is_no_handshake_is_a_problem() {
    let fixture = Fixture::new();
    let (status, _, body) = ask(fixture.server.address(), "GET", "/ws");
    assert_eq!((status, &json_of(&body)["code"]), (400, &json!("no_websocket")));
    let (status, ..) = ask(fixture.server.address(), "POST", "/ws");
    assert_eq!(status, 405);
}

#[test]
fn what_is_wrong_with_a_message_is_said_and_the_connection_goes_on() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    for (text, code, named) in [
        ("", "malformed_json", ""),
        ("{", "malformed_json", ""),
        ("[]", "invalid_message", ""),
        (r#"{"op":"fly"}"#, "invalid_message", "fly"),
        (r#"{"op":"ping","x":1}"#, "invalid_message", "x"),
        (r#"{"op":"subscribe","channel":"news"}"#, "invalid_message", "news"),
        (r#"{"op":"subscribe","channel":"book"}"#, "invalid_field", "symbol"),
        (r#"{"op":"subscribe","channel":"book","symbol":"ALFAA"}"#, "unknown_symbol", "ALFAA"),
        (
            r#"{"op":"subscribe","channel":"book","symbol":"ALFA","interval":"1m"}"#,
            "invalid_field",
            "interval",
        ),
        (
            r#"{"op":"subscribe","channel":"candles","symbol":"ALFA","interval":"2m"}"#,
            "invalid_message",
            "2m",
        ),
        (
            r#"{"op":"subscribe","channel":"quotes","symbol":"ALFA","from":{"epoch":"1","next":1}}"#,
            "invalid_field",
            "begins",
        ),
        (r#"{"op":"subscribe","channel":"own","symbol":"ALFA"}"#, "invalid_field", "symbol"),
        (r#"{"op":"unsubscribe","channel":"trades","symbol":"BETA"}"#, "not_subscribed", ""),
    ] {
        let answer = client.ask(text);
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{text}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(named), "{text}: {answer}");
    }
    let hint = client.ask(r#"{"op":"subscribe","channel":"book","symbol":"ALFAA"}"#)["hint"].clone();
    assert_eq!(hint, "did you mean ALFA?");
    let long = json!({ "op": "ping", "id": "x".repeat(65) }).to_string();
    assert_eq!(client.ask(&long)["field"], "id");
}

#[test]
fn each_limit_is_kept_and_named() {
    let config = WsConfig {
        subscriptions_max: 2,
        messages_per_second: 4,
        message_bytes_max: 500,
        ..WsConfig::default()
    };
    let fixture = Fixture::with(config, PublicationConfig::default());
    let mut client = fixture.connect();
    for (symbol, kind) in [("ALFA", "subscribed"), ("BETA", "subscribed"), ("GAMA@PIT", "error")] {
        let text = json!({ "op": "subscribe", "channel": "trades", "symbol": symbol }).to_string();
        assert_eq!(client.ask(&text)["type"], kind);
    }
    (0..40).for_each(|_| drop(client.0.send(Message::text(r#"{"op":"ping"}"#))));
    assert_eq!(client.closed(), (4429, "too_many_messages".to_owned()));

    let mut client = fixture.connect();
    client.say(&json!({ "op": "ping", "id": "x".repeat(600) }).to_string());
    assert_eq!(client.closed(), (1009, "too_long".to_owned()));

    let mut client = fixture.connect();
    client.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(client.closed(), (1003, "not_text".to_owned()));
}

#[test]
fn pings_of_the_protocol_are_answered() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.0.send(Message::Ping(b"are you there".to_vec().into())).unwrap();
    assert_eq!(client.0.read().unwrap(), Message::Pong(b"are you there".to_vec().into()));
}

#[test]
fn a_connection_that_is_over_is_closed_whatever_its_client_does() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.0.send(Message::binary(vec![1])).unwrap();
    assert_eq!(client.closed().0, 1003);
    // It neither answers the close nor goes: the server does.
    let stream = client.0.get_mut();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}
