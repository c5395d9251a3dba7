//! A trader written in Rust against the library: buys what falls, sells what rises.
//!
//! `cargo run --release --example native_agent`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use actix::{Actor, Handler};
use bearpit::account::AccountConfig;
use bearpit::agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups};
use bearpit::exchange::{MarketBuilder, ProcessConfig};
use bearpit::kernel::{LatencyModel, Wakeup};
use bearpit::market::{ExecutionReport, Fees, Instrument, OrderTerms, Side};
use bearpit::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit::process::OrnsteinUhlenbeck;
use bearpit::units::{FeeRate, ListingId, Money, Quantity, Seed, SimDuration, SimTime};

/// Trades against the last bar: one lot per bar, the other way.
#[derive(Debug)]
struct Contrarian {
    listing: ListingId,
}

impl Actor for Contrarian {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        // Bars of any interval can be had; these are the ones that the run records.
        if let Err(error) = ctx.subscribe(self.listing, Feed::Bars(ctx.bar_interval())) {
            ctx.log(error.to_string());
        }
    }
}

impl Handler<MarketData> for Contrarian {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let Update::Bar(bar) = data.update else { return };
        let side = if bar.close < bar.open { Side::Buy } else { Side::Sell };
        // The account gate refuses what cash or shares do not cover; here that is no tragedy.
        if let Err(refusal) = ctx.submit(self.listing, OrderTerms::market(side, Quantity::new(10))) {
            ctx.log(refusal.to_string());
        }
    }
}

bearpit::ignore_messages!(Contrarian: Wakeup, ExecutionReport);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let open: SimTime = "2025-03-03T09:30:00".parse()?;
    let mut builder = MarketBuilder::new(Seed::new(42), open, open + SimDuration::from_secs(3_600))?;

    // One instrument whose value reverts to 100 with a half-life of two hours, on one venue.
    let value = ProcessConfig {
        process: Box::new(OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(7_200), 0.2, 1_638.0)),
        initial: 100.0,
        grid: SimDuration::from_secs(1),
    };
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, Some(value));
    let rate = |bps: &str| -> Result<FeeRate, Box<dyn std::error::Error>> {
        FeeRate::from_bps(bps.parse()?).ok_or_else(|| "the rate is too fine".into())
    };
    let fees = Fees { maker: rate("-0.1")?, taker: rate("0.3")?, auction: rate("0.3")? };
    builder.venue("PIT", fees, Latencies::NONE, &[acme]);
    let listing = builder.listings()[0];

    // A market maker, a crowd, and the trader above; all 50 microseconds away.
    let wire = LatencyModel::Constant(SimDuration::from_micros(50));
    let latencies = Latencies::all(wire);
    let account = |tracked| AccountConfig {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(acme, Quantity::new(5_000))],
        tracked,
        ..AccountConfig::default()
    };
    let maker = MarketMakerConfig {
        listing,
        reference: MakerReference::Value,
        half_spread_ticks: 2,
        quantity: Quantity::new(100),
        max_inventory: Quantity::new(2_000),
        skew: 1.0,
        interval: SimDuration::from_secs(1),
    };
    builder.agent(
        "maker",
        ParticipantConfig::new("market_maker").with_account(account(true)).with_latencies(latencies.clone()),
        MarketMaker::new(maker),
    )?;
    let noise = NoiseConfig {
        listing,
        wakeups: Wakeups::every(SimDuration::from_secs(10)),
        market_share: 0.4,
        max_quantity: Quantity::new(50),
        depth_ticks: 5.0,
        patience: SimDuration::from_secs(60),
    };
    for number in 1..=50 {
        let trader = NoiseTrader::new(noise.clone());
        builder.agent(
            &format!("noise-{number}"),
            ParticipantConfig::new("noise").with_account(account(false)).with_latencies(latencies.clone()),
            trader,
        )?;
    }
    builder.agent(
        "contrarian",
        ParticipantConfig::new("native").with_account(account(true)).with_latencies(latencies),
        Contrarian { listing },
    )?;

    let mut market = builder.open()?;
    market.run()?;

    println!("{} events, {} trades", market.world().events(), market.world().domain().tape().trades());
    for name in ["maker", "contrarian"] {
        let participant = market.participant(name).ok_or("the agent was seated above")?;
        let (before, after) = market.equity_span(participant);
        println!("{name}: {} -> {} ({})", before, after, after - before);
    }
    println!("digest {}", market.digest());
    Ok(())
}
