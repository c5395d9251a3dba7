//! The same with sessions in Redis, and what happens without it.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::{
    Answer, PASSWORD, REDIS_PATIENCE, REDIS_SITES, SITES, Site, access, bearer, config, person,
};
use crate::domain::{Role, SessionId};
use crate::services::identity::draw_reset;
use crate::store::people::testing::TestRedis;
use crate::store::people::{Client, NewPassword, NewSession, People, RefreshToken};

/// How long it may take until something is as it must be.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long a Redis may take that does not answer.
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn all_of_it_is_the_same_with_sessions_in_redis() {
    if std::env::var_os(REDIS_SITES).is_some() || std::env::var_os(SITES).is_some() {
        // This is the process that was started below, or that of the tests with PostgreSQL.
        return;
    }
    let Some(redis) = TestRedis::start().unwrap() else { return };
    // Another process, since each has one environment.
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["http::identity::tests", "--nocapture"]).env(REDIS_SITES, redis.url());
    let output = again.output().unwrap();
    let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" 0 failed"), "{said}\n{log}");
    // Those that go on were not ended by their tests.
    assert_ne!(redis.command("DBSIZE").unwrap(), ":0", "no session was there");
}

fn refresh(site: &Site, tokens: &Value) -> Answer {
    site.post("/api/auth/refresh", "", &json!({ "refresh_token": tokens["refresh_token"] }))
}

#[track_caller]
fn assert_away(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "sessions_away"), "{}", answer.body);
    assert_eq!(answer.headers("Retry-After"), ["1"]);
    assert!(!answer.body.contains("_token"), "{}", answer.body);
}

/// Logs in as soon as that is possible.
#[expect(clippy::disallowed_methods, reason = "a server that comes back is waited for")]
fn log_in(site: &Site, name: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = site.log_in(name);
        if answer.status == 200 {
            return answer.json();
        }
        assert_away(&answer);
        assert!(Instant::now() < until, "nobody can log in: {}", answer.body);
        thread::sleep(Duration::from_millis(20));
    }
}

/// What needs sessions is refused, and nothing of it is done; whoever is known goes on, and so do keys.
fn check_away(site: &Site, tokens: &Value, key: &str) {
    assert_away(&site.log_in("anne"));
    assert_away(&refresh(site, tokens));
    let user = site.block_on(site.people.of_name("anne")).unwrap().unwrap();
    let change = json!({ "current_password": PASSWORD, "new_password": "other horse battery" });
    assert_away(&site.post("/api/auth/password", &access(tokens), &change));
    assert_away(&site.post("/api/auth/logout", &access(tokens), &Value::Null));
    // A password that is set ends all sessions, or is not set.
    let token = draw_reset().unwrap();
    let until = site.now().after(Duration::from_mins(30));
    site.block_on(site.people.add_reset(token.digest(), user.id, site.now(), until)).unwrap();
    let body = json!({ "token": token.expose(), "password": "other horse battery" });
    assert_away(&site.post("/api/auth/reset", "", &body));
    assert!(site.block_on(site.people.of_reset(token.digest(), site.now())).unwrap().is_some());
    let blocked = site.block_on(site.identity.block(user.id)).unwrap_err();
    assert_eq!(blocked.code, "sessions_away");
    assert_eq!(site.block_on(site.people.of_name("anne")).unwrap().unwrap(), user, "nothing has changed");
    site.pass(Duration::from_secs(2));
    assert_eq!(site.me(&access(tokens)).status, 200, "known sessions go on");
    assert_eq!(site.me(&bearer(key)).status, 200, "keys are in the database");
}

/// A site with a Redis, somebody who has logged in, and the secret of a key.
struct Known {
    site: Site,
    tokens: Value,
    key: String,
}

fn known(redis: &TestRedis) -> Known {
    let mut generous = config();
    generous.limits.address_attempts = 1_000_000;
    let site = Site::with_redis(generous, &redis.url(), SHORT);
    assert_eq!(site.register("anne").status, 201);
    site.block_on(site.people.add(&person(&site, "olga", Role::Admin))).unwrap();
    let tokens = log_in(&site, "anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    Known { site, tokens, key: key["secret"].as_str().unwrap().to_owned() }
}

#[test]
fn a_redis_that_has_ended_lets_nobody_in_and_one_that_is_back_has_all_sessions() {
    let Some(mut redis) = TestRedis::start().unwrap() else { return };
    let Known { site, tokens, key } = known(&redis);
    assert_eq!(site.me(&bearer(&key)).status, 200);
    redis.kill().unwrap();
    check_away(&site, &tokens, &key);
    let stranger = site.register("bert");
    assert_eq!(stranger.status, 201, "who registers needs no session");
    // After five minutes nobody is known any more.
    site.pass(Duration::from_mins(5));
    assert_away(&site.me(&access(&tokens)));
    redis.start_again().unwrap();
    log_in(&site, "anne");
    site.pass(Duration::from_secs(2));
    assert_eq!(site.me(&access(&tokens)).status, 200);
    let next = refresh(&site, &tokens);
    assert_eq!(next.status, 200, "{}", next.body);
    // What was used twice is known after another end.
    redis.kill().unwrap();
    redis.start_again().unwrap();
    log_in(&site, "anne");
    site.pass(config().refresh_grace + Duration::from_secs(1));
    assert_eq!(refresh(&site, &tokens).status, 401);
    assert_eq!(refresh(&site, &next.json()).status, 401, "its session has ended");
}

#[test]
fn a_redis_that_does_not_answer_is_away() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let Known { site, tokens, key } = known(&redis);
    assert_eq!(site.me(&bearer(&key)).status, 200);
    redis.suspend().unwrap();
    check_away(&site, &tokens, &key);
    redis.resume().unwrap();
    log_in(&site, "anne");
    site.pass(Duration::from_secs(2));
    assert_eq!(site.me(&access(&tokens)).status, 200);
}

