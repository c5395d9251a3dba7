//! What operators are shown of channels.

use serde::Serialize;
use utoipa::ToSchema;

use crate::channels::ChannelStatus;
use crate::store::channels::{DeadLetter, Missing};

/// The channels of a server, and what they could not deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelsView {
    /// One for each that is configured.
    pub channels: Vec<ChannelView>,
    /// The newest dead letters, the newest first.
    pub dead_letters: Vec<DeadLetterView>,
}

/// How a channel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelView {
    /// Its name.
    #[schema(example = "mqtt")]
    pub channel: &'static str,
    /// Where its peer is.
    #[schema(example = "mqtts://broker.example.org:8883")]
    pub peer: String,
    /// Since when it is connected; absent if it is not.
    #[schema(format = DateTime)]
    pub connected_since: Option<String>,
    /// How often it was connected since the process started.
    pub connections: u64,
    /// How many bytes wait on disk for the peer.
    pub queued_bytes: u64,
    /// How many messages the peer has taken since the process started.
    pub sent: u64,
    /// How many messages came from the peer.
    pub received: u64,
    /// How many dead letters there were.
    pub dead_letters: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When that was.
    #[schema(format = DateTime)]
    pub last_error_at: Option<String>,
}

/// A message that was not delivered and will not be, or a stretch of the tape of which nothing was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadLetterView {
    /// The channel.
    pub channel: String,
    /// The topic, where a message was made.
    pub topic: Option<String>,
    /// The key, if the message has one.
    pub key: Option<String>,
    /// Why it was not delivered.
    pub reason: String,
    /// The stretch that is missing, if one is.
    pub missing: Option<MissingView>,
    /// The first 256 bytes of the message, as far as they are text.
    pub payload: String,
    /// When it was given up.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A stretch of the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingView {
    /// The segment of the journal.
    pub segment: i64,
    /// The number of the first news that is missing.
    pub from: i64,
    /// The number behind the last.
    pub to: i64,
}

impl From<ChannelStatus> for ChannelView {
    fn from(status: ChannelStatus) -> Self {
        let ChannelStatus { name, peer, connections, queued_bytes, sent, received, dead_letters, .. } =
            status;
        let (last_error, last_error_at) = status.last_error.unzip();
        Self {
            channel: name,
            peer,
            connected_since: status.connected_since.map(|at| at.to_string()),
            connections,
            queued_bytes,
            sent,
            received,
            dead_letters,
            last_error,
            last_error_at: last_error_at.map(|at| at.to_string()),
        }
    }
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { channel, topic, key, reason, missing, payload, created_at, .. } = letter;
        let view = |Missing { segment, from, to }| MissingView { segment, from, to };
        Self {
            channel,
            topic,
            key,
            reason,
            missing: missing.map(view),
            payload: String::from_utf8_lossy(&payload).into_owned(),
            at: created_at.to_string(),
        }
    }
}
