//! Logins at another provider.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::harness::{Answer, Site, access, config};
use super::issuer::{DISCOVERY, Issuer, JWKS, Key, TOKEN};
use crate::config::{OutsideClient, OutsideProvider, Registration};
use crate::domain::UserId;

/// A site with an issuer, and a browser that logs in there.
pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) issuer: Issuer,
    pub(super) key: Key,
}

/// A login that has begun.
pub(super) struct Begun {
    pub(super) url: String,
    pub(super) query: BTreeMap<String, String>,
    /// The header with the browser's cookie.
    pub(super) cookie: String,
}

pub(super) const CLIENT: &str = "bearpit client";

/// Returns the value of a cookie that an answer sets.
fn cookie_of(answer: &Answer, name: &str) -> Option<String> {
    let set = answer.headers("set-cookie").into_iter().find(|it| it.starts_with(&format!("{name}=")))?;
    Some(set.split(';').next().unwrap().to_owned())
}

impl Begun {
    pub(super) fn read(url: &str, answer: &Answer) -> Self {
        let (_, query) = url.split_once('?').unwrap();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let cookie = cookie_of(answer, "bearpit_oidc").unwrap();
        Self { url: url.to_owned(), query, cookie: format!("Cookie: {cookie}\r\n") }
    }
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(|issuer| issuer.provider(), |_| {})
    }

    fn with(
        provider: impl Fn(&Issuer) -> OutsideProvider,
        change: impl Fn(&mut crate::config::IdentityConfig),
    ) -> Self {
        let key = Key::ed("e", 5);
        let issuer = Issuer::start(&[&key]);
        let mut config = config();
        config.outside = vec![provider(&issuer)];
        change(&mut config);
        Self { site: Site::with(config), issuer, key }
    }

    fn begin(&self, params: &str) -> Begun {
        let answer = self.site.get(&format!("/api/auth/oidc/school/login{params}"), "");
        assert_eq!(answer.status, 303, "{}", answer.body);
        Begun::read(answer.headers("location")[0], &answer)
    }

    /// Returns the claims of the token for a login.
    pub(super) fn claims(&self, begun: &Begun, subject: &str) -> Value {
        let mut claims = self.issuer.claims(&self.site, subject);
        (claims["aud"], claims["nonce"]) = (json!(CLIENT), json!(begun.query["nonce"]));
        claims
    }

    /// Has the issuer answer a code with a token.
    pub(super) fn grant(&self, claims: &Value) {
        let token = json!({ "access_token": "x", "token_type": "Bearer", "id_token": self.key.sign(claims) });
        self.issuer.answer(TOKEN, 200, "Content-Type: application/json\r\n", &token.to_string());
    }

    /// The provider sends the browser back.
    pub(super) fn back(&self, begun: &Begun, query: &str) -> Answer {
        let state = &begun.query["state"];
        self.site.get(&format!("/api/auth/oidc/school/callback?state={state}&{query}"), &begun.cookie)
    }

    /// Logs somebody in, from the beginning to the end.
    pub(super) fn log_in(&self, subject: &str) -> Answer {
        let begun = self.begin("");
        self.grant(&self.claims(&begun, subject));
        self.back(&begun, "code=c1")
    }
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn refused(code: &str) -> (u16, String) {
    (401, code.to_owned())
}

