//! Queries about single orders (L3) and levels (L2) of a book.

use super::OrderBook;
use super::book_side::Level;
use super::slot::Slot;
use crate::market::{QuoteLevel, Side};
use crate::units::{OrderId, Price, Quantity};

/// A resting order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestingOrder {
    /// The order.
    pub order: OrderId,
    /// Its side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// Its open quantity.
    pub leaves: Quantity,
    /// Its filled quantity.
    pub filled: Quantity,
}

impl OrderBook {
    /// Returns an order, if it rests.
    #[must_use]
    pub fn order(&self, order: OrderId) -> Option<RestingOrder> {
        self.slab.find(order).and_then(|slot| self.resting(slot))
    }

    /// Returns the order of a side that trades next: the first in the queue of the best level.
    #[must_use]
    pub fn first(&self, side: Side) -> Option<RestingOrder> {
        self.side(side).best().and_then(|level| self.resting(level.head))
    }

    /// Returns the order of a side that trades last: the last in the queue of the worst level.
    #[must_use]
    pub fn last(&self, side: Side) -> Option<RestingOrder> {
        self.side(side).worst().and_then(|level| self.resting(level.tail))
    }

    /// Returns up to `count` of a side's displayed levels, the best first.
    #[must_use]
    pub fn best_levels(&self, side: Side, count: usize) -> Vec<QuoteLevel> {
        let quote = |(price, level): (Price, &Level)| QuoteLevel { price, size: level.displayed };
        self.side(side).iter().take(count).map(quote).collect()
    }

    /// Returns how many nodes index the levels of a side.
    #[cfg(test)]
    pub(in crate::book) fn index_nodes(&self, side: Side) -> usize {
        self.side(side).index_nodes()
    }

    fn resting(&self, slot: Slot) -> Option<RestingOrder> {
        let node = self.slab.get(slot);
        Some(RestingOrder {
            order: node.id,
            side: node.side(),
            price: self.price_of(slot)?,
            leaves: self.slab.leaves(slot),
            filled: self.slab.filled(slot),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::MatchingEngine;
    use crate::market::{Command, CommandKind, OrderTerms};
    use crate::units::{ActorId, ListingId, SimTime};

    #[test]
    fn the_first_trades_next_and_the_last_at_last() {
        let mut book = OrderBook::default();
        for (order, side, lots, ticks) in
            [(1, Side::Buy, 5, 99), (2, Side::Buy, 6, 100), (3, Side::Buy, 7, 100), (4, Side::Sell, 2, 100)]
        {
            let terms = OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
            let (order, owner, listing) = (OrderId::new(order), ActorId::new(0), ListingId::new(0));
            let command = Command { order, owner, listing, kind: CommandKind::New(terms) };
            book.execute(SimTime::from_nanos(0), &command, &mut Vec::new());
        }
        let first = book.first(Side::Buy).unwrap();
        assert_eq!((first.order.get(), first.leaves.lots(), first.filled.lots()), (2, 4, 2));
        assert_eq!(book.last(Side::Buy).unwrap().order.get(), 1);
        assert_eq!(book.order(OrderId::new(2)), Some(first));
        assert_eq!((book.first(Side::Sell), book.order(OrderId::new(4))), (None, None));
    }
}
