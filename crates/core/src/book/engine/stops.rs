//! Stops, and the follow-ups of a command.

use std::collections::{BTreeSet, VecDeque};

use super::details::Activation;
use super::matching::Taker;
use super::slot::{Slot, SlotKey};
use super::trailing::{Reached, Trailing};
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, Link, OrderKind, OrderTerms, Phase, Side, TimeInForce, TrailingDistance};
use crate::units::{OrderId, Price};

/// Dormant stops by trigger, and elected ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Stops {
    /// By side, in order of their triggers as [`rank`] has them.
    waiting: [BTreeSet<SlotKey>; 2],
    pub(super) trailing: Trailing,
    /// Prices of trades that have not been compared with triggers yet.
    prices: VecDeque<Price>,
    /// Elected stops, in the order of their election.
    elected: VecDeque<OrderId>,
}

/// Returns a trigger as a rank: a trade elects the stops whose rank is not above its own, the lowest first.
/// So buys are elected from the lowest trigger, sales from the highest, as a price that moves passes them.
const fn rank(side: Side, price: Price) -> i64 {
    side.sign() * price.ticks()
}

impl Stops {
    pub(super) fn add(&mut self, slot: Slot, side: Side, trigger: Price) {
        self.waiting[side.index()].insert(SlotKey::new(rank(side, trigger), slot));
    }

    pub(super) fn remove(&mut self, slot: Slot, side: Side, trigger: Price) {
        self.waiting[side.index()].remove(&SlotKey::new(rank(side, trigger), slot));
    }

    #[inline]
    pub(super) fn record_trade(&mut self, price: Price) {
        if !(self.waiting.iter().all(BTreeSet::is_empty) && self.trailing.is_empty()) {
            self.prices.push_back(price);
        }
    }

    /// Returns a number that is zero if no follow-up waits here.
    #[inline]
    fn waiting_follow_ups(&self) -> usize {
        self.prices.len() | self.elected.len()
    }

    /// Returns the elected stops, in the order of their election; some may have ended since.
    pub(super) fn elected(&self) -> impl Iterator<Item = OrderId> {
        self.elected.iter().copied()
    }

    /// Adds an elected stop behind all others.
    pub(super) fn restore_elected(&mut self, id: OrderId) {
        self.elected.push_back(id);
    }

    /// Returns the stops of a side that a trade at `price` elects, from the first trigger that the price has
    /// passed.
    fn reached(&self, side: Side, price: Price) -> impl Iterator<Item = SlotKey> {
        let last = SlotKey::new(rank(side, price), Slot::MAX);
        self.waiting[side.index()].range(..=last).copied()
    }
}

impl OrderBook {
    /// Executes the follow-ups of a command: exits, stops, pegs, until there are none.
    #[inline]
    pub(super) fn follow_up(&mut self, out: &mut impl EventSink) {
        // One branch, which is nearly always taken the same way.
        if self.stops.waiting_follow_ups() | self.brackets.waiting_follow_ups() | self.pegs.classes() != 0 {
            self.follow_up_all(out);
        }
    }

    #[cold]
    fn follow_up_all(&mut self, out: &mut impl EventSink) {
        loop {
            while let Some(price) = self.stops.prices.pop_front() {
                self.trail(price);
                self.elect(price);
            }
            if let Some(entry) = self.brackets.next_due() {
                self.follow_entry(entry, out);
            } else if self.phase != Phase::Continuous {
                return self.park_pegs(out);
            } else if let Some(id) = self.stops.elected.pop_front() {
                self.trigger(id, out);
            } else if !self.reprice_pegs(out) {
                return;
            }
        }
    }

    /// Returns whether no exit and no stop comes before the next pegged order.
    pub(super) fn has_only_pegs_left(&self) -> bool {
        self.stops.waiting_follow_ups() | self.brackets.waiting_follow_ups() == 0
            && self.phase == Phase::Continuous
    }

    /// Adds a stop: dormant until its trigger, or elected if the last trade has reached that.
    pub(super) fn enter_stop(&mut self, order: &Order) {
        let (side, last) = (order.side(), self.last);
        match order.terms.kind {
            OrderKind::TrailingStop { distance, .. } => self.enter_trailing_stop(order, distance, last),
            OrderKind::Stop { trigger, .. } | OrderKind::StopLimit { trigger, .. } => {
                if last.is_some_and(|last| side.sign() * (last - trigger) >= 0) {
                    self.keep_dormant(order, Activation::Elected);
                    self.stops.elected.push_back(order.id);
                } else {
                    self.keep_dormant(order, Activation::Trigger);
                }
            }
            _ => {}
        }
    }

