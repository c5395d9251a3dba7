//! A second factor, from the secret to its removal.

use std::time::Duration;

use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::harness::{Answer, PASSWORD, Site, access};

const HALF_MINUTE: Duration = Duration::from_secs(30);

/// Somebody who has registered, and the app on their phone.
struct Person {
    site: Site,
    headers: String,
    app: Option<Totp>,
    recovery: Vec<String>,
}

impl Person {
    fn new() -> Self {
        let site = Site::start();
        let headers = access(&site.newcomer("anne"));
        Self { site, headers, app: None, recovery: Vec::new() }
    }

    /// One whose second factor is on. The code of this half minute is used.
    fn with_factor() -> Self {
        let mut person = Self::new();
        person.begin();
        let confirmed = person.change("/confirm", &json!({ "code": person.code() }));
        person.recovery = codes_of(&confirmed);
        person
    }

    fn change(&self, what: &str, body: &Value) -> Answer {
        self.site.post(&format!("/api/auth/second-factor{what}"), &self.headers, body)
    }

    fn begin(&mut self) {
        let begun = self.change("", &json!({ "password": PASSWORD }));
        assert_eq!(begun.status, 201, "{}", begun.body);
        let secret = begun.text("secret");
        assert_eq!(begun.text("uri"), format!("otpauth://totp/Bearpit:anne?secret={secret}&issuer=Bearpit"));
        let secret = Secret::try_from_base32(&secret).unwrap();
        self.app = Some(Builder::new().with_secret(secret).build().unwrap());
    }

    /// Returns what the app shows at a distance in seconds from now.
    fn code_at(&self, seconds: i64) -> String {
        let now = self.site.now().nanos() / 1_000_000_000 + seconds;
        self.app.as_ref().unwrap().generate(now.try_into().unwrap()).to_string()
    }

    fn code(&self) -> String {
        self.code_at(0)
    }

