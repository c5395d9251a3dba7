//! [`ProjectorMetrics`]: what is measured of the way to the database.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What is measured of the way to the database; all clones are the same counters.
#[derive(Debug, Clone, Default)]
pub struct ProjectorMetrics {
    /// How many rows were written or changed.
    pub rows: Counter,
    /// How many facts of the tape the database is behind the market.
    pub lag: Gauge,
    /// How many bytes wait in the spool.
    pub spool: Gauge,
    /// How many batches the spool had no room for.
    pub dropped: Counter,
    /// How often the database, the spool or the journal failed.
    pub failures: Counter,
    /// How often a gap was filled from the journal.
    pub rebuilt: Counter,
}

impl ProjectorMetrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("projection_rows", "Rows written or changed in the database", it.rows.clone());
        registry.register(
            "projection_lag_facts",
            "Facts that the database is behind the market",
            it.lag.clone(),
        );
        registry.register("projection_spool_bytes", "Bytes that wait for the database", it.spool.clone());
        registry.register(
            "projection_dropped",
            "Batches that the spool had no room for: rebuilt from the journal",
            it.dropped.clone(),
        );
        registry.register(
            "projection_failures",
            "Failures of the database, the spool or the journal",
            it.failures.clone(),
        );
        registry.register("projection_rebuilt", "Gaps that were filled from the journal", it.rebuilt.clone());
        it
    }
}
