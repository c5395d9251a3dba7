//! [`MarketState`] as the kernel's domain: admission of actors, requests from outside, booking on delivery.

use std::hint::black_box;

use super::adapter::Interest;
use super::config::{Participant, ParticipantConfig, Role};
use super::fault::MarketFault;
use super::marks::PathMarks;
use super::message::Message;
use super::operator::{HaltChange, OperatorRefusal, SeatOperation, seat_message};
use super::request::{
    Answer, Instruction, Outcome, Request, RequestError, RequestKind, RequestRefusal, Tagged,
};
use super::state::MarketState;
use super::value_quotes::QuotedValue;
use crate::account::{Account, AccountConfig, AccountError, FundingRefusal, MarginStanding};
use crate::kernel::{ActorSpec, Admission, Arrival, Domain, Join, JoinRefusal, Moment, RequestTag, Reseat};
use crate::market::{
    AccountOpening, AuctionAction, ExecutionReport, Fact, Funding, Listing, Refusal, ReportKind, SinkError,
    Transfer,
};
use crate::units::{ActorId, Money, SimTime};

impl Domain for MarketState {
    type Message = Message;
    type Config = Role;
    type Interest = Interest;
    type Request = Request;
    type RequestError = RequestError;
    type Unfit = AccountError;
    type Fault = MarketFault;

    /// Opens the actor's account, and connects it with every venue.
    fn admit(&mut self, admission: &Admission<'_, Self>) -> Result<(), AccountError> {
        let house = ParticipantConfig::default();
        let config = match admission.config {
            Role::House => &house,
            Role::Participant(config) => config,
        };
        config.account.check(self.instruments.len())?;
        config.check_holdings(|id| self.instrument(id))?;
        self.accounts.push(Account::open(&config.account, self.instruments.len()));
        let venues = self.venues.iter().map(|venue| (venue.name.as_str(), &venue.latencies));
        let bound = self.links.add_actor(admission.seed, admission.name, &config.latencies, venues);
        self.horizon = self.horizon.max(bound);
        self.has_brokers |= config.account.commission.is_some();
        self.unread.add_owner(!admission.interest.reports && is_looked_at_by_itself(&config.account));
        if let Role::Participant(config) = admission.config {
            self.participants.push(Participant {
                id: admission.id,
                name: admission.name.to_owned(),
                kind: config.kind.clone(),
                account: config.account.clone(),
                joined_costs: Vec::new(),
                seat: None,
                carried: None,
            });
        }
        Ok(())
    }

    fn route(&self, request: Request) -> Result<Arrival<Self>, RequestError> {
        let Request { tag, kind } = request;
        let (to, message) = match kind {
            RequestKind::Instruct { participant, instruction } => {
                (participant, Message::Instruction(Box::new(Tagged { tag, what: instruction })))
            }
            RequestKind::Fund { participant, funding } => {
                (participant, Message::Funding(Box::new(Tagged { tag, what: funding })))
            }
            RequestKind::Join { name, spec, config } => {
                config.latencies.check()?;
                let join = Join { tag, name, spec, config: Role::Participant(config) };
                return Ok(Arrival::Join(Box::new(join)));
            }
            RequestKind::Reseat { participant, spec } => {
                self.check_guest(participant)?;
                return Ok(Arrival::Reseat(Box::new(Reseat { tag, actor: participant, spec })));
            }
            RequestKind::Halt { listing } => return self.route_halt(tag, listing, HaltChange::Halt),
            RequestKind::Reopen { listing, auction } => {
                return self.route_halt(tag, listing, HaltChange::Reopen { auction });
            }
            RequestKind::Block { participant, reason } => {
                (participant, seat_message(tag, SeatOperation::Block(reason)))
            }
            RequestKind::Unblock { participant } => (participant, seat_message(tag, SeatOperation::Unblock)),
            RequestKind::Limit { participant, limits } => {
                (participant, seat_message(tag, SeatOperation::Limit(limits)))
            }
            RequestKind::Identify { participant, person } => {
                (participant, seat_message(tag, SeatOperation::Identify(person)))
            }
            RequestKind::Quote { instrument, quote, is_forced } => {
                return self.route_quote(tag, QuotedValue { instrument, quote, is_forced });
            }
            RequestKind::Transfer { from, to, funding } => {
                self.check_participant(to)?;
                (from, seat_message(tag, SeatOperation::Transfer { to, funding }))
            }
        };
        self.check_participant(to)?;
        Ok(Arrival::Message { to, message })
    }

