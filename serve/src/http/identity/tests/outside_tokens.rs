//! Tokens of another provider as credentials of requests.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::harness::{Answer, Site, access, bearer, config};
use super::issuer::{DISCOVERY, Issuer, JWKS, Key, part};
use crate::config::{OutsideProvider, Registration};
use crate::domain::{Credential, Role, UserId};
use crate::store::database::{Statement, args};

fn site_of(provider: OutsideProvider) -> Site {
    let mut config = config();
    config.outside = vec![provider];
    Site::with(config)
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
}

fn ask(site: &Site, token: &str) -> (u16, String) {
    said(&site.me(&bearer(token)))
}

const GOOD: (u16, String) = (200, String::new());

fn refused() -> (u16, String) {
    (401, "invalid_token".to_owned())
}

fn away() -> (u16, String) {
    (503, "provider_unavailable".to_owned())
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[test]
fn a_token_makes_its_person_once_and_has_them_trade_and_nothing_else() {
    let keys = [Key::rsa("r"), Key::ec("c", 3), Key::ed("e", 5)];
    let issuer = Issuer::start(&[&keys[0], &keys[1], &keys[2]]);
    let site = site_of(issuer.provider());
    let mut claims = issuer.claims(&site, "anne");
    claims["email"] = json!("Anne@Example.org");
    claims["email_verified"] = json!(true);
    let first = site.me(&bearer(&keys[0].sign(&claims)));
    assert_eq!((first.status, first.text("username")), (200, "anne".to_owned()), "{}", first.body);
    assert_eq!(first.json()["scopes"], json!(["read", "trade"]));
    assert_eq!(
        (first.text("mail"), first.json()["mail_verified"].as_bool()),
        ("anne@example.org".to_owned(), Some(true))
    );
    assert!(first.json().get("session_id").is_none() && first.json().get("key_id").is_none());
    assert_eq!(site.newcomers.0.lock().unwrap().len(), 1);
    // By any of its keys, and for any of its lifetimes, it is the same person.
    for key in &keys[1..] {
        let again = site.me(&bearer(&key.sign(&with(&claims, "aud", json!(["app"])))));
        assert_eq!((again.status, again.text("user_id")), (200, first.text("user_id")), "{}", again.body);
    }
    let other = site.me(&bearer(&keys[0].sign(&issuer.claims(&site, "bert"))));
    assert_ne!(other.text("user_id"), first.text("user_id"));
    assert_eq!(site.newcomers.0.lock().unwrap().len(), 2);
    // A session is not needed for what people do, and an operator's rights never come along.
    let headers = bearer(&keys[0].sign(&claims));
    assert_eq!(
        site.key(&keys[0].sign(&claims), &["read"])["secret"].as_str().map(|it| &it[..4]),
        Some("bpk_")
    );
    let listed = site.get("/api/auth/identities", &headers).json();
    assert_eq!(listed["identities"][0]["subject"], "anne");
    assert_eq!(listed["identities"][0]["provider"], json!({ "name": "school", "label": "School" }));
    let out = site.post("/api/auth/logout", &headers, &Value::Null);
    assert_eq!(said(&out), (409, "outside_token".to_owned()));
    assert_eq!(ask(&site, &keys[0].sign(&claims)), GOOD);
}

#[test]
fn an_administrator_is_an_ordinary_person_with_a_token_from_elsewhere() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "olga"));
    let user: UserId = site.me(&bearer(&token)).text("user_id").parse().unwrap();
    let promote = Statement::new("UPDATE users SET role = 'admin' WHERE id = $1");
    site.block_on(site.database.execute(promote, args![user])).unwrap();
    site.pass(Duration::from_secs(2));
    let actor = site.block_on(site.identity.authenticate(&token)).unwrap();
    assert_eq!((actor.role, actor.scopes.to_string().as_str()), (Role::User, "read trade"));
}

