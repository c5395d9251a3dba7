//! What is answered about listings: instruments, quotes, books, trades, candles.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{IntervalName, PhaseName, SideName};
use crate::domain::{MarketTime, Number};

/// An instrument at a venue.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InstrumentView {
    /// Its symbol.
    pub symbol: String,
    /// The venue that lists it.
    pub venue: String,
    /// What it is called.
    pub name: String,
    /// In what its prices are, and what it is paid with.
    pub currency: String,
    /// The smallest step of its price.
    pub tick_size: Number,
    /// The smallest step of a quantity.
    pub lot_size: Number,
    /// The lowest price that an order may name.
    pub min_price: Number,
    /// How much of it there is, as what its issuer has sold at first; absent where nobody says.
    pub issued: Option<Number>,
    /// When it is traded; absent if always.
    pub hours: Option<HoursView>,
    /// Where its session stands.
    pub phase: PhaseName,
    /// Whether it replays a file instead of matching orders with each other.
    pub is_replayed: bool,
}

/// When a venue trades, by the clock of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoursView {
    /// When continuous trading begins, as `09:30:00`.
    #[schema(example = "09:30:00")]
    pub open: String,
    /// When continuous trading ends.
    #[schema(example = "16:00:00")]
    pub close: String,
    /// The zone of the clock.
    #[schema(example = "America/New_York")]
    pub zone: String,
    /// The days of the week with a session, Monday first.
    pub weekdays: Vec<String>,
}

/// The price of a listing: the touch, the last trade, the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuoteView {
    /// Its symbol.
    pub symbol: String,
    /// Its venue.
    pub venue: String,
    /// The moment, in the market's time.
    pub at: MarketTime,
    /// Where the session stands.
    pub phase: PhaseName,
    /// The best bid.
    pub bid: Option<Number>,
    /// The quantity at the best bid.
    pub bid_size: Option<Number>,
    /// The best ask.
    pub ask: Option<Number>,
    /// The quantity at the best ask.
    pub ask_size: Option<Number>,
    /// The price of the last trade.
    pub last: Option<Number>,
    /// The last price less the first of the last 24 hours.
    pub change: Option<Number>,
    /// The change in percent of that first price, rounded to two places; absent unless that is above zero.
    pub change_percent: Option<Number>,
    /// The first price of the last 24 hours.
    pub open: Option<Number>,
    /// The highest.
    pub high: Option<Number>,
    /// The lowest.
    pub low: Option<Number>,
    /// The quantity traded in the last 24 hours.
    pub volume: Number,
    /// The money that it was traded for.
    pub notional: Number,
    /// How many trades.
    pub trades: u64,
    /// The price at which an auction would end now.
    pub indicative_price: Option<Number>,
    /// The quantity that would trade at it.
    pub indicative_volume: Option<Number>,
}

/// The quotes of several listings.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuotesView {
    /// One for each.
    pub quotes: Vec<QuoteView>,
}

/// All instruments.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InstrumentsView {
    /// One for each listing.
    pub instruments: Vec<InstrumentView>,
}

/// A level of a book: its price, and the quantity there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelView(pub [Number; 2]);

/// A book, its last trades, and from where the WebSocket goes on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BookView {
    /// Its symbol.
    pub symbol: String,
    /// Its venue.
    pub venue: String,
    /// The moment, in the market's time.
    pub at: MarketTime,
    /// Of which numbering the sequence number is.
    pub epoch: String,
    /// The number of the next change of the book: what the WebSocket resumes the channel `book` from.
    pub next: u64,
    /// Where the session stands; the book is empty outside continuous trading.
    pub phase: PhaseName,
    /// The bids, the highest first.
    pub bids: Vec<LevelView>,
    /// The asks, the lowest first.
    pub asks: Vec<LevelView>,
    /// The last trades, the newest first.
    pub trades: Vec<TradeView>,
}

/// A trade, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TradeView {
    /// Its number in the channel `trades` of its listing.
    pub number: u64,
    /// The trade.
    pub trade_id: String,
    /// When it was executed, in the market's time.
    pub at: MarketTime,
    /// The price.
    pub price: Number,
    /// The quantity.
    pub quantity: Number,
    /// The side that took liquidity; absent in an auction.
    pub aggressor: Option<SideName>,
}

/// The last trades of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TradesView {
    /// Its symbol.
    pub symbol: String,
    /// Its venue.
    pub venue: String,
    /// The trades, the newest first.
    pub trades: Vec<TradeView>,
}

/// The trades of an interval. An interval without trades has no candle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandleView {
    /// When the interval begins, in the market's time.
    pub start: MarketTime,
    /// The first price.
    pub open: Number,
    /// The highest.
    pub high: Number,
    /// The lowest.
    pub low: Number,
    /// The last.
    pub close: Number,
    /// The quantity traded.
    pub volume: Number,
    /// The money that it was traded for.
    pub notional: Number,
    /// How many trades.
    pub trades: u64,
    /// Whether the interval has ended, so that it changes no more.
    pub is_closed: bool,
}

/// A page of candles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandlesView {
    /// The symbol.
    pub symbol: String,
    /// The venue.
    pub venue: String,
    /// The interval.
    pub interval: IntervalName,
    /// The candles, the oldest first.
    pub candles: Vec<CandleView>,
    /// What to ask for the next page with, as `cursor`; absent on the last.
    pub next_cursor: Option<String>,
}
