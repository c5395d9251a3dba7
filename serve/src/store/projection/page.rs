//! What is asked of the projection, and pages of the answer.

use bearpit_core::units::SimTime;

use super::rows::OrderStatus;
use crate::domain::AccountId;
use crate::store::database::StoreError;

/// Rows, and where the next page goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows.
    pub rows: Vec<T>,
    /// The place behind the last row; absent if there are no more.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of at most `limit` rows, of which one more was read.
    pub(super) fn of(
        rows: impl Iterator<Item = Result<T, StoreError>>,
        limit: u32,
        place: impl Fn(&T) -> C,
    ) -> Result<Self, StoreError> {
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(place);
        Ok(Self { rows, next })
    }
}

/// Which orders of an account are asked for. Times are nanoseconds since 1970 in virtual time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilter {
    /// The account.
    pub account: AccountId,
    /// Those of a status.
    pub status: Option<OrderStatus>,
    /// Those in a symbol.
    pub symbol: Option<String>,
    /// Those at a venue.
    pub venue: Option<String>,
    /// Those that were entered then or later.
    pub from: Option<i64>,
    /// Those that were entered before.
    pub to: Option<i64>,
    /// Those behind an order in the order that is asked for: where the last page ended.
    pub behind: Option<OrderPlace>,
    /// Whether the oldest come first.
    pub is_oldest_first: bool,
    /// Whether those that the gate of their account refused are left out.
    pub are_refused_left_out: bool,
    /// How many at most.
    pub limit: u32,
}

impl OrderFilter {
    /// Asks for the newest orders of an account.
    #[must_use]
    pub const fn of(account: AccountId, limit: u32) -> Self {
        Self {
            account,
            status: None,
            symbol: None,
            venue: None,
            from: None,
            to: None,
            behind: None,
            is_oldest_first: false,
            are_refused_left_out: false,
            limit,
        }
    }
}

/// The place of an order among all: by when it was entered, then by its id. Those that were refused have ids
/// below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderPlace {
    /// When it was entered.
    pub entered_at: i64,
    /// Its id.
    pub order: i64,
}

/// Which fills of an account are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillFilter {
    /// The account.
    pub account: AccountId,
    /// Those of an order.
    pub order: Option<i64>,
    /// Those in a symbol.
    pub symbol: Option<String>,
    /// Those at a venue.
    pub venue: Option<String>,
    /// Those that happened then or later, in nanoseconds since 1970.
    pub from: Option<i64>,
    /// Those that happened before.
    pub to: Option<i64>,
    /// Those behind a fill in the order that is asked for: where the last page ended.
    pub behind: Option<FillPlace>,
    /// Whether the oldest come first.
    pub is_oldest_first: bool,
    /// How many at most.
    pub limit: u32,
}

impl FillFilter {
    /// Asks for the newest fills of an account.
    #[must_use]
    pub const fn of(account: AccountId, limit: u32) -> Self {
        Self {
            account,
            order: None,
            symbol: None,
            venue: None,
            from: None,
            to: None,
            behind: None,
            is_oldest_first: false,
            limit,
        }
    }
}

/// The place of a fill among all: two fills of one trade can be of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FillPlace {
    /// The trade.
    pub trade: i64,
    /// The order.
    pub order: i64,
}

/// Which candles are asked for, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandleFilter {
    /// The symbol.
    pub symbol: String,
    /// The venue.
    pub venue: String,
    /// The interval's name, such as `5m`.
    pub interval: String,
    /// Those of intervals that begin then or later; where the last page ended.
    pub from: SimTime,
    /// Those of intervals that begin before.
    pub to: SimTime,
    /// How many at most.
    pub limit: u32,
}
