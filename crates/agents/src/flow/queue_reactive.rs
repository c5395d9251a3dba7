//! Order flow whose rates depend on the lengths of queues.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;
use rand_distr::Distribution;

use super::sender::{ACCOUNT, FlowSite, INITIAL, ORDER_QUANTITY, pick};
use crate::kind::{AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::trading::is_continuous;
use bearpit_core::account::OpenOrder;
use bearpit_core::kernel::{Exponential, Wakeup};
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{
    NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, MarketData};
use bearpit_core::units::{OrderId, Price, SimDuration};

/// The kind `queue_reactive`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "queue_reactive",
    doc: "The queue-reactive model of Huang, Lehalle and Rosenbaum (2015): around a reference price, each queue has limit \
          orders, cancels and market orders at rates that depend on its length. When a best queue empties, the reference \
          price moves by a tick with chance `theta`, and with chance `theta_reinit` all queues are then drawn anew from \
          their stationary distribution. Lengths are its own orders of one quantity; its credit is unlimited.",
    params: &PARAMS,
    retired: &[],
    account: ACCOUNT,
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const RATE: ParamType = ParamType::Number(NumberRange::between(0.0, 1e6));
const ROW: ParamType = ParamType::List(&RATE);
const CHANCE: ParamType = ParamType::Number(NumberRange::between(0.0, 1.0));

const PARAMS: [ParamSpec; 7] = [
    ParamSpec::required(
        "limit",
        ParamType::List(&ROW),
        "limit orders a second; a row for each queue from the reference price, in it a rate for each length from 0, the last \
         for all beyond",
    ),
    ParamSpec::required("cancel", ParamType::List(&ROW), "cancels a second, by queue and length as `limit`"),
    ParamSpec::required(
        "market",
        ParamType::List(&RATE),
        "market orders a second against the best queue, by its length from 0, the last for all beyond",
    ),
    ParamSpec::new("theta", CHANCE, ParamDefault::Number(0.7), "chance that the reference price moves"),
    ParamSpec::new(
        "theta_reinit",
        CHANCE,
        ParamDefault::Number(0.85),
        "chance that all queues are drawn anew then",
    ),
    ORDER_QUANTITY,
    INITIAL,
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let rates = QueueRates {
        limit: values.get("limit")?,
        cancel: values.get("cancel")?,
        market: values.get("market")?,
    };
    let (queues, cancels) = (rates.limit.len(), rates.cancel.len());
    if queues == 0 || queues != cancels {
        let message = format!(
            "`limit` has {queues} rows and `cancel` {cancels}, but both must have one for each queue"
        );
        return Err(ParamError::invalid("cancel", message).into());
    }
    if rates.market.is_empty() || rates.limit.iter().chain(&rates.cancel).any(Vec::is_empty) {
        return Err(ParamError::invalid("limit", "a row without rates: each must have one at least").into());
    }
    let grows = |queue: usize| rates.arrivals(queue, LENGTH_MAX) >= rates.departures(queue, LENGTH_MAX);
    if let Some(queue) = (0..queues).find(|queue| grows(*queue)) {
        let message = format!(
            "queue {} would grow for ever: the last rate of `limit` must be below those of `cancel` and `market` together",
            queue + 1
        );
        return Err(ParamError::invalid("limit", message).into());
    }
    Ok(Arc::new(QueueReactiveConfig {
        site: FlowSite::read(values, site)?,
        rates,
        thetas: [values.get("theta")?, values.get("theta_reinit")?],
    }))
}

/// The longest queue that is drawn from a stationary distribution.
const LENGTH_MAX: usize = 1_000;

/// A queue-reactive order flow.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueReactiveConfig {
    /// Where it trades, and how.
    pub(super) site: FlowSite,
    /// The rates.
    pub rates: QueueRates,
    /// The chances that the reference price moves, and that queues are drawn anew then.
    pub thetas: [f64; 2],
}

/// Rates per second by the length of a queue, from 0; the last holds for all beyond.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRates {
    /// Limit orders, by queue from the reference price.
    pub limit: Vec<Vec<f64>>,
    /// Cancels, by queue.
    pub cancel: Vec<Vec<f64>>,
    /// Market orders, which trade with the best queue.
    pub market: Vec<f64>,
}

impl QueueRates {
    fn arrivals(&self, queue: usize, length: usize) -> f64 {
        self.limit.get(queue).map_or(0.0, |row| at(row, length))
    }

