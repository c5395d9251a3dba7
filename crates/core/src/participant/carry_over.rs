//! What goes from one day of a market to the next: what is left at its end, and what it begins with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Seat;
use super::context::Context;
use super::fault::MarketFault;
use super::state::MarketState;
use crate::account::{Account, AccountOrder, AccountState, FeeLedger, FeeState};
use crate::book::BookState;
use crate::market::{
    Command, CommandKind, ExecutionReport, Fact, Funding, OrderTerms, RejectReason, ReportKind, SentCommand,
    Side, SinkError,
};
use crate::process::ValueState;
use crate::units::{ActorId, ListingId, SimTime};

/// What goes from day to day.
#[derive(Debug, Default)]
pub(super) struct CarryOver {
    /// Whether the market goes on another day.
    goes_on: bool,
    /// What the venues left when they stopped.
    books: Vec<LeftBook>,
    /// What the market begins with, for whoever reads its tape alone.
    opening_facts: Vec<Fact>,
    /// What actors keep for their next beginning, by actor.
    saved: BTreeMap<ActorId, Arc<str>>,
}

/// A book as its venue left it when the market stopped.
#[derive(Debug, Clone)]
pub(crate) struct LeftBook {
    pub(crate) listing: ListingId,
    pub(crate) book: BookState,
    /// The halt in force, if one is.
    pub(crate) halt: Option<HaltState>,
}

/// A halt in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HaltState {
    /// When it moves on: to the auction that ends it, or from that to continuous trading. Absent for a halt
    /// by an operator, which lasts until it is lifted.
    pub goes_on: Option<SimTime>,
}

impl MarketState {
    /// Has the market leave what its next day begins with.
    pub(crate) const fn go_on(&mut self) {
        self.carry.goes_on = true;
    }

    /// Returns whether the market goes on another day.
    pub(crate) const fn goes_on(&self) -> bool {
        self.carry.goes_on
    }

    /// Returns, by owner, whether it came from outside, and is no agent of the scenario.
    pub(crate) fn guests(&self) -> Vec<bool> {
        let mut guests = vec![false; self.accounts.len()];
        for participant in self.participants.iter().filter(|participant| participant.seat.is_some()) {
            guests[participant.id.index()] = true;
        }
        guests
    }

    /// Returns what an actor keeps for its next beginning.
    pub(crate) fn saved(&self, actor: ActorId) -> Option<&Arc<str>> {
        self.carry.saved.get(&actor)
    }

    /// Gives an actor what it kept on an earlier day.
    pub(crate) fn restore_saved(&mut self, actor: ActorId, saved: Arc<str>) {
        self.carry.saved.insert(actor, saved);
    }

    /// Takes a book from a venue that stops.
    pub(crate) fn leave_book(&mut self, left: LeftBook) {
        self.carry.books.push(left);
    }

    /// Returns the books that the venues left.
    pub(crate) fn left_books(&self) -> &[LeftBook] {
        &self.carry.books
    }

    /// Returns what the value of each instrument goes on from, if it has one.
    pub(crate) fn value_states(&mut self, now: SimTime) -> Vec<Option<ValueState>> {
        self.instruments.iter_mut().map(|state| state.value.as_mut().map(|value| value.state(now))).collect()
    }

    /// Returns what open orders have been charged, and what sets the tiers of fees.
    pub(crate) fn fee_state(&self) -> FeeState {
        self.fee_ledger.state()
    }

    /// Returns the ids of the next order and the next trade.
    pub(crate) const fn next_ids(&self) -> [u64; 2] {
        [self.next_order, self.next_trade]
    }

    /// Goes on with the ids, fees and interest of the day before.
    pub(crate) fn restore_ledgers(&mut self, next_ids: [u64; 2], fees: FeeState, financed_until: SimTime) {
        [self.next_order, self.next_trade] = next_ids;
        self.fee_ledger = FeeLedger::restore(fees);
        self.financed_until = financed_until;
    }

