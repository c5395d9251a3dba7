//! Operations per second of the order book, beside a plain book of the standard library's collections.
//!
//! The stream is made beforehand from a seed, and only the engine is timed: half limit orders at
//! geometric distances from a mid that drifts (4% of them aggressive), 40% cancels of a random live
//! order (an add instead while the book is below its size), 5% replaces, 5% market orders, quantities 1 to
//! 100.
//!
//! `cargo bench --bench book`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use bearpit::book::{BookEvent, MatchingEngine, OrderBook};
use bearpit::kernel::{Exponential, Stream, stream};
use bearpit::market::{Command, CommandKind, OrderKind, OrderTerms, Side};
use bearpit::units::{ActorId, ListingId, OrderId, Price, Quantity, Seed};
use rand::RngExt;
use rand_distr::Distribution;

const REPETITIONS: usize = 5;

/// A stream of commands: a prefill, and what is timed.
struct Traffic {
    name: &'static str,
    prefill: Vec<Command>,
    timed: Vec<Command>,
}

/// Makes commands, following which orders are live by running them through an engine.
struct Maker {
    rng: Stream,
    mid: i64,
    spread_of_depths: f64,
    /// How many orders should rest: below, a cancel becomes an add, so that the book keeps its size.
    target: usize,
    book: OrderBook,
    live: Vec<OrderId>,
    /// Where each order is in `live`, and its side.
    places: HashMap<OrderId, (usize, Side)>,
    next: u64,
    events: Vec<BookEvent>,
}

impl Maker {
    fn new(spread_of_depths: f64, target: usize) -> Self {
        Self {
            rng: stream(Seed::new(7), "book bench"),
            mid: 1_000_000,
            spread_of_depths,
            target,
            book: OrderBook::new(),
            live: Vec::new(),
            places: HashMap::new(),
            next: 0,
            events: Vec::new(),
        }
    }

    fn quantity(&mut self) -> Quantity {
        Quantity::new(self.rng.random_range(1..=100))
    }

    fn price(&mut self, side: Side) -> Price {
        let aggressive = self.rng.random::<f64>() < 0.04;
        #[expect(clippy::cast_possible_truncation, reason = "distances are small")]
        let distance = Exponential { mean: self.spread_of_depths }.sample(&mut self.rng) as i64 + 1;
        let away = if aggressive { -self.rng.random_range(0..=2) } else { distance };
        Price::new(self.mid - side.sign() * away)
    }

    fn add(&mut self) -> Command {
        let side = if self.rng.random::<bool>() { Side::Buy } else { Side::Sell };
        let terms = OrderTerms::limit(side, self.quantity(), self.price(side));
        self.new_order(terms)
    }

    fn new_order(&mut self, terms: OrderTerms) -> Command {
        // Ids are arbitrary numbers, as clients choose them; an odd factor makes each unique.
        self.next += 1;
        let order = OrderId::new(self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Command { order, owner: ActorId::new(0), listing: ListingId::new(0), kind: CommandKind::New(terms) }
    }

    fn any_live(&mut self) -> OrderId {
        let index = self.rng.random_range(0..self.live.len());
        self.live[index]
    }

    fn command(&mut self) -> Command {
        if self.rng.random::<f64>() < 0.02 {
            self.mid += if self.rng.random::<bool>() { 1 } else { -1 };
        }
        let dice = self.rng.random::<f64>();
        let (owner, listing) = (ActorId::new(0), ListingId::new(0));
        if dice < 0.50 || self.live.len() < 10 {
            self.add()
        } else if dice < 0.90 && self.live.len() >= self.target {
            Command { order: self.any_live(), owner, listing, kind: CommandKind::Cancel }
        } else if dice < 0.90 {
            self.add()
        } else if dice < 0.95 {
            let order = self.any_live();
            let side = self.places.get(&order).map_or(Side::Buy, |(_, side)| *side);
            let kind = CommandKind::Replace { price: self.price(side), quantity: self.quantity() };
            Command { order, owner, listing, kind }
        } else {
            let side = if self.rng.random::<bool>() { Side::Buy } else { Side::Sell };
            let terms = OrderTerms::market(side, self.quantity());
            self.new_order(terms)
        }
    }

    /// Runs a command, so that the next can refer to what is live after it.
    fn follow(&mut self, command: &Command) {
        self.events.clear();
        self.book.execute(command, &mut self.events);
        let mut rests = matches!(command.kind, CommandKind::New(_));
        for event in std::mem::take(&mut self.events) {
            match event {
                BookEvent::Traded { maker_order, maker_leaves, taker_order, taker_leaves, .. } => {
                    if maker_leaves.is_zero() {
                        self.forget(maker_order);
                    }
                    if taker_leaves.is_zero() {
                        self.forget(taker_order);
                        rests = false;
                    }
                }
                BookEvent::Canceled { order, .. } => {
                    self.forget(order);
                    rests = false;
                }
                BookEvent::Rejected { .. } => rests = false,
                _ => {}
            }
        }
        if let (true, CommandKind::New(terms)) = (rests, command.kind) {
            self.places.insert(command.order, (self.live.len(), terms.side));
            self.live.push(command.order);
        }
    }

    fn forget(&mut self, order: OrderId) {
        if let Some((place, _)) = self.places.remove(&order) {
            self.live.swap_remove(place);
            if let Some(moved) = self.live.get(place)
                && let Some((moved_place, _)) = self.places.get_mut(moved)
            {
                *moved_place = place;
            }
        }
    }
}

fn traffic(name: &'static str, live: usize, depths: f64, operations: usize) -> Traffic {
    let mut maker = Maker::new(depths, live);
    let mut prefill = Vec::new();
    while maker.live.len() < live {
        let command = maker.add();
        maker.follow(&command);
        prefill.push(command);
    }
    let mut timed = Vec::with_capacity(operations);
    for _ in 0..operations {
        let command = maker.command();
        maker.follow(&command);
        timed.push(command);
    }
    let levels = maker.book.levels(Side::Buy).len() + maker.book.levels(Side::Sell).len();
    println!(
        "{name}: {} operations, at the end {} live orders on {levels} levels",
        operations,
        maker.live.len()
    );
    Traffic { name, prefill, timed }
}

/// The book that one would write in an afternoon: a tree of queues, and a table of ids.
#[derive(Default)]
struct PlainBook {
    bids: BTreeMap<i64, VecDeque<(OrderId, u64)>>,
    asks: BTreeMap<i64, VecDeque<(OrderId, u64)>>,
    places: HashMap<OrderId, (Side, i64)>,
    trades: u64,
}

impl PlainBook {
    fn sweep(&mut self, side: Side, limit: Option<i64>, mut lots: u64) -> u64 {
        while lots > 0 {
            let best = match side {
                Side::Buy => self.asks.first_entry(),
                Side::Sell => self.bids.last_entry(),
            };
            let Some(mut level) = best else { break };
            if limit.is_some_and(|limit| side.sign() * level.key() > side.sign() * limit) {
                break;
            }
            while lots > 0 {
                let Some((id, open)) = level.get_mut().front_mut() else { break };
                let traded = lots.min(*open);
                lots -= traded;
                *open -= traded;
                self.trades += 1;
                if *open == 0 {
                    self.places.remove(id);
                    level.get_mut().pop_front();
                }
            }
            if level.get().is_empty() {
                level.remove();
            }
        }
        lots
    }

