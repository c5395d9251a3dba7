//! Why an order was refused, rejected or ended: each reason with a sentence for people.

use thiserror::Error;

use crate::units::{Money, NetQuantity, OrderId, Quantity};

/// Why the account gate let a request not leave; the venue never hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The quantity is zero or above [`Quantity::MAX_LOTS`].
    #[error("a quantity of {0} lots is not allowed: it must lie between 1 and 2^40")]
    QuantityOutOfRange(Quantity),
    /// The price lies beyond ±2^40 ticks, or price times quantity beyond what money can hold.
    #[error("price or notional is out of range")]
    PriceOutOfRange,
    /// Free cash does not cover notional and fees.
    #[error("needs {needed} of free cash, has {free}")]
    InsufficientCash {
        /// What the order would hold.
        needed: Money,
        /// What is free.
        free: Money,
    },
    /// Neither free shares nor the short limit cover the sale.
    #[error("selling {asked} lots needs as many free, or room to go short: {available} available")]
    InsufficientShares {
        /// Lots that the order sells.
        asked: Quantity,
        /// Lots that may be sold.
        available: NetQuantity,
    },
    /// A market order to buy has no price to hold cash for: no ask and no trade has been seen.
    #[error("no ask and no trade has been seen yet, so a market order to buy has no price to hold cash for")]
    NoReferencePrice,
    /// The account has no open order of that id.
    #[error("order {0} is not open in this account")]
    UnknownOrder(OrderId),
    /// A replace of the order is still on its way.
    #[error("order {0} is already being replaced: wait for the answer")]
    ReplacePending(OrderId),
    /// There is no such listing.
    #[error("there is no such instrument at that venue")]
    UnknownListing,
    /// The run has ended; no order can arrive any more.
    #[error("the market has closed")]
    Closed,
    /// The actor has no account.
    #[error("this actor has no account to trade from")]
    NoAccount,
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
            Self::NoReferencePrice => "no_reference_price",
            Self::UnknownOrder(_) => "unknown_order",
            Self::ReplacePending(_) => "replace_pending",
            Self::UnknownListing => "unknown_listing",
            Self::Closed => "closed",
            Self::NoAccount => "no_account",
        }
    }
}

/// Why a venue did not carry out a command; nothing changed in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum RejectReason {
    /// The id is already in use.
    #[error("an order of that id exists already")]
    DuplicateOrder,
    /// There is no such order in the book: filled, canceled, or never there.
    #[error("no such order is in the book: it has been filled or canceled")]
    UnknownOrder,
    /// The order belongs to another.
    #[error("the order belongs to another account")]
    NotOwner,
    /// The quantity is zero.
    #[error("the quantity is zero")]
    ZeroQuantity,
    /// Fill or kill: the book could not fill it whole.
    #[error("the book cannot fill the whole quantity at once")]
    FokUnfillable,
    /// A market order found the other side empty.
    #[error("there is nobody to trade with")]
    NoLiquidity,
    /// The venue does not list it.
    #[error("the venue does not list that instrument")]
    UnknownListing,
    /// The venue has closed.
    #[error("the venue has closed")]
    VenueClosed,
}

impl RejectReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateOrder => "duplicate_order",
            Self::UnknownOrder => "unknown_order",
            Self::NotOwner => "not_owner",
            Self::ZeroQuantity => "zero_quantity",
            Self::FokUnfillable => "fok_unfillable",
            Self::NoLiquidity => "no_liquidity",
            Self::UnknownListing => "unknown_listing",
            Self::VenueClosed => "venue_closed",
        }
    }
}

/// Why an order, or the rest of it, left the book without trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum CancelReason {
    /// Its owner asked.
    #[error("canceled by its owner")]
    Requested,
    /// Immediate or cancel: this was left over.
    #[error("immediate or cancel: the rest found no match")]
    IocRemainder,
    /// A replace set the total at or below what was filled.
    #[error("replaced to no more than its filled quantity")]
    ReplacedToFilled,
}

impl CancelReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::IocRemainder => "ioc_remainder",
            Self::ReplacedToFilled => "replaced_to_filled",
        }
    }
}
