//! The market in which the tests of a strategy run: real books, real orders, nobody but a maker and a taker
//! who do what the test says.
//!
//! Each test has a fresh market and a fresh strategy. All latencies are zero, so that what an order does is
//! known in the moment it was sent.

mod test_market;

use std::cell::RefCell;
use std::rc::Rc;

use crate::script::{CompiledScript, MockMarket, ScriptError, ScriptTest, ScriptTrader};
use crate::script::{ParamValue, ScriptConfig};
use bearpit_agents::Desk;
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{BuildError, MarketBuilder};
use bearpit_core::market::{Fees, Instrument};
use bearpit_core::participant::{Latencies, ParticipantConfig};
use bearpit_core::units::{Decimal, InstrumentId, ListingId, Money, Quantity, Seed, SimDuration, SimTime};

use test_market::{MAKER, STRATEGY, StrategyLog, TAKER, TestMarket};

/// What the market of a test is like.
#[derive(Debug, Clone, PartialEq)]
pub struct MockConfig {
    /// Symbol and venue of each market; the first is the strategy's own.
    pub markets: Vec<(String, String)>,
    /// The smallest step of a price.
    pub tick_size: Decimal,
    /// The smallest step of a quantity.
    pub lot_size: Decimal,
    /// The cash with which the strategy begins; it holds nothing, and may be short.
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

/// How a test ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// Where and why the test itself failed.
    pub error: Option<ScriptError>,
    /// How the strategy failed meanwhile, with place, callback and virtual time.
    pub strategy: Option<String>,
    /// What the strategy and the test logged.
    pub log: Vec<String>,
}

impl TestOutcome {
    /// Tells whether nothing failed.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        self.error.is_none() && self.strategy.is_none()
    }
}

/// When the market of a test opens: a Monday morning.
const OPEN: SimTime = SimTime::from_nanos(1_740_994_200 * 1_000_000_000);
/// How long it can be open.
const DAYS_MAX: i64 = 366;
/// How far a strategy may be short.
const SHORT_LOTS_MAX: u64 = 1_000_000_000;

/// Runs one test of a script.
///
/// # Errors
/// Says why there can be no such market.
pub fn run_test(script: &CompiledScript, name: &str, terms: &MockConfig) -> Result<TestOutcome, String> {
    let test = ScriptTest::default();
    let strategy_log = StrategyLog::default();
    let builder = build_market(script, &test, terms, &strategy_log)?;
    let market = builder.open().map_err(|error| error.to_string())?;
    let test_market = Rc::new(RefCell::new(TestMarket::new(market, strategy_log.clone())?));
    let played: Rc<RefCell<dyn MockMarket>> = Rc::<RefCell<TestMarket>>::clone(&test_market);
    test.play_on(&played);
    test_market.borrow_mut().start();
    let mut ctx = test_market.borrow_mut().lend();
    let mut error = test.run(name, &mut ctx).err();
    test_market.borrow_mut().take_back(ctx);
    if error.is_none() && !strategy_log.has_failed() {
        // `on_stop` is part of every run, and so is the check that nothing was lost or made.
        let settled = test_market.borrow_mut().settle();
        error = settled.err().map(|message| ScriptError {
            file: script.source().file.clone(),
            line: 1,
            column: 1,
            message,
            help: None,
        });
    }
    let (strategy, log) = strategy_log.into_parts();
    Ok(TestOutcome { name: name.to_owned(), error, strategy, log })
}

fn build_market(
    script: &CompiledScript,
    test: &ScriptTest,
    terms: &MockConfig,
    strategy_log: &StrategyLog,
) -> Result<MarketBuilder, String> {
    let told = |error: BuildError| error.to_string();
    let close = OPEN + SimDuration::from_secs(DAYS_MAX * 86_400);
    let mut builder = MarketBuilder::new(Seed::new(0), OPEN, close).map_err(told)?;
    builder.sample_interval(SimDuration::ZERO);
    builder.sink(Box::new(strategy_log.clone()));
    let mut symbols: Vec<&str> = Vec::new();
    let mut instruments: Vec<InstrumentId> = Vec::new();
    for (symbol, _) in &terms.markets {
        if !symbols.contains(&symbol.as_str()) {
            let instrument = Instrument::new(symbol.as_str(), terms.tick_size, terms.lot_size)
                .map_err(|error| error.to_string())?;
            symbols.push(symbol);
            instruments.push(builder.instrument(instrument, None));
        }
    }
    let mut venues: Vec<(&str, Vec<InstrumentId>)> = Vec::new();
    for (symbol, venue) in &terms.markets {
        let known = symbols.iter().position(|known| known == symbol);
        let instrument = known.map_or(InstrumentId::new(0), |index| instruments[index]);
        match venues.iter_mut().find(|(known, _)| known == venue) {
            Some((_, listed)) if listed.contains(&instrument) => {
                return Err(format!("`{symbol}` is listed at `{venue}` twice"));
            }
            Some((_, listed)) => listed.push(instrument),
            None => venues.push((venue, vec![instrument])),
        }
    }
    for (venue, listed) in &venues {
        builder.venue(venue, Fees::default(), Latencies::NONE, listed);
    }
    let short = instruments.iter().map(|id| (*id, Quantity::new(SHORT_LOTS_MAX))).collect();
    let account = AccountConfig { cash: terms.cash, max_short: short, ..AccountConfig::default() };
    let config = ScriptConfig {
        params: terms.params.clone(),
        ..ScriptConfig::new(script.source().clone(), ListingId::new(0))
    };
    let trader = ScriptTrader::tested(config, test.clone());
    for name in [MAKER, TAKER] {
        builder
            .agent(name, ParticipantConfig::new("desk").with_account(test_market::unlimited()), Desk)
            .map_err(told)?;
    }
    builder.agent(STRATEGY, ParticipantConfig::new("script").with_account(account), trader).map_err(told)?;
    Ok(builder)
}
