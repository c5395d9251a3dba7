//! [`Desk`]: a seat for somebody outside the world.

use actix::Actor;

use bearpit_core::kernel::Wakeup;
use bearpit_core::market::ExecutionReport;
use bearpit_core::participant::{Context, MarketData};

/// An actor that does nothing of itself: what is done in its name comes from outside, as
/// [`Instruction`](bearpit_core::participant::Instruction)s injected into the world.
#[derive(Debug, Default)]
pub struct Desk;

impl Actor for Desk {
    type Context = Context;
}

bearpit_core::ignore_messages!(Desk: Wakeup, ExecutionReport, MarketData);
