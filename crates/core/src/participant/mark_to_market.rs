//! [`MarkToMarket`]: marks the accounts to market at regular times, and clears futures.

use actix::{Actor, Handler};

use super::clearing::ClearingSchedule;
use super::context::Context;
use super::message::MarketData;
use crate::kernel::Wakeup;
use crate::market::ExecutionReport;
use crate::units::{SimDuration, SimTime};

/// The actor that has all tracked accounts marked at every multiple of an interval, and closes the positions
/// of those that are ruined then; and that clears futures.
#[derive(Debug)]
pub struct MarkToMarket {
    interval: SimDuration,
    clearings: Vec<ClearingSchedule>,
}

/// The tag with which it is woken to mark accounts.
const MARK: u64 = 0;

/// The tag with which it is woken for margin calls of the day before.
const RESUME_CALLS: u64 = 1;

/// The tag with which it is woken to clear futures.
const CLEAR: u64 = 2;

impl MarkToMarket {
    /// Makes the actor that marks every `interval`; never if that is zero.
    #[must_use]
    pub const fn new(interval: SimDuration) -> Self {
        Self { interval, clearings: Vec::new() }
    }

    fn wait(&self, ctx: &mut Context) {
        if !self.interval.is_zero() {
            ctx.wake_at(ctx.now().floor_to(self.interval) + self.interval, MARK);
        }
    }

    fn wait_for_clearing(&self, ctx: &mut Context) {
        if let Some(next) = self.clearings.iter().map(ClearingSchedule::due).min() {
            ctx.wake_at(next, CLEAR);
        }
    }

    /// Clears what is due, in the order of instruments.
    fn clear(&mut self, now: SimTime, ctx: &mut Context) {
        for clearing in self.clearings.iter_mut().filter(|it| it.due() <= now) {
            if let Err(error) = clearing.run(now, ctx.domain_mut()) {
                ctx.fail(error);
            }
        }
        self.wait_for_clearing(ctx);
    }
}

impl Actor for MarkToMarket {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.wait(ctx);
        self.clearings = ctx.domain().clearings(ctx.now());
        self.wait_for_clearing(ctx);
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
        if (wakeup.tag == CLEAR || ctx.domain().has_many_unread())
            && let Err(fault) = ctx.domain_mut().book_all_until_now()
        {
            ctx.fail(fault);
        }
        if wakeup.tag == CLEAR {
            self.clear(now, ctx);
            if let Err(error) = ctx.domain_mut().note_ruin(now) {
                ctx.fail(error);
            }
        } else {
            if let Err(fault) = ctx.domain_mut().mark_all(now) {
                ctx.fail(fault);
            }
            self.wait(ctx);
        }
        ctx.enforce_ruin();
        ctx.watch_financed();
    }
}

crate::ignore_messages!(MarkToMarket: ExecutionReport, MarketData);
