//! [`FixServer`]: listens, lets people in, and hands their connections to their sessions.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tracing::warn;

use super::codec::{Framed, tags::kind};
use super::desk::Desk;
use super::link::Link;
use super::metrics::FixMetrics;
use super::session::{LogonRequest, is_name};
use super::shared::{Arrival, Key, Shared};
use crate::config::FixConfig;
use crate::domain::{Actor, Credential, ProblemKind, Scope};
use crate::services::identity::Identity;
use crate::services::market_data::MarketData;
use crate::services::trading::Trading;

/// How long somebody may take to log on.
const LOGON_MAX: Duration = Duration::from_secs(10);
/// How many connections may wait for their Logon beside those of sessions.
const WAITING_MAX: usize = 64;

/// What the server is made of.
pub struct FixParts {
    /// Where it listens.
    pub listener: TcpListener,
    /// TLS, where the server has that.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// What it allows.
    pub config: FixConfig,
    /// The directory of what sessions keep.
    pub directory: PathBuf,
    /// Who is who.
    pub identity: Arc<Identity>,
    /// What people do in the market.
    pub trading: Arc<Trading>,
    /// What everybody may see of it.
    pub market_data: Arc<MarketData>,
    /// What is counted.
    pub metrics: FixMetrics,
}

impl std::fmt::Debug for FixParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FixParts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A server that speaks FIX until it is stopped.
#[derive(Debug)]
pub struct FixServer {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl FixServer {
    /// Starts it on a thread of its own; sessions with open orders go on at once.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(parts: FixParts) -> io::Result<Self> {
        let FixParts { listener, tls, config, directory, identity, trading, market_data, metrics } = parts;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        fs::create_dir_all(&directory)?;
        let (stop, stopping) = watch::channel(false);
        let desks = Mutex::default();
        let shared =
            Shared { tls, config, directory, identity, trading, market_data, metrics, stopping, desks };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            runtime.block_on(async {
                if let Err(error) = Arc::new(shared).serve(listener).await {
                    warn!(%error, "FIX is served no more");
                }
            });
        };
        let thread = std::thread::Builder::new().name("fix".to_owned()).spawn(serve)?;
        Ok(Self { address, stop, thread })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Logs everybody out, and waits until all sessions are on disk.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let joined = tokio::task::spawn_blocking(move || self.thread.join());
        if !matches!(joined.await, Ok(Ok(()))) {
            warn!("the thread of FIX has panicked");
        }
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, listener: TcpListener) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        self.resume();
        let places = Arc::new(tokio::sync::Semaphore::new(WAITING_MAX));
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                        let shared = Arc::clone(&self);
                        tokio::spawn(async move {
                            shared.welcome(stream, peer).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        warn!(%error, "a connection of FIX cannot be taken");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                _ = stopping.wait_for(|is_over| *is_over) => break,
            }
        }
        // Each ends by itself.
        while !self.desks.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Lets sessions go on that have open orders: what happens to those is written down, whoever is there.
    fn resume(self: &Arc<Self>) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some((account, sender)) = name.to_str().and_then(|name| name.split_once('.')) else {
                continue;
            };
            let Ok(account) = account.parse() else { continue };
            if is_name(sender)
                && let Err(error) = Desk::resume(self, Key { account, sender: sender.to_owned() })
            {
                warn!(%error, "a session of FIX cannot go on");
            }
        }
    }

    /// Waits for the Logon of a connection, and gives it to its session.
    async fn welcome(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let Ok(mut link) = Link::begin(stream, peer, self.tls.as_ref()) else { return };
        let first = tokio::time::timeout(LOGON_MAX, link.inbound.recv()).await;
        let Ok(Some(Framed::Message(message))) = first else { return };
        self.metrics.received.inc();
        let request = match LogonRequest::read(&message, &self.config.comp_id) {
            Ok(request) => request,
            // Whoever begins with something else is not answered.
            Err(_) if message.kind() != kind::LOGON => return,
            Err(fault) => return self.refuse(&link, &message, &fault.text),
        };
        let actor = match self.who(&request).await {
            Ok(actor) => actor,
            Err(text) => return self.refuse(&link, &message, &text),
        };
        let key = Key { account: actor.account, sender: request.sender.clone() };
        let arrival = Arrival { link, message, request, actor };
        let desk = match Desk::of(&self, &key) {
            Ok(desk) => desk,
            Err(text) => return self.refuse(&arrival.link, &arrival.message, &text),
        };
        if let Err(error) = desk.send(arrival).await {
            let arrival = error.0;
            self.refuse(&arrival.link, &arrival.message, "the session has just ended: log on again");
        }
    }

    /// Returns who logs on.
    async fn who(&self, request: &LogonRequest) -> Result<Actor, String> {
        let found = self.identity.authenticate(request.password.expose()).await;
        let nobody = || "Username (553) and Password (554) are no API key and its secret".to_owned();
        let actor = found.map_err(|problem| match problem.kind {
            ProblemKind::Unavailable => problem.message,
            _ => nobody(),
        })?;
        match actor.credential {
            Credential::Key(key) if key.to_string() == request.username => {}
            _ => return Err(nobody()),
        }
        if actor.may(Scope::Read) || actor.may(Scope::Trade) {
            return Ok(actor);
        }
        Err("the API key needs the scope read or trade".to_owned())
    }
}
