//! Sessions in a Redis, as `docs/live.md` configures it: it ends and comes back, and so does the market.

use std::thread;
use std::time::{Duration, Instant};

use bearpit_serve::store::people::testing::TestRedis;
use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// The configuration is an example there.
const DOCUMENT: &str = include_str!("../../../docs/live.md");
const EXAMPLE: &str = "redis://127.0.0.1:6379/0";

/// How long it may take until something is as it must be.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `/readyz` says what is away, which stays so until something else is done.
fn await_away(served: &Served, wanted: &Value) {
    await_that("what is away is not known", || {
        let (status, body) = served.get("/readyz");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["away"] == *wanted
    });
}

fn await_that(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn log_in(served: &Served, name: &str) -> (u16, Value) {
    let body = json!({ "username": name, "password": "correct horse battery" }).to_string();
    let (status, _, body) = served.ask("POST", "/api/auth/login", "", &body);
    (status, serde_json::from_str(&body).unwrap())
}

fn refresh(served: &Served, tokens: &Value) -> (u16, Value) {
    let body = json!({ "refresh_token": tokens["refresh_token"] }).to_string();
    let (status, _, body) = served.ask("POST", "/api/auth/refresh", "", &body);
    (status, serde_json::from_str(&body).unwrap())
}

fn me(served: &Served, tokens: &Value) -> u16 {
    let header = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    served.ask("GET", "/api/auth/me", &header, "").0
}

/// The file of the configuration.
const CONFIG: &str = "market.toml";

/// Returns a directory with the configuration of the document, but for where Redis is; commands of the
/// operator have it from `.env`.
fn place(redis: &TestRedis) -> Place {
    let lines = DOCUMENT.lines().skip_while(|line| *line != "    [sessions]").take(2);
    let example: Vec<&str> = lines.map(str::trim).collect();
    let example = example.join("\n");
    assert!(example.contains(EXAMPLE), "{example}");
    let place = Place::new();
    place.write(CONFIG, &example.replace(EXAMPLE, &redis.url()));
    place
}

fn start(place: &Place) -> Served {
    let served = place.start_with(&["--config", CONFIG]);
    served.await_ready(200);
    served
}

#[test]
fn a_market_goes_on_while_redis_is_away_and_sessions_outlive_both() {
    let Some(mut redis) = TestRedis::start().unwrap() else { return };
    let place = place(&redis);
    let served = start(&place);
    await_away(&served, &Value::Null);
    served.register("anne");
    let (status, tokens) = log_in(&served, "anne");
    assert_eq!((status, me(&served, &tokens)), (200, 200), "{tokens}");

    redis.kill().unwrap();
    await_away(&served, &json!(["sessions"]));
    assert_eq!(me(&served, &tokens), 200, "who is known goes on");
    let (status, problem) = log_in(&served, "anne");
    assert_eq!((status, &problem["code"]), (503, &json!("sessions_away")));
    let (status, problem) = refresh(&served, &tokens);
    assert_eq!((status, &problem["code"]), (503, &json!("sessions_away")));
    place.write(".env", &format!("BEARPIT_SESSIONS_REDIS={}\n", redis.url()));
    place.run(&["admin", "block", "anne"]).assert_fails(1, &["what keeps sessions is away"]);
    redis.start_again().unwrap();
    await_away(&served, &Value::Null);
    let (status, tokens) = refresh(&served, &tokens);
    assert_eq!(status, 200, "the block was not done: {tokens}");

    served.crash();
    let served = start(&place);
    assert_eq!(me(&served, &tokens), 200, "a session outlives the process");
    let (status, tokens) = refresh(&served, &tokens);
    assert_eq!(status, 200, "{tokens}");
    let blocked = place.run(&["admin", "block", "anne"]);
    assert_eq!(blocked.code, Some(0), "{}", blocked.stderr);
    await_that("who is blocked goes on", || me(&served, &tokens) == 401);
    assert_eq!(refresh(&served, &tokens).0, 401);
    assert_eq!(place.run(&["admin", "unblock", "anne"]).code, Some(0));
    assert_eq!(refresh(&served, &tokens).0, 401, "what a block has ended stays so");
    assert_eq!(log_in(&served, "anne").0, 200);
}

#[test]
fn what_is_no_redis_is_refused_without_its_password() {
    let place = Place::new();
    place.write(CONFIG, "[sessions]\nredis = \"rediss://me:s3cret@localhost\"\n");
    let refused = place.run(&["small.toml", "--config", CONFIG, "--check"]);
    refused.assert_fails(2, &["sessions.redis", "must be redis://"]);
    assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
}