/// Returns tokens that are wrong, each in its own way.
#[expect(clippy::too_many_lines, reason = "a list")]
fn forged(site: &Site, issuer: &Issuer, rsa: &Key, other: (&Issuer, &Key)) -> Vec<(&'static str, String)> {
    let good = issuer.claims(site, "anne");
    let now = site.now().seconds();
    let token = rsa.sign(&good);
    let mut parts = token.split('.');
    let [head, body, signature] = [(); 3].map(|()| parts.next().unwrap());
    let claims = |name: &str, value: Value| rsa.sign(&with(&good, name, value));
    let header =
        |name: &str, value: Value| rsa.sign_text(&with(&rsa.header(), name, value), &good.to_string());
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        rsa.sign(&claims)
    };
    let public = URL_SAFE_NO_PAD.decode(rsa.public()["n"].as_str().unwrap()).unwrap();
    let hs256 = |secret: &[u8]| {
        let head = json!({ "alg": "HS256", "typ": "JWT", "kid": "r" });
        let message = format!("{}.{}", part(&head.to_string()), part(&good.to_string()));
        let key = EncodingKey::from_secret(secret).unwrap();
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    };
    let (other_issuer, other_key) = other;
    let named =
        |key: &Key, kid: &str| key.sign_text(&with(&key.header(), "kid", json!(kid)), &good.to_string());
    let thief = Key::ed("r", 66);
    let embedded = with(&thief.header(), "jwk", thief.public());
    let located = with(&thief.header(), "jku", json!(format!("{}{JWKS}", other_issuer.url())));
    let certified = with(&thief.header(), "x5u", json!(format!("{}/cert", other_issuer.url())));
    let twice = good.to_string().replacen('{', "{\"sub\":\"bert\",", 1);
    vec![
        ("no signature", format!("{}.{body}.", part(r#"{"alg":"none","typ":"JWT","kid":"r"}"#))),
        ("no signature, oddly written", format!("{}.{body}.", part(r#"{"alg":"nOnE","kid":"r"}"#))),
        (
            "no signature, one beside it",
            format!("{}.{body}.{signature}", part(r#"{"alg":"none","kid":"r"}"#)),
        ),
        ("signature left out", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{token}.{signature}")),
        ("the public key as a secret", hs256(&public)),
        ("the public key as a secret, as text", hs256(rsa.public()["n"].as_str().unwrap().as_bytes())),
        ("the empty algorithm", header("alg", json!(""))),
        ("an algorithm the issuer does not use", header("alg", json!("RS512"))),
        ("the algorithm of another key", header("alg", json!("ES256"))),
        ("an unknown key", header("kid", json!("unknown"))),
        ("no key", header("kid", Value::Null)),
        ("an empty key", header("kid", json!(""))),
        ("a key that is a path", header("kid", json!("../../dev/null"))),
        ("the type of an access token", header("typ", json!("at+jwt"))),
        ("crit that is not known", header("crit", json!(["b64"]))),
        ("crit that is empty", header("crit", json!([]))),
        ("the key of another issuer", named(other_key, other_key.kid)),
        ("the key of another issuer by a known name", named(other_key, "r")),
        ("another issuer's word with this issuer's name", other_key.sign(&good)),
        ("a key of one's own in the header", thief.sign_text(&embedded, &good.to_string())),
        ("the address of a key of one's own", thief.sign_text(&located, &good.to_string())),
        ("the address of a certificate of one's own", thief.sign_text(&certified, &good.to_string())),
        (
            "another payload",
            format!("{head}.{}.{signature}", part(&good.to_string().replace("anne", "bert"))),
        ),
        ("another signature", format!("{head}.{body}.{}", part("signature"))),
        ("a signature with a tail", format!("{token}A")),
        ("a padded signature", format!("{token}==")),
        ("another audience", claims("aud", json!("another"))),
        ("the login's audience", claims("aud", json!("bearpit client"))),
        ("another audience besides", claims("aud", json!(["app", "another"]))),
        ("no audience in a list", claims("aud", json!([]))),
        ("two of ours and nobody named", claims("aud", json!(["app", "app"]))),
        ("made for another client", claims("azp", json!("another"))),
        ("another issuer", claims("iss", json!("https://id.example.org"))),
        ("the issuer with a slash", claims("iss", json!(format!("{}/", issuer.url())))),
        ("issuers in a list", claims("iss", json!([issuer.url()]))),
        ("expired just now", claims("exp", json!(now))),
        ("expired long ago", claims("exp", json!(1))),
        ("an end that is a text", claims("exp", json!("2099-01-01"))),
        ("an end beyond numbers", claims("exp", json!(1e300))),
        ("good for two days", claims("exp", json!(now + 2 * 86_400))),
        ("issued in the future", claims("iat", json!(now + 61))),
        (
            "issued after its end",
            rsa.sign(&with(&with(&good, "iat", json!(now + 30)), "exp", json!(now + 20))),
        ),
        ("not good yet", claims("nbf", json!(now + 61))),
        ("logged in in the future", claims("auth_time", json!(now + 61))),
        ("nobody", claims("sub", json!(""))),
        ("a number", claims("sub", json!(7))),
        ("a name with a zero in it", claims("sub", json!("an\0ne"))),
        ("a name that is too long", claims("sub", json!("a".repeat(256)))),
        ("two subjects", rsa.sign_text(&rsa.header(), &twice)),
        ("without exp", without("exp")),
        ("without iat", without("iat")),
        ("without sub", without("sub")),
        ("without aud", without("aud")),
        ("without iss", without("iss")),
        ("claims that are a list", rsa.sign_text(&rsa.header(), "[]")),
        ("claims that are none", rsa.sign_text(&rsa.header(), "{")),
        ("more than 8 KiB", claims("picture", json!("a".repeat(9_000)))),
    ]
}

#[test]
fn what_is_forged_lets_nobody_in_and_asks_nobody_else() {
    let (rsa, other_key) = (Key::rsa("r"), Key::ec("o", 9));
    let (issuer, other) = (Issuer::start(&[&rsa]), Issuer::start(&[&other_key]));
    let second = OutsideProvider { name: "other".to_owned(), ..other.provider() };
    let mut config = config();
    config.outside = vec![issuer.provider(), second];
    let site = Site::with(config);
    let forged = forged(&site, &issuer, &rsa, (&other, &other_key));
    assert!(forged.len() >= 50);
    for (what, token) in forged {
        assert_eq!(ask(&site, &token), refused(), "{what}: {token}");
    }
    assert_eq!(*site.newcomers.0.lock().unwrap(), []);
    assert!(other.asked(JWKS).is_empty() && other.asked("/cert").is_empty());
    // Where keys are, a good token may say: it is not looked at.
    let good = issuer.claims(&site, "anne").to_string();
    let odd = with(&rsa.header(), "jku", json!(format!("{}{JWKS}", other.url())));
    assert_eq!(ask(&site, &rsa.sign_text(&odd, &good)), GOOD);
    assert!(other.asked(JWKS).is_empty());
    assert_eq!(issuer.asked(JWKS).len(), 1, "unknown keys are asked for once a minute");
}

#[test]
fn an_issuer_that_must_say_when_somebody_logged_in_is_held_to_it() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(OutsideProvider { needs_auth_time: true, ..issuer.provider() });
    let mut claims = issuer.claims(&site, "anne");
    assert_eq!(ask(&site, &key.sign(&claims)), GOOD);
    claims.as_object_mut().unwrap().remove("auth_time");
    assert_eq!(ask(&site, &key.sign(&claims)), refused());
}

#[test]
fn keys_are_asked_for_as_seldom_as_can_be_and_change() {
    let (old, new) = (Key::ed("old", 1), Key::ed("new", 2));
    let issuer = Issuer::start(&[&old]);
    let site = site_of(issuer.provider());
    let [by_old, by_new] = [&old, &new].map(|key| key.sign(&issuer.claims(&site, "anne")));
    for _ in 0..5 {
        assert_eq!(ask(&site, &by_old), GOOD);
    }
    assert_eq!((issuer.asked(JWKS).len(), issuer.asked(DISCOVERY).len()), (1, 1));
    issuer.publish(&[&old, &new], "max-age=300");
    assert_eq!(ask(&site, &by_new), refused(), "keys were asked for this minute");
    site.pass(Duration::from_secs(60));
    assert_eq!((ask(&site, &by_new), issuer.asked(JWKS).len()), (GOOD, 2));
    for number in 0..50 {
        let stranger = with(&new.header(), "kid", json!(format!("k{number}")));
        let token = new.sign_text(&stranger, &issuer.claims(&site, "anne").to_string());
        assert_eq!(ask(&site, &token), refused());
    }
    assert_eq!(issuer.asked(JWKS).len(), 2);
    // A key that is withdrawn counts until what was said of it ends, and no longer.
    issuer.publish(&[&new], "max-age=600");
    site.pass(Duration::from_secs(299));
    assert_eq!((ask(&site, &by_old), issuer.asked(JWKS).len()), (GOOD, 2));
    site.pass(Duration::from_secs(1));
    assert_eq!((ask(&site, &by_old), issuer.asked(JWKS).len()), (refused(), 3));
    assert_eq!((ask(&site, &by_new), issuer.asked(JWKS).len()), (GOOD, 3));
    // What must not be kept is kept for a minute all the same, and what is kept forever for a day.
    issuer.publish(&[&new], "no-store");
    site.pass(Duration::from_secs(600));
    assert_eq!((ask(&site, &by_new), issuer.asked(JWKS).len()), (GOOD, 4));
    site.pass(Duration::from_secs(59));
    assert_eq!((ask(&site, &by_new), issuer.asked(JWKS).len()), (GOOD, 4));
    issuer.publish(&[&new], "max-age=99999999");
    site.pass(Duration::from_secs(1));
    assert_eq!((ask(&site, &by_new), issuer.asked(JWKS).len()), (GOOD, 5));
    site.pass(Duration::from_hours(24));
    let later = new.sign(&issuer.claims(&site, "anne"));
    assert_eq!((ask(&site, &later), issuer.asked(JWKS).len()), (GOOD, 6));
}

#[test]
fn an_issuer_that_stops_is_done_without_for_an_hour() {
    let key = Key::ed("e", 5);
    let mut issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&with(&issuer.claims(&site, "anne"), "exp", json!(site.now().seconds() + 40_000)));
    assert_eq!(ask(&site, &token), GOOD);
    issuer.stop();
    site.pass(Duration::from_secs(300 + 3_599));
    assert_eq!(ask(&site, &token), GOOD);
    site.pass(Duration::from_secs(1));
    let answer = site.me(&bearer(&token));
    assert_eq!((said(&answer), answer.headers("retry-after")), (away(), vec!["10"]));
    // Nobody else is kept from anything.
    assert_eq!(site.me(&access(&site.newcomer("bert"))).status, 200);
}

#[test]
fn an_issuer_that_answers_nonsense_is_away() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "anne"));
    let many: Vec<Value> = (0..65).map(|_| key.public()).collect();
    let secret = json!({ "kty": "oct", "kid": "e", "k": part("secret"), "alg": "HS256" });
    let sets = [
        json!([]),
        json!({ "keys": {} }),
        json!({ "keys": [] }),
        json!({ "keys": [7, "x", { "kty": "EC" }, { "kty": "RSA", "n": "", "e": "" }] }),
        json!({ "keys": [secret] }),
        json!({ "keys": [Key::short_rsa("e").public()] }),
        json!({ "keys": [with(&key.public(), "use", json!("enc"))] }),
        json!({ "keys": [with(&key.public(), "key_ops", json!(["sign"]))] }),
        json!({ "keys": [with(&key.public(), "alg", json!("ES256"))] }),
        json!({ "keys": [key.public(), Key::ed("e", 6).public()] }),
        json!({ "keys": many }),
    ];
    let texts = sets.iter().map(Value::to_string);
    let huge = format!("{{\"keys\":[{}]}}", " ".repeat(2 << 20));
    for text in texts.chain([String::new(), "<html>".to_owned(), huge]) {
        issuer.answer(JWKS, 200, "", &text);
        site.pass(Duration::from_secs(10));
        let start: String = text.chars().take(200).collect();
        assert_eq!(ask(&site, &token), away(), "{start}");
    }
    for status in [301, 404, 500] {
        issuer.answer(JWKS, status, "Location: /jwks2\r\n", &json!({ "keys": [key.public()] }).to_string());
        site.pass(Duration::from_secs(10));
        assert_eq!(ask(&site, &token), away(), "{status}");
    }
    issuer.publish(&[&key], "max-age=300");
    assert_eq!(ask(&site, &token), away(), "it was asked within ten seconds");
    site.pass(Duration::from_secs(10));
    assert_eq!(ask(&site, &token), GOOD);
}

#[test]
fn an_issuer_that_is_slow_is_waited_for_no_longer_than_that_and_by_its_people_alone() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let bert = access(&site.newcomer("bert"));
    issuer.hang(JWKS);
    let token = key.sign(&issuer.claims(&site, "anne"));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&site, &token));
        issuer.wait_until_asked(JWKS);
        assert_eq!(site.me(&bert).status, 200);
        assert_eq!(waiting.join().unwrap(), away());
    });
}

