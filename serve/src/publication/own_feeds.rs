//! [`OwnFeeds`]: which fact concerns whom, and each participant's channel.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bearpit_core::market::{Fact, Trade};
use bearpit_core::units::{ActorId, OrderId, Quantity, SimTime};
use rustc_hash::FxHashMap;

use super::config::PublicationConfig;
use super::day::DayParticipant;
use super::log::Retention;
use super::own::{Fill, OwnChange, OwnEvent, OwnState};
use super::replica::{Replica, ReplicaWriter};
use super::signal::{Signal, Waking};
use super::state::OwnCount;
use crate::domain::{ClientOrderId, SentOrder};

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
    /// Of each participant of the day, by its number, its writer if it has one.
    by_actor: Vec<Option<usize>>,
    /// The writers of those whose orders are open. The crowd's orders are not among them.
    by_order: FxHashMap<OrderId, usize>,
    /// Those with news.
    changed: Vec<usize>,
    /// The last order that its owner was told of as sent; a market's orders are numbered in order.
    last_sent: Option<OrderId>,
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
            by_actor: Vec::new(),
            by_order: FxHashMap::default(),
            changed: Vec::new(),
            last_sent: None,
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
        self.by_actor.clear();
        self.by_order.clear();
        for index in 0..self.writers.len() {
            self.push(index, OwnEvent { at: open, change: OwnChange::DayBegan });
        }
        for DayParticipant { id, name, has_channel } in participants {
            let index = has_channel.then(|| self.writer_named(name));
            self.assign(*id, index);
        }
    }

    /// Hands a fact to whom it concerns.
    pub(super) fn follow(&mut self, at: SimTime, fact: &Fact) {
        if let Fact::Traded(trade) = fact {
            return self.trade(at, trade);
        }
        if let Fact::AccountOpened(opening) = fact
            && self.by_actor.len() <= opening.owner.index()
        {
            // It has joined; accounts that were carried over are opened too.
            let index = self.writer_named(&opening.name);
            self.assign(opening.owner, Some(index));
        }
        let (order, owner) = concerned(fact);
        let by_order = || order.and_then(|order| self.by_order.get(&order).copied());
        let Some(index) = owner.map_or_else(by_order, |owner| self.writer_of(owner)) else { return };
        match (fact, order) {
            (Fact::OrderAccepted { .. }, Some(order)) => {
                self.by_order.insert(order, index);
            }
            (Fact::OrderCanceled { .. } | Fact::OrderExpired { .. }, Some(order)) => {
                self.by_order.remove(&order);
            }
            _ => {}
        }
        self.push(index, OwnEvent { at, change: OwnChange::Fact(fact.clone()) });
    }

    /// Tells the owner of an order that was carried over what it is called.
    pub(super) fn named(&mut self, at: SimTime, owner: ActorId, order: OrderId, client: ClientOrderId) {
        if let Some(index) = self.writer_of(owner) {
            self.push(index, OwnEvent { at, change: OwnChange::Named { order, client } });
        }
    }

    /// Tells its owner that an order is on its way. One that was told before changes nothing.
    pub(super) fn sent(&mut self, sent: &SentOrder) {
        let is_new = self.last_sent.is_none_or(|last| sent.order > last);
        if let Some(index) = self.writer_of(sent.owner).filter(|_| is_new) {
            self.last_sent = Some(sent.order);
            self.push(index, OwnEvent { at: sent.at, change: OwnChange::Sent(sent.clone()) });
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

    fn writer_of(&self, owner: ActorId) -> Option<usize> {
        self.by_actor.get(owner.index()).copied().flatten()
    }

    /// Returns the writer of a participant, a new one if it never had one.
    fn writer_named(&mut self, name: &str) -> usize {
        let present = self.by_name.get(name).copied();
        present.unwrap_or_else(|| self.add(name, 0))
    }

    fn assign(&mut self, id: ActorId, index: Option<usize>) {
        if self.by_actor.len() <= id.index() {
            self.by_actor.resize(id.index() + 1, None);
        }
        self.by_actor[id.index()] = index;
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

    fn trade(&mut self, at: SimTime, trade: &Trade) {
        let [maker_role, taker_role] = trade.roles();
        let made = Fill {
            trade: trade.id,
            order: trade.maker_order,
            listing: trade.listing,
            side: trade.aggressor.opposite(),
            price: trade.price,
            quantity: trade.quantity,
            leaves: Quantity::ZERO,
            liquidity: maker_role,
            fee: trade.maker_fee,
            queue_ahead: Some(trade.maker_queue_ahead),
        };
        let taken = Fill {
            order: trade.taker_order,
            side: trade.aggressor,
            liquidity: taker_role,
            fee: trade.taker_fee,
            queue_ahead: None,
            ..made
        };
        self.fill(at, made);
        self.fill(at, taken);
    }

    fn fill(&mut self, at: SimTime, mut fill: Fill) {
        let Some(&index) = self.by_order.get(&fill.order) else { return };
        let open = self.writers[index].state.orders.get(&fill.order);
        fill.leaves = open.map_or(Quantity::ZERO, |order| order.leaves.saturating_sub(fill.quantity));
        if fill.leaves.is_zero() {
            self.by_order.remove(&fill.order);
        }
        self.push(index, OwnEvent { at, change: OwnChange::Filled(fill) });
    }

    fn push(&mut self, index: usize, event: OwnEvent) {
        let writer = &mut self.writers[index];
        writer.state.follow(&event);
        writer.replica.push(event.at, event);
        if !writer.is_changed {
            writer.is_changed = true;
            self.changed.push(index);
        }
    }
}

/// Returns the order and the account that a fact is about; it is about nobody's own if both are absent.
fn concerned(fact: &Fact) -> (Option<OrderId>, Option<ActorId>) {
    match *fact {
        Fact::OrderAccepted { order, owner, .. }
        | Fact::OrderRejected { order, owner, .. }
        | Fact::CommandRejected { order, owner, .. } => (Some(order), Some(owner)),
        Fact::OrderReplaced { order, .. }
        | Fact::OrderRepriced { order, .. }
        | Fact::OrderReduced { order, .. }
        | Fact::OrderGrown { order, .. }
        | Fact::OrderRestated { order, .. }
        | Fact::OrderTriggered { order, .. }
        | Fact::OrderCanceled { order, .. }
        | Fact::OrderExpired { order, .. } => (Some(order), None),
        Fact::OrderRefused { owner, .. }
        | Fact::AccountFinanced { owner, .. }
        | Fact::AccountRuined { owner, .. }
        | Fact::PositionSplit { owner, .. }
        | Fact::AccountPaid { owner, .. }
        | Fact::AccountFunded { owner, .. }
        | Fact::ParticipantBlocked { owner, .. }
        | Fact::ParticipantUnblocked { owner } => (None, Some(owner)),
        Fact::AccountOpened(ref opening) => (None, Some(opening.owner)),
        Fact::AccountMarked(ref mark) => (None, Some(mark.owner)),
        Fact::Logged { actor, .. }
        | Fact::Plotted { actor, .. }
        | Fact::Recorded { actor, .. }
        | Fact::StrategyFailed { actor, .. } => (None, Some(actor)),
        // Owners are not told that the next part of an iceberg is displayed.
        Fact::OrderRefreshed { .. }
        | Fact::Traded(_)
        | Fact::PhaseChanged { .. }
        | Fact::TradingHalted { .. }
        | Fact::HaltLifted { .. }
        | Fact::IndicativeChanged { .. }
        | Fact::AuctionUncrossed { .. }
        | Fact::TouchChanged { .. }
        | Fact::PriceMoved { .. }
        | Fact::BarReplayed { .. }
        | Fact::CorporateAction { .. }
        | Fact::BarClosed { .. } => (None, None),
    }
}
