//! The live scenarios that ship: they check, simulate, trade, and leave time to recover.

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;

use bearpit::kernel::MemoryJournal;
use bearpit::market::{Fact, OrderTerms, Phase, Side, SinkError, Stamped, TapeSink};
use bearpit::participant::{Instruction, Request, RequestKind};
use bearpit::record::TableSet;
use bearpit::run::{Finished, Run};
use bearpit::scenario::{AfterOutage, CivilDate, LiveClock, LiveConfig, Scenario};
use bearpit::units::{ListingId, Money, Price, Quantity, SimDuration, SimTime};
use tempfile::TempDir;

use crate::cli::{bearpit, run};

const SHIPPED: [&str; 5] = ["classroom", "exchange_day", "feed", "open_market", "replayed_year"];

fn path(name: &str) -> PathBuf {
    let live = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/live");
    live.join(format!("{name}.toml"))
}

fn load(name: &str, changes: &[&str]) -> Scenario {
    let changes: Vec<_> = changes.iter().map(|change| change.parse().unwrap()).collect();
    Scenario::load(&path(name), &changes).map_err(|found| found.render(false)).unwrap()
}

fn live(scenario: &Scenario) -> &LiveConfig {
    scenario.live.as_ref().unwrap()
}

fn at(text: &str) -> SimTime {
    text.parse().unwrap()
}

/// Simulates the beginning of a day, with few tables.
fn simulate(name: &str, end: &str) -> Finished {
    let mut scenario = load(name, &[&format!("scenario.end=2025-03-03T{end}")]);
    scenario.record.tables = TableSet::usual();
    Run::of(&scenario).run().unwrap()
}

#[test]
fn they_are_valid_and_a_simulation_says_that_it_does_not_use_their_live_table() {
    for name in SHIPPED {
        let (code, stdout, stderr) = run(bearpit().arg("check").arg(path(name)));
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        assert!(stdout.contains(": valid; "), "{stdout}");
    }
    let out = TempDir::new().unwrap();
    let simulate = |arguments: &[&str]| {
        let mut command = bearpit();
        command.arg("simulate").arg(path("classroom")).args(["--set", "scenario.end=2025-03-03T09:35:00"]);
        run(command.args(arguments).args(["--force", "--no-report", "--out"]).arg(out.path()))
    };
    let (code, stdout, stderr) = simulate(&[]);
    assert!(code == 0 && stdout.contains("classroom (seed 101)"), "{stdout}");
    let note = format!(
        "note: {}: [live] is for `bearpit serve`; a simulation does not use it\n",
        path("classroom").display()
    );
    assert_eq!(stderr, note);
    assert_eq!(simulate(&["--quiet"]), (0, String::new(), String::new()));
}

/// The digests of their first half hours of trading: a change that moves one must say why.
#[test]
fn they_have_their_golden_digests_and_trade_in_every_instrument() {
    for (name, end, digest) in [
        ("classroom", "10:00:00", CLASSROOM),
        ("exchange_day", "10:00:00", EXCHANGE_DAY),
        ("feed", "00:30:00", FEED),
        ("open_market", "00:30:00", OPEN_MARKET),
    ] {
        let Finished { manifest, data, .. } = simulate(name, end);
        assert_eq!(manifest.digest, digest, "{name}");
        for market in &data.listings {
            assert!(market.trades > 100, "{name}: {} {}", market.symbol, market.trades);
        }
        let lasted = (manifest.end - manifest.start).secs_f64();
        let events_per_second = manifest.events as f64 / lasted;
        assert!(events_per_second < 100.0, "{name}: {events_per_second} events a second");
    }
}

const CLASSROOM: &str = "eee7f7c524b59f17d50dde50cbb278f31c8e00fbc74ca6bb625083db095746d7";
const EXCHANGE_DAY: &str = "cd5c6b3d3ab20e0a8d0f7b2ba230c99da7fd62e775c4ddb701d6b89f9ba2ccbc";
const FEED: &str = "8dd8422343e7f45f19b0efb6f901d6626405a95391e55f4e7e8d133ad0a1eecf";
const OPEN_MARKET: &str = "f4642c0caa415869313111a3b94ea4b62d776190fd6f1f58fa7bd9968ab7261c";

