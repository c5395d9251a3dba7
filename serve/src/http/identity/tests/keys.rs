//! API keys.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Site, access, bearer};

#[test]
fn a_key_is_shown_once_listed_without_its_secret_and_ended_at_once() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let own = access(&tokens);
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["trade", "read", "read"]);
    let names: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["key_id", "secret"]);
    let secret = key["secret"].as_str().unwrap();
    assert!(secret.starts_with("bpk_"), "{secret}");
    let me = site.me(&bearer(secret)).json();
    assert_eq!((&me["scopes"], &me["key_id"]), (&json!(["read", "trade"]), &key["key_id"]));
    let listed = site.get("/api/keys", &own);
    let expected = json!({ "keys": [{
        "key_id": key["key_id"], "name": "bot", "account_id": null, "scopes": ["read", "trade"],
        "created_at": "2025-11-29T14:00:00Z", "last_used_at": listed.json()["keys"][0]["last_used_at"]
    }] });
    assert_eq!(listed.json(), expected);
    assert!(!listed.body.contains(secret));

    let path = format!("/api/keys/{}", key["key_id"].as_str().unwrap());
    let stranger = site.newcomer("bert");
    for (who, path, status) in [
        (access(&stranger), path.as_str(), 404),
        (own.clone(), "/api/keys/x", 404),
        (own.clone(), &path, 204),
    ] {
        assert_eq!(site.ask("DELETE", path, &who, &Value::Null).status, status, "{path}");
    }
    assert_eq!(site.me(&bearer(secret)).status, 401);
    assert_eq!(site.ask("DELETE", &path, &own, &Value::Null).status, 404);
    assert_eq!(site.get("/api/keys", &own).json(), json!({ "keys": [] }));
}

#[test]
fn a_key_has_no_scope_that_its_person_lacks_and_makes_no_others() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let make = |headers: &str, body: Value| site.post("/api/keys", headers, &body);
    for (body, code, field) in [
        (json!({ "name": "bot", "scopes": ["admin"] }), "invalid_scopes", "scopes"),
        (json!({ "name": "bot", "scopes": [] }), "invalid_scopes", "scopes"),
        (json!({ "name": "bot", "scopes": ["fly"] }), "invalid_field", "scopes[0]"),
        (json!({ "name": " ", "scopes": ["read"] }), "invalid_name", "name"),
        (json!({ "name": "x".repeat(65), "scopes": ["read"] }), "invalid_name", "name"),
        (json!({ "name": "a\nb", "scopes": ["read"] }), "invalid_name", "name"),
    ] {
        let answer = make(&access(&tokens), body);
        let said = (answer.status, answer.code(), answer.text("field"));
        assert_eq!(said, (422, code.to_owned(), field.to_owned()));
    }
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read", "trade"]);
    let key = bearer(key["secret"].as_str().unwrap());
    let answer = make(&key, json!({ "name": "bot", "scopes": ["read"] }));
    assert_eq!((answer.status, answer.code().as_str()), (403, "session_needed"));
}

#[test]
fn a_secret_that_is_almost_right_is_wrong() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let token = tokens["access_token"].as_str().unwrap();
    let (one, other) = (site.key(token, &["read"]), site.key(token, &["read"]));
    let secret = one["secret"].as_str().unwrap();
    let other = other["secret"].as_str().unwrap();
    assert_eq!(site.me(&bearer(secret)).status, 200);
    let mixed = format!("{}{}", &secret[..26], &other[26..]);
    let turned = if secret.ends_with('A') { "B" } else { "A" };
    for wrong in
        [&secret[..67], &format!("{secret}A"), &mixed, &format!("{}{turned}", &secret[..67]), &secret[4..]]
    {
        assert_eq!(site.me(&bearer(wrong)).status, 401, "{wrong}");
    }
}

#[test]
fn it_is_noted_when_a_key_was_used() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    site.pass(Duration::from_secs(5));
    assert_eq!(site.me(&bearer(key["secret"].as_str().unwrap())).status, 200);
    let used = || site.get("/api/keys", &access(&tokens)).json()["keys"][0]["last_used_at"].clone();
    // It is noted beside the answer.
    let mut looks = (0..12_000).map(|_| {
        site.block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
        used()
    });
    assert!(looks.any(|used| used == "2025-11-29T14:00:05Z"), "{}", used());
}

#[test]
fn there_are_so_many_keys_and_no_more() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    for _ in 0..100 {
        site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    }
    let answer = site.post("/api/keys", &access(&tokens), &json!({ "name": "bot", "scopes": ["read"] }));
    assert_eq!((answer.status, answer.code().as_str()), (409, "too_many_keys"));
}
