//! Markets that are driven: on their thread, with files, in real time.

mod day_turns;
mod looking;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, Handler};
use bearpit_agents::Desk;
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::MarketBuilder;
use bearpit_core::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor, Speed, Wakeup};
use bearpit_core::market::{ExecutionReport, Fees, Instrument, OrderTerms, ReportKind, Side};
use bearpit_core::participant::{
    Answer, Context, Instruction, Latencies, MarketData, MarketState, Outcome, ParticipantConfig, Trader,
};
use bearpit_core::units::{ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime};

use super::clock::instant;
use super::*;
use crate::domain::ClientOrderId;
use crate::live::{Clock, Control, Durability, Pacing};
use crate::publication::PublicationConfig;
use crate::store::journal::{JournalDirectory, Medium, SegmentHeader};

const LISTING: ListingId = ListingId::new(0);
/// Nothing in these tests takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Whoever hears that an order of theirs rests with so many lots panics.
const POISON: u64 = 666;

/// One venue with one instrument; days of so many minutes.
struct Days {
    minutes: i64,
    /// In thousandths; nothing is the wall clock.
    speed: u32,
}

impl Days {
    fn open(number: u32) -> SimTime {
        let first: SimTime = "2025-03-03T09:30:00".parse().unwrap();
        first + SimDuration::from_secs(24 * 60 * 60 * i64::from(number - 1))
    }

    fn close(&self, number: u32) -> SimTime {
        Self::open(number) + SimDuration::from_secs(60 * self.minutes)
    }
}

impl MarketSource for Days {
    fn pacing(&self) -> Pacing {
        Pacing {
            clock: match self.speed {
                0 => Clock::Wall { halt_beyond: Some(SimDuration::from_secs(30)) },
                speed => Clock::Scaled(Speed::from_thousandths(speed).unwrap()),
            },
            step_max: SimDuration::from_secs(10),
            durability: Durability::Synced,
        }
    }

    fn next_day(&self, _: Duration, last: Option<&SegmentHeader>) -> Result<Day, SourceError> {
        let number = last.map_or(1, |last| last.day + 1);
        Ok(Day { number, name: format!("day {number}"), opens_at: None })
    }

    fn header(&self, day: &Day) -> Result<SegmentHeader, SourceError> {
        Ok(SegmentHeader {
            engine: String::new(),
            scenario: String::new(),
            changes: Vec::new(),
            inputs: String::new(),
            seed: day.number.into(),
            day: day.number,
            day_name: day.name.clone(),
            opens: None,
            opening: Vec::new(),
        })
    }

    fn close_of(&self, header: &SegmentHeader) -> Result<SimTime, SourceError> {
        Ok(self.close(header.day))
    }

    fn builder(&self, header: &SegmentHeader) -> Result<MarketBuilder, SourceError> {
        let open = header.opens.unwrap_or_else(|| Self::open(header.day));
        let mut builder = MarketBuilder::new(Seed::new(header.seed), open, self.close(header.day)).unwrap();
        let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let acme = builder.instrument(acme, None);
        builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
        builder.factory(Seats);
        Ok(builder)
    }
}

/// Builds desks, and those who panic.
struct Seats;

impl ActorFactory<MarketState> for Seats {
    fn build(&mut self, _: &str, spec: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        match spec.kind.as_str() {
            "desk" => Ok(Box::new(Trader(Desk))),
            "touchy" => Ok(Box::new(Trader(Touchy))),
            kind => Err(FactoryError::UnknownKind(kind.to_owned())),
        }
    }
}

#[derive(Debug)]
struct Touchy;

impl Actor for Touchy {
    type Context = Context;
}

impl Handler<ExecutionReport> for Touchy {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        let order = ctx.account().and_then(|account| account.order(report.order));
        let is_poison = order.is_some_and(|order| order.leaves == Quantity::new(POISON));
        assert!(!(is_poison && matches!(report.kind, ReportKind::Accepted)), "poisoned");
    }
}

bearpit_core::ignore_messages!(Touchy: Wakeup, MarketData);

/// How the disk of a test behaves.
#[derive(Debug, Clone, Default)]
struct Mood(Arc<AtomicU8>);

const WELL: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;
/// As if there were no place until the reserve is gone, and as if its place were taken then.
const FULL: u8 = 3;
const READ_ONLY: u8 = 4;

