//! Every kind of order: commands per second of a book of 10,000 orders where each new order is of one kind.

use std::collections::VecDeque;
use std::time::Instant;

use bearpit_core::book::{BookConfig, Matching, MatchingEngine, OrderBook};
use bearpit_core::kernel::{Exponential, Stream, stream};
use bearpit_core::market::{
    Command, CommandKind, Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, Side, StopLoss, TimeInForce,
    TrailingDistance,
};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, Seed, SimTime};
use rand::RngExt;
use rand_distr::Distribution;

use crate::rates::{Counter, NOW};
use crate::stream::{MID, Op};
use crate::tree::TreeBook;

/// Makes the terms of one kind from those of a limit order; `id` is the order's.
type Kind = fn(u64, OrderTerms, Price) -> OrderTerms;

const LIVE: u64 = 10_000;

/// How many orders of other kinds stand in the book at a time.
const OF_A_KIND: usize = 1_000;

const DATE: SimTime = SimTime::from_nanos(1_000_000_000);

const KINDS: [(&str, Kind); 16] = [
    ("limit", |_, limit, _| limit),
    ("market", |_, limit, _| OrderTerms::market(limit.side, limit.quantity)),
    ("market to limit", |_, limit, _| OrderTerms {
        kind: OrderKind::MarketToLimit { protection: None },
        ..limit
    }),
    ("immediate or cancel", |_, limit, _| limit.with(TimeInForce::Ioc)),
    ("fill or kill", |_, limit, _| OrderTerms {
        time_in_force: TimeInForce::Fok,
        kind: OrderKind::Market { protection: None },
        ..limit
    }),
    ("minimum quantity", |_, limit, _| OrderTerms { minimum: Some(Quantity::new(1)), ..limit }),
    ("day", |_, limit, _| limit.with(TimeInForce::Day)),
    ("good till date", |id, limit, _| {
        limit.with(TimeInForce::Gtd(SimTime::from_nanos(DATE.nanos() + id as i64 % 64)))
    }),
    ("iceberg", |_, limit, _| OrderTerms {
        display: Some(Quantity::new(limit.quantity.lots().div_ceil(4))),
        ..limit
    }),
    ("post only, slides", |_, limit, _| OrderTerms { post_only: PostOnly::Slide, ..limit }),
    ("self-trade prevention", |_, limit, _| OrderTerms { self_trade: SelfTrade::CancelOldest, ..limit }),
    ("stop", |_, limit, away| OrderTerms {
        kind: OrderKind::Stop { trigger: away, protection: None },
        ..limit
    }),
    ("stop limit", |_, limit, away| OrderTerms {
        kind: OrderKind::StopLimit { trigger: away, limit: away },
        ..limit
    }),
    ("trailing stop", |id, limit, _| OrderTerms {
        kind: OrderKind::TrailingStop {
            distance: TrailingDistance::Ticks(20 + id as i64 % 64),
            protection: None,
        },
        ..limit
    }),
    ("pegged", |id, limit, _| OrderTerms {
        kind: OrderKind::Pegged { to: Peg::Touch, offset: id as i32 % 16, limit: None },
        ..limit
    }),
    ("bracket", |_, limit, away| {
        let (Some(price), sign) = (limit.kind.limit(), limit.side.sign()) else { return limit };
        let (take_profit, stop_loss) = (price + sign * 40, price - sign * (40 + (away - price).abs()));
        OrderTerms {
            link: Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(StopLoss::at(stop_loss)) },
            ..limit
        }
    }),
];

struct Maker {
    rng: Stream,
    next: u64,
}

impl Maker {
    fn limit(&mut self) -> (u64, OrderTerms, Price) {
        let side = if self.rng.random::<bool>() { Side::Buy } else { Side::Sell };
        let distance = Exponential { mean: 12.0 }.sample(&mut self.rng) as i64 + 1;
        let through = self.rng.random_range(0..100) < 4;
        let behind = if through { -2 } else { distance };
        let at = |behind: i64| Price::new(MID - side.sign() * behind);
        let quantity = Quantity::new(self.rng.random_range(1..=100));
        // A bracket reserves the two ids after its own.
        self.next += 3;
        (self.next, OrderTerms::limit(side, quantity, at(behind)), at(-behind - 20))
    }

