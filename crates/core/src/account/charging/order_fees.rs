//! [`OrderFees`]: what one order has been charged so far.

use super::plan::{FeePlan, FeeSource};
use crate::market::{Charge, FillRate, Instrument, Liquidity, Side};
use crate::units::{Money, Price, Quantity};

/// A fill, as far as its fee depends on it.
#[derive(Debug, Clone, Copy)]
pub struct FeeFill<'a> {
    /// The order's side.
    pub side: Side,
    /// Its role.
    pub liquidity: Liquidity,
    /// The price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// What was traded.
    pub instrument: &'a Instrument,
}

impl FeeFill<'_> {
    /// Returns price times quantity.
    #[must_use]
    pub fn notional(&self) -> Money {
        self.instrument.notional(self.price, self.quantity)
    }
}

/// What one order has traded and been charged so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderFees {
    /// What its fills came to by the rates, charge by charge.
    rated: Vec<Money>,
    /// The sum of its fills' notional, by size.
    notional: Money,
    /// The sum of its fills' notional, as it was paid or received.
    traded: Money,
    charged: Money,
}

impl OrderFees {
    /// Adds a fill whose rates by each charge `rate` says, and returns what it is charged: what the order
    /// owes more than before.
    pub fn charge(
        &mut self,
        plan: FeePlan<'_>,
        fill: &FeeFill<'_>,
        rate: impl Fn(FeeSource, &Charge) -> FillRate,
    ) -> Money {
        self.add(plan, fill, rate);
        let charges = plan.charges(fill.side).zip(&self.rated);
        let owed: Money =
            charges.map(|((_, charge), rated)| charge.rounded(charge.owed(*rated, self.notional))).sum();
        let comes_from_proceeds = fill.side == Side::Sell && !fill.instrument.may_be_negative();
        let owed = if comes_from_proceeds { Ord::min(owed, self.traded) } else { owed };
        let fee = owed - self.charged;
        self.charged = owed;
        fee
    }

    /// Adds a fill that was charged `fee`, as its owner learns of it: by the rates of the most expensive
    /// tier.
    pub fn follow(&mut self, plan: FeePlan<'_>, fill: &FeeFill<'_>, fee: Money) {
        self.add(plan, fill, |_, charge| charge.highest_rate(fill.liquidity));
        self.charged += fee;
    }

    fn add(&mut self, plan: FeePlan<'_>, fill: &FeeFill<'_>, rate: impl Fn(FeeSource, &Charge) -> FillRate) {
        let notional = fill.notional();
        self.notional += notional.abs();
        self.traded += notional;
        for (index, (source, charge)) in (0..).zip(plan.charges(fill.side)) {
            let rated = rate(source, charge).of(notional, fill.quantity, fill.instrument);
            match self.rated.get_mut(index) {
                Some(sum) => *sum += rated,
                None => self.rated.push(rated),
            }
        }
    }

    /// Returns what its fills came to by the rates of a charge, by its place among the plan's.
    pub(super) fn rated(&self, index: usize) -> Money {
        self.rated.get(index).copied().unwrap_or(Money::ZERO)
    }

    pub(super) const fn notional(&self) -> Money {
        self.notional
    }

    /// Returns what it has been charged in all, less rebates.
    #[must_use]
    pub const fn charged(&self) -> Money {
        self.charged
    }
}
