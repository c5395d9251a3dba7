//! Traders that weigh a fundamental value, a chart and noise.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;
use rand_distr::Distribution;

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{
    INTERVAL, QUANTITY, coverable, is_allowed, is_continuous, price_for, reference_ticks, value_ticks,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::{StandardNormal, Wakeup};
use bearpit_core::market::{ExecutionReport, OrderTerms, Side, TimeInForce};
use bearpit_core::params::{
    DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::{ListingId, Price, Quantity, SimDuration, SimTime};

/// The kind `chiarella_iori`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "chiarella_iori",
    doc: "Expects a return that weighs the way back to the value, the trend of the last `tau` and noise, and bids below or \
          offers above the price that it expects, by a random margin; orders expire after `tau` (Chiarella and Iori 2002; \
          Chiarella, Iori and Perello 2009). The weights are divided by their sum. In the papers each trader draws its \
          own: `g1 = { dist = \"exponential\", mean = 1 }`.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const WEIGHT: ParamType = ParamType::Number(NumberRange::at_least(0.0));

const PARAMS: [ParamSpec; 10] = [
    QUANTITY,
    INTERVAL,
    ACTIVITY,
    ParamSpec::required("g1", WEIGHT, "weight of the fundamental value; needs a process if above 0"),
    ParamSpec::required("g2", WEIGHT, "weight of the chart"),
    ParamSpec::required("n", WEIGHT, "weight of noise"),
    ParamSpec::required(
        "sigma_epsilon",
        ParamType::Number(NumberRange::between(0.0, 10.0)),
        "standard deviation of the return that noise makes it expect; 0.01 is 1 %",
    ),
    ParamSpec::new(
        "tau",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(600)),
        "how far it looks back and ahead, and how long its orders stay",
    ),
    ParamSpec::new(
        "tau_f",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Derived("`tau`"),
        "in what time it expects the price to return to the value",
    ),
    ParamSpec::new(
        "k_max",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.05),
        "largest margin between the price that it expects and that of its order; margins are uniform from 0",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let weights = [values.get("g1")?, values.get("g2")?, values.get("n")?];
    if weights.iter().sum::<f64>() <= 0.0 {
        let message = "`g1`, `g2` and `n` are all 0: one of them must be above 0";
        return Err(ParamError::invalid("g1", message).into());
    }
    if weights[0] > 0.0 && !site.has_value {
        let message =
            "`g1` weighs the instrument's value, but it has no process; give it one, or set `g1 = 0`";
        return Err(ParamError::invalid("g1", message).into());
    }
    let tau = values.get("tau")?;
    Ok(Arc::new(ChiarellaIoriConfig {
        listing: site.listing,
        quantity: values.get("quantity")?,
        wakeups: Wakeups::read(values, site)?,
        weights,
        sigma_epsilon: values.get("sigma_epsilon")?,
        tau,
        tau_f: values.given("tau_f")?.unwrap_or(tau),
        k_max: values.get("k_max")?,
    }))
}

/// A trader that weighs value, chart and noise.
#[derive(Debug, Clone, PartialEq)]
pub struct ChiarellaIoriConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// The quantity of an order.
    pub quantity: Quantity,
    /// When it acts.
    pub wakeups: Wakeups,
    /// The weights of value, chart and noise; one is above zero.
    pub weights: [f64; 3],
    /// Standard deviation of the return that noise makes it expect.
    pub sigma_epsilon: f64,
    /// How far it looks back and ahead.
    pub tau: SimDuration,
    /// In what time it expects the price to return to the value.
    pub tau_f: SimDuration,
    /// The largest margin.
    pub k_max: f64,
}

impl ChiarellaIoriConfig {
    /// Returns the log return over `tau` that it expects: that of the way back to the value, the last one and
    /// noise, weighed.
    fn expected(&self, to_value: f64, last: f64, noise: f64) -> f64 {
        let [g1, g2, n] = self.weights;
        let back = to_value * self.tau.secs_f64() / self.tau_f.secs_f64();
        (g1 * back + g2 * last + n * self.sigma_epsilon * noise) / (g1 + g2 + n)
    }
}