    /// Returns a code that is not right for a while.
    fn wrong(&self) -> String {
        let near: Vec<String> = (-20..20).map(|step| self.code_at(30 * step)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }

    fn log_in(&self, code: Option<&str>) -> (u16, String) {
        let body = match code {
            Some(code) => json!({ "username": "anne", "password": PASSWORD, "code": code }),
            None => json!({ "username": "anne", "password": PASSWORD }),
        };
        said(&self.site.post("/api/auth/login", "", &body))
    }

    fn status(&self) -> Value {
        self.site.get("/api/auth/second-factor", &self.headers).json()
    }
}

/// Returns the status, and the code of a problem.
fn said(answer: &Answer) -> (u16, String) {
    let is_problem = answer.status >= 400;
    (answer.status, if is_problem { answer.code() } else { String::new() })
}

fn codes_of(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_value(answer.json()["recovery_codes"].clone()).unwrap()
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn welcome() -> (u16, String) {
    (200, String::new())
}

#[test]
fn a_login_needs_a_code_once_a_secret_is_confirmed_and_each_code_counts_once() {
    let mut anne = Person::new();
    assert_eq!(anne.status(), json!({ "is_on": false, "since": null, "recovery_codes_left": 0 }));
    let wrong = anne.change("", &json!({ "password": "wrong horse battery" }));
    assert_eq!(said(&wrong), problem(403, "wrong_password"));
    assert_eq!(
        said(&anne.change("/confirm", &json!({ "code": "123456" }))),
        problem(409, "no_second_factor")
    );
    anne.begin();
    anne.begin();
    assert_eq!(anne.log_in(None), welcome(), "nothing has confirmed it");
    assert_eq!(said(&anne.change("/confirm", &json!({ "code": anne.wrong() }))), problem(403, "wrong_code"));
    assert_eq!(codes_of(&anne.change("/confirm", &json!({ "code": anne.code() }))).len(), 10);
    assert_eq!(
        anne.status(),
        json!({ "is_on": true, "since": "2025-11-29T14:00:00Z", "recovery_codes_left": 10 })
    );
    let again = anne.change("", &json!({ "password": PASSWORD }));
    assert_eq!(said(&again), problem(409, "second_factor_exists"));

    assert_eq!(anne.log_in(None), problem(401, "second_factor_needed"));
    assert_eq!(anne.log_in(Some(&anne.wrong())), problem(401, "wrong_code"));
    assert_eq!(anne.log_in(Some(&anne.code())), problem(401, "wrong_code"), "it has confirmed the secret");
    anne.site.pass(HALF_MINUTE);
    let code = anne.code();
    assert_eq!(anne.log_in(Some(&format!("{} {}", &code[..3], &code[3..]))), welcome());
    assert_eq!(anne.log_in(Some(&code)), problem(401, "wrong_code"), "it is used");
    // The clock of a phone may be half a minute ahead; what was shown before is no longer good then.
    assert_eq!(anne.log_in(Some(&anne.code_at(30))), welcome());
    anne.site.pass(HALF_MINUTE);
    assert_eq!(anne.log_in(Some(&anne.code())), problem(401, "wrong_code"));
    assert_eq!(anne.log_in(Some(&anne.code_at(60))), problem(401, "wrong_code"), "a minute ahead");
}

#[test]
fn a_login_as_oauth_clients_send_it_has_a_code_too() {
    let anne = Person::with_factor();
    anne.site.pass(HALF_MINUTE);
    let log_in = |form: &str| {
        let head = "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
            Content-Type: application/x-www-form-urlencoded\r\n";
        said(&anne.site.send(&format!("{head}Content-Length: {}\r\n\r\n{form}", form.len())))
    };
    let form = "username=anne&password=correct+horse+battery";
    assert_eq!(log_in(form), problem(401, "second_factor_needed"));
    assert_eq!(log_in(&format!("{form}&code={}", anne.code())), welcome());
}

#[test]
fn a_recovery_code_counts_once_and_new_ones_replace_all() {
    let anne = Person::with_factor();
    let code = anne.recovery[3].to_uppercase().replace('-', "");
    assert_eq!(anne.log_in(Some(&code)), welcome());
    assert_eq!(anne.log_in(Some(&code)), problem(401, "wrong_code"));
    assert_eq!(anne.status()["recovery_codes_left"], 9);
    let change = |code: &str| anne.change("/recovery-codes", &json!({ "password": PASSWORD, "code": code }));
    assert_eq!(said(&change(&code)), problem(403, "wrong_code"));
    let new = codes_of(&change(&anne.recovery[4]));
    assert_eq!(anne.log_in(Some(&anne.recovery[5])), problem(401, "wrong_code"));
    assert_eq!(anne.log_in(Some(&new[5])), welcome());
    assert_eq!(anne.status()["recovery_codes_left"], 9);
}

#[test]
fn after_five_wrong_codes_none_is_looked_at_for_a_quarter_of_an_hour() {
    let anne = Person::with_factor();
    anne.site.pass(HALF_MINUTE);
    let wrong = anne.wrong();
    (0..4).for_each(|_| assert_eq!(anne.log_in(Some(&wrong)), problem(401, "wrong_code")));
    assert_eq!(anne.log_in(Some(&anne.code())), welcome(), "a right one makes the others forgotten");
    anne.site.pass(HALF_MINUTE);
    (0..5).for_each(|_| assert_eq!(anne.log_in(Some(&wrong)), problem(401, "wrong_code")));
    let body = json!({ "username": "anne", "password": PASSWORD, "code": anne.code() });
    let locked = anne.site.post("/api/auth/login", "", &body);
    assert_eq!(said(&locked), problem(429, "second_factor_locked"));
    assert_eq!(locked.headers("Retry-After"), ["900"]);
    anne.site.pass(Duration::from_secs(899));
    assert_eq!(anne.log_in(Some(&anne.recovery[0])), problem(429, "second_factor_locked"));
    anne.site.pass(Duration::from_secs(1));
    assert_eq!(anne.log_in(Some(&anne.recovery[0])), welcome());
}

#[test]
fn it_is_removed_by_password_and_code_only() {
    let anne = Person::with_factor();
    let remove = |password: &str, code: &str| {
        said(&anne.change("/remove", &json!({ "password": password, "code": code })))
    };
    assert_eq!(remove("wrong horse battery", &anne.recovery[0]), problem(403, "wrong_password"));
    assert_eq!(remove(PASSWORD, &anne.wrong()), problem(403, "wrong_code"));
    assert_eq!(anne.log_in(None), problem(401, "second_factor_needed"));
    assert_eq!(remove(PASSWORD, &anne.recovery[0]), (204, String::new()));
    assert_eq!(anne.log_in(None), welcome());
    assert_eq!(remove(PASSWORD, &anne.recovery[1]), problem(409, "no_second_factor"));
    assert_eq!(anne.status(), json!({ "is_on": false, "since": null, "recovery_codes_left": 0 }));
}
