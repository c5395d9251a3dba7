//! Payments of a process, put together: the provider that was chosen, and the sandbox if it is that.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tracing::warn;

use super::exit::Failure;
use super::serve::failed;
use crate::config::{Config, PaymentProvider, PaymentsConfig};
use crate::domain::Secret;
use crate::http::{SANDBOX_PAY_PATH, Server, ServerConfig};
use crate::outgoing::Outgoing;
use crate::services::admin::AuditLog;
use crate::services::identity::system_clock;
use crate::services::payments::{Payments, PaymentsParts, Provider, Sandbox, Webpay};
use crate::services::trading::Trading;
use crate::store::database::Database;

/// What payments are made of.
pub(super) struct TillParts<'a> {
    pub(super) config: &'a Config,
    /// What the addresses of the server begin with, if nobody says otherwise.
    pub(super) base: String,
    pub(super) trading: Arc<Trading>,
    pub(super) database: Database,
    pub(super) log: AuditLog,
}

/// Payments, and what plays their provider.
pub(super) struct Till {
    pub(super) payments: Arc<Payments>,
    pub(super) sandbox: Option<Arc<Sandbox>>,
    /// What this process asks then.
    pub(super) server: Option<Server>,
}

/// Puts payments together.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn till(parts: TillParts<'_>) -> Result<Till, Failure> {
    let TillParts { config, base, trading, database, log } = parts;
    let public_url = config.identity.public_url.as_ref().map_or(base, |url| url.text().to_owned());
    let settings = &config.payments;
    let sandbox = match settings.provider {
        PaymentProvider::Sandbox => Some(play(config, &database, &public_url)?),
        PaymentProvider::Webpay | PaymentProvider::Off => None,
    };
    let (provider, sandbox, server): (Option<Webpay>, _, _) = match sandbox {
        Some(Played { client, sandbox, server }) => (Some(client), Some(sandbox), Some(server)),
        None => (webpay(settings)?, None, None),
    };
    let payments = Payments::new(PaymentsParts {
        config: settings.clone(),
        provider: provider.map(|client| Arc::new(client) as Arc<dyn Provider>),
        public_url,
        trading,
        database,
        log,
        clock: system_clock(),
    });
    let payments = payments.map(Arc::new).map_err(|error| failed("payments cannot be taken", &error))?;
    tokio::spawn(Arc::clone(&payments).follow_up());
    Ok(Till { payments, sandbox, server })
}

/// A sandbox that is played, and who asks it.
struct Played {
    client: Webpay,
    sandbox: Arc<Sandbox>,
    server: Server,
}

fn play(config: &Config, database: &Database, public_url: &str) -> Result<Played, Failure> {
    warn!("payments are of the sandbox: no money moves, and everybody can pay");
    let unfit = |error: &dyn std::error::Error| failed("the sandbox of payments cannot be played", error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| unfit(&error))?;
    let address = listener.local_addr().map_err(|error| unfit(&error))?;
    let key = Secret::new(uuid::Uuid::new_v4().simple().to_string());
    let pay_url = format!("{public_url}{SANDBOX_PAY_PATH}");
    let sandbox = Arc::new(Sandbox::new(database.clone(), system_clock(), pay_url));
    let http = config.http;
    let of_server = ServerConfig {
        workers: 1,
        connections: http.connections,
        body_bytes_max: http.body_bytes_max,
        request_timeout: http.request_timeout,
        keep_alive: http.keep_alive,
    };
    let server = Server::start_sandbox(listener, of_server, &sandbox, &key).map_err(|error| unfit(&error))?;
    let outgoing = Outgoing::new().map_err(|error| unfit(&error))?;
    let client = Webpay::new(outgoing, format!("http://{address}"), "sandbox".to_owned(), key);
    Ok(Played { client, sandbox, server })
}

/// Returns the client of Webpay, if that was chosen.
fn webpay(settings: &PaymentsConfig) -> Result<Option<Webpay>, Failure> {
    let PaymentsConfig { environment, commerce_code, api_key, webpay_url, .. } = settings.clone();
    let (Some(environment), Some(code), Some(key)) = (environment, commerce_code, api_key) else {
        return Ok(None);
    };
    let outgoing = Outgoing::new().map_err(|error| failed("Webpay cannot be asked", &error))?;
    Ok(Some(Webpay::new(outgoing, Webpay::base_of(environment, webpay_url.as_ref()), code, key)))
}

/// Returns what the addresses of a server begin with, as a browser of this machine reaches it.
pub(super) fn base_of(address: SocketAddr, has_tls: bool) -> String {
    let scheme = if has_tls { "https" } else { "http" };
    let host = match address.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    };
    format!("{scheme}://{host}:{}", address.port())
}
