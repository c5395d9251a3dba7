//! [`RefusedOrder`]: an order that the gate of its account refused; [`RefusalId`]: what it is called.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use bearpit_core::kernel::RequestTag;
use bearpit_core::market::{OrderTerms, Refusal};
use bearpit_core::units::{ActorId, ListingId, SimTime};

use super::client_order_id::ClientOrderId;

/// What an order is called that was refused, and so has no id of the market: `R17`.
///
/// It follows from the number of its request, which is in the journal, so it is the same whenever a day is
/// replayed, and no other request of the market has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefusalId(NonZeroU64);

/// An order from outside that the gate of its account refused: it was never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedOrder {
    /// What it is called.
    pub id: RefusalId,
    /// Whose it is.
    pub owner: ActorId,
    /// The listing.
    pub listing: ListingId,
    /// Its terms, as they were asked for.
    pub terms: OrderTerms,
    /// Why it was refused.
    pub reason: Refusal,
    /// The id that its owner gave it.
    pub client: Option<ClientOrderId>,
    /// When it was refused.
    pub at: SimTime,
}

/// A text that is no id of a refused order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRefusalId;

impl RefusalId {
    /// Returns that of the order of a request.
    #[must_use]
    pub const fn of(tag: RequestTag) -> Self {
        Self(NonZeroU64::MIN.saturating_add(tag.get()))
    }

    /// Returns it as a row of the database has it: below zero, where no order of the market is.
    #[must_use]
    pub fn row(self) -> i64 {
        i64::try_from(self.0.get()).map_or(i64::MIN, i64::saturating_neg)
    }

    /// Returns that of a row, if the row is of an order that was refused.
    #[must_use]
    pub fn of_row(id: i64) -> Option<Self> {
        if id < 0 { NonZeroU64::new(id.unsigned_abs()).map(Self) } else { None }
    }
}

impl fmt::Display for RefusalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{}", self.0)
    }
}

impl FromStr for RefusalId {
    type Err = BadRefusalId;

    fn from_str(text: &str) -> Result<Self, BadRefusalId> {
        let id = text.strip_prefix('R').and_then(|id| id.parse().ok()).map(Self).ok_or(BadRefusalId)?;
        // Each has one form, which is the one that is written.
        if id.to_string() == text { Ok(id) } else { Err(BadRefusalId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form_and_a_row_that_no_order_has() {
        for tag in [0, 16, 1 << 40] {
            let id = RefusalId::of(RequestTag::new(tag));
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(id.row() < 0);
            assert_eq!(RefusalId::of_row(id.row()), Some(id));
        }
        assert_eq!(RefusalId::of(RequestTag::new(16)).to_string(), "R17");
        for text in ["", "R", "17", "r17", "R017", "R+1", "R-1", "R0", "R17 "] {
            assert_eq!(text.parse::<RefusalId>(), Err(BadRefusalId), "{text}");
        }
        assert_eq!([RefusalId::of_row(0), RefusalId::of_row(17)], [None; 2]);
    }
}