    /// Counts what a newcomer brings along, writes it to the tape, and answers the request.
    fn joined(
        &mut self,
        now: SimTime,
        join: &Join<Role>,
        outcome: Result<ActorId, JoinRefusal<AccountError>>,
    ) -> Result<(), MarketFault> {
        if let Ok(owner) = outcome {
            self.open_late(now, owner, join)?;
        }
        let outcome = outcome.map(|participant| Outcome::Joined { participant });
        self.answer(now, join.tag, outcome.map_err(RequestRefusal::from));
        Ok(())
    }

    /// Notes what an actor's place is given to, writes that to the tape, and answers the request.
    fn reseated(
        &mut self,
        now: SimTime,
        reseat: &Reseat,
        outcome: Result<Interest, JoinRefusal<AccountError>>,
    ) -> Result<(), MarketFault> {
        let Reseat { tag, actor: owner, spec } = reseat;
        let outcome = match outcome {
            Ok(interest) => {
                self.give_place(now, *owner, spec, interest)?;
                Ok(Outcome::Reseated)
            }
            Err(refusal) => Err(RequestRefusal::from(refusal)),
        };
        self.answer(now, *tag, outcome);
        Ok(())
    }

    /// Books a report into its owner's account, moves cash and shares from outside, and notes up to when a
    /// feed has been seen.
    fn before_delivery(&mut self, at: Moment, to: ActorId, message: &Message) -> Result<(), MarketFault> {
        let now = at.time;
        self.present = at;
        self.book_unread(to, at)?;
        match message {
            Message::Report(report) => {
                let report = ExecutionReport::from(report.clone());
                // Of a replay, it was booked when it was sent.
                if !self.listing(report.listing).is_some_and(Listing::is_replayed) {
                    self.book(now, to, &report)?;
                }
            }
            Message::Market(data) => {
                let venue = self.listings.get(data.listing.index()).map(|state| state.listing.venue);
                if let Some(link) = venue.and_then(|venue| self.links.get(to, venue)) {
                    link.seen = link.seen.max(data.at);
                }
            }
            Message::Funding(request) => self.fund(now, to, request)?,
            Message::Seat(request) => self.operate_seat(at, to, request)?,
            Message::Command(sent) if self.closed => self.refuse_unarrived(now, &sent.clone().into())?,
            Message::Wakeup(_)
            | Message::Command(_)
            | Message::Instruction(_)
            | Message::Venue(_)
            | Message::Quote(_) => {}
        }
        Ok(())
    }

    fn fetch_ahead(&self, recipients: &[ActorId]) {
        // First what is found at once, for all of them, then what that leads to.
        for owner in recipients {
            let account = self.accounts.get(owner.index()).map(Account::fetch);
            black_box((account, self.links.fetch(*owner), self.unread.first_of(*owner)));
        }
        for owner in recipients {
            let orders = self.accounts.get(owner.index()).map(|account| account.open_orders().fetch());
            black_box((orders, self.unread.fetch(*owner)));
        }
    }

    fn catch_up(&mut self, moment: Moment) -> Result<(), MarketFault> {
        self.book_all_unread(moment)
    }

    fn instant_answers_max(&self) -> u64 {
        self.instant_answers_max
    }

