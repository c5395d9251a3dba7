//! In the steady state no command allocates, by the counting allocator of a small crate.
//!
//! The crate counts per thread, so that other tests do not disturb the count. It is the allocator of the
//! whole test binary, which costs a few nanoseconds an allocation.

use rand::RngExt;

use super::traffic::rng;
use super::*;
use crate::book::{EventSink, Matching};
use crate::kernel::{Exponential, Stream};
use rand_distr::Distribution;

/// Counts events, and keeps none.
#[derive(Debug, Default)]
struct Counts {
    accepted: u64,
    traded: u64,
    canceled: u64,
    replaced: u64,
    refreshed: u64,
    triggered: u64,
    repriced: u64,
    expired: u64,
    linked: u64,
}

impl EventSink for Counts {
    fn take(&mut self, event: BookEvent) {
        match event {
            BookEvent::Accepted { .. } => self.accepted += 1,
            BookEvent::Traded(_) => self.traded += 1,
            BookEvent::Canceled { reason: CancelReason::Linked, .. } => self.linked += 1,
            BookEvent::Canceled { .. } => self.canceled += 1,
            BookEvent::Replaced { .. } => self.replaced += 1,
            BookEvent::Refreshed { .. } => self.refreshed += 1,
            BookEvent::Triggered { .. } => self.triggered += 1,
            BookEvent::Repriced { .. } => self.repriced += 1,
            BookEvent::Expired { .. } => self.expired += 1,
            BookEvent::ExitEntered { .. } | BookEvent::Reduced { .. } => self.linked += 1,
            _ => {}
        }
    }
}

/// Makes the terms of one kind from an order's id, those of a limit order, and a price on the other side.
type Kind = fn(u64, OrderTerms, Price) -> OrderTerms;

/// How the mid moves.
#[derive(Debug, Clone, Copy)]
enum Motion {
    /// By a tick, once in fifty operations, no farther than so many ticks: a price that no order ever had
    /// costs memory, once.
    Drift(i64),
    /// By as many ticks once in ten operations, to either side, within [`REACH`].
    Walk(i64),
    /// It falls by so many ticks and rises again within a tenth of each ten thousand operations.
    Crash(i64),
}

/// Traffic like that of the bench: adds at exponential distances from a mid that moves, cancels that keep
/// the book at its size, replaces, market orders. It allocates nothing itself.
struct Traffic {
    rng: Stream,
    mid: i64,
    motion: Motion,
    /// How many operations there were.
    operations: i64,
    /// How far from the mid orders rest, in ticks.
    distance: f64,
    target: usize,
    /// The ids of the last adds; many of them are over.
    recent: Vec<(u64, Side)>,
    /// An order that is not among the last any more, to be canceled next.
    leaving: Option<u64>,
    next: u64,
    /// How many of a thousand adds are of `kind`.
    share: u32,
    kind: Kind,
}

/// Where the mid begins: at the edge of a stretch of 1,024 prices, so that orders come and go on both sides.
const MID: i64 = 977 * 1_024;

const DISTANCE: f64 = 15.0;

const DRIFT: Motion = Motion::Drift(150);

/// How far a walk goes.
const REACH: i64 = 1_000;

const LIVE: usize = 10_000;

impl Traffic {
    fn new(motion: Motion, share: u32, kind: Kind) -> Self {
        let recent = vec![(0, Side::Buy); 2 * LIVE];
        Self {
            rng: rng(3),
            mid: MID,
            motion,
            operations: 0,
            distance: DISTANCE,
            target: LIVE,
            recent,
            leaving: None,
            next: 0,
            share,
            kind,
        }
    }

    fn plain(motion: Motion) -> Self {
        Self::new(motion, 0, |_, limit, _| limit)
    }

    fn price(&mut self, side: Side) -> Price {
        let aggressive = self.rng.random_range(0..100) < 4;
        #[expect(clippy::cast_possible_truncation, reason = "distances are small")]
        let distance = Exponential { mean: self.distance }.sample(&mut self.rng) as i64 + 1;
        let away = if aggressive { -self.rng.random_range(0..=2) } else { distance };
        Price::new(self.mid - side.sign() * away)
    }

