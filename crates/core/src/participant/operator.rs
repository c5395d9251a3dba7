//! What an operator asks of a market: halts, blocked participants, transfers between two accounts.

use std::collections::BTreeSet;

use thiserror::Error;

use super::context::Context;
use super::fault::MarketFault;
use super::limits::AccountLimits;
use super::message::Message;
use super::request::{Outcome, RequestError, RequestRefusal, Tagged};
use super::state::MarketState;
use crate::account::{Account, FundingRefusal};
use crate::kernel::{Arrival, Moment, RequestTag};
use crate::market::{AuctionEnd, Fact, Funding, Listing, ProposalEnd, Reference, Transfer};
use crate::units::{ActorId, InstrumentId, ListingId, PersonId, SimDuration};

/// What an operator asks of a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueOperation {
    /// Where; at all books if absent.
    pub listing: Option<ListingId>,
    /// What.
    pub change: HaltChange,
}

/// The beginning or end of a halt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltChange {
    /// Trading stops until it is reopened.
    Halt,
    /// The halt ends.
    Reopen {
        /// How long the auction lasts that ends it.
        auction: SimDuration,
    },
}

/// What an operator asks about a participant's seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatOperation {
    /// Its orders are canceled, and no new ones taken.
    Block(Reference),
    /// It may trade again.
    Unblock,
    /// Cash or shares go from its account to another.
    Transfer {
        /// The account that receives.
        to: ActorId,
        /// What it receives.
        funding: Funding,
    },
    /// It may do no more than that.
    Limit(AccountLimits),
    /// Its account belongs to that person.
    Identify(PersonId),
}

/// Says why what an operator asked for was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OperatorRefusal {
    /// An operator has halted the listing already.
    #[error("the listing is halted already")]
    AlreadyHalted,
    /// The listing is not halted, or the auction that ends its halt has begun.
    #[error("the listing is not halted")]
    NotHalted,
    /// The participant is blocked already.
    #[error("the participant is blocked already")]
    AlreadyBlocked,
    /// The participant is not blocked.
    #[error("the participant is not blocked")]
    NotBlocked,
    /// The market has closed.
    #[error("the market has closed")]
    Closed,
}

/// The longest auction that ends a halt.
const AUCTION_MAX: SimDuration = SimDuration::from_secs(86_400);

/// Returns the message of an operation on a seat.
pub(super) fn seat_message(tag: Option<RequestTag>, what: SeatOperation) -> Message {
    Message::Seat(Box::new(Tagged { tag, what }))
}

impl MarketState {
    /// Returns why a participant is blocked, if it is.
    #[must_use]
    pub fn blocked(&self, owner: ActorId) -> Option<&Reference> {
        self.blocked.get(&owner)
    }

    /// Blocks a participant that was blocked when the market's last day ended.
    pub(crate) fn restore_block(&mut self, owner: ActorId, reason: Reference) {
        self.blocked.insert(owner, reason);
    }

    /// Returns whether a participant is blocked.
    #[inline]
    pub(super) fn is_blocked(&self, owner: ActorId) -> bool {
        !self.blocked.is_empty() && self.blocked.contains_key(&owner)
    }

    /// Returns what arrives at a venue: that of the listing, or of the first book if none is named.
    pub(super) fn route_halt(
        &self,
        tag: Option<RequestTag>,
        listing: Option<ListingId>,
        change: HaltChange,
    ) -> Result<Arrival<Self>, RequestError> {
        if let HaltChange::Reopen { auction } = change
            && (auction < SimDuration::ZERO || auction > AUCTION_MAX)
        {
            return Err(RequestError::AuctionOutOfRange);
        }
        let named = listing.map(|id| self.listing(id).ok_or(RequestError::UnknownListing(id))).transpose()?;
        let has_book = |listing: &&Listing| !listing.is_replayed();
        let first = || self.listings().find(has_book);
        let found = if listing.is_some() { named.filter(has_book) } else { first() };
        let to = found.ok_or(RequestError::NoBook)?.exchange;
        let what = VenueOperation { listing, change };
        Ok(Arrival::Message { to, message: Message::Venue(Box::new(Tagged { tag, what })) })
    }

    /// Checks that an actor is a participant.
    pub(super) fn check_participant(&self, id: ActorId) -> Result<(), RequestError> {
        let known = self.participants.binary_search_by_key(&id, |participant| participant.id);
        known.map(|_| ()).map_err(|_| RequestError::NotAParticipant(id))
    }

    /// Checks that an actor is a participant that joined from outside.
    pub(super) fn check_guest(&self, id: ActorId) -> Result<(), RequestError> {
        let known = self.participants.binary_search_by_key(&id, |participant| participant.id);
        let index = known.map_err(|_| RequestError::NotAParticipant(id))?;
        let has_seat = self.participants[index].seat.is_some();
        has_seat.then_some(()).ok_or(RequestError::NoSeat(id))
    }

    /// Does what an operator asks about a seat, and answers.
    pub(super) fn operate_seat(
        &mut self,
        at: Moment,
        owner: ActorId,
        request: &Tagged<SeatOperation>,
    ) -> Result<(), MarketFault> {
        let outcome = match &request.what {
            SeatOperation::Block(reason) => self.block(at, owner, reason)?,
            SeatOperation::Unblock => self.unblock(at, owner)?,
            SeatOperation::Transfer { to, funding } => self.transfer(at, [owner, *to], funding)?,
            SeatOperation::Limit(limits) => {
                self.limit(owner, limits.clone());
                Ok(Outcome::Limited)
            }
            SeatOperation::Identify(person) => {
                self.identify(owner, *person);
                Ok(Outcome::Identified)
            }
        };
        self.answer(at.time, request.tag, outcome);
        Ok(())
    }

