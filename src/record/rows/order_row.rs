//! [`OrderRow`]: an order from its entry to its end.

use crate::record::names::Names;
use bearpit_core::market::{OrderKind, OrderTerms, TimeInForce};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// All of it was filled.
    Filled,
    /// It was canceled: by its owner, or by a rule of the venue.
    Canceled,
    /// Its time was over.
    Expired,
    /// The venue rejected it.
    Rejected,
    /// The account gate refused it.
    Refused,
}

impl OrderStatus {
    /// Returns the name that stands in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

/// An order at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id; none where the gate refused it.
    pub order: Option<OrderId>,
    /// Its owner.
    pub owner: ActorId,
    /// The listing.
    pub listing: ListingId,
    /// Its terms, as they were last.
    pub terms: OrderTerms,
    /// When it left its owner; `None` for an order that a venue made, such as a bracket's exit, and of a
    /// refused one.
    pub sent_at: Option<SimTime>,
    /// When it entered the book, or was rejected or refused.
    pub entered_at: SimTime,
    /// Since when it has had its terms: when it entered, or was last replaced so that it lost its
    /// place in the queue.
    pub quoted_at: SimTime,
    /// How often its owner has replaced it.
    pub replaces: u64,
    /// When it ended.
    pub ended_at: SimTime,
    /// How many lots of it were filled.
    pub filled_lots: u64,
    /// Sum of ticks times lots over its fills.
    pub filled_value: i128,
    /// Where the trigger of a stop stood when a trade elected it.
    pub elected_at: Option<Price>,
    /// How it ended.
    pub status: OrderStatus,
    /// Why, where the status does not say.
    pub reason: Option<&'static str>,
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
            quoted_at: at,
            replaces: 0,
            ended_at: at,
            filled_lots: 0,
            filled_value: 0,
            elected_at: None,
            status: OrderStatus::Filled,
            reason: None,
        }
    }

    /// Takes the terms of a replace.
    pub(in crate::record) fn replace(&mut self, price: Price, leaves: Quantity) {
        self.terms.kind = self.terms.kind.at(price);
        self.terms.quantity = Quantity::new(self.filled_lots) + leaves;
        self.replaces += 1;
    }

    /// Takes the terms of a replace of more than price and quantity.
    pub(in crate::record) const fn replace_terms(
        &mut self,
        kind: OrderKind,
        time_in_force: TimeInForce,
        leaves: Quantity,
    ) {
        // A stop-limit order that was elected is a limit order at its venue, and stays what it was here.
        self.terms.kind = match (self.elected_at, kind) {
            (Some(_), OrderKind::Limit(limit)) => self.terms.kind.at(limit),
            _ => kind,
        };
        self.terms.time_in_force = time_in_force;
        self.terms.quantity = Quantity::new(self.filled_lots + leaves.lots());
        self.replaces += 1;
    }

    /// Returns what elects a stop, or where the trigger of a trailing stop stood when it was elected.
    #[must_use]
    pub fn trigger(&self) -> Option<Price> {
        self.terms.kind.trigger().or(self.elected_at)
    }

    /// Returns the time from owner to venue; `None` if it was not sent.
    #[must_use]
    pub fn entry_latency_ns(&self) -> Option<u64> {
        u64::try_from((self.entered_at - self.sent_at?).nanos()).ok()
    }
    /// Returns the average price of its fills; none without a fill.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an average is a number to read")]
    pub fn average_price(&self, names: &Names) -> Option<f64> {
        if self.filled_lots == 0 {
            return None;
        }
        let tick = names.price(self.listing, Price::new(1))?;
        Some(self.filled_value as f64 / self.filled_lots as f64 * tick)
    }
}
