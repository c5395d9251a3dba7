//! Holds: the most that open orders can cost, each by itself and together with linked orders.
//!
//! # Rules
//! - An order holds its worst case: a purchase the cash of what is open at its worst price and its fees, a
//!   sale its lots; and where prices may be negative, a sale the cash that it costs at its worst price too.
//! - Under unlimited credit, which nothing is covered for, no cash is held; on margin, only fees are.
//! - Of two linked orders the larger case is held, not the sum: what one trades the other loses. The pair's
//!   hold is counted with the older one.
//! - The exits of a bracket are such a pair, where it has both, and so are the two orders of a pair that
//!   enter together. Exits that sell hold what their entry has bought and they have not sold, from the moment
//!   at which the account hears of the fill. The cash that exits may cost is held for all that their entry
//!   has traded or may yet trade, from its admission; the proceeds of an entry's sale are not counted. Once
//!   the entry is over, the hold is corrected to what it has traded.
//!
//! A report never enlarges a hold by more than it brings in: a fill of an entry that buys adds as many lots
//! to the holding as to the hold.

use super::ledger::{Account, Credit};
use super::order_context::OrderContext;
use super::orders::{OpenOrder, WorstPart};
use crate::market::Side;
use crate::units::{InstrumentId, Money, OrderId, Quantity};

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
        let before = self.held_by(family);
        let result = change(self);
        let members = family.into_iter().flatten();
        let after = members.map(|id| self.renew_hold(id, at)).fold(Need::default(), Need::and);
        self.change_held(before, after, at.instrument_id);
        result
    }

    /// As [`Self::rehold`], for the order at `index`, which is alone: `change` changes nothing but it, and
    /// removes it if `is_over`.
    pub(super) fn rehold_alone(
        &mut self,
        index: usize,
        is_over: bool,
        at: &OrderContext<'_>,
        change: impl FnOnce(&mut Self),
    ) {
        let before = self.orders.at(index).held;
        change(self);
        let after = if is_over {
            Need::default()
        } else {
            let need = self.own_need(&self.orders.at(index), Quantity::ZERO, at);
            self.orders.change(index, |order| order.held = need);
            need
        };
        self.change_held(before, after, at.instrument_id);
    }

    /// Notes, and returns, what an order holds as it is now: nothing if it is over.
    pub(super) fn renew_hold(&mut self, id: OrderId, at: &OrderContext<'_>) -> Need {
        let Some(index) = self.order_index(id) else { return Need::default() };
        let need = self.need(&self.orders.at(index), at);
        self.orders.change(index, |order| order.held = need);
        need
    }

    /// Replaces what orders for an instrument hold.
    pub(super) fn change_held(&mut self, before: Need, after: Need, instrument: InstrumentId) {
        self.held_cash += after.cash - before.cash;
        let held = &mut self.lines[instrument.index()].held;
        *held = *held + after.lots - before.lots;
    }

    /// Returns what the orders of a family hold.
    pub(super) fn held_by(&self, family: Family) -> Need {
        let members = family.into_iter().flatten().filter_map(|id| self.order(id));
        members.map(|order| order.held).fold(Need::default(), Need::and)
    }

    /// Returns the family of the order at `index`.
    pub(super) fn family(&self, index: usize) -> Family {
        let OpenOrder { id, partner, .. } = self.orders.at(index);
        match self.exits(index) {
            [None, None] => [Some(id), partner, None],
            [first, second] => [Some(id), first.map(|exit| exit.id), second.map(|exit| exit.id)],
        }
    }

    /// Returns the exits that grow with the order at `index`, if it is the entry of a bracket: they follow
    /// it, since their ids do.
    pub(super) fn exits(&self, index: usize) -> [Option<OpenOrder>; 2] {
        let OpenOrder { id, has_exits, .. } = self.orders.at(index);
        if !has_exits {
            return [None; 2];
        }
        self.orders.next_two(index).map(|exit| exit.filter(|exit| exit.grows_with == Some(id)))
    }

    /// Returns whether the order at `index` has exits that grow with it.
    pub(super) fn has_growing_exits(&self, index: usize) -> bool {
        self.exits(index).iter().any(Option::is_some)
    }

    /// Returns what the orders of a family would have to hold as they are now.
    pub(super) fn need_of_family(&self, family: Family, at: &OrderContext<'_>) -> Need {
        let members = family.into_iter().flatten().filter_map(|id| self.order(id));
        members.map(|order| self.need(&order, at)).fold(Need::default(), Need::and)
    }

    /// Returns what an order adds to the account's holds.
    pub(super) fn need(&self, order: &OpenOrder, at: &OrderContext<'_>) -> Need {
        let own = || self.own_need(order, self.growth(order), at);
        match order.partner.and_then(|id| self.order(id)) {
            Some(partner) if partner.id < order.id => Need::default(),
            Some(partner) => own().or(self.own_need(&partner, self.growth(&partner), at)),
            None => own(),
        }
    }

    /// Returns by how much an exit may still grow.
    fn growth(&self, order: &OpenOrder) -> Quantity {
        let entry = order.grows_with.and_then(|entry| self.order(entry));
        entry.map_or(Quantity::ZERO, |entry| entry.most_leaves())
    }

    /// Returns what an order takes at worst that is alone and not being replaced, if so much of it is open.
    pub(super) fn need_alone(
        &self,
        order: Option<OrderId>,
        side: Side,
        part: WorstPart,
        at: &OrderContext<'_>,
    ) -> Need {
        let lots = if side == Side::Sell { part.quantity } else { Quantity::ZERO };
        let cash = match self.credit {
            Credit::Covered => self.worst_cost(order, side, &[part], at),
            Credit::Margin(_) => self.worst_fees(order, side, &[part], at),
            Credit::Unlimited => Money::ZERO,
        };
        Need { cash, lots }
    }

    /// Returns what an order may take by itself; `growth` is by how much an exit may still grow.
    pub(super) fn own_need(&self, order: &OpenOrder, growth: Quantity, at: &OrderContext<'_>) -> Need {
        let lots = match order.side {
            // What an exit grows by, its entry has bought.
            Side::Sell => order.most_leaves(),
            Side::Buy => Quantity::ZERO,
        };
        let cost = |parts: &[WorstPart; 2]| match self.credit {
            Credit::Covered => self.worst_cost(Some(order.id), order.side, parts, at),
            Credit::Margin(_) => self.worst_fees(Some(order.id), order.side, parts, at),
            Credit::Unlimited => Money::ZERO,
        };
        let [first, second] = order.worst_cases(growth);
        // Without a replace on its way there is one case.
        let other = if order.pending.is_some() { cost(&second) } else { Money::ZERO };
        Need { cash: cost(&first).max(other), lots }
    }
}
