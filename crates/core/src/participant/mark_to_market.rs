//! [`MarkToMarket`]: marks the accounts to market at regular times.

use actix::{Actor, Handler};

use super::context::Context;
use super::message::MarketData;
use crate::kernel::Wakeup;
use crate::market::ExecutionReport;
use crate::units::SimDuration;

/// The actor that has all tracked accounts marked at every multiple of an interval, and closes the positions
/// of those that are ruined then.
#[derive(Debug)]
pub struct MarkToMarket {
    interval: SimDuration,
}

/// The tag with which it is woken for margin calls of the day before.
const RESUME_CALLS: u64 = 1;

impl MarkToMarket {
    /// Makes the actor that marks every `interval`; never if that is zero.
    #[must_use]
    pub const fn new(interval: SimDuration) -> Self {
        Self { interval }
    }

    fn wait(&self, ctx: &mut Context) {
        if !self.interval.is_zero() {
            ctx.wake_at(ctx.now().floor_to(self.interval) + self.interval, 0);
        }
    }
}

impl Actor for MarkToMarket {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
        if ctx.has_carried_calls() {
            // Once the venues have begun too, and their books have prices.
            ctx.wake_at(ctx.now(), RESUME_CALLS);
        }
    }
}

impl Handler<Wakeup> for MarkToMarket {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == RESUME_CALLS {
            return ctx.resume_calls();
        }
        let now = ctx.now();
        if let Err(fault) = ctx.domain_mut().book_all_until_now() {
            ctx.fail(fault);
        }
        if let Err(error) = ctx.domain_mut().mark_all(now) {
            ctx.fail(error);
        }
        ctx.enforce_ruin();
        ctx.watch_financed();
        self.wait(ctx);
    }
}

crate::ignore_messages!(MarkToMarket: ExecutionReport, MarketData);
