//! [`ChannelMetrics`]: what is measured of channels.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Of {
    channel: &'static str,
}

impl Of {
    pub(super) const fn new(channel: &'static str) -> Self {
        Self { channel }
    }
}

/// What is measured of channels; all clones are the same counters.
#[derive(Debug, Clone, Default)]
pub struct ChannelMetrics {
    connected: Family<Of, Gauge>,
    queued: Family<Of, Gauge>,
    sent: Family<Of, Counter>,
    received: Family<Of, Counter>,
    dead_letters: Family<Of, Counter>,
    failures: Family<Of, Counter>,
}

impl ChannelMetrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("channel_connected", "Whether a channel is connected", it.connected.clone());
        registry.register("channel_queued_bytes", "Bytes that wait for a channel's peer", it.queued.clone());
        registry.register("channel_sent", "Messages that a channel's peer has taken", it.sent.clone());
        registry.register("channel_received", "Messages that came over a channel", it.received.clone());
        registry.register(
            "channel_dead_letters",
            "Messages and stretches of the tape that were given up",
            it.dead_letters.clone(),
        );
        registry.register("channel_failures", "Failures of a channel's peer or spool", it.failures.clone());
        it
    }

    pub(super) fn is_connected(&self, of: Of, is_connected: bool) {
        self.connected.get_or_create(&of).set(i64::from(is_connected));
    }

    pub(super) fn queued(&self, of: Of, bytes: u64) {
        self.queued.get_or_create(&of).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(super) fn sent(&self, of: Of, count: u64) {
        self.sent.get_or_create(&of).inc_by(count);
    }

    pub(super) fn received(&self, of: Of) {
        self.received.get_or_create(&of).inc();
    }

    pub(super) fn gave_up(&self, of: Of) {
        self.dead_letters.get_or_create(&of).inc();
    }

    pub(super) fn failed(&self, of: Of) {
        self.failures.get_or_create(&of).inc();
    }
}
