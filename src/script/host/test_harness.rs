//! What the functions of tests act on: the market of a test, and the strategy's state.

use std::cell::RefCell;
use std::rc::Weak;

use rhai::Dynamic;

use bearpit_core::market::Side;
use bearpit_core::participant::Context;
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration};

/// What a test wants done on its market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MockAction {
    /// Let the clock run.
    Advance(SimDuration),
    /// Quote both sides, or one, or none, and no others any more.
    Quote {
        /// Where.
        listing: ListingId,
        /// The bid.
        bid: Option<(Price, Quantity)>,
        /// The ask.
        ask: Option<(Price, Quantity)>,
    },
    /// Let others trade.
    Trade {
        /// Where.
        listing: ListingId,
        /// At which price.
        price: Price,
        /// How much.
        quantity: Quantity,
    },
    /// Let others trade until the interval ends, so that it has this bar.
    Bar {
        /// Where.
        listing: ListingId,
        /// Open, high, low and close.
        prices: [Price; 4],
        /// How much in all.
        volume: Quantity,
        /// The interval.
        interval: SimDuration,
    },
    /// Let somebody trade with an order of the strategy's.
    Fill {
        /// Where.
        listing: ListingId,
        /// The order.
        order: OrderId,
        /// Its side.
        side: Side,
        /// Its price.
        price: Price,
        /// How much.
        quantity: Quantity,
    },
}

/// A market that does what a test wants.
pub trait MockMarket {
    /// Does it, and lets the strategy be told; the context is the strategy's before and after.
    ///
    /// # Errors
    /// Why it cannot be done, or how the strategy failed.
    fn act(&mut self, action: MockAction, ctx: &mut Context) -> Result<(), String>;
}

/// What the functions of tests reach.
#[derive(Debug, Clone)]
pub(crate) struct TestHarness {
    pub(crate) market: Weak<RefCell<dyn MockMarket>>,
    /// `this` of the strategy, as its last callback left it.
    pub(crate) state: Dynamic,
}
