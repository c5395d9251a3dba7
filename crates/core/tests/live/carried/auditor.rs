//! An auditor that knows accounts, open orders, queues and holds from the facts of a tape alone.

use std::collections::{BTreeMap, BTreeSet};

use bearpit_core::market::{
    BracketExit, Fact, Link, OrderKind, OrderTerms, Phase, Side, TimeInForce, Trade, Transfer,
};
use bearpit_core::units::{ActorId, Money, OrderId, Price, Quantity, TradeId};

/// What is known of an open order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) owner: ActorId,
    pub(super) terms: OrderTerms,
    pub(super) leaves: Quantity,
    pub(super) has_traded: bool,
    /// The price in whose queue it is, and its place among all.
    rests: Option<(Price, u64)>,
}

/// Cash and shares of one account, and what its orders may take of them at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Balance {
    pub(super) cash: Money,
    pub(super) lots: i64,
}

/// What an order may take at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hold {
    pub(super) cash: Money,
    pub(super) lots: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Auditor {
    phase: Phase,
    pub(super) orders: BTreeMap<OrderId, Known>,
    pub(super) balances: BTreeMap<ActorId, Balance>,
    /// All orders that were sent and whose fate at the venue is on the tape, and exits.
    pub(super) told: BTreeSet<OrderId>,
    /// Those that were accepted for the first time.
    pub(super) accepted: BTreeSet<OrderId>,
    pub(super) trades: BTreeSet<TradeId>,
    /// What was brought in since the opening, less what was taken out.
    pub(super) funded: Balance,
    pub(super) faults: Vec<String>,
    places: u64,
}

/// Returns price times quantity, where a tick is a hundredth.
fn notional(price: Price, lots: u64) -> Money {
    Money::from_units(Money::UNITS / 100) * i128::from(price.ticks()) * i128::from(lots)
}

