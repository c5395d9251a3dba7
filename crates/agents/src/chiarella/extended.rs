//! The net demand of fundamentalists, trend followers and noise traders.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand_distr::Distribution;

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{
    INTERVAL, MAX_QUANTITY, is_continuous, lots, reference_ticks, sweep, tick_size, value_ticks, whole,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::{StandardNormal, Wakeup};
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{
    NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::{ListingId, Quantity};

/// The kind `extended_chiarella`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "extended_chiarella",
    doc: "Trades the net demand kappa (v - p) + kappa_3 (v - p)^3 + beta tanh(gamma M) + sigma_n noise at the market: \
          fundamentalists, trend followers who saturate, and noise traders; M is a moving average of price changes (the \
          extended Chiarella model of Majewski, Ciliberti and Bouchaud 2020, after Chiarella 1992). Demands are in lots, \
          prices in currency.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const SIZE: ParamType = ParamType::Number(NumberRange::at_least(0.0));
const NONE: ParamDefault = ParamDefault::Number(0.0);

const PARAMS: [ParamSpec; 9] = [
    MAX_QUANTITY,
    INTERVAL,
    ACTIVITY,
    ParamSpec::required(
        "kappa",
        SIZE,
        "demand of fundamentalists, in lots for each unit of currency below the value",
    ),
    ParamSpec::new("kappa_3", SIZE, NONE, "their cubic demand, in lots for each cubed unit of currency"),
    ParamSpec::required("beta", SIZE, "greatest demand of trend followers, in lots"),
    ParamSpec::required(
        "gamma",
        SIZE,
        "how soon trend followers saturate, for each unit of currency of the trend",
    ),
    ParamSpec::new(
        "alpha",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.1),
        "weight of the newest price change in the trend",
    ),
    ParamSpec::new("sigma_n", SIZE, NONE, "standard deviation of the demand of noise traders, in lots"),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let config = ExtendedChiarellaConfig {
        listing: site.listing,
        max_quantity: values.get("max_quantity")?,
        wakeups: Wakeups::read(values, site)?,
        kappas: [values.get("kappa")?, values.get("kappa_3")?],
        beta: values.get("beta")?,
        gamma: values.get("gamma")?,
        alpha: values.get("alpha")?,
        sigma_n: values.get("sigma_n")?,
    };
    if config.kappas.iter().any(|kappa| *kappa > 0.0) && !site.has_value {
        let message =
            "`kappa` weighs the instrument's value, but it has no process; give it one, or set `kappa = 0`";
        return Err(ParamError::invalid("kappa", message).into());
    }
    Ok(Arc::new(config))
}

/// The net demand of three groups.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtendedChiarellaConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// The largest quantity of an order.
    pub max_quantity: Quantity,
    /// When it acts.
    pub wakeups: Wakeups,
    /// The linear and the cubic demand of fundamentalists.
    pub kappas: [f64; 2],
    /// The greatest demand of trend followers.
    pub beta: f64,
    /// How soon they saturate.
    pub gamma: f64,
    /// Weight of the newest price change in the trend.
    pub alpha: f64,
    /// Standard deviation of the demand of noise traders.
    pub sigma_n: f64,
}

impl ExtendedChiarellaConfig {
    /// Returns the net demand in lots: for a distance of the value from the price, a trend and a draw.
    fn demand(&self, distance: f64, trend: f64, noise: f64) -> f64 {
        let [linear, cubic] = self.kappas;
        linear * distance
            + cubic * distance * distance * distance
            + self.beta * libm::tanh(self.gamma * trend)
            + self.sigma_n * noise
    }
}

impl ConfiguredAgent for ExtendedChiarellaConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(ExtendedChiarella::new(self.clone())))
    }
}

/// Trades the net demand of three groups.
#[derive(Debug)]
pub struct ExtendedChiarella {
    config: ExtendedChiarellaConfig,
    /// The last price that it has seen, in currency.
    last: Option<f64>,
    trend: f64,
}

impl ExtendedChiarella {
    /// Makes a trader.
    #[must_use]
    pub const fn new(config: ExtendedChiarellaConfig) -> Self {
        Self { config, last: None, trend: 0.0 }
    }

    fn act(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        let tick = tick_size(ctx, listing);
        let Some(price) = reference_ticks(ctx, listing).map(|ticks| ticks * tick) else { return };
        let change = self.last.replace(price).map_or(0.0, |last| price - last);
        self.trend += self.config.alpha * (change - self.trend);
        let distance = value_ticks(ctx, listing).map_or(0.0, |value| value * tick - price);
        let noise = StandardNormal.sample(ctx.rng());
        let demand = self.config.demand(distance, self.trend, noise);
        let size = whole(demand.abs().min(lots(self.config.max_quantity))).unsigned_abs();
        if size > 0 {
            let side = if demand > 0.0 { Side::Buy } else { Side::Sell };
            sweep(ctx, listing, side, Quantity::new(size));
        }
    }
}

impl Actor for ExtendedChiarella {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.config.wakeups.wait(ctx);
    }
}

impl Handler<Wakeup> for ExtendedChiarella {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.config.wakeups.wait(ctx);
    }
}

bearpit_core::ignore_messages!(ExtendedChiarella: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimDuration;

    #[test]
    fn demand_adds_up_that_of_the_three_groups() {
        let config = ExtendedChiarellaConfig {
            listing: ListingId::new(0),
            max_quantity: Quantity::new(100),
            wakeups: Wakeups::every(SimDuration::from_secs(1)),
            kappas: [10.0, 2.0],
            beta: 30.0,
            gamma: 4.0,
            alpha: 0.1,
            sigma_n: 5.0,
        };
        // 10 x 0.5 + 2 x 0.125 + 30 tanh(-1) + 5 x 2.
        let expected = 15.25 - 30.0 * 0.761_594_155_955_764_9;
        assert!((config.demand(0.5, -0.25, 2.0) - expected).abs() < 1e-12);
        assert!((config.demand(0.0, 1e9, 0.0) - 30.0).abs() < 1e-12, "trend followers saturate");
    }
}
