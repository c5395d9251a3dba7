//! [`ScheduledEvent`]: what happens to a market at a time that is known before it opens.

use crate::market::{OrderTerms, Reference, ValueQuote};
use crate::participant::{Instruction, RequestKind};
use crate::units::{ActorId, InstrumentId, ListingId, SimDuration};

/// What happens to a market at a time that is known before it opens; participants are named.
#[derive(Debug, Clone, PartialEq)]
pub enum ScheduledEvent {
    /// Trading halts until it is reopened; at all books if no listing is named.
    Halt {
        /// Where.
        listing: Option<ListingId>,
    },
    /// A halt ends with an auction.
    Reopen {
        /// Where; at all that are halted if no listing is named.
        listing: Option<ListingId>,
        /// How long the auction lasts.
        auction: SimDuration,
    },
    /// A participant's orders are canceled, and it can send none until it is unblocked.
    Block {
        /// Who.
        participant: String,
        /// Why, for the tape.
        reason: Reference,
    },
    /// A participant may trade again.
    Unblock {
        /// Who.
        participant: String,
    },
    /// An instrument whose value follows a market outside is quoted there.
    Quote {
        /// The instrument.
        instrument: InstrumentId,
        /// What it is worth there.
        quote: ValueQuote,
    },
    /// An order is sent in a participant's name.
    Submit {
        /// Whose.
        participant: String,
        /// Where.
        listing: ListingId,
        /// What.
        terms: OrderTerms,
    },
}

impl ScheduledEvent {
    /// Returns the request that it is, with participants found by name; or the name that is not found.
    pub(super) fn request(self, find: impl Fn(&str) -> Option<ActorId>) -> Result<RequestKind, String> {
        let known = |name: String| find(&name).ok_or(name);
        Ok(match self {
            Self::Halt { listing } => RequestKind::Halt { listing },
            Self::Reopen { listing, auction } => RequestKind::Reopen { listing, auction },
            Self::Block { participant, reason } => {
                RequestKind::Block { participant: known(participant)?, reason }
            }
            Self::Unblock { participant } => RequestKind::Unblock { participant: known(participant)? },
            Self::Quote { instrument, quote } => RequestKind::Quote { instrument, quote, is_forced: false },
            Self::Submit { participant, listing, terms } => RequestKind::Instruct {
                participant: known(participant)?,
                instruction: Instruction::Submit { listing, terms },
            },
        })
    }
}
