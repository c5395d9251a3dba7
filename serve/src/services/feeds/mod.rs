//! Feeds: what instruments are worth in markets elsewhere, asked of services that say it in JSON over HTTP.
//!
//! | room | what it does |
//! |---|---|
//! | `shape` | how a service is asked, and where its answer has price, bid, ask and time; presets |
//! | `file` | the file of feeds, `feeds.file` |
//! | `answer` | an answer to a quote, or why there is none |
//! | `waiting` | quotes that are told later than they came |
//! | `poller` | asks, waits, tells the market |
//! | `state` | how a feed is, for administrators, the log and `/metrics` |
//!
//! A quote is a request in the market's journal, so what follows from it is as after any other. What is told
//! is not in the audit log: nobody did it.

mod answer;
mod file;
mod poller;
mod shape;
mod state;
#[cfg(test)]
mod tests;
mod waiting;

use std::sync::Arc;

pub use file::{FeedConfig, read};
pub use poller::{MarketQuotes, Poller, QuoteTaker, Telling};
pub use state::{FeedMetrics, FeedView, FeedsView, FollowedView};

use crate::outgoing::{Outgoing, OutgoingError};
use crate::services::identity::Clock;
use state::FeedState;

/// The feeds of a process.
#[derive(Debug, Default)]
pub struct Feeds {
    states: Vec<Arc<FeedState>>,
}

impl Feeds {
    /// Begins to poll; to be called within a runtime, for as long as which it goes on.
    ///
    /// # Errors
    /// [`OutgoingError`] if no client can be made.
    pub fn start(
        feeds: Vec<FeedConfig>,
        taker: &Arc<dyn QuoteTaker>,
        metrics: &FeedMetrics,
        clock: &Clock,
    ) -> Result<Self, OutgoingError> {
        let outgoing = Outgoing::new()?;
        let mut states = Vec::with_capacity(feeds.len());
        for feed in feeds {
            let state = Arc::new(FeedState::new(&feed, metrics.clone()));
            states.push(Arc::clone(&state));
            let poller = Poller::new((feed, state), outgoing.clone(), Arc::clone(taker), Arc::clone(clock));
            tokio::spawn(poller.run());
        }
        Ok(Self { states })
    }

    /// Returns how they are.
    #[must_use]
    pub fn view(&self) -> FeedsView {
        FeedsView { feeds: self.states.iter().map(|state| state.view()).collect() }
    }
}
