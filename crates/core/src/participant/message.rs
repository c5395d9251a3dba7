//! The messages of a market.

use std::sync::Arc;

use crate::kernel::Wakeup;
use crate::market::{Bar, ExecutionReport, Funding, Ladders, Phase, Quote, SentCommand, Side};
use crate::units::{ListingId, Price, Quantity, SimTime};

use super::request::{Instruction, Tagged};

/// Whatever one actor of a market can receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Its own alarm.
    Wakeup(Wakeup),
    /// To a venue: a request about an order.
    Command(SentCommand),
    /// From a venue: news of an order of its own.
    Report(ExecutionReport),
    /// From a venue: news of the market.
    Market(MarketData),
    /// From outside the world: to be carried out in the receiving actor's name.
    Instruction(Tagged<Instruction>),
    /// From outside the world: cash or shares for the receiving actor's account.
    Funding(Box<Tagged<Funding>>),
}

impl From<Wakeup> for Message {
    fn from(wakeup: Wakeup) -> Self {
        Self::Wakeup(wakeup)
    }
}

/// One item of a market data feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketData {
    /// The book.
    pub listing: ListingId,
    /// When it happened at the venue; it arrives later.
    pub at: SimTime,
    /// What happened.
    pub update: Update,
}

impl actix::Message for MarketData {
    type Result = ();
}

/// What happened in a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The touch is another.
    Quote(Quote),
    /// A trade took place.
    Trade {
        /// At this price.
        price: Price,
        /// This much.
        quantity: Quantity,
        /// The taker's side.
        aggressor: Side,
        /// In this phase.
        phase: Phase,
    },
    /// The book is in another phase.
    Phase(Phase),
    /// An auction would end otherwise now: at this price and volume, if anything would trade.
    Indicative(Option<(Price, Quantity)>),
    /// An interval with trades ended; [`Bar::interval`] tells which.
    Bar(Bar),
    /// The book showed this when it changed: as many levels as were asked for, where there are so many.
    Book(Arc<Ladders>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn market_data_does_not_make_messages_larger() {
        // All messages wait in one queue, most of them orders.
        assert!(size_of::<MarketData>() <= size_of::<SentCommand>());
        assert!(size_of::<Message>() <= size_of::<SentCommand>() + size_of::<u64>());
    }
}
