//! Why a live market cannot go on, or takes no request.

use bearpit_core::exchange::{BuildError, MarketError};
use bearpit_core::kernel::{InjectError, ReplayError};
use bearpit_core::participant::{MarketFault, RequestError};
use bearpit_core::units::SimTime;
use thiserror::Error;

use super::record::UnknownRecord;
use super::state::UnknownState;
use crate::domain::ClientOrderId;
use crate::store::journal::{PayloadTooLarge, SegmentFault};

/// Why a live market cannot go on.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The market itself cannot.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A record does not fit into the journal.
    #[error(transparent)]
    Record(#[from] PayloadTooLarge),
    /// The market does not take a request of its own: a halt, a re-opening.
    #[error("the market's own request was not taken: {0}")]
    OwnRequest(InjectError<RequestError>),
    /// The market cannot be opened.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Why a market does not take a request; nothing was done then.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NotTaken {
    /// The day is over, the request names no participant, or it does not fit into the journal.
    #[error(transparent)]
    Inject(#[from] InjectError<RequestError>),
    /// Another request of this participant has the id.
    #[error("the client order id {:?} was used for another request", .0.as_str())]
    IdInUse(ClientOrderId),
    /// The market is paused: only cancels are taken.
    #[error("the market is paused: orders can be canceled, but not entered")]
    Paused,
}

/// Why an operator's change is not made.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No market is open that could be changed.
    #[error("no market is open: the change was not made")]
    NotOpen,
    /// Virtual time is the time of day.
    #[error("the clock of this market is the wall clock: its speed is that of time")]
    WallClock,
    /// The market cannot go on.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// Why a market cannot be rebuilt from its journal.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// The journal is damaged, or cannot be read.
    #[error(transparent)]
    Segment(#[from] SegmentFault),
    /// The journal was written by another version of this program.
    #[error(transparent)]
    Record(#[from] UnknownRecord),
    /// The opening state was written by another version of this program.
    #[error(transparent)]
    State(#[from] UnknownState),
    /// A request does not fit the market that the header describes.
    #[error("record {record}: {cause}")]
    Replay {
        /// Its number, from zero.
        record: u64,
        /// Why.
        cause: ReplayError<RequestError, MarketFault>,
    },
    /// The market did not become what it was: this is a fault of the program, or another program's journal.
    #[error("by {at} the journalled market had {journalled}, but the one that was rebuilt has {rebuilt}")]
    Diverged {
        /// When.
        at: SimTime,
        /// What the journal says.
        journalled: String,
        /// What was found.
        rebuilt: String,
    },
    /// The market cannot go on.
    #[error(transparent)]
    Live(#[from] LiveError),
}
