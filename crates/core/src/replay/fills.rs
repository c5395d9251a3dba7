//! What becomes of an order that is due: its price, its quantity, and what is left of it.

use super::due::Due;
use super::engine::ReplayEngine;
use super::host::{ReplayEvent, ReplayFill, ReplayHost};
use super::listing::Moment;
use super::orders::WaitingOrder;
use super::rules::{PathRule, Priced, ShortCash, Taken, Touch};
use super::tick_feed::Supply;
use crate::account::{Affordable, Purchase};
use crate::book::BookEvent;
use crate::market::{CancelReason, ExpiryReason, Liquidity, OrderKind, Side, TimeInForce};
use crate::units::{OrderId, Price, Quantity, SimTime};

/// An order at the instant at which it is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) listing: usize,
    pub(super) id: OrderId,
    pub(super) moment: Moment,
    /// The price, before costs.
    pub(super) price: Price,
    /// Whether it waited for this price.
    pub(super) has_waited: bool,
    /// With what it trades.
    pub(super) supply: Supply,
}

impl Attempt {
    /// Returns whether the order would be a maker, a taker, or neither.
    fn liquidity(&self, order: &WaitingOrder) -> Liquidity {
        let is_limit = matches!(order.terms.kind, OrderKind::Limit(_));
        match self.moment {
            Moment::Open | Moment::Close => Liquidity::Auction,
            Moment::Within if self.has_waited && is_limit => Liquidity::Maker,
            Moment::Within => Liquidity::Taker,
        }
    }
}

/// At what price how much of an order trades.
#[derive(Debug, Clone, Copy)]
struct Deal {
    priced: Priced,
    quantity: Quantity,
}

/// How much of an order its account can pay for.
#[derive(Debug, Clone, Copy)]
struct Covered {
    quantity: Quantity,
    /// Why no more, if it is less than what the bar has.
    shortage: Option<CancelReason>,
}

impl ReplayEngine {
    /// Fills an order that is due, as far as it goes; afterwards it is no longer due at this instant.
    pub(super) fn fill_due(&mut self, due: &Due, moment: Moment, now: SimTime, host: &mut dyn ReplayHost) {
        let listing = &self.listings[due.listing];
        let (Some(order), Some(price)) = (listing.orders.get(due.id).copied(), listing.price_at(now)) else {
            // An order that was linked with it has ended it.
            return;
        };
        let level = order.level().filter(|_| moment == Moment::Within || moment == Moment::Close);
        let waited_for = level.filter(|_| order.since < now && moment != Moment::Open);
        let attempt = |price| Attempt {
            listing: due.listing,
            id: due.id,
            moment,
            price,
            has_waited: waited_for.is_some(),
            supply: Supply::Row,
        };
        // Over a gap, nothing fills but at its end.
        let on_way = waited_for.filter(|_| !listing.has_jumped(now));
        if order.trigger().is_some() {
            self.elect(&order, attempt(on_way.unwrap_or(price)), now, host);
        } else if let OrderKind::Limit(limit) = order.terms.kind {
            let base = if on_way.is_some() { limit } else { price };
            self.try_limit(&order, limit, attempt(base), host);
        } else {
            self.trade(attempt(price), host);
        }
    }

    /// Elects a stop (rules 7 and 8), and fills what it becomes.
    fn elect(&mut self, order: &WaitingOrder, attempt: Attempt, now: SimTime, host: &mut dyn ReplayHost) {
        let (id, side) = (order.id, order.side());
        let limit = self.publish_election(attempt.listing, order, host);
        let listing = &self.listings[attempt.listing];
        match limit {
            Some(limit) if !accepts(listing.rules().touch, side, limit, attempt.price) => {
                let touch = listing.rules().touch;
                let has_price = listing.price_at(now).is_some();
                if order.has_one_moment() {
                    return self.end_unfilled(order, attempt.listing, host);
                }
                self.listings[attempt.listing].orders.wait_by_terms(id, touch, has_price);
            }
            _ => self.trade(Attempt { has_waited: false, ..attempt }, host),
        }
    }

