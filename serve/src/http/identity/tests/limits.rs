//! How often somebody may try, and how much they may send.

use std::time::Duration;

use serde_json::json;

use super::harness::{PASSWORD, Site, config};

#[test]
fn an_account_has_so_many_wrong_passwords_a_minute_wherever_they_come_from() {
    let mut few = config();
    few.limits.account_attempts = 3;
    few.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let site = Site::with(few);
    site.register("anne");
    let try_with = |name: &str, password: &str, from: &str| {
        let headers = format!("X-Forwarded-For: {from}\r\n");
        site.post("/login", &headers, &json!({ "username": name, "password": password }))
    };
    for number in 0..3 {
        assert_eq!(try_with("anne", "wrong horse battery", &format!("9.9.9.{number}")).status, 401);
    }
    let refused = try_with("Anne", PASSWORD, "9.9.9.9");
    assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_attempts"));
    assert_eq!(refused.headers("Retry-After"), ["20"]);
    // The same of those who do not exist.
    for _ in 0..3 {
        assert_eq!(try_with("nobody", "wrong horse battery", "9.9.9.9").status, 401);
    }
    assert_eq!(try_with("nobody", "wrong horse battery", "9.9.9.9").status, 429);
    site.pass(Duration::from_secs(20));
    // What succeeds does not count.
    for _ in 0..5 {
        assert_eq!(try_with("anne", PASSWORD, "9.9.9.9").status, 200);
    }
}

#[test]
fn an_address_has_so_many_attempts_a_minute_and_a_class_behind_a_proxy_has_its_own() {
    let mut few = config();
    few.limits.address_attempts = 5;
    few.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let site = Site::with(few);
    let from =
        |address: &str, path: &str, body| site.post(path, &format!("X-Forwarded-For: {address}\r\n"), &body);
    let login = || json!({ "username": "anne", "password": PASSWORD });
    assert_eq!(from("9.9.9.9", "/register", json!({ "username": "anne", "password": PASSWORD })).status, 201);
    assert_eq!(from("9.9.9.9", "/login", login()).status, 200);
    assert_eq!(from("9.9.9.9", "/api/auth/refresh", json!({ "refresh_token": "x" })).status, 401);
    assert_eq!(from("9.9.9.9", "/api/auth/reset", json!({ "token": "x", "password": PASSWORD })).status, 422);
    assert_eq!(from("9.9.9.9", "/login", login()).status, 200);
    let refused = from("9.9.9.9", "/login", login());
    assert_eq!((refused.status, refused.headers("Retry-After")), (429, vec!["12"]));
    // What somebody says in front of what the proxy says is nobody's address.
    assert_eq!(from("1.1.1.1, 9.9.9.9", "/login", login()).status, 429);
    assert_eq!(from("9.9.9.8", "/login", login()).status, 200);
    site.pass(Duration::from_secs(12));
    assert_eq!(from("9.9.9.9", "/login", login()).status, 200);
}

#[test]
fn a_hundred_who_log_in_at_once_are_all_answered() {
    let site = std::sync::Arc::new(Site::start());
    site.register("anne");
    let all: Vec<_> = (0..100)
        .map(|_| {
            let site = std::sync::Arc::clone(&site);
            std::thread::spawn(move || site.log_in("anne").status)
        })
        .collect();
    let answers: Vec<u16> = all.into_iter().map(|it| it.join().unwrap()).collect();
    // Those whose password is not yet known to be right count as wrong.
    assert!(answers.iter().all(|status| [200, 429].contains(status)), "{answers:?}");
    assert!(answers.iter().filter(|status| **status == 200).count() >= 10, "{answers:?}");
}

#[test]
fn a_body_that_is_too_long_or_no_json_is_refused() {
    let site = Site::start();
    for path in ["/register", "/login", "/api/auth/refresh", "/api/auth/reset"] {
        let long = json!({ "username": "x".repeat(5_000), "password": PASSWORD });
        let answer = site.post(path, "", &long);
        assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_long"), "{path}");
        let chunks = format!("1400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x1400));
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let form = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(site.send(&format!("{head}{form}{chunks}")).status, 413, "{path}");
        let garbage = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{]";
        assert_eq!(site.send(&format!("{head}{garbage}")).status, 400, "{path}");
        let other = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(site.send(&format!("{head}{other}")).status, 415, "{path}");
    }
    let long = format!("username={}&password=x", "x".repeat(5_000));
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = site.send(&format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{form}Content-Length: {}\r\n\r\n{long}",
        long.len()
    ));
    assert_eq!(answer.status, 413);
}
