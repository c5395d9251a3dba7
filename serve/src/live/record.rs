//! [`Record`]: what the journal of a live market says.

use bearpit_core::kernel::Injected;
use bearpit_core::participant::Request;
use bearpit_core::units::SimTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One record of a journal: what cannot be computed from what was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A request from outside, and when it came in.
    Request(Box<Injected<Request>>),
    /// The market had been stepped to a time. What it published until then may have been seen, so whoever
    /// recovers must step at least as far before taking a request.
    Clock {
        /// The virtual time.
        at: SimTime,
        /// How many events had been delivered: a market that is rebuilt has delivered as many.
        events: u64,
    },
    /// The day was over and its accounts were settled.
    Settled {
        /// The digest of all facts: a market that is rebuilt has the same.
        digest: [u8; 32],
    },
}

/// Bytes that are no record of this program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the journal has a record that this program does not know")]
pub struct UnknownRecord;

impl Record {
    /// Writes it as the payload of a frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Fails for sequences of unknown length only, which no record has.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads the payload of a frame.
    ///
    /// # Errors
    /// [`UnknownRecord`] if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnknownRecord> {
        postcard::from_bytes(bytes).map_err(|_| UnknownRecord)
    }
}
