//! [`Executor`]: trades an order by a schedule, and records what it cost.

use actix::{Actor, Handler};

use super::parent::{ParentOrder, Traded, record};
use super::schedule::ExecutionSchedule;
use crate::trading::{is_continuous, lots, reference_ticks, sweep, whole};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, ReportKind, Side};
use bearpit_core::participant::{Context, Feed, MarketData, Update};
use bearpit_core::units::{ListingId, Quantity, SimDuration};

/// An order that is traded over time.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutorConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// Whether it buys or sells.
    pub side: Side,
    /// The whole order.
    pub quantity: Quantity,
    /// How long after the start it begins.
    pub start_after: SimDuration,
    /// Over which time it trades.
    pub duration: SimDuration,
    /// Into how many parts the time is divided; above zero.
    pub slices: u32,
    /// How much is to be traded by when.
    pub schedule: ExecutionSchedule,
}

/// Trades an order by a schedule.
#[derive(Debug)]
pub struct Executor {
    config: ExecutorConfig,
    /// The slice that begins with the next wake-up.
    slice: u32,
    order: ParentOrder,
}

/// The wake-up at which it records what its order cost; that of a slice has another tag.
const REPORT: u64 = 1;

impl Executor {
    /// Makes an executor.
    #[must_use]
    pub fn new(config: ExecutorConfig) -> Self {
        let order = ParentOrder::new(config.side, config.quantity);
        Self { config, slice: 0, order }
    }

    fn slice_seconds(&self) -> f64 {
        self.config.duration.secs_f64() / f64::from(self.config.slices)
    }

    fn begin(&mut self, ctx: &mut Context) {
        self.order.arrival = reference_ticks(ctx, self.config.listing);
        self.order.market = Traded::default();
        let cost_known = ctx.now().saturating_add(self.config.duration);
        ctx.wake_at(cost_known, REPORT);
    }

    /// Sends what is missing to the target of the slice that begins; what is on its way counts as traded.
    fn trade(&mut self, ctx: &mut Context) {
        let (listing, side, slices) = (self.config.listing, self.config.side, self.config.slices);
        let total = lots(self.config.quantity);
        let share = self.config.schedule.target(self.slice, slices, self.slice_seconds());
        let target = match (&self.config.schedule, share) {
            (ExecutionSchedule::Pov(rate), _) => (rate * self.order.market.lots).min(total),
            (_, share) => share.unwrap_or(1.0) * total,
        };
        self.slice += 1;
        let sent: f64 = ctx.account().map_or(0.0, |account| {
            let own = account.open_orders().iter().filter(|order| order.listing == listing);
            own.map(|order| lots(order.leaves)).sum()
        });
        let missing = whole(target - self.order.own.lots - sent);
        if missing > 0 && is_continuous(ctx, listing) {
            sweep(ctx, listing, side, Quantity::new(missing.unsigned_abs()));
        }
        if self.slice < slices {
            ctx.wake_after(SimDuration::from_secs_f64(self.slice_seconds()), 0);
        }
    }

    /// Records what the order cost.
    fn report(&self, ctx: &mut Context) {
        let cost = self.order.cost(ctx, self.config.listing);
        record(ctx, "execution", cost);
    }
}

impl Actor for Executor {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if let Err(error) = ctx.subscribe(self.config.listing, Feed::Trades) {
            ctx.log(format!("it cannot see trades: {error}"));
        }
        ctx.wake_after(self.config.start_after, 0);
    }
}

impl Handler<Wakeup> for Executor {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == REPORT {
            return self.report(ctx);
        }
        if self.slice == 0 {
            self.begin(ctx);
        }
        self.trade(ctx);
    }
}

impl Handler<ExecutionReport> for Executor {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, _: &mut Context) {
        if let ReportKind::Filled { price, quantity, .. } = report.kind {
            self.order.own.add(price.ticks(), quantity);
        }
    }
}

impl Handler<MarketData> for Executor {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        if let Update::Trade { price, quantity, .. } = data.update {
            self.order.market.add(price.ticks(), quantity);
        }
    }
}
