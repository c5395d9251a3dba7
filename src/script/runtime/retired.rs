//! [`RetiredSeat`]: what takes the place of a strategy that its owner has ended.

use actix::{Actor, Handler};

use super::flatten::Flatten;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::ExecutionReport;
use bearpit_core::participant::{Context, MarketData};

/// Cancels all orders of an account, closes its positions if it is to, and then does nothing of its own
/// accord: instructions from outside are carried out as a person's are.
#[derive(Debug)]
pub struct RetiredSeat {
    closes_positions: bool,
    flatten: Option<Flatten>,
}

impl RetiredSeat {
    /// Makes one; positions are closed at the market, once all orders are canceled.
    #[must_use]
    pub const fn new(closes_positions: bool) -> Self {
        Self { closes_positions, flatten: None }
    }

    fn go_on(&mut self, ctx: &mut Context) {
        if self.flatten.as_mut().is_some_and(|flatten| !flatten.go_on(ctx)) {
            self.flatten = None;
        }
    }
}

/// Stands in for a strategy that cannot be started any more: it says why, and does nothing.
#[derive(Debug)]
pub struct BrokenSeat {
    why: String,
}

impl BrokenSeat {
    /// Makes one.
    #[must_use]
    pub const fn new(why: String) -> Self {
        Self { why }
    }
}

impl Actor for BrokenSeat {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.log_failure(self.why.as_str());
    }
}

bearpit_core::ignore_messages!(BrokenSeat: Wakeup, ExecutionReport, MarketData);

impl Actor for RetiredSeat {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        // What the strategy kept was for itself.
        ctx.forget_saved();
        ctx.disconnect();
        self.flatten = self.closes_positions.then(|| Flatten::new(ctx.now()));
        self.go_on(ctx);
    }
}

impl Handler<Wakeup> for RetiredSeat {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.go_on(ctx);
    }
}

impl Handler<ExecutionReport> for RetiredSeat {
    type Result = ();

    fn handle(&mut self, _: ExecutionReport, ctx: &mut Context) {
        self.go_on(ctx);
    }
}

bearpit_core::ignore_messages!(RetiredSeat: MarketData);
