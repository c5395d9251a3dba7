//! A small market over three segments, shown to a sink as a driver shows it, on both kinds of database.

mod ledger;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bearpit::scenario::Scenario;
use bearpit_core::market::{Funding, OrderTerms, Reference, Replacement, Side, Transfer};
use bearpit_core::participant::{Instruction, RequestKind};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, Price, Quantity, SimDuration, SimTime,
};
use tempfile::TempDir;

use super::*;
use crate::domain::{AccountId, ClientOrderId};
use crate::driver::{Begun, MarketSource, OutputSink, ScenarioSource};
use crate::live::{LaidOut, LiveMarket, LiveState, Start};
use crate::publication::CandleInterval;
use crate::store::database::Database;
use crate::store::database::testing::on_each_database;
use crate::store::journal::{Created, JournalDirectory, JournalFile, SegmentHeader};
use crate::store::projection::{
    Batch, CandleFilter, CandleRow, FillFilter, FillRow, LedgerFilter, LedgerRow, MarkRow, OrderFilter,
    OrderRow, OrderStatus, Position, Projection,
};
use crate::store::spool::SpoolSize;

const SCENARIO: &str = r#"
[scenario]
name = "pit"
start = 2025-03-03T09:30:00
end = 2025-03-03T09:36:00
sample = "30s"
[live]
clock = "scaled"
speed = 1
[[instruments]]
symbol = "ACME"
tick_size = 0.01
process = { kind = "ou", initial = 100, mean = 100, half_life = "1h", volatility = 0.3 }
[[venues]]
name = "PIT"
instruments = ["ACME"]
fees = { taker_bps = 1, maker_bps = -0.1 }
[[agents]]
kind = "market_maker"
cash = 1_000_000
max_short = { ACME = 10_000 }
half_spread = "0.03"
quantity = 300
max_inventory = 5000
interval = "1s"
latency = { entry = "1ms", report = "5ms" }
[[agents]]
kind = "noise"
count = 5
holdings = { ACME = 5000 }
interval = "5s"
market_share = 0.5
max_quantity = 20
depth = "0.10"
patience = "3m"
"#;

const ANNE: &str = "0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11";
const PATIENCE: Duration = Duration::from_secs(120);

fn source() -> ScenarioSource {
    let scenario = Scenario::from_text(Path::new("pit.toml"), SCENARIO, &[]);
    ScenarioSource::new(scenario.map_err(|it| it.render(false)).unwrap(), SCENARIO.to_owned())
}

fn anne() -> AccountId {
    ANNE.parse().unwrap()
}

/// A market with its journal, driven by hand, and shown to a sink if there is one.
struct Running {
    live: LiveMarket,
    file: JournalFile,
    wall: Duration,
    sink: Option<ProjectionSink>,
    /// The number of the next fact.
    facts: u64,
}

impl Running {
    /// Opens the next segment, of day `day`, which goes on at `opens` if it was stopped.
    fn open(
        journal: &JournalDirectory,
        day: u32,
        opens: Option<SimTime>,
        left: Vec<u8>,
        mut sink: Option<ProjectionSink>,
    ) -> Self {
        let source = source();
        let first = source.next_day(Duration::ZERO, None).unwrap();
        let mut day_of = first;
        for _ in 1..day {
            day_of = source.next_day(Duration::ZERO, Some(&source.header(&day_of).unwrap())).unwrap();
        }
        let engine = crate::driver::ENGINE.to_owned();
        let header =
            SegmentHeader { engine, opens, opening: left.clone(), ..source.header(&day_of).unwrap() };
        let Created { path, segment, file } = journal.create(&header).unwrap();
        let left = (!left.is_empty()).then(|| LiveState::from_bytes(&left).unwrap());
        let laid_out = LaidOut { builder: source.builder(&header).unwrap(), left };
        let wall = Duration::ZERO;
        let live = LiveMarket::begin(laid_out, segment, Start { pacing: source.pacing(), wall }).unwrap();
        if let Some(sink) = &mut sink {
            let begun = Begun { path: &path, header: &header, is_another: false, voids: 0 };
            sink.begin(live.market(), &begun);
        }
        Self { live, file, wall, sink, facts: 0 }
    }

