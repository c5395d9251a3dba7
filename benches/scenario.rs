//! Events per second of whole markets, and what recording them adds: the day of `scenarios/quickstart.toml`,
//! and an hour of native actors alone with 1,000 traders, which has seventeen times as many events an hour.
//!
//! The first figure is of the simulation alone, of which nothing is kept but the digest. The others are the
//! same market with tables written as `simulate` writes them, right after it, and each ratio is the median
//! over such turns, so that it is of one machine in one state. The writer has a thread of its own: wall time
//! is what one run at a time takes, processor time what many at once come to.
//!
//! The last figure is of quickstart with files and report: analyzed while it runs, and from its files
//! afterwards.
//!
//! `cargo bench --bench scenario`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::path::Path;
use std::time::Instant;

use bearpit::account::AccountConfig;
use bearpit::agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups};
use bearpit::analysis::{RunAnalysis, RunData};
use bearpit::exchange::{Market, MarketBuilder, ProcessConfig};
use bearpit::kernel::LatencyModel;
use bearpit::market::{Fees, Instrument};
use bearpit::participant::{Latencies, ParticipantConfig};
use bearpit::process::OrnsteinUhlenbeck;
use bearpit::record::{Names, Output, RecordConfig, Recorder, RunLabel, StoredRun, TableSet};
use bearpit::report;
use bearpit::run::describe;
use bearpit::scenario::Scenario;
use bearpit::units::{FeeRate, Money, Quantity, Seed, SimDuration, SimTime};
use tempfile::TempDir;

const REPETITIONS: usize = 9;
const TRADERS: usize = 1_000;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn latencies(micros: i64) -> Latencies {
    let wire = LatencyModel::Constant(SimDuration::from_micros(micros));
    Latencies::all(wire)
}

/// The day of quickstart: 200 traders, two market makers, a strategy.
fn day() -> Result<Market> {
    Ok(quickstart()?.lay_out()?.open()?)
}

/// An hour of 1,000 traders and two market makers.
fn hour() -> Result<Market> {
    let open: SimTime = "2025-03-03T09:30:00".parse()?;
    let mut builder = MarketBuilder::new(Seed::new(42), open, open + SimDuration::from_secs(3_600))?;
    let value = ProcessConfig {
        process: Box::new(OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(7_200), 0.2, 1_638.0)),
        initial: 100.0,
        grid: SimDuration::from_secs(1),
    };
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, Some(value));
    let rate = |bps: &str| -> Result<FeeRate> { Ok(FeeRate::from_bps(bps.parse()?).ok_or("too fine")?) };
    builder.venue(
        "PIT",
        Fees { maker: rate("-0.1")?, taker: rate("0.3")?, auction: rate("0.3")? },
        Latencies::NONE,
        &[acme],
    );
    let listing = builder.listings()[0];
    let account = AccountConfig {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(acme, Quantity::new(10_000))],
        ..AccountConfig::default()
    };
    for number in 1..=2 {
        let config = MarketMakerConfig {
            listing,
            reference: MakerReference::Value,
            half_spread_ticks: 2,
            quantity: Quantity::new(200),
            max_inventory: Quantity::new(5_000),
            skew: 1.0,
            interval: SimDuration::from_secs(1),
        };
        let name = format!("maker-{number}");
        builder.agent(
            &name,
            ParticipantConfig::new("market_maker")
                .with_account(account.clone())
                .with_latencies(latencies(20)),
            MarketMaker::new(config),
        )?;
    }
    for number in 1..=TRADERS {
        let config = NoiseConfig {
            listing,
            wakeups: Wakeups::every(SimDuration::from_secs(5)),
            market_share: 0.3,
            max_quantity: Quantity::new(20),
            depth_ticks: 5.0,
            patience: SimDuration::from_secs(60),
        };
        let name = format!("noise-{number}");
        builder.agent(
            &name,
            ParticipantConfig::new("noise").with_account(account.clone()).with_latencies(latencies(100)),
            NoiseTrader::new(config),
        )?;
    }
    Ok(builder.open()?)
}

/// What one run took.
#[derive(Debug, Clone, Copy)]
struct Took {
    wall_seconds: f64,
    processor_seconds: f64,
}