    /// Turns a stop into what it becomes when it is elected; returns its limit, if that has one.
    pub(super) fn publish_election(
        &mut self,
        index: usize,
        order: &WaitingOrder,
        host: &mut dyn ReplayHost,
    ) -> Option<Price> {
        let trigger = order.trigger()?;
        let (id, owner, side) = (order.id, order.owner, order.side());
        let (kind, limit) = match order.terms.kind {
            OrderKind::StopLimit { limit, .. } => (OrderKind::Limit(limit), Some(limit)),
            kind => (OrderKind::Market { protection: kind.worst_price() }, None),
        };
        let listing = &mut self.listings[index];
        listing.orders.elect(id, kind);
        let event = BookEvent::Triggered { order: id, owner, side, trigger };
        host.publish(listing.id, ReplayEvent::Order(event));
        self.end_entry(index, order, host);
        limit
    }

    /// Fills a limit order at a price, if that is good enough and nothing else comes first.
    fn try_limit(&mut self, order: &WaitingOrder, limit: Price, attempt: Attempt, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[attempt.listing];
        if !attempt.has_waited && !accepts(listing.rules().touch, order.side(), limit, attempt.price) {
            return self.end_unfilled(order, attempt.listing, host);
        }
        let is_passed_over = attempt.has_waited
            && listing.rules().path == PathRule::Worst
            && order.partner.is_some_and(|partner| listing.path_elects(partner, self.now));
        if is_passed_over {
            self.finish_for_bar(attempt.listing, order.id);
        } else {
            self.trade(attempt, host);
        }
    }

    /// Ends an order whose price was not there at its one moment (rule 11).
    pub(super) fn end_unfilled(&mut self, order: &WaitingOrder, listing: usize, host: &mut dyn ReplayHost) {
        match order.terms.time_in_force {
            TimeInForce::AtOpen | TimeInForce::AtClose => {
                self.expire(listing, order.id, ExpiryReason::AuctionOver, host);
            }
            TimeInForce::Fok => self.cancel(listing, order.id, CancelReason::FokUnfillable, host),
            _ => self.cancel(listing, order.id, CancelReason::IocRemainder, host),
        }
    }

    /// Trades an order with the market, as far as the bar's volume and its owner's cash go.
    pub(super) fn trade(&mut self, attempt: Attempt, host: &mut dyn ReplayHost) {
        let listing = &self.listings[attempt.listing];
        let Some(order) = listing.orders.get(attempt.id).copied() else { return };
        let available = listing.available(&order, attempt.supply);
        let available = available.map_or(order.leaves, |most| most.min(order.leaves));
        let priced = match order.terms.kind {
            OrderKind::Limit(_) => Priced { price: attempt.price, clamped: 0 },
            _ => {
                let taken = Taken {
                    side: order.side(),
                    price: attempt.price,
                    quantity: available,
                    is_auction: attempt.moment.is_auction(),
                };
                let Some(priced) = listing.with_costs(&taken, attempt.supply) else { return };
                priced
            }
        };
        let protection = order.terms.kind.worst_price();
        if protection.is_some_and(|worst| !order.side().accepts(worst, priced.price)) {
            return self.cancel(attempt.listing, order.id, CancelReason::IocRemainder, host);
        }
        let is_fok = order.terms.time_in_force == TimeInForce::Fok;
        if is_fok && available < order.leaves {
            return self.cancel(attempt.listing, order.id, CancelReason::FokUnfillable, host);
        }
        if order.filled.is_zero() && order.terms.minimum.is_some_and(|minimum| available < minimum) {
            return self.cancel(attempt.listing, order.id, CancelReason::VolumeExhausted, host);
        }
        let liquidity = attempt.liquidity(&order);
        let purchase = Purchase { price: priced.price, quantity: available, liquidity };
        let covered = self.covered(&order, attempt.listing, purchase, host);
        let quantity = if is_fok && covered.shortage.is_some() { Quantity::ZERO } else { covered.quantity };
        if !quantity.is_zero() {
            self.fill(&order, attempt, Deal { priced, quantity }, host);
        }
        match covered.shortage {
            Some(reason) => self.cancel(attempt.listing, order.id, reason, host),
            None => self.keep_rest(&attempt, priced.price, host),
        }
    }

