//! A value trader: a Bayesian estimate of a mean-reverting value from noisy observations.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;
use rand_distr::Distribution;

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{
    INTERVAL, MAX_QUANTITY, OrderSizes, SIZES, either_side, float, is_continuous, opposite, place, tick_size,
    value_ticks, whole,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::{StandardNormal, Wakeup};
use bearpit_core::market::{ExecutionReport, Quote, Side};
use bearpit_core::params::{
    NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, MarketData};
use bearpit_core::units::{ListingId, Price, SimDuration, SimTime};

/// The kind `value`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "value",
    doc: "Estimates a mean-reverting value from noisy observations by Bayes' rule, and buys below and sells above what \
          it expects the value to be at the end, as the value agent of ABIDES (Byrd, Hybinette and Balch 2020; the \
          estimate is that of Wellman and Wah 2017). ABIDES updates the variance from that of before the passing of \
          time, so that it never grows; here it is that of Bayes' rule.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 10] = [
    MAX_QUANTITY,
    SIZES,
    INTERVAL,
    ACTIVITY,
    ParamSpec::new(
        "r_bar",
        ParamType::Price,
        ParamDefault::Derived("the first value that it observes"),
        "the mean to which it believes the value to return, in currency",
    ),
    ParamSpec::required(
        "kappa",
        ParamType::Number(NumberRange::at_least(0.0)),
        "how fast it believes the value to return to the mean: the share of the distance that goes in an hour, as a rate",
    ),
    ParamSpec::required(
        "sigma_n",
        ParamType::Number(NumberRange::above(0.0)),
        "variance of the noise of its observations, in currency squared",
    ),
    ParamSpec::required(
        "sigma_s",
        ParamType::Number(NumberRange::at_least(0.0)),
        "variance that it believes shocks to add to the value, in currency squared an hour",
    ),
    ParamSpec::new(
        "percent_aggr",
        ParamType::Number(NumberRange::between(0.0, 1.0)),
        ParamDefault::Number(0.1),
        "share of its orders that take the other side's best price",
    ),
    ParamSpec::new(
        "depth_spread",
        ParamType::Number(NumberRange::between(0.0, 1_000.0)),
        ParamDefault::Number(2.0),
        "how far behind the other side's best price its other orders are at most, in spreads",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    if !site.has_value {
        let message = "a `value` trader observes the instrument's value, but it has no process";
        return Err(ParamError::invalid("kind", message).into());
    }
    let mean: Option<bearpit_core::units::Decimal> = values.given("r_bar")?;
    Ok(Arc::new(ValueConfig {
        listing: site.listing,
        sizes: OrderSizes::read(values)?,
        wakeups: Wakeups::read(values, site)?,
        belief: Belief {
            mean: mean.map(bearpit_core::units::Decimal::to_f64),
            kappa: values.get("kappa")?,
            sigma_n: values.get("sigma_n")?,
            sigma_s: values.get("sigma_s")?,
        },
        percent_aggr: values.get("percent_aggr")?,
        depth_spread: values.get("depth_spread")?,
        horizon: site.span.map(|span| span.end),
    }))
}

/// A value trader.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// The quantities of its orders.
    pub sizes: OrderSizes,
    /// When it acts.
    pub wakeups: Wakeups,
    /// What it believes of the value.
    pub belief: Belief,
    /// Share of its orders that take the other side's best price.
    pub percent_aggr: f64,
    /// How far behind that price the others are at most, in spreads.
    pub depth_spread: f64,
    /// For when it forecasts the value; for now if absent.
    pub horizon: Option<SimTime>,
}

/// What a value trader believes of how the value moves, in currency and hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// The mean; what is observed first if absent.
    pub mean: Option<f64>,
    /// The rate at which the distance from the mean falls, an hour.
    pub kappa: f64,
    /// The variance of an observation's noise.
    pub sigma_n: f64,
    /// The variance that shocks add in an hour.
    pub sigma_s: f64,
}

/// An estimate of the value, and its variance.
///
/// ```
/// use bearpit_agents::{Belief, Estimate};
///
/// // Noise and prior have the same variance, so the estimate is halfway between mean and observation.
/// let belief = Belief { mean: Some(100.0), kappa: 0.0, sigma_n: 4.0, sigma_s: 4.0 };
/// let mut estimate = Estimate { value: 100.0, variance: 0.0 };
/// estimate.observe(110.0, 1.0, &belief);
/// assert_eq!((estimate.value, estimate.variance), (105.0, 2.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The variance of its error.
    pub variance: f64,
}

impl Estimate {
    /// Updates the estimate by an observation, `hours` after the last one.
    ///
    /// The passing of time brings the estimate nearer to the mean and adds the variance of the shocks; then
    /// Bayes' rule weighs it against the observation.
    pub fn observe(&mut self, observed: f64, hours: f64, belief: &Belief) {
        let mean = belief.mean.unwrap_or(observed);
        let decay = libm::exp(-belief.kappa * hours);
        let prior = mean + decay * (self.value - mean);
        // What an Ornstein-Uhlenbeck process adds; without reversion it is the variance of a random walk.
        let shocks = if belief.kappa > 0.0 {
            belief.sigma_s * -libm::expm1(-2.0 * belief.kappa * hours) / (2.0 * belief.kappa)
        } else {
            belief.sigma_s * hours
        };
        let variance = decay * decay * self.variance + shocks;
        let total = belief.sigma_n + variance;
        self.value = (belief.sigma_n * prior + variance * observed) / total;
        self.variance = belief.sigma_n * variance / total;
    }

