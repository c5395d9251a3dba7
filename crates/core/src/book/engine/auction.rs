//! Auctions and phases.

use std::collections::BTreeMap;

use super::slab::Activation;
use super::slot::Slot;
use super::{Order, OrderBook};
use crate::book::event::{BookEvent, BookTrade, EventSink, Indicative};
use crate::market::{CancelReason, ExpiryReason, OrderKind, OrderTerms, Phase, Side, TimeInForce};
use crate::units::{Price, Quantity};

/// Open lots of one side: by limit in ticks, and without a limit.
struct Interest {
    limits: BTreeMap<i64, u64>,
    unpriced: u64,
}

/// A range of ticks with the same volume and imbalance.
#[derive(Debug, Clone, Copy)]
struct PriceRange {
    low: i64,
    high: i64,
    volume: u64,
    imbalance: u64,
}

impl OrderBook {
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
            let chosen = self.detailed_where(|terms, _| !terms.kind.is_stop());
            self.for_each(chosen, |book, slot| book.clear_leftover(slot, out));
        }
        if phase == Phase::Closed {
            let chosen = self.detailed_where(|terms, _| terms.time_in_force == TimeInForce::Day);
            self.for_each(chosen, |book, slot| book.expire(slot, ExpiryReason::SessionClosed, out));
        }
        if phase == Phase::ClosingAuction {
            let chosen = self.detailed_where(|_, activation| activation == Activation::ClosingAuction);
            self.for_each(chosen, |book, slot| {
                let order = book.remove(slot);
                book.enter_order(&order, out);
            });
        }
    }

    fn detailed_where(&self, which: impl Fn(&OrderTerms, Activation) -> bool) -> Vec<Slot> {
        let chosen = self.slab.detailed().filter(|(_, details)| which(&details.terms, details.activation));
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
        while !volume.is_zero() {
            let [Some(buy), Some(sell)] = Side::BOTH.map(|side| self.first_at(side, price)) else { break };
            let quantity = self.slab.leaves(buy).min(self.slab.leaves(sell)).min(volume);
            volume -= quantity;
            self.fill_in_auction(buy, quantity);
            self.fill_in_auction(sell, quantity);
            let buy_came_first = self.slab.get(buy).sequence < self.slab.get(sell).sequence;
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
            details.hidden -= hidden;
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

    /// Returns the price of highest volume; among those, of least imbalance; among those, nearest to the last
    /// trade (or to their middle, where there was none); the lower of two equally near.
    pub(super) fn auction_price(&self) -> Option<Indicative> {
        let reference = self.last.or(self.config.reference).map(Price::ticks);
        let [buys, sells] = Side::BOTH.map(|side| self.interest(side));
        let ranges = ranges(&buys, &sells, reference);
        let rank = |range: &PriceRange| (std::cmp::Reverse(range.volume), range.imbalance);
        let best = ranges.iter().map(rank).min().filter(|best| best.0.0 > 0)?;
        let best: Vec<PriceRange> = ranges.into_iter().filter(|range| rank(range) == best).collect();
        let (lowest, highest) = (best.first()?.low, best.last()?.high);
        let near = reference.unwrap_or((lowest + highest).div_euclid(2));
        let nearest = best.iter().map(|range| near.clamp(range.low, range.high));
        let price = nearest.min_by_key(|price| (price.abs_diff(near), *price))?;
        Some(Indicative { price: Price::new(price), volume: Quantity::new(best.first()?.volume) })
    }

    /// Adds up the interest of a side; of two linked orders only the first counts.
    fn interest(&self, side: Side) -> Interest {
        let book_side = self.side(side);
        let lots = |level: &super::book_side::Level| (level.displayed + level.hidden).lots();
        let limits = book_side.iter().map(|(price, level)| (price.ticks(), lots(level))).collect();
        let mut interest = Interest { limits, unpriced: lots(book_side.unpriced()) };
        if self.pairs > 0 {
            for (slot, _) in self.slab.detailed().filter(|(slot, _)| self.slab.get(*slot).side() == side) {
                let Some(level) = self.slab.get(slot).location.level() else { continue };
                if !self.is_after_partner(slot) {
                    continue;
                }
                let leaves = self.slab.leaves(slot).lots();
                let limit = book_side.price_of(level).map(Price::ticks);
                match limit.and_then(|limit| interest.limits.get_mut(&limit)) {
                    Some(lots) => *lots -= leaves,
                    None => interest.unpriced -= leaves,
                }
            }
        }
        interest
    }
}

/// Splits the ticks into ranges at the limits of both sides, in ascending order.
fn ranges(buys: &Interest, sells: &Interest, reference: Option<i64>) -> Vec<PriceRange> {
    let mut limits: Vec<i64> = buys.limits.keys().chain(sells.limits.keys()).copied().collect();
    limits.sort_unstable();
    limits.dedup();
    // Lots bought and sold in a range: at first, below all limits.
    let mut bought = buys.unpriced + buys.limits.values().sum::<u64>();
    let mut sold = sells.unpriced;
    let range = |low: i64, high: i64, bought: u64, sold: u64| PriceRange {
        low,
        high,
        volume: bought.min(sold),
        imbalance: bought.abs_diff(sold),
    };
    let [Some(first), Some(last)] = [limits.first().copied(), limits.last().copied()] else {
        return reference.map(|at| range(at, at, bought, sold)).into_iter().collect();
    };
    // Beyond the limits only the reference matters, or the next tick where there is none.
    let below = first - 1;
    let mut ranges = vec![range(reference.map_or(below, |at| at.min(below)), below, bought, sold)];
    for (index, limit) in limits.iter().enumerate() {
        sold += sells.limits.get(limit).copied().unwrap_or(0);
        ranges.push(range(*limit, *limit, bought, sold));
        bought -= buys.limits.get(limit).copied().unwrap_or(0);
        let (low, high) = match limits.get(index + 1) {
            Some(next) => (limit + 1, next - 1),
            None => (last + 1, reference.map_or(last + 1, |at| at.max(last + 1))),
        };
        if low <= high {
            ranges.push(range(low, high, bought, sold));
        }
    }
    ranges
}
