//! Continuous matching.

use super::flaw::Flaw;
use super::{Order, ReferenceBook, State};
use crate::book::config::Matching;
use crate::book::event::{BookEvent, BookTrade, EventSink};
use crate::market::{CancelReason, OrderKind, Phase, PostOnly, ReduceReason, SelfTrade};
use crate::units::{OrderId, Price, Quantity};

/// A sink that drops the events of a trial.
struct Silence;

impl EventSink for Silence {
    fn take(&mut self, _: BookEvent) {}
}

impl ReferenceBook {
    /// Trades an incoming order; the rest of it rests or is canceled.
    pub(super) fn take_liquidity(&mut self, order: &mut Order, out: &mut impl EventSink) {
        let side = order.side();
        if order.terms.post_only != PostOnly::No
            && let OrderKind::Limit(limit) = order.terms.kind
            && let Some(best) = self.best(side.opposite()).filter(|best| side.accepts(limit, *best))
            && !self.has(Flaw::SlideTakes)
        {
            let behind = best - side.sign();
            order.terms.kind = OrderKind::Limit(behind);
            out.take(order.repriced(Some(behind)));
        }
        let bound = self.bound(order);
        self.sweep(order, bound, out);
        if let (OrderKind::MarketToLimit { .. }, Some(price)) = (order.terms.kind, bound) {
            order.terms.kind = OrderKind::Limit(price);
            let rests = order.terms.time_in_force.rests() && !order.leaves().is_zero();
            if order.state != State::Over && rests {
                out.take(order.repriced(Some(price)));
            }
        }
        let rest_at = order.terms.kind.limit();
        self.rest_or_end(*order, rest_at, out);
    }

    /// Returns the worst price at which an order trades now.
    fn bound(&self, order: &Order) -> Option<Price> {
        match order.terms.kind {
            OrderKind::MarketToLimit { protection } => self.best_for(order, protection),
            kind => kind.worst_price(),
        }
    }

    /// Returns the best price at which a market-to-limit order can trade: own orders that give way to it do
    /// not count.
    fn best_for(&self, order: &Order, protection: Option<Price>) -> Option<Price> {
        let side = order.side();
        let own_give_way = matches!(order.terms.self_trade, SelfTrade::CancelOldest | SelfTrade::Decrement);
        let others = self.best_where(side.opposite(), |other| other.owner != order.owner);
        let others = others.filter(|price| protection.is_none_or(|worst| side.accepts(worst, *price)));
        let touch = self.best(side.opposite());
        if own_give_way && !self.has(Flaw::OwnTouchHolds) { others.or(touch) } else { touch }
    }

    /// Returns the quantity that an order would trade now.
    pub(super) fn trial(&self, order: &Order) -> Quantity {
        let (mut book, mut order) = (self.clone(), *order);
        let bound = book.bound(&order);
        book.sweep(&mut order, bound, &mut Silence);
        order.filled
    }

    /// Rests the open quantity of an order at `price`, or cancels it.
    pub(super) fn rest_or_end(&mut self, mut order: Order, price: Option<Price>, out: &mut impl EventSink) {
        let leaves = order.leaves();
        if order.state == State::Over {
            return;
        }
        if leaves.is_zero() {
            return self.ended(&order, out);
        }
        let rests = order.terms.time_in_force.rests() || self.has(Flaw::IocRests);
        match price.filter(|_| rests) {
            Some(price) => {
                self.entry_traded(&order);
                order.show(leaves);
                self.put(order, State::Resting(price));
            }
            None => {
                let halted = self.phase != Phase::Continuous;
                let reason = if halted { CancelReason::Halted } else { CancelReason::IocRemainder };
                out.take(order.canceled(reason));
                self.ended(&order, out);
            }
        }
    }

