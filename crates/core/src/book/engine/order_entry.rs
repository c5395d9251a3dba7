//! Order entry: what is rejected, what stays dormant, what trades or rests.

use super::details::Activation;
use super::slot::{NONE, Slot};
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{
    Command, Link, OrderKind, OrderTerms, Phase, PostOnly, RejectReason, SelfTrade, Side, TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, SimTime};

impl OrderBook {
    pub(super) fn submit(
        &mut self,
        now: SimTime,
        command: &Command,
        terms: &OrderTerms,
        out: &mut impl EventSink,
    ) {
        let Command { order: id, owner, .. } = *command;
        if let Some(reason) = self.reject_reason(now, id, owner, terms) {
            return out.take(BookEvent::Rejected { order: id, owner, reason });
        }
        out.take(BookEvent::Accepted { order: id, owner });
        let mut order = Order::new(id, owner, *terms);
        if let Link::OneCancelsOther(other) = terms.link {
            order.partner = Some(other);
            self.link(other, id);
        }
        self.enter_paired_stop(&mut order, out);
        self.brackets.add(&order);
        self.enter_order(&order, out);
    }

    /// Returns why a new order is rejected, if it is.
    fn reject_reason(
        &self,
        now: SimTime,
        id: OrderId,
        owner: ActorId,
        terms: &OrderTerms,
    ) -> Option<RejectReason> {
        if let Some(reason) = terms.reject_reason() {
            return Some(reason);
        }
        if !self.ids_are_free(id, terms) {
            return Some(RejectReason::DuplicateOrder);
        }
        if !self.phase_allows(terms) {
            return Some(RejectReason::PhaseForbids);
        }
        if matches!(terms.time_in_force, TimeInForce::Gtd(date) if date <= now) {
            return Some(RejectReason::ExpiryPassed);
        }
        if terms.own_limits().any(|limit| !self.allows_limit(limit)) {
            return Some(RejectReason::BeyondPriceLimits);
        }
        if let Link::OneCancelsOther(other) = terms.link
            && !self.can_link(other, owner, terms)
        {
            return Some(RejectReason::LinkUnfit);
        }
        if self.phase == Phase::Continuous { self.taking_reject_reason(id, owner, terms) } else { None }
    }

    /// Returns why an order that would trade at once is rejected, if it is.
    #[inline]
    fn taking_reject_reason(&self, id: OrderId, owner: ActorId, terms: &OrderTerms) -> Option<RejectReason> {
        let needs_liquidity = match terms.kind {
            OrderKind::Limit(_) => false,
            OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => true,
            _ => return None,
        };
        let time = terms.time_in_force;
        let is_conditional =
            time == TimeInForce::Fok || terms.minimum.is_some() || terms.post_only != PostOnly::No;
        if !(needs_liquidity || is_conditional) || time == TimeInForce::AtClose {
            return None;
        }
        let is_marketable = self.is_marketable(terms.side, terms.kind.worst_price());
        if needs_liquidity && !is_marketable {
            return Some(RejectReason::NoLiquidity);
        }
        if time == TimeInForce::Fok || terms.minimum.is_some() {
            let order = Order::new(id, owner, *terms);
            let fills = self.available(&order, self.bound(&order));
            if time == TimeInForce::Fok && fills < terms.quantity {
                return Some(RejectReason::FokUnfillable);
            }
            if terms.minimum.is_some_and(|minimum| fills < minimum) {
                return Some(RejectReason::MinimumUnavailable);
            }
        }
        (is_marketable && !self.can_slide(terms)).then_some(RejectReason::PostOnlyWouldTake)
    }

    /// Returns whether an order that would take liquidity may do so, or can rest behind the touch instead.
    pub(super) fn can_slide(&self, terms: &OrderTerms) -> bool {
        let best = || self.side(terms.side.opposite()).best_price();
        let behind = || best().and_then(|best| terms.side.behind(best, self.config.min_price));
        match terms.post_only {
            PostOnly::No => true,
            PostOnly::Reject => false,
            PostOnly::Slide => behind().is_some(),
        }
    }

    /// Returns whether an order of `side` with `limit` could trade now.
    #[inline]
    pub(super) fn is_marketable(&self, side: Side, limit: Option<Price>) -> bool {
        let book_side = self.side(side.opposite());
        book_side.best_rank().is_some_and(|best| limit.is_none_or(|limit| best <= book_side.rank(limit)))
    }

    #[inline]
    pub(super) fn allows_limit(&self, limit: Price) -> bool {
        self.config.bands.limit_bps.is_none() || self.config.bands.allow_limit(self.anchor, limit)
    }

