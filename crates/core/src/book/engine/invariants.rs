//! What must hold of a book between any two commands.

use super::OrderBook;
use super::slab::{NONE, Wait};
use crate::book::event::MatchingEngine;
use crate::market::{Phase, Side};
use crate::units::{Price, Quantity};

/// Checks that a book in continuous trading is uncrossed, that levels are in order and agree with their
/// orders, and that every order is where its id says.
///
/// Takes time in proportion to the orders: for tests and for the curious.
///
/// # Errors
/// A sentence that says what does not hold.
pub fn check_invariants(book: &OrderBook) -> Result<(), String> {
    let quote = book.quote();
    if let (Some(bid), Some(ask)) = (quote.bid, quote.ask)
        && bid.price >= ask.price
        && book.phase() == Phase::Continuous
    {
        return Err(format!("the book is crossed: bid {} meets ask {}", bid.price, ask.price));
    }
    let mut queued = 0;
    for side in Side::BOTH {
        let mut better: Option<Price> = None;
        for (price, level) in book.side(side).iter() {
            if better.is_some_and(|better| side.accepts(price, better)) {
                return Err(format!("the {side} level {price} is out of order"));
            }
            better = Some(price);
            queued += check_level(book, side, price, (level.displayed, level.hidden))?;
        }
        let (unpriced, sum) = unpriced(book, side);
        if sum != book.side(side).unpriced().displayed {
            return Err(format!("unpriced {side} orders sum up to {sum}, not to what is said"));
        }
        if unpriced > 0 && book.phase() == Phase::Continuous {
            return Err(format!("{unpriced} unpriced {side} orders rest in continuous trading"));
        }
        queued += unpriced;
    }
    let states = book.open_orders();
    let waiting = states.len().saturating_sub(queued);
    if states.len() != book.len() || waiting_orders(book) != waiting {
        let (open, known) = (states.len(), book.len());
        return Err(format!("{open} orders are open, {known} ids known, {queued} queued, {waiting} wait"));
    }
    Ok(())
}

/// Checks one level, and returns how many orders it has.
fn check_level(
    book: &OrderBook,
    side: Side,
    price: Price,
    said: (Quantity, Quantity),
) -> Result<usize, String> {
    let (mut displayed, mut hidden, mut orders, mut last) = (Quantity::ZERO, Quantity::ZERO, 0, None);
    for (id, _) in book.queue(side, price) {
        let Some(slot) = book.slab.find(id) else {
            return Err(format!("order {id} at {price} is not known"));
        };
        let node = book.slab.get(slot);
        if book.price_of(slot) != Some(price) || node.side() != side || book.slab.displayed(slot).is_zero() {
            return Err(format!("order {id} at {price} is out of place: {node:?}"));
        }
        let sequence = book.slab.get(slot).sequence;
        if last.is_some_and(|last| last >= sequence) {
            return Err(format!("order {id} at {price} came before the one it stands behind"));
        }
        last = Some(sequence);
        displayed += book.slab.displayed(slot);
        hidden += book.slab.hidden(slot);
        orders += 1;
        if orders > book.len() {
            return Err(format!("the queue at {price} runs in a circle"));
        }
    }
    if said != (displayed, hidden) || orders == 0 {
        return Err(format!(
            "level {price} says {said:?}, but its orders sum up to {displayed} and {hidden}"
        ));
    }
    Ok(orders)
}

/// Returns how many orders of a side queue without a limit, and what they sum up to.
fn unpriced(book: &OrderBook, side: Side) -> (usize, Quantity) {
    let (mut slot, mut orders, mut sum) = (book.side(side).unpriced().head, 0, Quantity::ZERO);
    while slot != NONE && orders <= book.len() {
        sum += book.slab.displayed(slot);
        orders += 1;
        slot = book.slab.get(slot).next;
    }
    (orders, sum)
}

/// Returns how many orders wait outside of the queues.
fn waiting_orders(book: &OrderBook) -> usize {
    book.slab.detailed().filter(|(_, details)| details.wait != Wait::Nothing).count()
}
