//! [`AuctionsState`]: auctions between participants, of which everybody sees all but whose they are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bearpit_core::market::{
    AuctionEnd, AuctionEvent, AuctionLot, Consideration, Fact, Instrument, ProposalEnd,
};
use bearpit_core::units::{ActorId, AuctionId, InstrumentId, Money, ProposalId, Quantity, SimTime};
use rustc_hash::FxHashMap;

use super::day::Day;
use super::replica::State;
use crate::domain::Number;

/// Shares, by what the outside calls them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedShares {
    /// The instrument's symbol.
    pub symbol: Arc<str>,
    /// How many, in units of the instrument.
    pub quantity: Number,
}

/// What is proposed for the shares of an auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedConsideration {
    /// Cash.
    Cash(Number),
    /// Shares of another instrument.
    Shares(NamedShares),
}

/// Something that happened in an auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionNews {
    /// When, in virtual time.
    pub at: SimTime,
    /// What.
    pub change: AuctionChange,
}

/// What happened in an auction. Participants are called by the names of their seats, which no reader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuctionChange {
    /// A day began, in which no auction is open yet.
    DayBegan,
    /// An owner offers shares.
    Offered {
        /// The auction.
        auction: AuctionId,
        /// Its owner.
        owner: Arc<str>,
        /// What is offered.
        lot: NamedShares,
        /// When it expires.
        deadline: SimTime,
    },
    /// Somebody proposes something for them.
    Proposed {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// Who proposes.
        proposer: Arc<str>,
        /// What is proposed.
        consideration: NamedConsideration,
    },
    /// The owner accepted a proposal: both have changed hands.
    Accepted {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// What each of the two is taken to be worth.
        value: Money,
    },
    /// A proposal ended without a swap.
    ProposalEnded {
        /// The auction.
        auction: AuctionId,
        /// The proposal.
        proposal: ProposalId,
        /// Why.
        why: ProposalEnd,
    },
    /// An auction ended without a swap.
    Ended {
        /// The auction.
        auction: AuctionId,
        /// Why.
        why: AuctionEnd,
    },
}

/// How an auction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuctionOutcome {
    /// Its owner accepted a proposal, and each of the two is taken to be worth so much.
    Swapped(ProposalId, Money),
    /// Without a swap.
    Unsold(AuctionEnd),
}

impl AuctionOutcome {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swapped(..) => "accepted",
            Self::Unsold(why) => why.name(),
        }
    }
}

/// How a proposal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalOutcome {
    /// It was accepted.
    Accepted,
    /// Without a swap.
    Ended(ProposalEnd),
}

impl ProposalOutcome {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ended(why) => why.name(),
        }
    }
}

/// An auction, open or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionState {
    /// Its id.
    pub id: AuctionId,
    /// The name of its owner's seat.
    pub owner: Arc<str>,
    /// What is offered.
    pub lot: NamedShares,
    /// When it was offered.
    pub offered_at: SimTime,
    /// When it expires.
    pub deadline: SimTime,
    /// Its proposals in the order of their ids: all that are open, and of those that have ended the last
    /// [`AuctionsState::PROPOSALS_MAX`].
    pub proposals: Vec<ProposalState>,
    /// When and how it ended, if it has.
    pub end: Option<(SimTime, AuctionOutcome)>,
}

/// A proposal, open or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalState {
    /// Its id.
    pub id: ProposalId,
    /// The name of the seat of whoever proposes.
    pub proposer: Arc<str>,
    /// What is proposed.
    pub consideration: NamedConsideration,
    /// When it was proposed.
    pub proposed_at: SimTime,
    /// When and how it ended, if it has.
    pub end: Option<(SimTime, ProposalOutcome)>,
}

/// The auctions that are open, and those that ended last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuctionsState {
    /// Those that are open.
    pub open: BTreeMap<AuctionId, Arc<AuctionState>>,
    /// Those that ended last, the newest at the back; at most [`AuctionsState::ENDED_MAX`].
    pub ended: VecDeque<Arc<AuctionState>>,
}

impl AuctionsState {
    /// How many auctions that have ended are known.
    pub const ENDED_MAX: usize = 100;
    /// How many proposals that have ended are known of each auction.
    pub const PROPOSALS_MAX: usize = 100;

    /// Returns an auction that is open or among those that ended last.
    #[must_use]
    pub fn auction(&self, id: AuctionId) -> Option<&Arc<AuctionState>> {
        self.open.get(&id).or_else(|| self.ended.iter().rev().find(|auction| auction.id == id))
    }

