//! [`CancelToken`]: asks runs to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks runs to stop; clones share one request.
///
/// A run checks the token every few milliseconds, stops with
/// [`RunError::Interrupted`](super::RunError::Interrupted), and leaves no files.
///
/// ```
/// use bearpit::run::CancelToken;
///
/// let token = CancelToken::default();
/// let in_another_thread = token.clone();
/// in_another_thread.cancel();
/// assert!(token.is_canceled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks all runs that have this token to stop. It cannot be taken back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether runs should stop.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
