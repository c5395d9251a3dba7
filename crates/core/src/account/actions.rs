//! Splits and dividends in an account.

use super::holds::Need;
use super::ledger::Account;
use super::order_context::OrderContext;
use super::position::Fraction;
use crate::market::SplitRatio;
use crate::units::{InstrumentId, Money, NetQuantity};

impl Account {
    /// Splits the holding of an instrument, its short limit, and all orders for it, also those on their way;
    /// returns what is left of a lot.
    pub(crate) fn split(&mut self, ratio: SplitRatio, at: &OrderContext<'_>) -> Fraction {
        let id = at.instrument_id;
        let before = self.need_of_instrument(at);
        for order in self.orders.iter_mut().filter(|order| order.instrument == id) {
            order.split(ratio);
        }
        let line = &mut self.lines[id.index()];
        line.max_short = ratio.quantity(line.max_short);
        let fraction = line.position.split(ratio);
        let after = self.need_of_instrument(at);
        self.held_cash += after.cash - before.cash;
        let held = &mut self.lines[id.index()].held;
        *held = *held + after.lots - before.lots;
        fraction
    }

    /// Returns what all orders for an instrument may take at worst.
    fn need_of_instrument(&self, at: &OrderContext<'_>) -> Need {
        let orders = self.orders.iter().filter(|order| order.instrument == at.instrument_id);
        orders.map(|order| self.need(order, at)).fold(Need::default(), Need::and)
    }

    /// Books a payment on a holding, with the cost of what leaves it for that; negative if the account pays.
    pub(crate) fn receive(&mut self, instrument: InstrumentId, amount: Money, cost: Money) {
        self.cash += amount;
        self.lines[instrument.index()].position.receive(amount, cost);
    }

    /// Books the market's side of a split or payment.
    pub(crate) fn book_issue(&mut self, instrument: InstrumentId, shares: NetQuantity, cash: Money) {
        self.cash += cash;
        if shares != NetQuantity::ZERO {
            self.lines[instrument.index()].fill(shares, Money::ZERO);
        }
    }
}
