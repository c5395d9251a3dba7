//! [`Record`]: what the journal of a live market says.

use bearpit_core::kernel::{Injected, Speed};
use bearpit_core::participant::Request;
use bearpit_core::units::SimTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::ClientOrderId;

/// One record of a journal: what cannot be computed from what was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A request from outside, and when it came in.
    Request {
        /// The request.
        entry: Box<Injected<Request>>,
        /// The id that its sender gave it.
        client: Option<ClientOrderId>,
    },
    /// The market had been stepped to a time. What it published until then may have been seen, so whoever
    /// recovers must step at least as far before taking a request.
    Clock(Progress),
    /// How the market keeps in step with the wall clock has changed.
    Pace {
        /// How far the market had come.
        progress: Progress,
        /// The change.
        change: PaceChange,
    },
    /// A request that stopped the market was taken out of it: a market that is rebuilt leaves it away.
    Voided {
        /// The number of its record, from zero.
        record: u64,
    },
    /// A part of what the market leaves to the next; the parts stand before the record that it has settled.
    Left(Vec<u8>),
    /// The market was closed, at the end of the day or before, and its accounts were settled.
    Settled {
        /// When.
        at: SimTime,
        /// The digest of all facts: a market that is rebuilt has the same.
        digest: [u8; 32],
    },
}

/// How far a market has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The virtual time.
    pub at: SimTime,
    /// How many events had been delivered: a market that is rebuilt has delivered as many.
    pub events: u64,
}

/// A change of how a market keeps in step with the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaceChange {
    /// An operator made it.
    Operator(Control),
    /// Virtual time has caught up with the wall clock for the first time: what was before, nobody could trade
    /// in.
    InStep,
    /// Virtual time is so far behind the wall clock that trading is halted until it has caught up.
    OutageBegan,
    /// Virtual time has caught up; an auction ends the halt.
    OutageEnded,
}

/// What an operator can change about how a market keeps in step with the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Virtual time stands still; orders can be canceled, but not entered.
    Pause,
    /// Virtual time goes on.
    Resume,
    /// Virtual time runs this fast.
    Speed(Speed),
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