    /// Trades `taker` against the other side, level by level, no further than `bound` and the bands.
    pub(super) fn sweep(&mut self, taker: &mut Order, bound: Option<Price>, out: &mut impl EventSink) {
        let side = taker.side();
        let (low, high) = self.config.bands.trading(self.anchor, self.last);
        let slack = side.sign() * i64::from(self.has(Flaw::ThroughLimit));
        while taker.state != State::Over && !taker.leaves().is_zero() {
            let Some(mut price) = self.best(side.opposite()) else { return };
            if self.has(Flaw::BestPassedOver) {
                let is_worse = |order: &Order| order.state != State::Resting(price);
                let worse = self.best_where(side.opposite(), is_worse);
                price =
                    worse.filter(|it| bound.is_none_or(|bound| side.accepts(bound, *it))).unwrap_or(price);
            }
            if bound.is_some_and(|bound| !side.accepts(bound + slack, price)) {
                return;
            }
            if !(low..=high).contains(&price.ticks()) && !self.has(Flaw::BandIgnored) {
                self.phase = Phase::Halt;
                return out.take(BookEvent::PhaseChanged { phase: Phase::Halt });
            }
            match self.config.matching {
                Matching::PriceTime => self.match_by_time(taker, price, out),
                Matching::ProRata => self.match_pro_rata(taker, price, out),
                Matching::TopShare { percent } => self.match_top_share(taker, price, percent, out),
            }
        }
    }

    /// Returns the orders at a price that `taker` may match, in order of time, each with its displayed
    /// quantity.
    fn queue(&self, taker: &Order, price: Price) -> Vec<(OrderId, Quantity)> {
        let side = taker.side().opposite();
        let there = (0..self.orders.len()).filter(|index| self.is_resting_at(*index, side, price));
        let queue = there.map(|index| (self.orders[index].id, self.orders[index].displayed));
        if self.has(Flaw::LastComesFirst) { queue.rev().collect() } else { queue.collect() }
    }

    fn match_by_time(&mut self, taker: &mut Order, price: Price, out: &mut impl EventSink) {
        while taker.state != State::Over && !taker.leaves().is_zero() {
            let Some((first, displayed)) = self.queue(taker, price).first().copied() else { return };
            if self.is_own(taker, first) {
                self.meet_own_order(taker, first, out);
            } else {
                self.trade_with(taker, first, displayed, out);
            }
        }
    }

    fn match_pro_rata(&mut self, taker: &mut Order, price: Price, out: &mut impl EventSink) {
        self.meet_own_orders(taker, price, out);
        if taker.state == State::Over {
            return;
        }
        let queue = self.queue(taker, price);
        let total: Quantity = queue.iter().map(|(_, displayed)| *displayed).sum();
        let leaves = taker.leaves();
        let rounded_up = u128::from(self.has(Flaw::ProRataRoundsUp));
        for (id, displayed) in queue {
            let share = if leaves >= total {
                displayed
            } else {
                let product = u128::from(displayed.lots()) * u128::from(leaves.lots());
                let lots = product / u128::from(total.lots()) + rounded_up;
                u64::try_from(lots).map_or(leaves, Quantity::new)
            };
            self.trade_with(taker, id, share, out);
        }
        if leaves < total {
            self.match_by_time(taker, price, out);
        }
    }

    fn match_top_share(&mut self, taker: &mut Order, price: Price, percent: u8, out: &mut impl EventSink) {
        self.meet_own_orders(taker, price, out);
        if taker.state == State::Over {
            return;
        }
        let share = Quantity::new(taker.leaves().lots() * u64::from(percent) / 100);
        for (place, (id, displayed)) in self.queue(taker, price).into_iter().enumerate() {
            self.trade_with(taker, id, if place == 0 { share } else { displayed }, out);
        }
        self.match_by_time(taker, price, out);
    }

    /// Trades with one order of a level, if it is still there.
    fn trade_with(&mut self, taker: &mut Order, maker: OrderId, at_most: Quantity, out: &mut impl EventSink) {
        let Some(index) = self.find(maker) else { return };
        let State::Resting(price) = self.orders[index].state else { return };
        let displayed = self.orders[index].displayed;
        let quantity = at_most.min(displayed).min(taker.leaves());
        if quantity.is_zero() {
            return;
        }
        let double = self.has(Flaw::DoubleFill) && displayed >= quantity + quantity;
        let maker = &mut self.orders[index];
        maker.displayed -= if double { quantity + quantity } else { quantity };
        maker.filled += quantity;
        taker.shrink(quantity);
        taker.filled += quantity;
        let maker = *maker;
        let printed = match taker.terms.kind {
            OrderKind::Limit(limit) if self.has(Flaw::TakerPrice) => limit,
            _ => price,
        };
        if self.has(Flaw::LostRemainder) && taker.leaves().lots() > 1 {
            taker.shrink(Quantity::new(1));
        }
        self.traded([&maker, taker], printed, quantity, out);
        let Some(index) = self.find(maker.id) else { return };
        if self.orders[index].leaves().is_zero() {
            let maker = self.orders.remove(index);
            return self.ended(&maker, out);
        }
        let maker = self.orders[index];
        self.entry_traded(&maker);
        if self.orders[index].displayed.is_zero() {
            self.refresh(index, out);
        }
    }

