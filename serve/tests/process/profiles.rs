//! Profiles over HTTP: names, settings, pictures, each person's own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// A small picture: one red pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\xdac\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xffV\xc7/\r\0\0\0\0IEND\xaeB`\x82";

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = served.ask(method, path, who, &text);
    (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
}

/// Sends bytes as they are; returns the status, the head and the body.
fn send(served: &Served, method: &str, headers: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} /api/profile/picture HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server may have answered and closed before all of a large body has come.
    stream.write_all(body).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), answer[end + 4..].to_vec())
}

#[test]
fn a_person_says_who_they_are_and_how_they_like_it() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let (status, fresh) = ask(&served, "GET", "/api/profile", &anne, &Value::Null);
    assert_eq!(status, 200, "{fresh}");
    assert_eq!(
        (&fresh["username"], &fresh["first_name"], &fresh["has_picture"]),
        (&json!("anne"), &Value::Null, &json!(false))
    );
    assert_eq!(fresh["wallet"]["cash"], fresh["wallet"]["value"], "{fresh}");
    assert!(fresh["wallet"]["cash"].is_string(), "{fresh}");
    let settings = json!({
        "language": "en", "theme": "system", "default_order_size": null, "confirm_orders": true,
        "notifications": {
            "fills": false, "stops": false, "orders": false, "margin": true, "deposits": true, "withdrawals": true,
            "funds": false, "strategies": true, "contests": true, "alerts": true, "auctions": false,
            "in_app": {
                "fills": false, "stops": false, "orders": true, "margin": true, "deposits": true,
                "withdrawals": true, "funds": true, "strategies": true, "contests": true, "alerts": true, "auctions": true,
            },
        }
    });
    assert_eq!(fresh["settings"], settings);

    let change = json!({ "first_name": " Anne ", "last_name": "Ñandú", "settings": { "theme": "dark", "default_order_size": "2.5" } });
    let (status, changed) = ask(&served, "PATCH", "/api/profile", &anne, &change);
    assert_eq!(
        (status, &changed["first_name"], &changed["last_name"]),
        (200, &json!("Anne"), &json!("Ñandú"))
    );
    let change = json!({ "last_name": null, "settings": { "notifications": { "fills": true } } });
    let (_, changed) = ask(&served, "PATCH", "/api/profile", &anne, &change);
    let settings = &changed["settings"];
    assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Anne"), &Value::Null));
    assert_eq!((&settings["theme"], &settings["default_order_size"]), (&json!("dark"), &json!("2.5")));
    let told = &settings["notifications"];
    let what_is_told = [&told["fills"], &told["stops"], &told["in_app"]["fills"]];
    assert_eq!(what_is_told, [&json!(true), &json!(false), &json!(false)], "{told}");
    assert_eq!(ask(&served, "GET", "/api/profile", &bert, &Value::Null).1["first_name"], Value::Null);
    for (change, field) in [
        (json!({ "first_name": "x".repeat(65) }), "first_name"),
        (json!({ "settings": { "theme": "purple" } }), "settings.theme"),
        (json!({ "settings": { "default_order_size": 0 } }), "settings.default_order_size"),
        (json!({ "settings": { "colour": 1 } }), "settings.colour"),
        (json!({ "username": "olga" }), "username"),
    ] {
        let (status, problem) = ask(&served, "PATCH", "/api/profile", &anne, &change);
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{change}: {problem}");
    }

    // What was said outlives the process.
    assert_eq!(served.stop(), Some(0));
    let served = place.start_ready();
    let (_, kept) = ask(&served, "GET", "/api/profile", &anne, &Value::Null);
    assert_eq!((&kept["first_name"], &kept["settings"]), (&json!("Anne"), settings));
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_picture_is_its_owners_and_is_read_once() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let as_png = format!("{anne}Content-Type: image/png\r\n");
    assert_eq!(send(&served, "GET", &anne, b"").0, 404);
    assert_eq!(send(&served, "PUT", &as_png, PNG).0, 204);
    let (status, head, jpeg) = send(&served, "GET", &anne, b"");
    assert_eq!((status, &jpeg[..3]), (200, &[0xff, 0xd8, 0xff][..]));
    for line in ["content-type: image/jpeg", "x-content-type-options: nosniff", "cache-control: private"] {
        assert!(head.contains(line), "no {line} in {head}");
    }
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let (status, _, body) = send(&served, "GET", &format!("{anne}If-None-Match: {tag}\r\n"), b"");
    assert_eq!((status, body.len()), (304, 0));
    assert_eq!(send(&served, "GET", &bert, b"").0, 404, "another's");
    let (_, profile) = ask(&served, "GET", "/api/profile", &anne, &Value::Null);
    assert_eq!(profile["has_picture"], json!(true));
    let user = profile["user_id"].as_str().unwrap();
    assert!(place.path().join(format!("data/images/{user}.jpg")).exists());

    let large = vec![0; 2 * 1024 * 1024 + 1];
    for (headers, body, status) in [
        (&as_png, &b"no picture"[..], 415),
        (&as_png, &PNG[..40], 422),
        (&as_png, &large[..], 413),
        (&"Content-Type: image/png\r\n".to_owned(), PNG, 401),
    ] {
        assert_eq!(send(&served, "PUT", headers, body).0, status, "{} bytes", body.len());
    }
    assert_eq!(send(&served, "GET", &anne, b"").2, jpeg, "what is refused changes nothing");
    assert_eq!(send(&served, "DELETE", &anne, b"").0, 204);
    assert_eq!((send(&served, "DELETE", &anne, b"").0, send(&served, "GET", &anne, b"").0), (204, 404));
    assert_eq!(served.stop(), Some(0));
}

