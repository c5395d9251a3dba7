//! [`Reject`]: a request that a gate or a venue refused.

use bearpit_core::market::{Fact, OrderTerms};
use bearpit_core::units::{ActorId, ListingId, OrderId};

/// What a gate or a venue did not let pass.
#[derive(Debug, Clone, Copy)]
pub(in crate::record) struct Reject {
    pub(in crate::record) order: Option<OrderId>,
    pub(in crate::record) owner: ActorId,
    pub(in crate::record) listing: ListingId,
    /// The terms of a new order; none where an order was to be changed or canceled.
    pub(in crate::record) terms: Option<OrderTerms>,
    pub(in crate::record) by: &'static str,
    pub(in crate::record) reason: &'static str,
}

impl Reject {
    /// Returns what a fact tells, if it tells of something that did not pass.
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
