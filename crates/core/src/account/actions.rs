//! Splits and dividends in an account.

use super::holds::Need;
use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use super::position::Fraction;
use crate::market::SplitRatio;
use crate::units::{InstrumentId, Money, NetQuantity, OrderId};

impl Account {
    /// Splits the holding of an instrument, its short limit, and all orders for it, also those on their way;
    /// returns what is left of a lot.
    pub(crate) fn split(&mut self, ratio: SplitRatio, at: &OrderContext<'_>) -> Fraction {
        let id = at.instrument_id;
        let before = self.orders_for(id).map(|order| order.held).fold(Need::default(), Need::and);
        self.orders.change_each(|order| {
            if order.instrument == id {
                order.split(ratio);
            }
        });
        let line = &mut self.lines[id.index()];
        line.max_short = ratio.quantity(line.max_short);
        let fraction = line.position.split(ratio);
        let split: Vec<OrderId> = self.orders_for(id).map(|order| order.id).collect();
        let after = split.into_iter().map(|id| self.renew_hold(id, at)).fold(Need::default(), Need::and);
        self.change_held(before, after, id);
        fraction
    }

    fn orders_for(&self, instrument: InstrumentId) -> impl Iterator<Item = OpenOrder> {
        self.orders.iter().filter(move |order| order.instrument == instrument)
    }

    /// Books a payment on a holding, with the cost of what leaves it for that; negative if the account pays.
    pub(crate) fn receive(&mut self, instrument: InstrumentId, amount: Money, cost: Money) {
        self.cash += amount;
        self.lines[instrument.index()].position.receive(amount, cost);
    }

    /// Marks the position in a future to market, at what it is worth; returns what is paid for that.
    pub(crate) fn settle_future(&mut self, instrument: InstrumentId, worth: Money) -> Money {
        let gain = self.lines[instrument.index()].position.settle(worth);
        self.cash += gain;
        self.futures_cost += gain;
        gain
    }

    /// Books the market's side of a split or payment.
    pub(crate) fn book_issue(&mut self, instrument: InstrumentId, shares: NetQuantity, cash: Money) {
        self.cash += cash;
        if shares != NetQuantity::ZERO {
            self.lines[instrument.index()].fill(shares, Money::ZERO);
        }
    }
}
