//! [`AdminServer`]: what an operator does to a running market, from the same machine.
//!
//! It listens on the loopback interface only, on a port of the system's choice, and takes requests that bear
//! a token. Both are in a file of the data directory that the process's user alone can read: whoever can read
//! that could also change the journal.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpResponse, web};
use serde_json::{Value, json};

use super::answers::{ok, problem};
use super::dialect::Dialect;
use super::instruments::Metrics;
use super::server::{Server, ServerConfig};
use super::token::{Token, TokenFile};
use crate::domain::{Problem, ProblemKind};
use crate::services::admin::{Action, By, Operations};
use crate::services::channels::Channels;

/// What is done to a running market, and how it is.
pub trait Operator: Send + Sync {
    /// Returns how the market is, at once.
    fn status(&self) -> Value;

    /// Does something; ready when it is durable.
    fn act(&self, action: Action) -> Acting;

    /// Returns how the channels are.
    fn channels(&self) -> Telling;
}

/// What is told once it is known.
pub type Telling = Pin<Box<dyn Future<Output = Result<Value, Problem>> + Send>>;

/// An action while it is carried out.
pub type Acting = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>>;

/// What an operator has: the market and the channels of a process.
#[derive(Debug)]
pub struct OperatorDesk {
    /// The market.
    pub operations: Operations,
    /// The channels.
    pub channels: Arc<Channels>,
}

/// How many dead letters an operator is shown.
const LETTERS: u32 = 50;

impl Operator for OperatorDesk {
    fn status(&self) -> Value {
        self.operations.status().to_json()
    }

    fn act(&self, action: Action) -> Acting {
        let operations = self.operations.clone();
        Box::pin(async move { operations.act(By::Operator, action, None).await })
    }

    fn channels(&self) -> Telling {
        let channels = Arc::clone(&self.channels);
        Box::pin(async move {
            let view = channels.view(LETTERS).await?;
            // Fails for maps with keys that are no texts only.
            Ok(serde_json::to_value(view).unwrap_or_default())
        })
    }
}

/// The server of the operator.
#[derive(Debug)]
pub struct AdminServer {
    server: Server,
    file: TokenFile,
}

/// What the server allows.
const CONFIG: ServerConfig = ServerConfig {
    workers: 1,
    connections: 64,
    body_bytes_max: 4_096,
    request_timeout: Duration::from_secs(5),
    keep_alive: Duration::from_secs(5),
};

/// What the handlers share.
struct Desk {
    operator: Arc<dyn Operator>,
    token: Token,
}

impl AdminServer {
    /// Starts to listen, and writes where into the data directory.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(data: &Path, metrics: Arc<Metrics>, operator: Arc<dyn Operator>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let token = Token::draw()?;
        let file = TokenFile::write(data, listener.local_addr()?, &token)?;
        let desk = web::Data::new(Desk { operator, token });
        let routes = move |config: &mut web::ServiceConfig| add(config, &desk);
        let server = Server::with_routes(listener, CONFIG, metrics, routes)?;
        Ok(Self { server, file })
    }

    /// Stops, and removes the file that says where it listens.
    ///
    /// # Errors
    /// What the server failed with.
    pub async fn stop(self, grace: Duration) -> io::Result<()> {
        self.file.remove();
        self.server.stop(grace).await
    }
}

fn add(config: &mut web::ServiceConfig, desk: &web::Data<Desk>) {
    let status = web::resource("/status")
        .route(web::get().to(status))
        .default_service(web::to(|| async { Dialect::Native.not_allowed("GET") }));
    let action = web::resource("/action")
        .route(web::post().to(act))
        .default_service(web::to(|| async { Dialect::Native.not_allowed("POST") }));
    let channels = web::resource("/channels")
        .route(web::get().to(channels))
        .default_service(web::to(|| async { Dialect::Native.not_allowed("GET") }));
    let nothing = web::to(|| async { Dialect::Native.not_found("") });
    let scope =
        web::scope("/admin").service(status).service(action).service(channels).default_service(nothing);
    config.app_data(desk.clone()).service(scope.wrap(from_fn(authorize)));
    config.default_service(web::to(|| async { Dialect::Native.not_found("") }));
}

async fn authorize(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    let desk = request.app_data::<web::Data<Desk>>();
    let is_operator = given.zip(desk).is_some_and(|(given, desk)| desk.token.is(given));
    if is_operator {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let message = "the token of the data directory's file is needed";
    Ok(request.into_response(problem(Problem::new(ProblemKind::Unauthenticated, "unauthorized", message))))
}

async fn status(desk: web::Data<Desk>) -> HttpResponse {
    ok(&desk.operator.status())
}

async fn channels(desk: web::Data<Desk>) -> HttpResponse {
    match desk.operator.channels().await {
        Ok(view) => ok(&view),
        Err(why) => problem(why),
    }
}

async fn act(desk: web::Data<Desk>, body: web::Bytes) -> HttpResponse {
    let action: Action = match serde_json::from_slice(&body) {
        Ok(action) => action,
        Err(fault) => return problem(Problem::new(ProblemKind::Malformed, "bad_action", fault)),
    };
    // With the token this is worth a line each, whatever the level of the others.
    let outcome = desk.operator.act(action.clone()).await;
    tracing::info!(?action, is_done = outcome.is_ok(), "operator");
    match outcome {
        Ok(()) => ok(&json!({ "done": action })),
        Err(why) => problem(why),
    }
}
