//! The markets that are measured.

use std::cell::Cell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_agents::{MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader, Wakeups};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{Market, MarketBuilder, ProcessConfig};
use bearpit_core::kernel::{LatencyModel, Wakeup};
use bearpit_core::market::{ExecutionReport, Fees, Instrument, OrderTerms, Side};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::process::OrnsteinUhlenbeck;
use bearpit_core::units::{
    FeeRate, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};
use rand::RngExt;

use super::Result;

/// A population of noise traders with two market makers: `scenario`'s hour, of any size.
#[derive(Debug)]
pub(crate) struct Noise {
    pub(crate) traders: u32,
    pub(crate) seconds: i64,
    /// The events of this market at the commit that the bars start from.
    pub(crate) events: u64,
}

impl Noise {
    pub(crate) const FEW: Self = Self { traders: 1_000, seconds: 3_600, events: 3_585_324 };
    pub(crate) const MANY: Self = Self { traders: 50_000, seconds: 120, events: 5_407_270 };

    pub(crate) const INTERVAL: SimDuration = SimDuration::from_secs(5);
    pub(crate) const PATIENCE: SimDuration = SimDuration::from_secs(60);
    pub(crate) const DEPTH_TICKS: f64 = 5.0;
    pub(crate) const MARKET_SHARE: f64 = 0.3;
    pub(crate) const LOTS_MAX: u64 = 20;

    pub(crate) fn open(&self) -> Result<Market> {
        let (mut builder, acme) = lay_out(SimDuration::from_secs(self.seconds))?;
        let listing = builder.listings()[0];
        add_makers(&mut builder, acme)?;
        for number in 1..=self.traders {
            let config = NoiseConfig {
                listing,
                wakeups: Wakeups::every(Self::INTERVAL),
                market_share: Self::MARKET_SHARE,
                max_quantity: Quantity::new(Self::LOTS_MAX),
                depth_ticks: Self::DEPTH_TICKS,
                patience: Self::PATIENCE,
            };
            let name = format!("noise-{number}");
            builder.agent(&name, participant("noise", acme, 100), NoiseTrader::new(config))?;
        }
        Ok(builder.open()?)
    }
}

/// Two groups of agents that each step, by chance, send a random limit order, or cancel the one they have.
#[derive(Debug)]
pub(crate) struct RandomGroups {
    pub(crate) agents: u32,
    pub(crate) steps: i64,
    sent: Rc<Cell<u64>>,
}

/// What a random agent does in a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RandomConfig {
    /// The chance that it acts.
    pub(crate) activity: f64,
    /// Prices are drawn from the first on, up to before the second.
    pub(crate) ticks: [i64; 2],
    /// And so are quantities.
    pub(crate) lots: [u64; 2],
}

impl RandomGroups {
    pub(crate) const CONFIGS: [RandomConfig; 2] = [
        RandomConfig { activity: 0.8, ticks: [40, 60], lots: [10, 20] },
        RandomConfig { activity: 0.2, ticks: [10, 90], lots: [50, 70] },
    ];

    pub(crate) fn new() -> Self {
        Self { agents: 200, steps: 10_000, sent: Rc::default() }
    }

    /// Returns how many orders and cancels the agents of the market that was opened last have sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.get()
    }

    pub(crate) fn open(&self) -> Result<Market> {
        self.sent.set(0);
        let (mut builder, acme) = lay_out(SimDuration::from_secs(self.steps))?;
        let listing = builder.listings()[0];
        for (config, group) in Self::CONFIGS.into_iter().zip(1..) {
            for number in 1..=self.agents {
                let agent = RandomAgent { config, listing, order: None, sent: Rc::clone(&self.sent) };
                builder.agent(
                    &format!("random-{group}-{number}"),
                    participant("random", acme, 100),
                    agent,
                )?;
            }
        }
        Ok(builder.open()?)
    }
}

/// Sends a random limit order if it has none, and cancels it otherwise.
#[derive(Debug)]
struct RandomAgent {
    config: RandomConfig,
    listing: ListingId,
    order: Option<OrderId>,
    sent: Rc<Cell<u64>>,
}

impl RandomAgent {
    /// Sleeps until the next step in which it acts.
    fn wait(&self, ctx: &mut Context) {
        let mut steps = 1;
        while ctx.rng().random::<f64>() >= self.config.activity {
            steps += 1;
        }
        ctx.wake_after(SimDuration::from_secs(steps), 0);
    }

    fn act(&mut self, ctx: &mut Context) {
        let open = self.order.filter(|order| ctx.account().is_some_and(|it| it.order(*order).is_some()));
        self.order = if let Some(order) = open {
            let canceled = ctx.cancel(order);
            assert!(canceled.is_ok(), "an open order can be canceled");
            None
        } else {
            let RandomConfig { ticks, lots, .. } = self.config;
            let side = if ctx.rng().random::<bool>() { Side::Buy } else { Side::Sell };
            let price = Price::new(ctx.rng().random_range(ticks[0]..ticks[1]));
            let quantity = Quantity::new(ctx.rng().random_range(lots[0]..lots[1]));
            ctx.submit(self.listing, OrderTerms::limit(side, quantity, price)).ok()
        };
        self.sent.set(self.sent.get() + 1);
    }
}

impl Actor for RandomAgent {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for RandomAgent {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.wait(ctx);
    }
}

bearpit_core::ignore_messages!(RandomAgent: ExecutionReport, MarketData);

/// Adds two market makers that quote around the value.
pub(crate) fn add_makers(builder: &mut MarketBuilder, acme: InstrumentId) -> Result<()> {
    for number in 1..=2 {
        let config = MarketMakerConfig {
            listing: builder.listings()[0],
            reference: MakerReference::Value,
            half_spread_ticks: 2,
            quantity: Quantity::new(200),
            max_inventory: Quantity::new(5_000),
            skew: 1.0,
            interval: SimDuration::from_secs(1),
        };
        let name = format!("maker-{number}");
        builder.agent(&name, participant("market_maker", acme, 20), MarketMaker::new(config))?;
    }
    Ok(())
}

/// When the markets open.
pub(crate) fn open() -> Result<SimTime> {
    Ok("2025-03-03T09:30:00".parse()?)
}

/// Lays out one instrument with a value, listed at one venue with fees, for so long.
pub(crate) fn lay_out(span: SimDuration) -> Result<(MarketBuilder, InstrumentId)> {
    let mut builder = MarketBuilder::new(Seed::new(42), open()?, open()? + span)?;
    let value = ProcessConfig {
        process: Box::new(OrnsteinUhlenbeck::new(100.0, 100.0, SimDuration::from_secs(7_200), 0.2, 1_638.0)),
        initial: 100.0,
        grid: SimDuration::from_secs(1),
    };
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, Some(value));
    let rate = |bps: &str| -> Result<FeeRate> { Ok(FeeRate::from_bps(bps.parse()?).ok_or("too fine")?) };
    let fees = Fees { maker: rate("-0.1")?, taker: rate("0.3")?, auction: rate("0.3")? };
    builder.venue("PIT", fees, Latencies::NONE, &[acme]);
    Ok((builder, acme))
}

/// Describes a participant with cash, shares and one latency.
pub(crate) fn participant(kind: &str, acme: InstrumentId, latency_micros: i64) -> ParticipantConfig {
    let account = AccountConfig {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(acme, Quantity::new(10_000))],
        ..AccountConfig::default()
    };
    let wire = LatencyModel::Constant(SimDuration::from_micros(latency_micros));
    let latencies = Latencies::all(wire);
    ParticipantConfig::new(kind).with_account(account).with_latencies(latencies)
}