    fn add(&mut self) -> Command {
        let side = Side::BOTH[self.rng.random_range(0..2)];
        let quantity = Quantity::new(self.rng.random_range(1..=100));
        let mut terms = OrderTerms::limit(side, quantity, self.price(side));
        let away = self.price(side.opposite());
        // A bracket reserves the two ids after its own.
        self.next += 3;
        if self.rng.random_range(0..1_000) < self.share {
            terms = (self.kind)(self.next, terms, away);
            // A date is so much later than now.
            if let TimeInForce::Gtd(date) = terms.time_in_force {
                terms = terms.with(TimeInForce::Gtd(at(self.operations + date.nanos())));
            }
        }
        let place = usize::try_from(self.next / 3).unwrap() % self.recent.len();
        let (old, _) = std::mem::replace(&mut self.recent[place], (self.next, terms.side));
        self.leaving = Some(old);
        command(self.next, 0, CommandKind::New(terms))
    }

    fn any_recent(&mut self) -> (u64, Side) {
        self.recent[self.rng.random_range(0..self.recent.len())]
    }

    fn move_mid(&mut self) {
        self.operations += 1;
        let is_up = self.rng.random::<bool>();
        let step = |ticks: i64| if is_up { ticks } else { -ticks };
        match self.motion {
            Motion::Drift(most) if self.operations % 50 == 0 => {
                self.mid = (self.mid + step(1)).clamp(MID - most, MID + most);
            }
            Motion::Walk(ticks) if self.operations % 10 == 0 => {
                self.mid = (self.mid + step(ticks)).clamp(MID - REACH, MID + REACH);
            }
            Motion::Crash(depth) => {
                let from_bottom = (self.operations % 10_000 - 500).abs();
                self.mid = MID - depth * (500 - from_bottom).max(0) / 500;
            }
            Motion::Drift(_) | Motion::Walk(_) => {}
        }
    }

    fn command(&mut self, live: usize) -> Command {
        self.move_mid();
        if let Some(leaving) = self.leaving.take() {
            return command(leaving, 0, CommandKind::Cancel);
        }
        match self.rng.random_range(0..100) {
            0..=4 => {
                let side = Side::BOTH[self.rng.random_range(0..2)];
                let quantity = Quantity::new(self.rng.random_range(1..=100));
                self.next += 3;
                command(self.next, 0, CommandKind::New(OrderTerms::market(side, quantity)))
            }
            5..=12 => {
                let (order, side) = self.any_recent();
                let quantity = Quantity::new(self.rng.random_range(1..=100));
                command(order, 0, CommandKind::Replace(Replacement::at(self.price(side), quantity)))
            }
            _ if live < self.target => self.add(),
            _ => command(self.any_recent().0, 0, CommandKind::Cancel),
        }
    }
}

const OPERATIONS: u64 = 100_000;

/// Returns what some operations allocate after twice as many to warm up, and what they did; `stale`
/// orders stand far away all the time.
fn measured(matching: Matching, mut traffic: Traffic, stale: u64) -> (u64, Counts) {
    let mut book = OrderBook::new(BookConfig { matching, ..BookConfig::default() });
    for number in 0..stale {
        let side = Side::BOTH[usize::try_from(number % 2).unwrap()];
        let away = REACH + 1_000 + (number * 7_919 % 100_000).cast_signed();
        let terms = OrderTerms::limit(side, Quantity::new(1), Price::new(MID - side.sign() * away));
        book.execute(at(0), &command(u64::MAX - number, 1, CommandKind::New(terms)), &mut Counts::default());
    }
    let live = usize::try_from(stale).unwrap();
    let motion = traffic.motion;
    let mut run = |target: usize, distance: f64, motion: Motion, counts: &mut Counts| {
        (traffic.target, traffic.distance, traffic.motion) = (target, distance, motion);
        for _ in 0..OPERATIONS {
            let command = traffic.command(book.len() - live.min(book.len()));
            book.execute(at(traffic.operations), &command, counts);
        }
    };
    // Memory follows the most orders and levels there ever were: afterwards there are fewer.
    let farther = match motion {
        Motion::Walk(ticks) => Motion::Walk(3 * ticks),
        other => other,
    };
    run(LIVE + LIVE / 2, 4.0 * DISTANCE, farther, &mut Counts::default());
    run(LIVE, DISTANCE, motion, &mut Counts::default());
    let mut counts = Counts::default();
    let used = allocation_counter::measure(|| run(LIVE, DISTANCE, motion, &mut counts));
    (used.count_total, counts)
}

