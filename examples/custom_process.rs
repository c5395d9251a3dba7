//! A price process of one's own: a random walk that jumps on the hour, and a market that follows it.
//!
//! `cargo run --release --example custom_process`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use bearpit::account::AccountConfig;
use bearpit::agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups};
use bearpit::exchange::{MarketBuilder, ProcessConfig};
use bearpit::kernel::{StandardNormal, Stream};
use bearpit::market::{Fact, Fees, Instrument, SinkError, Stamped, TapeSink};
use bearpit::participant::{Latencies, ParticipantConfig};
use bearpit::process::PriceProcess;
use bearpit::units::{Money, Quantity, Seed, SimDuration, SimTime};
use rand_distr::Distribution;

/// A Gaussian walk in steps of `sigma` per root second, with news at every full hour.
#[derive(Debug)]
struct HourlyNews {
    value: f64,
    sigma: f64,
    jump: f64,
}

impl PriceProcess for HourlyNews {
    fn step(&mut self, to: SimTime, span: SimDuration, rng: &mut Stream) -> f64 {
        // Draws come from the stream given, and transcendental functions from libm: then a seed means
        // the same on every platform.
        self.value += self.sigma * libm::sqrt(span.secs_f64()) * StandardNormal.sample(rng);
        if to.floor_to(SimDuration::from_secs(3_600)) == to {
            self.value += self.jump * StandardNormal.sample(rng);
        }
        self.value = self.value.max(1.0);
        self.value
    }
}

/// Prints each quarter of an hour as it comes off the tape.
#[derive(Debug)]
struct Ticker;

impl TapeSink for Ticker {
    fn take(&mut self, fact: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::BarClosed { bar, .. } = fact.fact {
            println!(
                "{}  open {}  high {}  low {}  close {}",
                bar.start, bar.open, bar.high, bar.low, bar.close
            );
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let open: SimTime = "2025-03-03T09:30:00".parse()?;
    let mut builder = MarketBuilder::new(Seed::new(7), open, open + SimDuration::from_secs(2 * 3_600))?;
    builder.bar_interval(SimDuration::from_secs(900));
    builder.sink(Box::new(Ticker));

    let process = Box::new(HourlyNews { value: 50.0, sigma: 0.002, jump: 0.5 });
    let news = ProcessConfig { process, initial: 50.0, grid: SimDuration::from_secs(1) };
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, Some(news));
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let listing = builder.listings()[0];

    let account = AccountConfig {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(acme, Quantity::new(10_000))],
        ..AccountConfig::default()
    };
    let maker = MarketMakerConfig {
        listing,
        reference: MakerReference::Value,
        half_spread_ticks: 3,
        quantity: Quantity::new(200),
        max_inventory: Quantity::new(5_000),
        skew: 0.5,
        interval: SimDuration::from_millis(500),
    };
    builder.agent(
        "maker",
        ParticipantConfig::new("market_maker").with_account(account.clone()),
        MarketMaker::new(maker),
    )?;
    let noise = NoiseConfig {
        listing,
        wakeups: Wakeups::every(SimDuration::from_secs(5)),
        market_share: 0.5,
        max_quantity: Quantity::new(20),
        depth_ticks: 4.0,
        patience: SimDuration::from_secs(60),
    };
    for number in 1..=20 {
        let trader = NoiseTrader::new(noise.clone());
        builder.agent(
            &format!("noise-{number}"),
            ParticipantConfig::new("noise").with_account(account.clone()),
            trader,
        )?;
    }
    let mut market = builder.open()?;
    market.run()?;
    println!("prices are in ticks of 0.01; digest {}", market.digest());
    Ok(())
}
