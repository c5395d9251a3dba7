//! How many requests a second a live market takes, each on disk before its answer, and how fast it is
//! rebuilt.
//!
//! `cargo bench -p bearpit-serve --bench live` prints a line for each: requests a second through the driver,
//! with the time of a sync beside, on this disk and on one whose syncs take five milliseconds more; the same
//! requests made of the engine alone; and the rebuilding of a day with a million requests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::path::Path;
use std::time::{Duration, Instant};

use bearpit::scenario::Scenario;
use bearpit_core::kernel::RequestTag;
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::{Answer, Instruction, Outcome, Request, RequestKind};
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration};
use bearpit_serve::driver::{MarketSource, ScenarioSource, Segment};
use bearpit_serve::live::{LaidOut, LiveMarket, Output, Start};
use bearpit_serve::load::{Load, durable, market, submit};
use bearpit_serve::store::journal::{Created, JournalDirectory};

const LISTING: ListingId = ListingId::new(0);

fn main() {
    let requests = 300_000;
    let alone = engine_alone(requests);
    println!("engine alone, nothing journalled    {:>9.0} requests/s", rate(requests, alone));
    for extra in [Duration::ZERO, Duration::from_millis(5)] {
        let directory = tempfile::tempdir_in(".").unwrap();
        let Load { took, syncs, sync } = durable(directory.path(), requests, extra).unwrap();
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

fn order_of(answer: &Answer) -> Option<OrderId> {
    match answer.outcome {
        Ok(Outcome::Submitted { order, .. }) => Some(order),
        Ok(_) => None,
        Err(ref refusal) => panic!("{refusal}"),
    }
}

/// Makes the requests of the engine, and takes its answers.
fn engine_alone(requests: usize) -> Duration {
    let source = market();
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
        let instruction = last.take().map_or_else(|| submit(number), Instruction::Cancel);
        let tag = Some(RequestTag::new(number as u64));
        let kind = RequestKind::Instruct { participant, instruction };
        market.request(now, Request { tag, kind }).unwrap();
        market.step(now, u64::MAX).unwrap();
        last = market.take_answers().find_map(|answer| order_of(&answer));
    }
    began.elapsed()
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
            if let Output::Answer(answer) = output {
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
