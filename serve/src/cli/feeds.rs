//! What instruments are worth elsewhere: the file of services that are asked, and the asking.

use std::fs;
use std::sync::Arc;

use bearpit::scenario::Scenario;
use bearpit_core::units::Seed;

use super::console::{print_diagnostics, print_error};
use super::exit::Failure;
use super::serve::failed;
use crate::config::Config;
use crate::driver::MarketHandle;
use crate::services::feeds::{FeedConfig, FeedMetrics, Feeds, MarketQuotes, QuoteTaker, read};
use crate::services::identity::system_clock;

/// Reads the file of feeds, if there is one, and says what is wrong with it.
///
/// # Errors
/// [`Failure::Input`].
pub(super) fn configured(config: &Config, scenario: &Scenario) -> Result<Vec<FeedConfig>, Failure> {
    let Some(path) = &config.feeds else { return Ok(Vec::new()) };
    let text = fs::read_to_string(path).map_err(|error| {
        print_error(&format!("error: the file of feeds {} cannot be read: {error}", path.display()));
        Failure::Input
    })?;
    let takes_quotes = |symbol: &str| {
        let found = scenario.instruments.iter().find(|it| it.instrument.symbol() == symbol)?;
        let process = found.process.as_ref();
        Some(process.is_some_and(|process| process.start(Seed::new(0)).kind() == Some("feed")))
    };
    let name = path.display().to_string();
    read((&name, &text), &takes_quotes, &|name| std::env::var(name).ok()).map_err(|found| {
        print_diagnostics(&found);
        Failure::Input
    })
}

/// Begins to ask; to be called within a runtime.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn start(
    feeds: Vec<FeedConfig>,
    handle: &MarketHandle,
    metrics: &FeedMetrics,
) -> Result<Arc<Feeds>, Failure> {
    if feeds.is_empty() {
        return Ok(Arc::default());
    }
    let taker: Arc<dyn QuoteTaker> = Arc::new(MarketQuotes(handle.clone()));
    let started = Feeds::start(feeds, &taker, metrics, &system_clock());
    started.map(Arc::new).map_err(|error| failed("services of quotes cannot be asked", &error))
}
