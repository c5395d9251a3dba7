//! [`Shared`]: what all connections and sessions share; [`Arrival`]: what one hands to the other.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, watch};
use tracing::info;

use super::codec::{Body, Message, Millis, tags, tags::kind};
use super::link::Link;
use super::metrics::FixMetrics;
use super::session::{LogonRequest, Numbers, Session};
use crate::config::FixConfig;
use crate::domain::{AccountId, Actor};
use crate::services::identity::Identity;
use crate::services::market_data::MarketData;
use crate::services::trading::Trading;
use crate::services::wall_now;

/// Returns what time it is.
pub(super) fn now() -> Millis {
    wall_now().nanos() / 1_000_000
}

/// What tells a session from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) account: AccountId,
    /// `SenderCompID`.
    pub(super) sender: String,
}

/// Somebody who was let in.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) link: Link,
    pub(super) message: Message,
    pub(super) request: LogonRequest,
    pub(super) actor: Actor,
}

/// What all connections and sessions share.
pub(super) struct Shared {
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) config: FixConfig,
    pub(super) directory: PathBuf,
    pub(super) identity: Arc<Identity>,
    pub(super) trading: Arc<Trading>,
    pub(super) market_data: Arc<MarketData>,
    pub(super) metrics: FixMetrics,
    pub(super) stopping: watch::Receiver<bool>,
    /// Sessions that have a task, and where their connections go.
    pub(super) desks: Mutex<HashMap<Key, mpsc::Sender<Arrival>>>,
}

impl Shared {
    /// Says why somebody is not let in: outside of any session, so with the number one.
    pub(super) fn refuse(&self, link: &Link, message: &Message, text: &str) {
        self.metrics.refused.inc();
        info!(peer = %link.peer, reason = text, "a logon to FIX was refused");
        let theirs = message.get(tags::SENDER_COMP_ID).unwrap_or("UNKNOWN");
        let mut session = Session::new(&self.config.comp_id, theirs, Numbers::FIRST);
        let mut body = Body::default();
        body.put(tags::TEXT, text);
        let logout = session.send_once(now(), kind::LOGOUT, body);
        link.send(logout.encode(&self.config.comp_id, theirs));
    }
}
