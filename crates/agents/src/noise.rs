//! Noise traders: random orders around the visible market.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;
use rand_distr::Distribution;

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{INTERVAL, OrderSizes, coverable, either_side, is_allowed, opposite, whole};
use bearpit_core::account::Credit;
use bearpit_core::kernel::{Exponential, Wakeup};
use bearpit_core::market::{ExecutionReport, OrderTerms, Phase, Side};
use bearpit_core::params::{
    DurationRange, NumberRange, ParamDefault, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::{Decimal, ListingId, OrderId, Price, Quantity, SimDuration};

/// The kind `noise`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "noise",
    doc: "Buys and sells at random, as market orders or as limit orders away from the opposite touch, in the manner \
          of Daniels et al. (2003); in auctions, as limit orders on either side of the indicative price.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 6] = [
    ParamSpec::required(
        "max_quantity",
        ParamType::Quantity,
        "largest quantity of an order; quantities are uniform from one lot to this",
    ),
    ParamSpec::required(
        "depth",
        ParamType::Price,
        "how far limit orders stand from the opposite touch, in currency: floor(x / tick) + 1 ticks, x \
         exponential with this mean; on average half a tick more than this",
    ),
    INTERVAL,
    ParamSpec::new(
        "market_share",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.3),
        "share of market orders",
    ),
    ParamSpec::new(
        "patience",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(300)),
        "how long an order may rest before its owner cancels it at its next action",
    ),
    ACTIVITY,
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let depth: Decimal = values.get("depth")?;
    Ok(Arc::new(NoiseConfig {
        listing: site.listing,
        wakeups: Wakeups::read(values, site)?,
        market_share: values.get("market_share")?,
        max_quantity: values.get("max_quantity")?,
        depth_ticks: depth.to_f64() / site.instrument.tick_size().to_f64(),
        patience: values.get("patience")?,
    }))
}

impl ConfiguredAgent for NoiseConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(NoiseTrader::new(self.clone())))
    }
}

/// One of a population of noise traders.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// When it acts.
    pub wakeups: Wakeups,
    /// Probability that an action is a market order rather than a limit order; 0 to 1.
    pub market_share: f64,
    /// The largest quantity of an order; quantities are uniform from one lot on.
    pub max_quantity: Quantity,
    /// Mean distance of a limit order from the opposite touch, in ticks, over the one tick that keeps
    /// it from crossing; at or above zero.
    pub depth_ticks: f64,
    /// How long a limit order may rest before its owner cancels it at its next action.
    pub patience: SimDuration,
}

/// A zero-intelligence trader in the manner of Daniels, Farmer, Gillemot, Iori and Smith (2003): it
/// acts at exponential intervals, buys or sells with equal chance, takes liquidity or adds some at an
/// exponential distance from the opposite touch, and cancels orders that have rested too long. During an
/// auction call it bids and offers on either side of the indicative price.
#[derive(Debug)]
pub struct NoiseTrader {
    config: NoiseConfig,
}

impl NoiseTrader {
    /// Makes a noise trader.
    #[must_use]
    pub const fn new(config: NoiseConfig) -> Self {
        Self { config }
    }

    fn act(&self, ctx: &mut Context) {
        let listing = self.config.listing;
        let phase = ctx.market(listing).phase;
        if !phase.takes_orders() {
            return;
        }
        self.take_out_stale(ctx);
        let side = either_side(ctx);
        let wanted = OrderSizes::Uniform(self.config.max_quantity).draw(ctx);
        let quantity = coverable(ctx, listing, side, wanted);
        if quantity.is_zero() {
            return;
        }
        let takes = ctx.rng().random::<f64>() < self.config.market_share;
        let terms = if phase != Phase::Continuous {
            self.auction_order(ctx, side, quantity)
        } else if takes {
            // Unless there is nobody in sight to trade with.
            opposite(&ctx.market(listing).quote, side).map(|_| OrderTerms::market(side, quantity))
        } else {
            self.limit_order(ctx, side, quantity)
        };
        if let Some(terms) = terms {
            // Where cash has run out the gate refuses, and the trader sits this one out.
            ctx.submit(listing, terms).ok();
        }
    }

    /// Cancels orders that have rested longer than the trader's patience.
    fn take_out_stale(&self, ctx: &mut Context) {
        let oldest = ctx.now() - self.config.patience;
        // Orders are in the order of sending, so the stale ones stand first.
        while let Some(stale) = self.first_stale(ctx, |sent_at| sent_at < oldest) {
            if ctx.cancel(stale).is_err() {
                break;
            }
        }
    }

    fn first_stale(
        &self,
        ctx: &Context,
        is_stale: impl Fn(bearpit_core::units::SimTime) -> bool,
    ) -> Option<OrderId> {
        let open = ctx.account()?.open_orders();
        open.iter()
            .take_while(|order| is_stale(order.sent_at))
            .find(|order| order.listing == self.config.listing && !order.cancel_sent)
            .map(|order| order.id)
    }

    /// A limit order for an auction, on either side of the price at which it would end, of the last trade, or
    /// of what is known before the first; in an auction a good limit costs nothing.
    fn auction_order(&self, ctx: &mut Context, side: Side, quantity: Quantity) -> Option<OrderTerms> {
        let view = ctx.market(self.config.listing);
        let seen = view.indicative.or(view.last_trade).map(|(price, _)| price);
        let from = seen.or_else(|| ctx.listing(self.config.listing)?.reference)?;
        let distance = whole_ticks(Exponential { mean: self.config.depth_ticks }.sample(ctx.rng()));
        let eagerness = if ctx.rng().random::<bool>() { distance } else { -distance };
        let price = from + side.sign() * eagerness;
        is_allowed(ctx, self.config.listing, price).then(|| OrderTerms::limit(side, quantity, price))
    }

    /// A limit order off the opposite touch, or off the last trade where that side is empty.
    fn limit_order(&self, ctx: &mut Context, side: Side, quantity: Quantity) -> Option<OrderTerms> {
        let view = ctx.market(self.config.listing);
        let from = opposite(&view.quote, side).or(view.last_trade.map(|(price, _)| price))?;
        let distance = whole_ticks(Exponential { mean: self.config.depth_ticks }.sample(ctx.rng())) + 1;
        let price = Price::new(from.ticks() - side.sign() * distance);
        is_allowed(ctx, self.config.listing, price).then(|| OrderTerms::limit(side, quantity, price))
    }
}

fn whole_ticks(ticks: f64) -> i64 {
    whole(libm::floor(ticks))
}

impl Actor for NoiseTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.config.wakeups.wait(ctx);
    }
}

impl Handler<Wakeup> for NoiseTrader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.config.wakeups.wait(ctx);
    }
}

bearpit_core::ignore_messages!(NoiseTrader: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::stream;
    use bearpit_core::units::Seed;

    #[test]
    fn the_mean_distance_is_half_a_tick_more_than_the_depth() {
        let mut rng = stream(Seed::new(1), "noise");
        let draws = 200_000_u32;
        let sum: i64 = (0..draws).map(|_| whole_ticks(Exponential { mean: 8.0 }.sample(&mut rng)) + 1).sum();
        let mean = Decimal::new(sum.into(), 0).to_f64() / f64::from(draws);
        assert!((mean - 8.5).abs() < 0.05, "{mean}");
    }
}
