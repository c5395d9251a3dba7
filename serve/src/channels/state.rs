//! [`ChannelState`]: how a channel is, for whoever operates it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::metrics::{ChannelMetrics, Of};
use crate::domain::WallTime;
use crate::driver::{SystemClock, WallClock};

/// How a channel is. The tasks of the channel write it, whoever asks reads it.
#[derive(Debug)]
pub struct ChannelState {
    name: &'static str,
    peer: String,
    metrics: ChannelMetrics,
    inner: Mutex<Inner>,
}

#[derive(Debug, Clone, Default)]
struct Inner {
    connected_since: Option<WallTime>,
    connections: u64,
    queued_bytes: u64,
    sent: u64,
    received: u64,
    dead_letters: u64,
    last_error: Option<(String, WallTime)>,
}

/// How a channel is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStatus {
    /// Its name.
    pub name: &'static str,
    /// Where its peer is, without secrets.
    pub peer: String,
    /// Since when it is connected, if it is.
    pub connected_since: Option<WallTime>,
    /// How often it was connected.
    pub connections: u64,
    /// How many bytes wait on disk.
    pub queued_bytes: u64,
    /// How many messages the peer has taken.
    pub sent: u64,
    /// How many messages came from the peer.
    pub received: u64,
    /// How many messages and stretches were given up.
    pub dead_letters: u64,
    /// What went wrong last, and when.
    pub last_error: Option<(String, WallTime)>,
}

/// How long a text of an error may be: peers may say anything.
const ERROR_MAX: usize = 300;

impl ChannelState {
    /// Makes the state of a channel that is not connected.
    #[must_use]
    pub fn new(name: &'static str, peer: String, metrics: ChannelMetrics) -> Self {
        Self { name, peer, metrics, inner: Mutex::default() }
    }

    /// Returns the name of the channel.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns how the channel is.
    #[must_use]
    pub fn status(&self) -> ChannelStatus {
        let Inner { connected_since, connections, queued_bytes, sent, received, dead_letters, last_error } =
            self.lock().clone();
        ChannelStatus {
            name: self.name,
            peer: self.peer.clone(),
            connected_since,
            connections,
            queued_bytes,
            sent,
            received,
            dead_letters,
            last_error,
        }
    }

    /// Notes a connection.
    pub fn connected(&self) {
        let mut inner = self.lock();
        inner.connected_since = Some(now());
        inner.connections += 1;
        self.metrics.is_connected(Of::new(self.name), true);
        tracing::info!(channel = self.name, peer = self.peer, "the channel is connected");
    }

    /// Notes that the connection was lost, or cannot be made.
    pub fn failed(&self, error: &str) {
        let mut inner = self.lock();
        let was_connected = inner.connected_since.take().is_some();
        let text: String = error.chars().filter(|it| !it.is_control()).take(ERROR_MAX).collect();
        let is_news = inner.last_error.as_ref().is_none_or(|(last, _)| *last != text);
        if was_connected || is_news {
            tracing::warn!(
                channel = self.name,
                error = text,
                "the channel is not connected; it will be again"
            );
        }
        inner.last_error = Some((text, now()));
        self.metrics.is_connected(Of::new(self.name), false);
        self.metrics.failed(Of::new(self.name));
    }

    /// Notes something that went wrong, though the connection goes on.
    pub fn warned(&self, error: &str) {
        let mut inner = self.lock();
        if inner.last_error.as_ref().is_none_or(|(last, _)| last != error) {
            tracing::warn!(channel = self.name, error, "the channel");
        }
        inner.last_error = Some((error.to_owned(), now()));
        self.metrics.failed(Of::new(self.name));
    }

    /// Notes a connection that was ended in good order.
    pub fn closed(&self) {
        self.lock().connected_since = None;
        self.metrics.is_connected(Of::new(self.name), false);
    }

    /// Notes how much waits.
    pub fn queued(&self, bytes: u64) {
        self.lock().queued_bytes = bytes;
        self.metrics.queued(Of::new(self.name), bytes);
    }

    /// Notes messages that the peer has taken.
    pub fn sent(&self, count: u64) {
        self.lock().sent += count;
        self.metrics.sent(Of::new(self.name), count);
    }

    /// Notes a message that came from the peer.
    pub fn received(&self) {
        self.lock().received += 1;
        self.metrics.received(Of::new(self.name));
    }

    /// Notes something that was given up.
    pub fn gave_up(&self) {
        self.lock().dead_letters += 1;
        self.metrics.gave_up(Of::new(self.name));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Counters and a text: whole at any time.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the time of the world outside.
pub(super) fn now() -> WallTime {
    WallTime::since_epoch(SystemClock::new().system())
}
