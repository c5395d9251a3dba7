//! What the HTTP servers are told of the market.

use crate::driver::MarketHandle;
use crate::http::{Market, Readiness};
use crate::store::people::RedisSessions;

/// The market of this process, as the servers see it.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) handle: MarketHandle,
    /// What keeps sessions, if that is not the database.
    pub(super) sessions: Option<RedisSessions>,
}

impl Market for Served {
    fn readiness(&self) -> Readiness {
        match self.handle.status().unavailable() {
            None => Readiness::Ready,
            Some(why) => Readiness::Not { reason: why.code(), message: why.to_string() },
        }
    }
    fn away(&self) -> &'static [&'static str] {
        match &self.sessions {
            Some(sessions) if sessions.is_away() => &["sessions"],
            _ => &[],
        }
    }
}
