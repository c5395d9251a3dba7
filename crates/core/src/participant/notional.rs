//! Orders for an amount of money.

use super::context::Context;
use crate::account::OrderContext;
use crate::market::{Fact, OrderTerms, Refusal};
use crate::units::{ListingId, Money, OrderId, Quantity};

impl Context {
    /// Submits an order for an amount of money: of as many whole lots as it pays for, before fees, at the
    /// worst price that the order accepts; [`Account::lots_for`](crate::account::Account::lots_for) says
    /// which that is. The quantity in the terms does not count.
    ///
    /// # Errors
    /// As [`Context::submit`], and [`Refusal::BelowOneLot`] if the amount does not pay for one lot.
    pub fn submit_notional(
        &mut self,
        listing: ListingId,
        terms: OrderTerms,
        notional: Money,
    ) -> Result<OrderId, Refusal> {
        self.enter_notional(listing, terms, notional).map(|(order, _)| order)
    }

    /// Submits an order for an amount of money; returns its terms as they were sent, too.
    pub(super) fn enter_notional(
        &mut self,
        listing: ListingId,
        terms: OrderTerms,
        notional: Money,
    ) -> Result<(OrderId, OrderTerms), Refusal> {
        let (owner, now) = (self.id(), self.now());
        let reference = self.reference_price(listing, terms.side);
        let market = self.domain_mut();
        let pricing = market.pricing(owner, listing, reference);
        // Without a quantity no limit of it is passed: those are asked about with the order itself.
        let terms = OrderTerms { quantity: Quantity::ZERO, ..terms };
        let counted =
            match (market.refusal_before(owner, listing, &terms, now), market.gate(owner, listing, now)) {
                (Some(refusal), _) => Err(refusal),
                (None, None) => Err(Refusal::UnknownListing),
                (None, Some((account, at))) => {
                    account.lots_for(notional, &terms, &OrderContext { pricing, ..at }, reference)
                }
            };
        match counted {
            Ok(quantity) => self.enter(listing, OrderTerms { quantity, ..terms }),
            Err(reason) => {
                self.publish(Fact::OrderRefused { owner, listing, terms, reason });
                Err(reason)
            }
        }
    }
}
