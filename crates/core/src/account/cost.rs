//! What parts of an order cost at worst, fees included.

use super::charging::{FeePlan, TradeSize};
use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::{OpenOrder, WorstPart};
use crate::market::{OrderKind, Side};
use crate::units::{Money, OrderId, Price, Quantity};

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
