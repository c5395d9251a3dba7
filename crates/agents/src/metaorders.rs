//! Metaorders: orders that are cut in pieces, whose numbers have a heavy tail.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{
    INTERVAL, MAX_QUANTITY, OrderSizes, SIZES, coverable, either_side, is_continuous, opposite, whole,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, OrderTerms, Side};
use bearpit_core::params::{
    DurationRange, NumberRange, ParamDefault, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::ListingId;

/// The kind `metaorders`.
pub(crate) static KIND: AgentKind = AgentKind::at_one_listing(
    AccountDefaults { credit: Credit::Covered, is_tracked: false },
    "metaorders",
    "Trades one large order after another, each in pieces on one side, at the market: the model of Lillo, Mike and Farmer \
     (2005), by which the signs of a market's orders have long memory. The number of pieces is Pareto distributed: the \
     chance of more than n falls as n^-alpha, so that the autocorrelation of signs falls as lag^-(alpha - 1), and their Hurst \
     exponent is (3 - alpha) / 2 while `alpha` is between 1 and 2.",
    &PARAMS,
    configure,
);

const PARAMS: [ParamSpec; 7] = [
    MAX_QUANTITY,
    SIZES,
    INTERVAL,
    ACTIVITY,
    ParamSpec::new(
        "pause",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Derived("`interval`"),
        "mean time between the last piece of an order and the first of the next, exponentially distributed",
    ),
    ParamSpec::new(
        "alpha",
        ParamType::Number(NumberRange::above(0.0)),
        ParamDefault::Number(1.5),
        "tail exponent of the number of pieces",
    ),
    ParamSpec::new(
        "max_pieces",
        ParamType::Integer { min: 1, max: 1_000_000 },
        ParamDefault::Integer(1_000),
        "greatest number of pieces",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let wakeups = Wakeups::read(values, site)?;
    let pause = values.given("pause")?.unwrap_or(wakeups.mean);
    Ok(Arc::new(MetaorderConfig {
        listing: site.listing,
        sizes: OrderSizes::read(values)?,
        pauses: Wakeups { mean: pause, activity: wakeups.activity.clone() },
        wakeups,
        alpha: values.get("alpha")?,
        max_pieces: values.get::<i64>("max_pieces")?.unsigned_abs(),
    }))
}

/// A trader of metaorders.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaorderConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// The quantities of pieces.
    pub sizes: OrderSizes,
    /// When it sends the next piece of an order.
    pub wakeups: Wakeups,
    /// When it begins the next order.
    pub pauses: Wakeups,
    /// Tail exponent of the number of pieces; above zero.
    pub alpha: f64,
    /// The greatest number of pieces.
    pub max_pieces: u64,
}

impl MetaorderConfig {
    /// Returns the number of pieces of an order for a uniform draw from 0 to 1: Pareto distributed from 1,
    /// rounded down.
    fn pieces(&self, uniform: f64) -> u64 {
        // Of the complement, which is never zero.
        let length = libm::pow(1.0 - uniform, -1.0 / self.alpha);
        whole(libm::floor(length)).unsigned_abs().clamp(1, self.max_pieces)
    }
}

impl ConfiguredAgent for MetaorderConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(MetaorderTrader::new(self.clone())))
    }
}

/// Trades one order after another in pieces.
#[derive(Debug)]
pub struct MetaorderTrader {
    config: MetaorderConfig,
    side: Side,
    /// How many pieces are left.
    left: u64,
}

impl MetaorderTrader {
    /// Makes a trader.
    #[must_use]
    pub const fn new(config: MetaorderConfig) -> Self {
        Self { config, side: Side::Buy, left: 0 }
    }

    /// Sends the next piece, the first of a new order if none is left. While nobody is in sight to trade
    /// with, the piece waits.
    fn act(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        if self.left == 0 {
            self.side = either_side(ctx);
            self.left = self.config.pieces(ctx.rng().random::<f64>());
        }
        let wanted = self.config.sizes.draw(ctx);
        if opposite(&ctx.market(listing).quote, self.side).is_none() {
            return;
        }
        let quantity = coverable(ctx, listing, self.side, wanted);
        let terms = OrderTerms::market(self.side, quantity);
        // With nothing left to sell, or where cash has run out and the gate refuses, the order ends: the next
        // one may be on the other side.
        let is_sent = !quantity.is_zero() && ctx.submit(listing, terms).is_ok();
        self.left = if is_sent { self.left - 1 } else { 0 };
    }

    fn wait(&self, ctx: &mut Context) {
        let next = if self.left == 0 { &self.config.pauses } else { &self.config.wakeups };
        next.wait(ctx);
    }
}

impl Actor for MetaorderTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for MetaorderTrader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.wait(ctx);
    }
}

bearpit_core::ignore_messages!(MetaorderTrader: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::{Quantity, Seed, SimDuration};

    fn config() -> MetaorderConfig {
        MetaorderConfig {
            listing: ListingId::new(0),
            sizes: OrderSizes::Fixed(Quantity::new(100)),
            wakeups: Wakeups::every(SimDuration::from_secs(1)),
            pauses: Wakeups::every(SimDuration::from_secs(1)),
            alpha: 1.5,
            max_pieces: 1_000,
        }
    }

    #[test]
    fn numbers_of_pieces_are_pareto_distributed() {
        // 0.125^(-2/3) is 4, and what is a little more likely one less.
        assert_eq!((config().pieces(0.8751), config().pieces(0.8749)), (4, 3));
        assert_eq!((config().pieces(0.0), config().pieces(1.0 - 1e-12)), (1, 1_000));
        let mut rng = stream(Seed::new(1), "pieces");
        let draws = 100_000_u32;
        let lengths: Vec<u64> = (0..draws).map(|_| config().pieces(rng.random::<f64>())).collect();
        for least in [2_u64, 8, 64] {
            let found = u32::try_from(lengths.iter().filter(|length| **length >= least).count()).unwrap();
            let chance = libm::pow(crate::trading::float(i64::try_from(least).unwrap()), -1.5);
            let band = 4.0 * libm::sqrt(chance * (1.0 - chance) / f64::from(draws));
            let share = f64::from(found) / f64::from(draws);
            assert!((share - chance).abs() < band, "{least}: {share} for {chance}");
        }
    }
}
