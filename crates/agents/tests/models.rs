//! Agents of the literature in small markets: what their papers say of prices, spreads and profits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::rc::Rc;

use bearpit_agents::{AgentKind, AgentSite, Desk, KINDS, Shared, SiteSpan};
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::book::BookConfig;
use bearpit_core::exchange::{ListingConfig, Market, MarketBuilder, ProcessConfig};
use bearpit_core::market::{Fact, Fees, Instrument, OrderTerms, Side, SinkError, Stamped, TapeSink};
use bearpit_core::params::{ParamValue, Values};
use bearpit_core::participant::{Instruction, Latencies, ParticipantConfig};
use bearpit_core::process::Gbm;
use bearpit_core::units::{
    Decimal, InstrumentId, ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime,
};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

/// A market of one instrument, and its span.
struct Stage {
    builder: MarketBuilder,
    instrument: Instrument,
    has_value: bool,
    span: SiteSpan,
}

impl Stage {
    /// A market with a tick of so much currency, whose value has a volatility if it has one.
    fn new(seed: u64, seconds: i64, tick: &str, volatility: Option<f64>) -> Self {
        let span = SiteSpan { start: open(), end: open() + SimDuration::from_secs(seconds) };
        let mut builder = MarketBuilder::new(Seed::new(seed), span.start, span.end).unwrap();
        let instrument = Instrument::new("ACME", tick.parse().unwrap(), "1".parse().unwrap()).unwrap();
        let process = volatility.map(|volatility| ProcessConfig {
            process: Box::new(Gbm::new(100.0, 0.0, volatility, 1_638.0)),
            initial: 100.0,
            grid: SimDuration::from_secs(1),
        });
        let has_value = process.is_some();
        builder.instrument(instrument.clone(), process);
        builder.venue("VENUE", Fees::default(), Latencies::NONE, &[ACME]);
        let book = BookConfig { reference: instrument.nearest_price(100.0), ..BookConfig::default() };
        builder.listing_config(LISTING, ListingConfig { book, ..ListingConfig::default() });
        Self { builder, instrument, has_value, span }
    }

    fn add(&mut self, name: &str, kind: &str, values: Values) {
        let kind: &AgentKind = KINDS.iter().find(|it| it.name == kind).unwrap();
        let site = AgentSite {
            has_value: self.has_value,
            span: Some(self.span),
            ..AgentSite::new(LISTING, &self.instrument)
        };
        let configured = (kind.configure)(&values.complete(kind.params).unwrap(), &site).unwrap();
        let account = AccountConfig {
            cash: Money::from_whole(1_000_000),
            holdings: vec![(ACME, Quantity::new(100_000))],
            credit: kind.account.credit,
            tracked: kind.account.is_tracked,
            ..AccountConfig::default()
        };
        let participant = ParticipantConfig::new(kind.name).with_account(account);
        let actor = configured.actor(&mut Shared::default()).unwrap();
        self.builder.any_agent(name, participant, actor).unwrap();
    }

    fn run(self) -> (Market, Rc<RefCell<Seen>>) {
        let (mut market, seen) = self.open();
        market.run().unwrap();
        (market, seen)
    }

    fn open(mut self) -> (Market, Rc<RefCell<Seen>>) {
        let seen = Rc::new(RefCell::new(Seen {
            prices: Vec::new(),
            signs: Vec::new(),
            spread: (0.0, 0.0),
            now: None,
            since: self.span.start,
        }));
        self.builder.sink(Box::new(Watcher(Rc::clone(&seen))));
        (self.builder.open().unwrap(), seen)
    }
}

/// What a market has shown.
#[derive(Debug)]
struct Seen {
    prices: Vec<i64>,
    /// 1 where the aggressor of a trade bought, -1 where it sold.
    signs: Vec<f64>,
    /// The spread in ticks times seconds, and those seconds.
    spread: (f64, f64),
    now: Option<f64>,
    since: SimTime,
}

impl Seen {
    fn mean_spread(&self) -> f64 {
        self.spread.0 / self.spread.1
    }
}

