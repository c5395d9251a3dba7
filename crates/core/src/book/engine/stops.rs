//! Stops, and the follow-ups of a command.

use std::collections::{BTreeMap, VecDeque};

use super::matching::Taker;
use super::slab::Activation;
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{CancelReason, Link, OrderKind, OrderTerms, Phase, Side, TimeInForce};
use crate::units::{OrderId, Price};

/// Dormant stops by trigger, and elected ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Stops {
    /// Elected by trades at or above the trigger: (trigger, time rank).
    buys: BTreeMap<(i64, u64), Slot>,
    /// Elected by trades at or below the trigger.
    sells: BTreeMap<(i64, u64), Slot>,
    trailing: Vec<Slot>,
    /// Prices of trades that have not been compared with triggers yet.
    prices: VecDeque<Price>,
    /// Elected stops, in the order of their election.
    elected: VecDeque<OrderId>,
}

impl Stops {
    const fn side(&mut self, side: Side) -> &mut BTreeMap<(i64, u64), Slot> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    pub(super) fn add(&mut self, slot: Slot, sequence: u64, terms: &OrderTerms, trigger: Option<Price>) {
        if matches!(terms.kind, OrderKind::TrailingStop { .. }) {
            self.trailing.push(slot);
        }
        if let Some(trigger) = trigger {
            self.side(terms.side).insert((trigger.ticks(), sequence), slot);
        }
    }

    pub(super) fn remove(&mut self, slot: Slot, sequence: u64, terms: &OrderTerms, trigger: Option<Price>) {
        if matches!(terms.kind, OrderKind::TrailingStop { .. }) {
            self.trailing.retain(|other| *other != slot);
        }
        if let Some(trigger) = trigger {
            self.side(terms.side).remove(&(trigger.ticks(), sequence));
        }
    }

    #[inline]
    pub(super) fn record_trade(&mut self, price: Price) {
        if !(self.buys.is_empty() && self.sells.is_empty() && self.trailing.is_empty()) {
            self.prices.push_back(price);
        }
    }

    #[inline]
    fn is_quiet(&self) -> bool {
        self.prices.is_empty() && self.elected.is_empty()
    }

    /// Returns the stops that a trade at `price` elects.
    fn reached(&self, price: Price) -> Vec<Slot> {
        let buys = self.buys.range(..=(price.ticks(), u64::MAX));
        let sells = self.sells.range((price.ticks(), 0)..);
        buys.chain(sells).map(|(_, slot)| *slot).collect()
    }
}

impl OrderBook {
    /// Executes the follow-ups of a command: exits, stops, pegs, until there are none.
    #[inline]
    pub(super) fn follow_up(&mut self, out: &mut impl EventSink) {
        if !(self.stops.is_quiet() && self.brackets.is_quiet() && self.pegs.is_empty()) {
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
        self.stops.is_quiet() && self.brackets.is_quiet() && self.phase == Phase::Continuous
    }

    /// Adds a stop: dormant until its trigger, or elected if the last trade has reached that.
    pub(super) fn enter_stop(&mut self, order: &Order) {
        let (side, last) = (order.side(), self.last);
        match order.terms.kind {
            OrderKind::TrailingStop { distance, .. } => {
                let trigger = last.map(|last| distance.trigger(side, last));
                self.keep_dormant(order, Activation::Trigger(trigger));
            }
            OrderKind::Stop { trigger, .. } | OrderKind::StopLimit { trigger, .. } => {
                if last.is_some_and(|last| side.sign() * (last - trigger) >= 0) {
                    self.keep_dormant(order, Activation::Elected(trigger));
                    self.stops.elected.push_back(order.id);
                } else {
                    self.keep_dormant(order, Activation::Trigger(Some(trigger)));
                }
            }
            _ => {}
        }
    }

    /// Moves the triggers of trailing stops after a trade.
    fn trail(&mut self, price: Price) {
        let trailing = std::mem::take(&mut self.stops.trailing);
        for slot in &trailing {
            let (side, sequence) = (self.slab.get(*slot).side(), self.slab.get(*slot).sequence);
            let Some(details) = self.slab.details_mut(*slot) else { continue };
            let (OrderKind::TrailingStop { distance, .. }, Activation::Trigger(trigger)) =
                (details.terms.kind, details.activation)
            else {
                continue;
            };
            let behind = distance.trigger(side, price);
            // A buy's trigger only falls, a sale's only rises.
            if trigger.is_none_or(|trigger| side.sign() * (behind - trigger) < 0) {
                details.activation = Activation::Trigger(Some(behind));
                let stops = self.stops.side(side);
                if let Some(trigger) = trigger {
                    stops.remove(&(trigger.ticks(), sequence));
                }
                stops.insert((behind.ticks(), sequence), *slot);
            }
        }
        self.stops.trailing = trailing;
    }

    /// Elects the stops whose trigger a trade at `price` reaches, in order of time.
    fn elect(&mut self, price: Price) {
        let reached = self.stops.reached(price);
        self.for_each(reached, |book, slot| {
            let order = book.order_at(slot);
            let sequence = book.slab.get(slot).sequence;
            let Some(details) = book.slab.details_mut(slot) else { return };
            let Activation::Trigger(Some(trigger)) = details.activation else { return };
            details.activation = Activation::Elected(trigger);
            book.stops.remove(slot, sequence, &order.terms, Some(trigger));
            book.stops.elected.push_back(order.id);
        });
    }

    /// Enters an elected stop as a market or limit order.
    fn trigger(&mut self, id: OrderId, out: &mut impl EventSink) {
        let Some(slot) = self.slab.find(id) else { return };
        let Some(Activation::Elected(trigger)) = self.slab.details(slot).map(|details| details.activation)
        else {
            return;
        };
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
