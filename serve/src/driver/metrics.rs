//! [`Metrics`]: what is measured of a market that runs.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// A gauge of a number that is not whole.
pub type FloatGauge = Gauge<f64, AtomicU64>;

/// What is measured of a market; all clones are the same counters.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// How far virtual time is behind where it should be.
    pub lag: FloatGauge,
    /// From a request's arrival to its durable answer.
    pub command_latency: Histogram,
    /// How long syncs of the journal take.
    pub sync: Histogram,
    /// How many requests wait for the market.
    pub queue: Gauge,
    /// How many facts and answers wait for the disk.
    pub outputs: Gauge,
    /// How long the journal's segment is, in bytes.
    pub journal: Gauge,
    /// How many events have been delivered since the process began.
    pub events: Counter,
    /// How many requests were taken.
    pub requests: Counter,
    /// How many requests were refused before they reached the market.
    pub refused: Counter,
    /// How many requests were taken out of the market since they would have stopped it.
    pub voided: Counter,
    /// How often a sync failed.
    pub sync_failures: Counter,
    /// How far the system's clock is ahead of the market's.
    pub clock_offset: FloatGauge,
    /// The number of the day.
    pub day: Gauge,
}

impl Metrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let it = metrics.clone();
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "pacing_lag",
            "Virtual time behind where it should be",
            seconds(),
            it.lag,
        );
        registry.register_with_unit(
            "command_latency",
            "From a request's arrival to its durable answer",
            seconds(),
            it.command_latency,
        );
        registry.register_with_unit(
            "journal_sync_duration",
            "How long a sync of the journal takes",
            seconds(),
            it.sync,
        );
        registry.register("requests_waiting", "Requests that wait for the market", it.queue);
        registry.register("outputs_waiting", "Facts and answers that wait for the disk", it.outputs);
        registry.register_with_unit(
            "journal_segment",
            "Length of the journal's segment",
            Unit::Bytes,
            it.journal,
        );
        registry.register("events", "Events that were delivered", it.events);
        registry.register("requests", "Requests that were taken", it.requests);
        registry.register("requests_refused", "Requests that were refused before the market", it.refused);
        registry.register(
            "requests_voided",
            "Requests taken out since they would stop the market",
            it.voided,
        );
        registry.register("journal_sync_failures", "Syncs of the journal that failed", it.sync_failures);
        registry.register_with_unit(
            "clock_offset",
            "The system's clock, ahead of the market's",
            seconds(),
            it.clock_offset,
        );
        registry.register("day", "Number of the trading day", it.day);
        metrics
    }
}

/// The upper ends of buckets, in seconds: from what a sync without a disk takes to what a client waits for;
/// 25 ms is what a durable answer is to take at most.
const SPANS: [f64; 19] = [
    10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

impl Default for Metrics {
    fn default() -> Self {
        let spans = || Histogram::new(SPANS);
        Self {
            lag: FloatGauge::default(),
            command_latency: spans(),
            sync: spans(),
            queue: Gauge::default(),
            outputs: Gauge::default(),
            journal: Gauge::default(),
            events: Counter::default(),
            requests: Counter::default(),
            refused: Counter::default(),
            voided: Counter::default(),
            sync_failures: Counter::default(),
            clock_offset: FloatGauge::default(),
            day: Gauge::default(),
        }
    }
}
