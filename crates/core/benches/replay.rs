//! Nanoseconds that a replayed bar takes, layer by layer: the bar itself (points of its path, facts, digest),
//! a reader of bars, an order at each open, a limit order inside of each bar; and what the digest is of it.
//!
//! Then rows of trades and quotes, in turns: alone, with a reader of quotes and trades, with a waiting order,
//! with an order at every tenth row.
//!
//! Bars of a minute round the clock, rows 20 milliseconds apart, nothing recorded. Each figure is the best of
//! several turns; the ratios are of one machine in one run.
//!
//! `cargo bench -p bearpit-core --bench replay`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::Instant;

use actix::{Actor, Handler};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{ListingConfig, Market, MarketBuilder};
use bearpit_core::kernel::{DigestWriter, Wakeup};
use bearpit_core::market::{
    ExecutionReport, Fees, Instrument, OrderTerms, Quote, QuoteLevel, Side, TimeInForce,
};
use bearpit_core::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit_core::replay::{
    FillRules, KnownSizes, QuoteTick, ReplayBar, ReplayConfig, TickConfig, TradeTick,
};
use bearpit_core::units::{ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const BARS: i64 = 100_000;
const ROWS: i64 = 1_000_000;
const TURNS: usize = 7;
const LISTING: ListingId = ListingId::new(0);
const MINUTE: SimDuration = SimDuration::from_secs(60);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a reader of bars does with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Nothing.
    Reads,
    /// Buys or sells ten at the next open, in turns.
    Trades,
    /// Bids one tick below the last close, for the next bar only.
    Bids,
}

struct Reader {
    habit: Habit,
    bars: u64,
}

impl Actor for Reader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.subscribe(LISTING, Feed::Bars(MINUTE.into())).ok();
    }
}

impl Handler<MarketData> for Reader {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let Update::Bar(bar) = data.update else { return };
        self.bars += 1;
        let ten = Quantity::new(10);
        let terms = match self.habit {
            Habit::Reads => return,
            Habit::Trades if self.bars % 2 == 1 => OrderTerms::market(Side::Buy, ten),
            Habit::Trades => OrderTerms::market(Side::Sell, ten),
            Habit::Bids => {
                OrderTerms::limit(Side::Buy, Quantity::new(1), bar.close - 1).with(TimeInForce::Ioc)
            }
        };
        ctx.submit(LISTING, terms).ok();
    }
}

bearpit_core::ignore_messages!(Reader: Wakeup, ExecutionReport);

/// A walk of bars that needs no randomness.
fn bars(open: SimTime) -> Vec<ReplayBar> {
    let bar = |number: i64| {
        let base = 10_000 + (number * 7_919) % 400 - 200;
        let start = open + SimDuration::from_secs(60 * number);
        ReplayBar {
            start,
            end: start + MINUTE,
            open: Price::new(base),
            high: Price::new(base + 40),
            low: Price::new(base - 35),
            close: Price::new(base + (number * 31) % 60 - 30),
            volume: Some(Quantity::new(1_000)),
        }
    };
    (0..BARS).map(bar).collect()
}

fn market(habit: Option<Habit>) -> Result<Market> {
    let open: SimTime = "2024-01-01".parse()?;
    let close = open + SimDuration::from_secs(60 * (BARS + 1));
    let mut builder = MarketBuilder::new(Seed::new(1), open, close)?;
    builder.bar_interval(MINUTE);
    builder.sample_interval(SimDuration::from_secs(86_400));
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let config = ReplayConfig::new(bars(open), SimDuration::from_secs(1));
    builder
        .listing_config(LISTING, ListingConfig { replay: Some(config.into()), ..ListingConfig::default() });
    if let Some(habit) = habit {
        let account = AccountConfig { cash: Money::from_whole(1_000_000_000), ..AccountConfig::default() };
        let reader = Reader { habit, bars: 0 };
        builder.agent("reader", ParticipantConfig::new("reader").with_account(account), reader)?;
    }
    Ok(builder.open()?)
}

/// What a reader of trades and quotes does with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TickHabit {
    /// Nothing.
    Reads,
    /// Nothing, but has a bid far below the market.
    Waits,
    /// Buys or sells one at every tenth row, in turns.
    Trades,
}

struct TickReader {
    habit: TickHabit,
    rows: u64,
}

impl Actor for TickReader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if self.habit == TickHabit::Waits {
            ctx.submit(LISTING, OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(1))).ok();
        } else {
            ctx.subscribe(LISTING, Feed::Quotes).ok();
            ctx.subscribe(LISTING, Feed::Trades).ok();
        }
    }
}

impl Handler<MarketData> for TickReader {
    type Result = ();

    fn handle(&mut self, _: MarketData, ctx: &mut Context) {
        self.rows += 1;
        if self.habit == TickHabit::Trades && self.rows.is_multiple_of(10) {
            let side = if self.rows.is_multiple_of(20) { Side::Sell } else { Side::Buy };
            ctx.submit(LISTING, OrderTerms::market(side, Quantity::new(1))).ok();
        }
    }
}

