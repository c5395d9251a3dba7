//! The rows of the tables `quotes` and `trades`, as listings take them.

use polars_core::prelude::{DataFrame, PolarsResult};

use super::frame_columns::{numbers, texts, times};
use super::name_index::NameIndex;
use bearpit_core::market::Side;

/// The touch of a listing; prices and sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touch {
    pub(crate) bid: Option<f64>,
    pub(crate) bid_size: Option<f64>,
    pub(crate) ask: Option<f64>,
    pub(crate) ask_size: Option<f64>,
}

/// A trade of a listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Print {
    pub(crate) price: f64,
    pub(crate) quantity: f64,
    /// The aggressor's side: +1 for a buy. None in an auction, where nobody is.
    pub(crate) sign: Option<f64>,
}

impl Touch {
    /// Returns the touch in shares of which each has become so many.
    pub(crate) fn in_shares_of(&self, shares: f64) -> Self {
        let [bid, ask] = [self.bid, self.ask].map(|price| price.map(|price| price * shares));
        let [bid_size, ask_size] = [self.bid_size, self.ask_size].map(|size| size.map(|size| size / shares));
        Self { bid, bid_size, ask, ask_size }
    }
}

impl Print {
    /// Returns the trade in shares of which each has become so many.
    pub(crate) fn in_shares_of(&self, shares: f64) -> Self {
        Self { price: self.price * shares, quantity: self.quantity / shares, ..*self }
    }
}

/// A row of the `quotes` table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QuoteRow {
    pub(crate) at: i64,
    pub(crate) listing: usize,
    pub(crate) touch: Touch,
}

/// A row of the `trades` table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TradeRow {
    pub(crate) at: i64,
    pub(crate) listing: usize,
    pub(crate) print: Print,
    /// The aggressor's sign, also in an auction.
    pub(crate) sign: f64,
    pub(crate) maker: Option<usize>,
    pub(crate) taker: Option<usize>,
}

/// A row of the `books` table: a level of a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepthRow {
    pub(crate) at: i64,
    pub(crate) listing: usize,
    pub(crate) is_bid: bool,
    /// The best of a side has place zero.
    pub(crate) place: usize,
    pub(crate) quantity: f64,
}

pub(crate) const QUOTES: [&str; 7] = ["time", "venue", "symbol", "bid", "bid_size", "ask", "ask_size"];

pub(crate) fn quote_rows(directory: &NameIndex, frame: &DataFrame) -> PolarsResult<Vec<QuoteRow>> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (bids, asks) = (numbers(frame, "bid")?, numbers(frame, "ask")?);
    let (bid_sizes, ask_sizes) = (numbers(frame, "bid_size")?, numbers(frame, "ask_size")?);
    let row = |row: usize| {
        let touch =
            Touch { bid: bids[row], bid_size: bid_sizes[row], ask: asks[row], ask_size: ask_sizes[row] };
        Some(QuoteRow { at: at[row], listing: directory.listing(venues[row], symbols[row])?, touch })
    };
    Ok((0..at.len()).filter_map(row).collect())
}

pub(crate) const TRADES: [&str; 9] =
    ["time", "venue", "symbol", "price", "quantity", "aggressor", "phase", "maker", "taker"];

pub(crate) fn trade_rows(directory: &NameIndex, frame: &DataFrame) -> PolarsResult<Vec<TradeRow>> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (prices, quantities) = (numbers(frame, "price")?, numbers(frame, "quantity")?);
    let (sides, phases) = (texts(frame, "aggressor")?, texts(frame, "phase")?);
    let (makers, takers) = (texts(frame, "maker")?, texts(frame, "taker")?);
    let row = |row: usize| {
        let sign = if sides[row] == Side::Buy.name() { 1.0 } else { -1.0 };
        let continuous = phases[row] == "continuous";
        Some(TradeRow {
            at: at[row],
            listing: directory.listing(venues[row], symbols[row])?,
            print: Print {
                price: prices[row]?,
                quantity: quantities[row]?,
                sign: continuous.then_some(sign),
            },
            sign,
            maker: directory.account(makers[row]),
            taker: directory.account(takers[row]),
        })
    };
    Ok((0..at.len()).filter_map(row).collect())
}