    fn add(&mut self, id: OrderId, side: Side, price: i64, lots: u64) {
        let left = self.sweep(side, Some(price), lots);
        if left > 0 {
            let half = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
            half.entry(price).or_default().push_back((id, left));
            self.places.insert(id, (side, price));
        }
    }

    fn cancel(&mut self, id: OrderId) -> Option<Side> {
        let (side, price) = self.places.remove(&id)?;
        let half = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let queue = half.get_mut(&price)?;
        queue.retain(|(other, _)| *other != id);
        if queue.is_empty() {
            half.remove(&price);
        }
        Some(side)
    }

    fn execute(&mut self, command: &Command) {
        match command.kind {
            CommandKind::New(terms) => match terms.kind {
                OrderKind::Limit(price) => {
                    self.add(command.order, terms.side, price.ticks(), terms.quantity.lots())
                }
                OrderKind::Market { .. } => {
                    self.sweep(terms.side, None, terms.quantity.lots());
                }
            },
            CommandKind::Cancel => {
                self.cancel(command.order);
            }
            CommandKind::Replace { price, quantity } => {
                if let Some(side) = self.cancel(command.order) {
                    self.add(command.order, side, price.ticks(), quantity.lots());
                }
            }
        }
    }
}

/// Returns millions of operations per second, and how many events came out.
fn time_engine(traffic: &Traffic) -> (f64, usize) {
    let mut book = OrderBook::new();
    let mut events = Vec::with_capacity(1_024);
    for command in &traffic.prefill {
        events.clear();
        book.execute(command, &mut events);
    }
    let mut total = 0;
    let begin = Instant::now();
    for command in &traffic.timed {
        events.clear();
        book.execute(command, &mut events);
        total += events.len();
    }
    (traffic.timed.len() as f64 / begin.elapsed().as_secs_f64() / 1e6, total)
}

fn time_plain(traffic: &Traffic) -> (f64, u64) {
    let mut book = PlainBook::default();
    traffic.prefill.iter().for_each(|command| book.execute(command));
    let begin = Instant::now();
    traffic.timed.iter().for_each(|command| book.execute(command));
    (traffic.timed.len() as f64 / begin.elapsed().as_secs_f64() / 1e6, book.trades)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let streams = [traffic("A", 10_000, 15.0, 2_000_000), traffic("B", 1_000_000, 600.0, 1_000_000)];
    for traffic in &streams {
        let (mut engine, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            engine.push(time_engine(traffic).0);
            plain.push(time_plain(traffic).0);
        }
        let (engine, plain) = (median(engine), median(plain));
        println!(
            "{}: order book {engine:.1} million operations/s, plain book {plain:.1}, ratio {:.1} (median of {REPETITIONS})",
            traffic.name,
            engine / plain,
        );
    }
}
