//! [`TestMarket`]: a market that does what a test says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use crate::script::{MockAction, MockMarket};
use bearpit_core::account::{AccountConfig, Credit};
use bearpit_core::exchange::Market;
use bearpit_core::kernel::{SimContext, StepEnd};
use bearpit_core::market::{Fact, OrderTerms, Refusal, Side, SinkError, Stamped, TapeSink, TimeInForce};
use bearpit_core::participant::{Context, MarketState};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// Who quotes.
pub(super) const MAKER: &str = "maker";
/// Who trades with those who quote.
pub(super) const TAKER: &str = "taker";
/// Whose test it is.
pub(super) const STRATEGY: &str = "strategy";

/// How many events a test may cause.
const EVENTS_MAX: u64 = 200_000;
/// How many lines of a test's log are kept.
const LINES_MAX: usize = 200;

/// The account of those who stand for everybody else.
pub(super) fn unlimited() -> AccountConfig {
    AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() }
}

/// Keeps what the strategy logs, and how it failed; clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct StrategyLog(Rc<RefCell<LogState>>);

#[derive(Debug, Default)]
struct LogState {
    failure: Option<String>,
    log: Vec<String>,
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
            _ => {}
        }
        Ok(())
    }
}

/// What one side of a quote shows.
type QuoteSide = Option<(Price, Quantity)>;

/// A market with a strategy, and with a maker and a taker who do what a test says.
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
    fn act(&mut self, action: MockAction, ctx: &mut Context) -> Result<(), String> {
        self.exchange(self.strategy, ctx);
        let done = self.perform(action);
        self.exchange(self.strategy, ctx);
        if self.strategy_log.has_failed() {
            return Err("the strategy failed".to_owned());
        }
        done
    }
}

impl TestMarket {
    /// Takes a market in which the three are seated.
    pub(super) fn new(market: Market, strategy_log: StrategyLog) -> Result<Self, String> {
        let find = |name: &str| {
            market.participant(name).map(|it| it.id).ok_or_else(|| format!("there is no `{name}`"))
        };
        let (strategy, maker, taker) = (find(STRATEGY)?, find(MAKER)?, find(TAKER)?);
        Ok(Self { market, strategy_log, strategy, maker, taker, quotes: BTreeMap::new() })
    }

    /// Starts the strategy.
    pub(super) fn start(&mut self) {
        self.market.start();
    }

    /// Ends the day: the strategy is stopped, and the accounts are checked.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        self.market.settle().map_err(|error| error.to_string())
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

    fn perform(&mut self, action: MockAction) -> Result<(), String> {
        match action {
            MockAction::Advance(span) => self.run_until(self.now().saturating_add(span)),
            MockAction::Quote { listing, bid, ask } => self.quote(listing, bid, ask),
            MockAction::Trade { listing, price, quantity } => self.trade(listing, price, quantity),
            MockAction::Bar { listing, prices, volume, interval } => {
                self.bar(listing, prices, volume, interval)
            }
            MockAction::Fill { listing, order, side, price, quantity } => {
                self.fill((listing, side), order, price, quantity)
            }
        }
    }

    const fn now(&self) -> SimTime {
        self.market.world().now()
    }

    /// Lets the world go on until `until`, and all that is due then happen.
    fn run_until(&mut self, until: SimTime) -> Result<(), String> {
        if until > self.market.close() {
            return Err(format!("the market closes at {}", self.market.close()));
        }
        let left = EVENTS_MAX.saturating_sub(self.market.world().events());
        match self.market.step(until, left).map_err(|error| error.to_string())? {
            StepEnd::Reached => Ok(()),
            StepEnd::Budget => Err(format!("more than {EVENTS_MAX} events in one test")),
        }
    }

    /// Acts as somebody, and lets the venue and the strategy see it.
    fn act_as<T>(
        &mut self,
        actor: ActorId,
        act: impl FnOnce(&mut Context) -> Result<T, Refusal>,
    ) -> Result<T, String> {
        let mut ctx = vacant();
        self.exchange(actor, &mut ctx);
        let done = act(&mut ctx);
        self.exchange(actor, &mut ctx);
        let done = done.map_err(|refusal| refusal.to_string())?;
        self.run_until(self.now())?;
        Ok(done)
    }

