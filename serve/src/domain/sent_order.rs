//! [`SentOrder`]: an order that is on its way to its venue.

use bearpit_core::market::{ExitIds, OrderTerms};
use bearpit_core::units::{ActorId, ListingId, OrderId, SimTime};

use super::client_order_id::ClientOrderId;

/// An order from outside that has passed the gate of its account, and is on its way to its venue.
///
/// A venue's facts begin with its acceptance there; this is what was before, with the id that only its owner
/// knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOrder {
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub owner: ActorId,
    /// The listing.
    pub listing: ListingId,
    /// Its terms, as the gate has sent them.
    pub terms: OrderTerms,
    /// The ids of a bracket's exits, or of a pair's stop.
    pub exits: ExitIds,
    /// The id that its owner gave it.
    pub client: Option<ClientOrderId>,
    /// When it was sent.
    pub at: SimTime,
}
