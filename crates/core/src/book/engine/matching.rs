//! Continuous matching: an incoming order trades through the other side, level by level.

use super::slot::{NONE, Slot};
use super::{Order, OrderBook};
use crate::book::config::{Matching, PriceBands};
use crate::book::event::{BookEvent, BookTrade, EventSink};
use crate::market::{OrderKind, Phase, SelfTrade, Side};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// The part of an incoming order that matching needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taker {
    pub(super) id: OrderId,
    pub(super) owner: ActorId,
    pub(super) side: Side,
    pub(super) self_trade: SelfTrade,
    pub(super) partner: Option<OrderId>,
    pub(super) leaves: Quantity,
    pub(super) filled: Quantity,
    /// Whether self-trade prevention has canceled it.
    pub(super) is_canceled: bool,
}

impl Taker {
    pub(super) const fn new(order: &Order) -> Self {
        Self {
            id: order.id,
            owner: order.owner,
            side: order.terms.side,
            self_trade: order.terms.self_trade,
            partner: order.partner,
            leaves: order.leaves,
            filled: order.filled,
            is_canceled: false,
        }
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.is_canceled || self.leaves.is_zero()
    }

    /// Returns whether the order has self-trade prevention or a linked partner.
    #[inline]
    const fn has_conditions(&self) -> bool {
        self.partner.is_some() || !matches!(self.self_trade, SelfTrade::Allow)
    }
}

impl OrderBook {
    /// Trades `taker` against the other side, no further than `bound` and the price bands.
    #[inline]
    pub(super) fn sweep(&mut self, taker: &mut Taker, bound: Option<Price>, out: &mut impl EventSink) {
        let opposite = taker.side.opposite();
        let last_rank = bound.map_or(i64::MAX, |bound| self.side(opposite).rank(bound));
        let is_banded = self.config.bands != PriceBands::default();
        let (low, high) = if is_banded { self.trading_band() } else { (i64::MIN, i64::MAX) };
        while !taker.is_done() {
            let book_side = self.side(opposite);
            let Some(price) = book_side.best_price().filter(|price| book_side.rank(*price) <= last_rank)
            else {
                return;
            };
            if is_banded && !(low..=high).contains(&price.ticks()) {
                self.phase = Phase::Halt;
                return out.take(BookEvent::PhaseChanged { phase: Phase::Halt });
            }
            match self.config.matching {
                Matching::PriceTime => self.match_first(taker, price, out),
                Matching::ProRata => self.match_pro_rata(taker, price, out),
                Matching::TopShare { percent } => self.match_top_share(taker, price, percent, out),
            }
        }
    }

    pub(super) fn trading_band(&self) -> (i64, i64) {
        self.config.bands.trading(self.anchor, self.last)
    }

    /// Trades with the first order of the best level, whose price is `price`.
    #[inline]
    pub(super) fn match_first(&mut self, taker: &mut Taker, price: Price, out: &mut impl EventSink) {
        let (book_side, slab) = self.side_mut(taker.side.opposite());
        let Some(level) = book_side.best_mut() else { return };
        let slot = level.head;
        let maker = *slab.get(slot);
        if maker.location.is_detailed() || taker.has_conditions() {
            return self.match_detailed(taker, slot, out);
        }
        let displayed = slab.displayed(slot);
        let quantity = displayed.min(taker.leaves);
        let maker_leaves = displayed - quantity;
        level.displayed -= quantity;
        taker.leaves -= quantity;
        taker.filled += quantity;
        let trade = BookTrade {
            price,
            quantity,
            aggressor: taker.side,
            phase: Phase::Continuous,
            maker_order: maker.id,
            maker_owner: maker.owner,
            maker_leaves,
            maker_queue_ahead: slab.queue_ahead(slot),
            taker_order: taker.id,
            taker_owner: taker.owner,
            taker_leaves: taker.leaves,
        };
        if maker_leaves.is_zero() {
            book_side.pop_first(slab);
            slab.remove(slot);
        } else {
            slab.set_displayed(slot, maker_leaves);
            slab.set_filled(slot, slab.filled(slot) + quantity);
        }
        out.take(BookEvent::Traded(trade));
        self.record_trade(price);
    }

    /// Trades with the orders of the level at `price` in order of time, until the level is empty or the taker
    /// is done.
    pub(super) fn match_by_time(&mut self, taker: &mut Taker, price: Price, out: &mut impl EventSink) {
        while !taker.is_done() && self.side(taker.side.opposite()).best_price() == Some(price) {
            self.match_first(taker, price, out);
        }
    }

    /// Trades with one order that is not plain, or applies self-trade prevention.
    #[cold]
    fn match_detailed(&mut self, taker: &mut Taker, slot: Slot, out: &mut impl EventSink) {
        if self.is_own(taker, slot) {
            self.resolve_self_trade(taker, slot, out);
        } else {
            self.trade_with(taker, slot, self.slab.displayed(slot), out);
        }
    }