#[test]
fn what_an_issuer_says_of_itself_is_not_believed_for_others() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "anne"));
    for changes in [
        json!({ "issuer": "https://id.example.org" }),
        json!({ "issuer": format!("{}/", issuer.url()) }),
        json!({ "jwks_uri": "http://id.example.org/jwks" }),
        json!({ "token_endpoint": "ftp://127.0.0.1/" }),
        json!({ "authorization_endpoint": 7 }),
    ] {
        issuer.describe(&changes);
        site.pass(Duration::from_secs(10));
        assert_eq!(ask(&site, &token), away(), "{changes}");
    }
    assert!(issuer.asked(JWKS).is_empty());
}

#[test]
fn a_token_ends_when_it_says_and_at_once_when_its_person_is_blocked() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "anne"));
    let actor = site.block_on(site.identity.authenticate(&token)).unwrap();
    let Credential::Outside(_) = actor.credential else { panic!("{actor:?}") };
    let goes_on = || site.block_on(site.identity.still(actor.credential)).is_ok();
    assert!(goes_on());
    site.block_on(site.identity.block(actor.user)).unwrap();
    site.pass(Duration::from_secs(1));
    assert!(!goes_on());
    assert_eq!(ask(&site, &token), refused());
    site.block_on(site.identity.unblock(actor.user)).unwrap();
    site.pass(Duration::from_secs(1));
    assert!(goes_on());
    site.pass(Duration::from_secs(3_597));
    assert!(goes_on());
    assert_eq!(ask(&site, &token), GOOD);
    site.pass(Duration::from_secs(1));
    assert!(!goes_on(), "a connection that is open ends with its token");
    assert_eq!(ask(&site, &token), refused());
}