#[test]
fn a_login_asks_for_a_code_by_the_book_and_exchanges_it_once() {
    let scene = Scene::new();
    let listed = scene.site.get("/api/auth/oidc", "").json();
    assert_eq!(listed, json!({ "providers": [{ "name": "school", "label": "School" }] }));
    let begun = scene.begin("");
    assert!(begun.url.starts_with(&format!("{}/authorize?", scene.issuer.url())), "{}", begun.url);
    let redirect = format!("http://{}/api/auth/oidc/school/callback", scene.site.address);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", &redirect),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(begun.query[name], value);
    }
    // Another login has nothing in common with it.
    let other = scene.begin("");
    for name in ["state", "nonce", "code_challenge"] {
        assert!(begun.query[name].len() == 43 && begun.query[name] != other.query[name], "{name}");
    }
    scene.grant(&scene.claims(&begun, "anne"));
    let answer = scene.back(&begun, "code=c%2B1&session_state=x");
    assert_eq!((answer.status, answer.text("token_type")), (200, "bearer".to_owned()), "{}", answer.body);
    let me = scene.site.me(&access(&answer.json()));
    assert_eq!((me.status, me.text("username")), (200, "anne".to_owned()));
    assert!(answer.headers("set-cookie")[0].starts_with("bearpit_oidc=; "), "the login is forgotten");
    let asked = scene.issuer.asked(TOKEN);
    let form: BTreeMap<String, String> =
        form_urlencoded::parse(asked[0].body.as_bytes()).into_owned().collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    assert_eq!((asked.len(), challenge), (1, begun.query["code_challenge"].clone()));
    assert!((43..=128).contains(&form["code_verifier"].len()));
    let rest = ["grant_type", "code", "redirect_uri"].map(|name| form[name].as_str());
    assert_eq!(rest, ["authorization_code", "c+1", &redirect]);
    // As RFC 6749, section 2.3.1, has it.
    let basic = STANDARD.encode("bearpit+client:s3cret+%26+more");
    assert!(asked[0].head.to_lowercase().contains(&format!("authorization: basic {}", basic.to_lowercase())));
    assert!(!form.contains_key("client_secret") && !begun.cookie.contains(&form["code_verifier"]));
    // The same person comes again; the session is one like others.
    let again = scene.log_in("anne").json();
    let sessions = scene.site.get("/api/auth/sessions", &access(&again)).json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(scene.site.newcomers.0.lock().unwrap().len(), 1);
    let refreshed =
        scene.site.post("/api/auth/refresh", "", &json!({ "refresh_token": again["refresh_token"] }));
    assert_eq!(refreshed.status, 200);
}

#[test]
fn a_client_shows_its_secret_as_the_issuer_takes_it_or_has_none() {
    let scene = Scene::new();
    scene.issuer.describe(&json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] }));
    assert_eq!(scene.log_in("anne").status, 200);
    let form = scene.issuer.asked(TOKEN)[0].clone();
    assert!(form.body.ends_with("client_id=bearpit+client&client_secret=s3cret+%26+more"), "{}", form.body);
    assert!(!form.head.to_lowercase().contains("authorization:"));
    let public = |issuer: &Issuer| OutsideProvider {
        client: Some(OutsideClient { id: CLIENT.to_owned(), secret: None }),
        ..issuer.provider()
    };
    let scene = Scene::with(public, |_| {});
    assert_eq!(scene.log_in("anne").status, 200);
    let form = scene.issuer.asked(TOKEN)[0].clone();
    assert!(
        form.body.ends_with("client_id=bearpit+client")
            && !form.head.to_lowercase().contains("authorization:")
    );
}

#[test]
fn a_browser_comes_back_to_a_page_of_this_server_with_cookies() {
    let scene = Scene::new();
    let begun = scene.begin("?return_to=%2Fportfolio%3Fa%3D1%23b");
    scene.grant(&scene.claims(&begun, "anne"));
    let answer = scene.back(&begun, "code=c1");
    assert_eq!((answer.status, answer.headers("location")), (303, vec!["/portfolio?a=1#b"]));
    let access = cookie_of(&answer, "bearpit_access").unwrap();
    assert_eq!(scene.site.me(&format!("Cookie: {access}\r\n")).status, 200);
    assert!(cookie_of(&answer, "bearpit_refresh").is_some() && cookie_of(&answer, "bearpit_csrf").is_some());
    assert_eq!(cookie_of(&answer, "bearpit_oidc").as_deref(), Some("bearpit_oidc="));
    // Without a page, but with cookies.
    let begun = scene.begin("?cookie=true");
    scene.grant(&scene.claims(&begun, "anne"));
    let answer = scene.back(&begun, "code=c1");
    assert_eq!((answer.status, answer.text("token_type")), (200, "cookie".to_owned()));
    for elsewhere in
        ["https%3A%2F%2Fevil.example.org", "%2F%2Fevil.example.org", "%2F%5Cevil.example.org", "x"]
    {
        let answer = scene.site.get(&format!("/api/auth/oidc/school/login?return_to={elsewhere}"), "");
        assert_eq!((answer.status, answer.code()), (422, "invalid_parameter".to_owned()), "{elsewhere}");
    }
}

