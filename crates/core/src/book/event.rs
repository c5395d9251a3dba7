//! What matching says happened, and the interface of an engine.

use crate::market::{
    CancelReason, Command, ExpiryReason, OrderTerms, Phase, Quote, QuoteLevel, ReduceReason, RejectReason,
    Side,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// One thing that a command, or the clock, did to a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookEvent {
    /// A new order was taken.
    Accepted {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
    },
    /// A new order was not taken.
    Rejected {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Why not.
        reason: RejectReason,
    },
    /// A cancel or replace was not carried out.
    CommandRejected {
        /// The order it named.
        order: OrderId,
        /// Who asked.
        owner: ActorId,
        /// Why not.
        reason: RejectReason,
    },
    /// An exit of a bracket entered, for what its entry has traded.
    ExitEntered {
        /// The exit.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// The bracket's entry.
        entry: OrderId,
        /// The exit's terms; its link names the other exit.
        terms: OrderTerms,
    },
    /// An order got new terms by its owner's wish.
    Replaced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its limit, or a waiting stop's trigger, from now on.
        price: Price,
        /// What is open from now on.
        leaves: Quantity,
        /// Whether it kept its place.
        kept_priority: bool,
    },
    /// An order got another limit by its own terms: a peg, a slide, a market-to-limit order's rest.
    Repriced {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// Its limit from now on; absent while a pegged order has nothing to follow, and waits.
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
        /// What is open from now on.
        leaves: Quantity,
        /// Why.
        reason: ReduceReason,
    },
    /// A trade elected a stop: it now trades as a market or limit order.
    Triggered {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// The trigger that was reached.
        trigger: Price,
    },
    /// The next part of an iceberg came into sight, at the back of the queue.
    Refreshed {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// How much is seen of it.
        displayed: Quantity,
    },
    /// An auction found its price; its trades follow.
    Uncrossed {
        /// The price of all its trades.
        price: Price,
        /// How much trades.
        volume: Quantity,
    },
    /// Two orders traded.
    Traded(BookTrade),
    /// What was open of an order is gone.
    Canceled {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// How much.
        quantity: Quantity,
        /// Why.
        reason: CancelReason,
    },
    /// What was open of an order is gone, by the clock.
    Expired {
        /// The order.
        order: OrderId,
        /// Its owner.
        owner: ActorId,
        /// Its side.
        side: Side,
        /// How much.
        quantity: Quantity,
        /// Which clock.
        reason: ExpiryReason,
    },
    /// The book is in another phase.
    PhaseChanged {
        /// The phase from now on.
        phase: Phase,
    },
}

/// A trade between two orders of a book.
///
/// In an auction nobody aggresses: the maker is who came first, the taker who came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookTrade {
    /// The maker's price, or the auction's.
    pub price: Price,
    /// How much.
    pub quantity: Quantity,
    /// The taker's side.
    pub aggressor: Side,
    /// The phase in which it took place.
    pub phase: Phase,
    /// The resting order.
    pub maker_order: OrderId,
    /// Its owner.
    pub maker_owner: ActorId,
    /// What is left of it.
    pub maker_leaves: Quantity,
    /// What was displayed before it at its price when it joined the queue.
    pub maker_queue_ahead: Quantity,
    /// The aggressing order.
    pub taker_order: OrderId,
    /// Its owner.
    pub taker_owner: ActorId,
    /// What is left of it.
    pub taker_leaves: Quantity,
}

/// Takes the events of a book, one by one, in order.
pub trait EventSink {
    /// Takes one event.
    fn take(&mut self, event: BookEvent);
}

impl EventSink for Vec<BookEvent> {
    fn take(&mut self, event: BookEvent) {
        self.push(event);
    }
}

/// What an auction would do if it ended now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicative {
    /// At this price it would uncross.
    pub price: Price,
    /// This much would trade.
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
    /// Where it rests, if it does: not a stop that waits, nor an unpriced order of an auction.
    pub price: Option<Price>,
    /// What others see of it.
    pub displayed: Quantity,
    /// What they do not.
    pub hidden: Quantity,
    /// What has traded.
    pub filled: Quantity,
}

/// A book that matches.
pub trait MatchingEngine {
    /// Carries out a command at `now`, which must not go back.
    fn execute(&mut self, now: SimTime, command: &Command, out: &mut impl EventSink);

    /// Goes into another phase at `now`; what crosses trades at one price where the phase asks for it.
    fn enter_phase(&mut self, now: SimTime, phase: Phase, out: &mut impl EventSink);

    /// Takes out what has expired by `now`.
    fn advance(&mut self, now: SimTime, out: &mut impl EventSink);

    /// Takes all orders out, in order of entry: the venue closes for good.
    fn expire_all(&mut self, out: &mut impl EventSink);

    /// Returns the phase.
    fn phase(&self) -> Phase;

    /// Returns the touch; while the book collects, it may be crossed.
    fn quote(&self) -> Quote;

    /// Returns one side's displayed levels, the best first.
    fn levels(&self, side: Side) -> Vec<QuoteLevel>;

    /// Returns what would trade if the book uncrossed now, if anything would.
    fn indicative(&self) -> Option<Indicative>;

    /// Returns all open orders, in order of entry: who came or lost its place later stands later.
    fn open_orders(&self) -> Vec<OpenState>;
}