/// Processor time of this process so far, in seconds; zero where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets; user and system time are the 14th and 15th field, in hundredths.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Runs the market, and records the tables if there are any to be recorded.
fn run(open: fn() -> Result<Market>, tables: Option<TableSet>) -> Result<(Took, Market)> {
    let mut market = open()?;
    let directory = TempDir::new()?;
    let (begin, processor) = (Instant::now(), processor_seconds());
    let recording = match tables {
        None => None,
        Some(tables) => {
            let plan = RecordConfig { tables, ..RecordConfig::default() };
            let (start, end) = (market.world().now(), market.close());
            let label = RunLabel { scenario: "bench".to_owned(), seed: Seed::new(42), start, end };
            let names = Names::of(market.world());
            let (recorder, recording) =
                Recorder::start(Output::Directory(directory.path()), &plan, label, names, ())?;
            market.add_sink(Box::new(recorder));
            Some(recording)
        }
    };
    market.run()?;
    drop(market.take_sinks());
    let recorded = recording.map(|recording| recording.finish()).transpose()?;
    let wall_seconds = begin.elapsed().as_secs_f64();
    let took = Took { wall_seconds, processor_seconds: processor_seconds() - processor };
    if recorded.is_some_and(|recorded| recorded.open_orders > 0) {
        return Err("orders were left open".into());
    }
    Ok((took, market))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the median of how much longer `took` took than `base`, turn by turn.
fn ratio(of: fn(&Took) -> f64, took: &[Took], base: &[Took]) -> f64 {
    median(took.iter().zip(base).map(|(took, base)| of(took) / of(base)))
}

fn main() -> Result<()> {
    measure("quickstart's day", day)?;
    measure(&format!("an hour of {TRADERS} noise traders and 2 market makers"), hour)?;
    measure_analysis()
}

fn quickstart() -> Result<Scenario> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    Ok(Scenario::load(&file, &[]).map_err(|wrong| wrong.render(false))?)
}

/// Runs a scenario with files and a report: analyzed while it runs, or from its files once they are written.
fn analyze(scenario: &Scenario, while_it_runs: bool) -> Result<Took> {
    let directory = TempDir::new()?;
    let (begin, processor) = (Instant::now(), processor_seconds());
    let mut market = scenario.lay_out()?.open()?;
    let names = Names::of(market.world());
    let Scenario { ref name, seed, start, end, record: ref config, .. } = *scenario;
    let label = RunLabel { scenario: name.clone(), seed, start, end };
    let analysis = while_it_runs.then(|| RunAnalysis::new(&names, &label, config));
    let output = Output::Directory(directory.path());
    let data = if let Some(analysis) = analysis {
        let (recorder, recording) = Recorder::start(output, config, label, names, analysis)?;
        market.add_sink(Box::new(recorder));
        market.run()?;
        drop(market.take_sinks());
        let recorded = recording.finish()?;
        recorded.sink.finish(describe(scenario, &market, config, recorded.tables))?
    } else {
        let (recorder, recording) = Recorder::start(output, config, label, names, ())?;
        market.add_sink(Box::new(recorder));
        market.run()?;
        drop(market.take_sinks());
        let manifest = describe(scenario, &market, config, recording.finish()?.tables);
        RunData::read(&StoredRun::assemble(directory.path(), manifest))?
    };
    report::render(&data)?;
    let wall_seconds = begin.elapsed().as_secs_f64();
    Ok(Took { wall_seconds, processor_seconds: processor_seconds() - processor })
}

fn measure_analysis() -> Result<()> {
    let scenario = quickstart()?;
    let (mut running, mut read_back) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        read_back.push(analyze(&scenario, false)?);
        running.push(analyze(&scenario, true)?);
    }
    let seconds = median(running.iter().map(|took| took.wall_seconds));
    println!(
        "quickstart's day with its report: {seconds:.3} s; analyzed while it runs it takes {:.2} times the wall time, {:.2} times the processor time of reading the files back",
        ratio(|took| took.wall_seconds, &running, &read_back),
        ratio(|took| took.processor_seconds, &running, &read_back),
    );
    Ok(())
}

fn measure(name: &str, open: fn() -> Result<Market>) -> Result<()> {
    let kinds = [
        ("digest alone", None),
        ("the usual tables", Some(TableSet::usual())),
        ("all tables", Some(TableSet::all())),
    ];
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    let mut digest = None;
    let mut counts = (0, 0, 0);
    for _ in 0..REPETITIONS {
        for ((_, tables), took) in kinds.iter().zip(&mut took) {
            let (now, market) = run(open, *tables)?;
            took.push(now);
            let tape = market.world().domain().tape();
            counts = (market.world().events(), tape.facts(), tape.trades());
            if digest.replace(market.digest()).is_some_and(|before| before != market.digest()) {
                return Err("two runs of one seed differ".into());
            }
        }
    }
    let (events, facts, trades) = counts;
    println!("{name}: {events} events, {facts} facts, {trades} trades");
    let base = &took[0];
    for ((name, _), took) in kinds.iter().zip(&took) {
        let seconds = median(took.iter().map(|took| took.wall_seconds));
        println!(
            "{name:>16}: {:.2} million events/s, {seconds:.3} s; {:.2} times the wall time, {:.2} times the processor time",
            events as f64 / seconds / 1e6,
            ratio(|took| took.wall_seconds, took, base),
            ratio(|took| took.processor_seconds, took, base),
        );
    }
    Ok(())
}
