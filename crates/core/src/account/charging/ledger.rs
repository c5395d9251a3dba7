//! [`FeeLedger`]: what all open orders have been charged, at the moment they fill.

use std::collections::BTreeMap;

use super::month::TradedInMonth;
use super::order_fees::{FeeFill, OrderFees};
use super::plan::{FeePlan, FeeSource};
use crate::market::{Charge, FeeSchedule};
use crate::units::{ActorId, Money, OrderId, SimTime, VenueId};

/// Whose order filled, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payer {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub owner: ActorId,
    /// The venue.
    pub venue: VenueId,
}

/// What a [`FeeLedger`] knows, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeState {
    /// What open orders have been charged, where their next fills' fees depend on that.
    pub orders: Vec<(OrderId, OrderFees)>,
    /// What was traded at each venue in the month of the last trade, where that sets a tier.
    pub at_venues: Vec<(VenueId, ActorId, TradedInMonth)>,
    /// The same for the broker of each account.
    pub of_accounts: Vec<(ActorId, TradedInMonth)>,
}

/// Works out what each fill is charged, where that depends on earlier ones.
///
/// It is ahead of the accounts, which learn of a fill only when its report arrives.
#[derive(Debug, Default)]
pub struct FeeLedger {
    /// Orders that have traded by a schedule that remembers, and are not over.
    orders: BTreeMap<OrderId, OrderFees>,
    at_venues: BTreeMap<(VenueId, ActorId), TradedInMonth>,
    of_accounts: BTreeMap<ActorId, TradedInMonth>,
}

impl FeeLedger {
    /// Returns what a fill is charged by the venue and the broker together; a rebate is negative.
    pub fn charge(&mut self, now: SimTime, plan: FeePlan<'_>, payer: Payer, fill: &FeeFill<'_>) -> Money {
        if let (Some(fees), None) = (plan.venue.plain(), plan.broker) {
            return fees.rate(fill.liquidity).of(fill.notional().abs());
        }
        let venue_key = (payer.venue, payer.owner);
        let at_venue = self.at_venues.get(&venue_key).copied().unwrap_or_default().as_of(now);
        let of_account = self.of_accounts.get(&payer.owner).copied().unwrap_or_default().as_of(now);
        let rate = |source, charge: &Charge| {
            let traded = match source {
                FeeSource::Venue => at_venue,
                FeeSource::Broker => of_account,
            };
            charge.rate_at(traded.by(charge.measure), fill.liquidity)
        };
        let fee = if plan.is_proportional() {
            OrderFees::default().charge(plan, fill, rate)
        } else {
            self.orders.entry(payer.order).or_default().charge(plan, fill, rate)
        };
        if plan.venue.has_tiers() {
            self.at_venues.insert(venue_key, at_venue.with(fill));
        }
        if plan.broker.is_some_and(FeeSchedule::has_tiers) {
            self.of_accounts.insert(payer.owner, of_account.with(fill));
        }
        fee
    }

    /// Returns what the ledger knows.
    #[must_use]
    pub fn state(&self) -> FeeState {
        FeeState {
            orders: self.orders.iter().map(|(order, fees)| (*order, fees.clone())).collect(),
            at_venues: self.at_venues.iter().map(|((venue, owner), sum)| (*venue, *owner, *sum)).collect(),
            of_accounts: self.of_accounts.iter().map(|(owner, sum)| (*owner, *sum)).collect(),
        }
    }

    /// Makes a ledger that goes on from `state`.
    #[must_use]
    pub fn restore(state: FeeState) -> Self {
        let at_venues = state.at_venues.into_iter().map(|(venue, owner, sum)| ((venue, owner), sum));
        Self {
            orders: state.orders.into_iter().collect(),
            at_venues: at_venues.collect(),
            of_accounts: state.of_accounts.into_iter().collect(),
        }
    }

    /// Forgets an order that is over.
    pub fn forget(&mut self, order: OrderId) {
        if !self.orders.is_empty() {
            self.orders.remove(&order);
        }
    }
}
