//! [`PrivateAuctions`]: the open auctions between participants, and who may do what in them.

use std::collections::BTreeMap;

use super::marks::PathMarks;
use super::state::MarketState;
use super::subscribers::Subscribers;
use crate::account::Restriction;
use crate::market::{
    AuctionEnd, AuctionEvent, AuctionLot, AuctionRefusal, Consideration, Fact, Phase, ProposalEnd, Refusal,
    SinkError,
};
use crate::units::{ActorId, AuctionId, InstrumentId, Money, PersonId, ProposalId, Quantity, SimTime};

/// The most cash that can be proposed.
const MAX_CASH: Money = Money::from_units(Money::UNITS * 10_i128.pow(20));

/// What a market lets participants do in auctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuctionRules {
    /// How many open auctions a participant may have.
    pub max_open: u32,
    /// How many open proposals a participant may have to one auction.
    pub max_proposals: u32,
    /// How far what is proposed may be from what the lot is worth, in basis points of the latter, both at
    /// their marks; any distance if absent.
    pub max_deviation_bps: Option<u32>,
}

impl Default for AuctionRules {
    fn default() -> Self {
        Self { max_open: 10, max_proposals: 5, max_deviation_bps: None }
    }
}

/// An auction that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAuction {
    /// Its id.
    pub id: AuctionId,
    /// Its owner, whose account holds the lot.
    pub owner: ActorId,
    /// What is offered.
    pub lot: AuctionLot,
    /// Since when.
    pub offered_at: SimTime,
    /// When it expires.
    pub deadline: SimTime,
    /// The open proposals, in the order of their ids.
    pub proposals: Vec<OpenProposal>,
}

/// A proposal that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenProposal {
    /// Its id.
    pub id: ProposalId,
    /// Who proposes, whose account holds the consideration.
    pub proposer: ActorId,
    /// What is proposed.
    pub consideration: Consideration,
    /// Since when.
    pub proposed_at: SimTime,
}

impl OpenAuction {
    /// Returns a proposal.
    #[must_use]
    pub fn proposal(&self, id: ProposalId) -> Option<&OpenProposal> {
        self.proposals.iter().find(|proposal| proposal.id == id)
    }
}

/// The auctions between the participants of a market.
#[derive(Debug)]
pub(super) struct PrivateAuctions {
    /// Absent where the market has none.
    pub(super) rules: Option<AuctionRules>,
    /// By when all of them end.
    pub(super) close: SimTime,
    /// The actor that is woken when they expire.
    pub(super) house: Option<ActorId>,
    open: BTreeMap<AuctionId, OpenAuction>,
    pub(super) next_ids: [u64; 2],
    /// To whom accounts belong, as far as that was said.
    pub(super) persons: BTreeMap<ActorId, PersonId>,
    pub(super) subscribers: Subscribers<ActorId>,
    /// What subscribers have yet to be told, with the instrument of its lot.
    pub(super) untold: Vec<(InstrumentId, AuctionEvent)>,
}

/// The ids of a market's first auction and first proposal.
pub(crate) const FIRST_AUCTION_IDS: [u64; 2] = [1, 1];

impl PrivateAuctions {
    pub(super) fn new(rules: Option<AuctionRules>) -> Self {
        Self {
            rules,
            close: SimTime::from_nanos(i64::MAX),
            house: None,
            open: BTreeMap::new(),
            next_ids: FIRST_AUCTION_IDS,
            persons: BTreeMap::new(),
            subscribers: Subscribers::new(),
            untold: Vec::new(),
        }
    }

    pub(super) fn open(&self, id: AuctionId) -> Option<&OpenAuction> {
        self.open.get(&id)
    }
}

impl MarketState {
    /// Returns what the market lets participants do in auctions between them; nothing if it has none.
    #[must_use]
    pub const fn auction_rules(&self) -> Option<&AuctionRules> {
        self.auctions.rules.as_ref()
    }

    /// Returns the open auctions between participants, in the order of their ids.
    pub fn open_auctions(&self) -> impl Iterator<Item = &OpenAuction> {
        self.auctions.open.values()
    }

    /// Returns an open auction.
    #[must_use]
    pub fn auction(&self, id: AuctionId) -> Option<&OpenAuction> {
        self.auctions.open(id)
    }

    /// Returns the person to whom a participant's account belongs, if that was said.
    #[must_use]
    pub fn person_of(&self, owner: ActorId) -> Option<PersonId> {
        self.auctions.persons.get(&owner).copied()
    }