impl Auditor {
    pub(super) fn follow_all<'a>(&mut self, facts: impl Iterator<Item = &'a Fact>) {
        facts.for_each(|fact| self.follow(fact));
    }

    pub(super) fn follow(&mut self, fact: &Fact) {
        match *fact {
            Fact::AccountOpened(ref opening) => {
                let lots = opening.holdings.iter().map(|(_, holding)| holding.lots()).sum();
                self.balances.insert(opening.owner, Balance { cash: opening.cash, lots });
            }
            Fact::AccountFunded { owner, ref funding } => {
                let balance = self.balances.entry(owner).or_default();
                for balance in [balance, &mut self.funded] {
                    match funding.transfer {
                        Transfer::Cash(amount) => balance.cash += amount,
                        Transfer::Shares { quantity, .. } => balance.lots += quantity.lots(),
                    }
                }
            }
            Fact::OrderAccepted { order, owner, terms, sent_at, .. } => {
                self.accept(order, owner, terms, sent_at.is_some())
            }
            Fact::OrderRejected { order, .. } => {
                self.told.insert(order);
            }
            Fact::OrderReplaced { order, price, leaves, kept_priority, .. } => {
                let place = self.next_place();
                self.change(order, |known| {
                    known.terms.kind = known.terms.kind.at(price);
                    known.leaves = leaves;
                    let rests = known.rests.map(|(_, at)| (price, if kept_priority { at } else { place }));
                    known.rests = rests;
                });
            }
            Fact::OrderTermsReplaced { .. } => self.replace_terms(fact),
            Fact::OrderRepriced { order, price, .. } => {
                let place = self.next_place();
                self.change(order, |known| {
                    known.rests = price.map(|price| (price, place));
                    if let (false, Some(price)) =
                        (matches!(known.terms.kind, OrderKind::Pegged { .. }), price)
                    {
                        known.terms.kind = OrderKind::Limit(price);
                    }
                });
            }
            Fact::OrderReduced { order, leaves, .. } => self.change(order, |known| known.leaves = leaves),
            Fact::OrderGrown { order, leaves, .. } => {
                let place = self.next_place();
                self.change(order, |known| {
                    known.leaves = leaves;
                    known.rests = known.rests.map(|(price, _)| (price, place));
                });
            }
            Fact::OrderTriggered { order, .. } => {
                let place = self.next_place();
                self.change(order, |known| {
                    let limit = known.terms.kind.limit();
                    known.rests = limit.map(|limit| (limit, place));
                    known.terms.kind = limit.map_or(known.terms.kind, OrderKind::Limit);
                });
            }
            Fact::OrderRefreshed { order, .. } => {
                let place = self.next_place();
                self.change(order, |known| known.rests = known.rests.map(|(price, _)| (price, place)));
            }
            Fact::OrderCanceled { order, .. } | Fact::OrderExpired { order, .. } => {
                let was_open = self.orders.remove(&order).is_some();
                self.expect(was_open, || format!("order {order} ended, but was not open"));
            }
            Fact::Traded(ref trade) => self.trade(trade),
            Fact::PhaseChanged { phase, .. } => self.phase = phase,
            _ => {}
        }
    }

    /// Follows a replace of more than price and quantity.
    fn replace_terms(&mut self, fact: &Fact) {
        let Fact::OrderTermsReplaced { order, kind, time_in_force, leaves, kept_priority, .. } = *fact else {
            return;
        };
        let (place, phase) = (self.next_place(), self.phase);
        self.change(order, |known| {
            (known.terms.kind, known.terms.time_in_force) = (kind, time_in_force);
            known.leaves = leaves;
            if !kept_priority {
                let waits = kind.is_stop()
                    || (time_in_force == TimeInForce::AtClose && phase != Phase::ClosingAuction);
                known.rests = kind.limit().filter(|_| !waits).map(|price| (price, place));
            }
        });
    }

    fn expect(&mut self, is_so: bool, fault: impl FnOnce() -> String) {
        if !is_so {
            self.faults.push(fault());
        }
    }

    fn next_place(&mut self) -> u64 {
        self.places += 1;
        self.places
    }

    fn change(&mut self, order: OrderId, change: impl FnOnce(&mut Known)) {
        match self.orders.get_mut(&order) {
            Some(known) => change(known),
            None => self.faults.push(format!("order {order} changed, but was not open")),
        }
    }

    fn accept(&mut self, order: OrderId, owner: ActorId, terms: OrderTerms, was_sent: bool) {
        self.told.insert(order);
        if was_sent && !self.accepted.insert(order) {
            self.faults.push(format!("order {order} was accepted twice"));
        }
        let is_outside = terms.kind.is_stop()
            || matches!(terms.kind, OrderKind::Pegged { .. })
            || (terms.time_in_force == TimeInForce::AtClose && self.phase != Phase::ClosingAuction);
        let place = self.next_place();
        let rests = terms.kind.worst_price().filter(|_| !is_outside).map(|price| (price, place));
        let known = Known { owner, terms, leaves: terms.quantity, has_traded: false, rests };
        if self.orders.insert(order, known).is_some() {
            self.faults.push(format!("order {order} was accepted while it was open"));
        }
    }

    fn trade(&mut self, trade: &Trade) {
        if !self.trades.insert(trade.id) {
            self.faults.push(format!("trade {} came twice", trade.id));
        }
        if self.phase == Phase::Continuous {
            let first = self.first(trade.aggressor.opposite());
            if first != Some(trade.maker_order) {
                self.faults.push(format!("order {} traded before {first:?}", trade.maker_order));
            }
        }
        let value = notional(trade.price, trade.quantity.lots());
        let lots = trade.quantity.net().lots();
        let sign = trade.aggressor.sign();
        for (owner, order, sign) in
            [(trade.taker, trade.taker_order, sign), (trade.maker, trade.maker_order, -sign)]
        {
            let balance = self.balances.entry(owner).or_default();
            balance.cash -= value * i128::from(sign);
            balance.lots += lots * sign;
            self.change(order, |known| {
                known.leaves = known.leaves.saturating_sub(trade.quantity);
                known.has_traded = true;
            });
            if self.orders.get(&order).is_some_and(|known| known.leaves.is_zero()) {
                self.orders.remove(&order);
            }
        }
    }

    /// Returns the order of a side that is the first to trade.
    fn first(&self, side: Side) -> Option<OrderId> {
        let queued = self.orders.iter().filter(|(_, known)| known.terms.side == side);
        let queued = queued.filter_map(|(id, known)| known.rests.map(|(price, place)| (price, place, *id)));
        queued.min_by_key(|(price, place, _)| (-side.sign() * price.ticks(), *place)).map(|(_, _, id)| id)
    }

    /// Returns the queues of the book: the orders of each side and price, by priority.
    pub(super) fn queues(&self) -> BTreeMap<(Side, Price), Vec<OrderId>> {
        let mut queued: Vec<(u64, Side, Price, OrderId)> = self
            .orders
            .iter()
            .filter_map(|(id, known)| known.rests.map(|(price, place)| (place, known.terms.side, price, *id)))
            .collect();
        queued.sort_unstable();
        let mut queues: BTreeMap<_, Vec<OrderId>> = BTreeMap::new();
        for (_, side, price, id) in queued {
            queues.entry((side, price)).or_default().push(id);
        }
        queues
    }

    /// Returns what an owner's open orders may take at worst.
    pub(super) fn hold(&self, owner: ActorId) -> Hold {
        let own: Vec<(OrderId, Known)> = self
            .orders
            .iter()
            .filter(|(_, known)| known.owner == owner)
            .map(|(id, known)| (*id, *known))
            .collect();
        let mut total = Hold::default();
        let mut paired = BTreeSet::new();
        for (id, known) in own.iter().rev() {
            let partner = match known.terms.link {
                Link::OneCancelsOther(partner) => self.orders.get(&partner).map(|other| (partner, other)),
                Link::None | Link::Bracket { .. } | Link::Pair(_) | Link::ExitOf(_) => None,
            };
            if paired.contains(id) {
                continue;
            }
            let growth = self.growth(*id);
            let mut need = worst(&known.terms, known.leaves.lots() + growth, known.leaves.lots());
            if let Some((partner, other)) = partner {
                paired.insert(partner);
                let other = worst(&other.terms, other.leaves.lots() + growth, other.leaves.lots());
                need = Hold { cash: need.cash.max(other.cash), lots: need.lots.max(other.lots) };
            }
            total = sum(total, need);
            // Exits that wait for the first fill.
            if !known.has_traded {
                let exits = known.terms.exits(*id, Quantity::ZERO).into_iter().flatten();
                let needs = exits.map(|exit| worst(&exit.terms, known.leaves.lots(), 0).cash);
                total.cash += needs.max().unwrap_or(Money::ZERO);
            }
        }
        total
    }

    /// Returns by how much an exit may still grow.
    fn growth(&self, exit: OrderId) -> u64 {
        let entry = |step| {
            let id = OrderId::new(exit.get().checked_sub(step)?);
            let entry = self.orders.get(&id).filter(|_| BracketExit::ids(id).contains(&exit))?;
            matches!(entry.terms.link, Link::Bracket { .. }).then_some(entry.leaves.lots())
        };
        entry(1).or_else(|| entry(2)).unwrap_or(0)
    }
}

/// What so many lots of an order may cost, and how many of those that are there it may sell.
fn worst(terms: &OrderTerms, bought: u64, sold: u64) -> Hold {
    match terms.side {
        Side::Sell => Hold { cash: Money::ZERO, lots: sold },
        Side::Buy => {
            let price = terms.kind.worst_price();
            Hold { cash: price.map_or(Money::ZERO, |price| notional(price, bought)), lots: 0 }
        }
    }
}

fn sum(one: Hold, other: Hold) -> Hold {
    Hold { cash: one.cash + other.cash, lots: one.lots + other.lots }
}
