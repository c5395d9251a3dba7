//! [`Request`]: what a client sends, and how it is read.

use std::sync::Arc;

use bearpit_core::units::SimTime;
use serde::Deserialize;

use super::topic::{ListingTopic, Topic};
use crate::domain::{Actor, Problem, ProblemKind, Scope};
use crate::publication::Position;
use crate::services::market_data::{IntervalName, MarketData};

/// What a client sends. No field is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Request {
    /// Says who it is: first of all, or to show that a session goes on.
    Auth { token: String },
    /// Wants to follow a topic.
    Subscribe {
        channel: ChannelName,
        symbol: Option<String>,
        interval: Option<IntervalName>,
        from: Option<From>,
        id: Option<String>,
    },
    /// No longer wants to.
    Unsubscribe {
        channel: ChannelName,
        symbol: Option<String>,
        interval: Option<IntervalName>,
        id: Option<String>,
    },
    /// Wants to know whether anybody is there.
    Ping { id: Option<String> },
}

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChannelName {
    Book,
    Quotes,
    Trades,
    Candles,
    Status,
    Announcements,
    Auctions,
    Own,
    Notifications,
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    epoch: String,
    next: u64,
}

impl From {
    /// Returns the place in the publication.
    pub(super) fn position(&self) -> Result<Position, Problem> {
        let epoch = self.epoch.parse().map(SimTime::from_nanos);
        let epoch = epoch.map_err(|_| {
            refused("invalid_field", "this is no epoch").at("from.epoch").hint("send it as it was received")
        })?;
        Ok(Position { epoch, next: self.next })
    }
}

/// The longest `id`, which comes back as it was.
const ID_MAX: usize = 64;

impl Request {
    /// Reads a message.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let request: Self = serde_json::from_str(text).map_err(|error| {
            let is_of_form = error.is_syntax() || error.is_eof();
            let (kind, code) = if is_of_form {
                (ProblemKind::Malformed, "malformed_json")
            } else {
                (ProblemKind::Refused, "invalid_message")
            };
            Problem::new(kind, code, error)
        })?;
        if request.id().is_some_and(|id| id.len() > ID_MAX) {
            return Err(refused("invalid_field", format!("`id` has {ID_MAX} bytes at most")).at("id"));
        }
        Ok(request)
    }

    /// Returns whether it wants to follow what a person is told.
    pub(super) const fn is_for_notices(&self) -> bool {
        matches!(self, Self::Subscribe { channel: ChannelName::Notifications, .. })
    }

    /// Returns what the client calls it.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Auth { .. } => None,
            Self::Subscribe { id, .. } | Self::Unsubscribe { id, .. } | Self::Ping { id } => id.as_deref(),
        }
    }
}

fn refused(code: &'static str, message: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, code, message)
}

/// Returns the topic that is meant.
pub(super) fn topic(
    service: &MarketData,
    actor: Option<&Actor>,
    channel: ChannelName,
    symbol: Option<&str>,
    interval: Option<IntervalName>,
) -> Result<Topic, Problem> {
    if interval.is_some() && channel != ChannelName::Candles {
        return Err(refused("invalid_field", "only candles have an interval").at("interval"));
    }
    let listing = || -> Result<ListingTopic, Problem> {
        let symbol =
            symbol.ok_or_else(|| refused("invalid_field", "this channel needs a symbol").at("symbol"))?;
        let (_, snapshot) = service.find(symbol)?;
        let (symbol, venue) = (snapshot.listing.instrument.symbol(), snapshot.listing.venue.as_str());
        Ok(ListingTopic { symbol: symbol.into(), venue: venue.into() })
    };
    Ok(match channel {
        ChannelName::Book => Topic::Book(listing()?),
        ChannelName::Quotes => Topic::Quote(listing()?),
        ChannelName::Trades => Topic::Trades(listing()?),
        ChannelName::Candles => Topic::Candles(listing()?, interval.unwrap_or(IntervalName::Minute)),
        ChannelName::Status if symbol.is_none() => Topic::Market,
        ChannelName::Status => Topic::Phase(listing()?),
        ChannelName::Announcements
        | ChannelName::Auctions
        | ChannelName::Own
        | ChannelName::Notifications
            if symbol.is_some() =>
        {
            return Err(refused("invalid_field", "this channel has no symbol").at("symbol"));
        }
        ChannelName::Announcements => Topic::Announcements,
        ChannelName::Auctions => Topic::Auctions,
        ChannelName::Own => Topic::Own(Arc::from(reader_of(actor)?.account.to_string())),
        ChannelName::Notifications => Topic::Notifications(reader_of(actor)?.user),
    })
}

/// Returns who asks, if they have shown that they may see what is theirs.
fn reader_of(actor: Option<&Actor>) -> Result<&Actor, Problem> {
    let Some(actor) = actor else {
        let message = "this channel needs a token";
        return Err(Problem::new(ProblemKind::Unauthenticated, "no_token", message));
    };
    if !actor.may(Scope::Read) {
        return Err(Problem::new(ProblemKind::Forbidden, "no_scope", "this needs the scope `read`"));
    }
    Ok(actor)
}