    /// Returns what the value is expected to be `hours` later.
    #[must_use]
    pub fn forecast(&self, hours: f64, belief: &Belief) -> f64 {
        let mean = belief.mean.unwrap_or(self.value);
        mean + libm::exp(-belief.kappa * hours) * (self.value - mean)
    }
}

impl ConfiguredAgent for ValueConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(ValueTrader::new(self.clone())))
    }
}

/// Trades on its estimate of a mean-reverting value.
#[derive(Debug)]
pub struct ValueTrader {
    config: ValueConfig,
    /// The estimate and when it was made; `None` before the first observation.
    estimate: Option<(Estimate, SimTime)>,
    started: SimTime,
}

impl ValueTrader {
    /// Makes a value trader.
    #[must_use]
    pub const fn new(config: ValueConfig) -> Self {
        Self { config, estimate: None, started: SimTime::from_nanos(0) }
    }

    /// Observes the value, and returns what it is expected to be at the horizon, in ticks.
    fn expected(&mut self, ctx: &mut Context) -> Option<f64> {
        let tick = tick_size(ctx, self.config.listing);
        let value = value_ticks(ctx, self.config.listing)? * tick;
        let noise = libm::sqrt(self.config.belief.sigma_n) * StandardNormal.sample(ctx.rng());
        let (observed, now) = (value + noise, ctx.now());
        let belief = &mut self.config.belief;
        let mean = *belief.mean.get_or_insert(observed);
        let first = (Estimate { value: mean, variance: 0.0 }, self.started);
        let (mut estimate, since) = self.estimate.unwrap_or(first);
        estimate.observe(observed, hours(now - since), belief);
        self.estimate = Some((estimate, now));
        let ahead = self.config.horizon.map_or(0.0, |horizon| hours(horizon - now).max(0.0));
        Some(estimate.forecast(ahead, belief) / tick)
    }

    fn act(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        ctx.cancel_all(CancelScope::All, Some(listing));
        let Some(expected) = self.expected(ctx) else { return };
        let quote = ctx.market(listing).quote;
        let (side, price) = match quote.mid_ticks() {
            Some(mid) => {
                let side = if expected < mid { Side::Sell } else { Side::Buy };
                (side, self.price(ctx, &quote, side))
            }
            None => (either_side(ctx), Price::new_checked(whole(expected))),
        };
        let quantity = self.config.sizes.draw(ctx);
        place(ctx, listing, side, price, quantity);
    }

    /// Returns the other side's best price, or one that is up to some spreads behind it.
    fn price(&self, ctx: &mut Context, quote: &Quote, side: Side) -> Option<Price> {
        let best = opposite(quote, side)?;
        if ctx.rng().random::<f64>() < self.config.percent_aggr {
            return Some(best);
        }
        let spread = float(quote.spread_ticks()?);
        let room = libm::floor(self.config.depth_spread * spread);
        let distance = whole(libm::floor(ctx.rng().random::<f64>() * room));
        Price::new_checked(best.ticks() - side.sign() * distance)
    }
}

fn hours(span: SimDuration) -> f64 {
    span.secs_f64() / 3_600.0
}

impl Actor for ValueTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.started = ctx.now();
        self.config.wakeups.wait(ctx);
    }
}

impl Handler<Wakeup> for ValueTrader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.config.wakeups.wait(ctx);
    }
}

bearpit_core::ignore_messages!(ValueTrader: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;

    const BELIEF: Belief = Belief { mean: Some(1_000.0), kappa: 0.5, sigma_n: 10.0, sigma_s: 8.0 };

    fn is_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn an_observation_is_weighed_as_bayes_rule_has_it() {
        // By hand: decay e^-1 after two hours; prior 1000 + 20/e, variance 6/e^2 + 8 (1 - e^-2).
        let mut estimate = Estimate { value: 1_020.0, variance: 6.0 };
        estimate.observe(990.0, 2.0, &BELIEF);
        let e = std::f64::consts::E;
        let (prior, variance) = (1_000.0 + 20.0 / e, 6.0 / (e * e) + 8.0 * (1.0 - 1.0 / (e * e)));
        is_near(estimate.value, (10.0 * prior + variance * 990.0) / (10.0 + variance));
        is_near(estimate.variance, 10.0 * variance / (10.0 + variance));
        is_near(estimate.forecast(2.0, &BELIEF), 1_000.0 + (estimate.value - 1_000.0) / e);
    }

    #[test]
    fn the_variance_settles_where_shocks_and_observations_balance() {
        // Without reversion the fixed point of v = n (v + s) / (n + v + s) is v^2 + s v - n s = 0.
        let belief = Belief { kappa: 0.0, ..BELIEF };
        let mut estimate = Estimate { value: 1_000.0, variance: 0.0 };
        for _ in 0..200 {
            estimate.observe(1_000.0, 1.0, &belief);
        }
        is_near(estimate.variance, (-8.0 + libm::sqrt(64.0 + 320.0)) / 2.0);
    }
}