    /// Trades with one order of the best level.
    pub(super) fn trade_with(
        &mut self,
        taker: &mut Taker,
        slot: Slot,
        at_most: Quantity,
        out: &mut impl EventSink,
    ) {
        let Some(price) = self.price_of(slot) else { return };
        let displayed = self.slab.displayed(slot);
        let quantity = at_most.min(displayed).min(taker.leaves);
        if quantity.is_zero() {
            return;
        }
        self.slab.set_displayed(slot, displayed - quantity);
        self.slab.set_filled(slot, self.slab.filled(slot) + quantity);
        self.shrink_level(self.slab.get(slot).location, quantity, Quantity::ZERO);
        taker.leaves -= quantity;
        taker.filled += quantity;
        let maker = self.order_at(slot);
        if matches!(maker.terms.kind, OrderKind::Pegged { .. }) {
            self.note_shrunk_peg(slot, quantity);
        }
        let trade = BookTrade {
            price,
            quantity,
            aggressor: taker.side,
            phase: self.phase,
            maker_order: maker.id,
            maker_owner: maker.owner,
            maker_leaves: maker.leaves,
            maker_queue_ahead: self.slab.queue_ahead(slot),
            taker_order: taker.id,
            taker_owner: taker.owner,
            taker_leaves: taker.leaves,
        };
        out.take(BookEvent::Traded(trade));
        self.record_trade(price);
        self.reduce_partner(maker.partner, quantity, out);
        self.reduce_partner(taker.partner, quantity, out);
        if maker.leaves.is_zero() {
            let maker = self.remove(slot);
            return self.on_end(&maker, out);
        }
        self.brackets.on_entry_trade(&maker);
        if self.slab.displayed(slot).is_zero() {
            self.refresh(slot, out);
        }
    }

    /// Records a trade's price: last price, anchor of the bands, trigger of stops.
    #[inline]
    pub(super) fn record_trade(&mut self, price: Price) {
        self.last = Some(price);
        if self.anchor.is_none() {
            self.anchor = Some(price);
        }
        self.stops.record_trade(price);
    }

    /// Displays the next part of an iceberg, at the back of its queue.
    pub(super) fn refresh(&mut self, slot: Slot, out: &mut impl EventSink) {
        let Some(price) = self.price_of(slot) else { return };
        let sequence = self.next_sequence();
        let (book_side, slab) = self.side_mut(self.slab.get(slot).side());
        book_side.unlink(slab, slot);
        let hidden = slab.hidden(slot);
        let Some(details) = slab.details_mut(slot) else { return };
        let displayed = details.display().map_or(hidden, |display| display.min(hidden));
        details.set_hidden(hidden - displayed);
        slab.set_displayed(slot, displayed);
        slab.set_sequence(slot, sequence);
        book_side.append(slab, slot, price);
        let node = slab.get(slot);
        let (order, owner, side) = (node.id, node.owner, node.side());
        out.take(BookEvent::Refreshed { order, owner, side, displayed });
    }

    /// Returns the quantity that an order would trade now, up to `bound`.
    pub(super) fn available(&self, order: &Order, bound: Option<Price>) -> Quantity {
        let side = order.side();
        let book_side = self.side(side.opposite());
        let (low, high) = self.trading_band();
        let is_simple = matches!(order.terms.self_trade, SelfTrade::Allow) && self.pairs == 0;
        let (mut filled, mut leaves) = (Quantity::ZERO, order.leaves);
        for (price, level) in book_side.iter() {
            let beyond = bound.is_some_and(|bound| !side.accepts(bound, price));
            if leaves.is_zero() || beyond || !(low..=high).contains(&price.ticks()) {
                break;
            }
            if is_simple {
                let quantity = leaves.min(level.displayed + level.hidden);
                filled += quantity;
                leaves -= quantity;
            } else if !self.available_at_level(order, level.head, &mut filled, &mut leaves) {
                break;
            }
        }
        filled
    }

    /// Adds the quantity that an order would trade at one level that may have own or linked orders; returns
    /// whether it would continue with the next level.
    fn available_at_level(
        &self,
        order: &Order,
        head: Slot,
        filled: &mut Quantity,
        leaves: &mut Quantity,
    ) -> bool {
        let cancels_taker = matches!(order.terms.self_trade, SelfTrade::CancelNewest | SelfTrade::CancelBoth);
        let own = |slot: Slot| {
            self.slab.get(slot).owner == order.owner && order.terms.self_trade != SelfTrade::Allow
        };
        let slots = || {
            let next = |slot: &Slot| Some(self.slab.get(*slot).next).filter(|next| *next != NONE);
            std::iter::successors(Some(head), next)
        };
        let by_time = self.config.matching == Matching::PriceTime;
        if !by_time {
            // Self-trade prevention comes before the allocation of a level.
            if cancels_taker && slots().any(own) {
                return false;
            }
            if order.terms.self_trade == SelfTrade::Decrement {
                for slot in slots().filter(|slot| own(*slot) && !self.is_after_partner(*slot)) {
                    *leaves = leaves.saturating_sub(self.slab.leaves(slot));
                }
            }
        }
        let mut trade = |quantity: Quantity, leaves: &mut Quantity| {
            let quantity = quantity.min(*leaves);
            *filled += quantity;
            *leaves -= quantity;
        };
        // Displayed quantities first, in order of time; then hidden ones.
        for slot in slots().filter(|slot| !self.is_after_partner(*slot)) {
            if !own(slot) {
                trade(self.slab.displayed(slot), leaves);
            } else if by_time && cancels_taker && !leaves.is_zero() {
                return false;
            } else if by_time && order.terms.self_trade == SelfTrade::Decrement {
                *leaves = leaves.saturating_sub(self.slab.leaves(slot));
            }
        }
        for slot in slots().filter(|slot| !self.is_after_partner(*slot) && !own(*slot)) {
            trade(self.slab.hidden(slot), leaves);
        }
        true
    }
}