#[derive(Debug)]
struct Watcher(Rc<RefCell<Seen>>);

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut seen = self.0.borrow_mut();
        match stamped.fact {
            Fact::Traded(trade) => {
                seen.prices.push(trade.price.ticks());
                seen.signs.push(if trade.aggressor == Side::Buy { 1.0 } else { -1.0 });
            }
            Fact::TouchChanged { quote, .. } => {
                let seconds = (stamped.at - seen.since).secs_f64();
                // The first minutes fill the book.
                if let Some(spread) = seen.now
                    && seen.since > open() + SimDuration::from_secs(200)
                {
                    seen.spread.0 += spread * seconds;
                    seen.spread.1 += seconds;
                }
                seen.since = stamped.at;
                seen.now = quote.spread_ticks().and_then(|ticks| i32::try_from(ticks).ok()).map(f64::from);
            }
            _ => {}
        }
        Ok(())
    }
}

fn price(value: i64) -> Decimal {
    Decimal::new(value.into(), 0)
}

/// Demand and supply of the experiments: values fall from 145 by 5, costs rise from 55 by 5, so that ten
/// units trade at the equilibrium price of 100.
const TRADERS: i64 = 16;

fn value(number: i64) -> i64 {
    145 - 5 * number
}

fn cost(number: i64) -> i64 {
    55 + 5 * number
}

/// Runs a double auction of one kind; returns the share of the possible surplus, and the mean of the later
/// prices.
fn double_auction(seed: u64, kind: &str, units: i64, more: impl Fn(Values) -> Values) -> (f64, f64) {
    let mut stage = Stage::new(seed, 600 * units, "1", None);
    // Learning goes with acting: the more units, the more often they act.
    let pause = if units == 1 { 5 } else { 1 };
    for number in 0..TRADERS {
        let common = || Values::new().with("interval", SimDuration::from_secs(pause)).with("units", units);
        let of = |side: &str, value| more(common().with("side", side).with("value", price(value)));
        stage.add(&format!("buyer-{number}"), kind, of("buy", value(number)));
        stage.add(&format!("seller-{number}"), kind, of("sell", cost(number)));
    }
    let (market, seen) = stage.run();
    let traded = |name: String| {
        let id = market.participant(&name).unwrap().id;
        let lots = market.world().domain().account(id).unwrap().holding(ACME).lots() - 100_000;
        assert!(lots.abs() <= units, "{name} has {units} units: {lots}");
        lots.abs()
    };
    let surplus: i64 = (0..TRADERS)
        .map(|it| traded(format!("buyer-{it}")) * value(it) - traded(format!("seller-{it}")) * cost(it))
        .sum();
    let possible: i64 = (0..TRADERS).map(|it| units * (value(it) - cost(it)).max(0)).sum();
    let float = |number: i64| f64::from(i32::try_from(number).unwrap());
    let prices = &seen.borrow().prices;
    let later = &prices[prices.len() / 2..];
    let mean =
        later.iter().map(|ticks| float(*ticks)).sum::<f64>() / float(i64::try_from(later.len()).unwrap());
    (float(surplus) / float(possible), mean)
}

/// Returns efficiency and price of a kind, in the mean of some seeds.
fn mean_auction(kind: &str, units: i64, more: impl Fn(Values) -> Values) -> (f64, f64) {
    let seeds = if units == 1 { 8_u32 } else { 4 };
    let runs: Vec<(f64, f64)> =
        (0..seeds.into()).map(|seed| double_auction(seed, kind, units, &more)).collect();
    (
        runs.iter().map(|it| it.0).sum::<f64>() / f64::from(seeds),
        runs.iter().map(|it| it.1).sum::<f64>() / f64::from(seeds),
    )
}

#[test]
fn constrained_zero_intelligence_reaches_equilibrium_and_efficiency() {
    let constrained = |values: Values| values.with("max_price", price(200));
    let (efficiency, mean) = mean_auction("zic", 1, constrained);
    // Gode and Sunder (1993): 97 to 99.9 % in their markets 1 to 4, near the equilibrium price.
    assert!(efficiency > 0.95, "efficiency {efficiency}");
    assert!((mean - 100.0).abs() < 5.0, "price {mean}");
    let (unconstrained, _) = mean_auction("zic", 1, |values| constrained(values).with("constrained", false));
    assert!(unconstrained < efficiency - 0.05, "without the constraint {unconstrained}");
}

#[test]
fn learning_traders_come_to_the_equilibrium_price() {
    for kind in ["zip", "gd", "aa"] {
        let more = |values: Values| if kind == "aa" { values.with("max_price", price(200)) } else { values };
        // Learning takes some trades, so each has five units.
        let (efficiency, mean) = mean_auction(kind, 5, more);
        assert!(efficiency > 0.95, "{kind}: efficiency {efficiency}");
        assert!((mean - 100.0).abs() < 3.0, "{kind}: price {mean}");
    }
}

