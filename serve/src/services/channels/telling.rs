//! How news are told: [`UpdateTeller`] for MQTT's topics `updates` and `auctions/events`, [`TradeTeller`] for
//! Kafka's `trades`.

use std::sync::Arc;

use bearpit_core::market::{Phase, Trade};
use serde::Serialize;

use crate::channels::{Content, Message, News, Teller};
use crate::domain::{MarketTime, Number};
use crate::publication::{AuctionNews, ListingInfo};
use crate::services::auctions::AuctionEventView;
use crate::services::market_data::{MarketData, PhaseName, SideName};

/// The topics of Kafka's protocol: of the newest prices, and of trades.
pub const KAFKA_TOPICS: &[&str] = &["stock-prices", TRADES];
const TRADES: &str = "trades";
/// The topic of MQTT.
const UPDATES: &str = "updates";
/// That of events of auctions; requests are made on the topic above it, which nothing of ours is sent to.
const AUCTION_EVENTS: &str = "auctions/events";

/// Tells listings, halts, phases and splits.
#[derive(Debug)]
pub struct UpdateTeller {
    data: Arc<MarketData>,
}

/// Tells trades.
#[derive(Debug)]
pub struct TradeTeller {
    data: Arc<MarketData>,
}

/// Something that changed about a listing.
#[derive(Debug, Serialize)]
struct Update<'a> {
    /// What kind of change, as a word.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Tells it from all others: a message may come twice.
    id: String,
    symbol: &'a str,
    venue: &'a str,
    at: MarketTime,
    #[serde(flatten)]
    more: More<'a>,
}

/// What else there is to say.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum More<'a> {
    Listing {
        day: u32,
        day_name: &'a str,
        tick_size: Number,
        lot_size: Number,
        #[serde(skip_serializing_if = "Option::is_none")]
        issued: Option<Number>,
        is_replayed: bool,
    },
    Phase {
        phase: PhaseName,
    },
    Split {
        ratio: String,
    },
    Nothing {},
}

/// A trade.
#[derive(Debug, Serialize)]
struct TradeDocument<'a> {
    id: String,
    trade_id: String,
    symbol: &'a str,
    venue: &'a str,
    at: MarketTime,
    price: Number,
    quantity: Number,
    aggressor: Option<SideName>,
}

/// Makes a message of a document, in order with others of the symbol.
pub(super) fn message(topic: &str, key: &str, document: &impl Serialize) -> Message {
    // Fails for maps with keys that are no texts only.
    let payload = serde_json::to_vec(document).unwrap_or_default();
    Message { topic: topic.to_owned(), key: Some(key.to_owned()), payload, is_retained: false }
}

impl UpdateTeller {
    /// Returns what is told of an auction: all but whose it is.
    fn auction(&self, news: &News, auction: &AuctionNews) -> Option<Message> {
        let event = AuctionEventView::of(&self.data, auction);
        let key = event.auction_id.clone()?;
        let id = format!("{}-{}", news.segment, news.number);
        Some(message(AUCTION_EVENTS, &key, &AuctionEvent { kind: event.kind, id, event }))
    }

    /// Makes one that writes numbers and times as market data are written.
    #[must_use]
    pub const fn new(data: Arc<MarketData>) -> Self {
        Self { data }
    }

    fn update(&self, news: &News, listing: &ListingInfo, kind: &'static str, more: More<'_>) -> Message {
        let symbol = listing.instrument.symbol();
        let id = match more {
            // Several have the number of the day's beginning.
            More::Listing { .. } => format!("{}-{}-{symbol}@{}", news.segment, news.number, listing.venue),
            _ => format!("{}-{}", news.segment, news.number),
        };
        let at = self.data.time(news.at);
        message(UPDATES, symbol, &Update { kind, id, symbol, venue: &listing.venue, at, more })
    }
}

/// Something that happened in an auction.
#[derive(Debug, Serialize)]
struct AuctionEvent {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Tells it from all others: a message may come twice.
    id: String,
    #[serde(flatten)]
    event: AuctionEventView,
}

impl Teller for UpdateTeller {
    fn tell(&mut self, news: &News) -> Vec<Message> {
        match &news.content {
            Content::DayBegan { day, name, listings } => listings
                .iter()
                .map(|listing| {
                    let more = More::Listing {
                        day: *day,
                        day_name: name,
                        tick_size: Number(listing.instrument.tick_size()),
                        lot_size: Number(listing.instrument.lot_size()),
                        issued: listing.instrument.issued().map(Number),
                        is_replayed: listing.is_replayed,
                    };
                    self.update(news, listing, "listing", more)
                })
                .collect(),
            Content::Halted(listing) => vec![self.update(news, listing, "halt", More::Nothing {})],
            Content::HaltLifted(listing) => vec![self.update(news, listing, "resume", More::Nothing {})],
            Content::Phase(listing, phase) => {
                vec![self.update(news, listing, "phase", More::Phase { phase: (*phase).into() })]
            }
            Content::Split(listing, ratio) => {
                vec![self.update(news, listing, "split", More::Split { ratio: ratio.to_string() })]
            }
            Content::Auction(auction) => self.auction(news, auction).into_iter().collect(),
            Content::Traded(..) => Vec::new(),
        }
    }
}

impl TradeTeller {
    /// Makes one that writes numbers and times as market data are written.
    #[must_use]
    pub const fn new(data: Arc<MarketData>) -> Self {
        Self { data }
    }

    fn trade(&self, news: &News, listing: &ListingInfo, trade: &Trade) -> Message {
        let (symbol, scale) = (listing.instrument.symbol(), self.data.scale(&listing.instrument));
        let document = TradeDocument {
            id: format!("{}-{}", news.segment, news.number),
            trade_id: trade.id.to_string(),
            symbol,
            venue: &listing.venue,
            at: scale.time(news.at),
            price: scale.price(trade.price),
            quantity: scale.quantity(trade.quantity),
            aggressor: (trade.phase == Phase::Continuous).then(|| trade.aggressor.into()),
        };
        message(TRADES, symbol, &document)
    }
}

impl Teller for TradeTeller {
    fn tell(&mut self, news: &News) -> Vec<Message> {
        match &news.content {
            Content::Traded(listing, trade) => vec![self.trade(news, listing, trade)],
            _ => Vec::new(),
        }
    }
}
