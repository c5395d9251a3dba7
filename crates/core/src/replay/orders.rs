//! [`WaitingOrders`]: the open orders of one listing, found by what they wait for.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Touch;
use crate::market::{OrderKind, OrderTerms, Side, TimeInForce};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// An open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitingOrder {
    pub(super) id: OrderId,
    pub(super) owner: ActorId,
    /// Its place among all orders of the venue.
    pub(super) arrival: u64,
    /// When it arrived, or was last replaced.
    pub(super) since: SimTime,
    /// What its owner asked for; of an elected stop, with the kind that it has become.
    pub(super) terms: OrderTerms,
    pub(super) leaves: Quantity,
    pub(super) filled: Quantity,
    /// Of a trailing stop: the best price since its arrival; absent before the first.
    pub(super) best: Option<Price>,
    /// The order with which it is linked: what one of them trades the other loses.
    pub(super) partner: Option<OrderId>,
    /// Of a bracket's exit: the entry.
    pub(super) entry: Option<OrderId>,
    /// Whether it is what an earlier open left of a market order or elected stop.
    pub(super) is_carried: bool,
    /// The bar in which nothing more can happen to it.
    pub(super) done_in: Option<usize>,
    /// What it waits for.
    wait: Wait,
}

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Nothing: it is due at once.
    Nothing,
    /// The next open.
    Open,
    /// The close of the day.
    Close,
    /// A price at or above.
    Rise(Price),
    /// A price at or below.
    Fall(Price),
    /// A first price, from which it trails.
    Price,
}

impl WaitingOrder {
    pub(super) const fn side(&self) -> Side {
        self.terms.side
    }

    /// Returns the price that elects it, if it is a stop that waits.
    pub(super) fn trigger(&self) -> Option<Price> {
        match self.terms.kind {
            OrderKind::TrailingStop { distance, .. } => {
                self.best.map(|best| distance.trigger(self.terms.side, best))
            }
            kind => kind.trigger(),
        }
    }

    /// Returns the level at which it is due, if it waits for one.
    pub(super) const fn level(&self) -> Option<Price> {
        match self.wait {
            Wait::Rise(price) | Wait::Fall(price) => Some(price),
            Wait::Nothing | Wait::Open | Wait::Close | Wait::Price => None,
        }
    }

    /// Returns whether it has one moment only, at an open or close.
    pub(super) const fn has_one_moment(&self) -> bool {
        matches!(
            self.terms.time_in_force,
            TimeInForce::Ioc | TimeInForce::Fok | TimeInForce::AtOpen | TimeInForce::AtClose
        )
    }

    /// Returns what it waits for by its terms, when the market is between bars (`now` is false) or within
    /// one.
    fn waits(&self, touch: Touch, now: bool) -> Wait {
        match self.terms.time_in_force {
            TimeInForce::AtOpen => return Wait::Open,
            TimeInForce::AtClose => return Wait::Close,
            _ => {}
        }
        let at_once = if now { Wait::Nothing } else { Wait::Open };
        match self.terms.kind {
            OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => at_once,
            OrderKind::Limit(_) if self.has_one_moment() => at_once,
            OrderKind::Limit(price) => {
                let beyond = i64::from(touch == Touch::Through);
                match self.terms.side {
                    Side::Buy => Wait::Fall(price - beyond),
                    Side::Sell => Wait::Rise(price + beyond),
                }
            }
            _ => match (self.trigger(), self.terms.side) {
                (Some(trigger), Side::Buy) => Wait::Rise(trigger),
                (Some(trigger), Side::Sell) => Wait::Fall(trigger),
                (None, _) => Wait::Price,
            },
        }
    }
}

/// The open orders of one listing.
#[derive(Debug, Default)]
pub(super) struct WaitingOrders {
    by_id: BTreeMap<OrderId, WaitingOrder>,
    at_once: BTreeSet<OrderId>,
    at_open: BTreeSet<OrderId>,
    at_close: BTreeSet<OrderId>,
    rising: BTreeSet<(Price, OrderId)>,
    falling: BTreeSet<(Price, OrderId)>,
    trailing: BTreeSet<OrderId>,
    dated: BTreeSet<(SimTime, OrderId)>,
    of_day: BTreeSet<OrderId>,
}

impl WaitingOrders {
    pub(super) fn get(&self, id: OrderId) -> Option<&WaitingOrder> {
        self.by_id.get(&id)
    }