fn poisson_spread(seed: u64, alpha: f64, mu: f64, delta: f64) -> f64 {
    let mut stage = Stage::new(seed, 2_000, "0.01", None);
    let values = Values::new()
        .with("alpha", alpha)
        .with("mu", mu)
        .with("delta", delta)
        .with("width", 300_i64)
        .with("initial", price(100));
    stage.add("flow", "farmer_patelli_zovko", values);
    let (_, seen) = stage.run();
    let seen = seen.borrow();
    seen.mean_spread()
}

#[test]
fn the_spread_of_poisson_flow_scales_as_market_over_limit_orders() {
    // Twice the market orders and cancels leave delta / mu as it is; so do half of the limit orders.
    let [base, faster, thinner] =
        [(0.1, 1.0, 0.05), (0.1, 2.0, 0.1), (0.05, 1.0, 0.05)].map(|(alpha, mu, delta)| {
            (0..3).map(|seed| poisson_spread(seed, alpha, mu, delta)).sum::<f64>() / 3.0
        });
    assert!(base > 4.0, "many ticks, or the grid would show: {base}");
    for (name, spread) in [("faster", faster), ("thinner", thinner)] {
        let ratio = spread / base;
        assert!((ratio - 2.0).abs() < 0.3, "{name}: {spread} for {base}, ratio {ratio}");
    }
}

/// Returns what a maker earned in a market of price-sensitive takers.
fn maker_profit(seed: u64, symmetric: bool) -> f64 {
    let mut stage = Stage::new(seed, 600, "0.01", Some(0.3));
    let maker = Values::new()
        .with("gamma", 1.0)
        .with("sigma", 0.0124)
        .with("k", 30.0)
        .with("quantity", Quantity::new(10))
        .with("max_inventory", Quantity::new(10_000))
        .with("symmetric", symmetric);
    stage.add("maker", "avellaneda_stoikov", maker);
    for number in 0..20 {
        let taker = Values::new()
            .with("quantity", Quantity::new(10))
            .with("interval", SimDuration::from_secs(10))
            .with("g1", 1.0)
            .with("g2", 0.0)
            .with("n", 1.0)
            .with("sigma_epsilon", 0.002)
            .with("tau", SimDuration::from_millis(500))
            .with("k_max", 0.0);
        stage.add(&format!("taker-{number}"), "chiarella_iori", taker);
    }
    let (market, _) = stage.run();
    let account = market.world().domain().account(market.participant("maker").unwrap().id).unwrap();
    let bought = i32::try_from(account.holding(ACME).lots() - 100_000).unwrap();
    account.cash().to_f64() - 1_000_000.0 + f64::from(bought) * last_value(seed)
}

/// Returns the value at the end.
fn last_value(seed: u64) -> f64 {
    use bearpit_core::process::{PriceProcess, Value};
    let process: Box<dyn PriceProcess> = Box::new(Gbm::new(100.0, 0.0, 0.3, 1_638.0));
    let rng = Value::stream(Seed::new(seed), "ACME");
    Value::new(process, 100.0, open(), SimDuration::from_secs(1), rng)
        .at(open() + SimDuration::from_secs(600))
}

#[test]
fn a_maker_with_inventory_risk_in_mind_has_steadier_profits_than_a_symmetric_one() {
    let spread_of = |symmetric| {
        let profits: Vec<f64> = (0..40).map(|seed| maker_profit(seed, symmetric)).collect();
        let mean = profits.iter().sum::<f64>() / 40.0;
        let variance = profits.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / 39.0;
        (mean, variance)
    };
    let ((mean, variance), (symmetric_mean, symmetric_variance)) = (spread_of(false), spread_of(true));
    assert!(mean > 0.0 && symmetric_mean > 0.0, "{mean} {symmetric_mean}");
    assert!(variance < 0.5 * symmetric_variance, "{variance} against {symmetric_variance}");
}

