//! Order entry, and the follow-ups of a command.

use super::brackets::Bracket;
use super::flaw::Flaw;
use super::{Order, ReferenceBook, State};
use crate::book::event::{BookEvent, EventSink};
use crate::market::{
    CancelReason, Command, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, RejectReason, Side, StopLoss,
    TimeInForce, TrailingDistance,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

impl ReferenceBook {
    pub(super) fn submit(
        &mut self,
        now: SimTime,
        command: &Command,
        terms: OrderTerms,
        out: &mut impl EventSink,
    ) {
        let Command { order: id, owner, .. } = *command;
        if let Some(reason) = self.reject_reason(now, id, owner, &terms) {
            return out.take(BookEvent::Rejected { order: id, owner, reason });
        }
        out.take(BookEvent::Accepted { order: id, owner });
        let mut order = new_order(id, owner, terms);
        if let Link::OneCancelsOther(other) = terms.link {
            order.partner = Some(other);
            if let Some(index) = self.find(other) {
                self.orders[index].partner = Some(id);
            }
        }
        if let Link::Pair(stop) = terms.link {
            self.enter_paired_stop(&mut order, stop, out);
        }
        if matches!(terms.link, Link::Bracket { .. }) {
            self.brackets.push(Bracket::new(order));
        }
        self.enter_order(order, out);
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
        let (profit, stop) = match terms.link {
            _ if self.has(Flaw::ExitBeyondLimits) => (None, None),
            Link::Bracket { take_profit, stop_loss } => (take_profit, stop_loss),
            Link::Pair(stop) => (None, Some(stop)),
            _ => (None, None),
        };
        let stop_limit = match stop {
            Some(StopLoss::Limit { limit, .. }) => Some(limit),
            _ => None,
        };
        for limit in [terms.kind.limit(), profit, stop_limit].into_iter().flatten() {
            if !self.config.bands.allow_limit(self.anchor, limit) {
                return Some(RejectReason::BeyondPriceLimits);
            }
        }
        if let Link::OneCancelsOther(other) = terms.link
            && !self.can_link(other, owner, terms)
        {
            return Some(RejectReason::LinkUnfit);
        }
        let takes = !terms.kind.is_stop()
            && !matches!(terms.kind, OrderKind::Pegged { .. })
            && terms.time_in_force != TimeInForce::AtClose;
        if self.phase == Phase::Continuous && takes {
            self.taking_reject_reason(id, owner, terms)
        } else {
            None
        }
    }

    /// Returns why an order that would trade at once is rejected, if it is.
    fn taking_reject_reason(&self, id: OrderId, owner: ActorId, terms: &OrderTerms) -> Option<RejectReason> {
        let needs_liquidity =
            matches!(terms.kind, OrderKind::Market { .. } | OrderKind::MarketToLimit { .. });
        let worst = terms.kind.worst_price();
        let best = self.best(terms.side.opposite());
        let is_marketable =
            best.is_some_and(|best| worst.is_none_or(|worst| terms.side.accepts(worst, best)));
        if needs_liquidity && !is_marketable {
            return Some(RejectReason::NoLiquidity);
        }
        let fills = || self.trial(&new_order(id, owner, *terms));
        if terms.time_in_force == TimeInForce::Fok && fills() < terms.quantity && !self.has(Flaw::FokPartial)
        {
            return Some(RejectReason::FokUnfillable);
        }
        if terms.minimum.is_some_and(|minimum| fills() < minimum) && !self.has(Flaw::MinimumIgnored) {
            return Some(RejectReason::MinimumUnavailable);
        }
        (is_marketable && !self.can_slide(terms)).then_some(RejectReason::PostOnlyWouldTake)
    }

    pub(super) fn can_slide(&self, terms: &OrderTerms) -> bool {
        let best = self.best(terms.side.opposite());
        let to_zero = best.is_some_and(|best| terms.side.behind(best, self.config.min_price).is_none());
        terms.post_only == PostOnly::No || (terms.post_only == PostOnly::Slide && !to_zero)
    }

    /// Returns whether an order's id, and those of its exits, are neither in use nor reserved for a bracket's
    /// exits.
    fn ids_are_free(&self, id: OrderId, terms: &OrderTerms) -> bool {
        let is_bracket = |link: Link| matches!(link, Link::Bracket { .. });
        let taken = |wanted: u64| {
            self.orders.iter().any(|order| {
                let own = order.id.get();
                own == wanted || (is_bracket(order.terms.link) && (own + 1 == wanted || own + 2 == wanted))
            })
        };
        let more = match terms.link {
            Link::Bracket { .. } => 2,
            Link::Pair(_) => 1,
            _ => 0,
        };
        let last = id.get().checked_add(more);
        last.is_some_and(|last| !(id.get()..=last).any(taken))
    }

    fn phase_allows(&self, terms: &OrderTerms) -> bool {
        let time = terms.time_in_force;
        let at_once = !terms.kind.is_stop() && (time == TimeInForce::Fok || terms.minimum.is_some());
        self.phase.takes_orders()
            && (time != TimeInForce::AtOpen || self.phase.is_before_open())
            && (!at_once || self.phase == Phase::Continuous)
    }

    fn can_link(&self, other: OrderId, owner: ActorId, terms: &OrderTerms) -> bool {
        self.find(other).map(|index| &self.orders[index]).is_some_and(|other| {
            other.owner == owner
                && other.side() == terms.side
                && other.leaves() == terms.quantity
                && other.terms.link == Link::None
                && other.partner.is_none()
        })
    }

    /// Enters an order: new, elected, replaced, or an exit.
    pub(super) fn enter_order(&mut self, mut order: Order, out: &mut impl EventSink) {
        let (kind, time) = (order.terms.kind, order.terms.time_in_force);
        let sign = order.side().sign();
        match kind {
            OrderKind::Stop { trigger, .. } | OrderKind::StopLimit { trigger, .. } => {
                self.put(order, State::Stop(Some(trigger)));
                self.elect(self.last, |other| other.id == order.id);
            }
            OrderKind::TrailingStop { distance, .. } => {
                // One that is replaced keeps its mark, and may have been reached with its new distance.
                order.mark = order.mark.or(self.last);
                let trigger = order.mark.map(|mark| self.behind(mark, sign, distance));
                self.put(order, State::Stop(trigger));
                self.elect(self.last, |other| other.id == order.id);
            }
            OrderKind::Pegged { .. } => self.put(order, State::Parked),
            _ if time == TimeInForce::AtClose && self.phase != Phase::ClosingAuction => {
                self.put(order, State::AtClose);
            }
            _ if self.phase == Phase::Continuous => self.take_liquidity(&mut order, out),
            _ => {
                let state = kind.worst_price().map_or(State::Unpriced, State::Resting);
                self.put(order, state);
            }
        }
    }

    /// Executes the follow-ups of a command: exits, stops, pegs, until there are none.
    pub(super) fn follow_up(&mut self, out: &mut impl EventSink) {
        loop {
            while let Some(price) = self.prices.pop_front() {
                self.trail(price);
                self.elect(Some(price), |_| true);
            }
            if let Some(entry) = self.due.pop_front() {
                self.follow_entry(entry, out);
            } else if self.phase != Phase::Continuous {
                self.for_each(
                    |order| order.is_pegged() && order.state != State::Parked,
                    |book, index| {
                        book.orders[index].state = State::Parked;
                        out.take(book.orders[index].repriced(None));
                    },
                );
                return;
            } else if let Some(id) = self.elected.pop_front() {
                self.trigger(id, out);
            } else if !self.follow_one_peg(out) {
                return;
            }
        }
    }

    /// Moves the triggers of trailing stops after a trade.
    fn trail(&mut self, price: Price) {
        let goes_back = self.has(Flaw::TrailingGoesBack);
        for index in 0..self.orders.len() {
            let order = &self.orders[index];
            let (OrderKind::TrailingStop { distance, .. }, State::Stop(trigger)) =
                (order.terms.kind, order.state)
            else {
                continue;
            };
            let sign = order.side().sign();
            let behind = self.behind(price, sign, distance);
            let is_best = order.mark.is_none_or(|mark| sign * (price - mark) < 0);
            // A buy's trigger only falls, a sale's only rises.
            let follows = trigger.is_none_or(|trigger| sign * (behind - trigger) < 0);
            if follows || goes_back {
                self.orders[index].state = State::Stop(Some(behind));
            }
            if is_best || goes_back {
                self.orders[index].mark = Some(price);
            }
        }
    }

    /// Returns the trigger behind a trade: the exact one, rounded to the tick nearer to the trade, but never
    /// the trade's own price.
    fn behind(&self, price: Price, sign: i64, distance: TrailingDistance) -> Price {
        let bps = match distance {
            TrailingDistance::Ticks(ticks) => return price + sign * ticks,
            TrailingDistance::BasisPoints(bps) => bps,
        };
        let (price, sign) = (i128::from(price.ticks()), i128::from(sign));
        let exact = price * 10_000 + sign * price.abs() * i128::from(bps);
        let (below, is_exact) = (exact.div_euclid(10_000), exact.rem_euclid(10_000) == 0);
        let goes_down = (sign > 0) != self.has(Flaw::TrailingRoundsAway);
        let trigger = if goes_down || is_exact { below } else { below + 1 };
        let trigger = if trigger == price { price + sign } else { trigger };
        Price::new(i64::try_from(trigger).unwrap_or(i64::MAX))
    }

    /// Elects the stops that a trade at `price` reaches: buys from the lowest trigger, then sales from the
    /// highest, of one trigger the elder first.
    fn elect(&mut self, price: Option<Price>, which: impl Fn(&Order) -> bool) {
        let early = i64::from(self.has(Flaw::EarlyStop));
        let Some(price) = price else { return };
        let mut reached = Vec::new();
        for (index, order) in self.orders.iter().enumerate().filter(|(_, order)| which(order)) {
            let State::Stop(Some(trigger)) = order.state else { continue };
            let sign = order.side().sign();
            if sign * (price - trigger) + early >= 0 {
                let passed = if self.has(Flaw::StopsByTime) { 0 } else { sign * trigger.ticks() };
                reached.push((order.side(), passed, index, trigger));
            }
        }
        reached.sort_unstable();
        for (_, _, index, trigger) in reached {
            self.orders[index].state = State::Elected(trigger);
            self.elected.push_back(self.orders[index].id);
        }
    }

    /// Enters an elected stop as a market or limit order.
    fn trigger(&mut self, id: OrderId, out: &mut impl EventSink) {
        let Some(index) = self.find(id) else { return };
        let State::Elected(trigger) = self.orders[index].state else { return };
        let mut order = self.orders.remove(index);
        let (owner, side) = (order.owner, order.side());
        out.take(BookEvent::Triggered { order: id, owner, side, trigger });
        self.end_entry(&order, out);
        order.terms.kind = match order.terms.kind {
            OrderKind::StopLimit { limit, .. } => OrderKind::Limit(limit),
            kind => OrderKind::Market { protection: kind.worst_price() },
        };
        if order.terms.time_in_force == TimeInForce::Fok
            && self.trial(&order) < order.leaves()
            && !self.has(Flaw::FokPartial)
        {
            out.take(order.canceled(CancelReason::FokUnfillable));
            return self.ended(&order, out);
        }
        self.enter_order(order, out);
    }

    /// Reprices the first pegged order whose price is not current, and returns whether there was one.
    fn follow_one_peg(&mut self, out: &mut impl EventSink) -> bool {
        if self.has(Flaw::PegStays) {
            return false;
        }
        let misplaced = self.orders.iter().position(|order| {
            let OrderKind::Pegged { to, offset, limit } = order.terms.kind else { return false };
            let wanted = self.peg_price(order.side(), to, offset, limit);
            order.state != wanted.map_or(State::Parked, State::Resting)
        });
        let Some(index) = misplaced else { return false };
        let OrderKind::Pegged { to, offset, limit } = self.orders[index].terms.kind else { return false };
        let wanted = self.peg_price(self.orders[index].side(), to, offset, limit);
        out.take(self.orders[index].repriced(wanted));
        if wanted.is_none() {
            self.orders[index].state = State::Parked;
        } else {
            let mut order = self.orders.remove(index);
            self.sweep(&mut order, wanted, out);
            self.rest_or_end(order, wanted, out);
        }
        true
    }

    /// Returns the price of a pegged order by the best prices of orders that are not pegged.
    fn peg_price(&self, side: Side, to: Peg, offset: i32, limit: Option<Price>) -> Option<Price> {
        let unpegged = |side| self.best_where(side, |order| !order.is_pegged());
        let (own, other) = (unpegged(side), unpegged(side.opposite()));
        let from = match to {
            Peg::Touch => own?.ticks(),
            Peg::Mid => {
                let twice = own?.ticks() + other?.ticks();
                let down = twice.div_euclid(2);
                if side == Side::Buy { down } else { twice - down }
            }
        };
        let sign = side.sign();
        let behind = from - sign * i64::from(offset);
        // No further than the limit, and not where it would take liquidity from an order that is not pegged.
        let not_taking = other.map(|other| other.ticks() - sign);
        let capped = [limit.map(Price::ticks), not_taking].into_iter().flatten();
        let price = sign * capped.fold(sign * behind, |price, cap| price.min(sign * cap));
        // A peg does not move below the lowest price, unless orders that it follows are there.
        let floor = self.config.min_price;
        let leaves_market = price < floor.ticks() && own.is_some_and(|own| own >= floor);
        (!leaves_market).then_some(Price::new(price))
    }
}

pub(super) fn new_order(id: OrderId, owner: ActorId, terms: OrderTerms) -> Order {
    let mut order = Order {
        id,
        owner,
        terms,
        state: State::Taking,
        displayed: Quantity::ZERO,
        hidden: Quantity::ZERO,
        filled: Quantity::ZERO,
        queue_ahead: Quantity::ZERO,
        partner: None,
        mark: None,
    };
    order.show(terms.quantity);
    order
}
