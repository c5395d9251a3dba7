//! The market in which the tests of a strategy run: real books and orders, and besides the strategy only a
//! maker and a taker, which the test controls.
//!
//! Each test has a new market and a new strategy. All latencies are zero, so that an order has its effects
//! at the time it is sent.

mod setup_error;
mod test_market;

pub use setup_error::MockSetupError;

use std::cell::RefCell;
use std::rc::Rc;

use crate::script::{CompiledScript, MockError, MockMarket, ScriptError, ScriptTest, ScriptTrader};
use crate::script::{OPERATIONS, ParamValue, RunLimits, ScriptConfig, USER_OPERATIONS};
use bearpit_agents::Desk;
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::MarketBuilder;
use bearpit_core::market::{Fees, Instrument};
use bearpit_core::participant::{AuctionRules, Latencies, ParticipantConfig};
use bearpit_core::units::{
    Decimal, InstrumentId, ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime,
};

use test_market::{MAKER, STRATEGY, StrategyLog, TAKER, TestMarket};

/// The configuration of a test's market.
#[derive(Debug, Clone, PartialEq)]
pub struct MockConfig {
    /// Symbol and venue of each market; the first is the strategy's own.
    pub markets: Vec<(String, String)>,
    /// The smallest step of a price.
    pub tick_size: Decimal,
    /// The smallest step of a quantity.
    pub lot_size: Decimal,
    /// The strategy's initial cash; it begins without positions, and may sell short.
    pub cash: Money,
    /// Its parameters.
    pub params: Vec<(String, ParamValue)>,
}

impl Default for MockConfig {
    /// One market, `MOCK` at `PIT`, in cents and whole units, with a million in cash.
    fn default() -> Self {
        Self {
            markets: vec![("MOCK".to_owned(), "PIT".to_owned())],
            tick_size: Decimal::new(1, 2),
            lot_size: Decimal::new(1, 0),
            cash: Money::from_whole(1_000_000),
            params: Vec::new(),
        }
    }
}

/// The outcome of a test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// The position and cause, if the test itself failed.
    pub error: Option<ScriptError>,
    /// How the strategy failed meanwhile, with position, callback and virtual time.
    pub strategy: Option<String>,
    /// What the strategy and the test logged.
    pub log: Vec<String>,
}

impl TestOutcome {
    /// Returns whether neither the test nor the strategy failed.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        self.error.is_none() && self.strategy.is_none()
    }
}

/// When the market of a test opens: a Monday morning.
const OPEN: SimTime = SimTime::from_nanos(1_740_994_200 * 1_000_000_000);
/// How many days it can be open.
const DAYS_MAX: i64 = 366;
/// How far a strategy may be short.
const SHORT_LOTS_MAX: u64 = 1_000_000_000;

/// Runs one test of a script.
///
/// # Examples
/// ```
/// use bearpit::mock::{MockConfig, run_test};
/// use bearpit::script::{ScriptSource, compile};
///
/// let text = "fn on_quote(quote) { if position() == 0 { buy(1); } }\n\
///             fn test_buys_once() { mock_quote(99.9, 100.1); assert_eq(position(), 1); }";
/// let script = compile(&ScriptSource::alone("s.rhai", text))?;
/// let outcome = run_test(&script, "test_buys_once", &MockConfig::default())?;
/// assert!(outcome.is_passed(), "{outcome:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MockSetupError`] if there can be no such market.
pub fn run_test(
    script: &CompiledScript,
    name: &str,
    config: &MockConfig,
) -> Result<TestOutcome, MockSetupError> {
    let test = ScriptTest::default();
    let strategy_log = StrategyLog::default();
    let layout =
        Layout { config, limits: RunLimits::DEFAULT, operations: OPERATIONS, short_lots_max: SHORT_LOTS_MAX };
    let builder = build_market(script, &test, &layout, &strategy_log)?;
    let market = builder.open()?;
    let test_market = Rc::new(RefCell::new(TestMarket::new(market, strategy_log.clone())?));
    let played: Rc<RefCell<dyn MockMarket>> = Rc::<RefCell<TestMarket>>::clone(&test_market);
    test.play_on(&played);
    test_market.borrow_mut().start();
    let mut ctx = test_market.borrow_mut().lend();
    let mut error = test.run(name, &mut ctx).err();
    test_market.borrow_mut().take_back(ctx);
    if error.is_none() && !strategy_log.has_failed() {
        // `on_stop` is part of every run, and so is the check that money and shares are conserved.
        let settled = test_market.borrow_mut().settle();
        error = settled.err().map(|cause| ScriptError {
            file: script.source().file.clone(),
            line: 1,
            column: 1,
            message: cause.to_string(),
            help: None,
        });
    }
    let (strategy, log) = strategy_log.into_parts();
    Ok(TestOutcome { name: name.to_owned(), error, strategy, log })
}