    /// Follows what happens. An auction with a proposal that was accepted is over with all that it has: what
    /// is said of its other proposals afterwards is known already.
    pub fn follow(&mut self, news: &AuctionNews) {
        let at = news.at;
        match news.change {
            AuctionChange::DayBegan => self.open.clear(),
            AuctionChange::Offered { auction: id, ref owner, ref lot, deadline } => {
                let (owner, lot) = (Arc::clone(owner), lot.clone());
                let proposals = Vec::new();
                let auction = AuctionState { id, owner, lot, offered_at: at, deadline, proposals, end: None };
                self.open.insert(id, Arc::new(auction));
            }
            AuctionChange::Proposed { auction, proposal: id, ref proposer, ref consideration } => {
                let (proposer, consideration) = (Arc::clone(proposer), consideration.clone());
                let proposal = ProposalState { id, proposer, consideration, proposed_at: at, end: None };
                self.change(auction, |auction| auction.proposals.push(proposal));
            }
            AuctionChange::Accepted { auction, proposal, value } => {
                self.end(auction, at, AuctionOutcome::Swapped(proposal, value));
            }
            AuctionChange::ProposalEnded { auction, proposal, why } => {
                self.change(auction, |auction| auction.end_proposal(at, proposal, why));
            }
            AuctionChange::Ended { auction, why } => self.end(auction, at, AuctionOutcome::Unsold(why)),
        }
    }

    fn change(&mut self, id: AuctionId, change: impl FnOnce(&mut AuctionState)) {
        if let Some(auction) = self.open.get_mut(&id) {
            change(Arc::make_mut(auction));
        }
    }

    fn end(&mut self, id: AuctionId, at: SimTime, outcome: AuctionOutcome) {
        let Some(mut ended) = self.open.remove(&id) else { return };
        let auction = Arc::make_mut(&mut ended);
        auction.end = Some((at, outcome));
        for proposal in auction.proposals.iter_mut().filter(|proposal| proposal.end.is_none()) {
            proposal.end = Some((
                at,
                match outcome {
                    AuctionOutcome::Swapped(accepted, _) if accepted == proposal.id => {
                        ProposalOutcome::Accepted
                    }
                    AuctionOutcome::Swapped(..) => ProposalOutcome::Ended(ProposalEnd::Outbid),
                    AuctionOutcome::Unsold(_) => ProposalOutcome::Ended(ProposalEnd::AuctionEnded),
                },
            ));
        }
        if self.ended.len() == Self::ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
    }
}

impl AuctionState {
    /// Returns one of its proposals.
    #[must_use]
    pub fn proposal(&self, id: ProposalId) -> Option<&ProposalState> {
        self.proposals.iter().find(|proposal| proposal.id == id)
    }

    /// Returns the proposals that are open.
    pub fn open_proposals(&self) -> impl Iterator<Item = &ProposalState> {
        self.proposals.iter().filter(|proposal| proposal.end.is_none())
    }

    fn end_proposal(&mut self, at: SimTime, id: ProposalId, why: ProposalEnd) {
        if let Some(proposal) = self.proposals.iter_mut().find(|proposal| proposal.id == id) {
            proposal.end = Some((at, ProposalOutcome::Ended(why)));
        }
        let ended = self.proposals.iter().filter(|proposal| proposal.end.is_some()).count();
        if ended > AuctionsState::PROPOSALS_MAX
            && let Some(oldest) = self.proposals.iter().position(|proposal| proposal.end.is_some())
        {
            self.proposals.remove(oldest);
        }
    }
}

impl State for AuctionsState {
    type Change = AuctionNews;

    fn apply(&mut self, change: &AuctionNews) {
        self.follow(change);
    }

    fn size(&self) -> usize {
        self.open.len() + self.ended.len()
    }
}

/// Says what facts about auctions mean, by the names of a day.
#[derive(Debug, Default)]
pub struct AuctionFollower {
    instruments: Vec<Instrument>,
    participants: FxHashMap<ActorId, Arc<str>>,
}

impl AuctionFollower {
    /// Begins a day, with the participants that are there from the start.
    pub fn begin_day(&mut self, day: &Day) {
        self.instruments.clone_from(&day.instruments);
        self.participants = day.participants.iter().map(|it| (it.id, Arc::clone(&it.name))).collect();
    }

    /// Returns what a fact says of an auction, if it says anything.
    pub fn follow(&mut self, at: SimTime, fact: &Fact) -> Option<AuctionNews> {
        match fact {
            Fact::AccountOpened(opening) => {
                self.participants.entry(opening.owner).or_insert_with(|| Arc::clone(&opening.name));
                None
            }
            Fact::Auction(event) => Some(AuctionNews { at, change: self.change(event)? }),
            _ => None,
        }
    }