    /// Emits a trade, and reduces partners.
    pub(super) fn traded(
        &mut self,
        [maker, taker]: [&Order; 2],
        price: Price,
        quantity: Quantity,
        out: &mut impl EventSink,
    ) {
        out.take(BookEvent::Traded(BookTrade {
            price,
            quantity,
            aggressor: taker.side(),
            phase: self.phase,
            maker_order: maker.id,
            maker_owner: maker.owner,
            maker_leaves: maker.leaves(),
            maker_queue_ahead: maker.queue_ahead,
            taker_order: taker.id,
            taker_owner: taker.owner,
            taker_leaves: taker.leaves(),
        }));
        self.last = Some(price);
        self.anchor = self.anchor.or(Some(price));
        self.prices.push_back(price);
        if !self.has(Flaw::PartnerSurvives) {
            self.reduce_partner(maker, quantity, out);
            self.reduce_partner(taker, quantity, out);
        }
    }

    /// Displays the next part of an iceberg, at the back of its queue.
    pub(super) fn refresh(&mut self, index: usize, out: &mut impl EventSink) {
        let mut order = self.orders.remove(index);
        order.show(order.leaves());
        let (id, owner, side, displayed) = (order.id, order.owner, order.side(), order.displayed);
        out.take(BookEvent::Refreshed { order: id, owner, side, displayed });
        if self.has(Flaw::RefreshKeepsPlace) {
            self.orders.insert(index, order);
        } else {
            self.put(order, order.state);
        }
    }

    fn is_own(&self, taker: &Order, other: OrderId) -> bool {
        let allowed = taker.terms.self_trade == SelfTrade::Allow || self.has(Flaw::SelfTradeIgnored);
        !allowed && self.find(other).is_some_and(|index| self.orders[index].owner == taker.owner)
    }

    fn meet_own_orders(&mut self, taker: &mut Order, price: Price, out: &mut impl EventSink) {
        for (id, _) in self.queue(taker, price) {
            if taker.state != State::Over && self.is_own(taker, id) {
                self.meet_own_order(taker, id, out);
            }
        }
    }

    /// Applies the taker's self-trade setting to an order of its owner.
    fn meet_own_order(&mut self, taker: &mut Order, own: OrderId, out: &mut impl EventSink) {
        let Some(index) = self.find(own) else { return };
        let both = self.orders[index].leaves().min(taker.leaves());
        match taker.terms.self_trade {
            SelfTrade::Allow => {}
            SelfTrade::CancelNewest => self.cancel_taker(taker, out),
            SelfTrade::CancelOldest => self.cancel(index, CancelReason::SelfTrade, out),
            SelfTrade::CancelBoth => {
                self.cancel(index, CancelReason::SelfTrade, out);
                self.cancel_taker(taker, out);
            }
            SelfTrade::Decrement => {
                if self.orders[index].leaves() == both {
                    self.cancel(index, CancelReason::SelfTrade, out);
                } else {
                    self.orders[index].shrink(both);
                    let maker = self.orders[index];
                    self.reduced(&maker, both, out);
                }
                if taker.leaves() == both {
                    self.cancel_taker(taker, out);
                } else {
                    taker.shrink(both);
                    self.reduced(taker, both, out);
                }
            }
        }
    }

    fn reduced(&mut self, order: &Order, lost: Quantity, out: &mut impl EventSink) {
        let (id, owner, side, leaves) = (order.id, order.owner, order.side(), order.leaves());
        out.take(BookEvent::Reduced { order: id, owner, side, leaves, reason: ReduceReason::SelfTrade });
        self.reduce_partner(order, lost, out);
    }

    fn cancel_taker(&mut self, taker: &mut Order, out: &mut impl EventSink) {
        out.take(taker.canceled(CancelReason::SelfTrade));
        taker.state = State::Over;
        self.ended(taker, out);
    }
}
