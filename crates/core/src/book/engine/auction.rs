//! Auctions and phases.

use super::details::{Activation, Details};
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, BookTrade, EventSink, Indicative};
use crate::market::{CancelReason, ExpiryReason, OrderKind, OrderTerms, Phase, Side, TimeInForce};
use crate::units::{Price, Quantity};

impl OrderBook {
    pub(super) fn change_phase(&mut self, phase: Phase, out: &mut impl EventSink) {
        let from = self.phase;
        if phase == from {
            return;
        }
        // An operator can halt a call, too: then nothing trades until it goes on.
        let uncrosses = phase == Phase::Continuous || (from == Phase::ClosingAuction && phase != Phase::Halt);
        if uncrosses {
            self.uncross(out);
        }
        self.curve = None;
        self.phase = phase;
        out.take(BookEvent::PhaseChanged { phase });
        if uncrosses || phase == Phase::Closed {
            let chosen = self.detailed_where(|details| !details.kind().is_stop());
            self.for_each(chosen, |book, slot| book.clear_leftover(slot, out));
        }
        if phase == Phase::Closed {
            let chosen = self.detailed_where(|details| details.time_in_force() == TimeInForce::Day);
            self.for_each(chosen, |book, slot| book.expire(slot, ExpiryReason::SessionClosed, out));
        }
        if phase == Phase::ClosingAuction {
            let chosen = self.detailed_where(|details| details.activation() == Activation::ClosingAuction);
            self.for_each(chosen, |book, slot| {
                let order = book.remove(slot);
                book.enter_order(&order, out);
            });
        }
        if phase.is_auction() {
            self.curve = Some(self.new_curve());
        }
    }

    fn detailed_where(&self, which: impl Fn(&Details) -> bool) -> Vec<Slot> {
        let chosen = self.slab.detailed().filter(|(_, details)| which(details));
        chosen.map(|(slot, _)| slot).collect()
    }

    /// Ends an order that was for an auction only, after it.
    fn clear_leftover(&mut self, slot: Slot, out: &mut impl EventSink) {
        let order = self.order_at(slot);
        let (kind, time) = (order.terms.kind, order.terms.time_in_force);
        let waits = self.slab.get(slot).location.is_outside();
        let is_market = matches!(kind, OrderKind::Market { .. } | OrderKind::MarketToLimit { .. });
        match time {
            TimeInForce::AtOpen => self.expire(slot, ExpiryReason::AuctionOver, out),
            TimeInForce::AtClose if self.phase == Phase::Closed || !waits => {
                self.expire(slot, ExpiryReason::AuctionOver, out);
            }
            TimeInForce::AtClose => {}
            _ if matches!(kind, OrderKind::MarketToLimit { .. })
                && time.rests()
                && !order.filled.is_zero() =>
            {
                let Some(price) = self.last else { return };
                let order = self.remove(slot);
                out.take(order.repriced(Some(price)));
                let terms = OrderTerms { kind: OrderKind::Limit(price), ..order.terms };
                self.rest(&Order { terms, ..order }, price);
            }
            _ if is_market || !time.rests() => self.cancel(slot, CancelReason::IocRemainder, out),
            _ => {}
        }
    }

    /// Executes an auction: everything that can trade trades at one price.
    fn uncross(&mut self, out: &mut impl EventSink) {
        let Some(Indicative { price, mut volume }) = self.auction_price() else { return };
        out.take(BookEvent::Uncrossed { price, volume });
        self.curve = None;
        while !volume.is_zero() {
            let [Some(buy), Some(sell)] = Side::BOTH.map(|side| self.first_at(side, price)) else { break };
            let quantity = self.slab.leaves(buy).min(self.slab.leaves(sell)).min(volume);
            volume -= quantity;
            self.fill_in_auction(buy, quantity);
            self.fill_in_auction(sell, quantity);
            let buy_came_first = self.slab.sequence(buy) < self.slab.sequence(sell);
            let (maker, taker) = if buy_came_first { (buy, sell) } else { (sell, buy) };
            self.trade_in_auction([maker, taker], price, quantity, out);
        }
        self.anchor = Some(price);
        let used_up = |slot: &Slot| self.slab.displayed(*slot).is_zero();
        let used_up: Vec<Slot> =
            self.slab.detailed().map(|(slot, _)| slot).filter(|slot| used_up(slot)).collect();
        for side in Side::BOTH {
            let chosen = used_up.iter().copied().filter(|slot| self.slab.get(*slot).side() == side).collect();
            self.for_each(chosen, |book, slot| book.refresh(slot, out));
        }
    }

    /// Returns the first order of `side` in an auction at `price`.
    fn first_at(&self, side: Side, price: Price) -> Option<Slot> {
        let book_side = self.side(side);
        if !book_side.unpriced().is_empty() {
            return Some(book_side.unpriced().head);
        }
        let best = book_side.best_price().filter(|best| side.accepts(*best, price));
        best.and_then(|_| book_side.best()).map(|level| level.head)
    }

    /// Applies a fill to an order that keeps its priority: its displayed quantity first.
    fn fill_in_auction(&mut self, slot: Slot, quantity: Quantity) {
        let displayed = self.slab.displayed(slot).min(quantity);
        let hidden = quantity - displayed;
        self.slab.set_displayed(slot, self.slab.displayed(slot) - displayed);
        self.slab.set_filled(slot, self.slab.filled(slot) + quantity);
        let location = self.slab.get(slot).location;
        if let Some(details) = self.slab.details_mut(slot) {
            details.set_hidden(details.hidden() - hidden);
        }
        self.shrink_level(location, displayed, hidden);
    }

    fn trade_in_auction(
        &mut self,
        slots: [Slot; 2],
        price: Price,
        quantity: Quantity,
        out: &mut impl EventSink,
    ) {
        let [maker, taker] = slots.map(|slot| self.order_at(slot));
        out.take(BookEvent::Traded(BookTrade {
            price,
            quantity,
            aggressor: taker.side(),
            phase: self.phase,
            maker_order: maker.id,
            maker_owner: maker.owner,
            maker_leaves: maker.leaves,
            maker_queue_ahead: self.slab.queue_ahead(slots[0]),
            taker_order: taker.id,
            taker_owner: taker.owner,
            taker_leaves: taker.leaves,
        }));
        self.record_trade(price);
        for order in [&maker, &taker] {
            self.reduce_partner(order.partner, quantity, out);
        }
        for order in [&maker, &taker] {
            if !order.leaves.is_zero() {
                self.brackets.on_entry_trade(order);
            } else if let Some(slot) = self.slab.find(order.id) {
                self.remove(slot);
                self.on_end(order, out);
            }
        }
    }
}
