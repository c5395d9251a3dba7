//! Pegged orders.

use super::OrderBook;
use super::slab::Activation;
use super::slot::{NONE, Slot};
use crate::book::event::EventSink;
use crate::market::{OrderKind, Peg, Side};
use crate::units::{OrderId, Price};

/// The best prices of orders that are not pegged: bid, ask.
type Reference = [Option<Price>; 2];

impl OrderBook {
    /// Removes all pegged orders from their queues: they take no part in auctions.
    pub(super) fn park_pegs(&mut self, out: &mut impl EventSink) {
        let resting = |slot: &Slot| !self.slab.get(*slot).location.is_outside();
        let resting = self.pegs.iter().copied().filter(resting).collect();
        self.for_each(resting, |book, slot| book.park(slot, out));
    }

    fn park(&mut self, slot: Slot, out: &mut impl EventSink) {
        self.unlink(slot);
        let node = self.slab.get_mut(slot);
        node.location = node.location.at(None);
        if let Some(details) = self.slab.details_mut(slot) {
            details.activation = Activation::PegReference;
        }
        out.take(self.order_at(slot).repriced(None));
    }

    /// Reprices pegged orders in order of time, until another follow-up comes first; returns whether any was
    /// repriced.
    pub(super) fn reprice_pegs(&mut self, out: &mut impl EventSink) -> bool {
        let reference = self.reference();
        let mut misplaced: Vec<(u64, OrderId)> = Vec::new();
        for slot in &self.pegs {
            if self.new_peg_price(*slot, reference).is_some() {
                let node = self.slab.get(*slot);
                misplaced.push((self.slab.get(*slot).sequence, node.id));
            }
        }
        misplaced.sort_unstable();
        for (place, (_, id)) in misplaced.iter().enumerate() {
            if place > 0 && (!self.has_only_pegs_left() || self.reference() != reference) {
                return true;
            }
            let Some(slot) = self.slab.find(*id) else { continue };
            if let Some(wanted) = self.new_peg_price(slot, reference) {
                self.reprice_peg(slot, wanted, out);
            }
        }
        !misplaced.is_empty()
    }

    fn reprice_peg(&mut self, slot: Slot, wanted: Option<Price>, out: &mut impl EventSink) {
        if wanted.is_none() {
            return self.park(slot, out);
        }
        let order = self.remove(slot);
        out.take(order.repriced(wanted));
        self.take_or_rest(&order, wanted, wanted, out);
    }

    fn reference(&self) -> Reference {
        Side::BOTH.map(|side| {
            let is_pegged = |slot: Slot| {
                let details = self.slab.details(slot);
                details.is_some_and(|details| matches!(details.terms.kind, OrderKind::Pegged { .. }))
            };
            let mut levels = self.side(side).iter();
            let following = |slot: &Slot| Some(self.slab.get(*slot).next).filter(|next| *next != NONE);
            let unpegged =
                levels.find(|(_, level)| !std::iter::successors(Some(level.head), following).all(is_pegged));
            unpegged.map(|(price, _)| price)
        })
    }

    /// Returns the new price of a pegged order if it changes; the inner `None` means that it becomes dormant.
    fn new_peg_price(&self, slot: Slot, reference: Reference) -> Option<Option<Price>> {
        let node = self.slab.get(slot);
        let kind = self.slab.details(slot)?.terms.kind;
        let wanted = peg_price(node.side(), kind, reference, self.config.min_price);
        let current = self.price_of(slot);
        (wanted != current).then_some(wanted)
    }
}

/// Returns the price of a pegged order by the best prices of orders that are not pegged.
fn peg_price(side: Side, kind: OrderKind, [bid, ask]: Reference, floor: Price) -> Option<Price> {
    let OrderKind::Pegged { to, offset, limit } = kind else { return None };
    let (own, other) = if side == Side::Buy { (bid, ask) } else { (ask, bid) };
    let from = match to {
        Peg::Touch => own?.ticks(),
        Peg::Mid => {
            let twice = own?.ticks() + other?.ticks();
            let down = twice.div_euclid(2);
            if side == Side::Buy { down } else { twice - down }
        }
    };
    let sign = side.sign();
    // Ranks: a lower one is further from the other side, for bids and asks alike.
    let mut rank = sign * from - i64::from(offset);
    if let Some(limit) = limit {
        rank = rank.min(sign * limit.ticks());
    }
    if let Some(other) = other {
        rank = rank.min(sign * other.ticks() - 1);
    }
    // A peg does not move below the lowest price, unless orders that it follows are there.
    let leaves_market = sign * rank < floor.ticks() && own.is_some_and(|own| own >= floor);
    (!leaves_market).then_some(Price::new(sign * rank))
}
