//! Logins, tokens that are replaced, and ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{PASSWORD, Site, access, bearer, config, has_redis};

fn refresh(site: &Site, token: &Value) -> super::harness::Answer {
    site.post("/api/auth/refresh", "", &json!({ "refresh_token": token }))
}

#[test]
fn who_registers_can_log_in_at_once_and_the_account_is_told_once() {
    let site = Site::start();
    let registered = site.register("Anne");
    assert_eq!(registered.status, 201, "{}", registered.body);
    let account = registered.text("account_id").parse().unwrap();
    assert_eq!(*site.newcomers.0.lock().unwrap(), [account]);

    for (path, body) in [
        ("/api/auth/login", json!({ "username": "anne", "password": PASSWORD })),
        ("/login", json!({ "username": "ANNE", "password": PASSWORD })),
        ("/login", json!({ "email": "Anne@Example.org", "password": PASSWORD })),
    ] {
        let answer = site.post(path, "", &body);
        let tokens = answer.json();
        assert_eq!((answer.status, &tokens["token_type"]), (200, &json!("bearer")), "{}", answer.body);
        assert_eq!(tokens["expires_in"], 900);
        let me = site.me(&access(&tokens)).json();
        let expected = json!({
            "user_id": registered.text("user_id"), "account_id": registered.text("account_id"),
            "username": "Anne", "mail": "anne@example.org", "mail_verified": false, "role": "user",
            "scopes": ["read", "trade"], "session_id": tokens["session_id"],
            "created_at": "2025-11-29T14:00:00Z"
        });
        assert_eq!(me, expected);
    }
}

#[test]
fn a_login_as_oauth_clients_send_it_is_one() {
    let site = Site::start();
    site.register("anne");
    let log_in = |form: &str| {
        site.send(&format!(
            "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n{form}",
            form.len()
        ))
    };
    let good = "grant_type=password&username=anne&password=correct+horse%20battery&scope=&client_id=";
    assert_eq!(log_in(good).status, 200);
    assert_eq!(log_in("username=anne&password=wrong+horse+battery").status, 401);
    for (form, code) in [
        ("username=anne", "invalid_form"),
        ("username=anne&password=x&x=1", "invalid_form"),
        ("grant_type=code&username=anne&password=x", "invalid_grant_type"),
    ] {
        let answer = log_in(form);
        assert_eq!((answer.status, answer.code().as_str()), (422, code), "{form}");
    }
}

#[test]
fn what_is_wrong_with_a_registration_is_said_with_its_field() {
    let site = Site::start();
    site.register("anne");
    for (body, status, code, field) in [
        (json!({ "username": "ANNE", "password": PASSWORD }), 409, "username_taken", "username"),
        (json!({ "username": "admin", "password": PASSWORD }), 422, "username_taken", "username"),
        (json!({ "username": "a", "password": PASSWORD }), 422, "invalid_username", "username"),
        (json!({ "username": "bert", "mail": "b", "password": PASSWORD }), 422, "invalid_mail", "mail"),
        (json!({ "username": "bert", "password": "short" }), 422, "invalid_password", "password"),
        (json!({ "username": "berthold.b", "password": "Berthold.B" }), 422, "invalid_password", "password"),
        (json!({ "username": "bert" }), 422, "invalid_field", "password"),
        (json!({ "username": "bert", "password": PASSWORD, "role": "admin" }), 422, "invalid_field", "role"),
    ] {
        let answer = site.post("/register", "", &body);
        let said = (answer.status, answer.code(), answer.text("field"));
        assert_eq!(said, (status, code.to_owned(), field.to_owned()), "{body}: {}", answer.body);
    }
    let mut closed = config();
    closed.registration = crate::config::Registration::Closed;
    let site = Site::with(closed);
    let answer = site.register("anne");
    assert_eq!((answer.status, answer.code().as_str()), (403, "registration_closed"));
}

