//! [`TestMarket`]: a market that a test controls.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use super::setup_error::MockSetupError;
use crate::script::{MockAction, MockError, MockFill, MockMarket};
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::exchange::{Market, MarketError};
use bearpit_core::kernel::{SimContext, StepEnd};
use bearpit_core::market::{
    BarInterval, Fact, OrderKind, OrderTerms, Refusal, Side, SinkError, Stamped, TapeSink, TimeInForce,
    Trade, TrailingDistance,
};
use bearpit_core::participant::{Context, MarketState};
use bearpit_core::replay::nearer_first;
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// The name of the participant that quotes.
pub(super) const MAKER: &str = "maker";
/// The name of the participant that takes liquidity.
pub(super) const TAKER: &str = "taker";
/// The name of the strategy under test.
pub(super) const STRATEGY: &str = "strategy";

/// How many events a test may cause.
const EVENTS_MAX: u64 = 200_000;
/// How many lines of a test's log are kept.
const LINES_MAX: usize = 200;

/// The account of maker and taker.
pub(super) fn unlimited() -> AccountConfig {
    AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() }
}

/// Collects the strategy's log and its failure; clones share one log.
#[derive(Debug, Clone, Default)]
pub(super) struct StrategyLog(Rc<RefCell<LogState>>);

#[derive(Debug, Default)]
struct LogState {
    failure: Option<String>,
    log: Vec<String>,
    trails: Trails,
}

/// Trailing stops, and the trades that they follow.
#[derive(Debug, Default)]
struct Trails {
    last: BTreeMap<ListingId, Price>,
    waiting: BTreeMap<OrderId, Trail>,
}

/// A trailing stop; its best trade is absent before the first.
#[derive(Debug, Clone, Copy)]
struct Trail {
    listing: ListingId,
    side: Side,
    distance: TrailingDistance,
    best: Option<Price>,
}

impl Trails {
    fn follow(&mut self, fact: &Fact) {
        match *fact {
            Fact::OrderAccepted { order, listing, terms, .. } => {
                if let OrderKind::TrailingStop { distance, .. } = terms.kind {
                    let best = self.last.get(&listing).copied();
                    self.waiting.insert(order, Trail { listing, side: terms.side, distance, best });
                }
            }
            Fact::Traded(Trade { listing, price, .. }) => {
                self.last.insert(listing, price);
                for trail in self.waiting.values_mut().filter(|trail| trail.listing == listing) {
                    let better = |best: Price| match trail.side {
                        Side::Sell => best.max(price),
                        Side::Buy => best.min(price),
                    };
                    trail.best = Some(trail.best.map_or(price, better));
                }
            }
            Fact::OrderTriggered { order, .. }
            | Fact::OrderCanceled { order, .. }
            | Fact::OrderExpired { order, .. } => {
                self.waiting.remove(&order);
            }
            _ => {}
        }
    }

    /// Returns the price that elects a trailing stop.
    fn trigger(&self, order: OrderId) -> Option<Price> {
        let trail = self.waiting.get(&order)?;
        Some(trail.distance.trigger(trail.side, trail.best?))
    }
}

impl StrategyLog {
    pub(super) fn has_failed(&self) -> bool {
        self.0.borrow().failure.is_some()
    }

    /// Returns how the strategy failed, and its log.
    pub(super) fn into_parts(self) -> (Option<String>, Vec<String>) {
        let seen = mem::take(&mut *self.0.borrow_mut());
        (seen.failure, seen.log)
    }
}

impl TapeSink for StrategyLog {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut seen = self.0.borrow_mut();
        match stamped.fact {
            Fact::Logged { text, .. } if seen.log.len() < LINES_MAX => seen.log.push(text.to_string()),
            Fact::StrategyFailed { text, .. } => seen.failure = Some(text.to_string()),
            fact => seen.trails.follow(fact),
        }
        Ok(())
    }
}

/// The price and quantity of one side of a quote, if it has one.
type QuoteSide = Option<(Price, Quantity)>;

