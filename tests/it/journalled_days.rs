//! Days that are made again from what came into their market: tables, summary and report.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use bearpit::exchange::{BuildError, Market, MarketBuilder};
use bearpit::kernel::{Injected, MemoryJournal};
use bearpit::market::{OrderTerms, Side, TimeInForce};
use bearpit::participant::{Instruction, Request, RequestKind};
use bearpit::record::Format;
use bearpit::run::{
    Advance, CancelToken, JournalSource, MarketSource, OutputConfig, Run, RunError, SourceError, chain,
};
use bearpit::scenario::Scenario;
use bearpit::units::{ListingId, Price, Quantity, SimTime};
use tempfile::TempDir;

fn at(text: &str) -> SimTime {
    format!("2025-03-03T{text}").parse().unwrap()
}

fn load(name: &str, changes: &[&str]) -> Scenario {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let changes: Vec<_> = changes.iter().map(|change| change.parse().unwrap()).collect();
    Scenario::load(&path, &changes).map_err(|found| found.render(false)).unwrap()
}

/// An hour that two people join: one buys and sells, one has an order that nobody meets.
fn live_hour() -> Scenario {
    load("quickstart.toml", &["live.clock=scaled", "scenario.end=2025-03-03T10:30:00"])
}

fn instruct(market: &mut Market, time: &str, name: &str, terms: OrderTerms) {
    let participant = market.participant(name).unwrap().id;
    let instruction = Instruction::Submit { listing: ListingId::new(0), terms };
    let kind = RequestKind::Instruct { participant, instruction };
    market.request(at(time), Request { tag: None, kind }).unwrap();
    market.step(at(time), u64::MAX).unwrap();
}

/// Returns the digest at the end, and the journal.
fn trade(scenario: &Scenario) -> (String, Vec<Injected<Request>>) {
    let mut builder = scenario.lay_out_live().unwrap();
    let journal = MemoryJournal::new();
    builder.journal(journal.clone());
    let mut market = builder.open().unwrap();
    market.start();
    for (time, name) in [("09:31:00", "anne"), ("09:31:00.5", "bert")] {
        market.step(at(time), u64::MAX).unwrap();
        let kind = scenario.live.as_ref().unwrap().join(name);
        market.request(at(time), Request { tag: None, kind }).unwrap();
        market.step(at(time), u64::MAX).unwrap();
    }
    let limit = |side, price| OrderTerms::limit(side, Quantity::new(50), Price::new(price));
    market.step(at("09:40:00"), u64::MAX).unwrap();
    instruct(&mut market, "09:40:00", "anne", limit(Side::Buy, 10_500));
    market.step(at("09:45:00"), u64::MAX).unwrap();
    instruct(&mut market, "09:45:00", "bert", limit(Side::Buy, 5_000).with(TimeInForce::Gtc));
    market.step(at("10:15:00"), u64::MAX).unwrap();
    instruct(&mut market, "10:15:00", "anne", limit(Side::Sell, 9_500));
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    (market.digest().to_string(), journal.entries())
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap())).collect()
}

/// Runs a scenario into a directory, and returns its files.
fn written(run: Run<'_>, out: &TempDir, format: Format) -> BTreeMap<String, Vec<u8>> {
    let output = OutputConfig { format: Some(format), replace: true, ..OutputConfig::new(out.path()) };
    files(&run.output(output).run().unwrap().directory.unwrap())
}

/// A day in which nobody joined, however it is driven.
#[test]
fn an_empty_journal_gives_byte_for_byte_what_a_simulation_writes() {
    let out = TempDir::new().unwrap();
    for (name, end, format) in [
        ("quickstart.toml", "09:50:00", Format::Parquet),
        ("live/exchange_day.toml", "09:45:00", Format::Csv),
    ] {
        let scenario = load(name, &["live.clock=scaled", &format!("scenario.end=2025-03-03T{end}")]);
        let simulated = written(Run::of(&scenario), &out, format);
        let days = scenario.live_days().unwrap();
        let day = days.scenario(days.numbered(1).unwrap()).unwrap();
        let again = written(Run::of(&day).driven_by(JournalSource::new([])), &out, format);
        assert!(simulated.len() > 8, "{:?}", simulated.keys());
        assert!(simulated.keys().eq(again.keys()));
        for (file, content) in &simulated {
            assert!(again[file] == *content, "{name}: {file} differs");
        }
    }
}

fn going_on(scenario: &Scenario) -> Result<MarketBuilder, BuildError> {
    let mut builder = scenario.lay_out_live()?;
    builder.goes_on();
    Ok(builder)
}

/// A market that leaves its state to the next day, as those of the live exchange do.
struct GoesOn;

impl MarketSource for GoesOn {
    fn open(&mut self, scenario: &Scenario) -> Result<Market, SourceError> {
        Ok(going_on(scenario)?.open()?)
    }

    fn advance(&mut self, _: &mut Market) -> Result<Advance, SourceError> {
        Ok(Advance::ToClose)
    }

    fn check(&mut self, market: &Market) -> Result<(), SourceError> {
        market.closing_state().map(|_| ()).ok_or_else(|| "it leaves no state".into())
    }
}

