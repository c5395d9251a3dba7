//! [`MarketSource`]: what opens and drives the market of a run, such as the journal of a live day.

use std::error::Error;
use std::fmt;

use crate::scenario::Scenario;
use bearpit_core::exchange::Market;
use bearpit_core::kernel::Injected;
use bearpit_core::participant::Request;

/// Why a source cannot go on; the run ends with it as [`RunError::Source`](super::RunError::Source).
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Opens the market of a run, and drives it by what came from outside.
///
/// A run calls [`MarketSource::open`] once, adds its readers to the tape, starts the market, and calls
/// [`MarketSource::advance`] until that has nothing more. So the tables and the report of a live day come
/// from its journal as those of a simulation come from its scenario.
///
/// The scenario of the run describes it: name, seed, start, end and what is recorded. For a day that ended
/// before its close it is the scenario with that `end`, while the market that the source opens keeps its own.
pub trait MarketSource {
    /// Opens the market, which is not started yet.
    ///
    /// # Errors
    /// Any that says why it cannot be opened.
    fn open(&mut self, scenario: &Scenario) -> Result<Market, SourceError>;

    /// Takes the market a little further: by one entry of a journal, say. Between two calls the run reports
    /// progress and can be canceled.
    ///
    /// # Errors
    /// Any that says why the market is not what the source knows of it.
    fn advance(&mut self, market: &mut Market) -> Result<Advance, SourceError>;

    /// Compares the market with what is known of its end, once it has settled.
    ///
    /// # Errors
    /// Any that says how it differs.
    fn check(&mut self, _market: &Market) -> Result<(), SourceError> {
        Ok(())
    }
}

/// What a source has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// Perhaps more.
    More,
    /// Nothing; the market trades to its close by itself.
    ToClose,
    /// Nothing; the market ended where it stands.
    Ended,
}

/// Drives a market by the entries of a journal, from the scenario's opening to its close.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::kernel::MemoryJournal;
/// use bearpit::participant::Request;
/// use bearpit::run::{JournalSource, Run};
/// use bearpit::scenario::Scenario;
/// use bearpit::units::SimDuration;
///
/// let changes = ["scenario.end=2025-03-03T09:32:00", "live.clock=scaled"].map(str::parse);
/// let changes = changes.into_iter().collect::<Result<Vec<_>, _>>()?;
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &changes)?;
///
/// // A day with somebody in it.
/// let mut builder = scenario.lay_out_live()?;
/// let journal = MemoryJournal::new();
/// builder.journal(journal.clone());
/// let mut market = builder.open()?;
/// market.start();
/// let now = scenario.start + SimDuration::from_secs(60);
/// market.step(now, u64::MAX)?;
/// let kind = scenario.live.as_ref().ok_or("no [live]")?.join("anne");
/// market.request(now, Request { tag: None, kind })?;
/// market.step(market.close(), u64::MAX)?;
/// market.settle()?;
///
/// // The same day again, with tables, metrics and report.
/// let run = Run::of(&scenario).driven_by(JournalSource::new(journal.entries())).run()?;
/// assert_eq!(run.manifest.digest, market.digest().to_string());
/// assert!(run.summary.accounts.iter().any(|it| it.account.owner == "anne"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalSource {
    entries: Box<dyn Iterator<Item = Injected<Request>>>,
}

impl fmt::Debug for JournalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalSource").finish_non_exhaustive()
    }
}

impl JournalSource {
    /// Takes the entries in the order in which they were written.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Injected<Request>, IntoIter: 'static>) -> Self {
        Self { entries: Box::new(entries.into_iter()) }
    }
}

impl MarketSource for JournalSource {
    fn open(&mut self, scenario: &Scenario) -> Result<Market, SourceError> {
        Ok(scenario.lay_out_live()?.open()?)
    }

    fn advance(&mut self, market: &mut Market) -> Result<Advance, SourceError> {
        let Some(entry) = self.entries.next() else { return Ok(Advance::ToClose) };
        market.replay(entry)?;
        Ok(Advance::More)
    }
}