#[test]
fn the_open_market_trades_now_whenever_that_is() {
    let market = load("open_market", &[]);
    let days = market.live_days().unwrap();
    // A Sunday, at the hour that clocks skip or show twice elsewhere.
    for now in ["2026-03-29T01:30:00", "2026-10-25T01:30:00", "2032-02-29T23:59:59"] {
        let date = days.at(at(now)).unwrap();
        assert!(days.is_trading_day(date), "{now}");
        let day = days.scenario(date).unwrap();
        assert_eq!(day.end - day.start, SimDuration::from_secs(86_400));
        assert_eq!(days.next(date).unwrap(), days.at(day.end).unwrap());
        let rest = days.rest(date, at(now)).unwrap();
        assert_eq!((rest.start, rest.end), (at(now), day.end));
    }
    assert_eq!(live(&market).starting_cash, Money::from_whole(100_000));
}

#[test]
fn the_exchange_opens_at_half_past_nine_in_new_york_in_summer_and_winter() {
    let exchange = load("exchange_day", &[]);
    let LiveClock::Wall { zone, after_outage } = &live(&exchange).clock else { panic!("a wall clock") };
    assert_eq!((zone.to_string().as_str(), *after_outage), ("America/New_York", AfterOutage::DEFAULT));
    let days = exchange.live_days().unwrap();
    let date = |text: &str| text.parse::<CivilDate>().unwrap();
    for (day, open) in [("2026-01-15", "2026-01-15T14:30:00"), ("2026-07-15", "2026-07-15T13:30:00")] {
        let mut builder = days.scenario(date(day)).unwrap().lay_out_live().unwrap();
        let opened = Rc::default();
        builder.sink(Box::new(Opening(Rc::clone(&opened))));
        let mut market = builder.open().unwrap();
        market.start();
        market.step(at(open) + SimDuration::from_secs(1), u64::MAX).unwrap();
        assert_eq!(opened.get(), Some(at(open)), "{day}");
    }
    // Thanksgiving, a weekend, New Year.
    assert_eq!(days.next(date("2026-11-25")), Ok(date("2026-11-27")));
    assert_eq!(days.next(date("2026-11-27")), Ok(date("2026-11-30")));
    assert_eq!(days.next(date("2026-12-31")), Ok(date("2027-01-04")));
    // Its second line of commands.
    let scaled = load("exchange_day", &["live.clock=scaled", "live.speed=60"]);
    assert!(matches!(live(&scaled).clock, LiveClock::Scaled { speed } if speed.thousandths() == 60_000));
}

/// Notes when continuous trading begins.
struct Opening(Rc<Cell<Option<SimTime>>>);

impl TapeSink for Opening {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if matches!(stamped.fact, Fact::PhaseChanged { phase: Phase::Continuous, .. }) {
            self.0.set(self.0.get().or(Some(stamped.at)));
        }
        Ok(())
    }
}

/// A student joins, buys what the market offers, and has it.
#[test]
fn somebody_can_join_the_classroom_and_trade() {
    let scenario = load("classroom", &["scenario.end=2025-03-03T09:40:00"]);
    let mut builder = scenario.lay_out_live().unwrap();
    let journal = MemoryJournal::new();
    builder.journal(journal.clone());
    let mut market = builder.open().unwrap();
    market.start();
    let now = at("2025-03-03T09:35:00");
    market.step(now, u64::MAX).unwrap();
    market.request(now, Request { tag: None, kind: live(&scenario).join("anne") }).unwrap();
    market.step(now, u64::MAX).unwrap();
    let participant = market.participant("anne").unwrap().id;
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(100), Price::new(6_000));
    let instruction = Instruction::Submit { listing: ListingId::new(0), terms };
    let kind = RequestKind::Instruct { participant, instruction };
    market.request(now, Request { tag: None, kind }).unwrap();
    market.step(market.close(), u64::MAX).unwrap();
    let account = market.world().domain().account(participant).unwrap();
    assert!(account.fills() > 0 && account.cash() < Money::from_whole(10_000), "{:?}", account.cash());
    assert_eq!(journal.entries().len(), 2);
    market.settle().unwrap();
}
