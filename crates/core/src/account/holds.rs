//! Holds: the most that open orders can cost, each by itself and together with linked orders.
//!
//! # Rules
//! - An order holds its worst case: a purchase the cash of what is open at its worst price and its fees, a sale
//!   its lots; and where prices may be negative, a sale the cash that it costs at its worst price too.
//! - Of two linked orders the larger case is held, not the sum: what one trades the other loses. The pair's
//!   hold is counted with the older one.
//! - The exits of a bracket are such a pair. Exits that sell hold what their entry has bought so far, so
//!   that those shares cannot be sold away before the exits enter. Exits that buy hold the cash for the
//!   entry's whole quantity from its admission; the proceeds of the entry's sale are not counted. Once the
//!   entry is over, the hold is corrected to what it has traded.
//!
//! A report never enlarges a hold by more than it brings in: a fill of an entry that buys adds as many lots
//! to the holding as to the hold.

use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::{OpenOrder, WorstPart};
use crate::market::Side;
use crate::units::{Money, OrderId, Quantity};

/// What orders may take at worst of cash, and of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Need {
    pub(super) cash: Money,
    pub(super) lots: Quantity,
}

impl Need {
    /// What either of two linked orders may take.
    pub(super) fn or(self, other: Self) -> Self {
        Self { cash: self.cash.max(other.cash), lots: self.lots.max(other.lots) }
    }

    /// What both of two independent orders may take.
    pub(super) fn and(self, other: Self) -> Self {
        Self { cash: self.cash + other.cash, lots: self.lots + other.lots }
    }
}

/// The orders whose holds a change of one of them can touch: itself, its partner, its exits.
pub(super) type Family = [Option<OrderId>; 3];

impl Account {
    /// Changes orders of a family between taking away what it holds and adding it again: the only way in
    /// which holds change.
    pub(super) fn rehold<T>(
        &mut self,
        family: Family,
        at: &OrderContext<'_>,
        change: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.need_of_family(family, at);
        let result = change(self);
        let after = self.need_of_family(family, at);
        self.held_cash += after.cash - before.cash;
        let held = &mut self.lines[at.instrument_id.index()].held;
        *held = *held + after.lots - before.lots;
        result
    }

    /// Returns the family of the order at `index`.
    pub(super) fn family(&self, index: usize) -> Family {
        let OpenOrder { id, partner, .. } = self.orders[index];
        let mut exits = self.orders[index + 1..].iter().take(2).filter(|exit| exit.entry == Some(id));
        match exits.next() {
            Some(exit) => [Some(id), Some(exit.id), exits.next().map(|exit| exit.id)],
            None => [Some(id), partner, None],
        }
    }

    /// Returns the exits of the order at `index` that have yet to enter, if it is the entry of a bracket: they
    /// follow it, since their ids do.
    pub(super) fn exits(&self, index: usize) -> Option<&[OpenOrder]> {
        let id = self.orders[index].id;
        let exits = self.orders.get(index + 1..index + 3)?;
        exits.iter().all(|exit| exit.awaits_entry == Some(id)).then_some(exits)
    }

    pub(super) fn need_of_family(&self, family: Family, at: &OrderContext<'_>) -> Need {
        let members = family.into_iter().flatten().filter_map(|id| self.order(id));
        members.map(|order| self.need(order, at)).fold(Need::default(), Need::and)
    }

    /// Returns what an order adds to the account's holds.
    fn need(&self, order: &OpenOrder, at: &OrderContext<'_>) -> Need {
        let own = || self.own_need(order, self.to_come(order), at);
        match order.partner.and_then(|id| self.order(id)) {
            Some(partner) if partner.id < order.id => Need::default(),
            Some(partner) => own().or(self.own_need(partner, self.to_come(partner), at)),
            None => own(),
        }
    }

    /// Returns by how much an exit may still grow, while its entry can trade.
    fn to_come(&self, order: &OpenOrder) -> Quantity {
        let entry = order.entry.and_then(|entry| self.order(entry));
        entry.map_or(Quantity::ZERO, OpenOrder::most_leaves)
    }

    /// Returns what an order may take by itself; `to_come` is by how much an exit may still grow.
    pub(super) fn own_need(&self, order: &OpenOrder, to_come: Quantity, at: &OrderContext<'_>) -> Need {
        let (quantity, leaves) = (order.quantity + to_come, order.leaves + to_come);
        let lots = match order.side {
            Side::Sell => order.most_leaves(),
            Side::Buy => Quantity::ZERO,
        };
        let cost = |parts: &[WorstPart; 2]| self.worst_cost(Some(order.id), order.side, parts, at);
        let [first, second] = order.worst_cases(quantity, leaves);
        Need { cash: cost(&first).max(cost(&second)), lots }
    }
}
