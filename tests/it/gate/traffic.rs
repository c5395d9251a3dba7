//! Random moves: what a trader may do, and what may arrive where.

use bearpit::account::{OpenOrder, PendingReplace};
use bearpit::book::MatchingEngine;
use bearpit::kernel::{Stream, stream};
use bearpit::market::{
    CommandKind, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, RejectReason, SelfTrade, Side,
    TimeInForce, TrailingDistance,
};
use bearpit::units::{OrderId, Price, Quantity, Seed, SimTime};
use rand::RngExt;

use super::floor::{ACME, Floor, TRADERS};

/// What can happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    Submit(usize, OrderTerms, Option<Price>),
    Cancel(usize, OrderId),
    Replace(usize, OrderId, PendingReplace),
    /// A mass cancel or a disconnect.
    TakeOut(usize, CommandKind),
    /// So many commands of a trader arrive at the venue.
    Arrive(usize, usize),
    /// So many reports arrive at a trader.
    Hear(usize, usize),
    Enter(Phase),
}

fn one_of<T: Copy>(rng: &mut Stream, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

fn chance(rng: &mut Stream, percent: u32) -> bool {
    rng.random_range(0..100_u32) < percent
}

fn price(rng: &mut Stream, base: i64) -> Price {
    Price::new(base + rng.random_range(-10..=10_i64))
}

fn quantity(rng: &mut Stream) -> Quantity {
    Quantity::new(rng.random_range(1..=25))
}

/// Draws the next move from a number.
pub(super) fn next_move(floor: &Floor, seed: u64) -> Move {
    let rng = &mut stream(Seed::new(seed), "gate traffic");
    let base = floor.base;
    let trader = rng.random_range(0..TRADERS);
    let orders = floor.traders[trader].account.open_orders();
    let open = (!orders.is_empty()).then(|| orders.iter().nth(rng.random_range(0..orders.len())).unwrap());
    match (rng.random_range(0..100_u32), open) {
        (0..=1, _) => {
            let phase = if chance(rng, 60) { Phase::Continuous } else { one_of(rng, &Phase::ALL) };
            Move::Enter(phase)
        }
        (2..=3, _) => {
            let side = one_of(rng, &[None, Some(Side::Buy), Some(Side::Sell)]);
            let kind = one_of(rng, &[CommandKind::MassCancel { side }, CommandKind::Disconnect]);
            Move::TakeOut(trader, kind)
        }
        (4..=9, Some(order)) => Move::Cancel(trader, order.id),
        (10..=21, Some(order)) => {
            // Linked orders can only be replaced as a whole.
            let keeps = order.partner.is_some() && chance(rng, 80);
            let quantity = if keeps { order.quantity } else { quantity(rng) };
            Move::Replace(trader, order.id, PendingReplace { price: price(rng, base), quantity })
        }
        (22..=45, _) => Move::Arrive(trader, rng.random_range(1..4)),
        (46..=65, _) => Move::Hear(trader, rng.random_range(1..6)),
        _ => {
            let ask = floor.book.quote().ask.map(|level| level.price);
            let reference = if chance(rng, 50) { ask } else { Some(price(rng, base)) };
            Move::Submit(trader, terms(rng, floor, trader, open), reference)
        }
    }
}

fn kind(rng: &mut Stream, base: i64) -> OrderKind {
    let protection = chance(rng, 25).then(|| price(rng, base));
    match rng.random_range(0..16_u32) {
        0..=6 => OrderKind::Limit(price(rng, base)),
        7..=8 => OrderKind::Market { protection },
        9 => OrderKind::MarketToLimit { protection },
        10..=12 => OrderKind::Stop { trigger: price(rng, base), protection },
        13 => OrderKind::StopLimit { trigger: price(rng, base), limit: price(rng, base) },
        14 => {
            let distance = if chance(rng, 50) {
                TrailingDistance::Ticks(rng.random_range(1..6))
            } else {
                TrailingDistance::BasisPoints(rng.random_range(1..300))
            };
            OrderKind::TrailingStop { distance, protection }
        }
        _ => OrderKind::Pegged {
            to: one_of(rng, &[Peg::Mid, Peg::Touch]),
            offset: rng.random_range(-1..3),
            limit: chance(rng, 80).then(|| price(rng, base)),
        },
    }
}

fn terms(rng: &mut Stream, floor: &Floor, trader: usize, open: Option<OpenOrder>) -> OrderTerms {
    let (base, now) = (floor.base, floor.now);
    let holding = floor.traders[trader].account.holding(ACME).lots();
    let mut terms = OrderTerms::new(one_of(rng, &Side::BOTH), quantity(rng), kind(rng, base));
    terms.reduce_only = chance(rng, 20);
    if terms.reduce_only && chance(rng, 90) {
        terms.side = if holding > 0 { Side::Sell } else { Side::Buy };
        terms.quantity = Quantity::new(rng.random_range(1..=holding.unsigned_abs().clamp(1, 25)));
    }
    match (rng.random_range(0..10_u32), open) {
        (0..=2, Some(open)) => {
            terms.link = Link::OneCancelsOther(open.id);
            if chance(rng, 90) {
                terms.side = open.side;
                terms.quantity = open.leaves.max(Quantity::new(1));
            }
        }
        (3..=4, _) => {
            let gain = terms.side.sign() * rng.random_range(1..6);
            let [take_profit, stop_loss] = [gain, -gain].map(|gain| price(rng, base) + gain);
            let protection = chance(rng, 25).then(|| price(rng, base));
            terms.link = Link::Bracket { take_profit, stop_loss, protection };
        }
        _ => {}
    }
    let date = SimTime::from_nanos(now + rng.random_range(1..40));
    let times = [
        TimeInForce::Gtc,
        TimeInForce::Gtc,
        TimeInForce::Gtc,
        TimeInForce::Day,
        TimeInForce::Ioc,
        TimeInForce::Fok,
        TimeInForce::Gtd(date),
        TimeInForce::AtOpen,
        TimeInForce::AtClose,
    ];
    terms.time_in_force = one_of(rng, &times);
    let part = |rng: &mut Stream| chance(rng, 15).then(|| Quantity::new(rng.random_range(1..=8)));
    terms.display = part(rng).map(|part| part.min(terms.quantity));
    terms.minimum = part(rng).map(|part| part.min(terms.quantity));
    terms.post_only = one_of(rng, &[PostOnly::No, PostOnly::No, PostOnly::Reject, PostOnly::Slide]);
    terms.self_trade = one_of(
        rng,
        &[
            SelfTrade::Allow,
            SelfTrade::Allow,
            SelfTrade::CancelNewest,
            SelfTrade::CancelOldest,
            SelfTrade::CancelBoth,
            SelfTrade::Decrement,
        ],
    );
    mended(terms)
}

/// Gives up conditions, one after the other, until they no longer contradict each other.
fn mended(mut terms: OrderTerms) -> OrderTerms {
    let mends: [fn(&mut OrderTerms); 5] = [
        |terms| terms.minimum = None,
        |terms| terms.display = None,
        |terms| terms.post_only = PostOnly::No,
        |terms| terms.time_in_force = TimeInForce::Gtc,
        |terms| terms.link = Link::None,
    ];
    for mend in mends {
        if terms.reject_reason() == Some(RejectReason::ContradictoryTerms) {
            mend(&mut terms);
        }
    }
    terms
}
