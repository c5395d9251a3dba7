//! [`Preview`]: what the gate would make of an order, without sending it.

use super::state::MarketState;
use crate::account::{Marks, OrderContext};
use crate::market::{OrderTerms, Refusal, Side};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, SimTime};

/// What the account gate would make of an order now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// The terms as they would be sent: the gate protects orders that have no limit.
    pub terms: OrderTerms,
    /// The free cash that it would hold: what it can cost at worst, fees included; of a margin account the
    /// fees alone, since margin is taken of equity.
    pub held: Money,
    /// The free cash that would be left.
    pub free_cash: Money,
}

impl MarketState {
    /// Asks an account's gate about an order as if it were sent now; nothing changes.
    ///
    /// # Errors
    /// The [`Refusal`] that the order would get.
    pub fn preview(
        &self,
        owner: ActorId,
        listing: ListingId,
        terms: OrderTerms,
        now: SimTime,
    ) -> Result<Preview, Refusal> {
        if let Some(refusal) = self.refusal_before(owner, listing, &terms, now) {
            return Err(refusal);
        }
        let reference = self.last_known_price(listing, terms.side);
        let pricing = self.pricing(owner, listing, reference);
        let state = self.listings.get(listing.index()).ok_or(Refusal::UnknownListing)?;
        let instrument_id = state.listing.instrument;
        let instrument = &self.instruments[instrument_id.index()].instrument;
        let fees = &self.venue(state.listing.venue).ok_or(Refusal::UnknownListing)?.fees;
        let marks = Some(&self.instruments as &dyn Marks);
        let at = OrderContext { listing, instrument_id, instrument, fees, now, pricing, marks };
        let mut account = self.account(owner).ok_or(Refusal::UnknownListing)?.clone();
        let before = account.free_cash();
        let terms = account.admit(OrderId::new(self.next_order), terms, &at, reference)?.into_inner();
        Ok(Preview { terms, held: before - account.free_cash(), free_cash: account.free_cash() })
    }

    /// Returns the price that a market order is expected to pay, as the venue has it: the opposite touch, or
    /// the last trade, or the listing's reference price before the first trade.
    fn last_known_price(&self, listing: ListingId, side: Side) -> Option<Price> {
        let state = self.listings.get(listing.index())?;
        let view = state.history.latest();
        let touch = match side {
            Side::Buy => view.quote.ask,
            Side::Sell => view.quote.bid,
        };
        let last = view.last_trade.map(|(price, _)| price);
        touch.map(|level| level.price).or(last).or(state.listing.reference)
    }
}
