//! Pegged orders.
//!
//! Between two commands most pegged orders stand where they should, and most commands change no reference
//! price. So it is known which of them do not stand where the last reference wants them, and a change of
//! the reference only looks at classes of orders whose price it can change; what it costs follows the
//! orders that move.

use std::collections::{BTreeMap, BTreeSet};

use super::OrderBook;
use super::slab::Activation;
use super::slot::Slot;
use crate::book::event::EventSink;
use crate::market::{OrderKind, Peg, Side};
use crate::units::{Price, Quantity};

/// The best prices of orders that are not pegged: bid, ask.
type Reference = [Option<Price>; 2];

/// All that the price of a pegged order depends on, besides the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PegClass {
    side: Side,
    is_mid: bool,
    offset: i32,
    limit: Option<Price>,
}

/// The pegged orders of a book.
#[derive(Debug, Clone, Default)]
pub(super) struct Pegs {
    classes: BTreeSet<(PegClass, Slot)>,
    /// Those that do not stand where `reference` wants them, in order of time.
    misplaced: BTreeSet<(u64, Slot)>,
    reference: Reference,
    /// Displayed lots of pegged orders by side and price: a level that displays more has others, too.
    displayed: BTreeMap<(Side, Price), Quantity>,
}

impl PegClass {
    const fn new(side: Side, kind: OrderKind) -> Option<Self> {
        let OrderKind::Pegged { to, offset, limit } = kind else { return None };
        Some(Self { side, is_mid: matches!(to, Peg::Mid), offset, limit })
    }

    /// Returns the best price of its own side and that of the other.
    const fn own_and_other(&self, [bid, ask]: Reference) -> [Option<Price>; 2] {
        match self.side {
            Side::Buy => [bid, ask],
            Side::Sell => [ask, bid],
        }
    }

    /// Returns the rank from which its offset counts: higher for a better price.
    fn base(&self, reference: Reference) -> Option<i64> {
        let [own, other] = self.own_and_other(reference);
        let sign = self.side.sign();
        if !self.is_mid {
            return own.map(|own| sign * own.ticks());
        }
        // Rounded down as ranks are: away from the other side.
        Some((sign * (own?.ticks() + other?.ticks())).div_euclid(2))
    }

    /// Returns the best rank that does not reach the other side.
    fn cap(&self, reference: Reference) -> i64 {
        let [_, other] = self.own_and_other(reference);
        other.map_or(i64::MAX, |other| self.side.sign() * other.ticks() - 1)
    }

    /// Returns the price that it should have, if any.
    fn price(&self, reference: Reference, floor: Price) -> Option<Price> {
        let sign = self.side.sign();
        let [own, _] = self.own_and_other(reference);
        let limit = self.limit.map_or(i64::MAX, |limit| sign * limit.ticks());
        let rank = (self.base(reference)? - i64::from(self.offset)).min(limit).min(self.cap(reference));
        // A peg does not move below the lowest price, unless orders that it follows are there.
        let leaves_market = sign * rank < floor.ticks() && own.is_some_and(|own| own >= floor);
        (!leaves_market).then_some(Price::new(sign * rank))
    }
}

impl Pegs {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Notes that a pegged order displays so much more or less at its price.
    fn note_displayed(&mut self, side: Side, price: Price, change: impl Fn(&mut Quantity)) {
        let displayed = self.displayed.entry((side, price)).or_insert(Quantity::ZERO);
        change(displayed);
        if displayed.is_zero() {
            self.displayed.remove(&(side, price));
        }
    }

    /// Returns the first member of the first class from a place on that belongs to a family: of a side, and
    /// pegged to the same.
    fn first_from(&self, from: (PegClass, Slot)) -> Option<PegClass> {
        let class = self.classes.range(from..).next()?.0;
        ((class.side, class.is_mid) == (from.0.side, from.0.is_mid)).then_some(class)
    }

    /// Returns the orders whose price differs between two references.
    fn affected(&self, from: Reference, to: Reference, floor: Price) -> Vec<Slot> {
        let mut affected = Vec::new();
        for (side, is_mid) in [(Side::Buy, false), (Side::Buy, true), (Side::Sell, false), (Side::Sell, true)]
        {
            let family = PegClass { side, is_mid, offset: i32::MIN, limit: None };
            let offsets = family.affected_offsets(from, to, floor);
            let mut next = self.first_from((family, 0)).filter(|_| offsets > i64::from(i32::MIN));
            while let Some(class) = next.filter(|class| i64::from(class.offset) < offsets) {
                if class.price(from, floor) != class.price(to, floor) {
                    let members = self.classes.range((class, 0)..=(class, Slot::MAX));
                    affected.extend(members.map(|(_, slot)| *slot));
                }
                next = self.first_from((class, Slot::MAX));
            }
        }
        affected
    }
}

impl PegClass {
    /// Returns the offset below which orders of its family may have another price by another reference.
    fn affected_offsets(&self, from: Reference, to: Reference, floor: Price) -> i64 {
        let all = i64::from(i32::MAX) + 1;
        let is_above_floor = |reference| self.own_and_other(reference)[0].is_some_and(|own| own >= floor);
        let (base, other) = (self.base(from), self.base(to));
        if base != other || is_above_floor(from) != is_above_floor(to) {
            return all;
        }
        let (cap, other) = (self.cap(from), self.cap(to));
        match base {
            // What the other side holds back stands at its cap: it has a smaller offset than the cap.
            Some(base) if cap != other => base.saturating_sub(cap.min(other)),
            _ => i64::from(i32::MIN),
        }
    }
}

