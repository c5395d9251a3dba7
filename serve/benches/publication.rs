//! What publication costs the market thread, a fact, and what a thousand readers add to it.
//!
//! `cargo bench -p bearpit-serve --bench publication` prints nanoseconds of the market thread's own processor
//! time for each fact: as fast as it goes, without readers and with a thousand subscriptions; the whole day
//! in one batch, as after a crash. Then, paced as a live market is, the time that a batch takes, and the time
//! from publication to reader.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bearpit_agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{MarketBuilder, ProcessConfig};
use bearpit_core::market::{Fact, Fees, Instrument, SinkError, Stamped, TapeSink};
use bearpit_core::participant::{Latencies, ParticipantConfig};
use bearpit_core::process::OrnsteinUhlenbeck;
use bearpit_core::units::{InstrumentId, ListingId, Money, Quantity, Seed, SimDuration, SimTime};
use bearpit_serve::publication::{
    CandleInterval, Channel, Content, Day, Publication, PublicationConfig, Publisher, Subscription,
};

const SUBSCRIPTIONS: usize = 1_000;
const LISTINGS: u32 = 3;
/// A batch of the live market: what became durable at once.
const BATCH: SimDuration = SimDuration::from_millis(10);

struct Taken {
    at: SimTime,
    sequence: u64,
    fact: Fact,
}

struct Recorded {
    day: Day,
    /// What happened in each hundredth of a second, and when that ended.
    batches: Vec<(SimTime, Vec<Taken>)>,
    facts: u64,
}

struct Witness(Rc<RefCell<Vec<Taken>>>);

impl TapeSink for Witness {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let Stamped { at, sequence, fact } = stamped;
        self.0.borrow_mut().push(Taken { at, sequence, fact: fact.clone() });
        Ok(())
    }
}

fn crowd(builder: &mut MarketBuilder) {
    let holdings: Vec<_> =
        (0..LISTINGS).map(InstrumentId::new).map(|id| (id, Quantity::new(1_000_000))).collect();
    let cash = Money::from_whole(100_000_000);
    let account = AccountConfig {
        cash,
        max_short: holdings.clone(),
        holdings,
        tracked: true,
        ..AccountConfig::default()
    };
    let config = |kind: &str| ParticipantConfig::new(kind).with_account(account.clone());
    for listing in (0..LISTINGS).map(ListingId::new) {
        let maker = MarketMakerConfig {
            listing,
            reference: MakerReference::Value,
            half_spread_ticks: 3,
            quantity: Quantity::new(40),
            max_inventory: Quantity::new(3_000),
            skew: 1.0,
            interval: SimDuration::from_millis(300),
        };
        builder.agent(&format!("maker-{listing}"), config("maker"), MarketMaker::new(maker)).unwrap();
        for number in 0..30 {
            let noise = NoiseConfig {
                listing,
                wakeups: Wakeups::every(SimDuration::from_secs(2)),
                market_share: 0.3,
                max_quantity: Quantity::new(15),
                depth_ticks: 20.0,
                patience: SimDuration::from_secs(20),
            };
            builder
                .agent(&format!("noise-{listing}-{number}"), config("noise"), NoiseTrader::new(noise))
                .unwrap();
        }
    }
}

/// Records half an hour of three instruments.
fn record() -> Recorded {
    let open: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    let close = open + SimDuration::from_secs(1_800);
    let mut builder = MarketBuilder::new(Seed::new(5), open, close).unwrap();
    let instruments: Vec<_> = (0..LISTINGS)
        .map(|number| {
            let symbol = format!("I{number}");
            let instrument = Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
            let value = OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(120), 3.0, 1_638.0);
            let grid = SimDuration::from_secs(1);
            builder.instrument(
                instrument,
                Some(ProcessConfig { process: Box::new(value), initial: 100.0, grid }),
            )
        })
        .collect();
    builder.venue("PIT", Fees::default(), Latencies::NONE, &instruments);
    crowd(&mut builder);
    let facts = Rc::new(RefCell::new(Vec::new()));
    builder.sink(Box::new(Witness(Rc::clone(&facts))));
    let mut market = builder.open().unwrap();
    market.start();
    let day = Day::of(&market, open, |participant| participant.name.ends_with("-0"));
    let mut batches = Vec::new();
    let mut now = open;
    while now < close {
        now += BATCH;
        market.step(now, u64::MAX).unwrap();
        batches.push((now, std::mem::take(&mut *facts.borrow_mut())));
    }
    let facts = batches.iter().map(|(_, facts)| u64::try_from(facts.len()).unwrap()).sum();
    Recorded { day, batches, facts }
}

/// Returns the processor time that this thread has taken, in nanoseconds.
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

fn take(publisher: &mut Publisher, facts: &[Taken]) {
    for Taken { at, sequence, fact } in facts {
        publisher.take(Stamped { at: *at, sequence: *sequence, fact });
    }
}

fn channel(number: usize) -> Channel {
    let listing = ListingId::new(u32::try_from(number % 3).unwrap());
    match number / 3 % 6 {
        0 | 1 => Channel::Book(listing),
        2 | 3 => Channel::Trades(listing),
        4 => Channel::Candles(listing, CandleInterval::Second),
        _ => Channel::Own(format!("noise-{listing}-0").into()),
    }
}

