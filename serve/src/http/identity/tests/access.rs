//! Blocks, and a database that is away.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{PASSWORD, Site, access, bearer, config};
use crate::domain::UserId;
use crate::store::people::Block;

#[test]
fn who_is_blocked_is_out_within_a_second() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    let key = bearer(key["secret"].as_str().unwrap());
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (200, 200));
    // By another process, of which this one is not told.
    let anne = site.block_on(site.people.of_name("anne")).unwrap().unwrap().id;
    assert!(matches!(site.block_on(site.people.block(anne, site.now())), Ok(Block::Done(_))));
    site.pass(Duration::from_secs(1));
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (401, 401));
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    assert_eq!(site.post("/api/auth/refresh", "", &refresh).status, 401);
    let answer = site.log_in("anne");
    assert_eq!((answer.status, answer.code().as_str()), (403, "blocked"));
    // Only who knows the password is told.
    let wrong = site.post("/login", "", &json!({ "username": "anne", "password": "wrong horse battery" }));
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "wrong_credentials"));
    assert_eq!(site.block_on(site.people.unblock(anne)), Ok(true));
    // What was ended stays so.
    site.pass(Duration::from_secs(1));
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (401, 401));
    assert_eq!(site.log_in("anne").status, 200);
}

#[test]
fn who_is_blocked_by_this_process_is_out_at_once() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    let key = bearer(key["secret"].as_str().unwrap());
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (200, 200));
    let anne = site.block_on(site.people.of_name("anne")).unwrap().unwrap().id;
    let ended = site.block_on(site.identity.block(anne)).unwrap();
    assert_eq!((ended.sessions.len(), ended.keys.len()), (1, 1));
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (401, 401));
    // Once more changes nothing.
    assert!(site.block_on(site.identity.block(anne)).unwrap().sessions.is_empty());
    let nobody = UserId::draw();
    assert_eq!(site.block_on(site.identity.block(nobody)).unwrap_err().code, "unknown_user");
    assert_eq!(site.block_on(site.identity.unblock(nobody)).unwrap_err().code, "unknown_user");
}

#[test]
fn an_access_token_is_good_for_a_quarter_of_an_hour() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    site.pass(Duration::from_secs(899));
    assert_eq!(site.me(&access(&tokens)).status, 200);
    site.pass(Duration::from_secs(1));
    let answer = site.me(&access(&tokens));
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
    assert_eq!(answer.headers("WWW-Authenticate"), ["Bearer"]);
}

#[test]
fn with_the_database_away_who_is_known_goes_on_and_the_rest_is_told_to_come_again() {
    let site = Site::start();
    let (known, unknown) = (site.newcomer("anne"), site.newcomer("bert"));
    let key = site.key(known["access_token"].as_str().unwrap(), &["read"]);
    let authenticate = |token: &str| site.block_on(site.identity.authenticate(token)).map(|actor| actor.user);
    let token = known["access_token"].as_str().unwrap();
    let user = authenticate(token).unwrap();
    assert_eq!(authenticate(key["secret"].as_str().unwrap()), Ok(user));
    site.pass(Duration::from_secs(1));
    site.block_on(site.database.close());
    for _ in 0..3 {
        assert_eq!(authenticate(token), Ok(user));
        assert_eq!(authenticate(key["secret"].as_str().unwrap()), Ok(user));
        site.pass(Duration::from_secs(2));
    }
    for answer in
        [site.me(&access(&known)), site.me(&access(&unknown)), site.log_in("anne"), site.register("carl")]
    {
        assert_eq!((answer.status, answer.code().as_str()), (503, "database_away"), "{}", answer.body);
        assert_eq!(answer.headers("Retry-After"), ["1"]);
    }
    site.pass(Duration::from_mins(5));
    assert_eq!(authenticate(token).unwrap_err().code, "database_away");
}

#[test]
fn where_mail_must_be_verified_nobody_else_trades() {
    let mut strict = config();
    strict.require_verified_mail = true;
    let site = Site::with(strict);
    let without = site.post("/register", "", &json!({ "username": "anne", "password": PASSWORD }));
    assert_eq!((without.status, without.text("field").as_str()), (422, "mail"));
    let tokens = site.newcomer("anne");
    let scopes = |tokens: &Value| site.me(&access(tokens)).json()["scopes"].clone();
    assert_eq!(scopes(&tokens), json!(["read"]));
    assert_eq!(site.block_on(site.people.verify("anne")), Ok(true));
    site.pass(Duration::from_secs(1));
    assert_eq!(scopes(&tokens), json!(["read", "trade"]));
}

#[test]
fn two_credentials_are_none() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    let secret = key["secret"].as_str().unwrap();
    let good = access(&tokens);
    for (headers, code) in [
        (String::new(), "no_credentials"),
        (format!("{good}{good}"), "two_credentials"),
        (format!("{good}X-API-Key: {secret}\r\n"), "two_credentials"),
        ("Authorization: Basic YW5uZTp4\r\n".to_owned(), "not_bearer"),
        ("Authorization: Bearer\r\n".to_owned(), "not_bearer"),
        ("Authorization: \u{e4}\r\n".to_owned(), "not_bearer"),
        ("X-API-Key: \r\n".to_owned(), "invalid_token"),
    ] {
        let answer = site.me(&headers);
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{headers}");
    }
    assert_eq!(site.me(&format!("X-API-Key: {secret}\r\n")).status, 200);
    assert_eq!(site.me(&good.replace("Bearer", "bearer")).status, 200);
}
