//! [`OwnFeeds`]: each participant's channel.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bearpit_core::market::Fact;
use bearpit_core::units::{ActorId, OrderId, SimTime};

use super::config::PublicationConfig;
use super::day::DayParticipant;
use super::log::Retention;
use super::own::{OwnChange, OwnEvent, OwnState};
use super::owners::{Owners, order_of};
use super::replica::{Replica, ReplicaWriter};
use super::signal::{Signal, Waking};
use super::state::OwnCount;
use crate::domain::{ClientOrderId, RefusalId, RefusedOrder, SentOrder};

/// What readers have of one participant.
#[derive(Debug)]
pub(super) struct OwnFeed {
    pub(super) replica: Arc<Replica<OwnState>>,
    pub(super) signal: Arc<Signal>,
}

/// The channels of participants, by name.
pub(super) type OwnDirectory = BTreeMap<Arc<str>, Arc<OwnFeed>>;

/// The channels of those participants who have one.
#[derive(Debug)]
pub(super) struct OwnFeeds {
    directory: Arc<ArcSwap<OwnDirectory>>,
    writers: Vec<OwnWriter>,
    by_name: BTreeMap<Arc<str>, usize>,
    /// Whose facts are whose, by writer. The crowd's are nobody's.
    owners: Owners<usize>,
    /// Those with news.
    changed: Vec<usize>,
    /// The last order that its owner was told of as sent; a market's orders are numbered in order.
    last_sent: Option<OrderId>,
    /// The last refused order that its owner was told of, by the number of its request.
    last_refused: Option<RefusalId>,
    /// Whether that is what the next fact says.
    is_refusal_told: bool,
    is_grown: bool,
    retention: Retention,
}

#[derive(Debug)]
struct OwnWriter {
    name: Arc<str>,
    feed: Arc<OwnFeed>,
    replica: ReplicaWriter<OwnState>,
    state: OwnState,
    is_changed: bool,
}

/// Small, since most participants do little: a block takes two kilobytes.
const BLOCK: u64 = 8;

impl OwnFeeds {
    /// Makes one in which nobody has a channel.
    pub(super) fn new(config: &PublicationConfig) -> Self {
        let retention =
            Retention { span: Some(config.retention), items_max: config.events_max, block: BLOCK };
        Self {
            directory: Arc::new(ArcSwap::default()),
            writers: Vec::new(),
            by_name: BTreeMap::new(),
            owners: Owners::default(),
            changed: Vec::new(),
            last_sent: None,
            last_refused: None,
            is_refusal_told: false,
            is_grown: false,
            retention,
        }
    }

    /// Makes the channels of those who had one, with the numbers that they have come to.
    pub(super) fn restore(&mut self, counts: &[OwnCount]) {
        for count in counts {
            self.add(&count.name, count.next);
        }
    }

    /// Returns what readers look up.
    pub(super) fn directory(&self) -> Arc<ArcSwap<OwnDirectory>> {
        Arc::clone(&self.directory)
    }

    /// Returns the numbers that the channels have come to.
    pub(super) fn counts(&self) -> Vec<OwnCount> {
        let count =
            |writer: &OwnWriter| OwnCount { name: writer.name.to_string(), next: writer.replica.next() };
        self.writers.iter().map(count).collect()
    }

    /// Begins a day with the participants that are there.
    pub(super) fn begin_day(&mut self, open: SimTime, participants: &[DayParticipant]) {
        self.owners.begin_day();
        for index in 0..self.writers.len() {
            let began = OwnEvent::new(open, OwnChange::DayBegan);
            push(&mut self.writers, &mut self.changed, index, began);
        }
        for DayParticipant { id, name, has_channel } in participants {
            let index = has_channel.then(|| self.writer_named(name));
            self.owners.assign(*id, index);
        }
    }

