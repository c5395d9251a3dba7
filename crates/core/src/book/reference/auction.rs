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
        // An operator can halt a call, too: then nothing trades until it goes on.
        let uncrosses = phase == Phase::Continuous || (from == Phase::ClosingAuction && phase != Phase::Halt);
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

    /// Returns the volume at `price`, and the surplus there: above zero if buyers are left over.
    fn at_price(&self, price: i64) -> (Quantity, i128) {
        let [buys, sells] = Side::BOTH.map(|side| self.executable(side, Price::new(price)));
        (buys.min(sells), i128::from(buys.lots()) - i128::from(sells.lots()))
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

    /// Returns the price and volume of an auction that ended now: candidates are tried, and each step of the
    /// rule keeps some of them.
    pub(super) fn auction_price(&self) -> Option<Indicative> {
        let reference = self.last.or(self.config.reference).map(|price| self.config.legal(price).ticks());
        let limits: Vec<i64> = self.limits().collect();
        // Between two neighboring limits nothing changes, so their edges and the reference suffice.
        let mut kept: Vec<i64> =
            limits.iter().flat_map(|limit| [limit - 1, *limit, limit + 1]).chain(reference).collect();
        let volume = kept.iter().map(|price| self.at_price(*price).0).max().filter(|lots| !lots.is_zero())?;
        kept.retain(|price| self.at_price(*price).0 == volume);
        if !self.has(Flaw::AuctionLeavesTouch) {
            let touch = Side::BOTH.map(|side| self.best(side).map(Price::ticks));
            let touch: Vec<i64> = touch.into_iter().flatten().collect();
            if let (Some(low), Some(high)) = (touch.iter().min(), touch.iter().max()) {
                let beyond = |price: &i64| price.abs_diff(*price.clamp(low, high));
                let nearest = kept.iter().map(beyond).min()?;
                kept.retain(|price| beyond(price) == nearest);
            }
        }
        let least = kept.iter().map(|price| self.at_price(*price).1.abs()).min()?;
        kept.retain(|price| self.at_price(*price).1.abs() == least);
        let (lowest, highest) = (*kept.iter().min()?, *kept.iter().max()?);
        let is_pressed = |side: Side| kept.iter().all(|price| side_of(self.at_price(*price).1) == Some(side));
        let price = if is_pressed(Side::Buy) && !self.has(Flaw::AuctionUnpressed) {
            highest
        } else if is_pressed(Side::Sell) && !self.has(Flaw::AuctionUnpressed) {
            lowest
        } else {
            let near = reference.unwrap_or((lowest + highest).div_euclid(2));
            near.clamp(lowest, highest)
        };
        Some(Indicative { price: Price::new(price), volume })
    }

    /// Returns the limits of all orders that may trade in an auction.
    fn limits(&self) -> impl Iterator<Item = i64> {
        self.orders.iter().filter_map(|order| match order.state {
            State::Resting(price) => Some(price.ticks()),
            _ => None,
        })
    }
}

/// Returns the side on which a surplus is left over: of demand if it is above zero.
const fn side_of(surplus: i128) -> Option<Side> {
    match surplus {
        0 => None,
        1.. => Some(Side::Buy),
        _ => Some(Side::Sell),
    }
}
