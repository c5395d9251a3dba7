//! [`FixMetrics`]: what is counted of FIX.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What is counted of FIX; all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct FixMetrics {
    /// Sessions that have logged on and are connected.
    pub sessions: Gauge,
    /// How often somebody has logged on.
    pub logons: Counter,
    /// How often somebody was not let in.
    pub refused: Counter,
    /// Messages that came in.
    pub received: Counter,
    /// Messages that went out.
    pub sent: Counter,
    /// Bytes that were no message, each piece once.
    pub garbled: Counter,
    /// Connections that were ended since their client read too slowly.
    pub slow: Counter,
}

impl FixMetrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("fix_sessions", "FIX sessions that are connected", it.sessions.clone());
        registry.register("fix_logons", "Logons to FIX", it.logons.clone());
        registry.register("fix_refused_logons", "Logons to FIX that were refused", it.refused.clone());
        registry.register("fix_messages_received", "FIX messages that came in", it.received.clone());
        registry.register("fix_messages_sent", "FIX messages that went out", it.sent.clone());
        registry.register("fix_garbled", "Pieces of FIX streams that are no messages", it.garbled.clone());
        registry.register(
            "fix_slow_disconnects",
            "FIX connections that were ended since their client read too slowly",
            it.slow.clone(),
        );
        it
    }
}
