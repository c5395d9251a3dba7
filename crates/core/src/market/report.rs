//! Execution reports: messages from a venue to the owner of an order.

use std::fmt;

use actix::Message;

use super::action::SplitRatio;
use super::order::{OrderKind, TimeInForce};
use super::phase::Phase;
use super::reason::{CancelReason, ExpiryReason, ReduceReason, RejectReason};
use super::side::Side;
use crate::units::{ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};

/// A message from a venue to the owner of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionReport {
    /// The order.
    pub order: OrderId,
    /// The listing.
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
    /// The venue accepted it.
    Accepted,
    /// The venue rejected it; the order is over.
    Rejected(RejectReason),
    /// A cancel or replace was rejected; the order is unchanged.
    CommandRejected(RejectReason),
    /// The terms changed.
    Replaced {
        /// The new limit.
        price: Price,
        /// The new open quantity.
        leaves: Quantity,
    },
    /// More than price and quantity changed: see [`Fact::OrderTermsReplaced`](super::Fact).
    TermsReplaced {
        /// Its kind from now on.
        kind: OrderKind,
        /// Its time in force from now on.
        time_in_force: TimeInForce,
        /// The new open quantity.
        leaves: Quantity,
    },
    /// The order's limit changed by its own terms: a peg, a slide, the rest of a market-to-limit order.
    Repriced {
        /// The new limit; absent while a pegged order has no reference price.
        price: Option<Price>,
    },
    /// The order became smaller without trading.
    Reduced {
        /// The new open quantity.
        leaves: Quantity,
        /// The reason.
        reason: ReduceReason,
    },
    /// The bracket's exit became larger, by what its entry order has traded since.
    Grown {
        /// The new open quantity.
        leaves: Quantity,
    },
    /// A split changed prices and quantities: see [`SplitRatio::terms`]; the account has them already.
    Restated(SplitRatio),
    /// A trade elected the stop: it now trades as a market or limit order.
    Triggered {
        /// Its trigger.
        trigger: Price,
    },
    /// Part or all of it traded.
    Filled {
        /// The trade.
        trade: TradeId,
        /// The price.
        price: Price,
        /// The quantity.
        quantity: Quantity,
        /// The open quantity left.
        leaves: Quantity,
        /// Maker, taker or auction.
        liquidity: Liquidity,
        /// The phase in which it traded.
        phase: Phase,
        /// What venue and broker charge together; a rebate is negative.
        fee: Money,
    },
    /// The open quantity was canceled.
    Canceled(CancelReason),
    /// The open quantity expired.
    Expired(ExpiryReason),
}

impl ReportKind {
    /// Returns whether the order is over after this report.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        match self {
            Self::Rejected(_) | Self::Canceled(_) | Self::Expired(_) => true,
            Self::Filled { leaves, .. } => leaves.is_zero(),
            Self::Accepted
            | Self::CommandRejected(_)
            | Self::Replaced { .. }
            | Self::TermsReplaced { .. }
            | Self::Repriced { .. }
            | Self::Reduced { .. }
            | Self::Grown { .. }
            | Self::Restated(_)
            | Self::Triggered { .. } => false,
        }
    }
}

/// The role of one side of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Liquidity {
    /// It was resting.
    Maker,
    /// It was the aggressor.
    Taker,
    /// Neither: an auction trade.
    Auction,
}

impl Liquidity {
    /// Returns the roles of maker and taker of a trade in a phase.
    #[must_use]
    pub fn roles(phase: Phase) -> [Self; 2] {
        if phase == Phase::Continuous { [Self::Maker, Self::Taker] } else { [Self::Auction; 2] }
    }

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
