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

    /// Forgets an order that is over.
    pub fn forget(&mut self, order: OrderId) {
        if !self.orders.is_empty() {
            self.orders.remove(&order);
        }
    }
}
