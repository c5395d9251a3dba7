//! Journals of a small market, read again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bearpit::record::Format;
use bearpit::run::{OutputConfig, Run};
use bearpit::scenario::Scenario;
use bearpit_core::market::{Funding, OrderTerms, Reference, Side, Transfer};
use bearpit_core::participant::{Instruction, RequestKind};
use bearpit_core::units::{ListingId, Money, Quantity, SimDuration};

use super::*;
use crate::driver::{Day, MarketSource, ScenarioSource, Segment};
use crate::live::{LaidOut, LiveMarket, Start, Voids};
use crate::store::journal::{Created, JournalDirectory, SegmentHeader};

const SCENARIO: &str = r#"
[scenario]
name = "pit"
start = 2025-03-03T09:30:00
end = 2025-03-03T09:40:00
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
"#;

fn source() -> ScenarioSource {
    let scenario = Scenario::from_text(Path::new("pit.toml"), SCENARIO, &[]);
    ScenarioSource::new(scenario.map_err(|it| it.render(false)).unwrap(), SCENARIO.to_owned())
}

/// Writes a journal in which somebody joins, buys twice, and is funded in between; returns its file. The
/// requests are records 0, 2, 4 and so on, a clock record behind each.
fn journal(directory: &Path, is_settled: bool) -> PathBuf {
    let source = source();
    let journal = JournalDirectory::open(directory).unwrap();
    let day = source.next_day(Duration::ZERO, None).unwrap();
    let header = source.header(&day).unwrap();
    let header = SegmentHeader { engine: crate::driver::ENGINE.to_owned(), ..header };
    let Created { path, segment, mut file } = journal.create(&header).unwrap();
    let laid_out = LaidOut { builder: source.builder(&header).unwrap(), left: None };
    let mut wall = Duration::ZERO;
    let start = Start { pacing: source.pacing(), wall };
    let mut live = LiveMarket::begin(laid_out, segment, start).unwrap();
    let mut make = |live: &mut LiveMarket, kind| {
        wall += Duration::from_secs(3);
        while live.behind(wall) > SimDuration::ZERO {
            live.advance(wall).unwrap();
        }
        live.request(wall, kind, None).unwrap();
        live.advance(wall).unwrap();
    };
    make(&mut live, source.live().join("anne"));
    let participant = live.market().participant("anne").unwrap().id;
    let buy = |lots| RequestKind::Instruct {
        participant,
        instruction: Instruction::Submit {
            listing: ListingId::new(0),
            terms: OrderTerms::market(Side::Buy, Quantity::new(lots)),
        },
    };
    make(&mut live, buy(30));
    let transfer = Transfer::Cash(Money::from_whole(500));
    let funding = Funding { transfer, reference: Reference::new("gift").unwrap() };
    make(&mut live, RequestKind::Fund { participant, funding });
    make(&mut live, buy(50));
    if is_settled {
        live.settle().unwrap();
    }
    file.append(&live.take_appended());
    file.sync().unwrap();
    path
}

fn held_by_anne(path: &Path) -> Option<i64> {
    let audit = audit(&Segment::open(path).unwrap(), &source()).unwrap();
    let anne = audit.accounts.iter().find(|it| it.name == "anne").unwrap();
    assert!(anne.is_seat);
    anne.holdings.first().map(|(_, lots)| lots.lots())
}

#[test]
fn an_audit_adds_accounts_up_from_facts_alone() {
    for is_settled in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = journal(directory.path(), is_settled);
        assert_eq!(held_by_anne(&path), Some(80));
        let audit = audit(&Segment::open(&path).unwrap(), &source()).unwrap();
        assert_eq!(audit.is_settled, is_settled);
        let cash: Money = audit.accounts.iter().fold(Money::ZERO, |sum, it| sum + it.cash);
        assert!(cash < Money::from_whole(1_100_500), "the venue has earned something");
    }
}

#[test]
fn a_request_that_is_void_by_hand_is_left_away_ever_after() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), false);
    let is_request = |record| Segment::open(&path).unwrap().is_request(record).unwrap();
    let requests: Vec<u64> = (0..100).filter(|record| is_request(*record)).collect();
    let [_, first, ..] = requests[..] else { panic!("{requests:?}") };
    void(&path, first, &source()).unwrap();
    assert_eq!(held_by_anne(&path), Some(50));
    let again = void(&path, first, &source()).unwrap_err().to_string();
    assert_eq!(again, format!("record {first} is void already"));
    let none = void(&path, 1_000, &source()).unwrap_err().to_string();
    assert!(none.starts_with("record 1000 is no request; there are records 0 to "), "{none}");
}

