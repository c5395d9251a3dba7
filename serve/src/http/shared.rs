//! [`Shared`]: what all threads of a server have in common.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::health::Stopping;
use super::instruments::Metrics;

/// What all threads of a server share.
pub(super) struct Shared {
    pub(super) metrics: Arc<Metrics>,
    pub(super) stopping: Arc<Stopping>,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) body_bytes_max: usize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}

/// How many requests are being answered.
#[derive(Debug, Default)]
pub(super) struct InFlight(AtomicUsize);

/// A request that is being answered, as long as this is there.
pub(super) struct Answering(Arc<InFlight>);

impl InFlight {
    pub(super) fn enter(self: &Arc<Self>) -> Answering {
        self.0.fetch_add(1, Ordering::AcqRel);
        Answering(Arc::clone(self))
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