    fn pass(&mut self, time: Duration) {
        self.wall += time;
        while self.live.behind(self.wall) > SimDuration::ZERO {
            self.live.advance(self.wall).unwrap();
            self.show();
        }
    }

    fn show(&mut self) {
        self.file.append(&self.live.take_appended());
        self.live.synced(self.file.sync().unwrap());
        while let Some(output) = self.live.next_output() {
            if let crate::live::Output::Fact { sequence, .. } = output {
                self.facts = sequence + 1;
            }
            self.sink.iter_mut().for_each(|sink| sink.take(&output));
        }
        let reached = self.live.durable_to();
        self.sink.iter_mut().for_each(|sink| sink.flush(reached));
    }

    fn ask(&mut self, kind: RequestKind, client: Option<&str>) {
        let client = client.map(|id| ClientOrderId::try_from(id.to_owned()).unwrap());
        self.live.request(self.wall, kind, client).unwrap();
        self.pass(Duration::from_secs(2));
    }

    fn instruct(&mut self, instruction: Instruction, client: Option<&str>) {
        let participant: ActorId = self.live.market().participant(ANNE).unwrap().id;
        self.ask(RequestKind::Instruct { participant, instruction }, client);
    }

    fn submit(&mut self, terms: OrderTerms, client: Option<&str>) {
        self.instruct(Instruction::Submit { listing: ListingId::new(0), terms }, client);
    }

    /// Settles the market; returns what it leaves, when it was, and the sink.
    fn settle(mut self) -> (Vec<u8>, SimTime, Option<ProjectionSink>) {
        self.live.settle().unwrap();
        self.show();
        let left = self.live.left().unwrap().to_vec();
        self.sink.iter_mut().for_each(|sink| sink.end(&left));
        (left, self.live.market().world().now(), self.sink)
    }
}

/// Which sinks are there while each of three segments runs.
type Sinks = [Option<ProjectionSink>; 3];

/// Runs a day that is stopped within, the rest of it, and a second day.
fn run(journal: &Path, sinks: Sinks) {
    let directory = JournalDirectory::open(journal).unwrap();
    let [first, second, third] = sinks;
    let limit = |lots, price| OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(price));
    let mut market = Running::open(&directory, 1, None, Vec::new(), first);
    market.ask(source().live().join(ANNE), None);
    market.submit(OrderTerms::market(Side::Buy, Quantity::new(30)), Some("first"));
    market.submit(limit(40, 9_000), Some("resting"));
    market.submit(limit(50, 9_100), None);
    let id = market.live.market().world().domain();
    let account = id.account(market.live.market().participant(ANNE).unwrap().id).unwrap();
    let orders: Vec<_> = account.open_orders().into_iter().map(|order| order.id).collect();
    let [resting, other] = orders[..] else { panic!("{orders:?}") };
    market.instruct(Instruction::Cancel(other), None);
    market.pass(Duration::from_secs(80));
    let (left, at, kept) = market.settle();
    let mut market = Running::open(&directory, 1, Some(at), left, second.or(kept));
    market.submit(OrderTerms::market(Side::Sell, Quantity::new(10)), None);
    // Marketable at last: it fills at once.
    let (price, quantity) = (Price::new(10_500), Quantity::new(25));
    market.instruct(Instruction::Replace { order: resting, new: Replacement::at(price, quantity) }, None);
    market.submit(limit(7, 8_800), Some("to the end"));
    market.pass(Duration::from_secs(100));
    let (left, _, kept) = market.settle();
    let mut market = Running::open(&directory, 2, None, left, third.or(kept));
    market.submit(OrderTerms::market(Side::Sell, Quantity::new(5)), Some("last"));
    market.pass(Duration::from_secs(60));
    drop(market.settle());
}

/// All that readers see.
#[derive(Debug, PartialEq)]
struct Seen {
    position: Position,
    orders: Vec<OrderRow>,
    fills: Vec<FillRow>,
    marks: Vec<MarkRow>,
    ledger: Vec<LedgerRow>,
    candles: Vec<Vec<CandleRow>>,
}