    /// Returns an order to change what it does not wait for.
    pub(super) fn get_mut(&mut self, id: OrderId) -> Option<&mut WaitingOrder> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn contains(&self, id: OrderId) -> bool {
        self.by_id.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds an order; `now` says whether there is a price.
    pub(super) fn add(&mut self, terms: &OrderTerms, names: OrderNames, touch: Touch, now: bool) {
        let OrderNames { id, owner, arrival, since } = names;
        let order = WaitingOrder {
            id,
            owner,
            arrival,
            since,
            terms: *terms,
            leaves: terms.quantity,
            filled: Quantity::ZERO,
            best: None,
            partner: None,
            entry: None,
            is_carried: false,
            done_in: None,
            wait: Wait::Nothing,
        };
        self.note_end(id, terms.time_in_force);
        if matches!(terms.kind, OrderKind::TrailingStop { .. }) {
            self.trailing.insert(id);
        }
        self.by_id.insert(id, order);
        self.index(id);
        self.wait_by_terms(id, touch, now);
    }

    /// Takes an order out.
    pub(super) fn remove(&mut self, id: OrderId) -> Option<WaitingOrder> {
        self.unindex(id);
        let order = self.by_id.remove(&id)?;
        self.trailing.remove(&id);
        self.forget_end(id, order.terms.time_in_force);
        Some(order)
    }

    /// Notes when an order ends by its time in force.
    fn note_end(&mut self, id: OrderId, time: TimeInForce) {
        match time {
            TimeInForce::Day => {
                self.of_day.insert(id);
            }
            TimeInForce::Gtd(date) => {
                self.dated.insert((date, id));
            }
            _ => {}
        }
    }

    fn forget_end(&mut self, id: OrderId, time: TimeInForce) {
        self.of_day.remove(&id);
        if let TimeInForce::Gtd(date) = time {
            self.dated.remove(&(date, id));
        }
    }

    /// Gives an order other terms, by its owner's replace; what it waits for has yet to follow.
    pub(super) fn restate(&mut self, id: OrderId, kind: OrderKind, time: TimeInForce) {
        let Some(order) = self.by_id.get_mut(&id) else { return };
        let before = std::mem::replace(&mut order.terms.time_in_force, time);
        order.terms.kind = kind;
        self.forget_end(id, before);
        self.note_end(id, time);
    }

    /// Lets an order wait for what its terms say.
    pub(super) fn wait_by_terms(&mut self, id: OrderId, touch: Touch, now: bool) {
        let Some(wait) = self.by_id.get(&id).map(|order| order.waits(touch, now)) else { return };
        self.set_wait(id, wait);
    }

    /// Lets an order wait for the next open.
    pub(super) fn carry(&mut self, id: OrderId) {
        if let Some(order) = self.by_id.get_mut(&id) {
            order.is_carried = true;
        }
        self.set_wait(id, Wait::Open);
    }

    /// Turns a stop into what it becomes when it is elected.
    pub(super) fn elect(&mut self, id: OrderId, kind: OrderKind) {
        self.unindex(id);
        self.trailing.remove(&id);
        if let Some(order) = self.by_id.get_mut(&id) {
            order.terms.kind = kind;
            order.wait = Wait::Nothing;
        }
        self.index(id);
    }

    /// Returns whether a trailing stop is open.
    pub(super) fn has_trailing(&self) -> bool {
        !self.trailing.is_empty()
    }

    /// Lets trailing stops follow the price.
    pub(super) fn trail(&mut self, price: Price, touch: Touch) {
        for side in Side::BOTH {
            self.trail_side(side, price, touch);
        }
    }

    /// Lets the trailing stops of one side follow the price that elects them.
    pub(super) fn trail_side(&mut self, side: Side, price: Price, touch: Touch) {
        let is_meant = |id: &&OrderId| self.by_id.get(id).is_some_and(|order| order.side() == side);
        let trailing: Vec<OrderId> = self.trailing.iter().filter(is_meant).copied().collect();
        for id in trailing {
            if self.by_id.get_mut(&id).is_some_and(|order| order.follow(price)) {
                self.wait_by_terms(id, touch, true);
            }
        }
    }

    fn set_wait(&mut self, id: OrderId, wait: Wait) {
        self.unindex(id);
        if let Some(order) = self.by_id.get_mut(&id) {
            order.wait = wait;
        }
        self.index(id);
    }

    fn index(&mut self, id: OrderId) {
        let Some(order) = self.by_id.get(&id) else { return };
        let _ = match order.wait {
            Wait::Nothing => self.at_once.insert(id),
            Wait::Open => self.at_open.insert(id),
            Wait::Close => self.at_close.insert(id),
            Wait::Rise(price) => self.rising.insert((price, id)),
            Wait::Fall(price) => self.falling.insert((price, id)),
            Wait::Price => false,
        };
    }

    fn unindex(&mut self, id: OrderId) {
        let Some(order) = self.by_id.get(&id) else { return };
        let _ = match order.wait {
            Wait::Nothing => self.at_once.remove(&id),
            Wait::Open => self.at_open.remove(&id),
            Wait::Close => self.at_close.remove(&id),
            Wait::Rise(price) => self.rising.remove(&(price, id)),
            Wait::Fall(price) => self.falling.remove(&(price, id)),
            Wait::Price => false,
        };
    }

    /// Appends the orders that are due at a price: those that wait for nothing, and those whose level it has
    /// reached.
    pub(super) fn due_at(&self, price: Price, due: &mut Vec<OrderId>) {
        let last = OrderId::new(u64::MAX);
        due.extend(&self.at_once);
        due.extend(self.rising.range(..=(price, last)).map(|(_, id)| *id));
        due.extend(self.falling.range((price, OrderId::new(0))..).map(|(_, id)| *id));
    }

    /// Appends the orders that wait for nothing, and those whose level lies within what a quote can reach: at
    /// or below `up_to` if they wait for a rise, at or above `down_to` if for a fall.
    pub(super) fn due_within(&self, up_to: Option<Price>, down_to: Option<Price>, due: &mut Vec<OrderId>) {
        due.extend(&self.at_once);
        if let Some(price) = up_to {
            due.extend(self.rising.range(..=(price, OrderId::new(u64::MAX))).map(|(_, id)| *id));
        }
        if let Some(price) = down_to {
            due.extend(self.falling.range((price, OrderId::new(0))..).map(|(_, id)| *id));
        }
    }

    /// Appends the orders that wait for an open; those for the first of a day only if it is that.
    pub(super) fn due_at_open(&self, is_first_of_day: bool, due: &mut Vec<OrderId>) {
        let is_due = |id: &&OrderId| {
            let at_open = |order: &WaitingOrder| order.terms.time_in_force == TimeInForce::AtOpen;
            is_first_of_day || !self.by_id.get(id).is_some_and(at_open)
        };
        due.extend(self.at_open.iter().filter(is_due));
    }

    /// Appends the orders that wait for the close of a day.
    pub(super) fn due_at_close(&self, due: &mut Vec<OrderId>) {
        due.extend(&self.at_close);
    }

    /// Returns the first level above a price that is to be reached from there.
    pub(super) fn next_above(&self, price: Price) -> Option<Price> {
        self.rising.range((price + 1, OrderId::new(0))..).next().map(|(level, _)| *level)
    }

    /// Returns the first level below a price.
    pub(super) fn next_below(&self, price: Price) -> Option<Price> {
        self.falling.range(..(price, OrderId::new(0))).next_back().map(|(level, _)| *level)
    }

    /// Returns when the next order with a date expires.
    pub(super) fn next_date(&self) -> Option<SimTime> {
        self.dated.first().map(|(date, _)| *date)
    }

    /// Returns the orders whose date has come.
    pub(super) fn dated_until(&self, now: SimTime) -> Vec<OrderId> {
        self.dated.range(..=(now, OrderId::new(u64::MAX))).map(|(_, id)| *id).collect()
    }

    /// Returns the orders of the day.
    pub(super) fn of_day(&self) -> Vec<OrderId> {
        self.of_day.iter().copied().collect()
    }

    /// Returns all orders by arrival, those of one owner and side if these are given.
    pub(super) fn all_of(&self, owner: Option<ActorId>, side: Option<Side>) -> Vec<OrderId> {
        let is_meant = |order: &&WaitingOrder| {
            owner.is_none_or(|owner| owner == order.owner) && side.is_none_or(|side| side == order.side())
        };
        let mut found: Vec<(u64, OrderId)> =
            self.by_id.values().filter(is_meant).map(|order| (order.arrival, order.id)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}

/// How a new order is called, and when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderNames {
    pub(super) id: OrderId,
    pub(super) owner: ActorId,
    pub(super) arrival: u64,
    pub(super) since: SimTime,
}
