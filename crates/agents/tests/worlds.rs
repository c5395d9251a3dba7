//! Worlds built from Rust have the same digest on every machine: all native agents, price processes and
//! latency models, without scripts, files or tables.
//!
//! `.ci/other-architecture` runs this test for another processor. A digest may only move with a change of
//! what happens in a market, and the commit says why.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use bearpit_agents::{
    AgentKind, AgentSite, Desk, FlowReplayer, KINDS, MakerReference, MarketMaker, MarketMakerConfig,
    NoiseConfig, NoiseTrader, OrderFlowConfig, Shared, SiteSpan, Wakeups,
};
use bearpit_core::account::{AccountConfig, Credit, Financing};
use bearpit_core::book::{BookConfig, Matching, PriceBands};
use bearpit_core::exchange::{
    Calendar, ListingConfig, MONDAY_TO_FRIDAY, Market, MarketBuilder, ProcessConfig,
};
use bearpit_core::kernel::{LatencyModel, stream};
use bearpit_core::market::{
    BookRow, Fees, Instrument, Link, MessageKind, OrderKind, OrderMessage, OrderTerms, Peg, Phase, Side,
    StopLoss, TimeInForce, TrailingDistance,
};
use bearpit_core::params::{ParamSpec, ParamType, ParamValue, Values};
use bearpit_core::participant::{Instruction, Latencies, ParticipantConfig};
use bearpit_core::process::{
    GapConfig, Gbm, HistoricalBar, Leader, Linked, Merton, MertonConfig, OrnsteinUhlenbeck, PriceProcess,
    ProcessKind, ProcessSite, Replay,
};
use bearpit_core::replay::{FillRules, ReplayBar, ReplayConfig, Slippage};
use bearpit_core::units::{
    Decimal, FeeRate, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);
const HOURS: f64 = 1_638.0;

/// A world by name, how it is run, and its digest.
type World = (&'static str, fn() -> Market, &'static str);

const WORLDS: [World; 11] = [
    ("noise", noise, "f4240c13a431ecdd423245acfde254761b016b7ff6948b14426a0df2354f3e9f"),
    ("gbm", gbm, "5b1ea15e826b79551fe730a47dd88b958a53506fc250ae98329df5ac80131fea"),
    (
        "ornstein_uhlenbeck",
        ornstein_uhlenbeck,
        "fefb169bb0a4d271daa07c27976b2098d418d3de256369373f69d9841df83a62",
    ),
    ("linked", linked, "b73fc191c0917761a35a1dbef9a12a169ae9e9dd43070afb59c73f680086e547"),
    ("bars", bars, "3088b03c4634d08bd532552ddaa49fc1425eee953d1778255aac18faa402f9d8"),
    ("order_flow", order_flow, "74505505a585f057f406a509d3d2eed18ffc79e92f53a9353040f3a3031d9357"),
    ("sessions", sessions, "f388d81f10e5445ae333ef6ac07212d45c9a1806fa77333dc6b438bdaf8b9af3"),
    ("merton", merton, "c743a8c599ef562b825c19abc6568c0187a82c431aec57860483b8c4d83fd0db"),
    ("literature", literature, "dbc560be4244be3d464211a48f2eacb1e6cfc494b9a6aea067423f77dcde2ed5"),
    ("desk", desk, "81fe59e82537516467fa23e9953e0b7973f1c02b190c9fbc05cea529647e361b"),
    ("crowd", crowd, "672e37c2a8e6393664bc93a09a64dc7f1496eee9529c43b702eb2f36d92d793d"),
];

#[test]
fn worlds_have_their_digests_on_every_machine() {
    let found = |(name, run, _): &World| format!("{name} {}\n", run().digest());
    let expected = |(name, _, digest): &World| format!("{name} {digest}\n");
    let (found, expected): (String, String) =
        (WORLDS.iter().map(found).collect(), WORLDS.iter().map(expected).collect());
    assert_eq!(found, expected, "\n{found}");
}

