//! What actors do in auctions between participants, and the actor that ends them in time.

use std::sync::Arc;

use actix::{Actor, Handler, Running};

use super::context::Context;
use super::marks::PathMarks;
use super::message::{MarketData, Message, Update};
use super::private_auctions::{OpenAuction, OpenProposal};
use super::request::{Outcome, RequestRefusal};
use super::state::MarketState;
use crate::account::{FundingRefusal, MarginStanding};
use crate::kernel::{RequestTag, Wakeup};
use crate::market::{
    AuctionAction, AuctionEnd, AuctionEvent, AuctionLot, AuctionRefusal, Consideration, CounterpartyFault,
    ExecutionReport, ProposalEnd, Refusal, SwapSide,
};
use crate::units::{ActorId, AuctionId, InstrumentId, Money, ProposalId, SimTime};

/// An auction, with one of its proposals.
type Pair = (AuctionId, ProposalId);

/// What a swap may be refused for, on one of its sides.
enum SideFault {
    Sealed,
    SharesGone { asked: crate::units::Quantity, free: crate::units::NetQuantity },
    Margin(MarginStanding),
    Limits(Refusal),
    OutOfRange,
}

impl SideFault {
    /// Returns what the account's own participant is told.
    const fn own(&self) -> AuctionRefusal {
        match *self {
            Self::Sealed => AuctionRefusal::Sealed,
            Self::SharesGone { asked, free } => AuctionRefusal::InsufficientShares { asked, free },
            Self::Margin(MarginStanding { equity, initial, .. }) => {
                AuctionRefusal::InsufficientMargin { equity, initial }
            }
            Self::Limits(refusal) => AuctionRefusal::Account(refusal),
            Self::OutOfRange => AuctionRefusal::OutOfRange,
        }
    }

    /// Returns what the other participant is told.
    const fn of_other(&self) -> AuctionRefusal {
        AuctionRefusal::Counterparty(match self {
            Self::Sealed => CounterpartyFault::Sealed,
            Self::SharesGone { .. } => CounterpartyFault::SharesGone,
            Self::Margin(_) => CounterpartyFault::Margin,
            Self::Limits(_) => CounterpartyFault::Limits,
            Self::OutOfRange => CounterpartyFault::OutOfRange,
        })
    }
}

