//! Random traffic: commands, phases and time, over all kinds of orders.

use rand::RngExt;

use super::*;
pub(crate) use crate::book::reference::steps::Step;
pub(super) use crate::book::reference::steps::apply;
use crate::book::{Matching, PriceBands};
use crate::kernel::{Stream, stream};
use crate::market::extremes::variants;
use crate::units::Seed;

/// The shape of traffic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    /// Limits lie this far around the middle.
    pub(crate) spread: i64,
    /// Commands refer to orders among the last so many, or among all ids below it if ids do not grow.
    pub(crate) ids: u64,
    pub(crate) ids_grow: bool,
    pub(crate) quantity_max: u64,
    /// How many of a thousand steps change the phase.
    pub(crate) phases: u32,
    /// How many of a thousand orders have conditions, or are more than limit orders.
    pub(crate) special: u32,
    /// How many of a thousand commands cancel or replace.
    pub(crate) changes: u32,
}

pub(crate) const SMALL: Profile = Profile {
    spread: 10,
    ids: 120,
    ids_grow: false,
    quantity_max: 30,
    phases: 30,
    special: 500,
    changes: 250,
};

pub(crate) fn rng(seed: u64) -> Stream {
    stream(Seed::new(seed), "book traffic")
}

fn chance(rng: &mut Stream, of_thousand: u32) -> bool {
    rng.random_range(0..1_000_u32) < of_thousand
}

pub(super) fn one_of<T: Copy>(rng: &mut Stream, items: &[T]) -> T {
    items[rng.random_range(0..items.len())]
}

const MIDDLE: i64 = 100;

/// Returns the `index`-th step; a function of the random numbers alone. Now and then a field of it is at an
/// end of its type.
pub(crate) fn step(rng: &mut Stream, profile: &Profile, index: u64) -> Step {
    let step = usual_step(rng, profile, index);
    let Step::Execute(command) = step else { return step };
    if chance(rng, 990) { step } else { Step::Execute(one_of(rng, &variants(&command))) }
}

fn usual_step(rng: &mut Stream, profile: &Profile, index: u64) -> Step {
    if chance(rng, profile.phases) {
        // Mostly back to continuous trading, so that traffic does not stay in auction calls.
        let phase = if chance(rng, 500) { Phase::Continuous } else { one_of(rng, &Phase::ALL) };
        return Step::Enter(phase);
    }
    if chance(rng, 20) {
        return Step::Pass;
    }
    let owner = rng.random_range(0..3_u32);
    let reference = |rng: &mut Stream| {
        if profile.ids_grow {
            3 * index.saturating_sub(rng.random_range(0..profile.ids)) + rng.random_range(0..3)
        } else {
            rng.random_range(0..profile.ids)
        }
    };
    if chance(rng, profile.changes) {
        let order = reference(rng);
        let kind = match rng.random_range(0..100_u32) {
            0..=54 => CommandKind::Cancel,
            55..=79 => CommandKind::Replace(Replacement::at(price(rng, profile), quantity(rng, profile))),
            80..=97 => CommandKind::Replace(replacement(rng, profile, i64::try_from(index).unwrap())),
            98 => CommandKind::MassCancel { side: one_of(rng, &[None, Some(Side::Buy), Some(Side::Sell)]) },
            _ => CommandKind::Disconnect,
        };
        return Step::Execute(command(order, owner, kind));
    }
    let order = if profile.ids_grow && !chance(rng, 10) { 3 * index } else { reference(rng) };
    let other = reference(rng);
    let terms = terms(rng, profile, i64::try_from(index).unwrap(), other);
    Step::Execute(command(order, owner, CommandKind::New(terms)))
}

fn price(rng: &mut Stream, profile: &Profile) -> Price {
    Price::new(MIDDLE + rng.random_range(-profile.spread..=profile.spread))
}

fn quantity(rng: &mut Stream, profile: &Profile) -> Quantity {
    Quantity::new(match rng.random_range(0..200_u32) {
        0 => 0,
        1 => Quantity::MAX_LOTS + 1,
        _ => rng.random_range(1..=profile.quantity_max),
    })
}

fn time_in_force(rng: &mut Stream, index: i64) -> TimeInForce {
    let date = at(index + rng.random_range(-1..40));
    match rng.random_range(0..16_u32) {
        0..=5 => TimeInForce::Gtc,
        6..=7 => TimeInForce::Day,
        8..=9 => TimeInForce::Ioc,
        10..=11 => TimeInForce::Fok,
        12..=13 => TimeInForce::Gtd(date),
        14 => TimeInForce::AtOpen,
        _ => TimeInForce::AtClose,
    }
}

/// A replace of some of all that can be replaced.
fn replacement(rng: &mut Stream, profile: &Profile, index: i64) -> Replacement {
    let one = Replacement { time_in_force: Some(time_in_force(rng, index)), ..Replacement::default() };
    let other = Replacement { distance: Some(distance(rng)), ..Replacement::default() };
    let some = Replacement {
        price: chance(rng, 500).then(|| price(rng, profile)),
        quantity: chance(rng, 500).then(|| quantity(rng, profile)),
        trigger: chance(rng, 200).then(|| price(rng, profile)),
        distance: chance(rng, 100).then(|| distance(rng)),
        time_in_force: chance(rng, 300).then(|| time_in_force(rng, index)),
    };
    one_of(rng, &[one, other, some])
}

fn distance(rng: &mut Stream) -> TrailingDistance {
    if chance(rng, 500) {
        TrailingDistance::Ticks(rng.random_range(1..6))
    } else {
        TrailingDistance::BasisPoints(rng.random_range(1..800))
    }
}