#[test]
fn who_has_a_second_factor_logs_in_here() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "anne"));
    let headers = bearer(&token);
    // There is no password: the login is not older than ten minutes.
    let begun = site.post("/api/auth/second-factor", &headers, &json!({ "password": "" }));
    assert_eq!(begun.status, 201, "{}", begun.body);
    let secret = totp_rs::Secret::try_from_base32(begun.text("secret")).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = app.generate(site.now().seconds().try_into().unwrap()).to_string();
    let on = site.post("/api/auth/second-factor/confirm", &headers, &json!({ "code": code }));
    assert_eq!(on.status, 200, "{}", on.body);
    site.pass(Duration::from_secs(1));
    assert_eq!(ask(&site, &token), (401, "second_factor_needed".to_owned()));
}

#[test]
fn a_login_that_is_long_ago_is_no_password() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let begin = |claims: &Value| {
        said(&site.post("/api/auth/second-factor", &bearer(&key.sign(claims)), &json!({ "password": "x" })))
    };
    let claims = issuer.claims(&site, "anne");
    let now = site.now().seconds();
    let too_old = (403, "login_too_old".to_owned());
    assert_eq!(begin(&with(&claims, "auth_time", json!(now - 601))), too_old);
    let mut silent = claims.clone();
    silent.as_object_mut().unwrap().remove("auth_time");
    assert_eq!(begin(&silent), too_old);
    assert_eq!(begin(&with(&claims, "auth_time", json!(now - 600))).0, 201);
    // Whoever sets a password has one from then on.
    let body = json!({ "current_password": "", "new_password": "correct horse battery" });
    let set = site.post("/api/auth/password", &bearer(&key.sign(&claims)), &body);
    assert_eq!(set.status, 204, "{}", set.body);
    assert_eq!(begin(&claims), (403, "wrong_password".to_owned()));
}

