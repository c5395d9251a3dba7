//! Webhooks and browsers over HTTP: each person's own, sent by a process that may be killed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::{Place, Served};
use crate::profiles::unchunked;

const PRIVATE: &[&str] = &["--webhooks-allow-private"];
const PATIENCE: Duration = Duration::from_secs(120);
/// A point of P-256, of the example of RFC 8291.
const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = served.ask(method, path, who, &text);
    (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
}

fn get(served: &Served, path: &str, who: &str) -> Value {
    let (status, body) = ask(served, "GET", path, who, &Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A request that an endpoint was sent.
struct Message {
    head: String,
    body: String,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next().unwrap()
    }

    /// Returns the signature that a secret makes of it.
    fn signed_with(&self, secret: &str) -> String {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

/// Listens on loopback, answers with the statuses one after the other, then with 204, and hands on what it
/// was sent.
fn endpoint(statuses: &'static [u16]) -> (String, Receiver<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
    let (to_messages, messages) = mpsc::channel();
    thread::spawn(move || {
        let mut statuses = statuses.iter();
        for stream in listener.incoming() {
            let status = statuses.next().copied().unwrap_or(204);
            // A server that is killed closes half-way.
            let Some(message) = receive(stream.unwrap(), status) else { continue };
            if to_messages.send(message).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

fn receive(mut stream: TcpStream, status: u16) -> Option<Message> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let message = Message { head: head.to_owned(), body: body.to_owned() };
        if message.body.len() >= message.header("content-length").parse::<usize>().unwrap() {
            let answer = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok()?;
            return Some(message);
        }
    }
}

/// Makes a webhook, and returns its id and its secret.
fn made(served: &Served, who: &str, body: &Value) -> (String, String) {
    let (status, hook) = ask(served, "POST", "/api/webhooks", who, body);
    assert_eq!((status, &hook["is_active"]), (201, &json!(true)), "{hook}");
    let text = |name: &str| hook[name].as_str().unwrap().to_owned();
    (text("webhook_id"), text("secret"))
}

/// Waits until what was sent last has come so far.
fn await_state(served: &Served, path: &str, who: &str, state: &str) -> Value {
    let began = std::time::Instant::now();
    loop {
        let hook = get(served, path, who);
        if hook["deliveries"][0]["state"] == state {
            return hook["deliveries"][0].clone();
        }
        assert!(began.elapsed() < PATIENCE, "{hook}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_webhook_is_its_persons_and_is_called_signed_and_its_secret_is_shown_once() {
    let place = Place::new();
    let mut served = place.begin_with(PRIVATE);
    assert_eq!(served.await_line("webhooks may go to this machine")["level"], "WARN");
    served.address = served.await_line("serving")["address"].as_str().unwrap().parse().unwrap();
    served.await_ready(200);
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let (url, messages) = endpoint(&[]);
    let (id, secret) = made(
        &served,
        &anne,
        &json!({ "url": url, "kinds": ["margin", "funds", "margin"], "description": " mine " }),
    );
    let path = format!("/api/webhooks/{id}");
    let list = get(&served, "/api/webhooks", &anne);
    let hook = &list["webhooks"][0];
    assert_eq!((&hook["kinds"], &hook["description"]), (&json!(["margin", "funds"]), &json!("mine")));
    assert!(
        !list.to_string().contains(&secret[6..]) && !get(&served, &path, &anne).to_string().contains(&secret)
    );
    let test = format!("{path}/test");
    for (method, path, body) in [
        ("GET", path.clone(), Value::Null),
        ("PATCH", path.clone(), json!({ "url": url })),
        ("DELETE", path.clone(), Value::Null),
        ("POST", test.clone(), Value::Null),
        ("POST", format!("{path}/rotate"), Value::Null),
        ("POST", format!("{path}/deliveries/{id}/redeliver"), Value::Null),
    ] {
        let (status, problem) = ask(&served, method, &path, &bert, &body);
        assert_eq!((status, &problem["code"]), (404, &json!("unknown_webhook")), "{method} {path}");
    }
    assert_eq!(get(&served, "/api/webhooks", &bert), json!({ "webhooks": [] }));

    let (status, sent) = ask(&served, "POST", &test, &anne, &Value::Null);
    assert_eq!((status, &sent["kind"], &sent["state"]), (202, &json!("ping"), &json!("waiting")));
    let message = messages.recv_timeout(PATIENCE).unwrap();
    assert!(message.head.starts_with("POST /hook?a=1 HTTP/1.1\r\n"), "{}", message.head);
    assert_eq!(message.header("webhook-id"), sent["delivery_id"]);
    assert_eq!(message.header("webhook-signature"), message.signed_with(&secret));
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["webhook_id"]), (&json!("ping"), &json!(id)));
    let delivery = await_state(&served, &path, &anne, "delivered");
    assert_eq!(
        (&delivery["attempts"], &delivery["status"], &delivery["failure"]),
        (&json!(1), &json!(204), &Value::Null)
    );
    let again = format!("{path}/deliveries/{}/redeliver", delivery["delivery_id"].as_str().unwrap());
    let (status, problem) = ask(&served, "POST", &again, &anne, &Value::Null);
    assert_eq!((status, &problem["code"]), (409, &json!("not_failed")), "{problem}");

    let (status, rotated) = ask(&served, "POST", &format!("{path}/rotate"), &anne, &Value::Null);
    assert_eq!(status, 200, "{rotated}");
    assert_eq!(ask(&served, "POST", &test, &anne, &Value::Null).0, 202);
    let message = messages.recv_timeout(PATIENCE).unwrap();
    let both =
        [rotated["secret"].as_str().unwrap(), &secret].map(|secret| message.signed_with(secret)).join(" ");
    assert_eq!(message.header("webhook-signature"), both);

    let (status, off) = ask(&served, "PATCH", &path, &anne, &json!({ "is_active": false, "kinds": null }));
    assert_eq!((status, &off["is_active"], &off["kinds"]), (200, &json!(false), &Value::Null));
    let (status, problem) = ask(&served, "POST", &test, &anne, &Value::Null);
    assert_eq!((status, &problem["code"]), (409, &json!("webhook_off")));
    assert_eq!(ask(&served, "DELETE", &path, &anne, &Value::Null).0, 204);
    assert_eq!(ask(&served, "GET", &path, &anne, &Value::Null).0, 404);
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn what_waits_for_a_webhook_outlives_a_process_that_is_killed() {
    let place = Place::new();
    let mut served = place.start_with(PRIVATE);
    served.await_ready(200);
    let anne = served.register("anne");
    let (url, messages) = endpoint(&[500]);
    let (id, secret) = made(&served, &anne, &json!({ "url": url }));
    let path = format!("/api/webhooks/{id}");
    assert_eq!(ask(&served, "POST", &format!("{path}/test"), &anne, &Value::Null).0, 202);
    let first = messages.recv_timeout(PATIENCE).unwrap();
    served.kill();
    let served = place.start_with(PRIVATE);
    served.await_ready(200);
    let second = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!((first.header("webhook-id"), &first.body), (second.header("webhook-id"), &second.body));
    assert_eq!(second.header("webhook-signature"), second.signed_with(&secret));
    await_state(&served, &path, &anne, "delivered");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn what_may_not_be_asked_or_is_too_much_is_refused_and_says_why() {
    let place = Place::new();
    let served = place.start_ready();
    let anne = served.register("anne");
    let good = "https://hooks.example.org/a";
    for (body, field, words) in [
        (json!({ "url": "http://hooks.example.org/a" }), "url", "begins with https://"),
        (json!({ "url": "https://127.0.0.1:8443/a" }), "url", "is not on the internet"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/a" }), "url", "is not on the internet"),
        (json!({ "url": "https://localhost/a" }), "url", "is not on the internet"),
        (json!({ "url": "https://hooks.example.org:25/a" }), "url", "port 25 is not asked"),
        (json!({ "url": "hooks" }), "url", "is written like https://"),
        (json!({ "url": good, "kinds": [] }), "kinds", "nothing would be sent"),
        (json!({ "url": good, "kinds": ["funds", "x"] }), "kinds[1]", "unknown variant"),
        (json!({ "url": good, "description": "x".repeat(201) }), "description", "at most 200"),
        (json!({ "url": good, "secret": "mine" }), "secret", "unknown field"),
    ] {
        let (status, problem) = ask(&served, "POST", "/api/webhooks", &anne, &body);
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{body}: {problem}");
        assert!(problem["message"].as_str().unwrap().contains(words), "{problem}");
    }
    for _ in 0..5 {
        made(&served, &anne, &json!({ "url": good }));
    }
    let (status, problem) = ask(&served, "POST", "/api/webhooks", &anne, &json!({ "url": good }));
    assert_eq!((status, &problem["code"]), (409, &json!("too_many_webhooks")), "{problem}");
    let hook = get(&served, "/api/webhooks", &anne)["webhooks"][0]["webhook_id"].clone();
    let path = format!("/api/webhooks/{}", hook.as_str().unwrap());
    let (status, problem) = ask(&served, "PATCH", &path, &anne, &json!({ "url": "https://10.0.0.1/" }));
    assert_eq!((status, &problem["field"]), (422, &json!("url")), "{problem}");
    let unknown = format!("{path}/deliveries/{}/redeliver", hook.as_str().unwrap());
    let (status, problem) = ask(&served, "POST", &unknown, &anne, &Value::Null);
    assert_eq!((status, &problem["code"]), (404, &json!("unknown_delivery")), "{problem}");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn browsers_are_their_persons_and_nobody_is_shown_how_to_send_to_them() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let key = get(&served, "/api/push/key", "");
    assert_eq!(key["public_key"].as_str().unwrap().len(), 87, "{key}");
    let subscription = |number: u32| {
        json!({
            "endpoint": format!("https://push.example.org/send/{number}"), "expirationTime": null,
            "keys": { "p256dh": KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg==" }
        })
    };
    let path = "/api/push/subscriptions";
    let with = |pointer: &str, value: Value| {
        let mut body = subscription(0);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, field) in [
        (with("/endpoint", json!("https://127.0.0.1/")), "endpoint"),
        (with("/endpoint", json!("http://push.example.org/")), "endpoint"),
        (with("/keys/p256dh", json!("AAAA")), "keys.p256dh"),
        (with("/keys/p256dh", json!(format!("BA{}", "A".repeat(85)))), "keys.p256dh"),
        (with("/keys/auth", json!("AAAA")), "keys.auth"),
        (with("/expirationTime", json!(1_000)), "expirationTime"),
        (with("/expirationTime", json!(-1)), "expirationTime"),
    ] {
        let (status, problem) = ask(&served, "POST", path, &anne, &body);
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{body}: {problem}");
    }
    let (status, made) =
        ask(&served, "POST", path, &anne, &with("/expirationTime", json!(4_000_000_000_000.5)));
    assert_eq!((status, &made["service"]), (201, &json!("https://push.example.org")), "{made}");
    assert_eq!(made["expires_at"], "2096-10-02T07:06:40Z");
    for number in 1..10 {
        assert_eq!(ask(&served, "POST", path, &anne, &subscription(number)).0, 201);
    }
    let (status, problem) = ask(&served, "POST", path, &anne, &subscription(10));
    assert_eq!((status, &problem["code"]), (409, &json!("too_many_subscriptions")), "{problem}");
    // One that is there already is no further one.
    assert_eq!(ask(&served, "POST", path, &anne, &subscription(9)).0, 201);
    let list = get(&served, path, &anne);
    assert_eq!(list["subscriptions"].as_array().unwrap().len(), 10);
    assert!(!list.to_string().contains("send/") && !list.to_string().contains(KEY), "{list}");
    let one = format!("{path}/{}", list["subscriptions"][9]["subscription_id"].as_str().unwrap());
    assert_eq!(ask(&served, "DELETE", &one, &bert, &Value::Null).0, 404);
    assert_eq!(ask(&served, "DELETE", &one, &anne, &Value::Null).0, 204);
    assert_eq!(ask(&served, "DELETE", &one, &anne, &Value::Null).0, 404);

    let hook = json!({ "url": "https://hooks.example.org/a?token=1" });
    let (_, secret) = self::made(&served, &anne, &hook);
    let (status, _, export) = served.ask("GET", "/api/profile/export", &anne, "");
    assert_eq!(status, 200, "{export}");
    let export: Value = serde_json::from_str(&unchunked(&export)).unwrap();
    assert_eq!(export["webhooks"][0]["url"], hook["url"]);
    assert_eq!(export["push_subscriptions"].as_array().unwrap().len(), 9);
    let text = export.to_string();
    assert!(![&secret[6..], "send/", KEY].iter().any(|it| text.contains(it)), "{text}");
    assert_eq!(served.stop(), Some(0));
    // The key that browsers know stays.
    let served = place.start_ready();
    assert_eq!(get(&served, "/api/push/key", ""), key);
    assert_eq!(served.stop(), Some(0));
}
