//! Order flow whose events excite one another: a multivariate Hawkes process.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand_distr::Distribution;

use super::process::HawkesProcess;
use super::sender::{ACCOUNT, FlowSite, INITIAL, ORDER_QUANTITY};
use crate::kind::{AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::trading::{is_continuous, whole};
use bearpit_core::kernel::{Exponential, Wakeup};
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{
    NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::SimDuration;

/// The kind `hawkes`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "hawkes",
    doc: "Order flow from a multivariate Hawkes process with exponential kernels (Hawkes 1971; for order books, Bacry, \
          Mastromatteo and Muzy 2015), drawn by thinning (Ogata 1981). Its six kinds of events are, in this order: market \
          orders to buy and to sell, limit orders to buy and to sell, cancels of bids and of offers. One such agent is the \
          whole flow; its credit is unlimited.",
    params: &PARAMS,
    retired: &[],
    account: ACCOUNT,
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

/// How many kinds of events there are.
const KINDS: usize = 6;

const RATE: ParamType = ParamType::Number(NumberRange::between(0.0, 1e6));
const ROW: ParamType = ParamType::List(&RATE);

const PARAMS: [ParamSpec; 6] = [
    ParamSpec::required("mu", ParamType::List(&RATE), "events of each kind a second without any excitement; six rates"),
    ParamSpec::required(
        "alpha",
        ParamType::List(&ROW),
        "by how much an event of the column's kind raises the rate of the row's kind; six rows of six",
    ),
    ParamSpec::required(
        "beta",
        ParamType::Number(NumberRange::above(0.0)),
        "how fast excitement falls, a second: after 1 / beta seconds it is 37 %",
    ),
    ParamSpec::new(
        "depth",
        ParamType::Number(NumberRange::between(0.0, 1e6)),
        ParamDefault::Number(3.0),
        "mean distance of limit orders from the other side's best price beyond one tick, exponentially distributed",
    )
    .in_unit("ticks"),
    ORDER_QUANTITY,
    INITIAL,
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let (mu, alpha): (Vec<f64>, Vec<Vec<f64>>) = (values.get("mu")?, values.get("alpha")?);
    if mu.len() != KINDS {
        let message =
            format!("`mu` has {} rates, but must have {KINDS}: one for each kind of event", mu.len());
        return Err(ParamError::invalid("mu", message).into());
    }
    if alpha.len() != KINDS || alpha.iter().any(|row| row.len() != KINDS) {
        let message = format!("`alpha` must have {KINDS} rows of {KINDS} numbers");
        return Err(ParamError::invalid("alpha", message).into());
    }
    let process = HawkesProcess::new(mu, alpha, values.get("beta")?)
        .map_err(|error| ParamError::invalid("alpha", error.to_string()))?;
    Ok(Arc::new(HawkesFlowConfig {
        site: FlowSite::read(values, site)?,
        process,
        depth: values.get("depth")?,
    }))
}

/// Order flow from a Hawkes process.
#[derive(Debug, Clone, PartialEq)]
pub struct HawkesFlowConfig {
    /// Where it trades, and how.
    pub(super) site: FlowSite,
    /// When which events happen: market orders, limit orders and cancels, each of buys and of sales.
    pub process: HawkesProcess,
    /// Mean distance of limit orders beyond one tick.
    pub depth: f64,
}

impl ConfiguredAgent for HawkesFlowConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(HawkesFlow::new(self.clone())))
    }
}

/// Sends the orders of a Hawkes process.
#[derive(Debug)]
pub struct HawkesFlow {
    config: HawkesFlowConfig,
    /// The kind of the event that happens at the next wake-up.
    next: usize,
}

impl HawkesFlow {
    /// Makes a flow.
    #[must_use]
    pub const fn new(config: HawkesFlowConfig) -> Self {
        Self { config, next: 0 }
    }

    fn act(&self, ctx: &mut Context) {
        let site = self.config.site;
        if !is_continuous(ctx, site.listing) {
            return;
        }
        let side = if self.next.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        match self.next / 2 {
            0 => site.market(ctx, side),
            1 => {
                let distance = Exponential { mean: self.config.depth }.sample(ctx.rng());
                site.limit(ctx, side, 1 + whole(libm::floor(distance)));
            }
            _ => {
                if let Some(order) = site.any_order(ctx, side) {
                    ctx.cancel(order).ok();
                }
            }
        }
    }

    fn wait(&mut self, ctx: &mut Context) {
        let event = self.config.process.next(ctx.rng());
        if event.wait.is_finite() {
            self.next = event.kind;
            ctx.wake_after(SimDuration::from_secs_f64(event.wait), 0);
        }
    }
}

impl Actor for HawkesFlow {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for HawkesFlow {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.wait(ctx);
    }
}

bearpit_core::ignore_messages!(HawkesFlow: ExecutionReport, MarketData);
