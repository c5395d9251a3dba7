//! [`Market`]: what the server has to know of the market.

use std::sync::atomic::{AtomicBool, Ordering};

/// What the server has to know of the market. It must answer at once.
pub trait Market: Send + Sync {
    /// Returns whether it takes orders.
    fn readiness(&self) -> Readiness;

    /// Returns what is away that it can do without for a while: orders are taken meanwhile.
    fn away(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Whether the market takes orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// It does not.
    Not {
        /// Why, as a word for programs: `recovering`, `paused`.
        reason: &'static str,
        /// Why, as a sentence.
        message: String,
    },
}

/// A market that is not ready once the process has been asked to stop, whatever it says itself: so that no
/// load balancer sends anybody to it.
#[derive(Debug, Default)]
pub(super) struct Stopping(AtomicBool);

impl Stopping {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn readiness(&self, market: &dyn Market) -> Readiness {
        if self.has_begun() {
            return Readiness::Not { reason: "stopping", message: "the process is stopping".to_owned() };
        }
        market.readiness()
    }
}
