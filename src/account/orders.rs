//! What an account remembers of its open orders.

use crate::market::{Fees, Instrument, Side};
use crate::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// An order that has left and is not known to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOrder {
    /// The order.
    pub id: OrderId,
    /// The book.
    pub listing: ListingId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// The worst price it may trade at: its limit, or a market order's protection.
    pub price: Option<Price>,
    /// Its total, filled part included.
    pub quantity: Quantity,
    /// What is open, as far as is known.
    pub leaves: Quantity,
    /// When it left.
    pub sent_at: SimTime,
    /// Whether a cancel is on its way.
    pub cancel_sent: bool,
    /// A replace that is on its way.
    pub pending: Option<PendingReplace>,
}

/// A replace that has left and is not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingReplace {
    /// The new limit.
    pub price: Price,
    /// The new total.
    pub quantity: Quantity,
}

impl OpenOrder {
    /// Returns what has been filled, as far as is known.
    #[must_use]
    pub fn filled(&self) -> Quantity {
        self.quantity.saturating_sub(self.leaves)
    }

    /// Returns the most lots that can still trade, whichever way a pending replace goes.
    #[must_use]
    pub fn most_leaves(&self) -> Quantity {
        let replaced = self.pending.map_or(Quantity::ZERO, |new| new.quantity.saturating_sub(self.filled()));
        self.leaves.max(replaced)
    }

    /// Returns the cash that the order can cost at worst; nothing for a sale.
    #[must_use]
    pub fn cash_needed(&self, instrument: &Instrument, fees: &Fees) -> Money {
        if self.side == Side::Sell {
            return Money::ZERO;
        }
        let now = self.price.map_or(Money::ZERO, |price| cash_to_buy(instrument, fees, price, self.leaves));
        let replaced = self.pending.map_or(Money::ZERO, |new| {
            cash_to_buy(instrument, fees, new.price, new.quantity.saturating_sub(self.filled()))
        });
        now.max(replaced)
    }
}

/// Returns the most that buying `quantity` at `price` or better can cost, fees included.
pub(super) fn cash_to_buy(instrument: &Instrument, fees: &Fees, price: Price, quantity: Quantity) -> Money {
    let notional = instrument.notional(price, quantity);
    let fee = fees.worst(notional);
    // Each fill's fee is rounded by itself, by at most one unit of money; there are at most as many
    // fills as lots.
    let rounding = if fee == Money::ZERO { 0 } else { i128::from(quantity.lots()) };
    notional + fee + Money::from_units(rounding)
}
