//! [`Wakeup`]: the one message that the kernel itself sends.

use actix::Message;

/// A wake-up call that an actor scheduled for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wakeup {
    /// What the actor gave when it scheduled the call.
    pub tag: u64,
}

impl Message for Wakeup {
    type Result = ();
}