    /// Says to whom a participant's account belongs.
    pub(crate) fn identify(&mut self, owner: ActorId, person: PersonId) {
        self.auctions.persons.insert(owner, person);
    }

    /// Has the market know when it closes, and which actor sees to auctions.
    pub(crate) const fn hold_auctions(&mut self, house: ActorId, close: SimTime) {
        self.auctions.house = Some(house);
        self.auctions.close = close;
    }

    /// Returns the ids of the next auction and the next proposal.
    pub(crate) const fn next_auction_ids(&self) -> [u64; 2] {
        self.auctions.next_ids
    }

    /// Goes on with the ids of the day before.
    pub(crate) const fn restore_auction_ids(&mut self, next_ids: [u64; 2]) {
        self.auctions.next_ids = next_ids;
    }

    /// Returns an auction that is open at `now`.
    pub(super) fn running_auction(
        &self,
        id: AuctionId,
        now: SimTime,
    ) -> Result<&OpenAuction, AuctionRefusal> {
        self.auctions.rules.ok_or(AuctionRefusal::NotHere)?;
        match self.auctions.open(id) {
            Some(auction) if now < auction.deadline => Ok(auction),
            Some(_) => Err(AuctionRefusal::AuctionOver(id)),
            None if (1..self.auctions.next_ids[0]).contains(&id.get()) => {
                Err(AuctionRefusal::AuctionOver(id))
            }
            None => Err(AuctionRefusal::UnknownAuction(id)),
        }
    }

    /// Returns an auction that is open at `now`, with one of its proposals.
    pub(super) fn running_proposal(
        &self,
        (auction, proposal): (AuctionId, ProposalId),
        now: SimTime,
    ) -> Result<(&OpenAuction, OpenProposal), AuctionRefusal> {
        let open = self.running_auction(auction, now)?;
        let found = open.proposal(proposal).copied();
        Ok((open, found.ok_or(AuctionRefusal::UnknownProposal { auction, proposal })?))
    }

    /// Checks that a participant may take part in auctions of such instruments now.
    pub(super) fn check_taking_part(
        &self,
        owner: ActorId,
        instruments: impl Iterator<Item = InstrumentId>,
        now: SimTime,
    ) -> Result<(), AuctionRefusal> {
        let account = self.account(owner).ok_or(Refusal::NoAccount)?;
        let refusal = if self.closed {
            Some(Refusal::Closed)
        } else if self.warms_up {
            Some(Refusal::WarmingUp)
        } else if self.is_blocked(owner) {
            Some(Refusal::Blocked)
        } else {
            account.restriction().map(|restriction| match restriction {
                Restriction::Ruined => Refusal::Ruined,
                Restriction::Called => Refusal::MarginCall,
            })
        };
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        if self.is_sealed(owner) {
            return Err(AuctionRefusal::Sealed);
        }
        for instrument in instruments {
            self.check_instrument(instrument)?;
            if let Some(refusal) = self.swap_limit_refusal(owner, instrument, now) {
                return Err(refusal.into());
            }
        }
        Ok(())
    }

    fn check_instrument(&self, id: InstrumentId) -> Result<(), AuctionRefusal> {
        let state = self.instruments.get(id.index()).ok_or(AuctionRefusal::UnknownInstrument(id))?;
        if state.instrument.is_future() || state.instrument.may_be_negative() {
            return Err(AuctionRefusal::NotSwappable(id));
        }
        let primary = state.primary.and_then(|listing| self.listings.get(listing.index()));
        let is_halted = primary.is_some_and(|it| it.history.latest().phase == Phase::Halt);
        if is_halted { Err(AuctionRefusal::Halted(id)) } else { Ok(()) }
    }

