//! Reports that nobody handles: they wait for the next look at the account, and are no events.
//!
//! Most agents of a population have no use for reports: theirs only change their accounts. So a report to
//! such an actor is kept here with its place in the total order, and booked before anything that comes later
//! can look at the account: before its owner handles a message, before it is financed or futures are
//! cleared, and before the world can be looked at from outside. What an account is at any moment is the same
//! as if each report were delivered.
//!
//! Reports are delivered all the same where more depends on them: to an account that is tracked or can be
//! ruined; while it has reduce-only orders, since a fill may have them canceled; of an instrument before its
//! first mark, which values what accounts have then; and in a market with replayed listings.

use super::context::Context;
use super::fault::MarketFault;
use super::message::Message;
use super::packed::ReportMessage;
use super::state::MarketState;
use crate::account::Account;
use crate::kernel::Moment;
use crate::market::{ExecutionReport, Listing};
use crate::units::{ActorId, ListingId, SimTime};

/// The reports that wait, by owner, each owner's in the order of their moments.
#[derive(Debug, Default)]
pub(super) struct UnreadReports {
    owners: Vec<OwnerQueue>,
    slots: Vec<Slot>,
    vacant: Vec<u32>,
    /// Owners for whom reports may wait, each once.
    listed: Vec<ActorId>,
}

/// The reports of one owner, as a list through the slots.
#[derive(Debug, Clone, Copy)]
struct OwnerQueue {
    first: Option<u32>,
    last: u32,
    /// Whether reports to the owner may wait at all.
    may_wait: bool,
    /// Whether the owner may have reduce-only orders.
    may_reduce: bool,
    is_listed: bool,
}

#[derive(Debug)]
struct Slot {
    moment: Moment,
    /// Absent once it has been taken out.
    report: Option<ReportMessage>,
    next: Option<u32>,
}

/// How many of an owner's reports are fetched ahead: most owners have fewer.
const FETCHED: usize = 4;

/// So many reports may wait besides those few of each owner.
const MANY: usize = 1_024;

impl UnreadReports {
    /// Adds the next owner.
    pub(super) fn add_owner(&mut self, may_wait: bool) {
        self.owners.push(OwnerQueue { first: None, last: 0, may_wait, may_reduce: false, is_listed: false });
    }

    /// Says whether reports to an owner may wait from now on; those that do are booked as they would have
    /// been.
    pub(super) fn set_may_wait(&mut self, owner: ActorId, may_wait: bool) {
        if let Some(queue) = self.owners.get_mut(owner.index()) {
            queue.may_wait = may_wait;
        }
    }

    /// Notes that an owner may have reduce-only orders from now on.
    pub(super) fn note_reducing(&mut self, owner: ActorId) {
        if let Some(queue) = self.owners.get_mut(owner.index()) {
            queue.may_reduce = true;
        }
    }

    /// Returns an owner's first report's slot, if any waits.
    pub(super) fn first_of(&self, owner: ActorId) -> Option<u32> {
        self.owners.get(owner.index())?.first
    }

    /// Reads some of an owner's first reports, to have them fetched from memory; what is returned has no
    /// meaning.
    pub(super) fn fetch(&self, owner: ActorId) -> u64 {
        let slot = |index: u32| &self.slots[index as usize];
        let first = self.first_of(owner).map(slot);
        let chain = std::iter::successors(first, |last| last.next.map(slot)).take(FETCHED);
        chain.fold(0, |all, slot| all ^ slot.moment.sequence ^ u64::from(slot.report.is_some()))
    }

    /// Adds a report, whose moment is after all others of its owner.
    #[expect(clippy::cast_possible_truncation, reason = "2^32 reports that wait would need a terabyte")]
    fn push(&mut self, owner: ActorId, moment: Moment, report: ExecutionReport) {
        let slot = Slot { moment, report: Some(report.into()), next: None };
        let index = match self.vacant.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        let queue = &mut self.owners[owner.index()];
        match queue.first {
            None => queue.first = Some(index),
            Some(_) => self.slots[queue.last as usize].next = Some(index),
        }
        queue.last = index;
        if !queue.is_listed {
            queue.is_listed = true;
            self.listed.push(owner);
        }
    }