    fn cancels(&self, queue: usize, length: usize) -> f64 {
        if length == 0 { 0.0 } else { self.cancel.get(queue).map_or(0.0, |row| at(row, length)) }
    }

    fn takes(&self, length: usize) -> f64 {
        if length == 0 { 0.0 } else { at(&self.market, length) }
    }

    /// Returns what leaves a queue if it is the best where it is first, and only by cancels elsewhere.
    fn departures(&self, queue: usize, length: usize) -> f64 {
        let taken = if queue == 0 { self.takes(length) } else { 0.0 };
        self.cancels(queue, length) + taken
    }

    /// Returns the stationary chances of a queue's lengths while the reference price stands still: those of a
    /// birth and death chain, in proportion to the product of arrivals over departures.
    #[must_use]
    pub fn stationary(&self, queue: usize) -> Vec<f64> {
        let mut weights = vec![1.0];
        for length in 1..LENGTH_MAX {
            let ratio = self.arrivals(queue, length - 1) / self.departures(queue, length);
            let weight = weights.last().copied().unwrap_or(0.0) * ratio;
            if !(weight.is_finite() && weight > 1e-12) {
                break;
            }
            weights.push(weight);
        }
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }
}

fn at(row: &[f64], length: usize) -> f64 {
    row.get(length).or(row.last()).copied().unwrap_or(0.0)
}

impl ConfiguredAgent for QueueReactiveConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(QueueReactiveFlow::new(self.clone())))
    }
}

/// Sends orders at rates that depend on the lengths of queues.
#[derive(Debug)]
pub struct QueueReactiveFlow {
    config: QueueReactiveConfig,
    /// The first bid below the reference price, which lies half a tick above it; `None` before the start.
    first_bid: Option<i64>,
    /// The rates of the wait, and what each does.
    rates: Vec<f64>,
    events: Vec<Event>,
    /// The tag of the wake-up that counts: each report changes the queues, and so the wait.
    wait: u64,
    /// Whether the first queues of bids and offers are empty.
    is_empty: [bool; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Limit(Side, usize),
    Cancel(OrderId),
    Market(Side),
}

/// The orders of a side, by queue from the reference price.
type Queues = Vec<Vec<OrderId>>;

impl QueueReactiveFlow {
    /// Makes a flow.
    #[must_use]
    pub const fn new(config: QueueReactiveConfig) -> Self {
        Self { config, first_bid: None, rates: Vec::new(), events: Vec::new(), wait: 0, is_empty: [true; 2] }
    }

    /// Returns the price of a queue.
    fn price(&self, side: Side, queue: usize) -> Option<Price> {
        let distance = i64::try_from(queue).ok()?;
        let first = self.first_bid? + i64::from(side == Side::Sell);
        Price::new_checked(first - side.sign() * distance)
    }

    /// Returns its own orders of a side, by queue.
    fn queues(&self, ctx: &Context, side: Side) -> Queues {
        let mut queues = vec![Vec::new(); self.config.rates.limit.len()];
        let Some(first) = self.price(side, 0) else { return queues };
        let Some(account) = ctx.account() else { return queues };
        let is_meant = |order: &OpenOrder| order.side == side && !order.cancel_sent;
        for order in account.open_orders().iter().filter(is_meant) {
            let Some(price) = order.price.filter(|_| order.listing == self.config.site.listing) else {
                continue;
            };
            let distance = usize::try_from(side.sign() * (first.ticks() - price.ticks())).ok();
            if let Some(queue) = distance.and_then(|distance| queues.get_mut(distance)) {
                queue.push(order.id);
            }
        }
        queues
    }

    /// Enters queues drawn from their stationary distributions, in the place of all orders.
    fn draw_queues(&self, ctx: &mut Context) {
        let site = self.config.site;
        ctx.cancel_all(CancelScope::All, Some(site.listing));
        for queue in 0..self.config.rates.limit.len() {
            let chances = self.config.rates.stationary(queue);
            for side in [Side::Buy, Side::Sell] {
                let length = pick(&chances, ctx.rng().random::<f64>()).unwrap_or(0);
                for _ in 0..length {
                    site.limit_at(ctx, side, self.price(side, queue));
                }
            }
        }
    }

    fn begin(&mut self, ctx: &mut Context) {
        let site = self.config.site;
        self.first_bid = site.anchor(ctx, Side::Sell).map(Price::ticks);
        if self.first_bid.is_some() {
            self.draw_queues(ctx);
        }
    }

