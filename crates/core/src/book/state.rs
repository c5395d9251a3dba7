//! [`BookState`]: the open orders of a book as data, from which another book goes on.

use crate::market::{OrderTerms, Phase};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// What a book is between two commands: its open orders, and all that later events depend on.
///
/// [`OrderBook::state`](super::OrderBook::state) takes it, and
/// [`OrderBook::restore`](super::OrderBook::restore) makes a book of it that matches as the first one would
/// have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BookState {
    /// The phase.
    pub phase: Phase,
    /// The price of the last trade, if there was one.
    pub last: Option<Price>,
    /// The anchor of the price bands, if there is one.
    pub anchor: Option<Price>,
    /// The open orders in order of time, oldest first: by entry, or by the last loss of priority.
    pub orders: Vec<BookOrder>,
    /// Elected stops that have yet to enter, in the order of their election: those of a halt.
    pub elected: Vec<OrderId>,
    /// The entries of brackets whose exits were canceled by their owner, so that they go on without any.
    pub detached: Vec<OrderId>,
}

/// An open order of a [`BookState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BookOrder {
    /// The order.
    pub id: OrderId,
    /// Its owner.
    pub owner: ActorId,
    /// Its terms as they are now, after replaces and repricing; the quantity is what is open and what was
    /// filled.
    pub terms: OrderTerms,
    /// Its displayed quantity.
    pub displayed: Quantity,
    /// Its hidden quantity.
    pub hidden: Quantity,
    /// Its filled quantity.
    pub filled: Quantity,
    /// The order it is linked with, if any.
    pub partner: Option<OrderId>,
    /// Where it waits.
    pub place: BookPlace,
}

impl BookOrder {
    /// Returns its open quantity.
    #[must_use]
    pub fn leaves(&self) -> Quantity {
        self.displayed + self.hidden
    }
}

/// Where an open order waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BookPlace {
    /// In the queue of a price.
    Queue(Price),
    /// In the queue of an auction's orders without a limit.
    Unpriced,
    /// Outside, until a trade at its trigger.
    Trigger(Price),
    /// Outside, until a trade at the trigger that follows the trades; with the best of them since its entry.
    Trails(Option<Price>),
    /// Outside, elected by a trade at its trigger, until trading goes on.
    Elected(Price),
    /// Outside, until there is a reference price: a pegged order.
    Peg,
    /// Outside, until the closing auction.
    ClosingAuction,
}
