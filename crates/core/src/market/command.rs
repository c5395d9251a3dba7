//! Commands: what an account gate sends to a venue.

use super::order::OrderTerms;
use super::replacement::Replacement;
use super::side::Side;
use crate::units::{ActorId, ListingId, OrderId, SimTime};

/// A request about one order of one listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The order.
    pub order: OrderId,
    /// The owner of the order.
    pub owner: ActorId,
    /// The listing.
    pub listing: ListingId,
    /// The request.
    pub kind: CommandKind,
}

/// A command on its way from a gate to a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentCommand {
    /// The request.
    pub command: Command,
    /// When its owner sent it.
    pub sent_at: SimTime,
    /// How many splits the listing had had by then: the venue applies those since.
    pub splits: u32,
}

impl actix::Message for SentCommand {
    type Result = ();
}

/// The request of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// Enter a new order.
    New(OrderTerms),
    /// Cancel the order.
    Cancel,
    /// Take all of the owner's orders of the listing out of the book, or those of one side; the command's
    /// own order id means nothing. With both sides no order of the owner works afterwards, a partly filled
    /// bracket's exits included.
    MassCancel {
        /// The side; both if absent.
        side: Option<Side>,
    },
    /// The owner's connection has ended: cancels like [`CommandKind::MassCancel`], with another reason.
    Disconnect,
    /// Change prices, distance, time in force or total quantity (filled part included).
    ///
    /// A pure decrease of quantity keeps the order's priority, and so does another time in force of an order
    /// that rests with both; anything else loses it. A total at or below what has been filled cancels the
    /// order. Of a stop that waits, the price is the trigger; of a stop-limit order, the limit.
    Replace(Replacement),
}