    /// Checks an amount by itself, and that the account has so much that nothing holds.
    pub(super) fn check_free(
        &self,
        owner: ActorId,
        what: Consideration,
        now: SimTime,
    ) -> Result<(), AuctionRefusal> {
        let account = self.account(owner).ok_or(Refusal::NoAccount)?;
        match what {
            Consideration::Cash(asked) => {
                if asked <= Money::ZERO || asked > MAX_CASH {
                    return Err(AuctionRefusal::CashOutOfRange(asked));
                }
                // On margin, cash need not be there, but equity must leave as much.
                let margin = account.margin(&PathMarks { market: self, now });
                let free = margin.map_or_else(|| account.free_cash(), |it| it.excess()).max(Money::ZERO);
                if asked > free && !account.has_unlimited_credit() {
                    return Err(AuctionRefusal::InsufficientCash { asked, free });
                }
            }
            Consideration::Shares { instrument, quantity: asked } => {
                if asked.is_zero() || asked.lots() > Quantity::MAX_LOTS {
                    return Err(AuctionRefusal::QuantityOutOfRange(asked));
                }
                let free = account.free_shares(instrument);
                if asked.net() > free {
                    return Err(AuctionRefusal::InsufficientShares { asked, free });
                }
            }
        }
        Ok(())
    }

    /// Returns what a swap is worth: the cash, or the proposed shares at their mark, or the lot at its own.
    ///
    /// Checks that both are worth about the same, where the market has a rule for that.
    pub(super) fn swap_value(
        &self,
        lot: AuctionLot,
        consideration: Consideration,
    ) -> Result<Money, AuctionRefusal> {
        let offered = self.shown_value(lot.instrument, lot.quantity);
        let proposed = match consideration {
            Consideration::Cash(amount) => Some(amount),
            Consideration::Shares { instrument, quantity } => self.shown_value(instrument, quantity),
        };
        if let Some(most_bps) = self.auctions.rules.and_then(|rules| rules.max_deviation_bps) {
            let (Some(offered), Some(proposed)) = (offered, proposed) else {
                return Err(AuctionRefusal::NoMark);
            };
            let apart = (proposed - offered).abs() * 10_000;
            if apart > offered * i128::from(most_bps) {
                return Err(AuctionRefusal::TooFarApart { proposed, offered, most_bps });
            }
        }
        proposed.or(offered).ok_or(AuctionRefusal::NoMark)
    }

    /// Returns what shares are worth at the mark that participants know.
    fn shown_value(&self, instrument: InstrumentId, quantity: Quantity) -> Option<Money> {
        let state = self.instruments.get(instrument.index())?;
        state.shown_mark.map(|mark| mark.value(&state.instrument, quantity.net()))
    }

    /// Opens an auction whose lot is held already.
    pub(super) fn add_auction(
        &mut self,
        now: SimTime,
        (owner, lot, deadline): (ActorId, AuctionLot, SimTime),
    ) -> Result<AuctionId, SinkError> {
        let id = AuctionId::new(self.auctions.next_ids[0]);
        self.auctions.next_ids[0] += 1;
        let auction = OpenAuction { id, owner, lot, offered_at: now, deadline, proposals: Vec::new() };
        self.auctions.open.insert(id, auction);
        self.note_auction(now, lot.instrument, AuctionEvent::Offered { auction: id, owner, lot, deadline })?;
        Ok(id)
    }

    /// Adds a proposal whose consideration is held already.
    pub(super) fn add_proposal(
        &mut self,
        now: SimTime,
        auction: AuctionId,
        (proposer, consideration): (ActorId, Consideration),
    ) -> Result<ProposalId, SinkError> {
        let id = ProposalId::new(self.auctions.next_ids[1]);
        self.auctions.next_ids[1] += 1;
        if let Some(open) = self.auctions.open.get_mut(&auction) {
            open.proposals.push(OpenProposal { id, proposer, consideration, proposed_at: now });
            let (instrument, owner) = (open.lot.instrument, open.owner);
            let event = AuctionEvent::Proposed { auction, proposal: id, owner, proposer, consideration };
            self.note_auction(now, instrument, event)?;
        }
        Ok(id)
    }

    /// Takes an auction out, to end it.
    pub(super) fn take_auction(&mut self, id: AuctionId) -> Option<OpenAuction> {
        self.auctions.open.remove(&id)
    }

    /// Ends an auction without a swap: what it and its proposals held is free again.
    pub(super) fn end_auction(
        &mut self,
        now: SimTime,
        id: AuctionId,
        why: AuctionEnd,
    ) -> Result<(), SinkError> {
        let Some(auction) = self.take_auction(id) else { return Ok(()) };
        for proposal in &auction.proposals {
            self.free_proposal(now, &auction, proposal, ProposalEnd::AuctionEnded)?;
        }
        let OpenAuction { owner, lot, .. } = auction;
        self.accounts[owner.index()].release(lot.into());
        self.note_auction(now, lot.instrument, AuctionEvent::Ended { auction: id, owner, why })
    }

