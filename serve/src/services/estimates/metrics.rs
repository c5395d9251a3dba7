//! [`EstimateMetrics`]: what is measured of the workers of this process.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What is measured of the workers of this process; all clones are the same counters.
#[derive(Debug, Clone, Default)]
pub struct EstimateMetrics {
    /// How many estimates they have made.
    pub done: Counter,
    /// How many came to nothing.
    pub failed: Counter,
    /// How many they gave up because others had them, or nobody wanted them any more.
    pub lost: Counter,
    /// How many paths those had that they have made.
    pub paths: Counter,
    /// How many they work at.
    pub running: Gauge,
}

impl EstimateMetrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("estimates_done", "Estimates that were made", it.done.clone());
        registry.register("estimates_failed", "Estimates that came to nothing", it.failed.clone());
        registry.register("estimates_lost", "Estimates canceled or taken over meanwhile", it.lost.clone());
        registry.register("estimates_paths", "Paths of the estimates that were made", it.paths.clone());
        registry.register("estimates_running", "Estimates that are worked at", it.running.clone());
        it
    }
}
