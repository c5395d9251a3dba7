//! One listing over time.

use polars::prelude::{DataFrame, PolarsResult};

use super::cells::{numbers, texts, times};
use super::thin::{Extent, LineThinner, MeanThinner, Point};

/// One listing: its series for figures, and its measures.
#[derive(Debug, Clone)]
pub struct ListingData {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// Trade prices.
    pub price: Vec<Point>,
    /// The spread, as a mean over time.
    pub spread: Vec<Point>,
    /// The size at the best bid, as a mean over time.
    pub bid_size: Vec<Point>,
    /// The size at the best ask, as a mean over time.
    pub ask_size: Vec<Point>,
    /// How many trades there were.
    pub trades: u64,
    /// The sum of their quantities.
    pub volume: f64,
    /// The mean price by volume, if there was a trade.
    pub vwap: Option<f64>,
    /// The mean spread by time, if both sides were ever there.
    pub mean_spread: Option<f64>,
    /// The mean size at the touch by time, over both sides.
    pub mean_depth: Option<f64>,
}

impl ListingData {
    /// Returns `symbol at venue`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} at {}", self.symbol, self.venue)
    }
}

/// Gathers one listing.
#[derive(Debug)]
pub(super) struct ListingBuilder {
    venue: String,
    symbol: String,
    price: LineThinner,
    spread: MeanThinner,
    bid_size: MeanThinner,
    ask_size: MeanThinner,
    volume: f64,
    notional: f64,
}

impl ListingBuilder {
    pub(super) fn new(venue: &str, symbol: &str, extent: Extent) -> Self {
        Self {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            price: LineThinner::new(extent),
            spread: MeanThinner::new(extent),
            bid_size: MeanThinner::new(extent),
            ask_size: MeanThinner::new(extent),
            volume: 0.0,
            notional: 0.0,
        }
    }

    fn is(&self, venue: &str, symbol: &str) -> bool {
        self.venue == venue && self.symbol == symbol
    }

    pub(super) fn finish(self) -> ListingData {
        let (price, trades) = self.price.finish();
        let (spread, mean_spread) = self.spread.finish();
        let (bid_size, mean_bid) = self.bid_size.finish();
        let (ask_size, mean_ask) = self.ask_size.finish();
        ListingData {
            venue: self.venue,
            symbol: self.symbol,
            price,
            spread,
            bid_size,
            ask_size,
            trades,
            volume: self.volume,
            vwap: (self.volume > 0.0).then(|| self.notional / self.volume),
            mean_spread,
            mean_depth: mean_bid.zip(mean_ask).map(|(bid, ask)| f64::midpoint(bid, ask)),
        }
    }
}

/// Finds a listing's builder, making one for a listing not met before.
fn find<'a>(
    listings: &'a mut Vec<ListingBuilder>,
    at: (&str, &str),
    extent: Extent,
) -> &'a mut ListingBuilder {
    let index = listings.iter().position(|listing| listing.is(at.0, at.1)).unwrap_or_else(|| {
        listings.push(ListingBuilder::new(at.0, at.1, extent));
        listings.len() - 1
    });
    &mut listings[index]
}

/// The columns of the `trades` table that are needed.
pub(super) const TRADES: [&str; 5] = ["time", "venue", "symbol", "price", "quantity"];

/// Adds a piece of the `trades` table.
pub(super) fn add_trades(
    listings: &mut Vec<ListingBuilder>,
    extent: Extent,
    frame: &DataFrame,
) -> PolarsResult<()> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (prices, quantities) = (numbers(frame, "price")?, numbers(frame, "quantity")?);
    for row in 0..at.len() {
        let Some((price, quantity)) = prices[row].zip(quantities[row]) else { continue };
        let listing = find(listings, (venues[row], symbols[row]), extent);
        listing.price.add((at[row], price));
        listing.volume += quantity;
        listing.notional += price * quantity;
    }
    Ok(())
}

/// The columns of the `quotes` table that are needed.
pub(super) const QUOTES: [&str; 7] = ["time", "venue", "symbol", "bid", "bid_size", "ask", "ask_size"];

/// Adds a piece of the `quotes` table.
pub(super) fn add_quotes(
    listings: &mut Vec<ListingBuilder>,
    extent: Extent,
    frame: &DataFrame,
) -> PolarsResult<()> {
    let (at, venues, symbols) = (times(frame, "time")?, texts(frame, "venue")?, texts(frame, "symbol")?);
    let (bids, asks) = (numbers(frame, "bid")?, numbers(frame, "ask")?);
    let (bid_sizes, ask_sizes) = (numbers(frame, "bid_size")?, numbers(frame, "ask_size")?);
    for row in 0..at.len() {
        let listing = find(listings, (venues[row], symbols[row]), extent);
        listing.spread.set(at[row], bids[row].zip(asks[row]).map(|(bid, ask)| ask - bid));
        listing.bid_size.set(at[row], bid_sizes[row]);
        listing.ask_size.set(at[row], ask_sizes[row]);
    }
    Ok(())
}