    fn block(&mut self, at: Moment, owner: ActorId, reason: &Reference) -> Result<Answered, MarketFault> {
        if self.is_blocked(owner) {
            return Ok(Err(OperatorRefusal::AlreadyBlocked.into()));
        }
        self.blocked.insert(owner, reason.clone());
        self.record(at.time, &Fact::ParticipantBlocked { owner, reason: reason.clone() })?;
        self.end_auctions_of(at.time, owner, (AuctionEnd::Blocked, ProposalEnd::Blocked))?;
        Ok(Ok(Outcome::Blocked))
    }

    fn unblock(&mut self, at: Moment, owner: ActorId) -> Result<Answered, MarketFault> {
        if self.blocked.remove(&owner).is_none() {
            return Ok(Err(OperatorRefusal::NotBlocked.into()));
        }
        self.record(at.time, &Fact::ParticipantUnblocked { owner })?;
        Ok(Ok(Outcome::Unblocked))
    }

    /// Moves cash or shares from one account to another, or neither; both facts have the same reference.
    fn transfer(
        &mut self,
        at: Moment,
        [from, to]: [ActorId; 2],
        funding: &Funding,
    ) -> Result<Answered, MarketFault> {
        self.book_unread(to, at)?;
        let sides = [(from, funding.transfer.reversed()), (to, funding.transfer)];
        let checked = if from == to || !funding.transfer.is_inward() {
            Err(FundingRefusal::NotBetweenTwo)
        } else if self.is_sealed(from) || self.is_sealed(to) {
            Err(FundingRefusal::Sealed)
        } else {
            sides.iter().try_for_each(|(owner, transfer)| self.check_transfer(at.time, *owner, *transfer))
        };
        if let Err(refusal) = checked {
            return Ok(Err(refusal.into()));
        }
        for (owner, transfer) in sides {
            let worth = self.worth_of(transfer);
            self.accounts[owner.index()].move_funds(transfer, worth);
            self.contributed.add(transfer);
            self.follow_risk(owner);
            let funding = Funding { transfer, reference: funding.reference.clone() };
            self.record(at.time, &Fact::AccountFunded { owner, funding })?;
            self.end_call_of(owner, at.time)?;
        }
        Ok(Ok(Outcome::Transferred))
    }
}

/// The answer to a request, before it has its tag.
type Answered = Result<Outcome, RequestRefusal>;

impl Context {
    /// Does what follows from an operation on the current actor's seat: cancels of orders that it may no
    /// longer have.
    pub(super) fn follow_seat_operation(&mut self, operation: &SeatOperation) {
        let owner = self.id();
        match operation {
            SeatOperation::Block(_) => {
                self.sweep();
                self.publish_auctions();
            }
            SeatOperation::Unblock | SeatOperation::Limit(_) | SeatOperation::Identify(_) => {}
            SeatOperation::Transfer { to, funding } => {
                if let Transfer::Shares { instrument, .. } = funding.transfer {
                    self.cancel_unfit(instrument);
                    self.cancel_unfit_of(*to, instrument);
                }
                self.watch_ruin_of(owner);
                self.watch_ruin_of(*to);
            }
        }
    }

    /// Cancels all orders of the current actor, with one command to each listing where any is open.
    fn sweep(&mut self) {
        let open = self.account().into_iter().flat_map(Account::open_orders);
        let listings: BTreeSet<ListingId> = open.map(|order| order.listing).collect();
        for listing in listings {
            let sent = self.mass_cancel(listing, None);
            debug_assert!(sent.is_ok(), "an actor with open orders has an account");
        }
    }

    /// Cancels another actor's reduce-only orders that no longer fit its position.
    pub(super) fn cancel_unfit_of(&mut self, owner: ActorId, instrument: InstrumentId) {
        let unfit = self.domain().account(owner).map(|account| account.unfit_orders(instrument));
        for order in unfit.into_iter().flatten() {
            self.cancel_for(owner, order);
        }
    }

    /// Answers a request to a venue.
    pub(crate) fn answer(&mut self, tag: Option<RequestTag>, outcome: Result<Outcome, OperatorRefusal>) {
        let now = self.now();
        self.domain_mut().answer(now, tag, outcome.map_err(RequestRefusal::from));
    }

    /// Passes a change on to the books of other venues, at this instant.
    pub(crate) fn pass_on(&mut self, change: HaltChange) {
        let (now, own) = (self.now(), self.id());
        let listings = (0..).map(ListingId::new).zip(self.domain().listings());
        let others = listings.filter(|(_, listing)| listing.exchange != own && !listing.is_replayed());
        let others: Vec<(ListingId, ActorId)> = others.map(|(id, listing)| (id, listing.exchange)).collect();
        for (listing, exchange) in others {
            let what = VenueOperation { listing: Some(listing), change };
            self.send_at(exchange, now, Message::Venue(Box::new(Tagged { tag: None, what })));
        }
    }
}
