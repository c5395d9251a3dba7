//! Auctions between participants: an owner offers shares, others propose cash or shares for them, and the
//! owner accepts one proposal, which swaps the two at once.
//!
//! They have nothing to do with the call auctions of a book ([`Phase`](super::Phase)): no venue matches
//! anything here.

use thiserror::Error;

use super::refusal::Refusal;
use crate::units::{ActorId, AuctionId, InstrumentId, Money, NetQuantity, ProposalId, Quantity, SimTime};

/// The shares that an auction offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AuctionLot {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// How many lots.
    pub quantity: Quantity,
}

/// What is proposed for the shares of an auction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Consideration {
    /// Cash.
    Cash(Money),
    /// Shares of another instrument.
    Shares {
        /// Of which instrument.
        instrument: InstrumentId,
        /// How many lots.
        quantity: Quantity,
    },
}

impl From<AuctionLot> for Consideration {
    fn from(AuctionLot { instrument, quantity }: AuctionLot) -> Self {
        Self::Shares { instrument, quantity }
    }
}

impl Consideration {
    /// Returns the instrument of the shares; nothing for cash.
    #[must_use]
    pub const fn instrument(self) -> Option<InstrumentId> {
        match self {
            Self::Cash(_) => None,
            Self::Shares { instrument, .. } => Some(instrument),
        }
    }
}

/// What a participant does in auctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AuctionAction {
    /// Offers shares, which are held from now on.
    Offer {
        /// What is offered.
        lot: AuctionLot,
        /// When the auction expires; at the market's close at the latest.
        deadline: SimTime,
    },
    /// Proposes cash or shares for what an auction offers; they are held from now on.
    Propose {
        /// The auction.
        auction: AuctionId,
        /// What is proposed.
        consideration: Consideration,
    },
    /// By the auction's owner: swaps the lot for what a proposal has; the auction and all other proposals
    /// end.
    Accept {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// By the auction's owner: ends a proposal, which releases what it held.
    Reject {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// By its proposer: ends a proposal.
    WithdrawProposal {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// By its owner: ends an auction with all its proposals.
    Withdraw {
        /// The auction.
        auction: AuctionId,
    },
}

/// What happened in an auction: a fact of the tape, and what subscribers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuctionEvent {
    /// An owner offers shares.
    Offered {
        /// The auction.
        auction: AuctionId,
        /// Its owner.
        owner: ActorId,
        /// What is offered.
        lot: AuctionLot,
        /// When it expires.
        deadline: SimTime,
    },
    /// Somebody proposes something for them.
    Proposed {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// The auction's owner.
        owner: ActorId,
        /// Who proposes.
        proposer: ActorId,
        /// What is proposed.
        consideration: Consideration,
    },
    /// The owner accepted a proposal: the lot went to the proposer, what it had proposed to the owner. The
    /// auction is over; its other proposals end with facts of their own.
    Accepted {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// The auction's owner.
        owner: ActorId,
        /// Who proposed.
        proposer: ActorId,
        /// What the proposer received.
        lot: AuctionLot,
        /// What the owner received.
        consideration: Consideration,
        /// What both are taken to be worth: the cash, or what the proposed shares were worth at their mark,
        /// or the lot at its own where those had none.
        value: Money,
    },
    /// A proposal ended without a swap; what it held is free again.
    ProposalEnded {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// The auction's owner.
        owner: ActorId,
        /// Who had proposed.
        proposer: ActorId,
        /// Why.
        why: ProposalEnd,
    },
    /// An auction ended without a swap; what it held is free again.
    Ended {
        /// The auction.
        auction: AuctionId,
        /// Its owner.
        owner: ActorId,
        /// Why.
        why: AuctionEnd,
    },
}

impl AuctionEvent {
    /// Returns the auction.
    #[must_use]
    pub const fn auction(&self) -> AuctionId {
        match *self {
            Self::Offered { auction, .. }
            | Self::Proposed { auction, .. }
            | Self::Accepted { auction, .. }
            | Self::ProposalEnded { auction, .. }
            | Self::Ended { auction, .. } => auction,
        }
    }

    /// Returns the participants whom it concerns: the auction's owner, and whoever proposes or had proposed.
    #[must_use]
    pub const fn concerned(&self) -> (ActorId, Option<ActorId>) {
        match *self {
            Self::Offered { owner, .. } | Self::Ended { owner, .. } => (owner, None),
            Self::Proposed { owner, proposer, .. }
            | Self::ProposalEnded { owner, proposer, .. }
            | Self::Accepted { owner, proposer, .. } => (owner, Some(proposer)),
        }
    }

    /// Returns its name, as recorded.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Offered { .. } => "offered",
            Self::Proposed { .. } => "proposed",
            Self::Accepted { .. } => "accepted",
            Self::ProposalEnded { .. } => "proposal_ended",
            Self::Ended { .. } => "ended",
        }
    }

    /// Returns what a swap moves, as what each receives and gives; nothing of other events.
    #[must_use]
    pub fn swap(&self) -> Option<[SwapSide; 2]> {
        let Self::Accepted { owner, proposer, lot, consideration, value, .. } = *self else { return None };
        let lot = lot.into();
        Some([
            SwapSide { account: owner, gives: lot, takes: consideration, value },
            SwapSide { account: proposer, gives: consideration, takes: lot, value },
        ])
    }
}