impl Context {
    /// Offers shares in an auction until a deadline; they are held from now on. Others propose, and the
    /// actor accepts one proposal, or none.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::{AuctionLot, AuctionRefusal, ExecutionReport};
    /// use bearpit_core::participant::{Context, MarketData};
    /// use bearpit_core::units::{InstrumentId, Quantity, SimDuration};
    ///
    /// struct Owner;
    ///
    /// impl Actor for Owner {
    ///     type Context = Context;
    ///
    ///     fn started(&mut self, ctx: &mut Context) {
    ///         let acme = InstrumentId::new(0);
    ///         let lot = AuctionLot { instrument: acme, quantity: Quantity::new(40) };
    ///         ctx.offer_auction(lot, ctx.now() + SimDuration::from_secs(30)).unwrap();
    ///         assert_eq!(ctx.account().unwrap().free_shares(acme).lots(), 60);
    ///         let late = ctx.offer_auction(lot, ctx.now());
    ///         assert!(matches!(late, Err(AuctionRefusal::DeadlinePassed { .. })));
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Owner: Wakeup, ExecutionReport, MarketData);
    /// # use bearpit_core::account::AccountConfig;
    /// # use bearpit_core::exchange::MarketBuilder;
    /// # use bearpit_core::market::{Fees, Instrument};
    /// # use bearpit_core::participant::{AuctionRules, Latencies, ParticipantConfig};
    /// # use bearpit_core::units::{Seed, SimTime};
    /// # let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// # let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// # let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// # builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// # builder.auctions(AuctionRules::default());
    /// # let holdings = vec![(acme, Quantity::new(100))];
    /// # let account = AccountConfig { holdings, ..AccountConfig::default() };
    /// # builder.agent("agent", ParticipantConfig::new("agent").with_account(account), Owner)?;
    /// # let mut market = builder.open()?;
    /// # market.run()?;
    /// # assert_eq!(market.world().domain().tape().facts(), 2, "offered, and expired");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn offer_auction(&mut self, lot: AuctionLot, deadline: SimTime) -> Result<AuctionId, AuctionRefusal> {
        let (owner, now) = (self.id(), self.now());
        let market = self.domain_mut();
        let rules = market.auctions.rules.ok_or(AuctionRefusal::NotHere)?;
        market.check_taking_part(owner, [lot.instrument].into_iter(), now)?;
        market.check_free(owner, lot.into(), now)?;
        let latest = market.auctions.close;
        if deadline <= now {
            return Err(AuctionRefusal::DeadlinePassed { now });
        }
        if deadline > latest {
            return Err(AuctionRefusal::DeadlineTooLate { latest });
        }
        let own = market.open_auctions().filter(|auction| auction.owner == owner).count();
        if own >= rules.max_open as usize {
            return Err(AuctionRefusal::TooManyAuctions { most: rules.max_open });
        }
        market.accounts[owner.index()].hold(lot.into());
        market.count_sent(owner, now);
        let house = market.auctions.house;
        let added = market.add_auction(now, (owner, lot, deadline));
        let id = self.sunk(added).unwrap_or(AuctionId::new(0));
        if let Some(house) = house {
            self.send_at(house, deadline, Message::Wakeup(Wakeup { tag: id.get() }));
        }
        self.publish_auctions();
        Ok(id)
    }

    /// Proposes cash or shares for what an auction offers; they are held from now on.
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn propose(
        &mut self,
        auction: AuctionId,
        consideration: Consideration,
    ) -> Result<ProposalId, AuctionRefusal> {
        let (proposer, now) = (self.id(), self.now());
        let market = self.domain_mut();
        let rules = market.auctions.rules.ok_or(AuctionRefusal::NotHere)?;
        let OpenAuction { owner, lot, .. } = *market.running_auction(auction, now)?;
        if owner == proposer {
            return Err(AuctionRefusal::OwnAuction(auction));
        }
        if market.person_of(owner).is_some_and(|person| market.person_of(proposer) == Some(person)) {
            return Err(AuctionRefusal::SamePerson(auction));
        }
        if consideration.instrument() == Some(lot.instrument) {
            return Err(AuctionRefusal::SameInstrument);
        }
        let instruments = [Some(lot.instrument), consideration.instrument()];
        market.check_taking_part(proposer, instruments.into_iter().flatten(), now)?;
        market.check_free(proposer, consideration, now)?;
        market.swap_value(lot, consideration)?;
        if let Some(refusal) = market.holding_limit_refusal(proposer, lot.instrument, lot.quantity) {
            return Err(refusal.into());
        }
        let own = |open: &OpenAuction| open.proposals.iter().filter(|it| it.proposer == proposer).count();
        if market.auction(auction).map_or(0, own) >= rules.max_proposals as usize {
            return Err(AuctionRefusal::TooManyProposals { auction, most: rules.max_proposals });
        }
        market.accounts[proposer.index()].hold(consideration);
        market.count_sent(proposer, now);
        let added = market.add_proposal(now, auction, (proposer, consideration));
        let id = self.sunk(added).unwrap_or(ProposalId::new(0));
        self.publish_auctions();
        Ok(id)
    }

    /// Accepts a proposal to one of the actor's auctions: the lot and what was proposed change hands at once,
    /// and the auction is over.
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn accept_proposal(&mut self, pair: Pair) -> Result<(), AuctionRefusal> {
        let (owner, now) = (self.id(), self.now());
        let (lot, OpenProposal { proposer, consideration, .. }) = self.own_proposal(pair)?;
        let instruments = [Some(lot.instrument), consideration.instrument()];
        let present = self.domain().present;
        if let Err(fault) = self.domain_mut().book_unread(proposer, present) {
            self.fail(fault);
        }
        let market = self.domain_mut();
        market.check_taking_part(owner, instruments.into_iter().flatten(), now)?;
        let value = market.swap_value(lot, consideration)?;
        let event = AuctionEvent::Accepted {
            auction: pair.0,
            proposal: pair.1,
            owner,
            proposer,
            lot,
            consideration,
            value,
        };
        for side in event.swap().into_iter().flatten() {
            if let Err(fault) = market.check_side(&side, now) {
                return Err(if side.account == owner { fault.own() } else { fault.of_other() });
            }
        }
        let done = market.carry_out_swap(now, pair, event);
        self.sunk(done);
        for owner in [owner, proposer] {
            for instrument in instruments.into_iter().flatten() {
                self.cancel_unfit_of(owner, instrument);
            }
            self.watch_ruin_of(owner);
        }
        self.publish_auctions();
        Ok(())
    }

    /// Rejects a proposal to one of the actor's auctions, which goes on.
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn reject_proposal(&mut self, pair: Pair) -> Result<(), AuctionRefusal> {
        self.own_proposal(pair)?;
        self.end_proposal(pair, ProposalEnd::Rejected);
        Ok(())
    }

    /// Withdraws one of the actor's proposals.
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn withdraw_proposal(&mut self, pair: Pair) -> Result<(), AuctionRefusal> {
        let (_, proposal) = self.domain().running_proposal(pair, self.now())?;
        if proposal.proposer != self.id() {
            return Err(AuctionRefusal::NotProposer(pair.1));
        }
        self.end_proposal(pair, ProposalEnd::Withdrawn);
        Ok(())
    }

    /// Withdraws one of the actor's auctions, and ends its proposals.
    ///
    /// # Errors
    /// An [`AuctionRefusal`]; nothing has changed then.
    pub fn withdraw_auction(&mut self, auction: AuctionId) -> Result<(), AuctionRefusal> {
        let now = self.now();
        if self.domain().running_auction(auction, now)?.owner != self.id() {
            return Err(AuctionRefusal::NotOwner(auction));
        }
        let ended = self.domain_mut().end_auction(now, auction, AuctionEnd::Withdrawn);
        self.sunk(ended);
        self.publish_auctions();
        Ok(())
    }

    /// Subscribes to what happens in auctions between participants, which arrives as messages from now on
    /// ([`Update::Auction`]) with the feed latency of the venue that lists the lot first.
    pub fn subscribe_auctions(&mut self) {
        let owner = self.id();
        self.domain_mut().auctions.subscribers.add(owner);
    }

    /// Returns the open auctions between participants, in the order of their ids.
    pub fn open_auctions(&self) -> impl Iterator<Item = &OpenAuction> {
        self.domain().open_auctions()
    }

    /// Carries out an action from outside in the current actor's name, and answers it.
    pub(super) fn carry_out_auction(&mut self, tag: Option<RequestTag>, action: AuctionAction) {
        let outcome = self.act_in_auction(action);
        if let Err(refusal) = &outcome {
            self.log(refusal.to_string());
        }
        let now = self.now();
        self.domain_mut().answer(now, tag, outcome.map_err(RequestRefusal::Auction));
    }

    fn act_in_auction(&mut self, action: AuctionAction) -> Result<Outcome, AuctionRefusal> {
        match action {
            AuctionAction::Offer { lot, deadline } => {
                self.offer_auction(lot, deadline).map(|auction| Outcome::AuctionOpened { auction })
            }
            AuctionAction::Propose { auction, consideration } => self
                .propose(auction, consideration)
                .map(|proposal| Outcome::ProposalMade { auction, proposal }),
            AuctionAction::Accept { auction, proposal } => self
                .accept_proposal((auction, proposal))
                .map(|()| Outcome::AuctionAccepted { auction, proposal }),
            AuctionAction::Reject { auction, proposal } => self
                .reject_proposal((auction, proposal))
                .map(|()| Outcome::ProposalRejected { auction, proposal }),
            AuctionAction::WithdrawProposal { auction, proposal } => self
                .withdraw_proposal((auction, proposal))
                .map(|()| Outcome::ProposalWithdrawn { auction, proposal }),
            AuctionAction::Withdraw { auction } => {
                self.withdraw_auction(auction).map(|()| Outcome::AuctionWithdrawn { auction })
            }
        }
    }

    /// Withdraws all auctions and proposals of the current actor.
    pub fn leave_auctions(&mut self) {
        let (owner, now) = (self.id(), self.now());
        let why = (AuctionEnd::Withdrawn, ProposalEnd::Withdrawn);
        let ended = self.domain_mut().end_auctions_of(now, owner, why);
        self.sunk(ended);
        self.publish_auctions();
    }

    /// Ends the auctions and proposals of shares that are about to be split.
    pub(super) fn end_auctions_for(&mut self, instrument: InstrumentId) {
        let now = self.now();
        let ended = self.domain_mut().end_auctions_for(now, instrument);
        self.sunk(ended);
        self.publish_auctions();
    }

    /// Tells subscribers what has happened in auctions since the last call.
    pub(super) fn publish_auctions(&mut self) {
        let at = self.now();
        let market = self.domain_mut();
        if market.auctions.untold.is_empty() {
            return;
        }
        let events = std::mem::take(&mut market.auctions.untold);
        let subscribers: Vec<ActorId> = market.auctions.subscribers.iter().collect();
        for (instrument, event) in events {
            let market = self.domain();
            let primary = market.instruments.get(instrument.index()).and_then(|state| state.primary);
            let found = primary.and_then(|id| Some((id, market.listing(id)?.venue)));
            let Some((listing, venue)) = found else { continue };
            let data = Arc::new(MarketData { listing, at, update: Update::Auction(event) });
            for to in &subscribers {
                let link = self.domain_mut().links.get(*to, venue);
                let Some(arrival) = link.map(|link| link.feed.arrival(at)) else { continue };
                self.send_at(*to, arrival, Message::Market(Arc::clone(&data)));
            }
        }
    }

    /// Returns the lot of one of the actor's auctions that are open, with one of its proposals.
    fn own_proposal(&self, pair: Pair) -> Result<(AuctionLot, OpenProposal), AuctionRefusal> {
        let market = self.domain();
        if market.running_auction(pair.0, self.now())?.owner != self.id() {
            return Err(AuctionRefusal::NotOwner(pair.0));
        }
        market.running_proposal(pair, self.now()).map(|(auction, proposal)| (auction.lot, proposal))
    }

    fn end_proposal(&mut self, pair: Pair, why: ProposalEnd) {
        let now = self.now();
        let ended = self.domain_mut().end_proposal(now, pair, why);
        self.sunk(ended);
        self.publish_auctions();
    }

    /// Ends the run if the tape did not take a fact.
    fn sunk<T>(&mut self, recorded: Result<T, crate::market::SinkError>) -> Option<T> {
        recorded.map_err(|error| self.fail(error)).ok()
    }
}

