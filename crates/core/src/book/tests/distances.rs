//! Levels near each other and far apart as the touch jumps: levels, touch and queues stay right, and memory
//! follows the orders.

use std::collections::BTreeMap;

use rand::RngExt;

use super::traffic::rng;
use super::*;
use crate::market::QuoteLevel;

const EDGE: i64 = Price::MAX_TICKS;

/// The bids of a naive book: for each price its queue of ids and lots.
#[derive(Default)]
struct Plain {
    queues: BTreeMap<i64, Vec<(OrderId, Quantity)>>,
    prices: BTreeMap<u64, i64>,
}

/// A book with bids only, and what should be in it.
struct Bids {
    book: OrderBook,
    plain: Plain,
    next: u64,
}

impl Bids {
    fn new() -> Self {
        Self { book: OrderBook::default(), plain: Plain::default(), next: 0 }
    }

    fn do_it(&mut self, order: u64, kind: CommandKind) {
        self.book.execute(at(0), &command(order, 0, kind), &mut Vec::new());
        assert_eq!(
            self.book.quote().bid.map(|bid| bid.price.ticks()),
            self.plain.queues.keys().last().copied()
        );
    }

    fn add(&mut self, ticks: i64) -> u64 {
        let (order, lots) = (self.next, Quantity::new(self.next % 7 + 1));
        self.next += 1;
        self.plain.queues.entry(ticks).or_default().push((OrderId::new(order), lots));
        self.plain.prices.insert(order, ticks);
        self.do_it(order, CommandKind::New(OrderTerms::limit(Side::Buy, lots, Price::new(ticks))));
        order
    }

    fn cancel(&mut self, order: u64) {
        let Some(ticks) = self.plain.prices.remove(&order) else { return };
        let queue = self.plain.queues.get_mut(&ticks).unwrap();
        queue.retain(|(id, _)| id.get() != order);
        if queue.is_empty() {
            self.plain.queues.remove(&ticks);
        }
        self.do_it(order, CommandKind::Cancel);
    }

    /// Checks touch, levels and queues, and the invariants of any book.
    fn check(&self) {
        let level = |(ticks, queue): (&i64, &Vec<(OrderId, Quantity)>)| QuoteLevel {
            price: Price::new(*ticks),
            size: queue.iter().map(|(_, lots)| *lots).sum(),
        };
        let levels: Vec<QuoteLevel> = self.plain.queues.iter().rev().map(level).collect();
        assert_eq!(self.book.quote().bid, levels.first().copied());
        assert_eq!(self.book.levels(Side::Buy), levels);
        for (ticks, queue) in &self.plain.queues {
            assert!(self.book.queue(Side::Buy, Price::new(*ticks)).eq(queue.iter().copied()), "at {ticks}");
        }
        assert_eq!(check_invariants(&self.book), Ok(()));
        // A page or a branching for each level at most.
        assert!(self.book.index_nodes(Side::Buy) <= 2 * levels.len());
    }
}

#[test]
fn all_stays_right_as_the_touch_jumps() {
    let mut rng = rng(1);
    for (spread, jumps) in [(300, 900), (3_000, 5_000), (20_000, 90_000), (EDGE / 2, EDGE / 3)] {
        let mut bids = Bids::new();
        let mut centre = 0_i64;
        for number in 0..3_000_u64 {
            if number % 50 == 0 {
                centre = (centre + rng.random_range(-jumps..=jumps)).clamp(-EDGE / 2, EDGE / 2);
            }
            if rng.random_range(0..100) < 45 {
                // Mostly the best, so that what is near empties and what is far becomes the touch.
                let best = bids.plain.queues.last_key_value().map(|(_, queue)| queue[0].0.get());
                let order = if rng.random_range(0..3) > 0 { best } else { None };
                bids.cancel(order.unwrap_or_else(|| rng.random_range(0..bids.next.max(1))));
            } else {
                bids.add(centre + rng.random_range(-spread..=spread));
            }
            if number % 100 == 0 {
                bids.check();
            }
        }
        bids.check();
    }
}

