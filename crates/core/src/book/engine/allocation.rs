//! Allocation of an incoming quantity among the orders of a level: pro-rata and top-share.

use super::OrderBook;
use super::matching::Taker;
use crate::book::event::EventSink;
use crate::units::{OrderId, Price, Quantity};

impl OrderBook {
    /// Allocates in proportion to displayed quantities, rounded down; the remainder by time.
    pub(super) fn match_pro_rata(&mut self, taker: &mut Taker, price: Price, out: &mut impl EventSink) {
        self.resolve_self_trades(taker, price, out);
        if taker.is_canceled || taker.leaves.is_zero() {
            return;
        }
        let queue = self.borrow_queue(taker, price);
        let total: Quantity = queue.iter().map(|(_, displayed)| *displayed).sum();
        let leaves = taker.leaves;
        for (id, displayed) in &queue {
            let share = if leaves >= total { *displayed } else { proportion(*displayed, leaves, total) };
            self.trade_if_there(taker, *id, share, out);
        }
        self.allocation_queue = queue;
        if leaves < total {
            self.match_by_time(taker, price, out);
        }
    }

    /// Fills the first order up to a share, then the others by time, then the remainder by time.
    pub(super) fn match_top_share(
        &mut self,
        taker: &mut Taker,
        price: Price,
        percent: u8,
        out: &mut impl EventSink,
    ) {
        self.resolve_self_trades(taker, price, out);
        if taker.is_canceled || taker.leaves.is_zero() {
            return;
        }
        let share = Quantity::new(taker.leaves.lots() * u64::from(percent) / 100);
        let queue = self.borrow_queue(taker, price);
        for (place, (id, displayed)) in queue.iter().enumerate() {
            self.trade_if_there(taker, *id, if place == 0 { share } else { *displayed }, out);
        }
        self.allocation_queue = queue;
        self.match_by_time(taker, price, out);
    }

    /// Returns the current queue at a price, in a vector that the caller gives back.
    fn borrow_queue(&mut self, taker: &Taker, price: Price) -> Vec<(OrderId, Quantity)> {
        let mut queue = std::mem::take(&mut self.allocation_queue);
        queue.clear();
        queue.extend(self.queue(taker.side.opposite(), price));
        queue
    }

    /// Trades with an order, unless it was canceled with its partner meanwhile.
    fn trade_if_there(
        &mut self,
        taker: &mut Taker,
        id: OrderId,
        at_most: Quantity,
        out: &mut impl EventSink,
    ) {
        if let Some(slot) = self.slab.find(id) {
            self.trade_with(taker, slot, at_most, out);
        }
    }

    fn resolve_self_trades(&mut self, taker: &mut Taker, price: Price, out: &mut impl EventSink) {
        let queue = self.borrow_queue(taker, price);
        for (id, _) in &queue {
            if let Some(slot) =
                self.slab.find(*id).filter(|slot| !taker.is_canceled && self.is_own(taker, *slot))
            {
                self.resolve_self_trade(taker, slot, out);
            }
        }
        self.allocation_queue = queue;
    }
}

/// Returns `part` times `amount` over `total`, rounded down; `part` is at most `total`, so the result is at
/// most `amount`, and the conversion does not fail.
fn proportion(part: Quantity, amount: Quantity, total: Quantity) -> Quantity {
    let lots = u128::from(part.lots()) * u128::from(amount.lots()) / u128::from(total.lots());
    u64::try_from(lots).map_or(amount, Quantity::new)
}
