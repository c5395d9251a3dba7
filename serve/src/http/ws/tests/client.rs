//! A server over a market whose facts are made by hand, and clients of it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Error, HandshakeError, WebSocket, client};

use crate::domain::{Actor, Credential, Problem, ProblemKind, Role, Scopes, SessionId, UserId};
use crate::http::{
    Authenticating, Authenticator, Metrics, NoticeParts, Server, ServerConfig, WsConfig, WsParts,
};
use crate::publication::PublicationConfig;
use crate::services::market_data::fixture::Hand;

/// No wait of a test takes longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Those who are believed, by their tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens(pub(super) Mutex<BTreeMap<String, Actor>>);

impl Authenticator for Tokens {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authenticating<'a> {
        let found = self.0.lock().unwrap().get(token).copied();
        let bad = || Problem::new(ProblemKind::Unauthenticated, "bad_token", "this token is not believed");
        Box::pin(async move { found.ok_or_else(bad) })
    }

    fn still(&self, credential: Credential) -> Authenticating<'_> {
        let found = self.0.lock().unwrap().values().find(|it| it.credential == credential).copied();
        let bad = || Problem::new(ProblemKind::Unauthenticated, "bad_token", "this session has ended");
        Box::pin(async move { found.ok_or_else(bad) })
    }
}

pub(super) struct Fixture {
    pub(super) hand: Hand,
    pub(super) tokens: Arc<Tokens>,
    pub(super) server: Server,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(WsConfig::default(), PublicationConfig::default())
    }

    pub(super) fn with(config: WsConfig, publication: PublicationConfig) -> Self {
        Self::with_notices(config, publication, |_| None)
    }

    /// Makes one whose only person may be told something.
    pub(super) fn with_notices(
        config: WsConfig,
        publication: PublicationConfig,
        notices: impl FnOnce(&Actor) -> Option<NoticeParts>,
    ) -> Self {
        let hand = Hand::with(publication);
        let tokens = Arc::new(Tokens::default());
        let actor = Actor {
            user: UserId::draw(),
            account: hand.anne,
            role: Role::User,
            scopes: Scopes::of_role(Role::User),
            credential: Credential::Session(SessionId::draw()),
        };
        tokens.0.lock().unwrap().insert("anne's".to_owned(), actor);
        let parts = WsParts {
            announcements: None,
            notices: notices(&actor),
            market_data: Arc::new(hand.plain_service()),
            authenticator: Some(Arc::clone(&tokens) as Arc<dyn Authenticator>),
            config: Arc::new(config),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = ServerConfig {
            workers: 1,
            connections: 1_000,
            body_bytes_max: 1_000,
            request_timeout: PATIENCE,
            keep_alive: Duration::from_secs(60),
        };
        let metrics = Arc::new(Metrics::new(Registry::default()));
        let server = Server::start_market_data(listener, server, metrics, &parts).unwrap();
        Self { hand, tokens, server }
    }

    pub(super) fn connect(&self) -> Client {
        let mut client = Client::open(self.server.address(), &[]).unwrap();
        assert_eq!(client.next()["type"], "welcome");
        client
    }

    /// Connects with headers, and returns the status if it is refused.
    pub(super) fn try_connect(&self, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        Client::open(self.server.address(), headers)
    }
}

pub(super) struct Client(pub(super) WebSocket<TcpStream>);

/// Something that a client is told.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Json(Value),
    Closed(u16, String),
}

impl Client {
    fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        match client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    /// Returns what comes next, as text, or why the connection is closed.
    pub(super) fn told_text(&mut self) -> Result<String, (u16, String)> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Ok(text.as_str().to_owned()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(frame)) => {
                    let CloseFrame { code, reason } = frame.unwrap();
                    return Err((code.into(), reason.to_string()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Returns what comes next, as text that is not read.
    pub(super) fn next_text(&mut self) -> String {
        self.told_text().unwrap()
    }

    /// Returns what comes next.
    pub(super) fn told(&mut self) -> Told {
        match self.told_text() {
            Ok(text) => Told::Json(serde_json::from_str(&text).unwrap()),
            Err((code, reason)) => Told::Closed(code, reason),
        }
    }

    pub(super) fn next(&mut self) -> Value {
        match self.told() {
            Told::Json(json) => json,
            closed @ Told::Closed(..) => panic!("{closed:?}"),
        }
    }

    /// Says something, and returns the answer: the next message that is of no channel, or says what was done.
    pub(super) fn ask(&mut self, text: &str) -> Value {
        self.say(text);
        loop {
            let json = self.next();
            let kind = json["type"].as_str().unwrap();
            if ["subscribed", "unsubscribed", "error", "pong", "authenticated"].contains(&kind) {
                return json;
            }
        }
    }

    /// Returns why the connection is closed, whatever comes before that.
    pub(super) fn closed(&mut self) -> (u16, String) {
        loop {
            if let Told::Closed(code, reason) = self.told() {
                return (code, reason);
            }
        }
    }
}
