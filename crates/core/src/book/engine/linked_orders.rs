//! Interactions between orders of one owner: self-trade prevention, linked orders.

use super::details::{Activation, Details};
use super::location::Location;
use super::matching::Taker;
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{BracketExit, CancelReason, Link, OrderTerms, ReduceReason, SelfTrade};
use crate::units::{ActorId, OrderId, Quantity};

impl OrderBook {
    pub(super) fn is_own(&self, taker: &Taker, slot: Slot) -> bool {
        taker.self_trade != SelfTrade::Allow && self.slab.get(slot).owner == taker.owner
    }

    /// Applies the taker's self-trade setting to an order of its owner.
    pub(super) fn resolve_self_trade(&mut self, taker: &mut Taker, slot: Slot, out: &mut impl EventSink) {
        let maker = self.order_at(slot);
        let both = maker.leaves.min(taker.leaves);
        match taker.self_trade {
            SelfTrade::Allow => {}
            SelfTrade::CancelNewest => cancel_taker(taker, out),
            SelfTrade::CancelOldest => self.cancel(slot, CancelReason::SelfTrade, out),
            SelfTrade::CancelBoth => {
                self.cancel(slot, CancelReason::SelfTrade, out);
                cancel_taker(taker, out);
            }
            SelfTrade::Decrement => {
                if maker.leaves == both {
                    self.cancel(slot, CancelReason::SelfTrade, out);
                } else {
                    self.shrink(slot, both);
                    out.take(self.reduced(slot, ReduceReason::SelfTrade));
                    self.reduce_partner(maker.partner, both, out);
                }
                if taker.leaves == both {
                    return cancel_taker(taker, out);
                }
                taker.leaves -= both;
                let Taker { id: order, owner, side, leaves, .. } = *taker;
                out.take(BookEvent::Reduced { order, owner, side, leaves, reason: ReduceReason::SelfTrade });
                self.reduce_partner(taker.partner, both, out);
            }
        }
    }

    /// Reduces an order of the book: its hidden quantity first.
    pub(super) fn shrink(&mut self, slot: Slot, less: Quantity) {
        if self.curve.is_some() {
            self.discount_part(slot, less);
        }
        let hidden = self.slab.hidden(slot).min(less);
        let displayed = less - hidden;
        if let Some(details) = self.slab.details_mut(slot) {
            details.set_hidden(details.hidden() - hidden);
            if details.is_pegged() {
                self.note_shrunk_peg(slot, displayed);
            }
        }
        self.slab.set_displayed(slot, self.slab.displayed(slot) - displayed);
        let location = self.slab.get(slot).location;
        self.shrink_level(location, displayed, hidden);
    }

    /// Subtracts from a level's totals what an order in its queue has lost; a dormant order has no level.
    #[inline]
    pub(super) fn shrink_level(&mut self, location: Location, displayed: Quantity, hidden: Quantity) {
        let (book_side, _) = self.side_mut(location.side());
        if let Some(level) = location.level() {
            let level = book_side.get_mut(level);
            level.displayed -= displayed;
            level.hidden -= hidden;
        }
    }

    fn reduced(&self, slot: Slot, reason: ReduceReason) -> BookEvent {
        let node = self.slab.get(slot);
        let leaves = self.slab.leaves(slot);
        BookEvent::Reduced { order: node.id, owner: node.owner, side: node.side(), leaves, reason }
    }

    /// Returns whether an order can be linked with a new one.
    pub(super) fn can_link(&self, other: OrderId, owner: ActorId, terms: &OrderTerms) -> bool {
        self.slab.find(other).map(|slot| self.order_at(slot)).is_some_and(|other| {
            other.owner == owner
                && other.side() == terms.side
                && other.leaves == terms.quantity
                && other.terms.link == Link::None
                && other.partner.is_none()
        })
    }

    /// Links an order of the book with an incoming one.
    pub(super) fn link(&mut self, other: OrderId, with: OrderId) {
        let Some(slot) = self.slab.find(other) else { return };
        self.pairs += 1;
        match self.slab.details_mut(slot) {
            Some(details) => details.set_partner(Some(with)),
            None => {
                let mut details = Details::new(&self.order_at(slot).terms, Quantity::ZERO, Activation::None);
                details.set_partner(Some(with));
                self.slab.attach(slot, details);
            }
        }
    }

    /// Enters the stop of a pair, if an order is the first of one, and links the two: before that, so that
    /// it exists if the other trades at once.
    pub(super) fn enter_paired_stop(&mut self, first: &mut Order, out: &mut impl EventSink) {
        let (entry, owner) = (first.id, first.owner);
        let Some(BracketExit { id, partner, terms }) = first.terms.paired_stop(entry) else { return };
        first.terms.link = Link::OneCancelsOther(id);
        first.partner = Some(id);
        self.pairs += 1;
        out.take(BookEvent::ExitEntered { order: id, owner, entry, terms });
        self.enter_order(&Order { partner, ..Order::new(id, owner, terms) }, out);
    }

    /// Reduces an order's partner by what the order has lost.
    #[inline]
    pub(super) fn reduce_partner(
        &mut self,
        partner: Option<OrderId>,
        lost: Quantity,
        out: &mut impl EventSink,
    ) {
        let Some(slot) = partner.and_then(|partner| self.slab.find(partner)) else { return };
        if self.slab.leaves(slot) == lost {
            return self.cancel_partner(slot, out);
        }
        self.shrink(slot, lost);
        out.take(self.reduced(slot, ReduceReason::Linked));
    }

    fn cancel_partner(&mut self, slot: Slot, out: &mut impl EventSink) {
        let partner = self.remove(slot);
        self.pairs -= 1;
        out.take(partner.canceled(CancelReason::Linked));
    }

    /// Handles the end of an order: its partner is canceled, and so is the rest of its bracket's entry; what
    /// an entry has traded is due for its exits.
    #[inline]
    pub(super) fn on_end(&mut self, order: &Order, out: &mut impl EventSink) {
        if let Some(slot) = order.partner.and_then(|partner| self.slab.find(partner)) {
            self.cancel_partner(slot, out);
        }
        if !self.brackets.is_empty() {
            self.end_entry(order, out);
            self.brackets.on_entry_end(order);
        }
    }

    /// Returns whether an order's partner would trade before it on the same side: only one of two linked
    /// orders can trade.
    pub(super) fn is_after_partner(&self, slot: Slot) -> bool {
        let partner = self.slab.details(slot).and_then(Details::partner);
        let Some(partner) = partner.and_then(|partner| self.slab.find(partner)) else { return false };
        let rank = |slot: Slot| {
            let location = self.slab.get(slot).location;
            let book_side = self.side(location.side());
            let rank = book_side.price_of(location.level()?).map_or(i64::MIN, |price| book_side.rank(price));
            Some((rank, self.slab.sequence(slot)))
        };
        rank(partner).zip(rank(slot)).is_some_and(|(partner, own)| partner < own)
    }
}

fn cancel_taker(taker: &mut Taker, out: &mut impl EventSink) {
    let Taker { id: order, owner, side, leaves: quantity, .. } = *taker;
    out.take(BookEvent::Canceled { order, owner, side, quantity, reason: CancelReason::SelfTrade });
    taker.is_canceled = true;
}
