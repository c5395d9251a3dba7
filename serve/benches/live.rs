//! How many requests a second a live market takes, each on disk before its answer, and how fast it is rebuilt.
//!
//! `cargo bench -p bearpit-serve --bench live` prints a line for each: requests a second through the driver,
//! with the time of a sync beside, on this disk and on one whose syncs take five milliseconds more; the same
//! requests made of the engine alone; and the rebuilding of a day with a million requests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bearpit::scenario::Scenario;
use bearpit_core::kernel::RequestTag;
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::{Answer, Instruction, Outcome, Request, RequestKind};
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration};
use bearpit_serve::driver::{
    Ask, Driver, DriverConfig, JournalMedium, MarketSource, Metrics, ScenarioSource, Segment, Stage,
    SyncPolicy, SystemClock, What,
};
use bearpit_serve::live::{LaidOut, LiveMarket, Start};
use bearpit_serve::publication::PublicationConfig;
use bearpit_serve::store::journal::{Created, JournalDirectory, Medium};

const LISTING: ListingId = ListingId::new(0);
/// How many answers are waited for at a time.
const UNDER_WAY: usize = 8_192;
const PLAIN: &str = r#"
[scenario]
name = "plain"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ACME"]
"#;

fn main() {
    let requests = 300_000;
    let alone = engine_alone(requests);
    println!("engine alone, nothing journalled    {:>9.0} requests/s", rate(requests, alone));
    for extra in [Duration::ZERO, Duration::from_millis(5)] {
        let Durable { took, syncs, sync } = durable(requests, extra);
        println!(
            "durable, syncs {:>4.1} ms longer        {:>9.0} requests/s ({:.2} of the engine alone); {syncs} syncs of {:.3} ms",
            extra.as_secs_f64() * 1e3,
            rate(requests, took),
            alone.as_secs_f64() / took.as_secs_f64(),
            sync.as_secs_f64() * 1e3,
        );
    }
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/live/open_market.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    let scenario = Scenario::from_text(path, &text, &[]).map_err(|it| it.render(false)).unwrap();
    let crowd = recovery(&ScenarioSource::new(scenario.clone(), text.clone()), 0);
    let busy = recovery(&ScenarioSource::new(scenario, text), 1_000_000);
    println!(
        "open_market at 23:00, rebuilt        {:>9.2} s, {} events; with a million requests {:.2} s, {} events, {} MB of journal",
        crowd.took.as_secs_f64(),
        crowd.events,
        busy.took.as_secs_f64(),
        busy.events,
        busy.bytes >> 20,
    );
}

#[expect(clippy::cast_precision_loss, reason = "it is printed")]
fn rate(requests: usize, took: Duration) -> f64 {
    requests as f64 / took.as_secs_f64()
}

fn plain() -> ScenarioSource {
    let scenario = Scenario::from_text(Path::new("plain.toml"), PLAIN, &[]);
    ScenarioSource::new(scenario.map_err(|it| it.render(false)).unwrap(), PLAIN.to_owned())
}

/// Returns the order that request number `number` enters: every second request cancels the one before.
fn terms(number: usize) -> OrderTerms {
    let price = Price::new(5_000 + i64::try_from(number % 50).unwrap());
    OrderTerms::limit(Side::Buy, Quantity::new(1), price)
}

fn order_of(answer: &Answer) -> Option<OrderId> {
    match answer.outcome {
        Ok(Outcome::Submitted { order, .. }) => Some(order),
        Ok(_) => None,
        Err(ref refusal) => panic!("{refusal}"),
    }
}

/// Makes the requests of the engine, and takes its answers.
fn engine_alone(requests: usize) -> Duration {
    let source = plain();
    let day = source.next_day(Duration::ZERO, None).unwrap();
    let mut market = source.builder(&source.header(&day).unwrap()).unwrap().open().unwrap();
    market.start();
    let mut now = market.world().now();
    market.request(now, Request { tag: None, kind: source.live().join("anne") }).unwrap();
    market.step(now, u64::MAX).unwrap();
    let participant = market.participant("anne").unwrap().id;
    let mut last = None;
    let began = Instant::now();
    for number in 0..requests {
        now += SimDuration::from_micros(10);
        let instruction = match last.take() {
            Some(order) => Instruction::Cancel(order),
            None => Instruction::Submit { listing: LISTING, terms: terms(number) },
        };
        let tag = Some(RequestTag::new(number as u64));
        let kind = RequestKind::Instruct { participant, instruction };
        market.request(now, Request { tag, kind }).unwrap();
        market.step(now, u64::MAX).unwrap();
        last = market.take_answers().find_map(|answer| order_of(&answer));
    }
    began.elapsed()
}

/// What a durable market took.
struct Durable {
    took: Duration,
    syncs: u64,
    /// A sync, on average.
    sync: Duration,
}

/// A file whose syncs take longer, and are counted.
struct Slow {
    file: File,
    extra: Duration,
    syncs: Arc<AtomicU64>,
    nanos: Arc<AtomicU64>,
}

