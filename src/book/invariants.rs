//! What must hold of a book between any two commands.

use super::levels::Level;
use super::order_book::OrderBook;
use super::slab::NONE;
use crate::market::Side;
use crate::units::Quantity;

/// Checks that a book is uncrossed, sorted, and that sizes, links and ids agree with the orders.
///
/// Takes time in proportion to the orders: for tests and for the curious.
///
/// # Errors
/// A sentence that says what does not hold.
pub fn check_invariants(book: &OrderBook) -> Result<(), String> {
    if let (Some(bid), Some(ask)) = (book.bids.best(), book.asks.best())
        && bid.price >= ask.price
    {
        return Err(format!("the book is crossed: bid {} meets ask {}", bid.price, ask.price));
    }
    let mut orders = 0;
    for side in Side::BOTH {
        let mut better = None;
        for level in book.side(side).iter() {
            let rank = side.sign() * level.price.ticks();
            if better.is_some_and(|better| rank >= better) {
                return Err(format!("the {side} level {} is out of order", level.price));
            }
            better = Some(rank);
            orders += check_level(book, side, level)?;
        }
    }
    if orders != book.len() {
        return Err(format!("{orders} orders are queued, but {} ids are known", book.len()));
    }
    Ok(())
}

/// Checks one level, and returns how many orders it has.
fn check_level(book: &OrderBook, side: Side, level: &Level) -> Result<usize, String> {
    let (mut slot, mut previous, mut orders, mut size) = (level.head, NONE, 0, Quantity::ZERO);
    while slot != NONE {
        let node = book.slab.get(slot);
        let known = book.slab.find(node.id) == Some(slot);
        let in_place = node.price == level.price && node.side == side && node.previous == previous;
        if !known || !in_place || node.leaves.is_zero() {
            return Err(format!("order {} at {} is out of place: {node:?}", node.id, level.price));
        }
        size += node.leaves;
        orders += 1;
        if orders > book.len() {
            return Err(format!("the queue at {} runs in a circle", level.price));
        }
        (previous, slot) = (slot, node.next);
    }
    if previous != level.tail || size != level.size || orders == 0 {
        return Err(format!("level {}: size {} but orders sum up to {size}", level.price, level.size));
    }
    Ok(orders)
}
