//! An issuer of ID tokens on loopback, with keys of the tests' own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::harness::Site;
use crate::config::{OutsideClient, OutsideProvider};
use crate::domain::Secret;

/// A key that signs tokens.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) kid: &'static str,
    pub(super) algorithm: Algorithm,
    encoding: EncodingKey,
}

/// What stands before the 32 bytes of a private key in PKCS #8: of Ed25519, and of P-256.
const ED_HEAD: [u8; 16] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20];
const EC_HEAD: [u8; 35] = [
    0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86, 0x48, 0xCE,
    0x3D, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
];

impl Key {
    pub(super) fn ed(kid: &'static str, seed: u8) -> Self {
        let encoding = EncodingKey::from_ed_der(&[ED_HEAD.as_slice(), &[seed; 32]].concat());
        Self { kid, algorithm: Algorithm::EdDSA, encoding }
    }

    pub(super) fn ec(kid: &'static str, seed: u8) -> Self {
        let encoding = EncodingKey::from_ec_der(&[EC_HEAD.as_slice(), &[seed; 32]].concat());
        Self { kid, algorithm: Algorithm::ES256, encoding }
    }

    pub(super) fn rsa(kid: &'static str) -> Self {
        let encoding = EncodingKey::from_rsa_der(include_bytes!("../../../../tests/oidc/rsa.der"));
        Self { kid, algorithm: Algorithm::RS256, encoding }
    }

    pub(super) fn short_rsa(kid: &'static str) -> Self {
        let encoding = EncodingKey::from_rsa_der(include_bytes!("../../../../tests/oidc/rsa-short.der"));
        Self { kid, algorithm: Algorithm::RS256, encoding }
    }

    /// Returns its public half, as an issuer publishes it.
    pub(super) fn public(&self) -> Value {
        let mut key =
            serde_json::to_value(Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap()).unwrap();
        key["kid"] = json!(self.kid);
        key["use"] = json!("sig");
        key
    }

    /// Returns the header of its tokens.
    pub(super) fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "typ": "JWT", "kid": self.kid })
    }

    /// Signs a header and claims, whatever they are.
    pub(super) fn sign_text(&self, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", part(&header.to_string()), part(claims));
        let signature = crypto::sign(message.as_bytes(), &self.encoding, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_text(&self.header(), &claims.to_string())
    }
}

pub(super) fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// What the issuer was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: String,
}

#[derive(Default)]
struct Shared {
    /// What is answered by path; a path without an answer is never answered.
    answers: HashMap<String, Vec<u8>>,
    asked: Vec<Asked>,
    held: Vec<TcpStream>,
    is_over: bool,
}

/// A server that answers as an issuer does, or as it should not.
pub(super) struct Issuer {
    pub(super) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    /// Is told whenever something was asked.
    news: Arc<Condvar>,
    thread: Option<JoinHandle<()>>,
}

pub(super) const JWKS: &str = "/jwks";
pub(super) const TOKEN: &str = "/token";
pub(super) const DISCOVERY: &str = "/.well-known/openid-configuration";
pub(super) const SECRET: &str = "s3cret & more";

impl Issuer {
    /// Starts one with keys.
    pub(super) fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Mutex<Shared>>::default();
        let news = Arc::<Condvar>::default();
        let (of_thread, tell) = (Arc::clone(&shared), Arc::clone(&news));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.lock().unwrap().is_over {
                    break;
                }
                serve(stream.unwrap(), &of_thread);
                tell.notify_all();
            }
        });
        let issuer = Self { address, shared, news, thread: Some(thread) };
        issuer.publish(keys, "max-age=300");
        issuer.describe(&json!({}));
        issuer
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn answer(&self, path: &str, status: u16, headers: &str, body: &str) {
        let text = format!(
            "HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.shared.lock().unwrap().answers.insert(path.to_owned(), text.into_bytes());
    }

    /// Never answers what is asked at a path.
    pub(super) fn hang(&self, path: &str) {
        self.shared.lock().unwrap().answers.remove(path);
    }

    pub(super) fn publish(&self, keys: &[&Key], cache_control: &str) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        let headers = format!("Cache-Control: public, {cache_control}\r\n");
        self.answer(JWKS, 200, &headers, &json!({ "keys": keys }).to_string());
    }

    /// Says what it is, with some of it changed.
    pub(super) fn describe(&self, changes: &Value) {
        let url = self.url();
        let mut metadata = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}{TOKEN}"),
            "jwks_uri": format!("{url}{JWKS}"),
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        self.answer(DISCOVERY, 200, "", &metadata.to_string());
    }

    /// Returns what was asked at a path so far.
    pub(super) fn asked(&self, path: &str) -> Vec<Asked> {
        self.shared.lock().unwrap().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Waits until something is asked at a path.
    pub(super) fn wait_until_asked(&self, path: &str) {
        let shared = self.shared.lock().unwrap();
        let is_asked = |shared: &mut Shared| shared.asked.iter().any(|asked| asked.path == path);
        let patience = Duration::from_secs(60);
        let (shared, waited) = self.news.wait_timeout_while(shared, patience, |it| !is_asked(it)).unwrap();
        drop(shared);
        assert!(!waited.timed_out(), "nobody asks at {path}");
    }

    /// Is away from now on: nobody listens at its address.
    pub(super) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.lock().unwrap().is_over = true;
        // Wakes the thread, which ends.
        TcpStream::connect(self.address).unwrap();
        thread.join().unwrap();
    }

    /// Returns it as a provider of logins, and of tokens for `app`.
    pub(super) fn provider(&self) -> OutsideProvider {
        OutsideProvider {
            name: "school".to_owned(),
            label: "School".to_owned(),
            issuer: self.url(),
            client: Some(OutsideClient {
                id: "bearpit client".to_owned(),
                secret: Some(Secret::new(SECRET.to_owned())),
            }),
            audiences: vec!["app".to_owned()],
            jwks_url: None,
            algorithms: vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            needs_auth_time: false,
            emulator: None,
        }
    }

    /// Returns the claims of a good token for `app`, good for an hour.
    pub(super) fn claims(&self, site: &Site, subject: &str) -> Value {
        let now = site.now().seconds();
        json!({
            "iss": self.url(), "aud": "app", "sub": subject, "iat": now, "exp": now + 3_600,
            "auth_time": now - 10, "preferred_username": subject,
        })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads a request, and answers what is to be answered: one a connection.
fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let mut shared = shared.lock().unwrap();
    let answer = shared.answers.get(&path).cloned();
    shared.asked.push(Asked { path, head, body: String::from_utf8(body).unwrap() });
    match answer {
        Some(answer) => {
            drop(shared);
            // Whoever has asked may have gone.
            reader.get_mut().write_all(&answer).ok();
        }
        None => shared.held.push(reader.into_inner()),
    }
}
