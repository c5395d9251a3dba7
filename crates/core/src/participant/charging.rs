//! Charging: what each side of a trade pays its venue and its broker.

use super::context::Context;
use super::state::MarketState;
use crate::account::{FeeFill, FeePlan, Payer};
use crate::market::{Liquidity, Side};
use crate::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// One order's share of a trade, as far as its fee depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChargedFill {
    pub(crate) owner: ActorId,
    pub(crate) order: OrderId,
    pub(crate) side: Side,
    pub(crate) liquidity: Liquidity,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
    /// What is open of the order after it.
    pub(crate) leaves: Quantity,
}

impl Context {
    /// Returns what a fill at a listing is charged now; a rebate is negative.
    pub(crate) fn charge(&mut self, listing: ListingId, fill: &ChargedFill) -> Money {
        let now = self.now();
        self.domain_mut().charge(now, listing, fill)
    }
}

impl MarketState {
    /// Returns what a fill at a listing is charged by the venue and the owner's broker together, and counts
    /// it for the order's next fills and for the month's tiers.
    pub(crate) fn charge(&mut self, now: SimTime, listing: ListingId, fill: &ChargedFill) -> Money {
        let ChargedFill { owner, order, side, liquidity, price, quantity, leaves } = *fill;
        let listed = self.listings.get(listing.index()).map(|state| state.listing);
        let Some((listed, venue)) = listed.and_then(|it| Some((it, self.venues.get(it.venue.index())?)))
        else {
            return Money::ZERO;
        };
        // Most markets have none; then accounts, which are elsewhere in memory, are not looked at.
        let account = self.accounts.get(owner.index()).filter(|_| self.has_brokers);
        let broker = account.and_then(|account| account.commission());
        let instrument = &self.instruments[listed.instrument.index()].instrument;
        let payer = Payer { order, owner, venue: listed.venue };
        let filled = FeeFill { side, liquidity, price, quantity, instrument };
        let fee = self.fee_ledger.charge(now, FeePlan { venue: &venue.fees, broker }, payer, &filled);
        if leaves.is_zero() {
            self.fee_ledger.forget(order);
        }
        fee
    }
}