#[test]
fn the_counter_counts() {
    let used = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!((used.count_total, used.bytes_total, used.bytes_current), (1, 100, 0));
}

#[test]
fn plain_traffic_allocates_nothing_however_the_price_moves() {
    for (motion, stale) in [
        (DRIFT, 0),
        (DRIFT, 10_000),
        (Motion::Walk(25), 0),
        (Motion::Walk(40), 10_000),
        (Motion::Crash(3_000), 0),
        (Motion::Crash(100_000), 10_000),
    ] {
        let (allocations, counts) = measured(Matching::PriceTime, Traffic::plain(motion), stale);
        assert_eq!(allocations, 0, "{motion:?} before {stale} stale orders");
        let least = OPERATIONS / 500;
        for (what, count) in [
            ("accepted", counts.accepted),
            ("traded", counts.traded),
            ("canceled", counts.canceled),
            ("replaced", counts.replaced),
        ] {
            assert!(count > least, "{motion:?}: only {count} were {what}");
        }
    }
}

#[test]
fn shared_levels_allocate_no_more_than_an_array_as_long_as_the_longest_queue() {
    for matching in [Matching::ProRata, Matching::TopShare { percent: 40 }] {
        let (allocations, counts) = measured(matching, Traffic::plain(DRIFT), 0);
        // An array that doubles each time a longer queue is seen than ever before.
        assert!(allocations <= 16, "{matching:?} allocates {allocations} times");
        assert!(counts.traded > OPERATIONS / 10, "{counts:?}");
    }
}

/// A kind of orders, what it is called, how many of a thousand adds are of it, and what a run must show that
/// it works.
struct Case {
    name: &'static str,
    share: u32,
    kind: Kind,
    shows: fn(&Counts) -> u64,
}

/// Kinds that stand in no tree.
const IN_NO_TREE: [Case; 9] = [
    Case {
        name: "iceberg",
        share: 300,
        kind: |_, limit, _| OrderTerms {
            display: Some(Quantity::new(limit.quantity.lots().div_ceil(4))),
            ..limit
        },
        shows: |counts| counts.refreshed,
    },
    Case { name: "day", share: 300, kind: |_, limit, _| limit.with(TimeInForce::Day), shows: |it| it.traded },
    Case {
        name: "immediate or cancel",
        share: 300,
        kind: |_, limit, _| limit.with(TimeInForce::Ioc),
        shows: |counts| counts.canceled,
    },
    Case {
        name: "fill or kill",
        share: 300,
        kind: |_, limit, _| limit.with(TimeInForce::Fok),
        shows: |counts| counts.traded,
    },
    Case {
        name: "minimum quantity",
        share: 300,
        kind: |_, limit, _| OrderTerms { minimum: Some(Quantity::new(1)), ..limit },
        shows: |counts| counts.traded,
    },
    Case {
        name: "post only, slides",
        share: 300,
        kind: |_, limit, _| OrderTerms { post_only: PostOnly::Slide, ..limit },
        shows: |counts| counts.repriced,
    },
    Case {
        name: "self-trade prevention",
        share: 300,
        kind: |_, limit, _| OrderTerms { self_trade: SelfTrade::CancelOldest, ..limit },
        shows: |counts| counts.canceled,
    },
    Case {
        name: "market to limit",
        share: 50,
        kind: |_, limit, _| OrderTerms { kind: OrderKind::MarketToLimit { protection: None }, ..limit },
        shows: |counts| counts.repriced,
    },
    Case {
        name: "linked",
        share: 1_000,
        kind: |id, limit, _| {
            let is_second = id / 3 % 2 == 1;
            let link = if is_second { Link::OneCancelsOther(OrderId::new(id - 3)) } else { Link::None };
            OrderTerms {
                side: Side::BOTH[usize::from(id / 6 % 2 == 0)],
                quantity: Quantity::new(9),
                link,
                ..limit
            }
        },
        shows: |counts| counts.linked,
    },
];

