//! [`Metrics`]: what is counted and timed, and how Prometheus reads it.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The figures of the process: those of the market, and of the server itself.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, Durations>,
    ignored: Family<Route, Counter>,
    connections: Family<OpenedAt, Gauge>,
}

/// The labels of answered requests. All have few values: no client can make more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

/// The label of a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// The label of the path that a connection was opened at, which is one of the routes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OpenedAt {
    path: String,
}

/// The upper ends of buckets, in seconds: 5 and 25 ms are what a book and a durable order are to take at
/// most.
const SPANS: [f64; 16] =
    [100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Makes histograms of durations.
#[derive(Debug, Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SPANS)
    }
}

/// A connection that is open, as long as this is there.
#[derive(Debug)]
pub(super) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that was answered.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    /// The pattern of its path; none where nothing is at its path.
    pub(super) route: Option<String>,
    /// Its method.
    pub(super) method: &'a str,
    /// The answer's status.
    pub(super) status: u16,
    /// How long it took to answer.
    pub(super) took: Duration,
}

impl Metrics {
    /// Adds the server's figures to those of a registry.
    #[must_use]
    pub fn new(mut registry: Registry) -> Self {
        let requests = Family::<Answered, Counter>::default();
        let durations = Family::<Route, Histogram, Durations>::new_with_constructor(Durations);
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        let help = "Time to answer an HTTP request";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations.clone());
        let ignored = Family::<Route, Counter>::default();
        let help = "Fields of requests in Alpaca's form that mean nothing here, and were ignored";
        registry.register("http_ignored_fields", help, ignored.clone());
        let connections = Family::<OpenedAt, Gauge>::default();
        registry.register("connections", "WebSockets and streams that are open", connections.clone());
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Of which version the program is", build);
        Self { registry, requests, durations, ignored, connections }
    }

    /// Writes all figures as text.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub fn to_text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts fields of a request that were ignored.
    pub(super) fn note_ignored(&self, route: Option<String>, fields: usize) {
        if fields > 0 {
            let route = route.unwrap_or_else(|| "none".to_owned());
            self.ignored.get_or_create(&Route { route }).inc_by(u64::try_from(fields).unwrap_or(u64::MAX));
        }
    }

    /// Counts a connection that goes on after its request, until what is returned is dropped.
    pub(super) fn opened(&self, path: &str) -> Open {
        let gauge = self.connections.get_or_create(&OpenedAt { path: path.to_owned() }).clone();
        gauge.inc();
        Open(gauge)
    }

    pub(super) fn note(&self, request: Request<'_>) {
        let Request { route, method, status, took } = request;
        let route = route.unwrap_or_else(|| "none".to_owned());
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|it| *it == method).unwrap_or("other");
        self.requests.get_or_create(&Answered { route: route.clone(), method, status }).inc();
        self.durations.get_or_create(&Route { route }).observe(took.as_secs_f64());
    }
}
