//! [`WallClock`]: what time it is, and how the system's clock differs from that.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Says how much time has passed since 1970. It never goes back, and never jumps while the process runs.
pub trait WallClock: Send + fmt::Debug {
    /// Returns the time since 1970.
    fn now(&self) -> Duration;

    /// Returns what the clock of the system says, which may have been set meanwhile.
    fn system(&self) -> Duration;

    /// Takes the system's clock for right from now on, unless that would go back.
    fn adopt_system(&mut self);
}

/// The clock of the system when the process began, and what has passed since.
///
/// Somebody who sets the clock, and a network that corrects it, would otherwise take a market back to what
/// has happened, or into a gap. [`WallClock::adopt_system`] tells when to follow.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
    at: Duration,
}

impl SystemClock {
    /// Reads the clock of the system.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place where a live market reads a clock")]
    pub fn new() -> Self {
        Self { began: Instant::now(), at: since_1970(SystemTime::now()) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl WallClock for SystemClock {
    fn now(&self) -> Duration {
        self.at + self.began.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where a live market reads a clock")]
    fn system(&self) -> Duration {
        since_1970(SystemTime::now())
    }

    fn adopt_system(&mut self) {
        let system = self.system();
        if system > self.now() {
            *self = Self { at: system, ..Self::new() };
        }
    }
}

/// A clock before 1970 is taken for 1970.
fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Returns an instant to measure from; what is measured so is told to operators, and steers nothing.
#[expect(clippy::disallowed_methods, reason = "this is the one place where a live market reads a clock")]
pub(super) fn instant() -> Instant {
    Instant::now()
}