impl ConfiguredAgent for ChiarellaIoriConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(ChiarellaIori::new(self.clone())))
    }
}

/// Weighs value, chart and noise.
#[derive(Debug)]
pub struct ChiarellaIori {
    config: ChiarellaIoriConfig,
    /// The prices that it has seen in the last `tau`, and the one before.
    seen: VecDeque<(SimTime, f64)>,
}

impl ChiarellaIori {
    /// Makes a trader.
    #[must_use]
    pub const fn new(config: ChiarellaIoriConfig) -> Self {
        Self { config, seen: VecDeque::new() }
    }

    /// Notes the price, and returns the log return since `tau` ago, as far as it has looked.
    fn last_return(&mut self, now: SimTime, price: f64) -> f64 {
        let since = now - self.config.tau;
        self.seen.push_back((now, price));
        while self.seen.get(1).is_some_and(|(at, _)| *at <= since) {
            self.seen.pop_front();
        }
        self.seen.front().map_or(0.0, |(_, first)| libm::log(price / first))
    }

    fn act(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        let Some(price) = reference_ticks(ctx, listing).filter(|price| *price > 0.0) else { return };
        let value = value_ticks(ctx, listing).filter(|value| *value > 0.0);
        let to_value = value.map_or(0.0, |value| libm::log(value / price));
        let last = self.last_return(ctx.now(), price);
        let noise = StandardNormal.sample(ctx.rng());
        let expected = price * libm::exp(self.config.expected(to_value, last, noise));
        let margin = self.config.k_max * ctx.rng().random::<f64>();
        let (side, limit) = if expected >= price {
            (Side::Buy, expected * (1.0 - margin))
        } else {
            (Side::Sell, expected * (1.0 + margin))
        };
        let quantity = coverable(ctx, listing, side, self.config.quantity);
        let fits = |price: &Price| is_allowed(ctx, listing, *price) && !quantity.is_zero();
        if let Some(price) = price_for(side, limit).filter(fits) {
            let until = TimeInForce::Gtd(ctx.now().saturating_add(self.config.tau));
            // Where cash or shares have run out the gate refuses, and the trader sits this one out.
            ctx.submit(listing, OrderTerms::limit(side, quantity, price).with(until)).ok();
        }
    }
}

impl Actor for ChiarellaIori {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.config.wakeups.wait(ctx);
    }
}

impl Handler<Wakeup> for ChiarellaIori {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.config.wakeups.wait(ctx);
    }
}

bearpit_core::ignore_messages!(ChiarellaIori: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ChiarellaIoriConfig {
        ChiarellaIoriConfig {
            listing: ListingId::new(0),
            quantity: Quantity::new(1),
            wakeups: Wakeups::every(SimDuration::from_secs(1)),
            weights: [2.0, 1.0, 1.0],
            sigma_epsilon: 0.02,
            tau: SimDuration::from_secs(100),
            tau_f: SimDuration::from_secs(200),
            k_max: 0.1,
        }
    }

    #[test]
    fn the_expected_return_weighs_value_chart_and_noise() {
        // (2 x 0.04 x 100 / 200 + 0.01 + 0.02 x -1.5) / 4.
        assert!((config().expected(0.04, 0.01, -1.5) - 0.005).abs() < 1e-12);
        let chartist = ChiarellaIoriConfig { weights: [0.0, 3.0, 0.0], ..config() };
        assert!((chartist.expected(0.04, 0.01, -1.5) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn the_chart_reaches_back_as_far_as_the_horizon() {
        let mut trader = ChiarellaIori::new(config());
        let at = |seconds| SimTime::from_nanos(0) + SimDuration::from_secs(seconds);
        assert!(trader.last_return(at(0), 100.0).abs() < 1e-12);
        assert!((trader.last_return(at(60), 110.0) - libm::log(1.1)).abs() < 1e-12);
        // At 160 the price of 60 is the newest that is at least 100 seconds old.
        assert!((trader.last_return(at(160), 121.0) - libm::log(1.1)).abs() < 1e-12);
    }
}
