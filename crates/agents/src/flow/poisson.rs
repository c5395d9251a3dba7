//! Independent Poisson flows of limit orders, market orders and cancels.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;
use rand_distr::Distribution;

use super::sender::{ACCOUNT, FlowSite, INITIAL, ORDER_QUANTITY, pick};
use crate::kind::{AgentKind, AgentSite, ConfiguredAgent, Shared};
use crate::trading::{either_side, is_continuous, lots, opposite, whole};
use bearpit_core::kernel::{Exponential, Wakeup};
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{
    NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::{Price, Quantity, SimDuration};

const RATE: ParamType = ParamType::Number(NumberRange::between(0.0, 1e6));

/// The kind `farmer_patelli_zovko`.
pub(crate) static FARMER_PATELLI_ZOVKO: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "farmer_patelli_zovko",
    "The zero-intelligence order flow of Daniels, Farmer, Gillemot, Iori and Smith (2003) that Farmer, Patelli and Zovko \
     (2005) tested on London's data: on each side, limit orders of one size at a uniform rate per tick behind the other \
     side's best price, market orders at a rate, and every order is canceled at a rate. The spread is (mu / alpha) \
     f(delta / mu), f rising slowly. One such agent is the whole flow; its credit is unlimited.",
    &[
        ParamSpec::required("alpha", RATE, "limit orders of each side a second and tick"),
        ParamSpec::required("mu", RATE, "market orders of each side a second"),
        ParamSpec::required("delta", RATE, "cancels of each open order a second"),
        ParamSpec::new(
            "width",
            ParamType::Integer { min: 1, max: 10_000 },
            ParamDefault::Integer(100),
            "how many ticks behind the other side's best price limit orders reach",
        ),
        ORDER_QUANTITY,
        INITIAL,
    ],
    |values, site| {
        let width = usize::try_from(values.get::<i64>("width")?).unwrap_or(1);
        let limit = vec![values.get("alpha")?; width];
        configure(values, site, limit, vec![values.get("delta")?])
    },
);

/// The kind `cont_stoikov_talreja`.
pub(crate) static CONT_STOIKOV_TALREJA: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "cont_stoikov_talreja",
    "The order book of Cont, Stoikov and Talreja (2010): on each side, limit orders at a rate of their own for each \
     distance from the other side's best price, market orders at a rate, and orders are canceled at a rate that depends \
     on their distance. Their figures for Sky Perfect Communications, an event a minute times 60, are lambda 1.85, 1.51, \
     1.09, 0.88, 0.77, mu 0.94 and theta 0.71, 0.81, 0.68, 0.56, 0.47. One such agent is the whole flow; its credit is \
     unlimited.",
    &[
        ParamSpec::required(
            "lambda",
            ParamType::List(&RATE),
            "limit orders of each side a second, by distance in ticks from 1",
        ),
        ParamSpec::required("mu", RATE, "market orders of each side a second"),
        ParamSpec::required(
            "theta",
            ParamType::List(&RATE),
            "cancels of each open order a second, by distance; the last holds for all beyond",
        ),
        ORDER_QUANTITY,
        INITIAL,
    ],
    |values, site| {
        let (limit, cancel): (Vec<f64>, Vec<f64>) = (values.get("lambda")?, values.get("theta")?);
        for (name, list) in [("lambda", &limit), ("theta", &cancel)] {
            if list.is_empty() {
                return Err(
                    ParamError::invalid(name, format!("`{name}` is empty, but must have a rate")).into()
                );
            }
        }
        configure(values, site, limit, cancel)
    },
);

fn configure(
    values: &Values,
    site: &AgentSite<'_>,
    limit: Vec<f64>,
    cancel: Vec<f64>,
) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let market = values.get("mu")?;
    if market + limit.iter().sum::<f64>() <= 0.0 {
        let message = "all rates are 0: the flow would have no orders";
        return Err(ParamError::invalid("mu", message).into());
    }
    Ok(Arc::new(PoissonFlowConfig { site: FlowSite::read(values, site)?, limit, market, cancel }))
}

/// Independent Poisson flows; rates are per second.
#[derive(Debug, Clone, PartialEq)]
pub struct PoissonFlowConfig {
    /// Where it trades, and how.
    pub(super) site: FlowSite,
    /// Limit orders of each side, by distance in ticks from the other side's best price, from 1.
    pub limit: Vec<f64>,
    /// Market orders of each side.
    pub market: f64,
    /// Cancels of each open order, by its distance; the last holds for all beyond.
    pub cancel: Vec<f64>,
}

impl ConfiguredAgent for PoissonFlowConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(PoissonFlow::new(self.clone())))
    }
}

/// Sends independent Poisson flows of orders.
#[derive(Debug)]
pub struct PoissonFlow {
    config: PoissonFlowConfig,
    /// How many orders were open when the present wait was drawn.
    open: usize,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Limit {
        distance: i64,
    },
    Market,
    /// Of the order at this place among the open ones.
    Cancel(usize),
}