/// Kinds that stand in a tree, whose nodes come and go, in order of a trigger, a date, a class or an id.
const IN_A_TREE: [Case; 6] = [
    Case {
        name: "good till date",
        share: 300,
        kind: |id, limit, _| limit.with(TimeInForce::Gtd(at(500 + (id % 64).cast_signed() * 100))),
        shows: |counts| counts.expired,
    },
    Case {
        name: "stop",
        share: 100,
        kind: |_, limit, away| OrderTerms {
            kind: OrderKind::Stop { trigger: away, protection: None },
            ..limit
        },
        shows: |counts| counts.triggered,
    },
    Case {
        name: "stop limit",
        share: 100,
        kind: |_, limit, away| OrderTerms {
            kind: OrderKind::StopLimit { trigger: away, limit: away },
            ..limit
        },
        shows: |counts| counts.triggered,
    },
    Case {
        name: "trailing stop",
        share: 100,
        kind: |id, limit, _| OrderTerms {
            kind: OrderKind::TrailingStop {
                distance: TrailingDistance::Ticks(5 + (id % 64).cast_signed()),
                protection: None,
            },
            ..limit
        },
        shows: |counts| counts.triggered,
    },
    Case {
        name: "pegged",
        share: 20,
        kind: |id, limit, _| OrderTerms {
            kind: OrderKind::Pegged { to: Peg::Touch, offset: i32::try_from(id % 16).unwrap(), limit: None },
            ..limit
        },
        shows: |counts| counts.repriced,
    },
    Case {
        name: "bracket",
        share: 100,
        kind: |_, limit, _| {
            let (Some(price), sign) = (limit.kind.limit(), limit.side.sign()) else { return limit };
            let (take_profit, stop_loss) = (price + sign * 40, price - sign * 60);
            OrderTerms {
                link: Link::Bracket {
                    take_profit: Some(take_profit),
                    stop_loss: Some(StopLoss::at(stop_loss)),
                },
                ..limit
            }
        },
        shows: |counts| counts.linked,
    },
];

/// Returns how often a case allocates in how many operations, and checks that it shows what it is.
fn allocations(case: &Case, motion: Motion) -> u64 {
    let Case { name, share, kind, shows } = *case;
    let (allocations, counts) = measured(Matching::PriceTime, Traffic::new(motion, share, kind), 1_000);
    assert!(shows(&counts) > OPERATIONS / 1_000, "{name}: {counts:?}");
    println!("{name}, {motion:?}: {allocations} allocations in {OPERATIONS} operations");
    allocations
}

#[test]
fn kinds_in_no_tree_allocate_nothing() {
    for case in IN_NO_TREE {
        for motion in [DRIFT, Motion::Crash(3_000)] {
            assert_eq!(allocations(&case, motion), 0, "{}, {motion:?}", case.name);
        }
    }
}

#[test]
fn kinds_in_a_tree_allocate_seldom() {
    for case in IN_A_TREE {
        for motion in [DRIFT, Motion::Crash(3_000)] {
            let allocations = allocations(&case, motion);
            assert!(allocations <= OPERATIONS / 50, "{}, {motion:?}: {allocations}", case.name);
        }
    }
}
