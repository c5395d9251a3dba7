//! The events of a book, and the interface of a matching engine.

use crate::market::{
    CancelReason, Command, ExpiryReason, OrderKind, OrderTerms, Phase, Quote, QuoteLevel, ReduceReason,
    RejectReason, Side, SplitRatio, TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// One change of a book, by a command or by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookEvent {
    /// A new order was accepted.
    Accepted {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
    },
    /// A new order was rejected.
    Rejected {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The reason.
        reason: RejectReason,
    },
    /// A cancel or replace was rejected.
    CommandRejected {
        /// The order it named.
        order: OrderId,
        /// The sender of the request.
        owner: ActorId,
        /// The reason.
        reason: RejectReason,
    },
    /// A bracket's exit entered, for the quantity that its entry order has traded, or the stop of a pair.
    ExitEntered {
        /// The exit.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The bracket's entry order, or the first of the pair.
        entry: OrderId,
        /// The exit's terms; its link names the other exit.
        terms: OrderTerms,
    },
    /// An order was replaced by its owner.
    Replaced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its new limit, or a stop's new trigger.
        price: Price,
        /// The new open quantity.
        leaves: Quantity,
        /// Whether it kept its priority.
        kept_priority: bool,
    },
    /// An order was replaced by its owner in more than price and quantity.
    TermsReplaced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its kind from now on.
        kind: OrderKind,
        /// Its time in force from now on.
        time_in_force: TimeInForce,
        /// The new open quantity.
        leaves: Quantity,
        /// Whether it kept its priority.
        kept_priority: bool,
    },
    /// An order's limit changed by its own terms: a peg, a slide, the rest of a market-to-limit order.
    Repriced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its new limit; absent while a pegged order has no reference price.
        price: Option<Price>,
    },
    /// An order became smaller without trading.
    Reduced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The new open quantity.
        leaves: Quantity,
        /// The reason.
        reason: ReduceReason,
    },
    /// A bracket's exit became larger, by what its entry order has traded since; it lost its priority.
    Grown {
        /// The exit.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The new open quantity.
        leaves: Quantity,
    },
    /// A split changed an order of a replayed listing.
    Restated {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its terms from now on.
        terms: OrderTerms,
        /// The new open quantity.
        leaves: Quantity,
        /// The split.
        ratio: SplitRatio,
    },
    /// A trade elected a stop: it now trades as a market or limit order.
    Triggered {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its trigger.
        trigger: Price,
    },
    /// The next part of an iceberg is displayed, at the back of the queue.
    Refreshed {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The displayed quantity.
        displayed: Quantity,
    },
    /// An auction found its price; its trades follow.
    Uncrossed {
        /// The price of all its trades.
        price: Price,
        /// The quantity traded.
        volume: Quantity,
    },
    /// Two orders traded.
    Traded(BookTrade),
    /// The open quantity of an order was canceled.
    Canceled {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The quantity.
        quantity: Quantity,
        /// The reason.
        reason: CancelReason,
    },
    /// The open quantity of an order expired.
    Expired {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The quantity.
        quantity: Quantity,
        /// What ended it.
        reason: ExpiryReason,
    },
    /// The book entered another phase.
    PhaseChanged {
        /// The new phase.
        phase: Phase,
    },
}

/// A trade between two orders of a book.
///
/// An auction trade has no aggressor: the maker is the earlier order, the taker the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookTrade {
    /// The maker's price, or the auction's.
    pub price: Price,
    /// The quantity.
    pub quantity: Quantity,
    /// The taker's side.
    pub aggressor: Side,
    /// The phase in which it was executed.
    pub phase: Phase,
    /// The resting order.
    pub maker_order: OrderId,
    /// Its owner.
    pub maker_owner: ActorId,
    /// Its open quantity afterwards.
    pub maker_leaves: Quantity,
    /// The displayed quantity ahead of it at its price when it joined the queue.
    pub maker_queue_ahead: Quantity,
    /// The aggressing order.
    pub taker_order: OrderId,
    /// Its owner.
    pub taker_owner: ActorId,
    /// Its open quantity afterwards.
    pub taker_leaves: Quantity,
}

/// Receives the events of a book, one by one, in order.
pub trait EventSink {
    /// Receives one event.
    fn take(&mut self, event: BookEvent);
}

impl EventSink for Vec<BookEvent> {
    fn take(&mut self, event: BookEvent) {
        self.push(event);
    }
}

/// The outcome of an auction if it ended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicative {
    /// The price.
    pub price: Price,
    /// The volume.
    pub volume: Quantity,
}

/// An open order as a book holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenState {
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub owner: ActorId,
    /// Its side.
    pub side: Side,
    /// The price at which it rests; absent for dormant orders and unpriced orders of an auction.
    pub price: Option<Price>,
    /// Its displayed quantity.
    pub displayed: Quantity,
    /// Its hidden quantity.
    pub hidden: Quantity,
    /// Its filled quantity.
    pub filled: Quantity,
}

/// An order book that matches: the interface of the engine and of the reference.
pub trait MatchingEngine {
    /// Executes a command at `now`, which must not go back.
    fn execute(&mut self, now: SimTime, command: &Command, out: &mut impl EventSink);

    /// Enters another phase at `now`; crossing orders trade at one price if the phase ends an auction.
    fn enter_phase(&mut self, now: SimTime, phase: Phase, out: &mut impl EventSink);

    /// Expires orders whose date has come by `now`.
    fn advance(&mut self, now: SimTime, out: &mut impl EventSink);

    /// Expires all orders, in order of entry: the venue closes for good.
    fn expire_all(&mut self, out: &mut impl EventSink);

    /// Returns the phase.
    fn phase(&self) -> Phase;

    /// Returns the touch; during an auction call it may be crossed.
    fn quote(&self) -> Quote;

    /// Returns one side's displayed levels, the best first.
    fn levels(&self, side: Side) -> Vec<QuoteLevel>;

    /// Returns the price and volume at which the book would uncross now, if anything would trade.
    fn indicative(&self) -> Option<Indicative>;

    /// Returns all open orders in order of time: by entry, or by the last loss of priority.
    fn open_orders(&self) -> Vec<OpenState>;
}