    /// Returns whether an order's id, and those of its exits, are neither in use nor reserved for a bracket's
    /// exits.
    #[inline]
    fn ids_are_free(&self, id: OrderId, terms: &OrderTerms) -> bool {
        let more = terms.link.ids() - 1;
        if more == 0 && self.brackets.is_empty() {
            return self.slab.find(id).is_none();
        }
        let is_free = |id: u64| self.slab.find(OrderId::new(id)).is_none() && !self.brackets.reserve(id);
        let last = id.get().checked_add(more);
        last.is_some_and(|last| (id.get()..=last).all(is_free))
    }

    #[inline]
    fn phase_allows(&self, terms: &OrderTerms) -> bool {
        let time = terms.time_in_force;
        if self.phase == Phase::Continuous {
            return time != TimeInForce::AtOpen;
        }
        let at_once = !terms.kind.is_stop() && (time == TimeInForce::Fok || terms.minimum.is_some());
        self.phase.takes_orders() && (time != TimeInForce::AtOpen || self.phase.is_before_open()) && !at_once
    }

    /// Enters an order: new, elected, replaced, or an exit.
    #[inline]
    pub(super) fn enter_order(&mut self, order: &Order, out: &mut impl EventSink) {
        match order.terms.kind {
            OrderKind::Limit(limit) if self.phase == Phase::Continuous => self.enter_limit(order, limit, out),
            _ => self.enter_other(order, out),
        }
    }

    fn enter_other(&mut self, order: &Order, out: &mut impl EventSink) {
        let kind = order.terms.kind;
        if kind.is_stop() {
            self.enter_stop(order);
        } else if matches!(kind, OrderKind::Pegged { .. }) {
            self.keep_dormant(order, Activation::PegReference);
        } else if order.terms.time_in_force == TimeInForce::AtClose && self.phase != Phase::ClosingAuction {
            self.keep_dormant(order, Activation::ClosingAuction);
        } else if self.phase == Phase::Continuous {
            self.enter_market(order, out);
        } else if let Some(price) = kind.worst_price() {
            self.rest(order, price);
        } else {
            self.rest_unpriced(order);
        }
    }

    #[inline]
    fn enter_limit(&mut self, order: &Order, limit: Price, out: &mut impl EventSink) {
        if order.terms.time_in_force == TimeInForce::AtClose {
            return self.keep_dormant(order, Activation::ClosingAuction);
        }
        if order.terms.post_only != PostOnly::No && self.is_marketable(order.side(), Some(limit)) {
            return self.slide(order, out);
        }
        self.take_or_rest(order, Some(limit), Some(limit), out);
    }

    /// Rests a post-only order one tick behind the other side's touch.
    fn slide(&mut self, order: &Order, out: &mut impl EventSink) {
        let side = order.side();
        let best = self.side(side.opposite()).best_price();
        let Some(behind) = best.and_then(|best| side.behind(best, self.config.min_price)) else { return };
        out.take(order.repriced(Some(behind)));
        let terms = OrderTerms { kind: OrderKind::Limit(behind), ..order.terms };
        self.rest(&Order { terms, ..*order }, behind);
    }

    fn enter_market(&mut self, order: &Order, out: &mut impl EventSink) {
        let bound = self.bound(order);
        let (OrderKind::MarketToLimit { .. }, Some(price)) = (order.terms.kind, bound) else {
            return self.take_or_rest(order, bound, None, out);
        };
        let terms = OrderTerms { kind: OrderKind::Limit(price), ..order.terms };
        let order = Order { terms, ..*order };
        self.take_or_rest(&order, bound, bound, out);
        // The rest of it is a limit order now: its owner needs the limit.
        if let Some(slot) = self.slab.find(order.id) {
            out.take(self.order_at(slot).repriced(bound));
        }
    }

    /// Returns the worst price at which an order trades now.
    fn bound(&self, order: &Order) -> Option<Price> {
        match order.terms.kind {
            OrderKind::MarketToLimit { protection } => self.touch_for(order, protection),
            kind => kind.worst_price(),
        }
    }

    /// Returns the best price at which a market-to-limit order can trade. Levels with nothing but its owner's
    /// orders are passed over where those give way to it.
    fn touch_for(&self, order: &Order, protection: Option<Price>) -> Option<Price> {
        let book_side = self.side(order.side().opposite());
        let gives_way = matches!(order.terms.self_trade, SelfTrade::CancelOldest | SelfTrade::Decrement);
        if gives_way {
            let accepts = |price| protection.is_none_or(|worst| order.side().accepts(worst, price));
            let is_foreign = |slot: Slot| self.slab.get(slot).owner != order.owner;
            let next = |slot: &Slot| Some(self.slab.get(*slot).next).filter(|next| *next != NONE);
            let has_foreign = |head: Slot| std::iter::successors(Some(head), next).any(is_foreign);
            let mut levels = book_side.iter().take_while(|(price, _)| accepts(*price));
            if let Some((price, _)) = levels.find(|(_, level)| has_foreign(level.head)) {
                return Some(price);
            }
        }
        book_side.best_price()
    }
}
