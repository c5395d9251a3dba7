//! Orders with a date: [`Dates`] knows which is next, and limit orders without other conditions enter by a
//! short path.

use std::collections::BTreeSet;

use super::details::{Activation, Details};
use super::fast_path::PlainOrder;
use super::slot::{Slot, SlotKey};
use super::{Order, OrderBook, by_time};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{Command, ExpiryReason, OrderKind, OrderTerms, RejectReason, TimeInForce};
use crate::units::{Quantity, SimTime};

/// Orders by their dates.
#[derive(Debug, Clone, Default)]
pub(super) struct Dates {
    keys: BTreeSet<SlotKey>,
    /// The date of the first: asked for with every command.
    first: Option<SimTime>,
}

impl Dates {
    /// Returns the next date.
    #[inline]
    pub(super) const fn first(&self) -> Option<SimTime> {
        self.first
    }

    pub(super) fn insert(&mut self, date: SimTime, slot: Slot) {
        self.keys.insert(SlotKey::new(date.nanos(), slot));
        self.first = Some(self.first.map_or(date, |first| first.min(date)));
    }

    pub(super) fn remove(&mut self, date: SimTime, slot: Slot) {
        self.keys.remove(&SlotKey::new(date.nanos(), slot));
        if self.first == Some(date) {
            self.first = self.keys.first().map(|key| SimTime::from_nanos(key.number()));
        }
    }

    /// Returns the orders of a date, which must be the next.
    fn due(&self, date: SimTime) -> impl Iterator<Item = Slot> {
        self.keys.iter().take_while(move |key| key.number() == date.nanos()).map(|key| key.slot)
    }
}

impl OrderBook {
    /// Expires the orders whose dates have come.
    #[cold]
    pub(super) fn expire_dated(&mut self, now: SimTime, out: &mut impl EventSink) {
        while let Some(date) = self.next_expiry().filter(|date| *date <= now) {
            self.chosen.extend(self.dated.due(date).map(|slot| by_time(&self.slab, slot)));
            self.for_each_chosen(&mut |book, slot| book.expire(slot, ExpiryReason::DateReached, out));
        }
    }

    /// Enters a limit order that has a date and no other condition, in continuous trading; returns whether it
    /// was one.
    pub(super) fn submit_dated(
        &mut self,
        now: SimTime,
        command: &Command,
        terms: &OrderTerms,
        out: &mut impl EventSink,
    ) -> bool {
        let (OrderKind::Limit(limit), TimeInForce::Gtd(date)) = (terms.kind, terms.time_in_force) else {
            return false;
        };
        if !(terms.is_plain() && self.is_plain()) {
            return false;
        }
        let (id, owner) = (command.order, command.owner);
        let order = PlainOrder { id, owner, side: terms.side, quantity: terms.quantity };
        let checked = self.check_plain(order, Some(limit));
        let checked =
            checked.and_then(|entry| if date > now { Ok(entry) } else { Err(RejectReason::ExpiryPassed) });
        let entry = match checked {
            Ok(entry) => entry,
            Err(reason) => {
                out.take(BookEvent::Rejected { order: id, owner, reason });
                return true;
            }
        };
        out.take(BookEvent::Accepted { order: id, owner });
        if self.is_marketable(terms.side, Some(limit)) {
            self.enter_order(&Order::new(id, owner, *terms), out);
            return true;
        }
        let new = order.resting(self.next_sequence());
        let (book_side, slab) = self.side_mut(terms.side);
        let slot = book_side.append_new(slab, limit, entry, &new);
        slab.attach(slot, Details::new(terms, Quantity::ZERO, Activation::None));
        self.dated.insert(date, slot);
        true
    }
}
