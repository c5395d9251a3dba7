//! [`Desk`]: a seat for somebody outside the world.

use actix::Actor;

use crate::kernel::Wakeup;
use crate::market::ExecutionReport;
use crate::pit::{Context, MarketData};

/// An actor that does nothing of itself: what is done in its name comes from outside, as
/// [`Instruction`](crate::pit::Instruction)s injected into the world.
#[derive(Debug, Default)]
pub struct Desk;

impl Actor for Desk {
    type Context = Context;
}

crate::ignore_messages!(Desk: Wakeup, ExecutionReport, MarketData);
