//! [`FeePlan`]: the schedules of the venue and of the account's broker together.

use super::order_fees::{FeeFill, OrderFees};
use crate::market::{Charge, FeeSchedule, FillRate, Instrument, Side};
use crate::units::{Money, Quantity};

/// The two schedules that a fill is charged by.
#[derive(Debug, Clone, Copy)]
pub struct FeePlan<'a> {
    /// The venue's.
    pub venue: &'a FeeSchedule,
    /// The account's broker's, if it has one.
    pub broker: Option<&'a FeeSchedule>,
}

/// Who asks for a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeSource {
    /// The venue.
    Venue,
    /// The account's broker.
    Broker,
}

/// How much may still trade at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeSize {
    /// Its notional, by size.
    pub notional: Money,
    /// Its quantity.
    pub quantity: Quantity,
}

impl<'a> FeePlan<'a> {
    /// Returns the charges on orders of `side`, always in the same order.
    pub fn charges(self, side: Side) -> impl Iterator<Item = (FeeSource, &'a Charge)> {
        let venue = self.venue.charges().iter().map(|charge| (FeeSource::Venue, charge));
        let broker = self.broker.map_or(&[][..], FeeSchedule::charges).iter();
        let all = venue.chain(broker.map(|charge| (FeeSource::Broker, charge)));
        all.filter(move |(_, charge)| charge.on.includes(side))
    }

    /// Returns whether fees are shares of notional and nothing else, together at most all of it: then a
    /// fill's fee depends on that fill alone.
    #[must_use]
    pub fn is_proportional(self) -> bool {
        self.venue.is_proportional()
            && self.broker.is_none_or(|broker| broker.is_proportional() && self.takes_at_most_all())
    }

    /// Returns whether all rates together are at most the whole notional.
    #[must_use]
    pub fn takes_at_most_all(self) -> bool {
        let whole = Money::from_whole(1);
        Side::BOTH.into_iter().all(|side| {
            let broker = self.broker.map_or(Money::ZERO, |broker| broker.worst_share(side, whole));
            self.venue.worst_share(side, whole) + broker <= whole
        })
    }

    /// Returns the most that an order of `side` can still be charged, over all ways to fill `parts` of it in
    /// any number of fills at their prices or better, where it was charged `so_far`; never below zero.
    #[must_use]
    pub fn worst(
        self,
        side: Side,
        parts: &[TradeSize],
        instrument: &Instrument,
        so_far: Option<&OrderFees>,
    ) -> Money {
        if parts.iter().all(|part| part.quantity.is_zero()) {
            return Money::ZERO;
        }
        if self.is_proportional() {
            return parts.iter().map(|part| self.worst_share(side, *part)).sum();
        }
        let none = OrderFees::default();
        let so_far = so_far.unwrap_or(&none);
        let notional: Money = parts.iter().map(|part| part.notional).sum();
        let lots: u64 = parts.iter().map(|part| part.quantity.lots()).sum();
        // Of each fill two amounts are rounded, by at most half a unit of money each.
        let rounding = Money::from_units(i128::from(lots) + 1);
        let owed = (0..).zip(self.charges(side)).map(|(index, (_, charge))| {
            let rate = charge.worst_rate();
            let more: Money =
                parts.iter().map(|part| rate.of(part.notional, part.quantity, instrument)).sum();
            let rounding = if rate == FillRate::default() { Money::ZERO } else { rounding };
            let owed = charge.owed(so_far.rated(index) + more + rounding, so_far.notional() + notional);
            // What is rounded to a step is at most half of one more. Counted here, and not rounded, since
            // at a negative price a smaller notional is dearer, and half a step could hide that.
            owed + charge.step.map_or(Money::ZERO, |step| step.share(1, 2) + Money::from_units(1))
        });
        (owed.sum::<Money>() - so_far.charged()).max(Money::ZERO)
    }

    /// Returns the most that a fill is charged by an order that was charged `so_far`: in the most expensive
    /// tier, but exactly otherwise.
    #[must_use]
    pub fn most_for(self, fill: &FeeFill<'_>, so_far: Option<&OrderFees>) -> Money {
        if let (Some(fees), None) = (self.venue.plain(), self.broker) {
            return fees.rate(fill.liquidity).of(fill.notional().abs());
        }
        if fill.quantity.is_zero() {
            return Money::ZERO;
        }
        let mut fees = so_far.cloned().unwrap_or_default();
        fees.charge(self, fill, |_, charge| charge.highest_rate(fill.liquidity))
    }

    /// Returns the most that fills of so much cost where fees are proportional.
    fn worst_share(self, side: Side, part: TradeSize) -> Money {
        let rates = self.charges(side).map(|(_, charge)| charge.worst_rate().rate);
        // Each fill's fee is rounded by itself, by at most one unit of money; there are at most as many
        // fills as lots.
        let lots = Money::from_units(i128::from(part.quantity.lots()));
        rates
            .map(|rate| rate.of(part.notional))
            .filter(|fee| *fee > Money::ZERO)
            .fold(Money::ZERO, |sum, fee| sum + fee + lots)
    }
}
