//! The client of Webpay, and peers that fail: stopped, slow, garbage, too much, a no.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::domain::Secret;
use crate::outgoing::Outgoing;

/// Serves one connection with a text, and returns a client of it.
fn client_of(answer: Vec<u8>) -> Webpay {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        // Whoever has seen enough closes.
        stream.write_all(&answer).ok();
    });
    client_at(base)
}

fn client_at(base: String) -> Webpay {
    Webpay::new(Outgoing::new().unwrap(), base, "1".to_owned(), Secret::new("k".to_owned()))
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

const fn kind(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::NotDone(_) => "not done",
        ProviderError::Refused(_) => "refused",
        ProviderError::Unclear(_) => "unclear",
    }
}

#[tokio::test]
async fn what_a_peer_that_fails_has_done_is_known_only_if_it_was_not_reached_or_says_no() {
    let stopped = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let not_reached = client_at(format!("http://{stopped}")).refund("aa", 5).await.unwrap_err();
    assert_eq!(kind(&not_reached), "not done");
    let full = "x".repeat((1 << 20) + 1);
    for (bytes, expected) in [
        (answer("200 OK", "not json"), "unclear"),
        (answer("200 OK", "{}"), "unclear"),
        (answer("200 OK", &full), "unclear"),
        (answer("302 Found", ""), "unclear"),
        (answer("500 No", "{\"error_message\":\"x\"}"), "unclear"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{".to_vec(), "unclear"),
        (b"garbage".to_vec(), "unclear"),
        (answer("401 No", "{\"error_message\":\"x\"}"), "not done"),
        (answer("429 No", ""), "not done"),
        (answer("422 No", "{\"error_message\":\"x\"}"), "refused"),
        (answer("200 OK", r#"{"type":"NULLIFIED","response_code":-1}"#), "refused"),
        (answer("200 OK", r#"{"type":"OTHER","response_code":0}"#), "unclear"),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        let error = client_of(bytes).refund("aa", 5).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{shown}: {error}");
    }
}

#[tokio::test]
async fn a_slow_peer_is_not_waited_for_and_may_have_done_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client_at(format!("http://{}", listener.local_addr().unwrap()));
    // It takes the connection, and never answers.
    let error = client.commit("aa").await.unwrap_err();
    assert_eq!(kind(&error), "unclear");
}

#[tokio::test]
async fn refunds_and_new_payments_are_read_as_webpay_writes_them() {
    for body in [
        r#"{"type":"REVERSED"}"#,
        r#"{"type":"NULLIFIED","authorization_code":"123456","nullified_amount":1000.00,"balance":0.00,"response_code":0}"#,
    ] {
        client_of(answer("200 OK", body)).refund("aa", 5).await.unwrap();
    }
    let new = || NewTransaction { buy_order: "o", session: "s", clp: 5, return_url: "http://x" };
    let body = r#"{"token":"ab","url":"https://pay.example/x"}"#;
    let opened = client_of(answer("200 OK", body)).create(new()).await.unwrap();
    assert_eq!((opened.token.as_str(), opened.url.as_str()), ("ab", "https://pay.example/x"));
    for body in [r#"{"token":"a/b","url":"https://x"}"#, r#"{"token":"ab","url":"javascript:x"}"#] {
        let error = client_of(answer("200 OK", body)).create(new()).await.unwrap_err();
        assert_eq!(kind(&error), "unclear", "{body}");
    }
}
