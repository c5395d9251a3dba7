//! [`Executor`]: trades an order by a schedule, and records what it cost.

use std::sync::Arc;

use actix::{Actor, Handler};

use super::schedule::ExecutionSchedule;
use crate::trading::{float, is_continuous, lots, reference_ticks, sweep, tick_size, whole};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{Cell, ExecutionReport, Finite, ReportKind, Row, Side};
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

/// Prices of trades, weighted by their quantities.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Traded {
    lots: f64,
    /// Ticks times lots.
    notional: f64,
}

impl Traded {
    fn add(&mut self, ticks: i64, quantity: Quantity) {
        self.lots += lots(quantity);
        self.notional += float(ticks) * lots(quantity);
    }

    /// Returns the mean price in ticks.
    fn mean(&self) -> Option<f64> {
        (self.lots > 0.0).then(|| self.notional / self.lots)
    }
}

/// Trades an order by a schedule.
#[derive(Debug)]
pub struct Executor {
    config: ExecutorConfig,
    /// The slice that begins with the next wake-up.
    slice: u32,
    /// The mid at the beginning, in ticks.
    arrival: Option<f64>,
    own: Traded,
    market: Traded,
}

/// The wake-up at which it records what its order cost; that of a slice has another tag.
const REPORT: u64 = 1;

impl Executor {
    /// Makes an executor.
    #[must_use]
    pub fn new(config: ExecutorConfig) -> Self {
        Self { config, slice: 0, arrival: None, own: Traded::default(), market: Traded::default() }
    }

    fn slice_seconds(&self) -> f64 {
        self.config.duration.secs_f64() / f64::from(self.config.slices)
    }

    fn begin(&mut self, ctx: &mut Context) {
        self.arrival = reference_ticks(ctx, self.config.listing);
        self.market = Traded::default();
        let cost_known = ctx.now().saturating_add(self.config.duration);
        ctx.wake_at(cost_known, REPORT);
    }

    /// Sends what is missing to the target of the slice that begins; what is on its way counts as traded.
    fn trade(&mut self, ctx: &mut Context) {
        let (listing, side, slices) = (self.config.listing, self.config.side, self.config.slices);
        let total = lots(self.config.quantity);
        let share = self.config.schedule.target(self.slice, slices, self.slice_seconds());
        let target = match (&self.config.schedule, share) {
            (ExecutionSchedule::Pov(rate), _) => (rate * self.market.lots).min(total),
            (_, share) => share.unwrap_or(1.0) * total,
        };
        self.slice += 1;
        let sent: f64 = ctx.account().map_or(0.0, |account| {
            let own = account.open_orders().iter().filter(|order| order.listing == listing);
            own.map(|order| lots(order.leaves)).sum()
        });
        let missing = whole(target - self.own.lots - sent);
        if missing > 0 && is_continuous(ctx, listing) {
            sweep(ctx, listing, side, Quantity::new(missing.unsigned_abs()));
        }
        if self.slice < slices {
            ctx.wake_after(SimDuration::from_secs_f64(self.slice_seconds()), 0);
        }
    }

    /// Records what the order cost.
    fn report(&self, ctx: &mut Context) {
        let ExecutorConfig { listing, side, quantity, .. } = self.config;
        let tick = tick_size(ctx, listing);
        let (average, vwap) = (self.own.mean(), self.market.mean());
        let [to_arrival, to_vwap] = [self.arrival, vwap].map(|to| slippage(side, average?, to?));
        let price = |ticks: Option<f64>| number(ticks.map(|ticks| ticks * tick));
        let lot = ctx.instrument(listing).map_or(1.0, |it| it.quantity_f64(Quantity::new(1)));
        let cells = [
            ("side", Cell::Text(side.name().into())),
            ("quantity", number(Some(lots(quantity) * lot))),
            ("filled", number(Some(self.own.lots * lot))),
            ("arrival_price", price(self.arrival)),
            ("average_price", price(average)),
            ("market_vwap", price(vwap)),
            ("slippage_arrival_bps", number(to_arrival)),
            ("slippage_vwap_bps", number(to_vwap)),
        ];
        let row: Row = cells.into_iter().map(|(name, cell)| (Arc::from(name), cell)).collect();
        ctx.record("execution", row);
    }
}

/// Returns how much worse a mean price was than another, in basis points of that.
fn slippage(side: Side, average: f64, reference: f64) -> Option<f64> {
    (reference != 0.0).then(|| float(side.sign()) * (average - reference) / reference.abs() * 1e4)
}

fn number(value: Option<f64>) -> Cell {
    Cell::Float(value.and_then(Finite::new))
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
            self.own.add(price.ticks(), quantity);
        }
    }
}

impl Handler<MarketData> for Executor {
    type Result = ();

    fn handle(&mut self, data: MarketData, _: &mut Context) {
        if let Update::Trade { price, quantity, .. } = data.update {
            self.market.add(price.ticks(), quantity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_what_was_worse_in_basis_points() {
        let near = |found: Option<f64>, expected: f64| found.is_some_and(|it| (it - expected).abs() < 1e-9);
        assert!(near(slippage(Side::Buy, 10_010.0, 10_000.0), 10.0));
        assert!(near(slippage(Side::Sell, 10_010.0, 10_000.0), -10.0));
        assert!(near(slippage(Side::Sell, 9_990.0, 10_000.0), 10.0));
        assert_eq!(slippage(Side::Buy, 1.0, 0.0), None);
        let mut traded = Traded::default();
        assert_eq!(traded.mean(), None);
        traded.add(100, Quantity::new(1));
        traded.add(110, Quantity::new(3));
        assert!(near(traded.mean(), 107.5));
    }
}