/// More orders than are read at a time.
const ORDERS: usize = 1_001;

#[test]
fn all_that_is_known_of_a_person_is_one_document() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let enter = |who: &str, order: Value| {
        let (status, entered) = ask(&served, "POST", "/api/orders", who, &order);
        assert!(status == 201 || status == 422, "{entered}");
        entered["order_id"].as_str().unwrap().to_owned()
    };
    let theirs = enter(&bert, json!({ "symbol": "ACME", "side": "buy", "quantity": 1, "price": 90 }));
    let bought = enter(&anne, json!({ "symbol": "ACME", "side": "buy", "quantity": 1 }));
    // Refused by the account's gate: they are in the history, and in nobody's way.
    let much = json!({ "symbol": "ACME", "side": "buy", "quantity": 1_000_000, "price": 90 });
    let mut own: Vec<String> = (1..ORDERS).map(|_| enter(&anne, much.clone())).collect();
    own.push(bought.clone());
    let list = json!({ "name": "mine", "symbols": ["ACME"] });
    assert_eq!(ask(&served, "POST", "/api/watchlists", &anne, &list).0, 201);
    let key = json!({ "name": "bot", "scopes": ["read"] });
    let (status, key) = ask(&served, "POST", "/api/keys", &anne, &key);
    assert_eq!(status, 201, "{key}");

    let until = std::time::Instant::now() + Duration::from_secs(120);
    let (head, body) = loop {
        let (status, head, body) = served.ask("GET", "/api/profile/export", &anne, "");
        assert_eq!(status, 200, "{body}");
        let whole = unchunked(&body);
        let value: Value = serde_json::from_str(&whole).unwrap();
        let orders = value["accounts"][0]["orders"].as_array().unwrap().len();
        let fills = value["accounts"][0]["fills"].as_array().unwrap().len();
        if orders >= ORDERS && fills > 0 {
            break (head, whole);
        }
        assert!(std::time::Instant::now() < until, "{orders} orders, {fills} fills");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(head.to_lowercase().contains("attachment; filename=\"bearpit-export.json\""), "{head}");
    let value: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(value["profile"]["username"], json!("anne"));
    assert_eq!(
        (&value["watchlists"][0]["name"], &value["api_keys"][0]["name"]),
        (&json!("mine"), &json!("bot"))
    );
    assert!(!value["sessions"].as_array().unwrap().is_empty());
    let account = &value["accounts"][0];
    let mut found: Vec<&str> =
        account["orders"].as_array().unwrap().iter().map(|it| it["order_id"].as_str().unwrap()).collect();
    found.sort_unstable();
    own.sort_unstable();
    assert_eq!(found, own, "each once");
    assert_eq!(account["fills"][0]["order_id"], json!(bought));
    let ledger = account["ledger"].as_array().unwrap();
    assert_eq!(ledger[0]["kind"], json!("grant"));
    assert!(ledger.iter().any(|it| it["kind"] == "buy" && it["order_id"] == json!(bought)), "{ledger:?}");
    for secret in [key["secret"].as_str().unwrap(), "argon2", "correct horse", &format!("\"{theirs}\"")] {
        assert!(!body.contains(secret), "{secret} is in it");
    }
    assert_eq!(served.ask("GET", "/api/profile/export", "", "").0, 401);
    let with_key = format!("X-API-Key: {}\r\n", key["secret"].as_str().unwrap());
    assert_eq!(served.ask("GET", "/api/profile/export", &with_key, "").0, 403, "a session is needed");
    assert_eq!(served.stop(), Some(0));
}