#[test]
fn a_queue_has_its_stationary_length_while_the_reference_stands() {
    let mut stage = Stage::new(3, 20_000, "0.01", None);
    let list = |rates: &[f64]| ParamValue::List(rates.iter().map(|rate| ParamValue::Number(*rate)).collect());
    let values = Values::new()
        .with("limit", vec![list(&[2.0])])
        .with("cancel", vec![list(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])])
        .with("market", vec![ParamValue::Number(0.0), ParamValue::Number(0.5)])
        .with("theta", 0.0)
        .with("initial", price(100));
    stage.add("flow", "queue_reactive", values);
    let sizes = Rc::new(RefCell::new((0.0, 0.0, None, open())));
    stage.builder.sink(Box::new(BidSize(Rc::clone(&sizes))));
    stage.run();
    let (weighted, seconds, ..) = *sizes.borrow();
    // By hand: chances in proportion to the product of 2 / (length + 0.5).
    let weights: Vec<f64> = (1..60)
        .scan(1.0, |weight, length| {
            let departures = f64::from(length.min(8)) + 0.5;
            *weight *= 2.0 / departures;
            Some(*weight)
        })
        .collect();
    let total: f64 = 1.0 + weights.iter().sum::<f64>();
    let expected =
        (1_u32..).zip(&weights).map(|(length, weight)| f64::from(length) * weight).sum::<f64>() / total;
    let mean = weighted / seconds;
    assert!((mean / expected - 1.0).abs() < 0.05, "{mean} for {expected}");
}

#[test]
fn the_reference_price_moves_each_time_a_first_queue_empties_and_at_no_other() {
    let mut stage = Stage::new(4, 20_000, "0.01", None);
    let rates = |rates: [f64; 2]| ParamValue::List(rates.map(ParamValue::Number).to_vec());
    // The first queues have one order or none, one arrival and one cancel a second; the second ones have one
    // almost always.
    let values = Values::new()
        .with("limit", vec![rates([1.0, 0.0]), rates([1e3, 0.0])])
        .with("cancel", vec![rates([0.0, 1.0]), rates([0.0, 1e-3])])
        .with("market", vec![ParamValue::Number(0.0)])
        .with("theta", 1.0)
        .with("theta_reinit", 1.0)
        .with("initial", price(100));
    stage.add("flow", "queue_reactive", values);
    let instants = Rc::new(RefCell::new((open(), 0, 0)));
    stage.builder.sink(Box::new(ManyAtOnce(Rc::clone(&instants))));
    stage.run();
    // By hand, seconds until a first queue empties: 0.5 with two orders, 0.5 + 0.5 / 2 with one, 0.5 + 0.75
    // with none; half of them are drawn empty. After each move both second queues are drawn, at one instant.
    let expected = 20_000.0 / (0.25 * 0.5 + 0.5 * 0.75 + 0.25 * 1.25);
    let found = f64::from(instants.borrow().2);
    assert!((found / expected - 1.0).abs() < 0.03, "{found} for {expected}");
}

/// Counts the instants at which more than one order is accepted.
#[derive(Debug)]
struct ManyAtOnce(Rc<RefCell<(SimTime, u32, u32)>>);

impl TapeSink for ManyAtOnce {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::OrderAccepted { .. } = stamped.fact {
            let mut found = self.0.borrow_mut();
            let now = if found.0 == stamped.at { found.1 + 1 } else { 1 };
            *found = (stamped.at, now, found.2 + u32::from(now == 2));
        }
        Ok(())
    }
}

/// Sums up the size of the best bid, weighted by time.
#[derive(Debug)]
struct BidSize(Rc<RefCell<SizeSums>>);

/// Lots times seconds, those seconds, the size since the last change, and when that was.
type SizeSums = (f64, f64, Option<f64>, SimTime);

impl TapeSink for BidSize {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::TouchChanged { quote, .. } = stamped.fact {
            let mut sums = self.0.borrow_mut();
            let seconds = (stamped.at - sums.3).secs_f64();
            sums.0 += sums.2.unwrap_or(0.0) * seconds;
            sums.1 += seconds;
            let best = quote.bid.filter(|bid| bid.price == Price::new(10_000));
            sums.2 = best.map(|bid| f64::from(u32::try_from(bid.size.lots()).unwrap()));
            sums.3 = stamped.at;
        }
        Ok(())
    }
}