/// What readers did.
#[derive(Default)]
struct Tally {
    updates: AtomicU64,
    closed: AtomicU64,
    /// Of each trade of the first listing, when it was published: nanoseconds since the start.
    published: Mutex<Vec<u64>>,
    delays: Mutex<Vec<u64>>,
}

async fn read(mut subscription: Subscription, channel: Channel, tally: Arc<Tally>, start: Instant) {
    let times = channel == Channel::Trades(ListingId::new(0));
    while let Ok(update) = subscription.next().await {
        tally.updates.fetch_add(1, Ordering::Relaxed);
        if times && let Content::Trade(print) = update.content {
            let now = nanos(start.elapsed());
            let published = tally.published.lock().unwrap();
            if let Some(then) = published.get(usize::try_from(print.number).unwrap()) {
                tally.delays.lock().unwrap().push(now.saturating_sub(*then));
            }
        }
    }
    tally.closed.fetch_add(1, Ordering::Relaxed);
}

/// Has a thousand subscriptions read, on one thread, until the publisher ends.
fn readers(publication: &Publication, tally: &Arc<Tally>, start: Instant) -> std::thread::JoinHandle<()> {
    let (publication, tally) = (publication.clone(), Arc::clone(tally));
    let (ready, is_ready) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let tasks: Vec<_> = (0..SUBSCRIPTIONS)
            .map(|number| {
                let channel = channel(number);
                let subscription = publication.subscribe(&channel, None).unwrap();
                runtime.spawn(read(subscription, channel, Arc::clone(&tally), start))
            })
            .collect();
        ready.send(()).unwrap();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    is_ready.recv().unwrap();
    thread
}

fn started(recorded: &Recorded) -> Publisher {
    let mut publisher = Publisher::new(PublicationConfig::default()).unwrap();
    publisher.begin_day(&recorded.day);
    publisher
}

fn each(total: u64, count: u64) -> u64 {
    total / count.max(1)
}

/// Publishes the whole day as fast as it goes, and returns nanoseconds a fact.
fn flat_out(recorded: &Recorded, has_readers: bool) -> u64 {
    let mut publisher = started(recorded);
    let tally = Arc::new(Tally::default());
    let threads = has_readers.then(|| readers(publisher.publication(), &tally, Instant::now()));
    let before = processor_time();
    for (now, facts) in &recorded.batches {
        take(&mut publisher, facts);
        publisher.publish(*now);
    }
    let cost = each(processor_time() - before, recorded.facts);
    drop(publisher);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let updates = tally.updates.load(Ordering::Relaxed);
    let who = if has_readers { "1,000 subscriptions" } else { "no readers" };
    println!("as fast as it goes, {who}: {cost} ns a fact ({updates} updates read)");
    cost
}

/// Publishes a part of the day with a hundred batches a second. Caches are cold then, and whoever waits is
/// woken each time.
fn paced(recorded: &Recorded, has_readers: bool) {
    let mut publisher = started(recorded);
    let tally = Arc::new(Tally::default());
    let start = Instant::now();
    let threads = has_readers.then(|| readers(publisher.publication(), &tally, start));
    let (mut trades, mut took) = (0, Vec::new());
    for (number, (now, facts)) in recorded.batches.iter().take(500).enumerate() {
        let due = Duration::from_millis(10) * u32::try_from(number).unwrap();
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let first = |taken: &&Taken| matches!(taken.fact, Fact::Traded(trade) if trade.listing.get() == 0);
        trades += facts.iter().filter(first).count();
        let then = nanos(start.elapsed());
        tally.published.lock().unwrap().resize(trades, then);
        let before = Instant::now();
        take(&mut publisher, facts);
        publisher.publish(*now);
        if !facts.is_empty() {
            took.push(nanos(before.elapsed()));
        }
    }
    drop(publisher);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let who = if has_readers { "1,000 subscriptions" } else { "no readers" };
    let (half, most) = (percentile(&mut took, 50), percentile(&mut took, 90));
    println!("100 batches a second, {who}: a batch with facts takes {half} ns, p90 {most} ns");
    if has_readers {
        let mut delays = tally.delays.lock().unwrap().clone();
        let (half, most) = (percentile(&mut delays, 50) / 1_000, percentile(&mut delays, 99) / 1_000);
        let updates = tally.updates.load(Ordering::Relaxed);
        println!("  {updates} updates read; from publication to a reader {half} us, p99 {most} us");
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap()
}

fn percentile(values: &mut [u64], percent: usize) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0)
}

fn main() {
    let recorded = record();
    let batches = recorded.batches.len();
    println!("{} facts in {batches} batches of three listings", recorded.facts);
    let alone = flat_out(&recorded, false);
    let crowded = flat_out(&recorded, true);
    let tenths = crowded * 10 / alone.max(1);
    println!("  ratio {}.{}", tenths / 10, tenths % 10);
    let mut publisher = started(&recorded);
    let before = processor_time();
    recorded.batches.iter().for_each(|(_, facts)| take(&mut publisher, facts));
    publisher.publish(recorded.batches.last().unwrap().0);
    let cost = each(processor_time() - before, recorded.facts);
    println!("in one batch, as after a crash: {cost} ns a fact");
    drop(publisher);
    paced(&recorded, false);
    paced(&recorded, true);
}
