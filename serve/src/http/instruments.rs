//! [`Metrics`]: what is counted and timed, and how Prometheus reads it.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The figures of the process: those of the market, and of the server itself.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, Durations>,
    ignored: Family<Route, Counter>,
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

/// Makes histograms of durations: from 100 microseconds to 3 seconds.
#[derive(Debug, Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(1e-4, 2.0, 16))
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
        registry.register("http_request_seconds", "Time to answer an HTTP request", durations.clone());
        let ignored = Family::<Route, Counter>::default();
        let help = "Fields of requests in Alpaca's form that mean nothing here, and were ignored";
        registry.register("http_ignored_fields", help, ignored.clone());
        Self { registry, requests, durations, ignored }
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

    pub(super) fn note(&self, request: Request<'_>) {
        let Request { route, method, status, took } = request;
        let route = route.unwrap_or_else(|| "none".to_owned());
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|it| *it == method).unwrap_or("other");
        self.requests.get_or_create(&Answered { route: route.clone(), method, status }).inc();
        self.durations.get_or_create(&Route { route }).observe(took.as_secs_f64());
    }
}