/// Returns the signs of what some traders of metaorders took, who found nobody to trade with before `after`.
fn metaorder_signs(traders: u32, seconds: i64, after: i64, values: impl Fn(Values) -> Values) -> Vec<f64> {
    let mut stage = Stage::new(11, seconds, "0.01", None);
    let account = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    stage.builder.agent("desk", ParticipantConfig::new("desk").with_account(account), Desk).unwrap();
    for number in 0..traders {
        let common = Values::new()
            .with("max_quantity", Quantity::new(1))
            .with("sizes", "fixed")
            .with("interval", SimDuration::from_secs(1));
        stage.add(&format!("trader-{number}"), "metaorders", values(common));
    }
    let (mut market, seen) = stage.open();
    market.start();
    market.step(open() + SimDuration::from_secs(after), u64::MAX).unwrap();
    let desk = market.participant("desk").unwrap().id;
    for (side, ticks) in [(Side::Buy, 9_999), (Side::Sell, 10_001)] {
        let terms = OrderTerms::limit(side, Quantity::new(1_000_000_000), Price::new(ticks));
        market.instruct(market.world().now(), desk, Instruction::Submit { listing: LISTING, terms }).unwrap();
    }
    market.step(market.close(), u64::MAX).unwrap();
    std::mem::take(&mut seen.borrow_mut().signs)
}

const ALPHA: f64 = 1.5;
const MAX_PIECES: u32 = 60;

/// The autocorrelation of the signs of one trader. Two pieces of one order have the same sign, two of
/// different orders one by chance. The share of pieces that `lag` further ones of their order follow is the
/// sum of the chances of more than k pieces over all k from `lag` on, divided by the mean number of pieces.
fn of_one_trader(lag: u32) -> f64 {
    let sum = |from: u32| (from..=MAX_PIECES).map(|it| libm::pow(f64::from(it), -ALPHA)).sum::<f64>();
    sum(lag + 1) / sum(1)
}

/// The same of several traders who always act at the same rate: each piece is of each of them with the same
/// chance, so that of the pieces between two of one trader a binomial number is its own.
fn of_traders(traders: u32, lag: u32) -> f64 {
    let share = 1.0 / f64::from(traders);
    let mut binomial = libm::pow(1.0 - share, f64::from(lag - 1));
    (0..lag).fold(0.0, |sum, own| {
        let term = share * binomial * of_one_trader(own + 1);
        binomial *= f64::from(lag - 1 - own) / f64::from(own + 1) * share / (1.0 - share);
        sum + term
    })
}

/// Returns the autocorrelation of signs at a lag, and its standard error. Products of neighbors depend on
/// each other, means of blocks of 2,000 hardly do.
fn sign_autocorrelation(signs: &[f64], lag: usize) -> (f64, f64) {
    let products: Vec<f64> = signs.iter().zip(&signs[lag..]).map(|(now, later)| now * later).collect();
    let blocks: Vec<f64> =
        products.chunks_exact(2_000).map(|block| block.iter().sum::<f64>() / 2_000.0).collect();
    let count = f64::from(u32::try_from(blocks.len()).unwrap());
    let mean = blocks.iter().sum::<f64>() / count;
    let squares = blocks.iter().map(|block| (block - mean) * (block - mean)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[test]
fn signs_of_metaorders_have_the_autocorrelation_of_their_parameters() {
    let values = |values: Values| values.with("alpha", ALPHA).with("max_pieces", i64::from(MAX_PIECES));
    for (traders, seconds) in [(1, 60_000), (4, 20_000)] {
        let signs = metaorder_signs(traders, seconds, 1, values);
        assert!(signs.len() > 55_000, "{}", signs.len());
        for lag in [1, 2, 4, 8, 16, 32] {
            let expected = if traders == 1 { of_one_trader(lag) } else { of_traders(traders, lag) };
            let (found, error) = sign_autocorrelation(&signs, usize::try_from(lag).unwrap());
            let close = error < 0.02 && (found - expected).abs() < 4.0 * error;
            assert!(close, "{traders} traders, lag {lag}: {found} for {expected}, error {error}");
        }
    }
}

#[test]
fn pieces_of_a_metaorder_wait_while_nobody_is_in_sight() {
    // All orders have five pieces; for ten minutes there is nothing to take.
    let fives = |values: Values| values.with("alpha", 0.001).with("max_pieces", 5_i64);
    let signs = metaorder_signs(1, 3_000, 600, fives);
    let is_whole = |order: &[f64]| order.iter().all(|sign| (sign - order[0]).abs() < 0.5);
    assert!(signs.len() > 2_000 && signs.chunks_exact(5).all(is_whole), "{:?}", &signs[..20]);
}