impl Medium for Slow {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(at, bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        let began = Instant::now();
        let result = Medium::sync(&mut self.file);
        if !self.extra.is_zero() {
            std::thread::sleep(self.extra);
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(began.elapsed().as_nanos()).unwrap(), Ordering::Relaxed);
        result
    }
}

/// Makes the requests of a driven market; each answer is on disk.
fn durable(requests: usize, extra: Duration) -> Durable {
    let directory = tempfile::tempdir_in(".").unwrap();
    let (syncs, nanos) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = (Arc::clone(&syncs), Arc::clone(&nanos));
    let source = plain();
    let RequestKind::Join { spec, config, .. } = source.live().join("anne") else { panic!("no join") };
    let driver = Driver::start(DriverConfig {
        journal: directory.path().to_owned(),
        sync: SyncPolicy::AtOnce,
        queue: 2 * UNDER_WAY,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source),
        wrap: Box::new(move |file| {
            let (syncs, nanos) = (Arc::clone(&counted.0), Arc::clone(&counted.1));
            Box::new(Slow { file, extra, syncs, nanos }) as JournalMedium
        }),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    })
    .unwrap();
    while driver.handle.status().stage != Stage::Open {
        std::thread::yield_now();
    }
    let ask = |what| driver.handle.ask(Ask { seat: "anne".into(), what, client: None }).unwrap();
    ask(What::Join { spec, config: Box::new(config) }).blocking_recv().unwrap().unwrap().outcome.unwrap();
    let mut waiting = VecDeque::new();
    let mut orders = VecDeque::new();
    let (from, before) = (syncs.load(Ordering::Relaxed), nanos.load(Ordering::Relaxed));
    let began = Instant::now();
    for number in 0..requests {
        if waiting.len() == UNDER_WAY {
            let reply: bearpit_serve::driver::Reply = waiting.pop_front().unwrap();
            orders.extend(order_of(&reply.blocking_recv().unwrap().unwrap()));
        }
        let instruction = match orders.pop_front() {
            Some(order) => Instruction::Cancel(order),
            None => Instruction::Submit { listing: LISTING, terms: terms(number) },
        };
        waiting.push_back(ask(What::Instruct(instruction)));
    }
    for reply in waiting {
        reply.blocking_recv().unwrap().unwrap();
    }
    let took = began.elapsed();
    let syncs = syncs.load(Ordering::Relaxed) - from;
    let sync = Duration::from_nanos((nanos.load(Ordering::Relaxed) - before) / syncs.max(1));
    driver.handle.stop();
    driver.join();
    Durable { took, syncs, sync }
}

/// What the rebuilding of a day took.
struct Recovery {
    took: Duration,
    events: u64,
    bytes: u64,
}

/// Writes the journal of a day up to 23:00 with requests all over it, and rebuilds its market.
fn recovery(source: &ScenarioSource, requests: u64) -> Recovery {
    let directory = tempfile::tempdir_in(".").unwrap();
    let journal = JournalDirectory::open(directory.path()).unwrap();
    let begin = Duration::from_nanos(u64::try_from(scenario_start(source)).unwrap());
    let day = source.next_day(begin, None).unwrap();
    let mut header = source.header(&day).unwrap();
    header.engine = env!("CARGO_PKG_VERSION").to_owned();
    let Created { path, segment, mut file } = journal.create(&header).unwrap();
    let laid_out = LaidOut { builder: source.builder(&header).unwrap(), left: None };
    let start = Start { pacing: source.pacing(), wall: begin };
    let mut live = LiveMarket::begin(laid_out, segment, start).unwrap();
    live.request(begin, source.live().join("anne"), None).unwrap();
    live.advance(begin).unwrap();
    let participant = live.market().participant("anne").unwrap().id;
    let mut order = None;
    let span = Duration::from_secs(23 * 60 * 60);
    let steps = requests.max(82_800);
    for step in 0..steps {
        let wall = begin + span.mul_f64((step + 1) as f64 / steps as f64);
        while live.behind(wall) > SimDuration::ZERO {
            live.advance(wall).unwrap();
        }
        if requests > 0 {
            let instruction = match order.take() {
                Some(order) => Instruction::Cancel(order),
                None => {
                    let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(1));
                    Instruction::Submit { listing: LISTING, terms }
                }
            };
            let kind = RequestKind::Instruct { participant, instruction };
            live.request(wall, kind, None).unwrap();
            live.advance(wall).unwrap();
        }
        file.append(&live.take_appended());
        if step % 1_000 == 0 {
            file.sync().unwrap();
        }
        live.synced(live.journal_end());
        while let Some(output) = live.next_output() {
            if let bearpit_serve::live::Output::Answer(answer) = output {
                order = order_of(&answer);
            }
        }
    }
    let bytes = file.sync().unwrap();
    drop(live);
    let segment = Segment::open(&path).unwrap();
    let began = Instant::now();
    let scan = segment.scan().unwrap();
    let live = segment.rebuild(source, &scan.voids, begin + span, |_| {}).unwrap();
    Recovery { took: began.elapsed(), events: live.market().world().events(), bytes }
}

/// Returns when a day of a scenario starts whose date is that of the scenario.
fn scenario_start(source: &ScenarioSource) -> i64 {
    source.scenario().start.nanos()
}
