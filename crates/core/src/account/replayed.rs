//! Accounts in a replay of bars: what a purchase can cost is asked when it fills, and both sides are booked
//! at that instant.

use super::charging::FeeFill;
use super::ledger::{Account, Credit};
use super::margin::MarginNeed;
use super::margin_terms::MarginTerms;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use crate::market::{Instrument, Liquidity, OrderTerms, Side};
use crate::units::{InstrumentId, Money, NetQuantity, OrderId, Price, Quantity};

/// A purchase about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// The price of each lot.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// By which rate it pays fees.
    pub liquidity: Liquidity,
}

/// What an account can pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affordable {
    /// The largest quantity, at most what was asked for.
    pub quantity: Quantity,
    /// What all that was asked for would cost, fees included.
    pub needed: Money,
    /// The cash that no other order holds.
    pub free: Money,
}

/// Returns the largest quantity that is covered, below one that is not: bisects.
fn most_covered(beyond: Quantity, is_covered: impl Fn(u64) -> bool) -> Quantity {
    let (mut covered, mut beyond) = (0, beyond.lots());
    while beyond - covered > 1 {
        let middle = covered + (beyond - covered) / 2;
        if is_covered(middle) {
            covered = middle;
        } else {
            beyond = middle;
        }
    }
    Quantity::new(covered)
}

impl Account {
    /// Returns how much of a purchase by an open order the account can pay for: with its cash, less what its
    /// other orders hold.
    pub fn affordable(&self, order: OrderId, purchase: Purchase, at: &OrderContext<'_>) -> Affordable {
        let Purchase { price, quantity, liquidity } = purchase;
        let (plan, so_far) = (self.fee_plan(at), self.order_fees.get(&order));
        let cost = |lots: u64| {
            let quantity = Quantity::new(lots);
            let fill = FeeFill { side: Side::Buy, liquidity, price, quantity, instrument: at.instrument };
            fill.notional() + plan.most_for(&fill, so_far)
        };
        if let Credit::Margin(margin) = self.credit {
            return self.affordable_on_margin(margin, (order, purchase), cost, at);
        }
        let own = self.order_index(order).map(|index| self.held_by(self.family(index)));
        let free = self.spendable() + own.map_or(Money::ZERO, |need| need.cash);
        let needed = cost(quantity.lots());
        let is_forced = self.order(order).is_some_and(|order| order.is_forced);
        if needed <= free || is_forced || self.credit == Credit::Unlimited {
            return Affordable { quantity, needed, free };
        }
        let covered = most_covered(quantity, |lots| cost(lots) <= free);
        Affordable { quantity: covered, needed, free }
    }

    /// As [`Self::affordable`], of a margin account.
    fn affordable_on_margin(
        &self,
        margin: MarginTerms,
        (order, purchase): (OrderId, Purchase),
        cost: impl Fn(u64) -> Money,
        at: &OrderContext<'_>,
    ) -> Affordable {
        let Purchase { price, quantity, .. } = purchase;
        let own = self.order(order);
        let family = self.order_index(order).map(|index| self.held_by(self.family(index)));
        let held = family.map_or(Money::ZERO, |need| need.cash);
        let of = |lots: u64| {
            let quantity = Quantity::new(lots);
            let leaving = OpenOrder::leaving(order, &OrderTerms::limit(Side::Buy, quantity, price), at);
            let filling = OpenOrder { partner: own.and_then(|own| own.partner), ..leaving };
            let fees = cost(lots) - at.instrument.notional(price, quantity);
            self.margin_for(margin, &filling, fees - held, at)
        };
        let MarginNeed { needed, free, .. } = of(quantity.lots());
        let is_covered = |lots: u64| of(lots).is_covered();
        if own.is_some_and(|own| own.is_forced) || is_covered(quantity.lots()) {
            return Affordable { quantity, needed, free };
        }
        Affordable { quantity: most_covered(quantity, is_covered), needed, free }
    }

    /// Takes in an order that was entered in the owner's name, whatever it may cost.
    pub(crate) fn enter_without_cover(&mut self, id: OrderId, terms: &OrderTerms, at: &OrderContext<'_>) {
        let order = OpenOrder { is_forced: true, ..OpenOrder::leaving(id, terms, at) };
        self.rehold([Some(id), None, None], at, |account| account.orders.push(order));
    }

    /// Books the market's side of a fill: it pays no fees, and is never refused.
    pub(crate) fn book_counterparty(
        &mut self,
        id: InstrumentId,
        instrument: &Instrument,
        change: NetQuantity,
        price: Price,
    ) {
        let notional = instrument.notional(price, change.magnitude());
        self.exchange(id, instrument, change, notional);
    }
}
