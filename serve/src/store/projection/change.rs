//! [`Change`]: what a fact changes in the projection; [`Batch`]: the changes of a stretch of the tape.

use serde::{Deserialize, Serialize};

use super::auctions::AuctionRow;
use super::ledger::{OpenedRow, PostingRow};
use super::position::Position;
use super::rows::{
    CandleRow, FillRow, MarkRow, NoticedRow, OrderRow, OrderStatus, OrderTermsRow, ReplacedTermsRow,
};
use crate::store::database::Amount;

/// What a fact changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A venue accepted or rejected an order, or it was carried over from the last day: then its quantity is
    /// what is open of it.
    Entered(Box<OrderRow>),
    /// Its owner replaced an order: a stop's trigger, or the limit of another.
    Replaced {
        /// The order.
        order: i64,
        /// The new price.
        price: Amount,
        /// What is open from now on.
        leaves: Amount,
    },
    /// Its owner replaced more of an order than price and quantity.
    TermsReplaced {
        /// The order.
        order: i64,
        /// What has changed.
        terms: Box<ReplacedTermsRow>,
        /// What is open from now on.
        leaves: Amount,
    },
    /// An order's limit changed by its own terms.
    Repriced {
        /// The order.
        order: i64,
        /// The new limit, if there is one.
        price: Option<Amount>,
    },
    /// An order became smaller or larger without trading.
    Resized {
        /// The order.
        order: i64,
        /// What is open from now on.
        leaves: Amount,
        /// Why, if there is a reason.
        reason: Option<String>,
    },
    /// A split changed an order.
    Restated {
        /// The order.
        order: i64,
        /// Its terms from now on.
        terms: Box<OrderTermsRow>,
        /// What is open from now on.
        leaves: Amount,
    },
    /// A trade elected a stop.
    Triggered {
        /// The order.
        order: i64,
    },
    /// An order ended without trading.
    Ended {
        /// The order.
        order: i64,
        /// How.
        status: OrderStatus,
        /// Why, in words.
        reason: String,
        /// When.
        at: i64,
    },
    /// An order traded.
    Filled(Box<FillRow>),
    /// An account was marked.
    Marked(MarkRow),
    /// An interval with trades in it ended.
    Candle(Box<CandleRow>),
    /// A segment began, and what follows has all that moves in it.
    LedgerBegan,
    /// An account has all that it is opened with, and nothing else.
    AccountOpened(Box<OpenedRow>),
    /// Something was moved on an account.
    Posted(Box<PostingRow>),
    /// The owner of an account is told something.
    Noticed(Box<NoticedRow>),
    /// An auction between participants is over.
    Auction(Box<AuctionRow>),
}

/// The changes of a stretch of the tape. All that is before its end is in it, or in an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The number of the segment of the journal.
    pub segment: u64,
    /// How many requests of the segment are void.
    pub voids: u32,
    /// Before when candles of short intervals are no longer kept; looked at where a segment begins.
    pub fine_from: i64,
    /// The number of the first fact.
    pub from: u64,
    /// The number of the fact behind the last.
    pub to: u64,
    /// Whether it is the last of the segment, whose market was settled.
    pub ends: bool,
    /// Whether the market had no more when it was begun, or rebuilt, at this point. A database that has more
    /// has what a crash took from a journal of relaxed durability.
    pub is_all: bool,
    /// When it was written, in the time of the world outside: about when it happened.
    pub written_at: i64,
    /// The changes, each with the number of its fact.
    pub changes: Vec<(u64, Change)>,
}

impl Batch {
    /// Returns whether it begins a segment with all that moves in it.
    #[must_use]
    pub fn begins_ledger(&self) -> bool {
        matches!(self.changes.first(), Some((0, Change::LedgerBegan)))
    }

    /// Returns where the projection stands once it has been applied.
    #[must_use]
    pub const fn end(&self) -> Position {
        Position { segment: self.segment, voids: self.voids, sequence: self.to, is_ended: self.ends }
    }

    /// Adds the batch that follows, if it does follow; otherwise returns it.
    ///
    /// # Errors
    /// The other batch, if it is of another segment or not the next.
    pub fn join(&mut self, other: Self) -> Result<(), Box<Self>> {
        let is_next =
            other.segment == self.segment && other.voids == self.voids && other.from == self.to && !self.ends;
        if !is_next {
            return Err(Box::new(other));
        }
        self.to = other.to;
        self.ends = other.ends;
        self.written_at = other.written_at;
        self.changes.extend(other.changes);
        Ok(())
    }
}