#[test]
fn nothing_is_taken_out_of_a_market_that_was_settled() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), true);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(void(&path, 2, &source()), Err(RepairError::IsSettled)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let segment = Segment::open(&path).unwrap();
    let replayed = segment.rebuild(&source(), &Voids::default(), Duration::ZERO, |_| {}).unwrap();
    assert!(replayed.is_settled());
}

#[test]
fn a_scenario_that_has_changed_is_not_taken_for_the_one_of_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), false);
    let text = SCENARIO.replace("quantity = 300", "quantity = 301");
    let scenario = Scenario::from_text(Path::new("pit.toml"), &text, &[]).map_err(|it| it.render(false));
    let other = ScenarioSource::new(scenario.unwrap(), text);
    let error = audit(&Segment::open(&path).unwrap(), &other).unwrap_err().to_string();
    assert!(error.contains("is not what the market of 2025-03-03 began with"), "{error}");
}

#[test]
fn a_day_is_replayed_to_its_digest_with_tables_and_report() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), true);
    let out = directory.path().join("out");
    let finished = replay(&path, &source(), Some(OutputConfig::new(&out))).unwrap();
    let audit = audit(&Segment::open(&path).unwrap(), &source()).unwrap();
    assert_eq!(finished.manifest.digest, audit.digest.to_string());
    assert!(finished.summary.accounts.iter().any(|it| it.account.owner == "anne"));
    let written = finished.directory.unwrap();
    assert!(written.join("report.html").is_file(), "{}", written.display());
}

#[test]
fn a_day_that_nobody_settled_is_replayed_as_far_as_it_came() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(directory.path(), false);
    let finished = replay(&path, &source(), None).unwrap();
    let audit = audit(&Segment::open(&path).unwrap(), &source()).unwrap();
    assert_eq!(finished.manifest.digest, audit.digest.to_string());
}

#[test]
fn days_that_were_settled_get_tables_and_old_ones_go() {
    let directory = tempfile::tempdir().unwrap();
    let journal_of = directory.path().join("journal");
    let results = directory.path().join("days");
    let path = journal(&journal_of, true);
    let text = SCENARIO.replace("speed = 1", "speed = 1\nkeep_days = 1");
    let scenario = Scenario::from_text(Path::new("pit.toml"), &text, &[]).map_err(|it| it.render(false));
    let one_day = ScenarioSource::new(scenario.unwrap(), text);
    let later = |day| {
        let journal = JournalDirectory::open(&journal_of).unwrap();
        let header = one_day.header(&Day { number: day, name: "2025-03-04".to_owned(), opens_at: None });
        journal.create(&header.unwrap()).unwrap().path
    };
    let worker = worker(&results, None, &DayMetrics::default());
    (worker.hook())(&path);
    worker.join();
    let written = results.join("2025-03-03-00000001");
    assert!(written.is_dir());
    let second = later(2);
    let worker = DayWorker::start(one_day.clone(), results.clone(), None, DayMetrics::default()).unwrap();
    (worker.hook())(&second);
    worker.join();
    assert!(!path.exists() && !written.exists() && second.exists());
}

fn worker(results: &Path, command: Option<ReplayCommand>, metrics: &DayMetrics) -> DayWorker {
    DayWorker::start(source(), results.to_owned(), command, metrics.clone()).unwrap()
}

/// Returns the command of a program that does what a line of shell says, whatever its arguments are.
#[cfg(unix)]
fn program(directory: &Path, line: &str) -> Option<ReplayCommand> {
    use std::os::unix::fs::PermissionsExt;
    let program = directory.join("program");
    std::fs::write(&program, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Some(ReplayCommand { program, scenario: "pit.toml".into() })
}

#[cfg(unix)]
#[test]
fn a_process_makes_the_results_and_gets_the_segment_and_where_they_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(&directory.path().join("journal"), true);
    let (results, metrics) = (directory.path().join("days"), DayMetrics::default());
    std::fs::create_dir_all(results.join("2025-03-01-00000000.unfinished")).unwrap();
    let command = program(directory.path(), "mkdir -p \"$4\" && echo \"$@\" > \"$4/arguments\"");
    let worker = worker(&results, command, &metrics);
    (worker.hook())(&path);
    worker.join();
    let written = results.join("2025-03-03-00000001");
    let arguments = std::fs::read_to_string(written.join("arguments")).unwrap();
    let (journal, out) = (path.display(), written.display());
    assert_eq!(arguments, format!("replay {journal} --out {out}.unfinished --scenario pit.toml\n"));
    assert_eq!(metrics.counts(), [1, 0]);
    assert_eq!(std::fs::read_dir(&results).unwrap().count(), 1, "what was left unfinished is gone");
}

