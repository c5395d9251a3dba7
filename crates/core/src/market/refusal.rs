//! [`Refusal`]: why an account gate refused a request.

use thiserror::Error;

use super::reason::RejectReason;
use crate::units::{Money, NetQuantity, OrderId, Price, Quantity, SimDuration};

/// Why the account gate refused a request; it was never sent to the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Refusal {
    /// The quantity is zero or above [`Quantity::MAX_LOTS`].
    #[error("a quantity of {0} lots is not allowed: it must lie between 1 and 2^40")]
    QuantityOutOfRange(Quantity),
    /// The price lies beyond ±2^40 ticks, or price times quantity beyond what money can hold.
    #[error("price or notional is out of range")]
    PriceOutOfRange,
    /// Free cash does not cover notional and fees.
    #[error("needs {needed} of free cash, but only {free} is free")]
    InsufficientCash {
        /// The cash that the order would hold.
        needed: Money,
        /// The free cash.
        free: Money,
    },
    /// Neither free shares nor the short limit cover the sale.
    #[error(
        "selling {asked} lots needs as many free shares, or room within the short limit: {available} available"
    )]
    InsufficientShares {
        /// Lots that the order sells.
        asked: Quantity,
        /// Lots that may be sold.
        available: NetQuantity,
    },
    /// A market order to buy, or one for an amount of money, has no price to hold cash for or to count lots
    /// at: neither a quote nor a trade has been seen.
    #[error(
        "no quote and no trade has been seen yet, so an order without a limit has no price to hold cash for, or to count lots at"
    )]
    NoReferencePrice,
    /// A pegged order to buy has no limit to hold cash for.
    #[error("a pegged order to buy needs a limit, so that cash can be held for it")]
    NeedsLimit,
    /// The account has no open order of that id.
    #[error("order {0} is not open in this account")]
    UnknownOrder(OrderId),
    /// A replace of the order is still pending.
    #[error("order {0} is already being replaced: wait for the answer")]
    ReplacePending(OrderId),
    /// There is no such listing.
    #[error("there is no such instrument at that venue")]
    UnknownListing,
    /// The run has ended; an order could not arrive any more.
    #[error("the market has closed")]
    Closed,
    /// A reduce-only order is larger than the position left to reduce, after own orders that already reduce
    /// it.
    #[error(
        "reduce-only: {asked} lots were requested, but only {reducible} of the position are left to reduce"
    )]
    WouldNotReduce {
        /// Lots of the order.
        asked: Quantity,
        /// Lots that may be reduced.
        reducible: Quantity,
    },
    /// The order that the link names cannot be linked with the new one.
    #[error(
        "order {0} cannot be linked: it must be open in this account, in no other link or bracket, and of the same listing, side and open quantity"
    )]
    LinkUnfit(OrderId),
    /// The order is an exit of a bracket whose entry order is not known to have traded.
    // A refused instruction is logged in words, so this sentence is part of a golden digest.
    #[error("order {0} enters only with the first fill of its bracket's entry: cancel the entry instead")]
    NotEntered(OrderId),
    /// The new trigger of a stop lies beyond the protection that was set when it was entered.
    #[error(
        "the stop was entered with a protection at tick {0}, and could not trade with a trigger beyond that: cancel it and enter a new order"
    )]
    BeyondProtection(Price),
    /// The terms are invalid whatever the state of the book.
    #[error("{0}")]
    Unfit(RejectReason),
    /// The actor has no account.
    #[error("this actor has no account to trade from")]
    NoAccount,
    /// The actor is being shown bars from before the start.
    #[error("orders cannot be sent while bars from before the start are shown: the market has not opened")]
    WarmingUp,
    /// The account has no equity left: it takes no orders, or only those that reduce its positions.
    #[error("the account is ruined: its equity is gone, and it takes no new risk")]
    Ruined,
    /// An operator has blocked the account.
    #[error("the account is blocked by the market's operator: orders can only be canceled")]
    Blocked,
    /// The actor that was to carry out an instruction has stopped.
    #[error("the actor has stopped")]
    Stopped,
    /// An operator does not let the account trade the instrument; or its prices may be negative, and it is a
    /// margin account.
    #[error("this account may not trade this instrument")]
    InstrumentNotAllowed,
    /// With the order, the account could come to hold or owe more than an operator lets it.
    #[error(
        "with its open orders this account could come to hold or owe {reached} lots, and its limit is {limit}"
    )]
    PositionLimit {
        /// What it could come to.
        reached: Quantity,
        /// The most.
        limit: Quantity,
    },
    /// The account has sent as many orders and replaces as an operator lets it.
    #[error("this account may send {count} orders and replaces in {per} of market time, and has done so")]
    OrderRate {
        /// The most.
        count: u32,
        /// In each such span.
        per: SimDuration,
    },
    /// The time is over for which an operator lets the account trade.
    #[error("trading in this account has ended: orders can only be canceled")]
    Ended,
    /// Equity does not leave the margin that the order takes.
    #[error("needs {needed} of margin, fees included, but equity leaves only {free}")]
    InsufficientMargin {
        /// What the order would take, with its fees.
        needed: Money,
        /// What equity leaves beyond the margin of positions and open orders.
        free: Money,
    },
    /// An order of a margin account has no price of which its margin could be a share.
    #[error("the instrument has no price yet, so it is not known what the order takes of margin")]
    NoMark,
    /// The account's equity was below its maintenance margin, and its positions are being closed.
    #[error(
        "the account's equity fell below its maintenance margin: its positions are being closed, and it takes no orders until that is over"
    )]
    MarginCall,
    /// A cash account cannot trade futures, since it pays for what it buys.
    #[error("a future is traded on margin, and this account has none")]
    NeedsMargin,
    /// An order for an amount of money that does not pay for one lot.
    #[error("an amount of {notional} does not pay for one lot, which costs {lot}")]
    BelowOneLot {
        /// The amount.
        notional: Money,
        /// What a lot costs at the price at which lots are counted.
        lot: Money,
    },
}

impl Refusal {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::QuantityOutOfRange(_) => "quantity_out_of_range",
            Self::PriceOutOfRange => "price_out_of_range",
            Self::InsufficientCash { .. } => "insufficient_cash",
            Self::InsufficientShares { .. } => "insufficient_shares",
            Self::InsufficientMargin { .. } => "insufficient_margin",
            Self::NoMark => "no_mark",
            Self::MarginCall => "margin_call",
            Self::NeedsMargin => "needs_margin",
            Self::BelowOneLot { .. } => "below_one_lot",
            Self::NoReferencePrice => "no_reference_price",
            Self::NeedsLimit => "needs_limit",
            Self::UnknownOrder(_) => "unknown_order",
            Self::ReplacePending(_) => "replace_pending",
            Self::UnknownListing => "unknown_listing",
            Self::Closed => "closed",
            Self::WouldNotReduce { .. } => "would_not_reduce",
            Self::LinkUnfit(_) => "link_unfit",
            Self::NotEntered(_) => "not_entered",
            Self::BeyondProtection(_) => "beyond_protection",
            Self::Unfit(reason) => reason.name(),
            Self::NoAccount => "no_account",
            Self::WarmingUp => "warming_up",
            Self::Ruined => "ruined",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::InstrumentNotAllowed => "instrument_not_allowed",
            Self::PositionLimit { .. } => "position_limit",
            Self::OrderRate { .. } => "order_rate",
            Self::Ended => "ended",
        }
    }
}
