//! Events per second of a whole market of native actors: quickstart's population with 1,000 traders.
//!
//! Nothing is recorded but the digest, so this is the speed of the simulation, not of the disk.
//!
//! `cargo bench --bench scenario`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::Instant;

use bearpit::account::AccountTerms;
use bearpit::agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader};
use bearpit::exchange::{Market, MarketBuilder, ProcessTerms};
use bearpit::kernel::LatencyModel;
use bearpit::market::{Fees, Instrument};
use bearpit::pit::Latencies;
use bearpit::process::OrnsteinUhlenbeck;
use bearpit::units::{FeeRate, Money, Quantity, Seed, SimDuration, SimTime};

const REPETITIONS: usize = 5;
const TRADERS: usize = 1_000;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn latencies(micros: i64) -> Latencies {
    let wire = LatencyModel::Constant(SimDuration::from_micros(micros));
    Latencies { entry: wire, report: wire, feed: wire }
}

fn market() -> Result<Market> {
    let open: SimTime = "2025-03-03T09:30:00".parse()?;
    let mut builder = MarketBuilder::new(Seed::new(42), open, open + SimDuration::from_secs(3_600))?;
    let value = ProcessTerms {
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
    let account = AccountTerms {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(acme, Quantity::new(10_000))],
        ..AccountTerms::default()
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
        builder.agent((&name, "market_maker"), account.clone(), latencies(20), MarketMaker::new(config))?;
    }
    for number in 1..=TRADERS {
        let config = NoiseConfig {
            listing,
            interval: SimDuration::from_secs(5),
            market_share: 0.3,
            max_quantity: Quantity::new(20),
            depth_ticks: 5.0,
            patience: SimDuration::from_secs(60),
        };
        let name = format!("noise-{number}");
        builder.agent((&name, "noise"), account.clone(), latencies(100), NoiseTrader::new(config))?;
    }
    Ok(builder.open()?)
}

fn main() -> Result<()> {
    let mut rates = Vec::new();
    let mut digest = None;
    for _ in 0..REPETITIONS {
        let mut market = market()?;
        let begin = Instant::now();
        market.run()?;
        let seconds = begin.elapsed().as_secs_f64();
        let events = market.world().events();
        let tape = market.world().domain().tape();
        rates.push(events as f64 / seconds / 1e6);
        println!(
            "{events} events, {} facts, {} trades in {seconds:.3} s: {:.2} million events/s",
            tape.facts(),
            tape.trades(),
            events as f64 / seconds / 1e6,
        );
        if digest.replace(market.digest()).is_some_and(|before| before != market.digest()) {
            return Err("two runs of one seed differ".into());
        }
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "median: {:.2} million events/s, one core, {TRADERS} noise traders and 2 market makers",
        rates[REPETITIONS / 2]
    );
    Ok(())
}
