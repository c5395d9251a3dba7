//! Orders for an amount of money: how many lots that is.

use super::cover::check_terms;
use super::ledger::{Account, Credit};
use super::order_context::OrderContext;
use crate::market::{Link, OrderTerms, Refusal, RejectReason};
use crate::units::{Money, Price, Quantity};

impl Account {
    /// Returns how many whole lots an amount of money is: as many as it pays for, before fees, at the price
    /// that the gate would protect an order of one lot with, so that the order never costs more.
    ///
    /// The worst price that the terms name themselves counts if it is better. An order that accepts any price
    /// (a market order to sell, or one of an account with unlimited credit) is counted at the price that it
    /// is expected to pay: its trigger, or the `reference` of [`Account::admit`]. The quantity in the terms
    /// does not count, nor do the parts of it that they display or ask for at least.
    ///
    /// # Errors
    /// [`Refusal::BelowOneLot`] if the amount does not pay for a lot, [`Refusal::QuantityOutOfRange`] if it
    /// pays for more than an order may have, and what [`Account::admit`] says of an order of one lot. An
    /// order that is linked with an open one has the quantity of that, and no amount.
    pub fn lots_for(
        &mut self,
        notional: Money,
        terms: &OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Quantity, Refusal> {
        let lots = self.price_of_amount(terms, at, reference).and_then(|price| {
            let lot = at.instrument.notional(price, Quantity::new(1));
            lots_at(notional, lot)
        });
        self.count(lots)
    }

    /// Returns the price at which lots are counted.
    fn price_of_amount(
        &self,
        terms: &OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Price, Refusal> {
        let mut lot = OrderTerms { quantity: Quantity::new(1), display: None, minimum: None, ..*terms };
        check_terms(&lot, at.instrument)?;
        if matches!(lot.link, Link::OneCancelsOther(_)) {
            return Err(Refusal::Unfit(RejectReason::ContradictoryTerms));
        }
        if self.credit != Credit::Unlimited && !at.is_asked_at_fill() {
            self.protect(&mut lot, at, reference, (Money::ZERO, None))?;
        }
        let expected = lot.kind.trigger().or(reference);
        lot.kind.worst_price().or(expected).ok_or(Refusal::NoReferencePrice)
    }
}

/// Returns how many lots an amount pays for, where one costs `lot`.
fn lots_at(notional: Money, lot: Money) -> Result<Quantity, Refusal> {
    if lot <= Money::ZERO {
        return Err(Refusal::PriceOutOfRange);
    }
    let lots =
        u64::try_from(notional.units() / lot.units()).unwrap_or(if notional > lot { u64::MAX } else { 0 });
    match Quantity::new(lots) {
        quantity if quantity.lots() > Quantity::MAX_LOTS => Err(Refusal::QuantityOutOfRange(quantity)),
        Quantity::ZERO => Err(Refusal::BelowOneLot { notional, lot }),
        quantity => Ok(quantity),
    }
}
