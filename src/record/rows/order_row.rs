//! [`OrderRow`]: an order from its entry to its end.

use bearpit_core::market::OrderTerms;
use bearpit_core::units::{ActorId, ListingId, OrderId, SimTime};

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) enum Status {
    Filled,
    Canceled,
    Expired,
    Rejected,
    Refused,
}

impl Status {
    pub(in crate::record) const fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// An order at its end; `terms` are the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) struct OrderRow {
    pub(in crate::record) order: Option<OrderId>,
    pub(in crate::record) owner: ActorId,
    pub(in crate::record) listing: ListingId,
    pub(in crate::record) terms: OrderTerms,
    /// When it left its owner; none of an order that never did.
    pub(in crate::record) sent_at: Option<SimTime>,
    pub(in crate::record) entered_at: SimTime,
    pub(in crate::record) ended_at: SimTime,
    pub(in crate::record) filled_lots: u64,
    /// Sum of ticks times lots over its fills.
    pub(in crate::record) filled_value: i128,
    pub(in crate::record) status: Status,
    pub(in crate::record) reason: Option<&'static str>,
}

impl OrderRow {
    /// Begins the row of an order that has not traded yet.
    pub(in crate::record) const fn new(
        order: Option<OrderId>,
        owner: ActorId,
        listing: ListingId,
        terms: OrderTerms,
        at: SimTime,
    ) -> Self {
        Self {
            order,
            owner,
            listing,
            terms,
            sent_at: None,
            entered_at: at,
            ended_at: at,
            filled_lots: 0,
            filled_value: 0,
            status: Status::Filled,
            reason: None,
        }
    }

    /// Returns how long it was on its way to the venue; none of one that never was.
    pub(in crate::record) fn entry_latency_ns(&self) -> Option<u64> {
        u64::try_from((self.entered_at - self.sent_at?).nanos()).ok()
    }
}