    /// Asks the account of a purchase how much of it it can pay for (rule 22).
    fn covered(
        &self,
        order: &WaitingOrder,
        listing: usize,
        purchase: Purchase,
        host: &mut dyn ReplayHost,
    ) -> Covered {
        let quantity = purchase.quantity;
        if order.side() == Side::Sell || quantity.is_zero() {
            return Covered { quantity, shortage: None };
        }
        let listing = &self.listings[listing];
        let Affordable { quantity: paid, needed, free } =
            host.affordable(listing.id, order.id, order.owner, purchase);
        if paid == quantity {
            return Covered { quantity, shortage: None };
        }
        let quantity = match listing.rules().short_cash {
            ShortCash::Cut => paid,
            ShortCash::Cancel => Quantity::ZERO,
        };
        let reason = if host.is_on_margin(order.owner) {
            CancelReason::InsufficientMargin { needed, free }
        } else {
            CancelReason::InsufficientCash { needed, free }
        };
        Covered { quantity, shortage: Some(reason) }
    }

    fn fill(&mut self, order: &WaitingOrder, attempt: Attempt, deal: Deal, host: &mut dyn ReplayHost) {
        let Deal { priced, quantity } = deal;
        let listing = &mut self.listings[attempt.listing];
        listing.count(order, attempt.supply, quantity);
        self.fills += 1;
        let leaves = order.leaves - quantity;
        if let Some(open) = listing.orders.get_mut(order.id) {
            open.leaves = leaves;
            open.filled += quantity;
        }
        let fill = ReplayFill {
            order: order.id,
            owner: order.owner,
            side: order.side(),
            price: priced.price,
            quantity,
            leaves,
            liquidity: attempt.liquidity(order),
            phase: attempt.moment.phase(),
            clamped: priced.clamped,
        };
        host.publish(listing.id, ReplayEvent::Filled(fill));
        self.after_fill(attempt.listing, order.id, quantity, host);
    }

    /// Decides what becomes of what the bar's volume left of an order (rule 14).
    fn keep_rest(&mut self, attempt: &Attempt, price: Price, host: &mut dyn ReplayHost) {
        let listing = &mut self.listings[attempt.listing];
        let Some(order) = listing.orders.get(attempt.id).copied() else { return };
        match (order.terms.time_in_force, order.terms.kind) {
            (TimeInForce::Ioc, _) => {
                self.cancel(attempt.listing, order.id, CancelReason::VolumeExhausted, host);
            }
            (TimeInForce::Fok, _) => {
                self.cancel(attempt.listing, order.id, CancelReason::FokUnfillable, host);
            }
            (TimeInForce::AtOpen | TimeInForce::AtClose, _) => {
                self.expire(attempt.listing, order.id, ExpiryReason::AuctionOver, host);
            }
            (_, OrderKind::Limit(_)) => {
                // An elected stop-limit waits for its limit from now on.
                let touch = listing.rules().touch;
                listing.orders.wait_by_terms(order.id, touch, true);
                self.finish_for_bar(attempt.listing, order.id);
            }
            (_, OrderKind::MarketToLimit { .. }) => {
                let touch = listing.rules().touch;
                listing.orders.elect(order.id, OrderKind::Limit(price));
                listing.orders.wait_by_terms(order.id, touch, true);
                let (owner, side, id) = (order.owner, order.side(), order.id);
                let event = BookEvent::Repriced { order: id, owner, side, price: Some(price) };
                host.publish(listing.id, ReplayEvent::Order(event));
                self.finish_for_bar(attempt.listing, id);
            }
            _ => {
                listing.orders.carry(order.id);
                self.finish_for_bar(attempt.listing, order.id);
            }
        }
    }

    /// Notes that nothing more can happen to an order in this bar.
    pub(super) fn finish_for_bar(&mut self, listing: usize, id: OrderId) {
        let listing = &mut self.listings[listing];
        let bar = listing.bar;
        if let Some(order) = listing.orders.get_mut(id) {
            order.done_in = Some(bar);
        }
    }
}

/// Returns whether a price is good enough for a limit order that did not wait for it (rule 6).
fn accepts(touch: Touch, side: Side, limit: Price, price: Price) -> bool {
    let beyond = i64::from(touch == Touch::Through);
    side.accepts(limit - side.sign() * beyond, price)
}
