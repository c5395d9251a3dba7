//! The end of a day in a book that opens again: what expires, and what stays.

use super::OrderBook;
use super::slot::Slot;
use crate::book::event::EventSink;
use crate::market::{ExpiryReason, OrderTerms, TimeInForce};
use crate::units::{ActorId, SimTime};

impl OrderBook {
    /// Ends a day, at `now`, of a book that opens again: all orders of owners that `keeps` does not name
    /// expire as if the venue closed for good, then those of the others that are not good till canceled or
    /// for a later date.
    ///
    /// Nothing trades: pegged orders wait outside the book until the next day has a price to follow. Stops
    /// that would trade at once are kept, since they wait for a price and not for an instant.
    pub fn end_day(&mut self, now: SimTime, keeps: impl Fn(ActorId) -> bool, out: &mut impl EventSink) {
        let leaves = |slot: &Slot| !keeps(self.slab.get(*slot).owner);
        let left: Vec<Slot> = self.slab.slots().filter(leaves).collect();
        self.brackets.retain(&keeps);
        // Linked orders have one owner, so none of them is left without the other.
        self.for_each(left, |book, slot| {
            let order = book.remove(slot);
            out.take(order.expired(ExpiryReason::VenueClosed));
        });
        let linked =
            |slot: &Slot| self.slab.details(*slot).is_some_and(|details| details.partner().is_some());
        self.pairs = self.slab.slots().filter(linked).count() / 2;
        self.expire_dated(now, out);
        let over = self.slab.slots().filter(|slot| expiry(&self.order_at(*slot).terms).is_some()).collect();
        self.for_each(over, |book, slot| {
            if let Some(reason) = expiry(&book.order_at(slot).terms) {
                book.expire(slot, reason, out);
            }
        });
        while let Some(entry) = self.brackets.next_due() {
            self.follow_entry(entry, out);
        }
        // What they followed has gone, and they must not meet each other for want of it.
        self.park_pegs(out);
    }
}

/// Returns why an order expires at the end of a day, if it does.
const fn expiry(terms: &OrderTerms) -> Option<ExpiryReason> {
    match terms.time_in_force {
        TimeInForce::Day => Some(ExpiryReason::SessionClosed),
        TimeInForce::AtOpen | TimeInForce::AtClose => Some(ExpiryReason::AuctionOver),
        TimeInForce::Gtc | TimeInForce::Gtd(_) => None,
        TimeInForce::Ioc | TimeInForce::Fok if terms.kind.is_stop() => None,
        TimeInForce::Ioc | TimeInForce::Fok => Some(ExpiryReason::VenueClosed),
    }
}
