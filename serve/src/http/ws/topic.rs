//! [`Topic`]: what can be followed.

use std::sync::Arc;

use serde::Serialize;

use super::notices::CHANNEL;
use crate::domain::UserId;
use crate::publication::{Channel, Publication};
use crate::services::market_data::{IntervalName, MarketData};

/// The listing of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(in crate::http) struct ListingTopic {
    pub(in crate::http) symbol: Arc<str>,
    pub(in crate::http) venue: Arc<str>,
}

/// What can be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::http) enum Topic {
    /// All levels of a book, and what changes of them.
    Book(ListingTopic),
    /// The newest quote.
    Quote(ListingTopic),
    /// Each trade.
    Trades(ListingTopic),
    /// Candles.
    Candles(ListingTopic, IntervalName),
    /// The newest phase.
    Phase(ListingTopic),
    /// What the market is doing.
    Market,
    /// What administrators have everybody told.
    Announcements,
    /// Auctions between participants.
    Auctions,
    /// What happens to the orders and the account of a participant.
    Own(Arc<str>),
    /// What a person is told.
    Notifications(UserId),
}

/// A topic, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TopicName<'a> {
    pub(super) channel: &'static str,
    #[serde(flatten)]
    pub(super) listing: Option<&'a ListingTopic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval: Option<IntervalName>,
}

impl Topic {
    pub(super) fn name(&self) -> TopicName<'_> {
        let of = |channel, listing| TopicName { channel, listing, interval: None };
        match self {
            Self::Book(listing) => of("book", Some(listing)),
            Self::Quote(listing) => of("quotes", Some(listing)),
            Self::Trades(listing) => of("trades", Some(listing)),
            Self::Candles(listing, interval) => {
                TopicName { interval: Some(*interval), ..of("candles", Some(listing)) }
            }
            Self::Phase(listing) => of("status", Some(listing)),
            Self::Market => of("status", None),
            Self::Announcements => of("announcements", None),
            Self::Auctions => of("auctions", None),
            Self::Own(_) => of("own", None),
            Self::Notifications(_) => of(CHANNEL, None),
        }
    }

    /// Returns the listing that it is about.
    pub(in crate::http) const fn listing(&self) -> Option<&ListingTopic> {
        match self {
            Self::Book(listing)
            | Self::Quote(listing)
            | Self::Trades(listing)
            | Self::Candles(listing, _)
            | Self::Phase(listing) => Some(listing),
            Self::Market | Self::Announcements | Self::Auctions | Self::Own(_) | Self::Notifications(_) => {
                None
            }
        }
    }

    /// Returns whether only its newest state counts: whoever misses some of it has missed nothing.
    pub(super) const fn is_conflated(&self) -> bool {
        matches!(self, Self::Book(_) | Self::Quote(_) | Self::Phase(_) | Self::Market | Self::Announcements)
    }

    /// Returns its channel in the publication as it is now, if it has one there.
    pub(super) fn channel(&self, service: &MarketData) -> Option<(Publication, Channel)> {
        if let Self::Own(participant) = self {
            return Some((service.publication(), Channel::Own(Arc::clone(participant))));
        }
        if matches!(self, Self::Auctions) {
            return Some((service.publication(), Channel::Auctions));
        }
        let ListingTopic { symbol, venue } = self.listing()?;
        let (publication, snapshot) = service.find(&format!("{symbol}@{venue}")).ok()?;
        let id = snapshot.id;
        let channel = match self {
            Self::Book(_) => Channel::Book(id),
            Self::Trades(_) => Channel::Trades(id),
            Self::Candles(_, interval) => Channel::Candles(id, interval.interval()),
            Self::Phase(_) => Channel::Phases(id),
            Self::Quote(_)
            | Self::Market
            | Self::Announcements
            | Self::Auctions
            | Self::Own(_)
            | Self::Notifications(_) => return None,
        };
        Some((publication, channel))
    }
}
