//! [`Lent`]: a trader's context and state in the host, for as long as its script runs.
//!
//! The functions of a world are registered once and share one host. Before the script of a trader runs, its
//! context and its state are swapped into the host, and back when it has run; so functions can only reach the
//! trader that called them, whatever scripts keep. The swap back happens on drop: also if a function panics.

use std::mem;

use crate::script::host::{SharedHost, StrategyState};
use bearpit_core::participant::Context;

/// A context, a state, or both, while they are in a host.
pub(crate) struct Lent<'a> {
    host: &'a SharedHost,
    ctx: Option<&'a mut Context>,
    state: Option<&'a mut Box<StrategyState>>,
}

impl<'a> Lent<'a> {
    /// Swaps what is given into the host.
    pub(crate) fn new(
        host: &'a SharedHost,
        ctx: Option<&'a mut Context>,
        state: Option<&'a mut Box<StrategyState>>,
    ) -> Self {
        let mut lent = Self { host, ctx, state };
        lent.swap();
        lent
    }

    fn swap(&mut self) {
        let mut host = self.host.borrow_mut();
        if let Some(ctx) = &mut self.ctx {
            mem::swap(&mut **ctx, &mut host.ctx);
        }
        if let Some(state) = &mut self.state {
            mem::swap(&mut **state, &mut host.trader);
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.swap();
    }
}
