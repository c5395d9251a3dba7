//! What a client is sent, as text.

use bearpit_core::market::{LevelChange, Side};
use bytestring::ByteString;
use serde::Serialize;

use super::topic::{Topic, TopicName};
use crate::domain::{MarketTime, Number, Problem};
use crate::publication::{Content, Update};
use crate::services::auctions::{AuctionEventView, OpenAuctionsView};
use crate::services::market_data::{
    CandleView, LevelView, MarketData, PhaseName, QuoteView, Scale, TradeView,
};
use crate::services::trading::{OwnEventView, OwnSnapshotView};

/// What is said about the connection.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Notice<'a> {
    /// The first message.
    Welcome {
        protocol: u32,
        /// The id of the request that has opened the connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        is_authenticated: bool,
        subscriptions_max: usize,
        messages_per_second: u32,
        message_bytes_max: usize,
    },
    /// A token was taken.
    Authenticated { account: String },
    /// A topic is followed.
    Subscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(flatten)]
        topic: TopicName<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
        /// The number of the next update, if no snapshot comes first.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    },
    /// A topic is no longer followed.
    Unsubscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(flatten)]
        topic: TopicName<'a>,
    },
    /// What was sent of a topic does not hold any more: numbers begin anew, with a snapshot where there is
    /// one.
    Reset {
        #[serde(flatten)]
        topic: TopicName<'a>,
        epoch: String,
    },
    /// Something was not done.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        code: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    },
    /// Somebody is here.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
    },
}

impl<'a> Notice<'a> {
    pub(super) fn of_problem(id: Option<&'a str>, problem: &'a Problem) -> Self {
        Self::Error {
            id,
            code: &problem.code,
            message: &problem.message,
            field: problem.field.as_deref(),
            hint: problem.hint.as_deref(),
        }
    }
}

/// Writes a message.
pub(super) fn text_of(message: &impl Serialize) -> ByteString {
    // Fails for maps with keys that are no texts only, which no message has.
    serde_json::to_string(message).unwrap_or_default().into()
}

/// An update of a topic.
#[derive(Debug, Serialize)]
struct Data<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    topic: TopicName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    /// The number of the first change in it; absent in what replaces all that was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    /// The number of the next change.
    next: u64,
    #[serde(flatten)]
    body: T,
}

#[derive(Debug, Serialize)]
struct Levels {
    bids: Vec<LevelView>,
    asks: Vec<LevelView>,
}

#[derive(Debug, Serialize)]
struct PhaseBody {
    phase: PhaseName,
    since: MarketTime,
    indicative_price: Option<Number>,
    indicative_volume: Option<Number>,
}

/// Writes an update of a topic of a listing, or of a participant. `epoch` is that of its numbers.
pub(super) fn update_text(service: &MarketData, topic: &Topic, epoch: i64, update: &Update) -> ByteString {
    let name = topic.name();
    let (first, next) = (update.numbers.start, update.numbers.end);
    if let Content::OwnSnapshot(state) = &update.content {
        let body = OwnSnapshotView::of(service, state);
        let epoch = Some(epoch.to_string());
        return text_of(&Data { kind: "snapshot", topic: name, epoch, first: None, next, body });
    }
    if let Content::Own(event) = &update.content {
        let body = OwnEventView::of(service, event);
        let kind = body.about;
        return text_of(&Data { kind, topic: name, epoch: None, first: Some(first), next, body });
    }
    if let Content::AuctionsSnapshot(state) = &update.content {
        let body = OpenAuctionsView::of(service, state);
        let epoch = Some(epoch.to_string());
        return text_of(&Data { kind: "snapshot", topic: name, epoch, first: None, next, body });
    }
    if let Content::Auction(news) = &update.content {
        let body = AuctionEventView::of(service, news);
        let kind = body.kind;
        return text_of(&Data { kind, topic: name, epoch: None, first: Some(first), next, body });
    }
    let listing = topic.listing().map(|it| format!("{}@{}", it.symbol, it.venue));
    let Some((_, snapshot)) = listing.and_then(|listing| service.find(&listing).ok()) else {
        // Its listing has gone since: there is no scale to write it in, and nobody who could use it.
        let problem = Problem::new(crate::domain::ProblemKind::NotFound, "ended", "this listing is gone");
        return text_of(&Notice::of_problem(None, &problem));
    };
    let scale = service.scale(&snapshot.listing.instrument);
    listing_text(&scale, name, epoch, update)
}

fn listing_text(scale: &Scale<'_>, topic: TopicName<'_>, epoch: i64, update: &Update) -> ByteString {
    let (first, next) = (Some(update.numbers.start), update.numbers.end);
    match &update.content {
        Content::BookSnapshot(ladders) => {
            let side = |levels: &[bearpit_core::market::QuoteLevel]| {
                levels.iter().map(|level| scale.level(*level)).collect()
            };
            let body = Levels { bids: side(&ladders.bids), asks: side(&ladders.asks) };
            let epoch = Some(epoch.to_string());
            text_of(&Data { kind: "snapshot", topic, epoch, first: None, next, body })
        }
        Content::BookChanges(changes) => {
            let side = |side: Side| {
                let level = |change: &LevelChange| {
                    LevelView([scale.price(change.price), scale.quantity(change.size)])
                };
                changes.iter().filter(|it| it.side == side).map(level).collect()
            };
            let body = Levels { bids: side(Side::Buy), asks: side(Side::Sell) };
            text_of(&Data { kind: "changes", topic, epoch: None, first, next, body })
        }
        Content::Trade(print) => {
            let body: TradeView = scale.trade(print);
            text_of(&Data { kind: "trade", topic, epoch: None, first, next, body })
        }
        Content::Candle { candle, is_closed } => {
            let body: CandleView = scale.candle(candle, *is_closed);
            text_of(&Data { kind: "candle", topic, epoch: None, first, next, body })
        }
        Content::Phase(state) => {
            let body = PhaseBody {
                phase: state.phase.into(),
                since: scale.time(state.at),
                indicative_price: state.indicative.map(|it| scale.price(it.price)),
                indicative_volume: state.indicative.map(|it| scale.quantity(it.volume)),
            };
            text_of(&Data { kind: "phase", topic, epoch: None, first, next, body })
        }
        // Written by the caller: they are of no listing.
        Content::OwnSnapshot(_) | Content::Own(_) | Content::AuctionsSnapshot(_) | Content::Auction(_) => {
            ByteString::new()
        }
    }
}

/// A quote, as it is sent.
#[derive(Debug, Serialize)]
struct QuoteMessage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    channel: &'static str,
    #[serde(flatten)]
    quote: &'a QuoteView,
}

/// Writes a quote.
pub(super) fn quote_text(quote: &QuoteView) -> ByteString {
    text_of(&QuoteMessage { kind: "quote", channel: "quotes", quote })
}