    fn act(&mut self, ctx: &mut Context) {
        let site = self.config.site;
        if !is_continuous(ctx, site.listing) {
            return;
        }
        if self.first_bid.is_none() {
            return self.begin(ctx);
        }
        let Some(event) = pick(&self.rates, ctx.rng().random::<f64>()).and_then(|it| self.events.get(it))
        else {
            return;
        };
        match *event {
            Event::Limit(side, queue) => site.limit_at(ctx, side, self.price(side, queue)),
            Event::Cancel(order) => {
                // It may have traded meanwhile.
                ctx.cancel(order).ok();
            }
            Event::Market(side) => site.market(ctx, side),
        }
    }

    /// Returns whether the first queues of bids and offers are empty.
    fn empty_first(&self, ctx: &Context) -> [bool; 2] {
        [Side::Buy, Side::Sell].map(|side| self.queues(ctx, side).first().is_none_or(Vec::is_empty))
    }

    /// Moves the reference price where a first queue has just emptied: away from what is left.
    fn follow(&mut self, ctx: &mut Context) {
        let is_empty = self.empty_first(ctx);
        let before = std::mem::replace(&mut self.is_empty, is_empty);
        let step = match [is_empty[0] && !before[0], is_empty[1] && !before[1]] {
            [true, _] => -1,
            [_, true] => 1,
            _ => return,
        };
        let [theta, reinit] = self.config.thetas;
        if ctx.rng().random::<f64>() < theta {
            self.first_bid = self.first_bid.map(|first| first + step);
            if ctx.rng().random::<f64>() < reinit {
                self.draw_queues(ctx);
            }
            // A first queue that is empty where the reference now is, or was drawn so, has not just emptied.
            self.is_empty = self.empty_first(ctx);
        }
    }

    /// Computes the rates of all events, and waits for the next.
    fn wait(&mut self, ctx: &mut Context) {
        self.rates.clear();
        self.events.clear();
        for side in [Side::Buy, Side::Sell] {
            let queues = self.queues(ctx, side);
            let best = queues.iter().position(|queue| !queue.is_empty());
            for (place, queue) in queues.iter().enumerate() {
                self.rates.push(self.config.rates.arrivals(place, queue.len()));
                self.events.push(Event::Limit(side, place));
                if let Some(order) = queue.last() {
                    self.rates.push(self.config.rates.cancels(place, queue.len()));
                    self.events.push(Event::Cancel(*order));
                }
                if best == Some(place) {
                    self.rates.push(self.config.rates.takes(queue.len()));
                    self.events.push(Event::Market(side.opposite()));
                }
            }
        }
        let total: f64 = self.rates.iter().sum();
        let mean = if total > 0.0 { 1.0 / total } else { 1.0 };
        let pause = Exponential { mean }.sample(ctx.rng());
        self.wait += 1;
        ctx.wake_after(SimDuration::from_secs_f64(pause), self.wait);
    }
}

impl Actor for QueueReactiveFlow {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for QueueReactiveFlow {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == self.wait {
            self.act(ctx);
            self.wait(ctx);
        }
    }
}

impl Handler<ExecutionReport> for QueueReactiveFlow {
    type Result = ();

    fn handle(&mut self, _: ExecutionReport, ctx: &mut Context) {
        self.follow(ctx);
        self.wait(ctx);
    }
}

bearpit_core::ignore_messages!(QueueReactiveFlow: MarketData);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stationary_lengths_are_those_of_a_birth_and_death_chain() {
        // Arrivals 2, departures 4 (of them 1 by market orders): geometric with ratio one half.
        let rates = QueueRates { limit: vec![vec![2.0]], cancel: vec![vec![3.0]], market: vec![1.0] };
        let chances = rates.stationary(0);
        for (length, expected) in [(0, 0.5), (1, 0.25), (4, 1.0 / 32.0)] {
            assert!((chances[length] - expected).abs() < 1e-9, "{length}: {}", chances[length]);
        }
        // Departures in proportion to the length: Poisson with mean 2 / 3, cut where rates end.
        let cancel = vec![(0..30).map(|length| 3.0 * f64::from(length)).collect()];
        let rates = QueueRates { limit: vec![vec![2.0]], cancel, market: vec![0.0] };
        let ratio = 2.0 / 3.0;
        assert!((rates.stationary(0)[2] - libm::exp(-ratio) * ratio * ratio / 2.0).abs() < 1e-9);
    }
}
