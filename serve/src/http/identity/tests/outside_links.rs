//! Identities that people link to their accounts, and remove.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Answer, PASSWORD, access};
use super::outside_logins::{Begun, Scene};

const LINK: &str = "/api/auth/oidc/school/link";

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, if answer.status < 300 { String::new() } else { answer.code() })
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

impl Scene {
    fn begin_link(&self, headers: &str, return_to: Option<&str>) -> Begun {
        let body = json!({ "password": PASSWORD, "return_to": return_to });
        let answer = self.site.post(LINK, headers, &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        Begun::read(&answer.text("url"), &answer)
    }

    /// Links an identity, and returns what is answered in the end.
    fn link(&self, headers: &str, subject: &str) -> Answer {
        let begun = self.begin_link(headers, None);
        self.grant(&self.claims(&begun, subject));
        self.back(&begun, "code=c1")
    }

    /// Registers somebody whose mail address is known to be theirs; returns the header of their session.
    fn verified(&self, name: &str) -> String {
        let tokens = self.site.newcomer(name);
        self.site.verify(&tokens, &format!("{name}@example.org"));
        access(&tokens)
    }

    fn identities(&self, headers: &str) -> Value {
        self.site.get("/api/auth/identities", headers).json()["identities"].clone()
    }

    fn user(&self, headers: &str) -> String {
        self.site.me(headers).text("user_id")
    }
}

#[test]
fn a_person_links_an_identity_logs_in_with_it_and_removes_it() {
    let scene = Scene::new();
    let anne = scene.verified("anne");
    assert_eq!(scene.identities(&anne), json!([]));
    let linked = scene.link(&anne, "anne-there");
    assert_eq!(linked.status, 204, "{}", linked.body);
    assert!(scene.site.mails_to("anne@example.org").pop().unwrap().contains("another way to log in"));
    let identities = scene.identities(&anne);
    assert_eq!((identities.as_array().unwrap().len(), &identities[0]["subject"]), (1, &json!("anne-there")));
    let by_login = access(&scene.log_in("anne-there").json());
    assert_eq!(scene.user(&by_login), scene.user(&anne));
    // It goes back to a page if there is one, and is nobody else's.
    let bert = scene.verified("bert");
    let begun = scene.begin_link(&bert, Some("/settings"));
    scene.grant(&scene.claims(&begun, "anne-there"));
    assert_eq!(said(&scene.back(&begun, "code=c1")), refused(409, "identity_taken"));
    scene.grant(&scene.claims(&begun, "bert-there"));
    let back = scene.back(&begun, "code=c1");
    assert_eq!((back.status, back.headers("location")), (303, vec!["/settings"]));
    // Others remove nothing of hers.
    let path = format!("/api/auth/identities/{}", identities[0]["identity_id"].as_str().unwrap());
    let delete = |headers: &str| said(&scene.site.ask("DELETE", &path, headers, &Value::Null));
    assert_eq!(delete(&bert), refused(404, "unknown_identity"));
    assert_eq!(delete(&anne), (204, String::new()));
    assert_eq!(delete(&anne), refused(404, "unknown_identity"));
    let stranger = access(&scene.log_in("anne-there").json());
    assert_ne!(scene.user(&stranger), scene.user(&anne), "it is somebody else's from then on");
}

#[test]
fn the_last_way_in_stays() {
    let scene = Scene::new();
    let anne = access(&scene.log_in("anne").json());
    let id = scene.identities(&anne)[0]["identity_id"].as_str().unwrap().to_owned();
    let delete =
        || said(&scene.site.ask("DELETE", &format!("/api/auth/identities/{id}"), &anne, &Value::Null));
    assert_eq!(delete(), refused(409, "last_way_in"));
    let body = json!({ "current_password": "", "new_password": PASSWORD });
    assert_eq!(scene.site.post("/api/auth/password", &anne, &body).status, 204);
    assert_eq!(delete(), (204, String::new()));
    let name = scene.site.me(&anne).text("username");
    assert_eq!(scene.site.log_in(&name).status, 200);
}

#[test]
fn who_links_shows_once_more_who_they_are() {
    let scene = Scene::new();
    let tokens = scene.site.newcomer("anne");
    let anne = access(&tokens);
    let link = |headers: &str, body: &Value| said(&scene.site.post(LINK, headers, body));
    let proof = json!({ "password": PASSWORD });
    assert_eq!(link("", &proof), refused(401, "no_credentials"));
    assert_eq!(link(&anne, &json!({ "password": "wrong" })), refused(403, "wrong_password"));
    assert_eq!(link(&anne, &proof), refused(403, "mail_unverified"));
    scene.site.verify(&tokens, "anne@example.org");
    let far = json!({ "password": PASSWORD, "return_to": "//evil.example.org" });
    assert_eq!(link(&anne, &far), refused(422, "invalid_parameter"));
    let unknown = scene.site.post("/api/auth/oidc/google/link", &anne, &proof);
    assert_eq!(said(&unknown), refused(404, "unknown_provider"));
    assert_eq!(link(&anne, &proof), (200, String::new()));
    // A program with a token of elsewhere cannot make another way in.
    let token = scene.key.sign(&scene.issuer.claims(&scene.site, "carl"));
    assert_eq!(link(&super::harness::bearer(&token), &proof), refused(403, "session_needed"));
}

#[test]
fn an_address_that_the_provider_has_not_verified_links_nothing() {
    let scene = Scene::new();
    let anne = scene.verified("anne");
    let begun = scene.begin_link(&anne, None);
    let mut claims = scene.claims(&begun, "anne-there");
    claims["email"] = json!("anne@example.org");
    for verified in [json!(false), Value::Null, json!("true")] {
        claims["email_verified"] = verified;
        scene.grant(&claims);
        assert_eq!(said(&scene.back(&begun, "code=c1")), refused(403, "mail_unverified_there"));
    }
    assert_eq!(scene.identities(&anne), json!([]));
    claims["email_verified"] = json!(true);
    scene.grant(&claims);
    assert_eq!(scene.back(&begun, "code=c1").status, 204);
}

#[test]
fn a_link_ends_with_the_session_that_has_begun_it() {
    let scene = Scene::new();
    let anne = scene.verified("anne");
    let begun = scene.begin_link(&anne, None);
    scene.grant(&scene.claims(&begun, "anne-there"));
    assert_eq!(scene.site.post("/api/auth/logout", &anne, &Value::Null).status, 204);
    assert_eq!(said(&scene.back(&begun, "code=c1")), refused(401, "invalid_token"));
    scene.site.pass(Duration::from_secs(1));
    let anne = access(&scene.site.log_in("anne").json());
    assert_eq!(scene.identities(&anne), json!([]));
}
