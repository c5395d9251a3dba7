//! [`FeedState`]: how a feed is, for administrators, the log and `/metrics`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Seen;
use super::file::FeedConfig;
use crate::domain::{Number, WallTime};

/// Which feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    feed: String,
}

/// What is measured of feeds; all clones are the same counters.
#[derive(Debug, Clone, Default)]
pub struct FeedMetrics {
    polls: Family<Of, Counter>,
    failures: Family<Of, Counter>,
    quotes: Family<Of, Counter>,
    refused: Family<Of, Counter>,
    silent: Family<Of, Gauge>,
}

impl FeedMetrics {
    /// Makes them, all at zero, and registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("feed_polls", "Requests to the service of a feed", it.polls.clone());
        registry.register(
            "feed_failures",
            "Requests that the service of a feed has not answered",
            it.failures.clone(),
        );
        registry.register("feed_quotes", "Quotes of a feed that the market has taken", it.quotes.clone());
        registry.register(
            "feed_refused",
            "Quotes of a feed that were not there, too old or refused",
            it.refused.clone(),
        );
        registry.register("feed_silent", "Whether a feed has said nothing for long", it.silent.clone());
        it
    }
}

/// How the feeds of a process are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedsView {
    /// In the order of their file.
    pub feeds: Vec<FeedView>,
}

/// How a feed is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedView {
    /// Its name.
    #[schema(example = "alpaca")]
    pub name: String,
    /// Whether it has said nothing for long.
    pub silent: bool,
    /// When its service has last answered, in UTC.
    pub heard_at: Option<String>,
    /// Why its service has not answered since.
    pub failure: Option<String>,
    /// How often it is asked, in seconds.
    pub every_secs: f64,
    /// How long after their time quotes are told, in seconds.
    pub delay_secs: f64,
    /// What follows it.
    pub instruments: Vec<FollowedView>,
}

/// An instrument that follows a feed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FollowedView {
    /// Its symbol.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// The service's symbol for it.
    #[schema(example = "AAPL")]
    pub follows: String,
    /// What it was told to be worth.
    pub value: Option<Number>,
    /// When it was worth that, as the service says, in UTC.
    pub quoted_at: Option<String>,
    /// When the market was told, in UTC.
    pub told_at: Option<String>,
    /// Why the newest quote was not told.
    pub problem: Option<String>,
}

/// How a feed is.
#[derive(Debug)]
pub(super) struct FeedState {
    name: String,
    label: Of,
    every: Duration,
    delay: Duration,
    symbols: Vec<(String, String)>,
    metrics: FeedMetrics,
    now: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    /// When its service has last answered; at first, when it was first asked.
    heard: Option<WallTime>,
    has_answered: bool,
    is_silent: bool,
    failure: Option<String>,
    instruments: Vec<Followed>,
}

#[derive(Debug, Clone, Default)]
struct Followed {
    told: Option<(WallTime, Seen)>,
    problem: Option<String>,
}

/// How long a service that is asked often may say nothing before it is silent.
const SILENT_AFTER_MIN: Duration = Duration::from_secs(60);

impl FeedState {
    pub(super) fn new(feed: &FeedConfig, metrics: FeedMetrics) -> Self {
        let label = Of { feed: feed.name.clone() };
        metrics.silent.get_or_create(&label).set(0);
        metrics.failures.get_or_create(&label).inc_by(0);
        metrics.refused.get_or_create(&label).inc_by(0);
        let instruments = vec![Followed::default(); feed.symbols.len()];
        Self {
            name: feed.name.clone(),
            label,
            every: feed.every,
            delay: feed.delay,
            symbols: feed.symbols.clone(),
            metrics,
            now: Mutex::new(Standing { instruments, ..Standing::default() }),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Standing) -> T) -> T {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that the service is asked.
    pub(super) fn asked(&self) {
        self.metrics.polls.get_or_create(&self.label).inc();
    }

    /// Notes that the service has answered.
    pub(super) fn heard(&self, now: WallTime) {
        let was_silent = self.change(|it| {
            (it.heard, it.has_answered, it.failure) = (Some(now), true, None);
            std::mem::take(&mut it.is_silent)
        });
        if was_silent {
            self.metrics.silent.get_or_create(&self.label).set(0);
            tracing::info!(feed = self.name, "the feed is heard again");
        }
    }

    /// Notes that the service has not answered, and says so once it has been silent for long.
    pub(super) fn failed(&self, now: WallTime, why: String) {
        self.metrics.failures.get_or_create(&self.label).inc();
        let becomes_silent = self.change(|it| {
            let since = *it.heard.get_or_insert(now);
            let is_silent = since.until(now) >= SILENT_AFTER_MIN.max(self.every * 3);
            it.failure = Some(why.clone());
            is_silent && !std::mem::replace(&mut it.is_silent, is_silent)
        });
        if becomes_silent {
            self.metrics.silent.get_or_create(&self.label).set(1);
            tracing::warn!(feed = self.name, why, "the feed is silent");
        }
    }

    /// Notes that the market was told a quote.
    pub(super) fn told(&self, symbol: usize, now: WallTime, seen: Seen) {
        self.metrics.quotes.get_or_create(&self.label).inc();
        self.change(|it| {
            if let Some(followed) = it.instruments.get_mut(symbol) {
                *followed = Followed { told: Some((now, seen)), problem: None };
            }
        });
    }

    /// Notes why there was no quote, or why it was not told; the log has it once.
    pub(super) fn refused(&self, symbol: usize, why: String) {
        self.metrics.refused.get_or_create(&self.label).inc();
        let is_new = self.change(|it| {
            let Some(followed) = it.instruments.get_mut(symbol) else { return false };
            let is_new = followed.problem.is_none();
            followed.problem = Some(why.clone());
            is_new
        });
        if is_new && let Some((ours, theirs)) = self.symbols.get(symbol) {
            tracing::warn!(feed = self.name, symbol = ours, follows = theirs, why, "a quote was not told");
        }
    }

    /// Returns how it is.
    pub(super) fn view(&self) -> FeedView {
        self.change(|it| FeedView {
            name: self.name.clone(),
            silent: it.is_silent,
            heard_at: it.heard.filter(|_| it.has_answered).map(|at| at.to_string()),
            failure: it.failure.clone(),
            every_secs: self.every.as_secs_f64(),
            delay_secs: self.delay.as_secs_f64(),
            instruments: self
                .symbols
                .iter()
                .zip(&it.instruments)
                .map(|((ours, theirs), followed)| FollowedView {
                    symbol: ours.clone(),
                    follows: theirs.clone(),
                    value: followed.told.map(|(_, seen)| Number::of_money(seen.quote.value)),
                    quoted_at: followed.told.and_then(|(_, seen)| seen.at).map(|at| at.to_string()),
                    told_at: followed.told.map(|(at, _)| at.to_string()),
                    problem: followed.problem.clone(),
                })
                .collect(),
        })
    }
}
