//! A provider of liquidity around historical bars.

use actix::{Actor, Handler};

use super::config::ReplayConfig;
use crate::kernel::Wakeup;
use crate::market::{ExecutionReport, Instrument, OrderTerms, Side, TimeInForce};
use crate::pit::{Context, MarketData};
use crate::process::waypoint_time;
use crate::units::{OrderId, Price, Quantity, SimTime};

/// Walks each bar's four prices (open, extremes, close) and stands for the rest of the market there.
///
/// At each price it prints a quarter of the bar's volume by meeting an order of its own, so that the
/// tape's bars are the historical ones and resting orders of others are hit where history traded
/// through them; then it quotes its depth on both sides, half a spread away. Between bars, when the
/// market was closed, it withdraws: nobody can trade at a price that nobody made.
///
/// Prices are rounded to the nearest tick. Its account should have unlimited credit.
#[derive(Debug)]
pub struct ReplayProvider {
    config: ReplayConfig,
    /// The waypoint to come: bar times four plus the place in its path.
    next: usize,
    /// The price being printed, and the order whose end completes the print.
    printing: Option<(OrderId, Price)>,
}

/// One of the four prices of a bar, ready to be printed.
struct Waypoint {
    price: Price,
    volume: Quantity,
    closes_market: bool,
}

impl ReplayProvider {
    /// Makes a provider.
    #[must_use]
    pub const fn new(config: ReplayConfig) -> Self {
        Self { config, next: 0, printing: None }
    }

    fn time_of(&self, waypoint: usize) -> Option<SimTime> {
        let bar = self.config.bars.get(waypoint / 4)?;
        Some(waypoint_time(bar.time + self.config.offset, self.config.length, waypoint % 4))
    }

    fn wait(&self, ctx: &mut Context) {
        if let Some(time) = self.time_of(self.next) {
            ctx.wake_at(time, 0);
        }
    }

    /// Returns the waypoint at `index`, if its price is on the grid.
    fn waypoint(&self, index: usize, instrument: &Instrument) -> Option<Waypoint> {
        let bar = self.config.bars.get(index / 4)?;
        let price = instrument.nearest_price(bar.path()[index % 4]).filter(|price| price.ticks() > 0)?;
        let whole = instrument.whole_lots_within(bar.volume);
        let quarter = Quantity::new(whole.lots() / 4);
        // The close prints what the division left over, so that the bar's volume is whole.
        let volume = if index % 4 == 3 { Quantity::new(whole.lots() - 3 * quarter.lots()) } else { quarter };
        let closes_market = index % 4 == 3 && self.time_of(index + 1) != self.time_of(index);
        Some(Waypoint { price, volume, closes_market })
    }

    /// Starts the print of one waypoint: an offer, and a bid that meets it.
    fn print(&mut self, ctx: &mut Context) {
        ctx.cancel_all();
        let listing = self.config.listing;
        let waypoint = ctx.instrument(listing).and_then(|instrument| self.waypoint(self.next, instrument));
        let Some(Waypoint { price, volume, .. }) = waypoint else {
            // A price that rounds to no tick cannot be traded at; the walk goes on with the next.
            self.next += 1;
            return self.wait(ctx);
        };
        if volume.is_zero() {
            return self.quote(ctx, price);
        }
        let offer = ctx.submit(listing, OrderTerms::limit(Side::Sell, volume, price));
        let bid = ctx.submit(listing, OrderTerms::limit(Side::Buy, volume, price).with(TimeInForce::Ioc));
        match offer.and(bid) {
            Ok(bid) => self.printing = Some((bid, price)),
            Err(_) => self.quote(ctx, price),
        }
    }

    /// Shows depth around `price`, unless the market closes with this waypoint.
    fn quote(&mut self, ctx: &mut Context, price: Price) {
        // Whatever of the print found other partners is taken out first.
        ctx.cancel_all();
        let waypoint = ctx.instrument(self.config.listing).and_then(|it| self.waypoint(self.next, it));
        if !waypoint.is_some_and(|it| it.closes_market) {
            for side in Side::BOTH {
                let at = Price::new(price.ticks() - side.sign() * self.config.half_spread_ticks);
                if at.ticks() > 0 {
                    // With unlimited credit nothing is refused.
                    ctx.submit(self.config.listing, OrderTerms::limit(side, self.config.depth, at)).ok();
                }
            }
        }
        self.next += 1;
        self.wait(ctx);
    }
}

impl Actor for ReplayProvider {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        // Bars that began before the start are not replayed.
        let first = self.config.bars.partition_point(|bar| bar.time + self.config.offset < ctx.now());
        self.next = first * 4;
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for ReplayProvider {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.print(ctx);
    }
}

impl Handler<ExecutionReport> for ReplayProvider {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if let Some((bid, price)) = self.printing
            && bid == report.order
            && report.kind.is_terminal()
        {
            self.printing = None;
            self.quote(ctx, price);
        }
    }
}

crate::ignore_messages!(ReplayProvider: MarketData);
