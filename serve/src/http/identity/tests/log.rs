//! What a whole session of requests writes to the log.

use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use super::harness::{Site, access, bearer};
use crate::testing::KeptLog;

#[test]
fn no_line_has_a_password_a_token_a_key_or_a_mail_address() {
    let kept = KeptLog::default();
    let writer = kept.clone();
    let lines =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone());
    // Of this process, since the server has threads of its own; other tests write there too.
    tracing::subscriber::set_global_default(lines.finish()).expect("another test has the log");
    let site = Site::start();
    let (password, other) = ("Xq7 unguessable password", "Xq8 unguessable password");
    let mail = "Very.Private@example.org";
    let body = json!({ "username": "logged", "mail": mail, "password": password });
    assert_eq!(site.post("/register", "", &body).status, 201);
    let login = json!({ "username": mail, "password": password });
    let tokens = site.post("/login", "", &login).json();
    site.verify(&tokens, &mail.to_lowercase());
    assert_eq!(site.post("/api/auth/forgotten", "", &json!({ "username": mail })).status, 202);
    assert_eq!(site.mails_to(&mail.to_lowercase()).len(), 2);
    site.post("/login", "", &json!({ "username": mail, "password": other }));
    site.post("/login", "", &json!({ "username": mail, "password": [other] }));
    let cookies = site.post("/login?cookie=true", "", &login);
    let refreshed =
        site.post("/api/auth/refresh", "", &json!({ "refresh_token": tokens["refresh_token"] })).json();
    let key = site.key(refreshed["access_token"].as_str().unwrap(), &["read"]);
    let secret = key["secret"].as_str().unwrap();
    site.me(&bearer(secret));
    site.me(&format!("X-API-Key: {}x\r\n", secret));
    let change = json!({ "current_password": password, "new_password": other });
    assert_eq!(site.post("/api/auth/password", &access(&refreshed), &change).status, 204);
    site.post("/api/auth/reset", "", &json!({ "token": "Xq9-reset-token", "password": other }));
    // Twice: its session ends, and that is worth a line.
    site.post("/api/auth/refresh", "", &json!({ "refresh_token": tokens["refresh_token"] }));
    let last = site.post("/login", "", &json!({ "username": "logged", "password": other })).json();
    site.post("/api/auth/logout?everywhere=true", &access(&last), &Value::Null);

    let log = kept.text();
    for expected in [
        "registered",
        "logged in",
        "used twice",
        "password changed",
        "key made",
        "a mail was sent",
        "answered",
    ] {
        assert!(log.contains(expected), "no {expected:?}");
    }
    // Six digits could stand in any line; with a code stands what it is for.
    assert!(!log.contains("This code"), "a mail is in the log");
    let mut secrets =
        vec![password.to_owned(), other.to_owned(), "Xq9-reset-token".to_owned(), secret.to_owned()];
    secrets.extend([mail.to_owned(), mail.to_lowercase(), "correct horse".to_owned(), "argon2id".to_owned()]);
    for tokens in [&tokens, &refreshed] {
        for name in ["access_token", "refresh_token"] {
            secrets.push(tokens[name].as_str().unwrap().to_owned());
        }
    }
    for cookie in cookies.headers("Set-Cookie") {
        secrets.push(cookie.split(['=', ';']).nth(1).unwrap().to_owned());
    }
    for secret in secrets {
        assert!(secret.len() >= 8, "{secret}");
        let line = log.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
        assert_eq!(line, None, "has {secret}");
    }
}