    fn change(&self, event: &AuctionEvent) -> Option<AuctionChange> {
        Some(match *event {
            AuctionEvent::Offered { auction, owner, lot, deadline } => {
                let AuctionLot { instrument, quantity } = lot;
                let lot = self.shares(instrument, quantity)?;
                AuctionChange::Offered { auction, owner: self.name(owner), lot, deadline }
            }
            AuctionEvent::Proposed { auction, proposal, proposer, consideration, .. } => {
                let consideration = match consideration {
                    Consideration::Cash(cash) => NamedConsideration::Cash(Number::of_money(cash)),
                    Consideration::Shares { instrument, quantity } => {
                        NamedConsideration::Shares(self.shares(instrument, quantity)?)
                    }
                };
                AuctionChange::Proposed { auction, proposal, proposer: self.name(proposer), consideration }
            }
            AuctionEvent::Accepted { auction, proposal, value, .. } => {
                AuctionChange::Accepted { auction, proposal, value }
            }
            AuctionEvent::ProposalEnded { auction, proposal, why, .. } => {
                AuctionChange::ProposalEnded { auction, proposal, why }
            }
            AuctionEvent::Ended { auction, why, .. } => AuctionChange::Ended { auction, why },
        })
    }

    fn name(&self, participant: ActorId) -> Arc<str> {
        self.participants.get(&participant).map_or_else(|| Arc::from(""), Arc::clone)
    }

    fn shares(&self, instrument: InstrumentId, quantity: Quantity) -> Option<NamedShares> {
        let instrument = self.instruments.get(instrument.index())?;
        let quantity = Number::of_units(quantity.net().lots(), instrument.lot_size())?;
        Some(NamedShares { symbol: Arc::from(instrument.symbol()), quantity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> SimTime {
        SimTime::from_nanos(second * 1_000_000_000)
    }

    fn number(text: &str) -> Number {
        Number(text.parse().unwrap())
    }

    fn news(second: i64, change: AuctionChange) -> AuctionNews {
        AuctionNews { at: at(second), change }
    }

    fn offered(id: u64) -> AuctionChange {
        let lot = NamedShares { symbol: Arc::from("ACME"), quantity: number("5") };
        AuctionChange::Offered {
            auction: AuctionId::new(id),
            owner: Arc::from("anne"),
            lot,
            deadline: at(99),
        }
    }

    fn proposed(auction: u64, id: u64) -> AuctionChange {
        let (proposer, consideration) = (Arc::from("ben"), NamedConsideration::Cash(number("7")));
        let (auction, proposal) = (AuctionId::new(auction), ProposalId::new(id));
        AuctionChange::Proposed { auction, proposal, proposer, consideration }
    }

    fn ended(auction: u64, id: u64, why: ProposalEnd) -> AuctionChange {
        AuctionChange::ProposalEnded { auction: AuctionId::new(auction), proposal: ProposalId::new(id), why }
    }

    #[test]
    fn a_swap_ends_the_auction_with_all_its_proposals_and_a_new_day_what_is_open() {
        let mut state = AuctionsState::default();
        let accepted = AuctionChange::Accepted {
            auction: AuctionId::new(1),
            proposal: ProposalId::new(2),
            value: Money::from_units(70_000_000_000),
        };
        let changes =
            [offered(1), proposed(1, 1), proposed(1, 2), proposed(1, 3), ended(1, 1, ProposalEnd::Rejected)];
        for (second, change) in (1..).zip(changes.into_iter().chain([accepted, offered(2)])) {
            state.follow(&news(second, change));
        }
        state.follow(&news(8, ended(1, 3, ProposalEnd::Outbid)));
        let auction = state.auction(AuctionId::new(1)).unwrap();
        let ends: Vec<_> = auction.proposals.iter().map(|it| it.end.unwrap()).collect();
        assert_eq!(
            ends,
            [
                (at(5), ProposalOutcome::Ended(ProposalEnd::Rejected)),
                (at(6), ProposalOutcome::Accepted),
                (at(6), ProposalOutcome::Ended(ProposalEnd::Outbid)),
            ]
        );
        assert_eq!(state.open.keys().map(|id| id.get()).collect::<Vec<_>>(), [2]);
        state.follow(&news(9, AuctionChange::DayBegan));
        assert!(state.open.is_empty() && state.auction(AuctionId::new(1)).is_some());
    }

    #[test]
    fn of_what_has_ended_no_more_is_kept_than_is_said() {
        let mut state = AuctionsState::default();
        let most = u64::try_from(AuctionsState::PROPOSALS_MAX).unwrap();
        state.follow(&news(0, offered(1)));
        state.follow(&news(0, proposed(1, 1)));
        for id in 2..most + 10 {
            state.follow(&news(1, proposed(1, id)));
            state.follow(&news(2, ended(1, id, ProposalEnd::Withdrawn)));
        }
        let auction = state.auction(AuctionId::new(1)).unwrap();
        assert_eq!(auction.proposals.len(), AuctionsState::PROPOSALS_MAX + 1);
        assert!(auction.proposals[0].end.is_none(), "what is open stays");
        for id in 2..most + 10 {
            state.follow(&news(3, offered(id)));
            state.follow(&news(
                4,
                AuctionChange::Ended { auction: AuctionId::new(id), why: AuctionEnd::Expired },
            ));
        }
        assert_eq!((state.open.len(), state.ended.len()), (1, AuctionsState::ENDED_MAX));
    }
}
