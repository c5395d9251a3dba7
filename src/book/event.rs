//! What matching says happened, and the interface of an engine.

use crate::market::{CancelReason, Command, Quote, QuoteLevel, RejectReason, Side};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// One thing that a command did to a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookEvent {
    /// A new order was taken.
    Accepted {
        /// The order.
        order: OrderId,
    },
    /// A new order was not taken.
    Rejected {
        /// The order.
        order: OrderId,
        /// Why not.
        reason: RejectReason,
    },
    /// A cancel or replace was not carried out.
    CommandRejected {
        /// The order it named.
        order: OrderId,
        /// Why not.
        reason: RejectReason,
    },
    /// An order got new terms.
    Replaced {
        /// The order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its limit from now on.
        price: Price,
        /// What is open from now on.
        leaves: Quantity,
        /// Whether it kept its place.
        kept_priority: bool,
    },
    /// Two orders traded.
    Traded {
        /// The maker's price.
        price: Price,
        /// How much.
        quantity: Quantity,
        /// The taker's side.
        aggressor: Side,
        /// The resting order.
        maker_order: OrderId,
        /// Its owner.
        maker_owner: ActorId,
        /// What is left of it.
        maker_leaves: Quantity,
        /// The aggressing order.
        taker_order: OrderId,
        /// Its owner.
        taker_owner: ActorId,
        /// What is left of it.
        taker_leaves: Quantity,
    },
    /// What was open of an order is gone.
    Canceled {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// How much.
        quantity: Quantity,
        /// Why.
        reason: CancelReason,
    },
    /// What was open of an order is gone, because the venue closed.
    Expired {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// How much.
        quantity: Quantity,
    },
}

/// A book that matches.
pub trait MatchingEngine {
    /// Carries out a command, and appends what it did to `out`.
    fn execute(&mut self, command: &Command, out: &mut Vec<BookEvent>);

    /// Takes all orders out: bids from the best, then asks from the best, each level in order of time.
    fn expire_all(&mut self, out: &mut Vec<BookEvent>);

    /// Returns the touch.
    fn quote(&self) -> Quote;

    /// Returns one side's levels, the best first.
    fn levels(&self, side: Side) -> Vec<QuoteLevel>;
}
