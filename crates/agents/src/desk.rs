//! [`Desk`]: an actor through which somebody outside the world trades.

use actix::Actor;

use bearpit_core::kernel::Wakeup;
use bearpit_core::market::ExecutionReport;
use bearpit_core::participant::{Context, MarketData};

/// An actor that does nothing of its own accord: its orders come from outside, as
/// [`Instruction`](bearpit_core::participant::Instruction)s injected into the world.
#[derive(Debug, Default)]
pub struct Desk;

impl Actor for Desk {
    type Context = Context;
}

bearpit_core::ignore_messages!(Desk: Wakeup, ExecutionReport, MarketData);