impl MarketState {
    /// Checks that an account can take part in a swap, with what it has at this moment.
    fn check_side(&self, side: &SwapSide, now: SimTime) -> Result<(), SideFault> {
        let owner = side.account;
        let account = &self.accounts[owner.index()];
        if self.is_sealed(owner) {
            return Err(SideFault::Sealed);
        }
        // Also an account that may sell short, or trades on margin, gives what it has.
        if let Consideration::Shares { instrument, quantity: asked } = side.gives
            && asked.net() > account.holding(instrument)
        {
            return Err(SideFault::SharesGone { asked, free: account.holding(instrument) });
        }
        if let Consideration::Shares { instrument, quantity } = side.takes {
            let refusal = self.swap_limit_refusal(owner, instrument, now);
            let refusal = refusal.or_else(|| self.holding_limit_refusal(owner, instrument, quantity));
            refusal.map_or(Ok(()), |refusal| Err(SideFault::Limits(refusal)))?;
        }
        account.check_taking(side.takes).map_err(|_: FundingRefusal| SideFault::OutOfRange)?;
        let marks = &PathMarks { market: self, now };
        let Some(before) = account.margin(marks) else { return Ok(()) };
        let mut swapped = account.clone();
        swapped.swap(side);
        let after = swapped.margin(marks).filter(|after| after.excess() < Money::ZERO);
        // What makes it no worse is let pass.
        let after = after.filter(|after| after.excess() < before.excess());
        after.map_or(Ok(()), |after| Err(SideFault::Margin(after)))
    }