#[test]
fn a_mail_address_that_is_known_links_nothing() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let anne = site.newcomer("anne");
    site.verify(&anne, "anne@example.org");
    let mut claims = issuer.claims(&site, "anne");
    claims["email"] = json!("anne@example.org");
    claims["email_verified"] = json!(true);
    let came = site.me(&bearer(&key.sign(&claims)));
    assert_ne!(came.text("user_id"), site.me(&access(&anne)).text("user_id"));
    assert_eq!((came.json()["mail"].is_null(), came.json()["mail_verified"].as_bool()), (true, Some(false)));
    assert!(came.text("username").starts_with("anne-"), "{}", came.body);
    // One that the issuer has not verified is not taken, nor is a text for a truth.
    for (subject, verified) in [("b", json!(false)), ("c", json!("true")), ("d", Value::Null)] {
        let mut claims = issuer.claims(&site, subject);
        claims["email"] = json!(format!("{subject}@example.org"));
        claims["email_verified"] = verified;
        assert!(site.me(&bearer(&key.sign(&claims))).json()["mail"].is_null());
    }
}

#[test]
fn names_from_elsewhere_become_names_of_here() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    for (number, (preferred, name, expected)) in [
        (Some("anne.b@example.org"), None, "anne.b"),
        (None, Some("Bert van Tol"), "Bert.van.Tol"),
        (Some("x"), None, "trader"),
        (Some("日本"), Some("Carl"), "trader-"),
        (Some("admin"), None, "admin-"),
        (Some("anne.b"), None, "anne.b-"),
        (Some("a-name-that-is-longer-than-others"), None, "a-name-that-is-longe"),
        (Some("<script>"), None, "script"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = issuer.claims(&site, &format!("s{number}"));
        claims["preferred_username"] = json!(preferred);
        claims["name"] = json!(name);
        let username = site.me(&bearer(&key.sign(&claims))).text("username");
        let is_fitting = match expected.strip_suffix('-') {
            Some(start) => username.strip_prefix(start).is_some_and(|rest| rest.len() == 9),
            None => username == expected,
        };
        assert!(is_fitting, "{username}, not {expected}");
    }
}