#[cfg(unix)]
#[test]
fn a_process_that_fails_is_counted_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(&directory.path().join("journal"), true);
    let (results, metrics) = (directory.path().join("days"), DayMetrics::default());
    let command = program(directory.path(), "mkdir -p \"$4\"; echo no space >&2; exit 1");
    let worker = worker(&results, command, &metrics);
    (worker.hook())(&path);
    worker.join();
    assert_eq!(metrics.counts(), [0, 1]);
    assert_eq!(std::fs::read_dir(&results).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_process_that_is_under_way_ends_with_the_market() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(&directory.path().join("journal"), true);
    let (results, metrics) = (directory.path().join("days"), DayMetrics::default());
    let began = directory.path().join("began");
    let command = program(directory.path(), &format!("touch {}; exec sleep 600", began.display()));
    let worker = worker(&results, command, &metrics);
    (worker.hook())(&path);
    while !began.exists() {
        std::thread::yield_now();
    }
    worker.stop();
    assert_eq!(metrics.counts(), [0, 0]);
}

#[test]
fn without_such_a_program_the_results_are_made_here() {
    let directory = tempfile::tempdir().unwrap();
    let path = journal(&directory.path().join("journal"), true);
    let (results, metrics) = (directory.path().join("days"), DayMetrics::default());
    let program = directory.path().join("nothing");
    let worker = worker(&results, Some(ReplayCommand { program, scenario: "pit.toml".into() }), &metrics);
    (worker.hook())(&path);
    worker.join();
    assert_eq!(metrics.counts(), [1, 0]);
    assert!(results.join("2025-03-03-00000001").join("pit").is_dir());
}

/// The second part of a day draws from another seed than the first, and its header says so.
#[test]
fn the_header_of_the_rest_of_a_day_has_the_seed_that_it_draws_from() {
    let source = source();
    let day = source.next_day(Duration::ZERO, None).unwrap();
    let whole = source.header(&day).unwrap();
    assert_eq!(source.seed_of(&whole).unwrap(), whole.seed);
    let from = source.scenario().start + SimDuration::from_secs(60);
    let rest = SegmentHeader { opens: Some(from), ..whole.clone() };
    let seed = source.seed_of(&rest).unwrap();
    assert_ne!(seed, whole.seed);
    assert_eq!(seed, source.scenario_of(&rest).unwrap().seed.get());
}

/// A live day in which nobody did anything is the simulated day: by digest, tables and report.
#[test]
fn a_scaled_day_of_the_exchange_is_the_simulated_day() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/live/exchange_day.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    let scaled = ["live.clock=scaled".parse().unwrap()];
    let scenario = Scenario::from_text(path, &text, &scaled).map_err(|it| it.render(false)).unwrap();
    let source = ScenarioSource::new(scenario.clone(), text);
    let directory = tempfile::tempdir().unwrap();
    let journal = JournalDirectory::open(directory.path()).unwrap();
    let header = source.header(&source.next_day(Duration::ZERO, None).unwrap()).unwrap();
    let header = SegmentHeader { engine: crate::driver::ENGINE.to_owned(), ..header };
    let Created { path, segment, mut file } = journal.create(&header).unwrap();
    let laid_out = LaidOut { builder: source.builder(&header).unwrap(), left: None };
    let start = Start { pacing: source.pacing(), wall: Duration::ZERO };
    let mut live = LiveMarket::begin(laid_out, segment, start).unwrap();
    let mut wall = Duration::ZERO;
    while !live.is_over() {
        wall += Duration::from_secs(1);
        live.advance(wall).unwrap();
        while live.next_output().is_some() {}
        file.append(&live.take_appended());
    }
    live.settle().unwrap();
    file.append(&live.take_appended());
    file.sync().unwrap();

    let run = |name: &str| OutputConfig {
        format: Some(Format::Csv),
        ..OutputConfig::new(directory.path().join(name))
    };
    let simulated = Run::of(&scenario).output(run("simulated")).run().unwrap();
    assert_eq!(live.market().digest().to_string(), simulated.manifest.digest);
    let replayed = replay(&path, &source, Some(run("replayed"))).unwrap();
    assert_eq!(replayed.manifest.digest, simulated.manifest.digest);
    let [simulated, replayed] = [simulated, replayed].map(|it| it.directory.unwrap());
    for entry in std::fs::read_dir(&simulated).unwrap() {
        let name = entry.unwrap().file_name();
        // What a run took on the wall clock is in the manifest alone.
        if name != "manifest.json" {
            let [one, other] = [&simulated, &replayed].map(|it| std::fs::read(it.join(&name)).unwrap());
            assert!(one == other, "{}", name.display());
        }
    }
}
