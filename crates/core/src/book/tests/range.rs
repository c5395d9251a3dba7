//! Prices and quantities of the whole legal range: prices far apart, clustered, at the edges, and a touch
//! that drifts or jumps; quantities of a few lots, around 2^32, and up to the most.

use proptest::prelude::*;
use rand::RngExt;

use super::differential::Twins;
use super::traffic::{Step, config, one_of, rng};
use super::*;
use crate::kernel::Stream;

const EDGE: i64 = Price::MAX_TICKS;

/// Orders cluster around these prices.
const CENTRES: [i64; 9] = [-EDGE, -EDGE / 3, -1_000_000, -70_000, 0, 70_000, 1 << 20, EDGE / 2 + 1, EDGE];

/// The lowest prices of instruments: one tick, zero, and below.
const FLOORS: [i64; 5] = [1, 0, -10, -70_000, -EDGE];

/// How far from its centre a price lies at most: next to it, within a window, around its edge, far.
const SPREADS: [i64; 5] = [2, 30, 200, 70_000, EDGE / 8];

/// The least of quantities that have an upper half.
const WIDE: u64 = 1 << 32;

/// The shape of traffic: where the touch should be, and how far the orders spread.
struct Landscape {
    touch: i64,
    spread: i64,
    /// How many of a thousand orders lie around any of the centres.
    scattered: u32,
    /// Ids lie below it.
    ids: u64,
}

impl Landscape {
    /// Returns a price, mostly on the side of the touch where an order of `side` would rest.
    fn price(&self, rng: &mut Stream, side: Side) -> Price {
        let scattered = rng.random_range(0..1_000) < self.scattered;
        let centre = if scattered { one_of(rng, &CENTRES) } else { self.touch };
        let spread = if scattered { one_of(rng, &SPREADS) } else { self.spread };
        let ticks = centre + rng.random_range(-spread..=spread);
        let away = self.touch - side.sign() * (ticks - self.touch).abs();
        let ticks = if rng.random_range(0..10) < 9 { away } else { ticks };
        // Now and then beyond the edge, which is rejected.
        let edge = EDGE + i64::from(rng.random_range(0..50) == 0);
        Price::new(ticks.clamp(-edge, edge))
    }

    fn step(&self, rng: &mut Stream, number: u64) -> Step {
        let side = one_of(rng, &Side::BOTH);
        let lots = Quantity::new(match rng.random_range(0..8) {
            0 => rng.random_range(1..=Quantity::MAX_LOTS),
            1 => rng.random_range(WIDE - 2..WIDE + 3),
            _ => rng.random_range(1..20),
        });
        let price = self.price(rng, side);
        let any = rng.random_range(0..self.ids);
        let dice = rng.random_range(0..100);
        if dice < 3 {
            let phases = [Phase::Continuous, Phase::Continuous, Phase::ClosingAuction, Phase::Halt];
            return Step::Enter(one_of(rng, &phases));
        }
        let (order, kind) = match dice {
            0..=19 => (any, CommandKind::Cancel),
            20..=34 => (any, CommandKind::Replace(Replacement::at(price, lots))),
            35..=39 => (number, CommandKind::New(OrderTerms::market(side, lots))),
            40..=54 => (number, CommandKind::New(self.special(rng, side, lots, price))),
            _ => (number, CommandKind::New(OrderTerms::limit(side, lots, price))),
        };
        Step::Execute(command(order % self.ids, 0, kind))
    }

