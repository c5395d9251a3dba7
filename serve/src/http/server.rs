//! [`Server`]: the thread that serves, from its first request to its last.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, HttpServer, rt, web};
use prometheus_client::registry::Registry;

use super::connection::watch;
use super::edge::{Edge, cors};
use super::face::Face;
use super::health::{Market, Stopping};
use super::instruments::Metrics;
use super::market_data;
use super::payments;
use super::routes::{not_found, of_watcher};
use super::shared::{InFlight, Shared};
use super::ws::{self, WsParts};
use crate::domain::Secret;
use crate::services::payments::Sandbox;

/// What a server allows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerConfig {
    /// Threads that answer.
    pub workers: usize,
    /// Connections at a time, of all clients.
    pub connections: usize,
    /// Bytes of a request's body at most.
    pub body_bytes_max: usize,
    /// How long a client may take to send the head of a request.
    pub request_timeout: Duration,
    /// How long a connection stays open between requests.
    pub keep_alive: Duration,
}

/// A server that answers until it is stopped.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    stopping: Arc<Stopping>,
    in_flight: Arc<InFlight>,
    thread: JoinHandle<io::Result<()>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How often it is looked whether the last request has been answered.
const LOOK: Duration = Duration::from_millis(5);

impl Server {
    /// Starts to answer on an edge, such as a listener, which is given so that an address that is taken is
    /// known before anything is started.
    ///
    /// # Errors
    /// What the system says, if it has no threads left.
    pub fn start(
        edge: impl Into<Edge>,
        config: ServerConfig,
        metrics: Arc<Metrics>,
        market: Arc<dyn Market>,
        face: Option<Face>,
    ) -> io::Result<Self> {
        let (watcher, face) = (of_watcher(market), face.map(Face::routes));
        Self::with_routes(edge, config, metrics, move |config| {
            watcher(config);
            if let Some(face) = &face {
                face(config);
            }
        })
    }

    /// Starts to answer what everybody may ask about a market, and its WebSocket, on a listener: the part of
    /// a process that has market data alone.
    ///
    /// # Errors
    /// What the system says, if it has no threads left.
    pub fn start_market_data(
        listener: TcpListener,
        config: ServerConfig,
        metrics: Arc<Metrics>,
        parts: &WsParts,
    ) -> io::Result<Self> {
        let parts = parts.clone();
        Self::with_routes(listener, config, metrics, move |config| {
            market_data::provide(config, &parts.market_data);
            ws::provide(config, &parts);
            let endpoints = market_data::endpoints().into_iter().chain([ws::endpoint()]);
            endpoints.for_each(|endpoint| endpoint.register(config));
            config.default_service(web::to(not_found));
        })
    }

    /// Starts to answer as Webpay would, for a process that plays it itself, on a listener of this machine.
    ///
    /// # Errors
    /// What the system says, if it has no threads left.
    pub fn start_sandbox(
        listener: TcpListener,
        config: ServerConfig,
        sandbox: &Arc<Sandbox>,
        key: &Secret,
    ) -> io::Result<Self> {
        let (sandbox, key) = (Arc::clone(sandbox), key.clone());
        // Its requests are the process's own, and are in no figures.
        let metrics = Arc::new(Metrics::new(Registry::default()));
        Self::with_routes(listener, config, metrics, move |config| {
            payments::sandbox::protocol(config, &sandbox, &key);
        })
    }

    pub(super) fn with_routes(
        edge: impl Into<Edge>,
        config: ServerConfig,
        metrics: Arc<Metrics>,
        routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let edge = edge.into();
        let address = edge.listener.local_addr()?;
        let (stopping, in_flight) = (Arc::<Stopping>::default(), Arc::<InFlight>::default());
        let shared = web::Data::new(Shared {
            metrics,
            stopping: Arc::clone(&stopping),
            in_flight: Arc::clone(&in_flight),
            body_bytes_max: config.body_bytes_max,
        });
        let (started, is_started) = mpsc::sync_channel(1);
        let serve = move || {
            rt::System::new().block_on(async move {
                let running = run(edge, config, shared, routes)?;
                // Nobody waits any more only if whoever started it has ended.
                started.send(running.handle()).ok();
                running.await
            })
        };
        let thread = thread::Builder::new().name("http".to_owned()).spawn(serve)?;
        match is_started.recv() {
            Ok(handle) => Ok(Self { address, handle, stopping, in_flight, thread }),
            Err(_) => Err(joined(thread).err().unwrap_or_else(|| io::Error::other("the server has ended"))),
        }
    }

    /// Returns where it answers.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Is not ready from now on, and closes connections after each answer; it still answers.
    pub fn begin_stopping(&self) {
        self.stopping.begin();
    }

    /// Stops once the requests that are being answered are, or after `grace`. Connections that are open and
    /// wait for another request are no reason to wait.
    ///
    /// # Errors
    /// What the server failed with.
    pub async fn stop(self, grace: Duration) -> io::Result<()> {
        self.stopping.begin();
        let answered = async {
            while self.in_flight.count() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        // After the grace those that are left are cut off.
        tokio::time::timeout(grace, answered).await.ok();
        self.handle.stop(false).await;
        joined(self.thread)
    }
}

/// After what time the system gives a connection up whose client takes nothing of what is sent to it. Without
/// that one would keep its place for ever, however well the rest of the server is guarded.
const STALL_MAX: Duration = Duration::from_secs(20);

/// Sets that on a listener, from which its connections have it.
fn limit_stalls(listener: &TcpListener) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_user_timeout(Some(STALL_MAX)) {
        tracing::debug!(%error, "a connection that stalls is given up later than others");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _: (&TcpListener, Duration) = (listener, STALL_MAX);
}

fn joined(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
}

fn run(
    edge: Edge,
    config: ServerConfig,
    shared: web::Data<Shared>,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<actix_web::dev::Server> {
    let Edge { listener, tls, origins } = edge;
    limit_stalls(&listener);
    let app = move || {
        let limit = web::PayloadConfig::new(config.body_bytes_max);
        let cors = Condition::new(!origins.is_empty(), cors(&origins));
        let app = App::new().app_data(shared.clone()).app_data(limit);
        app.wrap(cors).wrap(from_fn(watch)).configure(routes.clone())
    };
    let server = HttpServer::new(app)
        .workers(config.workers)
        .max_connections(config.connections.div_ceil(config.workers))
        .client_request_timeout(config.request_timeout)
        .keep_alive(config.keep_alive)
        // Signals are the program's.
        .disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}
