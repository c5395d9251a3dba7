//! Requests from outside the world, and their answers.

use thiserror::Error;

use super::config::ParticipantConfig;
use super::limits::AccountLimits;
use super::operator::OperatorRefusal;
use super::value_quotes::QuoteRefusal;
use crate::account::{AccountError, FundingRefusal};
use crate::kernel::{ActorSpec, JoinRefusal, LatencyError, RequestTag};
use crate::market::{
    AuctionAction, AuctionRefusal, ExitIds, Funding, OrderTerms, Reference, Refusal, Replacement, Side,
    ValueQuote,
};
use crate::units::{
    ActorId, AuctionId, InstrumentId, ListingId, Money, OrderId, PersonId, ProposalId, SimDuration, SimTime,
};

/// A request to a market from a person or program outside the world: plain data, so that a journal can hold
/// it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Request {
    /// Marks the answer; without one there is no answer.
    pub tag: Option<RequestTag>,
    /// The request itself.
    pub kind: RequestKind,
}

/// The kinds of requests.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RequestKind {
    /// Do something in a participant's name.
    Instruct {
        /// The participant.
        participant: ActorId,
        /// What to do.
        instruction: Instruction,
    },
    /// Bring cash or shares into a participant's account, or take them out.
    Fund {
        /// The participant.
        participant: ActorId,
        /// What is moved.
        funding: Funding,
    },
    /// Let a new participant join.
    Join {
        /// Its name, unique in the world.
        name: String,
        /// What its actor is built from.
        spec: ActorSpec,
        /// What it is, and has.
        config: ParticipantConfig,
    },
    /// By an operator: halt a listing until it is reopened. Nothing trades there, and orders can only be
    /// canceled; a session's close still comes.
    Halt {
        /// Which; all that have a book if none is named.
        listing: Option<ListingId>,
    },
    /// By an operator: end a halt, also one of price bands. Where the schedule has continuous trading, an
    /// auction comes first, in which orders are entered and canceled; elsewhere the listing enters the phase
    /// that its schedule has.
    Reopen {
        /// Which; all that are halted if none is named.
        listing: Option<ListingId>,
        /// How long the auction lasts; at most a day. With zero it ends at once.
        auction: SimDuration,
    },
    /// By an operator: cancel a participant's orders, and refuse new ones and replaces until it is unblocked.
    Block {
        /// The participant.
        participant: ActorId,
        /// Why, for the tape.
        reason: Reference,
    },
    /// By an operator: let a blocked participant trade again.
    Unblock {
        /// The participant.
        participant: ActorId,
    },
    /// Move cash or shares from one participant's account to another's: both or neither.
    Transfer {
        /// Whose account gives.
        from: ActorId,
        /// Whose account receives.
        to: ActorId,
        /// What the second receives.
        funding: Funding,
    },
    /// Have another actor take the place of one that has joined: what it has, its orders included, stays, and
    /// what is on its way to it, timers included, reaches the new one.
    Reseat {
        /// The participant.
        participant: ActorId,
        /// What the new actor is built from.
        spec: ActorSpec,
    },
    /// By an operator: limit what a participant trades, holds and sends, in place of the limits that it has.
    Limit {
        /// The participant.
        participant: ActorId,
        /// What it may do from now on.
        limits: AccountLimits,
    },
    /// By whoever keeps accounts: say to which person a participant's account belongs. Between accounts of
    /// one person nothing is proposed in auctions.
    Identify {
        /// The participant.
        participant: ActorId,
        /// The person.
        person: PersonId,
    },
    /// Say what an instrument is worth in a market outside, which its value follows.
    Quote {
        /// The instrument.
        instrument: InstrumentId,
        /// What it is worth there.
        quote: ValueQuote,
        /// Whether it is taken however far it is from the last one.
        is_forced: bool,
    },
}

/// An action to be carried out in a participant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Instruction {
    /// Enter an order.
    Submit {
        /// Where.
        listing: ListingId,
        /// What.
        terms: OrderTerms,
    },
    /// Cancel an order.
    Cancel(OrderId),
    /// Replace an order.
    Replace {
        /// Which.
        order: OrderId,
        /// What changes.
        new: Replacement,
    },
    /// Cancel all orders at a listing, or those of one side, with one command.
    MassCancel {
        /// Where.
        listing: ListingId,
        /// Which; both if none is named.
        side: Option<Side>,
    },
    /// End the connection: all orders everywhere are canceled.
    Disconnect,
    /// Enter an order for an amount of money: the account's gate counts the lots.
    SubmitNotional {
        /// Where.
        listing: ListingId,
        /// What; the quantity does not count.
        terms: OrderTerms,
        /// For how much.
        notional: Money,
    },
    /// Act in an auction between participants.
    Auction(AuctionAction),
}