/// An exchange whose closing auction is over when its day ends: nothing is on its way by then.
#[test]
fn a_day_of_the_exchange_that_goes_on_is_that_of_a_simulation_too() {
    let changes = [
        "live.clock=scaled",
        "venues.PIT.sessions.close=9h35m",
        "venues.PIT.sessions.closing_auction=5m",
        "scenario.end=2025-03-03T09:45:00",
    ];
    let scenario = load("live/exchange_day.toml", &changes);
    let out = TempDir::new().unwrap();
    let simulated = written(Run::of(&scenario), &out, Format::Csv);
    let live = written(Run::of(&scenario).driven_by(GoesOn), &out, Format::Csv);
    assert!(String::from_utf8_lossy(&simulated["phases.csv"]).contains("closing_auction"));
    for (file, content) in &simulated {
        assert!(live[file] == *content, "{file} differs");
    }
}

#[test]
fn a_day_with_people_has_their_trades_in_tables_and_report() {
    let scenario = live_hour();
    let (digest, journal) = trade(&scenario);
    assert_eq!(journal.len(), 5);
    let out = TempDir::new().unwrap();
    let run = || Run::of(&scenario).driven_by(JournalSource::new(journal.clone()));
    let files = written(run(), &out, Format::Csv);
    let again = written(run(), &out, Format::Csv);
    assert!(files == again, "a second time, the same");
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert!(text("manifest.json").contains(&digest));
    let fills = text("fills.csv");
    assert!(fills.contains("anne") && !fills.contains("bert"), "bert's order met nobody");
    assert!(text("orders.csv").contains("bert"));
    assert!(text("report.html").contains("anne"));
    // One order less, and it is another day.
    let shorter = Run::of(&scenario).driven_by(JournalSource::new(journal[..4].to_vec())).run().unwrap();
    assert_ne!(shorter.manifest.digest, digest);
}

/// Ends a market where the day was stopped, and knows its digest.
struct Stopped {
    entries: std::vec::IntoIter<Injected<Request>>,
    end: SimTime,
    digest: String,
}

impl MarketSource for Stopped {
    fn open(&mut self, scenario: &Scenario) -> Result<Market, SourceError> {
        // The market's own close is that of the whole day.
        let day = Scenario { end: at("16:00:00"), ..scenario.clone() };
        Ok(going_on(&day)?.open()?)
    }

    fn advance(&mut self, market: &mut Market) -> Result<Advance, SourceError> {
        match self.entries.next() {
            Some(entry) => market.replay(entry).map(|()| Advance::More).map_err(Into::into),
            None => {
                market.step(self.end, u64::MAX)?;
                Ok(Advance::Ended)
            }
        }
    }

    fn check(&mut self, market: &Market) -> Result<(), SourceError> {
        let found = market.digest().to_string();
        if found == self.digest { Ok(()) } else { Err(format!("the digest is {found}").into()) }
    }
}

#[test]
fn a_day_that_ended_early_is_described_as_it_ended_and_compared_with_what_is_known_of_it() {
    let whole = load("quickstart.toml", &["live.clock=scaled"]);
    let mut market = going_on(&whole).unwrap().open().unwrap();
    market.start();
    let end = at("09:52:30");
    market.step(end, u64::MAX).unwrap();
    market.settle().unwrap();
    let digest = market.digest().to_string();
    let ended = Scenario { end, ..whole };
    let run = |digest: &str| {
        let source = Stopped { entries: Vec::new().into_iter(), end, digest: digest.to_owned() };
        Run::of(&ended).driven_by(source).run()
    };
    let finished = run(&digest).unwrap();
    assert_eq!((finished.manifest.end, finished.manifest.digest), (end, digest));
    let error = run("of another day").unwrap_err();
    assert!(matches!(error, RunError::Source(_)));
    assert!(chain(&error).contains(": the digest is "), "{}", chain(&error));
}

/// Fails after so many steps.
struct Failing(u32);

impl MarketSource for Failing {
    fn open(&mut self, scenario: &Scenario) -> Result<Market, SourceError> {
        if self.0 == 0 { Err("no such journal".into()) } else { Ok(scenario.lay_out_live()?.open()?) }
    }

    fn advance(&mut self, _: &mut Market) -> Result<Advance, Box<dyn Error + Send + Sync>> {
        self.0 -= 1;
        if self.0 == 0 { Err("a torn end".into()) } else { Ok(Advance::More) }
    }
}

#[test]
fn a_source_that_fails_or_is_of_another_market_ends_the_run_without_files() {
    let scenario = live_hour();
    let out = TempDir::new().unwrap();
    let failed = |source: Box<dyn FnOnce(Run<'_>) -> Run<'_>>| {
        let run = source(Run::of(&scenario).output(OutputConfig::new(out.path())));
        let error = run.run().unwrap_err();
        let left = fs::read_dir(out.path().join("quickstart")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "no files are left");
        chain(&error)
    };
    let why = "the day cannot be made again from what came into its market: ";
    assert_eq!(failed(Box::new(|run| run.driven_by(Failing(0)))), format!("{why}no such journal"));
    assert_eq!(failed(Box::new(|run| run.driven_by(Failing(5)))), format!("{why}a torn end"));
    let (_, journal) = trade(&Scenario { seed: bearpit::units::Seed::new(1), ..live_hour() });
    let of_another = failed(Box::new(|run| run.driven_by(JournalSource::new(journal))));
    assert!(of_another.starts_with(why), "{of_another}");
    let token = CancelToken::default();
    token.cancel();
    assert_eq!(failed(Box::new(move |run| run.driven_by(Failing(u32::MAX)).cancel(&token))), "interrupted");
}
