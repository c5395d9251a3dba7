//! The WebSocket at `/ws`: books, quotes, trades, candles, status; with a token one's own orders and account.
//!
//! `docs/websocket.md` has the protocol. Each worker of the server has a [`Hub`]: one [`Feed`](feed::Feed)
//! for each topic that somebody there follows, which writes each update once, as the text that all are sent.
//! Each client has a task of its own, and a place in each feed that it follows. What it is to be sent stands
//! in the feed, or in the publication behind it, so a client that stalls takes no memory and delays nobody:
//! it waits alone, at its own session. When it reads again it gets the newest of books, quotes and phases; if
//! it has missed trades, candles or events of its own that are no longer kept, it is closed with that reason.

mod connection;
mod feed;
mod frame;
mod hub;
mod market;
mod message;
mod notices;
mod open;
mod outcome;
mod reader;
mod request;
#[cfg(test)]
mod tests;
mod topic;
mod watch;
mod watched;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web;

use super::endpoint::{Access, Endpoint};
use crate::domain::{Actor, Credential, Problem};
use crate::services::admin::Announcements;
use crate::services::identity::Identity;
use crate::services::market_data::MarketData;
use crate::services::notifications::{NoticeBoard, Notifications};
pub(super) use feed::Bell;
pub(super) use frame::{Format, Frame};
pub(super) use hub::Hub;
pub(super) use open::is_allowed;
pub(super) use outcome::Over;
pub(super) use reader::Reader;
pub(super) use topic::{ListingTopic, Topic};
pub(super) use watch::Watch;
pub(super) use watched::Watched;

/// Says who has a token.
pub trait Authenticator: Send + Sync {
    /// Returns who has a token: that of a session, or an API key.
    fn authenticate<'a>(&'a self, token: &'a str) -> Authenticating<'a>;

    /// Returns whose session or key it is, if that goes on. An open connection asks each second, so that it
    /// ends when the session does.
    fn still(&self, credential: Credential) -> Authenticating<'_>;
}

impl Authenticator for Identity {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authenticating<'a> {
        Box::pin(Self::authenticate(self, token))
    }

    fn still(&self, credential: Credential) -> Authenticating<'_> {
        Box::pin(Self::still(self, credential))
    }
}

/// A token that is being looked at.
pub type Authenticating<'a> = Pin<Box<dyn Future<Output = Result<Actor, Problem>> + Send + 'a>>;

/// What a connection may do, and who may open one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsConfig {
    /// The pages that may open one, by their origin as `https://example.com`; `*` is all. Pages of this
    /// server itself may, and programs, which have no origin.
    pub origins: Vec<String>,
    /// Whether everybody must show a token.
    pub requires_token: bool,
    /// Subscriptions at a time.
    pub subscriptions_max: usize,
    /// Messages a second that a client may send; for a moment five times as many.
    pub messages_per_second: u32,
    /// Bytes of a message that a client sends.
    pub message_bytes_max: usize,
}

impl Default for WsConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            requires_token: false,
            subscriptions_max: 100,
            messages_per_second: 20,
            message_bytes_max: 4_096,
        }
    }
}

/// What the WebSocket is made of.
#[derive(Clone)]
pub struct WsParts {
    /// Market data.
    pub market_data: Arc<MarketData>,
    /// What everybody is told; without it, that is nothing.
    pub announcements: Option<Arc<Announcements>>,
    /// What people are told; without it, nobody is told anything.
    pub notices: Option<NoticeParts>,
    /// Who says who has a token; without one, everybody is anonymous.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// What connections may do.
    pub config: Arc<WsConfig>,
}

/// Where people's notices come from.
#[derive(Debug, Clone)]
pub struct NoticeParts {
    /// What shows new ones.
    pub board: Arc<NoticeBoard>,
    /// Who says who may see them.
    pub notifications: Arc<Notifications>,
}

impl std::fmt::Debug for WsParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WsParts").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Returns the route; whoever registers it adds what it needs by [`provide`]. It decides by itself who may
/// use it, since a token may come in the first message.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::at("/ws").get(Access::Public, open::open)
}

/// Gives the route of this worker what it needs.
pub(super) fn provide(config: &mut web::ServiceConfig, parts: &WsParts) {
    config.app_data(web::Data::new(Hub::new(parts.clone())));
}
