//! [`Quote`]: the touch of one book; [`Ladders`]: more of it.

use crate::units::{Price, Quantity};

/// One level of a book: a price and the total displayed quantity there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteLevel {
    /// The price.
    pub price: Price,
    /// The total at that price; above zero.
    pub size: Quantity,
}

impl QuoteLevel {
    /// Makes a level whose size is not known, as in files of quotes without sizes: it bounds nothing.
    #[must_use]
    pub const fn of_unknown_size(price: Price) -> Self {
        Self { price, size: Quantity::new(Quantity::MAX_LOTS) }
    }

    /// Returns the size, unless it is not known.
    #[must_use]
    pub fn known_size(&self) -> Option<Quantity> {
        (self.size != Quantity::new(Quantity::MAX_LOTS)).then_some(self.size)
    }
}

/// The touch: best bid and best ask, each absent where its side is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quote {
    /// The highest bid.
    pub bid: Option<QuoteLevel>,
    /// The lowest ask.
    pub ask: Option<QuoteLevel>,
}

impl Quote {
    /// Returns twice the mid in ticks, which is an integer, if both sides have a price.
    #[must_use]
    pub fn twice_mid_ticks(&self) -> Option<i64> {
        Some(self.bid?.price.ticks() + self.ask?.price.ticks())
    }

    /// Returns the mid in ticks, if both sides have a price.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ticks are below 2^41")]
    pub fn mid_ticks(&self) -> Option<f64> {
        self.twice_mid_ticks().map(|twice| twice as f64 / 2.0)
    }

    /// Returns the spread in ticks, if both sides have a price.
    #[must_use]
    pub fn spread_ticks(&self) -> Option<i64> {
        Some(self.ask?.price - self.bid?.price)
    }
}

/// The displayed levels of one book (L2), the best first on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladders {
    /// Bids, the highest first.
    pub bids: Vec<QuoteLevel>,
    /// Asks, the lowest first.
    pub asks: Vec<QuoteLevel>,
}

impl Ladders {
    /// Returns whether nothing is displayed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}
