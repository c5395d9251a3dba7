//! [`MarketSource`]: where a market's days come from.

use std::time::Duration;

use bearpit_core::exchange::MarketBuilder;
use bearpit_core::units::SimTime;
use thiserror::Error;

use crate::live::Pacing;
use crate::store::journal::SegmentHeader;

/// A trading day that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its number in this market, from one.
    pub number: u32,
    /// Its name: its date, where days are dates.
    pub name: String,
    /// The wall time when it begins, since 1970; at once where the clock is not the wall clock.
    pub opens_at: Option<Duration>,
}

/// Why a source has no market to offer.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SourceError(Box<dyn std::error::Error + Send + Sync>);

impl SourceError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Lays out the markets of a scenario, a day at a time.
pub trait MarketSource: Send {
    /// Returns how its markets keep in step with the wall clock.
    fn pacing(&self) -> Pacing;

    /// Returns the day to open at wall time `wall`, after the day that `last` describes if there was one.
    ///
    /// # Errors
    /// [`SourceError`] if there is none.
    fn next_day(&self, wall: Duration, last: Option<&SegmentHeader>) -> Result<Day, SourceError>;

    /// Returns the header of a segment of a day: what its market is laid out from. The opening state is
    /// empty.
    ///
    /// # Errors
    /// [`SourceError`] if the scenario has no such day.
    fn header(&self, day: &Day) -> Result<SegmentHeader, SourceError>;

    /// Returns the seed that the market of a segment draws from; of the rest of a day it is another than of
    /// the whole.
    ///
    /// # Errors
    /// [`SourceError`] if the scenario has no such day.
    fn seed_of(&self, header: &SegmentHeader) -> Result<u64, SourceError> {
        Ok(header.seed)
    }

    /// Returns when the day of a segment closes.
    ///
    /// # Errors
    /// [`SourceError`] if the scenario has no such day.
    fn close_of(&self, header: &SegmentHeader) -> Result<SimTime, SourceError>;

    /// Lays out the market of a segment, to open when its header says.
    ///
    /// # Errors
    /// [`SourceError`] if the header is of another scenario.
    fn builder(&self, header: &SegmentHeader) -> Result<MarketBuilder, SourceError>;
}