    /// Adds a trailing stop with the best trade since its entry as its mark: dormant, or elected if the last
    /// trade has reached its trigger, as it may have where the owner gave it a smaller distance.
    pub(super) fn enter_trailing_stop(
        &mut self,
        order: &Order,
        distance: TrailingDistance,
        mark: Option<Price>,
    ) {
        let side = order.side();
        let trigger = mark.map(|mark| distance.trigger(side, mark));
        if let Some((trigger, last)) = trigger.zip(self.last)
            && side.sign() * (last - trigger) >= 0
        {
            let kind = OrderKind::Stop { trigger, protection: order.terms.kind.worst_price() };
            let terms = OrderTerms { kind, ..order.terms };
            self.keep_dormant(&Order { terms, ..*order }, Activation::Elected);
            return self.stops.elected.push_back(order.id);
        }
        let slot = self.insert(order, Activation::Trails);
        let index = self.stops.trailing.add(slot, side, distance, mark);
        if let Some(details) = self.slab.details_mut(slot) {
            details.set_trailing_index(index);
        }
    }

    /// Moves the triggers of trailing stops after a trade. Those that it reaches are stops with a trigger
    /// from now on.
    fn trail(&mut self, price: Price) {
        self.stops.trailing.follow(price);
        for side in Side::BOTH {
            while let Some(Reached { slot, trigger }) = self.stops.trailing.pop_reached(side, price) {
                if let Some(details) = self.slab.details_mut(slot) {
                    let protection = details.kind().worst_price();
                    details.set_kind(OrderKind::Stop { trigger, protection });
                    details.set_activation(Activation::Trigger);
                }
                self.stops.add(slot, side, trigger);
            }
        }
    }

    /// Elects the stops whose trigger a trade at `price` reaches: buys, then sales, each from the first
    /// trigger that the price has passed, then by time.
    fn elect(&mut self, price: Price) {
        for side in Side::BOTH {
            let place = |key: SlotKey| (key.number(), self.slab.sequence(key.slot), key.slot);
            let mut reached: Vec<_> = self.stops.reached(side, price).map(place).collect();
            reached.sort_unstable();
            for (_, _, slot) in reached {
                let id = self.slab.get(slot).id;
                let Some(details) = self.slab.details_mut(slot) else { continue };
                self.stops.remove(slot, side, details.trigger());
                details.set_activation(Activation::Elected);
                self.stops.elected.push_back(id);
            }
        }
    }

    /// Enters an elected stop as a market or limit order.
    fn trigger(&mut self, id: OrderId, out: &mut impl EventSink) {
        let Some(slot) = self.slab.find(id) else { return };
        let Some(details) = self.slab.details(slot).filter(|it| it.activation() == Activation::Elected)
        else {
            return;
        };
        let trigger = details.trigger();
        let mut order = self.remove(slot);
        out.take(BookEvent::Triggered { order: id, owner: order.owner, side: order.side(), trigger });
        self.end_entry(&order, out);
        order.terms.kind = match order.terms.kind {
            OrderKind::StopLimit { limit, .. } => OrderKind::Limit(limit),
            kind => OrderKind::Market { protection: kind.worst_price() },
        };
        if order.terms.time_in_force == TimeInForce::Fok
            && self.available(&order, order.terms.kind.worst_price()) < order.leaves
        {
            out.take(order.canceled(CancelReason::FokUnfillable));
            return self.on_end(&order, out);
        }
        self.enter_order(&order, out);
    }

    /// Trades an order up to `bound`; the rest of it rests at `rest_at`, or is canceled if it may not rest.
    pub(super) fn take_or_rest(
        &mut self,
        order: &Order,
        bound: Option<Price>,
        rest_at: Option<Price>,
        out: &mut impl EventSink,
    ) {
        let mut taker = Taker::new(order);
        self.sweep(&mut taker, bound, out);
        if !taker.is_canceled && !taker.leaves.is_zero() {
            let order = Order { leaves: taker.leaves, filled: taker.filled, ..*order };
            match rest_at.filter(|_| order.terms.time_in_force.rests()) {
                Some(price) => {
                    self.brackets.on_entry_trade(&order);
                    return self.rest(&order, price);
                }
                None => {
                    let halted = self.phase != Phase::Continuous;
                    let reason = if halted { CancelReason::Halted } else { CancelReason::IocRemainder };
                    out.take(order.canceled(reason));
                }
            }
        }
        if order.partner.is_some() || order.terms.link != Link::None {
            self.on_end(&Order { leaves: taker.leaves, filled: taker.filled, ..*order }, out);
        }
    }
}