impl Instruction {
    /// Returns where it enters an order, if it enters one.
    #[must_use]
    pub const fn entry(&self) -> Option<ListingId> {
        match *self {
            Self::Submit { listing, .. } | Self::SubmitNotional { listing, .. } => Some(listing),
            Self::Cancel(_)
            | Self::Replace { .. }
            | Self::MassCancel { .. }
            | Self::Disconnect
            | Self::Auction(_) => None,
        }
    }
}

impl<T> actix::Message for Tagged<T> {
    type Result = ();
}

/// A request that has arrived at its participant or venue, with the tag of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tagged<T> {
    /// Marks the answer, if one is wanted.
    pub tag: Option<RequestTag>,
    /// The request itself.
    pub what: T,
}

/// The answer to one request: what the account gate, or the market itself, made of it.
///
/// What a venue then makes of an order is in facts and execution reports, under the order's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The tag of the request.
    pub tag: RequestTag,
    /// When it was given.
    pub at: SimTime,
    /// How many facts had been written by then: the answer's place among them.
    pub facts: u64,
    /// What was done, or why nothing was.
    pub outcome: Result<Outcome, RequestRefusal>,
}

/// What was done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// The order passed the gate and is on its way to the venue.
    Submitted {
        /// Its id.
        order: OrderId,
        /// The ids of a bracket's exits, or of a pair's stop.
        exits: ExitIds,
        /// The terms as they were sent: the gate protects orders that have no limit.
        terms: OrderTerms,
    },
    /// The cancel is on its way to the venue.
    CancelSent {
        /// The order.
        order: OrderId,
    },
    /// The replace passed the gate and is on its way to the venue.
    ReplaceSent {
        /// The order.
        order: OrderId,
    },
    /// The mass cancel is on its way to the venue.
    MassCancelSent {
        /// The listing.
        listing: ListingId,
    },
    /// The cancel of everything is on its way to the venues.
    Disconnected,
    /// The cash or shares were moved.
    Funded,
    /// The cash or shares were moved from one account to the other.
    Transferred,
    /// The listing, or all of them, is halted.
    Halted,
    /// The listing, or all that were halted, is being reopened.
    Reopened,
    /// The participant is blocked, and the cancels of its orders are on their way.
    Blocked,
    /// The participant may trade again.
    Unblocked,
    /// The participant has joined, and has started.
    Joined {
        /// Its id.
        participant: ActorId,
    },
    /// Another actor has taken the participant's place, and has started.
    Reseated,
    /// The participant has the limits.
    Limited,
    /// The auction is open.
    AuctionOpened {
        /// Its id.
        auction: AuctionId,
    },
    /// The proposal is open.
    ProposalMade {
        /// The auction.
        auction: AuctionId,
        /// Its id.
        proposal: ProposalId,
    },
    /// The lot and what was proposed have changed hands.
    AuctionAccepted {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// The proposal is rejected.
    ProposalRejected {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// The proposal is withdrawn.
    ProposalWithdrawn {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// The auction is withdrawn.
    AuctionWithdrawn {
        /// The auction.
        auction: AuctionId,
    },
    /// It is known to whom the account belongs.
    Identified,
    /// The value of the instrument is what was quoted.
    Quoted,
}

/// Says why nothing was done about a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestRefusal {
    /// The account gate refused an instruction.
    #[error(transparent)]
    Instruction(#[from] Refusal),
    /// The account refused a transfer.
    #[error(transparent)]
    Funding(#[from] FundingRefusal),
    /// What an operator asked for could not be done.
    #[error(transparent)]
    Operator(#[from] OperatorRefusal),
    /// The participant could not join.
    #[error(transparent)]
    Join(#[from] JoinRefusal<AccountError>),
    /// Nothing was done in an auction between participants.
    #[error(transparent)]
    Auction(#[from] AuctionRefusal),
    /// The value of an instrument did not follow a quote.
    #[error(transparent)]
    Quote(#[from] QuoteRefusal),
}

/// Says why a request cannot be taken at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The actor is part of the market itself, or does not exist.
    #[error("actor {0} is no participant of this market")]
    NotAParticipant(ActorId),
    /// The participant is an agent of the scenario, whose place nobody else can take.
    #[error("participant {0} did not join from outside: its place cannot be taken")]
    NoSeat(ActorId),
    /// There is no such listing.
    #[error("there is no listing {0}")]
    UnknownListing(ListingId),
    /// The listing has no book that could be halted: it is replayed. Or no listing has one.
    #[error("there is no book to halt or reopen: what is replayed has none")]
    NoBook,
    /// There is no such instrument, or it is listed nowhere.
    #[error("there is no listed instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// An auction is to last longer than a day, or less than no time.
    #[error("an auction lasts at most a day, and cannot last less than no time")]
    AuctionOutOfRange,
    /// The latencies of who wants to join are unfit.
    #[error(transparent)]
    Latencies(#[from] LatencyError),
}
