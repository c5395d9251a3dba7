//! [`Frame`]: what a client is sent; [`Format`]: in which form updates are written for it.

use bytes::Bytes;
use bytestring::ByteString;

use super::message::{Notice, quote_text, text_of, update_text};
use super::topic::Topic;
use crate::publication::Update;
use crate::services::market_data::{MarketData, QuoteView};

/// What a client is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum Frame {
    /// A text.
    Text(ByteString),
    /// Bytes.
    Binary(Bytes),
    /// Nothing: an update that this form has no words for. It counts among the numbers all the same.
    Nothing,
}

impl Frame {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Nothing => 0,
        }
    }
}

/// In which form updates are written. What all who follow a topic in one form are sent is written once.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Format {
    /// Tells it from all others.
    pub(in crate::http) id: u8,
    /// Writes an update of a topic; the number is the epoch.
    pub(in crate::http) update: fn(&MarketData, &Topic, i64, &Update) -> Frame,
    /// Writes a quote.
    pub(in crate::http) quote: fn(&MarketData, &QuoteView) -> Frame,
    /// Says that the numbers of a topic have begun anew.
    pub(in crate::http) reset: fn(&Topic, i64) -> Frame,
}

/// The form of this server's own WebSocket.
pub(super) const NATIVE: Format = Format {
    id: 0,
    update: |service, topic, epoch, update| Frame::Text(update_text(service, topic, epoch, update)),
    quote: |_, quote| Frame::Text(quote_text(quote)),
    reset: |topic, epoch| {
        Frame::Text(text_of(&Notice::Reset { topic: topic.name(), epoch: epoch.to_string() }))
    },
};
