//! [`Poller`]: asks a service again and again, and tells the market.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::ValueQuote;
use reqwest::Method;
use serde_json::Value;

use super::answer::{self, Seen};
use super::file::FeedConfig;
use super::state::FeedState;
use super::waiting::Waiting;
use crate::domain::{Problem, ProblemKind, WallTime};
use crate::driver::{Ask, MarketHandle, What};
use crate::outgoing::{Outgoing, Reply};
use crate::services::identity::Clock;
use crate::services::trading::explain;

/// What is told of quotes.
pub trait QuoteTaker: Send + Sync {
    /// Tells what an instrument is worth; ready when that is durable.
    fn take(&self, symbol: &str, quote: ValueQuote) -> Telling;
}

/// A quote while it is told.
pub type Telling = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>>;

/// A market that is told of quotes.
#[derive(Debug, Clone)]
pub struct MarketQuotes(pub MarketHandle);

/// How long an answer of the market may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl QuoteTaker for MarketQuotes {
    fn take(&self, symbol: &str, quote: ValueQuote) -> Telling {
        let what = What::Quote { symbol: symbol.into(), quote, is_forced: false };
        let asked = self.0.ask(Ask { seat: Arc::from("feeds"), what, client: None });
        Box::pin(async move {
            let reply = asked.map_err(|why| explain::unavailable(&why))?;
            let unknown = || {
                let message = "the market has not answered in time, or has ended";
                Problem::new(ProblemKind::Unknown, "outcome_unknown", message)
            };
            match tokio::time::timeout(PATIENCE, reply).await {
                Ok(Ok(Ok(answer))) => answer.outcome.map(drop).map_err(|why| explain::refusal(&why)),
                Ok(Ok(Err(why))) => Err(explain::refused(&why)),
                Ok(Err(_)) | Err(_) => Err(unknown()),
            }
        })
    }
}

/// Asks a service again and again, and tells the market what it says.
pub struct Poller {
    feed: FeedConfig,
    state: Arc<FeedState>,
    outgoing: Outgoing,
    taker: Arc<dyn QuoteTaker>,
    clock: Clock,
    waiting: Waiting,
    /// How often in a row the service has not answered.
    failures: u32,
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("feed", &self.feed).finish_non_exhaustive()
    }
}

/// Why a service has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unanswered {
    pub(super) why: String,
    /// How long it wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// The longest wait after failures, and the longest that a service can ask for.
const WAIT_MAX: Duration = Duration::from_mins(5);
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// How long the loop sleeps at most: a clock that is set is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(1);

impl Poller {
    pub(super) fn new(
        (feed, state): (FeedConfig, Arc<FeedState>),
        outgoing: Outgoing,
        taker: Arc<dyn QuoteTaker>,
        clock: Clock,
    ) -> Self {
        Self { feed, state, outgoing, taker, clock, waiting: Waiting::default(), failures: 0 }
    }

    /// Polls for as long as the process runs.
    pub async fn run(mut self) {
        let mut next = (self.clock)();
        loop {
            if (self.clock)() >= next {
                let wait = self.poll().await;
                next = (self.clock)().after(wait);
            }
            self.tell_due().await;
            let now = (self.clock)();
            let due = self.waiting.next().map_or(next, |due| due.min(next));
            tokio::time::sleep(now.until(due).clamp(Duration::from_millis(1), SLEEP_MAX)).await;
        }
    }

    /// Asks the service once for all symbols; returns how long to wait until the next time.
    pub(super) async fn poll(&mut self) -> Duration {
        let outcome = self.ask_all().await;
        let now = (self.clock)();
        match outcome {
            Ok(()) => {
                self.failures = 0;
                self.state.heard(now);
                self.feed.every
            }
            Err(Unanswered { why, retry_after }) => {
                self.failures = self.failures.saturating_add(1);
                self.state.failed(now, why);
                let doubled = Duration::from_secs(1 << self.failures.min(9)).min(WAIT_MAX);
                let asked = retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX);
                self.feed.every.max(doubled).max(asked)
            }
        }
    }

    /// Asks the service, with a request for each symbol or one for all.
    async fn ask_all(&mut self) -> Result<(), Unanswered> {
        let theirs: Vec<String> = self.feed.symbols.iter().map(|(_, theirs)| theirs.clone()).collect();
        if self.feed.shape.asks_each() {
            for (index, symbol) in theirs.iter().enumerate() {
                let answer = self.ask(&[symbol]).await?;
                self.note(index, symbol, &answer);
            }
            return Ok(());
        }
        let all: Vec<&str> = theirs.iter().map(String::as_str).collect();
        let answer = self.ask(&all).await?;
        for (index, symbol) in theirs.iter().enumerate() {
            self.note(index, symbol, &answer);
        }
        Ok(())
    }

    async fn ask(&self, symbols: &[&str]) -> Result<Value, Unanswered> {
        self.state.asked();
        let mut url = self.feed.shape.address(symbols);
        for (key, value) in &self.feed.query {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(
                &form_urlencoded::Serializer::new(String::new()).append_pair(key, value.expose()).finish(),
            );
        }
        let request = self.outgoing.request(Method::GET, &url).header("accept", "application/json");
        let request = self
            .feed
            .headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name.as_str(), value.expose()));
        let reply = Outgoing::send(request).await;
        let reply = reply.map_err(|error| Unanswered { why: error.to_string(), retry_after: None })?;
        json_of(&reply)
    }

    /// Has what an answer says of a symbol wait until it is due.
    fn note(&mut self, index: usize, symbol: &str, answer: &Value) {
        match answer::read(&self.feed.shape, answer, symbol) {
            Ok(seen) => {
                // Where the service says no time, it is now.
                let at = seen.at.unwrap_or_else(|| (self.clock)());
                self.waiting.add(at.after(self.feed.delay), index, seen);
            }
            Err(why) => self.state.refused(index, why.to_string()),
        }
    }

    /// Tells the market what is due.
    pub(super) async fn tell_due(&mut self) {
        let now = (self.clock)();
        for (symbol, (due, seen)) in self.waiting.take_due(now) {
            self.tell(symbol, (due, now), seen).await;
        }
    }

    async fn tell(&self, symbol: usize, (due, now): (WallTime, WallTime), seen: Seen) {
        let (age, max_age) = (due.until(now), self.feed.max_age);
        if age > max_age {
            let message = format!(
                "it is {} s too late to be told, but may be {} s at most",
                age.as_secs(),
                max_age.as_secs()
            );
            return self.state.refused(symbol, message);
        }
        let Some((ours, _)) = self.feed.symbols.get(symbol) else { return };
        match self.taker.take(ours, seen.quote).await {
            Ok(()) => self.state.told(symbol, (self.clock)(), seen),
            Err(problem) => self.state.refused(symbol, problem.message),
        }
    }
}

/// Reads the JSON of an answer.
fn json_of(reply: &Reply) -> Result<Value, Unanswered> {
    if !reply.is_success() {
        let header = reply.headers.get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        return Err(Unanswered { why: format!("it answers with status {}", reply.status), retry_after });
    }
    let broken = |why| Unanswered { why: format!("its answer is no JSON: {why}"), retry_after: None };
    reply.json().map_err(broken)
}