/// Puts the pieces of a body together.
pub(crate) fn unchunked(body: &str) -> String {
    let (mut left, mut whole) = (body, String::new());
    while let Some((length, rest)) = left.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&rest[..length]);
        left = &rest[length + 2..];
    }
    whole
}

#[test]
fn who_leaves_is_gone_and_what_was_traded_stays() {
    let place = Place::new();
    let served = place.start_ready();
    let secret = "correct horse battery";
    let made = place.run_with_input(&["admin", "create", "olga"], &format!("{secret}\n"));
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let (status, session) =
        ask(&served, "POST", "/api/auth/login", "", &json!({ "username": "olga", "password": secret }));
    assert_eq!(status, 200, "{session}");
    let olga = format!("Authorization: Bearer {}\r\n", session["access_token"].as_str().unwrap());
    let anne = served.register("anne");
    let named = json!({ "first_name": "Anne", "last_name": "Ñandú" });
    let (_, profile) = ask(&served, "PATCH", "/api/profile", &anne, &named);
    let user = profile["user_id"].as_str().unwrap();
    assert_eq!(send(&served, "PUT", &format!("{anne}Content-Type: image/png\r\n"), PNG).0, 204);
    let (_, key) = ask(&served, "POST", "/api/keys", &anne, &json!({ "name": "bot", "scopes": ["trade"] }));
    let key = format!("X-API-Key: {}\r\n", key["secret"].as_str().unwrap());
    let buy = json!({ "symbol": "ACME", "side": "buy", "quantity": 3 });
    let (status, bought) = ask(&served, "POST", "/api/orders?wait=venue&ms=10000", &anne, &buy);
    assert_eq!((status, &bought["status"]), (201, &json!("filled")), "{bought}");
    let rest = json!({ "symbol": "ACME", "side": "buy", "quantity": 3, "price": 50 });
    assert_eq!(ask(&served, "POST", "/api/orders", &anne, &rest).0, 201);

    let leave = |who: &str, password: &str| {
        ask(&served, "POST", "/api/profile/leave", who, &json!({ "password": password }))
    };
    let (status, problem) = leave(&anne, "not the password");
    assert_eq!((status, &problem["code"]), (403, &json!("wrong_password")));
    let (status, problem) = leave(&olga, secret);
    assert_eq!((status, &problem["code"]), (409, &json!("last_admin")));
    assert_eq!(ask(&served, "GET", "/api/profile", &anne, &Value::Null).0, 200, "nothing has happened");

    let (status, left) = leave(&anne, secret);
    assert_eq!((status, &left), (200, &json!({ "positions_left": [] })));
    for who in [&anne, &key] {
        assert_eq!(ask(&served, "GET", "/api/account", who, &Value::Null).0, 401);
    }
    let login = json!({ "username": "anne", "password": secret });
    assert_eq!(ask(&served, "POST", "/api/auth/login", "", &login).0, 401);
    assert!(!place.path().join(format!("data/images/{user}.jpg")).exists());

    // What an administrator sees: an account of nobody, without orders and positions.
    let (status, seen) = ask(&served, "GET", &format!("/api/admin/users/{user}"), &olga, &Value::Null);
    assert_eq!(status, 200, "{seen}");
    assert!(!seen.to_string().to_lowercase().contains("anne"), "{seen}");
    assert_eq!((&seen["open_orders"], &seen["positions"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!(seen["account"]["blocked"], json!("its owner has left"));
    // The name is free, and stands for somebody else.
    let another = served.register("anne");
    let (_, fresh) = ask(&served, "GET", "/api/profile", &another, &Value::Null);
    assert_eq!((&fresh["first_name"], &fresh["has_picture"]), (&Value::Null, &json!(false)));
    assert_ne!(fresh["user_id"], json!(user));
    assert_eq!(ask(&served, "GET", "/api/orders", &another, &Value::Null).1["orders"], json!([]));
    assert_eq!(served.stop(), Some(0));
}
