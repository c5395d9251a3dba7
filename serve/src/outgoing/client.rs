//! [`Outgoing`]: what this process asks of others over HTTP, with bounds on time and length.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use thiserror::Error;

/// How long a connection may take to stand.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long an answer may take, body included.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest body that is read, in bytes.
const BODY_MAX: usize = 1 << 20;

/// A client of other services. It follows no redirects, trusts the system's authorities and Mozilla's, and
/// waits ten seconds for an answer, of which it reads a mebibyte.
#[derive(Clone)]
pub struct Outgoing(Client);

/// Another service's answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why there is no answer of another service. Whether it has done what it was asked to is not known, unless
/// it was never reached.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OutgoingError {
    /// The client cannot be made, or the request has no form that can be sent.
    #[error("it cannot be asked: {0}")]
    Unfit(String),
    /// There is no connection to it: it has not been asked.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It took longer than ten seconds.
    #[error("it has not answered in {} s", ANSWER_MAX.as_secs())]
    TimedOut,
    /// The connection ended before the answer did.
    #[error("its answer broke off: {0}")]
    BrokeOff(String),
    /// Its answer is longer than a mebibyte.
    #[error("its answer has more than {BODY_MAX} bytes")]
    TooLong,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outgoing")
    }
}

impl Outgoing {
    /// Makes a client.
    ///
    /// # Errors
    /// [`OutgoingError::Unfit`] if its TLS cannot be set up.
    pub fn new() -> Result<Self, OutgoingError> {
        builder()?.build().map(Self).map_err(|error| unfit(&error))
    }

    /// Begins a request, to be completed and [sent](Self::send).
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.0.request(method, url)
    }

    /// Sends a request, and reads its answer, whatever its status.
    ///
    /// # Errors
    /// [`OutgoingError`] if there is none in time, or it is too long.
    pub async fn send(request: RequestBuilder) -> Result<Reply, OutgoingError> {
        let mut response = request.send().await.map_err(|error| of_client(&error))?;
        let body = body_of(&mut response).await?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        Ok(Reply { status, headers, body })
    }
}

/// Returns how a client of TLS trusts others: by the system's authorities, and Mozilla's.
///
/// # Errors
/// If TLS cannot be set up.
pub(crate) fn tls_client() -> Result<ClientConfig, rustls::Error> {
    let mut authorities = RootCertStore::empty();
    authorities.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // What the system has and cannot be read is no authority.
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

impl Reply {
    /// Returns whether it says that all went well.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Reads its body as JSON; of what is not in `T`, nothing is said.
    ///
    /// # Errors
    /// What is wrong with it, without its text.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify())
        })
    }
}

/// Returns what makes a client that follows no redirects, trusts the system's authorities and Mozilla's, and
/// waits so long.
pub(super) fn builder() -> Result<ClientBuilder, OutgoingError> {
    let tls = tls_client().map_err(|error| unfit(&error))?;
    Ok(Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_MAX)
        .timeout(ANSWER_MAX)
        .user_agent(concat!("bearpit-serve/", env!("CARGO_PKG_VERSION"))))
}

pub(super) fn unfit(error: &dyn fmt::Display) -> OutgoingError {
    OutgoingError::Unfit(error.to_string())
}

async fn body_of(response: &mut Response) -> Result<Vec<u8>, OutgoingError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| of_client(&error))? {
        if body.len() + piece.len() > BODY_MAX {
            return Err(OutgoingError::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Takes the client's error without the address that was asked: it may hold a secret.
pub(super) fn of_client(error: &reqwest::Error) -> OutgoingError {
    let text = cause_of(error);
    if error.is_builder() {
        OutgoingError::Unfit(text)
    } else if error.is_connect() {
        OutgoingError::Unreachable(text)
    } else if error.is_timeout() {
        OutgoingError::TimedOut
    } else {
        OutgoingError::BrokeOff(text)
    }
}

/// Returns the text of an error's innermost cause.
pub(crate) fn cause_of(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Serves one connection with a text, and returns its address.
    fn peer(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).unwrap();
            stream.write_all(&answer).unwrap();
        });
        format!("http://{address}/")
    }

    async fn ask(url: &str) -> Result<Reply, OutgoingError> {
        Outgoing::send(Outgoing::new().unwrap().request(Method::GET, url)).await
    }

    fn answer(status: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    #[actix_web::test]
    async fn an_answer_is_read_whatever_its_status_and_no_redirect_is_followed() {
        let reply = ask(&peer(answer("302 Found", b"{\"a\": 1}"))).await.unwrap();
        assert_eq!((reply.status, reply.is_success()), (302, false));
        assert_eq!(reply.json::<serde_json::Value>().unwrap()["a"], 1);
        let reply = ask(&peer(answer("200 OK", b"secret words"))).await.unwrap();
        assert_eq!(reply.json::<u32>().unwrap_err(), "line 1, column 1: Syntax");
    }

    #[actix_web::test]
    async fn a_peer_that_fails_is_an_error_of_its_own() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let unreached = ask(&format!("http://{closed}/")).await.unwrap_err();
        assert!(matches!(unreached, OutgoingError::Unreachable(_)), "{unreached:?}");
        let short = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort".to_vec();
        let broken = ask(&peer(short)).await.unwrap_err();
        assert!(matches!(broken, OutgoingError::BrokeOff(_)), "{broken:?}");
        let long = ask(&peer(answer("200 OK", &vec![b'a'; BODY_MAX + 1]))).await.unwrap_err();
        assert_eq!(long, OutgoingError::TooLong);
        let unfit = ask("no address").await.unwrap_err();
        assert!(matches!(unfit, OutgoingError::Unfit(_)), "{unfit:?}");
    }
}
