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
}

impl EventSink for Counts {
    fn take(&mut self, event: BookEvent) {
        match event {
            BookEvent::Accepted { .. } => self.accepted += 1,
            BookEvent::Traded(_) => self.traded += 1,
            BookEvent::Canceled { .. } => self.canceled += 1,
            BookEvent::Replaced { .. } => self.replaced += 1,
            BookEvent::Refreshed { .. } => self.refreshed += 1,
            BookEvent::Triggered { .. } => self.triggered += 1,
            _ => {}
        }
    }
}

/// Traffic like that of the bench: adds at exponential distances from a mid that drifts, cancels that
/// keep the book at its size, replaces, market orders. It allocates nothing itself.
struct Traffic {
    rng: Stream,
    mid: i64,
    /// How far from the mid orders rest, in ticks.
    distance: f64,
    target: usize,
    /// The ids of the last adds; many of them are over.
    recent: Vec<(u64, Side)>,
    next: u64,
    /// How many of a thousand adds are icebergs, and how many are stops.
    icebergs: u32,
    stops: u32,
}

/// Where the mid begins: at the edge of a stretch of 1,024 prices, so that orders come and go on both sides.
const MID: i64 = 977 * 1_024;

const DISTANCE: f64 = 15.0;

/// How far the mid drifts: a price that no order ever had costs memory, once.
const DRIFT: i64 = 150;

impl Traffic {
    fn new(target: usize) -> Self {
        let recent = vec![(0, Side::Buy); 2 * target];
        Self { rng: rng(3), mid: MID, distance: DISTANCE, target, recent, next: 0, icebergs: 0, stops: 0 }
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
        let dice = self.rng.random_range(0..1_000);
        if dice < self.icebergs {
            terms.display = Some(Quantity::new(quantity.lots().div_ceil(4)));
        } else if dice < self.icebergs + self.stops {
            let trigger = self.price(side.opposite());
            terms.kind = OrderKind::Stop { trigger, protection: None };
        }
        self.next += 1;
        let place = usize::try_from(self.next).unwrap() % self.recent.len();
        self.recent[place] = (self.next, side);
        command(self.next, 0, CommandKind::New(terms))
    }

    fn any_recent(&mut self) -> (u64, Side) {
        self.recent[self.rng.random_range(0..self.recent.len())]
    }

    fn command(&mut self, live: usize) -> Command {
        if self.rng.random_range(0..50) == 0 {
            let step = if self.rng.random::<bool>() { 1 } else { -1 };
            self.mid = (self.mid + step).clamp(MID - DRIFT, MID + DRIFT);
        }
        match self.rng.random_range(0..100) {
            0..=4 => {
                let side = Side::BOTH[self.rng.random_range(0..2)];
                let quantity = Quantity::new(self.rng.random_range(1..=100));
                self.next += 1;
                command(self.next, 0, CommandKind::New(OrderTerms::market(side, quantity)))
            }
            5..=12 => {
                let (order, side) = self.any_recent();
                let quantity = Quantity::new(self.rng.random_range(1..=100));
                command(order, 0, CommandKind::Replace { price: self.price(side), quantity })
            }
            _ if live < self.target => self.add(),
            _ => command(self.any_recent().0, 0, CommandKind::Cancel),
        }
    }
}

const OPERATIONS: u64 = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };

/// Returns what a million operations allocate after twice as many to warm up, and what they did.
fn measured(matching: Matching, mut traffic: Traffic) -> (u64, Counts) {
    let mut book = OrderBook::new(BookConfig { matching, ..BookConfig::default() });
    let target = traffic.target;
    let mut run = |target: usize, distance: f64, counts: &mut Counts| {
        (traffic.target, traffic.distance) = (target, distance);
        for _ in 0..OPERATIONS {
            book.execute(at(0), &traffic.command(book.len()), counts);
        }
        assert!(book.len().abs_diff(target) < target / 20, "{} are live", book.len());
    };
    // Memory follows the most orders and levels there ever were: afterwards there are fewer.
    run(target + target / 4, 2.0 * DISTANCE, &mut Counts::default());
    run(target, DISTANCE, &mut Counts::default());
    let mut counts = Counts::default();
    let used = allocation_counter::measure(|| run(target, DISTANCE, &mut counts));
    (used.count_total, counts)
}

#[test]
fn the_counter_counts() {
    let used = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!((used.count_total, used.bytes_total, used.bytes_current), (1, 100, 0));
}

#[test]
fn plain_traffic_allocates_nothing() {
    let (allocations, counts) = measured(Matching::PriceTime, Traffic::new(10_000));
    assert_eq!(allocations, 0);
    let least = OPERATIONS / 200;
    for (what, count) in [
        ("accepted", counts.accepted),
        ("traded", counts.traded),
        ("canceled", counts.canceled),
        ("replaced", counts.replaced),
    ] {
        assert!(count > least, "only {count} were {what}");
    }
}

#[test]
fn shared_levels_allocate_no_more_than_an_array_as_long_as_the_longest_queue() {
    for matching in [Matching::ProRata, Matching::TopShare { percent: 40 }] {
        let (allocations, counts) = measured(matching, Traffic::new(10_000));
        // An array that doubles each time a longer queue is seen than ever before.
        assert!(allocations <= 16, "{matching:?} allocates {allocations} times");
        assert!(counts.traded > OPERATIONS / 10, "{counts:?}");
    }
}

#[test]
fn icebergs_allocate_nothing() {
    let (allocations, counts) =
        measured(Matching::PriceTime, Traffic { icebergs: 300, ..Traffic::new(10_000) });
    assert_eq!(allocations, 0);
    assert!(counts.refreshed > OPERATIONS / 100, "{counts:?}");
}

#[test]
fn stops_allocate_at_most_once_each_time_one_is_elected() {
    // Nodes of the trees of triggers, and the list of those that one trade elects: stops are rare beside
    // limit orders, and trees keep any number of them, at any triggers, in order.
    let traffic = Traffic { stops: 100, ..Traffic::new(10_000) };
    let (allocations, counts) = measured(Matching::PriceTime, traffic);
    assert!(counts.triggered > OPERATIONS / 200, "{counts:?}");
    assert!(allocations <= counts.triggered, "{allocations} allocations, {counts:?}");
}