/// The kinds of processes whose draws and functions the worlds above do not have, with their values.
fn models() -> [(&'static str, Values); 7] {
    let initial = || Values::new().with("initial", 1.0).with("hours_per_year", 1.0);
    let volatile = || initial().with("volatility", 0.8);
    let reverting = || initial().with("kappa", 3.0).with("theta", 0.5);
    let switching = vec![vec![0.9, 0.1], vec![0.3, 0.7]];
    [
        (
            "kou",
            volatile()
                .with("jumps_per_year", 900.0)
                .with("up_probability", 0.4)
                .with("eta_up", 30.0)
                .with("eta_down", 20.0),
        ),
        // The variance touches zero, so that both of the scheme's ways are taken.
        ("heston", reverting().with("xi", 9.0).with("rho", -0.6)),
        ("gjr", volatile().with("alpha", 0.1).with("gamma", 0.2).with("beta", 0.7)),
        (
            "regime",
            initial()
                .with("volatilities", vec![0.2, 1.5])
                .with("transition", switching)
                .with("period", secs(2)),
        ),
        ("fbm", volatile().with("hurst", 0.3)),
        // By a gamma number and a normal one, and by a Poisson number.
        ("cir", reverting().with("sigma", 1.0)),
        ("cir", reverting().with("sigma", 9.0)),
    ]
}

#[test]
fn models_have_their_paths_on_every_machine() {
    let found: String = models()
        .into_iter()
        .map(|(name, values)| {
            let kind = ProcessKind::named(name).unwrap();
            let site = ProcessSite { length: Some(secs(1_000)), ..ProcessSite::default() };
            let configured = (kind.configure)(&values.complete(kind.params).unwrap(), &site).unwrap();
            let (mut process, mut rng) = (configured.start(Seed::new(5)), stream(Seed::new(5), name));
            let step = configured.step();
            // The hash of Fowler, Noll and Vo over the bits of all values.
            let hash = (1..=1_000).fold(0xcbf2_9ce4_8422_2325_u64, |hash, number| {
                let value = process.step(open() + secs(number), step, &mut rng);
                let hashed = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                value.to_bits().to_le_bytes().into_iter().fold(hash, hashed)
            });
            format!("{name} {hash:016x}\n")
        })
        .collect();
    assert_eq!(found, MODELS, "\n{found}");
}

const MODELS: &str = "\
kou 9d12630fcb8f462c
heston 683497e4d88c8a35
gjr fc44c2f335e83724
regime 043fca6bde6d044d
fbm 7fab2a5b3c30f1a5
cir 06766fa283a2fbb0
cir fe3f1740035a9940
";

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

const fn secs(seconds: i64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

fn rate(bps: &str) -> FeeRate {
    FeeRate::from_bps(bps.parse().unwrap()).unwrap()
}

fn instrument(symbol: &str) -> Instrument {
    Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

fn process(process: impl PriceProcess + 'static, initial: f64) -> ProcessConfig {
    ProcessConfig { process: Box::new(process), initial, grid: secs(1) }
}

/// A market of ten minutes that lists one instrument on one venue.
fn market(seed: u64, latency: LatencyModel, process: Option<ProcessConfig>) -> MarketBuilder {
    market_of(secs(600), seed, latency, process)
}

fn market_of(
    span: SimDuration,
    seed: u64,
    latency: LatencyModel,
    process: Option<ProcessConfig>,
) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(seed), open(), open() + span).unwrap();
    builder.sample_interval(secs(10));
    let acme = builder.instrument(instrument("ACME"), process);
    let fees = Fees { maker: rate("-0.1"), taker: rate("0.33"), auction: rate("0.2") };
    let latencies = Latencies::all(latency);
    builder.venue("VENUE", fees, latencies, &[acme]);
    builder
}

fn account() -> AccountConfig {
    AccountConfig {
        cash: Money::from_whole(500_000),
        holdings: vec![(ACME, Quantity::new(2_000))],
        tracked: true,
        ..AccountConfig::default()
    }
}

/// So many that most of their alarms wait in the queue's buckets, and that what they need is fetched ahead.
fn crowd() -> Market {
    let latency = LatencyModel::Constant(SimDuration::from_millis(2));
    let value = process(Gbm::new(100.0, 0.05, 2.0, HOURS), 100.0);
    let mut builder = market_of(secs(15), 11, latency, Some(value));
    add_maker(&mut builder, LISTING, MakerReference::Value, Latencies::NONE);
    add_traders(&mut builder, 9_000, LISTING, Latencies::NONE);
    finished(builder)
}

fn add_noise(builder: &mut MarketBuilder, listing: ListingId, latencies: Latencies) {
    add_traders(builder, 6, listing, latencies);
}

fn add_traders(builder: &mut MarketBuilder, count: u32, listing: ListingId, latencies: Latencies) {
    for number in 0..count {
        let noise = NoiseConfig {
            listing,
            wakeups: Wakeups::every(secs(2)),
            market_share: 0.4,
            max_quantity: Quantity::new(15),
            depth_ticks: 4.0,
            patience: secs(20),
        };
        let config =
            ParticipantConfig::new("noise").with_account(account()).with_latencies(latencies.clone());
        builder.agent(&format!("noise-{listing}-{number}"), config, NoiseTrader::new(noise)).unwrap();
    }
}

/// Every kind of the literature that needs one listing only, each with the values that it must be given.
fn literature() -> Market {
    let span = SiteSpan { start: open(), end: open() + secs(600) };
    let value = OrnsteinUhlenbeck::new(100.0, 100.0, secs(3_600), 0.3, HOURS);
    let mut builder =
        market(11, LatencyModel::Constant(SimDuration::from_micros(50)), Some(process(value, 100.0)));
    let acme = instrument("ACME");
    add_maker(&mut builder, LISTING, MakerReference::Value, Latencies::NONE);
    for kind in KINDS.iter().filter(|kind| is_of_literature(kind)) {
        let values =
            kind.params.iter().filter(|spec| spec.is_required()).fold(Values::new(), |values, spec| {
                let value = given(kind.name, spec);
                let mut values = values;
                values.set(spec.name, value);
                values
            });
        let site = AgentSite { has_value: true, span: Some(span), ..AgentSite::new(LISTING, &acme) };
        let configured = (kind.configure)(&values.complete(kind.params).unwrap(), &site).unwrap();
        let account = AccountConfig { credit: kind.account.credit, ..account() };
        let config = ParticipantConfig::new(kind.name).with_account(account);
        let actor = configured.actor(&mut Shared::default()).unwrap();
        builder.any_agent(kind.name, config, actor).unwrap();
    }
    finished(builder)
}

fn is_of_literature(kind: &AgentKind) -> bool {
    !matches!(
        kind.name,
        "market_maker"
            | "noise"
            | "replay"
            | "ticks"
            | "order_flow"
            | "feed"
            | "latency_arbitrageur"
            | "smart_order_router"
    )
}

/// Returns a value that a parameter admits.
fn given(kind: &str, spec: &ParamSpec) -> ParamValue {
    let row = |numbers: &[f64]| ParamValue::List(numbers.iter().map(|it| ParamValue::Number(*it)).collect());
    match (kind, spec.name, spec.value) {
        ("hawkes", "mu", _) => row(&[0.2; 6]),
        ("hawkes", "alpha", _) => ParamValue::List(vec![row(&[0.1; 6]); 6]),
        ("hawkes", "beta", _) => ParamValue::Number(1.0),
        ("vwap", "profile", _) => row(&[0.5, 0.25, 0.25]),
        ("queue_reactive", "market", _) => row(&[0.0, 0.2]),
        ("queue_reactive", "limit", _) => ParamValue::List(vec![row(&[0.5]); 3]),
        ("queue_reactive", "cancel", _) => ParamValue::List(vec![row(&[0.0, 0.3, 0.6]); 3]),
        ("almgren_chriss" | "twap" | "vwap" | "pov", "duration", _) => ParamValue::Duration(secs(300)),
        (_, "value" | "max_price", _) => {
            ParamValue::Decimal(if spec.name == "value" { price("101") } else { price("200") })
        }
        (_, _, ParamType::Quantity) => ParamValue::Quantity(Quantity::new(10)),
        (_, _, ParamType::Choice(choices)) => ParamValue::from(choices[0].name),
        (_, _, ParamType::List(_)) => row(&[0.3, 0.2]),
        _ => ParamValue::Number(0.02),
    }
}

fn price(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn add_maker(
    builder: &mut MarketBuilder,
    listing: ListingId,
    reference: MakerReference,
    latencies: Latencies,
) {
    let maker = MarketMakerConfig {
        listing,
        reference,
        half_spread_ticks: 3,
        quantity: Quantity::new(40),
        max_inventory: Quantity::new(300),
        skew: 1.0,
        interval: SimDuration::from_millis(700),
    };
    let account = AccountConfig { max_short: vec![(ACME, Quantity::new(5_000))], ..account() };
    let config = ParticipantConfig::new("maker").with_account(account).with_latencies(latencies);
    builder.agent(&format!("maker-{listing}"), config, MarketMaker::new(maker)).unwrap();
}

fn finished(builder: MarketBuilder) -> Market {
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    assert!(market.world().domain().tape().trades() > 10, "hardly anything happened");
    market
}

const NONE: LatencyModel = LatencyModel::NONE;

fn uniform() -> LatencyModel {
    LatencyModel::Uniform { min: SimDuration::from_micros(20), max: SimDuration::from_micros(900) }
}

fn lognormal() -> LatencyModel {
    LatencyModel::LogNormal { median: SimDuration::from_micros(80), sigma: 0.6 }
}

fn all(latency: LatencyModel) -> Latencies {
    Latencies::all(latency)
}

/// Noise traders alone: an auction around the reference price, then continuous trading.
fn noise() -> Market {
    let mut builder = market(1, NONE, None);
    let book = BookConfig { reference: Some(Price::new(10_000)), ..BookConfig::default() };
    let schedule = vec![(open(), Phase::OpeningAuction), (open() + secs(60), Phase::Continuous)];
    builder.listing_config(LISTING, ListingConfig { book, schedule, ..ListingConfig::default() });
    add_noise(&mut builder, LISTING, Latencies::NONE);
    finished(builder)
}

fn gbm() -> Market {
    let mut builder = market(
        2,
        LatencyModel::Constant(SimDuration::from_micros(150)),
        Some(process(Gbm::new(100.0, 0.05, 2.0, HOURS), 100.0)),
    );
    add_maker(&mut builder, LISTING, MakerReference::Value, Latencies::NONE);
    add_noise(&mut builder, LISTING, Latencies::NONE);
    finished(builder)
}

fn ornstein_uhlenbeck() -> Market {
    let value = OrnsteinUhlenbeck::new(100.0, 101.0, secs(120), 3.0, HOURS);
    let mut builder = market(3, NONE, Some(process(value, 100.0)));
    add_maker(&mut builder, LISTING, MakerReference::Value, all(uniform()));
    add_noise(&mut builder, LISTING, all(uniform()));
    finished(builder)
}

/// A value that jumps about twenty times in the ten minutes.
fn merton() -> Market {
    let value = Merton::new(MertonConfig {
        initial: 100.0,
        drift: 0.05,
        volatility: 0.8,
        jumps_per_year: 200_000.0,
        jump_mean: -0.001,
        jump_volatility: 0.004,
        hours_per_year: HOURS,
    });
    let mut builder = market(9, uniform(), Some(process(value, 100.0)));
    add_maker(&mut builder, LISTING, MakerReference::Value, all(lognormal()));
    add_noise(&mut builder, LISTING, all(uniform()));
    finished(builder)
}

/// Two instruments, one following the other, on two venues; makers that go by the mid on the second.
fn linked() -> Market {
    let mut builder = market(4, lognormal(), Some(process(Gbm::new(100.0, 0.0, 1.5, HOURS), 100.0)));
    let gap = GapConfig { half_life: secs(60), volatility: 0.5, hours_per_year: HOURS };
    let leader: Box<dyn PriceProcess> = Box::new(Gbm::new(100.0, 0.0, 1.5, HOURS));
    let follower =
        Linked::new(Leader { process: leader, rng: stream(Seed::new(4), "process/ACME") }, 0.5, 50.0, gap);
    let other = builder.instrument(instrument("HALF"), Some(process(follower, 50.0)));
    builder.venue("OTHER", Fees::default(), all(uniform()), &[ACME, other]);
    for (listing, reference) in builder.listings().into_iter().zip([
        MakerReference::Value,
        MakerReference::Mid,
        MakerReference::Value,
    ]) {
        add_maker(&mut builder, listing, reference, all(lognormal()));
        add_noise(&mut builder, listing, all(lognormal()));
    }
    finished(builder)
}

/// Bars replayed as a market and as the value of the instrument.
fn bars() -> Market {
    let rows = (0..9_i32)
        .map(|number| {
            let open_price = 100.0 + 0.37 * f64::from(number % 4);
            HistoricalBar {
                time: open() + secs(60 * i64::from(number)),
                open: open_price,
                high: open_price + 1.21,
                low: open_price - 0.83,
                close: open_price + 0.4,
                volume: Some(400.0 + 31.0 * f64::from(number)),
                adjusted_close: None,
                split: 1.0,
                dividend: 0.0,
            }
        })
        .collect();
    let bars: Arc<Vec<HistoricalBar>> = Arc::new(rows);
    let value = Replay::new(Arc::clone(&bars), SimDuration::ZERO, secs(50)).unwrap();
    let mut builder = market(5, NONE, Some(process(value, 100.0)));
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let on_grid = |row: &HistoricalBar| ReplayBar::of_row(row, &acme, row.time, row.time + secs(50)).unwrap();
    let rules = FillRules { half_spread: 5, slippage: Slippage::Impact(0.1), ..FillRules::default() };
    let bars = bars.iter().map(on_grid).collect();
    let config = ReplayConfig { rules, ..ReplayConfig::new(bars, secs(1)) };
    builder
        .listing_config(LISTING, ListingConfig { replay: Some(config.into()), ..ListingConfig::default() });
    add_noise(&mut builder, LISTING, all(lognormal()));
    finished(builder)
}

/// A file's order flow with noise traders in it.
fn order_flow() -> Market {
    let message = |number: i64| {
        let kind = match number % 5 {
            0..=2 => MessageKind::Add,
            3 => MessageKind::Execute,
            _ => MessageKind::Delete,
        };
        // Of five orders the first is executed and the second deleted.
        let about = if kind == MessageKind::Add { number } else { number - 3 };
        OrderMessage {
            since_midnight: secs(9 * 3_600 + 30 * 60) + SimDuration::from_millis(337 * number),
            order: 1 + about.unsigned_abs(),
            size: Quantity::new(10 + about.unsigned_abs() % 7),
            price: 1_000_000 + 100 * (about % 4) * if about % 2 == 0 { 1 } else { -1 },
            side: if about % 2 == 0 { Side::Sell } else { Side::Buy },
            kind,
        }
    };
    let mut builder = market(6, NONE, None);
    let config = OrderFlowConfig {
        listing: LISTING,
        messages: (0..1_500).map(message).collect(),
        midnight: "2025-03-03T00:00:00".parse().unwrap(),
        initial: BookRow { depth: 1, bids: Vec::new(), asks: Vec::new() },
    };
    let unlimited = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    let participant = ParticipantConfig::new("order_flow").with_account(unlimited);
    builder.agent("flow", participant, FlowReplayer::new(config)).unwrap();
    add_noise(&mut builder, LISTING, all(uniform()));
    finished(builder)
}

/// Sessions with auctions, pro-rata matching and price bands that halt.
fn sessions() -> Market {
    let value = Gbm::new(100.0, 0.0, 4.0, HOURS);
    let mut builder = market(7, uniform(), Some(process(value, 100.0)));
    let (start, end) = (open(), open() + secs(600));
    let calendar = Calendar {
        open: secs(9 * 3_600 + 31 * 60),
        close: secs(9 * 3_600 + 38 * 60),
        pre_open: secs(60),
        opening_auction: secs(30),
        closing_auction: secs(60),
        weekdays: MONDAY_TO_FRIDAY,
        holidays: std::collections::BTreeSet::new(),
    };
    let bands = PriceBands { static_bps: Some(80), dynamic_bps: Some(12), limit_bps: Some(2_000) };
    let book = BookConfig {
        matching: Matching::ProRata,
        bands,
        reference: Some(Price::new(10_000)),
        ..BookConfig::default()
    };
    let config = ListingConfig {
        book,
        schedule: calendar.schedule(start, end),
        halt: secs(5),
        reopening: secs(5),
        replay: None,
    };
    builder.listing_config(LISTING, config);
    add_maker(&mut builder, LISTING, MakerReference::Value, all(lognormal()));
    add_noise(&mut builder, LISTING, all(lognormal()));
    finished(builder)
}

/// All kinds of orders, brought in from outside to two desks that pay for credit and borrowed shares.
fn desk() -> Market {
    let mut builder = market(8, uniform(), Some(process(Gbm::new(100.0, 0.0, 3.0, HOURS), 100.0)));
    add_maker(&mut builder, LISTING, MakerReference::Value, all(lognormal()));
    let financing = Financing { credit: rate("300"), debit: rate("900"), borrow: rate("1200") };
    let account = AccountConfig { max_short: vec![(ACME, Quantity::new(500))], financing, ..account() };
    for name in ["a", "b"] {
        let config =
            ParticipantConfig::new("desk").with_account(account.clone()).with_latencies(all(lognormal()));
        builder.agent(name, config, Desk).unwrap();
    }
    let mut market = builder.open().unwrap();
    market.start();
    let desks = ["a", "b"].map(|name| market.participant(name).unwrap().id);
    for second in 1..580 {
        let now = open() + secs(second);
        market.step(now, u64::MAX).unwrap();
        let stamp = now + SimDuration::from_millis(second % 7);
        let actor = desks[usize::from(second % 3 == 0)];
        market
            .instruct(stamp, actor, Instruction::Submit { listing: LISTING, terms: terms(second) })
            .unwrap();
        if second % 11 == 0 {
            let order = OrderId::new(second.unsigned_abs());
            market.instruct(stamp, actor, Instruction::Cancel(order)).unwrap();
        }
        if second % 97 == 0 {
            let cancel = Instruction::MassCancel { listing: LISTING, side: None };
            market.instruct(stamp, actor, cancel).unwrap();
        }
    }
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    market
}

/// Returns the terms of the `number`-th order: all kinds, times in force and conditions in turn.
fn terms(number: i64) -> OrderTerms {
    let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
    let quantity = Quantity::new(1 + number.unsigned_abs() % 30);
    let near = Price::new(10_000 + number * 7 % 23 - 11);
    let limit = OrderTerms::limit(side, quantity, near);
    let kind = match number % 9 {
        0 => OrderKind::Market { protection: None },
        1 => OrderKind::MarketToLimit { protection: None },
        2 => OrderKind::Stop { trigger: near, protection: None },
        3 => OrderKind::StopLimit { trigger: near, limit: near },
        4 => OrderKind::TrailingStop { distance: TrailingDistance::Ticks(4), protection: None },
        5 => OrderKind::Pegged { to: Peg::Touch, offset: 0, limit: None },
        _ => OrderKind::Limit(near),
    };
    let sign = side.sign();
    match number % 9 {
        6 => limit.with(TimeInForce::Fok),
        7 => OrderTerms { display: Some(Quantity::new(1)), ..limit },
        8 => {
            let (take_profit, stop_loss) = (near + sign * 5, near - sign * 5);
            OrderTerms {
                link: Link::Bracket {
                    take_profit: Some(take_profit),
                    stop_loss: Some(StopLoss::at(stop_loss)),
                },
                ..limit
            }
        }
        _ => OrderTerms::new(side, quantity, kind),
    }
}
