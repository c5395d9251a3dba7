//! What costs more the more there is: each beside an add and a cancel in a tree book of as many orders.

use std::time::{Duration, Instant};

use bearpit_core::book::{BookConfig, MatchingEngine, OrderBook};
use bearpit_core::market::{Command, CommandKind, OrderKind, OrderTerms, Peg, Phase, Side, TrailingDistance};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity};

use crate::rates::{Counter, NOW};
use crate::stream::{MID, Op};
use crate::tree::TreeBook;

/// A book, and the id of its next order.
struct Rig {
    book: OrderBook,
    sink: Counter,
    next: u64,
}

impl Rig {
    fn new() -> Self {
        Self { book: OrderBook::new(BookConfig::default()), sink: Counter::default(), next: 0 }
    }

    fn execute(&mut self, id: u64, owner: u32, kind: CommandKind) {
        let (order, owner, listing) = (OrderId::new(id), ActorId::new(owner), ListingId::new(0));
        self.book.execute(NOW, &Command { order, owner, listing, kind }, &mut self.sink);
    }

    fn new_order(&mut self, owner: u32, terms: OrderTerms) -> u64 {
        self.next += 1;
        self.execute(self.next, owner, CommandKind::New(terms));
        self.next
    }

    fn limit(&mut self, side: Side, ticks: i64, lots: u64) -> u64 {
        self.new_order(0, OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks)))
    }

    fn enter(&mut self, phase: Phase) {
        self.book.enter_phase(NOW, phase, &mut self.sink);
    }

    /// A touch, and one trade at the bid.
    fn open(&mut self) {
        self.limit(Side::Buy, MID, 1_000_000);
        self.limit(Side::Sell, MID + 1_000, 1_000_000);
        self.new_order(0, OrderTerms::market(Side::Sell, Quantity::new(1)));
    }
}

/// Returns how long one call takes on average, after a first, within a tenth of a second.
fn average(mut call: impl FnMut(u64)) -> Duration {
    let begin = Instant::now();
    let mut calls = 0;
    while calls < 3 || (calls < 100_000 && begin.elapsed().as_millis() < 100) {
        call(calls);
        calls += 1;
    }
    begin.elapsed() / u32::try_from(calls).unwrap_or(u32::MAX)
}

/// Pegged orders behind the bid, entered while the book is halted.
fn pegged(count: u64) -> Rig {
    let mut rig = Rig::new();
    rig.open();
    rig.enter(Phase::Halt);
    rig.enter(Phase::ReopeningAuction);
    for number in 0..count {
        let kind = OrderKind::Pegged { to: Peg::Touch, offset: (number % 500) as i32, limit: None };
        rig.new_order(1, OrderTerms::new(Side::Buy, Quantity::new(1), kind));
    }
    rig.enter(Phase::Continuous);
    rig
}

/// The touch that the pegged orders follow rises and falls by a tick.
fn pegs_follow(count: u64) -> Duration {
    let mut rig = pegged(count);
    average(|_| {
        let id = rig.limit(Side::Buy, MID + 1, 1);
        rig.execute(id, 0, CommandKind::Cancel);
    }) / 2
}

/// The same, for each order that moves.
fn each_peg_follows(count: u64) -> Duration {
    pegs_follow(count) / u32::try_from(count).unwrap_or(u32::MAX)
}

/// The other side's touch changes, which concerns none of them.
fn pegs_stay(count: u64) -> Duration {
    let mut rig = pegged(count);
    average(|_| {
        let id = rig.limit(Side::Sell, MID + 900, 1);
        rig.execute(id, 0, CommandKind::Cancel);
    }) / 2
}

/// Trades at rising prices: every trigger follows.
fn trailing_stops(count: u64) -> Duration {
    let mut rig = Rig::new();
    rig.open();
    for number in 0..count {
        let distance = TrailingDistance::Ticks(100_000_000 + (number % 5_000) as i64);
        let kind = OrderKind::TrailingStop { distance, protection: None };
        rig.new_order(1, OrderTerms::new(Side::Sell, Quantity::new(1), kind));
    }
    average(|call| {
        rig.limit(Side::Sell, MID + 1 + call as i64 % 900, 1);
        rig.new_order(0, OrderTerms::market(Side::Buy, Quantity::new(1)));
    })
}

/// An order comes and goes in an auction whose orders stand on as many levels, and the indicative price is
/// asked for.
fn auction(count: u64) -> Duration {
    let mut rig = Rig::new();
    rig.enter(Phase::OpeningAuction);
    for number in 0..count {
        let side = Side::BOTH[number as usize % 2];
        let away = number as i64 / 2 - count as i64 / 8;
        rig.limit(side, MID - side.sign() * away, 10);
    }
    let mut volumes = 0;
    let time = average(|call| {
        let ticks = MID + (call * 7_919 % count) as i64 / 8;
        let id = rig.limit(Side::Buy, ticks, 5);
        volumes += rig.book.indicative().map_or(0, |indicative| indicative.volume.lots());
        rig.execute(id, 0, CommandKind::Cancel);
        volumes += rig.book.indicative().map_or(0, |indicative| indicative.volume.lots());
    });
    assert!(volumes > 0);
    time / 2
}

/// A mass cancel by somebody without orders.
fn mass_cancel(count: u64) -> Duration {
    let mut rig = Rig::new();
    for number in 0..count {
        rig.limit(Side::Buy, MID - (number % 1_000) as i64, 10);
    }
    average(|_| rig.execute(0, 7, CommandKind::MassCancel { side: None }))
}

/// A mass cancel by somebody with one order, which is entered again.
fn mass_cancel_of_one(count: u64) -> Duration {
    let mut rig = Rig::new();
    for number in 0..count {
        rig.limit(Side::Buy, MID - (number % 1_000) as i64, 10);
    }
    average(|_| {
        rig.new_order(7, OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(MID - 500)));
        rig.execute(0, 7, CommandKind::MassCancel { side: None });
    })
}

/// An add and a cancel in a tree book of so many orders.
fn plain_pair(count: u64) -> Duration {
    let mut tree = TreeBook::default();
    let add = |id: u64| Op::Add { id, side: Side::Buy, ticks: MID - (id * 7_919 % 1_000) as i64, lots: 10 };
    (0..count).for_each(|id| tree.execute(&add(id)));
    average(|call| {
        tree.execute(&add(count + call));
        tree.execute(&Op::Cancel { id: count + call });
    })
}

type Measure = fn(u64) -> Duration;

const MEASURES: [(&str, Measure); 7] = [
    ("pegged orders, per change of the touch that they follow", pegs_follow),
    ("pegged orders, per change of the touch and order that moves", each_peg_follows),
    ("pegged orders, per change of another touch", pegs_stay),
    ("trailing stops, per trade at a new high", trailing_stops),
    ("indicative price of an auction, per command", auction),
    ("mass cancel by an owner without orders", mass_cancel),
    ("order and mass cancel of an owner with one order", mass_cancel_of_one),
];

pub(crate) fn run(counts: &[u64]) {
    for (name, measure) in MEASURES {
        for count in counts {
            let begin = Instant::now();
            let (time, plain) = (measure(*count), plain_pair(*count));
            let (time, plain) = (time.as_nanos() as f64, plain.as_nanos() as f64);
            println!(
                "{name}: {count}: {time:.0} ns, add and cancel in a tree {plain:.0} ns; ratio {:.1}",
                time / plain
            );
            if begin.elapsed().as_secs() > 20 {
                break;
            }
        }
    }
}
