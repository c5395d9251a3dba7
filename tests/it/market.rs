//! Small markets for tests, laid out through the library's front door.

use bearpit::account::AccountConfig;
use bearpit::agents::{
    Desk, MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups,
};
use bearpit::exchange::{MarketBuilder, ProcessConfig};
use bearpit::kernel::LatencyModel;
use bearpit::market::{Fees, Instrument};
use bearpit::participant::{Latencies, ParticipantConfig};
use bearpit::process::Gbm;
use bearpit::units::{FeeRate, InstrumentId, ListingId, Money, Quantity, Seed, SimDuration, SimTime};

/// The opening of every test market.
pub(crate) fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

/// A rate in basis points.
pub(crate) fn bps(text: &str) -> FeeRate {
    FeeRate::from_bps(text.parse().unwrap()).unwrap()
}

/// Cash, and shares of every instrument given.
pub(crate) fn account(cash: i64, shares: &[(InstrumentId, u64)]) -> AccountConfig {
    AccountConfig {
        cash: Money::from_whole(cash),
        holdings: shares.iter().map(|(id, lots)| (*id, Quantity::new(*lots))).collect(),
        tracked: true,
        ..AccountConfig::default()
    }
}

/// Random latencies on every line.
pub(crate) fn latencies() -> Latencies {
    let micros = SimDuration::from_micros;
    Latencies {
        entry: LatencyModel::LogNormal { median: micros(80), sigma: 0.6 },
        report: LatencyModel::Uniform { min: micros(20), max: micros(200) },
        feed: LatencyModel::Constant(micros(50)),
    }
}

/// Two instruments on two venues with unlike fees, makers and a crowd on all four listings.
pub(crate) fn crowd(seed: u64, seconds: i64) -> MarketBuilder {
    let mut builder =
        MarketBuilder::new(Seed::new(seed), open(), open() + SimDuration::from_secs(seconds)).unwrap();
    builder.sample_interval(SimDuration::from_secs(10));
    let instrument = |builder: &mut MarketBuilder, symbol: &str, initial: f64, tick: &str, lot: &str| {
        let process = Box::new(Gbm::new(initial, 0.0, 0.4, 1_638.0));
        let terms = ProcessConfig { process, initial, grid: SimDuration::from_secs(1) };
        let instrument = Instrument::new(symbol, tick.parse().unwrap(), lot.parse().unwrap()).unwrap();
        builder.instrument(instrument, Some(terms))
    };
    let acme = instrument(&mut builder, "ACME", 100.0, "0.01", "1");
    let coin = instrument(&mut builder, "COIN", 20_000.0, "0.5", "0.001");
    let venue = |builder: &mut MarketBuilder, name: &str, maker: &str, taker: &str, micros: i64| {
        let wire = LatencyModel::Constant(SimDuration::from_micros(micros));
        let fees = Fees { maker: bps(maker), taker: bps(taker), auction: bps(taker) };
        builder.venue(name, fees, Latencies::all(wire), &[acme, coin]);
    };
    venue(&mut builder, "NORTH", "-0.1", "0.33", 100);
    venue(&mut builder, "SOUTH", "0.17", "0.05", 700);
    for listing in builder.listings() {
        populate(&mut builder, listing, &[(acme, 2_000), (coin, 2_000)]);
    }
    builder
}

fn populate(builder: &mut MarketBuilder, listing: ListingId, shares: &[(InstrumentId, u64)]) {
    let maker = MarketMakerConfig {
        listing,
        reference: MakerReference::Value,
        half_spread_ticks: 3,
        quantity: Quantity::new(40),
        max_inventory: Quantity::new(300),
        skew: 1.0,
        interval: SimDuration::from_millis(700),
    };
    let name = format!("maker-{listing}");
    builder
        .agent(
            &name,
            ParticipantConfig::new("market_maker")
                .with_account(account(500_000, shares))
                .with_latencies(latencies()),
            MarketMaker::new(maker),
        )
        .unwrap();
    for number in 0..8 {
        let noise = NoiseConfig {
            listing,
            wakeups: Wakeups::every(SimDuration::from_secs(2)),
            market_share: 0.4,
            max_quantity: Quantity::new(15),
            depth_ticks: 4.0,
            patience: SimDuration::from_secs(20),
        };
        // Some are poor, so that refusals happen too.
        let terms = if number % 4 == 0 { account(300, &[]) } else { account(50_000, shares) };
        let name = format!("noise-{listing}-{number}");
        builder
            .agent(
                &name,
                ParticipantConfig::new("noise").with_account(terms).with_latencies(latencies()),
                NoiseTrader::new(noise),
            )
            .unwrap();
    }
}

/// One instrument on one venue without fees or latency, and desks called `a`, `b` and `c` that carry out
/// instructions.
pub(crate) fn desks(seconds: i64) -> MarketBuilder {
    let mut builder =
        MarketBuilder::new(Seed::new(1), open(), open() + SimDuration::from_secs(seconds)).unwrap();
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(instrument, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    for name in ["a", "b", "c"] {
        builder
            .agent(
                name,
                ParticipantConfig::new("desk").with_account(account(100_000, &[(acme, 1_000)])),
                Desk,
            )
            .unwrap();
    }
    builder
}