/// What a swap moves on one of its two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwapSide {
    /// The account.
    pub account: ActorId,
    /// What leaves it.
    pub gives: Consideration,
    /// What enters it.
    pub takes: Consideration,
    /// What each of the two is taken to be worth.
    pub value: Money,
}

impl SwapSide {
    /// Returns the shares that are moved: what leaves first, below zero.
    pub fn shares(&self) -> impl Iterator<Item = (InstrumentId, NetQuantity)> + use<> {
        let signed = |part, sign: i64| match part {
            Consideration::Cash(_) => None,
            Consideration::Shares { instrument, quantity } => {
                Some((instrument, NetQuantity::new(quantity.net().lots() * sign)))
            }
        };
        [signed(self.gives, -1), signed(self.takes, 1)].into_iter().flatten()
    }

    /// Returns the cash that is moved, below zero if it leaves.
    #[must_use]
    pub fn cash(&self) -> Money {
        match (self.gives, self.takes) {
            (Consideration::Cash(paid), _) => -paid,
            (_, Consideration::Cash(received)) => received,
            _ => Money::ZERO,
        }
    }
}

/// Why a proposal ended without a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProposalEnd {
    /// The auction's owner rejected it.
    Rejected,
    /// Its proposer withdrew it.
    Withdrawn,
    /// The owner accepted another.
    Outbid,
    /// The auction ended without a swap.
    AuctionEnded,
    /// The shares that it proposed were split.
    Split,
    /// The proposer's account was ruined, or its margin called.
    Restricted,
    /// An operator blocked the proposer.
    Blocked,
}

impl ProposalEnd {
    /// Returns its name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Outbid => "outbid",
            Self::AuctionEnded => "auction_ended",
            Self::Split => "split",
            Self::Restricted => "restricted",
            Self::Blocked => "blocked",
        }
    }
}

/// Why an auction ended without a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuctionEnd {
    /// Its owner withdrew it.
    Withdrawn,
    /// Its deadline came.
    Expired,
    /// The market stopped before its deadline.
    Closed,
    /// The shares that it offered were split.
    Split,
    /// The owner's account was ruined, or its margin called.
    Restricted,
    /// An operator blocked the owner.
    Blocked,
}

impl AuctionEnd {
    /// Returns its name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::Split => "split",
            Self::Restricted => "restricted",
            Self::Blocked => "blocked",
        }
    }
}

/// Why the other side of a swap cannot take part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CounterpartyFault {
    /// An operator has sealed its account.
    Sealed,
    /// It has sold the shares that it proposed.
    SharesGone,
    /// Its margin would not cover what it has afterwards.
    Margin,
    /// It would hold more than an operator lets it.
    Limits,
    /// It would hold more than any account may.
    OutOfRange,
}

impl std::fmt::Display for CounterpartyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sealed => "its account is sealed",
            Self::SharesGone => "it has sold the shares since",
            Self::Margin => "its margin would not cover what it has then",
            Self::Limits => "an operator does not let it hold so much",
            Self::OutOfRange => "it would hold more than any account may",
        })
    }
}