impl Mood {
    fn set(&self, mood: u8) {
        self.0.store(mood, Ordering::SeqCst);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A file on a disk that behaves as it is told to.
struct Moody {
    file: File,
    mood: Mood,
    reserve: PathBuf,
}

impl Medium for Moody {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self.mood.get() {
            FULL if self.reserve.is_file() => Err(io::ErrorKind::StorageFull.into()),
            FULL => {
                // The reserve cannot be made again where a directory has its name.
                std::fs::create_dir(&self.reserve)?;
                self.mood.set(WELL);
                self.file.write_at(at, bytes)
            }
            READ_ONLY => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            _ => self.file.write_at(at, bytes),
        }
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        await_that(|| self.mood.get() != HANGS);
        if self.mood.get() == FAILS { Err(io::Error::other("the test says so")) } else { self.file.sync() }
    }
}

/// Waits until something is the case.
fn await_that(is_so: impl Fn() -> bool) {
    let began = instant();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it hangs");
        std::thread::yield_now();
    }
}

fn start_with(directory: &Path, days: Days, mood: &Mood) -> Driver {
    start_by(directory, days, mood, Box::new(SystemClock::new())).unwrap()
}

fn start_by(
    directory: &Path,
    days: impl MarketSource + 'static,
    mood: &Mood,
    clock: Box<dyn WallClock>,
) -> Result<Driver, DriveError> {
    let (mood, reserve) = (mood.clone(), directory.join("reserve"));
    let moody = move |file| Moody { file, mood: mood.clone(), reserve: reserve.clone() };
    let wrap = move |file| Box::new(moody(file)) as JournalMedium;
    Driver::start(DriverConfig {
        journal: directory.to_owned(),
        sync: SyncPolicy::AtOnce,
        queue: 1_000,
        clock,
        source: Box::new(days),
        wrap: Box::new(wrap),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    })
}

fn start(directory: &Path) -> Driver {
    let driver = start_with(directory, Days { minutes: 60, speed: 1_000 }, &Mood::default());
    await_open(&driver);
    driver
}

fn await_open(driver: &Driver) {
    await_that(|| {
        let status = driver.handle.status();
        assert!(!matches!(status.stage, Stage::Failed(_)), "{:?}", status.stage);
        status.stage == Stage::Open
    });
}

fn stop(driver: Driver) {
    let handle = driver.handle.clone();
    handle.stop();
    driver.join();
    assert_eq!(handle.status().stage, Stage::Stopped);
}

fn seat(name: &str, kind: &str) -> Ask {
    let account =
        AccountConfig { cash: Money::from_whole(1_000_000), tracked: true, ..AccountConfig::default() };
    let config = Box::new(ParticipantConfig::new(kind).with_account(account));
    Ask { seat: name.into(), what: What::Join { spec: ActorSpec::new(kind), config }, client: None }
}

fn buy(name: &str, lots: u64, client: Option<&str>) -> Ask {
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(100));
    let client = client.map(|id| ClientOrderId::try_from(id.to_owned()).unwrap());
    Ask { seat: name.into(), what: What::Instruct(Instruction::Submit { listing: LISTING, terms }), client }
}

fn cancel(name: &str, order: OrderId) -> Ask {
    Ask { seat: name.into(), what: What::Instruct(Instruction::Cancel(order)), client: None }
}

fn ask(driver: &Driver, ask: Ask) -> Result<Answer, Refused> {
    driver.handle.ask(ask)?.blocking_recv().unwrap()
}

/// Asks until it is done: a day may end just then.
fn ask_on_some_day(driver: &Driver, make: impl Fn() -> Ask) {
    await_that(|| match ask(driver, make()) {
        Ok(answer) => answer.outcome.is_ok(),
        Err(Refused::Unavailable(_) | Refused::NotTaken(_)) => false,
        Err(other) => panic!("{other:?}"),
    });
}

fn order_of(answer: &Result<Answer, Refused>) -> OrderId {
    match answer.as_ref().unwrap().outcome {
        Ok(Outcome::Submitted { order, .. }) => order,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_stop_and_ids_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    let first = ask(&driver, buy("anne", 5, Some("mine")));
    assert_eq!(ask(&driver, buy("anne", 5, Some("mine"))), first);
    let nobody = ask(&driver, buy("nobody", 5, None));
    assert!(matches!(nobody, Err(Refused::NoSuchSeat(_))), "{nobody:?}");
    stop(driver);
    let driver = start(directory.path());
    let again = ask(&driver, buy("anne", 5, Some("mine"))).unwrap();
    assert_eq!(again.outcome, first.as_ref().unwrap().outcome);
    let second = ask(&driver, buy("anne", 5, Some("another")));
    assert!(order_of(&second) > order_of(&first));
    ask(&driver, cancel("anne", order_of(&first))).unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn a_journal_belongs_to_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    let second = Driver::start(DriverConfig {
        journal: directory.path().to_owned(),
        sync: SyncPolicy::AtOnce,
        queue: 10,
        clock: Box::new(SystemClock::new()),
        source: Box::new(Days { minutes: 1, speed: 1_000 }),
        wrap: Box::new(|file| Box::new(file)),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    });
    assert!(second.unwrap_err().to_string().contains("another process has this journal open"));
    stop(driver);
}

#[test]
fn days_follow_one_another_and_seats_stay() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start_with(directory.path(), Days { minutes: 10, speed: 600_000 }, &Mood::default());
    await_open(&driver);
    ask_on_some_day(&driver, || seat("anne", "desk"));
    let day = |driver: &Driver| driver.handle.status().day.as_ref().map_or(0, |day| day.number);
    let first = day(&driver);
    await_that(|| day(&driver) >= first + 2);
    ask_on_some_day(&driver, || buy("anne", 5, None));
    stop(driver);
}