/// A bracket with both exits or one, or a pair, whose exits lie on their sides of `near`.
fn exits(rng: &mut Stream, side: Side, near: Price) -> Link {
    let gain = side.sign() * rng.random_range(1..6);
    let trigger = near - gain;
    let stop = match rng.random_range(0..4_u32) {
        0 => StopLoss::Limit { trigger, limit: trigger + rng.random_range(-2..3) },
        1 => StopLoss::Market { trigger, protection: Some(trigger - side.sign() * 2) },
        _ => StopLoss::at(trigger),
    };
    let (take_profit, stop_loss) = (Some(near + gain), Some(stop));
    match rng.random_range(0..6_u32) {
        0 => Link::Bracket { take_profit, stop_loss: None },
        1 => Link::Bracket { take_profit: None, stop_loss },
        // Its own limit takes the profit: on the right side of the trigger where the kind is a limit there.
        2..=3 => Link::Pair(match stop {
            StopLoss::Limit { limit, .. } => StopLoss::Limit { trigger: near + gain, limit },
            StopLoss::Market { protection, .. } => StopLoss::Market { trigger: near + gain, protection },
        }),
        _ => Link::Bracket { take_profit, stop_loss },
    }
}

fn terms(rng: &mut Stream, profile: &Profile, index: i64, other: u64) -> OrderTerms {
    let side = one_of(rng, &Side::BOTH);
    let limit = OrderTerms::limit(side, quantity(rng, profile), price(rng, profile));
    if !chance(rng, profile.special) {
        return limit;
    }
    let protection = chance(rng, 500).then(|| price(rng, profile));
    let near = price(rng, profile);
    let kind = match rng.random_range(0..20_u32) {
        0..=7 => limit.kind,
        8..=9 => OrderKind::Market { protection },
        10 => OrderKind::MarketToLimit { protection },
        11..=12 => OrderKind::Stop { trigger: near, protection },
        13..=14 => OrderKind::StopLimit { trigger: near, limit: price(rng, profile) },
        15 => {
            let distance = TrailingDistance::Ticks(rng.random_range(1..6));
            OrderKind::TrailingStop { distance, protection }
        }
        16 => {
            let distance = TrailingDistance::BasisPoints(rng.random_range(1..800));
            OrderKind::TrailingStop { distance, protection }
        }
        _ => {
            let to = one_of(rng, &[Peg::Mid, Peg::Touch]);
            OrderKind::Pegged { to, offset: rng.random_range(-1..3), limit: protection }
        }
    };
    let time_in_force = time_in_force(rng, index);
    let part = |rng: &mut Stream, of_thousand| {
        chance(rng, of_thousand).then(|| Quantity::new(rng.random_range(1..=profile.quantity_max / 3)))
    };
    let link = match rng.random_range(0..12_u32) {
        0..=1 => Link::OneCancelsOther(OrderId::new(other)),
        2 => exits(rng, side, near),
        _ => Link::None,
    };
    // The first of a pair is a limit order, mostly on its side of the stop.
    let kind = match link {
        Link::Pair(_) if chance(rng, 950) => OrderKind::Limit(near),
        _ => kind,
    };
    let terms = OrderTerms {
        kind,
        time_in_force,
        display: part(rng, 250),
        minimum: part(rng, 100),
        post_only: one_of(
            rng,
            &[PostOnly::No, PostOnly::No, PostOnly::No, PostOnly::Reject, PostOnly::Slide],
        ),
        self_trade: one_of(
            rng,
            &[
                SelfTrade::Allow,
                SelfTrade::Allow,
                SelfTrade::CancelNewest,
                SelfTrade::CancelOldest,
                SelfTrade::CancelBoth,
                SelfTrade::Decrement,
            ],
        ),
        link,
        ..limit
    };
    if chance(rng, 30) { terms } else { mended(terms) }
}

/// Returns the terms without the conditions that contradict each other.
fn mended(mut terms: OrderTerms) -> OrderTerms {
    let contradicts = |terms: &OrderTerms| terms.reject_reason() == Some(RejectReason::ContradictoryTerms);
    let wanted = terms.link;
    terms.display = terms.display.map(|display| display.min(terms.quantity));
    terms.minimum = terms.minimum.map(|minimum| minimum.min(terms.quantity));
    let mends: [fn(&mut OrderTerms); 5] = [
        |terms| terms.minimum = None,
        |terms| terms.display = None,
        |terms| terms.post_only = PostOnly::No,
        |terms| terms.link = Link::None,
        |terms| terms.time_in_force = TimeInForce::Gtc,
    ];
    for mend in mends {
        if contradicts(&terms) {
            mend(&mut terms);
        }
    }
    // What was given up for nothing is restored.
    let linked = OrderTerms { link: wanted, ..terms };
    if contradicts(&linked) { terms } else { linked }
}

/// Returns one of many rules, by number.
pub(crate) fn config(number: u64) -> BookConfig {
    let matching = match number % 4 {
        0 | 1 => Matching::PriceTime,
        2 => Matching::ProRata,
        _ => Matching::TopShare { percent: (number * 7 % 101) as u8 },
    };
    let bands = match number / 4 % 4 {
        0 => PriceBands { static_bps: Some(800), dynamic_bps: Some(300), limit_bps: Some(1_200) },
        1 => PriceBands { static_bps: None, dynamic_bps: Some(400), limit_bps: None },
        _ => PriceBands::default(),
    };
    let reference = (number / 16).is_multiple_of(2).then(|| Price::new(MIDDLE));
    BookConfig { matching, bands, reference, ..BookConfig::default() }
}