/// Says why nothing was done in an auction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AuctionRefusal {
    /// The account takes part in nothing: the market has closed, or it is blocked, ruined, or limited.
    #[error(transparent)]
    Account(#[from] Refusal),
    /// The scenario has no auctions.
    #[error("this market has no auctions between participants: its scenario has no table [auctions]")]
    NotHere,
    /// There never was an auction of that id.
    #[error("there is no auction {0}")]
    UnknownAuction(AuctionId),
    /// The auction has ended.
    #[error("auction {0} is over")]
    AuctionOver(AuctionId),
    /// The auction has no such proposal, or it has ended.
    #[error("auction {auction} has no open proposal {proposal}")]
    UnknownProposal {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
    },
    /// Only the owner can do that.
    #[error("auction {0} is somebody else's: its owner alone accepts, rejects and withdraws")]
    NotOwner(AuctionId),
    /// Only the proposer can do that.
    #[error("proposal {0} is somebody else's")]
    NotProposer(ProposalId),
    /// The owner proposes to itself.
    #[error("auction {0} is your own: others propose")]
    OwnAuction(AuctionId),
    /// Owner and proposer are accounts of one person.
    #[error("auction {0} is of another account of the same person, and no favours are done between those")]
    SamePerson(AuctionId),
    /// No quantity, or one beyond all bounds.
    #[error("a quantity of {0} lots is not allowed: it must lie between 1 and 2^40")]
    QuantityOutOfRange(Quantity),
    /// No cash, less than none, or an amount beyond all bounds.
    #[error("{0} of cash cannot be proposed: it must be above zero, and at most 10^20")]
    CashOutOfRange(Money),
    /// Shares are proposed for shares of the same instrument.
    #[error("shares cannot be proposed for shares of the same instrument")]
    SameInstrument,
    /// There is no such instrument.
    #[error("there is no instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// A future, or something whose prices may be negative.
    #[error("instrument {0} cannot be swapped: it is a future, or its prices may be negative")]
    NotSwappable(InstrumentId),
    /// The account has fewer shares that nothing holds.
    #[error("{asked} lots are needed, but only {free} are free")]
    InsufficientShares {
        /// Lots that would be given.
        asked: Quantity,
        /// Lots that no order and no auction holds.
        free: NetQuantity,
    },
    /// The account has less cash that nothing holds, or its margin needs it.
    #[error("needs {asked} of free cash, but only {free} is free")]
    InsufficientCash {
        /// What would be given.
        asked: Money,
        /// What no order and no auction holds.
        free: Money,
    },
    /// The account's margin would not cover what it has after the swap.
    #[error("after the swap, equity of {equity} would not cover the {initial} that margin takes then")]
    InsufficientMargin {
        /// Equity after the swap.
        equity: Money,
        /// What positions and open orders would take of it.
        initial: Money,
    },
    /// The account would have more than any may.
    #[error("after the swap the account would have more than 10^20 of the currency, or 2^40 lots")]
    OutOfRange,
    /// The deadline is not after now.
    #[error("the deadline must come after now, {now}")]
    DeadlinePassed {
        /// The time.
        now: SimTime,
    },
    /// The deadline is after the close.
    #[error("the deadline must come by the market's close, {latest}: no auction outlasts a day")]
    DeadlineTooLate {
        /// The close.
        latest: SimTime,
    },
    /// The participant has as many open auctions as it may.
    #[error("you have {most} open auctions, as many as a participant may: withdraw one, or wait")]
    TooManyAuctions {
        /// The most.
        most: u32,
    },
    /// The participant has as many open proposals to the auction as it may.
    #[error("you have {most} open proposals to auction {auction}, as many as one may: withdraw one")]
    TooManyProposals {
        /// The auction.
        auction: AuctionId,
        /// The most.
        most: u32,
    },
    /// What is proposed is worth far more, or far less, than the lot.
    #[error(
        "what is proposed is worth {proposed} and the lot {offered}: at most {most_bps} basis points apart are allowed"
    )]
    TooFarApart {
        /// What is proposed is worth.
        proposed: Money,
        /// What the lot is worth.
        offered: Money,
        /// How far they may be apart, in basis points of the second.
        most_bps: u32,
    },
    /// It is not known what the shares are worth.
    #[error("the shares have no price yet, so it is not known what they are worth")]
    NoMark,
    /// Trading in the instrument is halted.
    #[error("instrument {0} is halted: nothing is offered, proposed or accepted until it trades again")]
    Halted(InstrumentId),
    /// The account is sealed.
    #[error("the account is sealed: neither cash nor shares enter or leave it but by trading at a venue")]
    Sealed,
    /// The other side cannot take part.
    #[error("the other side cannot take part in the swap: {0}")]
    Counterparty(CounterpartyFault),
}

impl AuctionRefusal {
    /// Returns the reason's short name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Account(refusal) => refusal.name(),
            Self::NotHere => "no_auctions",
            Self::UnknownAuction(_) => "unknown_auction",
            Self::AuctionOver(_) => "auction_over",
            Self::UnknownProposal { .. } => "unknown_proposal",
            Self::NotOwner(_) => "not_owner",
            Self::NotProposer(_) => "not_proposer",
            Self::OwnAuction(_) => "own_auction",
            Self::SamePerson(_) => "same_person",
            Self::QuantityOutOfRange(_) => "quantity_out_of_range",
            Self::CashOutOfRange(_) => "cash_out_of_range",
            Self::SameInstrument => "same_instrument",
            Self::UnknownInstrument(_) => "unknown_instrument",
            Self::NotSwappable(_) => "not_swappable",
            Self::InsufficientShares { .. } => "insufficient_shares",
            Self::InsufficientCash { .. } => "insufficient_cash",
            Self::InsufficientMargin { .. } => "insufficient_margin",
            Self::OutOfRange => "out_of_range",
            Self::DeadlinePassed { .. } => "deadline_passed",
            Self::DeadlineTooLate { .. } => "deadline_too_late",
            Self::TooManyAuctions { .. } => "too_many_auctions",
            Self::TooManyProposals { .. } => "too_many_proposals",
            Self::TooFarApart { .. } => "too_far_apart",
            Self::NoMark => "no_mark",
            Self::Halted(_) => "halted",
            Self::Sealed => "sealed",
            Self::Counterparty(_) => "counterparty",
        }
    }
}