#[test]
fn many_levels_come_and_go_and_leave_nothing() {
    let mut rng = rng(2);
    let mut bids = Bids::new();
    let levels: i64 = 30_000;
    for number in 0..levels {
        // All multiples of three in an order that looks random: the factor has no divisor of the count.
        bids.add(-3 * (number * 7_919 % levels));
    }
    bids.check();
    for _ in 0..40_000 {
        bids.add(-rng.random_range(0..EDGE));
    }
    bids.check();
    for order in 0..bids.next {
        bids.cancel(order);
    }
    assert!(bids.book.is_empty());
    assert_eq!(bids.book.index_nodes(Side::Buy), 0);
    for ticks in [EDGE, -EDGE, 0, EDGE - 1, 5] {
        bids.add(ticks);
    }
    bids.check();
}

#[test]
fn a_touch_before_a_gap_comes_and_goes_without_a_trace() {
    for (levels, gap) in [(1, 70), (1_000, 1_000), (30_000, 100_000)] {
        let mut bids = Bids::new();
        (0..levels).for_each(|number| {
            bids.add(-gap - number);
        });
        let before = bids.book.index_nodes(Side::Buy);
        for number in 0..200 {
            let touch = bids.add(number % 3);
            let beside = bids.add(number % 3 - 1);
            bids.cancel(touch);
            bids.cancel(beside);
        }
        assert_eq!(bids.book.index_nodes(Side::Buy), before);
        bids.check();
    }
}

/// Fills a book with so many orders, far apart, on both sides.
fn scattered(book: &mut OrderBook, orders: u64) {
    let step = EDGE / i64::try_from(orders).unwrap();
    for number in 0..orders {
        let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
        let distance = step * i64::try_from(number * 7_919 % orders + 1).unwrap();
        let terms = OrderTerms::limit(side, Quantity::new(1), Price::new(-side.sign() * distance));
        book.execute(at(0), &command(number, 0, CommandKind::New(terms)), &mut Vec::new());
    }
    assert_eq!(book.len() as u64, orders);
}

#[test]
fn memory_follows_the_orders_however_far_apart_they_are() {
    // An order has 64 bytes, an entry of the table of ids 8, a level 24, in the window or in the tree;
    // arrays that grow are up to twice as long as need be, and a window up to eight times.
    const BYTES_EACH: i64 = 400;
    const BYTES_BESIDES: i64 = 64 * 1024;
    for orders in [100, 1_000, 10_000, 100_000] {
        let mut book = OrderBook::default();
        let used = allocation_counter::measure(|| scattered(&mut book, orders));
        let bound = BYTES_BESIDES + BYTES_EACH * i64::try_from(orders).unwrap();
        assert!(used.bytes_current <= bound, "{orders} orders use {} bytes", used.bytes_current);
    }
}

#[test]
fn a_book_that_was_emptied_works_on_in_the_same_memory() {
    let empty = |book: &mut OrderBook| {
        book.execute(at(0), &command(0, 0, CommandKind::MassCancel { side: None }), &mut Vec::new());
        assert!(book.is_empty());
        assert_eq!((book.quote().bid, book.quote().ask), (None, None));
        assert_eq!(check_invariants(book), Ok(()));
    };
    let mut book = OrderBook::default();
    scattered(&mut book, 10_000);
    empty(&mut book);
    let used = allocation_counter::measure(|| {
        for _ in 0..5 {
            scattered(&mut book, 10_000);
            empty(&mut book);
        }
    });
    assert!(used.bytes_current <= 0, "{} bytes more than before", used.bytes_current);
    let mut fresh = OrderBook::default();
    for number in 0..200_u64 {
        let side = Side::BOTH[usize::from(number % 3 == 0)];
        let ticks = i64::try_from(number * 31 % 17).unwrap();
        let terms = OrderTerms::limit(side, Quantity::new(number % 5 + 1), Price::new(1_000_000 + ticks));
        let order = command(number, 0, CommandKind::New(terms));
        let (mut events, mut expected) = (Vec::new(), Vec::new());
        book.execute(at(0), &order, &mut events);
        fresh.execute(at(0), &order, &mut expected);
        assert_eq!(events, expected);
        assert_eq!((book.quote(), book.levels(side)), (fresh.quote(), fresh.levels(side)));
    }
}
