//! The newest prices: one message for each listing ([`LastPrices`]), or one for all ([`BoardPrices`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::telling::message;
use crate::channels::{Message, Newest};
use crate::domain::{MarketTime, Number};
use crate::publication::ListingSnapshot;
use crate::services::market_data::{MarketData, QuoteView};

/// A listing at a venue.
type Listing = (String, String);

/// Tells the quote of each listing that has changed, with its name as key: `SYMBOL`, or `SYMBOL@VENUE` where
/// several venues list it and keys are not to be shared.
#[derive(Debug)]
pub struct LastPrices {
    data: Arc<MarketData>,
    topic: &'static str,
    /// Whether the key is the symbol, also where several venues list it.
    shares_keys: bool,
    told: BTreeMap<Listing, QuoteView>,
}

/// Tells all listings with their quotes in one document, which a broker keeps for those who come later.
#[derive(Debug)]
pub struct BoardPrices {
    data: Arc<MarketData>,
    told: Vec<QuoteView>,
}

/// All listings with their quotes.
#[derive(Debug, Serialize)]
struct Board<'a> {
    at: MarketTime,
    currency: &'a str,
    listings: Vec<BoardListing<'a>>,
}

#[derive(Debug, Serialize)]
struct BoardListing<'a> {
    tick_size: Number,
    lot_size: Number,
    #[serde(flatten)]
    quote: &'a QuoteView,
}

/// Returns whether two quotes say the same, whenever they say it.
fn is_same(one: &QuoteView, other: &QuoteView) -> bool {
    one == &QuoteView { at: one.at, ..other.clone() }
}

impl LastPrices {
    /// Tells Kafka's topic `stock-prices`, whose keys are symbols.
    #[must_use]
    pub const fn of_kafka(data: Arc<MarketData>) -> Self {
        Self { data, topic: super::telling::KAFKA_TOPICS[0], shares_keys: true, told: BTreeMap::new() }
    }

    /// Tells the hash `prices` of Redis, which has a field for each listing.
    #[must_use]
    pub const fn of_redis(data: Arc<MarketData>) -> Self {
        Self { data, topic: "prices", shares_keys: false, told: BTreeMap::new() }
    }

    fn key(&self, snapshot: &ListingSnapshot, all: &[Arc<ListingSnapshot>]) -> String {
        let symbol = snapshot.listing.instrument.symbol();
        let same = all.iter().filter(|it| it.listing.instrument.symbol() == symbol).count();
        if self.shares_keys || same <= 1 {
            return symbol.to_owned();
        }
        format!("{symbol}@{}", snapshot.listing.venue)
    }
}

impl Newest for LastPrices {
    fn messages(&mut self) -> Vec<Message> {
        let snapshots = self.data.publication().snapshots();
        let mut messages = Vec::new();
        for snapshot in &snapshots {
            let quote = self.data.quote_of(snapshot);
            let listing = (quote.symbol.clone(), quote.venue.clone());
            if self.told.get(&listing).is_some_and(|told| is_same(told, &quote)) {
                continue;
            }
            messages.push(message(self.topic, &self.key(snapshot, &snapshots), &quote));
            self.told.insert(listing, quote);
        }
        messages
    }

    fn forget(&mut self) {
        self.told.clear();
    }
}

impl BoardPrices {
    /// Tells MQTT's topic `info`.
    #[must_use]
    pub const fn new(data: Arc<MarketData>) -> Self {
        Self { data, told: Vec::new() }
    }
}

impl Newest for BoardPrices {
    fn messages(&mut self) -> Vec<Message> {
        let snapshots = self.data.publication().snapshots();
        let quotes: Vec<QuoteView> = snapshots.iter().map(|it| self.data.quote_of(it)).collect();
        let is_told = quotes.len() == self.told.len()
            && quotes.iter().zip(&self.told).all(|(quote, told)| is_same(quote, told));
        let Some(at) = quotes.iter().map(|quote| quote.at).max_by_key(MarketTime::instant) else {
            return Vec::new();
        };
        if is_told {
            return Vec::new();
        }
        let listing = |(snapshot, quote)| {
            let snapshot: &Arc<ListingSnapshot> = snapshot;
            let instrument = &snapshot.listing.instrument;
            let (tick_size, lot_size) = (Number(instrument.tick_size()), Number(instrument.lot_size()));
            BoardListing { tick_size, lot_size, quote }
        };
        let listings = snapshots.iter().zip(&quotes).map(listing).collect();
        let board = Board { at, currency: self.data.currency(), listings };
        let message = Message { key: None, is_retained: true, ..message("info", "", &board) };
        self.told = quotes;
        vec![message]
    }

    fn forget(&mut self) {
        self.told.clear();
    }
}