bearpit_core::ignore_messages!(TickReader: Wakeup, ExecutionReport);

/// A walk of quotes, each of which is followed by a trade at one of its sides; half of the rows are trades.
fn ticks(open: SimTime) -> TickConfig {
    let time = |number: i64| open + SimDuration::from_millis(20 * number);
    let base = |number: i64| 10_000 + (number * 7_919) % 40 - 20;
    let size = |number: i64| Quantity::new(u64::try_from(1 + number % 17).unwrap_or(1));
    let quote = |number: i64| {
        let level = |price| QuoteLevel { price: Price::new(price), size: size(number) };
        let quote = Quote { bid: Some(level(base(number) - 1)), ask: Some(level(base(number) + 1)) };
        QuoteTick::new(time(2 * number), &quote)
    };
    let trade = |number: i64| TradeTick {
        time: time(2 * number + 1),
        price: Price::new(base(number) + 1 - 2 * (number % 2)),
        quantity: size(number),
    };
    TickConfig {
        trades: (0..ROWS / 2).map(trade).collect(),
        quotes: (0..ROWS / 2).map(quote).collect(),
        known: KnownSizes::ALL,
        min_price: Price::new(1),
        day_begins: SimDuration::ZERO,
        rules: FillRules::default(),
    }
}

fn tick_market(config: &TickConfig, habit: Option<TickHabit>) -> Result<Market> {
    let open: SimTime = "2024-01-01".parse()?;
    let mut builder =
        MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_millis(20 * (ROWS + 1)))?;
    builder.bar_interval(MINUTE);
    builder.sample_interval(SimDuration::from_secs(86_400));
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let replay = Some(config.clone().into());
    builder.listing_config(LISTING, ListingConfig { replay, ..ListingConfig::default() });
    if let Some(habit) = habit {
        let account = AccountConfig { cash: Money::from_whole(1_000_000_000), ..AccountConfig::default() };
        let reader = TickReader { habit, rows: 0 };
        builder.agent("reader", ParticipantConfig::new("reader").with_account(account), reader)?;
    }
    Ok(builder.open()?)
}

/// The best time of a bar or row, in nanoseconds, and the facts that it has.
fn measure(rows: i64, lay_out: impl Fn() -> Result<Market>) -> Result<(f64, f64)> {
    let mut best = f64::INFINITY;
    let mut facts = 0.0;
    for _ in 0..TURNS {
        let mut market = lay_out()?;
        let begin = Instant::now();
        market.run()?;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        {
            best = best.min(begin.elapsed().as_secs_f64() * 1e9 / rows as f64);
            facts = market.world().domain().tape().facts() as f64 / rows as f64;
        }
    }
    Ok((best, facts))
}

/// The time that hashing so many bytes takes, in nanoseconds.
fn hashing(bytes: usize) -> f64 {
    let block = vec![7_u8; bytes];
    let mut best = f64::INFINITY;
    for _ in 0..TURNS {
        let mut digest = DigestWriter::new();
        let begin = Instant::now();
        for _ in 0..BARS {
            digest.absorb(|out| out.extend_from_slice(&block));
        }
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        {
            best = best.min(begin.elapsed().as_secs_f64() * 1e9 / BARS as f64);
        }
        std::hint::black_box(digest.digest());
    }
    best
}

fn main() -> Result<()> {
    println!("{BARS} bars of a minute, best of {TURNS} turns, ns a bar (facts a bar):");
    let layers = [
        ("the bar: path, phases, facts, digest", None),
        ("with a reader of bars", Some(Habit::Reads)),
        ("with a limit order in each bar, which ends", Some(Habit::Bids)),
        ("with a market order at each open", Some(Habit::Trades)),
    ];
    let mut bare = 0.0;
    for (layer, habit) in layers {
        let (nanos, facts) = measure(BARS, || market(habit))?;
        if habit.is_none() {
            bare = nanos;
        }
        println!("  {layer:<44} {nanos:7.0} ({facts:4.1})  {:5.2} of the bar", nanos / bare);
    }
    let config = ticks("2024-01-01".parse()?);
    println!("{ROWS} trades and quotes, best of {TURNS} turns, ns a row (facts a row):");
    let layers = [
        ("the row: quote or trade, fact, digest", None),
        ("with a reader of both", Some(TickHabit::Reads)),
        ("with an order that waits", Some(TickHabit::Waits)),
        ("with a market order at every tenth row", Some(TickHabit::Trades)),
    ];
    for (layer, habit) in layers {
        let (nanos, facts) = measure(ROWS, || tick_market(&config, habit))?;
        println!("  {layer:<44} {nanos:7.0} ({facts:4.1})  {:5.2} of the bar", nanos / bare);
    }
    println!("  {:<44} {:7.0}", "hashing 300 bytes, as the facts of a bar have", hashing(300));
    Ok(())
}