    fn special(&self, rng: &mut Stream, side: Side, lots: Quantity, price: Price) -> OrderTerms {
        let limit = OrderTerms::limit(side, lots, price);
        let of_kind = |kind| OrderTerms { kind, ..limit };
        let offset = one_of(rng, &[0, 1, 100, i32::MAX, i32::MIN]);
        match rng.random_range(0..7) {
            0 => OrderTerms { display: Some(lots.min(Quantity::new(WIDE + 1))), ..limit },
            1 => OrderTerms { post_only: PostOnly::Slide, ..limit },
            2 => of_kind(OrderKind::Stop { trigger: self.price(rng, side.opposite()), protection: None }),
            3 => of_kind(OrderKind::StopLimit { trigger: price, limit: self.price(rng, side) }),
            4 => {
                let ticks = [1, 1_000, EDGE].map(TrailingDistance::Ticks);
                let [near, far] = [1, 9_999].map(TrailingDistance::BasisPoints);
                let distance = one_of(rng, &[ticks[0], ticks[1], ticks[2], near, far]);
                of_kind(OrderKind::TrailingStop { distance, protection: None })
            }
            5 => of_kind(OrderKind::Pegged { to: Peg::Mid, offset, limit: None }),
            _ => of_kind(OrderKind::Pegged { to: Peg::Touch, offset, limit: Some(price) }),
        }
    }
}

/// A walk with its centre and spread, then another, and so on: the touch jumps between them.
fn walks() -> impl Strategy<Value = Vec<(usize, usize, Vec<u64>)>> {
    let steps = prop::collection::vec(any::<u64>(), 1..120);
    prop::collection::vec((0..CENTRES.len(), 0..SPREADS.len(), steps), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 30 } else { 1_500 }))]

    #[test]
    fn prop_the_engine_does_what_the_reference_does_at_all_prices_and_quantities(
        walks in walks(),
        number in 0..4_u64,
        floor in 0..FLOORS.len(),
    ) {
        // Without bands, whose halts would only keep prices from being reached.
        let min_price = Price::new(FLOORS[floor]);
        let config = BookConfig { reference: None, min_price, ..config(number + 8) };
        let mut twins = Twins::new(config, ReferenceBook::new(config));
        let mut number = 0;
        for (centre, spread, seeds) in walks {
            let land = Landscape {
                touch: CENTRES[centre],
                spread: SPREADS[spread],
                scattered: 300,
                ids: 80,
            };
            for seed in seeds {
                twins.follow(&land.step(&mut rng(seed), number), true)?;
                number += 1;
            }
        }
    }
}

/// Follows a touch for many steps; `touch` returns it for each, from the number of the step and the last.
fn follow(steps: u64, spread: i64, scattered: u32, touch: impl Fn(u64, i64) -> i64) {
    let mut twins = Twins::new(BookConfig::default(), ReferenceBook::default());
    let mut rng = rng(steps);
    let mut now = 0;
    for number in 0..steps {
        now = touch(number, now);
        let land = Landscape { touch: now, spread, scattered, ids: 200 };
        if let Err(error) = twins.follow(&land.step(&mut rng, number), number % 97 == 0) {
            panic!("step {number}: {error}");
        }
    }
}

const LONG: u64 = if cfg!(debug_assertions) { 3_000 } else { 100_000 };

#[test]
fn a_touch_that_drifts_over_millions_of_ticks_agrees() {
    // Up by forty a step, then down again.
    follow(LONG, 150, 0, |number, touch| touch + if number < LONG / 2 { 40 } else { -43 });
}

#[test]
fn a_touch_that_jumps_to_and_fro_agrees() {
    follow(LONG, 100, 50, |number, _| match number / 40 % 4 {
        0 => 0,
        1 => 100,
        2 => 100_000,
        _ => -EDGE / 2,
    });
}

#[test]
fn a_touch_that_doubles_up_to_the_edge_and_back_agrees() {
    follow(LONG, 20, 20, |number, _| {
        let power = number / 50 % 82;
        1_i64 << if power < 41 { power } else { 81 - power }
    });
}

#[test]
fn a_touch_that_jumps_by_thousands_of_ticks_leaves_levels_behind_and_agrees() {
    // A thin book around the touch, before the levels of all jumps until now.
    follow(LONG, 3, 0, |number, touch| match number % 7 {
        0 => touch + 1_000 + i64::try_from(number * 7_919 % 5_000).unwrap() - 3_400,
        _ => touch,
    });
}
