//! [`PrivateTrader`]: trades units of known value, one after the other, at prices that its strategy chooses.

use actix::{Actor, Handler};

use super::{aa, gd, zic, zip};
use crate::population::Wakeups;
use crate::trading::{float, is_allowed, is_continuous, lots, price_for, tick_size};
use bearpit_core::kernel::{Stream, Wakeup};
use bearpit_core::market::{ExecutionReport, OrderTerms, Quote, ReportKind, Side};
use bearpit_core::participant::{Context, Feed, MarketData, Update};
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration};

/// A trader with private values; prices are in ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct PrivateTraderConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// Whether it buys or sells.
    pub side: Side,
    /// What its first unit is worth or costs.
    pub value: f64,
    /// How much less each further unit is worth, or more it costs.
    pub step: f64,
    /// How many units it trades at most.
    pub units: u64,
    /// The quantity of a unit.
    pub unit: Quantity,
    /// Mean time between two quotes, exponentially distributed; above zero.
    pub interval: SimDuration,
    /// How it chooses prices.
    pub strategy: Strategy,
}

/// How a trader with private values chooses prices; prices are in ticks.
#[derive(Debug, Clone, PartialEq)]
pub enum Strategy {
    /// At random, never at a loss if it is constrained.
    Zic {
        /// The least price.
        min: f64,
        /// The greatest price.
        max: f64,
        /// Whether it never quotes at a loss.
        is_constrained: bool,
    },
    /// By a margin that learns.
    Zip,
    /// By beliefs from the quotes of the last trades.
    Gd {
        /// How many trades.
        memory: usize,
    },
    /// By an aggressiveness that learns.
    Aa {
        /// The greatest price of the market.
        max: f64,
        /// The share of the way to its target, as its inverse.
        eta: f64,
        /// The learning rates.
        betas: [f64; 2],
        /// How many trades the equilibrium is estimated from.
        window: usize,
    },
}

/// What a trader hears of the market: a quote that improves its side, and whether it was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shout {
    /// The side of the quote.
    pub side: Side,
    /// Its price in ticks.
    pub price: f64,
    /// Whether it has traded.
    pub is_accepted: bool,
}

/// Chooses prices for one trader.
pub(super) trait Pricing: std::fmt::Debug {
    /// Returns a price in ticks for a unit of this value or cost; `None` to stay out for now.
    fn price(&mut self, limit: f64, best: Best, rng: &mut Stream) -> Option<f64>;

    /// Learns from what others do, while it has a unit of this value or cost.
    fn hear(&mut self, shout: Shout, limit: Option<f64>, rng: &mut Stream);

    /// Returns whether it learns at all.
    fn listens(&self) -> bool {
        true
    }
}

/// The best quotes in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Best {
    pub(super) bid: Option<f64>,
    pub(super) ask: Option<f64>,
}

impl Best {
    fn of(quote: &Quote) -> Self {
        let ticks = |price: Price| float(price.ticks());
        Self { bid: quote.bid.map(|it| ticks(it.price)), ask: quote.ask.map(|it| ticks(it.price)) }
    }
}

/// Trades units of private value.
#[derive(Debug)]
pub struct PrivateTrader {
    config: PrivateTraderConfig,
    pricing: Option<Box<dyn Pricing>>,
    order: Option<OrderId>,
    /// What it has traded.
    traded: Quantity,
    /// What its trades have brought, in ticks times lots.
    surplus: f64,
    best: Best,
}

impl PrivateTrader {
    /// Makes a trader.
    #[must_use]
    pub const fn new(config: PrivateTraderConfig) -> Self {
        let best = Best { bid: None, ask: None };
        Self { config, pricing: None, order: None, traded: Quantity::ZERO, surplus: 0.0, best }
    }

    /// Returns what the next unit is worth or costs, in ticks; `None` if there is none.
    fn limit(&self) -> Option<f64> {
        self.limit_after(self.traded)
    }

    fn limit_after(&self, traded: Quantity) -> Option<f64> {
        let unit = traded.lots() / self.config.unit.lots().max(1);
        let change = lots(Quantity::new(unit)) * self.config.step;
        let sign = float(self.config.side.sign());
        (unit < self.config.units).then_some(self.config.value - sign * change)
    }

