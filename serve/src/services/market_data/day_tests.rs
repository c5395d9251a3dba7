//! Replays of a day that a crowd traded on.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use bearpit_core::market::{Fact, Ladders, VisibleBook};
use bearpit_core::units::{ListingId, SimDuration};
use serde_json::Value;

use super::*;
use crate::domain::{Number, Problem, ProblemKind};
use crate::driver::{Driver, DriverConfig, Metrics, Segment, SyncPolicy, SystemClock};
use crate::live::Output;
use crate::publication::PublicationConfig;
use crate::services::market_data::fixture::{Hand, source};
use crate::services::market_data::{MarketDataParts, MarketView, NoArchive};

/// Three and a half minutes of two instruments, at a hundred times the speed of time.
const CROWD: &str = r#"
[scenario]
name = "crowd"
seed = 7
start = 2025-03-03T10:00:30
end = 2025-03-03T10:04:00
[live]
clock = "scaled"
speed = 100
[[instruments]]
symbol = "ALFA"
tick_size = "0.01"
process = { kind = "gbm", initial = 100, volatility = 0.60, hours_per_year = 8760 }
[[instruments]]
symbol = "BETA"
tick_size = "0.01"
process = { kind = "gbm", initial = 50, volatility = 0.60, hours_per_year = 8760 }
[[venues]]
name = "PIT"
instruments = ["ALFA", "BETA"]
[[agents]]
name = "maker"
kind = "market_maker"
instrument = "ALFA"
cash = 20_000_000
max_short = { ALFA = 100_000 }
half_spread = "0.05"
quantity = 100
max_inventory = 8_000
interval = "1s"
[[agents]]
name = "crowd"
kind = "noise"
instrument = "ALFA"
count = 30
holdings = { ALFA = 5_000 }
interval = "2s"
market_share = 0.5
max_quantity = 20
depth = "0.06"
patience = "20s"
"#;

/// A market whose first day is over.
struct Over {
    directory: tempfile::TempDir,
    service: MarketData,
}

