//! Codes that are sent to mail addresses: whose an address is, another one, and forgotten passwords.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Answer, PASSWORD, Site, access};

const ANNE: &str = "anne@example.org";
const OTHER: &str = "other horse battery";

/// Returns the status, and the code of a problem.
fn said(answer: &Answer) -> (u16, String) {
    let is_problem = answer.status >= 400;
    (answer.status, if is_problem { answer.code() } else { String::new() })
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn done(status: u16) -> (u16, String) {
    (status, String::new())
}

fn confirm(site: &Site, headers: &str, code: &str) -> (u16, String) {
    said(&site.post("/api/auth/mail/confirm", headers, &json!({ "code": code })))
}

fn forget(site: &Site, name: &str) -> Answer {
    site.post("/api/auth/forgotten", "", &json!({ "username": name }))
}

fn set(site: &Site, name: &str, code: &str, password: &str) -> (u16, String) {
    let body = json!({ "username": name, "code": code, "password": password });
    said(&site.post("/api/auth/forgotten/confirm", "", &body))
}

fn log_in(site: &Site, name: &str, password: &str) -> u16 {
    site.post("/login", "", &json!({ "username": name, "password": password })).status
}

/// Returns a code that is not the right one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// A site with somebody whose address is known to be theirs.
fn with_anne() -> (Site, Value) {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    site.verify(&tokens, ANNE);
    (site, tokens)
}

#[test]
fn a_registration_sends_a_code_that_shows_once_that_the_address_is_theirs() {
    let site = Site::start();
    let headers = access(&site.newcomer("anne"));
    let mails = site.mails_to(ANNE);
    assert_eq!(mails.len(), 1);
    for part in ["for an account\r\non Bearpit: anne\r\n", "until 2025-11-29T14:15:00Z"] {
        assert!(mails[0].contains(part), "{part}: {}", mails[0]);
    }
    let code = site.code_to(ANNE);
    assert_eq!(confirm(&site, &headers, wrong(&code)), problem(422, "invalid_code"));
    assert_eq!(site.me(&headers).json()["mail_verified"], false);
    assert_eq!(confirm(&site, &headers, &format!("{} {}", &code[..3], &code[3..])), done(204));
    assert_eq!(site.me(&headers).json()["mail_verified"], true);
    assert_eq!(confirm(&site, &headers, &code), problem(422, "invalid_code"), "it is used");
    let again = site.post("/api/auth/mail/code", &headers, &Value::Null);
    assert_eq!(said(&again), problem(409, "mail_verified"));
    // Whoever gave none has none to be asked about.
    site.post("/register", "", &json!({ "username": "bert", "password": PASSWORD }));
    let bert = access(&site.log_in("bert").json());
    assert_eq!(said(&site.post("/api/auth/mail/code", &bert, &Value::Null)), problem(409, "no_mail"));
    assert_eq!(confirm(&site, &bert, "123456"), problem(422, "invalid_code"));
    assert_eq!(site.mails_to(ANNE).len(), 1);
}

#[test]
fn a_code_is_good_for_a_quarter_of_an_hour_and_until_there_is_another() {
    let site = Site::start();
    let headers = access(&site.newcomer("anne"));
    let first = site.code_to(ANNE);
    let send = || site.post("/api/auth/mail/code", &headers, &Value::Null);
    assert_eq!(send().json(), json!({ "expires_in": 900 }));
    // The odd case that it is the same is none.
    let mut second = site.code_to(ANNE);
    while second == first {
        site.pass(Duration::from_hours(1));
        assert_eq!(send().status, 202);
        second = site.code_to(ANNE);
    }
    assert_eq!(confirm(&site, &headers, &first), problem(422, "invalid_code"), "there is another");
    site.pass(Duration::from_mins(14));
    // The access token is as old.
    let headers = access(&site.log_in("anne").json());
    site.pass(Duration::from_mins(1));
    assert_eq!(confirm(&site, &headers, &second), problem(422, "invalid_code"), "it is too old");
    assert_eq!(site.post("/api/auth/mail/code", &headers, &Value::Null).status, 202);
    assert_eq!(confirm(&site, &headers, &site.code_to(ANNE)), done(204));
}

#[test]
fn a_code_is_looked_at_five_times() {
    let site = Site::start();
    let headers = access(&site.newcomer("anne"));
    let code = site.code_to(ANNE);
    (0..5).for_each(|_| {
        assert_eq!(confirm(&site, &headers, wrong(&code)), problem(422, "invalid_code"));
    });
    assert_eq!(confirm(&site, &headers, &code), problem(422, "invalid_code"));
    assert_eq!(site.post("/api/auth/mail/code", &headers, &Value::Null).status, 202);
    let code = site.code_to(ANNE);
    (0..4).for_each(|_| {
        assert_eq!(confirm(&site, &headers, wrong(&code)), problem(422, "invalid_code"));
    });
    assert_eq!(confirm(&site, &headers, &code), done(204));
}

#[test]
fn another_address_is_theirs_once_its_code_is_shown_and_the_one_before_is_told() {
    let (site, tokens) = with_anne();
    let headers = access(&tokens);
    let change = |password: &str, mail: &str| {
        said(&site.post("/api/auth/mail", &headers, &json!({ "password": password, "mail": mail })))
    };
    assert_eq!(change("wrong horse battery", "new@example.org"), problem(403, "wrong_password"));
    assert_eq!(change(PASSWORD, "new"), problem(422, "invalid_mail"));
    assert_eq!(change(PASSWORD, ANNE), problem(422, "invalid_mail"));
    assert_eq!(change(PASSWORD, "New@Example.org"), done(202));
    assert_eq!(site.me(&headers).text("mail"), ANNE, "nobody has shown a code");
    assert_eq!(confirm(&site, &headers, &site.code_to("new@example.org")), done(204));
    let me = site.me(&headers).json();
    assert_eq!((&me["mail"], &me["mail_verified"]), (&json!("new@example.org"), &json!(true)));
    let told = site.mails_to(ANNE).pop().unwrap();
    assert!(told.contains("has another mail address since\r\n2025-11-29T14:00:00Z: anne"), "{told}");
    assert!(!told.contains("new@example.org"), "{told}");
    assert_eq!((log_in(&site, "new@example.org", PASSWORD), log_in(&site, ANNE, PASSWORD)), (200, 401));
    // What was sent to the one before is of no use any more.
    assert_eq!(forget(&site, ANNE).status, 202);
    assert_eq!(site.mails_to(ANNE).len(), 2);
}

#[test]
fn an_address_is_one_persons_whoever_shows_a_code_later() {
    let (site, _) = with_anne();
    let bert = access(&site.newcomer("bert"));
    let body = json!({ "password": PASSWORD, "mail": ANNE });
    let asked = site.post("/api/auth/mail", &bert, &body);
    assert_eq!(
        (asked.status, asked.json()),
        (202, json!({ "expires_in": 900 })),
        "nobody is told that it is known"
    );
    assert_eq!(confirm(&site, &bert, &site.code_to(ANNE)), problem(409, "mail_taken"));
    assert_eq!(site.me(&bert).text("mail"), "bert@example.org");
}

#[test]
fn a_forgotten_password_is_set_by_a_code_and_ends_all_that_was_open() {
    let (site, tokens) = with_anne();
    let key = site.key(tokens["access_token"].as_str().unwrap(), &["read"]);
    let key = format!("X-API-Key: {}\r\n", key["secret"].as_str().unwrap());
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (200, 200));
    assert_eq!(forget(&site, "Anne").json(), json!({ "expires_in": 900 }));
    let code = site.code_to(ANNE);
    assert_eq!(set(&site, "anne", &code, "short"), problem(422, "invalid_password"));
    assert_eq!(set(&site, "anne", &code, ANNE), problem(422, "invalid_password"));
    assert_eq!(set(&site, "anne", wrong(&code), OTHER), problem(422, "invalid_code"));
    assert_eq!(set(&site, "bert", &code, OTHER), problem(422, "invalid_code"));
    assert_eq!(set(&site, "anne", &code, OTHER), done(204));
    assert_eq!(set(&site, "anne", &code, PASSWORD), problem(422, "invalid_code"), "it is used");
    assert_eq!((site.me(&access(&tokens)).status, site.me(&key).status), (401, 401));
    assert_eq!((log_in(&site, "anne", PASSWORD), log_in(&site, "anne", OTHER)), (401, 200));
    let told = site.mails_to(ANNE).pop().unwrap();
    assert!(told.contains("was set anew, at\r\n2025-11-29T14:00:00Z: anne"), "{told}");
}

