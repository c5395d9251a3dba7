//! Access tokens that are wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::harness::{Site, access, bearer, config};
use crate::config::{JwtAlgorithm, JwtSecret};

const KEY: &str = "q7Fz0Yk2mXv9Lr4Tn8Wb3Jd6Hs1Pc5Ga";

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Signs any header and claims.
fn signed(key: &str, algorithm: Algorithm, header: &Value, claims: &str) -> String {
    let message = format!("{}.{}", part(&header.to_string()), part(claims));
    let key = EncodingKey::from_secret(key.as_bytes()).unwrap();
    let signature = crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn hs256(claims: &Value) -> String {
    signed(KEY, Algorithm::HS256, &json!({ "alg": "HS256", "typ": "JWT" }), &claims.to_string())
}

fn with(claims: &Value, name: &str, value: Value) -> String {
    let mut claims = claims.clone();
    claims[name] = value;
    hs256(&claims)
}

fn without(claims: &Value, name: &str) -> String {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    hs256(&claims)
}

/// Returns tokens that are wrong, each in its own way, for the claims of one that is right.
fn wrong(good: &str, claims: &Value, stranger: &str) -> Vec<String> {
    let now = claims["iat"].as_i64().unwrap();
    let text = claims.to_string();
    let hs = |header: Value| signed(KEY, Algorithm::HS256, &header, &text);
    let mut parts = good.split('.');
    let [head, body, signature] = [(); 3].map(|()| parts.next().unwrap());
    let twice = text.replacen('{', &format!("{{\"sub\":\"{stranger}\","), 1);
    vec![
        // No signature, or not that of this key and algorithm.
        format!("{}.{body}.", part(r#"{"alg":"none","typ":"JWT"}"#)),
        format!("{}.{body}.", part(r#"{"alg":"None"}"#)),
        format!("{}.{body}.{signature}", part(r#"{"alg":"none"}"#)),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        signed("another secret, just as long, it is", Algorithm::HS256, &json!({ "alg": "HS256" }), &text),
        signed(KEY, Algorithm::HS384, &json!({ "alg": "HS384" }), &text),
        signed(KEY, Algorithm::HS512, &json!({ "alg": "HS512" }), &text),
        hs(json!({ "alg": "EdDSA" })),
        hs(json!({ "alg": "RS256" })),
        hs(json!({ "alg": "HS256", "crit": ["x"] })),
        hs(json!({ "alg": "HS256", "b64": false, "crit": ["b64"] })),
        hs(json!({ "typ": "JWT" })),
        // Not the claims that were signed.
        format!("{head}.{}.{signature}", part(&text.replace("bearpit", "Bearpit"))),
        format!("{head}.{body}.{}", part("signature")),
        format!("{head}.{body}.{signature}A"),
        format!("{head}.{body}.{signature}=="),
        // Claims of somebody else, or of another time.
        with(claims, "exp", json!(now)),
        with(claims, "exp", json!("2099-01-01")),
        with(claims, "iat", json!(now + 3_600)),
        with(claims, "iss", json!("https://accounts.example.org")),
        with(claims, "aud", json!("another")),
        with(claims, "sub", json!(stranger)),
        with(claims, "sub", json!("anne")),
        with(claims, "sid", json!(stranger)),
        without(claims, "exp"),
        without(claims, "iss"),
        without(claims, "aud"),
        without(claims, "sub"),
        without(claims, "sid"),
        signed(KEY, Algorithm::HS256, &json!({ "alg": "HS256" }), &twice),
        signed(KEY, Algorithm::HS256, &json!({ "alg": "HS256" }), "[]"),
        // Garbage.
        "..".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(3_000),
        format!("{good}.{good}"),
        good[1..].to_owned(),
    ]
}

#[test]
fn wrong_tokens_let_nobody_in() {
    let mut config = config();
    config.jwt_secret = Some(JwtSecret::new(KEY.to_owned()));
    let site = Site::with(config);
    let tokens = site.newcomer("anne");
    let stranger = site.newcomer("bert");
    let good = tokens["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    // What is made here is right where nothing is wrong.
    assert_eq!(site.me(&bearer(&hs256(&claims))).status, 200);
    let stranger = site.me(&access(&stranger)).text("user_id");
    let wrong = wrong(good, &claims, &stranger);
    assert!(wrong.len() >= 30);
    for token in wrong {
        let answer = site.me(&bearer(&token));
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{token}");
    }
    // A session that has ended, and one that is refreshed with what is no refresh token.
    site.post("/api/auth/logout", &access(&tokens), &Value::Null);
    assert_eq!(site.me(&bearer(good)).status, 401);
    assert_eq!(site.me(&bearer(tokens["refresh_token"].as_str().unwrap())).status, 401);
}

#[test]
fn by_default_tokens_are_signed_by_a_key_of_the_data_directory() {
    let site = Site::start();
    let tokens = site.newcomer("anne");
    let token = tokens["access_token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, json!({ "typ": "JWT", "alg": "EdDSA" }));
    assert!(site.data().join("identity.key").exists());
    // The public key as a secret of HS256: the algorithm is the key's, not the token's.
    let forged = signed(&token[..40], Algorithm::HS256, &json!({ "alg": "HS256" }), "{}");
    assert_eq!(site.me(&bearer(&forged)).status, 401);
    let mut config = config();
    config.jwt_secret = Some(JwtSecret::new(KEY.to_owned()));
    config.jwt_algo = Some(JwtAlgorithm::EdDsa);
    let other = Site::with(config);
    let tokens = other.newcomer("anne");
    assert_eq!((other.me(&access(&tokens)).status, site.me(&access(&tokens)).status), (200, 401));
}