#[test]
fn no_answer_comes_before_its_sync() {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &mood);
    await_open(&driver);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    mood.set(HANGS);
    let mut reply = driver.handle.ask(buy("anne", 5, None)).unwrap();
    let requests = driver.handle.metrics().requests.clone();
    await_that(|| requests.get() == 2);
    let events = driver.handle.status().day.as_ref().map(|day| day.now);
    await_that(|| driver.handle.status().day.as_ref().map(|day| day.now) > events);
    assert!(reply.try_recv().is_err(), "it is not on disk");
    mood.set(WELL);
    reply.blocking_recv().unwrap().unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn what_is_under_way_at_a_stop_is_answered_once_it_is_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &mood);
    await_open(&driver);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    mood.set(HANGS);
    let reply = driver.handle.ask(buy("anne", 5, None)).unwrap();
    driver.handle.stop();
    await_that(|| driver.handle.status().stage == Stage::Stopping);
    mood.set(WELL);
    order_of(&reply.blocking_recv().unwrap());
    driver.join();
}

#[test]
fn a_disk_that_fails_refuses_orders_and_loses_none() {
    refuses_orders_and_loses_none(FAILS, "the test says so");
}

#[test]
fn a_disk_that_becomes_read_only_refuses_orders_and_loses_none() {
    refuses_orders_and_loses_none(READ_ONLY, "read-only filesystem");
}

fn refuses_orders_and_loses_none(trouble: u8, why: &str) {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &mood);
    await_open(&driver);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    mood.set(trouble);
    let under_way = driver.handle.ask(buy("anne", 5, None)).unwrap();
    await_that(|| matches!(driver.handle.status().disk, Some(DiskTrouble::Failing(_))));
    let refused = ask(&driver, buy("anne", 6, None)).unwrap_err();
    let expected = format!("the journal cannot be written: {why}");
    assert!(refused.to_string().contains(&expected), "{refused}");
    assert!(driver.handle.status().unavailable().is_some());
    mood.set(WELL);
    let answer = under_way.blocking_recv().unwrap();
    order_of(&answer);
    await_that(|| driver.handle.status().disk.is_none());
    ask(&driver, buy("anne", 6, None)).unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn on_a_full_disk_orders_can_still_be_canceled() {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &mood);
    await_open(&driver);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    let order = order_of(&ask(&driver, buy("anne", 5, None)));
    mood.set(FULL);
    await_that(|| driver.handle.status().disk == Some(DiskTrouble::Full));
    let refused = ask(&driver, buy("anne", 6, None)).unwrap_err();
    assert_eq!(refused, Unavailable::Disk(DiskTrouble::Full).into());
    ask(&driver, cancel("anne", order)).unwrap().outcome.unwrap();
    std::fs::remove_dir(directory.path().join("reserve")).unwrap();
    await_that(|| driver.handle.status().disk.is_none());
    ask(&driver, buy("anne", 6, None)).unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn a_request_that_stops_the_market_is_taken_out_and_the_others_stay() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    ask(&driver, seat("bert", "touchy")).unwrap().outcome.unwrap();
    let before = order_of(&ask(&driver, buy("anne", 5, None)));
    let poison = driver.handle.ask(buy("bert", POISON, None)).unwrap();
    // Its answer may be out before the report of the venue makes the market panic.
    let answer = poison.blocking_recv().unwrap();
    assert!(matches!(answer, Err(Refused::Voided) | Ok(_)), "{answer:?}");
    await_that(|| driver.handle.metrics().voided.get() == 1);
    await_open(&driver);
    let after = order_of(&ask(&driver, buy("anne", 6, None)));
    assert!(after > before);
    ask(&driver, cancel("anne", before)).unwrap().outcome.unwrap();
    stop(driver);
    let driver = start(directory.path());
    ask(&driver, cancel("anne", after)).unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn a_pause_is_told_and_refuses_orders() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    driver.handle.control(Control::Pause).unwrap().blocking_recv().unwrap().unwrap();
    assert_eq!(ask(&driver, buy("anne", 5, None)), Err(Unavailable::Paused.into()));
    await_that(|| driver.handle.status().unavailable() == Some(Unavailable::Paused));
    driver.handle.control(Control::Resume).unwrap().blocking_recv().unwrap().unwrap();
    ask(&driver, buy("anne", 5, None)).unwrap().outcome.unwrap();
    stop(driver);
}