#[test]
fn name_and_address_have_one_code() {
    let (site, _) = with_anne();
    forget(&site, "anne");
    let by_name = site.code_to(ANNE);
    forget(&site, "ANNE@example.org");
    let by_mail = site.code_to(ANNE);
    if by_name != by_mail {
        assert_eq!(set(&site, "anne", &by_name, OTHER), problem(422, "invalid_code"), "there is another");
    }
    assert_eq!(set(&site, "anne", &by_mail, OTHER), done(204));
}

#[test]
fn nobody_sets_a_password_by_an_address_that_is_only_claimed_or_of_somebody_who_is_blocked() {
    let site = Site::start();
    site.newcomer("anne");
    assert_eq!((forget(&site, "anne").status, forget(&site, ANNE).status), (202, 202));
    assert_eq!(site.mails_to(ANNE).len(), 1, "the one of the registration");
    let (site, _) = with_anne();
    let user = site.block_on(site.people.of_name("anne")).unwrap().unwrap().id;
    forget(&site, "anne");
    let code = site.code_to(ANNE);
    site.block_on(site.identity.block(user)).unwrap();
    assert_eq!(set(&site, "anne", &code, OTHER), problem(422, "invalid_code"));
    let before = site.mails_to(ANNE).len();
    assert_eq!(forget(&site, "anne").status, 202);
    assert_eq!(site.mails_to(ANNE).len(), before);
}