impl OrderBook {
    /// Removes all pegged orders from their queues: they take no part in auctions.
    pub(super) fn park_pegs(&mut self, out: &mut impl EventSink) {
        if self.pegs.displayed.is_empty() {
            return;
        }
        let resting = |slot: &Slot| !self.slab.get(*slot).location.is_outside();
        let resting = self.pegs.classes.iter().map(|(_, slot)| *slot).filter(resting).collect();
        self.for_each(resting, |book, slot| book.park(slot, out));
    }

    fn park(&mut self, slot: Slot, out: &mut impl EventSink) {
        self.leave_level(slot);
        let node = self.slab.get_mut(slot);
        node.location = node.location.at(None);
        if let Some(details) = self.slab.details_mut(slot) {
            details.activation = Activation::PegReference;
        }
        self.judge(slot);
        out.take(self.order_at(slot).repriced(None));
    }

    /// Takes a pegged order out of its queue, if it is in one.
    fn leave_level(&mut self, slot: Slot) {
        self.note_shrunk_peg(slot, self.slab.displayed(slot));
        self.unlink(slot);
    }

    /// Notes that a pegged order has been stored.
    pub(super) fn note_peg(&mut self, slot: Slot) {
        if let Some(class) = self.peg_class(slot) {
            self.pegs.classes.insert((class, slot));
        }
        self.judge(slot);
    }

    /// Notes that a pegged order now stands in a queue, where the reference wants it.
    pub(super) fn note_placed_peg(&mut self, slot: Slot) {
        let (sequence, side) = (self.slab.sequence(slot), self.slab.get(slot).side());
        self.pegs.misplaced.remove(&(sequence, slot));
        if let Some(price) = self.price_of(slot) {
            let displayed = self.slab.displayed(slot);
            self.pegs.note_displayed(side, price, |lots| *lots += displayed);
        }
    }

    /// Notes that a pegged order is about to be removed from the book.
    pub(super) fn forget_peg(&mut self, slot: Slot) {
        if let Some(class) = self.peg_class(slot) {
            self.pegs.classes.remove(&(class, slot));
        }
        self.pegs.misplaced.remove(&(self.slab.sequence(slot), slot));
        self.note_shrunk_peg(slot, self.slab.displayed(slot));
    }

    /// Notes that a pegged order is about to display less, or has just done so.
    pub(super) fn note_shrunk_peg(&mut self, slot: Slot, less: Quantity) {
        if let Some(price) = self.price_of(slot) {
            self.pegs.note_displayed(self.slab.get(slot).side(), price, |lots| *lots -= less);
        }
    }

    /// Brings restored pegged orders to what the reference of the restored book says of them.
    pub(super) fn restore_pegs(&mut self) {
        if self.pegs.is_empty() {
            return;
        }
        self.pegs.reference = self.reference();
        let all: Vec<Slot> = self.pegs.classes.iter().map(|(_, slot)| *slot).collect();
        all.into_iter().for_each(|slot| self.judge(slot));
    }

    fn peg_class(&self, slot: Slot) -> Option<PegClass> {
        PegClass::new(self.slab.get(slot).side(), self.slab.details(slot)?.terms.kind)
    }

    /// Finds out whether a pegged order stands where the reference wants it.
    fn judge(&mut self, slot: Slot) {
        let Some(class) = self.peg_class(slot) else { return };
        let place = (self.slab.sequence(slot), slot);
        if class.price(self.pegs.reference, self.config.min_price) == self.price_of(slot) {
            self.pegs.misplaced.remove(&place);
        } else {
            self.pegs.misplaced.insert(place);
        }
    }

    /// Reprices pegged orders in order of time, until another follow-up comes first; returns whether any was
    /// repriced.
    pub(super) fn reprice_pegs(&mut self, out: &mut impl EventSink) -> bool {
        let reference = self.reference();
        if reference != self.pegs.reference {
            let affected = self.pegs.affected(self.pegs.reference, reference, self.config.min_price);
            self.pegs.reference = reference;
            affected.into_iter().for_each(|slot| self.judge(slot));
        }
        let mut any = false;
        while let Some((_, slot)) = self.pegs.misplaced.first().copied() {
            if any && (!self.has_only_pegs_left() || self.reference() != reference) {
                return true;
            }
            any = true;
            self.reprice_peg(slot, out);
        }
        any
    }

    fn reprice_peg(&mut self, slot: Slot, out: &mut impl EventSink) {
        let wanted =
            self.peg_class(slot).and_then(|peg| peg.price(self.pegs.reference, self.config.min_price));
        let Some(price) = wanted else { return self.park(slot, out) };
        if self.is_marketable(self.slab.get(slot).side(), wanted) {
            let order = self.remove(slot);
            out.take(order.repriced(wanted));
            return self.take_or_rest(&order, wanted, wanted, out);
        }
        out.take(self.order_at(slot).repriced(wanted));
        self.pegs.misplaced.remove(&(self.slab.sequence(slot), slot));
        self.leave_level(slot);
        let sequence = self.next_sequence();
        self.slab.set_sequence(slot, sequence);
        if let Some(details) = self.slab.details_mut(slot) {
            details.activation = Activation::None;
        }
        self.append(slot, price);
        self.note_placed_peg(slot);
    }

    fn reference(&self) -> Reference {
        Side::BOTH.map(|side| {
            let book_side = self.side(side);
            if self.pegs.displayed.is_empty() {
                return book_side.best_price();
            }
            let pegged = |price| self.pegs.displayed.get(&(side, price)).copied().unwrap_or(Quantity::ZERO);
            let unpegged = book_side.iter().find(|(price, level)| level.displayed > pegged(*price));
            unpegged.map(|(price, _)| price)
        })
    }
}
