//! What must hold of a book between any two commands.

use thiserror::Error;

use super::OrderBook;
use super::details::Activation;
use super::slot::NONE;
use crate::book::event::MatchingEngine;
use crate::market::{Phase, Side};
use crate::units::{OrderId, Price, Quantity};

/// An invariant that does not hold: a defect of the engine, never of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvariantError {
    /// The book is crossed in continuous trading.
    #[error("the book is crossed: bid {bid} meets ask {ask}")]
    Crossed {
        /// The best bid.
        bid: Price,
        /// The best ask.
        ask: Price,
    },
    /// A level comes after a worse one.
    #[error("the {side} level {price} is out of order")]
    LevelOutOfOrder {
        /// The side.
        side: Side,
        /// The level.
        price: Price,
    },
    /// A level's totals differ from the sums of its orders, or it is empty.
    #[error(
        "level {price} has totals {} and {}, but its {orders} orders add up to {} and {}",
        total.0, total.1, sum.0, sum.1
    )]
    LevelTotal {
        /// The level.
        price: Price,
        /// The displayed and the hidden total of the level.
        total: (Quantity, Quantity),
        /// The displayed and the hidden quantity of its orders.
        sum: (Quantity, Quantity),
        /// How many orders the level has.
        orders: usize,
    },
    /// The total of a side's unpriced orders differs from their sum.
    #[error("the unpriced {side} orders have a total of {total}, but add up to {sum}")]
    UnpricedTotal {
        /// The side.
        side: Side,
        /// The total as stored.
        total: Quantity,
        /// The sum of the orders.
        sum: Quantity,
    },
    /// Orders without a limit rest in continuous trading.
    #[error("{orders} unpriced {side} orders rest in continuous trading")]
    UnpricedInContinuous {
        /// The side.
        side: Side,
        /// How many.
        orders: usize,
    },
    /// A queued order cannot be found by its id.
    #[error("order {order} at {price} is not found by its id")]
    UnknownOrder {
        /// The order.
        order: OrderId,
        /// The level in whose queue it is.
        price: Price,
    },
    /// A queued order has another price or side than its level, or displays nothing.
    #[error("order {order} does not belong into the queue at {price}")]
    Misplaced {
        /// The order.
        order: OrderId,
        /// The level in whose queue it is.
        price: Price,
    },
    /// A queued order is older than the one before it.
    #[error("order {order} at {price} is older than the order before it")]
    QueueOutOfOrder {
        /// The order.
        order: OrderId,
        /// The level in whose queue it is.
        price: Price,
    },
    /// A queue has no end.
    #[error("the queue at {price} is circular")]
    CircularQueue {
        /// The level.
        price: Price,
    },
    /// The exits of a bracket are not for what its entry has traded, or its entry is not open.
    #[error("the bracket of order {entry} and its exits do not agree")]
    Bracket {
        /// The entry.
        entry: OrderId,
    },
    /// The numbers of open, indexed, queued and dormant orders do not add up.
    #[error("{open} orders are open, {indexed} ids indexed, {queued} orders queued, {dormant} dormant")]
    Counts {
        /// Open orders.
        open: usize,
        /// Ids in the index.
        indexed: usize,
        /// Orders in a queue.
        queued: usize,
        /// Orders outside of the queues.
        dormant: usize,
    },
}

/// Checks that a book in continuous trading is uncrossed, that levels are in order and agree with their
/// orders, that every order is where its id says, and that brackets' exits agree with their entries.
///
/// Takes time in proportion to the number of orders: for tests and debugging.
///
/// # Errors
/// Returns the first invariant that does not hold.
pub fn check_invariants(book: &OrderBook) -> Result<(), InvariantError> {
    let quote = book.quote();
    if let (Some(bid), Some(ask)) = (quote.bid, quote.ask)
        && bid.price >= ask.price
        && book.phase() == Phase::Continuous
    {
        return Err(InvariantError::Crossed { bid: bid.price, ask: ask.price });
    }
    let mut queued = 0;
    for side in Side::BOTH {
        let mut better: Option<Price> = None;
        for (price, level) in book.side(side).iter() {
            if better.is_some_and(|better| side.accepts(price, better)) {
                return Err(InvariantError::LevelOutOfOrder { side, price });
            }
            better = Some(price);
            queued += check_level(book, side, price, (level.displayed, level.hidden))?;
        }
        let (orders, sum) = unpriced(book, side);
        let total = book.side(side).unpriced().displayed;
        if sum != total {
            return Err(InvariantError::UnpricedTotal { side, total, sum });
        }
        if orders > 0 && book.phase() == Phase::Continuous {
            return Err(InvariantError::UnpricedInContinuous { side, orders });
        }
        queued += orders;
    }
    let (open, indexed, dormant) = (book.open_orders().len(), book.len(), dormant_orders(book));
    if open != indexed || dormant != open.saturating_sub(queued) {
        return Err(InvariantError::Counts { open, indexed, queued, dormant });
    }
    book.disagreeing_bracket().map_or(Ok(()), |entry| Err(InvariantError::Bracket { entry }))
}

/// Checks one level, and returns how many orders it has.
fn check_level(
    book: &OrderBook,
    side: Side,
    price: Price,
    total: (Quantity, Quantity),
) -> Result<usize, InvariantError> {
    let (mut displayed, mut hidden, mut orders, mut last) = (Quantity::ZERO, Quantity::ZERO, 0, None);
    for (order, _) in book.queue(side, price) {
        let slot = book.slab.find(order).ok_or(InvariantError::UnknownOrder { order, price })?;
        let node = book.slab.get(slot);
        if book.price_of(slot) != Some(price) || node.side() != side || book.slab.displayed(slot).is_zero() {
            return Err(InvariantError::Misplaced { order, price });
        }
        if last.is_some_and(|last| last >= book.slab.sequence(slot)) {
            return Err(InvariantError::QueueOutOfOrder { order, price });
        }
        last = Some(book.slab.sequence(slot));
        displayed += book.slab.displayed(slot);
        hidden += book.slab.hidden(slot);
        orders += 1;
        if orders > book.len() {
            return Err(InvariantError::CircularQueue { price });
        }
    }
    let sum = (displayed, hidden);
    if total != sum || orders == 0 {
        return Err(InvariantError::LevelTotal { price, total, sum, orders });
    }
    Ok(orders)
}

/// Returns how many orders of a side are queued without a limit, and their sum.
fn unpriced(book: &OrderBook, side: Side) -> (usize, Quantity) {
    let (mut slot, mut orders, mut sum) = (book.side(side).unpriced().head, 0, Quantity::ZERO);
    while slot != NONE && orders <= book.len() {
        sum += book.slab.displayed(slot);
        orders += 1;
        slot = book.slab.get(slot).next;
    }
    (orders, sum)
}

/// Returns how many orders are outside of the queues.
fn dormant_orders(book: &OrderBook) -> usize {
    book.slab.detailed().filter(|(_, details)| details.activation() != Activation::None).count()
}