    /// Ends a proposal without a swap.
    pub(super) fn end_proposal(
        &mut self,
        now: SimTime,
        (auction, proposal): (AuctionId, ProposalId),
        why: ProposalEnd,
    ) -> Result<(), SinkError> {
        let Some(open) = self.auctions.open.get_mut(&auction) else { return Ok(()) };
        let Some(index) = open.proposals.iter().position(|it| it.id == proposal) else { return Ok(()) };
        let ended = open.proposals.remove(index);
        let shell = OpenAuction { proposals: Vec::new(), ..open.clone() };
        self.free_proposal(now, &shell, &ended, why)
    }

    /// Frees what a proposal held that has been taken out of its auction, and says so.
    pub(super) fn free_proposal(
        &mut self,
        now: SimTime,
        auction: &OpenAuction,
        proposal: &OpenProposal,
        why: ProposalEnd,
    ) -> Result<(), SinkError> {
        let OpenProposal { id, proposer, consideration, .. } = *proposal;
        self.accounts[proposer.index()].release(consideration);
        let OpenAuction { id: auction, owner, lot, .. } = *auction;
        let event = AuctionEvent::ProposalEnded { auction, proposal: id, owner, proposer, why };
        self.note_auction(now, lot.instrument, event)
    }

    /// Ends the auctions and proposals that a condition picks, each for a reason of its own.
    fn end_all(
        &mut self,
        now: SimTime,
        auctions: (impl Fn(&OpenAuction) -> bool, AuctionEnd),
        proposals: (impl Fn(&OpenProposal) -> bool, ProposalEnd),
    ) -> Result<(), SinkError> {
        let open = || self.auctions.open.values();
        let ended: Vec<AuctionId> = open().filter(|it| auctions.0(it)).map(|it| it.id).collect();
        let of = |it: &OpenAuction| {
            let id = it.id;
            let picked = it.proposals.iter().filter(|proposal| proposals.0(proposal));
            picked.map(move |proposal| (id, proposal.id)).collect::<Vec<_>>()
        };
        let taken_back: Vec<(AuctionId, ProposalId)> =
            open().filter(|it| !auctions.0(it)).flat_map(of).collect();
        ended.into_iter().try_for_each(|id| self.end_auction(now, id, auctions.1))?;
        taken_back.into_iter().try_for_each(|ids| self.end_proposal(now, ids, proposals.1))
    }

    /// Ends the auctions whose deadline has come.
    pub(super) fn expire_auctions(&mut self, now: SimTime) -> Result<(), SinkError> {
        let is_due = |it: &OpenAuction| it.deadline <= now;
        self.end_all(now, (is_due, AuctionEnd::Expired), (|_: &_| false, ProposalEnd::AuctionEnded))
    }

    /// Ends all auctions, since the market stops.
    pub(super) fn close_auctions(&mut self, now: SimTime) -> Result<(), SinkError> {
        self.end_all(now, (|_: &_| true, AuctionEnd::Closed), (|_: &_| false, ProposalEnd::AuctionEnded))
    }

    /// Ends a participant's auctions and proposals.
    pub(super) fn end_auctions_of(
        &mut self,
        now: SimTime,
        owner: ActorId,
        why: (AuctionEnd, ProposalEnd),
    ) -> Result<(), SinkError> {
        let is_own = move |it: &OpenAuction| it.owner == owner;
        self.end_all(now, (is_own, why.0), (move |it: &OpenProposal| it.proposer == owner, why.1))
    }

    /// Ends the auctions and proposals of shares that are about to be split.
    pub(super) fn end_auctions_for(&mut self, now: SimTime, id: InstrumentId) -> Result<(), SinkError> {
        let is_lot = move |it: &OpenAuction| it.lot.instrument == id;
        let is_proposed = move |it: &OpenProposal| it.consideration.instrument() == Some(id);
        self.end_all(now, (is_lot, AuctionEnd::Split), (is_proposed, ProposalEnd::Split))
    }

    /// Writes what happened to the tape, and keeps it for those who are to be told.
    pub(super) fn note_auction(
        &mut self,
        now: SimTime,
        instrument: InstrumentId,
        event: AuctionEvent,
    ) -> Result<(), SinkError> {
        if self.auctions.subscribers.len() > 0 {
            self.auctions.untold.push((instrument, event));
        }
        self.record(now, &Fact::Auction(event))
    }
}
