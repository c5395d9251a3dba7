//! [`Boxed`]: a trader with what is needed to have it fetched from memory.

use std::hint::black_box;

use actix::Running;

use super::adapter::{Interest, Trader, TradingActor};
use super::context::Context;
use super::message::Message;
use super::state::MarketState;
use crate::kernel::SimActor;

/// A trader between two bytes that mean nothing: a trader of any type can be fetched from memory before it is
/// due by reading these, which are in the first and the last of the lines that it takes.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Boxed<A> {
    first: u8,
    trader: Trader<A>,
    last: u8,
}

impl<A> Boxed<A> {
    pub(super) const fn new(actor: A) -> Self {
        Self { first: 0, trader: Trader(actor), last: 0 }
    }
}

impl<A: TradingActor> SimActor<MarketState> for Boxed<A> {
    fn started(&mut self, ctx: &mut Context) {
        self.trader.started(ctx);
    }

    fn interest(&self) -> Interest {
        self.trader.interest()
    }

    #[inline]
    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        self.trader.deliver(message, ctx);
    }

    fn stopping(&mut self, ctx: &mut Context) -> Running {
        self.trader.stopping(ctx)
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.trader.stopped(ctx);
    }

    fn fetch(&self) {
        black_box((self.first, self.last));
    }
}