async fn seen(database: &Database) -> Seen {
    let (from, to) = (SimTime::from_nanos(0), SimTime::from_nanos(i64::MAX));
    let mut candles = Vec::new();
    for interval in CandleInterval::ALL {
        let (symbol, venue, interval) = ("ACME".to_owned(), "PIT".to_owned(), interval.name().to_owned());
        let filter = CandleFilter { symbol, venue, interval, from, to, limit: 10_000 };
        candles.push(database.candles(&filter).await.unwrap().rows);
    }
    Seen {
        position: Position::read(database).await.unwrap(),
        orders: database.orders(&OrderFilter::of(anne(), 1_000)).await.unwrap().rows,
        fills: database.fills(&FillFilter::of(anne(), 1_000)).await.unwrap().rows,
        marks: database.account_marks(anne(), from, to, 1_000).await.unwrap().rows,
        ledger: database.ledger(&LedgerFilter::of(anne(), 1_000)).await.unwrap().rows,
        candles,
    }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn projector(
        &self,
        database: &Database,
        size: SpoolSize,
    ) -> (Projector, ProjectionSink, ProjectorMetrics) {
        let metrics = ProjectorMetrics::default();
        let config = ProjectorConfig {
            journal: self.source(),
            spool: self.0.path().join("spool"),
            size,
            live: LiveTerms { keep_days: source().live().keep_days, is_relaxed: true },
            metrics: metrics.clone(),
        };
        let (projector, sink) = Projector::new(database.clone(), config).unwrap();
        (projector, sink, metrics)
    }

    fn source(&self) -> Journal {
        Journal { directory: self.journal(), scenario: self.0.path().join("pit.toml") }
    }
}