#[test]
fn a_refresh_token_is_good_once_and_one_that_comes_twice_ends_the_session() {
    let site = Site::start();
    let first = site.newcomer("anne");
    let second = refresh(&site, &first["refresh_token"]).json();
    assert_eq!(second["session_id"], first["session_id"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(site.me(&access(&second)).status, 200);
    let third = refresh(&site, &second["refresh_token"]).json();
    // Whoever has the first one has stolen it, or was stolen from.
    let again = refresh(&site, &first["refresh_token"]);
    assert_eq!((again.status, again.code().as_str()), (401, "invalid_refresh_token"));
    assert_eq!(refresh(&site, &third["refresh_token"]).status, 401);
    for tokens in [&first, &second, &third] {
        assert_eq!(site.me(&access(tokens)).status, 401);
    }
    for wrong in [json!("bpr_x"), json!(""), first["access_token"].clone()] {
        assert_eq!(refresh(&site, &wrong).status, 401, "{wrong}");
    }
}

#[test]
fn of_refreshes_at_one_time_one_is_answered_and_the_session_ends() {
    let site = Arc::new(Site::start());
    let tokens = site.newcomer("anne");
    let asks: Vec<_> = (0..16)
        .map(|_| {
            let (site, token) = (Arc::clone(&site), tokens["refresh_token"].clone());
            std::thread::spawn(move || refresh(&site, &token).status)
        })
        .collect();
    let mut answers: Vec<u16> = asks.into_iter().map(|ask| ask.join().unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers, [vec![200], vec![401; 15]].concat());
    assert_eq!(site.me(&access(&tokens)).status, 401);
}

#[test]
fn with_a_grace_an_answer_may_be_lost() {
    let mut graceful = config();
    graceful.refresh_grace = Duration::from_secs(5);
    let site = Site::with(graceful);
    let first = site.newcomer("anne");
    let lost = refresh(&site, &first["refresh_token"]).json();
    site.pass(Duration::from_millis(4_999));
    let second = refresh(&site, &first["refresh_token"]);
    assert_eq!(second.status, 200, "{}", second.body);
    assert_eq!(refresh(&site, &lost["refresh_token"]).status, 200);
    site.pass(Duration::from_millis(1));
    assert_eq!(refresh(&site, &first["refresh_token"]).status, 401);
    assert_eq!(refresh(&site, &second.json()["refresh_token"]).status, 401);
}

#[test]
fn a_session_that_is_not_used_for_a_month_is_over() {
    let site = Site::start();
    let first = site.newcomer("anne");
    site.pass(Duration::from_hours(29 * 24));
    let second = refresh(&site, &first["refresh_token"]).json();
    site.pass(Duration::from_hours(30 * 24));
    assert_eq!(refresh(&site, &second["refresh_token"]).status, 401);
    let again = site.log_in("anne").json();
    let sessions = site.get("/api/auth/sessions", &access(&again)).json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    // The token that was used, the one that was not, and not the new one; the code of the registration.
    // In Redis tokens end by themselves.
    let expired = if has_redis() { 1 } else { 3 };
    assert_eq!(site.block_on(site.identity.forget_expired()), Ok(expired));
}

#[test]
fn sessions_are_listed_and_ended() {
    let site = Site::start();
    site.register("anne");
    let agent = "User-Agent: Firefox\r\nX-Forwarded-For: 6.6.6.6\r\n";
    let body = json!({ "username": "anne", "password": PASSWORD });
    let first = site.post("/login", agent, &body).json();
    site.pass(Duration::from_secs(1));
    let second = site.log_in("anne").json();
    let list = site.get("/api/auth/sessions", &access(&second)).json();
    let expected = json!({ "sessions": [
        { "session_id": second["session_id"], "created_at": "2025-11-29T14:00:01Z", "device": null, "user_agent": null,
          "last_seen_at": "2025-11-29T14:00:01Z", "address": "127.0.0.1", "is_current": true },
        { "session_id": first["session_id"], "created_at": "2025-11-29T14:00:00Z", "device": "Firefox", "user_agent": "Firefox",
          "last_seen_at": "2025-11-29T14:00:00Z", "address": "127.0.0.1", "is_current": false },
    ] });
    assert_eq!(list, expected);
    let path = format!("/api/auth/sessions/{}", first["session_id"].as_str().unwrap());
    let stranger = site.newcomer("bert");
    for (who, path, status) in [
        (&stranger, path.as_str(), 404),
        (&second, "/api/auth/sessions/x", 404),
        (&second, &path, 204),
        (&second, &path, 404),
    ] {
        assert_eq!(site.ask("DELETE", path, &access(who), &Value::Null).status, status, "{path}");
    }
    assert_eq!(site.me(&access(&first)).status, 401);
    assert_eq!(refresh(&site, &first["refresh_token"]).status, 401);
    let third = site.log_in("anne").json();
    let ended = site.ask("DELETE", "/api/auth/sessions", &access(&third), &Value::Null).json();
    assert_eq!(ended, json!({ "ended": 1 }));
    assert_eq!((site.me(&access(&second)).status, site.me(&access(&third)).status), (401, 200));
}

#[test]
fn a_logout_ends_a_session_or_all_of_them_at_once() {
    let site = Site::start();
    site.newcomer("anne");
    let sessions: Vec<_> = (0..3).map(|_| site.log_in("anne").json()).collect();
    let stranger = site.newcomer("bert");
    assert_eq!(site.post("/api/auth/logout", &access(&sessions[0]), &Value::Null).status, 204);
    assert_eq!(site.me(&access(&sessions[0])).status, 401);
    assert_eq!(refresh(&site, &sessions[0]["refresh_token"]).status, 401);
    assert_eq!(site.me(&access(&sessions[1])).status, 200);
    let everywhere = "/api/auth/logout?everywhere=true";
    assert_eq!(site.post(everywhere, &access(&sessions[1]), &Value::Null).status, 204);
    assert_eq!(site.me(&access(&sessions[2])).status, 401);
    assert_eq!(site.me(&access(&stranger)).status, 200);
    assert_eq!(site.post("/api/auth/logout?all=1", &access(&stranger), &Value::Null).status, 422);
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let site = Site::start();
    let first = site.newcomer("anne");
    let second = site.log_in("anne").json();
    let change = |old: &str, new: &str| {
        let body = json!({ "current_password": old, "new_password": new });
        site.post("/api/auth/password", &access(&first), &body)
    };
    for (old, new, status, code) in [
        ("wrong horse battery", "quite another one", 403, "wrong_password"),
        (PASSWORD, "short", 422, "invalid_password"),
        (PASSWORD, PASSWORD, 422, "invalid_password"),
        (PASSWORD, "ANNE@example.org", 422, "invalid_password"),
    ] {
        let answer = change(old, new);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{new}");
    }
    assert_eq!(site.me(&access(&second)).status, 200);
    assert_eq!(change(PASSWORD, "quite another one").status, 204);
    assert_eq!((site.me(&access(&first)).status, site.me(&access(&second)).status), (200, 401));
    assert_eq!(refresh(&site, &second["refresh_token"]).status, 401);
    assert_eq!(site.log_in("anne").status, 401);
    let body = json!({ "username": "anne", "password": "quite another one" });
    assert_eq!(site.post("/login", "", &body).status, 200);
}

#[test]
fn a_link_of_the_operator_sets_the_password_once_and_ends_all_there_was() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    let user = site.block_on(site.people.of_name("anne")).unwrap().unwrap();
    let link = |name: &str| {
        let secret = crate::domain::Secret::new(name.to_owned());
        let until = site.now().after(Duration::from_mins(30));
        site.block_on(site.people.add_reset(secret.digest(), user.id, site.now(), until)).unwrap();
    };
    let reset = |token: &str, password: &str| {
        site.post("/api/auth/reset", "", &json!({ "token": token, "password": password }))
    };
    link("first");
    link("second");
    // The newest one counts; a password that is refused does not use it up.
    assert_eq!(reset("first", "quite another one").code(), "invalid_reset_token");
    assert_eq!(reset("second", "anne").code(), "invalid_password");
    assert_eq!(site.me(&access(&tokens)).status, 200);
    assert_eq!(reset("second", "quite another one").status, 204);
    assert_eq!(reset("second", "and another one").code(), "invalid_reset_token");
    assert_eq!(site.me(&access(&tokens)).status, 401);
    assert_eq!(site.me(&bearer(key["secret"].as_str().unwrap())).status, 401);
    let body = json!({ "username": "anne", "password": "quite another one" });
    assert_eq!(site.post("/login", "", &body).status, 200);
    link("third");
    site.pass(Duration::from_mins(30));
    assert_eq!(reset("third", "and another one").code(), "invalid_reset_token");
}
