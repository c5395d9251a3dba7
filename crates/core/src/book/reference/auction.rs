//! Auctions and phases.

use super::flaw::Flaw;
use super::{Order, ReferenceBook, State};
use crate::book::event::{BookEvent, EventSink, Indicative};
use crate::market::{CancelReason, ExpiryReason, OrderKind, Phase, Side, TimeInForce};
use crate::units::{Price, Quantity};

impl ReferenceBook {
    pub(super) fn change_phase(&mut self, phase: Phase, out: &mut impl EventSink) {
        let from = self.phase;
        if phase == from {
            return;
        }
        let uncrosses = phase == Phase::Continuous || from == Phase::ClosingAuction;
        if uncrosses {
            self.uncross(out);
        }
        self.phase = phase;
        out.take(BookEvent::PhaseChanged { phase });
        if uncrosses || phase == Phase::Closed {
            self.clear_leftovers(out);
        }
        if phase == Phase::Closed && !self.has(Flaw::DayLives) {
            let is_day = |order: &Order| order.terms.time_in_force == TimeInForce::Day;
            self.for_each(is_day, |book, index| book.expire(index, ExpiryReason::SessionClosed, out));
        }
        if phase == Phase::ClosingAuction {
            self.for_each(
                |order| order.state == State::AtClose,
                |book, index| {
                    let order = book.orders.remove(index);
                    book.enter_order(order, out);
                },
            );
        }
    }

    /// Ends orders that were for an auction only, after it.
    fn clear_leftovers(&mut self, out: &mut impl EventSink) {
        let closed = self.phase == Phase::Closed;
        let last_price = self.last;
        self.for_each(
            |order| !order.terms.kind.is_stop(),
            |book, index| {
                let order = book.orders[index];
                let rests = order.terms.time_in_force.rests();
                match (order.terms.kind, order.terms.time_in_force) {
                    (_, TimeInForce::AtOpen) => book.expire(index, ExpiryReason::AuctionOver, out),
                    (_, TimeInForce::AtClose) if closed || order.state != State::AtClose => {
                        book.expire(index, ExpiryReason::AuctionOver, out);
                    }
                    (_, TimeInForce::AtClose) => {}
                    (OrderKind::MarketToLimit { .. }, _) if rests && !order.filled.is_zero() => {
                        let Some(price) = last_price else { return };
                        let mut order = book.orders.remove(index);
                        order.terms.kind = OrderKind::Limit(price);
                        out.take(order.repriced(Some(price)));
                        book.put(order, State::Resting(price));
                    }
                    (OrderKind::Market { .. } | OrderKind::MarketToLimit { .. }, _) => {
                        book.cancel(index, CancelReason::IocRemainder, out);
                    }
                    _ if !rests => book.cancel(index, CancelReason::IocRemainder, out),
                    _ => {}
                }
            },
        );
    }

    /// Executes an auction: everything that can trade trades at one price.
    fn uncross(&mut self, out: &mut impl EventSink) {
        let Some(Indicative { mut price, mut volume }) = self.auction_price() else { return };
        if self.has(Flaw::AuctionAtReference) {
            price = self.last.or(self.config.reference).unwrap_or(price);
        }
        out.take(BookEvent::Uncrossed { price, volume });
        if self.has(Flaw::AuctionLeavesOne) {
            volume -= Quantity::new(1);
        }
        while !volume.is_zero() {
            let [Some(buy), Some(sell)] = Side::BOTH.map(|side| self.first_at(side, price)) else { break };
            let quantity = self.orders[buy].leaves().min(self.orders[sell].leaves()).min(volume);
            volume -= quantity;
            for index in [buy, sell] {
                let order = &mut self.orders[index];
                let shown = order.displayed.min(quantity);
                order.displayed -= shown;
                order.hidden -= quantity - shown;
                order.filled += quantity;
            }
            let (maker, taker) = (self.orders[buy.min(sell)], self.orders[buy.max(sell)]);
            self.traded([&maker, &taker], price, quantity, out);
            for order in [maker, taker] {
                if !order.leaves().is_zero() {
                    self.entry_traded(&order);
                } else if let Some(index) = self.find(order.id) {
                    self.orders.remove(index);
                    self.ended(&order, out);
                }
            }
        }
        self.anchor = Some(price);
        for side in Side::BOTH {
            let used_up = |order: &Order| order.side() == side && order.displayed.is_zero();
            self.for_each(used_up, |book, index| book.refresh(index, out));
        }
    }

    /// Returns the index of the first order of `side` in an auction at `price`: unpriced before priced,
    /// better limits before worse, then by time.
    fn first_at(&self, side: Side, price: Price) -> Option<usize> {
        let rank = |index: usize| match self.orders[index].state {
            _ if self.orders[index].side() != side => None,
            State::Unpriced => Some((i64::MIN, index)),
            State::Resting(limit) if side.accepts(limit, price) => {
                Some((-side.sign() * limit.ticks(), index))
            }
            _ => None,
        };
        (0..self.orders.len()).filter_map(rank).min().map(|(_, index)| index)
    }

    /// Returns the volume at `price`, and the imbalance there.
    fn at_price(&self, price: i64) -> (Quantity, u64) {
        let [buys, sells] = Side::BOTH.map(|side| self.executable(side, Price::new(price)));
        (buys.min(sells), buys.lots().abs_diff(sells.lots()))
    }

    /// Returns the interest of a side at `price`; only one of two linked orders can trade.
    fn executable(&self, side: Side, price: Price) -> Quantity {
        let willing = |order: &Order| match order.state {
            State::Unpriced => true,
            State::Resting(limit) => side.accepts(limit, price),
            _ => false,
        };
        let own = |order: &&Order| order.side() == side && willing(order);
        let counts = |(index, order): &(usize, &Order)| {
            let partner = order.partner.and_then(|partner| self.find(partner));
            !partner.is_some_and(|partner| partner < *index && willing(&self.orders[partner]))
        };
        let orders = self.orders.iter().enumerate().filter(|(_, order)| own(order));
        orders.filter(counts).map(|(_, order)| order.leaves()).sum()
    }

    /// Returns the price of highest volume; among those, of least imbalance; among those, nearest to the last
    /// trade (or to their middle, where there was none); the lower of two equally near.
    pub(super) fn auction_price(&self) -> Option<Indicative> {
        let reference = self.last.or(self.config.reference).map(Price::ticks);
        let limits = self.orders.iter().filter_map(|order| match order.state {
            State::Resting(price) => Some(price.ticks()),
            _ => None,
        });
        // Between two neighbouring limits nothing changes, so their edges and the reference suffice.
        let candidates: Vec<i64> =
            limits.flat_map(|limit| [limit - 1, limit, limit + 1]).chain(reference).collect();
        let rank = |price: i64| {
            let (volume, imbalance) = self.at_price(price);
            (std::cmp::Reverse(volume), imbalance)
        };
        let best = candidates.iter().map(|price| rank(*price)).min()?;
        if best.0.0.is_zero() {
            return None;
        }
        let mut equal: Vec<i64> = candidates.into_iter().filter(|price| rank(*price) == best).collect();
        let (lowest, highest) = (*equal.iter().min()?, *equal.iter().max()?);
        let near = reference.unwrap_or((lowest + highest).div_euclid(2));
        if rank(near) == best {
            equal.push(near);
        }
        let price = equal.into_iter().min_by_key(|price| (price.abs_diff(near), *price))?;
        Some(Indicative { price: Price::new(price), volume: best.0.0 })
    }
}
