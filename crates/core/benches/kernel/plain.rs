//! Plain forms of the markets: loops that send a bare book what the agents would send it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use bearpit_core::book::{BookConfig, BookEvent, MatchingEngine, OrderBook};
use bearpit_core::kernel::{Stream, stream};
use bearpit_core::market::{Command, CommandKind, OrderTerms, Phase, Side};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, Seed, SimTime};
use rand::RngExt;

use super::markets::{Noise, RandomConfig, RandomGroups};

/// A book, and the ids it has given.
struct PlainBook {
    book: OrderBook,
    events: Vec<BookEvent>,
    next: u64,
    now: SimTime,
}

impl PlainBook {
    fn new() -> Self {
        let mut events = Vec::new();
        let mut book = OrderBook::new(BookConfig::default());
        let now = SimTime::from_nanos(0);
        book.enter_phase(now, Phase::Continuous, &mut events);
        Self { book, events, next: 0, now }
    }

    fn execute(&mut self, order: OrderId, owner: u32, kind: CommandKind) {
        self.events.clear();
        let command = Command { order, owner: ActorId::new(owner), listing: ListingId::new(0), kind };
        self.book.execute(self.now, &command, &mut self.events);
    }

    fn submit(&mut self, owner: u32, terms: OrderTerms) -> OrderId {
        let order = OrderId::new(self.next);
        self.next += 1;
        self.execute(order, owner, CommandKind::New(terms));
        order
    }
}

/// Acts as the noise traders do, around the book's own touch; returns how many orders were sent.
pub(crate) fn noise(noise: &Noise) -> u64 {
    let mut rng = stream(Seed::new(42), "plain");
    let mut book = PlainBook::new();
    let mut open: Vec<VecDeque<(i64, OrderId)>> = vec![VecDeque::new(); noise.traders as usize];
    let mut alarms = BinaryHeap::new();
    let interval = Noise::INTERVAL.secs_f64();
    for trader in 0..noise.traders {
        alarms.push(Reverse((pause(&mut rng, interval), trader)));
    }
    for (side, ticks) in [(Side::Buy, 9_998), (Side::Sell, 10_002)] {
        book.submit(noise.traders, OrderTerms::limit(side, Quantity::new(10_000_000), Price::new(ticks)));
    }
    let end = noise.seconds * 1_000_000_000;
    while let Some(Reverse((now, trader))) = alarms.pop()
        && now < end
    {
        book.now = SimTime::from_nanos(now);
        let own = &mut open[trader as usize];
        while let Some((sent, order)) = own.front().copied()
            && sent < now - Noise::PATIENCE.nanos()
        {
            own.pop_front();
            book.execute(order, trader, CommandKind::Cancel);
        }
        if let Some(terms) = noise_order(&mut rng, &book.book) {
            own.push_back((now, book.submit(trader, terms)));
        }
        alarms.push(Reverse((now + pause(&mut rng, interval), trader)));
    }
    book.next
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
fn noise_order(rng: &mut Stream, book: &OrderBook) -> Option<OrderTerms> {
    let side = if rng.random::<bool>() { Side::Buy } else { Side::Sell };
    let quantity = Quantity::new(rng.random_range(1..=Noise::LOTS_MAX));
    if rng.random::<f64>() < Noise::MARKET_SHARE {
        return Some(OrderTerms::market(side, quantity));
    }
    let quote = book.quote();
    let opposite = match side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    let distance = exponential(rng, Noise::DEPTH_TICKS) as i64 + 1;
    let price = Price::new(opposite?.price.ticks() - side.sign() * distance);
    Some(OrderTerms::limit(side, quantity, price))
}

fn exponential(rng: &mut Stream, mean: f64) -> f64 {
    -mean * libm::log(1.0 - rng.random::<f64>())
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
fn pause(rng: &mut Stream, mean: f64) -> i64 {
    (exponential(rng, mean) * 1e9) as i64
}

/// Acts as the random agents do; returns how many orders and cancels were sent.
pub(crate) fn random(groups: &RandomGroups) -> u64 {
    let mut rng = stream(Seed::new(42), "plain");
    let mut book = PlainBook::new();
    let [first, second] = RandomGroups::CONFIGS;
    let configs: Vec<RandomConfig> =
        (0..2 * groups.agents).map(|agent| if agent < groups.agents { first } else { second }).collect();
    let mut open: Vec<Option<OrderId>> = vec![None; configs.len()];
    let mut sent = 0;
    for step in 0..groups.steps {
        book.now = SimTime::from_nanos(step);
        for (owner, (config, order)) in (0..).zip(configs.iter().zip(&mut open)) {
            if rng.random::<f64>() >= config.activity {
                continue;
            }
            sent += 1;
            *order = if let Some(order) = *order {
                book.execute(order, owner, CommandKind::Cancel);
                None
            } else {
                let side = if rng.random::<bool>() { Side::Buy } else { Side::Sell };
                let price = Price::new(rng.random_range(config.ticks[0]..config.ticks[1]));
                let quantity = Quantity::new(rng.random_range(config.lots[0]..config.lots[1]));
                Some(book.submit(owner, OrderTerms::limit(side, quantity, price)))
            };
        }
    }
    sent
}