    /// Swaps what an auction and one of its proposals hold, ends the other proposals, and writes all of that
    /// to the tape.
    fn carry_out_swap(
        &mut self,
        now: SimTime,
        (auction, proposal): Pair,
        event: AuctionEvent,
    ) -> Result<(), crate::market::SinkError> {
        let Some(taken) = self.take_auction(auction) else { return Ok(()) };
        let sides = event.swap();
        for side in sides.iter().flatten() {
            self.accounts[side.account.index()].swap(side);
        }
        self.note_auction(now, taken.lot.instrument, event)?;
        for side in sides.iter().flatten() {
            self.follow_risk(side.account);
            for (instrument, _) in side.shares() {
                self.mark_after_fill(now, side.account, instrument)?;
            }
        }
        for other in taken.proposals.iter().filter(|it| it.id != proposal) {
            self.free_proposal(now, &taken, other, ProposalEnd::Outbid)?;
        }
        Ok(())
    }
}

/// The actor that ends auctions between participants when their deadlines come, and all of them when the
/// market stops.
#[derive(Debug)]
pub struct AuctionHouse;

impl Actor for AuctionHouse {
    type Context = Context;

    fn stopping(&mut self, ctx: &mut Context) -> Running {
        let now = ctx.now();
        let closed = ctx.domain_mut().close_auctions(now);
        ctx.sunk(closed);
        Running::Stop
    }
}

impl Handler<Wakeup> for AuctionHouse {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        let now = ctx.now();
        let expired = ctx.domain_mut().expire_auctions(now);
        ctx.sunk(expired);
        ctx.publish_auctions();
    }
}

crate::ignore_messages!(AuctionHouse: ExecutionReport, MarketData);
