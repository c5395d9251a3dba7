//! [`RejectRow`]: a request that a gate or a venue refused.

use bearpit_core::market::{Fact, OrderTerms};
use bearpit_core::units::{ActorId, ListingId, OrderId};

/// A request that a gate or a venue refused.
#[derive(Debug, Clone, Copy)]
pub struct RejectRow {
    /// The order; none where the gate refused a new one.
    pub order: Option<OrderId>,
    /// Who sent it.
    pub owner: ActorId,
    /// The listing.
    pub listing: ListingId,
    /// The terms of a new order; none where an order was to be changed or canceled.
    pub terms: Option<OrderTerms>,
    /// Whether the `gate` or the `venue` refused it.
    pub by: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl RejectRow {
    /// Returns the request that a fact says was refused; `None` for any other fact.
    pub(in crate::record) const fn of(fact: &Fact) -> Option<Self> {
        let (order, owner, listing, terms) = match *fact {
            Fact::OrderRefused { owner, listing, terms, .. } => (None, owner, listing, Some(terms)),
            Fact::OrderRejected { order, owner, listing, terms, .. } => {
                (Some(order), owner, listing, Some(terms))
            }
            Fact::CommandRejected { order, owner, listing, .. } => (Some(order), owner, listing, None),
            _ => return None,
        };
        let (by, reason) = match fact {
            Fact::OrderRefused { reason, .. } => ("gate", reason.name()),
            Fact::OrderRejected { reason, .. } | Fact::CommandRejected { reason, .. } => {
                ("venue", reason.name())
            }
            _ => return None,
        };
        Some(Self { order, owner, listing, terms, by, reason })
    }
}
