//! Random moves: what a trader may do, and what may arrive where.

use bearpit::account::OpenOrder;
use bearpit::book::MatchingEngine;
use bearpit::kernel::{Stream, stream};
use bearpit::market::{
    CommandKind, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, RejectReason, Replacement, SelfTrade,
    Side, StopLoss, TimeInForce, TrailingDistance,
};
use bearpit::units::{OrderId, Price, Quantity, Seed, SimTime};
use rand::RngExt;

use super::floor::{ACME, Floor, TRADERS};

/// What can happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    Submit(usize, OrderTerms, Option<Price>),
    Cancel(usize, OrderId),
    Replace(usize, OrderId, Replacement),
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
            let new = Replacement::at(price(rng, base), quantity);
            Move::Replace(
                trader,
                order.id,
                if chance(rng, 60) { new } else { other_terms(rng, new, floor.now) },
            )
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

/// A replace of more, or of less, than price and quantity.
fn other_terms(rng: &mut Stream, new: Replacement, now: i64) -> Replacement {
    let date = SimTime::from_nanos(now + rng.random_range(1..40));
    let times = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Gtd(date), TimeInForce::Ioc];
    let time_in_force = chance(rng, 60).then(|| one_of(rng, &times));
    let distance = Some(distance(rng)).filter(|_| chance(rng, 40));
    Replacement {
        price: new.price.filter(|_| distance.is_none() && chance(rng, 50)),
        quantity: new.quantity.filter(|_| chance(rng, 50)),
        trigger: new.price.filter(|_| distance.is_none() && chance(rng, 20)),
        distance,
        time_in_force,
    }
}

fn distance(rng: &mut Stream) -> TrailingDistance {
    if chance(rng, 50) {
        TrailingDistance::Ticks(rng.random_range(1..6))
    } else {
        TrailingDistance::BasisPoints(rng.random_range(1..300))
    }
}

/// A bracket with both exits or one, or a pair, for which the order becomes a limit order.
fn exits(rng: &mut Stream, base: i64, terms: &mut OrderTerms) {
    let gain = terms.side.sign() * rng.random_range(1..6);
    let [profit, trigger] = [gain, -gain].map(|gain| price(rng, base) + gain);
    let stop = if chance(rng, 25) {
        StopLoss::Limit { trigger, limit: price(rng, base) }
    } else {
        StopLoss::Market { trigger, protection: chance(rng, 25).then(|| price(rng, base)) }
    };
    let (take_profit, stop_loss) = (Some(profit), Some(stop));
    terms.link = match rng.random_range(0..8_u32) {
        0 => Link::Bracket { take_profit, stop_loss: None },
        1 => Link::Bracket { take_profit: None, stop_loss },
        2..=3 => {
            terms.kind = OrderKind::Limit(trigger - gain);
            Link::Pair(stop)
        }
        _ => Link::Bracket { take_profit, stop_loss },
    };
}

fn kind(rng: &mut Stream, base: i64) -> OrderKind {
    let protection = chance(rng, 25).then(|| price(rng, base));
    match rng.random_range(0..16_u32) {
        0..=6 => OrderKind::Limit(price(rng, base)),
        7..=8 => OrderKind::Market { protection },
        9 => OrderKind::MarketToLimit { protection },
        10..=12 => OrderKind::Stop { trigger: price(rng, base), protection },
        13 => OrderKind::StopLimit { trigger: price(rng, base), limit: price(rng, base) },
        14 => OrderKind::TrailingStop { distance: distance(rng), protection },
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
        (3..=4, _) => exits(rng, base, &mut terms),
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