    /// Returns what is open of the maker's quote.
    fn shown(&self, listing: ListingId, side: Side) -> QuoteSide {
        let id = self.quotes.get(&(listing, side))?;
        let order = self.market.world().domain().account(self.maker)?.order(*id)?;
        Some((order.price?, order.leaves))
    }

    fn quote(&mut self, listing: ListingId, bid: QuoteSide, ask: QuoteSide) -> Result<(), String> {
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask)
            && bid >= ask
        {
            return Err("the bid must be below the ask".to_owned());
        }
        // The side that gives way goes first, so that the maker does not meet itself.
        let old = self.shown(listing, Side::Sell);
        let rises = old.zip(ask).is_none_or(|((old, _), (new, _))| new >= old);
        let sides = if rises { [Side::Sell, Side::Buy] } else { [Side::Buy, Side::Sell] };
        for side in sides {
            self.show(listing, side, if side == Side::Buy { bid } else { ask })?;
        }
        Ok(())
    }

    /// Lets the maker show this at one side, and nothing else.
    fn show(&mut self, listing: ListingId, side: Side, wanted: QuoteSide) -> Result<(), String> {
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

    /// Lets maker and taker trade at a price; who rests there already comes first.
    fn trade(&mut self, listing: ListingId, price: Price, quantity: Quantity) -> Result<(), String> {
        let quote = self.act_as(self.taker, |ctx| Ok(ctx.market(listing).quote))?;
        let (bid, ask) = (quote.bid.map(|it| it.price), quote.ask.map(|it| it.price));
        if bid.is_some_and(|bid| price < bid) || ask.is_some_and(|ask| price > ask) {
            return Err("nobody trades outside of the quotes; move them with mock_quote first".to_owned());
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
    ) -> Result<(), String> {
        let terms = OrderTerms::limit(side, quantity, price).with(TimeInForce::Ioc);
        self.act_as(self.taker, |ctx| ctx.submit(listing, terms)).map(|_| ())
    }

    /// Goes through the prices of a bar, from the open by the nearer extreme and the other to the close.
    fn bar(
        &mut self,
        listing: ListingId,
        [open, high, low, close]: [Price; 4],
        volume: Quantity,
        interval: SimDuration,
    ) -> Result<(), String> {
        let mut path =
            if close >= open { vec![open, low, high, close] } else { vec![open, high, low, close] };
        path.dedup();
        let trades = path.len() as u64;
        if volume.lots() < trades {
            return Err(format!("a volume of {} lots is less than a lot at each price", volume.lots()));
        }
        let start = self.now();
        let end = start.floor_to(interval).saturating_add(interval);
        let pause = (end - start).nanos() / i64::try_from(trades + 1).unwrap_or(i64::MAX);
        for (number, price) in (0..trades).zip(path) {
            let earlier = volume.lots() * number / trades;
            let quantity = Quantity::new(volume.lots() * (number + 1) / trades - earlier);
            self.run_until(self.now().saturating_add(SimDuration::from_nanos(pause)))?;
            let around = |ticks: i64| Price::new_checked(price.ticks() + ticks).map(|price| (price, volume));
            self.quote(listing, around(-1), around(1))?;
            self.trade(listing, price, quantity)?;
        }
        self.run_until(end)
    }

    /// Lets the taker trade with the strategy's order; the maker makes room meanwhile.
    fn fill(
        &mut self,
        (listing, side): (ListingId, Side),
        order: OrderId,
        price: Price,
        quantity: Quantity,
    ) -> Result<(), String> {
        let before = self.open(order);
        let quote = self.shown(listing, side);
        self.show(listing, side, None)?;
        self.take(listing, side.opposite(), price, quantity)?;
        self.show(listing, side, quote)?;
        let traded = before.lots().saturating_sub(self.open(order).lots());
        if traded < quantity.lots() {
            return Err(format!(
                "only {traded} of {} lots traded: a better order of the strategy's own came first",
                quantity.lots()
            ));
        }
        Ok(())
    }

    /// Returns what is open of an order of the strategy's.
    fn open(&self, order: OrderId) -> Quantity {
        let account = self.market.world().domain().account(self.strategy);
        account.and_then(|account| account.order(order)).map_or(Quantity::new(0), |order| order.leaves)
    }
}

fn vacant() -> Context {
    SimContext::vacant(MarketState::vacant())
}