#[test]
fn nobody_new_comes_where_an_operator_makes_every_account() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let mut config = config();
    config.registration = Registration::Closed;
    config.outside = vec![issuer.provider()];
    let site = Site::with(config);
    assert_eq!(ask(&site, &key.sign(&issuer.claims(&site, "anne"))), (403, "registration_closed".to_owned()));
    assert_eq!(*site.newcomers.0.lock().unwrap(), []);
}

#[test]
fn who_has_left_is_not_brought_back_by_a_token_from_before() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let claims = issuer.claims(&site, "anne");
    let token = key.sign(&claims);
    let anne = site.block_on(site.identity.authenticate(&token)).unwrap();
    site.block_on(site.people.erase(anne.user, site.now())).unwrap().unwrap();
    assert_eq!(site.block_on(site.people.identities(anne.user)).unwrap(), []);
    site.pass(Duration::from_secs(2));
    assert_eq!(ask(&site, &token), refused());
    let now = site.now().seconds();
    // A token of the same login that was made later is of before, too.
    let renewed = with(&with(&claims, "iat", json!(now)), "exp", json!(now + 3_600));
    assert_eq!(ask(&site, &key.sign(&renewed)), refused());
    let again = site.me(&bearer(&key.sign(&with(&renewed, "auth_time", json!(now)))));
    assert_eq!(again.status, 200, "{}", again.body);
    assert_ne!(again.text("user_id"), anne.user.to_string());
}

#[test]
fn many_who_come_at_once_with_one_token_are_one_person() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(issuer.provider());
    let token = key.sign(&issuer.claims(&site, "anne"));
    let ids: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..8).map(|_| scope.spawn(|| site.me(&bearer(&token)).text("user_id"))).collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((site.newcomers.0.lock().unwrap().len(), issuer.asked(JWKS).len()), (1, 1));
}

#[test]
fn a_client_of_a_login_takes_no_tokens_unless_its_operator_says_so() {
    let key = Key::ed("e", 5);
    let issuer = Issuer::start(&[&key]);
    let site = site_of(OutsideProvider { audiences: Vec::new(), ..issuer.provider() });
    let token = key.sign(&with(&issuer.claims(&site, "anne"), "aud", json!("bearpit client")));
    assert_eq!(ask(&site, &token), refused());
    assert!(issuer.asked(DISCOVERY).is_empty());
}