    fn answerable(message: &Message) -> Option<&'static str> {
        message.answerable()
    }

    fn endless(name: &str, answers: &[(&'static str, u64)]) -> MarketFault {
        MarketFault::Endless { agent: name.to_owned(), answers: answers.to_vec() }
    }

    /// A participant that has stopped can still be blocked, and its orders canceled: that asks nothing of it.
    fn outlives(&self, message: &Message) -> bool {
        let reaches = match message {
            Message::Seat(_) => true,
            Message::Instruction(request) => matches!(
                request.what,
                Instruction::Cancel(_)
                    | Instruction::MassCancel { .. }
                    | Instruction::Disconnect
                    | Instruction::Auction(
                        AuctionAction::Reject { .. }
                            | AuctionAction::WithdrawProposal { .. }
                            | AuctionAction::Withdraw { .. }
                    )
            ),
            _ => false,
        };
        reaches && !self.closed
    }

    /// Answers an instruction that can no longer be carried out, and a transfer that comes too late.
    fn undelivered(&mut self, now: SimTime, _: ActorId, message: &Message) {
        match message {
            Message::Instruction(request) => {
                let refusal = if self.closed { Refusal::Closed } else { Refusal::Stopped };
                self.answer(now, request.tag, Err(refusal.into()));
            }
            // While the market is open, it was booked before.
            Message::Funding(request) if self.closed => {
                self.answer(now, request.tag, Err(FundingRefusal::Closed.into()));
            }
            Message::Seat(request) if self.closed => {
                let refusal = match request.what {
                    SeatOperation::Transfer { .. } => FundingRefusal::Closed.into(),
                    SeatOperation::Block(_)
                    | SeatOperation::Unblock
                    | SeatOperation::Limit(_)
                    | SeatOperation::Identify(_) => OperatorRefusal::Closed.into(),
                };
                self.answer(now, request.tag, Err(refusal));
            }
            Message::Venue(request) => self.answer(now, request.tag, Err(OperatorRefusal::Closed.into())),
            Message::Quote(request) => self.answer(now, request.tag, Err(OperatorRefusal::Closed.into())),
            _ => {}
        }
    }
}

/// Returns whether nobody but its owner can see at what moment a report is booked in an account: no mark is
/// recorded after a fill, and no price can ruin it.
const fn is_looked_at_by_itself(config: &AccountConfig) -> bool {
    !config.tracked && config.effective_on_ruin().is_none()
}

impl MarketState {
    /// Reads what trades will need of those with whose orders participants trade, to have it fetched from
    /// memory.
    pub(crate) fn fetch_makers(&self, makers: impl Iterator<Item = ActorId>) {
        makers.for_each(|maker| {
            black_box((self.links.fetch(maker), self.unread.first_of(maker)));
        });
    }

    /// Answers a request, if its sender wants to know.
    pub(super) fn answer(
        &mut self,
        at: SimTime,
        tag: Option<RequestTag>,
        outcome: Result<Outcome, RequestRefusal>,
    ) {
        if let Some(tag) = tag {
            let facts = self.tape.facts();
            self.answers.push_back(Answer { tag, at, facts, outcome });
        }
    }

    /// Books a report into its owner's account.
    pub(super) fn book(
        &mut self,
        now: SimTime,
        to: ActorId,
        report: &ExecutionReport,
    ) -> Result<(), MarketFault> {
        let Some((account, at)) = self.gate(to, report.listing, now) else {
            return Err(MarketFault::Unbookable(to));
        };
        account.book(report, &at)?;
        if matches!(report.kind, ReportKind::Filled { .. }) {
            let instrument = at.instrument_id;
            self.follow_risk(to);
            self.mark_after_fill(now, to, instrument)?;
        }
        if self.accounts[to.index()].is_called() {
            self.end_call_of(to, now)?;
        }
        Ok(())
    }

    /// Moves cash or shares from outside into an account, or out of it.
    fn fund(&mut self, now: SimTime, to: ActorId, request: &Tagged<Funding>) -> Result<(), SinkError> {
        let Tagged { tag, what: funding } = request;
        let worth = self.worth_of(funding.transfer);
        let checked = if self.is_sealed(to) {
            Err(FundingRefusal::Sealed)
        } else {
            self.check_transfer(now, to, funding.transfer)
        };
        let funded = checked.map(|()| self.accounts[to.index()].move_funds(funding.transfer, worth));
        if funded.is_ok() {
            self.contributed.add(funding.transfer);
            self.follow_risk(to);
            self.record(now, &Fact::AccountFunded { owner: to, funding: funding.clone() })?;
            self.end_call_of(to, now)?;
        }
        self.answer(now, *tag, funded.map(|()| Outcome::Funded).map_err(RequestRefusal::from));
        Ok(())
    }

    /// Says why cash or shares cannot be moved into an account, or out of it, if that is so.
    pub(super) fn check_transfer(
        &self,
        now: SimTime,
        owner: ActorId,
        transfer: Transfer,
    ) -> Result<(), FundingRefusal> {
        self.accounts[owner.index()].check_funding(transfer)?;
        if let Transfer::Shares { instrument, .. } = transfer
            && self.instruments[instrument.index()].instrument.is_future()
        {
            return Err(FundingRefusal::Future);
        }
        self.margin_keeps(now, owner, transfer).map_or(Ok(()), Err)
    }

    /// Returns why a margin account's owner cannot take out so much, if its margin needs it, or bring in what
    /// is not held on margin; the transfer is in range.
    fn margin_keeps(&self, now: SimTime, owner: ActorId, transfer: Transfer) -> Option<FundingRefusal> {
        let account = self.accounts.get(owner.index())?;
        let marks = &PathMarks { market: self, now };
        match transfer {
            Transfer::Cash(amount) => {
                let (asked, free) = (-amount, account.margin(marks)?.excess().max(Money::ZERO));
                (asked > free).then_some(FundingRefusal::InsufficientCash { asked, free })
            }
            Transfer::Shares { instrument, quantity } if quantity.lots() < 0 => {
                account.margin_terms()?;
                let Some(worth) = self.market_value(instrument, quantity.magnitude()) else {
                    return Some(FundingRefusal::NoMark);
                };
                // They take with them what they are worth, and free the margin that they take.
                let mut rest = account.clone();
                rest.move_funds(transfer, Some(worth));
                let MarginStanding { equity, initial, .. } = rest.margin(marks)?;
                (initial > equity).then_some(FundingRefusal::InsufficientMargin { equity, initial })
            }
            Transfer::Shares { instrument, .. } => {
                account.margin_terms()?;
                self.may_be_negative(instrument).then_some(FundingRefusal::NegativeOnMargin(instrument))
            }
        }
    }

    /// Returns what the shares of a transfer are worth at their mark, if they have one.
    pub(super) fn worth_of(&self, transfer: Transfer) -> Option<Money> {
        let Transfer::Shares { instrument, quantity } = transfer else { return None };
        self.market_value(instrument, quantity.magnitude())
    }

    /// Gives a participant's place to another actor, which begins without subscriptions.
    fn give_place(
        &mut self,
        now: SimTime,
        owner: ActorId,
        spec: &ActorSpec,
        interest: Interest,
    ) -> Result<(), SinkError> {
        self.listings.iter_mut().for_each(|state| state.feeds.unsubscribe(owner));
        self.auctions.subscribers.remove(owner);
        let found = self.participants.iter_mut().find(|participant| participant.id == owner);
        let Some(participant) = found else { return Ok(()) };
        let may_wait = !interest.reports && is_looked_at_by_itself(&participant.account);
        self.unread.set_may_wait(owner, may_wait);
        participant.kind.clone_from(&spec.kind);
        if let Some(seat) = &mut participant.seat {
            seat.spec = spec.clone();
            seat.config.kind.clone_from(&spec.kind);
        }
        self.record(now, &Fact::ParticipantReseated { owner, kind: spec.kind.as_str().into() })
    }

    /// Takes in the account of a participant that has just joined: counts and values what it brought along,
    /// and writes that to the tape.
    fn open_late(&mut self, now: SimTime, owner: ActorId, join: &Join<Role>) -> Result<(), SinkError> {
        let newest = self.participants.last().filter(|newest| newest.id == owner);
        let Some(participant) = newest else { return Ok(()) };
        let opening = AccountOpening {
            owner,
            name: participant.name.as_str().into(),
            kind: participant.kind.as_str().into(),
            cash: participant.account.cash,
            holdings: participant.opening_holdings().collect(),
        };
        let worth = |(instrument, quantity): &(_, _)| self.worth_at_mark(*instrument, *quantity);
        let worths: Vec<Option<Money>> = opening.holdings.iter().map(worth).collect();
        let account = &mut self.accounts[owner.index()];
        account.accrue_from(now);
        for (id, _) in opening.holdings.iter() {
            let state = &self.instruments[id.index()];
            // Where there is no mark yet, the first sets the cost.
            if let Some(mark) = state.mark {
                account.value_at_first_mark(*id, |lots| mark.value(&state.instrument, lots));
            }
        }
        self.contributed.add_account(account);
        self.follow_risk(owner);
        if let Some(newest) = self.participants.last_mut() {
            newest.joined_costs = worths;
            newest.take_seat(join);
        }
        self.record(now, &Fact::AccountOpened(opening))
    }
}
