//! [`Edge`]: where a server meets the outside: its listener, TLS, and pages of other origins.

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use rustls::ServerConfig as TlsConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tracing::warn;

use super::connection::REQUEST_ID;
use crate::config::{Config, WebOrigin};

/// Where a server meets the outside.
pub struct Edge {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsConfig>,
    pub(super) origins: Vec<WebOrigin>,
}

/// A server cannot meet the outside.
#[derive(Debug, Error)]
pub enum EdgeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A file of TLS cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file of TLS has something else.
    #[error("{}: {error}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: pem::Error,
    },
    /// A file of certificates has none.
    #[error("{}: there is no certificate in it", .0.display())]
    NoCertificate(PathBuf),
    /// Certificate and key do not fit.
    #[error("{}: the certificate cannot be used with its key: {error}", path.display())]
    Tls {
        /// The file of the certificate.
        path: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
}

impl From<TcpListener> for Edge {
    /// Plain HTTP, for pages of this server.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, origins: Vec::new() }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Edge {
    /// Opens what the configuration says, and warns of plain HTTP that other machines reach.
    ///
    /// # Errors
    /// [`EdgeError`].
    pub fn open(config: &Config) -> Result<Self, EdgeError> {
        let tls = match (&config.tls_cert, &config.tls_key) {
            (Some(certificate), Some(key)) => Some(tls(certificate, key)?),
            _ => None,
        };
        let address = config.listen;
        let listener = TcpListener::bind(address).map_err(|error| EdgeError::Listen { address, error })?;
        if tls.is_none() && !address.ip().is_loopback() {
            warn!("===============================================================================");
            warn!(%address, "PLAIN HTTP that other machines reach: passwords and tokens can be read on the way");
            warn!("===============================================================================");
        }
        Ok(Self { listener, tls, origins: config.identity.cors_origins.clone() })
    }

    /// Returns where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Returns the TLS that it has, for what else listens.
    #[must_use]
    pub fn tls(&self) -> Option<Arc<TlsConfig>> {
        self.tls.clone().map(Arc::new)
    }

    /// Returns whether it has TLS.
    #[must_use]
    pub const fn has_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// Reads a certificate with those up to its root, and its key.
fn tls(certificate: &Path, key: &Path) -> Result<TlsConfig, EdgeError> {
    let read = |path: &Path| fs::read(path).map_err(|error| EdgeError::Io { path: path.to_owned(), error });
    let pem = |path: &Path, error| EdgeError::Pem { path: path.to_owned(), error };
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| pem(certificate, error))?;
    if chain.is_empty() {
        return Err(EdgeError::NoCertificate(certificate.to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| pem(key, error))?;
    let unfit = |error| EdgeError::Tls { path: certificate.to_owned(), error };
    // The provider is named, so that no other one of the process is asked for.
    TlsConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(unfit)
}

/// Returns what tells browsers which pages of other origins may use the API.
pub(super) fn cors(origins: &[WebOrigin]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE])
        .allowed_headers(
            ["x-api-key", "x-account", "x-csrf-token", "idempotency-key"].map(HeaderName::from_static),
        )
        .allowed_header(REQUEST_ID)
        .expose_headers([RETRY_AFTER, REQUEST_ID])
        .max_age(600);
    if origins.iter().any(WebOrigin::is_any) {
        // Without cookies: any page could act for its visitor.
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors.supports_credentials(), |cors, origin| cors.allowed_origin(origin.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_certificate_or_key_say_which() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
        let said = || tls(&certificate, &key).unwrap_err().to_string();
        assert!(said().contains("cert.pem"), "{}", said());
        fs::write(&certificate, "x").unwrap();
        assert!(said().contains("cert.pem: there is no certificate in it"), "{}", said());
        fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(said().contains("key.pem"), "{}", said());
        fs::write(&key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        assert!(said().contains("cannot be used with its key"), "{}", said());
    }
}