#[test]
fn the_server_is_where_its_operator_says() {
    let url = |config: &mut crate::config::IdentityConfig| {
        config.public_url = Some("https://trade.example.org".parse().unwrap());
    };
    let scene = Scene::with(|issuer| issuer.provider(), url);
    let begun = scene.begin("");
    assert_eq!(begun.query["redirect_uri"], "https://trade.example.org/api/auth/oidc/school/callback");
    let scene = Scene::new();
    let answer = scene.site.send(
        "GET /api/auth/oidc/school/login HTTP/1.1\r\nHost: a b/c?\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[test]
fn only_the_browser_that_has_begun_a_login_ends_it_and_in_time() {
    let scene = Scene::new();
    let (begun, other) = (scene.begin(""), scene.begin(""));
    scene.grant(&scene.claims(&begun, "anne"));
    let path = |state: &str| format!("/api/auth/oidc/school/callback?code=c1&state={state}");
    let state = &begun.query["state"];
    let cut = &begun.cookie[..begun.cookie.len() - 4];
    for (path, cookie) in [
        (path(state), String::new()),
        (path(state), other.cookie.clone()),
        (path(&other.query["state"]), begun.cookie.clone()),
        (path(""), begun.cookie.clone()),
        (path(&state[1..]), begun.cookie.clone()),
        ("/api/auth/oidc/school/callback?code=c1".to_owned(), begun.cookie.clone()),
        ("/api/auth/oidc/school/callback".to_owned(), begun.cookie.clone()),
        (path(state), format!("{cut}\r\n")),
        (path(state), "Cookie: bearpit_oidc=x.y\r\n".to_owned()),
        (path(state), format!("Cookie: bearpit_oidc={}\r\n", "a".repeat(4_000))),
    ] {
        assert_eq!(said(&scene.site.get(&path, &cookie)), refused("invalid_state"), "{path} {cookie}");
    }
    let twice = format!("{}&state={state}", path(state));
    assert_eq!(scene.site.get(&twice, &begun.cookie).status, 422);
    let elsewhere = path(state).replace("school", "other");
    assert_eq!(scene.site.get(&elsewhere, &begun.cookie).status, 404);
    assert!(scene.issuer.asked(TOKEN).is_empty());
    scene.site.pass(Duration::from_secs(599));
    assert_eq!(scene.back(&begun, "code=c1").status, 200);
    scene.site.pass(Duration::from_secs(1));
    assert_eq!(said(&scene.back(&begun, "code=c1")), refused("invalid_state"));
    assert_eq!(scene.issuer.asked(TOKEN).len(), 1);
}

#[test]
fn what_the_provider_sends_back_with_is_checked() {
    let scene = Scene::new();
    let begun = scene.begin("");
    scene.grant(&scene.claims(&begun, "anne"));
    for query in ["error=access_denied", "iss=https%3A%2F%2Fid.example.org&code=c1", "x=1"] {
        assert_eq!(said(&scene.back(&begun, query)), refused("login_refused"), "{query}");
    }
    let shown = scene.back(&begun, "error=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(!shown.body.contains('<'), "{}", shown.body);
    let own = form_urlencoded::byte_serialize(scene.issuer.url().as_bytes()).collect::<String>();
    assert_eq!(scene.back(&begun, &format!("iss={own}&code=c1")).status, 200);
    // An issuer that says that it says who it is must say so (RFC 9207).
    let scene = Scene::new();
    scene.issuer.describe(&json!({ "authorization_response_iss_parameter_supported": true }));
    let begun = scene.begin("");
    scene.grant(&scene.claims(&begun, "anne"));
    assert_eq!(said(&scene.back(&begun, "code=c1")), refused("login_refused"));
}

#[test]
fn the_token_of_a_login_is_of_that_login() {
    let scene = Scene::new();
    let (begun, other) = (scene.begin(""), scene.begin(""));
    let good = scene.claims(&begun, "anne");
    let now = scene.site.now().seconds();
    for (name, value) in [
        ("nonce", json!(other.query["nonce"])),
        ("nonce", json!("")),
        ("nonce", Value::Null),
        ("aud", json!("app")),
        ("aud", json!([CLIENT, "app"])),
        ("azp", json!("app")),
        ("iss", json!("https://id.example.org")),
        ("sub", json!("")),
        ("exp", json!(now)),
        ("iat", json!(now + 61)),
        ("auth_time", json!(now + 61)),
    ] {
        let mut claims = good.clone();
        claims[name] = value.clone();
        scene.grant(&claims);
        assert_eq!(said(&scene.back(&begun, "code=c1")), refused("invalid_id_token"), "{name}: {value}");
    }
    let thief = Key::ed("e", 6);
    scene.issuer.answer(TOKEN, 200, "", &json!({ "id_token": thief.sign(&good) }).to_string());
    assert_eq!(said(&scene.back(&begun, "code=c1")), refused("invalid_id_token"));
    assert_eq!(*scene.site.newcomers.0.lock().unwrap(), []);
    scene.grant(&good);
    assert_eq!(scene.back(&begun, "code=c1").status, 200);
}

#[test]
fn a_provider_that_fails_is_said_to_and_the_login_can_be_ended_later() {
    let away = (503, "provider_unavailable".to_owned());
    let mut scene = Scene::new();
    let begun = scene.begin("");
    let good = scene.claims(&begun, "anne");
    for (status, body, expected) in [
        (400, r#"{"error":"invalid_grant"}"#, refused("login_refused")),
        (401, r#"{"error":"invalid_client"}"#, refused("login_refused")),
        (500, "{}", away.clone()),
        (200, "<html>", away.clone()),
        (200, r#"{"access_token":"x"}"#, away.clone()),
        (302, r#"{"id_token":"x"}"#, away.clone()),
        (200, r#"{"id_token":"x"}"#, refused("invalid_id_token")),
    ] {
        scene.issuer.answer(TOKEN, status, "", body);
        assert_eq!(said(&scene.back(&begun, "code=c1")), expected, "{status} {body}");
    }
    scene.issuer.answer(TOKEN, 200, "", &format!("{{\"id_token\":\"{}\"}}", "a".repeat(2 << 20)));
    assert_eq!(said(&scene.back(&begun, "code=c1")), away);
    scene.grant(&good);
    scene.issuer.answer(JWKS, 500, "", "");
    assert_eq!(said(&scene.back(&begun, "code=c1")), away);
    scene.issuer.publish(&[&scene.key], "max-age=300");
    scene.site.pass(Duration::from_secs(10));
    assert_eq!(scene.back(&begun, "code=c1").status, 200);
    scene.issuer.stop();
    assert_eq!(said(&scene.back(&begun, "code=c1")), away);
    let fresh = Scene::with(|issuer| issuer.provider(), |_| {});
    fresh.issuer.answer(DISCOVERY, 404, "", "");
    let answer = fresh.site.get("/api/auth/oidc/school/login", "");
    assert_eq!((said(&answer), answer.headers("set-cookie").len()), (away, 0));
}

#[test]
fn who_is_blocked_or_not_known_here_stays_out() {
    let scene = Scene::new();
    let tokens = scene.log_in("anne").json();
    let user: UserId = scene.site.me(&access(&tokens)).text("user_id").parse().unwrap();
    scene.site.block_on(scene.site.identity.block(user)).unwrap();
    assert_eq!(said(&scene.log_in("anne")), (403, "blocked".to_owned()));
    scene.site.block_on(scene.site.identity.unblock(user)).unwrap();
    assert_eq!(scene.log_in("anne").status, 200);
    let closed = |config: &mut crate::config::IdentityConfig| config.registration = Registration::Closed;
    let scene = Scene::with(|issuer| issuer.provider(), closed);
    assert_eq!(said(&scene.log_in("anne")), (403, "registration_closed".to_owned()));
}

#[test]
fn who_cannot_be_logged_in_with_is_not_listed() {
    let scene = Scene::with(|issuer| OutsideProvider { client: None, ..issuer.provider() }, |_| {});
    assert_eq!(scene.site.get("/api/auth/oidc", "").json()["providers"], json!([]));
    for path in ["school/login", "google/login", "school/callback", "1/callback"] {
        let answer = scene.site.get(&format!("/api/auth/oidc/{path}"), "");
        assert_eq!((answer.status, answer.code()), (404, "unknown_provider".to_owned()), "{path}");
    }
}

#[test]
fn attempts_are_counted_by_address() {
    let few = |config: &mut crate::config::IdentityConfig| config.limits.address_attempts = 3;
    let scene = Scene::with(|issuer| issuer.provider(), few);
    for _ in 0..3 {
        scene.begin("");
    }
    let answer = scene.site.get("/api/auth/oidc/school/login", "");
    assert_eq!(said(&answer), (429, "too_many_attempts".to_owned()));
}

#[test]
fn a_second_factor_is_asked_for_after_a_login_elsewhere_too() {
    let scene = Scene::new();
    let headers = access(&scene.log_in("anne").json());
    let begun = scene.site.post("/api/auth/second-factor", &headers, &json!({ "password": "" }));
    let secret = totp_rs::Secret::try_from_base32(begun.text("secret")).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = || json!({ "code": app.generate(scene.site.now().seconds().try_into().unwrap()).to_string() });
    assert_eq!(scene.site.post("/api/auth/second-factor/confirm", &headers, &code()).status, 200);
    scene.site.pass(Duration::from_secs(30));
    let needed = scene.log_in("anne");
    assert_eq!(said(&needed), refused("second_factor_needed"));
    let cookie = format!("Cookie: {}\r\n", cookie_of(&needed, "bearpit_oidc").unwrap());
    let complete = |cookie: &str, code: &Value| scene.site.post("/api/auth/oidc/second-factor", cookie, code);
    assert_eq!(said(&complete("", &code())), refused("invalid_state"));
    assert_eq!(said(&complete(&cookie, &json!({ "code": "x" }))), refused("wrong_code"));
    let open = complete(&cookie, &code());
    assert_eq!(open.status, 200, "{}", open.body);
    assert_eq!(scene.site.me(&access(&open.json())).text("username"), "anne");
    assert_eq!(said(&complete(&cookie, &code())), refused("wrong_code"), "a code is good once");
    // A browser is told on the page to which it goes.
    scene.site.pass(Duration::from_secs(30));
    let begun = scene.begin("?return_to=%2F");
    scene.grant(&scene.claims(&begun, "anne"));
    let answer = scene.back(&begun, "code=c1");
    assert_eq!((answer.status, answer.headers("location")), (303, vec!["/?second_factor=needed"]));
    assert_eq!(cookie_of(&answer, "bearpit_access"), None);
    let cookie = format!("Cookie: {}\r\n", cookie_of(&answer, "bearpit_oidc").unwrap());
    // The cookie of a login that has begun is not one that lacks a code only.
    assert_eq!(said(&complete(&begun.cookie, &code())), refused("invalid_state"));
    let elsewhere = format!("{cookie}Origin: https://evil.example.org\r\n");
    assert_eq!(complete(&elsewhere, &code()).status, 403);
    let mut in_cookies = code();
    in_cookies["cookie"] = json!(true);
    let open = complete(&cookie, &in_cookies);
    assert_eq!((open.status, cookie_of(&open, "bearpit_access").is_some()), (200, true));
    // Too late.
    let begun = scene.begin("?return_to=%2F");
    scene.grant(&scene.claims(&begun, "anne"));
    let cookie =
        format!("Cookie: {}\r\n", cookie_of(&scene.back(&begun, "code=c1"), "bearpit_oidc").unwrap());
    scene.site.pass(Duration::from_secs(300));
    assert_eq!(said(&complete(&cookie, &code())), refused("invalid_state"));
}