impl PoissonFlowConfig {
    /// Returns the rates of limit orders, of market orders and of cancels with so many open orders; cancels
    /// at the greatest rate of any distance, of which a share is passed over.
    fn rates(&self, open: usize) -> [f64; 3] {
        let most = self.cancel.iter().copied().fold(0.0, f64::max);
        let open = f64::from(u32::try_from(open).unwrap_or(u32::MAX));
        [2.0 * self.limit.iter().sum::<f64>(), 2.0 * self.market, most * open]
    }

    /// Returns the share of cancels at the greatest rate that an order of this distance has.
    fn cancel_share(&self, distance: i64) -> f64 {
        let most = self.cancel.iter().copied().fold(0.0, f64::max);
        let place = usize::try_from(distance - 1).unwrap_or(0).min(self.cancel.len().saturating_sub(1));
        self.cancel.get(place).map_or(0.0, |rate| rate / most)
    }

    fn event(&self, open: usize, [first, second]: [f64; 2]) -> Option<Event> {
        Some(match pick(&self.rates(open), first)? {
            0 => {
                let place = pick(&self.limit, second)?;
                Event::Limit { distance: i64::try_from(place).unwrap_or(0) + 1 }
            }
            1 => Event::Market,
            _ => {
                let place = whole(libm::floor(second * lots(Quantity::new(open as u64))));
                Event::Cancel(usize::try_from(place).unwrap_or(0))
            }
        })
    }
}

impl PoissonFlow {
    /// Makes a flow.
    #[must_use]
    pub const fn new(config: PoissonFlowConfig) -> Self {
        Self { config, open: 0 }
    }

    fn act(&mut self, ctx: &mut Context) {
        let site = self.config.site;
        if !is_continuous(ctx, site.listing) {
            return;
        }
        let draws = [ctx.rng().random::<f64>(), ctx.rng().random::<f64>()];
        match self.config.event(self.open, draws) {
            None => {}
            Some(Event::Limit { distance }) => {
                let side = either_side(ctx);
                site.limit(ctx, side, distance);
            }
            Some(Event::Market) => {
                let side = either_side(ctx);
                site.market(ctx, side);
            }
            Some(Event::Cancel(place)) => self.cancel(ctx, place),
        }
    }

    /// Cancels an open order with the chance that its distance has; orders that have traded since the wait
    /// was drawn are not there any more, and their cancels are passed over.
    fn cancel(&self, ctx: &mut Context, place: usize) {
        let found = ctx.account().and_then(|account| account.open_orders().iter().nth(place));
        let Some(order) = found.filter(|order| !order.cancel_sent) else { return };
        let quote = ctx.market(self.config.site.listing).quote;
        let distance = opposite(&quote, order.side)
            .zip(order.price)
            .map_or(1, |(best, own)| behind(order.side, best, own));
        if ctx.rng().random::<f64>() < self.config.cancel_share(distance) {
            ctx.cancel(order.id).ok();
        }
    }

    fn wait(&mut self, ctx: &mut Context) {
        self.open = ctx.account().map_or(0, |account| account.open_orders().len());
        let mean = 1.0 / self.config.rates(self.open).iter().sum::<f64>();
        let pause = Exponential { mean }.sample(ctx.rng());
        ctx.wake_after(SimDuration::from_secs_f64(pause), 0);
    }
}

/// Returns how far an order stands behind the other side's best price, in ticks, at least 1.
fn behind(side: Side, best: Price, own: Price) -> i64 {
    (side.sign() * (best.ticks() - own.ticks())).max(1)
}

impl Actor for PoissonFlow {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for PoissonFlow {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.wait(ctx);
    }
}

bearpit_core::ignore_messages!(PoissonFlow: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::ListingId;

    fn config() -> PoissonFlowConfig {
        let site = FlowSite { listing: ListingId::new(0), quantity: Quantity::new(1), initial: None };
        PoissonFlowConfig { site, limit: vec![1.5, 0.5], market: 0.75, cancel: vec![0.2, 0.4, 0.1] }
    }

    #[test]
    fn rates_and_shares_are_those_of_the_model() {
        let rates = config().rates(10);
        for (found, expected) in rates.into_iter().zip([4.0, 1.5, 4.0]) {
            assert!((found - expected).abs() < 1e-12, "{rates:?}");
        }
        for (distance, expected) in [(1, 0.5), (2, 1.0), (3, 0.25), (9, 0.25)] {
            let share = config().cancel_share(distance);
            assert!((share - expected).abs() < 1e-12, "{distance}: {share}");
        }
    }

    #[test]
    fn events_come_in_proportion_to_their_rates() {
        let event = |first, second| config().event(10, [first, second]);
        assert_eq!(event(0.0, 0.0), Some(Event::Limit { distance: 1 }));
        assert_eq!(event(0.42, 0.8), Some(Event::Limit { distance: 2 }), "4.0 of 9.5");
        assert_eq!(event(0.43, 0.0), Some(Event::Market));
        assert_eq!(event(0.58, 0.55), Some(Event::Cancel(5)), "above 5.5 of 9.5");
        assert_eq!(behind(Side::Buy, Price::new(105), Price::new(100)), 5);
        assert_eq!(behind(Side::Sell, Price::new(95), Price::new(100)), 5);
    }
}
