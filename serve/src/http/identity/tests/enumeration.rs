//! Whether answers tell who is known.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::{Answer, PASSWORD, Site, access, config};
use crate::config::PasswordConfig;

fn register(site: &Site, name: &str, mail: &str, password: &str) -> Answer {
    site.post("/register", "", &json!({ "username": name, "mail": mail, "password": password }))
}

fn log_in(site: &Site, name: &str, password: &str) -> Answer {
    site.post("/login", "", &json!({ "username": name, "password": password }))
}

/// Returns a body without what is drawn anew each time.
fn shape(answer: &Answer) -> (u16, Vec<String>) {
    let Value::Object(fields) = answer.json() else { panic!("{}", answer.body) };
    let drawn = ["user_id", "account_id", "username", "session_id", "access_token", "refresh_token"];
    let field = |(name, value): (&String, &Value)| {
        if drawn.contains(&name.as_str()) { name.clone() } else { format!("{name}={value}") }
    };
    (answer.status, fields.iter().map(field).collect())
}

#[test]
fn a_registration_and_all_after_it_are_the_same_whether_the_address_is_known_or_not() {
    let site = Site::start();
    assert_eq!(register(&site, "victim", "victim@example.org", PASSWORD).status, 201);
    let attack = |mail: &str, names: [&str; 3]| {
        let mut seen = Vec::new();
        for name in names {
            seen.push(shape(&register(&site, name, mail, "attack at dawn")));
            let tokens = log_in(&site, name, "attack at dawn");
            seen.push(shape(&tokens));
            let me = site.me(&access(&tokens.json()));
            seen.push(shape(&me));
        }
        let by_mail = log_in(&site, mail, "attack at dawn");
        seen.push(shape(&by_mail));
        let who = site.me(&access(&by_mail.json())).text("username");
        assert!(names.contains(&who.as_str()), "{who}");
        let text = format!("{seen:?}");
        text.replace(mail, "MAIL")
    };
    let known = attack("Victim@example.org".to_lowercase().as_str(), ["aaa", "aab", "aac"]);
    let unknown = attack("nobody@example.org", ["bba", "bbb", "bbc"]);
    assert_eq!(known, unknown);
    assert_eq!(log_in(&site, "victim", PASSWORD).status, 200);
}

#[test]
fn two_who_claim_an_address_both_log_in_by_it_and_whose_it_is_always() {
    let site = Site::start();
    for (name, password) in
        [("anne", "password of anne"), ("bert", "password of bert"), ("carl", "password of carl")]
    {
        register(&site, name, "we@example.org", password);
        site.pass(Duration::from_secs(1));
    }
    let by_mail = |password: &str| log_in(&site, "WE@example.org", password).status;
    assert_eq!(["anne", "bert", "carl"].map(|it| by_mail(&format!("password of {it}"))), [401, 200, 200]);
    assert_eq!(site.block_on(site.people.verify("anne")), Ok(true));
    assert_eq!(["anne", "bert", "carl"].map(|it| by_mail(&format!("password of {it}"))), [200, 200, 200]);
    // It cannot be two people's.
    let twice = site.block_on(site.people.verify("bert")).unwrap_err();
    assert!(twice.is_conflict_on("users.mail_key"), "{twice}");
}

/// Notes the least time that each of two has taken so far, asked in turn: what else the machine does adds
/// to it.
#[expect(clippy::disallowed_methods, reason = "how long answers take is what is tested")]
fn look(least: &mut [Duration; 2], names: [&str; 2], mut ask: impl FnMut(&str)) {
    for (least, name) in least.iter_mut().zip(names) {
        let started = Instant::now();
        ask(name);
        *least = started.elapsed().min(*least);
    }
}

#[test]
fn a_wrong_login_is_the_same_and_takes_as_long_for_those_who_do_not_exist() {
    let mut slow = config();
    // A hash takes longer than all else together.
    slow.passwords = PasswordConfig { memory_kib: 1_024, passes: 1, threads: 2 };
    slow.limits.account_attempts = 10_000;
    slow.limits.address_attempts = 10_000;
    let site = Site::with(slow);
    register(&site, "anne", "anne@example.org", PASSWORD);
    let wrong = |name: &str| {
        let answer = log_in(&site, name, "wrong horse battery");
        assert_eq!((answer.status, answer.code().as_str()), (401, "wrong_credentials"));
        // Each request has another id.
        let mut body = answer.json();
        assert!(body.as_object_mut().unwrap().remove("request_id").is_some_and(|id| id.is_string()));
        body
    };
    for (known, unknown) in [("anne", "nobody"), ("anne@example.org", "nobody@example.org")] {
        assert_eq!(wrong(known), wrong(unknown));
        // More often where the machine has much else to do: a difference by design stays.
        let mut least = [Duration::MAX; 2];
        let is_same = (0..1_000).any(|number| {
            look(&mut least, [known, unknown], |name| drop(wrong(name)));
            let ratio = least[0].as_secs_f64() / least[1].as_secs_f64();
            number >= 20 && (0.5..2.0).contains(&ratio)
        });
        assert!(is_same, "known {:?}, unknown {:?}", least[0], least[1]);
    }
}
