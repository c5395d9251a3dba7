//! The process that is killed.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::path::Path;

use bearpit::scenario::Scenario;
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::{Answer, Instruction, Outcome, RequestKind};
use bearpit_core::units::{ListingId, Price, Quantity};
use bearpit_serve::domain::ClientOrderId;
use bearpit_serve::driver::{
    Ask, Driver, DriverConfig, Metrics, Refused, Reply, ScenarioSource, Stage, SystemClock, What,
};
use bearpit_serve::publication::PublicationConfig;

const SEATS: [&str; 2] = ["anne", "bert"];
const SCENARIO: &str = r#"
[scenario]
name = "pit"
start = 2025-03-03T09:30:00
end = 2025-03-04T09:30:00
[live]
clock = "scaled"
speed = 60
DURABILITY
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
cash = 10_000_000
max_short = { ACME = 100_000 }
half_spread = "0.03"
quantity = 300
max_inventory = 50_000
interval = "10s"
latency = { entry = "1ms", report = "5ms" }
"#;

/// Returns the days of a small market; a relaxed one shows what is not on disk yet.
pub(crate) fn source(is_relaxed: bool) -> ScenarioSource {
    let durability = if is_relaxed { r#"durability = { relaxed = "500ms" }"# } else { "" };
    let text = SCENARIO.replace("DURABILITY", durability);
    let scenario = Scenario::from_text(Path::new("pit.toml"), &text, &[]).map_err(|it| it.render(false));
    ScenarioSource::new(scenario.unwrap(), text)
}

/// A request, as it is told between processes: its number says what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The seat.
    pub(crate) seat: usize,
    /// Its number, unique among all processes.
    pub(crate) number: u64,
}

impl Asked {
    pub(crate) fn read(words: &mut std::str::SplitAsciiWhitespace<'_>) -> Option<Self> {
        Some(Self { seat: words.next()?.parse().ok()?, number: words.next()?.parse().ok()? })
    }

    fn ask(self) -> Ask {
        let side = if self.number.is_multiple_of(3) { Side::Sell } else { Side::Buy };
        let price = Price::new(9_990 + i64::try_from(self.number % 20).unwrap());
        let terms = OrderTerms::limit(side, Quantity::new(1 + self.number % 5), price);
        let client = ClientOrderId::try_from(format!("c-{}-", self.number)).unwrap();
        let what = What::Instruct(Instruction::Submit { listing: ListingId::new(0), terms });
        Ask { seat: SEATS[self.seat].into(), what, client: Some(client) }
    }
}

/// Says what came of a request: the id of its order, or that it was refused.
fn outcome(answer: &Answer) -> String {
    match &answer.outcome {
        Ok(Outcome::Submitted { order, .. }) => order.to_string(),
        Ok(other) => panic!("{other:?}"),
        Err(_) => "refused".to_owned(),
    }
}

/// Drives a market in a directory: `DIR FIRST COUNT UNDER_WAY [relaxed]`. The requests that standard input
/// names are made again first, as `again` lines tell; then so many new ones from a number on, as `asked` and
/// `done` lines tell, or `undone` ones of those that came while a day turned.
pub(crate) fn run(arguments: &[String]) {
    let [directory, first, count, under_way, rest @ ..] = arguments else { panic!("{arguments:?}") };
    let driver = start(Path::new(directory), !rest.is_empty());
    let mut out = io::stdout().lock();
    for seat in SEATS {
        join(&driver, seat);
    }
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let asked = Asked::read(&mut line.split_ascii_whitespace()).unwrap();
        let answer = insist(&driver, || asked.ask());
        writeln!(out, "again {} {} {}", asked.seat, asked.number, outcome(&answer)).unwrap();
    }
    let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
    let mut waiting: VecDeque<(Asked, Reply)> = VecDeque::new();
    for number in first..first + count {
        let asked = Asked { seat: usize::from(number % 2 == 1), number };
        writeln!(out, "asked {} {number}", asked.seat).unwrap();
        waiting.push_back((asked, driver.handle.ask(asked.ask()).unwrap()));
        while waiting.len() >= under_way.parse::<usize>().unwrap() {
            let (asked, reply) = waiting.pop_front().unwrap();
            match reply.blocking_recv().unwrap() {
                Ok(answer) => {
                    writeln!(out, "done {} {} {}", asked.seat, asked.number, outcome(&answer)).unwrap();
                }
                // It came while a day turned.
                Err(Refused::Unavailable(_)) => {
                    writeln!(out, "undone {} {}", asked.seat, asked.number).unwrap();
                }
                Err(refused) => panic!("{refused:?}"),
            }
        }
    }
    driver.handle.stop();
    driver.join();
}

fn start(directory: &Path, is_relaxed: bool) -> Driver {
    let source = source(is_relaxed);
    let driver = Driver::start(DriverConfig {
        journal: directory.to_owned(),
        sync: source.sync_policy(),
        queue: 10_000,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source),
        wrap: Box::new(|file| Box::new(file)),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    })
    .unwrap();
    loop {
        match &driver.handle.status().stage {
            Stage::Open => return driver,
            Stage::Failed(why) => panic!("{why}"),
            _ => std::thread::yield_now(),
        }
    }
}

/// Opens a seat, unless it is there from an earlier process.
fn join(driver: &Driver, seat: &str) {
    let RequestKind::Join { spec, config, .. } = source(false).live().join(seat) else { panic!("no join") };
    let what = What::Join { spec, config: Box::new(config) };
    let ask = Ask { seat: seat.into(), what, client: None };
    insist(driver, || ask.clone());
}

/// Asks until the market takes it: a day may turn meanwhile.
fn insist(driver: &Driver, ask: impl Fn() -> Ask) -> Answer {
    loop {
        match driver.handle.ask(ask()).unwrap().blocking_recv().unwrap() {
            Ok(answer) => return answer,
            Err(Refused::Unavailable(_)) => std::thread::yield_now(),
            Err(refused) => panic!("{refused:?}"),
        }
    }
}
