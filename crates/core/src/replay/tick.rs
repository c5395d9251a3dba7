//! [`TickConfig`]: trades and quotes of a file, on the instrument's ticks and lots.
//!
//! A row takes 24 or 40 bytes, so that a day of a busy market fits into memory. Trades and quotes stand
//! apart; they are merged as they are replayed.

use std::sync::Arc;

use super::rules::FillRules;
use crate::market::{Quote, QuoteLevel, ReplaySource};
use crate::units::{Price, Quantity, SimDuration, SimTime};

/// A trade of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeTick {
    /// When.
    pub time: SimTime,
    /// Its price.
    pub price: Price,
    /// Its quantity; zero in a file that does not know it.
    pub quantity: Quantity,
}

/// A row of bid and ask of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteTick {
    time: SimTime,
    /// Of bid and ask; a size of zero is a side that is absent.
    prices: [Price; 2],
    sizes: [Quantity; 2],
}

impl QuoteTick {
    /// Makes the row that sets a quote; a side whose size is zero is absent.
    #[must_use]
    pub fn new(time: SimTime, quote: &Quote) -> Self {
        let none = QuoteLevel { price: Price::new(0), size: Quantity::ZERO };
        let sides = [quote.bid.unwrap_or(none), quote.ask.unwrap_or(none)];
        Self { time, prices: sides.map(|level| level.price), sizes: sides.map(|level| level.size) }
    }

    /// Returns when the quote was set.
    #[must_use]
    pub const fn time(&self) -> SimTime {
        self.time
    }

    /// Returns the quote.
    #[must_use]
    pub fn quote(&self) -> Quote {
        let level = |side: usize| {
            let (price, size) = (self.prices[side], self.sizes[side]);
            (!size.is_zero()).then_some(QuoteLevel { price, size })
        };
        Quote { bid: level(0), ask: level(1) }
    }
}

/// Which quantities a file knows; those that it does not know bound nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSizes {
    /// Those of trades.
    pub trades: bool,
    /// Those of bids.
    pub bids: bool,
    /// Those of asks.
    pub asks: bool,
}

impl KnownSizes {
    /// All quantities are known.
    pub const ALL: Self = Self { trades: true, bids: true, asks: true };
}

/// The trades and quotes that a listing replays, and by which rules.
#[derive(Debug, Clone, PartialEq)]
pub struct TickConfig {
    /// The trades, in order of time; none if the file has quotes only.
    pub trades: Arc<[TradeTick]>,
    /// The quotes, in order of time; none if the file has trades only.
    pub quotes: Arc<[QuoteTick]>,
    /// Which quantities are known.
    pub known: KnownSizes,
    /// The lowest price that the instrument can have.
    pub min_price: Price,
    /// When a day begins, after midnight (rule T9).
    pub day_begins: SimDuration,
    /// How orders fill; what concerns the path of a bar is of no use here.
    pub rules: FillRules,
}

impl TickConfig {
    /// Returns what is replayed: quotes if there are no trades.
    #[must_use]
    pub fn source(&self) -> ReplaySource {
        if self.trades.is_empty() && !self.quotes.is_empty() {
            ReplaySource::Quotes
        } else {
            ReplaySource::Trades { has_quantities: self.known.trades }
        }
    }

    /// Returns first and last time of all rows, if there are any.
    #[must_use]
    pub fn span(&self) -> Option<(SimTime, SimTime)> {
        let of_trades =
            self.trades.first().zip(self.trades.last()).map(|(one, other)| (one.time, other.time));
        let of_quotes =
            self.quotes.first().zip(self.quotes.last()).map(|(one, other)| (one.time, other.time));
        match (of_trades, of_quotes) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        }
    }
}

/// What is replayed at a listing.
#[derive(Debug, Clone, PartialEq)]
pub enum Replay {
    /// Bars.
    Bars(super::bar::ReplayConfig),
    /// Trades, quotes, or both.
    Ticks(TickConfig),
}

impl Replay {
    /// Returns what is replayed.
    #[must_use]
    pub fn source(&self) -> ReplaySource {
        match self {
            Self::Bars(_) => ReplaySource::Bars,
            Self::Ticks(config) => config.source(),
        }
    }
}

impl Replay {
    /// Returns whether there are splits or dividends.
    pub(crate) fn has_actions(&self) -> bool {
        match self {
            Self::Bars(config) => !config.actions.is_empty(),
            Self::Ticks(_) => false,
        }
    }
}

impl From<super::bar::ReplayConfig> for Replay {
    fn from(config: super::bar::ReplayConfig) -> Self {
        Self::Bars(config)
    }
}

impl From<TickConfig> for Replay {
    fn from(config: TickConfig) -> Self {
        Self::Ticks(config)
    }
}
