//! Execution reports: what the owner of an order is told.

use std::fmt;

use actix::Message;

use super::phase::Phase;
use super::reason::{CancelReason, ExpiryReason, ReduceReason, RejectReason};
use super::side::Side;
use crate::units::{ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};

/// A message from a venue to the owner of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionReport {
    /// The order.
    pub order: OrderId,
    /// The book.
    pub listing: ListingId,
    /// The order's side.
    pub side: Side,
    /// When it happened at the venue; the report arrives later.
    pub at: SimTime,
    /// What happened.
    pub kind: ReportKind,
}

impl Message for ExecutionReport {
    type Result = ();
}

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// The venue took it.
    Accepted,
    /// The venue did not take it; the order is over.
    Rejected(RejectReason),
    /// A cancel or replace was not carried out; the order is as it was.
    CommandRejected(RejectReason),
    /// The terms changed.
    Replaced {
        /// The limit from now on.
        price: Price,
        /// What is open from now on.
        leaves: Quantity,
    },
    /// The order got another limit by its own terms: it is pegged, slid, or a market-to-limit order's rest.
    Repriced {
        /// The limit from now on; absent while a pegged order has nothing to follow, and waits.
        price: Option<Price>,
    },
    /// The order became smaller without trading.
    Reduced {
        /// What is open from now on.
        leaves: Quantity,
        /// Why.
        reason: ReduceReason,
    },
    /// A trade elected the stop: it now trades as a market or limit order.
    Triggered {
        /// The trigger that was reached.
        trigger: Price,
    },
    /// Part or all of it traded.
    Filled {
        /// The trade.
        trade: TradeId,
        /// At this price.
        price: Price,
        /// This much.
        quantity: Quantity,
        /// What is still open.
        leaves: Quantity,
        /// As maker or taker, or in an auction.
        liquidity: Liquidity,
        /// The phase in which it traded.
        phase: Phase,
        /// What it cost; a rebate is negative.
        fee: Money,
    },
    /// What was open left the book.
    Canceled(CancelReason),
    /// What was open left the book by the clock.
    Expired(ExpiryReason),
}

impl ReportKind {
    /// Tells whether the order is over after this report.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::Canceled(_) | Self::Expired(_) => true,
            Self::Filled { leaves, .. } => leaves.is_zero(),
            Self::Accepted
            | Self::CommandRejected(_)
            | Self::Replaced { .. }
            | Self::Repriced { .. }
            | Self::Reduced { .. }
            | Self::Triggered { .. } => false,
        }
    }
}

/// The role of one side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Liquidity {
    /// It rested.
    Maker,
    /// It came and took.
    Taker,
    /// Neither: it traded in an auction.
    Auction,
}

impl Liquidity {
    /// Returns the role's name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Taker => "taker",
            Self::Auction => "auction",
        }
    }
}

impl fmt::Display for Liquidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