/// Returns with how many steps of the database something succeeds, and with no less.
fn steps(site: &Site, expected: u16, ask: impl Fn() -> Answer) -> u64 {
    let least = (0..50).find(|steps| {
        // No limit that counts in memory is reached.
        site.pass(Duration::from_hours(1));
        site.database.faults.fail_after(*steps);
        let answer = ask();
        site.database.faults.heal();
        assert!([503, expected].contains(&answer.status), "{}", answer.body);
        answer.status == expected
    });
    least.unwrap()
}

#[test]
fn a_forgotten_password_is_answered_the_same_with_the_same_work_whoever_is_known() {
    let (site, _) = with_anne();
    site.register("claims");
    let shape = |answer: &Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        let names = answer.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let names: BTreeSet<_> = names.map(|(name, _)| name.to_owned()).collect();
        (answer.status, body, names)
    };
    for (known, unknown) in [
        ("anne", "nobody"),
        (ANNE, "nobody@example.org"),
        ("claims", "nobody"),
        ("claims@example.org", "x@y.zz"),
    ] {
        let asked = [known, unknown].map(|name| shape(&forget(&site, name)));
        assert_eq!(asked[0], asked[1], "{known}");
        let work = [known, unknown].map(|name| steps(&site, 202, || forget(&site, name)));
        assert_eq!(work[0], work[1], "{known}");
        let body = |name| json!({ "username": name, "code": "12345", "password": OTHER });
        let show = |name| site.post("/api/auth/forgotten/confirm", "", &body(name));
        let shown = [known, unknown].map(|name| shape(&show(name)));
        assert_eq!(shown[0], shown[1], "{known}");
        let work = [known, unknown].map(|name| steps(&site, 422, || show(name)));
        assert_eq!(work[0], work[1], "{known}");
    }
}

#[test]
fn five_codes_are_sent_within_an_hour() {
    let (site, tokens) = with_anne();
    // By a name, the same of those who do not exist.
    for name in ["anne", "nobody"] {
        (0..5).for_each(|_| assert_eq!(forget(&site, name).status, 202));
        let refused = forget(&site, name);
        assert_eq!(said(&refused), problem(429, "too_many_attempts"), "{name}");
        assert_eq!(refused.headers("Retry-After"), ["720"], "{name}");
    }
    // One was sent at the registration: the address has had its five, and nobody is told.
    assert_eq!(site.mails_to(ANNE).len(), 5);
    assert_eq!(forget(&site, ANNE).status, 202);
    assert_eq!(site.mails_to(ANNE).len(), 5);
    // An account may ask for five, whatever the addresses; the first hour is over before anybody has asked.
    site.pass(Duration::from_hours(2));
    let headers = access(&site.log_in("anne").json());
    let change = |number: u32| {
        let body = json!({ "password": PASSWORD, "mail": format!("anne{number}@example.org") });
        site.post("/api/auth/mail", &headers, &body)
    };
    (0..5).for_each(|number| assert_eq!(change(number).status, 202));
    site.pass(Duration::from_secs(600));
    let refused = change(5);
    assert_eq!(said(&refused), problem(429, "too_many_codes"));
    assert_eq!(refused.headers("Retry-After"), ["3000"]);
    assert_eq!((site.mails_to("anne4@example.org").len(), site.mails_to("anne5@example.org").len()), (1, 0));
    assert_eq!(tokens["token_type"], "bearer");
}

#[test]
fn guesses_at_codes_are_limited_as_wrong_passwords_are() {
    let (site, _) = with_anne();
    for name in ["anne", "nobody"] {
        (0..10).for_each(|_| assert_eq!(set(&site, name, "12345", OTHER), problem(422, "invalid_code")));
        assert_eq!(set(&site, name, "12345", OTHER), problem(429, "too_many_attempts"), "{name}");
    }
    assert_eq!(log_in(&site, "anne", PASSWORD), 200, "logins count for themselves");
}

#[test]
fn a_password_that_an_operators_link_sets_is_told_by_mail() {
    let (site, _) = with_anne();
    let user = site.block_on(site.people.of_name("anne")).unwrap().unwrap().id;
    let token = crate::services::identity::draw_reset().unwrap();
    let until = site.now().after(Duration::from_mins(30));
    site.block_on(site.people.add_reset(token.digest(), user, site.now(), until)).unwrap();
    let body = json!({ "token": token.expose(), "password": OTHER });
    assert_eq!(site.post("/api/auth/reset", "", &body).status, 204);
    let told = site.mails_to(ANNE).pop().unwrap();
    assert!(told.contains("was set anew"), "{told}");
}

#[test]
fn what_is_deleted_is_of_no_use_and_counts_no_longer() {
    let (site, _) = with_anne();
    forget(&site, "anne");
    forget(&site, "nobody");
    site.pass(Duration::from_secs(3_599));
    assert_eq!(site.block_on(site.identity.forget_expired()), Ok(0));
    site.pass(Duration::from_secs(1));
    assert_eq!(
        site.block_on(site.identity.forget_expired()),
        Ok(3),
        "of two who have forgotten, and an address"
    );
}
