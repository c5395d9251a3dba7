//! What a check of a book says: counts, and the rows that differ with their reasons.

use thiserror::Error;

use super::is_behind;
use bearpit_core::market::{BookRow, OrderMessage, QuoteLevel, Side, lobster_price};
use bearpit_core::units::{Price, Quantity};

/// How many rows that differ are kept.
pub(super) const DIFFERENCES_MAX: usize = 10;

/// What a replay of messages gave, compared with the rows of a book after each of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookVerdict {
    /// How many levels of each side were compared.
    pub depth: usize,
    /// How many rows were compared.
    pub rows: u64,
    /// How many were equal at the touch.
    pub equal_at_touch: u64,
    /// How many were equal at all levels compared.
    pub equal: u64,
    /// How many levels came into sight and were taken from their row.
    pub revealed: u64,
    /// How many messages named an order older than the first message.
    pub older: u64,
    /// How many named one whose level had been out of sight since it was added.
    pub forgotten: u64,
    /// How many hidden executions there were.
    pub hidden: u64,
    /// How many auctions traded.
    pub crosses: u64,
    /// How many halts and resumptions there were.
    pub halts: u64,
    /// How many executions were not of the order whose turn it was.
    pub out_of_priority: u64,
    /// The first of them.
    pub first_out_of_priority: Option<OutOfPriority>,
    /// How many messages did not fit the book as it was.
    pub anomalies: u64,
    /// The first of them.
    pub first_anomaly: Option<Anomaly>,
    /// The first rows that differ, at most ten.
    pub differences: Vec<RowDifference>,
    /// The first row that differs, in full.
    pub first_difference: Option<Ladders>,
}

impl BookVerdict {
    /// Returns whether all rows are equal at all levels compared.
    #[must_use]
    pub const fn all_equal(&self) -> bool {
        self.equal == self.rows
    }
}

/// A message that did not fit the book as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// The row, from 1.
    pub row: u64,
    /// What did not fit.
    pub reason: Reason,
}

/// An execution that was not by price-time priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfPriority {
    /// The row, from 1.
    pub row: u64,
    /// The order that traded.
    pub order: u64,
    /// The order whose turn it was; `None` where that is one of unknown id.
    pub overtaken: Option<u64>,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// The row, from 1.
    pub row: u64,
    /// The message before it.
    pub message: OrderMessage,
    /// Why, as far as is known.
    pub reasons: Vec<Reason>,
}

/// A row and the book in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladders {
    /// The row, from 1.
    pub row: u64,
    /// What the file has.
    pub file: BookRow,
    /// What the replay has.
    pub book: BookRow,
}

/// Why a row differs, or why a message does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// An order is added a second time.
    #[error("order {order} is added, but it rests already")]
    RestsAlready {
        /// The order.
        order: u64,
    },
    /// An order is added that the other side would trade with.
    #[error("order {order} is added, but {traded} of it trade at once: the other side stands at {}", lobster_price(*.price))]
    Crosses {
        /// The order.
        order: u64,
        /// How much of it.
        traded: Quantity,
        /// The best price of the other side.
        price: Price,
    },
    /// An order is not where the message says.
    #[error(
        "the message is about order {order} at {} ({side_named}), but that rests at {} ({side})",
        lobster_price(*.named), lobster_price(*.at)
    )]
    RestsElsewhere {
        /// The order.
        order: u64,
        /// Its side.
        side: Side,
        /// Its price.
        at: Price,
        /// The side that the message names.
        side_named: Side,
        /// The price that the message names.
        named: Price,
    },
    /// An order has less left than is taken off, or more than is deleted.
    #[error("the message takes {size} off order {order}, which has {leaves} left")]
    SizeOfOrder {
        /// The order.
        order: u64,
        /// What is taken off.
        size: Quantity,
        /// What it has.
        leaves: Quantity,
    },
    /// An order was never added, and there is too little of unknown id at its price.
    #[error(
        "order {order} is not known, and of the {size} that the message takes off at {}, only {there} are of unknown id",
        lobster_price(*.price)
    )]
    NothingUnknown {
        /// The order.
        order: u64,
        /// What is taken off.
        size: Quantity,
        /// Where.
        price: Price,
        /// How much of unknown id rests there.
        there: Quantity,
    },
    /// The level that the message changes is not as in the file.
    #[error("after the message there are {book} at the {half} {}, but the file has {file}", lobster_price(*.price), half = half(*.side))]
    AtMessage {
        /// The side.
        side: Side,
        /// The message's price.
        price: Price,
        /// The size in the file.
        file: Quantity,
        /// The size in the book.
        book: Quantity,
    },
    /// A level is not as in the file, and the message is not about it.
    #[error(
        "there are {book} at the {half} {}, where the message changes nothing, but the file has {file}: a message is missing or the row is wrong",
        lobster_price(*.price), half = half(*.side)
    )]
    Elsewhere {
        /// The side.
        side: Side,
        /// The price.
        price: Price,
        /// The size in the file.
        file: Quantity,
        /// The size in the book.
        book: Quantity,
    },
    /// Levels differ as they did in the row before.
    #[error("{levels} of its levels differ as they have since row {since}")]
    Lasting {
        /// How many.
        levels: usize,
        /// The row in which the difference began, from 1.
        since: u64,
    },
}

const fn half(side: Side) -> &'static str {
    match side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    }
}

/// A level of which the file and the book say different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LevelDifference {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) file: Quantity,
    pub(super) book: Quantity,
    /// The row in which it began.
    pub(super) since: u64,
}

impl LevelDifference {
    /// Returns whether this is what `other` was: as much too much, or too little, at the same place.
    pub(super) fn continues(&self, other: &Self) -> bool {
        let amount = |it: &Self| it.file.net() - it.book.net();
        self.side == other.side && self.price == other.price && amount(self) == amount(other)
    }
}

/// Returns the levels of which the file and the book say different things, the best first.
///
/// Both are one side's levels, the best first, at most `depth` of them. Where a list is full, nothing is
/// known beyond its end, so the comparison goes up to the nearer end; it finds nothing only if the lists
/// are the same.
pub(super) fn compare(
    side: Side,
    [file, book]: [&[QuoteLevel]; 2],
    depth: usize,
    row: u64,
) -> Vec<LevelDifference> {
    let ends = [file, book].into_iter().filter(|levels| levels.len() >= depth);
    let ends: Vec<Price> = ends.filter_map(|levels| levels.last()).map(|level| level.price).collect();
    let mut found = Vec::new();
    let (mut file, mut book) = (file.iter().peekable(), book.iter().peekable());
    loop {
        // The better of the two next prices; both, where they are the same.
        let price = match (file.peek(), book.peek()) {
            (None, None) => return found,
            (Some(level), None) | (None, Some(level)) => level.price,
            (Some(one), Some(two)) if side.accepts(two.price, one.price) => two.price,
            (Some(one), Some(_)) => one.price,
        };
        if ends.iter().any(|end| is_behind(side, *end, price)) {
            return found;
        }
        let size = |level: Option<&QuoteLevel>| level.map_or(Quantity::ZERO, |level| level.size);
        let in_file = size(file.next_if(|level| level.price == price));
        let in_book = size(book.next_if(|level| level.price == price));
        if in_file != in_book {
            found.push(LevelDifference { side, price, file: in_file, book: in_book, since: row });
        }
    }
}
