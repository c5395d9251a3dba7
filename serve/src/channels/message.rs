//! [`Message`]: what a peer is sent.

use serde::{Deserialize, Serialize};

/// What a peer is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The topic, without the prefix of the channel.
    pub topic: String,
    /// What messages are kept in order by, and partitions are chosen by.
    pub key: Option<String>,
    /// What is said.
    pub payload: Vec<u8>,
    /// Whether a broker keeps it for those who subscribe later, in place of the one before.
    pub is_retained: bool,
}
