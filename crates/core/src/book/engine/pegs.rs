//! Pegged orders.
//!
//! Between two commands most pegged orders stand where they should, and most commands change no reference
//! price. A change of the reference only looks at classes of orders whose price it can change, and what has
//! to move is sorted by time once; so what it costs follows the orders that move.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::OrderBook;
use super::chunked::Sparse;
use super::details::Activation;
use super::location::LevelId;
use super::slot::Slot;
use crate::book::event::{BookEvent, EventSink};
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
    /// The best rank that it accepts, higher for a better price: the highest number without a limit.
    limit: i64,
}

/// The pegged orders of a book.
#[derive(Debug, Clone)]
pub(super) struct Pegs {
    classes: BTreeMap<PegClass, BTreeSet<Slot>>,
    /// Time rank and slot of all orders that do not stand where `reference` wants them, in order of time;
    /// also of some that do, or are over.
    misplaced: VecDeque<(u64, Slot)>,
    /// Nothing during an auction, when no pegged order has a price.
    reference: Reference,
    /// Displayed lots of pegged orders by side and level: a level that displays more has others, too.
    displayed: [Sparse<Quantity, 128>; 2],
    /// How many stand in a queue.
    resting: usize,
}

impl Default for Pegs {
    fn default() -> Self {
        Self {
            classes: BTreeMap::new(),
            misplaced: VecDeque::new(),
            reference: [None; 2],
            displayed: [const { Sparse::new(Quantity::ZERO) }; 2],
            resting: 0,
        }
    }
}

impl PegClass {
    const fn new(side: Side, kind: OrderKind) -> Option<Self> {
        let OrderKind::Pegged { to, offset, limit } = kind else { return None };
        let limit = match limit {
            Some(limit) => side.sign() * limit.ticks(),
            None => i64::MAX,
        };
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
        let rank = (self.base(reference)? - i64::from(self.offset)).min(self.limit).min(self.cap(reference));
        // A peg does not move below the lowest price, unless orders that it follows are there.
        let leaves_market = sign * rank < floor.ticks() && own.is_some_and(|own| own >= floor);
        (!leaves_market).then_some(Price::new(sign * rank))
    }
}

impl Pegs {
    /// Returns how many classes of pegged orders there are.
    #[inline]
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// Notes the orders whose price differs between the last reference and a new one.
    fn follow(&mut self, to: Reference, floor: Price, sequence: impl Fn(Slot) -> u64) {
        let from = std::mem::replace(&mut self.reference, to);
        let before = self.misplaced.len();
        for (side, is_mid) in [(Side::Buy, false), (Side::Buy, true), (Side::Sell, false), (Side::Sell, true)]
        {
            let family = PegClass { side, is_mid, offset: i32::MIN, limit: i64::MIN };
            let offsets = family.affected_offsets(from, to, floor);
            let mut next = Some(family).filter(|_| offsets > i64::from(i32::MIN));
            while let Some(offset) =
                next.and_then(|next| self.offset_from(next)).filter(|it| i64::from(*it) < offsets)
            {
                let first = PegClass { offset, ..family }.first_affected(from, to, floor);
                let last = PegClass { offset, limit: i64::MAX, ..family };
                for (class, members) in self.classes.range(first..=last) {
                    if class.price(from, floor) != class.price(to, floor) {
                        self.misplaced.extend(members.iter().map(|slot| (sequence(*slot), *slot)));
                    }
                }
                next = offset.checked_add(1).map(|offset| PegClass { offset, ..family });
            }
        }
        if self.misplaced.len() > before {
            self.misplaced.make_contiguous().sort_unstable();
        }
    }

    /// Returns the offset of the first class from one on that belongs to its family: of its side, and pegged
    /// to the same.
    fn offset_from(&self, from: PegClass) -> Option<i32> {
        let (class, _) = self.classes.range(from..).next()?;
        ((class.side, class.is_mid) == (from.side, from.is_mid)).then_some(class.offset)
    }

