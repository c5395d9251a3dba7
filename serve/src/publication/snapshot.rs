//! [`ListingSnapshot`]: what everybody can see of a listing at one moment.

use std::sync::Arc;

use bearpit_core::market::{Ladders, QuoteLevel};
use bearpit_core::units::{ListingId, SimTime};

use super::candle::{Candle, CandleInterval, CandleProgress};
use super::day::ListingInfo;
use super::statistics::Statistics;
use super::trade::{PhaseState, TradePrint};

/// What everybody can see of a listing at one moment: it never changes, and another is swapped in.
#[derive(Debug, Clone, PartialEq)]
pub struct ListingSnapshot {
    /// The listing's number in the market of the day.
    pub id: ListingId,
    /// The listing, with the scale of prices (ticks) and quantities (lots).
    pub listing: Arc<ListingInfo>,
    /// The moment, in virtual time: of the last batch with something new, or of the last full minute.
    pub at: SimTime,
    /// The number on the day's tape of the listing's last fact that is in it, if it has had one today.
    pub sequence: Option<u64>,
    /// The number of the last change of the book that is in it, if one is.
    pub book_number: Option<u64>,
    /// The best levels of both sides, as many as are configured; none outside continuous trading.
    pub book: Ladders,
    /// The last trades, the newest first, as many as are configured.
    pub trades: Arc<[TradePrint]>,
    /// The last 24 hours.
    pub statistics: Statistics,
    /// Where the session stands.
    pub phase: PhaseState,
    pub(super) candles: [CandleProgress; 6],
}

impl ListingSnapshot {
    /// Returns the best bid.
    #[must_use]
    pub fn bid(&self) -> Option<QuoteLevel> {
        self.book.bids.first().copied()
    }

    /// Returns the best ask.
    #[must_use]
    pub fn ask(&self) -> Option<QuoteLevel> {
        self.book.asks.first().copied()
    }

    /// Returns the candle of the interval at hand, if there was a trade in it. Candles close within a second
    /// of virtual time.
    #[must_use]
    pub const fn candle(&self, interval: CandleInterval) -> Option<Candle> {
        self.candles[interval.index()].current
    }
}