/// Runs a script for ten minutes in a market that quotes and trades around a price: whether it gets through
/// its first callbacks. What it trades there has no meaning.
///
/// # Examples
/// ```
/// use bearpit::mock::{MockConfig, rehearse};
/// use bearpit::script::{ScriptSource, compile};
/// use bearpit::units::Price;
///
/// let text = "fn on_bar(bar) { buy(bar.close / (bar.high - bar.high)); }";
/// let script = compile(&ScriptSource::alone("s.rhai", text))?;
/// let outcome = rehearse(&script, &MockConfig::default(), Price::new(10_000))?;
/// assert!(outcome.strategy.ok_or("it has not failed")?.contains("in on_bar"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MockSetupError`] if there can be no such market.
pub fn rehearse(
    script: &CompiledScript,
    config: &MockConfig,
    mid: Price,
) -> Result<TestOutcome, MockSetupError> {
    let strategy_log = StrategyLog::default();
    let limits = RunLimits { operations: REHEARSAL_OPERATIONS, ..RunLimits::DEFAULT };
    let layout = Layout { config, limits, operations: USER_OPERATIONS, short_lots_max: 0 };
    let market = build_market(script, &ScriptTest::default(), &layout, &strategy_log)?.open()?;
    let mut market = TestMarket::new(market, strategy_log.clone())?;
    market.start();
    let rehearsed = market.wander(mid, REHEARSAL_MINUTES);
    let settled = match rehearsed {
        Ok(()) if !strategy_log.has_failed() => market.settle().map_err(|cause| cause.to_string()),
        // How it failed is in its log.
        Ok(()) | Err(MockError::StrategyFailed) => Ok(()),
        Err(cause) => Err(cause.to_string()),
    };
    let error = settled.err().map(|message| ScriptError {
        file: script.source().file.clone(),
        line: 1,
        column: 1,
        message,
        help: None,
    });
    let (strategy, log) = strategy_log.into_parts();
    Ok(TestOutcome { name: "rehearsal".to_owned(), error, strategy, log })
}

/// How long a rehearsal lasts.
const REHEARSAL_MINUTES: i64 = 10;
/// How many operations a strategy may take meanwhile: some tenths of a second of a core.
const REHEARSAL_OPERATIONS: u64 = 20_000_000;

/// What a market is made from, and what the strategy may use over the run.
struct Layout<'a> {
    config: &'a MockConfig,
    limits: RunLimits,
    /// How many operations a callback may take.
    operations: u64,
    /// How far the strategy may be short of each instrument.
    short_lots_max: u64,
}

fn build_market(
    script: &CompiledScript,
    test: &ScriptTest,
    layout: &Layout<'_>,
    strategy_log: &StrategyLog,
) -> Result<MarketBuilder, MockSetupError> {
    let Layout { config, limits, operations, short_lots_max } = *layout;
    let close = OPEN + SimDuration::from_secs(DAYS_MAX * 86_400);
    let mut builder = MarketBuilder::new(Seed::new(0), OPEN, close)?;
    builder.sample_interval(SimDuration::ZERO);
    builder.sink(Box::new(strategy_log.clone()));
    builder.auctions(AuctionRules::default());
    let mut instruments: Vec<(&str, InstrumentId)> = Vec::new();
    let mut venues: Vec<(&str, Vec<InstrumentId>)> = Vec::new();
    for (symbol, venue) in &config.markets {
        let known = instruments.iter().find(|(known, _)| known == symbol).map(|(_, id)| *id);
        let instrument = match known {
            Some(id) => id,
            None => {
                let instrument = Instrument::new(symbol.as_str(), config.tick_size, config.lot_size)?;
                let id = builder.instrument(instrument, None);
                instruments.push((symbol, id));
                id
            }
        };
        match venues.iter_mut().find(|(known, _)| known == venue) {
            Some((_, listed)) if listed.contains(&instrument) => {
                return Err(MockSetupError::ListedTwice { symbol: symbol.clone(), venue: venue.clone() });
            }
            Some((_, listed)) => listed.push(instrument),
            None => venues.push((venue, vec![instrument])),
        }
    }
    for (venue, listed) in &venues {
        builder.venue(venue, Fees::default(), Latencies::NONE, listed);
    }
    let short = instruments.iter().map(|(_, id)| (*id, Quantity::new(short_lots_max))).collect();
    let account = AccountConfig { cash: config.cash, max_short: short, ..AccountConfig::default() };
    let script_config = ScriptConfig {
        params: config.params.clone(),
        run_limits: limits,
        operations,
        ..ScriptConfig::new(script.source().clone(), ListingId::new(0))
    };
    let trader = ScriptTrader::tested(script_config, test.clone());
    for name in [MAKER, TAKER] {
        builder.agent(name, ParticipantConfig::new("desk").with_account(test_market::unlimited()), Desk)?;
    }
    builder.agent(STRATEGY, ParticipantConfig::new("script").with_account(account), trader)?;
    Ok(builder)
}