/// A market with a strategy, and with a maker and a taker that a test controls.
pub(super) struct TestMarket {
    market: Market,
    strategy_log: StrategyLog,
    strategy: ActorId,
    maker: ActorId,
    taker: ActorId,
    /// The maker's quotes.
    quotes: BTreeMap<(ListingId, Side), OrderId>,
}

impl MockMarket for TestMarket {
    fn act(&mut self, action: MockAction, ctx: &mut Context) -> Result<(), MockError> {
        self.exchange(self.strategy, ctx);
        let done = self.perform(action);
        self.exchange(self.strategy, ctx);
        if self.strategy_log.has_failed() {
            return Err(MockError::StrategyFailed);
        }
        done
    }
}

impl TestMarket {
    /// Takes a market with these three participants.
    ///
    /// # Errors
    /// [`MockSetupError::NoParticipant`] if one is missing.
    pub(super) fn new(market: Market, strategy_log: StrategyLog) -> Result<Self, MockSetupError> {
        let find = |name: &'static str| {
            let participant = market.participant(name).map(|it| it.id);
            participant.ok_or(MockSetupError::NoParticipant { name })
        };
        let (strategy, maker, taker) = (find(STRATEGY)?, find(MAKER)?, find(TAKER)?);
        Ok(Self { market, strategy_log, strategy, maker, taker, quotes: BTreeMap::new() })
    }

    /// Starts the strategy.
    pub(super) fn start(&mut self) {
        self.market.start();
    }

    /// Quotes and trades around a price for some minutes, in all markets alike, until the strategy fails.
    ///
    /// # Errors
    /// [`MockError`] if that cannot be done.
    pub(super) fn wander(&mut self, mid: Price, minutes: i64) -> Result<(), MockError> {
        const STEPS: [i64; 8] = [0, 2, 4, 2, 0, -2, -4, -2];
        const SIZE: Quantity = Quantity::new(1_000);
        let count = self.market.world().domain().listings().count();
        let listings = || (0..).map(ListingId::new).take(count);
        for (_, step) in (0..minutes).zip(STEPS.iter().cycle()) {
            let mid = mid.ticks().saturating_add(*step);
            let [bid, ask] = [mid - 1, mid + 1].map(Price::new);
            for listing in listings() {
                self.quote(listing, Some((bid, SIZE)), Some((ask, SIZE)))?;
                for price in [ask, bid] {
                    match self.trade(listing, price, Quantity::new(5)) {
                        // The strategy has a better order, or has taken what was there.
                        Ok(()) | Err(MockError::OutsideQuotes | MockError::Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            match self.run_until(self.now() + SimDuration::from_secs(60)) {
                Ok(()) => {}
                // It does a lot: what is seen by now must do.
                Err(MockError::TooManyEvents { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
            if self.strategy_log.has_failed() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends the day: the strategy is stopped, and the accounts are checked.
    ///
    /// # Errors
    /// Those of [`Market::settle`].
    pub(super) fn settle(&mut self) -> Result<(), MarketError> {
        self.market.settle()
    }

    /// Lends the strategy's context to the test.
    pub(super) fn lend(&mut self) -> Context {
        let mut ctx = vacant();
        self.exchange(self.strategy, &mut ctx);
        ctx
    }

    /// Takes it back.
    pub(super) fn take_back(&mut self, mut ctx: Context) {
        self.exchange(self.strategy, &mut ctx);
    }

    fn exchange(&mut self, actor: ActorId, ctx: &mut Context) {
        let exchanged = self.market.exchange_context(actor, ctx);
        debug_assert_eq!(exchanged, Ok(()), "a test's market has started, and keeps no journal");
    }

    fn perform(&mut self, action: MockAction) -> Result<(), MockError> {
        match action {
            MockAction::Advance(span) => self.run_until(self.now().saturating_add(span)),
            MockAction::Quote { listing, bid, ask } => self.quote(listing, bid, ask),
            MockAction::Trade { listing, price, quantity } => self.trade(listing, price, quantity),
            MockAction::Bar { listing, prices, volume, interval } => {
                self.bar(listing, prices, volume, interval)
            }
            MockAction::Fill { order, fill } => self.fill(order, fill),
        }
    }

    const fn now(&self) -> SimTime {
        self.market.world().now()
    }

    /// Runs the world to `until`, with all events due at that time.
    fn run_until(&mut self, until: SimTime) -> Result<(), MockError> {
        if until > self.market.close() {
            return Err(MockError::AfterClose { close: self.market.close() });
        }
        let left = EVENTS_MAX.saturating_sub(self.market.world().events());
        match self.market.step(until, left).map_err(|error| MockError::Market(error.into()))? {
            StepEnd::Reached => Ok(()),
            StepEnd::Budget => Err(MockError::TooManyEvents { most: EVENTS_MAX }),
        }
    }

    /// Acts as a participant, and delivers the effects to the venue and the strategy.
    fn act_as<T>(
        &mut self,
        actor: ActorId,
        act: impl FnOnce(&mut Context) -> Result<T, Refusal>,
    ) -> Result<T, MockError> {
        let mut ctx = vacant();
        self.exchange(actor, &mut ctx);
        let done = act(&mut ctx);
        self.exchange(actor, &mut ctx);
        let done = done?;
        self.run_until(self.now())?;
        Ok(done)
    }

    /// Returns the open price and quantity of the maker's quote.
    fn shown(&self, listing: ListingId, side: Side) -> QuoteSide {
        let id = self.quotes.get(&(listing, side))?;
        let order = self.market.world().domain().account(self.maker)?.order(*id)?;
        Some((order.price?, order.leaves))
    }

    fn quote(&mut self, listing: ListingId, bid: QuoteSide, ask: QuoteSide) -> Result<(), MockError> {
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask)
            && bid >= ask
        {
            return Err(MockError::CrossedQuote);
        }
        // The side that moves away goes first, so that the maker does not trade with itself.
        let old = self.shown(listing, Side::Sell);
        let rises = old.zip(ask).is_none_or(|((old, _), (new, _))| new >= old);
        let sides = if rises { [Side::Sell, Side::Buy] } else { [Side::Buy, Side::Sell] };
        for side in sides {
            self.show(listing, side, if side == Side::Buy { bid } else { ask })?;
        }
        Ok(())
    }

    /// Makes the maker quote exactly this on one side.
    fn show(&mut self, listing: ListingId, side: Side, wanted: QuoteSide) -> Result<(), MockError> {
        let old = self.quotes.get(&(listing, side)).copied();
        let account = self.market.world().domain().account(self.maker);
        let old = old.and_then(|id| account?.order(id)).map(|order| (order.id, order.filled()));
        match (old, wanted) {
            (None, None) => Ok(()),
            (Some((id, _)), None) => self.act_as(self.maker, |ctx| ctx.cancel(id)),
            (Some(_), Some(_)) if self.shown(listing, side) == wanted => Ok(()),
            (Some((id, filled)), Some((price, quantity))) => {
                let total = Quantity::new(quantity.lots() + filled.lots());
                self.act_as(self.maker, |ctx| ctx.replace(id, price, total))
            }
            (None, Some((price, quantity))) => {
                let terms = OrderTerms::limit(side, quantity, price);
                let id = self.act_as(self.maker, |ctx| ctx.submit(listing, terms))?;
                self.quotes.insert((listing, side), id);
                Ok(())
            }
        }
    }

    /// Lets maker and taker trade at a price; orders resting there already come first.
    fn trade(&mut self, listing: ListingId, price: Price, quantity: Quantity) -> Result<(), MockError> {
        let quote = self.act_as(self.taker, |ctx| Ok(ctx.market(listing).quote))?;
        let (bid, ask) = (quote.bid.map(|it| it.price), quote.ask.map(|it| it.price));
        if bid.is_some_and(|bid| price < bid) || ask.is_some_and(|ask| price > ask) {
            return Err(MockError::OutsideQuotes);
        }
        let taking = if bid == Some(price) { Side::Sell } else { Side::Buy };
        let terms = OrderTerms::limit(taking.opposite(), quantity, price);
        let offered = self.act_as(self.maker, |ctx| ctx.submit(listing, terms))?;
        self.take(listing, taking, price, quantity)?;
        let account = self.market.world().domain().account(self.maker);
        if account.is_some_and(|account| account.order(offered).is_some()) {
            self.act_as(self.maker, |ctx| ctx.cancel(offered))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        listing: ListingId,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Result<(), MockError> {
        let terms = OrderTerms::limit(side, quantity, price).with(TimeInForce::Ioc);
        self.act_as(self.taker, |ctx| ctx.submit(listing, terms)).map(|_| ())
    }

    /// Trades through the prices of a bar as a replay does: open, the extreme nearer to it, the other, close;
    /// and at the triggers of the strategy's stops on the way, so that none is reached later than that.
    fn bar(
        &mut self,
        listing: ListingId,
        prices: [Price; 4],
        volume: Quantity,
        interval: BarInterval,
    ) -> Result<(), MockError> {
        let mut path = nearer_first(prices).to_vec();
        path.dedup();
        let trades = path.len() as u64;
        if volume.lots() < trades {
            return Err(MockError::VolumeTooSmall { volume: volume.lots() });
        }
        let start = self.now();
        let end = interval.bounds(start).end;
        let pause = (end - start).nanos() / i64::try_from(trades + 1).unwrap_or(i64::MAX);
        let mut last = None;
        for (number, price) in (0..trades).zip(path) {
            let earlier = volume.lots() * number / trades;
            let mut lots = volume.lots() * (number + 1) / trades - earlier;
            self.run_until(self.now().saturating_add(SimDuration::from_nanos(pause)))?;
            while lots > 1
                && let Some(trigger) = last.and_then(|last| self.next_trigger(listing, last, price))
            {
                self.print(listing, trigger, Quantity::new(1), volume)?;
                last = Some(trigger);
                lots -= 1;
            }
            self.print(listing, price, Quantity::new(lots), volume)?;
            last = Some(price);
        }
        self.run_until(end)
    }

    /// Trades at a price, with quotes a tick around it.
    fn print(
        &mut self,
        listing: ListingId,
        price: Price,
        quantity: Quantity,
        shown: Quantity,
    ) -> Result<(), MockError> {
        let around = |ticks: i64| Price::new_checked(price.ticks() + ticks).map(|price| (price, shown));
        self.quote(listing, around(-1), around(1))?;
        self.trade(listing, price, quantity)
    }

    /// Returns the first trigger of the strategy's stops strictly between two prices, on the way from one to
    /// the other.
    fn next_trigger(&self, listing: ListingId, from: Price, to: Price) -> Option<Price> {
        let account = self.market.world().domain().account(self.strategy)?;
        let own = account.open_orders().iter().filter(|order| order.listing == listing);
        let seen = self.strategy_log.0.borrow();
        let triggers = own.filter_map(|order| order.kind.trigger().or_else(|| seen.trails.trigger(order.id)));
        let is_between = |price: &Price| from.min(to) < *price && *price < from.max(to);
        triggers.filter(is_between).min_by_key(|price| (*price - from).abs())
    }

    /// Lets the taker trade with the strategy's order; the maker withdraws its quote meanwhile.
    fn fill(&mut self, order: OrderId, fill: MockFill) -> Result<(), MockError> {
        let MockFill { listing, side, price, quantity } = fill;
        let before = self.open(order);
        let quote = self.shown(listing, side);
        self.show(listing, side, None)?;
        self.take(listing, side.opposite(), price, quantity)?;
        self.show(listing, side, quote)?;
        let traded = before.lots().saturating_sub(self.open(order).lots());
        if traded < quantity.lots() {
            return Err(MockError::BetterOrderFirst { traded, wanted: quantity.lots() });
        }
        Ok(())
    }

    /// Returns the open quantity of an order of the strategy.
    fn open(&self, order: OrderId) -> Quantity {
        let account = self.market.world().domain().account(self.strategy);
        account.and_then(|account| account.order(order)).map_or(Quantity::new(0), |order| order.leaves)
    }
}

fn vacant() -> Context {
    SimContext::vacant(MarketState::vacant())
}