    /// Hands a fact to whom it concerns.
    pub(super) fn follow(&mut self, at: SimTime, fact: &Fact) {
        if std::mem::take(&mut self.is_refusal_told) && matches!(fact, Fact::OrderRefused { .. }) {
            return;
        }
        if let Fact::AccountOpened(opening) = fact
            && !self.owners.knows(opening.owner)
        {
            // It has joined; accounts that were carried over are opened too.
            let index = self.writer_named(&opening.name);
            self.owners.assign(opening.owner, Some(index));
        }
        let (writers, changed) = (&mut self.writers, &mut self.changed);
        self.owners.follow(at, fact, &mut |index, event| push(writers, changed, index, event));
    }

    /// Tells the owner of an order that was carried over what it is called.
    pub(super) fn named(&mut self, at: SimTime, owner: ActorId, order: OrderId, client: ClientOrderId) {
        if let Some(index) = self.owners.of(owner) {
            push(
                &mut self.writers,
                &mut self.changed,
                index,
                OwnEvent::new(at, OwnChange::Named { order, client }),
            );
        }
    }

    /// Tells its owner that an order is on its way. One that was told before changes nothing.
    pub(super) fn sent(&mut self, sent: &SentOrder) {
        let is_new = self.last_sent.is_none_or(|last| sent.order > last);
        if let Some(index) = self.owners.of(sent.owner).filter(|_| is_new) {
            self.last_sent = Some(sent.order);
            push(
                &mut self.writers,
                &mut self.changed,
                index,
                OwnEvent::new(sent.at, OwnChange::Sent(sent.clone())),
            );
        }
    }

    /// Tells its owner that an order was refused; the fact that follows says nothing more. One that was told
    /// before changes nothing.
    pub(super) fn refused(&mut self, refused: &RefusedOrder) {
        let is_new = self.last_refused.is_none_or(|last| refused.id > last);
        if let Some(index) = self.owners.of(refused.owner).filter(|_| is_new) {
            (self.last_refused, self.is_refusal_told) = (Some(refused.id), true);
            let change = OwnChange::Refused(Box::new(refused.clone()));
            push(&mut self.writers, &mut self.changed, index, OwnEvent::new(refused.at, change));
        }
    }

    /// Lets readers see all that has happened, and wakes them.
    pub(super) fn commit(&mut self, waking: &Waking) {
        if self.is_grown {
            self.is_grown = false;
            let writers = &self.writers;
            let entry =
                |(name, index): (&Arc<str>, &usize)| (Arc::clone(name), Arc::clone(&writers[*index].feed));
            self.directory.store(Arc::new(self.by_name.iter().map(entry).collect()));
        }
        for index in self.changed.drain(..) {
            let OwnWriter { feed, replica, state, is_changed, .. } = &mut self.writers[index];
            replica.commit(|| state.clone());
            waking.raise(&feed.signal);
            *is_changed = false;
        }
    }

    /// Drops what is too old.
    pub(super) fn forget(&mut self, now: SimTime) {
        self.writers.iter_mut().for_each(|writer| writer.replica.forget(now));
    }

    /// Says that there will be no more news.
    pub(super) fn end(&self, waking: &Waking) {
        self.writers.iter().for_each(|writer| waking.end(&writer.feed.signal));
    }

    /// Returns the writer of a participant, a new one if it never had one.
    fn writer_named(&mut self, name: &str) -> usize {
        let present = self.by_name.get(name).copied();
        present.unwrap_or_else(|| self.add(name, 0))
    }

    fn add(&mut self, name: &str, next: u64) -> usize {
        let replica = ReplicaWriter::new(next, self.retention);
        let feed = Arc::new(OwnFeed { replica: replica.replica(), signal: Arc::default() });
        let name: Arc<str> = Arc::from(name);
        let index = self.writers.len();
        self.by_name.insert(Arc::clone(&name), index);
        self.writers.push(OwnWriter { name, feed, replica, state: OwnState::default(), is_changed: false });
        self.is_grown = true;
        index
    }
}

fn push(writers: &mut [OwnWriter], changed: &mut Vec<usize>, index: usize, mut event: OwnEvent) {
    let writer = &mut writers[index];
    writer.state.follow(&event);
    event.after = writer.state.resulting_state(&event.change, order_of(&event));
    writer.replica.push(event.at, event);
    if !writer.is_changed {
        writer.is_changed = true;
        changed.push(index);
    }
}