/// A clock that tests set: what has passed, and what the system says, since the market opened.
#[derive(Debug, Clone)]
struct SetClock {
    seconds: Arc<AtomicU64>,
    system: Arc<AtomicU64>,
}

impl SetClock {
    fn at(seconds: u64) -> Self {
        Self { seconds: Arc::new(AtomicU64::new(seconds)), system: Arc::new(AtomicU64::new(seconds)) }
    }

    fn since_1970(seconds: u64) -> Duration {
        Duration::from_nanos(u64::try_from(Days::open(1).nanos()).unwrap()) + Duration::from_secs(seconds)
    }

    fn pass(&self, seconds: u64) {
        self.system.fetch_add(seconds, Ordering::SeqCst);
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl WallClock for SetClock {
    fn now(&self) -> Duration {
        Self::since_1970(self.seconds.load(Ordering::SeqCst))
    }

    fn system(&self) -> Duration {
        Self::since_1970(self.system.load(Ordering::SeqCst))
    }

    fn adopt_system(&mut self) {
        self.seconds.fetch_max(self.system.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// Starts a market with a clock that is set, by minutes after its opening; waits until it is open.
fn start_at(directory: &Path, speed: u32, clock: &SetClock) -> Driver {
    let days = Days { minutes: 600, speed };
    let driver = start_by(directory, days, &Mood::default(), Box::new(clock.clone())).unwrap();
    await_open(&driver);
    driver
}

fn minutes_in(driver: &Driver) -> i64 {
    let status = driver.handle.status();
    status.day.as_ref().map_or(0, |day| (day.now - Days::open(1)).nanos() / 60_000_000_000)
}

#[test]
fn a_clock_that_jumps_ahead_and_stays_there_is_followed_on_the_wall_clock_alone() {
    for (speed, expected) in [(0, 183), (1_000, 3)] {
        let directory = tempfile::tempdir().unwrap();
        let clock = SetClock::at(60);
        let driver = start_at(directory.path(), speed, &clock);
        clock.system.fetch_add(3 * 3_600, Ordering::SeqCst);
        // Somebody may correct it.
        clock.pass(20);
        await_that(|| driver.handle.metrics().clock_offset.get() > 10_000.0);
        assert!(minutes_in(&driver) < 3);
        for _ in 0..8 {
            clock.pass(10);
            // Whatever is asked for makes the market look at its clock.
            ask(&driver, buy("nobody", 1, None)).unwrap_err();
            ask(&driver, buy("nobody", 1, None)).unwrap_err();
        }
        clock.pass(20);
        await_that(|| minutes_in(&driver) >= expected - 1);
        assert!(minutes_in(&driver) <= expected);
        stop(driver);
    }
}

#[test]
fn a_clock_that_is_set_back_by_hours_does_not_stop_the_market() {
    let directory = tempfile::tempdir().unwrap();
    let clock = SetClock::at(2 * 3_600);
    let driver = start_at(directory.path(), 0, &clock);
    await_that(|| minutes_in(&driver) == 120);
    clock.system.fetch_sub(3_600, Ordering::SeqCst);
    clock.pass(120);
    await_that(|| minutes_in(&driver) == 122);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    stop(driver);
    // The next process begins with the clock that was set.
    let driver = start_at(directory.path(), 0, &SetClock::at(3_600 + 120));
    assert_eq!(minutes_in(&driver), 122);
    ask(&driver, buy("anne", 5, None)).unwrap().outcome.unwrap();
    stop(driver);
}

#[test]
fn a_journal_of_another_engine_is_refused_unless_it_was_ended() {
    let directory = tempfile::tempdir().unwrap();
    let days = Days { minutes: 60, speed: 1_000 };
    let day = Day { number: 1, name: "day 1".to_owned(), opens_at: None };
    let header = SegmentHeader { engine: "0.0.0-other".to_owned(), ..days.header(&day).unwrap() };
    drop(JournalDirectory::open(directory.path()).unwrap().create(&header).unwrap());
    let driver = start_with(directory.path(), days, &Mood::default());
    let failed = || match &driver.handle.status().stage {
        Stage::Failed(why) => Some(why.clone()),
        _ => None,
    };
    await_that(|| failed().is_some());
    let why = failed().unwrap();
    assert!(why.contains("written by engine 0.0.0-other"), "{why}");
    driver.join();
}
