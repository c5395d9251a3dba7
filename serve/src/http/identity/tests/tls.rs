//! A server with TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use super::harness::{Answer, PASSWORD, Site};

fn pem() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls")
}

/// Asks by TLS, trusting the certificate of the tests alone.
fn post(site: &Site, path: &str, body: &str) -> Answer {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem().join("cert.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(site.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let form = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{form}{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that closes without saying so in TLS has still answered.
    stream.read_to_end(&mut answer).ok();
    Answer::read(&String::from_utf8(answer).unwrap())
}

#[test]
fn who_asks_by_tls_is_answered_with_cookies_of_this_host_alone() {
    let site = Site::with_tls(&pem());
    let body = json!({ "username": "anne", "password": PASSWORD }).to_string();
    assert_eq!(post(&site, "/register", &body).status, 201);
    let answer = post(&site, "/login?cookie=true", &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cookies = answer.headers("Set-Cookie");
    assert_eq!(cookies.len(), 3);
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-bearpit_") && cookie.contains("; Secure"), "{cookie}");
    }
}

#[test]
fn plain_http_is_not_answered_by_a_server_with_tls() {
    let site = Site::with_tls(&pem());
    let mut stream = TcpStream::connect(site.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream.write_all(b"GET /api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}
