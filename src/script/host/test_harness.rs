//! [`TestHarness`]: the market of a test, and the strategy's state, which the functions of tests act on.

use std::cell::RefCell;
use std::rc::Weak;

use rhai::Dynamic;

use bearpit_core::market::{BarInterval, Refusal, Side};
use bearpit_core::participant::Context;
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// An action that a test requests of its market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MockAction {
    /// Let the clock run.
    Advance(SimDuration),
    /// Replace all quotes by these: both sides, one or none.
    Quote {
        /// The listing.
        listing: ListingId,
        /// The bid.
        bid: Option<(Price, Quantity)>,
        /// The ask.
        ask: Option<(Price, Quantity)>,
    },
    /// Let other participants trade.
    Trade {
        /// The listing.
        listing: ListingId,
        /// The price.
        price: Price,
        /// The quantity.
        quantity: Quantity,
    },
    /// Let other participants trade until the interval ends, so that it has this bar.
    Bar {
        /// The listing.
        listing: ListingId,
        /// Open, high, low and close.
        prices: [Price; 4],
        /// The total quantity.
        volume: Quantity,
        /// The interval.
        interval: BarInterval,
    },
    /// Let another participant trade with an order of the strategy.
    Fill {
        /// The order.
        order: OrderId,
        /// How much of it trades, and where.
        fill: MockFill,
    },
}

/// A trade with an order of the strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MockFill {
    /// The listing.
    pub listing: ListingId,
    /// The order's side.
    pub side: Side,
    /// The order's price.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
}

/// A market that a test controls.
pub trait MockMarket {
    /// Carries out an action, and delivers its effects to the strategy; `ctx` is the strategy's context.
    ///
    /// # Errors
    /// [`MockError`] if it cannot be done, or if the strategy failed meanwhile.
    fn act(&mut self, action: MockAction, ctx: &mut Context) -> Result<(), MockError>;
}

/// Why the market of a test did not carry out an action.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// The functions were registered to be listed, without a market.
    #[error("there is no market")]
    NoMarket,
    /// The strategy failed; its own error is in the log of the run.
    #[error("the strategy failed")]
    StrategyFailed,
    /// The time is after the close.
    #[error("the market closes at {close}")]
    AfterClose {
        /// The close.
        close: SimTime,
    },
    /// The test caused too many events.
    #[error("more than {most} events in one test")]
    TooManyEvents {
        /// The limit.
        most: u64,
    },
    /// A quote would cross itself.
    #[error("the bid must be below the ask")]
    CrossedQuote,
    /// The price of a trade is outside of the quotes.
    #[error("nobody trades outside of the quotes; move them with mock_quote first")]
    OutsideQuotes,
    /// The volume of a bar is less than one lot for each of its prices.
    #[error("a volume of {volume} lots is less than a lot at each price")]
    VolumeTooSmall {
        /// The volume, in lots.
        volume: u64,
    },
    /// A fill went to another order of the strategy.
    #[error("only {traded} of {wanted} lots traded: a better order of the strategy's own came first")]
    BetterOrderFirst {
        /// What the order traded, in lots.
        traded: u64,
        /// The requested quantity, in lots.
        wanted: u64,
    },
    /// An account gate refused an order of the market's maker or taker.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The market itself failed.
    #[error(transparent)]
    Market(Box<dyn std::error::Error + Send + Sync>),
}

/// What the functions of tests act on.
#[derive(Debug, Clone)]
pub(crate) struct TestHarness {
    pub(crate) market: Weak<RefCell<dyn MockMarket>>,
    /// `this` of the strategy, as its last callback left it.
    pub(crate) state: Dynamic,
}