    /// Has an account go on as it was left, instead of as it is configured; `seat` is that of a guest.
    pub(crate) fn restore_account(&mut self, owner: ActorId, state: AccountState, seat: Option<Seat>) {
        let found = self.participants.binary_search_by_key(&owner, |participant| participant.id);
        let Ok(index) = found else { return };
        let config = &self.participants[index].account;
        self.accounts[owner.index()] = Account::reopen(config, &state, self.instruments.len());
        for order in &state.orders {
            if let Some((account, at)) = self.gate(owner, order.listing, order.sent_at) {
                account.restore_order(order, &at);
            }
        }
        for AccountOrder { id, listing, sent_at, .. } in &state.orders {
            if let Some((account, at)) = self.gate(owner, *listing, *sent_at) {
                account.hold_restored(*id, &at);
            }
        }
        if self.accounts[owner.index()].has_reducing_orders() {
            self.unread.note_reducing(owner);
        }
        if state.is_called {
            self.carried_calls.push(owner);
        }
        let participant = &mut self.participants[index];
        participant.seat = seat.map(Box::new);
        participant.carried = Some(Box::new(AccountState { orders: Vec::new(), ..state }));
    }

    /// Counts what brings an account back to what the scenario gives it: it has that already.
    pub(crate) fn note_restored(&mut self, funding: &Funding) {
        self.contributed.add(funding.transfer);
        if let Some(opening) = &mut self.opening {
            opening.subtract(funding.transfer);
        }
    }

    /// Has nothing accrue on an account before `now`.
    pub(crate) fn accrue_from(&mut self, owner: ActorId, now: SimTime) {
        if let Some(account) = self.accounts.get_mut(owner.index()) {
            account.accrue_from(now);
        }
    }

    /// Sets what is written to the tape before anything else.
    pub(crate) fn open_with(&mut self, facts: Vec<Fact>) {
        self.carry.opening_facts = facts;
    }

    /// Writes what the market begins with, once.
    pub(crate) fn write_opening(&mut self, now: SimTime) -> Result<(), SinkError> {
        let facts = std::mem::take(&mut self.carry.opening_facts);
        facts.iter().try_for_each(|fact| self.record(now, fact))
    }

    /// Refuses a command that was under way when the market stopped, in place of its venue.
    pub(crate) fn refuse_unarrived(&mut self, now: SimTime, sent: &SentCommand) -> Result<(), MarketFault> {
        let SentCommand { command: Command { order, owner, listing, kind }, sent_at, .. } = *sent;
        let reason = RejectReason::MarketStopped;
        let (side, report) = match kind {
            CommandKind::New(terms @ OrderTerms { side, .. }) => {
                self.record(now, &Fact::OrderRejected { order, owner, listing, terms, sent_at, reason })?;
                (side, ReportKind::Rejected(reason))
            }
            _ => {
                self.record(now, &Fact::CommandRejected { order, owner, listing, reason })?;
                (Side::Buy, ReportKind::CommandRejected(reason))
            }
        };
        self.book(now, owner, &ExecutionReport { order, listing, side, at: now, kind: report })
    }
}

impl Context {
    /// Keeps a text for the current actor's next beginning, in place of what it had kept: the only thing of
    /// an actor that a market which goes on has on its next day.
    ///
    /// Unbounded: the caller must limit how much it keeps.
    pub fn save(&mut self, text: impl Into<Arc<str>>) {
        let id = self.id();
        self.domain_mut().restore_saved(id, text.into());
    }

    /// Returns whether the market has closed: nothing is sent any more.
    #[must_use]
    pub const fn has_closed(&self) -> bool {
        self.domain().closed
    }

    /// Returns whether the market [goes on](crate::exchange::MarketBuilder::goes_on) on another day.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        self.domain().goes_on()
    }

    /// Keeps nothing any more for the current actor's next beginning.
    pub fn forget_saved(&mut self) {
        let id = self.id();
        self.domain_mut().carry.saved.remove(&id);
    }

    /// Returns what the current actor kept last, today or before.
    #[must_use]
    pub fn saved(&self) -> Option<Arc<str>> {
        self.domain().saved(self.id()).cloned()
    }
}
