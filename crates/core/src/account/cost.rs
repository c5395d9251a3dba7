//! What parts of an order cost at worst, fees included.

use super::charging::{FeePlan, TradeSize};
use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::{OpenOrder, WorstPart};
use crate::market::{Fees, Instrument, OrderKind, Side};
use crate::units::{Money, OrderId, Price, Quantity};

/// Returns what a purchase costs at worst where prices are above zero and only the venue's rates are charged:
/// what the general sum comes to there. Nearly every order is that.
fn plain_purchase(parts: &[WorstPart], fees: &Fees, instrument: &Instrument) -> Money {
    let cost = |part: &WorstPart| {
        let notional = part.price.map_or(Money::ZERO, |price| instrument.notional(price, part.quantity));
        let fee = fees.worst(notional);
        // Each fill's fee is rounded by itself, by at most one unit of money.
        let lots = if fee > Money::ZERO { i128::from(part.quantity.lots()) } else { 0 };
        notional + fee + Money::from_units(lots)
    };
    parts.iter().filter(|part| !part.quantity.is_zero()).map(cost).sum()
}

impl Account {
    /// Returns the schedules that the account's fills at a listing are charged by.
    #[must_use]
    pub fn fee_plan<'a>(&'a self, at: &OrderContext<'a>) -> FeePlan<'a> {
        FeePlan { venue: at.fees, broker: self.commission.as_deref() }
    }

    /// Returns the most cash that filling `parts` of an order can take at their prices or better, fees
    /// included, in any number of fills; zero if it can only bring cash.
    ///
    /// A sale without a price may go to the lowest there is, unless the account is asked when it fills; a
    /// purchase without one, which only unlimited credit admits, holds nothing. Where prices are above zero,
    /// a sale takes no cash.
    pub(super) fn worst_cost(
        &self,
        order: Option<OrderId>,
        side: Side,
        parts: &[WorstPart],
        at: &OrderContext<'_>,
    ) -> Money {
        let instrument = at.instrument;
        let may_be_negative = instrument.may_be_negative();
        if side == Side::Sell && !may_be_negative {
            return Money::ZERO;
        }
        if let (false, Some(fees), None) = (may_be_negative, at.fees.plain(), &self.commission) {
            return plain_purchase(parts, fees, instrument);
        }
        let plan = self.fee_plan(at);
        let floor = instrument.min_price();
        let priced = |part: &WorstPart| match (part.price, side) {
            (Some(price), _) => (price, part.quantity),
            (None, Side::Sell) if !at.is_asked_at_fill() => (floor, part.quantity),
            (None, _) => (floor, Quantity::ZERO),
        };
        let notional: Money = parts
            .iter()
            .map(|part| {
                let (price, quantity) = priced(part);
                instrument.notional(price, quantity) * i128::from(side.sign())
            })
            .map(|paid| paid.max(Money::ZERO))
            .sum();
        // Where fees may exceed the notional, the largest notional is the worst and not the worst price.
        let counts_floor = may_be_negative && !plan.takes_at_most_all();
        let mut sizes = [TradeSize { notional: Money::ZERO, quantity: Quantity::ZERO }; 2];
        for (size, part) in sizes.iter_mut().zip(parts) {
            let (price, quantity) = priced(part);
            let price =
                if counts_floor { Price::new(price.ticks().abs().max(floor.ticks().abs())) } else { price };
            *size = TradeSize { notional: instrument.notional(price, quantity).abs(), quantity };
        }
        let so_far = order.and_then(|order| self.order_fees.get(&order));
        notional + plan.worst(side, &sizes, instrument, so_far)
    }

    /// Returns the most that filling `parts` of an order costs in fees, in any number of fills at their
    /// prices; of parts without a price nothing is known.
    pub(super) fn worst_fees(
        &self,
        order: Option<OrderId>,
        side: Side,
        parts: &[WorstPart],
        at: &OrderContext<'_>,
    ) -> Money {
        let mut sizes = [TradeSize { notional: Money::ZERO, quantity: Quantity::ZERO }; 2];
        for (size, part) in sizes.iter_mut().zip(parts) {
            if let Some(price) = part.price {
                let notional = at.instrument.notional(price, part.quantity).abs();
                *size = TradeSize { notional, quantity: part.quantity };
            }
        }
        let so_far = order.and_then(|order| self.order_fees.get(&order));
        self.fee_plan(at).worst(side, &sizes, at.instrument, so_far)
    }

    /// Returns what a market order to sell is expected to bring at the next open of a replay.
    pub(super) fn proceeds(&self, order: &OpenOrder, at: &OrderContext<'_>) -> Money {
        let is_market = matches!(order.kind, OrderKind::Market { .. } | OrderKind::MarketToLimit { .. });
        let waits = is_market && order.side == Side::Sell && at.is_asked_at_fill();
        let Some(price) = order.hold_price.filter(|_| waits) else { return Money::ZERO };
        let notional = at.instrument.notional(price, order.quantity);
        let size = TradeSize { notional: notional.abs(), quantity: order.quantity };
        (notional - self.fee_plan(at).worst(Side::Sell, &[size], at.instrument, None)).max(Money::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::market::FeeSchedule;
    use crate::units::FeeRate;

    proptest! {
        #[test]
        fn prop_a_plain_purchase_costs_what_the_general_sum_says(
            bps in prop::array::uniform3(-300_i128..300), parts in prop::collection::vec((1..1_000_000_i64, 0..5_000_u64), 1..3),
        ) {
            let rate = |bps| FeeRate::from_bps(crate::units::Decimal::new(bps, 2)).unwrap();
            let [maker, taker, auction] = bps.map(rate);
            let schedule = FeeSchedule::from(Fees { maker, taker, auction });
            let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
            let parts: Vec<WorstPart> = parts
                .into_iter()
                .map(|(ticks, lots)| WorstPart { price: Some(Price::new(ticks)), quantity: Quantity::new(lots) })
                .collect();
            let size = |part: &WorstPart| {
                let notional = part.price.map_or(Money::ZERO, |price| instrument.notional(price, part.quantity));
                TradeSize { notional, quantity: part.quantity }
            };
            let sizes: Vec<TradeSize> = parts.iter().map(size).collect();
            let plan = FeePlan { venue: &schedule, broker: None };
            let general = sizes.iter().map(|size| size.notional).sum::<Money>()
                + plan.worst(Side::Buy, &sizes, &instrument, None);
            let fees = schedule.plain().unwrap();
            prop_assert_eq!(plain_purchase(&parts, fees, &instrument), general);
        }
    }
}