#[test]
fn a_server_that_answers_garbage_is_away() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let Known { site, tokens, key } = known(&redis);
    assert_eq!(site.me(&bearer(&key)).status, 200);
    for garbage in
        [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b"+OK\r\n", b"\x00\xff\x00\xff", b"*-7\r\n"]
    {
        redis.answer(Some(garbage));
        check_away(&site, &tokens, &key);
    }
    redis.answer(None);
    log_in(&site, "anne");
}

#[test]
fn a_redis_that_is_full_lets_nobody_in_and_ends_sessions() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let site = Site::with_redis(config(), &redis.url(), REDIS_PATIENCE);
    let tokens = site.newcomer("anne");
    assert_eq!(redis.command("CONFIG SET maxmemory 1").unwrap(), "+OK");
    assert_away(&site.log_in("anne"));
    assert_away(&refresh(&site, &tokens));
    site.pass(Duration::from_secs(2));
    assert_eq!(site.me(&access(&tokens)).status, 200);
    assert_eq!(site.post("/api/auth/logout", &access(&tokens), &Value::Null).status, 204);
    assert_eq!(site.me(&access(&tokens)).status, 401);
    assert_eq!(redis.command("CONFIG SET maxmemory 0").unwrap(), "+OK");
    assert_eq!(refresh(&site, &tokens).status, 401);
    assert_eq!(site.log_in("anne").status, 200);
}

#[test]
fn a_session_is_none_whose_password_was_changed_without_redis() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let site = Site::with_redis(config(), &redis.url(), REDIS_PATIENCE);
    let tokens = site.newcomer("anne");
    assert_eq!(site.me(&access(&tokens)).status, 200);
    // As it is with a copy of Redis from before the change.
    let elsewhere = People::new(site.database.clone());
    let user = site.block_on(elsewhere.of_name("anne")).unwrap().unwrap();
    site.pass(Duration::from_secs(1));
    let hash = user.password_hash.clone().unwrap();
    let set = NewPassword { user: user.id, password_hash: &hash, notice: None, now: site.now() };
    assert!(site.block_on(elsewhere.change_password(set, user.password_changed_at, None)).unwrap().is_some());
    site.pass(Duration::from_secs(1));
    assert_eq!(site.me(&access(&tokens)).status, 401);
    assert_eq!(refresh(&site, &tokens).status, 401);
    assert_eq!(site.log_in("anne").status, 200);
}

#[test]
fn another_process_that_ends_sessions_is_noticed_within_a_second() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let site = Site::with_redis(config(), &redis.url(), REDIS_PATIENCE);
    site.block_on(site.people.add(&person(&site, "olga", Role::Admin))).unwrap();
    for name in ["anne", "bert", "carl"] {
        let tokens = site.newcomer(name);
        assert_eq!(site.me(&access(&tokens)).status, 200);
        let user = site.block_on(site.people.of_name(name)).unwrap().unwrap();
        // The people of the fixture share nothing with those of the server but Redis and database.
        site.block_on(async {
            let people = &site.people;
            match name {
                "anne" => drop(people.block(user.id, site.now()).await.unwrap()),
                "bert" => drop(people.end_sessions(user.id, None, site.now()).await.unwrap()),
                _ => drop(people.erase(user.id, site.now()).await.unwrap().unwrap()),
            }
        });
        site.pass(Duration::from_secs(1));
        assert_eq!(site.me(&access(&tokens)).status, 401, "{name}");
        assert_eq!(refresh(&site, &tokens).status, 401, "{name}");
    }
}

#[test]
fn sessions_of_the_database_do_not_come_back_after_redis() {
    let Some(redis) = TestRedis::start().unwrap() else { return };
    let site = Site::with_redis(config(), &redis.url(), REDIS_PATIENCE);
    let tokens = site.newcomer("anne");
    let user = site.block_on(site.people.of_name("anne")).unwrap().unwrap();
    let before = People::new(site.database.clone());
    let session = NewSession {
        id: SessionId::draw(),
        user: user.id,
        password_changed_at: user.password_changed_at,
        client: Client::default(),
        device: None,
        now: site.now(),
        token: RefreshToken { hash: [1; 32], expires_at: site.now().after(PATIENCE) },
    };
    assert!(site.block_on(before.open_session(&session)).unwrap());
    assert_eq!(site.post("/api/auth/logout?everywhere=true", &access(&tokens), &Value::Null).status, 204);
    assert!(site.block_on(before.session_state(session.id)).unwrap().unwrap().is_ended);
}