    fn quote(&mut self, ctx: &mut Context) {
        let PrivateTraderConfig { listing, side, unit, .. } = self.config;
        if !is_continuous(ctx, listing) {
            return;
        }
        let best = Best::of(&ctx.market(listing).quote);
        // A quote that still stands has been refused once more: in the papers it would be shouted again.
        let standing = if side == Side::Buy { best.bid } else { best.ask };
        if let Some(price) = standing {
            self.hear(Shout { side, price, is_accepted: false }, ctx);
        }
        let (Some(limit), Some(pricing)) = (self.limit(), &mut self.pricing) else { return };
        let Some(ticks) = pricing.price(limit, best, ctx.rng()) else { return };
        let Some(price) = price_for(side, ticks) else { return };
        if !is_allowed(ctx, listing, price) {
            return;
        }
        let open = self.order.and_then(|id| ctx.account()?.order(id)).filter(|open| !open.cancel_sent);
        match open {
            Some(open) if open.pending.is_some() || open.price == Some(price) => {}
            // Where cash or shares do not cover the new price, the old quote stays.
            Some(open) => drop(ctx.replace(open.id, price, open.quantity)),
            None => {
                let left = Quantity::new(unit.lots() - self.traded.lots() % unit.lots().max(1));
                self.order = ctx.submit(listing, OrderTerms::limit(side, left, price)).ok();
            }
        }
    }

    fn hear(&mut self, shout: Shout, ctx: &mut Context) {
        let limit = self.limit();
        if let Some(pricing) = &mut self.pricing {
            pricing.hear(shout, limit, ctx.rng());
        }
    }

    /// Books the surplus of a fill.
    fn book(&mut self, price: Price, quantity: Quantity, ctx: &mut Context) {
        let sign = float(self.config.side.sign());
        let limit = self.limit().unwrap_or(self.config.value);
        self.surplus += sign * (limit - float(price.ticks())) * lots(quantity);
        self.traded = Quantity::new(self.traded.lots() + quantity.lots());
        let listing = self.config.listing;
        let currency = self.surplus * tick_size(ctx, listing);
        let lot = ctx.instrument(listing).map_or(1.0, |it| it.quantity_f64(Quantity::new(1)));
        ctx.plot("surplus", currency * lot);
    }
}

impl Actor for PrivateTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        let PrivateTraderConfig { listing, side, .. } = self.config;
        let pricing: Box<dyn Pricing> = match self.config.strategy {
            Strategy::Zic { min, max, is_constrained } => {
                Box::new(zic::Zic { side, min, max, is_constrained })
            }
            Strategy::Zip => Box::new(zip::Zip::new(side, tick_size(ctx, listing), ctx.rng())),
            Strategy::Gd { memory } => Box::new(gd::Gd::new(side, memory)),
            Strategy::Aa { max, eta, betas, window } => {
                Box::new(aa::Aa::new(side, aa::AaConfig { max, eta, betas, window }))
            }
        };
        if pricing.listens() {
            for feed in [Feed::Quotes, Feed::Trades] {
                if let Err(error) = ctx.subscribe(listing, feed) {
                    ctx.log(format!("it cannot see the market: {error}"));
                }
            }
        }
        self.pricing = Some(pricing);
        Wakeups::every(self.config.interval).wait(ctx);
    }
}

impl Handler<Wakeup> for PrivateTrader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.quote(ctx);
        if self.limit().is_some() {
            Wakeups::every(self.config.interval).wait(ctx);
        }
    }
}

impl Handler<ExecutionReport> for PrivateTrader {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if let ReportKind::Filled { price, quantity, .. } = report.kind {
            self.book(price, quantity, ctx);
        }
    }
}

impl Handler<MarketData> for PrivateTrader {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        match data.update {
            Update::Quote(quote) => {
                let best = Best::of(&quote);
                let before = std::mem::replace(&mut self.best, best);
                for (side, now, then) in
                    [(Side::Buy, best.bid, before.bid), (Side::Sell, best.ask, before.ask)]
                {
                    let sign = float(side.sign());
                    let is_better = |now: &f64| then.is_none_or(|then| sign * (now - then) > 0.0);
                    if let Some(price) = now.filter(is_better) {
                        self.hear(Shout { side, price, is_accepted: false }, ctx);
                    }
                }
            }
            // What stood in the book was taken.
            Update::Trade { price, aggressor, .. } => {
                let side = aggressor.opposite();
                self.hear(Shout { side, price: float(price.ticks()), is_accepted: true }, ctx);
            }
            _ => {}
        }
    }
}