    /// Plain orders that fill the book; then by turns an order of the kind, a plain one, a market order, and
    /// the cancel of an old one of either sort.
    fn commands(&mut self, kind: Kind, count: usize) -> (Vec<Command>, Vec<Command>) {
        let new = |id, terms| command(id, CommandKind::New(terms));
        let (mut plain, mut of_kind) = (VecDeque::new(), VecDeque::new());
        let mut prefill = Vec::new();
        for _ in 0..LIVE {
            let (id, limit, _) = self.limit();
            plain.push_back(id);
            prefill.push(new(id, limit));
        }
        let mut timed = Vec::with_capacity(count + 4);
        while timed.len() < count {
            let (id, limit, away) = self.limit();
            of_kind.push_back(id);
            timed.push(new(id, kind(id, limit, away)));
            let (id, limit, _) = self.limit();
            plain.push_back(id);
            timed.push(new(id, limit));
            if self.rng.random_range(0..5) == 0 {
                let (id, limit, _) = self.limit();
                timed.push(new(id, OrderTerms::market(limit.side, limit.quantity)));
            }
            timed.extend(plain.pop_front().map(|id| command(id, CommandKind::Cancel)));
            if of_kind.len() > OF_A_KIND {
                timed.extend(of_kind.pop_front().map(|id| command(id, CommandKind::Cancel)));
            }
        }
        (prefill, timed)
    }
}

fn command(id: u64, kind: CommandKind) -> Command {
    Command {
        order: OrderId::new(id),
        owner: ActorId::new(id as u32 % 100),
        listing: ListingId::new(0),
        kind,
    }
}

/// Returns the command as the tree book takes it: of each order its limit only, or all of it at market.
fn plain(command: &Command) -> Op {
    let id = command.order.get();
    match command.kind {
        CommandKind::New(terms) => {
            let lots = terms.quantity.lots() as u32;
            match terms.kind {
                OrderKind::Limit(price) => Op::Add { id, side: terms.side, ticks: price.ticks(), lots },
                _ => Op::Market { id, side: terms.side, lots: 0 },
            }
        }
        _ => Op::Cancel { id },
    }
}

/// Returns how many million commands a second an engine does, and how many it does at all in the time.
fn rate(timed: &[Command], mut execute: impl FnMut(&Command)) -> f64 {
    let begin = Instant::now();
    let mut done = 0;
    for commands in timed.chunks(128) {
        commands.iter().for_each(&mut execute);
        done += commands.len();
        if begin.elapsed().as_secs() >= 2 {
            break;
        }
    }
    done as f64 / begin.elapsed().as_secs_f64() / 1e6
}

pub(crate) fn run(count: usize) {
    for (name, kind) in KINDS {
        report(name, BookConfig::default(), kind, count);
    }
    for (name, matching) in
        [("pro rata", Matching::ProRata), ("top share", Matching::TopShare { percent: 40 })]
    {
        report(name, BookConfig { matching, ..BookConfig::default() }, KINDS[0].1, count);
    }
}

fn report(name: &str, config: BookConfig, kind: Kind, count: usize) {
    let mut maker = Maker { rng: stream(Seed::new(11), "kinds"), next: 0 };
    let (prefill, timed) = maker.commands(kind, count);
    let mut sink = Counter::default();
    let mut book = OrderBook::new(config);
    prefill.iter().for_each(|command| book.execute(NOW, command, &mut sink));
    let engine = rate(&timed, |command| book.execute(NOW, command, &mut sink));
    let mut tree = TreeBook::default();
    prefill.iter().for_each(|command| tree.execute(&plain(command)));
    let tree = rate(&timed, |command| tree.execute(&plain(command)));
    println!(
        "{name}: million commands/s: engine {engine:.2}, tree (limits only) {tree:.2}; engine/tree {:.2}",
        engine / tree
    );
}