/// Waits until the third segment is over in the database.
async fn await_end(projector: &mut Projector) {
    let wait = async {
        loop {
            projector.drain().await;
            let position = projector.position().await.unwrap();
            if position.segment == 3 && position.is_ended {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

/// What a journal alone gives, in an empty database.
async fn from_journal(database: &Database, place: &Place) -> Seen {
    rebuild(database.clone(), place.source()).await.unwrap();
    seen(database).await
}

#[tokio::test]
async fn a_running_market_and_its_journal_give_the_same_rows() {
    on_each_database(|database| async move {
        let place = Place::new();
        let (mut projector, sink, metrics) = place.projector(&database, SpoolSize::default());
        run(&place.journal(), [Some(sink), None, None]);
        await_end(&mut projector).await;
        let live = seen(&database).await;
        assert_eq!(metrics.rebuilt.get(), 0);
        let by_client = |id: &str| live.orders.iter().find(|it| it.client.as_deref() == Some(id)).unwrap();
        let (first, resting) = (by_client("first"), by_client("resting"));
        assert_eq!((first.status, first.leaves.0, first.day), (OrderStatus::Filled, 0, 1));
        assert_eq!(resting.status, OrderStatus::Filled, "carried over, replaced, traded");
        assert!(resting.sent_at.is_some() && resting.filled == resting.quantity);
        assert_eq!(by_client("to the end").status, OrderStatus::Open, "good till canceled");
        let canceled: Vec<_> = live.orders.iter().filter(|it| it.status == OrderStatus::Canceled).collect();
        assert_eq!(canceled[0].reason.as_deref(), Some("canceled by its owner"));
        assert_eq!(live.orders.len(), 6);
        for order in &live.orders {
            let fills = live.fills.iter().filter(|fill| fill.order == order.order);
            assert_eq!(fills.map(|fill| fill.quantity.0).sum::<i128>(), order.filled.0);
        }
        assert!(live.marks.len() > 8 && live.candles.iter().all(|candles| !candles.is_empty()));
        let volumes: Vec<i128> =
            live.candles.iter().map(|of| of.iter().map(|candle| candle.volume.0).sum()).collect();
        assert!(volumes.iter().all(|volume| *volume == volumes[0]), "{volumes:?}");
        assert_eq!(from_journal(&database, &place).await, live);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_comes_from_outside_is_counted_shares_by_their_last_price() {
    on_each_database(|database| async move {
        let place = Place::new();
        let (mut projector, sink, _) = place.projector(&database, SpoolSize::default());
        let directory = JournalDirectory::open(&place.journal()).unwrap();
        let mut market = Running::open(&directory, 1, None, Vec::new(), Some(sink));
        market.ask(source().live().join(ANNE), None);
        market.submit(OrderTerms::market(Side::Buy, Quantity::new(30)), Some("first"));
        market.pass(Duration::from_secs(80));
        let participant = market.live.market().participant(ANNE).unwrap().id;
        let cash = Transfer::Cash(Money::from_whole(7));
        let shares = Transfer::Shares { instrument: InstrumentId::new(0), quantity: NetQuantity::new(10) };
        for transfer in [cash, shares] {
            let funding = Funding { transfer, reference: Reference::new("gift").unwrap() };
            market.ask(RequestKind::Fund { participant, funding }, None);
        }
        market.pass(Duration::from_secs(80));
        drop(market.settle());
        let wait = async {
            loop {
                projector.drain().await;
                let position = projector.position().await.unwrap();
                if position.segment == 1 && position.is_ended {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
        let marks = seen(&database).await.marks;
        let funded: Vec<i128> = marks.iter().map(|mark| mark.funded.0 / Money::UNITS).collect();
        assert_eq!(funded[0], 100_000);
        // Ten shares of about a hundred each, and seven in cash.
        let later: i128 = funded[1..].iter().sum();
        assert!((900..1_100).contains(&later), "{funded:?}");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_spool_has_no_room_for_comes_from_the_journal() {
    on_each_database(|database| async move {
        let place = Place::new();
        let size = SpoolSize { bytes_max: 3_000, file_bytes: 1_000 };
        let (projector, sink, metrics) = place.projector(&database, size);
        run(&place.journal(), [Some(sink), None, None]);
        // Until the sink is gone, and what the spool had room for is there.
        tokio::time::timeout(PATIENCE, projector.run()).await.unwrap();
        assert!(metrics.dropped.get() > 0);
        // The end of the last segment may have been dropped: a market that goes on says more.
        let (mut again, mut sink, more) = place.projector(&database, SpoolSize::default());
        show_again(&place, "00000003.journal", &mut sink);
        sink.end(&[]);
        await_end(&mut again).await;
        let live = seen(&database).await;
        assert!(metrics.rebuilt.get() + more.rebuilt.get() > 0);
        assert_eq!(from_journal(&database, &place).await, live);
    })
    .await
    .unwrap();
}

/// Shows a segment again, as a process does that is started anew; returns the market.
fn show_again(place: &Place, name: &str, sink: &mut ProjectionSink) -> LiveMarket {
    struct Shown<'a>(&'a mut ProjectionSink, PathBuf, SegmentHeader);
    impl crate::live::Viewer for Shown<'_> {
        fn begin(&mut self, market: &bearpit_core::exchange::Market) {
            let begun = Begun { path: &self.1, header: &self.2, is_another: false, voids: 0 };
            self.0.begin(market, &begun);
        }
        fn show(&mut self, output: crate::live::Output) {
            self.0.take(&output);
        }
    }
    let path = place.journal().join(name);
    let segment = crate::driver::Segment::open(&path).unwrap();
    let scan = segment.scan().unwrap();
    let shown = Shown(sink, path, segment.header.clone());
    segment.rebuild(&source(), &scan.voids, Duration::ZERO, shown).unwrap()
}

#[tokio::test]
async fn what_a_crash_took_from_a_relaxed_journal_leaves_the_database_too() {
    on_each_database(|database| async move {
        let place = Place::new();
        let mut market =
            Running::open(&JournalDirectory::open(&place.journal()).unwrap(), 1, None, Vec::new(), None);
        market.ask(source().live().join(ANNE), None);
        market.submit(OrderTerms::market(Side::Buy, Quantity::new(30)), Some("first"));
        drop(market);
        let expected = from_journal(&database, &place).await;
        assert!(!expected.position.is_ended && expected.orders.len() == 1);
        // What the database had been told, and the disk had not.
        let mut lost = expected.orders[0].clone();
        (lost.order, lost.client) = (lost.order + 1_000, Some("lost".to_owned()));
        let Position { segment, voids, sequence, .. } = expected.position;
        let changes = vec![(sequence, crate::store::projection::Change::Entered(Box::new(lost)))];
        let (from, to) = (sequence, sequence + 50);
        let (fine_from, ends, is_all) = (0, false, false);
        let batch = Batch { segment, voids, fine_from, from, to, ends, is_all, written_at: 0, changes };
        Projection::new(database.clone()).apply(&batch).await.unwrap();
        assert_eq!(seen(&database).await.orders.len(), 2);

        let (mut projector, mut sink, _) = place.projector(&database, SpoolSize::default());
        let mut market = show_again(&place, "00000001.journal", &mut sink);
        sink.flush(market.durable_to());
        let wait = async {
            while projector.position().await.unwrap() != expected.position {
                projector.drain().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
        assert_eq!(seen(&database).await, expected);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn segments_that_nobody_took_down_come_from_the_journal() {
    on_each_database(|database| async move {
        let place = Place::new();
        // The process of the first segment ended before anything came to the spool; that of the second had
        // none; that of the third has.
        let (mut projector, sink, metrics) = place.projector(&database, SpoolSize::default());
        run(&place.journal(), [None, None, Some(sink)]);
        await_end(&mut projector).await;
        let live = seen(&database).await;
        assert_eq!(metrics.rebuilt.get(), 1);
        assert_eq!(from_journal(&database, &place).await, live);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_database_that_is_away_for_two_days_catches_up() {
    on_each_database(|database| async move {
        let place = Place::new();
        let (projector, sink, metrics) = place.projector(&database, SpoolSize::default());
        database.faults.fail_after(0);
        let task = tokio::spawn(projector.run());
        let journal = place.journal();
        let market = tokio::task::spawn_blocking(move || run(&journal, [Some(sink), None, None]));
        market.await.unwrap();
        let failed = async {
            while metrics.failures.get() == 0 || metrics.spool.get() == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, failed).await.unwrap();
        assert_eq!(metrics.rows.get(), 0);
        database.faults.heal();
        let wait = async {
            while !Position::read(&database).await.is_ok_and(|it| it.segment == 3 && it.is_ended) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
        let live = seen(&database).await;
        assert_eq!(metrics.rebuilt.get(), 0, "the spool had all of it");
        task.abort();
        assert_eq!(from_journal(&database, &place).await, live);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_process_that_ends_between_any_two_steps_leaves_each_fact_applied_once() {
    on_each_database(|database| async move {
        let place = Place::new();
        run(&place.journal(), [None, None, None]);
        let expected = from_journal(&database, &place).await;
        let mut batches: Vec<Batch> = Vec::new();
        let mut take = |batch| {
            batches.push(batch);
            ControlFlow::Continue(())
        };
        place.source().batches(Position::START, Until::END, &mut take).unwrap();
        let mut steps = 0;
        loop {
            let mut projection = Projection::new(database.clone());
            projection.forget_from(1).await.unwrap();
            database.faults.fail_after(steps);
            let mut has_failed = false;
            for batch in &batches {
                while projection.apply(batch).await.is_err() {
                    has_failed = true;
                    database.faults.heal();
                    // Another process knows nothing but what is in the database.
                    projection = Projection::new(database.clone());
                }
            }
            database.faults.heal();
            assert_eq!(seen(&database).await, expected, "after {steps} steps");
            if !has_failed {
                break;
            }
            steps += 1;
        }
        assert!(steps > 40, "{steps} steps");
    })
    .await
    .unwrap();
}

#[test]
fn the_crowd_is_in_no_batch() {
    let place = Place::new();
    run(&place.journal(), [None, None, None]);
    let mut accounts = std::collections::BTreeSet::new();
    let mut take = |batch: Batch| {
        for (_, change) in batch.changes {
            match change {
                crate::store::projection::Change::Entered(row) => accounts.insert(row.account),
                crate::store::projection::Change::Filled(row) => accounts.insert(row.account),
                crate::store::projection::Change::Marked(row) => accounts.insert(row.account),
                _ => true,
            };
        }
        ControlFlow::Continue(())
    };
    place.source().batches(Position::START, Until::END, &mut take).unwrap();
    assert_eq!(accounts.into_iter().collect::<Vec<_>>(), [anne()]);
}