    /// Takes out an owner's first report, if its moment is before `moment`.
    fn pop_before(&mut self, owner: ActorId, moment: Moment) -> Option<(Moment, ReportMessage)> {
        let queue = self.owners.get_mut(owner.index())?;
        let index = queue.first?;
        let slot = &mut self.slots[index as usize];
        if slot.moment >= moment {
            return None;
        }
        queue.first = slot.next;
        self.vacant.push(index);
        slot.report.take().map(|report| (slot.moment, report))
    }

    /// Returns whether more reports wait than a few of each owner.
    const fn are_many(&self) -> bool {
        self.slots.len() - self.vacant.len() > MANY + FETCHED * self.owners.len()
    }

    /// Takes the list of owners for whom reports may wait.
    fn take_listed(&mut self) -> Vec<ActorId> {
        std::mem::take(&mut self.listed)
    }

    /// Gives the list back without those for whom none wait any more.
    fn list_again(&mut self, mut listed: Vec<ActorId>) {
        listed.retain(|owner| {
            let queue = &mut self.owners[owner.index()];
            queue.is_listed = queue.first.is_some();
            queue.is_listed
        });
        listed.append(&mut self.listed);
        self.listed = listed;
    }
}

impl MarketState {
    /// Returns whether a report to an owner may wait until somebody looks at its account.
    pub(super) fn may_wait(&self, owner: ActorId, listing: ListingId) -> bool {
        let has_mark = |listing: &Listing| self.instruments[listing.instrument.index()].first_mark.is_some();
        let Some(queue) = self.unread.owners.get(owner.index()).filter(|queue| queue.may_wait) else {
            return false;
        };
        // The account is asked only where it may have some: it is elsewhere in memory.
        let has_reducing = || self.accounts.get(owner.index()).is_none_or(Account::has_reducing_orders);
        !self.has_replays
            && self.listing(listing).is_some_and(has_mark)
            && !(queue.may_reduce && has_reducing())
    }

    /// Books the reports to an owner whose moments are before `moment`.
    #[inline]
    pub(super) fn book_unread(&mut self, owner: ActorId, moment: Moment) -> Result<(), MarketFault> {
        while let Some((at, report)) = self.unread.pop_before(owner, moment) {
            self.book(at.time, owner, &report.into())?;
        }
        Ok(())
    }

    /// Returns whether so many reports wait that they should be booked, though nobody looks at their
    /// accounts: what waits for owners who hardly ever act would else grow with the length of a run.
    pub(super) const fn has_many_unread(&self) -> bool {
        self.unread.are_many()
    }

    /// Books all reports that would have been delivered before the event at hand.
    pub(super) fn book_all_until_now(&mut self) -> Result<(), MarketFault> {
        self.book_all_unread(self.present)
    }

    /// Books all reports whose moments are before `moment`.
    pub(super) fn book_all_unread(&mut self, moment: Moment) -> Result<(), MarketFault> {
        let listed = self.unread.take_listed();
        let booked = listed.iter().try_for_each(|owner| self.book_unread(*owner, moment));
        self.unread.list_again(listed);
        booked
    }
}

impl Context {
    /// Sends a report, or has it wait if nobody handles it.
    #[inline]
    pub(super) fn send_report(&mut self, to: ActorId, arrival: SimTime, report: ExecutionReport) {
        if self.domain().may_wait(to, report.listing) {
            let moment = self.reserve(arrival);
            self.domain_mut().unread.push(to, moment, report);
        } else {
            self.send_at(to, arrival, Message::Report(report.into()));
        }
    }

    /// Sends the reports to an owner that wait, each to arrive at its moment: from now on more than its
    /// account depends on them.
    pub(super) fn deliver_unread(&mut self, owner: ActorId) {
        while let Some((moment, report)) = self.domain_mut().unread.pop_before(owner, Moment::LAST) {
            self.send_reserved(owner, moment, Message::Report(report));
        }
    }
}
