//! The clock of whoever measures.

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "this measures")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a process is waited for, or a slower disk played")]
pub(super) fn sleep(span: Duration) {
    std::thread::sleep(span);
}