impl Over {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = source(CROWD);
        let (settled, is_settled) = std::sync::mpsc::channel();
        let driver = Driver::start(DriverConfig {
            journal: directory.path().join("journal"),
            sync: SyncPolicy::AtOnce,
            queue: 100,
            clock: Box::new(SystemClock::new()),
            source: Box::new(source.clone()),
            wrap: Box::new(|file| Box::new(file)),
            publication: PublicationConfig::default(),
            sinks: Vec::new(),
            settled: Box::new(move |path| settled.send(path.to_owned()).unwrap_or_default()),
            metrics: Metrics::default(),
        })
        .unwrap();
        is_settled.recv_timeout(Duration::from_secs(120)).unwrap();
        driver.handle.stop();
        let handle = driver.handle.clone();
        driver.join();
        let market: Box<dyn MarketView> = Box::new(handle);
        let service = MarketData::new(MarketDataParts {
            market,
            source,
            archive: Box::new(NoArchive),
            journal: directory.path().join("journal"),
            replays: directory.path().join("replays"),
            currency: "USD".to_owned(),
        });
        Self { directory, service }
    }

    fn lines(&self, day: &str, from: Option<&str>, to: Option<&str>) -> Result<Vec<Value>, Problem> {
        let time = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let (day, symbol) = (day.to_owned(), "ALFA".to_owned());
        let query = ReplayQuery { day, symbol, from: time(from), to: time(to) };
        let mut chunks = wait(self.service.replay_of(&query))?;
        let mut text = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            text.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(text).unwrap();
        Ok(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// What a reader makes of the lines: both sides, by price as text.
#[derive(Debug, Default, Clone, PartialEq)]
struct Followed([BTreeMap<String, String>; 2]);

impl Followed {
    fn follow(&mut self, line: &Value) {
        if line["type"] == "book" {
            *self = Self::default();
        }
        for (side, name) in self.0.iter_mut().zip(["bids", "asks"]) {
            for level in line[name].as_array().unwrap() {
                let [price, size] = [0, 1].map(|place| level[place].as_str().unwrap().to_owned());
                if size == "0" {
                    side.remove(&price)
                } else {
                    side.insert(price, size)
                };
            }
        }
    }

    fn of(ladders: &Ladders) -> Self {
        let side = |levels: &[bearpit_core::market::QuoteLevel]| {
            let text = |count: i64| Number::of_units(count, "0.01".parse().unwrap()).unwrap().to_string();
            levels.iter().map(|it| (text(it.price.ticks()), it.size.lots().to_string())).collect()
        };
        Self([side(&ladders.bids), side(&ladders.asks)])
    }
}

/// The book of the engine itself before each second, and the ids of all trades.
fn expected(over: &Over) -> (BTreeMap<String, Followed>, Vec<String>) {
    let segment = Segment::open(&over.directory.path().join("journal/00000001.journal")).unwrap();
    let scan = segment.scan().unwrap();
    let listing = ListingId::new(0);
    let (mut book, mut books, mut trades) = (VisibleBook::new(listing), BTreeMap::new(), Vec::new());
    let mut due: SimTime = "2025-03-03T10:00:31".parse().unwrap();
    let see = |output: Output| {
        let Output::Fact { at, fact, .. } = output else { return };
        while due <= at {
            books.insert(format!("{due}+00:00"), Followed::of(&book.ladders(usize::MAX)));
            due += SimDuration::from_secs(1);
        }
        if fact.listing() == Some(listing) {
            book.follow(&fact);
            if let Fact::Traded(trade) = &fact {
                trades.push(trade.id.to_string());
            }
        }
    };
    segment.rebuild(&source(CROWD), &scan.voids, Duration::ZERO, see).unwrap();
    (books, trades)
}

#[test]
fn a_replay_has_the_engines_book_at_each_second_and_every_trade() {
    let over = Over::new();
    let days = wait(over.service.kept_days()).unwrap().days;
    assert_eq!((days[0].day.as_str(), days[0].number, days[0].segments[0].is_open), ("2025-03-03", 1, false));
    assert!(days[0].segments[0].settled_at.is_some());
    let lines = over.lines("2025-03-03", None, None).unwrap();
    let (books, trades) = expected(&over);
    let mut followed = Followed::default();
    let mut compared = 0;
    for line in &lines {
        let before = followed.clone();
        followed.follow(line);
        let at = line["at"].as_str().unwrap();
        if let Some(book) = books.get(at) {
            assert_eq!(followed, *book, "{at}");
            compared += 1;
        }
        if line["type"] == "book" && at.ends_with(":00+00:00") {
            assert_eq!(followed, before, "the whole book at {at} is not what its changes lead to");
        }
    }
    assert!(compared > 60, "{compared} seconds compared");
    let replayed: Vec<_> = lines.iter().flat_map(|line| line["trades"].as_array().unwrap()).collect();
    let replayed: Vec<_> =
        replayed.iter().map(|trade| trade["trade_id"].as_str().unwrap().to_owned()).collect();
    assert!(trades.len() > 50, "{} trades", trades.len());
    assert_eq!(replayed, trades);
}

#[test]
fn a_range_is_widened_to_minutes_and_begins_with_the_whole_book() {
    let over = Over::new();
    let all = over.lines("2025-03-03", None, None).unwrap();
    let (from, to) = ("2025-03-03T10:02:17", "2025-03-03T10:02:18");
    let part = over.lines("2025-03-03", Some(from), Some(to)).unwrap();
    assert_eq!((&part[0]["type"], &part[0]["at"]), (&"book".into(), &"2025-03-03T10:02:00+00:00".into()));
    let last = part.last().unwrap()["at"].as_str().unwrap();
    assert!(("2025-03-03T10:02:50".."2025-03-03T10:03:01").contains(&last), "{last}");
    assert!(all.windows(part.len()).any(|window| window == part));
    assert_eq!(over.lines("2025-03-03", Some("2025-03-03T09:00:00"), None).unwrap(), all);
    assert_eq!(over.lines("2025-03-03", None, Some("2025-03-03T09:00:00")).unwrap(), Vec::<Value>::new());
    assert_eq!(over.lines("2025-03-03", Some(to), Some(from)).unwrap_err().field.as_deref(), Some("from"));
    assert_eq!(over.lines("1999-01-01", None, None).unwrap_err().code, "unknown_day");
}

#[test]
fn a_replay_is_made_once_and_goes_with_its_segment() {
    let over = Over::new();
    over.lines("2025-03-03", None, None).unwrap();
    let replays = over.directory.path().join("replays");
    let kept = replays.join("00000001");
    assert!(kept.is_dir());
    // What is there is not made again, not even where it would fail.
    let permit = wait(over.service.days.hold());
    over.lines("2025-03-03", None, None).unwrap();
    fs::rename(&kept, replays.join("00000099")).unwrap();
    assert_eq!(over.lines("2025-03-03", None, None).unwrap_err().code, "replay_busy");
    drop(permit);
    over.lines("2025-03-03", None, None).unwrap();
    assert!(kept.is_dir() && !replays.join("00000099").exists());
}

#[test]
fn a_day_that_is_open_has_no_replay_and_a_journal_that_is_not_there_is_a_fault() {
    let over = Over::new();
    let hand = Hand::new();
    let at = |journal: PathBuf| hand.service_of(NoArchive, journal, over.directory.path().join("none"));
    // The market says that it is open, so the newest segment may be written to.
    let journal = over.directory.path().join("one");
    fs::create_dir(&journal).unwrap();
    let first = over.directory.path().join("journal/00000001.journal");
    fs::copy(first, journal.join("00000001.journal")).unwrap();
    let service = at(journal);
    let query = ReplayQuery { day: "2025-03-03".to_owned(), symbol: "ALFA".to_owned(), from: None, to: None };
    let days = wait(service.kept_days()).unwrap().days;
    assert!(days[0].segments[0].is_open && days[0].segments[0].settled_at.is_none());
    assert_eq!(wait(service.replay_of(&query)).unwrap_err().code, "day_is_open");
    let service = at(over.directory.path().join("elsewhere"));
    assert_eq!(wait(service.kept_days()).unwrap_err().kind, ProblemKind::Internal);
}