    fn displayed_mut(&mut self, side: Side, level: LevelId) -> &mut Quantity {
        self.displayed[side.index()].get_mut(level)
    }
}

impl PegClass {
    /// Returns the first class of its offset that may have another price by another reference: others are
    /// held by their limits.
    fn first_affected(self, from: Reference, to: Reference, floor: Price) -> Self {
        let unlimited = Self { limit: i64::MAX, ..self };
        let prices = [from, to].map(|reference| unlimited.price(reference, floor));
        let limit = match prices {
            [Some(one), Some(other)] if self.is_above(from, floor) == self.is_above(to, floor) => {
                let ranks = [one, other].map(|price| self.side.sign() * price.ticks());
                ranks[0].min(ranks[1]).saturating_add(1)
            }
            _ => i64::MIN,
        };
        Self { limit, ..self }
    }

    /// Returns whether orders that it follows stand at the floor or above it.
    fn is_above(&self, reference: Reference, floor: Price) -> bool {
        self.own_and_other(reference)[0].is_some_and(|own| own >= floor)
    }

    /// Returns the offset below which orders of its family may have another price by another reference.
    fn affected_offsets(&self, from: Reference, to: Reference, floor: Price) -> i64 {
        let all = i64::from(i32::MAX) + 1;
        let (base, other) = (self.base(from), self.base(to));
        if base != other || self.is_above(from, floor) != self.is_above(to, floor) {
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
        if self.pegs.resting > 0 {
            let resting = |slot: &Slot| !self.slab.get(*slot).location.is_outside();
            let resting = self.pegs.classes.values().flatten().copied().filter(resting).collect();
            self.for_each(resting, |book, slot| book.park(slot, out));
        }
        self.pegs.reference = [None; 2];
        self.pegs.misplaced.clear();
    }

    fn park(&mut self, slot: Slot, out: &mut impl EventSink) {
        self.leave_level(slot);
        let node = self.slab.get_mut(slot);
        node.location = node.location.at(None);
        let (order, owner, side) = (node.id, node.owner, node.side());
        if let Some(details) = self.slab.details_mut(slot) {
            details.set_activation(Activation::PegReference);
        }
        out.take(BookEvent::Repriced { order, owner, side, price: None });
    }

    /// Takes a pegged order out of its queue, if it is in one.
    fn leave_level(&mut self, slot: Slot) {
        self.forget_place(slot);
        self.unlink(slot);
    }

    fn forget_place(&mut self, slot: Slot) {
        let location = self.slab.get(slot).location;
        if let Some(level) = location.level() {
            *self.pegs.displayed_mut(location.side(), level) -= self.slab.displayed(slot);
            self.pegs.resting -= 1;
        }
    }

    /// Notes that a pegged order has been stored; it is in no queue yet, and the newest of all.
    pub(super) fn note_peg(&mut self, slot: Slot) {
        let Some(class) = self.peg_class(slot) else { return };
        self.pegs.classes.entry(class).or_default().insert(slot);
        if class.price(self.pegs.reference, self.config.min_price).is_some() {
            self.pegs.misplaced.push_back((self.slab.sequence(slot), slot));
        }
    }

    /// Notes that a pegged order now stands in a queue, where the reference wants it.
    pub(super) fn note_placed_peg(&mut self, slot: Slot) {
        let location = self.slab.get(slot).location;
        if let Some(level) = location.level() {
            *self.pegs.displayed_mut(location.side(), level) += self.slab.displayed(slot);
            self.pegs.resting += 1;
        }
    }

    /// Notes that a pegged order is about to be removed from the book.
    pub(super) fn forget_peg(&mut self, slot: Slot) {
        if let Some(class) = self.peg_class(slot)
            && let Some(members) = self.pegs.classes.get_mut(&class)
        {
            members.remove(&slot);
            if members.is_empty() {
                self.pegs.classes.remove(&class);
            }
        }
        self.forget_place(slot);
        // No order has this time rank: among those that are misplaced it is not found any more.
        self.slab.set_sequence(slot, 0);
    }

    /// Notes that a pegged order is about to display less, or has just done so.
    pub(super) fn note_shrunk_peg(&mut self, slot: Slot, less: Quantity) {
        let location = self.slab.get(slot).location;
        if let Some(level) = location.level() {
            *self.pegs.displayed_mut(location.side(), level) -= less;
        }
    }

    /// Brings restored pegged orders to what the reference of the restored book says of them.
    pub(super) fn restore_pegs(&mut self) {
        self.pegs.reference = self.reference();
        let all = self.pegs.classes.values().flatten().map(|slot| (self.slab.sequence(*slot), *slot));
        self.pegs.misplaced = all.collect();
        self.pegs.misplaced.make_contiguous().sort_unstable();
    }

    fn peg_class(&self, slot: Slot) -> Option<PegClass> {
        PegClass::new(self.slab.get(slot).side(), self.slab.details(slot)?.kind())
    }

    /// Reprices pegged orders in order of time, until another follow-up comes first; returns whether any was
    /// repriced.
    pub(super) fn reprice_pegs(&mut self, out: &mut impl EventSink) -> bool {
        let reference = self.reference();
        if reference != self.pegs.reference {
            let slab = &self.slab;
            self.pegs.follow(reference, self.config.min_price, |slot| slab.sequence(slot));
        }
        let (mut any, mut has_traded) = (false, false);
        while let Some((sequence, slot)) = self.pegs.misplaced.front().copied() {
            let Some(wanted) = self.wanted(sequence, slot) else {
                self.pegs.misplaced.pop_front();
                continue;
            };
            // Pegged orders that move are no reference: only a trade changes that.
            if any && (!self.has_only_pegs_left() || (has_traded && self.reference() != reference)) {
                return true;
            }
            any = true;
            self.pegs.misplaced.pop_front();
            has_traded |= self.reprice_peg(slot, wanted.price, out);
        }
        any
    }

    /// Returns where an order should stand that was misplaced when it had this time rank, if it still has and
    /// is.
    fn wanted(&self, sequence: u64, slot: Slot) -> Option<Wanted> {
        let class = self.peg_class(slot).filter(|_| self.slab.sequence(slot) == sequence)?;
        let price = class.price(self.pegs.reference, self.config.min_price);
        (price != self.price_of(slot)).then_some(Wanted { price })
    }

    /// Moves a pegged order to another price, and returns whether it trades there.
    fn reprice_peg(&mut self, slot: Slot, wanted: Option<Price>, out: &mut impl EventSink) -> bool {
        let Some(price) = wanted else {
            self.park(slot, out);
            return false;
        };
        let node = *self.slab.get(slot);
        if self.is_marketable(node.side(), wanted) {
            let order = self.remove(slot);
            out.take(order.repriced(wanted));
            self.take_or_rest(&order, wanted, wanted, out);
            return true;
        }
        out.take(BookEvent::Repriced { order: node.id, owner: node.owner, side: node.side(), price: wanted });
        self.leave_level(slot);
        let sequence = self.next_sequence();
        self.slab.set_sequence(slot, sequence);
        if let Some(details) = self.slab.details_mut(slot) {
            details.set_activation(Activation::None);
        }
        self.append(slot, price);
        self.note_placed_peg(slot);
        false
    }

    fn reference(&self) -> Reference {
        Side::BOTH.map(|side| {
            let book_side = self.side(side);
            if self.pegs.resting == 0 {
                return book_side.best_price();
            }
            let pegged = &self.pegs.displayed[side.index()];
            let has_others = |level: &LevelId| book_side.get(*level).displayed > *pegged.get(*level);
            book_side.ids().find(has_others).and_then(|level| book_side.price_of(level))
        })
    }
}

/// Where a pegged order should stand, if anywhere.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    price: Option<Price>,
}
