//! FIX of a process, put together: its listener, and what it answers with.

use std::net::TcpListener;
use std::sync::Arc;

use tracing::{info, warn};

use super::exit::Failure;
use super::serve::failed;
use crate::config::Config;
use crate::fix::{FixMetrics, FixParts, FixServer};
use crate::http::Face;

/// The directory of what sessions keep within the data directory.
const FIX: &str = "fix";

/// A listener, and the TLS of what it listens for.
type Door = (TcpListener, Option<Arc<rustls::ServerConfig>>);

/// Listens for FIX, if it is served.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn listen(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = config.fix.listen else { return Ok(None) };
    let listener = TcpListener::bind(address);
    let listener = listener.map_err(|error| failed(&format!("FIX cannot be served on {address}"), &error))?;
    if config.tls_cert.is_none() && !address.ip().is_loopback() {
        warn!(%address, "FIX without TLS that other machines reach: passwords can be read on the way");
    }
    Ok(Some(listener))
}

/// Starts to answer on a listener, if there is one.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn start(
    config: &Config,
    door: Option<Door>,
    face: &Face,
    metrics: FixMetrics,
) -> Result<Option<FixServer>, Failure> {
    let Some((listener, tls)) = door else { return Ok(None) };
    let has_tls = tls.is_some();
    let server = FixServer::start(FixParts {
        listener,
        tls,
        config: config.fix.clone(),
        directory: config.data.join(FIX),
        identity: Arc::clone(&face.identity),
        trading: Arc::clone(&face.trading),
        market_data: Arc::clone(&face.market_data),
        metrics,
    });
    let server = server.map_err(|error| failed("FIX cannot be served", &error))?;
    info!(address = %server.address(), comp_id = config.fix.comp_id, tls = has_tls, "serving FIX");
    Ok(Some(server))
}
