//! What the HTTP servers are told of the market.

use crate::driver::MarketHandle;
use crate::http::{Market, Readiness};

/// The market of this process, as the servers see it.
#[derive(Debug, Clone)]
pub(super) struct Served(pub(super) MarketHandle);

impl Market for Served {
    fn readiness(&self) -> Readiness {
        match self.0.status().unavailable() {
            None => Readiness::Ready,
            Some(why) => Readiness::Not { reason: why.code(), message: why.to_string() },
        }
    }
}
